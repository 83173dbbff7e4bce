"""Opens history stores of every technology, for the tests that all of them have to pass."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from tests.servers import PASSWORDS

from trading_ecosystem.adapters.cached_history import cached_history
from trading_ecosystem.adapters.memory.cache import MemoryCache
from trading_ecosystem.adapters.memory.history import MemoryHistory
from trading_ecosystem.adapters.sql.opening import open_engines
from trading_ecosystem.adapters.sql.records import SqlHistory
from trading_ecosystem.adapters.sql.urls import SqliteStore, SqlStore
from trading_ecosystem.ports.records import HistoryStore, Projection

TECHNOLOGIES = ("memory", "sqlite", "postgresql", "cached")
Opening = Callable[[Projection], AbstractAsyncContextManager[HistoryStore]]


@asynccontextmanager
async def memory_history(projection: Projection) -> AsyncIterator[HistoryStore]:
    yield MemoryHistory(projection)


@asynccontextmanager
async def cached_in_memory(projection: Projection) -> AsyncIterator[HistoryStore]:
    store = cached_history(MemoryHistory(projection), MemoryCache())
    yield store
    await store.close()


def sql_histories(store: SqlStore) -> Opening:
    """History stores in one migrated store, each with the rights of its own role; what is opened again is as it was left."""

    @asynccontextmanager
    async def open_one(projection: Projection) -> AsyncIterator[HistoryStore]:
        engines = await open_engines(store, PASSWORDS, [projection.NAMESPACE])
        history = SqlHistory(engines.of(projection.NAMESPACE), projection, str(store))
        try:
            yield history
        finally:
            await history.close()
            await engines.close()

    return open_one


def opening_of(technology: str, request: pytest.FixtureRequest, folder: Path) -> Opening:
    """How to open history stores of one technology, fresh for this test."""
    if technology == "memory":
        return memory_history
    if technology == "cached":
        return cached_in_memory
    if technology == "sqlite":
        return sql_histories(SqliteStore(folder / "store"))
    return sql_histories(request.getfixturevalue("postgresql_copy"))
