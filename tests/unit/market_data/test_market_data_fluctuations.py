"""Volatility spikes, correlation breaks and divergences: what they do to prices, to twins, and what they leave behind."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.market_data.fluctuations import (
    LARGEST,
    CoinMoments,
    CorrelationBreak,
    VolatilitySpike,
    asset_logs,
)
from trading_ecosystem.messages.market_data import (
    CorrelationConditionSet,
    DivergenceConditionSet,
    FundamentalPriceChanged,
    PriceRecorded,
    VolatilityConditionSet,
)
from trading_ecosystem.messages.market_statistics import PriceGapsQuestion
from trading_ecosystem.messages.test_coordination import ConditionCleared, ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND

WHOLE = 10**8


def spike(**changes: Any) -> VolatilityConditionSet:
    values: dict[str, Any] = {
        "component": "market-data",
        "condition_id": "spike",
        "assets": ("BTC", "ETH"),
        "factor_ppm": 5_000_000,
        "ramp_ns": 0,
        "hold_ns": 4 * HOUR,
        "recovery_ns": 30 * MINUTE,
    }
    return VolatilityConditionSet(**(values | changes))


def parting(correlation_ppm: int, **changes: Any) -> CorrelationConditionSet:
    values: dict[str, Any] = {
        "component": "market-data",
        "condition_id": "parting",
        "asset": "ETH",
        "against": "BTC",
        "correlation_ppm": correlation_ppm,
        "hold_ns": 4 * HOUR,
        "recovery_ns": HOUR,
    }
    return CorrelationConditionSet(**(values | changes))


def gap(**changes: Any) -> DivergenceConditionSet:
    values: dict[str, Any] = {
        "component": "market-data",
        "condition_id": "gap",
        "instrument": "BTC/USDT",
        "magnitude_ppm": 50_000,
        "buildup_ns": 10 * MINUTE,
        "sustain_ns": 20 * MINUTE,
        "recovery_ns": 10 * MINUTE,
    }
    return DivergenceConditionSet(**(values | changes))


def logs(run: Any, symbol: str, start: int, end: int) -> list[float]:
    """Log fundamental prices with offsets in [start, end]."""
    return [math.log(message.price_minor) for at, message in run.of(FundamentalPriceChanged, symbol) if start <= at <= end]


def returns(run: Any, symbol: str, start: int, end: int) -> list[float]:
    return [after - before for before, after in itertools.pairwise(logs(run, symbol, start, end))]


def deviation(values: list[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))


def correlation(left: list[float], right: list[float]) -> float:
    left_mean, right_mean = math.fsum(left) / len(left), math.fsum(right) / len(right)
    shared = math.fsum((a - left_mean) * (b - right_mean) for a, b in zip(left, right, strict=True)) / len(left)
    return shared / deviation(left) / deviation(right)


CONDITIONS = [spike(), parting(0), gap(buildup_ns=HOUR, sustain_ns=HOUR, recovery_ns=HOUR)]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.condition_id)
def test_a_clean_twin_says_the_same_until_onset_and_again_after_the_end(bench, condition):
    for seed in range(3):
        clean = bench(seed=seed, jumps=True).run(7 * HOUR)
        faulted = bench(seed=seed, jumps=True, inputs=((MINUTE, condition),)).run(7 * HOUR)
        onset = next(position for position, (_, said) in enumerate(faulted.said) if isinstance(said, ConditionTookEffect))
        assert faulted.said[:onset] == clean.said[:onset]
        assert faulted.said[onset + 1][1] != clean.said[onset][1]
        (ended_at,) = [at for at, _ in faulted.of(ConditionEnded)]
        after = [(at, said) for at, said in faulted.of(FundamentalPriceChanged) if at >= ended_at]
        assert after
        assert after == [(at, said) for at, said in clean.of(FundamentalPriceChanged) if at >= ended_at]


@pytest.mark.parametrize("factor", [2, 5, 10])
def test_a_spike_multiplies_what_prices_do_from_tick_to_tick_and_not_where_they_go(bench, factor):
    condition = spike(factor_ppm=factor * 1_000_000, hold_ns=20 * HOUR, assets=("BTC",))
    window = (HOUR, 20 * HOUR)
    clean = bench(seed=4).run(24 * HOUR)
    faulted = bench(seed=4, inputs=((0, condition),)).run(24 * HOUR)
    ratio = deviation(returns(faulted, "BTC/USD", *window)) / deviation(returns(clean, "BTC/USD", *window))
    assert ratio == pytest.approx(factor, rel=0.02)
    assert returns(faulted, "ETH/USD", *window) == returns(clean, "ETH/USD", *window)
    # The trend: averages over four hours, eight half lives, stay together while single prices are far apart.
    path, true = logs(faulted, "BTC/USD", *window), logs(clean, "BTC/USD", *window)
    apart = [own - other for own, other in zip(path, true, strict=True)]
    block = 4 * HOUR // (10 * SECOND)
    means = [math.fsum(apart[start : start + block]) / block for start in range(0, len(apart) - block, block)]
    assert max(abs(mean) for mean in means) < 0.5 * max(abs(value) for value in apart)
    assert max(abs(value) for value in apart) <= LARGEST + 1e-9


@pytest.mark.parametrize("wanted", [-1.0, -0.5, 0.0, 0.3, 1.0])
def test_a_break_gives_the_correlation_asked_for_and_leaves_volatility_alone(bench, wanted):
    condition = parting(int(wanted * 1_000_000), hold_ns=20 * HOUR)
    window = (MINUTE, 20 * HOUR)
    clean = bench(seed=9).run(20 * HOUR)
    faulted = bench(seed=9, inputs=((0, condition),)).run(20 * HOUR)
    assert correlation(returns(clean, "BTC/USD", *window), returns(clean, "ETH/USD", *window)) == pytest.approx(0.8, abs=0.02)
    btc, eth = returns(faulted, "BTC/USD", *window), returns(faulted, "ETH/USD", *window)
    assert correlation(btc, eth) == pytest.approx(wanted, abs=0.03)
    assert deviation(eth) == pytest.approx(deviation(returns(clean, "ETH/USD", *window)), rel=0.03)
    assert btc == returns(clean, "BTC/USD", *window)


def test_a_divergence_moves_one_instrument_and_nothing_else(bench):
    run = bench(inputs=((MINUTE, gap()),)).run(HOUR)
    clean = bench().run(HOUR)
    for symbol in ("BTC/USD", "ETH/USD", "ETH/USDT", "ETH/BTC", "USDT/USD"):
        assert run.of(FundamentalPriceChanged, symbol) == clean.of(FundamentalPriceChanged, symbol)
    true = {at: message.price_minor for at, message in clean.of(FundamentalPriceChanged, "BTC/USDT")}
    moved = {at: message.price_minor for at, message in run.of(FundamentalPriceChanged, "BTC/USDT")}
    assert moved[MINUTE] == true[MINUTE]
    assert moved[6 * MINUTE] / true[6 * MINUTE] == pytest.approx(math.sqrt(1.05), abs=1e-9)
    for at in (11 * MINUTE, 20 * MINUTE, 31 * MINUTE):
        assert moved[at] / true[at] == pytest.approx(1.05, abs=1e-9)
    assert moved[36 * MINUTE] / true[36 * MINUTE] == pytest.approx(math.sqrt(1.05), abs=1e-9)
    assert moved[41 * MINUTE] == true[41 * MINUTE]
    marks = [(at, said) for at, said in run.said if isinstance(said, (ConditionTookEffect, ConditionEnded))]
    assert marks == [
        (run.start + MINUTE + 10 * SECOND, ConditionTookEffect("market-data", "gap", "BTC/USDT")),
        (run.start + 41 * MINUTE, ConditionEnded("market-data", "gap")),
    ]


def test_a_perpetual_diverges_from_its_spot_market(bench):
    away = gap(instrument="BTC-PERP", magnitude_ppm=-50_000)
    pair = ("BTC/USD", "BTC-PERP")
    clean, run = bench(instruments=pair).run(HOUR), bench(instruments=pair, inputs=((MINUTE, away),)).run(HOUR)
    assert run.of(FundamentalPriceChanged, "BTC/USD") == clean.of(FundamentalPriceChanged, "BTC/USD")
    for (at, moved), (_, true) in zip(
        run.of(FundamentalPriceChanged, "BTC-PERP"), clean.of(FundamentalPriceChanged, "BTC-PERP"), strict=True
    ):
        if 11 * MINUTE <= at <= 31 * MINUTE:
            assert moved.price_minor / true.price_minor == pytest.approx(0.95, abs=1e-9)
        elif at <= MINUTE or at >= 41 * MINUTE:
            assert moved == true
    (basis,) = run.component.answer(PriceGapsQuestion())
    assert (basis.left, basis.right) == pair
    assert basis.widest_ppm == pytest.approx(52_632, abs=3_000)


def test_a_spike_works_on_a_recorded_market_too(bench):
    rows = tuple(
        (minute * MINUTE + 1, PriceRecorded("market-data", "BTC/USDT", (60_000 + (-1) ** minute * 30) * WHOLE))
        for minute in range(120)
    )
    clean = bench(recorded=True, inputs=rows).run(2 * HOUR)
    faulted = bench(recorded=True, inputs=(*rows, (HOUR, spike(hold_ns=HOUR)))).run(2 * HOUR)
    window = (HOUR + 10 * MINUTE, 2 * HOUR)
    ratio = deviation(returns(faulted, "BTC/USDT", *window)) / deviation(returns(clean, "BTC/USDT", *window))
    assert ratio == pytest.approx(5, rel=0.05)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.condition_id)
def test_clearing_takes_it_away_at_once(bench, condition):
    cleared = ConditionCleared("market-data", condition.condition_id)
    clean = bench().run(2 * HOUR)
    faulted = bench(inputs=((0, condition), (90 * MINUTE, cleared))).run(2 * HOUR)
    (at,) = [at for at, _ in faulted.of(ConditionEnded)]
    assert at == 90 * MINUTE
    after = [entry for entry in faulted.of(FundamentalPriceChanged) if entry[0] > at]
    assert after == [entry for entry in clean.of(FundamentalPriceChanged) if entry[0] > at]


PRICES = st.lists(st.floats(1e-3, 1e6), min_size=2, max_size=40)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(PRICES, st.integers(0, 10_000_000))
def test_a_spike_never_displaces_by_more_than_its_cap(prices, factor_ppm):
    condition = VolatilitySpike(spike(assets=("BTC",), factor_ppm=factor_ppm), 0)
    for number, price in enumerate(prices, 1):
        condition.observe({"BTC": math.log(price)}, number * SECOND)
        assert abs(condition.log_of("BTC/USD", number * SECOND)) <= LARGEST
    if factor_ppm == 1_000_000:
        assert condition.log_of("BTC/USD", len(prices) * SECOND) == 0.0


@settings(derandomize=True, max_examples=100, deadline=None)
@given(PRICES, PRICES, st.integers(-1_000_000, 1_000_000), st.floats(-1, 1), st.floats(0.1, 10))
def test_a_break_never_displaces_by_more_than_its_cap(btc, eth, correlation_ppm, usual, ratio):
    condition = CorrelationBreak(parting(correlation_ppm), CoinMoments(ratio, usual), 0)
    for number, (one, other) in enumerate(zip(btc, eth, strict=False), 1):
        condition.observe({"BTC": math.log(one), "ETH": math.log(other)}, number * SECOND)
        assert abs(condition.log_of("ETH/USD", number * SECOND)) <= LARGEST
        assert condition.log_of("ETH/BTC", number * SECOND) == condition.log_of("ETH/USD", number * SECOND)
        assert condition.log_of("BTC/USD", number * SECOND) == 0.0


def test_assets_are_priced_through_whatever_pair_there_is():
    assert asset_logs({"BTC/USD": 4.0, "ETH/BTC": 0.5}) == {"BTC": math.log(4.0), "ETH": math.log(0.5) + math.log(4.0)}
    assert asset_logs({"BTC/USDT": 4.0, "USDT/USD": 0.5}) == {"USDT": math.log(0.5), "BTC": math.log(4.0) + math.log(0.5)}
    assert asset_logs({"ETH/BTC": 2.0}) == {}
