"""Which alerts people are told of, when, and together with which: grouping, inhibition and repetition.

A notifier hears what the monitor says about alerts and says what is to be sent; sending is for others. It changes nothing about
the alerts themselves: what is held back here is raised, updated and resolved all the same, and stands in the history.

- **Groups.** Alerts about the same thing (a venue, an instrument, an account, a custodian) are sent together. A new group waits
  ``group_wait_ns`` for more; a group that changed is sent again ``group_interval_ns`` after the last time at the earliest;
  one that did not change but still fires is repeated every ``repeat_interval_ns``. What was escalated is sent at once, with
  its group.
- **Inhibition.** While an alert of a kind fires about a thing, alerts of the kinds that it explains about the same thing are
not
  sent: a venue that is down says nothing of its spreads.
- **Silence and acknowledgement.** A silenced alert is not sent before its silence ends. One that somebody took on is not
repeated. - **Emergencies.** A change of the trading state is sent at once, by itself.
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.risk import (
    SEVERITY_RANK,
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
from trading_ecosystem.messages.trading_state import TradingStateChanged
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND, Nanos

MOST_RESOLVED: Final = 100
"""Resolved alerts of a group that wait to be told; of more, the oldest are told of no more."""

EXPLAINS: Final[dict[AlertKind, frozenset[AlertKind]]] = {
    AlertKind.VENUE_DOWN: frozenset(
        {
            AlertKind.BOOK_CROSSED,
            AlertKind.SPREAD_WIDE,
            AlertKind.LIQUIDITY_LOW,
            AlertKind.EXECUTION_LATENCY,
            AlertKind.ORDER_UNANSWERED,
            AlertKind.REJECT_RATE,
        }
    ),
    AlertKind.TRADING_HALTED: frozenset({AlertKind.SPREAD_WIDE, AlertKind.LIQUIDITY_LOW, AlertKind.REJECT_RATE}),
    AlertKind.PRICE_STALE: frozenset(
        {AlertKind.PRICE_FROZEN, AlertKind.FEED_GAP, AlertKind.FEED_OUT_OF_ORDER, AlertKind.FEED_DUPLICATE}
    ),
    AlertKind.PRICE_CRASH: frozenset({AlertKind.PRICE_SHOCK, AlertKind.VOLATILITY_HIGH}),
}
"""For each kind of alert the kinds that it explains, about the same thing."""


class NotificationPolicy(msgspec.Struct, frozen=True):
    """When to tell people; the intervals are those that alert routers come with."""

    group_wait_ns: Nanos = 30 * SECOND
    group_interval_ns: Nanos = 5 * MINUTE
    repeat_interval_ns: Nanos = 4 * HOUR
    least_severity: Severity = Severity.WARNING


class NotificationReason(enum.StrEnum):
    """Why people are told now."""

    NEW = "new"
    CHANGED = "changed"
    REPEATED = "repeated"
    ESCALATED = "escalated"
    EMERGENCY = "emergency"


class NotifiedAlert(msgspec.Struct, frozen=True):
    """One alert of a notification, as it stands then."""

    alert_id: int
    kind: AlertKind
    subject: str
    severity: Severity
    state: AlertState
    raised_at: Nanos


class Notification(msgspec.Struct, frozen=True):
    """What people are told: alerts about one thing, or that the trading state changed."""

    account: str
    reason: NotificationReason
    about: str
    at: Nanos
    alerts: tuple[NotifiedAlert, ...] = ()
    trading_state: TradingStateChanged | None = None


class _Group:
    """The alerts about one thing."""

    __slots__ = ("alerts", "changed_at", "is_urgent", "resolved", "sent_at")

    def __init__(self) -> None:
        self.alerts: dict[int, NotifiedAlert] = {}
        self.resolved: dict[int, NotifiedAlert] = {}
        self.changed_at: Nanos | None = None
        """When it first changed since it was sent."""
        self.sent_at: Nanos | None = None
        self.is_urgent = False

    def change(self, now: Nanos) -> None:
        """Something about it is news."""
        if self.changed_at is None:
            self.changed_at = now


class Notifier:
    """What is to be said about the alerts of one firm."""

    def __init__(self, account: str, policy: NotificationPolicy | None = None) -> None:
        self.account = account
        self.policy = NotificationPolicy() if policy is None else policy
        self._groups: dict[str, _Group] = {}
        self._about: dict[int, str] = {}
        self._emergencies: list[TradingStateChanged] = []

    def prime(self, standings: tuple[AlertStanding, ...], now: Nanos) -> None:
        """Take over alerts that were raised before: they count as told, and are repeated in their time."""
        for one in standings:
            group = self._group_of(one.alert_id, one.subject)
            group.alerts[one.alert_id] = NotifiedAlert(
                one.alert_id, one.kind, one.subject, one.severity, one.state, one.raised_at
            )
            group.sent_at = now

    def hear(self, message: Message, now: Nanos) -> None:
        """Take in what the monitor said; everything else is passed over."""
        match message:
            case TradingStateChanged():
                self._emergencies.append(message)
            case AlertRaised(alert_id=number, kind=kind, subject=subject, severity=severity, raised_at=raised_at):
                group = self._group_of(number, subject)
                group.alerts[number] = NotifiedAlert(number, kind, subject, severity, AlertState.FIRING, raised_at)
                group.change(now)
            case AlertUpdated(alert_id=number, severity=severity):
                self._replace(number, now, severity=severity)
            case AlertAcknowledged(alert_id=number):
                self._replace(number, now, state=AlertState.ACKNOWLEDGED)
            case AlertSilenced(alert_id=number):
                self._replace(number, None, state=AlertState.SILENCED)
            case AlertSilenceEnded(alert_id=number):
                self._replace(number, now, state=AlertState.FIRING)
            case AlertEscalated(alert_id=number):
                self._replace(number, now, state=AlertState.ESCALATED)
                if number in self._about:
                    self._groups[self._about[number]].is_urgent = True
            case AlertResolved(alert_id=number):
                self._resolve(number, now)

    def due(self, now: Nanos) -> list[Notification]:
        """What is to be sent now; it counts as sent."""
        sent = [
            Notification(self.account, NotificationReason.EMERGENCY, said.state.value, now, trading_state=said)
            for said in self._emergencies
        ]
        self._emergencies.clear()
        for about in sorted(self._groups):
            group = self._groups[about]
            reason = self._reason(group, now)
            if reason is not None:
                shown = self._shown(group, reason)
                group.changed_at, group.is_urgent = None, False
                group.resolved.clear()
                if shown:
                    group.sent_at = now
                    sent.append(Notification(self.account, reason, about, now, shown))
            if not group.alerts and not group.resolved:
                del self._groups[about]
        return sent

    def _reason(self, group: _Group, now: Nanos) -> NotificationReason | None:
        policy = self.policy
        if group.is_urgent:
            return NotificationReason.ESCALATED
        if group.changed_at is not None:
            if group.sent_at is None:
                return NotificationReason.NEW if now - group.changed_at >= policy.group_wait_ns else None
            return NotificationReason.CHANGED if now - group.sent_at >= policy.group_interval_ns else None
        if group.sent_at is not None and now - group.sent_at >= policy.repeat_interval_ns:
            return NotificationReason.REPEATED
        return None

    def _shown(self, group: _Group, reason: NotificationReason) -> tuple[NotifiedAlert, ...]:
        """The alerts of a group that people are told of."""
        explained = frozenset(
            kind for one in group.alerts.values() if _is_told(one) for kind in EXPLAINS.get(one.kind, frozenset())
        )
        least = SEVERITY_RANK[self.policy.least_severity]
        shown = []
        for one in (*group.alerts.values(), *group.resolved.values()):
            if SEVERITY_RANK[one.severity] < least or not _is_told(one):
                continue
            if one.kind in explained and one.state is not AlertState.RESOLVED:
                continue
            if reason is NotificationReason.REPEATED and one.state is AlertState.ACKNOWLEDGED:
                continue
            shown.append(one)
        return tuple(shown)

    def _group_of(self, alert_id: int, subject: str) -> _Group:
        about = thing_of(subject)
        self._about[alert_id] = about
        return self._groups.setdefault(about, _Group())

    def _replace(
        self, alert_id: int, now: Nanos | None, *, severity: Severity | None = None, state: AlertState | None = None
    ) -> None:
        """An alert changed; it is no news where ``now`` is ``None``."""
        about = self._about.get(alert_id)
        if about is None:
            return
        group = self._groups[about]
        known = group.alerts[alert_id]
        group.alerts[alert_id] = msgspec.structs.replace(
            known,
            severity=known.severity if severity is None else severity,
            state=known.state if state is None else state,
        )
        if now is not None:
            group.change(now)

    def _resolve(self, alert_id: int, now: Nanos) -> None:
        """An alert is over. One that nobody was told of is forgotten."""
        about = self._about.pop(alert_id, None)
        if about is None:
            return
        group = self._groups[about]
        known = group.alerts.pop(alert_id)
        if group.sent_at is None and not group.alerts:
            group.changed_at = None
            return
        if group.sent_at is not None:
            group.resolved[alert_id] = msgspec.structs.replace(known, state=AlertState.RESOLVED)
            while len(group.resolved) > MOST_RESOLVED:
                del group.resolved[next(iter(group.resolved))]
            group.change(now)


def thing_of(subject: str) -> str:
    """What a subject is about: a venue of ``venue:instrument``, an account of ``account:asset``, else itself."""
    return subject.partition(":")[0]


def _is_told(alert: NotifiedAlert) -> bool:
    return alert.state is not AlertState.SILENCED
