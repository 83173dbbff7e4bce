"""When events arrive: the distribution of intervals, what follows which kind, and how activity comes and goes.

The logarithm of an interval is taken as a sum: what the kind before it makes of it, two slow factors of activity, and the rest,
which is the quantile table. The autocovariance of the logarithm far beyond one event is that of activity alone: with
forgetting times given, the variances of the two factors are its least-squares fit. What they explain is taken out of the
table by narrowing it about its middle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from trading_ecosystem.adapters.calibration.arithmetic import in_ppm, least_squares, mean_of, quantile_table, variance_of
from trading_ecosystem.adapters.calibration.sightings import Sightings
from trading_ecosystem.domains.exchange.flow_parameters import KINDS, Timing
from trading_ecosystem.messages.units import PARTS_PER_MILLION

_TABLE: Final = 65
_LAGS: Final = (5, 7, 10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 896, 1280)
_FORGETTING: Final = tuple((fast, slow) for fast in (10, 20, 40, 60) for slow in (200, 400, 800, 1600))
"""Pairs of forgetting times, in events, among which the fit chooses."""


def fit_timing(found: Sightings) -> Timing:
    """Every number of :class:`Timing`."""
    gaps = [max(1, later.at - earlier.at) for earlier, later in pairwise(found.seen)]
    kinds = [sighting.action for sighting in found.seen[:-1]]
    mean = mean_of(gaps)
    after = []
    for kind in range(KINDS):
        own = [gap for gap, before in zip(gaps, kinds, strict=True) if before == kind]
        after.append(mean_of(own) / mean if own else 1.0)
    logs = [math.log(gap / mean / after[kind]) for gap, kind in zip(gaps, kinds, strict=True)]
    middle, variance = mean_of(logs), variance_of(logs)
    times, parts = _activity(logs, middle)
    explained = parts[0] + parts[1]
    rest = max(0.05 * variance, variance - explained)
    narrowed = math.sqrt(rest / variance)
    table = quantile_table([PARTS_PER_MILLION * math.exp(middle + narrowed * (value - middle)) for value in logs], _TABLE)
    at_one = parts[0] * math.exp(-1 / times[0]) + parts[1] * math.exp(-1 / times[1])
    persistence = min(0.9, max(0.0, (_autocovariance(logs, middle, 1) - at_one) / rest))
    return Timing(
        mean_interval_ns=max(1, round((found.end - found.start) / len(found.seen))),
        interval_ppm=table,
        persistence_ppm=in_ppm(persistence),
        after_ppm=tuple(in_ppm(share) for share in after),
        activity_ppm=tuple(in_ppm(math.sqrt(part)) for part in parts),
        activity_events=times,
    )


def _activity(logs: Sequence[float], middle: float) -> tuple[tuple[int, int], list[float]]:
    """The pair of forgetting times that fits best, and the variance of each factor."""
    lags = [lag for lag in _LAGS if lag < len(logs) // 4]
    measured = [_autocovariance(logs, middle, lag) for lag in lags]
    best: tuple[float, tuple[int, int], list[float]] | None = None
    for times in _FORGETTING:
        rows = [[math.exp(-lag / time) for time in times] for lag in lags]
        parts = least_squares(rows, measured)
        fitted = [row[0] * parts[0] + row[1] * parts[1] for row in rows]
        error = mean_of([(one - other) ** 2 for one, other in zip(fitted, measured, strict=True)])
        if best is None or error < best[0]:
            best = (error, times, parts)
    assert best is not None
    return best[1], best[2]


def _autocovariance(logs: Sequence[float], middle: float, lag: int) -> float:
    return mean_of([(one - middle) * (other - middle) for one, other in zip(logs, logs[lag:], strict=False)])
