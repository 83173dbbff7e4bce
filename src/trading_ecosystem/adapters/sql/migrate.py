"""Bring a store to this version: tables in every schema, and in PostgreSQL roles and rights.

It may run any number of times, also twice at once: the second waits for the first and finds nothing left to do. In PostgreSQL
all of it is one transaction, so that a store is migrated wholly or not at all; in SQLite each file is.
"""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection, text

from trading_ecosystem.adapters.sql import roles
from trading_ecosystem.adapters.sql.engines import administrator_engine, sqlite_engine, writing
from trading_ecosystem.adapters.sql.opening import opening_failures
from trading_ecosystem.adapters.sql.partitions import make_partitions
from trading_ecosystem.adapters.sql.tables import SCHEMAS, metadata_of
from trading_ecosystem.adapters.sql.urls import PostgresqlStore, SqliteStore, SqlStore
from trading_ecosystem.adapters.sql.versions import check_ours, newest_version, upgrade_schema
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.settings import Passwords

_LOCK: Final = 0x7472616465
"""Key of the advisory lock of a database that is being migrated."""


class Migrated(msgspec.Struct, frozen=True):
    """What was done with a schema; ``before`` is ``None`` for one that is new."""

    schema: str
    before: str | None
    after: str


async def migrate(store: SqlStore, passwords: Passwords | None = None) -> list[Migrated]:
    """Bring every schema to the newest version; raises :class:`trading_ecosystem.ports.errors.BadInput` with the remedy."""
    if isinstance(store, SqliteStore):
        _make_folder(store)
        versions = {schema: await _check_file(store, schema) for schema in SCHEMAS}
        return [
            # A file of this version was made whole, and is only looked at: opening a store costs little.
            Migrated(schema, version, version)
            if version is not None and version == newest_version(schema)
            else await _migrate_file(store, schema)
            for schema, version in versions.items()
        ]
    return await _migrate_database(store, passwords or Passwords())


def _make_folder(store: SqliteStore) -> None:
    try:
        store.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(str(store), f"cannot be used: {error.strerror}; expected a folder that can be written") from error


async def _check_file(store: SqliteStore, schema: str) -> str | None:
    """The version of a file that is ours or not there: nothing is changed in a folder where one is somebody else's."""
    if not store.file(schema).exists():
        return None
    engine = sqlite_engine(store, schema)
    try:
        with opening_failures(store, schema):
            async with engine.connect() as connection:
                return await connection.run_sync(check_ours, schema, str(store))
    finally:
        await engine.dispose()


async def _migrate_file(store: SqliteStore, schema: str) -> Migrated:
    with opening_failures(store, schema):
        engine = sqlite_engine(store, schema)
        try:
            async with writing(engine).begin() as connection:
                return await connection.run_sync(_upgrade, schema, str(store))
        finally:
            await engine.dispose()


async def _migrate_database(store: PostgresqlStore, passwords: Passwords) -> list[Migrated]:
    engine = administrator_engine(store)
    try:
        with opening_failures(store, None):
            async with engine.begin() as connection:
                return await connection.run_sync(_set_up, store, passwords)
    finally:
        await engine.dispose()


def _set_up(connection: Connection, store: PostgresqlStore, passwords: Passwords) -> list[Migrated]:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    superuser = roles.check_administrator(connection, store)
    for schema in SCHEMAS:
        check_ours(connection, schema, str(store))
    roles.make_roles(connection, store, passwords, superuser=superuser)
    roles.restrict_database(connection, store)
    return [_set_up_schema(connection, store, schema) for schema in SCHEMAS]


def _set_up_schema(connection: Connection, store: PostgresqlStore, schema: str) -> Migrated:
    owner = store.owner(schema)
    connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION "{owner}"')
    connection.exec_driver_sql(f'SET LOCAL ROLE "{owner}"')
    connection.exec_driver_sql(f"SET LOCAL search_path TO {schema}, pg_catalog")
    migrated = _upgrade(connection, schema, str(store))
    for table in metadata_of(schema).sorted_tables:
        if table.dialect_options["postgresql"]["partition_by"]:
            make_partitions(connection, schema, table.name)
    roles.grant_rights(connection, store, schema)
    connection.exec_driver_sql("RESET ROLE")
    connection.exec_driver_sql("SET LOCAL search_path TO pg_catalog")
    return migrated


def _upgrade(connection: Connection, schema: str, place: str) -> Migrated:
    check_ours(connection, schema, place)
    return Migrated(schema, *upgrade_schema(connection, schema))
