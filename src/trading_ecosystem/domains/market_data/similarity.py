"""Series that resemble a real one, and how far they do: a block bootstrap, and metrics that are computed and nothing else.

**The series.** Log returns are drawn from the real ones in blocks of random length, geometric with a given mean, each
beginning anywhere and wrapping around at the end (the stationary bootstrap of D. N. Politis and J. P. Romano, Journal of the
American Statistical Association 89, 1994): their distribution is that of the real returns, and what hangs together over less
than a block stays together. With a *resemblance* ``c`` above zero each return is mixed with the real one of the same place,
``c r + sqrt(1 - c^2) r'``, about the mean: the series then correlates with the real one by ``c``, at the same variance. Zero
is a market of its own, one is the recording.

**The metrics** compare two series of prices of the same length and rhythm. All are parts per million and say what was
measured: a free series has a correlation near zero, and says so.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from trading_ecosystem.messages.units import PARTS_PER_MILLION, MinorUnits, PartsPerMillion
from trading_ecosystem.ports.randomness import RandomStream

FEWEST_PRICES: Final = 3


class Similarity(msgspec.Struct, frozen=True):
    """How far one series of prices resembles another."""

    returns: int
    """Returns of each that were compared."""
    correlation_ppm: PartsPerMillion
    """Of the returns, place by place."""
    volatility_ratio_ppm: PartsPerMillion
    """Deviation of the one's returns over that of the other's."""
    return_difference_ppm: PartsPerMillion
    """Total log return of the one less that of the other's."""
    trend_difference_ppm: PartsPerMillion
    """Slope of the line through the one's log prices less that of the other's, over the whole length."""
    kurtosis_difference_ppm: PartsPerMillion
    """Excess kurtosis of the one's returns less that of the other's."""
    clustering_difference_ppm: PartsPerMillion
    """Autocorrelation at lag one of the one's absolute returns less that of the other's."""
    distribution_distance_ppm: PartsPerMillion
    """Largest distance between the two distribution functions of the returns (Kolmogorov and Smirnov)."""


def similar_prices(
    prices: Sequence[MinorUnits], stream: RandomStream, mean_block: int, resemblance_ppm: PartsPerMillion = 0
) -> list[MinorUnits]:
    """A series as long as ``prices`` that begins where it begins; ``mean_block`` is in returns."""
    assert mean_block > 0, mean_block
    if len(prices) < FEWEST_PRICES:
        return list(prices)
    returns = log_returns(prices)
    centre = _mean(returns)
    share = resemblance_ppm / PARTS_PER_MILLION
    rest = math.sqrt(max(0.0, 1.0 - share * share))
    log, series, position = math.log(prices[0]), [prices[0]], stream.integer(0, len(returns) - 1)
    for real in returns:
        log += centre + share * (real - centre) + rest * (returns[position] - centre)
        series.append(max(1, round(math.exp(log))))
        position = (position + 1) % len(returns)
        if stream.integer(1, mean_block) == 1:
            position = stream.integer(0, len(returns) - 1)
    return series


def similarity(one: Sequence[MinorUnits], other: Sequence[MinorUnits]) -> Similarity:
    """Every metric of two series of equal length, of at least three prices each."""
    assert len(one) == len(other) >= FEWEST_PRICES, (len(one), len(other))
    own, real = log_returns(one), log_returns(other)
    own_deviation, real_deviation = math.sqrt(_moment(own, 2)), math.sqrt(_moment(real, 2))
    return Similarity(
        returns=len(own),
        correlation_ppm=_ppm(_correlation(own, real)),
        volatility_ratio_ppm=_ppm(own_deviation / real_deviation) if real_deviation else 0,
        return_difference_ppm=_ppm(math.log(one[-1] / one[0]) - math.log(other[-1] / other[0])),
        trend_difference_ppm=_ppm(_trend(one) - _trend(other)),
        kurtosis_difference_ppm=_ppm(_excess_kurtosis(own) - _excess_kurtosis(real)),
        clustering_difference_ppm=_ppm(_clustering(own) - _clustering(real)),
        distribution_distance_ppm=_ppm(_distance(own, real)),
    )


def log_returns(prices: Sequence[MinorUnits]) -> list[float]:
    """Log returns from each price to the next."""
    return [math.log(after / before) for before, after in pairwise(prices)]


def _mean(values: Sequence[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


def _moment(values: Sequence[float], order: int) -> float:
    centre = _mean(values)
    return _mean([(value - centre) ** order for value in values])


def _correlation(left: Sequence[float], right: Sequence[float]) -> float:
    left_mean, right_mean = _mean(left), _mean(right)
    shared = _mean([(own - left_mean) * (other - right_mean) for own, other in zip(left, right, strict=True)])
    spread = math.sqrt(_moment(left, 2) * _moment(right, 2))
    return shared / spread if spread else 0.0


def _excess_kurtosis(values: Sequence[float]) -> float:
    variance = _moment(values, 2)
    return _moment(values, 4) / (variance * variance) - 3.0 if variance else 0.0


def _clustering(values: Sequence[float]) -> float:
    sizes = [abs(value) for value in values]
    centre, variance = _mean(sizes), _moment(sizes, 2)
    if not variance:
        return 0.0
    total = 0.0
    for before, after in pairwise(sizes):
        total += (before - centre) * (after - centre)
    return total / (len(sizes) * variance)


def _trend(prices: Sequence[MinorUnits]) -> float:
    """Slope of the least-squares line through the log prices, times the length."""
    logs = [math.log(price) for price in prices]
    middle, centre = (len(logs) - 1) / 2.0, _mean(logs)
    shared = squares = 0.0
    for position, log in enumerate(logs):
        shared += (position - middle) * (log - centre)
        squares += (position - middle) ** 2
    return shared / squares * (len(logs) - 1)


def _distance(left: Sequence[float], right: Sequence[float]) -> float:
    own, other = sorted(left), sorted(right)
    points = (*own, *other)
    return max(abs(bisect_right(own, point) / len(own) - bisect_right(other, point) / len(other)) for point in points)


def _ppm(value: float) -> PartsPerMillion:
    return round(value * PARTS_PER_MILLION)
