"""Ecosystem time of a live run: it goes with the wall at some speed, stands, or is moved on to an instant.

Ecosystem time = anchor + (wall − wall at the anchor) × speed, rounded down to a nanosecond. Whatever changes how it goes sets
the anchor anew at one look at the wall, so that the time itself makes no step.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos
from trading_ecosystem.ports.clock import WallClock
from trading_ecosystem.ports.errors import BadInput

LARGEST_SPEED: Final = 100_000 * PARTS_PER_MILLION
"""Ecosystem time per wall time, in millionths; no machine computes a day in less than a second."""


class ClockState(msgspec.Struct, frozen=True):
    """How ecosystem time stands and goes.

    It stands while it is ``paused`` by somebody, or in ``lock_step``: then only what drives the steps moves it on.
    """

    now: Nanos
    speed_ppm: int
    """Ecosystem time per wall time, in millionths, whenever it goes."""
    paused: bool
    lock_step: bool


class EcosystemClock:
    """See the module. ``held`` is true while what is due is computed up to an instant, as fast as possible."""

    def __init__(self, wall: WallClock, now: Nanos, speed_ppm: int) -> None:
        if speed_ppm <= 0:
            raise ValueError("speed must be positive")
        self._wall = wall
        self._anchor = now
        self._wall_anchor = wall.now()
        self.speed_ppm = speed_ppm
        self.paused = False
        self.lock_step = False
        self.held = False

    @property
    def stands(self) -> bool:
        """Whether wall time moves it no further."""
        return self.paused or self.lock_step or self.held

    def now(self) -> Nanos:
        """Ecosystem time by the wall."""
        if self.stands:
            return self._anchor
        return self._anchor + (self._wall.now() - self._wall_anchor) * self.speed_ppm // PARTS_PER_MILLION

    def wall_until(self, due: Nanos) -> Nanos | None:
        """Wall time until ecosystem time reaches ``due``, negative if it has passed; ``None`` where time stands short of it."""
        ahead = due - self.now()
        if self.stands and ahead > 0:
            return None
        return ahead * PARTS_PER_MILLION // self.speed_ppm

    def set(self, instant: Nanos) -> None:
        """It is ``instant`` now."""
        self._anchor, self._wall_anchor = instant, self._wall.now()

    def change(
        self,
        at_least: Nanos,
        *,
        speed_ppm: int | None = None,
        paused: bool | None = None,
        lock_step: bool | None = None,
        held: bool | None = None,
    ) -> None:
        """Go on in another way, from now or from ``at_least``, whichever is later."""
        wall = self._wall.now()
        going = 0 if self.stands else (wall - self._wall_anchor) * self.speed_ppm // PARTS_PER_MILLION
        self._anchor, self._wall_anchor = max(self._anchor + going, at_least), wall
        self.speed_ppm = self.speed_ppm if speed_ppm is None else speed_ppm
        self.paused = self.paused if paused is None else paused
        self.lock_step = self.lock_step if lock_step is None else lock_step
        self.held = self.held if held is None else held


def check_speed(speed_ppm: int) -> None:
    """Raise :class:`BadInput` for a speed at which no clock can be set to go."""
    if not 0 < speed_ppm <= LARGEST_SPEED:
        highest = LARGEST_SPEED // PARTS_PER_MILLION
        raise BadInput("speed", f"cannot be {speed_ppm / PARTS_PER_MILLION:g}; expected more than 0 and at most {highest}")
