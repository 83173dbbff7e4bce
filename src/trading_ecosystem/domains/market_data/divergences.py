"""A divergence: one instrument leaves the others of its underlying, such as a perpetual its spot market, and comes back.

Its displacement belongs to the instrument, not to an asset, so that nothing else moves with it: the gap is what a basis
trader sees. Linear in the log price between 0, ``log(1 + magnitude)`` after the build-up, the same while it is sustained, and
0 after the recovery.
"""

from __future__ import annotations

import math
from typing import ClassVar

from trading_ecosystem.domains.market_data.fluctuations import Stages
from trading_ecosystem.messages.market_data import DivergenceConditionSet
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos


class Divergence:
    """One divergence under way."""

    kind: ClassVar[str] = "divergence"

    __slots__ = ("_peak", "_stages", "assets", "condition_id", "in_effect", "instrument", "residual")

    def __init__(self, condition: DivergenceConditionSet, now: Nanos) -> None:
        self.condition_id = condition.condition_id
        self.instrument = condition.instrument
        self.assets: tuple[str, ...] = ()
        """No asset as such moves."""
        self.in_effect = False
        self.residual = 0.0
        self._peak = math.log1p(condition.magnitude_ppm / PARTS_PER_MILLION)
        self._stages = Stages(now, condition.buildup_ns, condition.sustain_ns, condition.recovery_ns)

    @property
    def targets(self) -> tuple[str, ...]:
        """What it moves."""
        return (self.instrument,)

    def is_over(self, now: Nanos) -> bool:
        """Whether build-up, sustained gap and recovery have all passed."""
        return self._stages.is_over(now)

    def log_of(self, symbol: str, now: Nanos) -> float:
        """The displacement of one instrument's log price at ``now``."""
        return self._peak * self._stages.strength_at(now) if symbol == self.instrument else 0.0
