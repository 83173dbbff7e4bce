"""Several sources: outliers and consensus, confidence, failover, staleness, order and range, smoothing, the circuit breaker."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.market_data.breakers import CircuitBreaker, too_far_ppm
from trading_ecosystem.domains.market_data.consensus import SourceQuote, agreement
from trading_ecosystem.domains.market_data.sources import (
    ConsensusMethod,
    ConsensusParameters,
    SourceLine,
    SourceParameters,
)
from trading_ecosystem.messages.market_data import (
    ConsensusReached,
    FeedHalted,
    FeedResumed,
    FundamentalPriceChanged,
    PriceConditionKind,
    PriceConditionSet,
    PricePublished,
    PriceRecorded,
    SourcePriceRecorded,
    SourceProblem,
    SourceSwitched,
)
from trading_ecosystem.messages.market_statistics import SourcesQuestion
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND
from trading_ecosystem.runtime.randomness import SeededRandomness

MILLION = 1_000_000
TICK = 10 * SECOND
STILL = {"BTC": "0", "ETH": "0", "USDT": "0"}


def source(name: str, priority: int, **changes: Any) -> SourceParameters:
    return SourceParameters(name=name, priority=priority, **({"every_ns": TICK} | changes))


def three(**changes: Any) -> ConsensusParameters:
    sources = tuple(source(name, number) for number, name in enumerate(("first", "second", "third"), 1))
    return ConsensusParameters(**({"sources": sources} | changes))


def quotes(*prices: int, weights: tuple[int, ...] = ()) -> list[SourceQuote]:
    chosen = weights or (MILLION,) * len(prices)
    pairs = zip(prices, chosen, strict=True)
    return [SourceQuote(f"s{number}", price, weight, number) for number, (price, weight) in enumerate(pairs, 1)]


def agreed(*prices: int, whole: int = 0, weights: tuple[int, ...] = ()) -> Any:
    said = quotes(*prices, weights=weights)
    return agreement(said, whole or sum(quote.weight_ppm for quote in said), 500)


def test_sources_that_agree_are_averaged_by_weight_with_full_confidence():
    assert (agreed(10**9, 10**9, 10**9).price_minor, agreed(10**9, 10**9, 10**9).confidence_ppm) == (10**9, MILLION)
    mixed = agreed(1_000_000, 1_000_100, 1_000_200, weights=(MILLION, MILLION, 2 * MILLION))
    assert mixed.price_minor == 1_000_125
    assert mixed.used == ("s1", "s2", "s3")


@pytest.mark.parametrize("wrong", [900_000, 1_100_000, 1])
def test_one_of_three_that_lies_apart_is_left_out(wrong):
    found = agreed(1_000_000, wrong, 1_000_100)
    assert (found.used, found.outliers, found.price_minor) == (("s1", "s3"), ("s2",), 1_000_050)
    assert found.confidence_ppm == pytest.approx(2 / 3 * MILLION * (1 - 0.00005 / 0.01), abs=20)


def test_the_textbook_rule_could_not_have_left_it_out():
    prices = [1_000_000, 2_000_000, 1_000_100]
    mean = sum(prices) / 3
    deviation = math.sqrt(sum((price - mean) ** 2 for price in prices) / 2)
    assert max(abs(price - mean) for price in prices) / deviation < 2 / math.sqrt(3) + 1e-9 < 2


def test_of_two_that_disagree_the_first_by_priority_is_believed():
    found = agreement(quotes(1_000_000, 1_010_000)[::-1], 2 * MILLION, 500)
    assert (found.used, found.outliers, found.price_minor, found.confidence_ppm) == (("s1",), ("s2",), 1_000_000, MILLION // 2)
    assert agreed(1_000_000, 1_000_900).used == ("s1", "s2")


def test_a_missing_source_and_a_spread_cost_confidence():
    assert agreed(10**9, 10**9, whole=4 * MILLION).confidence_ppm == MILLION // 2
    wide = agreement(quotes(990_000, 1_000_000, 1_010_000), 3 * MILLION, 20_000)
    assert wide.confidence_ppm == pytest.approx((1 - math.sqrt(2 / 3)) * MILLION, abs=100)
    assert agreement(quotes(950_000, 1_000_000, 1_050_000), 3 * MILLION, 90_000).confidence_ppm == 0


PRICES = st.lists(st.tuples(st.integers(1, 10**18), st.integers(1, 100 * MILLION)), min_size=1, max_size=8)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(PRICES)
def test_an_agreement_lies_between_its_sources_and_names_every_one_once(pairs):
    said = quotes(*(price for price, _ in pairs), weights=tuple(weight for _, weight in pairs))
    found = agreement(said, sum(weight for _, weight in pairs), 500)
    used = [quote.price_minor for quote in said if quote.source in found.used]
    assert min(used) <= found.price_minor <= max(used)
    assert sorted((*found.used, *found.outliers)) == sorted(quote.source for quote in said)
    assert 0 <= found.confidence_ppm <= MILLION


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    st.lists(st.integers(999_900, 1_000_100), min_size=2, max_size=6),
    st.integers(1, 900_000) | st.integers(1_100_000, 10**12),
    st.integers(0, 6),
)
def test_one_wrong_source_never_moves_the_price(right, wrong, place):
    at = min(place, len(right))
    said = quotes(*right[:at], wrong, *right[at:])
    found = agreement(said, len(said) * MILLION, 500)
    assert min(right) <= found.price_minor <= max(right)
    assert found.outliers == (f"s{at + 1}",)


def line(**changes: Any) -> SourceLine:
    return SourceLine(source("one", 1, **changes), SeededRandomness(1).stream("test", "one"))


def test_observations_out_of_order_or_from_the_future_are_refused():
    one = line()
    one.observe(100, 50, 0, 60)
    for observed_at in (50, 49, 61):
        one.observe(101, observed_at, 0, 60)
        assert one.refused_for is SourceProblem.OUT_OF_ORDER
    assert (one.price_minor, one.accepted, one.refused) == (100, 1, 3)
    one.observe(101, 51, 0, 60)
    assert (one.price_minor, one.refused_for) == (101, None)


@pytest.mark.parametrize(("price", "taken"), [(49, False), (50, True), (200, True), (201, False)])
def test_observations_out_of_range_are_refused_while_a_fresh_price_is_agreed_on(price, taken):
    one = line()
    one.observe(price, 1, 100, 1)
    assert (one.priced_at is not None) is taken
    assert one.problem_at(1) is (None if taken else SourceProblem.OUT_OF_RANGE)
    one.observe(price, 2, 0, 2)
    assert one.priced_at == 2


def test_a_source_is_silent_then_fresh_then_stale_after_30_seconds():
    one = line()
    assert one.problem_at(0) is SourceProblem.SILENT
    one.observe(100, 0, 0, 0)
    assert one.problem_at(30 * SECOND) is None
    assert one.problem_at(30 * SECOND + 1) is SourceProblem.STALE


def test_a_generated_source_keeps_its_rate_its_lag_and_its_outages():
    one = line(every_ns=5 * SECOND, lag_ns=2 * SECOND, outages=((20 * SECOND, 30 * SECOND),))
    heard = []
    for second in range(60):
        one.generate(100 + second, second * SECOND, second * SECOND)
        one.hear(0, second * SECOND)
        heard.append((one.price_minor, one.priced_at))
    changes = [after for before, after in itertools.pairwise(heard) if before != after]
    expected = [(100 + second, second * SECOND) for second in range(0, 56, 5) if not 20 <= second < 30]
    assert changes == expected
    assert heard[1] == (0, None)
    assert heard[2] == (100, 0)


def test_noise_bias_and_errors_are_as_stated():
    noisy, biased, wrong = (
        line(noise_ppm=1_000),
        line(bias_ppm=-2_000),
        line(error_probability_ppm=250_000, error_ppm=MILLION),
    )
    samples: dict[str, list[int]] = {"noisy": [], "biased": [], "wrong": []}
    for tick in range(2_000):
        for name, one in (("noisy", noisy), ("biased", biased), ("wrong", wrong)):
            one.generate(10**9, 0, tick * TICK)
            one.hear(0, tick * TICK)
            samples[name].append(one.price_minor)
    logs = [math.log(price / 10**9) for price in samples["noisy"]]
    assert math.sqrt(sum(value * value for value in logs) / len(logs)) == pytest.approx(0.001, rel=0.05)
    assert set(samples["biased"]) == {998_000_000}
    assert sorted(set(samples["wrong"])) == [10**9, 2 * 10**9]
    assert samples["wrong"].count(2 * 10**9) / 2_000 == pytest.approx(0.25, abs=0.03)


def test_the_breaker_trips_beyond_20_percent_in_a_minute_and_resets_when_the_market_has_settled():
    breaker = CircuitBreaker()
    assert breaker.admit(1_000, 0, 0)
    assert breaker.admit(1_200, 10, 10 * SECOND)
    assert not breaker.admit(1_201, 20, 20 * SECOND)
    assert (breaker.passed_minor, breaker.passed_at, breaker.tripped_at) == (1_200, 10, 20 * SECOND)
    assert not breaker.admit(1_200, 30, 30 * SECOND)
    assert not breaker.admit(1_300, 79, 80 * SECOND - 1)
    assert breaker.admit(1_300, 80, 80 * SECOND)
    assert (breaker.passed_minor, breaker.passed_at, breaker.tripped_at) == (1_300, 80, None)


def test_the_breaker_holds_as_long_as_the_market_keeps_moving():
    breaker = CircuitBreaker()
    price, passed = 1_000, []
    for step in range(30):
        passed.append(breaker.admit(price, step, step * 10 * SECOND))
        price = price * 13 // 10 if step < 15 else price
    # It rises up to the sixteenth price; six ticks later nothing lower is left in the minute.
    assert passed == [True, *[False] * 19, *[True] * 10]


def test_slow_moves_and_moves_down_are_measured_over_the_lower_price():
    breaker = CircuitBreaker()
    price = 10**9
    for step in range(100):
        price = price * 103 // 100
        assert breaker.admit(price, step, step * 10 * SECOND)
    assert too_far_ppm(1_000, 1_200) == 200_000
    assert breaker.admit(price, 0, HOUR)
    assert not breaker.admit(price * 100 // 121, 1, HOUR + SECOND)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3 * MINUTE), st.integers(1, 10_000)), min_size=1, max_size=50))
def test_what_the_breaker_lets_through_never_lies_20_percent_from_the_minute_before(steps):
    breaker, now, seen = CircuitBreaker(), 0, []
    for pause, price in steps:
        now += pause
        passed = breaker.admit(price, now, now)
        recent = [other for at, other in seen if at > now - MINUTE]
        if passed:
            assert all(too_far_ppm(min(price, other), max(price, other)) <= 200_000 for other in recent)
        seen.append((now, price))


def first_different(run: Any, kind: type) -> list[tuple[int, Any]]:
    return [(at // SECOND, message) for at, message in run.of(kind, "BTC/USD")]


def test_a_feed_of_exact_sources_publishes_what_a_feed_without_sources_does(bench):
    plain = bench().run(HOUR)
    fed = bench(sources=three()).run(HOUR)
    assert fed.of(PricePublished) == plain.of(PricePublished)
    assert fed.of(FundamentalPriceChanged) == plain.of(FundamentalPriceChanged)
    reached = [message for _, message in fed.of(ConsensusReached)]
    assert {(one.confidence_ppm, one.sources, one.outliers, one.leading) for one in reached} == {(MILLION, 3, 0, "first")}
    assert not fed.of(SourceSwitched)


def test_the_leading_source_fails_over_and_comes_back(bench):
    sources = (
        source("first", 1, outages=((MINUTE, 5 * MINUTE),)),
        source("second", 2, outages=((2 * MINUTE, 4 * MINUTE),)),
    )
    run = bench(sources=ConsensusParameters(sources=sources, method=ConsensusMethod.PRIORITY)).run(10 * MINUTE)
    # Its last observation is of 0:50, and is older than 30 s from the tick at 1:30 on; that of the second is of 1:50.
    assert first_different(run, SourceSwitched) == [
        (90, SourceSwitched("BTC/USD", "first", "second", SourceProblem.STALE)),
        (150, SourceSwitched("BTC/USD", "second", "", SourceProblem.STALE)),
        (240, SourceSwitched("BTC/USD", "", "second", None)),
        (300, SourceSwitched("BTC/USD", "second", "first", None)),
    ]
    ages = {at // SECOND: (at + run.start - message.priced_at) // SECOND for at, message in run.of(PricePublished, "BTC/USD")}
    assert len(ages) == 61
    assert (ages[80], ages[90], ages[140], ages[150], ages[230], ages[240]) == (30, 0, 30, 40, 120, 0)


def test_a_wrong_source_is_left_out_and_the_price_stays_right(bench):
    sources = (source("first", 1, bias_ppm=30_000), source("second", 2), source("third", 3))
    run = bench(sources=ConsensusParameters(sources=sources)).run(10 * MINUTE)
    plain = bench().run(10 * MINUTE)
    assert run.of(PricePublished) == plain.of(PricePublished)
    status = {one.source: one for one in run.component.answer(SourcesQuestion("BTC/USD"))}
    assert [status[name].problem for name in ("first", "second", "third")] == [SourceProblem.OUTLIER, None, None]
    assert status["first"].outliers == 61
    assert [status[name].leading for name in ("first", "second", "third")] == [False, True, False]
    assert {message.confidence_ppm for _, message in run.of(ConsensusReached)} == {round(2 / 3 * MILLION)}


def test_a_shock_trips_the_breaker_and_the_feed_holds_its_price(bench):
    shock = PriceConditionSet("market-data", "s", PriceConditionKind.PRICE_SHOCK, ("BTC",), 250_000, 0, 20 * MINUTE, 0)
    run = bench(sources=three(), annual_volatility=STILL, inputs=((5 * MINUTE, shock),)).run(10 * MINUTE)
    held, high = 60_000 * 10**8, 75_000 * 10**8
    onset = 5 * MINUTE + TICK
    assert run.of(FeedHalted, "BTC/USD") == [(onset, FeedHalted("BTC/USD", held, high, 250_000, run.start + onset))]
    # The minute in which both levels were seen is over at the seventh tick after the last old price.
    assert run.of(FeedResumed, "BTC/USD") == [(onset + MINUTE, FeedResumed("BTC/USD", high, run.start + onset))]
    prices = {at: (message.price_minor, message.priced_at) for at, message in run.of(PricePublished, "BTC/USD")}
    assert {prices[at] for at in prices if onset <= at < onset + MINUTE} == {(held, run.start + 5 * MINUTE)}
    assert prices[onset + MINUTE] == (high, run.start + onset + MINUTE)
    assert run.of(FundamentalPriceChanged, "BTC/USD")[-1][1].price_minor == high
    assert not run.of(FeedHalted, "ETH/USD")


def test_smoothing_follows_with_its_half_life(bench):
    shock = PriceConditionSet("market-data", "s", PriceConditionKind.PRICE_SHOCK, ("BTC",), 100_000, 0, 20 * MINUTE, 0)
    run = bench(sources=three(smoothing_ns=MINUTE), annual_volatility=STILL, inputs=((MINUTE, shock),)).run(5 * MINUTE)
    low, high = 60_000 * 10**8, 66_000 * 10**8
    prices = {at: message.price_minor for at, message in run.of(PricePublished, "BTC/USD")}
    assert prices[MINUTE] == low
    assert prices[2 * MINUTE] == pytest.approx((low + high) / 2, abs=1)
    assert prices[3 * MINUTE] == pytest.approx(high - (high - low) / 4, abs=1)


def test_recorded_sources_are_heard_beside_a_recorded_market(bench):
    recorded = tuple(source(name, number, recorded=True) for number, name in enumerate(("tape", "wire"), 1))
    rows = (
        (1, PriceRecorded("market-data", "BTC/USD", 100)),
        (2, SourcePriceRecorded("market-data", "tape", "BTC/USD", 1_000_000)),
        (3, SourcePriceRecorded("market-data", "wire", "BTC/USD", 1_000_100)),
        (15 * SECOND, SourcePriceRecorded("market-data", "wire", "BTC/USD", 3_000_000)),
        (25 * SECOND, SourcePriceRecorded("market-data", "wire", "BTC/USD", 1_000_300)),
    )
    run = bench(recorded=True, sources=ConsensusParameters(sources=recorded), inputs=rows, instruments=("BTC/USD",)).run(MINUTE)
    published = [(at // SECOND, message.price_minor, message.priced_at - run.start) for at, message in run.of(PricePublished)]
    assert published == [
        (10, 1_000_050, 3),
        (20, 1_000_050, 3),
        (30, 1_000_150, 25 * SECOND),
        (40, 1_000_300, 25 * SECOND),
        (50, 1_000_300, 25 * SECOND),
        (60, 1_000_300, 25 * SECOND),
    ]
    (tape, wire) = run.component.answer(SourcesQuestion())
    assert (tape.problem, tape.accepted, wire.problem, wire.refused) == (SourceProblem.STALE, 1, SourceProblem.STALE, 1)


def test_sources_are_asked_about_and_absent_where_there_are_none(bench):
    assert bench().run(MINUTE).component.answer(SourcesQuestion()) == ()
    status = bench(sources=three()).run(MINUTE).component.answer(SourcesQuestion())
    assert len(status) == 18
    assert [one.source for one in status if one.leading] == ["first"] * 6


def test_every_source_draws_from_a_stream_of_its_own(bench):
    noisy = (source("first", 1, noise_ppm=200), source("second", 2, noise_ppm=200))
    more = (*noisy, source("third", 3, noise_ppm=200))
    runs = [bench(sources=ConsensusParameters(sources=chosen)).run(MINUTE) for chosen in (noisy, more)]
    first, second = ({one.source: one.price_minor for one in run.component.answer(SourcesQuestion("BTC/USD"))} for run in runs)
    assert first == {name: second[name] for name in first}
    assert len(set(second.values())) == 3
