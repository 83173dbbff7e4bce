"""What a door may do for one registered monitor, once the gateway let its caller through."""

from __future__ import annotations

from collections.abc import Callable

from trading_ecosystem.messages.monitor_stream import Sent
from trading_ecosystem.runtime.live import LiveDriver


class MonitorFeed:
    """Reads what one monitor is sent, and takes its acknowledgements."""

    def __init__(self, driver: LiveDriver, monitor: str, first_number: int) -> None:
        self._driver = driver
        self._monitor = monitor
        self.first_number = first_number
        """The number of the first thing it is sent."""

    @property
    def over(self) -> bool:
        """Whether nothing more will be sent."""
        return self._driver.over

    def after(self, number: int) -> list[Sent]:
        """What was sent after ``number`` and is committed; raises :class:`NotFound` where some of it is not kept any more."""
        return self._driver.heartbeats.after(max(number, self.first_number - 1))

    def acknowledge(self, heartbeat: int) -> None:
        """Everything up to a heartbeat was handled and reported; raises :class:`BadInput` for one that was not sent."""
        self._driver.heartbeats.acknowledge(self._monitor, heartbeat)

    def follow(self, told: Callable[[], None]) -> None:
        """From now on call ``told`` whenever there is more to read."""
        self._driver.heartbeats.follow(told)

    def unfollow(self, told: Callable[[], None]) -> None:
        """Call it no more."""
        self._driver.heartbeats.unfollow(told)
