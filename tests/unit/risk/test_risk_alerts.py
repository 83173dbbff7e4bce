"""The lifecycle of alerts, on a position limit, which holds or not as the test says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.unit.risk.monitor import FIRM, MINUTE, SECOND, START, WHOLE, Monitor, deposit

from trading_ecosystem.domains.risk.parameters import LimitParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.risk import (
    SEVERITY_RANK,
    AcknowledgeAlert,
    AlertAcknowledged,
    AlertEscalated,
    AlertKind,
    AlertRaised,
    AlertResolved,
    AlertSilenced,
    AlertSilenceEnded,
    AlertsQuestion,
    AlertState,
    AlertUpdated,
    ChangeLimit,
    EscalateAlert,
    LimitKind,
    RiskCommandRejected,
    Severity,
    SilenceAlert,
)
from trading_ecosystem.messages.risk_standing import ActiveAlertsQuestion, ComplianceQuestion, LimitsQuestion, LimitStanding
from trading_ecosystem.runtime.snapshot import upgrade_state

KIND = AlertKind.POSITION_LIMIT
NONE, WARNING, HIGH, CRITICAL = 0, 75, 90, 100
LIMITS = (LimitParameters(LimitKind.POSITION_LONG, "BTC", 100 * WHOLE),)


class Story:
    """A monitor whose utilisation of one limit the test sets, in per cent."""

    def __init__(self) -> None:
        self.monitor = Monitor(LIMITS)
        self.told = 0

    def at(self, instant: int, per_cent: int) -> list[Message]:
        self.told += 1
        return self.monitor.tell(deposit("BTC", 1, per_cent * WHOLE, f"t{self.told}"), START + instant)

    def acknowledge(self, instant: int, by: str = "ada", alert_id: int = 1, account: str = FIRM) -> list[Message]:
        return self.monitor.tell(AcknowledgeAlert("risk", account, alert_id, by), START + instant)

    def said(self, until: int) -> list[tuple[int, Message]]:
        self.monitor.until(START + until)
        return self.monitor.said()


def raised(number: int, severity: Severity, per_cent: int, at: int) -> tuple[int, AlertRaised]:
    return at, AlertRaised(FIRM, number, KIND, "BTC", severity, per_cent * 10_000, 1_000_000, START + at)


def updated(number: int, severity: Severity, per_cent: int, at: int) -> tuple[int, AlertUpdated]:
    return at, AlertUpdated(FIRM, number, KIND, "BTC", severity, per_cent * 10_000)


def resolved(number: int, cleared_at: int, at: int) -> tuple[int, AlertResolved]:
    return at, AlertResolved(FIRM, number, KIND, "BTC", START + cleared_at)


def escalated(number: int, severity: Severity, at: int) -> tuple[int, AlertEscalated]:
    return at, AlertEscalated(FIRM, number, KIND, "BTC", severity)


def test_severity_only_rises() -> None:
    story = Story()
    for minute, per_cent in enumerate((80, 95, 80, 95, 120, 80)):
        story.at(minute * SECOND, per_cent)
    assert story.said(MINUTE) == [
        raised(1, Severity.WARNING, 80, 0),
        updated(1, Severity.HIGH, 95, SECOND),
        updated(1, Severity.CRITICAL, 120, 4 * SECOND),
    ]


def test_it_keeps_firing_for_exactly_five_minutes_without_a_break() -> None:
    story = Story()
    story.at(0, WARNING)
    story.at(MINUTE, NONE)
    story.at(4 * MINUTE, WARNING)
    story.at(5 * MINUTE, NONE)
    assert story.said(10 * MINUTE - 1) == [raised(1, Severity.WARNING, 75, 0)]
    assert story.said(10 * MINUTE)[1:] == [resolved(1, 5 * MINUTE, 10 * MINUTE)]


def test_a_condition_that_comes_back_just_in_time_is_the_same_alert() -> None:
    story = Story()
    story.at(0, WARNING)
    story.at(MINUTE, NONE)
    story.at(6 * MINUTE - 1, WARNING)
    assert story.said(60 * MINUTE) == [raised(1, Severity.WARNING, 75, 0)]


def test_a_condition_that_comes_back_at_the_end_is_a_new_alert() -> None:
    story = Story()
    story.at(0, WARNING)
    story.at(MINUTE, NONE)
    assert story.at(6 * MINUTE, WARNING) == [raised(2, Severity.WARNING, 75, 6 * MINUTE)[1]]
    assert story.said(60 * MINUTE) == [
        raised(1, Severity.WARNING, 75, 0),
        resolved(1, MINUTE, 6 * MINUTE),
        raised(2, Severity.WARNING, 75, 6 * MINUTE),
    ]


def test_the_end_is_the_same_when_the_wake_up_that_begins_it_again_comes_first() -> None:
    book = Monitor().risk.alerts
    said: list[object] = []
    book.hold(KIND, "BTC", Severity.WARNING, 1, 1, START, said)  # type: ignore[arg-type]
    book.cease(KIND, "BTC", START, said)  # type: ignore[arg-type]
    said.clear()
    book.hold(KIND, "BTC", Severity.WARNING, 1, 1, START + 5 * MINUTE, said)  # type: ignore[arg-type]
    book.keep_firing_due(1, START + 5 * MINUTE, said)  # type: ignore[arg-type]
    assert [type(one) for one in said] == [AlertResolved, AlertRaised]
    assert [one.alert_id for one in book.firing()] == [2]


def test_flapping_keeps_one_wake_up_under_way() -> None:
    story = Story()
    for second in range(200):
        story.at(second * SECOND, WARNING if second % 2 == 0 else NONE)
    reports = 1
    assert story.monitor.asked == reports + 1
    assert story.said(60 * MINUTE) == [raised(1, Severity.WARNING, 75, 0), resolved(1, 199 * SECOND, 499 * SECOND)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, HIGH)], (Severity.HIGH, 15)),
        ([(0, CRITICAL)], (Severity.CRITICAL, 5)),
        ([(0, HIGH), (2, CRITICAL)], (Severity.CRITICAL, 7)),
        ([(0, HIGH), (12, CRITICAL)], (Severity.CRITICAL, 15)),
        ([(0, WARNING), (20, HIGH)], (Severity.HIGH, 35)),
        ([(0, CRITICAL), (1, NONE)], (Severity.CRITICAL, 5)),
        ([(0, WARNING)], None),
        ([(0, HIGH), (1, NONE)], None),
    ],
)
def test_escalation_once_at_the_first_deadline(steps: list[tuple[int, int]], expected: tuple[Severity, int] | None) -> None:
    story = Story()
    for minute, per_cent in steps:
        story.at(minute * MINUTE, per_cent)
    found = [one for one in story.said(90 * MINUTE) if isinstance(one[1], AlertEscalated)]
    assert found == ([] if expected is None else [escalated(1, expected[0], expected[1] * MINUTE)])


def test_an_escalated_alert_that_worsens_is_updated_and_not_escalated_again() -> None:
    story = Story()
    story.at(0, HIGH)
    story.at(16 * MINUTE, CRITICAL)
    assert story.said(90 * MINUTE) == [
        raised(1, Severity.HIGH, 90, 0),
        escalated(1, Severity.HIGH, 15 * MINUTE),
        updated(1, Severity.CRITICAL, 100, 16 * MINUTE),
    ]


@pytest.mark.parametrize("late", [False, True])
def test_an_acknowledged_alert_is_not_escalated_even_if_it_worsens(late: bool) -> None:
    story = Story()
    story.at(0, HIGH)
    at = 15 * MINUTE if late else 15 * MINUTE - 1
    assert story.acknowledge(at) == [AlertAcknowledged(FIRM, 1, "ada")]
    story.at(20 * MINUTE, CRITICAL)
    story.at(30 * MINUTE, NONE)
    assert story.said(90 * MINUTE) == [
        raised(1, Severity.HIGH, 90, 0),
        *([escalated(1, Severity.HIGH, 15 * MINUTE)] if late else []),
        (at, AlertAcknowledged(FIRM, 1, "ada")),
        updated(1, Severity.CRITICAL, 100, 20 * MINUTE),
        resolved(1, 30 * MINUTE, 35 * MINUTE),
    ]


def test_acknowledging_again_is_answered_alike_and_another_person_comes_too_late() -> None:
    story = Story()
    story.at(0, HIGH)
    assert story.acknowledge(1) == story.acknowledge(2) == [AlertAcknowledged(FIRM, 1, "ada")]
    assert story.acknowledge(3, by="bob") == [RiskCommandRejected(FIRM, "AcknowledgeAlert", "alert 1 was acknowledged by ada")]
    assert story.acknowledge(4, alert_id=2) == [RiskCommandRejected(FIRM, "AcknowledgeAlert", "no active alert 2")]
    assert story.acknowledge(5, account="other") == [RiskCommandRejected("other", "AcknowledgeAlert", "other is not of fund")]
    story.at(MINUTE, NONE)
    story.said(6 * MINUTE)
    assert story.acknowledge(7 * MINUTE) == [RiskCommandRejected(FIRM, "AcknowledgeAlert", "no active alert 1")]


def test_the_answer_lists_active_alerts_with_their_severity_now() -> None:
    story = Story()
    assert story.monitor.risk.answer(AlertsQuestion()) == ()
    story.at(0, WARNING)
    story.at(1, CRITICAL)
    story.at(2, NONE)
    expected = AlertRaised(FIRM, 1, KIND, "BTC", Severity.CRITICAL, 1_000_000, 1_000_000, START)
    assert story.monitor.risk.answer(AlertsQuestion()) == (expected,)
    story.said(6 * MINUTE)
    assert story.monitor.risk.answer(AlertsQuestion()) == ()


STEPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 60, 150, 299, 300, 301, 600]), st.sampled_from([NONE, WARNING, HIGH, CRITICAL])),
    min_size=1,
    max_size=30,
)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(STEPS)
def test_raised_updated_and_resolved_equal_a_plain_reading(steps: list[tuple[int, int]]) -> None:
    story = Story()
    now = 0
    holding: list[tuple[int, int]] = []
    for pause, per_cent in steps:
        now += pause * SECOND
        holding.append((now, per_cent))
        story.at(now, per_cent)
    said = [
        (at, type(one).__name__, one.severity if not isinstance(one, AlertResolved) else None)
        for at, one in story.said(now + 5 * MINUTE)
        if isinstance(one, AlertRaised | AlertUpdated | AlertResolved)
    ]
    expected: list[tuple[int, str, Severity | None]] = []
    worst: Severity | None = None
    cleared: int | None = None
    for at, per_cent in [*holding, (now + 5 * MINUTE, -1)]:
        if worst is not None and cleared is not None and at - cleared >= 5 * MINUTE:
            expected.append((cleared + 5 * MINUTE, "AlertResolved", None))
            worst = cleared = None
        if per_cent >= WARNING:
            severity = {WARNING: Severity.WARNING, HIGH: Severity.HIGH, CRITICAL: Severity.CRITICAL}[per_cent]
            cleared = None
            if worst is None or SEVERITY_RANK[severity] > SEVERITY_RANK[worst]:
                expected.append((at, "AlertRaised" if worst is None else "AlertUpdated", severity))
                worst = severity
        elif worst is not None and cleared is None and per_cent == NONE:
            cleared = at
    assert said == expected


def silence(story: Story, at: int, until: int, alert_id: int = 1) -> list[Message]:
    return story.monitor.tell(SilenceAlert("risk", FIRM, alert_id, "ada", START + until), START + at)


def escalate(story: Story, at: int, alert_id: int = 1) -> list[Message]:
    return story.monitor.tell(EscalateAlert("risk", FIRM, alert_id, "ada"), START + at)


def silenced(until: int) -> AlertSilenced:
    return AlertSilenced(FIRM, 1, "ada", START + until)


@pytest.mark.parametrize(
    ("until", "escalates"),
    [(10 * MINUTE, 15 * MINUTE), (15 * MINUTE, 15 * MINUTE), (40 * MINUTE, 40 * MINUTE)],
)
def test_a_silenced_alert_is_escalated_when_its_time_has_come_and_it_is_silent_no_more(until: int, escalates: int) -> None:
    story = Story()
    story.at(0, HIGH)
    assert silence(story, MINUTE, until) == [silenced(until)]
    found = [one for one in story.said(90 * MINUTE) if not isinstance(one[1], (AlertRaised, AlertSilenced))]
    assert found == [(until, AlertSilenceEnded(FIRM, 1)), escalated(1, Severity.HIGH, escalates)]


def test_silence_changes_nothing_about_updates_and_resolution() -> None:
    story = Story()
    story.at(0, WARNING)
    silence(story, 1, 60 * MINUTE)
    story.at(MINUTE, CRITICAL)
    story.at(2 * MINUTE, NONE)
    assert story.said(90 * MINUTE) == [
        raised(1, Severity.WARNING, 75, 0),
        (1, silenced(60 * MINUTE)),
        updated(1, Severity.CRITICAL, 100, MINUTE),
        resolved(1, 2 * MINUTE, 7 * MINUTE),
    ]


def test_one_that_became_critical_in_silence_is_escalated_after_it() -> None:
    story = Story()
    story.at(0, WARNING)
    silence(story, 1, 8 * MINUTE)
    story.at(2 * MINUTE, CRITICAL)
    assert story.said(90 * MINUTE)[-2:] == [
        (8 * MINUTE, AlertSilenceEnded(FIRM, 1)),
        escalated(1, Severity.CRITICAL, 8 * MINUTE),
    ]


def test_silencing_again_moves_the_end_and_acknowledging_or_escalating_ends_it() -> None:
    story = Story()
    story.at(0, HIGH)
    silence(story, 1, 20 * MINUTE)
    silence(story, 2, 30 * MINUTE)
    (standing,) = story.monitor.risk.answer(ActiveAlertsQuestion())
    assert (standing.state, standing.silenced_until, standing.acknowledged_by) == (
        AlertState.SILENCED,
        START + 30 * MINUTE,
        None,
    )
    assert escalate(story, 3) == [structs.replace(escalated(1, Severity.HIGH, 3)[1], by="ada")]
    assert silence(story, 4, 40 * MINUTE) == [RiskCommandRejected(FIRM, "SilenceAlert", "alert 1 is escalated already")]
    assert escalate(story, 5) == [RiskCommandRejected(FIRM, "EscalateAlert", "alert 1 is escalated already")]
    story.acknowledge(6)
    assert silence(story, 7, 40 * MINUTE) == [RiskCommandRejected(FIRM, "SilenceAlert", "alert 1 is acknowledged already")]
    # Whoever takes it on may still hand it on.
    assert escalate(story, 8) == [structs.replace(escalated(1, Severity.HIGH, 8)[1], by="ada")]
    assert not any(isinstance(message, AlertSilenceEnded) for _, message in story.said(90 * MINUTE))


def test_what_cannot_be_silenced_or_escalated_is_refused() -> None:
    story = Story()
    story.at(0, HIGH)
    expected = "an alert is silenced until later than now, and for at most 7 days"
    for until in (MINUTE, MINUTE + 7 * 24 * 60 * MINUTE + 1):
        assert silence(story, MINUTE, until) == [RiskCommandRejected(FIRM, "SilenceAlert", expected)]
    assert silence(story, MINUTE, 2 * MINUTE, alert_id=2) == [RiskCommandRejected(FIRM, "SilenceAlert", "no active alert 2")]
    assert escalate(story, MINUTE, alert_id=2) == [RiskCommandRejected(FIRM, "EscalateAlert", "no active alert 2")]
    other = story.monitor.tell(EscalateAlert("risk", "other", 1, "eve"))
    assert other == [RiskCommandRejected("other", "EscalateAlert", "other is not of fund")]


@pytest.mark.parametrize(
    ("per_cent", "severity", "counts"),
    [(NONE, None, (0, 0, 0)), (WARNING, Severity.WARNING, (1, 0, 0)), (HIGH, Severity.HIGH, (0, 1, 0))],
)
def test_limits_and_compliance_stand_where_the_firm_does(
    per_cent: int, severity: Severity | None, counts: tuple[int, int, int]
) -> None:
    story = Story()
    story.at(0, per_cent)
    (standing,) = story.monitor.risk.answer(LimitsQuestion())
    assert standing == LimitStanding(
        account=FIRM,
        kind=LimitKind.POSITION_LONG,
        subject="BTC",
        value=100 * WHOLE,
        version=1,
        observed=per_cent * WHOLE,
        utilisation_ppm=per_cent * 10_000,
        severity=severity,
        alert_id=1 if severity else None,
    )
    compliance = story.monitor.risk.answer(ComplianceQuestion())
    assert (compliance.warning, compliance.high, compliance.breached) == counts
    assert (compliance.limits, compliance.worst_utilisation_ppm) == (1, per_cent * 10_000)
    assert compliance.active_alerts == (severity is not None)
    story.monitor.tell(ChangeLimit("risk", FIRM, LimitKind.POSITION_LONG, "BTC", 200 * WHOLE))
    (changed,) = story.monitor.risk.answer(LimitsQuestion())
    assert (changed.version, changed.utilisation_ppm) == (2, per_cent * 5_000)


def test_a_stored_alert_of_the_version_before_silences_is_brought_up_to_this_one() -> None:
    story = Story()
    story.at(0, HIGH)
    risk = story.monitor.risk
    alert = risk.alerts.by_id[1]
    del alert.silenced_until
    upgrade_state(risk, 1, {"alerts": risk.alerts})
    assert alert.silenced_until is None
