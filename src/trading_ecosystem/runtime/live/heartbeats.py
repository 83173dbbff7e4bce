"""Heartbeats of a live run: when they are due, who has acknowledged them, and how far the doors may read what was sent.

The clock waits at the first heartbeat that a monitor in lock-step has not acknowledged: it reaches that instant and does not
pass it. Acknowledgements are not journaled, as nothing of how the clock goes is. A monitor that says nothing for
:data:`PATIENCE` of wall time is waited for no longer, until it acknowledges again; so is one that was registered before this
process began, until it acknowledges for the first time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from trading_ecosystem.messages.monitor_stream import Sent
from trading_ecosystem.messages.monitors import HEARTBEAT_EVERY
from trading_ecosystem.messages.units import SECOND, Nanos
from trading_ecosystem.ports.clock import WallClock
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.runtime.monitors import Monitors

PATIENCE: Final[Nanos] = 60 * SECOND
"""Wall time for which the clock waits for one acknowledgement."""


class Heartbeats:
    """See the module; ``woken`` is called when the clock may go on."""

    def __init__(self, monitors: Monitors | None, wall: WallClock, woken: Callable[[], None]) -> None:
        self._monitors = monitors
        self._wall = wall
        self._woken = woken
        self._acknowledged: dict[str, int] = {}
        self._given_up: set[str] = set() if monitors is None else set(monitors.in_lock_step)
        self._waiting_since: tuple[int, Nanos] | None = None
        self._told: list[Callable[[], None]] = []
        self._released = 0 if monitors is None else monitors.outbox.sent
        self.patience: Nanos | None = PATIENCE
        """Wall time for which the clock waits for one acknowledgement; ``None``: for ever."""

    @property
    def last_instant(self) -> Nanos:
        """The instant of the newest heartbeat; what arrives is admitted after it. 0 where nobody is registered."""
        if self._monitors is None or not self._monitors.overhears:
            return 0
        return self._monitors.last_heartbeat * HEARTBEAT_EVERY

    @property
    def next_instant(self) -> Nanos | None:
        """The instant after which the next heartbeat is due; ``None`` where nobody is registered."""
        if self._monitors is None or not self._monitors.overhears:
            return None
        return (self._monitors.last_heartbeat + 1) * HEARTBEAT_EVERY

    @property
    def lost(self) -> frozenset[str]:
        """Monitors in lock-step for which the clock does not wait any more, or not yet."""
        return frozenset(self._given_up)

    def limit(self) -> Nanos | None:
        """The instant that the clock may not pass now; ``None`` where it need not wait for anybody."""
        if self._monitors is None or not self._monitors.overhears:
            return None
        behind = {name: self._of(name) for name in self._monitors.in_lock_step if name not in self._given_up}
        if not behind:
            return None
        first = min(behind.values()) + 1
        if first <= self._monitors.last_heartbeat and self._out_of_patience(first):
            self._given_up |= {name for name, acknowledged in behind.items() if acknowledged < first}
            return self.limit()
        return first * HEARTBEAT_EVERY

    def acknowledge(self, monitor: str, heartbeat: int) -> None:
        """A monitor has handled everything up to a heartbeat, and reported what there was to report.

        Raises :class:`NotFound` for an unknown one, :class:`BadInput` for a heartbeat that was not sent.
        """
        assert self._monitors is not None, "nobody can be registered here"
        self._monitors.registration(monitor)
        if heartbeat > self._monitors.last_heartbeat:
            newest = self._monitors.last_heartbeat
            raise BadInput("heartbeat", f"{heartbeat} was not sent yet; the newest is {newest}")
        self._acknowledged[monitor] = max(self._of(monitor), heartbeat)
        self._given_up.discard(monitor)
        self._woken()

    def passed(self, instant: Nanos) -> None:
        """Everything due up to ``instant`` has happened: send what is due."""
        if self._monitors is not None:
            self._monitors.beat(instant + 1)

    def release(self) -> None:
        """Everything said so far is committed: the doors may read what was sent, and are told so."""
        if self._monitors is None or self._released == self._monitors.outbox.sent:
            return
        self._released = self._monitors.outbox.sent
        for told in self._told:
            told()

    def follow(self, told: Callable[[], None]) -> None:
        """From now on call ``told`` whenever there is something new to read."""
        self._told.append(told)

    def unfollow(self, told: Callable[[], None]) -> None:
        """Call it no more."""
        self._told.remove(told)

    def after(self, number: int) -> list[Sent]:
        """What was sent after ``number``, as far as it is committed; raises :class:`NotFound` where some of it is gone."""
        assert self._monitors is not None, "nobody can be registered here"
        return [sent for sent in self._monitors.outbox.after(number) if sent.number <= self._released]

    def _of(self, monitor: str) -> int:
        acknowledged = self._acknowledged.get(monitor)
        if acknowledged is None:
            assert self._monitors is not None
            acknowledged = self._monitors.registration(monitor).registered.first_heartbeat - 1
        return acknowledged

    def _out_of_patience(self, first: int) -> bool:
        now = self._wall.now()
        if self._waiting_since is None or self._waiting_since[0] != first:
            self._waiting_since = (first, now)
        return self.patience is not None and now - self._waiting_since[1] > self.patience
