"""Reading a cache first and filling it from a store, so that nothing older than the last invalidation is ever kept.

The trap: a reader loads a value, the value changes and is invalidated, and then the reader keeps what it loaded. So every load
under way is known by its key. Whoever forgets the key makes it void: its value goes to those who asked before, and is not kept.
A value that is on its way into the cache at that moment is waited for, and forgotten then. Whoever asks later loads anew.

Readers of one key that is not there share one load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar

import msgspec

from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.cache import Cache

T = TypeVar("T")
Place = tuple[str, str]
"""A group, and a key in it."""


class _Load:
    """One load under way. ``keeping`` rings when the value is in the cache; ``None`` until it is sent there."""

    def __init__(self) -> None:
        self.valid = True
        self.task: asyncio.Task[Any] | None = None
        self.keeping: asyncio.Event | None = None


class ReadThrough:
    """A cache in front of a store. Values are encoded as JSON of their type."""

    def __init__(self, cache: Cache, ttl: Nanos) -> None:
        self.cache = cache
        self._ttl = ttl
        self._loads: dict[Place, _Load] = {}

    async def read(
        self, place: Place, value_type: Any, load: Callable[[], Awaitable[T]], *, keep: Callable[[], bool] = lambda: True
    ) -> T:
        """The cached value, else the loaded one, which is kept from then on where ``keep`` says so when the load begins."""
        found = await self.cached(place, value_type)
        if found is not None:
            value: T = found
            return value
        under_way = self._loads.get(place)
        if under_way is None or not under_way.valid or under_way.task is None:
            under_way = _Load()
            self._loads[place] = under_way
            under_way.task = asyncio.create_task(self._load(place, under_way, load, keep()))
            under_way.task.add_done_callback(_seen)
        loaded: T = await asyncio.shield(under_way.task)
        return loaded

    async def cached(self, place: Place, value_type: Any) -> Any:
        """The cached value, or ``None``; what cannot be read is as good as absent."""
        group, key = place
        found = await self.cache.get(key, group)
        if found is None:
            return None
        try:
            return msgspec.json.decode(found, type=value_type)
        except msgspec.MsgspecError:
            await self.cache.delete(key, group=group)
            return None

    async def _load(self, place: Place, under_way: _Load, load: Callable[[], Awaitable[T]], keep: bool) -> T:
        try:
            value = await load()
            if keep and under_way.valid:
                under_way.keeping = asyncio.Event()
                await self._keep(place, value)
            return value
        finally:
            if under_way.keeping is not None:
                under_way.keeping.set()
            if self._loads.get(place) is under_way:
                del self._loads[place]

    async def _keep(self, place: Place, value: Any) -> None:
        group, key = place
        await self.cache.set(key, msgspec.json.encode(value), ttl=self._ttl, group=group)

    async def put(self, place: Place, value: Any) -> None:
        """Keep a value that just came to be; loads of the key under way are void."""
        await self._void(lambda other: other == place)
        await self._keep(place, value)

    async def forget(self, places: Collection[Place] = (), groups: Collection[str] = ()) -> None:
        """Forget keys and whole groups: once this returns, whoever asks for them asks the store."""
        await self._void(lambda other: other in places or other[0] in groups)
        by_group: dict[str, list[str]] = {}
        for group, key in places:
            by_group.setdefault(group, []).append(key)
        for group, keys in by_group.items():
            await self.cache.delete(*keys, group=group)
        await self.cache.delete_group(*groups)

    async def _void(self, meant: Callable[[Place], bool]) -> None:
        for place, under_way in list(self._loads.items()):
            if meant(place):
                under_way.valid = False
                if under_way.keeping is not None:
                    await under_way.keeping.wait()

    async def close(self) -> None:
        """End loads under way, and close the cache."""
        tasks = [under_way.task for under_way in self._loads.values() if under_way.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.cache.close()


def _seen(task: asyncio.Task[Any]) -> None:
    """A load whose readers have all gone away may fail without anybody hearing of it."""
    if not task.cancelled():
        task.exception()
