"""Monitors outside this process: what they are sent, and the alerts they report.

They are a small component of the kernel, like the links. What the firm's own risk monitor is delivered is put, with its
instant, into an outbox; so a registered monitor is sent what the built-in one hears, in the same order and at the same
instants, late, lost or doubled as the links made it, and without a draw or an entry more. The doors read the outbox; it is not
journaled, and a kernel that runs the same record again fills it again.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from typing import Any, ClassVar, Final

import msgspec

from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.monitor_stream import Delivery, Heartbeat, Sent
from trading_ecosystem.messages.monitors import (
    HEARTBEAT_EVERY,
    LONGEST_NAME,
    LONGEST_SUBJECT,
    MONITORS,
    MOST_ACTIVE,
    MOST_MONITORS,
    AlertReportAccepted,
    AlertReported,
    AlertReportRefused,
    MonitorRefused,
    MonitorRegistered,
    MonitorsQuestion,
    RegisterMonitor,
    RegistrationRefusal,
    ReportedAlertsQuestion,
    ReportRefusal,
    ReportState,
)
from trading_ecosystem.messages.risk import SEVERITY_RANK
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Component, Said
from trading_ecosystem.ports.errors import NotFound

OUTBOX: Final = 20_000
"""Messages and heartbeats that are kept for the doors; a reader that falls behind them has missed something."""
REPORTS: Final = 10_000
"""Answers of one monitor that are kept for reports sent twice; older reports are refused by their instant."""

_NAME: Final = re.compile(rf"[a-z][a-z0-9-]{{0,{LONGEST_NAME - 1}}}")


class Outbox:
    """What was sent last, numbered from 1; the oldest gives way to the newest.

    A snapshot keeps how many were sent and not what: after a restart what came before it is not there any more.
    """

    def __init__(self, sent: int = 0) -> None:
        self._kept: deque[Sent] = deque(maxlen=OUTBOX)
        self.sent = sent
        """The number of the newest."""

    def deliver(self, message: Message, now: Nanos) -> None:
        """Send a message."""
        self.sent += 1
        self._kept.append(Delivery(self.sent, now, message))

    def beat(self, heartbeat: int) -> None:
        """Send a heartbeat."""
        self.sent += 1
        self._kept.append(Heartbeat(self.sent, heartbeat, heartbeat * HEARTBEAT_EVERY))

    def after(self, number: int) -> list[Sent]:
        """Everything that followed ``number``; raises :class:`NotFound` where some of it is no longer kept."""
        missing = self.sent - number
        if missing < 0 or missing > len(self._kept):
            raise NotFound(f"what followed number {number} is not kept any more; the newest is {self.sent}")
        kept = self._kept
        return [kept[position] for position in range(len(kept) - missing, len(kept))]

    def snapshot_state(self) -> list[Any]:
        """What a snapshot keeps."""
        return [self.sent]

    @classmethod
    def from_snapshot_state(cls, state: list[Any]) -> Outbox:
        """An empty outbox that goes on with the next number."""
        return cls(*state)


class Registration:
    """One registered monitor: how it was registered, its active alerts, and its answers so far."""

    __slots__ = ("active", "answers", "first_number", "highest_id", "registered")

    def __init__(self, registered: MonitorRegistered, first_number: int) -> None:
        self.registered = registered
        self.first_number = first_number
        """The number of the first thing it is sent."""
        self.active: dict[int, AlertReportAccepted] = {}
        self.highest_id = 0
        self.answers: OrderedDict[str, tuple[AlertReported, AlertReportAccepted | AlertReportRefused]] = OrderedDict()


class Monitors(Component):
    """Every monitor outside; ``watched`` names the component whose deliveries they are sent, ``firm`` whom it watches."""

    context: ClassVar[str] = "monitors"
    hears: ClassVar[dict[type[Any], str]] = {
        RegisterMonitor: "register_monitor",
        AlertReported: "alert_reported",
    }
    says: ClassVar[tuple[type[Message], ...]] = (
        MonitorRegistered,
        MonitorRefused,
        AlertReportAccepted,
        AlertReportRefused,
    )
    answers: ClassVar[dict[type[Question], str]] = {
        MonitorsQuestion: "answer_monitors",
        ReportedAlertsQuestion: "answer_alerts",
    }

    def __init__(self, watched: str, firm: str) -> None:
        super().__init__(MONITORS, frozenset({firm}))
        self._watched = watched
        self._firm = firm
        self._registered: dict[str, Registration] = {}
        self._last_heartbeat = 0
        self.outbox = Outbox()
        self.overhears = ""
        """The component whose deliveries are to be handed to :meth:`overhear`; none while nobody is registered."""

    # ---------------------------------------------------------------- what is sent

    def overhear(self, message: Message, now: Nanos) -> None:
        """The watched component is delivered a message: send it, after every heartbeat before its instant."""
        self.beat(now)
        self.outbox.deliver(message, now)

    def beat(self, before: Nanos) -> None:
        """Everything due before ``before`` has happened: send every heartbeat of an earlier instant."""
        if not self.overhears:
            return
        while (self._last_heartbeat + 1) * HEARTBEAT_EVERY < before:
            self._last_heartbeat += 1
            self.outbox.beat(self._last_heartbeat)

    @property
    def last_heartbeat(self) -> int:
        """The number of the newest heartbeat sent, or, before the first, of the instant that the first one follows."""
        return self._last_heartbeat

    @property
    def in_lock_step(self) -> list[str]:
        """The names of the monitors that the clock waits for, in order of registration."""
        return [name for name, one in self._registered.items() if one.registered.lock_step]

    def find(self, monitor: str) -> Registration | None:
        """One registered monitor, if there is one of this name."""
        return self._registered.get(monitor)

    def registration(self, monitor: str) -> Registration:
        """One registered monitor; raises :class:`NotFound`."""
        found = self._registered.get(monitor)
        if found is None:
            raise NotFound(f"no monitor is registered as {monitor!r}")
        return found

    # ---------------------------------------------------------------- what is heard

    def register_monitor(self, message: RegisterMonitor, now: Nanos) -> Said:
        """Send a monitor everything from now on, or say why not."""
        known = self._registered.get(message.monitor)
        if known is not None and _same(known.registered, message):
            return [known.registered]
        refusal = self._registration_refusal(message)
        if refusal is not None:
            return [MonitorRefused(message.account, message.monitor, refusal)]
        if not self._registered:
            self._last_heartbeat = (now - 1) // HEARTBEAT_EVERY
            self.overhears = self._watched
        self.beat(now)
        registered = MonitorRegistered(message.account, message.monitor, message.lock_step, now, self._last_heartbeat + 1)
        self._registered[message.monitor] = Registration(registered, self.outbox.sent + 1)
        return [registered]

    def _registration_refusal(self, message: RegisterMonitor) -> RegistrationRefusal | None:
        if message.account != self._firm:
            return RegistrationRefusal.NO_SUCH_FIRM
        if not _NAME.fullmatch(message.monitor) or message.monitor == self._watched:
            return RegistrationRefusal.INVALID_NAME
        if message.monitor in self._registered:
            return RegistrationRefusal.NAME_TAKEN
        return RegistrationRefusal.TOO_MANY_MONITORS if len(self._registered) >= MOST_MONITORS else None

    def alert_reported(self, message: AlertReported, now: Nanos) -> Said:
        """Take a report, or say why it does not count."""
        one = self._registered.get(message.monitor)
        if one is None or one.registered.account != message.account:
            return [_refused(message, ReportRefusal.NO_SUCH_MONITOR)]
        earlier = one.answers.get(message.report_id)
        if earlier is not None:
            report, answer = earlier
            return [answer if report == message else _refused(message, ReportRefusal.REPORT_ID_REUSED)]
        self.beat(now)
        refusal = self._report_refusal(one, message, now)
        answer = _accepted(message) if refusal is None else _refused(message, refusal)
        if isinstance(answer, AlertReportAccepted):
            _take(one, answer)
        one.answers[message.report_id] = (message, answer)
        if len(one.answers) > REPORTS:
            one.answers.popitem(last=False)
        return [answer]

    def _report_refusal(self, one: Registration, message: AlertReported, now: Nanos) -> ReportRefusal | None:
        if not (1 <= len(message.report_id) <= LONGEST_NAME and 1 <= len(message.subject) <= LONGEST_SUBJECT):
            return ReportRefusal.INVALID_REPORT
        if message.alert_id <= 0:
            return ReportRefusal.INVALID_REPORT
        # What was raised at the very instant of the registration counts; nothing can have been raised before it.
        earliest = max((self._last_heartbeat - 1) * HEARTBEAT_EVERY + 1, one.registered.registered_at)
        if not earliest <= message.raised_at <= now:
            return ReportRefusal.OUTSIDE_HEARTBEAT
        if message.state is ReportState.RAISED:
            if message.alert_id <= one.highest_id:
                return ReportRefusal.ALERT_KNOWN
            return ReportRefusal.TOO_MANY_ACTIVE if len(one.active) >= MOST_ACTIVE else None
        active = one.active.get(message.alert_id)
        if active is None or (active.kind, active.subject) != (message.kind, message.subject):
            return ReportRefusal.ALERT_UNKNOWN
        if message.state is ReportState.UPDATED and SEVERITY_RANK[message.severity] <= SEVERITY_RANK[active.severity]:
            return ReportRefusal.NOT_MORE_SEVERE
        return None

    # ---------------------------------------------------------------- what is answered

    def answer_monitors(self, question: MonitorsQuestion) -> tuple[MonitorRegistered, ...]:
        """Every registered monitor."""
        return tuple(one.registered for one in self._registered.values())

    def answer_alerts(self, question: ReportedAlertsQuestion) -> tuple[AlertReportAccepted, ...]:
        """Active alerts, monitor by monitor, oldest first."""
        if question.monitor is not None:
            return tuple(self.registration(question.monitor).active.values())
        return tuple(alert for one in self._registered.values() for alert in one.active.values())


def _same(registered: MonitorRegistered, message: RegisterMonitor) -> bool:
    return (registered.account, registered.lock_step) == (message.account, message.lock_step)


def _take(one: Registration, answer: AlertReportAccepted) -> None:
    if answer.state is ReportState.RESOLVED:
        del one.active[answer.alert_id]
        return
    raised = one.active.get(answer.alert_id)
    if raised is None:
        one.highest_id = answer.alert_id
        one.active[answer.alert_id] = answer
        return
    observed = raised.observed if answer.observed is None else answer.observed
    one.active[answer.alert_id] = msgspec.structs.replace(raised, severity=answer.severity, observed=observed)


def _accepted(message: AlertReported) -> AlertReportAccepted:
    return AlertReportAccepted(
        account=message.account,
        monitor=message.monitor,
        report_id=message.report_id,
        alert_id=message.alert_id,
        state=message.state,
        kind=message.kind,
        subject=message.subject,
        severity=message.severity,
        raised_at=message.raised_at,
        observed=message.observed,
    )


def _refused(message: AlertReported, reason: ReportRefusal) -> AlertReportRefused:
    return AlertReportRefused(message.account, message.monitor, message.report_id, message.alert_id, reason)
