"""A domain's registry on a Redis-protocol server.

Each instance is a key that dies by the server's own clock, so that no two machines have to agree on the time. A set names all
instances, for keys cannot be listed. A name that is cleared up in the moment its instance comes back is entered again by its
next heartbeat.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.adapters.redis.login import Login
from trading_ecosystem.adapters.redis.urls import RedisPlace
from trading_ecosystem.messages.units import MILLISECOND, Nanos
from trading_ecosystem.ports.errors import Conflict, Corrupt, NotFound, Unavailable
from trading_ecosystem.ports.registry import INSTANCES, TTL, Health, Instance, check_instance

_decoder: Final = msgspec.json.Decoder(Instance)


class RedisRegistry:
    """See :class:`trading_ecosystem.ports.registry.Registry`."""

    def __init__(self, place: RedisPlace, domain: str, password: str) -> None:
        self._names = f"{place.prefix_of(domain)}instances"
        self._login = Login(place, place.user_of(domain), password, connections=2)

    async def register(self, instance: Instance, ttl: Nanos = TTL) -> None:
        """Enter an instance."""
        check_instance(instance, ttl)
        names: set[bytes] = set(await self._login.ask("SMEMBERS", self._names))
        if instance.name.encode() not in names and len(names) >= INSTANCES:
            raise Unavailable(f"{INSTANCES} instances are registered already")
        key, value, milliseconds = self._key(instance.name), msgspec.json.encode(instance), ttl // MILLISECOND
        while not await self._login.ask("SET", key, value, "NX", "PX", milliseconds):
            known = self._read(instance.name, await self._login.ask("GET", key))
            if known is None:
                continue
            if known.address != instance.address:
                raise Conflict(f"{instance.name} lives at {known.address}; {instance.address} cannot have its name")
            if await self._login.ask("SET", key, value, "XX", "PX", milliseconds):
                break
        await self._login.ask("SADD", self._names, instance.name)

    async def heartbeat(self, instance: Instance, ttl: Nanos = TTL) -> None:
        """Say that the instance lives, and how it is."""
        check_instance(instance, ttl)
        value, milliseconds = msgspec.json.encode(instance), ttl // MILLISECOND
        if not await self._login.ask("SET", self._key(instance.name), value, "XX", "PX", milliseconds):
            raise NotFound(f"{instance.name} is not registered, or its time was over")
        await self._login.ask("SADD", self._names, instance.name)

    async def deregister(self, name: str) -> None:
        """Take an instance out."""
        await self._login.together([("DEL", self._key(name)), ("SREM", self._names, name)])

    async def discover(self, *, healthy: bool = True) -> list[Instance]:
        """Instances that live, by name."""
        living = [instance for _, instance in await self._all() if instance is not None]
        return [instance for instance in living if not healthy or instance.health is Health.HEALTHY]

    async def clear_up(self) -> tuple[str, ...]:
        """Remove what is left of instances whose time is over."""
        over = tuple(name for name, instance in await self._all() if instance is None)
        if over:
            await self._login.ask("SREM", self._names, *over)
        return over

    async def _all(self) -> list[tuple[str, Instance | None]]:
        names = sorted(name.decode() for name in await self._login.ask("SMEMBERS", self._names))
        if not names:
            return []
        values = await self._login.ask("MGET", *map(self._key, names))
        return [(name, self._read(name, value)) for name, value in zip(names, values, strict=True)]

    def _key(self, name: str) -> str:
        return f"{self._names}:{name}"

    def _read(self, name: str, value: bytes | None) -> Instance | None:
        try:
            return None if value is None else _decoder.decode(value)
        except msgspec.MsgspecError as error:
            raise Corrupt(f"the registration of {name} at {self._login.place} cannot be read: {error}") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._login.close()
