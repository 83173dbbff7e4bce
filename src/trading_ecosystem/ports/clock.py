"""The port for wall time, used by the live driver and nobody else."""

from __future__ import annotations

from typing import Protocol

from trading_ecosystem.messages.units import Nanos


class WallClock(Protocol):
    """Wall time; domains never see it."""

    def now(self) -> Nanos:
        """Nanoseconds since the epoch."""
