"""The server itself keeps the schemas apart: every role can do what is listed for it, and nothing else, whatever it tries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

import asyncpg
import pytest
from tests.campaign import CAMPAIGN
from tests.contract.postgresql_rights import (
    ALLOWED,
    VERBS,
    Cell,
    allowed_cells,
    catalogued_rights,
    connect,
    expected_rights,
    permitted,
    tried_cells,
)
from tests.servers import PASSWORDS, new_database

from trading_ecosystem.adapters.sql.append_only import SETTING
from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.tables import APPEND_ONLY, SCHEMAS, metadata_of
from trading_ecosystem.adapters.sql.urls import PostgresqlStore, parse_sql_store


@pytest.fixture(scope="module")
def store(postgresql_server: str) -> Iterator[PostgresqlStore]:
    with new_database(postgresql_server) as url:
        store = parse_sql_store(url)
        assert isinstance(store, PostgresqlStore)
        asyncio.run(migrate(store, PASSWORDS))
        yield store


async def administer(store: PostgresqlStore, *commands: str) -> None:
    connection = await connect(store, None)
    try:
        for command in commands:
            await connection.execute(command)
    finally:
        await connection.close()


def test_the_matrix_has_every_role_schema_and_verb() -> None:
    assert set(ALLOWED) == set(SCHEMAS)
    assert len(SCHEMAS) == 8
    assert len(VERBS) == 9
    assert len(allowed_cells()) == 6 * 4 + 2 * 2


def test_every_cell_is_as_listed(store: PostgresqlStore) -> None:
    assert asyncio.run(tried_cells(store)) == allowed_cells()


def test_the_catalogue_gives_no_right_beyond_the_listed(store: PostgresqlStore) -> None:
    """Every table, not only the one that is tried; and schemas, database, memberships and attributes."""

    async def compare() -> None:
        assert await catalogued_rights(store) == await expected_rights(store)

    asyncio.run(compare())


PLANTED = {
    ("risk", "exchange", "SELECT"): [
        "GRANT USAGE ON SCHEMA exchange TO {risk}",
        "GRANT SELECT ON exchange.store_position TO {risk}",
    ],
    ("exchange", "custodian", "INSERT"): [
        "GRANT USAGE ON SCHEMA custodian TO PUBLIC",
        "GRANT INSERT ON ALL TABLES IN SCHEMA custodian TO PUBLIC",
    ],
    ("audit", "journal", "SELECT"): [
        "GRANT USAGE ON SCHEMA journal TO {audit}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA journal TO {audit}",
    ],
    ("trading", "trading", "TRUNCATE"): ["GRANT TRUNCATE ON trading.store_position TO {trading}"],
    ("risk", "risk", "CREATE"): ["GRANT CREATE ON SCHEMA risk TO {risk}"],
    ("market_data", "market_data", "GRANT"): ["GRANT SELECT ON market_data.store_position TO {market_data} WITH GRANT OPTION"],
    ("custodian", "exchange", "SET ROLE"): ["GRANT {exchange} TO {custodian}"],
    ("journal", "journal", "DROP"): ["ALTER ROLE {journal} INHERIT", "GRANT {journal_owner} TO {journal}"],
    ("test_coordination", "journal", "DROP"): ["ALTER ROLE {test_coordination} SUPERUSER"],
}
"""Grants too many, by a cell that each of them opens."""
HIDDEN = {
    ("risk", "exchange.fills", "SELECT"): ["GRANT SELECT ON exchange.fills TO {risk}"],
    ("journal", "journal.entries", "UPDATE"): ["GRANT UPDATE (line) ON journal.entries TO {journal}"],
    ("risk", "{database}", "DATABASE TEMPORARY"): ["GRANT TEMPORARY ON DATABASE {database} TO {risk}"],
    ("exchange", "public", "SCHEMA CREATE"): ["GRANT CREATE ON SCHEMA public TO PUBLIC"],
    ("trading", "", "ATTRIBUTE"): ["ALTER ROLE {trading} CREATEROLE"],
    ("audit", "audit.schema_version", "UPDATE"): ["GRANT UPDATE ON audit.schema_version TO {audit}"],
}
"""Grants too many that no cell shows, by the right that the catalogue then has."""


def commands(store: PostgresqlStore, planted: Iterable[list[str]]) -> list[str]:
    names = {schema: f'"{store.role(schema)}"' for schema in SCHEMAS} | {"database": f'"{store.database}"'}
    names["journal_owner"] = f'"{store.owner("journal")}"'
    return [command.format(**names) for grants in planted for command in grants]


def test_grants_too_many_are_found_and_taken_back_by_the_next_migration(store: PostgresqlStore) -> None:
    async def work() -> None:
        await administer(store, *commands(store, [*PLANTED.values(), *HIDDEN.values()]))
        assert await tried_cells(store) - allowed_cells() >= set(PLANTED)
        hidden = {(store.role(role), on.format(database=store.database), right) for role, on, right in HIDDEN}
        assert await catalogued_rights(store) - await expected_rights(store) >= hidden
        await migrate(store, PASSWORDS)
        assert await catalogued_rights(store) == await expected_rights(store)
        assert await tried_cells(store) == allowed_cells()

    asyncio.run(work())


@pytest.mark.parametrize("cell", list(PLANTED)[: None if CAMPAIGN else 2], ids="-".join)
def test_one_grant_too_many_makes_a_difference(store: PostgresqlStore, cell: Cell) -> None:
    async def work() -> None:
        await administer(store, *commands(store, [PLANTED[cell]]))
        assert cell in await tried_cells(store, cell[:1])
        await migrate(store, PASSWORDS)
        assert cell not in await tried_cells(store, cell[:1])

    asyncio.run(work())


BEYOND = (
    "CREATE SCHEMA planted",
    "CREATE TEMPORARY TABLE planted (x int)",
    "CREATE TABLE public.planted (x int)",
    "CREATE ROLE planted",
    "SET SESSION AUTHORIZATION postgres",
    "SET session_replication_role = replica",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT pg_ls_dir('.')",
    "ALTER SYSTEM SET fsync = off",
    "SELECT rolpassword FROM pg_authid",
)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_no_role_reaches_beyond_its_schema(store: PostgresqlStore, schema: str) -> None:
    async def work() -> list[str]:
        connection = await connect(store, schema)
        try:
            outside = [s for s in BEYOND if not s.startswith(("ALTER SYSTEM", "SET SESSION"))]
            found = [statement for statement in outside if await permitted(connection, statement)]
            for statement in set(BEYOND) - set(outside):  # these run in no transaction, or name a role that may not exist
                with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError)):
                    await connection.execute(statement)
            return found
        finally:
            await connection.close()

    assert asyncio.run(work()) == []


@pytest.mark.parametrize("schema", sorted(APPEND_ONLY))
def test_triggers_refuse_changes_even_to_the_owner_unless_it_retains(store: PostgresqlStore, schema: str) -> None:
    async def work() -> None:
        connection = await connect(store, None)
        try:
            for role in (store.owner(schema), None):
                if role is not None:
                    await connection.execute(f'SET ROLE "{role}"')
                for table in metadata_of(schema).sorted_tables:
                    column = next(iter(table.columns)).name
                    changes = (f'UPDATE {table} SET "{column}" = "{column}"', f"DELETE FROM {table}", f"TRUNCATE {table}")
                    for change in changes:
                        assert not await permitted(connection, change)
                    await connection.execute(f"SET {SETTING} = 'on'")
                    assert [await permitted(connection, change) for change in changes] == [False, True, True]
                    await connection.execute(f"RESET {SETTING}")
                await connection.execute("RESET ROLE")
        finally:
            await connection.close()

    asyncio.run(work())


@pytest.mark.parametrize("schema", sorted(APPEND_ONLY))
def test_the_setting_of_retain_helps_no_runtime_role(store: PostgresqlStore, schema: str) -> None:
    async def work() -> None:
        connection = await connect(store, schema)
        try:
            await connection.execute(f"SET {SETTING} = 'on'")
            for table in metadata_of(schema).sorted_tables:
                assert not await permitted(connection, f"DELETE FROM {table}")
                assert not await permitted(connection, f"TRUNCATE {table}")
        finally:
            await connection.close()

    asyncio.run(work())


def test_passwords_are_stored_as_verifiers_that_only_the_password_meets(store: PostgresqlStore) -> None:
    async def work() -> None:
        connection = await connect(store, None)
        stored = await connection.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = $1", store.role("risk"))
        assert stored.startswith("SCRAM-SHA-256$4096:")
        owners = "SELECT count(*) FROM pg_authid WHERE rolname = ANY($1) AND (rolcanlogin OR rolpassword IS NOT NULL)"
        assert await connection.fetchval(owners, [store.owner(schema) for schema in SCHEMAS]) == 0
        await connection.close()
        await (await connect(store, "risk")).close()
        wrong = {"host": store.host, "port": store.port, "database": store.database, "user": store.role("risk")}
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(**wrong, password="wrong", timeout=20)

    asyncio.run(work())
