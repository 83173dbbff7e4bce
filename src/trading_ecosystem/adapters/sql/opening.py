"""Open a store that a program is to work with: it has this version's shape, or one line says what is wrong and what to do.

A SQLite store is migrated on the way; a PostgreSQL store is only looked at, through the roles that will work with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from trading_ecosystem.adapters.sql.engines import Engines
from trading_ecosystem.adapters.sql.failures import failures, state_of
from trading_ecosystem.adapters.sql.tables import JOURNAL, SCHEMAS
from trading_ecosystem.adapters.sql.urls import PostgresqlStore, SqliteStore, SqlStore
from trading_ecosystem.adapters.sql.versions import check_newest, check_ours
from trading_ecosystem.ports.errors import BadInput, Corrupt, PortError
from trading_ecosystem.settings import PASSWORDS_FILE, STORE_PASSWORD, Passwords


async def open_engines(store: SqlStore, passwords: Passwords | None = None, schemas: Sequence[str] = SCHEMAS) -> Engines:
    """Engines of a store whose schemas are ready; close them at the end.

    Raises :class:`BadInput` where the store is older, newer, somebody else's, damaged or refuses the password, and
    :class:`trading_ecosystem.ports.errors.Unavailable` where it cannot be reached.
    """
    if isinstance(store, SqliteStore):
        from trading_ecosystem.adapters.sql.migrate import migrate

        await migrate(store)
    engines = Engines(store, passwords)
    try:
        for schema in schemas:
            await check_schema(engines.of(schema), store, schema)
    except BaseException:
        await engines.close()
        raise
    return engines


async def check_schema(engine: AsyncEngine, store: SqlStore, schema: str) -> None:
    """Raise where a schema is not at this program's version, or cannot be opened."""
    with opening_failures(store, schema):
        async with engine.connect() as connection:
            version = await connection.run_sync(check_ours, schema, str(store))
        check_newest(version, schema, str(store))


@contextmanager
def opening_failures(store: SqlStore, schema: str | None) -> Iterator[None]:
    """What goes wrong while a store is opened, as one line with the remedy; without a schema the administrator opens it."""
    try:
        with failures(str(store)):
            yield
    except Corrupt as error:
        if isinstance(store, SqliteStore):
            raise BadInput(str(store), _damaged(store, schema or JOURNAL)) from error
        raise
    except PortError as error:
        problem = _refused(store, schema, state_of(error)) if isinstance(store, PostgresqlStore) else None
        if problem is None:
            raise
        raise BadInput(str(store), problem) from error


def _refused(store: PostgresqlStore, schema: str | None, state: str) -> str | None:
    """Why PostgreSQL lets somebody not in, and what to do about it; ``None`` where it is something else."""
    migrate = f"run: trading-ecosystem migrate --store '{store}'"
    if state == "3D000":
        return f"there is no database {store.database}; create it, then {migrate}"
    if schema is None:
        if state.startswith("28"):
            return "the user or password of the URL is refused; give those of an administrator"
        if state == "42501":
            return (
                "the user of the URL may not set up a store; expected a superuser, or one with CREATEROLE who owns the database"
            )
        return None
    if state.startswith("28"):
        return (
            f"role {store.role(schema)} is refused: set its password in {STORE_PASSWORD} or {PASSWORDS_FILE}, "
            f"or, where the store is new, {migrate}"
        )
    if state in ("42501", "3F000", "42P01"):
        return f"schema {schema} is not set up for role {store.role(schema)}; {migrate}"
    return None


def _damaged(store: SqliteStore, schema: str) -> str:
    file = store.file(schema)
    if schema == JOURNAL:
        return f"{file} is damaged or no SQLite database; restore it from a backup, or name another folder"
    return f"{file} is damaged or no SQLite database; move it away, and it is made again from the journal"
