"""Value at risk of portfolios, stress tests and hedges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.risk.measures.hedging import delta_hedge, least_variance_hedge
from trading_ecosystem.domains.risk.measures.portfolio import (
    covariance,
    deviation_of,
    dot,
    lower_root,
    portfolio_tails,
)
from trading_ecosystem.domains.risk.measures.stress import (
    HOUSE_SCENARIOS,
    Holding,
    Shock,
    StressLine,
    StressScenario,
    scenario_problem,
    stress,
)
from trading_ecosystem.messages.units import ASSETS
from trading_ecosystem.runtime.randomness import SeededRandomness

WHOLE = 10**8
SMALL = st.floats(-0.1, 0.1)
ROWS = st.lists(st.tuples(SMALL, SMALL, SMALL), min_size=4, max_size=40)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(ROWS)
def test_the_root_of_a_covariance_gives_it_back(rows: list[tuple[float, float, float]]):
    matrix = covariance(rows)
    lower = lower_root(matrix)
    for i in range(3):
        for j in range(3):
            assert dot(lower[i], lower[j]) == pytest.approx(matrix[i][j], abs=1e-9)


def test_weighted_covariance_by_hand():
    assert covariance([(0.1, 0.2), (-0.1, 0.1)], 0.5)[0][1] == pytest.approx(0.5 * 0.5 * 0.02 + 0.5 * -0.01)


def test_all_conventions_of_a_portfolio_are_near_each_other_on_normal_returns():
    stream = SeededRandomness(3).stream("test", "returns")
    rows = []
    for _ in range(3_000):
        common = stream.normal()
        rows.append((0.01 * common, 0.008 * common + 0.006 * stream.normal()))
    found = portfolio_tails((100.0, -50.0), rows, 990_000, 4, SeededRandomness(4).stream("test", "draws"), 20_000)
    expected = 2.3263479 * 2 * deviation_of((100.0, -50.0), covariance(rows))
    assert [measure.convention for measure in found] == [
        "historical_interpolated_scaled",
        "historical_ordered_scaled",
        "parametric_normal_scaled",
        "ewma_normal_scaled",
        "monte_carlo_normal_scaled",
    ]
    for measure in found:
        wide = 0.35 if measure.convention.startswith("ewma") else 0.1
        assert measure.value_at_risk == pytest.approx(expected, rel=wide)
        assert measure.expected_shortfall > measure.value_at_risk


def test_a_portfolio_without_exposure_risks_nothing():
    found = portfolio_tails((0.0,), [(0.01,), (-0.02,)], 950_000, 1, SeededRandomness(1).stream("test", "draws"), 100)
    assert {abs(measure.value_at_risk) for measure in found} == {0.0}


def test_stress_moves_prices_and_values_positions_again():
    holdings = [Holding("BTC", 2 * WHOLE, -WHOLE, 50_000 * WHOLE), Holding("USDT", 1_000 * WHOLE, 0, WHOLE)]
    scenario = StressScenario("test", (Shock("BTC", -100_000), Shock("USDT", -50_000)))
    found = stress(holdings, 101_000 * WHOLE, scenario)
    assert found.lines == (StressLine("BTC", -5_000 * WHOLE), StressLine("USDT", -50 * WHOLE))
    assert found.equity_after_usd_minor == 101_000 * WHOLE - 5_050 * WHOLE


def test_a_basis_shock_moves_perpetuals_alone():
    holdings = [Holding("BTC", 2 * WHOLE, -WHOLE, 50_000 * WHOLE)]
    found = stress(holdings, 0, StressScenario("basis", (), 50_000))
    assert found.change_usd_minor == -2_500 * WHOLE


def test_house_scenarios_can_be_tested_and_bad_ones_are_refused_in_one_line():
    assert all(scenario_problem(scenario, ASSETS) is None for scenario in HOUSE_SCENARIOS)
    for shocks in (
        (Shock("DOGE", 1),),
        (Shock("USD", 1),),
        (Shock("BTC", 1), Shock("BTC", 2)),
        (Shock("BTC", -1_000_001),),
        (Shock("BTC", 10_000_001),),
    ):
        assert scenario_problem(StressScenario("bad", shocks), ASSETS)


def test_the_least_variance_hedge_cannot_be_bettered():
    matrix = ((4e-4, 3e-4), (3e-4, 9e-4))
    exposures = (1e10, 2e10)
    hedge = least_variance_hedge(("BTC", "ETH"), exposures, matrix, "BTC", 50_000 * WHOLE)
    assert hedge is not None
    assert hedge.value_usd_minor == round(-(4e-4 * 1e10 + 3e-4 * 2e10) / 4e-4)
    best = hedge.deviation_after_usd_minor
    assert best < hedge.deviation_before_usd_minor
    for other in (0.9, 1.1):
        tried = deviation_of((exposures[0] + other * hedge.value_usd_minor, exposures[1]), matrix)
        assert tried > best


def test_hedges_need_a_price_and_a_variance():
    matrix = ((0.0,),)
    assert least_variance_hedge(("BTC",), (1e10,), matrix, "BTC", WHOLE) is None
    assert least_variance_hedge(("BTC",), (1e10,), ((1e-4,),), "BTC", 0) is None
    flat = delta_hedge(("BTC",), (1e10,), ((1e-4,),), "BTC", 50_000 * WHOLE, 10**10)
    assert flat is not None
    assert (flat.value_usd_minor, flat.deviation_after_usd_minor) == (-(10**10), 0)
    assert flat.amount_minor == -(10**10) * WHOLE // (50_000 * WHOLE)
    assert math.isclose(flat.deviation_before_usd_minor, 10**8)
