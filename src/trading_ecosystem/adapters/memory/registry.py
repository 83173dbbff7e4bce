"""A registry in this process."""

from __future__ import annotations

import time
from collections.abc import Callable

from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import Conflict, NotFound, Unavailable
from trading_ecosystem.ports.registry import INSTANCES, TTL, Health, Instance, check_instance


class MemoryRegistry:
    """See :class:`trading_ecosystem.ports.registry.Registry`; ``clock`` gives nanoseconds that never go back."""

    def __init__(self, clock: Callable[[], Nanos] = time.monotonic_ns) -> None:
        self._clock = clock
        self._entries: dict[str, tuple[Instance, Nanos]] = {}

    async def register(self, instance: Instance, ttl: Nanos = TTL) -> None:
        """Enter an instance."""
        check_instance(instance, ttl)
        known = self._living(instance.name)
        if known is not None and known.address != instance.address:
            raise Conflict(f"{instance.name} lives at {known.address}; {instance.address} cannot have its name")
        if instance.name not in self._entries and len(self._entries) >= INSTANCES:
            raise Unavailable(f"{INSTANCES} instances are registered already")
        self._entries[instance.name] = (instance, self._clock() + ttl)

    async def heartbeat(self, instance: Instance, ttl: Nanos = TTL) -> None:
        """Say that the instance lives, and how it is."""
        check_instance(instance, ttl)
        if self._living(instance.name) is None:
            raise NotFound(f"{instance.name} is not registered, or its time was over")
        self._entries[instance.name] = (instance, self._clock() + ttl)

    async def deregister(self, name: str) -> None:
        """Take an instance out."""
        self._entries.pop(name, None)

    async def discover(self, *, healthy: bool = True) -> list[Instance]:
        """Instances that live, by name."""
        living = [instance for name in sorted(self._entries) if (instance := self._living(name)) is not None]
        return [instance for instance in living if not healthy or instance.health is Health.HEALTHY]

    async def clear_up(self) -> tuple[str, ...]:
        """Remove what is left of instances whose time is over."""
        over = tuple(name for name in sorted(self._entries) if self._living(name) is None)
        for name in over:
            del self._entries[name]
        return over

    def _living(self, name: str) -> Instance | None:
        instance, until = self._entries.get(name, (None, 0))
        return instance if until > self._clock() else None

    async def close(self) -> None:
        """Nothing is held open."""
