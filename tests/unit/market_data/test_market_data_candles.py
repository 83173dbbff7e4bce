"""Candles against a brute-force reading of what was published."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.market_data.candles import Candles
from trading_ecosystem.messages.market_data import CandleClosed, FeedConditionKind, FeedConditionSet, PricePublished
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND


def expected_candles(run: Any, interval_ns: int, tick_ns: int, end: int) -> list[tuple[int, CandleClosed]]:
    """Candles from the published list alone: a price counts where no later one was said before, and its candle was open."""
    candles: dict[tuple[int, str], list[int]] = {}
    newest: dict[str, int] = {}
    for at, price in [(at, message) for at, message in run.said if isinstance(message, PricePublished)]:
        if price.update <= newest.get(price.instrument, 0):
            continue
        newest[price.instrument] = price.update
        opened_at = price.priced_at // interval_ns * interval_ns
        if at < opened_at + interval_ns:
            candles.setdefault((opened_at, price.instrument), []).append(price.price_minor)
    order = list(run.component.parameters.instruments)
    closed = []
    for (opened_at, symbol), prices in sorted(candles.items(), key=lambda item: (item[0][0], order.index(item[0][1]))):
        closes_at = run.start + -(-(opened_at + interval_ns - run.start) // tick_ns) * tick_ns
        if closes_at <= run.start + end:
            candle = CandleClosed(symbol, interval_ns, opened_at, prices[0], max(prices), min(prices), prices[-1], len(prices))
            closed.append((closes_at - run.start, candle))
    return closed


@pytest.mark.parametrize("tick_ns", [10 * SECOND, 7 * SECOND, MINUTE, 90 * SECOND])
def test_candles_equal_brute_force(bench, tick_ns):
    intervals = (MINUTE, 5 * MINUTE)
    run = bench(tick_ns=tick_ns, candle_intervals_ns=intervals, jumps=True).run(HOUR)
    for interval_ns in intervals:
        said = [(at, message) for at, message in run.of(CandleClosed) if message.interval_ns == interval_ns]
        assert said == expected_candles(run, interval_ns, tick_ns, HOUR)
        assert len(said) > 6 * 10


def test_a_candle_closes_before_the_prices_of_the_tick_that_ends_it(bench):
    run = bench(instruments=("BTC/USD",)).run(MINUTE)
    prices = [message.price_minor for at, message in run.of(PricePublished) if at < MINUTE]
    closing = [message for at, message in run.said if at == run.start + MINUTE]
    assert closing[0] == CandleClosed("BTC/USD", MINUTE, run.start, prices[0], max(prices), min(prices), prices[-1], 6)
    assert isinstance(closing[-1], PricePublished)


@pytest.mark.parametrize("kind", list(FeedConditionKind))
def test_late_and_lost_prices_are_in_no_candle(bench, kind):
    condition = FeedConditionSet(
        "market-data", "feed-1", kind, (), bench().start + 20 * MINUTE, probability_ppm=500_000, delay_ns=25 * SECOND
    )
    run = bench(inputs=((5 * MINUTE + 15 * SECOND, condition),)).run(30 * MINUTE)
    said = run.of(CandleClosed)
    # What is held back makes wake-ups of its own, which close candles too, between ticks.
    if kind not in (FeedConditionKind.FEED_DELAY, FeedConditionKind.FEED_OUT_OF_ORDER, FeedConditionKind.FEED_DUPLICATE):
        assert said == expected_candles(run, MINUTE, 10 * SECOND, 30 * MINUTE)
    counts = {
        (message.opened_at - run.start) // MINUTE: message.prices for _, message in said if message.instrument == "BTC/USD"
    }
    assert all(counts[minute] == 6 for minute in (0, 1, 2, 3, 4, 21, 22))
    if kind is FeedConditionKind.FEED_STALE:
        assert not [minute for minute in counts if 6 <= minute <= 19]  # every repeated price is late by then
        assert counts[5] == 6  # the repetitions of 5:10 at 5:20 to 5:50 are publications like others
    if kind is FeedConditionKind.FEED_DELAY:
        assert [counts[minute] for minute in range(6, 19)] == [4] * 13  # priced at :00 to :30, said at :25 to :55


def test_an_interval_without_prices_has_no_candle(bench):
    run = bench(tick_ns=3 * MINUTE, instruments=("BTC/USD",)).run(12 * MINUTE)
    assert [(at // MINUTE, (c.opened_at - run.start) // MINUTE, c.prices) for at, c in run.of(CandleClosed)] == [
        (3, 0, 1),
        (6, 3, 1),
        (9, 6, 1),
        (12, 9, 1),
    ]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 100), st.integers(0, 60)), max_size=60),
    st.integers(1, 50),
)
def test_any_prices_in_any_order_give_the_brute_force_candles(rows, interval_ns):
    candles = Candles(("X",), (interval_ns,))
    said: list[Any] = []
    now = 0
    kept: dict[int, list[int]] = {}
    for pause, price, age in rows:
        now += pause
        candles.close(now, said)
        priced_at = max(0, now - age)
        candles.add(PricePublished("X", price, priced_at, 1))
        if priced_at // interval_ns == now // interval_ns:
            kept.setdefault(priced_at // interval_ns, []).append(price)
    candles.close(now + interval_ns, said)
    assert said == [
        CandleClosed("X", interval_ns, number * interval_ns, p[0], max(p), min(p), p[-1], len(p))
        for number, p in sorted(kept.items())
    ]
    assert all(a.opened_at < b.opened_at for a, b in itertools.pairwise(said))
