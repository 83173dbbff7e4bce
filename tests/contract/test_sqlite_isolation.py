"""In SQLite every schema is a file, and an engine reaches its own file and no other."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import exc, insert, select, text

from trading_ecosystem.adapters.sql.append_only import deletes_allowed
from trading_ecosystem.adapters.sql.engines import Engines, writing
from trading_ecosystem.adapters.sql.failures import failures
from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.tables import APPEND_ONLY, JOURNAL, PROJECTIONS, SCHEMAS, SchemaTables, metadata_of
from trading_ecosystem.adapters.sql.urls import SqliteStore
from trading_ecosystem.ports.errors import Conflict, Forbidden, Unavailable


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    store = SqliteStore(tmp_path / "store")
    asyncio.run(migrate(store))
    return store


def test_one_file_per_schema_that_only_its_engine_writes(store: SqliteStore) -> None:
    """Eight engines by eight schemas: a row that one engine leaves is in its own file alone."""
    tables = {schema: SchemaTables(projection).position for schema, projection in PROJECTIONS.items()}

    async def work() -> None:
        engines = Engines(store)
        for number, (schema, table) in enumerate(tables.items(), 1):
            row = {"position": number} if schema in APPEND_ONLY else {"one": 1, "position": number}
            async with writing(engines.of(schema)).begin() as connection:
                await connection.execute(insert(table), row)
        for number, (schema, table) in enumerate(tables.items(), 1):
            async with engines.of(schema).connect() as connection:
                assert await connection.scalar(select(table.c.position)) == number
        for schema in SCHEMAS:
            own = {table.name for table in metadata_of(schema).sorted_tables} | {"schema_version"}
            async with engines.of(schema).connect() as connection:
                attached = (await connection.execute(text("PRAGMA database_list"))).all()
                assert [row[2] for row in attached] == [str(store.file(schema))]
                found = await connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
                assert set(found) == own
                for other in (one for one in SCHEMAS if one != schema):
                    theirs = metadata_of(other).sorted_tables[0]
                    for statement in (f"SELECT * FROM {other}.{theirs.name}", f"DELETE FROM {other}.{theirs.name}"):
                        with pytest.raises(exc.OperationalError, match="no such table"):
                            await connection.exec_driver_sql(statement)
        await engines.close()

    asyncio.run(work())


@pytest.mark.parametrize("schema", SCHEMAS)
def test_no_engine_attaches_another_file(store: SqliteStore, schema: str) -> None:
    other = store.file("exchange" if schema != "exchange" else "risk")

    async def work() -> None:
        engines = Engines(store)
        async with engines.of(schema).connect() as connection:
            await connection.rollback()
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            with pytest.raises(sqlite3.OperationalError, match="too many attached databases"):
                await driver.execute("ATTACH DATABASE ? AS other", (str(other),))
        await engines.close()

    asyncio.run(work())


def test_settings_of_a_connection(store: SqliteStore) -> None:
    async def work() -> None:
        engines = Engines(store)
        async with engines.of(JOURNAL).connect() as connection:
            for name, value in {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}.items():
                assert await connection.scalar(text(f"PRAGMA {name}")) == value
        await engines.close()
        await engines.close()

    asyncio.run(work())


def test_a_change_of_tables_is_rolled_back_with_its_transaction(store: SqliteStore) -> None:
    async def change_and_fail(engines: Engines) -> None:
        async with writing(engines.of("risk")).begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE planted (x INTEGER)")
            raise ZeroDivisionError

    async def work() -> None:
        engines = Engines(store)
        with pytest.raises(ZeroDivisionError):
            await change_and_fail(engines)
        async with engines.of("risk").connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = 'planted'")) == 0
        await engines.close()

    asyncio.run(work())


def test_writers_wait_for_each_other(store: SqliteStore) -> None:
    async def add(engines: Engines, number: int) -> None:
        async with writing(engines.of("audit")).begin() as connection:
            count = await connection.scalar(text("SELECT count(*) FROM store_positions"))
            await asyncio.sleep(0.01)
            await connection.exec_driver_sql("INSERT INTO store_positions VALUES (?)", (number + (count or 0) * 1000,))

    async def work() -> None:
        first, second = Engines(store), Engines(store)
        await asyncio.gather(*(add(engines, number) for number in range(5) for engines in (first, second)))
        async with first.of("audit").connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM store_positions")) == 10
        await first.close()
        await second.close()

    asyncio.run(work())


@pytest.mark.parametrize("schema", sorted(APPEND_ONLY))
def test_triggers_refuse_changes_unless_retain_lifts_them(store: SqliteStore, schema: str) -> None:
    name, row = ("headers", (1, b"one")) if schema == JOURNAL else ("store_positions", (1,))
    places = ", ".join("?" for _ in row)

    async def refused(engines: Engines, statement: str, kind: type[Exception]) -> None:
        with pytest.raises(kind) as error, failures(str(store)):
            async with writing(engines.of(schema)).begin() as connection:
                await connection.exec_driver_sql(statement)
        assert "append-only" in str(error.value)

    async def work() -> None:
        engines = Engines(store)
        async with writing(engines.of(schema)).begin() as connection:
            await connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({places})", row)
        first = metadata_of(schema).tables[f"{schema}.{name}"].columns.keys()[0]
        await refused(engines, f"UPDATE {name} SET {first} = 1", Forbidden)
        await refused(engines, f"DELETE FROM {name}", Forbidden)
        await refused(engines, f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}", Forbidden)

        def retained(connection) -> None:
            with deletes_allowed(connection, [name]):
                connection.exec_driver_sql(f"DELETE FROM {name}")

        async with writing(engines.of(schema)).begin() as connection:
            await connection.run_sync(retained)
        async with engines.of(schema).connect() as connection:
            assert await connection.scalar(text(f"SELECT count(*) FROM {name}")) == 0
        async with writing(engines.of(schema)).begin() as connection:
            await connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({places})", row)
        await refused(engines, f"DELETE FROM {name}", Forbidden)
        await engines.close()

    asyncio.run(work())


def test_failures_are_port_errors(store: SqliteStore) -> None:
    async def impatient(engines: Engines) -> None:
        async with engines.of(JOURNAL).begin() as connection:
            await connection.exec_driver_sql("PRAGMA busy_timeout = 10")
            await connection.exec_driver_sql("INSERT INTO headers VALUES (1, x'00')")

    async def opened(engines: Engines) -> None:
        async with engines.of(JOURNAL).begin():
            pass

    async def work() -> None:
        engines = Engines(store)
        with pytest.raises(Conflict, match="CHECK constraint failed"), failures(str(store)):
            async with writing(engines.of(JOURNAL)).begin() as connection:
                await connection.exec_driver_sql("INSERT INTO headers VALUES (2, x'00')")
        with sqlite3.connect(store.file(JOURNAL), isolation_level=None) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="database is locked"), failures(str(store)):
                await impatient(engines)
            holder.execute("ROLLBACK")
        holder.close()
        await engines.close()
        lost = Engines(SqliteStore(store.folder / "nowhere"))
        with pytest.raises(Unavailable, match="unable to open"), failures(str(store)):
            await opened(lost)
        await lost.close()
        await asyncio.sleep(0.05)  # the driver's thread ends after its failure has been told, and needs the loop for it

    asyncio.run(work())
