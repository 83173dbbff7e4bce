"""Backtests of a value at risk: did it fail as often as it said, and not in clusters?

- Kupiec (1995), proportion of failures: the share of failures against the promised one.
- Christoffersen (1998), independence: whether a failure makes another one the next day more likely; and both together,
  conditional coverage, which is their sum with two degrees of freedom.
- Basel Committee (1996), traffic light: how far in the tail so many exceptions lie.

A count of zero takes no part: ``0 * log 0`` is 0. A pass proves little at 250 days: a promise of 1 % that is truly 2 % is
refused only about one time in four.
"""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Sequence
from typing import Final

import msgspec

from trading_ecosystem.domains.risk.measures.distributions import binomial_at_most, chi_squared_above
from trading_ecosystem.messages.units import PARTS_PER_MILLION, PartsPerMillion

SIGNIFICANCE_PPM: Final[PartsPerMillion] = 50_000
"""A hypothesis is refused where its p-value is below this."""
YELLOW_FROM_PPM: Final[PartsPerMillion] = 950_000
RED_FROM_PPM: Final[PartsPerMillion] = 999_900


class LikelihoodRatio(msgspec.Struct, frozen=True):
    """A test's statistic, chi-squared with so many degrees of freedom, and the probability of one as large or larger."""

    statistic: float
    degrees: int
    p_value: float

    @property
    def is_refused(self) -> bool:
        """Whether the hypothesis that the model is right is refused at 5 %."""
        return self.p_value * PARTS_PER_MILLION < SIGNIFICANCE_PPM


class Transitions(msgspec.Struct, frozen=True):
    """How often a day without (0) or with (1) a failure was followed by one without or with."""

    n00: int
    n01: int
    n10: int
    n11: int


class Zone(enum.StrEnum):
    """The Basel Committee's verdict on a model."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class TrafficLight(msgspec.Struct, frozen=True):
    """The zone of so many exceptions, and the probability of as many or fewer if the model is right."""

    zone: Zone
    cumulative: float


class CoverageReport(msgspec.Struct, frozen=True):
    """One series of failures against all three tests."""

    observations: int
    failures: int
    rate_ppm: PartsPerMillion
    proportion: LikelihoodRatio
    independence: LikelihoodRatio
    coverage: LikelihoodRatio
    light: TrafficLight


def kupiec(observations: int, failures: int, rate_ppm: PartsPerMillion) -> LikelihoodRatio:
    """Proportion of failures: is the promised rate compatible with so many?"""
    if not 0 <= failures <= observations or observations == 0:
        raise ValueError(f"{failures} failures in {observations} observations cannot be")
    if not 0 < rate_ppm < PARTS_PER_MILLION:
        raise ValueError(f"a failure rate of {rate_ppm} parts per million does not lie between 0 and 1")
    promised, seen = rate_ppm / PARTS_PER_MILLION, failures / observations
    fine = observations - failures
    statistic = 2.0 * (_log_likelihood(fine, failures, seen) - _log_likelihood(fine, failures, promised))
    return _ratio(statistic, 1)


def transitions_of(failures: Sequence[bool]) -> Transitions:
    """Count what followed what in a series of days."""
    counts = [0, 0, 0, 0]
    for today, tomorrow in itertools.pairwise(failures):
        counts[2 * today + tomorrow] += 1
    return Transitions(*counts)


def christoffersen(seen: Transitions) -> LikelihoodRatio:
    """Independence: is the next day's failure as likely after a failure as after none?"""
    after_fine, after_failure = seen.n00 + seen.n01, seen.n10 + seen.n11
    total = after_fine + after_failure
    if total == 0 or min(seen.n00, seen.n01, seen.n10, seen.n11) < 0:
        raise ValueError("independence needs at least two days")
    rate = (seen.n01 + seen.n11) / total
    rate_fine = seen.n01 / after_fine if after_fine else 0.0
    rate_failure = seen.n11 / after_failure if after_failure else 0.0
    apart = _log_likelihood(seen.n00, seen.n01, rate_fine) + _log_likelihood(seen.n10, seen.n11, rate_failure)
    alike = _log_likelihood(seen.n00 + seen.n10, seen.n01 + seen.n11, rate)
    return _ratio(2.0 * (apart - alike), 1)


def conditional_coverage(proportion: LikelihoodRatio, independence: LikelihoodRatio) -> LikelihoodRatio:
    """Both hypotheses together: the sum of the statistics, with two degrees of freedom."""
    return _ratio(proportion.statistic + independence.statistic, 2)


def traffic_light(exceptions: int, observations: int = 250, rate_ppm: PartsPerMillion = 10_000) -> TrafficLight:
    """Green below a cumulative probability of 95 %, yellow below 99.99 %, red from there on."""
    if not 0 <= exceptions <= observations:
        raise ValueError(f"{exceptions} exceptions in {observations} observations cannot be")
    cumulative = binomial_at_most(exceptions, observations, rate_ppm)
    share = cumulative * PARTS_PER_MILLION
    zone = Zone.GREEN if share < YELLOW_FROM_PPM else Zone.YELLOW if share < RED_FROM_PPM else Zone.RED
    return TrafficLight(zone, cumulative)


def accepted_failures(observations: int, rate_ppm: PartsPerMillion) -> tuple[int, int]:
    """The fewest and the most failures that :func:`kupiec` does not refuse."""
    accepted = [failures for failures in range(observations + 1) if not kupiec(observations, failures, rate_ppm).is_refused]
    return accepted[0], accepted[-1]


def coverage_report(failures: Sequence[bool], rate_ppm: PartsPerMillion) -> CoverageReport:
    """All three tests on a series of days, oldest first; at least two days."""
    count = sum(1 for failed in failures if failed)
    proportion = kupiec(len(failures), count, rate_ppm)
    independence = christoffersen(transitions_of(failures))
    return CoverageReport(
        observations=len(failures),
        failures=count,
        rate_ppm=rate_ppm,
        proportion=proportion,
        independence=independence,
        coverage=conditional_coverage(proportion, independence),
        light=traffic_light(count, len(failures), rate_ppm),
    )


def _log_likelihood(fine: int, failed: int, rate: float) -> float:
    """Of so many days with and without failure, at a rate of failure; what did not happen takes no part."""
    likelihood = 0.0
    if fine:
        likelihood += fine * math.log1p(-rate)
    if failed:
        likelihood += failed * math.log(rate)
    return likelihood


def _ratio(statistic: float, degrees: int) -> LikelihoodRatio:
    """What rounding put below zero is zero."""
    at_least_zero = max(0.0, statistic)
    return LikelihoodRatio(at_least_zero, degrees, chi_squared_above(at_least_zero, degrees))
