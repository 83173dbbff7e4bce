"""What a monitor said: every alert of the firm, as the record has it."""

from __future__ import annotations

from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.monitors import AlertReportAccepted, ReportState
from trading_ecosystem.messages.risk import SEVERITY_RANK, AlertRaised, AlertResolved, AlertUpdated, Severity
from trading_ecosystem.messages.units import Nanos


class Alert:
    """One alert: how it was raised, how bad it became, when it was resolved.

    The built-in monitor's alert counts from when it was said, whatever it claims itself. One reported from outside counts from
    the instant that its accepted report states: the record's door held that against the heartbeats.
    """

    __slots__ = ("entry", "raised", "raised_at", "resolved_at", "worst")

    def __init__(self, entry: Entry, raised: AlertRaised | AlertReportAccepted, raised_at: Nanos) -> None:
        self.entry = entry
        self.raised = raised
        self.raised_at = raised_at
        self.worst: Severity = raised.severity
        self.resolved_at: Nanos | None = None

    def active_at(self, instant: Nanos) -> bool:
        """Whether it was raised and not resolved at an instant."""
        return self.raised_at <= instant and (self.resolved_at is None or self.resolved_at > instant)


class Alerts:
    """All alerts of one monitor in the order in which they were raised."""

    def __init__(self) -> None:
        self.raised: list[Alert] = []
        self._active: dict[tuple[str, int], Alert] = {}

    def alert_raised(self, message: AlertRaised, entry: Entry) -> None:
        """An alert fires."""
        self._raise(Alert(entry, message, entry.at), message.alert_id)

    def alert_updated(self, message: AlertUpdated, entry: Entry) -> None:
        """An active alert became more severe; an update of an unknown alert tells nothing."""
        self._update(message.severity, entry, message.alert_id)

    def alert_resolved(self, message: AlertResolved, entry: Entry) -> None:
        """An alert is over."""
        self._resolve(entry.at, entry, message.alert_id)

    def alert_reported(self, message: AlertReportAccepted, entry: Entry) -> None:
        """A monitor outside reports; an answer that is given again tells nothing new."""
        if message.state is ReportState.RAISED:
            if all(message.alert_id > alert.raised.alert_id for alert in self.raised[-1:]):
                self._raise(Alert(entry, message, message.raised_at), message.alert_id)
        elif message.state is ReportState.UPDATED:
            self._update(message.severity, entry, message.alert_id)
        else:
            self._resolve(message.raised_at, entry, message.alert_id)

    def _raise(self, alert: Alert, alert_id: int) -> None:
        self.raised.append(alert)
        self._active[alert.entry.sender, alert_id] = alert

    def _update(self, severity: Severity, entry: Entry, alert_id: int) -> None:
        alert = self._active.get((entry.sender, alert_id))
        if alert is not None and SEVERITY_RANK[severity] > SEVERITY_RANK[alert.worst]:
            alert.worst = severity

    def _resolve(self, at: Nanos, entry: Entry, alert_id: int) -> None:
        alert = self._active.pop((entry.sender, alert_id), None)
        if alert is not None:
            alert.resolved_at = at
