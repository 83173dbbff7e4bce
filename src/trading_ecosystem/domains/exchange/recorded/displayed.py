"""The recorded book of one instrument, less what own orders have taken of it."""

from __future__ import annotations

from trading_ecosystem.domains.exchange.recorded.happenings import RecordedDepth
from trading_ecosystem.messages.book_words import Level, Side
from trading_ecosystem.messages.units import Lots, Ticks


class DisplayedBook:
    """Levels nearest first. What was taken at a price stays taken while the recording shows the same size there."""

    __slots__ = ("_asks", "_bids", "_taken")

    def __init__(self) -> None:
        self._bids: tuple[Level, ...] = ()
        self._asks: tuple[Level, ...] = ()
        self._taken: dict[tuple[Side, Ticks], Lots] = {}

    def show(self, depth: RecordedDepth) -> None:
        """The recording shows these levels."""
        if self._taken:
            unchanged = {
                (side, level.price_ticks)
                for side, before, after in ((Side.BUY, self._bids, depth.bids), (Side.SELL, self._asks, depth.asks))
                for level in after
                if level in before
            }
            self._taken = {place: lots for place, lots in self._taken.items() if place in unchanged}
        self._bids, self._asks = depth.bids, depth.asks

    def best(self, side: Side) -> Level | None:
        """The best displayed level of a side, ``BUY`` for the bids, as recorded."""
        levels = self._bids if side is Side.BUY else self._asks
        return levels[0] if levels else None

    def is_empty(self) -> bool:
        """Whether the recording has shown nothing yet."""
        return not self._bids and not self._asks

    def displayed(self, side: Side, price_ticks: Ticks) -> Lots | None:
        """The size recorded at a price of a side; 0 inside the displayed range, ``None`` beyond the last level shown."""
        levels = self._bids if side is Side.BUY else self._asks
        for level in levels:
            if level.price_ticks == price_ticks:
                return level.quantity_lots
        if not levels:
            return None
        last = levels[-1].price_ticks
        is_beyond = price_ticks < last if side is Side.BUY else price_ticks > last
        return None if is_beyond else 0

    def reachable(self, side: Side, limit_ticks: Ticks) -> list[Level]:
        """What an order of ``side`` can take up to its limit (0: any price), nearest first."""
        levels, taken_side = (self._asks, Side.SELL) if side is Side.BUY else (self._bids, Side.BUY)
        found = []
        for level in levels:
            price = level.price_ticks
            if limit_ticks and (price > limit_ticks if side is Side.BUY else price < limit_ticks):
                break
            left = level.quantity_lots - self._taken.get((taken_side, price), 0)
            if left > 0:
                found.append(Level(price, left))
        return found

    def take(self, side: Side, price_ticks: Ticks, lots: Lots) -> None:
        """An order of ``side`` took so much at a price of the other side."""
        place = (Side.SELL if side is Side.BUY else Side.BUY, price_ticks)
        self._taken[place] = self._taken.get(place, 0) + lots
