"""Value at risk in its conventions, and its backtests, against values that were published by others."""

from __future__ import annotations

import csv
import gzip
import itertools
import math

import pytest
from tests.campaign import recorded_market

from trading_ecosystem.domains.risk.measures.backtests import (
    Transitions,
    Zone,
    accepted_failures,
    christoffersen,
    conditional_coverage,
    coverage_report,
    kupiec,
    traffic_light,
    transitions_of,
)
from trading_ecosystem.domains.risk.measures.distributions import (
    chi_squared_above,
    normal_below,
    normal_quantile,
    normal_shortfall,
)
from trading_ecosystem.domains.risk.measures.rolling import ewma_forecasts, historical_forecasts, rolling_failures
from trading_ecosystem.domains.risk.measures.value_at_risk import (
    ewma_normal,
    historical_interpolated,
    historical_ordered,
    monte_carlo_normal,
    parametric_normal,
)
from trading_ecosystem.runtime.randomness import SeededRandomness

TEN_RETURNS = [0.01, -0.02, 0.015, -0.03, 0.005, 0.02, -0.01, 0.0, 0.012, -0.025]
"""The series on which libraries disagree: empyrical, a textbook's order statistic, and a fitted normal."""
CLUSTERED = [day in {40, 41, 42, 100, 101, *range(200, 205)} for day in range(250)]


def test_normal_closed_forms():
    assert normal_quantile(950_000) == pytest.approx(1.6448536, abs=5e-8)
    assert normal_quantile(990_000) == pytest.approx(2.3263479, abs=5e-8)
    assert normal_shortfall(950_000) == pytest.approx(2.0627128, abs=5e-8)
    assert normal_shortfall(975_000) == pytest.approx(2.3378028, abs=5e-8)
    assert normal_quantile(10_000) == -normal_quantile(990_000)
    assert normal_below(normal_quantile(123_456)) == pytest.approx(0.123456, abs=1e-15)
    assert chi_squared_above(3.841459, 1) == pytest.approx(0.05, abs=1e-7)
    assert chi_squared_above(5.991465, 2) == pytest.approx(0.05, abs=1e-7)


def test_each_convention_says_its_own_value_and_its_name():
    measures = [
        historical_interpolated(TEN_RETURNS, 950_000),
        historical_ordered(TEN_RETURNS, 950_000),
        parametric_normal(TEN_RETURNS, 950_000),
    ]
    assert [(measure.convention, round(measure.value_at_risk, 5)) for measure in measures] == [
        ("historical_interpolated", 0.02775),
        ("historical_ordered", 0.03),
        ("parametric_normal", 0.03165),
    ]


def test_shortfalls_are_the_mean_of_the_tail_of_their_convention():
    assert historical_interpolated(TEN_RETURNS, 800_000).expected_shortfall == pytest.approx((0.03 + 0.025) / 2)
    # A tail of 2.5 of ten losses: the two worst, and half of the third.
    assert historical_ordered(TEN_RETURNS, 750_000).expected_shortfall == pytest.approx((0.03 + 0.025 + 0.02 / 2) / 2.5)
    assert historical_ordered(TEN_RETURNS, 900_000).value_at_risk == 0.025
    alike = ewma_normal([0.02] * 50, 975_000)
    assert alike.expected_shortfall == pytest.approx(2.3378028 * 0.02)


def test_draws_agree_with_the_closed_form():
    fitted = parametric_normal(TEN_RETURNS, 990_000)
    stream = SeededRandomness(7).stream("test", "value at risk")
    drawn = monte_carlo_normal(TEN_RETURNS, 990_000, stream, draws=40_000)
    assert drawn.value_at_risk == pytest.approx(fitted.value_at_risk, rel=0.03)
    assert drawn.expected_shortfall == pytest.approx(fitted.expected_shortfall, rel=0.03)
    again = monte_carlo_normal(TEN_RETURNS, 990_000, SeededRandomness(7).stream("test", "value at risk"), draws=40_000)
    assert again == drawn


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, math.nan], [0.01, math.inf]])
def test_what_cannot_be_measured_is_refused(returns: list[float]):
    for measure in (historical_interpolated, historical_ordered, parametric_normal):
        with pytest.raises(ValueError, match="return"):
            measure(returns, 950_000)


@pytest.mark.parametrize("confidence", [0, 499_999, 1_000_000])
def test_a_confidence_lies_between_half_and_all(confidence: int):
    with pytest.raises(ValueError, match="confidence"):
        historical_interpolated(TEN_RETURNS, confidence)


@pytest.mark.parametrize(
    ("observations", "failures", "rate", "statistic", "p_value"),
    [
        (252, 20, 50_000, 3.9126, None),  # J.P. Morgan 1998, in Jorion, Value at Risk
        (252, 6, 10_000, 3.4988, None),  # Jorion, chapter 6, question 10
        (1043, 57, 50_000, 0.461466, 0.496939),  # MATLAB varbacktest, Equity index example
        (1043, 17, 10_000, 3.511813, 0.060933),
    ],
)
def test_kupiec(observations: int, failures: int, rate: int, statistic: float, p_value: float | None):
    found = kupiec(observations, failures, rate)
    assert found.statistic == pytest.approx(statistic, abs=6e-5 if p_value is None else 6e-7)
    if p_value is not None:
        assert found.p_value == pytest.approx(p_value, abs=6e-7)


@pytest.mark.parametrize(
    ("seen", "statistic"),
    [
        (Transitions(218, 14, 14, 6), 9.5296),
        (Transitions(244, 2, 2, 4), 25.8374),
        (Transitions(932, 53, 53, 4), 0.258663),
        (Transitions(236, 3, 3, 7), 39.4437),
    ],
)
def test_christoffersen(seen: Transitions, statistic: float):
    assert christoffersen(seen).statistic == pytest.approx(statistic, abs=6e-5)


def test_conditional_coverage_is_the_sum_with_two_degrees_of_freedom():
    both = conditional_coverage(kupiec(252, 20, 50_000), christoffersen(Transitions(218, 14, 14, 6)))
    assert both.statistic == pytest.approx(13.4421, abs=6e-5)
    assert both.degrees == 2
    assert both.p_value == pytest.approx(math.exp(-both.statistic / 2))


def test_clustered_failures_pass_the_proportion_and_fail_independence():
    report = coverage_report(CLUSTERED, 40_000)
    assert transitions_of(CLUSTERED) == Transitions(236, 3, 3, 7)
    assert report.proportion.statistic == 0
    assert not report.proportion.is_refused
    assert report.independence.is_refused
    assert report.coverage.is_refused


def test_non_rejection_regions():
    assert [accepted_failures(days, 10_000) for days in (255, 510, 1000)] == [(1, 6), (2, 10), (5, 16)]
    assert [accepted_failures(days, 50_000) for days in (255, 510, 1000)] == [(7, 20), (17, 35), (38, 64)]


def test_no_failure_at_all_is_a_number():
    none = kupiec(250, 0, 10_000)
    assert none.statistic == pytest.approx(-2 * 250 * math.log(0.99))
    assert christoffersen(Transitions(249, 0, 0, 0)).statistic == 0
    assert kupiec(250, 250, 10_000).is_refused


def test_basel_traffic_light():
    lights = [traffic_light(exceptions) for exceptions in range(12)]
    percent = [round(light.cumulative * 100, 2) for light in lights[:10]]
    assert percent == [8.11, 28.58, 54.32, 75.81, 89.22, 95.88, 98.63, 99.60, 99.89, 99.97]
    assert [light.zone for light in lights] == [Zone.GREEN] * 5 + [Zone.YELLOW] * 5 + [Zone.RED] * 2


@pytest.fixture(scope="module")
def index_returns() -> list[float]:
    """Daily logarithmic returns of the S&P 500, 1999 to 2018."""
    with gzip.open(recorded_market("daily/sp500.csv.gz"), "rt") as file:
        closes = [float(row["Close"]) for row in csv.DictReader(file)]
    assert len(closes) == 5_031
    return [math.log(after / before) for before, after in itertools.pairwise(closes)]


def test_failures_on_the_index(index_returns: list[float]):
    counts = {}
    for confidence in (950_000, 990_000):
        for window in (250, 500):
            failures = rolling_failures(index_returns, historical_forecasts(window, confidence))
            counts[f"historical {window}", confidence] = (sum(failures), len(failures))
        failures = rolling_failures(index_returns, ewma_forecasts(250, confidence))
        counts["ewma", confidence] = (sum(failures), len(failures))
    assert counts == {
        ("historical 250", 950_000): (267, 4780),
        ("historical 250", 990_000): (81, 4780),
        ("historical 500", 950_000): (248, 4530),
        ("historical 500", 990_000): (73, 4530),
        ("ewma", 950_000): (273, 4780),
        ("ewma", 990_000): (100, 4780),
    }


def test_a_rolling_window_is_the_days_strictly_before():
    returns = [0.0, -0.01, 0.02, -0.03, 0.01, -0.04]
    forecasts = list(historical_forecasts(3, 950_000)(returns))
    assert forecasts[:3] == [None, None, None]
    for day in range(3, 6):
        window = returns[day - 3 : day]
        assert forecasts[day] == historical_interpolated(window, 950_000).value_at_risk
    assert rolling_failures(returns, historical_forecasts(3, 950_000)) == [True, False, True]
