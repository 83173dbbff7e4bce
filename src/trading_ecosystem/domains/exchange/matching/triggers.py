"""The orders that wait for a trade at a price: stop, stop-limit, trailing stop, market-if-touched.

The last trade price alone triggers, never a quote. Two directions:

=========  =========================================================  ==============================================
direction  who waits                                                  fires when a trade is
=========  =========================================================  ==============================================
falling    sell stops of every kind, buy market-if-touched            at or below the stop price
rising     buy stops of every kind, sell market-if-touched            at or above the stop price
=========  =========================================================  ==============================================

**Order of triggering.** Trade by trade, as they happened. Among those that one trade fires, first the falling, the highest
stop price first, then the rising, the lowest first (so: in the order in which a price moving on would have met them); at
one stop price the oldest first.

**Trailing stops.** The stop price of a sell is the highest trade since the order came less ``trail_ticks``, of a buy the
lowest plus ``trail_ticks``; it never goes back. Without an earlier trade, and without a first stop price, it takes its
bearings from the first trade. They are looked at one by one at every trade, the others by bisection."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Final

from trading_ecosystem.domains.exchange.book.ladder import NO_ABOVE, NO_BELOW
from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder
from trading_ecosystem.messages.orders import OrderType, Side
from trading_ecosystem.messages.units import Ticks

_BUY: Final = Side.BUY
_TRAILING: Final = OrderType.TRAILING_STOP

TRIGGERED_TYPES: Final = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP, OrderType.MARKET_IF_TOUCHED)


def is_falling(kept: KeptOrder) -> bool:
    """Whether a trade at or below the stop price fires it; else one at or above it does."""
    return (kept.new.side is _BUY) is (kept.new.order_type is OrderType.MARKET_IF_TOUCHED)


class Triggers:
    """Everything that waits for a trade, ordered by what fires next."""

    __slots__ = ("_falling", "_rising", "_trailing")

    def __init__(self) -> None:
        # What fires next stands last: falling by (stop, -age), rising by (-stop, -age).
        self._falling: list[tuple[int, int, int]] = []
        self._rising: list[tuple[int, int, int]] = []
        self._trailing: dict[int, KeptOrder] = {}

    def __len__(self) -> int:
        return len(self._falling) + len(self._rising) + len(self._trailing)

    def add(self, kept: KeptOrder) -> None:
        """Let an order wait."""
        if kept.new.order_type is _TRAILING:
            self._trailing[kept.new.order_id] = kept
        else:
            insort(self._queue(kept), _entry(kept))

    def remove(self, kept: KeptOrder) -> None:
        """An order waits no longer; its stop price has not changed since it came."""
        if kept.new.order_type is _TRAILING:
            del self._trailing[kept.new.order_id]
            return
        queue, entry = self._queue(kept), _entry(kept)
        at = bisect_left(queue, entry)
        assert queue[at] == entry
        del queue[at]

    def traded(self, price_ticks: Ticks) -> list[int]:
        """A trade happened: the orders that it fires, in their order, which wait no longer."""
        falling: list[tuple[int, int, int]] = []
        rising: list[tuple[int, int, int]] = []
        while self._falling and self._falling[-1][0] >= price_ticks:
            stop, age, order_id = self._falling.pop()
            falling.append((-stop, -age, order_id))
        while self._rising and -self._rising[-1][0] <= price_ticks:
            stop, age, order_id = self._rising.pop()
            rising.append((-stop, -age, order_id))
        if self._trailing:
            self._trail(price_ticks, falling, rising)
        return [order_id for _, _, order_id in falling + rising]

    def _trail(self, price_ticks: Ticks, falling: list[tuple[int, int, int]], rising: list[tuple[int, int, int]]) -> None:
        """Move the trailing stops, and add those that a trade fires."""
        for kept in list(self._trailing.values()):
            follow(kept, price_ticks)
            stop = kept.stop_price_ticks
            if kept.new.side is _BUY and price_ticks >= stop:
                rising.append((stop, kept.sequence, kept.new.order_id))
            elif kept.new.side is not _BUY and price_ticks <= stop:
                falling.append((-stop, kept.sequence, kept.new.order_id))
            else:
                continue
            del self._trailing[kept.new.order_id]
        falling.sort()
        rising.sort()

    def below(self) -> Ticks:
        """The highest price at or below which a trade concerns somebody here."""
        found = self._falling[-1][0] if self._falling else NO_BELOW
        for kept in self._trailing.values():
            if kept.new.side is not _BUY:
                found = max(found, kept.stop_price_ticks if kept.extreme_ticks else NO_ABOVE)
            else:
                found = max(found, kept.extreme_ticks - 1 if kept.extreme_ticks else NO_ABOVE)
        return found

    def above(self) -> Ticks:
        """The lowest price at or above which a trade concerns somebody here."""
        found = -self._rising[-1][0] if self._rising else NO_ABOVE
        for kept in self._trailing.values():
            if kept.new.side is _BUY:
                found = min(found, kept.stop_price_ticks if kept.extreme_ticks else NO_BELOW)
            else:
                found = min(found, kept.extreme_ticks + 1 if kept.extreme_ticks else NO_BELOW)
        return found

    def _queue(self, kept: KeptOrder) -> list[tuple[int, int, int]]:
        return self._falling if is_falling(kept) else self._rising


def reached(kept: KeptOrder, trade_ticks: Ticks) -> bool:
    """Whether a trade at this price (0: there was none) fires an order."""
    if not trade_ticks or not kept.stop_price_ticks:
        return False
    return trade_ticks <= kept.stop_price_ticks if is_falling(kept) else trade_ticks >= kept.stop_price_ticks


def follow(kept: KeptOrder, trade_ticks: Ticks) -> None:
    """Let a trailing stop see a trade: its stop price moves with the best trade, never back."""
    trail = kept.terms.trail_ticks
    if kept.new.side is _BUY:
        if not kept.extreme_ticks or trade_ticks < kept.extreme_ticks:
            kept.extreme_ticks = trade_ticks
            stop = trade_ticks + trail
            kept.stop_price_ticks = min(stop, kept.stop_price_ticks or stop)
    elif trade_ticks > kept.extreme_ticks:
        kept.extreme_ticks = trade_ticks
        kept.stop_price_ticks = max(trade_ticks - trail, kept.stop_price_ticks)


def _entry(kept: KeptOrder) -> tuple[int, int, int]:
    stop = kept.stop_price_ticks
    return (stop if is_falling(kept) else -stop, -kept.sequence, kept.new.order_id)
