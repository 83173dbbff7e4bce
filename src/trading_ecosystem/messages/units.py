"""Units, assets and instruments: what an integer in a message means.

Everything said is an integer.  An amount of an asset is in *minor units* of 10⁻⁸ of the asset.  A price on a venue is
in *ticks*, a quantity in *lots*; the instrument says how large both are, and one tick times one lot is a whole number
of minor units of the quote asset, so that a notional never rounds.  A price outside a venue (the vendor feed, a
fundamental) is in minor units of the quote asset per whole unit of the base asset.  Ratios are parts per million.
Instants are nanoseconds since 1970-01-01T00:00:00Z, durations nanoseconds.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
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


class InstrumentKind(enum.StrEnum):
    """What a trade in an instrument does."""

    SPOT = "spot"
    """Base is delivered against quote."""
    PERPETUAL = "perpetual"
    """A linear, cash-settled future without a last day: nothing is delivered, gains and losses are paid in the quote asset."""


class Instrument(Row, frozen=True, gc=False):
    """A spot pair or a perpetual: ``tick_size`` in minor units of quote per whole base, ``lot_size`` in those of base."""

    symbol: str
    base: str
    quote: str
    tick_size: MinorUnits
    lot_size: MinorUnits
    kind: InstrumentKind = InstrumentKind.SPOT

    @property
    def is_perpetual(self) -> bool:
        """Whether it is traded on margin and settled in cash."""
        return self.kind is InstrumentKind.PERPETUAL

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


def _perpetual(symbol: str, tick: str, lot: str) -> Instrument:
    base = symbol.removesuffix("-PERP")
    kind = InstrumentKind.PERPETUAL
    return check_instrument(Instrument(symbol, base, "USD", minor_units(tick), minor_units(lot), kind))


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
        _perpetual("BTC-PERP", "0.1", "0.0001"),
    )
}
"""Every instrument by symbol: the six spot pairs, then the perpetual."""

SPOT_PAIRS: Final[tuple[str, ...]] = tuple(symbol for symbol, one in INSTRUMENTS.items() if not one.is_perpetual)
"""Symbols of the six spot pairs: what is traded where nothing else was asked for."""
PERPETUALS: Final[tuple[str, ...]] = tuple(symbol for symbol, one in INSTRUMENTS.items() if one.is_perpetual)
"""Symbols of the perpetuals."""


def assets_about(subject: str) -> tuple[str, ...]:
    """The assets whose prices make an instrument's price; of what is no instrument, its name alone."""
    instrument = INSTRUMENTS.get(subject)
    return (subject,) if instrument is None else (instrument.base, instrument.quote)


def assets_settled(symbols: Iterable[str]) -> tuple[str, ...]:
    """Every asset that trades in these instruments are settled in, in order of first mention."""
    traded = [INSTRUMENTS[symbol] for symbol in symbols]
    assets = [asset for one in traded for asset in ((one.quote,) if one.is_perpetual else (one.base, one.quote))]
    return tuple(dict.fromkeys(assets))
