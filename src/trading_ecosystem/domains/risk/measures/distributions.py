"""What is needed of the normal, chi-squared and binomial distributions, with ``math`` alone.

The normal quantile is found by bisection on ``math.erfc``, to the last bit that the float has; the binomial is exact in
integers and rounded once.
"""

from __future__ import annotations

import math
from typing import Final

from trading_ecosystem.messages.units import PARTS_PER_MILLION, PartsPerMillion

_SQRT_2: Final = math.sqrt(2.0)
_FARTHEST: Final = 40.0
"""Standard deviations beyond which a float knows no probability any more."""


def normal_below(deviation: float) -> float:
    """The probability that a standard normal lies below ``deviation``."""
    return 0.5 * math.erfc(-deviation / _SQRT_2)


def normal_density(deviation: float) -> float:
    """The density of the standard normal."""
    return math.exp(-0.5 * deviation * deviation) / math.sqrt(2.0 * math.pi)


def normal_quantile(probability_ppm: PartsPerMillion) -> float:
    """The deviation below which a standard normal lies with this probability; ``ValueError`` outside (0, 10⁶)."""
    if not 0 < probability_ppm < PARTS_PER_MILLION:
        raise ValueError(f"a probability of {probability_ppm} parts per million has no quantile")
    above = 1.0 - probability_ppm / PARTS_PER_MILLION
    if probability_ppm < PARTS_PER_MILLION // 2:
        return -normal_quantile(PARTS_PER_MILLION - probability_ppm)
    low, high = 0.0, _FARTHEST
    while True:
        middle = (low + high) / 2.0
        if middle in (low, high):
            return middle
        if 0.5 * math.erfc(middle / _SQRT_2) > above:
            low = middle
        else:
            high = middle


def normal_shortfall(confidence_ppm: PartsPerMillion) -> float:
    """The mean of a standard normal given that it lies above its quantile: expected shortfall in standard deviations."""
    beyond = 1.0 - confidence_ppm / PARTS_PER_MILLION
    return normal_density(normal_quantile(confidence_ppm)) / beyond


def chi_squared_above(statistic: float, degrees: int) -> float:
    """The probability that a chi-squared with one or two degrees of freedom lies above ``statistic``."""
    if statistic <= 0.0:
        return 1.0
    if degrees == 1:
        return math.erfc(math.sqrt(statistic / 2.0))
    if degrees == 2:
        return math.exp(-statistic / 2.0)
    raise ValueError(f"{degrees} degrees of freedom: this is for one or two")


def binomial_at_most(successes: int, trials: int, rate_ppm: PartsPerMillion) -> float:
    """The probability of at most so many successes in so many trials; exact in integers, rounded once."""
    failing = PARTS_PER_MILLION - rate_ppm
    ways: int = 0
    whole: int = PARTS_PER_MILLION**trials
    for count in range(min(successes, trials) + 1):
        ways += math.comb(trials, count) * rate_ppm**count * failing ** (trials - count)
    return ways / whole
