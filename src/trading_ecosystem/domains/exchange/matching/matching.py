"""The matching of one instrument: every order type, time in force, list and trading phase, on top of either book.

Usable alone, as the book is::

    matching = Matching(OrderBook("BTC/USD"))
    matching.place(NewOrder(1, 7, Side.SELL, 5, 100), now=0)          # [Rested(1, 100, 5)]
    matching.place(NewOrder(2, 8, Side.BUY, 3, order_type=OrderType.STOP, terms=OrderTerms(stop_price_ticks=101)), now=0)
    # [Parked(2, 3, WaitingFor.TRIGGER, 101)]

Each command returns what happened, in order: the events of the book, and those of :mod:`.matching_events`. What every kind of
order does is written where it is done and, kind by kind with its life table, in ``docs/orders.md``:

=======================  ================================================================
:mod:`.admission`        what is refused, and in which order that is checked
:mod:`.phases`           which phase follows which, and what each admits
:mod:`.cascade`          what one command sets off, and in which order
:mod:`.triggers`         stop, stop-limit, trailing stop, market-if-touched
:mod:`.all_or_none`      all-or-none
:mod:`.pegs`             pegged
:mod:`.contingencies`    lists: OCO, OTO, one updates the other, bracket
:mod:`.positions`        reduce-only
:mod:`.expiry`           day and good till date
:mod:`.bounded_book`     the collar of market orders; price bands and what happens at them
:mod:`.auction`          the auction price; :mod:`.uncross` the trades at it
=======================  ================================================================

Every order ends once: by a fill that leaves nothing, by ``Cancelled``, or by ``Refused`` in answer to its own placing. An
order that once was live is never refused later; where the book does not take it at its turn it is cancelled
(``NOT_ADMITTED``).

**Cost.** While trading is continuous, nothing is kept and there are no bands, an ordinary order goes straight to the book
(``simple``). While rare kinds live, an ordinary order that only comes to rest, or is cancelled, still does, unless all-or-none
or pegged orders are among them (``_quiet``); one that trades is followed up.

**Others on the book.** The venue's background flow sends its orders to the book directly. Whoever does that tells
:meth:`Matching.observe` the book's events afterwards, at the latest when the book's ``attention`` is set: the matching sets
its watches so that this is before a trigger would be missed. Instants come in as ``now`` and never go back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Filled, Refused, Rested
from trading_ecosystem.domains.exchange.book.ladder import NO_ABOVE, NO_BELOW
from trading_ecosystem.domains.exchange.matching.admission import is_admitted, refused_by_form
from trading_ecosystem.domains.exchange.matching.auction import Indicative
from trading_ecosystem.domains.exchange.matching.cascade import Cascade
from trading_ecosystem.domains.exchange.matching.contingencies import agree
from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder, NewOrder, WaitingFor
from trading_ecosystem.domains.exchange.matching.matching_events import MatchingEvent
from trading_ecosystem.domains.exchange.matching.matching_parameters import BandAction, MatchingParameters
from trading_ecosystem.domains.exchange.matching.phase_changes import change, end_phase
from trading_ecosystem.domains.exchange.matching.phases import ADMITS, FOLLOWS, Entry
from trading_ecosystem.domains.exchange.matching.replacing import is_beyond, replace_kept, replace_resting
from trading_ecosystem.domains.exchange.matching.uncross import indicative
from trading_ecosystem.messages.orders import (
    CancelReason,
    ContingencyType,
    OrderType,
    RejectReason,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TradingPhase,
)
from trading_ecosystem.messages.units import Lots, Nanos, Ticks

_LIMIT: Final = OrderType.LIMIT
_MARKET: Final = OrderType.MARKET
_GOOD_TILL_CANCEL: Final = TimeInForce.GOOD_TILL_CANCEL
_IMMEDIATE: Final = TimeInForce.IMMEDIATE_OR_CANCEL
_FILL_OR_KILL: Final = TimeInForce.FILL_OR_KILL
_CONTINUOUS: Final = TradingPhase.CONTINUOUS
_NO_PARAMETERS: Final = MatchingParameters()


class Matching:
    """One instrument's market; see the module's text."""

    __slots__ = ("_bounded", "_cascade", "_quiet", "_unbounded", "book", "parameters", "simple")

    def __init__(
        self,
        book: OrderBook,
        parameters: MatchingParameters = _NO_PARAMETERS,
        phase: TradingPhase = TradingPhase.CONTINUOUS,
        reference_ticks: Ticks = 0,
    ) -> None:
        self.book = book
        self.parameters = parameters
        self._cascade = Cascade(book, parameters, phase)
        self._bounded = self._cascade.bounded
        self._bounded.reference_ticks = reference_ticks
        self._unbounded = not (self._bounded.banded or parameters.collar_ppm)
        self._quiet = False
        self.simple = False
        """Whether an ordinary order concerns nobody but the book."""
        self._finish()

    # ---------------------------------------------------------------- commands

    def place(self, new: NewOrder, now: Nanos) -> Sequence[MatchingEvent]:
        """Take one order."""
        cascade = self._cascade
        if self._quiet and new.terms is None and _is_ordinary(new) and new.order_id not in cascade.kept:
            events = self._send(new)
            kind = type(events[0])
            if kind is Rested or kind is Refused:
                return events
            if self.simple:
                self._see_trades(events)
                return events
            cascade.begin(now).extend(events)
            return self._finish()
        found = cascade.begin(now)
        reason = self._refused(new, now)
        if reason is not None:
            found.append(Refused(new.order_id, reason))
        else:
            cascade.enter(cascade.keep(new), fresh=True)
        return self._finish()

    def place_list(self, kind: ContingencyType, orders: Sequence[NewOrder], now: Nanos) -> Sequence[MatchingEvent]:
        """Take a list of orders, whole or not at all.

        Where one is refused, so are all: that one for its reason, the others as ``INVALID_TERMS``. A list that makes no
        sense is refused as ``INVALID_TERMS``. A member that the book refuses at its entry ends as a refusal of its own;
        what it means for the others its list says."""
        cascade = self._cascade
        found = cascade.begin(now)
        failing = {new.order_id: reason for new in orders if (reason := self._refused(new, now)) is not None}
        if failing or not agree(kind, orders):
            other = RejectReason.LIST_REFUSED if failing else RejectReason.INVALID_TERMS
            found += [Refused(new.order_id, failing.get(new.order_id, other)) for new in orders]
            return self._finish()
        group = cascade.lists.open(kind, orders)
        members = [cascade.keep(new, group) for new in orders]
        first = 1 if kind in (ContingencyType.ONE_TRIGGERS_THE_OTHER, ContingencyType.BRACKET) else len(members)
        for kept in members[first:]:
            cascade.park(kept, WaitingFor.PARENT)
        for kept in members[:first]:
            if kept.new.order_id in cascade.kept:
                kept.waits_for = None
                cascade.enter(kept, fresh=True)
                cascade.drain()
        return self._finish()

    def replace(
        self,
        order_id: int,
        leaves_lots: Lots,
        price_ticks: Ticks,
        now: Nanos,
        *,
        stop_price_ticks: Ticks = 0,
        post_only: bool = False,
        self_trade: SelfTradePrevention = SelfTradePrevention.NONE,
    ) -> Sequence[MatchingEvent]:
        """Give an order another quantity (what it is still to trade), limit, or stop price (0: as it is).

        Less at the same prices keeps the order's place, in the book and beside it; anything else is a new order under the old
        number. ``price_ticks`` is the limit, 0 for those that have none. ``post_only`` and ``self_trade`` are for orders that
        stand in the book without being kept; the others keep their own terms.
        """
        cascade = self._cascade
        found = cascade.begin(now)
        kept = cascade.kept.get(order_id)
        if kept is None and self.book.order(order_id) is None:
            found.append(Refused(order_id, RejectReason.UNKNOWN_ORDER))
        elif Entry.REPLACE not in ADMITS[cascade.phase]:
            found.append(Refused(order_id, RejectReason.WRONG_PHASE))
        elif kept is None:
            replace_resting(cascade, order_id, leaves_lots, price_ticks, post_only=post_only, self_trade=self_trade)
        else:
            replace_kept(cascade, kept, leaves_lots, price_ticks, stop_price_ticks)
        return self._finish()

    def cancel(self, order_id: int, now: Nanos, reason: CancelReason = CancelReason.REQUESTED) -> Sequence[MatchingEvent]:
        """Cancel one order wherever it is, in any phase."""
        cascade = self._cascade
        if self._quiet and order_id not in cascade.kept:
            return [self.book.cancel(order_id, reason)]
        found = cascade.begin(now)
        if order_id in cascade.kept or self.book.order(order_id) is not None:
            cascade.leave(order_id, reason)
        else:
            found.append(Refused(order_id, RejectReason.UNKNOWN_ORDER))
        return self._finish()

    def mass_cancel(
        self,
        now: Nanos,
        *,
        owner: int | None = None,
        side: Side | None = None,
        reason: CancelReason = CancelReason.MASS_CANCEL,
    ) -> Sequence[MatchingEvent]:
        """Cancel all orders, or those of an owner, of a side, of both; also what a lost connection does (``DISCONNECTED``).

        Those beside the book go first, oldest first, then bids and asks as they would trade. The book is searched for them.
        """
        cascade = self._cascade
        cascade.begin(now)
        beside = [
            kept.new.order_id
            for kept in cascade.kept.values()
            if not kept.rests and (owner is None or kept.new.owner == owner) and (side is None or kept.new.side is side)
        ]
        resting = [
            order.order_id
            for each in (Side.BUY, Side.SELL)
            if side is None or each is side
            for order in self.book.standing(each)
            if owner is None or order.owner == owner
        ]
        for order_id in beside:
            if order_id in cascade.kept:
                cascade.leave(order_id, reason)
        for order_id in resting:
            cascade.leave(order_id, reason)
        return self._finish()

    def change_phase(self, phase: TradingPhase, now: Nanos) -> Sequence[MatchingEvent]:
        """Go into another phase; ``Refused`` with number 0 (``WRONG_PHASE``) where it does not follow the present one."""
        cascade = self._cascade
        found = cascade.begin(now)
        if phase in FOLLOWS[cascade.phase]:
            change(cascade, phase)
        else:
            found.append(Refused(0, RejectReason.WRONG_PHASE))
        return self._finish()

    def expire(self, now: Nanos) -> Sequence[MatchingEvent]:
        """Do what is due: orders expire, earliest first; then a phase whose time is over ends; see :meth:`next_expiry`."""
        cascade = self._cascade
        cascade.begin(now)
        for order_id in cascade.expiries.due(now):
            if order_id in cascade.kept:
                cascade.leave(order_id, CancelReason.EXPIRED)
        if cascade.phase_ends_at and cascade.phase_ends_at <= now:
            end_phase(cascade)
        return self._finish()

    def next_expiry(self) -> Nanos | None:
        """When :meth:`expire` has something to do: an order expires, a phase ends, or the last command left something over."""
        cascade = self._cascade
        if cascade.behind:
            return cascade.now
        found = cascade.expiries.next()
        if cascade.phase_ends_at and (found is None or cascade.phase_ends_at < found):
            return cascade.phase_ends_at
        return found

    def observe(self, events: Sequence[BookEvent], now: Nanos) -> Sequence[MatchingEvent]:
        """Hear what others did to the book past the matching; returns what follows from it, without these events."""
        if self.simple:
            self._see_trades(events)
            return []
        cascade = self._cascade
        cascade.begin(now)
        outside: Ticks = 0
        around = (NO_BELOW, NO_ABOVE)
        for event in events:
            if type(event) is Filled and not outside and self._bounded.interrupts(event.price_ticks):
                outside, around = event.price_ticks, self._bounded.around()
            cascade.note(event)
            cascade.drain()
        if outside and cascade.phase is _CONTINUOUS:
            cascade.interrupt(outside, around)
        return self._finish()

    def position_changed(self, owner: int, lots: Lots, now: Nanos) -> Sequence[MatchingEvent]:
        """Hear an owner's position, long positive, whenever it has changed; reduce-only orders are cut down to it."""
        cascade = self._cascade
        cascade.positions.changed(owner, lots)
        if not cascade.positions.concern(owner):
            return []
        cascade.begin(now)
        for side in (Side.BUY, Side.SELL):
            cascade.cap(owner, side)
        return self._finish()

    # ---------------------------------------------------------------- questions

    @property
    def phase(self) -> TradingPhase:
        """What the market is doing."""
        return self._cascade.phase

    @property
    def phase_ends_at(self) -> Nanos:
        """When the phase ends by itself; 0 where it does not."""
        return self._cascade.phase_ends_at

    @property
    def last_trade_ticks(self) -> Ticks:
        """The price of the last trade, 0 before the first."""
        return self._bounded.last_trade_ticks

    @property
    def reference_ticks(self) -> Ticks:
        """The reference price: the last auction's, or the one that was set; 0 for none."""
        return self._bounded.reference_ticks

    def set_reference(self, price_ticks: Ticks) -> None:
        """Set the reference price of the static band and of auctions, for instance yesterday's close."""
        self._bounded.reference_ticks = price_ticks
        self._watch()

    def indicative(self) -> Indicative:
        """Price, volume and surplus if the auction ended now."""
        return indicative(self._cascade)

    def kept(self, order_id: int) -> KeptOrder | None:
        """What is kept of an order beside the book's own data (stop price, what it waits for), not to be changed."""
        return self._cascade.kept.get(order_id)

    def is_live(self, order_id: int) -> bool:
        """Whether an order is in the book or beside it."""
        return order_id in self._cascade.kept or self.book.order(order_id) is not None

    def is_beyond(self, side: Side, price_ticks: Ticks) -> bool:
        """Whether an order that is replaced would stand or trade outside of the price bands with this limit."""
        return is_beyond(self._cascade, side, price_ticks)

    def price_limits(self) -> tuple[Ticks, Ticks]:
        """The lowest and the highest price at which the next trade may happen."""
        return self._bounded.around()

    # ---------------------------------------------------------------- how it works

    def _refused(self, new: NewOrder, now: Nanos) -> RejectReason | None:
        """The checks of :mod:`.admission` up to ``BOOK_FULL``."""
        cascade = self._cascade
        if new.order_id in cascade.kept or self.book.order(new.order_id) is not None:
            return RejectReason.DUPLICATE_ORDER_ID
        reason = refused_by_form(new, now)
        if reason is not None:
            return reason
        if not is_admitted(new, cascade.phase):
            return RejectReason.WRONG_PHASE
        return RejectReason.BOOK_FULL if len(cascade.kept) >= self.parameters.kept_capacity else None

    def _send(self, new: NewOrder) -> list[BookEvent]:
        """Place an ordinary order in the book."""
        return self.book.place(
            new.order_id,
            new.owner,
            new.side,
            new.lots,
            price_ticks=new.price_ticks if new.order_type is _LIMIT else None,
            time_in_force=new.time_in_force,
            post_only=new.post_only,
            self_trade=new.self_trade,
        )

    def _see_trades(self, events: Sequence[BookEvent]) -> None:
        """Take down the last trade."""
        for event in reversed(events):
            if type(event) is Filled:
                self._bounded.last_trade_ticks = event.price_ticks
                return

    def _finish(self) -> Sequence[MatchingEvent]:
        """Let everything happen that follows, and set the book's watches."""
        cascade = self._cascade
        cascade.settle()
        self._quiet = (
            self._unbounded and cascade.phase is _CONTINUOUS and not (cascade.whole or cascade.pegs.orders or cascade.due)
        )
        self.simple = self._quiet and not cascade.kept
        self._watch()
        return cascade.events

    def _watch(self) -> None:
        """Let the book call for attention where a trade would concern somebody."""
        cascade, book = self._cascade, self.book
        below, above = cascade.concerned()
        if self._bounded.banded and self.parameters.band_action is BandAction.INTERRUPT:
            low, high = self._bounded.around()
            below, above = max(below, low - 1), min(above, high + 1)
        book.watch_below, book.watch_above = below, above
        book.best_watched = bool(cascade.pegs.orders or cascade.whole)
        book.attention = False


def _is_ordinary(new: NewOrder) -> bool:
    """Whether the book alone knows what to do with an order that has no rare terms."""
    if new.order_type is _LIMIT:
        return new.time_in_force in (_GOOD_TILL_CANCEL, _IMMEDIATE, _FILL_OR_KILL)
    return new.order_type is _MARKET and not new.price_ticks and new.time_in_force in (_IMMEDIATE, _FILL_OR_KILL)
