"""What people and the passing of time do to active alerts."""

from __future__ import annotations

from typing import Any, ClassVar

from trading_ecosystem.domains.risk.part import Monitor, Part, rejected
from trading_ecosystem.domains.risk.timers import EscalationDue, KeepFiringDue, PendingDue, SaidList, SilenceOver
from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.risk import (
    AcknowledgeAlert,
    AlertAcknowledged,
    AlertEscalated,
    AlertPending,
    AlertPendingEnded,
    AlertRaised,
    AlertResolved,
    AlertSilenced,
    AlertSilenceEnded,
    AlertsQuestion,
    AlertUpdated,
    EscalateAlert,
    RiskCommandRejected,
    SilenceAlert,
)
from trading_ecosystem.messages.risk_standing import ActiveAlertsQuestion, AlertStanding
from trading_ecosystem.messages.units import Nanos


class AlertDesk(Part):
    """Acknowledges, silences, escalates and resolves; the alerts themselves are the monitor's."""

    hears: ClassVar[dict[type[Any], str]] = {
        AcknowledgeAlert: "acknowledge_alert",
        SilenceAlert: "silence_alert",
        EscalateAlert: "escalate_alert",
        PendingDue: "pending_due",
        KeepFiringDue: "keep_firing_due",
        EscalationDue: "escalation_due",
        SilenceOver: "silence_over",
    }
    says: ClassVar[tuple[type[Message], ...]] = (
        AlertPending,
        AlertPendingEnded,
        AlertRaised,
        AlertUpdated,
        AlertAcknowledged,
        AlertSilenced,
        AlertSilenceEnded,
        AlertEscalated,
        AlertResolved,
        RiskCommandRejected,
    )
    answers: ClassVar[dict[type[Question], str]] = {
        AlertsQuestion: "answer_alerts",
        ActiveAlertsQuestion: "answer_active_alerts",
    }

    def acknowledge_alert(self, message: AcknowledgeAlert, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A person takes an alert on."""
        problem = monitor.problem_of_account(message.account) or monitor.alerts.acknowledge(
            message.alert_id, message.by, said, message.reason
        )
        if problem is not None:
            said.append(rejected(message.account, "AcknowledgeAlert", problem))

    def silence_alert(self, message: SilenceAlert, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A person wants an alert not to be escalated for a while."""
        problem = monitor.problem_of_account(message.account) or monitor.alerts.silence(
            message.alert_id, message.by, message.until, now, said, message.reason
        )
        if problem is not None:
            said.append(rejected(message.account, "SilenceAlert", problem))

    def escalate_alert(self, message: EscalateAlert, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A person escalates an alert."""
        problem = monitor.problem_of_account(message.account) or monitor.alerts.escalate(
            message.alert_id, said, message.by, message.reason
        )
        if problem is not None:
            said.append(rejected(message.account, "EscalateAlert", problem))

    def silence_over(self, message: SilenceOver, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """An alert may have been silent for long enough."""
        monitor.alerts.silence_over(message.alert_id, now, said)

    def pending_due(self, message: PendingDue, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A pending alert may fire."""
        monitor.alerts.pending_due(message.kind, message.subject, now, said)

    def keep_firing_due(self, message: KeepFiringDue, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """An alert may be over."""
        monitor.alerts.keep_firing_due(message.alert_id, now, said)

    def escalation_due(self, message: EscalationDue, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """An alert may have been left alone for too long."""
        monitor.alerts.escalation_due(message.alert_id, now, said)

    def answer_alerts(self, question: AlertsQuestion, monitor: Monitor) -> tuple[AlertRaised, ...]:
        """Active alerts with their severity now, oldest first."""
        return monitor.alerts.firing()

    def answer_active_alerts(self, question: ActiveAlertsQuestion, monitor: Monitor) -> tuple[AlertStanding, ...]:
        """Active alerts as they stand, oldest first."""
        return monitor.alerts.standing()
