"""How far a schema has come: its version, what that means to this program, and the steps to the newest one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from trading_ecosystem.ports.errors import BadInput

VERSION_TABLE: Final = "schema_version"
APPLICATION_ID: Final = 0x54_45_43_4F
"""What a SQLite file of ours says of itself (``TECO``); 0 is a file that nobody has claimed."""
_MIGRATIONS: Final = Path(__file__).parent / "migrations"


@cache
def _steps(schema: str) -> ScriptDirectory:
    return ScriptDirectory(_MIGRATIONS, version_locations=[_MIGRATIONS / schema / "versions"])


@cache
def newest_version(schema: str) -> str:
    """The version that this program works with."""
    newest = _steps(schema).get_current_head()
    assert newest is not None, f"schema {schema} has no migrations"
    return newest


def upgrade_schema(connection: Connection, schema: str) -> tuple[str | None, str]:
    """Bring the connection's current schema to the newest version inside its transaction: the version before and after."""

    def steps(at: object, _: MigrationContext) -> object:
        return _steps(schema)._upgrade_revs("head", at)  # type: ignore[arg-type]

    context = _context(connection, schema, fn=steps)
    before = context.get_current_revision()
    if before != newest_version(schema):
        with Operations.context(context):
            context.run_migrations()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    return before, newest_version(schema)


def stored_version(connection: Connection, schema: str) -> str | None:
    """The version of a schema, or ``None`` where there is none."""
    return _context(connection, schema).get_current_revision()


def check_ours(connection: Connection, schema: str, place: str) -> str | None:
    """The version of a schema that is ours or empty; raises :class:`BadInput` where it is somebody else's or newer."""
    version = stored_version(connection, schema)
    if version is None:
        if _occupied(connection, schema):
            raise BadInput(place, f"schema {schema} holds tables that this program did not make; give it a store of its own")
        return None
    if connection.dialect.name == "sqlite" and _application_id(connection) != APPLICATION_ID:
        raise BadInput(place, f"the file of schema {schema} was made by another program; give this one a store of its own")
    newest = newest_version(schema)
    if version.isdecimal() and int(version) > int(newest):
        raise BadInput(
            place,
            f"this store was made by a newer version of trading-ecosystem: schema {schema} is at {version}, this program knows "
            f"{newest}; use that version, or restore a backup from before",
        )
    if not version.isdecimal() or int(version) < 1:
        raise BadInput(place, f"schema {schema} says that its version is {version}; give this program a store of its own")
    return version


def check_newest(version: str | None, schema: str, place: str) -> None:
    """Raise :class:`BadInput` with the remedy where a schema is older than this program, or not there."""
    newest = newest_version(schema)
    if version is None:
        raise BadInput(place, f"schema {schema} is not set up; run: trading-ecosystem migrate --store '{place}'")
    if version != newest:
        raise BadInput(
            place,
            f"schema {schema} is at version {version}, this program needs {newest}; "
            f"run: trading-ecosystem migrate --store '{place}'",
        )


def _context(connection: Connection, schema: str, **options: object) -> MigrationContext:
    where = schema if connection.dialect.name == "postgresql" else None
    return MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE, "version_table_schema": where, **options}
    )


def _occupied(connection: Connection, schema: str) -> bool:
    if connection.dialect.name == "sqlite":
        return bool(connection.scalar(text("SELECT count(*) FROM sqlite_master"))) or _application_id(connection) != 0
    found = "SELECT count(*) FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = :schema)"
    return bool(connection.scalar(text(found), {"schema": schema}))


def _application_id(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA application_id").scalar_one())
