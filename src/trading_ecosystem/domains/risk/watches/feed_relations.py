"""What the prices of several instruments say about each other: CORRELATION_BREACH and BASIS_DIVERGENCE."""

from __future__ import annotations

from math import isqrt
from typing import Final

from trading_ecosystem.domains.risk.part import Monitor
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.on_off import OnOff
from trading_ecosystem.messages.alert_conditions import (
    BASIS_PPM,
    CORRELATED,
    CORRELATION_RETURNS,
    DECORRELATION_PPM,
)
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, MINUTE, PARTS_PER_MILLION, MinorUnits, Nanos

_NOTHING: Final = -1
CORRELATED_PRICES: Final = ("BTC/USD", "ETH/USD")
RELATIONS: Final[dict[str, tuple[str | None, str]]] = {
    "BTC/USDT": ("USDT/USD", "BTC/USD"),
    "ETH/USDT": ("USDT/USD", "ETH/USD"),
    "ETH/BTC": ("BTC/USD", "ETH/USD"),
    "BTC-PERP": (None, "BTC/USD"),
}
"""By instrument: what turns its price into USD, and the price that it then ought to be."""


class Correlation:
    """The correlation of the minutes' returns of BTC and ETH."""

    __slots__ = ("before", "closes", "condition", "minute", "returns")

    def __init__(self) -> None:
        self.minute: int = _NOTHING
        """The UTC minute in which a price of either arrived last."""
        self.closes: dict[str, MinorUnits] = {}
        """The last price of each in that minute."""
        self.before: tuple[MinorUnits, MinorUnits] | None = None
        """The closes of the minute just before it, if both had one."""
        self.returns: list[tuple[int, int]] = []
        self.condition = OnOff(AlertKind.CORRELATION_BREACH, CORRELATED, DECORRELATION_PPM)

    def price_arrived(self, instrument: str, price: MinorUnits, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Evaluate on the first price in a later minute."""
        minute = now // MINUTE
        if minute > self.minute:
            if self.minute != _NOTHING:
                self._close(minute == self.minute + 1)
                self.condition.decide(self._breach(), now, monitor, said)
            self.minute = minute
            self.closes = {}
        self.closes[instrument] = price

    def _close(self, just_over: bool) -> None:
        """The minute is over, and it was the one just before this one, or there was a minute without a price."""
        if not just_over or len(self.closes) < len(CORRELATED_PRICES):
            self.returns.clear()
            self.before = None
            return
        bitcoin, ether = (self.closes[instrument] for instrument in CORRELATED_PRICES)
        if self.before is not None:
            self.returns.append((_return(self.before[0], bitcoin), _return(self.before[1], ether)))
            del self.returns[:-CORRELATION_RETURNS]
        self.before = (bitcoin, ether)

    def _breach(self) -> int:
        """How far the correlation is below 1; nothing while it is not known."""
        if len(self.returns) < CORRELATION_RETURNS:
            return _NOTHING
        products = [(x * x, y * y, x * y) for x, y in self.returns]
        xx, yy, xy = (sum(column) for column in zip(*products, strict=True))
        if not xx or not yy:
            return _NOTHING
        size = isqrt(PARTS_PER_MILLION * PARTS_PER_MILLION * xy * xy // (xx * yy))
        return PARTS_PER_MILLION - (size if xy >= 0 else -size)


class Basis:
    """One instrument's price against what the others imply."""

    __slots__ = ("condition", "converted_by", "instrument", "reference")

    def __init__(self, instrument: str) -> None:
        self.instrument = instrument
        self.converted_by, self.reference = RELATIONS[instrument]
        self.condition = OnOff(AlertKind.BASIS_DIVERGENCE, instrument, BASIS_PPM)

    @property
    def involved(self) -> tuple[str, ...]:
        """The instruments whose prices decide."""
        named = (self.instrument, self.converted_by, self.reference)
        return tuple(one for one in named if one is not None)

    def evaluate(self, last: dict[str, tuple[MinorUnits, Nanos]], now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Evaluate on the last price of every instrument and its ``priced_at``; of different instants nothing follows."""
        if self.instrument not in last or self.reference not in last:
            return
        price, priced_at = last[self.instrument]
        reference, reference_at = last[self.reference]
        if priced_at != reference_at:
            return
        if self.converted_by is not None:
            converted = last.get(self.converted_by)
            if converted is None or converted[1] != priced_at:
                return
            price = price * converted[0] // MINOR_UNITS_PER_WHOLE
        away = abs(price - reference) * PARTS_PER_MILLION // reference
        if away >= BASIS_PPM or self.condition.holds:
            self.condition.decide(away, now, monitor, said)


def _return(before: MinorUnits, after: MinorUnits) -> int:
    """The change in parts per million, truncated towards zero."""
    size = abs(after - before) * PARTS_PER_MILLION // before
    return size if after >= before else -size
