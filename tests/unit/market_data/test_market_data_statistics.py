"""Answers about what prices did, against a reading of the published prices by brute force."""

from __future__ import annotations

import itertools
import math
import statistics as textbook
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.market_data.price_bars import HOURS, MINUTES, BarSeries, PriceHistory
from trading_ecosystem.domains.market_data.statistics import coin_moments, correlation_matrix, ratio_ppm
from trading_ecosystem.messages.market_data import (
    CandleClosed,
    CorrelationConditionSet,
    DivergenceConditionSet,
    FeedConditionKind,
    FeedConditionSet,
    PricePublished,
    VolatilityConditionSet,
)
from trading_ecosystem.messages.market_statistics import (
    CandlesQuestion,
    ConditionUnderWay,
    CorrelationQuestion,
    DayStatisticsQuestion,
    MarketConditionsQuestion,
    PriceGapsQuestion,
    ReferenceData,
    ReferenceInstrumentQuestion,
    VolatilityQuestion,
)
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE, SECOND, SPOT_PAIRS
from trading_ecosystem.ports.errors import NotFound

YEAR = 365 * DAY


def published(run: Any, symbol: str) -> list[PricePublished]:
    return [message for _, message in run.of(PricePublished, symbol)]


def minute_closes(run: Any, symbol: str) -> dict[int, int]:
    return {message.priced_at // MINUTE * MINUTE: message.price_minor for message in published(run, symbol)}


def minute_returns(run: Any, symbol: str) -> dict[int, float]:
    pairs = itertools.pairwise(minute_closes(run, symbol).items())
    return {at: math.log(price / before) for (_, before), (at, price) in pairs}


@pytest.fixture(scope="module")
def long_run() -> Any:
    from tests.unit.market_data.conftest import Bench

    return Bench(seed=8, jumps=True).run(30 * HOUR)


@pytest.mark.parametrize("interval_ns", [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY])
def test_candles_of_every_interval_equal_brute_force_and_include_the_open_one(long_run, interval_ns):
    expected: dict[int, list[int]] = defaultdict(list)
    for message in published(long_run, "ETH/USD"):
        expected[message.priced_at // interval_ns * interval_ns].append(message.price_minor)
    if interval_ns < HOUR:  # bars of a minute reach back 25 hours only, and a candle whose beginning is forgotten is left out
        newest = long_run.start + 30 * HOUR
        oldest = newest // MINUTE * MINUTE - (MINUTES - 1) * MINUTE
        expected = {at: prices for at, prices in expected.items() if at >= oldest}
    candles = long_run.component.answer(CandlesQuestion("ETH/USD", interval_ns, limit=5_000))
    assert list(candles) == [
        CandleClosed("ETH/USD", interval_ns, at, prices[0], max(prices), min(prices), prices[-1], len(prices))
        for at, prices in sorted(expected.items())
    ]
    last = published(long_run, "ETH/USD")[-1]
    assert candles[-1].close_minor == last.price_minor


def test_candles_are_said_and_answered_alike(bench):
    run = bench(candle_intervals_ns=(MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY)).run(25 * HOUR)
    for interval_ns in run.component.parameters.candle_intervals_ns:
        said = [message for _, message in run.of(CandleClosed, "BTC/USD") if message.interval_ns == interval_ns]
        answered = run.component.answer(CandlesQuestion("BTC/USD", interval_ns, limit=10_000))[:-1]
        assert said[-len(answered) :] == list(answered)[-len(said) :]
        assert said


def test_a_range_and_a_limit_choose_candles(long_run):
    whole = long_run.component.answer(CandlesQuestion("BTC/USD", HOUR))
    middle = long_run.component.answer(CandlesQuestion("BTC/USD", HOUR, whole[3].opened_at, whole[7].opened_at))
    assert middle == whole[3:7]
    assert long_run.component.answer(CandlesQuestion("BTC/USD", HOUR, limit=2)) == whole[-2:]
    assert long_run.component.answer(CandlesQuestion("BTC/USD", HOUR, limit=0)) == ()


@pytest.mark.parametrize("interval_ns", [0, -MINUTE, SECOND, 7 * MINUTE, 90 * MINUTE, 2 * DAY])
def test_an_interval_that_cannot_be_put_together_is_not_found(bench, interval_ns):
    with pytest.raises(NotFound, match="whole minutes that divide a day"):
        bench().component.answer(CandlesQuestion("BTC/USD", interval_ns))


@pytest.mark.parametrize("question", [DayStatisticsQuestion, VolatilityQuestion, ReferenceInstrumentQuestion])
def test_an_unknown_instrument_is_not_found(bench, question):
    component = bench(instruments=("BTC/USD",)).component
    with pytest.raises(NotFound, match="ETH/USD"):
        component.answer(question("ETH/USD"))
    assert component.answer(question()) == (
        () if question is not ReferenceInstrumentQuestion else component.answer(question("BTC/USD"))
    )


def test_the_day_rolls_over_the_last_24_hours(long_run):
    newest = published(long_run, "BTC/USD")[-1]
    from_at = newest.priced_at // MINUTE * MINUTE + MINUTE - DAY
    window = [message for message in published(long_run, "BTC/USD") if message.priced_at >= from_at]
    prices = [message.price_minor for message in window]
    (day,) = long_run.component.answer(DayStatisticsQuestion("BTC/USD"))
    assert (day.from_at, day.until, day.prices) == (from_at, newest.priced_at, len(window))
    assert (day.open_minor, day.high_minor, day.low_minor, day.last_minor) == (
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
    )
    assert day.change_ppm == round((prices[-1] / prices[0] - 1) * 1_000_000)
    returns = [value for at, value in minute_returns(long_run, "BTC/USD").items() if at > from_at]
    realised = math.sqrt(math.fsum(value * value for value in returns) / (len(returns) * MINUTE) * YEAR)
    assert day.volatility_ppm == pytest.approx(realised * 1_000_000, abs=1)
    assert len(long_run.component.answer(DayStatisticsQuestion())) == len(SPOT_PAIRS)


def test_volatility_measures_find_the_volatility_that_paths_are_made_with(bench):
    run = bench(seed=2).run(30 * HOUR)
    (estimate,) = run.component.answer(VolatilityQuestion("BTC/USDT"))
    # The volatility itself moves (stationary deviation of its logarithm 0.25), so that a day is near, not at, the mean.
    assert estimate.day_ppm is not None
    assert estimate.range_ppm == pytest.approx(estimate.day_ppm, rel=0.35)
    assert estimate.recent_ppm == pytest.approx(estimate.hour_ppm, rel=0.3)
    assert 300_000 < estimate.day_ppm < 1_100_000
    assert estimate.expected_ppm != estimate.recent_ppm


def test_the_recent_volatility_weighs_returns_by_age(long_run):
    closes = list(minute_closes(long_run, "ETH/BTC").items())[-MINUTES:]
    newest = closes[-1][0]
    squares = spans = 0.0
    for (before_at, before), (at, price) in itertools.pairwise(closes):
        weight = 0.5 ** ((newest - at) / HOUR)
        squares += weight * math.log(price / before) ** 2
        spans += weight * (at - before_at)
    (estimate,) = long_run.component.answer(VolatilityQuestion("ETH/BTC"))
    assert estimate.recent_ppm == pytest.approx(math.sqrt(squares / spans * YEAR) * 1_000_000, abs=2)


def test_correlations_equal_the_textbook(long_run):
    matrix = long_run.component.answer(CorrelationQuestion(2 * HOUR))
    assert [(pair.left, pair.right) for pair in matrix.pairs] == list(itertools.combinations(SPOT_PAIRS, 2))
    returns = {symbol: minute_returns(long_run, symbol) for symbol in SPOT_PAIRS}
    for pair in matrix.pairs:
        shared = [at for at in returns[pair.left] if at in returns[pair.right]]
        now = [at for at in shared if at > matrix.at - 2 * HOUR]
        assert pair.observations == len(now)
        expected = textbook.correlation([returns[pair.left][at] for at in now], [returns[pair.right][at] for at in now])
        assert pair.correlation_ppm == pytest.approx(expected * 1_000_000, abs=1)
        assert not pair.diverged


def test_a_broken_correlation_is_reported_as_diverged(bench):
    broken = CorrelationConditionSet("market-data", "parting", "ETH", "BTC", -500_000, 6 * HOUR, HOUR)
    run = bench(inputs=((20 * HOUR, broken),)).run(22 * HOUR)
    pairs = {(pair.left, pair.right): pair for pair in run.component.answer(CorrelationQuestion(HOUR)).pairs}
    pair = pairs["BTC/USD", "ETH/USD"]
    assert pair.diverged
    assert pair.correlation_ppm < 0 < 600_000 < pair.usual_ppm
    assert pair.deviation_milli < -3_000
    assert not pairs["BTC/USD", "BTC/USDT"].diverged


def test_a_correlation_needs_returns(bench):
    matrix = bench().run(10 * MINUTE).component.answer(CorrelationQuestion())
    assert {(pair.correlation_ppm, pair.usual_ppm, pair.deviation_milli, pair.diverged) for pair in matrix.pairs} == {
        (None, None, None, False)
    }


def test_gaps_of_one_underlying_are_none_until_an_instrument_diverges(bench):
    closed = bench().run(HOUR).component.answer(PriceGapsQuestion())
    assert [(gap.underlying, gap.left, gap.right) for gap in closed] == [
        ("BTC", "BTC/USD", "BTC/USDT"),
        ("ETH", "ETH/USD", "ETH/USDT"),
    ]
    assert all(gap.gap_ppm == gap.widest_ppm == 0 for gap in closed)
    gap = DivergenceConditionSet("market-data", "gap", "BTC/USDT", -40_000, 10 * MINUTE, 10 * MINUTE, 10 * MINUTE)
    run = bench(inputs=((0, gap),)).run(25 * MINUTE)
    (btc, eth) = run.component.answer(PriceGapsQuestion())
    assert btc.widest_ppm == ratio_ppm(40_000, 960_000)
    assert btc.gap_ppm == pytest.approx((1 / math.sqrt(0.96) - 1) * 1_000_000, abs=2)
    assert (eth.gap_ppm, eth.widest_ppm) == (0, 0)


def test_reference_data_says_decimals_and_range(bench):
    (usdt,) = bench().component.answer(ReferenceInstrumentQuestion("USDT/USD"))
    assert usdt == ReferenceData("USDT/USD", "USDT", "USD", 10_000, 1_000_000, 4, 2, 10_000, 10**18)
    (btc,) = bench().component.answer(ReferenceInstrumentQuestion("BTC/USD"))
    assert (btc.price_decimals, btc.quantity_decimals) == (2, 6)


def test_conditions_under_way_are_listed_until_they_end(bench):
    start = bench().start
    inputs = (
        (0, VolatilityConditionSet("market-data", "v", ("BTC",), 3_000_000, 0, 10 * MINUTE, 0)),
        (0, CorrelationConditionSet("market-data", "c", "ETH", "BTC", 0, 20 * MINUTE, 0)),
        (0, DivergenceConditionSet("market-data", "d", "ETH/BTC", 1_000, 0, 30 * MINUTE, 0)),
        (0, FeedConditionSet("market-data", "f", FeedConditionKind.FEED_STALE, (), start + 40 * MINUTE)),
    )
    run = bench(inputs=inputs).run(0)
    assert run.component.answer(MarketConditionsQuestion()) == (
        ConditionUnderWay("v", "volatility_spike", ("BTC",), False),
        ConditionUnderWay("c", "correlation_break", ("ETH", "BTC"), False),
        ConditionUnderWay("d", "divergence", ("ETH/BTC",), False),
        ConditionUnderWay("f", "feed_stale", (), False),
    )
    listed = run.run(15 * MINUTE).component.answer(MarketConditionsQuestion())
    assert [(one.condition_id, one.in_effect) for one in listed] == [("c", True), ("d", True), ("f", True)]
    assert run.run(HOUR).component.answer(MarketConditionsQuestion()) == ()


def test_answers_change_nothing(bench):
    asked, silent = bench().run(0), bench().run(2 * HOUR)
    for minute in range(0, 120, 10):
        asked.run(minute * MINUTE)
        for question in (DayStatisticsQuestion(), VolatilityQuestion(), CorrelationQuestion(), PriceGapsQuestion()):
            asked.component.answer(question)
    assert asked.run(2 * HOUR).said == silent.said


PRICES = st.lists(st.tuples(st.integers(0, 3 * MINUTE), st.integers(1, 10**18)), max_size=80)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(PRICES, st.integers(1, 10))
def test_bars_are_bounded_and_forget_the_oldest(steps, most):
    bars, now, kept = BarSeries(MINUTE, most), 0, {}
    for pause, price in steps:
        now += pause
        bars.add(now, price)
        kept.setdefault(now // MINUTE * MINUTE, []).append(price)
    newest = sorted(kept)[-most:]
    assert list(bars.opened) == newest
    assert list(bars.closes) == [kept[at][-1] for at in newest]
    assert list(bars.highs) == [max(kept[at]) for at in newest]
    assert list(bars.lows) == [min(kept[at]) for at in newest]
    bars.add(now - MINUTE * (now >= MINUTE), 1)  # late for the newest bar: it belongs to none
    assert now < MINUTE or list(bars.opened) == newest


def test_a_history_is_bounded():
    history = PriceHistory(("BTC/USD",))
    for minute in range(40 * 24 * 60):
        history.add(PricePublished("BTC/USD", 1 + minute, minute * MINUTE, minute))
    assert len(history.minutes["BTC/USD"].opened) == MINUTES
    assert len(history.hours["BTC/USD"].opened) == HOURS


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10**12), st.integers(1, 10**12)), min_size=2, max_size=90))
def test_correlations_stay_within_one(prices):
    history = PriceHistory(("BTC/USD", "ETH/USD"))
    for minute, (btc, eth) in enumerate(prices):
        history.add(PricePublished("BTC/USD", btc, minute * MINUTE, minute))
        history.add(PricePublished("ETH/USD", eth, minute * MINUTE, minute))
    (pair,) = correlation_matrix(history, len(prices) * MINUTE, HOUR).pairs
    assert pair.correlation_ppm is None or abs(pair.correlation_ppm) <= 1_000_000
    moments = coin_moments(history, "ETH", "BTC")
    assert moments is None or (abs(moments.correlation) <= 1 + 1e-9 and moments.ratio > 0)


def test_coin_moments_of_a_history_find_what_paths_are_made_with(long_run):
    moments = coin_moments(long_run.component._history, "ETH", "BTC")
    assert moments is not None
    assert moments.correlation == pytest.approx(0.8, abs=0.05)
    assert moments.ratio == pytest.approx(0.70 / 0.55, rel=0.05)


@pytest.mark.parametrize(("part", "whole", "expected"), [(1, 3, 333_333), (-1, 3, -333_333), (2, 3, 666_667), (0, 7, 0)])
def test_ratios_are_rounded_to_the_nearest(part, whole, expected):
    assert ratio_ppm(part, whole) == expected
