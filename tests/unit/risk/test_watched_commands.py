"""Alerts about what venues do with commands and fills."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.risk.monitor import MINUTE, SECOND, START, Monitor, fill
from tests.unit.risk.watched import (
    ALPHA,
    accepted,
    alerts,
    cancel,
    cancel_rejected,
    cancelled,
    cleared,
    place,
    rejected,
)

from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import HOUR

LATENCY, UNANSWERED = AlertKind.EXECUTION_LATENCY, AlertKind.ORDER_UNANSWERED


def filled(order: str = "a", number: int = 1, leaves: int = 0, order_id: int = 1):
    one = fill(Side.BUY, 0.001, 50_000, START + 20 * MINUTE, trade_id=number)
    return replace(one, client_order_id=order, order_id=order_id, leaves_lots=leaves)


# ---------------------------------------------------------------- latency and silence


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (place("a"), accepted("a")),
        (place("a"), rejected("a")),
        (place("a"), filled(leaves=5)),
        (cancel("a"), cancelled("a")),
        (cancel("a"), cancel_rejected("a")),
        (cancel("a"), filled()),
    ],
)
def test_every_answer_ends_the_wait_and_is_late_from_a_second_on(command, answer):
    monitor = Monitor()
    monitor.tell(command, START)
    monitor.tell(answer, START + SECOND)
    monitor.until(START + HOUR)
    assert alerts(monitor, LATENCY) == [(SECOND, "raised", ALPHA, "high", SECOND)]
    assert alerts(monitor, UNANSWERED) == []


def test_a_quick_answer_ends_the_latency_and_two_seconds_are_critical():
    monitor = Monitor()
    for number, (sent, after) in enumerate([(0, 999), (10, 1000), (20, 2000), (30, 0)]):
        monitor.tell(place(f"o{number}"), START + sent * SECOND)
        monitor.tell(accepted(f"o{number}"), START + sent * SECOND + after * SECOND // 1000)
    monitor.until(START + HOUR)
    assert [severity for *_, severity, _ in alerts(monitor, LATENCY)] == ["high", "critical"]
    assert cleared(monitor, LATENCY) == [30 * SECOND]


@pytest.mark.parametrize(
    "answer", [accepted("b"), accepted("a", account="fund/other"), accepted("a", venue="exchange-beta"), cancelled("a")]
)
def test_what_answers_another_command_is_no_answer(answer):
    monitor = Monitor()
    monitor.tell(place("a"), START)
    monitor.tell(answer, START + 5 * SECOND)
    monitor.until(START + 40 * SECOND)
    assert alerts(monitor, LATENCY) == []
    assert alerts(monitor, UNANSWERED) == [(30 * SECOND, "raised", ALPHA, "high", 30 * SECOND)]


def test_a_fill_that_leaves_something_does_not_answer_a_cancel():
    monitor = Monitor()
    monitor.tell(cancel("a"), START)
    monitor.tell(filled(leaves=5), START + SECOND)
    monitor.until(START + MINUTE)
    assert len(alerts(monitor, UNANSWERED)) == 2


def test_an_unanswered_command_is_given_up_at_last():
    monitor = Monitor()
    monitor.tell(place("a"), START)
    monitor.tell(place("a"), START + 10 * SECOND)
    monitor.until(START + HOUR)
    assert alerts(monitor, UNANSWERED) == [
        (30 * SECOND, "raised", ALPHA, "high", 30 * SECOND),
        (60 * SECOND, "updated", ALPHA, "critical", 60 * SECOND),
    ]
    assert cleared(monitor, UNANSWERED) == [15 * MINUTE + 1]
    # Its answer comes too late to be one.
    monitor.tell(accepted("a"), START + HOUR)
    assert alerts(monitor, LATENCY) == []


def test_the_oldest_counts_and_an_answer_to_it_leaves_the_next():
    monitor = Monitor()
    monitor.tell(place("a"), START)
    monitor.tell(place("b"), START + 20 * SECOND)
    monitor.tell(accepted("a"), START + 40 * SECOND)
    monitor.until(START + 49 * SECOND)
    monitor.tell(accepted("b"), START + 55 * SECOND)
    monitor.until(START + HOUR)
    # It held from 30 s to 40 s for the first and from 50 s to 55 s for the second: one alert.
    assert [at for at, *_ in alerts(monitor, UNANSWERED)] == [30 * SECOND]
    assert cleared(monitor, UNANSWERED) == [55 * SECOND]


# ---------------------------------------------------------------- answers that overtake the copies of their commands


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (place("a"), accepted("a")),
        (place("a"), rejected("a")),
        (place("a"), filled(leaves=5)),
        (place("a"), filled()),
        (cancel("a"), cancelled("a")),
        (cancel("a"), cancel_rejected("a")),
        (cancel("a"), filled()),
    ],
)
@pytest.mark.parametrize(("early", "waits"), [(0, False), (MINUTE - 1, False), (MINUTE, True)])
def test_an_answer_that_came_first_is_remembered_for_a_minute(command, answer, early, waits):
    monitor = Monitor()
    monitor.tell(answer, START)
    monitor.tell(command, START + early)
    monitor.until(START + HOUR)
    assert bool(alerts(monitor, UNANSWERED)) is waits
    assert alerts(monitor, LATENCY) == []


def test_an_early_fill_that_leaves_nothing_answers_an_order_and_its_cancel_once():
    monitor = Monitor()
    monitor.tell(place("b"), START)
    monitor.tell(filled("a"), START + SECOND)
    monitor.tell(accepted("b"), START + 2 * SECOND)
    monitor.tell(place("a"), START + 3 * SECOND)  # No wait: b's latency is over.
    monitor.tell(cancel("a"), START + 4 * SECOND)
    monitor.tell(cancel("a"), START + 5 * SECOND)  # Nothing is left that answers this one.
    monitor.until(START + HOUR)
    assert [at for at, *_ in alerts(monitor, LATENCY)] == [2 * SECOND]
    assert cleared(monitor, LATENCY) == [3 * SECOND]
    assert [at for at, *_ in alerts(monitor, UNANSWERED)] == [35 * SECOND, 65 * SECOND]


def test_the_latest_early_answer_counts_and_for_its_own_command_only():
    monitor = Monitor()
    monitor.tell(accepted("a"), START)
    monitor.tell(accepted("b"), START + SECOND)
    monitor.tell(filled("a", leaves=5), START + 30 * SECOND)
    monitor.tell(place("c"), START + 31 * SECOND)
    monitor.tell(place("a"), START + 89 * SECOND)
    monitor.tell(place("b"), START + 90 * SECOND)
    monitor.until(START + HOUR)
    # c waits from 31 s, b from 90 s on: for c's fifteen minutes and then b's it is one alert.
    assert [at for at, *_ in alerts(monitor, UNANSWERED)] == [61 * SECOND, 91 * SECOND]
    assert cleared(monitor, UNANSWERED) == [90 * SECOND + 15 * MINUTE + 1]


def test_early_rejections_count_when_their_orders_arrive():
    monitor = Monitor()
    for number in range(10):
        monitor.tell(rejected(f"o{number}"), START + number * SECOND)
    assert alerts(monitor, AlertKind.REJECT_RATE) == []
    for number in range(10):
        monitor.tell(place(f"o{number}"), START + (20 + number) * SECOND)
    assert alerts(monitor, AlertKind.REJECT_RATE) == [(29 * SECOND, "raised", ALPHA, "critical", 1_000_000)]


# ---------------------------------------------------------------- rejections


def answer_orders(monitor: Monitor, pattern: str, every: int = SECOND) -> None:
    for number, kind in enumerate(pattern):
        at = START + number * every
        monitor.tell(place(f"o{number}"), at)
        monitor.tell(rejected(f"o{number}") if kind == "r" else accepted(f"o{number}"), at)


def test_half_of_ten_answers_is_too_many_rejections():
    monitor = Monitor()
    answer_orders(monitor, "rrrr" + "aaaaa" + "r")
    assert alerts(monitor, AlertKind.REJECT_RATE) == [(9 * SECOND, "raised", ALPHA, "high", 500_000)]
    monitor = Monitor()
    answer_orders(monitor, "rrrrrrrrr")
    assert alerts(monitor, AlertKind.REJECT_RATE) == []
    monitor = Monitor()
    answer_orders(monitor, "rrrrrrrrrr")
    assert alerts(monitor, AlertKind.REJECT_RATE) == [(9 * SECOND, "raised", ALPHA, "critical", 1_000_000)]


def test_rejections_are_forgotten_after_five_minutes_and_count_once():
    monitor = Monitor()
    answer_orders(monitor, "r" * 12 + "a" * 12, every=30 * SECOND)
    monitor.tell(rejected("o0"))
    raised = alerts(monitor, AlertKind.REJECT_RATE)
    # Ten answers lie within any five minutes; of those of 9:30 to 8:00 half are rejections, then fewer.
    assert [at for at, *_ in raised] == [9 * 30 * SECOND]
    monitor.until(START + HOUR)
    assert cleared(monitor, AlertKind.REJECT_RATE) == [17 * 30 * SECOND]


# ---------------------------------------------------------------- executions


def test_an_execution_that_arrives_again_is_a_duplicate_until_one_that_does_not():
    monitor = Monitor()
    monitor.tell(filled("a", 1), START)
    monitor.tell(filled("b", 2), START + SECOND)
    monitor.tell(filled("a", 1), START + 2 * SECOND)
    monitor.tell(filled("a", 1), START + 3 * SECOND)
    monitor.tell(filled("c", 3), START + 4 * SECOND)
    monitor.until(START + HOUR)
    assert alerts(monitor, AlertKind.DUPLICATE_EXECUTION) == [
        (2 * SECOND, "raised", ALPHA, "high", 1),
        (3 * SECOND, "updated", ALPHA, "critical", 2),
    ]
    assert cleared(monitor, AlertKind.DUPLICATE_EXECUTION) == [4 * SECOND]


def test_twenty_fills_of_one_order_within_a_minute_are_a_storm():
    monitor = Monitor()
    for number in range(1, 20):
        monitor.tell(filled("a", number, leaves=9), START + number * SECOND)
        monitor.tell(filled("a", number, leaves=9), START + number * SECOND)
        monitor.tell(filled("b", 100 + number, leaves=9, order_id=2), START + number * SECOND)
    assert alerts(monitor, AlertKind.EXECUTION_STORM) == []
    monitor.tell(filled("a", 20), START + 20 * SECOND)
    assert alerts(monitor, AlertKind.EXECUTION_STORM) == [(20 * SECOND, "raised", ALPHA, "high", 20)]
    monitor.tell(filled("b", 200, order_id=2), START + 79 * SECOND)
    monitor.until(START + HOUR)
    assert cleared(monitor, AlertKind.EXECUTION_STORM) == [79 * SECOND]


def test_a_fill_after_the_cancel_was_answered_is_noticed():
    monitor = Monitor()
    monitor.tell(filled("a", 1, leaves=5), START)
    monitor.tell(cancelled("a"), START + SECOND)
    monitor.tell(filled("a", 1, leaves=5), START + 2 * SECOND)
    assert alerts(monitor, AlertKind.FILL_AFTER_CANCEL) == []
    monitor.tell(filled("a", 2), START + 3 * SECOND)
    assert alerts(monitor, AlertKind.FILL_AFTER_CANCEL) == [(3 * SECOND, "raised", ALPHA, "high", 1)]
    monitor.tell(filled("b", 3, order_id=7), START + 4 * SECOND)
    monitor.until(START + HOUR)
    assert cleared(monitor, AlertKind.FILL_AFTER_CANCEL) == [4 * SECOND]


def test_a_cancel_is_remembered_for_a_quarter_of_an_hour():
    monitor = Monitor()
    monitor.tell(cancelled("a"), START)
    monitor.tell(filled("a", 1), START + 15 * MINUTE)
    assert alerts(monitor, AlertKind.FILL_AFTER_CANCEL) == []
