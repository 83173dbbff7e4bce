"""How alerts and limits stand now: what the risk monitor answers when it is asked. Nothing of it is journaled."""

from __future__ import annotations

from trading_ecosystem.messages.base import Question, Row
from trading_ecosystem.messages.risk import AlertKind, AlertState, LimitKind, Severity
from trading_ecosystem.messages.units import Nanos, PartsPerMillion


class AlertStanding(Row, frozen=True, gc=False):
    """An active alert as it stands; ``severity`` is the highest so far. ``silenced_until`` and ``acknowledged_by`` if it is."""

    account: str
    alert_id: int
    kind: AlertKind
    subject: str
    severity: Severity
    observed: int
    threshold: int
    raised_at: Nanos
    state: AlertState
    acknowledged_by: str | None
    silenced_until: Nanos | None


class ActiveAlertsQuestion(Question, frozen=True, gc=False):
    """Active alerts with their state; answered by a tuple of AlertStanding, oldest first."""


class LimitStanding(Row, frozen=True, gc=False):
    """A limit in force, and where the firm stands against it as of the last message handled.

    ``severity`` is ``None`` while utilisation is below 75 %; ``alert_id`` names the active alert of the limit, if there is one,
    which outlasts its condition by the keep-firing time.
    """

    account: str
    kind: LimitKind
    subject: str
    value: int
    version: int
    observed: int
    utilisation_ppm: PartsPerMillion
    severity: Severity | None
    alert_id: int | None


class LimitsQuestion(Question, frozen=True, gc=False):
    """Every limit in force; answered by a tuple of LimitStanding, in the order in which they were given."""


class ComplianceReported(Row, frozen=True, gc=False):
    """Where the firm stands against all of its limits: how many there are of each severity, and the worst of them."""

    account: str
    limits: int
    warning: int
    high: int
    breached: int
    """At 100 % or above."""
    worst_utilisation_ppm: PartsPerMillion
    active_alerts: int


class ComplianceQuestion(Question, frozen=True, gc=False):
    """Where the firm stands; answered by a ComplianceReported."""
