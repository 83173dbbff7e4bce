"""What keeps the streams alive while nothing is said: heartbeats, and a look whether the keys of open streams still hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.streams.hub import Hub
from trading_ecosystem.api.streams.subscriber import KEY_REVOKED
from trading_ecosystem.messages.units import Nanos

LOOK_EVERY: Final = 0.25
"""Seconds between two looks at the clock."""
SILENCE: Final = 5.0
"""Seconds of wall time after which ecosystem time is said again though it stands still."""


async def beat(
    hub: Hub,
    keys: KeyStore,
    reached: Callable[[], Nanos | None],
    wall: Callable[[], float] = time.monotonic,
) -> None:
    """Run until cancelled. ``reached`` is an instant before which everything has been told, ``None`` while that is at work."""
    said, last = hub.beats, wall()
    while True:
        await asyncio.sleep(LOOK_EVERY)
        instant = reached()
        if instant is not None:
            hub.beat(instant)
        if hub.beats != said:
            said, last = hub.beats, wall()
        elif wall() - last >= SILENCE:
            hub.repeat_beat()
            said, last = hub.beats, wall()
        for key_id in hub.open_keys():
            if keys.by_id(key_id) is None:
                hub.end_key(key_id, KEY_REVOKED)
