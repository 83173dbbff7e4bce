"""When events arrive: the distribution of intervals, what follows which kind, and how activity comes and goes.

The logarithm of an interval is taken as a sum: what kind and excitation make of it, two slow factors of activity, and the rest,
which is the quantile table. Activity is told by how the time that a block of events takes goes with that of later blocks: with
forgetting times given, the variances of the two factors are the least-squares fit to the autocovariance of its logarithm. The
table is then what, multiplied by the activity, gives the measured distribution: both are compared at the table's
probabilities, and the table is corrected by the difference until it fits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from statistics import NormalDist
from typing import Final

from trading_ecosystem.adapters.calibration.arithmetic import in_ppm, least_squares, mean_of, variance_of
from trading_ecosystem.adapters.calibration.excitement import Excited
from trading_ecosystem.adapters.calibration.sightings import Sightings
from trading_ecosystem.domains.exchange.flow.flow_parameters import Timing

_TABLE: Final = 65
_BLOCK: Final = 20
"""Events in a block, over whose time the bursts of single events average out."""
_LAGS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""In blocks."""
_NORMALS: Final = 33
"""Values that stand for the activity's distribution."""
_CORRECTIONS: Final = 60
_MEAN_TOLERANCE: Final = 1.1
_FORGETTING: Final = tuple((fast, slow) for fast in (10, 20, 40, 60) for slow in (200, 400, 800, 1600))
"""Pairs of forgetting times, in events, among which the fit chooses."""


def fit_timing(found: Sightings, excited: Excited) -> Timing:
    """Every number of :class:`Timing`, of what kind and excitation leave of the intervals."""
    gaps = [max(1, later.at - earlier.at) for earlier, later in pairwise(found.seen)]
    mean = mean_of(gaps)
    left = [gap / mean / factor for gap, factor in zip(gaps, excited.factors, strict=True)]
    logs = [math.log(value) for value in left]
    times, parts = _activity(left)
    target = _quantiles(sorted(logs))
    parts, table = _divided(parts, target, mean_of([math.exp(value) for value in logs]))
    # What is left for the persistence of the table's own steps, of its own variance.
    at_one = parts[0] * math.exp(-1 / times[0]) + parts[1] * math.exp(-1 / times[1])
    persistence = min(0.9, max(0.0, (_autocovariance(logs, 1) - at_one) / max(1e-9, variance_of(table))))
    return Timing(
        mean_interval_ns=max(1, round((found.end - found.start) / len(found.seen))),
        interval_ppm=tuple(max(1, in_ppm(math.exp(value))) for value in table),
        persistence_ppm=in_ppm(persistence),
        after_ppm=tuple(in_ppm(share) for share in excited.after),
        activity_ppm=tuple(in_ppm(math.sqrt(part)) for part in parts),
        activity_events=times,
    )


def _activity(gaps: Sequence[float]) -> tuple[tuple[int, int], list[float]]:
    """The pair of forgetting times that fits best, and the variance of each factor."""
    blocks = [math.log(math.fsum(gaps[first : first + _BLOCK])) for first in range(0, len(gaps) - _BLOCK, _BLOCK)]
    lags = [lag for lag in _LAGS if lag < len(blocks) // 4]
    measured = [_autocovariance(blocks, lag) for lag in lags]
    best: tuple[float, tuple[int, int], list[float]] | None = None
    for times in _FORGETTING:
        rows = [[math.exp(-lag * _BLOCK / time) for time in times] for lag in lags]
        parts = least_squares(rows, measured)
        fitted = [row[0] * parts[0] + row[1] * parts[1] for row in rows]
        error = mean_of([(one - other) ** 2 for one, other in zip(fitted, measured, strict=True)])
        if best is None or error < best[0]:
            best = (error, times, parts)
    assert best is not None
    return best[1], best[2]


def _divided(parts: list[float], target: Sequence[float], mean: float) -> tuple[list[float], list[float]]:
    """The parts of the activity, and the table: as much of the activity as the measured mean interval allows.

    A normal factor has no bound, and the measured distribution does: with too much of it a few intervals are so long that all
    others have to be too short. The fast part is given up first, in tenths; the table itself can be as variable.
    """
    fast, slow = parts
    for tenths in range(20, 0, -1):
        kept = [fast * max(0, tenths - 10) / 10, slow * min(10, tenths) / 10]
        table = _without(kept[0] + kept[1], target)
        inside = [math.exp((one + other) / 2) for one, other in pairwise(table)]
        if mean_of(inside) * math.exp((kept[0] + kept[1]) / 2) <= _MEAN_TOLERANCE * mean:
            return kept, table
    return [0.0, 0.0], list(target)


def _without(variance: float, target: Sequence[float]) -> list[float]:
    """The quantiles of a variable that, plus an independent normal one of this variance, has the target's."""
    normal = NormalDist(0.0, math.sqrt(max(variance, 1e-12)))
    noise = [normal.inv_cdf((step + 0.5) / _NORMALS) for step in range(_NORMALS)]
    table = list(target)
    for _ in range(_CORRECTIONS):
        middles = [(one + other) / 2 for one, other in pairwise(table)]
        reached = _quantiles(sorted(middle + part for middle in middles for part in noise))
        for place, (wanted, has) in enumerate(zip(target, reached, strict=True)):
            table[place] += 0.5 * (wanted - has)
        table = list(accumulate(table, max))
    return table


def _quantiles(ordered: Sequence[float]) -> list[float]:
    """At the table's probabilities, each the mean over half a step to either side."""
    count, steps = len(ordered), _TABLE - 1
    found = []
    for step in range(_TABLE):
        low = max(0, math.floor((step - 0.5) / steps * count))
        high = min(count, max(low + 1, math.ceil((step + 0.5) / steps * count)))
        found.append(mean_of(ordered[low:high]))
    return found


def _autocovariance(logs: Sequence[float], lag: int) -> float:
    middle = mean_of(logs)
    return mean_of([(one - middle) * (other - middle) for one, other in zip(logs, logs[lag:], strict=False)])
