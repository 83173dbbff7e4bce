"""Whom the clock waits for: monitors outside that acknowledge each heartbeat before time goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.units import Nanos

Arrived = tuple[str, Message]
"""An input and the door it came through."""


class LockStep(Protocol):
    """The monitors of one run, as a driver sees them. Both methods wait, and both are asked in order of time."""

    def registered(self) -> Sequence[Arrived]:
        """Wait until every monitor that is to take part has asked to; returns their registrations, the first inputs."""

    def acknowledged(self, heartbeat_at: Nanos) -> Sequence[Arrived]:
        """Wait until every one of them has acknowledged this heartbeat; returns what they reported before they did."""
