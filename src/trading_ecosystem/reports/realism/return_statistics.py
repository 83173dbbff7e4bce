"""Statistics of mid-price returns. Contents are sums of powers, products at lags, or counts of rounded returns."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from trading_ecosystem.messages.units import MINUTE, SECOND, Nanos
from trading_ecosystem.reports.realism.samples import Contents, Sample, put

RETURN_LAGS: Final = (1, 2, 3, 5, 10)
CLUSTER_LAGS: Final = (1, 2, 3, 5, 10, 20, 30, 60)
LEVERAGE_LAGS: Final = tuple(range(1, 11))
KURTOSIS_STEPS: Final[tuple[Nanos, ...]] = (SECOND, 10 * SECOND)
MINUTE_STEPS: Final[tuple[Nanos, ...]] = (MINUTE,)
TAIL_SHARE: Final = 0.05
"""Share of the absolute returns that count as the tail."""
_COUNT, _SUM, _SQUARES, _CUBES, _FOURTHS = range(5)
_LAG: Final = 1_000
"""Keys from here on are products at a lag, two per lag: the product, and how many."""


def kurtosis_contents(steps: Sequence[Nanos]) -> Callable[[Sample], list[Contents]]:
    """Power sums of the returns over each step."""

    def collect(sample: Sample) -> list[Contents]:
        contents = sample.empty()
        for index, step in enumerate(steps):
            for block, moves in zip(contents, sample.returns(step), strict=True):
                for move in moves:
                    for power in range(5):
                        put(block, index * 10 + power, move**power)
        return contents

    return collect


def kurtosis_values(steps: int) -> Callable[[Contents], list[float]]:
    """Excess kurtosis over each step: the fourth central moment over the squared second, less 3."""

    def values(contents: Contents) -> list[float]:
        found = []
        for index in range(steps):
            count, *sums = (contents.get(index * 10 + power, 0.0) for power in range(5))
            if count < 4:
                found.append(math.nan)
                continue
            first, second, third, fourth = (total / count for total in sums)
            variance = second - first * first
            central = fourth - 4 * first * third + 6 * first * first * second - 3 * first**4
            found.append(central / (variance * variance) - 3.0 if variance > 0 else math.nan)
        return found

    return values


def tail_contents(sample: Sample) -> list[Contents]:
    """Counts of the absolute one-second returns, in hundredths of a part per million."""
    contents = sample.empty()
    for block, moves in zip(contents, sample.second_returns, strict=True):
        for move in moves:
            put(block, round(abs(move) * 100))
    return contents


def tail_values(contents: Contents) -> list[float]:
    """Hill's index of the largest ``TAIL_SHARE`` of them (Hill 1975): 1 / mean of ln(x / the largest that does not count)."""
    total = 0.0
    for weight in contents.values():
        total += weight
    wanted = total * TAIL_SHARE
    taken, logs, threshold = 0.0, 0.0, 0
    tail: list[tuple[int, float]] = []
    for size in sorted(contents, reverse=True):
        if taken + contents[size] > wanted and taken > 0:
            threshold = size
            break
        tail.append((size, contents[size]))
        taken += contents[size]
    if threshold <= 0 or taken < 10:
        return [math.nan]
    for size, weight in tail:
        logs += weight * math.log(size / threshold)
    return [taken / logs]


def zero_contents(sample: Sample) -> list[Contents]:
    """How many returns over one and over ten seconds there are, and how many are zero."""
    contents = sample.empty()
    for index, step in enumerate(KURTOSIS_STEPS):
        for block, moves in zip(contents, sample.returns(step), strict=True):
            put(block, 2 * index, float(len(moves)))
            put(block, 2 * index + 1, float(moves.count(0.0)))
    return contents


def zero_values(contents: Contents) -> list[float]:
    """The share of zero returns over each step."""
    return [ratio(contents.get(2 * index + 1, 0.0), contents.get(2 * index, 0.0)) for index in range(2)]


def lag_contents(
    blocks: Sequence[Sequence[float]], contents: list[Contents], lags: Sequence[int], later: Callable[[float], float] = float
) -> None:
    """Sums for correlations of x(t) with ``later(x(t + lag))``: moments of both, and the products at each lag."""
    series = [(number, value) for number, block in enumerate(blocks) for value in block]
    others = [later(value) for _, value in series]
    for (number, value), other in zip(series, others, strict=True):
        block = contents[number]
        put(block, _COUNT)
        put(block, _SUM, value)
        put(block, _SQUARES, value * value)
        put(block, _CUBES, other)
        put(block, _FOURTHS, other * other)
    for lag in lags:
        for (number, value), other in zip(series, others[lag:], strict=False):
            put(contents[number], _LAG + 2 * lag, value * other)
            put(contents[number], _LAG + 2 * lag + 1)


def lag_values(lags: Sequence[int]) -> Callable[[Contents], list[float]]:
    """Correlations at each lag; with one series for both these are its autocorrelations."""

    def values(contents: Contents) -> list[float]:
        count = contents.get(_COUNT, 0.0)
        if count < 2:
            return [math.nan] * len(lags)
        mean, other = contents[_SUM] / count, contents[_CUBES] / count
        spread = (contents[_SQUARES] / count - mean * mean) * (contents[_FOURTHS] / count - other * other)
        found = []
        for lag in lags:
            pairs = contents.get(_LAG + 2 * lag + 1, 0.0)
            if pairs < 2 or spread <= 0:
                found.append(math.nan)
            else:
                found.append((contents[_LAG + 2 * lag] / pairs - mean * other) / math.sqrt(spread))
        return found

    return values


def return_contents(sample: Sample) -> list[Contents]:
    """Products of one-second returns at ``RETURN_LAGS``."""
    contents = sample.empty()
    lag_contents(sample.second_returns, contents, RETURN_LAGS)
    return contents


def cluster_contents(sample: Sample) -> list[Contents]:
    """Products of absolute one-second returns at ``CLUSTER_LAGS``."""
    contents = sample.empty()
    lag_contents([[abs(move) for move in block] for block in sample.second_returns], contents, CLUSTER_LAGS)
    return contents


def leverage_contents(sample: Sample) -> list[Contents]:
    """Products of one-second returns with later absolute ones at ``LEVERAGE_LAGS``."""
    contents = sample.empty()
    lag_contents(sample.second_returns, contents, LEVERAGE_LAGS, abs)
    return contents


def leverage_values(contents: Contents) -> list[float]:
    """The mean correlation over ``LEVERAGE_LAGS``."""
    found = lag_values(LEVERAGE_LAGS)(contents)
    total = 0.0
    for value in found:
        total += value
    return [total / len(found)]


def ratio(part: float, whole: float) -> float:
    """A share, not a number where there is nothing to share."""
    return part / whole if whole else math.nan
