"""``trading-ecosystem migrate`` as a person uses it: once, again, twice at once; and what it says when it cannot."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
import redis
from tests.campaign import seeds
from tests.command_line import cli
from tests.contract.postgresql_rights import allowed_cells, tried_cells
from tests.servers import PASSWORDS

from trading_ecosystem.adapters.sql.opening import open_engines
from trading_ecosystem.adapters.sql.tables import SCHEMAS
from trading_ecosystem.adapters.sql.urls import parse_sql_store

VARIABLE, FILE = "TRADING_ECOSYSTEM_STORE_PASSWORD", "TRADING_ECOSYSTEM_PASSWORDS_FILE"


NEWEST = {schema: "0002" if schema in ("audit", "risk") else "0001" for schema in SCHEMAS}
"""The newest version of each schema."""


def started(*words: object, **environment: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRADING_ECOSYSTEM_")}
    return subprocess.Popen(
        [sys.executable, "-m", "trading_ecosystem", "migrate", *map(str, words)],
        env=inherited | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, error = process.communicate(timeout=120)
    return process.returncode, out, error


def migrated(*words: object, **environment: str) -> tuple[int, str, str]:
    return finished(started(*words, **environment))


def usable(url: str) -> None:
    async def work() -> None:
        await (await open_engines(parse_sql_store(url), PASSWORDS)).close()

    asyncio.run(work())


def test_sqlite_once_and_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store'}"
    code, out, error = migrated("--store", url)
    assert (code, error) == (0, "")
    assert out.splitlines()[0] == f"{url} is at this version"
    assert [line.split() for line in out.splitlines()[1:]] == [[schema, NEWEST[schema], "made"] for schema in SCHEMAS]
    assert (tmp_path / "store").stat().st_mode & 0o077 == 0
    code, out, _ = migrated("--store", tmp_path / "store", "--json")
    assert code == 0
    assert json.loads(out)["schemas"] == {schema: [NEWEST[schema]] * 2 for schema in SCHEMAS}
    usable(url)


@pytest.mark.parametrize("round_", seeds(1, 15))
def test_twice_at_once_on_sqlite(tmp_path: Path, round_: int) -> None:
    del round_
    both = [started("--store", tmp_path / "store", "--json") for _ in range(2)]
    done = [finished(process) for process in both]
    assert [(code, error) for code, _, error in done] == [(0, ""), (0, "")]
    made = [json.loads(out)["schemas"] for _, out, _ in done]
    assert all(sorted(one[schema][0] or "" for one in made) == ["", NEWEST[schema]] for schema in SCHEMAS)
    usable(str(tmp_path / "store"))


@pytest.mark.parametrize("round_", seeds(1, 15))
def test_twice_at_once_on_postgresql(postgresql_url: str, round_: int) -> None:
    del round_
    password = PASSWORDS.for_all or ""
    both = [started("--store", postgresql_url, "--json", **{VARIABLE: password}) for _ in range(2)]
    done = [finished(process) for process in both]
    assert [(code, error) for code, _, error in done] == [(0, ""), (0, "")]
    made = [json.loads(out)["schemas"] for _, out, _ in done]
    assert all(sorted(one[schema][0] or "" for one in made) == ["", NEWEST[schema]] for schema in SCHEMAS)
    usable(postgresql_url)
    assert asyncio.run(tried_cells(parse_sql_store(postgresql_url))) == allowed_cells()


def test_a_password_for_each_role_from_a_file(postgresql_url: str, tmp_path: Path) -> None:
    store = parse_sql_store(postgresql_url)
    passwords = tmp_path / "passwords.json"
    passwords.write_text(json.dumps({schema: f"of-{schema}" for schema in SCHEMAS}), encoding="utf-8")
    passwords.chmod(0o640)
    code, out, error = migrated("--store", postgresql_url, **{FILE: str(passwords)})
    assert (code, out) == (2, "")
    assert f"{FILE}: {passwords} can be used by others than its owner; expected mode 600" in error
    passwords.chmod(0o600)
    code, out, error = migrated("--store", postgresql_url, **{FILE: str(passwords)})
    assert (code, error) == (0, "")
    assert "of-" not in out
    assert store.password not in out

    async def log_in(schema: str, password: str) -> None:
        where = {"host": store.host, "port": store.port, "database": store.database}
        await (await asyncpg.connect(**where, user=store.role(schema), password=password, timeout=20)).close()

    for schema in ("risk", "journal"):
        asyncio.run(log_in(schema, f"of-{schema}"))
        with pytest.raises(asyncpg.InvalidPasswordError):
            asyncio.run(log_in(schema, "of-exchange"))


def test_users_of_a_cache_are_made_too(redis_server: str, tmp_path: Path, postgresql_url: str) -> None:
    prefix = parse_sql_store(postgresql_url).roles
    cache = f"{redis_server}?roles={prefix}"
    code, _, error = migrated("--store", tmp_path / "store", "--cache", cache)
    assert code == 2
    assert "no password for the user of market_data; set TRADING_ECOSYSTEM_CACHE_PASSWORD" in error
    try:
        code, out, error = migrated(
            "--store", tmp_path / "store", "--cache", cache, TRADING_ECOSYSTEM_CACHE_PASSWORD="of-caches"
        )
        assert (code, error) == (0, "")
        assert f"{prefix}exchange" in out
        assert "of-caches" not in out
        with redis.Redis.from_url(redis_server) as administrator:
            assert f"{prefix}risk" in administrator.acl_users()
    finally:
        with redis.Redis.from_url(redis_server) as administrator:
            administrator.acl_deluser(*(user for user in administrator.acl_users() if user.startswith(prefix)))


def test_what_cannot_be_done_is_one_line_and_code_2(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (VARIABLE, FILE):
        monkeypatch.delenv(name, raising=False)
    password = parse_sql_store(postgresql_url).password
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "risk.sqlite").write_bytes(b"no database " * 1000)
    for store, said in (
        (postgresql_url, "no password for role"),
        (postgresql_url.replace(password, "guessed"), "the user or password of the URL is refused"),
        (postgresql_url.replace("/te_", "/nowhere_"), "there is no database nowhere_"),
        ("postgresql://someone:guessed@127.0.0.1:1/database", "cannot be reached: Connection refused"),
        (str(damaged), "is damaged or no SQLite database"),
        ("mysql://someone:guessed@127.0.0.1/database", "mysql is no kind of store; expected"),
    ):
        done = cli("migrate", "--store", store)
        error = done.stderr
        assert (done.returncode, done.stdout) == (2, "")
        assert said in error
        assert error.count("\n") == 1
        assert "guessed" not in error
        assert password not in error
