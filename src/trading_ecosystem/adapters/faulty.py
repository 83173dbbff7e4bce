"""Stores that fail on request: wrappers around real ones, for live tests of what goes on while a store is slow or gone.

One :class:`StoreTrouble` says what is the matter, and may be changed while all runs::

    trouble = StoreTrouble()
    ecosystem = await LiveEcosystem.open(FaultyLiveStore(await open_live_store(url), trouble))
    trouble.down = True

A store that is down raises ``Unavailable`` before anything is done. With ``answers_lost`` a write is done and its answer
lost, so that whoever asked knows nothing: a journal and a history must take the same again. A cache never fails its caller:
one that is down knows no value, and none that it had before is read again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from trading_ecosystem.messages.envelope import Entry, Header
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.cache import Cache, CacheStatistics
from trading_ecosystem.ports.errors import Unavailable
from trading_ecosystem.ports.live_store import LiveStore, StoredSnapshot
from trading_ecosystem.ports.records import EVERYTHING, Change, Conditions, HistoryStore, Projection, R, Total


class StoreTrouble:
    """What is the matter with a store: ``delay`` in seconds for every call, whether it is ``down``, and ``answers_lost``.

    ``refused`` counts the calls that failed.
    """

    def __init__(self, *, delay: float = 0.0, down: bool = False, answers_lost: bool = False) -> None:
        self.delay = delay
        self.down = down
        self.answers_lost = answers_lost
        self.refused = 0

    async def before(self, name: str) -> None:
        """Wait as long as the store is slow; raises :class:`Unavailable` while it is down."""
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.down:
            self.refused += 1
            raise Unavailable(f"{name} is down")

    def after(self, name: str) -> None:
        """A write was done; raises :class:`Unavailable` where its answer is lost."""
        if self.answers_lost:
            self.refused += 1
            raise Unavailable(f"{name}: the answer was lost")


class FaultyLiveStore:
    """A :class:`~trading_ecosystem.ports.live_store.LiveStore` in trouble."""

    def __init__(self, store: LiveStore, trouble: StoreTrouble) -> None:
        self._store = store
        self.trouble = trouble

    @property
    def name(self) -> str:
        """What the store is called."""
        return self._store.name

    async def header(self) -> Header | None:
        """See the port."""
        await self.trouble.before(self.name)
        return await self._store.header()

    async def begin(self, header: Header) -> None:
        """See the port."""
        await self.trouble.before(self.name)
        await self._store.begin(header)
        self.trouble.after(self.name)

    async def count(self) -> int:
        """See the port."""
        await self.trouble.before(self.name)
        return await self._store.count()

    async def append(self, first: int, lines: Sequence[bytes]) -> None:
        """See the port."""
        await self.trouble.before(self.name)
        await self._store.append(first, lines)
        self.trouble.after(self.name)

    async def lines(self, skip: int = 0) -> AsyncIterator[bytes]:
        """See the port; a store that goes down meanwhile fails in front of the next line."""
        await self.trouble.before(self.name)
        async for line in self._store.lines(skip):
            if self.trouble.down:
                await self.trouble.before(self.name)
            yield line

    async def snapshot(self, prefer: str = "") -> StoredSnapshot | None:
        """See the port."""
        await self.trouble.before(self.name)
        return await self._store.snapshot(prefer)

    async def keep_snapshot(self, snapshot: StoredSnapshot) -> None:
        """See the port."""
        await self.trouble.before(self.name)
        await self._store.keep_snapshot(snapshot)
        self.trouble.after(self.name)

    async def close(self) -> None:
        """Release the store, whatever its trouble."""
        await self._store.close()


class FaultyHistory:
    """A :class:`~trading_ecosystem.ports.records.HistoryStore` in trouble."""

    def __init__(self, store: HistoryStore, trouble: StoreTrouble) -> None:
        self._store = store
        self.trouble = trouble

    @property
    def namespace(self) -> str:
        """The domain whose records these are."""
        return self._store.namespace

    @property
    def projection(self) -> Projection:
        """The domain's ``records`` module."""
        return self._store.projection

    async def position(self) -> int:
        """See the port."""
        await self.trouble.before(self.namespace)
        return await self._store.position()

    async def apply(self, entries: Sequence[Entry]) -> None:
        """See the port."""
        await self.trouble.before(self.namespace)
        await self._store.apply(entries)
        self.trouble.after(self.namespace)

    async def take(self, changes: Iterable[Change]) -> None:
        """See the port."""
        await self.trouble.before(self.namespace)
        await self._store.take(changes)
        self.trouble.after(self.namespace)

    async def rows(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, order: Sequence[str] = (), limit: int | None = None
    ) -> list[R]:
        """See the port."""
        await self.trouble.before(self.namespace)
        return await self._store.rows(record_type, where, order=order, limit=limit)

    async def get(self, record_type: type[R], identity: tuple[Any, ...]) -> R:
        """See the port."""
        await self.trouble.before(self.namespace)
        return await self._store.get(record_type, identity)

    async def totals(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, by: Sequence[str] = (), sums: Sequence[str] = ()
    ) -> list[Total]:
        """See the port."""
        await self.trouble.before(self.namespace)
        return await self._store.totals(record_type, where, by=by, sums=sums)

    async def wait_for(self, position: int, timeout: float = 0.25) -> None:
        """See the port."""
        await self.trouble.before(self.namespace)
        await self._store.wait_for(position, timeout)

    async def close(self) -> None:
        """Release the store, whatever its trouble."""
        await self._store.close()


class FaultyCache:
    """A :class:`~trading_ecosystem.ports.cache.Cache` in trouble.

    What it could not take away while it was down is given up with everything else that it had: keys get another prefix.
    """

    def __init__(self, cache: Cache, trouble: StoreTrouble) -> None:
        self._cache = cache
        self.trouble = trouble
        self._given_up = 0

    async def get(self, key: str, group: str = "") -> bytes | None:
        """See the port."""
        return await self._cache.get(self._named(key), group) if await self._works() else None

    async def set(self, key: str, value: bytes, *, ttl: Nanos, group: str = "") -> None:
        """See the port."""
        if await self._works():
            await self._cache.set(self._named(key), value, ttl=ttl, group=group)
        else:
            self._given_up += 1

    async def delete(self, *keys: str, group: str = "") -> None:
        """See the port."""
        if await self._works():
            await self._cache.delete(*(self._named(key) for key in keys), group=group)
        else:
            self._given_up += 1

    async def delete_group(self, *groups: str) -> None:
        """See the port."""
        if await self._works():
            await self._cache.delete_group(*groups)
        else:
            self._given_up += 1

    @property
    def statistics(self) -> CacheStatistics:
        """Counts of the cache inside; what was refused by trouble stands in ``trouble.refused``."""
        return self._cache.statistics

    async def close(self) -> None:
        """Release the cache, whatever its trouble."""
        await self._cache.close()

    def _named(self, key: str) -> str:
        return f"{self._given_up}.{key}" if self._given_up else key

    async def _works(self) -> bool:
        try:
            await self.trouble.before("the cache")
        except Unavailable:
            return False
        return True
