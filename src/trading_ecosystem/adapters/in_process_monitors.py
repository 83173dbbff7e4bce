"""Monitors in lock-step within this process: everything they are sent and report passes through its JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from trading_ecosystem.messages.monitor_stream import Heartbeat, Sent, decode_sent, encode_sent
from trading_ecosystem.messages.monitors import (
    MONITORS,
    AlertReported,
    MonitorRegistered,
    RegisterMonitor,
)
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.lock_step import Arrived
from trading_ecosystem.runtime.monitors import Monitors

DOOR: Final = "door"
"""The sender of what monitors register and report, as of every input from outside."""


class Monitor(Protocol):
    """Whatever makes reports of what it is sent."""

    def take(self, sent: Sent) -> Sequence[AlertReported]:
        """Handle what was sent next; returns what is to be reported about it."""


class InProcessMonitors:
    """See :class:`trading_ecosystem.ports.lock_step.LockStep`; each monitor is made once it is registered, by its maker."""

    def __init__(self, firm: str, makers: dict[str, Callable[[MonitorRegistered], Monitor]]) -> None:
        self._firm = firm
        self._makers = makers
        self._running: dict[str, Monitor] = {}
        self._read: dict[str, int] = {}
        self._desk: Monitors | None = None

    @property
    def names(self) -> list[str]:
        """The names under which they are registered."""
        return list(self._makers)

    def follow(self, desk: Monitors) -> None:
        """Read what is sent from the kernel's own ``desk``, before the run begins."""
        self._desk = desk

    def registered(self) -> Sequence[Arrived]:
        """Every monitor, in the order given."""
        return [(DOOR, RegisterMonitor(MONITORS, self._firm, name, lock_step=True)) for name in self._makers]

    def acknowledged(self, heartbeat_at: Nanos) -> Sequence[Arrived]:
        """Let each monitor handle everything up to the heartbeat."""
        return [(DOOR, report) for name in self._makers for report in self._reports_of(name, heartbeat_at)]

    def _reports_of(self, name: str, heartbeat_at: Nanos) -> list[AlertReported]:
        assert self._desk is not None, "nobody said what to follow"
        monitor = self._running.get(name)
        if monitor is None:
            registration = self._desk.registration(name)
            monitor = self._running[name] = self._makers[name](registration.registered)
            self._read[name] = registration.first_number - 1
        reports: list[AlertReported] = []
        sent: Sent | None = None
        for kept in self._desk.outbox.after(self._read[name]):
            sent = decode_sent(encode_sent(kept))
            assert sent.number == self._read[name] + 1
            self._read[name] = sent.number
            reports += [msgspec.json.decode(msgspec.json.encode(one), type=AlertReported) for one in monitor.take(sent)]
        assert isinstance(sent, Heartbeat), sent
        assert sent.at == heartbeat_at
        return reports
