from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.risk.monitor import FIRM, MINUTE, SECOND, START, Monitor, price

from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import (
    AlertEscalated,
    AlertKind,
    AlertRaised,
    AlertResolved,
    AlertUpdated,
    Severity,
)

STALE, CRASH, SHOCK = AlertKind.PRICE_STALE, AlertKind.PRICE_CRASH, AlertKind.PRICE_SHOCK
PAIR = "ETH/BTC"  # values no asset in USD; and update 0 is no number of a feed: only the alerts of prices alone speak


def raised(number: int, kind: AlertKind, severity: Severity, observed: int, threshold: int, at: int) -> tuple[int, AlertRaised]:
    return at, AlertRaised(FIRM, number, kind, PAIR, severity, observed, threshold, START + at)


def fed(*prices: tuple[int, int], until: int = 0) -> Monitor:
    """A monitor that heard prices (seconds since the start, minor units), observed as they arrive.

    In between, and until ``until``, the last one is said again every 30 s, so that none is stale.
    """
    monitor = Monitor()
    ends = [seconds for seconds, _ in prices[1:]] + [max(until, prices[-1][0] + 1)]
    for (begins, minor), end in zip(prices, ends, strict=True):
        for seconds in range(begins, end, 30):
            at = START + seconds * SECOND
            monitor.tell(PricePublished(PAIR, minor, at, 0), at)
    if until:
        monitor.until(START + until * SECOND)
    return monitor


# --- stale


def test_a_price_is_not_stale_at_thirty_seconds_and_is_one_nanosecond_later() -> None:
    monitor = fed((0, 100_000))
    assert monitor.until(START + 30 * SECOND) == []
    monitor.until(START + 60 * SECOND - 1)
    first = raised(1, STALE, Severity.HIGH, 30 * SECOND + 1, 30 * SECOND, 30 * SECOND + 1)
    assert monitor.said() == [first]
    monitor.until(START + 5 * MINUTE)
    critical = 60 * SECOND, AlertUpdated(FIRM, 1, STALE, PAIR, Severity.CRITICAL, 60 * SECOND)
    assert monitor.said() == [first, critical]


def test_a_price_every_thirty_seconds_is_never_stale() -> None:
    assert fed((0, 100_000), until=6_000).said() == []


def test_prices_arm_one_wake_up_not_one_each() -> None:
    monitor = Monitor()
    for seconds in range(600):
        monitor.tell(price(PAIR, 0.001, START + seconds * SECOND), START + seconds * SECOND)
    reports = 1
    assert monitor.asked == reports + 1 + 599 // 30


def test_stale_ends_with_a_fresh_price_and_is_resolved_five_minutes_later() -> None:
    monitor = Monitor()
    for seconds in (0, *range(50, 500, 10)):
        monitor.tell(price(PAIR, 0.001, START + seconds * SECOND), START + seconds * SECOND)
    assert monitor.said() == [
        raised(1, STALE, Severity.HIGH, 30 * SECOND + 1, 30 * SECOND, 30 * SECOND + 1),
        (350 * SECOND, AlertResolved(FIRM, 1, STALE, PAIR, START + 50 * SECOND)),
    ]


def test_repeating_an_old_price_is_stale_whatever_arrives() -> None:
    monitor = Monitor()
    for seconds in range(0, 40, 10):
        monitor.tell(PricePublished(PAIR, 100_000, START, 0), START + seconds * SECOND)
    monitor.until(START + 40 * SECOND)
    assert monitor.said() == [raised(1, STALE, Severity.HIGH, 30 * SECOND + 1, 30 * SECOND, 30 * SECOND + 1)]


def test_an_older_price_that_arrives_later_does_not_move_the_newest_back() -> None:
    monitor = Monitor()
    monitor.tell(PricePublished(PAIR, 100_000, START + 20 * SECOND, 0), START + 20 * SECOND)
    monitor.tell(PricePublished(PAIR, 100_000, START, 0), START + 40 * SECOND)
    monitor.until(START + 55 * SECOND)
    assert monitor.said() == [raised(1, STALE, Severity.HIGH, 30 * SECOND + 1, 30 * SECOND, 50 * SECOND + 1)]


def test_a_price_from_the_future_counts_as_one_of_now() -> None:
    monitor = Monitor()
    monitor.tell(PricePublished(PAIR, 100_000, START + 1_000 * MINUTE, 0), START)
    monitor.until(START + 31 * SECOND)
    assert monitor.said() == [raised(1, STALE, Severity.HIGH, 30 * SECOND + 1, 30 * SECOND, 30 * SECOND + 1)]


def test_a_feed_25_seconds_late_is_stale_for_5_of_every_10_seconds_and_stays_one_alert() -> None:
    monitor = Monitor()
    watch = monitor.risk.price_watches[PAIR]
    monitor.tell(PricePublished(PAIR, 100_000, START - 25 * SECOND, 0), START)
    for seconds in range(10, 1_000, 10):  # the newest is 25 to 35 s old
        at = START + seconds * SECOND
        monitor.until(at - 5 * SECOND)
        assert not watch.stale
        monitor.until(at - 5 * SECOND + 1)
        assert watch.stale
        monitor.tell(PricePublished(PAIR, 100_000, at - 25 * SECOND, 0), at)
        assert not watch.stale
    assert monitor.said() == [
        raised(1, STALE, Severity.HIGH, 30 * SECOND + 1, 30 * SECOND, 5 * SECOND + 1),
        (905 * SECOND + 1, AlertEscalated(FIRM, 1, STALE, PAIR, Severity.HIGH)),
    ]


def test_an_arrival_already_a_minute_old_is_critical_at_once() -> None:
    monitor = Monitor()
    monitor.tell(PricePublished(PAIR, 100_000, START - 60 * SECOND, 0), START)
    assert monitor.said() == [raised(1, STALE, Severity.CRITICAL, 60 * SECOND, 30 * SECOND, 0)]


def test_a_late_price_that_is_nearly_stale_is_watched_from_its_own_instant() -> None:
    monitor = Monitor()
    monitor.tell(PricePublished(PAIR, 100_000, START, 0), START)
    # Stale since 30 s. The wake-up for critical is due at 60 s; this price is to be looked at before, at 40 s.
    monitor.tell(PricePublished(PAIR, 100_000, START + 10 * SECOND, 0), START + 35 * SECOND)
    watch = monitor.risk.price_watches[PAIR]
    monitor.until(START + 40 * SECOND)
    assert not watch.stale
    monitor.until(START + 40 * SECOND + 1)
    assert watch.stale
    monitor.until(START + 69 * SECOND)
    assert [type(message) for _, message in monitor.said()] == [AlertRaised]
    monitor.until(START + 70 * SECOND)
    assert monitor.said()[1:] == [(70 * SECOND, AlertUpdated(FIRM, 1, STALE, PAIR, Severity.CRITICAL, 60 * SECOND))]


def test_an_instrument_without_any_price_is_not_stale() -> None:
    monitor = Monitor()
    monitor.until(START + 60 * MINUTE)
    assert monitor.said() == []


# --- crash


@pytest.mark.parametrize(
    ("low", "severity"),
    [(95_001, None), (95_000, Severity.HIGH), (90_001, Severity.HIGH), (90_000, Severity.CRITICAL)],
)
def test_crash_thresholds(low: int, severity: Severity | None) -> None:
    monitor = fed((0, 100_000), (30, low))
    observed = (100_000 - low) * 10
    crash = [] if severity is None else [raised(1, CRASH, severity, observed, 50_000, 30 * SECOND)]
    shock_severity = Severity.HIGH if observed < 60_000 else Severity.CRITICAL
    shock = raised(1 + len(crash), SHOCK, shock_severity, observed, 30_000, 30 * SECOND)
    assert monitor.said() == [*crash, shock]


@pytest.mark.parametrize(("seconds", "fires"), [(899, True), (900, False), (901, False)])
def test_crash_window_is_half_open(seconds: int, fires: bool) -> None:
    monitor = fed((0, 100_000), (1, 97_500), (seconds, 95_000))
    assert monitor.said() == ([raised(1, CRASH, Severity.HIGH, 50_000, 50_000, seconds * SECOND)] if fires else [])


def test_crash_worsens_ends_on_the_first_price_above_the_threshold_and_resolves_five_minutes_later() -> None:
    fall = [(0, 100_000), (30, 97_500), (90, 95_100), (150, 94_900), (210, 92_500), (270, 90_000)]
    monitor = fed(*fall, (330, 92_400), (390, 94_900), (450, 95_001), until=800)
    assert monitor.said() == [
        raised(1, CRASH, Severity.HIGH, 51_000, 50_000, 150 * SECOND),
        (270 * SECOND, AlertUpdated(FIRM, 1, CRASH, PAIR, Severity.CRITICAL, 100_000)),
        (570 * SECOND, AlertEscalated(FIRM, 1, CRASH, PAIR, Severity.CRITICAL)),
        (750 * SECOND, AlertResolved(FIRM, 1, CRASH, PAIR, START + 450 * SECOND)),
    ]


def test_a_crash_holds_until_the_next_price_even_after_its_high_left_the_window() -> None:
    monitor = fed((0, 100_000), (1, 97_500), (891, 94_990), (911, 94_990))
    assert monitor.said() == [raised(1, CRASH, Severity.HIGH, 50_100, 50_000, 891 * SECOND)]
    assert monitor.risk.alerts.by_id[1].cleared_at == START + 911 * SECOND


# --- shock


@pytest.mark.parametrize(
    ("second", "observed", "severity"),
    [
        (102_999, 29_990, None),
        (103_000, 30_000, Severity.HIGH),
        (105_999, 59_990, Severity.HIGH),
        (106_000, 60_000, Severity.CRITICAL),
        (97_001, 29_990, None),
        (97_000, 30_000, Severity.HIGH),
    ],
)
def test_shock_thresholds_up_and_down(second: int, observed: int, severity: Severity | None) -> None:
    monitor = fed((0, 100_000), (10, second))
    assert monitor.said() == ([] if severity is None else [raised(1, SHOCK, severity, observed, 30_000, 10 * SECOND)])


@pytest.mark.parametrize(("seconds", "fires"), [(59, True), (60, False), (61, False)])
def test_shock_window_is_half_open(seconds: int, fires: bool) -> None:
    monitor = fed((0, 100_000), (1, 101_500), (seconds, 103_000))
    assert monitor.said() == ([raised(1, SHOCK, Severity.HIGH, 30_000, 30_000, seconds * SECOND)] if fires else [])


def test_a_shock_says_the_larger_of_rise_and_fall() -> None:
    monitor = fed((0, 100_000), (10, 102_000), (20, 98_500), (30, 101_600))
    assert monitor.said() == [raised(1, SHOCK, Severity.HIGH, 34_313, 30_000, 20 * SECOND)]
    assert monitor.risk.alerts.by_id[1].holds, "3.1 % above the lowest"


def test_values_count_when_they_arrive_even_if_observed_long_before() -> None:
    monitor = Monitor()
    monitor.tell(PricePublished(PAIR, 100_000, START, 0), START)
    monitor.tell(PricePublished(PAIR, 103_000, START - 3 * MINUTE, 0), START + 10 * SECOND)
    assert monitor.said() == [raised(1, SHOCK, Severity.HIGH, 30_000, 30_000, 10 * SECOND)]


def test_a_duplicate_counts_again_in_the_windows() -> None:
    monitor = fed((0, 100_000), (30, 102_000))
    monitor.tell(PricePublished(PAIR, 100_000, START, 0), START + 50 * SECOND)  # the first one once more
    monitor.tell(PricePublished(PAIR, 103_000, START + 80 * SECOND, 0), START + 80 * SECOND)
    assert [message for at, message in monitor.said() if at == 80 * SECOND] == [
        AlertRaised(FIRM, 2, SHOCK, PAIR, Severity.HIGH, 30_000, 30_000, START + 80 * SECOND)
    ]


@pytest.mark.parametrize("rubbish", [0, -1, -(10**30), 10**20 + 1, 10**40, float("nan"), float("inf")])
def test_rubbish_is_no_price(rubbish: int) -> None:
    monitor = fed((0, 100_000), (10, 100_000))
    assert monitor.tell(PricePublished(PAIR, rubbish, START + 20 * SECOND, 0), START + 20 * SECOND) == []
    monitor.until(START + 41 * SECOND)
    assert monitor.said() == [raised(1, STALE, Severity.HIGH, 30 * SECOND + 1, 30 * SECOND, 40 * SECOND + 1)]


def test_an_instrument_that_is_not_watched_is_ignored() -> None:
    monitor = Monitor(instruments=("BTC/USD",))
    monitor.tell(PricePublished(PAIR, 100_000, START, 0), START)
    monitor.tell(PricePublished(PAIR, 1, START, 0), START)
    monitor.until(START + 60 * MINUTE)
    assert monitor.said() == []


# --- against a plain reading of the definitions


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, 7, 20, 59, 60, 200, 840]), st.integers(88, 112), st.sampled_from([0, 0, 5, 31, 70])),
        min_size=1,
        max_size=40,
    )
)
def test_conditions_equal_a_plain_reading_of_the_definitions(steps: list[tuple[int, int, int]]) -> None:
    monitor = Monitor()
    watch = monitor.risk.price_watches[PAIR]
    arrived: list[tuple[int, int]] = []
    newest = 0
    now = START
    for pause, level, late in steps:
        if arrived:
            before, now = now, now + pause * SECOND
            for look_at in sorted({newest + 30 * SECOND, newest + 30 * SECOND + 1, newest + 60 * SECOND}):
                if before <= look_at < now:
                    monitor.until(look_at)
                    assert watch.stale == (look_at - newest > 30 * SECOND)
        newest = max(newest, now - late * SECOND)
        value = level * 1_000
        arrived.append((now, value))
        monitor.tell(PricePublished(PAIR, value, now - late * SECOND, 0), now)
        quarter_hour = [one for at, one in arrived if now - at < 15 * MINUTE]
        minute = [one for at, one in arrived if now - at < MINUTE]
        assert watch.crash == ((max(quarter_hour) - value) * 1_000_000 >= 50_000 * max(quarter_hour))
        assert watch.shock == any(abs(value - one) * 1_000_000 >= 30_000 * one for one in (min(minute), max(minute)))
        assert watch.stale == (now - newest > 30 * SECOND)
