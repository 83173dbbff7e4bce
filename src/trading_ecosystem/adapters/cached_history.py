"""The cache patterns: a cache in front of a domain's history store, whatever technology either has.

*Write-heavy records* (orders, fills, postings, alerts ...) are written through to the store; then what is cached of them is
forgotten.

*Real-time records* (quotes, balances) are cache-first: a new value is in the cache before the store has it, and the store is
their archive. A value that the store still lacks is never covered by an older one: what is loaded while the store lags is not
kept.

*Audit's records* are asked of the store, always. A single record that was read before is also known while the store is down:
audit's role inserts and selects, so a row never changes.

What a store refuses is forgotten too, for nobody knows whether it was written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from trading_ecosystem.adapters.read_through import Place, ReadThrough
from trading_ecosystem.domains.custodian.records import Holding
from trading_ecosystem.domains.exchange.records import ClaimRecord
from trading_ecosystem.domains.market_data.records import ConsensusPrice, LatestPrice, ReferenceQuote, VenueQuote
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.units import SECOND, Nanos
from trading_ecosystem.ports.cache import Cache
from trading_ecosystem.ports.errors import Unavailable
from trading_ecosystem.ports.records import (
    EVERYTHING,
    Change,
    Conditions,
    Folded,
    HistoryStore,
    Projection,
    Record,
    Total,
    changes_of,
)

R = TypeVar("R", bound=Record)

REAL_TIME: Final[dict[str, frozenset[type[Record]]]] = {
    "market_data": frozenset({LatestPrice, ReferenceQuote, ConsensusPrice, VenueQuote}),
    "exchange": frozenset({ClaimRecord}),
    "custodian": frozenset({Holding}),
}
"""The records of each domain that are cache-first."""
TTL: Final[Nanos] = 60 * SECOND
"""The longest time that a cached answer is believed, should every other rule fail."""
_MANY: Final = 500
"""With more changed rows of one table than this, all its cached rows are forgotten at once."""


def cached_history(store: HistoryStore, cache: Cache, ttl: Nanos = TTL) -> HistoryStore:
    """The store behind the cache, by the pattern of its domain."""
    if store.namespace == "audit":
        return StoreFirstHistory(store, cache, ttl)
    return CachedHistory(store, cache, REAL_TIME.get(store.namespace, frozenset()), ttl)


def cached_histories(stores: Mapping[str, HistoryStore], caches: Mapping[str, Cache]) -> dict[str, HistoryStore]:
    """Every domain's store behind its own cache; what follows the journal and what reads history must use the same ones."""
    return {domain: cached_history(store, caches[domain]) for domain, store in stores.items()}


class _BehindCache:
    """What both patterns pass on to the store as it is."""

    def __init__(self, store: HistoryStore, cache: Cache, ttl: Nanos) -> None:
        self._store = store
        self.projection: Projection = store.projection
        self._reads = ReadThrough(cache, ttl)

    @property
    def namespace(self) -> str:
        """The domain whose records these are."""
        return self._store.namespace

    async def position(self) -> int:
        """Sequence of the last entry that the store applied."""
        return await self._store.position()

    async def wait_for(self, position: int, timeout: float = 0.25) -> None:
        """Return once the store applied everything up to ``position``; raises ``Unavailable`` after so many seconds."""
        await self._store.wait_for(position, timeout)

    async def close(self) -> None:
        """Close cache and store."""
        await self._reads.close()
        await self._store.close()


class CachedHistory(_BehindCache):
    """Write-through then forget; cache-first for ``real_time``. One follower applies, any number of readers ask."""

    def __init__(self, store: HistoryStore, cache: Cache, real_time: Collection[type[Record]] = (), ttl: Nanos = TTL) -> None:
        super().__init__(store, cache, ttl)
        self._real_time = frozenset(real_time)
        self._put: int | None = None
        """Sequence up to which real-time values were put into the cache; ``None`` before the first."""
        self._lags = False
        """Whether the cache was given values that the store may not have."""
        self._forgotten = 0
        """Sequence up to which the store has everything and the cache nothing older."""
        self._finished: asyncio.Event | None = None
        """Rings when the batch in hand is applied and forgotten; ``None`` while there is none."""

    async def apply(self, entries: Sequence[Entry]) -> None:
        """Put real-time values into the cache, have the store apply the entries, and forget what else changed."""
        if not entries:
            return
        if self._put is None:
            self._put = self._forgotten = await self._store.position()
        self._finished = finished = asyncio.Event()
        try:
            await self._apply(entries, self._put)
            self._forgotten = max(self._forgotten, entries[-1].sequence)
        finally:
            self._finished = None
            finished.set()

    async def _apply(self, entries: Sequence[Entry], known: int) -> None:
        changed = self._folded(entries)
        unknown = [entry for entry in entries if entry.sequence > known]
        news = changed if len(unknown) == len(entries) else self._folded(unknown)
        self._lags = True
        for kind in self._real_time & news.records.keys():
            for identity, record in news.records[kind].items():
                await self._reads.put(_row_place(kind, identity), record)
        self._put = max(known, entries[-1].sequence)
        try:
            await self._store.apply(entries)
            self._lags = False
        finally:
            await _surely(self._forget(changed))

    async def position(self) -> int:
        """Sequence of the last entry that the store applied, and that the cache has nothing older of."""
        position = await self._store.position()
        return position if self._finished is None else min(position, self._forgotten)

    async def wait_for(self, position: int, timeout: float = 0.25) -> None:
        """Return once the store applied everything up to ``position``, and the cache forgot what that changed."""
        clock = asyncio.get_running_loop().time
        until = clock() + timeout
        await self._store.wait_for(position, timeout)
        try:
            while self._finished is not None and self._forgotten < position:
                async with asyncio.timeout(max(until - clock(), 0.0)):
                    await self._finished.wait()
        except TimeoutError:
            problem = f"{self.namespace} has not applied {position} yet, it is at {self._forgotten}"
            raise Unavailable(problem, 1.0) from None

    async def take(self, changes: Iterable[Change]) -> None:
        """Have the store apply the changes, and forget what they change."""
        known = list(changes)
        changed = Folded()
        changed.add(known)
        try:
            await self._store.take(known)
        finally:
            await _surely(self._forget(changed, put=False))

    def _folded(self, entries: Sequence[Entry]) -> Folded:
        changed = Folded()
        for entry in entries:
            changed.add(changes_of(self.projection, entry))
        return changed

    async def _forget(self, changed: Folded, *, put: bool = True) -> None:
        """Forget every changed row, and every query of its table; not the real-time rows that were ``put`` instead."""
        places: set[Place] = set()
        groups: list[str] = []
        for kind in dict.fromkeys((*changed.records, *changed.patches)):
            written = () if put and kind in self._real_time else changed.records.get(kind, {}).keys()
            identities = {*written, *changed.patches.get(kind, {})}
            groups.append(f"queries:{kind.table}")
            if len(identities) > _MANY:
                groups.append(f"rows:{kind.table}")
            else:
                places.update(_row_place(kind, identity) for identity in identities)
        await self._reads.forget(places, groups)

    async def rows(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, order: Sequence[str] = (), limit: int | None = None
    ) -> list[R]:
        """Records that meet the conditions, in order."""
        return await self._reads.read(
            _query_place(record_type, "rows", where, order, limit),
            list[record_type],  # type: ignore[valid-type]
            lambda: self._store.rows(record_type, where, order=order, limit=limit),
        )

    async def get(self, record_type: type[R], identity: tuple[Any, ...]) -> R:
        """One record; raises :class:`trading_ecosystem.ports.errors.NotFound`."""
        return await self._reads.read(
            _row_place(record_type, identity),
            record_type,
            lambda: self._store.get(record_type, identity),
            keep=lambda: not (self._lags and record_type in self._real_time),
        )

    async def totals(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, by: Sequence[str] = (), sums: Sequence[str] = ()
    ) -> list[Total]:
        """Rows counted and added up per group."""
        return await self._reads.read(
            _query_place(record_type, "totals", where, by, sums),
            list[Total],
            lambda: self._store.totals(record_type, where, by=by, sums=sums),
        )


class StoreFirstHistory(_BehindCache):
    """The store answers, always; a single row that was read before is known while the store is down."""

    async def apply(self, entries: Sequence[Entry]) -> None:
        """Have the store apply the entries."""
        await self._store.apply(entries)

    async def take(self, changes: Iterable[Change]) -> None:
        """Have the store apply the changes."""
        await self._store.take(changes)

    async def rows(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, order: Sequence[str] = (), limit: int | None = None
    ) -> list[R]:
        """Records that meet the conditions, in order."""
        return await self._store.rows(record_type, where, order=order, limit=limit)

    async def get(self, record_type: type[R], identity: tuple[Any, ...]) -> R:
        """One record; raises :class:`trading_ecosystem.ports.errors.NotFound`."""
        place = _row_place(record_type, identity)
        try:
            record = await self._store.get(record_type, identity)
        except Unavailable:
            known: R | None = await self._reads.cached(place, record_type)
            if known is None:
                raise
            return known
        await self._reads.put(place, record)
        return record

    async def totals(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, by: Sequence[str] = (), sums: Sequence[str] = ()
    ) -> list[Total]:
        """Rows counted and added up per group."""
        return await self._store.totals(record_type, where, by=by, sums=sums)


async def _surely(work: Coroutine[Any, Any, None]) -> None:
    """Do the work to its end even where the caller is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _row_place(record_type: type[Record], identity: tuple[Any, ...]) -> Place:
    return f"rows:{record_type.table}", msgspec.json.encode(identity).decode()


def _query_place(record_type: type[Record], kind: str, where: Conditions, *further: Any) -> Place:
    """Conditions are named by their type as well: a set of values is not a range."""
    asked = [(name, type(value).__name__, value) for name, value in sorted(where.items())]
    return f"queries:{record_type.table}", msgspec.json.encode((kind, asked, *further)).decode()
