"""Fixtures of real servers: a PostgreSQL and a Redis-protocol server for the whole session, started when first asked for.

``TRADING_ECOSYSTEM_TEST_POSTGRESQL`` and ``TRADING_ECOSYSTEM_TEST_REDIS`` name servers that are there already (URLs of an
administrator); else private ones are started, see :mod:`tests.server_processes`. Roles, databases and users are server-wide:
every store has a database and a prefix of its own, both removed at the end, and nothing else on the server is touched. Without
a server a test is skipped; in CI (``CI`` or ``TRADING_ECOSYSTEM_CI``) it fails.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest
from tests.server_processes import (
    PostgresqlServer,
    RedisServer,
    ServerMissing,
    postgresql_binaries,
    redis_binary,
    version_of,
)

from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.urls import PostgresqlStore, parse_sql_store
from trading_ecosystem.settings import Passwords

POSTGRESQL_VARIABLE = "TRADING_ECOSYSTEM_TEST_POSTGRESQL"
REDIS_VARIABLE = "TRADING_ECOSYSTEM_TEST_REDIS"
PASSWORDS = Passwords(for_all="runtime-" + secrets.token_hex(6))
"""The password of every runtime role in stores that tests make."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which servers the tests use."""
    terminalreporter.write_line(f"servers: {servers_used()}")


def servers_used() -> str:
    """Which servers tests use, in words."""
    words = []
    for name, variable, find in (
        ("PostgreSQL", POSTGRESQL_VARIABLE, lambda: (postgresql_binaries()[0] / "postgres", postgresql_binaries()[1])),
        ("Redis", REDIS_VARIABLE, redis_binary),
    ):
        if os.environ.get(variable):
            words.append(f"{name} of {variable}")
            continue
        try:
            program, source = find()
            words.append(f"{name} {version_of(program)} ({source})")
        except ServerMissing as error:
            words.append(str(error))
    return ", ".join(words)


def without(reason: object) -> Any:
    """Skip the test, or let it fail in CI."""
    if os.environ.get("CI") or os.environ.get("TRADING_ECOSYSTEM_CI"):
        pytest.fail(f"a real server is needed here: {reason}")
    pytest.skip(str(reason))


def started(kind: Callable[[], Any]) -> Any:
    """A private server that answers; ``remove`` it at the end."""
    try:
        server = kind()
        try:
            server.start()
        except BaseException:
            server.remove()
            raise
    except ServerMissing as error:
        without(error)
    return server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a PostgreSQL server and its administrator, without a database."""
    if os.environ.get(POSTGRESQL_VARIABLE):
        store = parse_sql_store(os.environ[POSTGRESQL_VARIABLE])
        assert isinstance(store, PostgresqlStore)
        yield os.environ[POSTGRESQL_VARIABLE].rpartition("/")[0]
        return
    server = started(PostgresqlServer)
    yield server.url
    server.remove()


@pytest.fixture
def own_postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL of the test's own, with fsync on: it may be stopped, killed and started again."""
    server = started(lambda: PostgresqlServer(fsync=True))
    yield server
    server.remove()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """URL of a Redis-protocol server and its administrator; a test's keys, channels and users have a prefix of its own."""
    if os.environ.get(REDIS_VARIABLE):
        yield os.environ[REDIS_VARIABLE]
        return
    server = started(RedisServer)
    yield server.url
    server.remove()


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis-protocol server of the test's own: it may be stopped, killed and started again."""
    server = started(RedisServer)
    yield server
    server.remove()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """URL of a store in a new empty database, with a prefix of roles of its own."""
    with new_database(postgresql_server) as url:
        yield url


@pytest.fixture
def postgresql_store(postgresql_url: str) -> PostgresqlStore:
    """A migrated store in a database of its own; its runtime roles have the password of :data:`PASSWORDS`."""
    store = parse_sql_store(postgresql_url)
    assert isinstance(store, PostgresqlStore)
    asyncio.run(migrate(store, PASSWORDS))
    return store


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> Iterator[PostgresqlStore]:
    """A migrated store that nobody works with: copies of it are quicker than migrating again."""
    with new_database(postgresql_server) as url:
        store = parse_sql_store(url)
        assert isinstance(store, PostgresqlStore)
        asyncio.run(migrate(store, PASSWORDS))
        yield store


@pytest.fixture
def postgresql_copy(postgresql_server: str, migrated_postgresql: PostgresqlStore) -> Iterator[PostgresqlStore]:
    """A migrated store in a database of its own, whose roles are those of all copies."""
    with new_database(postgresql_server, migrated_postgresql) as url:
        store = parse_sql_store(url)
        assert isinstance(store, PostgresqlStore)
        yield store


class new_database:  # noqa: N801 - a context manager
    """A new database on a server, as a store's URL; the database and the roles of its prefix go away at the end.

    A copy of ``template`` shares its roles and leaves them alone.
    """

    def __init__(self, server: str, template: PostgresqlStore | None = None) -> None:
        self._server = server
        self._name = "te_" + secrets.token_hex(5)
        self._template = template

    def __enter__(self) -> str:
        if self._template is not None:
            self._administer(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._template.database}"')
            return f"{self._server}/{self._name}?roles={self._template.roles}"
        self._administer(f'CREATE DATABASE "{self._name}" TEMPLATE template0')
        return f"{self._server}/{self._name}?roles={self._name}_"

    def __exit__(self, *_: object) -> None:
        self._administer(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)', drop_roles=self._template is None)

    def _administer(self, statement: str, *, drop_roles: bool = False) -> None:
        async def work() -> None:
            connection = await asyncpg.connect(f"{self._server}/postgres", timeout=20)
            try:
                await connection.execute(statement)
                if drop_roles:
                    roles = await connection.fetch(
                        "SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)", f"{self._name}_"
                    )
                    for role in roles:
                        await connection.execute(f'DROP ROLE "{role[0]}"')
            finally:
                await connection.close()

        asyncio.run(work())
