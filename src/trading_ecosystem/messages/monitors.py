"""Monitors that watch a firm from outside: how one is registered, what it is sent, and the alerts it reports.

A registered monitor is sent exactly what the firm's own risk monitor hears, at the instant at which that one hears it
(``delivered_at``, which is the monitor's ``now``), and a heartbeat for every whole second of ecosystem time. What it makes of
that it reports as :class:`AlertReported`; which conditions count is defined at the head of ``risk.py``.

**Heartbeats.** Heartbeat ``n`` stands for the instant ``n`` seconds after the epoch. It follows everything delivered up to and
including that instant, and nothing that breaks a feed or a link touches it. The clock of an ecosystem with monitors *in
lock-step* does not pass a heartbeat before each of them has acknowledged it.

**When an alert counts.** A report says in ``raised_at`` when what it reports came about, on the monitor's clock. It has to lie
after the heartbeat before the last one, and not after the instant at which the report arrives: an alert is reported before the
heartbeat that follows it is acknowledged, or not at all.
"""

from __future__ import annotations

import enum
from typing import ClassVar, Final

from trading_ecosystem.messages.base import Audience, Command, Message, Question
from trading_ecosystem.messages.risk import AlertKind, Severity
from trading_ecosystem.messages.units import SECOND, Nanos

MONITORS: Final = "monitors"
"""The name of the component that commands of this module are addressed to."""
HEARTBEAT_EVERY: Final[Nanos] = SECOND
MOST_MONITORS: Final = 16
"""Monitors that may be registered."""
MOST_ACTIVE: Final = 1_000
"""Alerts of one monitor that may be active at a time."""
LONGEST_NAME: Final = 36
"""Characters of a monitor's name, and of a report's id."""
LONGEST_SUBJECT: Final = 64


class RegistrationRefusal(enum.StrEnum):
    """Why a monitor is not registered; checked in this order."""

    NO_SUCH_FIRM = "no_such_firm"
    """The account is not the firm that this ecosystem's own risk monitor watches."""
    INVALID_NAME = "invalid_name"
    """A name is 1 to 36 lower-case letters, digits and hyphens, begins with a letter, and is not ``risk``."""
    NAME_TAKEN = "name_taken"
    """A monitor of this name is registered in another way."""
    TOO_MANY_MONITORS = "too_many_monitors"


class ReportState(enum.StrEnum):
    """What a report says of its alert."""

    RAISED = "raised"
    UPDATED = "updated"
    """It became more severe."""
    RESOLVED = "resolved"


class ReportRefusal(enum.StrEnum):
    """Why a report does not count; checked in this order."""

    NO_SUCH_MONITOR = "no_such_monitor"
    """No monitor of this name is registered for the account."""
    REPORT_ID_REUSED = "report_id_reused"
    """An earlier report of the same id said something else."""
    INVALID_REPORT = "invalid_report"
    """A report id or a subject is empty or too long, or the alert's id is not above zero."""
    OUTSIDE_HEARTBEAT = "outside_heartbeat"
    """``raised_at`` is not after the heartbeat before the last one, or lies in the future."""
    ALERT_KNOWN = "alert_known"
    """An alert was raised with this id, or a later one, before: ids rise."""
    ALERT_UNKNOWN = "alert_unknown"
    """No alert of this id, kind and subject is active."""
    NOT_MORE_SEVERE = "not_more_severe"
    """An update has to raise the severity above the highest so far."""
    TOO_MANY_ACTIVE = "too_many_active"


class RegisterMonitor(Command, frozen=True, gc=False):
    """Watch the firm ``account`` from now on. ``monitor`` names it once and for all; the same again has the same answer."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    monitor: str
    lock_step: bool = False
    """Whether the ecosystem's clock waits for its acknowledgements."""


class MonitorRegistered(Message, frozen=True, gc=False):
    """A monitor is sent everything from here on; its first heartbeat is number ``first_heartbeat``."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    monitor: str
    lock_step: bool
    registered_at: Nanos
    first_heartbeat: int


class MonitorRefused(Message, frozen=True, gc=False):
    """A monitor was not registered."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    monitor: str
    reason: RegistrationRefusal


class AlertReported(Command, frozen=True, gc=False):
    """A registered monitor reports what became of one of its alerts.

    ``report_id`` names the report once: the same again has the same answer. ``raised_at`` is the instant of what is reported:
    when the alert was raised, became more severe or was resolved.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    monitor: str
    report_id: str
    alert_id: int
    state: ReportState
    kind: AlertKind
    subject: str
    severity: Severity
    raised_at: Nanos
    observed: int | None = None
    """The measure that the alert is about, in the unit of its kind, if the monitor says."""


class AlertReportAccepted(Message, frozen=True, gc=False):
    """A report counts."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    monitor: str
    report_id: str
    alert_id: int
    state: ReportState
    kind: AlertKind
    subject: str
    severity: Severity
    raised_at: Nanos
    observed: int | None


class AlertReportRefused(Message, frozen=True, gc=False):
    """A report does not count."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    monitor: str
    report_id: str
    alert_id: int
    reason: ReportRefusal


class MonitorsQuestion(Question, frozen=True, gc=False):
    """Every registered monitor; answered by a tuple of MonitorRegistered, in order of registration."""


class ReportedAlertsQuestion(Question, frozen=True, gc=False):
    """Active alerts of one monitor, or of all; answered by a tuple of AlertReportAccepted with the severity now."""

    monitor: str | None = None
