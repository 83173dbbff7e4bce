"""Returns from one closed UTC minute to the next, and their exponentially weighted covariance about zero.

A minute is closed by the first price of the next one that has a price; it counts if every asset had a price in it and in the
minute just before. If one had none, everything is forgotten: a covariance with holes would be of other times.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from trading_ecosystem.messages.alert_conditions import EWMA_DECAY
from trading_ecosystem.messages.units import MINUTE, MinorUnits, Nanos

REMEMBERED_MINUTES: Final = 1_440
"""Returns that are kept beside the covariance, for measures that people ask for: a day of them."""


class MinuteReturns:
    """The minutes of some assets' USD prices. ``counted`` is how many returns the covariance is made of."""

    __slots__ = ("_closes", "_last", "_minute", "assets", "counted", "covariance", "rows")

    def __init__(self, assets: Sequence[str]) -> None:
        self.assets = tuple(assets)
        self.counted = 0
        self.covariance = [[0.0] * len(self.assets) for _ in self.assets]
        self.rows: deque[tuple[float, ...]] = deque(maxlen=REMEMBERED_MINUTES)
        self._minute: int = -1
        self._last: dict[str, MinorUnits] = {}
        self._closes: tuple[MinorUnits, ...] = ()
        """Of the minute before ``_minute``; empty if it was not whole."""

    def price_arrived(self, asset: str, price: MinorUnits, now: Nanos) -> bool:
        """Take in a price; true if it closed a minute."""
        if asset not in self.assets:
            return False
        minute = now // MINUTE
        closes = minute != self._minute and bool(self._last)
        if closes:
            self._close(minute)
            self._last.clear()
        self._minute = minute
        self._last[asset] = price
        return closes

    def variance_of(self, exposures: Sequence[float]) -> float:
        """Variance of what these exposures make in a minute; never below 0."""
        total = 0.0
        for exposure, line in zip(exposures, self.covariance, strict=True):
            product = 0.0
            for other, value in zip(exposures, line, strict=True):
                product += value * other
            total += exposure * product
        return max(0.0, total)

    def _close(self, minute: int) -> None:
        """The minute before is over."""
        if len(self._last) < len(self.assets):
            self._forget()
            return
        closes = tuple(self._last[asset] for asset in self.assets)
        before = self._closes
        if before:
            self._count(tuple((close - earlier) / earlier for close, earlier in zip(closes, before, strict=True)))
        self._closes = closes
        if minute != self._minute + 1:  # whole minutes without a price
            self._forget()

    def _count(self, row: tuple[float, ...]) -> None:
        for i, line in enumerate(self.covariance):
            for j in range(len(line)):
                line[j] = EWMA_DECAY * line[j] + (1.0 - EWMA_DECAY) * row[i] * row[j]
        self.counted += 1
        self.rows.append(row)

    def _forget(self) -> None:
        self.counted = 0
        self.covariance = [[0.0] * len(self.assets) for _ in self.assets]
        self.rows.clear()
        self._closes = ()
