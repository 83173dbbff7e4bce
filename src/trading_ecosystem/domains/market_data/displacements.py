"""Price conditions: displacements of log prices on top of the path underneath, which never notices them.

A condition's displacement of an asset is linear in time between 0, ``log(1 + magnitude)`` after the ramp, the same after the
hold, and ``log(1 + residual)`` after the recovery. Displacements of several conditions add up in log space. A price is the
path's price times ``exp(displacement of base - displacement of quote)``. Volatility spikes, correlation breaks
(``fluctuations.py``) and divergences (``divergences.py``) displace prices in ways of their own, and are under way beside the
others.

A condition *took effect* at the first tick at which it makes a difference to an instrument's price after rounding;
its subject is that instrument. It *ended* at the first tick at or after the end of its recovery: before the prices of
that tick, which are the first that it no longer displaces (the tick before could not know that it was the last, since
the length of a tick can change), or, where it leaves a residual, after them, since they are the last that it moves. A
residual outlives its condition: it is the market's new level, and stays. Clearing a condition takes its displacement
away at once and altogether.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, TypeAlias

from trading_ecosystem.domains.market_data.divergences import Divergence
from trading_ecosystem.domains.market_data.fluctuations import CoinMoments, CorrelationBreak, VolatilitySpike, asset_logs
from trading_ecosystem.messages.market_data import (
    CorrelationConditionSet,
    DivergenceConditionSet,
    PriceConditionSet,
    VolatilityConditionSet,
)
from trading_ecosystem.messages.market_statistics import ConditionUnderWay
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION, MinorUnits, Nanos

MOVABLE_ASSETS: Final = ("BTC", "ETH", "USDT")


def rounded_price(value: float) -> MinorUnits:
    """A price as it is said: the nearest whole minor unit, ties to even, and never less than one."""
    price = round(value)
    return price if price > 0 else 1


class Displacement:
    """One price condition under way."""

    __slots__ = (
        "assets",
        "condition_id",
        "hold_ns",
        "in_effect",
        "kind",
        "peak",
        "ramp_ns",
        "recovery_ns",
        "residual",
        "started_at",
    )

    def __init__(self, condition: PriceConditionSet, now: Nanos) -> None:
        self.condition_id = condition.condition_id
        self.kind = condition.kind.value
        self.assets = condition.assets
        self.started_at = now
        self.ramp_ns = condition.ramp_ns
        self.hold_ns = condition.hold_ns
        self.recovery_ns = condition.recovery_ns
        self.peak = math.log1p(condition.magnitude_ppm / PARTS_PER_MILLION)
        self.residual = math.log1p(condition.residual_ppm / PARTS_PER_MILLION)
        self.in_effect = False

    @property
    def targets(self) -> tuple[str, ...]:
        """What it moves."""
        return self.assets

    def is_over(self, now: Nanos) -> bool:
        """Whether ramp, hold and recovery have all passed."""
        return now - self.started_at >= self.ramp_ns + self.hold_ns + self.recovery_ns

    def log_at(self, now: Nanos) -> float:
        """The displacement of each of its assets' log price at ``now``."""
        elapsed = now - self.started_at
        if elapsed < self.ramp_ns:
            return self.peak * (elapsed / self.ramp_ns)
        elapsed -= self.ramp_ns
        if elapsed < self.hold_ns:
            return self.peak
        elapsed -= self.hold_ns
        if elapsed < self.recovery_ns:
            return self.peak + (self.residual - self.peak) * (elapsed / self.recovery_ns)
        return self.residual

    def log_of(self, symbol: str, now: Nanos) -> float:
        """The displacement of one instrument's log price at ``now``."""
        instrument = INSTRUMENTS[symbol]
        moved = (instrument.base in self.assets) - (instrument.quote in self.assets)
        return moved * self.log_at(now) if moved else 0.0


UnderWay: TypeAlias = Displacement | VolatilitySpike | CorrelationBreak | Divergence
"""A condition that displaces prices."""


class Displacements:
    """All conditions of prices under way, and the levels that past ones left behind."""

    def __init__(self) -> None:
        self.under_way: list[UnderWay] = []
        self.left_behind: dict[str, float] = {}

    def __bool__(self) -> bool:
        return bool(self.under_way or self.left_behind)

    def begin(self, condition: PriceConditionSet, now: Nanos) -> None:
        """Put a condition under way; one id is one condition."""
        assert all(asset in MOVABLE_ASSETS for asset in condition.assets), condition
        assert min(condition.magnitude_ppm, condition.residual_ppm) > -PARTS_PER_MILLION, condition
        self._put(Displacement(condition, now))

    def begin_volatility(self, condition: VolatilityConditionSet, now: Nanos) -> None:
        """Put a volatility spike under way."""
        assert all(asset in MOVABLE_ASSETS for asset in condition.assets), condition
        assert condition.factor_ppm >= 0, condition
        self._put(VolatilitySpike(condition, now))

    def begin_correlation(self, condition: CorrelationConditionSet, moments: CoinMoments, now: Nanos) -> None:
        """Put a correlation break under way; ``moments`` say how the two coins move until now."""
        assert condition.asset != condition.against, condition
        assert abs(condition.correlation_ppm) <= PARTS_PER_MILLION, condition
        self._put(CorrelationBreak(condition, moments, now))

    def begin_divergence(self, condition: DivergenceConditionSet, now: Nanos) -> None:
        """Put a divergence under way."""
        assert condition.instrument in INSTRUMENTS, condition
        assert condition.magnitude_ppm > -PARTS_PER_MILLION, condition
        self._put(Divergence(condition, now))

    def observe(self, instruments: Sequence[str], values: Sequence[float | None], now: Nanos) -> None:
        """Show the prices underneath, before any displacement, to the conditions that rework how they fluctuate."""
        watching = [condition for condition in self.under_way if isinstance(condition, (VolatilitySpike, CorrelationBreak))]
        if watching:
            pairs = zip(instruments, values, strict=True)
            logs = asset_logs({symbol: value for symbol, value in pairs if value is not None})
            for condition in watching:
                condition.observe(logs, now)

    def described(self) -> tuple[ConditionUnderWay, ...]:
        """The conditions under way, in the order in which they were set."""
        return tuple(ConditionUnderWay(one.condition_id, one.kind, one.targets, one.in_effect) for one in self.under_way)

    def _put(self, condition: UnderWay) -> None:
        assert all(other.condition_id != condition.condition_id for other in self.under_way), condition.condition_id
        self.under_way.append(condition)

    def clear(self, condition_id: str) -> bool:
        """Take a condition away at once; false where it is not under way."""
        for position, displacement in enumerate(self.under_way):
            if displacement.condition_id == condition_id:
                del self.under_way[position]
                return True
        return False

    def log_of(self, symbol: str, now: Nanos) -> float:
        """The displacement of one instrument's log price by everything together."""
        instrument = INSTRUMENTS[symbol]
        total = self.left_behind.get(instrument.base, 0.0) - self.left_behind.get(instrument.quote, 0.0)
        for displacement in self.under_way:
            total += displacement.log_of(symbol, now)
        return total

    def newly_in_effect(self, symbol: str, value: float, price_minor: MinorUnits, now: Nanos) -> list[str]:
        """Ids of conditions that make a difference to this price and made none before; they are in effect from now on."""
        conditions = []
        for displacement in self.under_way:
            if displacement.in_effect:
                continue
            own = displacement.log_of(symbol, now)
            if own and rounded_price(value * math.exp(self.log_of(symbol, now) - own)) != price_minor:
                displacement.in_effect = True
                conditions.append(displacement.condition_id)
        return conditions

    def retire(self, now: Nanos, *, with_residual: bool) -> list[str]:
        """Drop the conditions that are over and leave a residual behind, or that leave none; return their ids."""
        kept: list[UnderWay] = []
        over: list[str] = []
        for displacement in self.under_way:
            if not displacement.is_over(now) or bool(displacement.residual) is not with_residual:
                kept.append(displacement)
                continue
            over.append(displacement.condition_id)
            if displacement.residual:
                for asset in displacement.assets:
                    self.left_behind[asset] = self.left_behind.get(asset, 0.0) + displacement.residual
        self.under_way = kept
        return over
