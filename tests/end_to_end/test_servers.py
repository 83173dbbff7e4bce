"""The servers that tests run on answer, ask for a password, listen on the loopback only, and are gone when removed."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from tests import servers
from tests.server_processes import PREFIX, PostgresqlServer, RedisServer, ServerMissing, unprivileged

from trading_ecosystem.adapters.sql.urls import parse_sql_store


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url, timeout=20)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def test_a_store_of_its_own_in_postgresql(postgresql_url: str) -> None:
    store = parse_sql_store(postgresql_url)
    assert asyncio.run(ask(postgresql_url.partition("?")[0], "SELECT current_database()")) == store.database
    assert store.roles == store.database + "_"


def test_postgresql_asks_for_the_password_and_outlives_a_crash_of_its_own(own_postgresql: PostgresqlServer) -> None:
    url = own_postgresql.url + "/postgres"
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(ask(url.replace(own_postgresql.password, "guess"), "SELECT 1"))
    asyncio.run(ask(url, "CREATE TABLE kept AS SELECT 42 AS answer"))
    own_postgresql.kill()
    with pytest.raises(OSError):
        asyncio.run(ask(url, "SELECT 1"))
    own_postgresql.start()
    assert asyncio.run(ask(own_postgresql.url + "/postgres", "SELECT answer FROM kept")) == 42
    data = own_postgresql.folder / "data"
    assert data.stat().st_uid == (unprivileged() or (os.geteuid(),))[0]
    assert data.stat().st_mode & 0o077 == 0
    own_postgresql.remove()
    assert not own_postgresql.folder.exists()
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", own_postgresql.port), timeout=1):
        pass


def test_redis_asks_for_the_password_and_can_be_stopped_and_started(own_redis: RedisServer) -> None:
    with redis.Redis.from_url(own_redis.url) as client:
        client.set("a", "1")
        assert client.get("a") == b"1"
    with redis.Redis(port=own_redis.port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.get("a")
    own_redis.stop()
    own_redis.start()
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.get("a") is None


def test_what_a_killed_test_left_is_removed(own_redis: RedisServer) -> None:
    left = Path(tempfile.mkdtemp(prefix=PREFIX))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (left / "owner").write_text(str(ended.pid), encoding="utf-8")
    RedisServer().remove()
    assert not left.exists()
    assert own_redis.folder.exists()


def test_a_missing_server_skips_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> object:
        raise ServerMissing("none here")

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("TRADING_ECOSYSTEM_CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="none here"):
        servers.started(missing)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="none here"):
        servers.started(missing)


def test_which_servers_are_used_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(servers.POSTGRESQL_VARIABLE, "postgresql://someone@example.org/postgres")
    assert f"PostgreSQL of {servers.POSTGRESQL_VARIABLE}, Redis" in servers.servers_used()
