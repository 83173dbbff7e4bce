"""Bodies of requests and answers that the client has words for; everything else is plain JSON."""

from __future__ import annotations

import msgspec

from trading_ecosystem.messages.monitors import ReportState
from trading_ecosystem.messages.risk import AlertKind, LimitKind, Severity


class Monitor(msgspec.Struct, frozen=True):
    """A registered monitor; what it is sent follows number ``after`` on the path ``stream``."""

    name: str
    account: str
    lock_step: bool
    registered_at: str
    first_heartbeat: int
    instruments: tuple[str, ...]
    stream: str
    after: int


class AlertReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of an alert; ``raised_at`` is nanoseconds since the epoch or RFC 3339, ``observed`` a decimal string."""

    report_id: str
    alert_id: int
    state: ReportState
    kind: AlertKind
    subject: str
    severity: Severity
    raised_at: int | str
    observed: str | None = None


class ReportedAlert(msgspec.Struct, frozen=True):
    """A report that counts."""

    monitor: str
    report_id: str
    alert_id: int
    state: ReportState
    kind: AlertKind
    subject: str
    severity: Severity
    raised_at: str
    observed: str | None


class Limit(msgspec.Struct, frozen=True):
    """A risk limit in force; ``value`` is a decimal string in the limit's unit."""

    kind: LimitKind
    subject: str
    version: int
    value: str
    set_at: str


class Limits(msgspec.Struct, frozen=True):
    """The limits in force."""

    limits: tuple[Limit, ...]


class NewMonitor(msgspec.Struct, frozen=True):
    """How a monitor is registered."""

    name: str
    lock_step: bool
