"""The wall clock."""

from __future__ import annotations

import time

from trading_ecosystem.messages.units import Nanos


class SystemClock:
    """Wall time of this machine; see :class:`trading_ecosystem.ports.clock.WallClock`."""

    def now(self) -> Nanos:
        """Nanoseconds since the epoch."""
        return time.time_ns()
