"""What the monitor said: every alert of the firm, as the record has it."""

from __future__ import annotations

from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.risk import SEVERITY_RANK, AlertRaised, AlertResolved, AlertUpdated, Severity
from trading_ecosystem.messages.units import Nanos


class Alert:
    """One alert: how it was raised, how bad it became, when it was resolved."""

    __slots__ = ("entry", "raised", "resolved_at", "worst")

    def __init__(self, entry: Entry, raised: AlertRaised) -> None:
        self.entry = entry
        self.raised = raised
        self.worst: Severity = raised.severity
        self.resolved_at: Nanos | None = None

    @property
    def raised_at(self) -> Nanos:
        """When it was said; what it claims itself does not count."""
        return self.entry.at

    def active_at(self, instant: Nanos) -> bool:
        """Whether it was raised and not resolved at an instant."""
        return self.entry.at <= instant and (self.resolved_at is None or self.resolved_at > instant)


class Alerts:
    """All alerts in the order in which they were raised."""

    def __init__(self) -> None:
        self.raised: list[Alert] = []
        self._active: dict[tuple[str, int], Alert] = {}

    def alert_raised(self, message: AlertRaised, entry: Entry) -> None:
        """An alert fires."""
        alert = Alert(entry, message)
        self.raised.append(alert)
        self._active[entry.sender, message.alert_id] = alert

    def alert_updated(self, message: AlertUpdated, entry: Entry) -> None:
        """An active alert became more severe; an update of an unknown alert tells nothing."""
        alert = self._active.get((entry.sender, message.alert_id))
        if alert is not None and SEVERITY_RANK[message.severity] > SEVERITY_RANK[alert.worst]:
            alert.worst = message.severity

    def alert_resolved(self, message: AlertResolved, entry: Entry) -> None:
        """An alert is over."""
        alert = self._active.pop((entry.sender, message.alert_id), None)
        if alert is not None:
            alert.resolved_at = entry.at
