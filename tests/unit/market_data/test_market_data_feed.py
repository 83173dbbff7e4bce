"""Feed conditions: stale, drop and delay touch what is published, in order, and never the fundamental."""

from __future__ import annotations

from typing import Any

import pytest

from trading_ecosystem.messages.market_data import (
    CandleClosed,
    FeedConditionKind,
    FeedConditionSet,
    FeedCorruptionSet,
    FundamentalPriceChanged,
    PriceConditionKind,
    PriceConditionSet,
    PricePublished,
    PriceQuestion,
)
from trading_ecosystem.messages.market_statistics import FeedState, FeedStateQuestion
from trading_ecosystem.messages.test_coordination import ConditionCleared, ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND

TICK = 10 * SECOND
TOOK, ENDED = ConditionTookEffect, ConditionEnded


@pytest.fixture
def feed(bench):
    """A component with feed conditions: ``feed((set_offset, until_offset, kind, changes), ...)``."""

    def make(*conditions: tuple[int, int, FeedConditionKind, dict[str, Any]], **changes: Any) -> Any:
        start = bench().start
        inputs = tuple(
            (
                at,
                FeedConditionSet(
                    **(
                        {
                            "component": "market-data",
                            "condition_id": f"feed-{number}",
                            "kind": kind,
                            "instruments": (),
                            "until": start + until,
                        }
                        | values
                    )
                ),
            )
            for number, (at, until, kind, values) in enumerate(conditions, 1)
        )
        return bench(inputs=inputs + changes.pop("inputs", ()), **changes)

    return make


def marks(run: Any) -> list[tuple[int, Any]]:
    return [
        ((at - run.start) // SECOND, message)
        for at, message in run.said
        if isinstance(message, (ConditionTookEffect, ConditionEnded))
    ]


def published(run: Any, symbol: str) -> list[tuple[int, int, int]]:
    """(said at, priced at, update) of each publication, offsets in seconds."""
    return [
        (at // SECOND, (message.priced_at - run.start) // SECOND, message.update)
        for at, message in run.of(PricePublished, symbol)
    ]


def test_stale_repeats_the_last_price_with_its_old_instant(feed, bench):
    run = feed((20 * SECOND, 50 * SECOND, FeedConditionKind.FEED_STALE, {})).run(MINUTE)
    clean = bench().run(MINUTE)
    assert published(run, "BTC/USD") == [
        (0, 0, 1),
        (10, 10, 2),
        (20, 20, 3),
        (30, 20, 4),
        (40, 20, 5),
        (50, 50, 6),
        (60, 60, 7),
    ]
    last = clean.of(PricePublished, "BTC/USD")[2][1].price_minor
    assert [message.price_minor for _, message in run.of(PricePublished, "BTC/USD")[2:5]] == [last] * 3
    assert run.of(FundamentalPriceChanged) == clean.of(FundamentalPriceChanged)
    assert marks(run) == [(30, TOOK("market-data", "feed-1", "BTC/USD")), (50, ENDED("market-data", "feed-1"))]
    position = run.said.index((run.start + 30 * SECOND, TOOK("market-data", "feed-1", "BTC/USD")))
    assert [type(message) for _, message in run.said[position - 1 : position + 2]] == [
        FundamentalPriceChanged,
        TOOK,
        PricePublished,
    ]
    after = run.start + 50 * SECOND
    tail = [entry for entry in run.said if entry[0] >= after and not isinstance(entry[1], CandleClosed)]
    assert tail[0][1] == ENDED("market-data", "feed-1")
    assert tail[1:] == [entry for entry in clean.said if entry[0] >= after and not isinstance(entry[1], CandleClosed)]


def test_a_condition_touches_only_its_instruments(feed, bench):
    some = {"instruments": ("ETH/USD", "USDT/USD"), "probability_ppm": 1_000_000}
    run = feed((0, HOUR, FeedConditionKind.FEED_DROP, some)).run(MINUTE)
    clean = bench().run(MINUTE)
    for symbol in ("BTC/USD", "BTC/USDT", "ETH/USDT", "ETH/BTC"):
        assert run.of(PricePublished, symbol) == clean.of(PricePublished, symbol)
    for symbol in ("ETH/USD", "USDT/USD"):
        assert published(run, symbol) == [(0, 0, 1)]
    assert marks(run) == [(10, TOOK("market-data", "feed-1", "ETH/USD"))]
    assert run.of(FundamentalPriceChanged) == clean.of(FundamentalPriceChanged)


def test_drop_loses_about_the_stated_share_and_leaves_gaps_in_the_updates(feed, bench):
    run = feed((0, 6 * HOUR, FeedConditionKind.FEED_DROP, {"probability_ppm": 300_000})).run(7 * HOUR)
    clean = bench().run(7 * HOUR)
    kept = set(run.of(PricePublished))
    assert kept < set(clean.of(PricePublished))
    during = [at for at, _ in clean.of(PricePublished) if 0 < at < 6 * HOUR]
    lost = len(clean.of(PricePublished)) - len(kept)
    assert lost / len(during) == pytest.approx(0.3, abs=0.02)
    after = [entry for entry in run.said if entry[0] >= run.start + 6 * HOUR and not isinstance(entry[1], CandleClosed)]
    assert after[0][1] == ENDED("market-data", "feed-1")
    assert [e for e in after[1:] if isinstance(e[1], PricePublished)] == [
        e for e in clean.said if e[0] >= run.start + 6 * HOUR and isinstance(e[1], PricePublished)
    ]


def test_drop_marks_its_onset_where_the_first_lost_publication_would_have_been(feed, bench):
    run = feed((0, 6 * HOUR, FeedConditionKind.FEED_DROP, {"probability_ppm": 20_000})).run(HOUR)
    clean = bench().run(HOUR)
    position = next(position for position, (_, said) in enumerate(run.said) if isinstance(said, TOOK))
    assert run.said[:position] == clean.said[:position]
    lost = clean.said[position][1]
    assert isinstance(lost, PricePublished)
    assert run.said[position][1].subject == lost.instrument
    assert run.said[position + 1] == clean.said[position + 1]


def test_drop_with_probability_zero_draws_but_changes_nothing(feed, bench):
    run = feed((0, MINUTE, FeedConditionKind.FEED_DROP, {"probability_ppm": 0})).run(5 * MINUTE)
    assert [entry for entry in run.said if not isinstance(entry[1], ENDED)] == bench().run(5 * MINUTE).said
    assert marks(run) == [(60, ENDED("market-data", "feed-1"))]


def test_delay_says_every_publication_later_in_order_and_then_catches_up(feed, bench):
    run = feed((0, 30 * SECOND, FeedConditionKind.FEED_DELAY, {"delay_ns": 25 * SECOND})).run(70 * SECOND)
    assert published(run, "USDT/USD") == [
        (0, 0, 1),
        (35, 10, 2),
        (45, 20, 3),
        (45, 30, 4),  # not delayed any more, but behind one that is
        (45, 40, 5),
        (50, 50, 6),
        (60, 60, 7),
        (70, 70, 8),
    ]
    clean = bench().run(70 * SECOND)
    assert [message for _, message in run.of(PricePublished, "ETH/BTC")] == [
        message for _, message in clean.of(PricePublished, "ETH/BTC")
    ]
    assert run.of(FundamentalPriceChanged) == clean.of(FundamentalPriceChanged)
    assert marks(run) == [(10, TOOK("market-data", "feed-1", "BTC/USD")), (45, ENDED("market-data", "feed-1"))]
    ended = run.said.index((run.start + 45 * SECOND, ENDED("market-data", "feed-1")))
    assert isinstance(run.said[ended - 1][1], PricePublished)
    assert run.said[ended - 1][0] == run.start + 45 * SECOND
    assert isinstance(run.said[ended + 1][1], FundamentalPriceChanged)


def test_delay_due_at_a_tick_is_said_before_that_tick(feed):
    run = feed((0, 20 * SECOND, FeedConditionKind.FEED_DELAY, {"delay_ns": 20 * SECOND})).run(40 * SECOND)
    assert published(run, "BTC/USD") == [(0, 0, 1), (30, 10, 2), (30, 20, 3), (30, 30, 4), (40, 40, 5)]
    assert marks(run)[-1] == (30, ENDED("market-data", "feed-1"))


def test_delays_add_up_and_each_ends_with_the_last_publication_held_back(feed):
    run = feed(
        (0, 15 * SECOND, FeedConditionKind.FEED_DELAY, {"delay_ns": 12 * SECOND, "instruments": ("BTC/USD",)}),
        (0, 25 * SECOND, FeedConditionKind.FEED_DELAY, {"delay_ns": 13 * SECOND}),
    ).run(MINUTE)
    assert published(run, "BTC/USD")[:5] == [(0, 0, 1), (35, 10, 2), (35, 20, 3), (35, 30, 4), (40, 40, 5)]
    assert published(run, "ETH/USD")[:5] == [(0, 0, 1), (23, 10, 2), (33, 20, 3), (33, 30, 4), (40, 40, 5)]
    assert marks(run) == [
        (10, TOOK("market-data", "feed-1", "BTC/USD")),
        (10, TOOK("market-data", "feed-2", "BTC/USD")),
        (35, ENDED("market-data", "feed-1")),
        (35, ENDED("market-data", "feed-2")),
    ]


def test_stale_and_delay_together(feed):
    run = feed(
        (10 * SECOND, 30 * SECOND, FeedConditionKind.FEED_STALE, {}),
        (10 * SECOND, 30 * SECOND, FeedConditionKind.FEED_DELAY, {"delay_ns": 5 * SECOND}),
    ).run(30 * SECOND)
    assert published(run, "BTC/USD") == [(0, 0, 1), (10, 10, 2), (25, 10, 3), (30, 30, 4)]


def test_clearing_a_stale_feed_ends_it_at_once(feed, bench):
    cleared = ((45 * SECOND, ConditionCleared("market-data", "feed-1")),)
    run = feed((0, HOUR, FeedConditionKind.FEED_STALE, {}), inputs=cleared).run(2 * MINUTE)
    assert marks(run) == [(10, TOOK("market-data", "feed-1", "BTC/USD")), (45, ENDED("market-data", "feed-1"))]
    assert run.of(PricePublished)[-6:] == bench().run(2 * MINUTE).of(PricePublished)[-6:]


def test_clearing_a_delay_lets_out_what_is_held_back_in_its_time(feed):
    cleared = ((15 * SECOND, ConditionCleared("market-data", "feed-1")),)
    run = feed((0, HOUR, FeedConditionKind.FEED_DELAY, {"delay_ns": 25 * SECOND}), inputs=cleared).run(MINUTE)
    assert published(run, "BTC/USD") == [
        (0, 0, 1),
        (35, 10, 2),
        (35, 20, 3),
        (35, 30, 4),
        (40, 40, 5),
        (50, 50, 6),
        (60, 60, 7),
    ]
    assert marks(run)[-1] == (35, ENDED("market-data", "feed-1"))


def test_latest_price_is_the_one_that_was_said(feed):
    run = feed((0, HOUR, FeedConditionKind.FEED_DELAY, {"delay_ns": 25 * SECOND})).run(40 * SECOND)
    (latest,) = run.component.answer(PriceQuestion("BTC/USD"))
    assert (latest.update, latest.priced_at - run.start) == (2, 10 * SECOND)


def test_a_stale_feed_hides_a_depeg_from_clients_but_not_from_venues(feed):
    depeg = PriceConditionSet("market-data", "depeg-1", PriceConditionKind.STABLECOIN_DEPEG, ("USDT",), -50_000, 0, HOUR, 0)
    run = feed((0, HOUR, FeedConditionKind.FEED_STALE, {}), inputs=((MINUTE, depeg),)).run(10 * MINUTE)
    assert all(message.price_minor == 10**8 for _, message in run.of(PricePublished, "USDT/USD"))
    assert run.of(FundamentalPriceChanged, "USDT/USD")[-1][1].price_minor < 96_000_000
    assert [mark.condition_id for _, mark in marks(run)] == ["feed-1", "depeg-1"]


def corruption(until: int, probability_ppm: int, magnitude_ppm: int, **changes: Any) -> FeedCorruptionSet:
    values = {"component": "market-data", "condition_id": "wrong", "instruments": (), "until": until}
    return FeedCorruptionSet(**(values | {"probability_ppm": probability_ppm, "magnitude_ppm": magnitude_ppm} | changes))


def test_a_corrupt_feed_publishes_wrong_prices_and_nothing_else_moves(bench):
    start, clean = bench().start, bench().run(HOUR)
    condition = corruption(start + 30 * MINUTE, 400_000, -50_000, instruments=("BTC/USD",))
    run = bench(inputs=((0, condition),)).run(HOUR)
    assert run.of(FundamentalPriceChanged) == clean.of(FundamentalPriceChanged)
    assert run.of(PricePublished, "ETH/USD") == clean.of(PricePublished, "ETH/USD")
    wrong = []
    for (at, said), (_, true) in zip(run.of(PricePublished, "BTC/USD"), clean.of(PricePublished, "BTC/USD"), strict=True):
        assert (said.priced_at, said.update) == (true.priced_at, true.update)
        if said != true:
            assert said.price_minor == true.price_minor - -(-true.price_minor // 20)
            wrong.append(at)
    assert min(wrong) > 0
    assert max(wrong) < 30 * MINUTE
    assert len(wrong) / 179 == pytest.approx(0.4, abs=0.1)
    assert marks(run) == [(wrong[0] // SECOND, TOOK("market-data", "wrong", "BTC/USD")), (1800, ENDED("market-data", "wrong"))]
    position = run.said.index((run.start + wrong[0], TOOK("market-data", "wrong", "BTC/USD")))
    assert run.said[position + 1][1].price_minor < clean.of(PricePublished, "BTC/USD")[wrong[0] // TICK][1].price_minor


def test_a_corrupt_feed_draws_nothing_from_the_stream_that_loses_prices(bench):
    start = bench().start
    drop = FeedConditionSet("market-data", "d", FeedConditionKind.FEED_DROP, (), start + HOUR, probability_ppm=300_000)
    dropping = bench(inputs=((0, drop),)).run(HOUR)
    both = bench(inputs=((0, drop), (0, corruption(start + HOUR, 500_000, 10_000)))).run(HOUR)
    assert [at for at, _ in both.of(PricePublished)] == [at for at, _ in dropping.of(PricePublished)]


def test_a_stale_feed_repeats_the_right_price_and_counters_tell(bench):
    start = bench().start
    stale = FeedConditionSet("market-data", "s", FeedConditionKind.FEED_STALE, (), start + 10 * MINUTE)
    run = bench(inputs=((0, corruption(start + 20 * MINUTE, 1_000_000, 50_000)), (5 * MINUTE, stale))).run(15 * MINUTE)
    clean = bench().run(15 * MINUTE)
    true = clean.of(PricePublished, "BTC/USD")[30][1].price_minor
    assert {message.price_minor for at, message in run.of(PricePublished, "BTC/USD") if 5 * MINUTE < at < 10 * MINUTE} == {true}
    (state,) = run.component.answer(FeedStateQuestion("BTC/USD"))
    assert state == FeedState("BTC/USD", 91, 91, 0, 61, 0, 12, 1, 0, False)
    drop = FeedConditionSet("market-data", "d", FeedConditionKind.FEED_DROP, (), start + HOUR, probability_ppm=1_000_000)
    delay = FeedConditionSet("market-data", "l", FeedConditionKind.FEED_DELAY, (), start + HOUR, delay_ns=25 * SECOND)
    lost = bench(inputs=((0, drop),)).run(MINUTE).component.answer(FeedStateQuestion())
    assert {(one.updates, one.said_update, one.lost) for one in lost} == {(7, 1, 6)}
    held = bench(inputs=((0, delay),)).run(MINUTE).component.answer(FeedStateQuestion())
    assert {(one.updates, one.said_update, one.held) for one in held} == {(7, 4, 3)}


def test_what_is_held_back_is_passed_and_what_is_cleared_still_comes(feed):
    cleared = ((25 * SECOND, ConditionCleared("market-data", "feed-1")),)
    certain = {"probability_ppm": 1_000_000, "delay_ns": 35 * SECOND}
    run = feed((0, HOUR, FeedConditionKind.FEED_OUT_OF_ORDER, certain), inputs=cleared).run(MINUTE)
    assert published(run, "BTC/USD") == [
        (0, 0, 1),
        (30, 30, 4),
        (40, 40, 5),
        (45, 10, 2),
        (50, 50, 6),
        (55, 20, 3),
        (60, 60, 7),
    ]
    assert marks(run) == [(10, TOOK("market-data", "feed-1", "BTC/USD")), (55, ENDED("market-data", "feed-1"))]
    assert run.component.answer(PriceQuestion("BTC/USD"))[0].update == 7


def test_a_copy_comes_beside_the_original(feed):
    certain = {"probability_ppm": 1_000_000, "delay_ns": 3 * SECOND}
    run = feed((0, 21 * SECOND, FeedConditionKind.FEED_DUPLICATE, certain)).run(30 * SECOND)
    assert published(run, "ETH/USD") == [(0, 0, 1), (10, 10, 2), (13, 10, 2), (20, 20, 3), (23, 20, 3), (30, 30, 4)]
    assert marks(run)[-1] == (23, ENDED("market-data", "feed-1"))


def test_a_frozen_price_with_a_skewed_clock_and_a_bad_tick(feed, bench):
    """Each does its part: the price is the last one shifted, the instant is fresh but early."""
    right = dict(bench().run(MINUTE).of(PricePublished, "BTC/USD"))
    run = feed(
        (5 * SECOND, 35 * SECOND, FeedConditionKind.FEED_FROZEN, {}),
        (15 * SECOND, 35 * SECOND, FeedConditionKind.FEED_CLOCK_SKEW, {"skew_ns": -7 * SECOND}),
        (25 * SECOND, 35 * SECOND, FeedConditionKind.FEED_BAD_TICK, {"probability_ppm": 1_000_000, "shift": -2}),
    ).run(MINUTE)
    assert [(at, priced_at) for at, priced_at, _ in published(run, "BTC/USD")][:5] == [
        (0, 0), (10, 10), (20, 13), (30, 23), (40, 40),
    ]  # fmt: skip
    said = [message.price_minor for _, message in run.of(PricePublished, "BTC/USD")]
    held = right[0].price_minor
    assert said[:4] == [held, held, held, held // 100]
    assert said[4:] == [right[offset * SECOND].price_minor for offset in (40, 50, 60)]


@pytest.mark.parametrize("kind", list(FeedConditionKind))
def test_once_a_feed_is_whole_again_it_is_as_it_would_have_been(feed, bench, kind):
    fields = {"probability_ppm": 400_000, "delay_ns": 13 * SECOND, "shift": 1, "skew_ns": 3 * SECOND}
    run = feed((15 * SECOND, 5 * MINUTE, kind, fields)).run(10 * MINUTE)
    whole = bench().run(10 * MINUTE)
    assert [(at, one.priced_at, one.price_minor) for at, one in run.of(PricePublished) if at > 6 * MINUTE] == [
        (at, one.priced_at, one.price_minor) for at, one in whole.of(PricePublished) if at > 6 * MINUTE
    ]
    assert [one for at, one in run.of(PricePublished) if at < 15 * SECOND] == [
        one for at, one in whole.of(PricePublished) if at < 15 * SECOND
    ]
    assert run.of(FundamentalPriceChanged) == whole.of(FundamentalPriceChanged)
    assert [type(message) for _, message in marks(run)] == [TOOK, ENDED]
