"""What one command sets off: orders go into the book, their trades trigger, cancel, reduce and re-price others, until all
is quiet.

The matching (:mod:`.matching`) answers commands; this is the machine that it turns. Everything happens in ``events``, the
growing list of what the command has caused. ``drain`` looks at every event once, in order, and does at once what lists of
orders demand. ``settle`` repeats, in this order, until there is nothing left to do:

1. look at all events (contingencies; which stops the trades have reached);
2. in continuous trading: enter the next triggered order, and go to 1;
3. give each waiting all-or-none order its chance, oldest first; where one trades, go to 1;
4. price the pegged orders anew, oldest first; where one moved, go to 1.

It ends, since every step of 2 and 3 uses up an order and step 4 only repeats while others than pegs change the references.
Still a limit on the steps of one command (``cascade_limit``) bounds the time that it may take; what is left over is done
first at the next command, and ``behind`` says that there is something."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled, Reduced, Refused, Replaced, Rested
from trading_ecosystem.domains.exchange.matching.all_or_none import ready
from trading_ecosystem.domains.exchange.matching.bounded_book import BoundedBook
from trading_ecosystem.domains.exchange.matching.contingencies import Consequence, Following
from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder, NewOrder, WaitingFor
from trading_ecosystem.domains.exchange.matching.matching_events import (
    Activated,
    Crossed,
    MatchingEvent,
    PhaseChanged,
    Triggered,
    VolatilityInterruption,
)
from trading_ecosystem.domains.exchange.matching.matching_parameters import MatchingParameters
from trading_ecosystem.domains.exchange.matching.order_room import OrderRoom
from trading_ecosystem.domains.exchange.matching.pegs import target
from trading_ecosystem.domains.exchange.matching.phases import length_of
from trading_ecosystem.domains.exchange.matching.triggers import TRIGGERED_TYPES, follow, reached
from trading_ecosystem.messages.orders import (
    CancelReason,
    OrderType,
    RejectReason,
    Side,
    TimeInForce,
    TradingPhase,
)
from trading_ecosystem.messages.units import Lots, Nanos, Ticks

_BUY: Final = Side.BUY
_FILL_OR_KILL: Final = TimeInForce.FILL_OR_KILL
_AT_THE_CLOSE: Final = TimeInForce.AT_THE_CLOSE
_TRIGGER: Final = WaitingFor.TRIGGER
_WHOLE: Final = WaitingFor.WHOLE
_REFERENCE: Final = WaitingFor.REFERENCE
_AUCTION: Final = WaitingFor.AUCTION
_PASSING: Final = (TimeInForce.IMMEDIATE_OR_CANCEL, _FILL_OR_KILL)
_CLOSING: Final = TradingPhase.CLOSING_AUCTION


class Cascade(OrderRoom):
    """The orders of one instrument that are more than the book can know, and what happens to them."""

    __slots__ = ("_held", "_noted", "_steps", "book", "bounded", "extensions", "parameters", "phase", "phase_ends_at")

    def __init__(self, book: OrderBook, parameters: MatchingParameters, phase: TradingPhase) -> None:
        super().__init__()
        self.book = book
        self.bounded = BoundedBook(book, parameters)
        self.parameters = parameters
        self.phase = phase
        self.phase_ends_at: Nanos = 0
        self.extensions = 0
        self._steps = 0
        self._noted = 0
        self._held: list[Following] | None = None
        book.matching = phase is TradingPhase.CONTINUOUS

    # ---------------------------------------------------------------- a command

    def begin(self, now: Nanos) -> list[MatchingEvent]:
        """A command begins: what it causes goes into a new list."""
        self.now = now
        self.events = []
        self._noted = 0
        self._steps = 0
        return self.events

    @property
    def behind(self) -> bool:
        """Whether an earlier command left something to do."""
        return self.book.matching and bool(self.due)

    def hold(self) -> None:
        """An auction is uncrossed: what lists demand has to wait until it is over."""
        self._held = []

    def release(self) -> None:
        """The auction is over: do what lists have demanded."""
        held, self._held = self._held or [], None
        self._follow(held)
        self.drain()

    def drain(self) -> None:
        """Look at every event that has not been looked at yet."""
        events = self.events
        while self._noted < len(events):
            event = events[self._noted]
            self._noted += 1
            self.note(event)

    def settle(self) -> None:
        """Do everything that follows; see the module's text."""
        limit = self.parameters.cascade_limit
        while True:
            self.drain()
            if not self.book.matching or self._steps >= limit:
                return
            self._steps += 1
            if self.due:
                self._fire(next(iter(self.due)))
            elif not (self.whole and self._try_whole()) and not (self.pegs.orders and self._reprice()):
                return

    # ---------------------------------------------------------------- coming and going

    def enter(self, kept: KeptOrder, *, fresh: bool) -> None:
        """Let an order go where it belongs now: into the book, or beside it; a ``fresh`` one may still be refused."""
        new = kept.new
        if kept.terms.reduce_only and not self._fits(kept, fresh=fresh):
            return
        if new.order_type in TRIGGERED_TYPES and not kept.awake:
            self._await_trigger(kept)
        elif self._awaits_auction(new):
            self.park(kept, _AUCTION)
        elif new.order_type is OrderType.PEGGED:
            self.pegs.add(kept)
            price = target(kept, self.pegs.references(self.book), self.bounded) if self.book.matching else 0
            if price:
                self._into_book(kept, price, fresh=fresh)
            else:
                self.park(kept, _REFERENCE)
        elif kept.terms.all_or_none:
            self.whole[new.order_id] = kept
            self.park(kept, _WHOLE)
        else:
            self._into_book(kept, kept.limit_ticks or None, fresh=fresh)

    def leave(self, order_id: int, reason: CancelReason) -> None:
        """Cancel an order wherever it is; nothing happens if it has just left."""
        kept = self.kept.get(order_id)
        if kept is None or kept.waits_for is None:
            event = self.book.cancel(order_id, reason)
            if type(event) is Cancelled:
                self.events.append(event)
            else:
                return  # its own end stands further on among the events
        else:
            self.events.append(Cancelled(order_id, kept.leaves_lots, reason))
        if kept is not None:
            self._gone(kept)

    def reduce(self, kept: KeptOrder, lots: Lots, reason: CancelReason) -> None:
        """Take lots off an order wherever it is; all of them, or more, is a cancellation."""
        order_id = kept.new.order_id
        if kept.waits_for is None:
            resting = self.book.order(order_id)
            if resting is None:
                return  # its own end stands further on among the events
            if lots < resting.leaves_lots:
                event = self.book.reduce(order_id, lots)
                assert type(event) is Reduced
                kept.leaves_lots = event.leaves_lots
                self.events.append(Reduced(order_id, lots, event.leaves_lots, reason))
                return
        elif lots < kept.leaves_lots:
            kept.leaves_lots -= lots
            self.events.append(Reduced(order_id, lots, kept.leaves_lots, reason))
            return
        if reason is CancelReason.CONTINGENCY:
            self.lists.part(kept)
        self.leave(order_id, reason)

    def cap(self, owner: int, side: Side, first_id: int | None = None) -> None:
        """Take off reduce-only orders what they have beyond their owner's position."""
        for kept, lots in self.positions.cuts(owner, side, first_id):
            if kept.new.order_id in self.kept:
                self.reduce(kept, lots, CancelReason.POSITION)

    def interrupt(self, price_ticks: Ticks, around: tuple[Ticks, Ticks]) -> None:
        """Continuous trading stops, and a volatility auction begins."""
        self.events.append(VolatilityInterruption(price_ticks, *around))
        self.extensions = 0
        self.go_to(TradingPhase.VOLATILITY_AUCTION)

    def go_to(self, phase: TradingPhase) -> None:
        """Be in another phase; pegged orders leave the book with continuous trading."""
        before, self.phase = self.phase, phase
        self.book.matching = phase is TradingPhase.CONTINUOUS
        length = length_of(phase, self.parameters)
        self.phase_ends_at = self.now + length if length else 0
        self.events.append(PhaseChanged(before, phase, self.phase_ends_at))
        if not self.book.matching:
            for kept in list(self.pegs.orders.values()):
                self._without_reference(kept)

    def _into_book(self, kept: KeptOrder, limit_ticks: Ticks | None, *, fresh: bool) -> None:
        """Place an order in the book, and begin a volatility auction with the rest of it where it would trade too far."""
        kept.waits_for = None
        around = self.bounded.around()
        placed = self.bounded.place(kept, limit_ticks)
        for event in placed.events:
            if type(event) is Refused:
                self._turn_away(kept, event.reason, fresh=fresh)
                return
            self.events.append(event)
        left = placed.interrupted_lots
        if not left:
            return
        new = kept.new
        front = self.book.front(Side.SELL if new.side is _BUY else _BUY)
        assert front is not None
        self.interrupt(front.price_ticks, around)
        if limit_ticks is None or new.time_in_force in _PASSING:
            self.events.append(Cancelled(new.order_id, left, CancelReason.PRICE_BAND))
        else:
            self.events += self.bounded.put(kept, left, limit_ticks, None, 0)

    def _turn_away(self, kept: KeptOrder, reason: RejectReason, *, fresh: bool) -> None:
        """An order is refused; one that has lived already is cancelled."""
        if fresh:
            if self.events and isinstance(before := self.events[-1], Reduced) and before.order_id == kept.new.order_id:
                self.events.pop()  # it never was, so it was not cut down to a position either
            self.events.append(Refused(kept.new.order_id, reason))
        else:
            position = reason is RejectReason.WOULD_INCREASE_POSITION
            why = CancelReason.POSITION if position else CancelReason.NOT_ADMITTED
            self.events.append(Cancelled(kept.new.order_id, kept.leaves_lots, why))
        self._gone(kept)

    def _fits(self, kept: KeptOrder, *, fresh: bool) -> bool:
        """Whether a reduce-only order has a position to reduce; takes off it what it has too many of."""
        new = kept.new
        standing = not fresh or new.order_type in TRIGGERED_TYPES
        room = (
            self.positions.reducible(new.owner, new.side)
            if standing
            else self.positions.room(new.owner, new.side, new.order_id)
        )
        if room <= 0:
            self._turn_away(kept, RejectReason.WOULD_INCREASE_POSITION, fresh=fresh)
            return False
        if room < kept.leaves_lots:
            self.events.append(Reduced(new.order_id, kept.leaves_lots - room, room, CancelReason.POSITION))
            kept.leaves_lots = room
        if kept.awake:
            kept.waits_for = None
            self.cap(new.owner, new.side, new.order_id)
        return new.order_id in self.kept

    # ---------------------------------------------------------------- what follows

    def note(self, event: MatchingEvent) -> None:
        """Look at one event."""
        kind = type(event)
        if kind is Filled:
            assert isinstance(event, Filled)
            self.bounded.last_trade_ticks = event.price_ticks
            self.due.update(dict.fromkeys(self.triggers.traded(event.price_ticks)))
            self._traded(event.taker_id, event.lots, event.taker_leaves_lots)
            self._traded(event.maker_id, event.lots, event.maker_leaves_lots)
        elif kind is Crossed:
            assert isinstance(event, Crossed)
            self._traded(event.buy_id, event.lots, event.buy_leaves_lots)
            self._traded(event.sell_id, event.lots, event.sell_leaves_lots)
        elif kind is Rested or kind is Replaced:
            assert isinstance(event, Rested | Replaced)
            kept = self.kept.get(event.order_id)
            if kept is not None and kept.waits_for is None:
                kept.price_ticks, kept.leaves_lots = event.price_ticks, event.leaves_lots
                if kind is Rested:
                    self.rested(kept)
        elif kind is Reduced:
            assert isinstance(event, Reduced)
            if (kept := self.kept.get(event.order_id)) is not None:
                kept.leaves_lots = event.leaves_lots
        elif kind is Cancelled:
            assert isinstance(event, Cancelled)
            if (kept := self.kept.get(event.order_id)) is not None:
                kept.leaves_lots = event.leaves_lots
                self._gone(kept)

    def _traded(self, order_id: int, lots: Lots, leaves_lots: Lots) -> None:
        """One side of a trade."""
        kept = self.kept.get(order_id)
        if kept is None:
            return
        kept.traded_lots += lots
        kept.leaves_lots = leaves_lots
        if kept.terms.reduce_only:
            self.positions.filled(kept, lots)
        self._follow(self.lists.traded(kept, lots))
        if not leaves_lots and order_id in self.kept:
            self._gone(kept)

    def _gone(self, kept: KeptOrder) -> None:
        """An order is no more."""
        self.forget(kept)
        self._follow(self.lists.left(kept))

    def _follow(self, followings: list[Following]) -> None:
        """Do what a list demands."""
        if self._held is not None:
            self._held += followings
            return
        for following in followings:
            kept = self.kept.get(following.order_id)
            if kept is None:
                continue
            if following.consequence is Consequence.CANCEL:
                self.lists.part(kept)
                self.leave(following.order_id, CancelReason.CONTINGENCY)
            elif following.consequence is Consequence.REDUCE:
                self.reduce(kept, following.lots, CancelReason.CONTINGENCY)
            else:
                if following.lots:
                    kept.leaves_lots = min(kept.leaves_lots, following.lots)
                kept.waits_for = None
                self.events.append(Activated(kept.new.order_id, kept.leaves_lots))
                self.enter(kept, fresh=False)

    def _fire(self, order_id: int) -> None:
        """A triggered order becomes what it turns into."""
        kept = self.kept[order_id]
        self.unpark(kept)
        kept.awake = True
        if kept.new.order_type is not OrderType.STOP_LIMIT:
            kept.limit_ticks = 0
        self.events.append(Triggered(order_id, kept.stop_price_ticks, self.bounded.last_trade_ticks))
        self._follow(self.lists.triggered(kept))
        self.enter(kept, fresh=False)

    def _await_trigger(self, kept: KeptOrder) -> None:
        """A stop waits for its price, or is due at once where the last trade has reached it."""
        last = self.bounded.last_trade_ticks
        if kept.new.order_type is OrderType.TRAILING_STOP and last:
            follow(kept, last)
        self.park(kept, _TRIGGER)
        if self.book.matching and reached(kept, last):
            self.due[kept.new.order_id] = None
        else:
            self.triggers.add(kept)

    def _awaits_auction(self, new: NewOrder) -> bool:
        """Whether an order is for an auction that is still to come, or a market order for the one that is on."""
        late = new.time_in_force is _AT_THE_CLOSE and self.phase is not _CLOSING
        return late or (new.order_type is OrderType.MARKET and not self.book.matching)

    def _try_whole(self) -> bool:
        """Let the oldest all-or-none order trade that can trade whole."""
        found = ready(self.whole.values(), self.bounded)
        if found is None:
            return False
        kept, limit = found
        self.unpark(kept)
        self.events += self.bounded.put(kept, kept.leaves_lots, limit, _FILL_OR_KILL, 0)
        return True

    def _reprice(self) -> bool:
        """Give every pegged order the price that it should have; true if one moved."""
        references = self.pegs.references(self.book)
        if self.pegs.is_settled(references, self.bounded):
            return False
        moved = False
        for kept in list(self.pegs.orders.values()):
            if kept.new.order_id not in self.kept:
                continue
            price = target(kept, references, self.bounded)
            if kept.waits_for is None and not price:
                self._without_reference(kept)
            elif kept.waits_for is _REFERENCE and price:
                self.unpark(kept)
                self._into_book(kept, price, fresh=False)
            elif kept.waits_for is None and price != kept.price_ticks:
                self.events += self.book.replace(kept.new.order_id, kept.leaves_lots, price, self_trade=kept.self_trade)
            else:
                continue
            moved = True
            self.drain()
        self.pegs.settled = None if moved else references
        return moved

    def _without_reference(self, kept: KeptOrder) -> None:
        """A pegged order leaves the book, to wait beside it."""
        if kept.waits_for is None and type(self.book.cancel(kept.new.order_id)) is Cancelled:
            kept.price_ticks = 0
            self.pegs.settled = None
            self.park(kept, _REFERENCE)
