"""The migrations make exactly the tables that the code works with, on SQLite and on PostgreSQL."""

import asyncio
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, MetaData, UniqueConstraint, inspect
from tests.contract.migration_rendering import FOLDER, first, without_schema

from trading_ecosystem.adapters.sql.engines import administrator_engine, sqlite_engine
from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.tables import SCHEMAS, metadata_of
from trading_ecosystem.adapters.sql.urls import PostgresqlStore, SqliteStore
from trading_ecosystem.adapters.sql.versions import VERSION_TABLE

RENDER = "a record has another shape than its migration; see tests/contract/migration_rendering.py"


def differences(connection: Connection, schema: str, metadata: MetaData) -> list[object]:
    """What the database has otherwise than the code; Alembic compares neither checks nor the names of unique groups."""
    inside = connection.dialect.name == "postgresql"

    def included(name: str | None, kind: str, _: object) -> bool:
        partition = kind == "table" and name is not None and re.fullmatch(r"events_(\d{6}|rest)", name)
        return name == schema if kind == "schema" else not partition

    options = {
        "version_table": VERSION_TABLE,
        "version_table_schema": schema if inside else None,
        "include_schemas": inside,
        "include_name": included if inside else None,
        "compare_type": True,
    }
    found: list[object] = list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))
    inspector = inspect(connection)
    for table in metadata.sorted_tables:
        where = schema if inside else None
        for kind, stored in (
            (CheckConstraint, inspector.get_check_constraints(table.name, schema=where)),
            (UniqueConstraint, inspector.get_unique_constraints(table.name, schema=where)),
        ):
            wanted = {str(one.name) for one in table.constraints if isinstance(one, kind)}
            if wanted != {str(one["name"]) for one in stored}:
                found.append((table.name, kind.__name__, wanted, stored))
    return found


def test_the_migrated_files_are_what_the_code_says(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)

    async def work() -> dict[str, list[object]]:
        await migrate(store)
        found = {}
        for schema in SCHEMAS:
            engine = sqlite_engine(store, schema)
            async with engine.connect() as connection:
                found[schema] = await connection.run_sync(differences, schema, without_schema(schema))
            await engine.dispose()
        return found

    assert asyncio.run(work()) == {schema: [] for schema in SCHEMAS}, RENDER


def test_the_migrated_database_is_what_the_code_says(postgresql_copy: PostgresqlStore) -> None:
    async def work() -> dict[str, list[object]]:
        engine = administrator_engine(postgresql_copy)
        async with engine.connect() as connection:
            found = {schema: await connection.run_sync(differences, schema, metadata_of(schema)) for schema in SCHEMAS}
        await engine.dispose()
        return found

    assert asyncio.run(work()) == {schema: [] for schema in SCHEMAS}, RENDER


def test_a_difference_is_found(tmp_path: Path) -> None:
    """The planted one: a table without one of its checks, another type, a column too many."""
    store, schema = SqliteStore(tmp_path), "journal"

    async def work() -> list[object]:
        await migrate(store)
        engine = sqlite_engine(store, schema)
        async with engine.begin() as connection:
            await connection.exec_driver_sql("DROP TABLE headers")
            await connection.exec_driver_sql(
                "CREATE TABLE headers (one INTEGER NOT NULL PRIMARY KEY, header TEXT NOT NULL, x TEXT)"
            )
            found = await connection.run_sync(differences, schema, without_schema(schema))
        await engine.dispose()
        return found

    found = str(asyncio.run(work()))
    assert "remove_column" in found
    assert "modify_type" in found
    assert "CheckConstraint" in found


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_schema_has_its_own_line_of_versions(schema: str) -> None:
    steps = sorted(path.name for path in (FOLDER / schema / "versions").glob("m*.py"))
    assert [name[:5] for name in steps] == [f"m{number:04}" for number in range(1, len(steps) + 1)]
    assert "def upgrade()" in first(schema)
