"""The simulation driver: the clock jumps to the next thing that is due; inputs come from a schedule known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.units import Nanos
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
) -> None:
    """Run until ``RunEnded`` is said, nothing is due any more, or the clock would pass ``until``; then commit.

    ``inputs`` are in order of time; each is admitted after everything due earlier. ``progress`` is called with the instant now
    and then.
    """
    next_report = kernel.now
    for scheduled in inputs:
        if kernel.ended or (until is not None and scheduled.at > until):
            break
        next_report = _run_to(kernel, scheduled.at, progress, progress_every, next_report)
        if not kernel.ended:
            kernel.admit(scheduled.sender, scheduled.message, max(scheduled.at, kernel.now))
    _run_to(kernel, None if until is None else until + 1, progress, progress_every, next_report)
    recorder.commit()


def _run_to(
    kernel: Kernel, before: Nanos | None, progress: Callable[[Nanos], None] | None, every: Nanos, next_report: Nanos
) -> Nanos:
    """Run everything due before an instant (``None``: everything), in slices between which progress is reported."""
    while not kernel.ended:
        due = kernel.next_due()
        if due is None or (before is not None and due >= before):
            break
        if due >= next_report:
            if progress is not None:
                progress(due)
            next_report = due + every
        kernel.run_before(next_report if before is None else min(before, next_report))
    return next_report
