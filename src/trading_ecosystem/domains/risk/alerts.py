"""Alerts and their lifecycle: pending, firing, acknowledged, escalated, resolved.

The watches say ``hold`` when a condition holds and ``cease`` when it stops; everything else about an alert happens here.
Conditions fire at once, but for those of a limit that says for how long: their alert is pending until the condition has held
for so long without a break. It has no number before it fires.

- One alert per (kind, subject) is active. It is raised when its condition begins and updated when its severity rises.
- It is resolved exactly ``KEEP_FIRING`` after its condition ceased, if it has not held again in between. A condition that
  begins again at that very instant is a new alert.
- An active alert that nobody acknowledged is escalated, once, ``ESCALATE_HIGH_AFTER`` after it reached high or
  ``ESCALATE_CRITICAL_AFTER`` after it reached critical, whichever is first. Acknowledging is possible before and after.
- One that is silenced is not escalated by time before its silence is over; a person may escalate it, or any other, at once.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.risk.timers import (
    CriticalReached,
    EscalationDue,
    KeepFiringDue,
    PendingDue,
    SaidList,
    SilenceOver,
)
from trading_ecosystem.messages.risk import (
    ESCALATE_CRITICAL_AFTER,
    ESCALATE_HIGH_AFTER,
    KEEP_FIRING,
    SEVERITY_RANK,
    AlertAcknowledged,
    AlertEscalated,
    AlertKind,
    AlertPending,
    AlertPendingEnded,
    AlertRaised,
    AlertResolved,
    AlertSilenced,
    AlertSilenceEnded,
    AlertState,
    AlertUpdated,
    Severity,
)
from trading_ecosystem.messages.risk_standing import AlertStanding
from trading_ecosystem.messages.units import DAY, Nanos
from trading_ecosystem.ports.component import Later

ESCALATE_AFTER: Final = {Severity.HIGH: ESCALATE_HIGH_AFTER, Severity.CRITICAL: ESCALATE_CRITICAL_AFTER}
LARGEST_OBSERVED: Final = 10**18
"""The largest measure that is said: whoever keeps it has 64 bits."""
LONGEST_SILENCE: Final[Nanos] = 7 * DAY
_UNATTENDED: Final = (AlertState.FIRING, AlertState.SILENCED)
"""States from which time alone may escalate an alert, now or later."""


class Alert:
    """One active alert. ``severity`` is the highest so far, ``observed`` the value last said."""

    __slots__ = (
        "acknowledged_by",
        "alert_id",
        "cleared_at",
        "escalates_at",
        "holds",
        "kind",
        "observed",
        "raised_at",
        "resolution_due",
        "severity",
        "silenced_until",
        "state",
        "subject",
        "threshold",
    )

    def __init__(
        self, alert_id: int, kind: AlertKind, subject: str, severity: Severity, observed: int, threshold: int, raised_at: Nanos
    ) -> None:
        self.alert_id = alert_id
        self.kind = kind
        self.subject = subject
        self.severity = severity
        self.observed = observed
        self.threshold = threshold
        self.raised_at = raised_at
        self.state = AlertState.FIRING
        self.holds = True
        self.cleared_at: Nanos = 0
        self.resolution_due = False
        """Whether a wake-up for the resolution is under way."""
        self.escalates_at: Nanos | None = None
        self.acknowledged_by: str | None = None
        self.silenced_until: Nanos | None = None


class Pending:
    """A condition that has to hold until ``fires_at`` before its alert fires; ``severity`` is the highest so far."""

    __slots__ = ("fires_at", "observed", "severity", "threshold")

    def __init__(self, severity: Severity, observed: int, threshold: int, fires_at: Nanos) -> None:
        self.severity = severity
        self.observed = observed
        self.threshold = threshold
        self.fires_at = fires_at


class AlertBook:
    """The active alerts of one firm, by (kind, subject) and by id; ids count from 1."""

    def __init__(self, firm: str) -> None:
        self.firm = firm
        self.active: dict[tuple[AlertKind, str], Alert] = {}
        self.by_id: dict[int, Alert] = {}
        self.pending: dict[tuple[AlertKind, str], Pending] = {}
        self.raised = 0
        self.tells_critical = False
        """Whether a wake-up is asked for when an alert becomes critical."""

    def hold(
        self,
        kind: AlertKind,
        subject: str,
        severity: Severity,
        observed: int,
        threshold: int,
        now: Nanos,
        said: SaidList,
        for_ns: Nanos = 0,
    ) -> None:
        """The condition holds at ``now``: raise its alert (after ``for_ns``), or keep it firing and raise its severity."""
        observed = min(observed, LARGEST_OBSERVED)
        alert = self.active.get((kind, subject))
        if alert is not None and not alert.holds and now - alert.cleared_at >= KEEP_FIRING:
            self._resolve(alert, said)
            alert = None
        if alert is None:
            if for_ns:
                self._wait(kind, subject, Pending(severity, observed, threshold, now + for_ns), said)
            else:
                self._raise(kind, subject, severity, observed, threshold, now, said)
            return
        alert.holds = True
        if SEVERITY_RANK[severity] > SEVERITY_RANK[alert.severity]:
            alert.severity = severity
            alert.observed = observed
            said.append(AlertUpdated(self.firm, alert.alert_id, kind, subject, severity, observed))
            self._reached(alert, now, said)

    def cease(self, kind: AlertKind, subject: str, now: Nanos, said: SaidList) -> None:
        """The condition stopped holding at ``now``; its alert keeps firing for ``KEEP_FIRING``, or never fires."""
        if self.pending.pop((kind, subject), None) is not None:
            said.append(AlertPendingEnded(self.firm, kind, subject))
            return
        alert = self.active[kind, subject]
        assert alert.holds, f"alert {alert.alert_id} ceased twice"
        alert.holds = False
        alert.cleared_at = now
        if not alert.resolution_due:
            alert.resolution_due = True
            said.append(Later(KeepFiringDue(alert.alert_id), now + KEEP_FIRING))

    def pending_due(self, kind: AlertKind, subject: str, now: Nanos, said: SaidList) -> None:
        """Raise the alert if its condition has held for long enough; one that ceased in between waits anew."""
        waiting = self.pending.get((kind, subject))
        if waiting is not None and now >= waiting.fires_at:
            del self.pending[kind, subject]
            self._raise(kind, subject, waiting.severity, waiting.observed, waiting.threshold, now, said)

    def keep_firing_due(self, alert_id: int, now: Nanos, said: SaidList) -> None:
        """Resolve the alert if its condition has been gone long enough; if it came back in between, look again later."""
        alert = self.by_id.get(alert_id)
        if alert is None:
            return
        alert.resolution_due = False
        if alert.holds:
            return
        resolves_at = alert.cleared_at + KEEP_FIRING
        if now >= resolves_at:
            self._resolve(alert, said)
        else:
            alert.resolution_due = True
            said.append(Later(KeepFiringDue(alert_id), resolves_at))

    def escalation_due(self, alert_id: int, now: Nanos, said: SaidList) -> None:
        """Escalate the alert if it is still active, was not acknowledged, and its time is up."""
        alert = self.by_id.get(alert_id)
        if alert is None or alert.state is not AlertState.FIRING or alert.escalates_at is None or now < alert.escalates_at:
            return
        alert.state = AlertState.ESCALATED
        said.append(AlertEscalated(self.firm, alert_id, alert.kind, alert.subject, alert.severity))

    def acknowledge(self, alert_id: int, by: str, said: SaidList, reason: str = "") -> str | None:
        """Take an alert on; returns why not, or ``None``. The same person may say it again and gets the same answer."""
        alert = self.by_id.get(alert_id)
        if alert is None:
            return f"no active alert {alert_id}"
        if alert.acknowledged_by is not None and alert.acknowledged_by != by:
            return f"alert {alert_id} was acknowledged by {alert.acknowledged_by}"
        alert.acknowledged_by = by
        alert.state = AlertState.ACKNOWLEDGED
        alert.silenced_until = None
        said.append(AlertAcknowledged(self.firm, alert_id, by, reason))
        return None

    def silence(self, alert_id: int, by: str, until: Nanos, now: Nanos, said: SaidList, reason: str = "") -> str | None:
        """Do not escalate the alert before ``until``; returns why not, or ``None``. Silencing again moves the instant."""
        alert = self.by_id.get(alert_id)
        if alert is None:
            return f"no active alert {alert_id}"
        if alert.state not in _UNATTENDED:
            return f"alert {alert_id} is {alert.state.value} already"
        if type(until) is not int or not now < until <= now + LONGEST_SILENCE:
            return f"an alert is silenced until later than now, and for at most {LONGEST_SILENCE // DAY} days"
        alert.state = AlertState.SILENCED
        alert.silenced_until = until
        said += [AlertSilenced(self.firm, alert_id, by, until, reason), Later(SilenceOver(alert_id), until)]
        return None

    def silence_over(self, alert_id: int, now: Nanos, said: SaidList) -> None:
        """Let the alert fire again if its silence is over, and escalate it if its time has come meanwhile."""
        alert = self.by_id.get(alert_id)
        if alert is None or alert.silenced_until is None or now < alert.silenced_until:
            return
        alert.state = AlertState.FIRING
        alert.silenced_until = None
        said.append(AlertSilenceEnded(self.firm, alert_id))
        self.escalation_due(alert_id, now, said)

    def escalate(self, alert_id: int, said: SaidList, by: str = "", reason: str = "") -> str | None:
        """Escalate the alert because somebody wants it; returns why not, or ``None``."""
        alert = self.by_id.get(alert_id)
        if alert is None:
            return f"no active alert {alert_id}"
        if alert.state is AlertState.ESCALATED:
            return f"alert {alert_id} is escalated already"
        alert.state = AlertState.ESCALATED
        alert.silenced_until = None
        said.append(AlertEscalated(self.firm, alert_id, alert.kind, alert.subject, alert.severity, by, reason))
        return None

    def standing(self) -> tuple[AlertStanding, ...]:
        """Every active alert as it stands, oldest first."""
        return tuple(
            AlertStanding(
                account=self.firm,
                alert_id=alert.alert_id,
                kind=alert.kind,
                subject=alert.subject,
                severity=alert.severity,
                observed=alert.observed,
                threshold=alert.threshold,
                raised_at=alert.raised_at,
                state=alert.state,
                acknowledged_by=alert.acknowledged_by,
                silenced_until=alert.silenced_until,
            )
            for alert in self.active.values()
        )

    def firing(self) -> tuple[AlertRaised, ...]:
        """Every active alert with its severity now, oldest first."""
        return tuple(
            AlertRaised(
                self.firm,
                alert.alert_id,
                alert.kind,
                alert.subject,
                alert.severity,
                alert.observed,
                alert.threshold,
                alert.raised_at,
            )
            for alert in self.active.values()
        )

    def _wait(self, kind: AlertKind, subject: str, wanted: Pending, said: SaidList) -> None:
        waiting = self.pending.get((kind, subject))
        if waiting is None:
            self.pending[kind, subject] = wanted
            said += [
                AlertPending(
                    self.firm, kind, subject, wanted.severity, wanted.observed, wanted.threshold, fires_at=wanted.fires_at
                ),
                Later(PendingDue(kind, subject), wanted.fires_at),
            ]
        elif SEVERITY_RANK[wanted.severity] > SEVERITY_RANK[waiting.severity]:
            waiting.severity, waiting.observed = wanted.severity, wanted.observed

    def _raise(
        self, kind: AlertKind, subject: str, severity: Severity, observed: int, threshold: int, now: Nanos, said: SaidList
    ) -> None:
        self.raised += 1
        alert = Alert(self.raised, kind, subject, severity, observed, threshold, now)
        self.active[kind, subject] = self.by_id[alert.alert_id] = alert
        said.append(AlertRaised(self.firm, alert.alert_id, kind, subject, severity, observed, threshold, now))
        self._reached(alert, now, said)

    def _reached(self, alert: Alert, now: Nanos, said: SaidList) -> None:
        """An alert has a severity that it did not have before."""
        self._watch_escalation(alert, now, said)
        if self.tells_critical and alert.severity is Severity.CRITICAL:
            said.append(Later(CriticalReached(alert.alert_id), now))

    def _watch_escalation(self, alert: Alert, now: Nanos, said: SaidList) -> None:
        if alert.state not in _UNATTENDED or alert.severity is Severity.WARNING:
            return
        due_at = now + ESCALATE_AFTER[alert.severity]
        if alert.escalates_at is None or due_at < alert.escalates_at:
            alert.escalates_at = due_at
            said.append(Later(EscalationDue(alert.alert_id), due_at))

    def _resolve(self, alert: Alert, said: SaidList) -> None:
        alert.state = AlertState.RESOLVED
        del self.active[alert.kind, alert.subject]
        del self.by_id[alert.alert_id]
        said.append(AlertResolved(self.firm, alert.alert_id, alert.kind, alert.subject, alert.cleared_at))
