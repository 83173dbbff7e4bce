"""What whoever is in control may do to the clock of a live run: pause it, change its speed, advance it to an instant.

None of this is journaled: entries have their instants, and a replay needs no more. While time stands inputs are admitted all
the same, each a nanosecond after the last. Who starts an ecosystem again says anew how its clock goes.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from trading_ecosystem.messages.units import DAY, Nanos
from trading_ecosystem.ports.clock import WallClock
from trading_ecosystem.ports.errors import BadInput, Conflict, Unavailable
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.live.ecosystem_clock import ClockState, EcosystemClock, check_speed
from trading_ecosystem.runtime.live.heartbeats import Heartbeats
from trading_ecosystem.runtime.monitors import Registration

LONGEST_ADVANCE: Final[Nanos] = 31 * DAY
"""How far the clock is advanced at once at most."""


class Target:
    """An instant to which the clock is being advanced, and whoever waits for that."""

    def __init__(self, instant: Nanos, reached: asyncio.Future[ClockState]) -> None:
        self.instant = instant
        self.reached = reached


class ClockControl:
    """The clock of a kernel that is driven; the driver wakes on every change, and says when an advance may have ended."""

    def __init__(self, kernel: Kernel, clock: EcosystemClock, wall: WallClock) -> None:
        self._kernel = kernel
        self._clock = clock
        self._target: Target | None = None
        self._wake = asyncio.Event()
        self._stopping = False
        self.heartbeats = Heartbeats(kernel.monitors, wall, self._wake.set)

    def now(self) -> Nanos:
        """Ecosystem time: by the wall, not before what has happened, and not past what a monitor has to acknowledge."""
        return max(self._not_past_limit(self._clock.now()), self._kernel.now)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen here: the run has ended, or it is being stopped."""
        return self._stopping or self._kernel.ended

    def registration(self, monitor: str) -> Registration | None:
        """How a monitor outside is registered, if it is."""
        return None if self._kernel.monitors is None else self._kernel.monitors.find(monitor)

    def clock(self) -> ClockState:
        """How ecosystem time stands and goes."""
        clock = self._clock
        return ClockState(self.now(), clock.speed_ppm, clock.paused, clock.lock_step)

    def pause(self) -> None:
        """Let ecosystem time stand; what is due by now is still done, and inputs are still admitted."""
        self._change_clock(paused=True)

    def unpause(self) -> None:
        """Let ecosystem time go on from where it stands."""
        self._change_clock(paused=False)

    def set_speed(self, speed_ppm: int) -> None:
        """Let ecosystem time go at another speed from now on; raises :class:`BadInput` for one that cannot be."""
        check_speed(speed_ppm)
        self._change_clock(speed_ppm=speed_ppm)

    def set_lock_step(self, on: bool) -> None:
        """Let only :meth:`advance_to` move ecosystem time on, or let it go with the wall again."""
        self._change_clock(lock_step=on)

    async def advance_to(self, instant: Nanos) -> ClockState:
        """Compute and commit everything due up to ``instant``, as fast as possible; time then goes on, or stands, as before.

        Inputs that arrive meanwhile are admitted between. Where the caller stops waiting the advance ends where it has come to.
        Raises :class:`BadInput` for an instant in the past or too far ahead, :class:`Conflict` while another advance is under
        way, :class:`Unavailable` where the ecosystem ends or stops before.
        """
        now = self.now()
        if not now <= instant <= now + LONGEST_ADVANCE:
            expected = f"expected one from {now}, which is now, to {LONGEST_ADVANCE // DAY} days later"
            raise BadInput("instant", f"the clock cannot be advanced to {instant}; {expected}")
        if self._target is not None and not self._target.reached.done():
            raise Conflict(f"the clock is being advanced to {self._target.instant} already")
        if self._stopping:
            raise Unavailable("the ecosystem is stopping")
        self._target = Target(instant, asyncio.get_running_loop().create_future())
        self._change_clock(held=True)
        return await self._target.reached

    def _change_clock(self, **changes: Any) -> None:
        self._clock.change(self._kernel.now, **changes)
        self._wake.set()

    def _end_advance(self) -> None:
        """Let time go on from the instant of an advance once all of it is computed and committed; or from where it ends."""
        target = self._target
        if target is None:
            return
        due = self._kernel.next_due()
        ended = self._kernel.ended
        arrived = not ended and (due is None or due > target.instant) and self._not_past_limit(target.instant) == target.instant
        if not (arrived or ended or target.reached.done()):
            return
        self._target = None
        self._clock.change(max(self._kernel.now, target.instant) if arrived else self._kernel.now, held=False)
        if not target.reached.done():
            if ended:
                target.reached.set_exception(Unavailable(f"the run has ended at {self._kernel.now}"))
            else:
                target.reached.set_result(self.clock())

    def _until(self) -> Nanos:
        """Up to when things are done now."""
        target = self._target
        return self.now() if target is None or target.reached.done() else self._not_past_limit(target.instant)

    def _not_past_limit(self, instant: Nanos) -> Nanos:
        limit = self.heartbeats.limit()
        return instant if limit is None else min(instant, limit)

    def _refuse_advance(self, error: Exception) -> None:
        if self._target is not None and not self._target.reached.done():
            self._target.reached.set_exception(error)
