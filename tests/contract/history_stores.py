"""Opens history stores of every technology, for the tests that all of them have to pass."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from sqlalchemy.schema import CreateSchema

from trading_ecosystem.adapters.memory.history import MemoryHistory
from trading_ecosystem.adapters.sql.engines import Engines, administrator_engine
from trading_ecosystem.adapters.sql.records import SqlHistory
from trading_ecosystem.adapters.sql.tables import metadata_of
from trading_ecosystem.adapters.sql.urls import PostgresqlStore, SqliteStore, parse_sql_store
from trading_ecosystem.ports.records import HistoryStore, Projection

TECHNOLOGIES = ("memory", "sqlite", "postgresql")
Opening = Callable[[Projection], AbstractAsyncContextManager[HistoryStore]]


@asynccontextmanager
async def memory_history(projection: Projection) -> AsyncIterator[HistoryStore]:
    yield MemoryHistory(projection)


def sqlite_histories(folder: Path) -> Opening:
    """History stores in one folder; what is opened again is as it was left."""
    store = SqliteStore(folder)

    @asynccontextmanager
    async def open_one(projection: Projection) -> AsyncIterator[HistoryStore]:
        engines = Engines(store)
        engine = engines.of(projection.NAMESPACE)
        async with engine.begin() as connection:
            await connection.run_sync(metadata_of(projection.NAMESPACE).create_all)
        try:
            yield SqlHistory(engine, projection, str(store))
        finally:
            await engines.close()

    return open_one


def postgresql_histories(url: str) -> Opening:
    """History stores in one database."""
    store = parse_sql_store(url)
    assert isinstance(store, PostgresqlStore)

    @asynccontextmanager
    async def open_one(projection: Projection) -> AsyncIterator[HistoryStore]:
        engine = administrator_engine(store)
        async with engine.begin() as connection:
            await connection.execute(CreateSchema(projection.NAMESPACE, if_not_exists=True))
            await connection.run_sync(metadata_of(projection.NAMESPACE).create_all)
        try:
            yield SqlHistory(engine, projection, str(store))
        finally:
            await engine.dispose()

    return open_one
