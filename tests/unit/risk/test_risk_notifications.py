"""When people are told of alerts, and of which: grouping, inhibition, repetition, silence and emergencies."""

from __future__ import annotations

from trading_ecosystem.domains.risk.notifications import (
    Notification,
    NotificationPolicy,
    NotificationReason,
    Notifier,
)
from trading_ecosystem.messages.risk import (
    AlertAcknowledged,
    AlertEscalated,
    AlertKind,
    AlertRaised,
    AlertResolved,
    AlertSilenced,
    AlertSilenceEnded,
    AlertState,
    AlertUpdated,
    Severity,
)
from trading_ecosystem.messages.risk_standing import AlertStanding
from trading_ecosystem.messages.trading_state import TradingState, TradingStateChanged, TradingStateOrigin
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND

FIRM, VENUE = "fund", "exchange-alpha"
NEW, CHANGED, REPEATED = NotificationReason.NEW, NotificationReason.CHANGED, NotificationReason.REPEATED
ESCALATED = NotificationReason.ESCALATED


def raised(number: int, kind: AlertKind, subject: str, at: int = 0, severity: Severity = Severity.HIGH) -> AlertRaised:
    return AlertRaised(FIRM, number, kind, subject, severity, 2, 1, at)


def told(sent: list[Notification]) -> list[tuple[NotificationReason, str, list[tuple[int, AlertState]]]]:
    return [(one.reason, one.about, [(alert.alert_id, alert.state) for alert in one.alerts]) for one in sent]


F, R = AlertState.FIRING, AlertState.RESOLVED


def test_a_new_group_waits_for_more_about_the_same_thing():
    notifier = Notifier(FIRM)
    notifier.hear(raised(1, AlertKind.SPREAD_WIDE, f"{VENUE}:BTC/USD"), 0)
    notifier.hear(raised(2, AlertKind.REJECT_RATE, VENUE), 10 * SECOND)
    notifier.hear(raised(3, AlertKind.PRICE_STALE, "BTC/USD"), 20 * SECOND)
    assert notifier.due(30 * SECOND - 1) == []
    assert told(notifier.due(30 * SECOND)) == [(NEW, VENUE, [(1, F), (2, F)])]
    assert told(notifier.due(50 * SECOND)) == [(NEW, "BTC/USD", [(3, F)])]


def test_a_changed_group_is_sent_again_after_its_interval_and_an_unchanged_one_repeated():
    notifier = Notifier(FIRM)
    notifier.hear(raised(1, AlertKind.REJECT_RATE, VENUE), 0)
    assert told(notifier.due(MINUTE)) == [(NEW, VENUE, [(1, F)])]
    notifier.hear(AlertUpdated(FIRM, 1, AlertKind.REJECT_RATE, VENUE, Severity.CRITICAL, 3), 2 * MINUTE)
    assert notifier.due(6 * MINUTE - 1) == []
    (sent,) = notifier.due(6 * MINUTE)
    assert (sent.reason, sent.alerts[0].severity) == (CHANGED, Severity.CRITICAL)
    assert notifier.due(4 * HOUR) == []
    assert told(notifier.due(4 * HOUR + 6 * MINUTE)) == [(REPEATED, VENUE, [(1, F)])]
    notifier.hear(AlertResolved(FIRM, 1, AlertKind.REJECT_RATE, VENUE, 0), 5 * HOUR)
    assert told(notifier.due(5 * HOUR)) == [(CHANGED, VENUE, [(1, R)])]
    assert notifier.due(20 * HOUR) == []


def test_an_alert_that_is_over_before_anybody_was_told_is_not_told():
    notifier = Notifier(FIRM)
    notifier.hear(raised(1, AlertKind.REJECT_RATE, VENUE), 0)
    notifier.hear(AlertResolved(FIRM, 1, AlertKind.REJECT_RATE, VENUE, 0), 10 * SECOND)
    assert notifier.due(HOUR) == []


def test_what_explains_another_alert_inhibits_it_until_it_is_over():
    notifier = Notifier(FIRM)
    notifier.hear(raised(1, AlertKind.VENUE_DOWN, VENUE), 0)
    notifier.hear(raised(2, AlertKind.SPREAD_WIDE, f"{VENUE}:BTC/USD"), 0)
    notifier.hear(raised(3, AlertKind.SPREAD_WIDE, "exchange-beta:BTC/USD"), 0)
    assert told(notifier.due(MINUTE)) == [(NEW, VENUE, [(1, F)]), (NEW, "exchange-beta", [(3, F)])]
    notifier.hear(AlertResolved(FIRM, 1, AlertKind.VENUE_DOWN, VENUE, 0), 10 * MINUTE)
    assert told(notifier.due(10 * MINUTE)) == [(CHANGED, VENUE, [(2, F), (1, R)])]


def test_silence_keeps_quiet_and_acknowledgement_is_not_repeated():
    notifier = Notifier(FIRM)
    notifier.hear(raised(1, AlertKind.REJECT_RATE, VENUE), 0)
    notifier.hear(AlertSilenced(FIRM, 1, "ada", HOUR), 1)
    assert notifier.due(HOUR) == []
    notifier.hear(AlertSilenceEnded(FIRM, 1), HOUR)
    assert told(notifier.due(HOUR + 30 * SECOND)) == [(NEW, VENUE, [(1, F)])]
    notifier.hear(AlertAcknowledged(FIRM, 1, "ada"), 2 * HOUR)
    assert told(notifier.due(2 * HOUR)) == [(CHANGED, VENUE, [(1, AlertState.ACKNOWLEDGED)])]
    assert notifier.due(30 * HOUR) == []


def test_what_is_escalated_and_what_changes_the_trading_state_is_sent_at_once():
    notifier = Notifier(FIRM)
    notifier.hear(raised(1, AlertKind.REJECT_RATE, VENUE), 0)
    notifier.due(MINUTE)
    notifier.hear(AlertEscalated(FIRM, 1, AlertKind.REJECT_RATE, VENUE, Severity.HIGH), 2 * MINUTE)
    assert told(notifier.due(2 * MINUTE)) == [(ESCALATED, VENUE, [(1, AlertState.ESCALATED)])]
    said = TradingStateChanged(FIRM, TradingState.HALTED, TradingStateOrigin.KILL_SWITCH, "ada", "why", 1, 3, 0)
    notifier.hear(said, 3 * MINUTE)
    (sent,) = notifier.due(3 * MINUTE)
    assert (sent.reason, sent.trading_state) == (NotificationReason.EMERGENCY, said)


def test_what_is_less_severe_than_asked_for_is_not_sent():
    notifier = Notifier(FIRM, NotificationPolicy(least_severity=Severity.CRITICAL))
    notifier.hear(raised(1, AlertKind.REJECT_RATE, VENUE), 0)
    assert notifier.due(MINUTE) == []
    notifier.hear(AlertUpdated(FIRM, 1, AlertKind.REJECT_RATE, VENUE, Severity.CRITICAL, 3), 2 * MINUTE)
    assert told(notifier.due(3 * MINUTE)) == [(NEW, VENUE, [(1, F)])]


def test_alerts_from_before_the_start_are_repeated_in_their_time():
    notifier = Notifier(FIRM)
    standing = AlertStanding(FIRM, 7, AlertKind.REJECT_RATE, VENUE, Severity.HIGH, 2, 1, 0, AlertState.FIRING, None, None)
    notifier.prime((standing,), HOUR)
    assert notifier.due(2 * HOUR) == []
    assert told(notifier.due(5 * HOUR)) == [(REPEATED, VENUE, [(7, F)])]
