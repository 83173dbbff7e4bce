"""The firm's equity, its day's reference and its high-water mark, by the rules at the head of ``messages.risk``."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.messages.units import DAY, MINOR_UNITS_PER_WHOLE, PARTS_PER_MILLION, MinorUnits, Nanos, PartsPerMillion

CASH: Final = "USD"
"""The asset in which everything is valued."""


class Equity:
    """Value of all positions in USD minor units, kept up to date position by position and price by price."""

    def __init__(self) -> None:
        self.prices: dict[str, MinorUnits] = {CASH: MINOR_UNITS_PER_WHOLE}
        """Latest USD price by asset."""
        self.values: dict[str, MinorUnits] = {}
        """Signed value of the position by asset, of the assets that have a price."""
        self.total: MinorUnits = 0
        self.gross: MinorUnits = 0
        """Sum of the absolute values over all assets other than USD."""
        self.reference: MinorUnits = 0
        """The equity that today's loss counts from."""
        self.mark: MinorUnits = 0
        """The high-water mark."""
        self._midnight: Nanos = 0

    def begin_day(self, at: Nanos) -> None:
        """Something arrives at ``at``; where that is past midnight, the loss counts from what was before it."""
        if at >= self._midnight:
            self.reference = self.total
            self._midnight = (at // DAY + 1) * DAY

    def price_changed(self, asset: str, price: MinorUnits, position: MinorUnits) -> None:
        """An asset has a new USD price; its first moves reference and mark, for it reveals value and makes none."""
        known = asset in self.prices
        self.prices[asset] = price
        before = self.total
        self._value(asset, position * price // MINOR_UNITS_PER_WHOLE)
        if not known:
            self._shift(self.total - before)
        if self.total > self.mark:
            self.mark = self.total

    def position_changed(self, asset: str, position: MinorUnits) -> None:
        """The firm's position in an asset moved; :meth:`raise_mark` follows once all that moved together have."""
        price = self.prices.get(asset)
        if price is not None:
            self._value(asset, position * price // MINOR_UNITS_PER_WHOLE)

    def raise_mark(self) -> None:
        """The change is complete: the mark follows the equity upwards."""
        if self.total > self.mark:
            self.mark = self.total

    def came_in(self, asset: str, amount: MinorUnits) -> None:
        """Assets came in from outside."""
        price = self.prices.get(asset)
        if price is not None:
            self._shift(amount * price // MINOR_UNITS_PER_WHOLE)

    def went_out(self, asset: str, amount: MinorUnits) -> None:
        """Assets leave for the outside."""
        price = self.prices.get(asset)
        if price is not None:
            self._shift(-(amount * price // MINOR_UNITS_PER_WHOLE))

    @property
    def loss(self) -> MinorUnits:
        """Loss of today so far; negative for a gain."""
        return self.reference - self.total

    @property
    def drawdown(self) -> PartsPerMillion:
        """Fall below the mark, floored; 0 while the mark is not positive."""
        return (self.mark - self.total) * PARTS_PER_MILLION // self.mark if self.mark > 0 else 0

    def _shift(self, value: MinorUnits) -> None:
        self.reference += value
        self.mark += value

    def _value(self, asset: str, value: MinorUnits) -> None:
        before = self.values.get(asset, 0)
        self.values[asset] = value
        self.total += value - before
        if asset != CASH:
            self.gross += abs(value) - abs(before)
