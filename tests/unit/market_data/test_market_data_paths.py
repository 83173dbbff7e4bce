"""Shapes of generated prices: what their parameters say is what a sample of their paths shows."""

from __future__ import annotations

import itertools
import math
import statistics as textbook
from typing import Any

import pytest
from tests.campaign import seeds

from trading_ecosystem.domains.market_data.generated_paths import LOWEST_SHARE, GeneratedPaths
from trading_ecosystem.domains.market_data.parameters import MarketDataParameters
from trading_ecosystem.domains.market_data.path_shapes import PathKind, PathParameters, regimes_of
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.sessions import activity_ppm
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE, SPOT_PAIRS
from trading_ecosystem.runtime.randomness import SeededRandomness

WHOLE = 10**8
YEAR = 365 * DAY
BTC, ETH = 0.5, 0.8
SHAPES = [kind for kind in PathKind if kind is not PathKind.STOCHASTIC_VOLATILITY]
PARAMETERS = {
    PathKind.RALLY: {"magnitude_ppm": 100_000, "over_ns": HOUR},
    PathKind.CRASH: {"magnitude_ppm": -200_000, "factor": "3", "over_ns": HOUR},
    PathKind.DIVERGENCE: {"magnitude_ppm": 100_000, "over_ns": HOUR},
    PathKind.VOLATILITY_SPIKE: {"factor": "5", "over_ns": HOUR},
    PathKind.CONSOLIDATION: {"factor": "0.3", "over_ns": HOUR, "half_life_ns": 10 * MINUTE},
}


def paths(seed: int, kind: PathKind, volatility: bool = True, **shape: Any) -> GeneratedPaths:
    parameters = MarketDataParameters(
        instruments=("BTC/USD", "ETH/USD", "USDT/USD"),
        tick_ns=MINUTE,
        usd_prices_minor={"BTC": 60_000 * WHOLE, "ETH": 3_000 * WHOLE, "USDT": WHOLE},
        annual_volatility={"BTC": str(BTC * volatility), "ETH": str(ETH * volatility), "USDT": "0.02"},
        correlation="0.6",
        jumps=False,
        path=PathParameters(kind=kind, **(PARAMETERS.get(kind, {}) | shape)),
    )
    return GeneratedPaths("market-data", parameters, SeededRandomness(seed))


def logs(path: GeneratedPaths, steps: int, step_ns: int, column: int = 0) -> list[float]:
    """Log prices over the first one, at instants ``step_ns`` apart."""
    prices = [path.values(step * step_ns)[column] for step in range(steps + 1)]
    return [math.log(price / prices[0]) for price in prices]  # type: ignore[operator]


def returns(values: list[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(values)]


def annual(values: list[float], step_ns: int) -> float:
    return textbook.pstdev(returns(values)) * math.sqrt(YEAR / step_ns)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_shape_has_the_same_prices_however_often_it_is_looked_at_again(kind):
    assert logs(paths(1, kind), 50, MINUTE) == logs(paths(1, kind), 50, MINUTE)
    again = paths(1, kind)
    assert again.values(0) == again.values(0)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_whole_component_prices_every_instrument_without_a_free_triangle(bench, kind):
    shape = PathParameters(kind=kind, **PARAMETERS.get(kind, {}))
    run = bench(path=shape).run(2 * HOUR)
    last = {symbol: run.of(FundamentalPriceChanged, symbol)[-1][1].price_minor for symbol in SPOT_PAIRS}
    assert last["BTC/USD"] == pytest.approx(last["BTC/USDT"] * last["USDT/USD"] / WHOLE, rel=1e-6)
    assert last["ETH/USD"] == pytest.approx(last["ETH/BTC"] * last["BTC/USD"] / WHOLE, rel=1e-6)


def test_a_perpetual_stays_beside_its_underlying_in_every_shape(bench):
    for kind in SHAPES:
        run = bench(path=PathParameters(kind=kind, **PARAMETERS.get(kind, {})), instruments=("BTC/USD", "BTC-PERP")).run(HOUR)
        spot, perpetual = (
            [message.price_minor for _, message in run.of(FundamentalPriceChanged, symbol)]
            for symbol in ("BTC/USD", "BTC-PERP")
        )
        gaps = [abs(own / other - 1) for own, other in zip(perpetual, spot, strict=True)]
        assert 0 < max(gaps) < 0.003


@pytest.mark.parametrize("kind", [PathKind.GEOMETRIC_BROWNIAN, PathKind.BROWNIAN])
def test_a_brownian_motion_has_the_volatility_and_the_correlation_asked_for(kind):
    path = paths(5, kind)
    rows = [path.values(step * MINUTE) for step in range(8_001)]
    in_price = kind is PathKind.BROWNIAN  # whose increments are a share of the first price, not of the last one
    btc, eth = ([row[column] / rows[0][column] if in_price else math.log(row[column]) for row in rows] for column in (0, 1))
    assert annual(btc, MINUTE) == pytest.approx(BTC, rel=0.04)
    assert annual(eth, MINUTE) == pytest.approx(ETH, rel=0.04)
    assert textbook.correlation(returns(btc), returns(eth)) == pytest.approx(0.6, abs=0.03)


@pytest.mark.parametrize("kind", [PathKind.GEOMETRIC_BROWNIAN, PathKind.BROWNIAN])
def test_the_drift_is_that_of_the_expected_price(kind):
    ends = [math.exp(logs(paths(seed, kind, drift="2"), 4, 30 * DAY)[-1]) for seed in range(600)]
    years = 4 * 30 * DAY / YEAR
    expected = math.exp(2 * years) if kind is PathKind.GEOMETRIC_BROWNIAN else 1 + 2 * years
    error = textbook.stdev(ends) / math.sqrt(len(ends))
    assert textbook.fmean(ends) == pytest.approx(expected, abs=4 * error)


def test_a_brownian_motion_of_the_price_stays_above_its_floor():
    for seed in range(20):
        assert min(logs(paths(seed, PathKind.BROWNIAN, drift="-10"), 100, DAY)) >= math.log(LOWEST_SHARE) - 1e-12


def test_mean_reversion_has_its_half_life_and_its_spread():
    starts = [logs(paths(seed, PathKind.MEAN_REVERTING, half_life_ns=HOUR), 400, 15 * MINUTE) for seed in range(20)]
    late = [values[100:] for values in starts]
    flat = [value for values in late for value in values]
    stationary = BTC / math.sqrt(2 * math.log(2) * YEAR / HOUR)
    assert textbook.pstdev(flat) == pytest.approx(stationary, rel=0.1)
    lagged = [(values[i], values[i + 4]) for values in late for i in range(len(values) - 4)]
    assert textbook.correlation(*zip(*lagged, strict=True)) == pytest.approx(0.5, abs=0.07)


def test_trends_make_returns_go_on():
    def persistence(kind: PathKind, **shape: Any) -> float:
        values = [returns(logs(paths(seed, kind, **shape), 200, HOUR)) for seed in range(15)]
        pairs = [pair for series in values for pair in itertools.pairwise(series)]
        return textbook.correlation(*zip(*pairs, strict=True))

    assert persistence(PathKind.TREND_FOLLOWING, half_life_ns=8 * HOUR, strength="2") > 0.15
    assert abs(persistence(PathKind.GEOMETRIC_BROWNIAN)) < 0.06


@pytest.mark.parametrize(
    ("kind", "btc", "eth"), [(PathKind.RALLY, 1.1, 1.1), (PathKind.CRASH, 0.8, 0.8), (PathKind.DIVERGENCE, 1 / 1.1, 1.1)]
)
def test_a_named_move_moves_the_expected_price_in_its_window_only(kind, btc, eth):
    still = paths(1, kind, volatility=False, start_ns=HOUR)
    rows = [still.values(step * MINUTE) for step in range(181)]
    for column, end in ((0, btc), (1, eth)):
        moved = [row[column] / rows[0][column] for row in rows]
        assert moved[60] == 1
        assert moved[90] == pytest.approx(math.sqrt(end), rel=1e-9)
        assert moved[120] == pytest.approx(end, rel=1e-9)
        assert moved[180] == moved[120]


@pytest.mark.parametrize(
    ("kind", "factor"), [(PathKind.VOLATILITY_SPIKE, 5.0), (PathKind.CRASH, 3.0), (PathKind.CONSOLIDATION, 0.3)]
)
def test_a_factor_multiplies_the_volatility_in_its_window_only(kind, factor):
    values = [
        logs(paths(seed, kind, start_ns=DAY, over_ns=DAY, half_life_ns=HOUR), 3 * 24 * 12, 5 * MINUTE) for seed in seeds(6, 30)
    ]
    day = 24 * 12
    for first, expected in ((0, 1.0), (day, factor), (2 * day, 1.0)):
        parts = [annual(series[first : first + day + 1], 5 * MINUTE) for series in values]
        assert textbook.fmean(parts) == pytest.approx(expected * BTC, rel=0.06)


def test_consolidation_pulls_prices_back_to_where_it_began():
    for seed in range(5):
        values = logs(paths(seed, PathKind.CONSOLIDATION, start_ns=DAY, over_ns=DAY, half_life_ns=HOUR), 2 * 24 * 60, MINUTE)
        level = values[24 * 60]
        spread = 0.3 * BTC / math.sqrt(2 * math.log(2) * YEAR / HOUR)
        assert max(abs(value - level) for value in values[24 * 60 :]) < 6 * spread


def test_in_a_divergence_coins_do_not_correlate():
    path = paths(3, PathKind.DIVERGENCE, start_ns=0, over_ns=10 * DAY)
    rows = [path.values(step * 5 * MINUTE) for step in range(2_500)]
    btc, eth = (returns([math.log(row[column]) for row in rows]) for column in (0, 1))
    assert abs(textbook.correlation(btc, eth)) < 0.07


@pytest.mark.parametrize("kind", [PathKind.STOCHASTIC_VOLATILITY, PathKind.GEOMETRIC_BROWNIAN, PathKind.BROWNIAN])
def test_time_of_day_makes_volatility_go_with_the_usual_activity_and_changes_no_draw(bench, kind):
    def moves(time_of_day: bool) -> dict[int, float]:
        run = bench(path=PathParameters(kind=kind), time_of_day=time_of_day, tick_ns=5 * MINUTE).run(DAY)
        rows = [(at, math.log(message.price_minor)) for at, message in run.of(FundamentalPriceChanged, "ETH/USD")]
        return {at: after - before for (at, before), (_, after) in itertools.pairwise(rows)}

    flat, moving, start = moves(False), moves(True), bench().start
    for at, move in flat.items():
        assert moving[at] == pytest.approx(move * math.sqrt(activity_ppm(start + at) / 1_000_000), rel=0.05, abs=2e-6)
    assert flat != moving


@pytest.mark.parametrize("kind", SHAPES)
def test_regimes_are_in_order_of_time_and_begin_at_once(kind):
    regimes = regimes_of(PathParameters(kind=kind, **(PARAMETERS.get(kind, {}) | {"start_ns": HOUR})))
    begins = [regime.from_ns for regime in regimes]
    assert begins[0] == 0
    assert begins == sorted(begins)
