"""Takes archived rows out of a store, as the owner of their schema: the only code that deletes where rows are only added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, func, select

from trading_ecosystem.adapters.domain_records import PROJECTIONS
from trading_ecosystem.adapters.sql.append_only import deletes_allowed
from trading_ecosystem.adapters.sql.engines import administrator_engine, sqlite_engine, writing
from trading_ecosystem.adapters.sql.failures import failures
from trading_ecosystem.adapters.sql.partitions import drop_partitions, make_partitions
from trading_ecosystem.adapters.sql.tables import APPEND_ONLY, JOURNAL, JournalTables, tables_of
from trading_ecosystem.adapters.sql.urls import PostgresqlStore, SqlStore
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.records import Record

SNAPSHOTS_KEPT: Final = 2
"""The newest snapshot, and the one before in case that it is damaged."""


async def delete_before(store: SqlStore, domain: str, record_type: type[Record], field: str, until_at: Nanos) -> int:
    """Delete the rows of one table from before an instant; returns how many."""
    table = tables_of(PROJECTIONS[domain]).of[record_type].table

    def work(connection: Connection) -> int:
        whole = 0
        if record_type.partitioned_by is not None and connection.dialect.name == "postgresql":
            whole = drop_partitions(connection, domain, table.name, field, until_at)
            make_partitions(connection, domain, table.name)
        return whole + connection.execute(table.delete().where(table.c[field] < until_at)).rowcount

    return await _as_owner(store, domain, table.name, work)


async def delete_old_snapshots(store: SqlStore) -> int:
    """Delete all but the newest snapshots of a journal, which can be made again from the journal; returns how many."""
    table = JournalTables().snapshots

    def work(connection: Connection) -> int:
        newest = connection.execute(select(table.c.entries).distinct().order_by(table.c.entries.desc()).limit(SNAPSHOTS_KEPT))
        kept = [row.entries for row in newest]
        old = select(func.count()).select_from(table).where(table.c.entries.not_in(kept))
        if not connection.scalar(old):
            return 0
        return connection.execute(table.delete().where(table.c.entries.not_in(kept))).rowcount

    return await _as_owner(store, JOURNAL, table.name, work)


async def _as_owner(store: SqlStore, schema: str, table: str, work: Callable[[Connection], int]) -> int:
    postgresql = isinstance(store, PostgresqlStore)
    engine = administrator_engine(store) if isinstance(store, PostgresqlStore) else sqlite_engine(store, schema)

    def owned(connection: Connection) -> int:
        if isinstance(store, PostgresqlStore):
            connection.exec_driver_sql(f'SET LOCAL ROLE "{store.owner(schema)}"')
        if schema not in APPEND_ONLY:
            return work(connection)
        with deletes_allowed(connection, [table]):
            return work(connection)

    try:
        with failures(str(store)):
            async with (engine if postgresql else writing(engine)).begin() as connection:
                return await connection.run_sync(owned)
    finally:
        await engine.dispose()
