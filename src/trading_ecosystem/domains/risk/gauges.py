"""Gauges: what each kind of limit is held against, read off the exposures of the firm or of a part of it.

A gauge reads; it keeps no figure of its own, so that asking it twice gives the same. What no price is known of counts as
nothing.
"""

from __future__ import annotations

import math
from typing import Final, Protocol

from trading_ecosystem.domains.risk.covariance import MinuteReturns
from trading_ecosystem.domains.risk.exposure import Exposure, value_of
from trading_ecosystem.domains.risk.pnl import ProfitAndLoss
from trading_ecosystem.domains.risk.positions import Positions
from trading_ecosystem.domains.risk.stablecoin import loss_from_peg
from trading_ecosystem.messages.alert_conditions import RISK_MINUTES, UNBOUNDED_PPM
from trading_ecosystem.messages.units import DAY, MINUTE, PARTS_PER_MILLION, MinorUnits, PartsPerMillion

MINUTES_OF_A_DAY: Final = DAY // MINUTE


class Gauge(Protocol):
    """Something that a limit is held against."""

    def observed(self) -> int:
        """The figure as of the last message handled, in the unit of the limit's kind."""


def ratio_of(amount: MinorUnits, whole: MinorUnits) -> PartsPerMillion:
    """Parts per million, floored; of nothing (or less) any amount is :data:`UNBOUNDED_PPM`, no amount is none of anything."""
    if amount <= 0:
        return 0
    return UNBOUNDED_PPM if whole <= 0 else min(UNBOUNDED_PPM, amount * PARTS_PER_MILLION // whole)


class _OfAnAsset:
    """Base of what reads one asset."""

    __slots__ = ("asset", "exposure")

    def __init__(self, exposure: Exposure, asset: str) -> None:
        self.exposure = exposure
        self.asset = asset


class NetPosition(_OfAnAsset):
    """Spot and perpetuals together, signed, minor units of the asset."""

    def observed(self) -> int:
        """The figure now."""
        return self.exposure.assets[self.asset].net_position


class Notional(_OfAnAsset):
    """Absolute value of the net position."""

    def observed(self) -> int:
        """The figure now."""
        return abs(self.exposure.assets[self.asset].net_value)


class PegLoss(_OfAnAsset):
    """What a stablecoin's distance from its peg costs; 0 without a price."""

    def observed(self) -> int:
        """The figure now."""
        held = self.exposure.assets[self.asset]
        return loss_from_peg(held.position, held.price) if held.price > 0 else 0


class Concentration(_OfAnAsset):
    """Share of the gross notional."""

    def observed(self) -> int:
        """The figure now."""
        return ratio_of(abs(self.exposure.assets[self.asset].net_value), self.exposure.gross)


class _OfAnExposure:
    """Base of what reads a whole exposure."""

    __slots__ = ("exposure",)

    def __init__(self, exposure: Exposure) -> None:
        self.exposure = exposure


class GrossNotional(_OfAnExposure):
    """Sum of absolute net values outside USD."""

    def observed(self) -> int:
        """The figure now."""
        return self.exposure.gross


class Leverage(_OfAnExposure):
    """Gross notional over equity."""

    def observed(self) -> int:
        """The figure now."""
        return ratio_of(self.exposure.gross, self.exposure.equity)


class NetDelta(_OfAnExposure):
    """Absolute value of what is held in coins other than stablecoins, longs and shorts against each other."""

    def observed(self) -> int:
        """The figure now."""
        return abs(self.exposure.net_delta())


class StandingThere(_OfAnExposure):
    """Sum of the absolute values of all assets; of an exposure at a venue."""

    def observed(self) -> int:
        """The figure now."""
        total = 0
        for held in self.exposure.assets.values():
            total += abs(held.value)
        return total


class Unsettled(_OfAnExposure):
    """Sum of the absolute values of unsettled base amounts."""

    __slots__ = ("positions",)

    def __init__(self, exposure: Exposure, positions: Positions) -> None:
        super().__init__(exposure)
        self.positions = positions

    def observed(self) -> int:
        """The figure now."""
        total = 0
        for asset, amount in self.positions.unsettled_base.items():
            total += value_of(amount, self.exposure.assets[asset].price)
        return total


class _OfAResult(_OfAnExposure):
    """Base of what compares an equity with an earlier one."""

    __slots__ = ("pnl",)

    def __init__(self, exposure: Exposure, pnl: ProfitAndLoss) -> None:
        super().__init__(exposure)
        self.pnl = pnl


class DailyLoss(_OfAResult):
    """Loss since the reference; negative for a profit."""

    def observed(self) -> int:
        """The figure now."""
        return -self.pnl.daily(self.exposure.equity)


class Drawdown(_OfAResult):
    """Fall below the high-water mark."""

    def observed(self) -> int:
        """The figure now."""
        return self.pnl.drawdown(self.exposure.equity)


class TailRisk(_OfAnExposure):
    """EWMA-normal loss of one day, from the covariance of minutes: so many standard deviations."""

    __slots__ = ("deviations", "minutes")

    def __init__(self, exposure: Exposure, minutes: MinuteReturns, deviations: float) -> None:
        super().__init__(exposure)
        self.minutes = minutes
        self.deviations = deviations

    def observed(self) -> int:
        """The figure now; nothing before there are enough minutes."""
        minutes = self.minutes
        if minutes.counted < RISK_MINUTES:
            return 0
        variance = minutes.variance_of([float(self.exposure.assets[asset].net_value) for asset in minutes.assets])
        return round(self.deviations * math.sqrt(variance * MINUTES_OF_A_DAY))


class Latest:
    """A figure that was decided by what arrived; kept until the next such message."""

    __slots__ = ("figure",)

    def __init__(self) -> None:
        self.figure = 0

    def observed(self) -> int:
        """The figure as it was decided."""
        return self.figure
