"""Where a SQL store is, and that no message says a password."""

from pathlib import Path

import pytest

from trading_ecosystem.adapters.sql.urls import PostgresqlStore, SqliteStore, parse_sql_store
from trading_ecosystem.ports.errors import BadInput


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("sqlite:///data", "data"),
        ("sqlite:////var/lib/data", "/var/lib/data"),
        ("sqlite:///with%20space", "with space"),
        ("some/folder", "some/folder"),
        ("./a:b", "./a:b"),
        ("/abs", "/abs"),
    ],
)
def test_folders(url: str, folder: str) -> None:
    store = parse_sql_store(url)
    assert store == SqliteStore(Path(folder))
    assert store.file("risk") == Path(folder) / "risk.sqlite"
    assert parse_sql_store(str(store)) == store


@pytest.mark.parametrize(
    ("url", "store"),
    [
        ("postgresql://host/db", PostgresqlStore("host", "db")),
        ("postgres://u@host:6000/db", PostgresqlStore("host", "db", 6000, "u")),
        ("postgresql+asyncpg://u:p%40ss@host/db", PostgresqlStore("host", "db", 5432, "u", "p@ss")),
        ("postgresql://u:@[::1]:1/d%20b?roles=x_", PostgresqlStore("::1", "d b", 1, "u", "", "x_")),
        ("postgresql://h/d?sslmode=require&roles=a", PostgresqlStore("h", "d", roles="a", sslmode="require")),
    ],
)
def test_databases(url: str, store: PostgresqlStore) -> None:
    assert parse_sql_store(url) == store


def test_roles() -> None:
    store = parse_sql_store("postgresql://h/d")
    assert (store.role("exchange"), store.owner("exchange")) == (
        "trading_ecosystem_exchange",
        "trading_ecosystem_exchange_owner",
    )
    assert parse_sql_store("postgresql://h/d?roles=t_").role("journal") == "t_journal"


def test_a_password_is_never_shown() -> None:
    store = parse_sql_store("postgresql://admin:geheim@host/db?roles=t_")
    for text in (str(store), repr(store), f"{store}", repr([store])):
        assert "geheim" not in text
        assert "admin:***@host:5432/db?roles=t_" in text


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "an empty URL is no kind of store"),
        ("mysql://u:geheim@h/d", "mysql is no kind of store"),
        ("sqlite:", "names no folder"),
        ("sqlite://data", "names no folder"),
        ("sqlite:///", "names no folder"),
        ("postgresql://u:geheim@h", "names no host or no database"),
        ("postgresql://u:geheim@/d", "names no host or no database"),
        ("postgresql://u:geheim@h/d/e", "names no host or no database"),
        ("postgresql://u:geheim@h:port/d", "cannot be read"),
        ("postgresql://u:geheim@h:99999/d", "cannot be read"),
        ("postgresql://u:geheim@h/d?roles=Big-", "no prefix of role names"),
        ("postgresql://u:geheim@h/d?roles=", "no prefix of role names"),
        ("postgresql://u:geheim@h/d?roles=" + "x" * 41, "no prefix of role names"),
        ("postgresql://u:geheim@h/d?role=x", "unknown option role"),
        ("postgresql://u:geheim@h/d?sslmode=maybe", "unknown sslmode maybe"),
        ("postgresql://u:geheim@h/d?x", "cannot be read"),
    ],
)
def test_what_is_no_store(url: str, said: str) -> None:
    with pytest.raises(BadInput) as error:
        parse_sql_store(url)
    assert said in str(error.value)
    assert str(error.value).startswith("--store: ")
    assert "geheim" not in str(error.value)


def test_every_role_name_fits_into_what_postgresql_keeps() -> None:
    store = parse_sql_store("postgresql://h/d?roles=" + "x" * 40)
    assert len(store.owner("test_coordination")) <= 63
