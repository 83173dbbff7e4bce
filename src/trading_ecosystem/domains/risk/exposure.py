"""What positions are worth and how much of the market they carry, kept up to date amount by amount.

Every asset's value is kept beside the sums over all assets, so that a price or a fill costs the same however many assets
there are.  A value is ``position_minor * price_minor // 10⁸`` (floor, also for negative positions), in USD minor units.
An asset without a price has no value and counts nowhere.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.messages.units import ASSETS, INSTRUMENTS, MINOR_UNITS_PER_WHOLE, PERPETUALS, MinorUnits

USD: Final = "USD"
STABLECOINS: Final = ("USDT",)
LARGEST_PRICE: Final[MinorUnits] = 10**20
"""A million million of the quote asset: a price above it is not a price."""


def is_price(price: MinorUnits) -> bool:
    """Whether a number can be a price at all: above zero and not above :data:`LARGEST_PRICE`. False for NaN."""
    return 0 < price <= LARGEST_PRICE


def value_of(position: MinorUnits, price: MinorUnits) -> MinorUnits:
    """USD value of a position at a price in USD minor units per whole unit, floored."""
    return position * price // MINOR_UNITS_PER_WHOLE


class AssetExposure:
    """One asset: the position, its latest good USD price (0 while there is none) and its value.

    ``perpetual`` is the base amount of all perpetuals on it, and ``net_value`` the value of both together.
    """

    __slots__ = ("asset", "net_value", "perpetual", "position", "price", "value")

    def __init__(self, asset: str, price: MinorUnits) -> None:
        self.asset = asset
        self.position: MinorUnits = 0
        self.perpetual: MinorUnits = 0
        self.price = price
        self.value: MinorUnits = 0
        self.net_value: MinorUnits = 0

    @property
    def net_position(self) -> MinorUnits:
        """Spot and perpetuals together."""
        return self.position + self.perpetual


class PerpetualExposure:
    """All positions in one perpetual: base amount, carried value, latest price (0 while there is none), and the result."""

    __slots__ = ("base", "carried", "price", "result")

    def __init__(self) -> None:
        self.base: MinorUnits = 0
        self.carried: MinorUnits = 0
        self.price: MinorUnits = 0
        self.result: MinorUnits = 0
        """What the next variation would pay at the latest price."""


class Exposure:
    """All assets of one firm.

    ``equity`` is the sum of values and of the results of perpetuals, ``gross`` the sum of absolute net values outside USD.
    """

    def __init__(self) -> None:
        self.assets = {asset: AssetExposure(asset, MINOR_UNITS_PER_WHOLE if asset == USD else 0) for asset in ASSETS}
        self.perpetuals = {symbol: PerpetualExposure() for symbol in PERPETUALS}
        self.equity: MinorUnits = 0
        self.gross: MinorUnits = 0

    def set_price(self, asset: str, price: MinorUnits) -> MinorUnits:
        """Value an asset at a new price. Returns the value that came into the equity because it is the first one."""
        held = self.assets[asset]
        first = held.price == 0
        held.price = price
        self._revalue(held)
        return held.value if first else 0

    def set_position(self, asset: str, position: MinorUnits) -> bool:
        """Value a new position in an asset; false if it is the same as before."""
        held = self.assets[asset]
        if held.position == position:
            return False
        held.position = position
        self._revalue(held)
        return True

    def set_perpetual(self, symbol: str, base: MinorUnits, carried: MinorUnits) -> str:
        """Value new positions in a perpetual; returns the asset whose net position that moves."""
        held = self.perpetuals[symbol]
        asset = INSTRUMENTS[symbol].base
        self.assets[asset].perpetual += base - held.base
        held.base, held.carried = base, carried
        self._remark(held)
        self._revalue(self.assets[asset])
        return asset

    def set_perpetual_price(self, symbol: str, price: MinorUnits) -> None:
        """Value the positions in a perpetual at a new price."""
        held = self.perpetuals[symbol]
        held.price = price
        self._remark(held)

    def net_delta(self) -> MinorUnits:
        """Signed value of the positions in coins other than USD and stablecoins."""
        delta = 0
        for asset, held in self.assets.items():
            if asset != USD and asset not in STABLECOINS:
                delta += held.net_value
        return delta

    def unpriced(self) -> list[str]:
        """The assets with a position and no price."""
        return [asset for asset, held in self.assets.items() if held.position and not held.price]

    def value_of_amounts(self, amounts: dict[str, MinorUnits]) -> MinorUnits:
        """The sum of the values of amounts by asset, at the latest prices."""
        value = 0
        for asset, amount in amounts.items():
            value += value_of(amount, self.assets[asset].price)
        return value

    def _revalue(self, held: AssetExposure) -> None:
        before = held.value
        held.value = after = held.position * held.price // MINOR_UNITS_PER_WHOLE
        self.equity += after - before
        if held.asset != USD:
            net_before = held.net_value
            held.net_value = net = held.net_position * held.price // MINOR_UNITS_PER_WHOLE
            self.gross += abs(net) - abs(net_before)

    def _remark(self, held: PerpetualExposure) -> None:
        before = held.result
        held.result = held.base * held.price // MINOR_UNITS_PER_WHOLE - held.carried if held.price else 0
        self.equity += held.result - before
