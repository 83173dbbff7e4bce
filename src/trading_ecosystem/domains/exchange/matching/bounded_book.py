"""The book behind its price bands and the collar of market orders: how far an order may trade now.

**Collar.** A market order trades no further than ``collar_ppm`` from the best opposite price that it finds; its rest is
cancelled (``MARKET_REMAINDER``), as is that of any market order.

**Bands** (:mod:`.price_bands`) that *reject*: an order with a limit beyond the band is refused whole
(``PRICE_OUTSIDE_BAND``), whether it would trade or not, and so is one that would meet a resting order outside of the band;
a market order trades up to the band, and its rest is cancelled (``PRICE_BAND``). Bands that *interrupt*: an order trades up
to the band; if it would go on past it, a volatility auction begins, and its rest takes part where it may rest, else it is
cancelled (``PRICE_BAND``). Fill or kill and minimum quantity count only what is inside. The band does not move while one
order trades."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Cancelled, Refused
from trading_ecosystem.domains.exchange.book.ladder import NO_ABOVE, NO_BELOW
from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder
from trading_ecosystem.domains.exchange.matching.matching_parameters import BandAction, MatchingParameters
from trading_ecosystem.domains.exchange.matching.price_bands import Beyond, Bound, band, bands, bound
from trading_ecosystem.messages.orders import CancelReason, OrderType, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.units import Lots, Ticks

_IMMEDIATE: Final = TimeInForce.IMMEDIATE_OR_CANCEL
_FILL_OR_KILL: Final = TimeInForce.FILL_OR_KILL
_STAYS: Final = TimeInForce.GOOD_TILL_CANCEL
_PASSING_TYPES: Final = (OrderType.STOP, OrderType.TRAILING_STOP, OrderType.MARKET_IF_TOUCHED)
"""What trades at once in its turn or not at all, with or without a bound."""


class Placed(msgspec.Struct, frozen=True):
    """What the book said, and the lots that are left to be dealt with since trading is interrupted (0: it is not)."""

    events: list[BookEvent]
    interrupted_lots: Lots = 0


class BoundedBook:
    """One instrument's book, its last trade and its reference price."""

    __slots__ = ("book", "last_trade_ticks", "parameters", "reference_ticks")

    def __init__(self, book: OrderBook, parameters: MatchingParameters) -> None:
        self.book = book
        self.parameters = parameters
        self.last_trade_ticks: Ticks = 0
        self.reference_ticks: Ticks = 0

    @property
    def banded(self) -> bool:
        """Whether there are price bands at all."""
        return bool(self.parameters.static_band_ppm or self.parameters.dynamic_band_ppm)

    def around(self) -> tuple[Ticks, Ticks]:
        """The lowest and the highest price at which the next trade may happen; in a call phase the static band alone counts."""
        if self.book.matching:
            return bands(self.parameters, self.reference_ticks, self.last_trade_ticks)
        return band(self.reference_ticks, self.parameters.static_band_ppm)

    def bound(self, side: Side, limit_ticks: Ticks | None) -> Bound:
        """How far an order may trade now."""
        if not self.banded and not (limit_ticks is None and self.parameters.collar_ppm):
            return Bound(limit_ticks, Beyond.NOTHING)
        return bound(self.book, self.parameters, self.around(), side, limit_ticks)

    def allowed(self, side: Side, limit_ticks: Ticks) -> Ticks:
        """A limit, moved back to the band where it lies beyond it."""
        low, high = self.around() if self.banded else (NO_BELOW, NO_ABOVE)
        return min(limit_ticks, high) if side is Side.BUY else max(limit_ticks, low)

    def interrupts(self, trade_ticks: Ticks) -> bool:
        """Whether a trade that has happened past the matching ought to have interrupted trading."""
        if not self.banded or self.parameters.band_action is not BandAction.INTERRUPT:
            return False
        low, high = self.around()
        return not low <= trade_ticks <= high

    def place(self, kept: KeptOrder, limit_ticks: Ticks | None) -> Placed:
        """Place an order, as far as the bounds allow."""
        new, terms = kept.new, kept.terms
        passing = new.time_in_force if new.time_in_force in (_IMMEDIATE, _FILL_OR_KILL) else None
        if limit_ticks is None or new.order_type in _PASSING_TYPES:
            passing = passing or _IMMEDIATE
        at_most = self.bound(new.side, limit_ticks)
        if at_most.beyond is Beyond.REFUSE:
            return Placed([Refused(new.order_id, RejectReason.PRICE_OUTSIDE_BAND)])
        if at_most.beyond is Beyond.NOTHING or new.post_only:
            return Placed(self.put(kept, kept.leaves_lots, limit_ticks, passing, terms.minimum_lots))
        if at_most.price_ticks == 0:
            return Placed([], kept.leaves_lots)
        events = self.put(kept, kept.leaves_lots, at_most.price_ticks, passing or _IMMEDIATE, terms.minimum_lots)
        rest = events[-1]
        if type(rest) is not Cancelled or rest.order_id != new.order_id or rest.reason is not CancelReason.IMMEDIATE_OR_CANCEL:
            return Placed(events)
        events.pop()
        left = rest.leaves_lots
        if at_most.beyond is Beyond.INTERRUPT:
            if self.book.crosses(new.side, limit_ticks):
                return Placed(events, left)
            if passing is None:
                return Placed(events + self.put(kept, left, limit_ticks, None, 0))
        why = CancelReason.IMMEDIATE_OR_CANCEL
        if limit_ticks is None:
            cut = at_most.beyond is Beyond.BAND and self.book.crosses(new.side, None)
            why = CancelReason.PRICE_BAND if cut else CancelReason.MARKET_REMAINDER
        events.append(Cancelled(new.order_id, left, why))
        return Placed(events)

    def put(
        self, kept: KeptOrder, lots: Lots, limit_ticks: Ticks | None, passing: TimeInForce | None, minimum_lots: Lots
    ) -> list[BookEvent]:
        """Place lots of an order in the book itself; ``passing`` is how it leaves if it may not rest."""
        new, terms = kept.new, kept.terms
        return self.book.place(
            new.order_id,
            new.owner,
            new.side,
            lots,
            price_ticks=limit_ticks,
            time_in_force=passing or _STAYS,
            post_only=new.post_only,
            reprice=terms.reprice,
            display_lots=min(terms.display_lots, lots),
            hidden=terms.hidden,
            minimum_lots=minimum_lots,
            self_trade=kept.self_trade,
        )
