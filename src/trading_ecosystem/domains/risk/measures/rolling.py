"""A value at risk of each day from the days strictly before it, and the days on which it failed.

A day *fails* when its loss is larger than the value at risk that was known in the evening before::

    failures = rolling_failures(returns, historical_forecasts(250, 950_000))
    report = coverage_report(failures, rate_ppm=50_000)
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from trading_ecosystem.domains.risk.measures.distributions import normal_quantile
from trading_ecosystem.domains.risk.measures.value_at_risk import interpolated_loss
from trading_ecosystem.messages.alert_conditions import EWMA_DECAY
from trading_ecosystem.messages.units import PartsPerMillion

Forecasts: TypeAlias = Callable[[Sequence[float]], Iterator[float | None]]
"""From returns, one value at risk a day, from those before it; ``None`` while there are too few."""


def historical_forecasts(window: int, confidence_ppm: PartsPerMillion) -> Forecasts:
    """Interpolated historical simulation over the last ``window`` days."""
    if window < 2:
        raise ValueError(f"a window of {window} days is too short")

    def forecasts(returns: Sequence[float]) -> Iterator[float | None]:
        losses: list[float] = []
        for day, change in enumerate(returns):
            yield interpolated_loss(losses, confidence_ppm) if len(losses) == window else None
            if len(losses) == window:
                del losses[bisect.bisect_left(losses, -returns[day - window])]
            bisect.insort(losses, -change)

    return forecasts


def ewma_forecasts(first: int, confidence_ppm: PartsPerMillion, decay: float = EWMA_DECAY) -> Forecasts:
    """EWMA-normal about zero. The mean square of the ``first`` days is the first forecast; each later day has its weight."""
    if first < 1 or not 0.0 < decay < 1.0:
        raise ValueError(f"a decay of {decay} after {first} days forecasts nothing")
    quantile = normal_quantile(confidence_ppm)

    def forecasts(returns: Sequence[float]) -> Iterator[float | None]:
        variance = 0.0
        for day, change in enumerate(returns):
            yield quantile * math.sqrt(variance) if day >= first else None
            square = change * change
            if day < first:
                variance += square / first
            else:
                variance = decay * variance + (1.0 - decay) * square

    return forecasts


def rolling_failures(returns: Sequence[float], forecasts: Forecasts) -> list[bool]:
    """Whether each day's loss was larger than forecast, for the days that have a forecast; refuses what is not finite."""
    if not all(math.isfinite(change) for change in returns):
        raise ValueError("a return is no finite number")
    return [-change > forecast for change, forecast in zip(returns, forecasts(returns), strict=True) if forecast is not None]
