"""One engine per schema: its own file in SQLite, its own login role and small pool in PostgreSQL.

Statements name tables with their schema, as :mod:`.tables` makes them; in SQLite, where the file is the schema, the name is
dropped on the way (``schema_translate_map``).

A SQLite transaction begins when it is said to begin, so that a change of tables can be rolled back too: the driver's own way of
beginning is switched off. :func:`writing` gives an engine whose transactions take the write lock at once: two writers
then wait for each other at the beginning, and none fails halfway.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from trading_ecosystem.adapters.sql.urls import PostgresqlStore, SqliteStore, SqlStore
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.settings import PASSWORDS_FILE, STORE_PASSWORD, Passwords

BUSY_TIMEOUT_MS: Final = 10_000
"""How long a SQLite transaction waits for another's."""
POOL_SIZE: Final = 2
"""Connections of one schema: one writer, one reader. Eight schemas take sixteen of PostgreSQL's usual hundred."""
CONNECT_TIMEOUT_S: Final = 10.0
COMMAND_TIMEOUT_S: Final = 60.0
POOL_TIMEOUT_S: Final = 10.0


class Engines:
    """The engines of one store, made when first asked for; ``close`` them all at the end."""

    def __init__(self, store: SqlStore, passwords: Passwords | None = None) -> None:
        self.store = store
        self._passwords = passwords or Passwords()
        self._engines: dict[str, AsyncEngine] = {}

    def of(self, schema: str) -> AsyncEngine:
        """The engine that works with one schema, and with no other."""
        if schema not in self._engines:
            self._engines[schema] = self._open(schema)
        return self._engines[schema]

    async def close(self) -> None:
        """Close every connection; closing twice is harmless."""
        engines, self._engines = self._engines, {}
        for engine in engines.values():
            await engine.dispose()

    def _open(self, schema: str) -> AsyncEngine:
        if isinstance(self.store, SqliteStore):
            return sqlite_engine(self.store, schema)
        password = self._passwords.of(schema)
        if password is None:
            raise BadInput(
                str(self.store),
                f"no password for role {self.store.role(schema)}; set {STORE_PASSWORD}, or name a file with "
                f"one for {schema} in {PASSWORDS_FILE}",
            )
        return postgresql_engine(self.store, self.store.role(schema), password)


def writing(engine: AsyncEngine) -> AsyncEngine:
    """The same engine, whose SQLite transactions take the write lock when they begin; PostgreSQL needs no such thing."""
    return engine.execution_options(sqlite_begin="BEGIN IMMEDIATE") if engine.dialect.name == "sqlite" else engine


def administrator_engine(store: PostgresqlStore) -> AsyncEngine:
    """The engine of the administrator, for ``migrate`` and ``retain`` alone; every use is a new connection."""
    return postgresql_engine(store, store.user, store.password, pooled=False)


def postgresql_engine(store: PostgresqlStore, user: str, password: str, *, pooled: bool = True) -> AsyncEngine:
    """An engine that logs in as one role."""
    url = URL.create("postgresql+asyncpg", user or None, password or None, store.host, store.port, store.database)
    pool: dict[str, Any] = (
        {"pool_size": POOL_SIZE, "max_overflow": 0, "pool_timeout": POOL_TIMEOUT_S, "pool_pre_ping": True}
        if pooled
        else {"poolclass": NullPool}
    )
    connect = {
        "timeout": CONNECT_TIMEOUT_S,
        "command_timeout": COMMAND_TIMEOUT_S,
        "ssl": store.sslmode,
        # What is acknowledged is on the disk, whatever the server's or the role's own setting is.
        "server_settings": {"application_name": "trading-ecosystem", "search_path": "pg_catalog", "synchronous_commit": "on"},
    }
    return create_async_engine(url, connect_args=connect, **pool).execution_options(connect_arguments=connect)


def one_connection(engine: AsyncEngine) -> AsyncEngine:
    """Another engine that logs in like this PostgreSQL engine and has one connection, for an event loop of its own."""
    arguments = engine.get_execution_options()["connect_arguments"]
    return create_async_engine(engine.url, connect_args=arguments, pool_size=1, max_overflow=0)


def sqlite_engine(store: SqliteStore, schema: str) -> AsyncEngine:
    """An engine on the file of one schema; the folder has to exist, the file is made when it is first used."""
    url = URL.create("sqlite+aiosqlite", database=str(store.file(schema)))
    connect = {"factory": _OneFile}
    engine = create_async_engine(url, connect_args=connect, pool_size=POOL_SIZE, max_overflow=0, pool_timeout=POOL_TIMEOUT_S)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine.execution_options(schema_translate_map={schema: None})


def sqlite_writer(engine: AsyncEngine) -> sqlite3.Connection:
    """A connection of one's own to the file of a SQLite engine, for transactions that are one call in another thread."""
    connection = sqlite3.connect(engine.url.database or "", factory=_OneFile, check_same_thread=False, isolation_level=None)
    try:
        _prepare_sqlite(connection, None)
    except BaseException:
        connection.close()
        raise
    return connection


class _OneFile(sqlite3.Connection):
    """A connection that can attach no further file: the file it was opened on is all that it can reach."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA recursive_triggers = ON")
        cursor.execute("PRAGMA trusted_schema = OFF")
    finally:
        cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))
