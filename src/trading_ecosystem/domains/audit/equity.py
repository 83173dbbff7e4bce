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
        """Sum of the absolute net values over all assets other than USD."""
        self.reference: MinorUnits = 0
        """The equity that today's loss counts from."""
        self.mark: MinorUnits = 0
        """The high-water mark."""
        self._midnight: Nanos = 0
        self._perpetual: dict[str, MinorUnits] = {}
        """Base amount of perpetuals by their underlying."""
        self.net_values: dict[str, MinorUnits] = {}
        """Signed value of the net position by asset: the position and the perpetuals on it."""
        self._results: dict[str, MinorUnits] = {}
        """By perpetual, what the next variation would pay at the latest price."""

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
        self._value(asset, position, price)
        if not known:
            self._shift(self.total - before)
        if self.total > self.mark:
            self.mark = self.total

    def position_changed(self, asset: str, position: MinorUnits) -> None:
        """The firm's position in an asset moved; :meth:`raise_mark` follows once all that moved together have."""
        price = self.prices.get(asset)
        if price is not None:
            self._value(asset, position, price)

    def perpetual_marked(self, symbol: str, base: MinorUnits, price: MinorUnits, carried: MinorUnits) -> None:
        """The firm's positions in a perpetual, at its latest price (0 where none has arrived)."""
        result = base * price // MINOR_UNITS_PER_WHOLE - carried if price else 0
        self.total += result - self._results.get(symbol, 0)
        self._results[symbol] = result

    def perpetual_moved(self, asset: str, base: MinorUnits, position: MinorUnits) -> None:
        """All perpetuals on an asset come to this base amount."""
        self._perpetual[asset] = base
        self.position_changed(asset, position)

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

    def _value(self, asset: str, position: MinorUnits, price: MinorUnits) -> None:
        value = position * price // MINOR_UNITS_PER_WHOLE
        self.total += value - self.values.get(asset, 0)
        self.values[asset] = value
        net = (position + self._perpetual.get(asset, 0)) * price // MINOR_UNITS_PER_WHOLE
        if asset != CASH:
            self.gross += abs(net) - abs(self.net_values.get(asset, 0))
        self.net_values[asset] = net
