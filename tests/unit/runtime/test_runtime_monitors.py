"""Monitors outside: registration, what they are sent, heartbeats, and which of their reports count."""

from __future__ import annotations

import msgspec
import pytest

from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.monitor_stream import Delivery, Heartbeat, decode_sent, encode_sent
from trading_ecosystem.messages.monitors import (
    MOST_ACTIVE,
    MOST_MONITORS,
    AlertReportAccepted,
    AlertReported,
    AlertReportRefused,
    MonitorRefused,
    MonitorRegistered,
    MonitorsQuestion,
    RegisterMonitor,
    RegistrationRefusal,
    ReportedAlertsQuestion,
    ReportRefusal,
    ReportState,
)
from trading_ecosystem.messages.risk import AlertKind, Severity
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.errors import NotFound
from trading_ecosystem.runtime import monitors as module
from trading_ecosystem.runtime.monitors import Monitors, Outbox
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

START = 100 * SECOND


def price(number: int) -> PricePublished:
    return PricePublished(instrument="BTC/USD", price_minor=number, priced_at=0, update=number)


def registration(name: str = "outside", **changes) -> RegisterMonitor:
    return msgspec.structs.replace(RegisterMonitor("monitors", "fund", name), **changes)


def report(number: int, raised_at: int, state: ReportState = ReportState.RAISED, **changes) -> AlertReported:
    made = AlertReported(
        component="monitors",
        account="fund",
        monitor="outside",
        report_id=f"report-{number}",
        alert_id=number,
        state=state,
        kind=AlertKind.PRICE_CRASH,
        subject="BTC/USD",
        severity=Severity.HIGH,
        raised_at=raised_at,
    )
    return msgspec.structs.replace(made, **changes)


@pytest.fixture
def desk() -> Monitors:
    made = Monitors("risk", "fund")
    (registered,) = made.handle(registration(), START)
    assert isinstance(registered, MonitorRegistered)
    return made


def reason(said) -> ReportRefusal:
    (refused,) = said
    assert isinstance(refused, AlertReportRefused), refused
    return refused.reason


# ---------------------------------------------------------------- registration


def test_nothing_is_overheard_before_somebody_is_registered():
    made = Monitors("risk", "fund")
    made.beat(START)
    assert (made.overhears, made.outbox.sent, made.answer(MonitorsQuestion())) == ("", 0, ())
    (registered,) = made.handle(registration(lock_step=True), START)
    assert registered == MonitorRegistered("fund", "outside", True, START, 100)
    assert made.overhears == "risk"
    assert made.in_lock_step == ["outside"]


def test_the_same_registration_again_has_the_same_answer(desk):
    assert desk.handle(registration(), START + SECOND) == [MonitorRegistered("fund", "outside", False, START, 100)]
    assert len(desk.answer(MonitorsQuestion())) == 1


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (registration("other", account="rival"), RegistrationRefusal.NO_SUCH_FIRM),
        (registration("other", account="fund/maker"), RegistrationRefusal.NO_SUCH_FIRM),
        (registration("risk"), RegistrationRefusal.INVALID_NAME),
        (registration(""), RegistrationRefusal.INVALID_NAME),
        (registration("Other"), RegistrationRefusal.INVALID_NAME),
        (registration("9lives"), RegistrationRefusal.INVALID_NAME),
        (registration("x" * 37), RegistrationRefusal.INVALID_NAME),
        (registration("other\n"), RegistrationRefusal.INVALID_NAME),
        (registration(lock_step=True), RegistrationRefusal.NAME_TAKEN),
    ],
)
def test_a_registration_is_refused_with_its_reason(desk, message, expected):
    assert desk.handle(message, START) == [MonitorRefused(message.account, message.monitor, expected)]
    assert len(desk.answer(MonitorsQuestion())) == 1


def test_there_is_a_largest_number_of_monitors(desk):
    for number in range(1, MOST_MONITORS):
        assert isinstance(desk.handle(registration(f"m{number}"), START)[0], MonitorRegistered)
    (refused,) = desk.handle(registration("one-more"), START)
    assert refused.reason is RegistrationRefusal.TOO_MANY_MONITORS
    assert isinstance(desk.handle(registration("m1"), START)[0], MonitorRegistered)


# ---------------------------------------------------------------- what is sent


def test_a_heartbeat_follows_what_is_delivered_at_its_instant_and_precedes_what_is_delivered_later(desk):
    desk.overhear(price(1), START)
    desk.overhear(price(2), START + SECOND)
    desk.overhear(price(3), START + 3 * SECOND + 1)
    assert desk.outbox.after(0) == [
        Delivery(1, START, price(1)),
        Heartbeat(2, 100, START),
        Delivery(3, START + SECOND, price(2)),
        Heartbeat(4, 101, START + SECOND),
        Heartbeat(5, 102, START + 2 * SECOND),
        Heartbeat(6, 103, START + 3 * SECOND),
        Delivery(7, START + 3 * SECOND + 1, price(3)),
    ]


def test_heartbeats_come_where_nothing_is_delivered(desk):
    desk.beat(START)
    assert desk.outbox.sent == 0
    desk.beat(START + 1)
    desk.beat(START + 1)
    desk.beat(START + 2 * SECOND + 1)
    assert [(one.heartbeat, one.at) for one in desk.outbox.after(0)] == [(n, n * SECOND) for n in (100, 101, 102)]
    assert desk.last_heartbeat == 102


def test_a_later_monitor_is_sent_what_comes_after_its_registration(desk):
    desk.overhear(price(1), START + 1)
    (registered,) = desk.handle(registration("late"), START + SECOND + 1)
    desk.overhear(price(2), START + SECOND + 2)
    assert registered.first_heartbeat == 102
    assert desk.registration("late").first_number == desk.outbox.sent
    assert desk.registration("outside").first_number == 1
    with pytest.raises(NotFound, match="no monitor is registered as 'nobody'"):
        desk.registration("nobody")


def test_a_reader_that_falls_behind_is_told(monkeypatch):
    monkeypatch.setattr(module, "OUTBOX", 3)
    outbox = Outbox()
    for number in range(1, 6):
        outbox.deliver(price(number), START)
    assert [one.number for one in outbox.after(2)] == [3, 4, 5]
    assert outbox.after(5) == []
    for lost in (1, 6):
        with pytest.raises(NotFound, match=f"what followed number {lost} is not kept any more; the newest is 5"):
            outbox.after(lost)


def test_a_snapshot_keeps_everything_but_what_was_sent(desk):
    desk.overhear(price(1), START + 1)
    desk.handle(report(1, START + 1), START + 2)
    restored = Decoder().decode(msgspec.json.decode(msgspec.json.encode(Encoder().encode(desk))))
    assert restored.outbox.sent == desk.outbox.sent == 2
    assert restored.outbox.after(2) == []
    with pytest.raises(NotFound):
        restored.outbox.after(1)
    later = report(1, START + 1), START + 9 * SECOND
    assert restored.handle(*later) == desk.handle(*later)
    assert restored.answer(ReportedAlertsQuestion()) == desk.answer(ReportedAlertsQuestion()) != ()
    for one in (desk, restored):
        one.overhear(price(2), START + SECOND + 1)
    assert restored.outbox.after(2) == desk.outbox.after(2) != []


@pytest.mark.parametrize("sent", [Delivery(1, 2, price(3)), Heartbeat(4, 5, 5 * SECOND)])
def test_what_is_sent_travels_as_json(sent):
    assert decode_sent(encode_sent(sent)) == sent


@pytest.mark.parametrize(
    "document",
    [
        b'{"type":"delivery","number":1,"delivered_at":2}',
        b'{"type":"delivery","number":1,"delivered_at":2,"message":{"type":"Nothing"}}',
        b'{"type":"heartbeat","number":1,"heartbeat":"1","at":1}',
        b'{"type":"greeting"}',
        b"{",
    ],
)
def test_what_is_nothing_that_is_sent_is_refused(document):
    with pytest.raises(msgspec.MsgspecError):
        decode_sent(document)


# ---------------------------------------------------------------- what is reported


def test_an_alert_is_raised_updated_and_resolved(desk):
    at = START + 10
    (raised,) = desk.handle(report(1, at, observed=7), at)
    assert isinstance(raised, AlertReportAccepted)
    assert (raised.state, raised.severity, raised.raised_at, raised.observed) == ("raised", "high", at, 7)
    assert desk.answer(ReportedAlertsQuestion("outside")) == (raised,)
    worse = report(1, at, ReportState.UPDATED, report_id="worse", severity=Severity.CRITICAL)
    (updated,) = desk.handle(worse, at)
    assert (updated.state, updated.observed) == ("updated", None)
    (active,) = desk.answer(ReportedAlertsQuestion())
    assert (active.severity, active.observed, active.raised_at) == ("critical", 7, at)
    (resolved,) = desk.handle(report(1, at, ReportState.RESOLVED, report_id="over"), at)
    assert resolved.state == "resolved"
    assert desk.answer(ReportedAlertsQuestion()) == ()


def test_the_same_report_again_has_the_same_answer_and_no_effect(desk):
    first = desk.handle(report(1, START), START)
    assert desk.handle(report(1, START), START + 9 * SECOND) == first
    assert len(desk.answer(ReportedAlertsQuestion())) == 1
    refused = desk.handle(report(2, 0), START)
    assert desk.handle(report(2, 0), START + SECOND) == refused
    assert reason(desk.handle(report(1, START, severity=Severity.CRITICAL), START)) is ReportRefusal.REPORT_ID_REUSED


@pytest.mark.parametrize(
    ("raised_at", "counts"),
    [
        (START + 4 * SECOND, False),
        (START + 4 * SECOND + 1, True),
        (START + 5 * SECOND, True),
        (START + 5 * SECOND + 1, True),
        (START + 5 * SECOND + 2, False),
        (-1, False),
    ],
)
def test_an_alert_has_to_be_of_the_last_heartbeat_or_newer(desk, raised_at, counts):
    """The report arrives a nanosecond after heartbeat 105."""
    said = desk.handle(report(1, raised_at), START + 5 * SECOND + 1)
    if counts:
        assert isinstance(said[0], AlertReportAccepted)
    else:
        assert reason(said) is ReportRefusal.OUTSIDE_HEARTBEAT


def test_nothing_is_raised_before_the_registration(desk):
    desk.handle(registration("late"), START + 500)
    assert reason(desk.handle(report(1, START + 499, monitor="late"), START + 600)) is ReportRefusal.OUTSIDE_HEARTBEAT
    (raised,) = desk.handle(report(2, START + 500, monitor="late"), START + 600)
    assert isinstance(raised, AlertReportAccepted)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"monitor": "nobody"}, ReportRefusal.NO_SUCH_MONITOR),
        ({"account": "rival"}, ReportRefusal.NO_SUCH_MONITOR),
        ({"report_id": ""}, ReportRefusal.INVALID_REPORT),
        ({"report_id": "x" * 37}, ReportRefusal.INVALID_REPORT),
        ({"subject": ""}, ReportRefusal.INVALID_REPORT),
        ({"subject": "x" * 65}, ReportRefusal.INVALID_REPORT),
        ({"alert_id": 0}, ReportRefusal.INVALID_REPORT),
        ({"alert_id": 5}, ReportRefusal.ALERT_KNOWN),
        ({"alert_id": 4}, ReportRefusal.ALERT_KNOWN),
        ({"alert_id": 6, "state": ReportState.UPDATED}, ReportRefusal.ALERT_UNKNOWN),
        ({"alert_id": 6, "state": ReportState.RESOLVED}, ReportRefusal.ALERT_UNKNOWN),
        ({"alert_id": 5, "state": ReportState.RESOLVED, "subject": "ETH/USD"}, ReportRefusal.ALERT_UNKNOWN),
        ({"alert_id": 5, "state": ReportState.RESOLVED, "kind": AlertKind.PRICE_STALE}, ReportRefusal.ALERT_UNKNOWN),
        ({"alert_id": 5, "state": ReportState.UPDATED}, ReportRefusal.NOT_MORE_SEVERE),
        ({"alert_id": 5, "state": ReportState.UPDATED, "severity": Severity.WARNING}, ReportRefusal.NOT_MORE_SEVERE),
    ],
)
def test_a_report_is_refused_with_its_reason(desk, changes, expected):
    desk.handle(report(5, START), START)
    assert reason(desk.handle(report(9, START, **changes), START)) is expected
    assert len(desk.answer(ReportedAlertsQuestion())) == 1


def test_active_alerts_and_kept_answers_are_bounded(desk, monkeypatch):
    monkeypatch.setattr(module, "REPORTS", 2)
    for number in range(1, MOST_ACTIVE + 1):
        assert isinstance(desk.handle(report(number, START), START)[0], AlertReportAccepted)
    assert reason(desk.handle(report(MOST_ACTIVE + 1, START), START)) is ReportRefusal.TOO_MANY_ACTIVE
    assert len(desk.registration("outside").answers) == 2
    # Its answer is forgotten; it is no new alert all the same.
    assert reason(desk.handle(report(1, START), START)) is ReportRefusal.ALERT_KNOWN
