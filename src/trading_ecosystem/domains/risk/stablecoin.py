"""A stablecoin away from its peg while the firm holds it."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.risk.alerts import AlertBook
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.messages.risk import DEPEG_PPM, AlertKind, Severity
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, PARTS_PER_MILLION, MinorUnits, Nanos, PartsPerMillion

PEG: Final[MinorUnits] = MINOR_UNITS_PER_WHOLE
_MINOR_PER_PPM: Final = PEG // PARTS_PER_MILLION


def deviation(price: MinorUnits) -> PartsPerMillion:
    """Distance of a price from one dollar, in parts per million of a dollar, floored."""
    return abs(price - PEG) // _MINOR_PER_PPM


def loss_from_peg(position: MinorUnits, price: MinorUnits) -> MinorUnits:
    """Position times the distance from the peg, USD minor units, floored; 0 for a position that is not positive."""
    return position * abs(price - PEG) // PEG if position > 0 else 0


class StablecoinWatch:
    """The depeg alert of one stablecoin."""

    __slots__ = ("asset", "holds")

    def __init__(self, asset: str) -> None:
        self.asset = asset
        self.holds = False

    def evaluate(self, position: MinorUnits, price: MinorUnits, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Evaluate on a price or a position; a price of 0 means that there is none yet, and then nothing holds."""
        away = deviation(price) if price > 0 else 0
        if away >= DEPEG_PPM and position > 0:
            self.holds = True
            severity = Severity.CRITICAL if away >= 2 * DEPEG_PPM else Severity.HIGH
            alerts.hold(AlertKind.STABLECOIN_DEPEG, self.asset, severity, away, DEPEG_PPM, now, said)
        elif self.holds:
            self.holds = False
            alerts.cease(AlertKind.STABLECOIN_DEPEG, self.asset, now, said)
