"""The simulation driver: the clock jumps to the next thing that is due; inputs come from a schedule known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.monitors import HEARTBEAT_EVERY
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.lock_step import LockStep
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.recorder import Recorder


class ScheduledInput(msgspec.Struct, frozen=True):
    """An input that will arrive at ``at`` through the door ``sender``."""

    at: Nanos
    sender: str
    message: Message


def simulate(
    kernel: Kernel,
    recorder: Recorder,
    inputs: Iterable[ScheduledInput],
    *,
    until: Nanos | None = None,
    progress: Callable[[Nanos], None] | None = None,
    progress_every: Nanos = 600_000_000_000,
    lock_step: LockStep | None = None,
) -> None:
    """Run until ``RunEnded`` is said, nothing is due any more, or the clock would pass ``until``; then commit.

    ``inputs`` are in order of time; each is admitted after everything due earlier. ``progress`` is called with the instant now
    and then. With ``lock_step`` the registrations of its monitors are the first inputs, and no heartbeat is passed before they
    have acknowledged it; what they report is admitted right behind it.
    """
    run = _Run(kernel, progress, progress_every, lock_step)
    if lock_step is not None:
        for sender, message in lock_step.registered():
            kernel.admit(sender, message, kernel.now)
    for scheduled in inputs:
        if kernel.ended or (until is not None and scheduled.at > until):
            break
        run.to(scheduled.at)
        if not kernel.ended:
            kernel.admit(scheduled.sender, scheduled.message, max(scheduled.at, kernel.now))
    run.to(None if until is None else until + 1)
    recorder.commit()


class _Run:
    """Runs a kernel from one instant to the next."""

    def __init__(
        self, kernel: Kernel, progress: Callable[[Nanos], None] | None, progress_every: Nanos, lock_step: LockStep | None
    ) -> None:
        self._kernel = kernel
        self._progress = progress
        self._progress_every = progress_every
        self._next_report = kernel.now
        self._lock_step = lock_step

    def to(self, before: Nanos | None) -> None:
        """Run everything due before an instant (``None``: everything), in slices between which progress is reported."""
        kernel = self._kernel
        while not kernel.ended:
            due = kernel.next_due()
            if due is None or (before is not None and due >= before):
                break
            if due >= self._next_report:
                if self._progress is not None:
                    self._progress(due)
                self._next_report = due + self._progress_every
            self._run_before(self._next_report if before is None else min(before, self._next_report))

    def _run_before(self, instant: Nanos) -> None:
        """Run everything due before an instant, and at each heartbeat on the way let the monitors catch up."""
        kernel, lock_step, monitors = self._kernel, self._lock_step, self._kernel.monitors
        if lock_step is not None:
            # They are registered in the first instant of the run.
            kernel.run_before(min(kernel.now + 1, instant))
        while lock_step is not None and monitors is not None and monitors.in_lock_step:
            heartbeat_at = (monitors.last_heartbeat + 1) * HEARTBEAT_EVERY
            if heartbeat_at >= instant:
                break
            kernel.run_before(heartbeat_at + 1)
            if kernel.ended:
                return
            monitors.beat(heartbeat_at + 1)
            for sender, message in lock_step.acknowledged(heartbeat_at):
                # As a live driver does it: each input has an instant of its own, which runs to its end.
                at = max(heartbeat_at, kernel.now) + 1
                kernel.run_before(at)
                kernel.admit(sender, message, at)
                kernel.run_before(at + 1)
        kernel.run_before(instant)
