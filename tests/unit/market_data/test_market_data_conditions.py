"""Price conditions: exact displaced prices, clean twins, what takes effect when, overlaps, residuals, rollback."""

from __future__ import annotations

import math
from typing import Any

import pytest

from trading_ecosystem.messages.market_data import (
    FundamentalPriceChanged,
    PriceConditionKind,
    PriceConditionSet,
    PricePublished,
)
from trading_ecosystem.messages.test_coordination import ConditionCleared, ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.units import HOUR, INSTRUMENTS, MINUTE, SECOND

WHOLE = 10**8
STILL = {"BTC": "0", "ETH": "0", "USDT": "0"}


def condition(condition_id: str = "depeg-1", **changes: Any) -> PriceConditionSet:
    values: dict[str, Any] = {
        "component": "market-data",
        "condition_id": condition_id,
        "kind": PriceConditionKind.STABLECOIN_DEPEG,
        "assets": ("USDT",),
        "magnitude_ppm": -50_000,
        "ramp_ns": 10 * MINUTE,
        "hold_ns": 20 * MINUTE,
        "recovery_ns": 10 * MINUTE,
    }
    return PriceConditionSet(**(values | changes))


def prices(run: Any, symbol: str) -> dict[int, int]:
    return {at: message.price_minor for at, message in run.of(FundamentalPriceChanged, symbol)}


def marks(run: Any) -> list[tuple[int, Any]]:
    """Every condition message with the offset in seconds."""
    kinds = (ConditionTookEffect, ConditionEnded)
    return [((at - run.start) // SECOND, message) for at, message in run.said if isinstance(message, kinds)]


def test_depeg_follows_its_path_exactly_in_a_still_market(bench):
    run = bench(inputs=((MINUTE, condition()),), annual_volatility=STILL).run(HOUR)
    usdt = prices(run, "USDT/USD")
    full = math.log(0.95)
    assert usdt[MINUTE] == WHOLE
    assert usdt[MINUTE + 10 * SECOND] == round(WHOLE * math.exp(full / 60))
    assert usdt[6 * MINUTE] == round(WHOLE * math.sqrt(0.95)) == 97_467_943
    assert usdt[11 * MINUTE] == usdt[21 * MINUTE] == usdt[31 * MINUTE] == 95_000_000
    assert usdt[36 * MINUTE] == 97_467_943
    assert usdt[41 * MINUTE] == usdt[HOUR] == WHOLE
    assert prices(run, "BTC/USDT")[20 * MINUTE] == round(60_000 * WHOLE / 0.95)
    assert prices(run, "ETH/USDT")[20 * MINUTE] == round(3_000 * WHOLE / 0.95)
    for untouched in ("BTC/USD", "ETH/USD", "ETH/BTC"):
        assert len(set(prices(run, untouched).values())) == 1
    assert marks(run) == [
        (70, ConditionTookEffect("market-data", "depeg-1", "BTC/USDT")),
        (41 * 60, ConditionEnded("market-data", "depeg-1")),
    ]


def test_marks_stand_right_before_the_first_changed_and_the_first_unchanged_message(bench):
    run = bench(inputs=((MINUTE, condition()),), annual_volatility=STILL, instruments=("BTC/USD", "USDT/USD")).run(HOUR)
    took = run.said.index((run.start + 70 * SECOND, ConditionTookEffect("market-data", "depeg-1", "USDT/USD")))
    first = run.said[took + 1][1]
    assert (type(first), first.instrument) == (FundamentalPriceChanged, "USDT/USD")
    assert first.price_minor < WHOLE
    ended = run.said.index((run.start + 41 * MINUTE, ConditionEnded("market-data", "depeg-1")))
    assert all(getattr(message, "price_minor", WHOLE) >= WHOLE for _, message in run.said[ended:])


def test_clean_twin_says_the_same_until_onset_and_again_after_the_end(bench):
    for seed in range(5):
        clean = bench(seed=seed, jumps=True).run(HOUR)
        faulted = bench(seed=seed, jumps=True, inputs=((MINUTE, condition()),)).run(HOUR)
        onset = next(position for position, (_, said) in enumerate(faulted.said) if isinstance(said, ConditionTookEffect))
        assert faulted.said[:onset] == clean.said[:onset]
        assert faulted.said[onset + 1][1] != clean.said[onset][1]
        after = clean.start + 42 * MINUTE
        assert [e for e in faulted.said if e[0] > after] == [e for e in clean.said if e[0] > after]


def test_displacement_rides_on_the_random_path(bench):
    clean = prices(bench(seed=9).run(HOUR), "BTC/USD")
    shock = condition("shock-1", kind=PriceConditionKind.PRICE_SHOCK, assets=("BTC",), magnitude_ppm=80_000, ramp_ns=0)
    shocked = prices(bench(seed=9, inputs=((MINUTE, shock),)).run(HOUR), "BTC/USD")
    for at in range(70 * SECOND, 21 * MINUTE, 10 * SECOND):
        assert shocked[at] == pytest.approx(clean[at] * 1.08, abs=2)


def test_triangles_stay_closed_while_displaced(bench):
    crash = condition("crash-1", kind=PriceConditionKind.MARKET_CRASH, assets=("BTC", "ETH"), magnitude_ppm=-150_000)
    run = bench(jumps=True, inputs=((MINUTE, crash), (5 * MINUTE, condition()))).run(HOUR)
    usd = {asset: prices(run, f"{asset}/USD") for asset in ("BTC", "ETH", "USDT")}
    for symbol in ("BTC/USDT", "ETH/USDT", "ETH/BTC"):
        base, quote = INSTRUMENTS[symbol].base, INSTRUMENTS[symbol].quote
        for at, price in prices(run, symbol).items():
            assert price == pytest.approx(usd[base][at] * WHOLE / usd[quote][at], rel=1e-6)
    assert prices(run, "ETH/BTC") == prices(bench(jumps=True).run(HOUR), "ETH/BTC")  # both coins fell alike


def test_overlapping_conditions_add_up_in_log_space(bench):
    second = condition("depeg-2", magnitude_ppm=-20_000, ramp_ns=0, hold_ns=30 * MINUTE, recovery_ns=0)
    run = bench(inputs=((0, condition()), (10 * MINUTE, second)), annual_volatility=STILL).run(HOUR)
    usdt = prices(run, "USDT/USD")
    assert usdt[10 * MINUTE] == 95_000_000  # the second is set after this tick
    assert usdt[20 * MINUTE] == round(WHOLE * 0.95 * 0.98) == 93_100_000
    assert usdt[35 * MINUTE] == round(WHOLE * math.sqrt(0.95) * 0.98)
    assert usdt[40 * MINUTE] == WHOLE
    assert [(at, type(mark), mark.condition_id) for at, mark in marks(run)] == [
        (10, ConditionTookEffect, "depeg-1"),
        (610, ConditionTookEffect, "depeg-2"),
        (2400, ConditionEnded, "depeg-1"),
        (2400, ConditionEnded, "depeg-2"),
    ]


def test_a_residual_is_the_new_level_after_the_end(bench):
    crash = condition(
        "crash-1", kind=PriceConditionKind.MARKET_CRASH, assets=("BTC",), magnitude_ppm=-150_000, residual_ppm=-60_000
    )
    run = bench(inputs=((0, crash),), annual_volatility=STILL, instruments=("BTC/USD",)).run(2 * HOUR)
    btc = prices(run, "BTC/USD")
    assert btc[10 * MINUTE] == btc[30 * MINUTE] == 51_000 * WHOLE
    assert btc[35 * MINUTE] == round(60_000 * WHOLE * math.sqrt(0.85 * 0.94))
    assert btc[40 * MINUTE] == btc[2 * HOUR] == 56_400 * WHOLE
    assert marks(run) == [
        (10, ConditionTookEffect("market-data", "crash-1", "BTC/USD")),
        (2400, ConditionEnded("market-data", "crash-1")),
    ]
    tick = [message for at, message in run.said if at == run.start + 40 * MINUTE]
    assert tick[-1] == ConditionEnded("market-data", "crash-1")


def test_a_step_to_a_new_level_takes_effect_and_ends_at_the_same_tick(bench):
    step = condition("step-1", assets=("BTC",), magnitude_ppm=0, ramp_ns=0, hold_ns=0, recovery_ns=0, residual_ppm=100_000)
    run = bench(inputs=((0, step),), annual_volatility=STILL, instruments=("BTC/USD",)).run(MINUTE)
    assert prices(run, "BTC/USD")[10 * SECOND] == prices(run, "BTC/USD")[MINUTE] == 66_000 * WHOLE
    assert [(at, type(mark)) for at, mark in marks(run)] == [(10, ConditionTookEffect), (10, ConditionEnded)]


def test_a_condition_too_small_to_see_ends_without_having_taken_effect(bench):
    nothing = condition("small-1", assets=("BTC", "ETH"), magnitude_ppm=-50_000)
    run = bench(inputs=((0, nothing),), instruments=("ETH/BTC", "USDT/USD")).run(HOUR)
    assert marks(run) == [(2400, ConditionEnded("market-data", "small-1"))]
    assert run.of(PricePublished) == bench(instruments=("ETH/BTC", "USDT/USD")).run(HOUR).of(PricePublished)


def test_took_effect_waits_until_a_price_differs_after_rounding(bench):
    slow = condition("slow-1", magnitude_ppm=-1_000, ramp_ns=10**6 * HOUR)
    run = bench(inputs=((0, slow),), annual_volatility=STILL, instruments=("USDT/USD",)).run(6 * HOUR)
    (at, mark), *_ = marks(run)
    # half a minor unit below one: ln(1 - 5e-9) / ln(1 - 1e-3) of the ramp
    due = math.log1p(-5e-9) / math.log1p(-1e-3) * 10**6 * HOUR / SECOND
    assert at == math.ceil(due / 10) * 10
    assert mark == ConditionTookEffect("market-data", "slow-1", "USDT/USD")
    assert prices(run, "USDT/USD")[at * SECOND] == WHOLE - 1
    assert prices(run, "USDT/USD")[(at - 10) * SECOND] == WHOLE


def test_clearing_takes_the_displacement_away_at_once(bench):
    cleared = ConditionCleared("market-data", "depeg-1")
    clean = bench(seed=2).run(HOUR)
    run = bench(seed=2, inputs=((0, condition()), (15 * MINUTE, cleared))).run(HOUR)
    assert [(at, type(mark)) for at, mark in marks(run)] == [(10, ConditionTookEffect), (900, ConditionEnded)]
    assert run.said[-1] == clean.said[-1]
    after = clean.start + 15 * MINUTE
    faulted = [message for at, message in run.said if at > after and isinstance(message, FundamentalPriceChanged)]
    assert faulted == [message for at, message in clean.said if at > after and isinstance(message, FundamentalPriceChanged)]


def test_clearing_what_is_not_under_way_says_nothing(bench):
    cleared = ConditionCleared("market-data", "depeg-1")
    run = bench(inputs=((0, condition()), (50 * MINUTE, cleared), (51 * MINUTE, cleared))).run(HOUR)
    assert [at for at, _ in marks(run)] == [10, 2400]


def test_setting_one_id_twice_is_a_bug(bench):
    with pytest.raises(AssertionError):
        bench(inputs=((0, condition()), (MINUTE, condition()))).run(HOUR)
