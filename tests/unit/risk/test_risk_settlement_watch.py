from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.risk.monitor import FIRM, MINUTE, SECOND, START, WHOLE, Monitor, fill, settled

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import AlertEscalated, AlertKind, AlertRaised, AlertResolved, AlertUpdated, Severity

OVERDUE = AlertKind.SETTLEMENT_OVERDUE
VENUE = "exchange-alpha"
CYCLE = 10 * MINUTE


def bought(trade_id: int, settles_at: int, venue: str = VENUE) -> Message:
    return fill(Side.BUY, 1, 50_000, settles_at, trade_id=trade_id, venue=venue)


def raised(number: int, venue: str, severity: Severity, observed: int, at: int) -> tuple[int, AlertRaised]:
    return at, AlertRaised(FIRM, number, OVERDUE, venue, severity, observed, 5 * MINUTE, START + at)


def test_overdue_begins_and_worsens_at_its_exact_instants() -> None:
    monitor = Monitor()
    monitor.tell(bought(1, START + CYCLE))
    monitor.until(START + CYCLE + 5 * MINUTE - 1)
    assert monitor.said() == []
    monitor.until(START + CYCLE + 10 * MINUTE - 1)
    first = raised(1, VENUE, Severity.HIGH, 5 * MINUTE, CYCLE + 5 * MINUTE)
    assert monitor.said() == [first]
    monitor.until(START + CYCLE + 14 * MINUTE)
    critical = CYCLE + 10 * MINUTE, AlertUpdated(FIRM, 1, OVERDUE, VENUE, Severity.CRITICAL, 10 * MINUTE)
    assert monitor.said() == [first, critical]


@pytest.mark.parametrize(("minutes", "overdue"), [(0, False), (4, False), (5, True), (6, True)])
def test_settled_in_time_is_never_overdue(minutes: int, overdue: bool) -> None:
    monitor = Monitor()
    monitor.tell(bought(1, START + CYCLE))
    monitor.tell(settled(WHOLE, 0), START + CYCLE + minutes * MINUTE)
    monitor.until(START + 60 * MINUTE)
    assert bool(monitor.said()) == overdue


def test_overdue_ends_with_the_settlement_and_resolves_five_minutes_later() -> None:
    monitor = Monitor()
    monitor.tell(bought(1, START + CYCLE))
    monitor.tell(settled(WHOLE, 0), START + CYCLE + 7 * MINUTE)
    monitor.until(START + 60 * MINUTE)
    assert monitor.said() == [
        raised(1, VENUE, Severity.HIGH, 5 * MINUTE, CYCLE + 5 * MINUTE),
        (CYCLE + 12 * MINUTE, AlertResolved(FIRM, 1, OVERDUE, VENUE, START + CYCLE + 7 * MINUTE)),
    ]


def test_the_next_oldest_fill_keeps_the_alert_firing() -> None:
    monitor = Monitor()
    monitor.tell(bought(1, START))
    monitor.tell(bought(2, START + 3 * MINUTE), START + MINUTE)
    monitor.tell(settled(WHOLE, 0, trade_id=1), START + 9 * MINUTE)
    monitor.until(START + 13 * MINUTE)
    assert monitor.said() == [
        raised(1, VENUE, Severity.HIGH, 5 * MINUTE, 5 * MINUTE),
        (13 * MINUTE, AlertUpdated(FIRM, 1, OVERDUE, VENUE, Severity.CRITICAL, 10 * MINUTE)),
    ]
    monitor.tell(settled(2 * WHOLE, 0, trade_id=2), START + 14 * MINUTE)
    monitor.until(START + 19 * MINUTE)
    assert monitor.said()[2:] == [
        (18 * MINUTE, AlertEscalated(FIRM, 1, OVERDUE, VENUE, Severity.CRITICAL)),
        (19 * MINUTE, AlertResolved(FIRM, 1, OVERDUE, VENUE, START + 14 * MINUTE)),
    ]


def test_a_late_fill_that_is_due_before_the_watched_one_is_watched_first() -> None:
    monitor = Monitor()
    monitor.tell(bought(2, START + CYCLE))
    monitor.tell(bought(1, START + MINUTE), START + 2 * MINUTE)
    monitor.until(START + 6 * MINUTE)
    assert monitor.said() == [raised(1, VENUE, Severity.HIGH, 5 * MINUTE, 6 * MINUTE)]


def test_a_fill_that_arrives_overdue_is_said_at_once() -> None:
    monitor = Monitor()
    assert monitor.tell(bought(1, START - 10 * MINUTE)) == [
        AlertRaised(FIRM, 1, OVERDUE, VENUE, Severity.CRITICAL, 10 * MINUTE, 5 * MINUTE, START)
    ]


def test_a_fill_settled_before_it_arrived_is_never_overdue() -> None:
    monitor = Monitor()
    monitor.tell(settled(WHOLE, 0))
    monitor.tell(bought(1, START), START + SECOND)
    monitor.until(START + 60 * MINUTE)
    assert monitor.said() == []


def test_each_venue_has_its_own_alert() -> None:
    monitor = Monitor()
    monitor.tell(bought(1, START))
    monitor.tell(bought(1, START + MINUTE, venue="exchange-beta"))
    monitor.until(START + 7 * MINUTE)
    assert monitor.said() == [
        raised(1, VENUE, Severity.HIGH, 5 * MINUTE, 5 * MINUTE),
        raised(2, "exchange-beta", Severity.HIGH, 5 * MINUTE, 6 * MINUTE),
    ]


def test_one_stuck_fill_does_not_make_the_heap_grow() -> None:
    monitor = Monitor()
    monitor.tell(bought(1, START))
    for trade_id in range(2, 2_000):
        monitor.tell(bought(trade_id, START + trade_id))
        monitor.tell(settled(WHOLE, 0, trade_id=trade_id))
    assert len(monitor.risk.settlement_watches[VENUE].due) <= 66


def test_wake_ups_are_one_per_venue_not_one_per_fill() -> None:
    monitor = Monitor()
    for trade_id in range(1, 600):
        at = START + trade_id * SECOND
        monitor.tell(bought(trade_id, at + CYCLE), at)
        if trade_id > 10:
            monitor.tell(settled(WHOLE, 0, trade_id=trade_id - 10))
    assert monitor.asked <= 3


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.booleans(), st.integers(1, 6), st.integers(-3, 12)),
        min_size=1,
        max_size=30,
    )
)
def test_overdue_equals_a_plain_reading_of_the_definition(steps: list[tuple[int, bool, int, int]]) -> None:
    monitor = Monitor()
    unsettled: dict[int, int] = {}
    seen: set[int] = set()
    now = START
    for pause, is_fill, trade_id, cycle in steps:
        for _ in range(pause):
            now += MINUTE
            monitor.until(now)
            late = [now - settles_at for settles_at in unsettled.values()]
            watch = monitor.risk.settlement_watches.get(VENUE)
            assert (watch is not None and watch.holds) == any(one >= 5 * MINUTE for one in late)
        if is_fill:
            monitor.tell(bought(trade_id, now + cycle * MINUTE))
            if trade_id not in seen and trade_id not in unsettled:
                unsettled[trade_id] = now + cycle * MINUTE
        else:
            monitor.tell(settled(0, 0, trade_id=trade_id))
            seen.add(trade_id)
            unsettled.pop(trade_id, None)
        watch = monitor.risk.settlement_watches[VENUE] if unsettled else monitor.risk.settlement_watches.get(VENUE)
        assert (watch is not None and watch.holds) == any(now - one >= 5 * MINUTE for one in unsettled.values())
