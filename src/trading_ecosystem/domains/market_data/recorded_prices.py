"""The fundamental prices of a recorded market: the last recorded price of each instrument, and the crosses that follow.

An instrument has the price last recorded for it. One that was never recorded is derived from the recorded USD prices
of its two assets once both are there (a perpetual: from that of its underlying), and is not priced before. Recorded
prices are taken as they are: where a recording holds a cross and both its legs, the triangle is as closed as the recorded
market was.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, MinorUnits, Nanos

_WHOLE: Final = float(MINOR_UNITS_PER_WHOLE)


class RecordedPrices:
    """Recorded prices by symbol, in minor units."""

    def __init__(self, instruments: tuple[str, ...]) -> None:
        self._instruments = instruments
        self._prices: dict[str, MinorUnits] = {}

    def record(self, symbol: str, price_minor: MinorUnits) -> None:
        """Take one row of the recording."""
        self._prices[symbol] = price_minor

    def values(self, now: Nanos) -> list[float | None]:
        """The price of each instrument at ``now`` in minor units, ``None`` where there is none yet."""
        return [self._value(symbol) for symbol in self._instruments]

    def _value(self, symbol: str) -> float | None:
        price = self._prices.get(symbol)
        if price is not None:
            return float(price)
        instrument = INSTRUMENTS[symbol]
        base = self._prices.get(f"{instrument.base}/USD")
        if instrument.is_perpetual:
            return None if base is None else float(base)
        quote = self._prices.get(f"{instrument.quote}/USD")
        if base is None or quote is None:
            return None
        return base / quote * _WHOLE
