"""The scorecard: a generated market beside a real one, each statistic as distance over the real one's own noise.

The real sample is cut in halves. Everything fitted is fitted to the first; everything is scored on the second.

- *distance*: between the generated market and the second half.
- *halves*: between the two halves. One such number can be small by accident, so
- *noise* is its expectation under the block bootstrap: the mean distance between resamples of the two halves.
- *score*: the mean distance between resamples of the generated market and of the second half, over the noise. Both means carry
  the same inflation by resampling; a generator that is as good as the first half itself scores about 1. The interval
  covers 95 % of the resampled distances over the noise. *ratio* is the plain distance over the plain halves.
- *nearer*: the share of the resamples in which the generated market is nearer to the second half than the baseline is.

Blocks are drawn independently in each sample, one draw for all statistics. The generator is our own, so a seed gives the same
scorecard on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from trading_ecosystem.ports.randomness import RandomStream
from trading_ecosystem.reports.realism.samples import Contents, Sample, added
from trading_ecosystem.reports.realism.statistic import Statistic
from trading_ecosystem.reports.realism.table import STATISTICS

RESAMPLES: Final = 200
INTERVAL: Final = (0.025, 0.975)


class Measured(msgspec.Struct, frozen=True):
    """What all statistics need of a sample, block by block, and their values on the whole."""

    name: str
    blocks: int
    contents: list[list[Contents]]
    values: list[list[float]]


class Row(msgspec.Struct, frozen=True):
    """One statistic of the scorecard; see the module's text. Distances are infinite where a sample cannot give a number."""

    statistic: Statistic
    real: list[float]
    first_half: list[float]
    generated: list[float]
    baseline: list[float]
    distance: float
    distance_interval: tuple[float, float]
    halves: float
    noise: float
    score: float
    score_interval: tuple[float, float]
    baseline_distance: float
    baseline_score: float
    nearer: float
    real_interval: list[tuple[float, float]]
    """Bounds of each number of the second half, for the plots."""

    @property
    def ratio(self) -> float:
        """The plain distance over that between the halves."""
        return self.distance / self.halves if self.halves else math.inf

    @property
    def is_nearer(self) -> bool:
        """Whether the generated market is nearer to the real one than the baseline."""
        return self.distance < self.baseline_distance


class Scorecard(msgspec.Struct, frozen=True):
    """All rows, the scored ones first."""

    generated: str
    real: str
    baseline: str
    resamples: int
    rows: list[Row]

    def scored(self) -> list[Row]:
        """The rows that decide."""
        return [row for row in self.rows if row.statistic.scored]

    def within(self, bound: float) -> int:
        """How many of the scored statistics are within so many times the noise."""
        return sum(row.score <= bound for row in self.scored())

    def nearer(self) -> int:
        """How many of the scored statistics are nearer to the real market than the baseline's."""
        return sum(row.is_nearer for row in self.scored())


def measure(name: str, sample: Sample, statistics: Sequence[Statistic] = STATISTICS) -> Measured:
    """Everything that is scored of one sample."""
    contents = [statistic.collect(sample) for statistic in statistics]
    values = [statistic.values(added(parts)) for statistic, parts in zip(statistics, contents, strict=True)]
    return Measured(name, sample.blocks, contents, values)


def scorecard(
    generated: Measured,
    baseline: Measured,
    first_half: Measured,
    second_half: Measured,
    stream: RandomStream,
    resamples: int = RESAMPLES,
    statistics: Sequence[Statistic] = STATISTICS,
) -> Scorecard:
    """Score a generated market and a baseline against the second half of a real one."""
    samples = (generated, baseline, first_half, second_half)
    draws = [[_draw(sample.blocks, stream) for sample in samples] for _ in range(resamples)]
    rows = []
    for index, statistic in enumerate(statistics):
        resampled = [
            [statistic.values(added(sample.contents[index], draw)) for sample, draw in zip(samples, drawn, strict=True)]
            for drawn in draws
        ]
        rows.append(_row(statistic, [sample.values[index] for sample in samples], resampled))
    return Scorecard(generated.name, second_half.name, baseline.name, resamples, rows)


def _row(statistic: Statistic, values: list[list[float]], resampled: list[list[list[float]]]) -> Row:
    generated, baseline, first, second = values
    ours = [statistic.distance(drawn[0], drawn[3]) for drawn in resampled]
    theirs = [statistic.distance(drawn[1], drawn[3]) for drawn in resampled]
    noise = _mean([statistic.distance(drawn[2], drawn[3]) for drawn in resampled])
    low, high = _interval(ours)
    distance, baseline_distance = statistic.distance(generated, second), statistic.distance(baseline, second)
    return Row(
        statistic,
        second,
        first,
        generated,
        baseline,
        distance,
        (low, high),
        statistic.distance(first, second),
        noise,
        _over(_mean(ours), noise),
        (_over(low, noise), _over(high, noise)),
        baseline_distance,
        _over(_mean(theirs), noise),
        sum(one < other for one, other in zip(ours, theirs, strict=True)) / len(ours),
        [_interval([drawn[3][number] for drawn in resampled]) for number in range(len(second))],
    )


def _draw(blocks: int, stream: RandomStream) -> list[int]:
    """How often each block is in a resample of as many blocks, drawn with replacement."""
    times = [0] * blocks
    for _ in range(blocks):
        times[stream.integer(0, blocks - 1)] += 1
    return times


def _mean(values: Sequence[float]) -> float:
    """The mean of the finite ones; infinite where more than one in twenty is not finite."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 0.95 * len(values):
        return math.inf
    return math.fsum(finite) / len(finite)


def _interval(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(value for value in values if not math.isnan(value))
    if not ordered:
        return math.nan, math.nan
    low, high = (ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in INTERVAL)
    return low, high


def _over(value: float, noise: float) -> float:
    return value / noise if noise and math.isfinite(noise) else math.inf
