"""Keeping an instance registered for as long as a task runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import msgspec

from trading_ecosystem.messages.units import SECOND, Nanos
from trading_ecosystem.ports.errors import NotFound, PortError, Unavailable
from trading_ecosystem.ports.registry import TTL, Health, Instance, Registry


async def keep_registered(
    registry: Registry, instance: Instance, health: Callable[[], Health] = lambda: Health.HEALTHY, ttl: Nanos = TTL
) -> None:
    """Register, and say three times in each time to live how the instance is, until cancelled; then take it out.

    A registry that is away is tried again; one that forgot the instance hears of it anew. Raises ``Conflict`` where the name
    belongs to another address.
    """
    registered = False
    try:
        while True:
            now = msgspec.structs.replace(instance, health=health())
            with contextlib.suppress(Unavailable):
                if registered:
                    try:
                        await registry.heartbeat(now, ttl)
                    except NotFound:
                        registered = False
                if not registered:
                    await registry.register(now, ttl)
                    registered = True
            await asyncio.sleep(ttl / SECOND / 3)
    finally:
        if registered:
            with contextlib.suppress(PortError):
                await registry.deregister(instance.name)
