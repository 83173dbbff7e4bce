"""Units, assets and instruments: what an integer in a message means.

Everything said is an integer.  An amount of an asset is in *minor units* of 10⁻⁸ of the asset.  A price on a venue is
in *ticks*, a quantity in *lots*; the instrument says how large both are, and one tick times one lot is a whole number
of minor units of the quote asset, so that a notional never rounds.  A price outside a venue (the vendor feed, a
fundamental) is in minor units of the quote asset per whole unit of the base asset.  Ratios are parts per million.
Instants are nanoseconds since 1970-01-01T00:00:00Z, durations nanoseconds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, TypeAlias

from trading_ecosystem.messages.base import Row

Ticks: TypeAlias = int
"""A price as a count of the instrument's tick."""
Lots: TypeAlias = int
"""A quantity as a count of the instrument's lot."""
MinorUnits: TypeAlias = int
"""An amount of an asset in units of 10⁻⁸."""
Nanos: TypeAlias = int
"""An instant since the epoch or a duration, in nanoseconds."""
PartsPerMillion: TypeAlias = int
"""A ratio times one million."""

MINOR_UNITS_PER_WHOLE: Final = 100_000_000
PARTS_PER_MILLION: Final = 1_000_000
MICROSECOND: Final = 1_000
MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


class Instrument(Row, frozen=True, gc=False):
    """A spot pair: ``tick_size`` in minor units of quote per whole base, ``lot_size`` in minor units of base."""

    symbol: str
    base: str
    quote: str
    tick_size: MinorUnits
    lot_size: MinorUnits

    @property
    def tick_value(self) -> MinorUnits:
        """Minor units of the quote asset in one tick times one lot; exact by the rule checked at registration."""
        return self.tick_size * self.lot_size // MINOR_UNITS_PER_WHOLE

    def notional(self, price_ticks: Ticks, quantity_lots: Lots) -> MinorUnits:
        """Price times quantity in minor units of the quote asset, exactly."""
        return price_ticks * quantity_lots * self.tick_value

    def base_amount(self, quantity_lots: Lots) -> MinorUnits:
        """A quantity in minor units of the base asset."""
        return quantity_lots * self.lot_size


def check_instrument(instrument: Instrument) -> Instrument:
    """Return the instrument, or raise ``ValueError`` if a notional in it could round."""
    if instrument.tick_size <= 0 or instrument.lot_size <= 0:
        raise ValueError(f"instrument {instrument.symbol}: tick and lot must be positive")
    if instrument.tick_size * instrument.lot_size % MINOR_UNITS_PER_WHOLE:
        raise ValueError(f"instrument {instrument.symbol}: tick times lot is not a whole number of minor units")
    return instrument


def _spot(symbol: str, tick: str, lot: str) -> Instrument:
    base, quote = symbol.split("/")
    return check_instrument(Instrument(symbol, base, quote, minor_units(tick), minor_units(lot)))


def minor_units(amount: str | Decimal | int) -> MinorUnits:
    """A decimal amount of an asset as minor units; raises ``ValueError`` where it is no finite multiple of 10⁻⁸."""
    scaled = Decimal(amount) * MINOR_UNITS_PER_WHOLE
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} is not a multiple of 0.00000001")
    return int(scaled)


def decimal_of(amount: MinorUnits) -> Decimal:
    """Minor units as an exact decimal number of whole units."""
    return Decimal(amount).scaleb(-8)


ASSETS: Final = ("BTC", "ETH", "USD", "USDT")
"""The assets of the ecosystem; every one has eight decimal places."""

INSTRUMENTS: Final[dict[str, Instrument]] = {
    instrument.symbol: instrument
    for instrument in (
        _spot("BTC/USD", "0.01", "0.000001"),
        _spot("ETH/USD", "0.01", "0.00001"),
        _spot("BTC/USDT", "0.01", "0.000001"),
        _spot("ETH/USDT", "0.01", "0.00001"),
        _spot("ETH/BTC", "0.00001", "0.001"),
        _spot("USDT/USD", "0.0001", "0.01"),
    )
}
"""The six spot pairs by symbol."""
