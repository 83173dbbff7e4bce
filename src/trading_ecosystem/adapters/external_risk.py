"""The firm's risk domain run outside the kernel, on nothing but what a registered monitor is sent.

The component is the very same class. Its ``now`` is ``delivered_at``; what it asked to be woken for at or before that instant
comes first; a heartbeat lets time pass where nothing arrives.
"""

from __future__ import annotations

from heapq import heappop, heappush

from trading_ecosystem.domains.risk.component import Risk
from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.monitor_stream import Heartbeat, Sent
from trading_ecosystem.messages.monitors import (
    MONITORS,
    AlertReported,
    MonitorRegistered,
    ReportState,
)
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, AlertResolved, AlertUpdated, Severity
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Begin, Later, WakeUp
from trading_ecosystem.runtime.randomness import SeededRandomness


class ExternalRisk:
    """One run of the risk domain, from its registration on; give it everything that is sent, in order."""

    def __init__(self, registered: MonitorRegistered, parameters: RiskParameters) -> None:
        assert registered.account == parameters.firm, f"{registered.monitor} watches {registered.account}"
        self._registered = registered
        self._risk = Risk(registered.monitor, parameters, SeededRandomness(0))
        self._woken: list[tuple[Nanos, int, WakeUp]] = []
        self._asked = 0
        self._reports = 0
        self._said: list[AlertReported] = []
        self._severities: dict[int, Severity] = {}
        self._handle(Begin(), registered.registered_at)

    def take(self, sent: Sent) -> list[AlertReported]:
        """Handle what was sent next; returns what is to be reported about it."""
        if isinstance(sent, Heartbeat):
            self._wake(sent.at)
        else:
            self._wake(sent.delivered_at)
            self._handle(sent.message, sent.delivered_at)
        said, self._said = self._said, []
        return said

    def _wake(self, until: Nanos) -> None:
        while self._woken and self._woken[0][0] <= until:
            due_at, _, wake_up = heappop(self._woken)
            self._handle(wake_up, due_at)

    def _handle(self, message: Message | WakeUp, now: Nanos) -> None:
        for said in self._risk.handle(message, now):
            if isinstance(said, Later):
                self._asked += 1
                heappush(self._woken, (said.due_at, self._asked, said.message))
            elif isinstance(said, AlertRaised):
                self._severities[said.alert_id] = said.severity
                self._report(ReportState.RAISED, said.alert_id, said.kind, said.subject, said.raised_at, said.observed)
            elif isinstance(said, AlertUpdated):
                self._severities[said.alert_id] = said.severity
                self._report(ReportState.UPDATED, said.alert_id, said.kind, said.subject, now, said.observed)
            elif isinstance(said, AlertResolved):
                self._report(ReportState.RESOLVED, said.alert_id, said.kind, said.subject, now, None)
                del self._severities[said.alert_id]

    def _report(
        self, state: ReportState, alert_id: int, kind: AlertKind, subject: str, at: Nanos, observed: int | None
    ) -> None:
        self._reports += 1
        self._said.append(
            AlertReported(
                component=MONITORS,
                account=self._registered.account,
                monitor=self._registered.monitor,
                report_id=f"{alert_id}-{state.value}-{self._reports}",
                alert_id=alert_id,
                state=state,
                kind=kind,
                subject=subject,
                severity=self._severities[alert_id],
                raised_at=at,
                observed=observed,
            )
        )
