"""Background quotes that are wider or thinner than they would be.

The background flow is left to itself. Each time it has acted, and before anybody else may, its orders in the book are changed:

- *spread*: all of them move outwards by half of ``magnitude_ppm`` of the middle of the best prices, so that they lie apart by
  the whole of it more. Before the flow acts again they return to where it put them; one that would then trade with a named
  order trades with it.
- *liquidity*: each of them loses the share ``magnitude_ppm`` of its lots, once, rounded up; it keeps its place. One that
  loses all leaves.

What is published is the book as it stands, and that is what named orders trade with. Their own orders are left alone. Where
several conditions apply, the widest and the thinnest counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Filled
from trading_ecosystem.domains.exchange.conditions.standing import VenueCondition, VenueConditions
from trading_ecosystem.domains.exchange.rules.trading_rules import price_at_or_above, price_at_or_below
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos, PartsPerMillion, Ticks
from trading_ecosystem.messages.venue_conditions import VenueConditionKind
from trading_ecosystem.ports.component import Later

if TYPE_CHECKING:
    from trading_ecosystem.domains.exchange.market import Market

_BUY: Final = Side.BUY
_SELL: Final = Side.SELL


class Restraint:
    """How the background quotes of one market are kept."""

    __slots__ = ("_conditions", "_moved", "_thinned", "thinning", "widening")

    def __init__(self, conditions: VenueConditions) -> None:
        self._conditions = conditions
        self.widening: VenueCondition | None = None
        self.thinning: VenueCondition | None = None
        self._moved: dict[int, Ticks] = {}
        """Orders that stand elsewhere than the flow put them, with the price it gave them, in the order of their turn."""
        self._thinned: dict[int, None] = {}

    def choose(self, symbol: str, now: Nanos) -> None:
        """See which conditions apply from now on."""
        self.widening = self._strongest(VenueConditionKind.VENUE_SPREAD, symbol, now)
        self.thinning = self._strongest(VenueConditionKind.VENUE_LIQUIDITY, symbol, now)
        if self.thinning is None:
            self._thinned.clear()

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do and nothing to undo."""
        return self.widening is None and self.thinning is None and not self._moved

    def _strongest(self, kind: VenueConditionKind, symbol: str, now: Nanos) -> VenueCondition | None:
        applying = [one for one in self._conditions.of(kind, now) if one.concerns(instrument=symbol)]
        return max(applying, key=_magnitude, default=None)

    def lift(self, market: Market, now: Nanos, said: list[Message | Later]) -> list[BookEvent]:
        """Before the flow acts: what was moved returns; what the book says of it."""
        events: list[BookEvent] = []
        for order_id, price_ticks in self._moved.items():
            order = market.book.order(order_id)
            if order is None:
                continue
            found = market.book.replace(order_id, order.leaves_lots, price_ticks)
            if any(type(event) is Filled for event in found):
                market.house.disturbed = True
                market.house.capture_fills(found, order.side, now, said)
            events += found
        self._moved.clear()
        return events

    def impose(self, market: Market, said: list[Message | Later]) -> list[BookEvent]:
        """After the flow acted: move and thin its orders; what the book says of it."""
        events: list[BookEvent] = []
        if self.thinning is not None:
            self._thin(market, self.thinning, events, said)
        if self.widening is not None:
            self._widen(market, self.widening, events, said)
        return events

    def _thin(self, market: Market, condition: VenueCondition, events: list[BookEvent], said: list[Message | Later]) -> None:
        thinned: dict[int, None] = {}
        for side in (_BUY, _SELL):
            for order in [one for one in market.book.standing(side) if one.order_id < 0]:
                if order.order_id not in self._thinned:
                    lots = -(-order.leaves_lots * condition.set.magnitude_ppm // PARTS_PER_MILLION)
                    events.append(market.book.reduce(order.order_id, lots))
                    market.house.disturbed = True
                thinned[order.order_id] = None
        if thinned:
            self._conditions.take_effect(condition, market.instrument.symbol, said)
        self._thinned = thinned

    def _widen(self, market: Market, condition: VenueCondition, events: list[BookEvent], said: list[Message | Later]) -> None:
        book, rules = market.book, market.rules
        bid, ask = book.best(_BUY)[0], book.best(_SELL)[0]
        if not bid or not ask:
            return
        away = max(1, (bid + ask) * condition.set.magnitude_ppm // (4 * PARTS_PER_MILLION))
        for side, step in ((_BUY, -away), (_SELL, away)):
            for order in [one for one in book.standing(side) if one.order_id < 0]:
                before, lots = order.price_ticks, order.leaves_lots
                after = before + step
                if rules.tick_table and after > 0:
                    after = (price_at_or_below if side is _BUY else price_at_or_above)(rules, after)
                if after > 0:
                    events += book.replace(order.order_id, lots, after)
                    self._moved[order.order_id] = before
        if self._moved:
            self._conditions.take_effect(condition, market.instrument.symbol, said)


def _magnitude(condition: VenueCondition) -> PartsPerMillion:
    return condition.set.magnitude_ppm
