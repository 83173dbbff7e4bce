"""A store that is older, newer, somebody else's, damaged, or refuses the password: one line says so, and what to do."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import msgspec
import pytest
from tests.servers import PASSWORDS

from trading_ecosystem.adapters.sql import versions
from trading_ecosystem.adapters.sql.engines import Engines
from trading_ecosystem.adapters.sql.failures import failures
from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.opening import check_schema, open_engines
from trading_ecosystem.adapters.sql.tables import SCHEMAS
from trading_ecosystem.adapters.sql.urls import PostgresqlStore, SqliteStore, SqlStore, parse_sql_store
from trading_ecosystem.ports.errors import BadInput, Corrupt, EcosystemError, Unavailable
from trading_ecosystem.settings import Passwords

SECOND_STEP = '''"""A further step."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("fills", sa.Column("planted", sa.BigInteger(), nullable=True))
    op.create_table("planted", sa.Column("number", sa.BigInteger(), primary_key=True))
'''


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SqlStore:
    """A store of this version."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_copy")
    store = SqliteStore(tmp_path / "store")
    asyncio.run(migrate(store))
    return store


class Later:
    """A later version of the program: schema exchange has a second step while this is entered."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = patch
        shutil.copytree(versions._MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "exchange" / "versions" / "m0002_further.py").write_text(SECOND_STEP, encoding="utf-8")

    def __enter__(self) -> None:
        self._patch.setattr(versions, "_MIGRATIONS", self._folder)
        self._forget()

    def __exit__(self, *_: object) -> None:
        self._patch.undo()
        self._forget()

    def _forget(self) -> None:
        versions._steps.cache_clear()
        versions.newest_version.cache_clear()


@pytest.fixture
def later(tmp_path: Path) -> Iterator[Later]:
    with pytest.MonkeyPatch.context() as patch:
        yield Later(tmp_path / "later", patch)


def opened(store: SqlStore, passwords: Passwords = PASSWORDS) -> None:
    async def work() -> None:
        await (await open_engines(store, passwords)).close()

    asyncio.run(work())


def looked_at(store: SqlStore, schema: str) -> None:
    async def work() -> None:
        engines = Engines(store, PASSWORDS)
        try:
            await check_schema(engines.of(schema), store, schema)
        finally:
            await engines.close()

    asyncio.run(work())


def line(error: pytest.ExceptionInfo[EcosystemError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_an_older_store_names_the_command_and_a_newer_one_the_way_back(store: SqlStore, later: Later) -> None:
    opened(store)
    with later:
        with pytest.raises(BadInput) as older:
            looked_at(store, "exchange")
        looked_at(store, "risk")
        done = asyncio.run(migrate(store, PASSWORDS))
        changed = {one.schema: (one.before, one.after) for one in done if one.before != one.after}
        assert changed == {"exchange": ("0001", "0002")}
        opened(store)
    assert line(older).startswith(
        f"{store}: schema exchange is at version 0001, this program needs 0002; run: trading-ecosystem"
    )
    for action in (opened, lambda store: asyncio.run(migrate(store, PASSWORDS))):
        with pytest.raises(BadInput) as newer:
            action(store)
        assert line(newer).startswith(f"{store}: this store was made by a newer version of trading-ecosystem: schema exchange")
        assert "use that version, or restore a backup from before" in line(newer)


def test_a_step_that_fails_leaves_the_store_as_it_was(store: SqlStore, later: Later) -> None:
    step = later._folder / "exchange" / "versions" / "m0002_further.py"
    step.write_text(SECOND_STEP + '    op.execute("SELECT nonsense FROM nowhere")\n', encoding="utf-8")
    with later, pytest.raises(EcosystemError):
        asyncio.run(migrate(store, PASSWORDS))
    opened(store)
    step.write_text(SECOND_STEP, encoding="utf-8")
    with later:
        asyncio.run(migrate(store, PASSWORDS))


def test_a_store_of_another_program_is_left_alone_sqlite(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    with sqlite3.connect(store.file("risk")) as theirs:
        theirs.execute("CREATE TABLE invoices (number INTEGER)")
    theirs.close()
    before = store.file("risk").read_bytes()
    with pytest.raises(BadInput) as error:
        opened(store)
    assert line(error) == f"{store}: schema risk holds tables that this program did not make; give it a store of its own"
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".sqlite"] == ["risk.sqlite"]
    with sqlite3.connect(store.file("risk")) as theirs:
        theirs.execute("PRAGMA journal_mode = DELETE")
        assert [row[0] for row in theirs.execute("SELECT name FROM sqlite_master")] == ["invoices"]
    theirs.close()
    assert len(store.file("risk").read_bytes()) == len(before)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("PRAGMA application_id = 7", "was made by another program"),
        ("UPDATE schema_version SET version_num = 'a1b2c3'", "says that its version is a1b2c3"),
        ("UPDATE schema_version SET version_num = '0000'", "says that its version is 0000"),
        ("DELETE FROM schema_version", "holds tables that this program did not make"),
    ],
)
def test_a_file_that_is_not_as_we_make_them(tmp_path: Path, change: str, said: str) -> None:
    store = SqliteStore(tmp_path)
    asyncio.run(migrate(store))
    with sqlite3.connect(store.file("audit")) as file:
        file.execute(change)
    file.close()
    with pytest.raises(BadInput) as error:
        opened(store)
    assert said in line(error)
    assert line(error).startswith(f"{store}: ")


async def administer(store: PostgresqlStore, command: str) -> None:
    connection = await asyncpg.connect(
        host=store.host, port=store.port, database=store.database, user=store.user, password=store.password, timeout=20
    )
    try:
        await connection.execute(command)
    finally:
        await connection.close()


def test_a_store_of_another_program_is_left_alone_postgresql(postgresql_url: str) -> None:
    store = parse_sql_store(postgresql_url)
    asyncio.run(administer(store, "CREATE SCHEMA exchange; CREATE TABLE exchange.invoices (number int)"))
    with pytest.raises(BadInput) as error:
        asyncio.run(migrate(store, PASSWORDS))
    assert line(error) == f"{store}: schema exchange holds tables that this program did not make; give it a store of its own"
    roles = f"DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM pg_roles WHERE starts_with(rolname, '{store.roles}')); END $$"
    asyncio.run(administer(store, roles))


def test_a_database_that_was_not_set_up_names_the_command(postgresql_url: str) -> None:
    store = parse_sql_store(postgresql_url)
    with pytest.raises(BadInput) as error:
        opened(store)
    assert f"role {store.role('market_data')} is refused" in line(error)
    assert f"run: trading-ecosystem migrate --store '{store}'" in line(error)


@pytest.mark.parametrize(
    "take", ["DROP SCHEMA risk CASCADE", "DROP TABLE risk.schema_version", "REVOKE USAGE ON SCHEMA risk FROM {0}"]
)
def test_a_schema_that_is_gone_or_closed_names_the_command(postgresql_copy: PostgresqlStore, take: str) -> None:
    asyncio.run(administer(postgresql_copy, take.format(postgresql_copy.role("risk"))))
    with pytest.raises(BadInput) as error:
        opened(postgresql_copy)
    assert "schema risk " in line(error)
    if "version" not in take:
        assert f"run: trading-ecosystem migrate --store '{postgresql_copy}'" in line(error)
        asyncio.run(migrate(postgresql_copy, PASSWORDS))
        opened(postgresql_copy)


def test_a_refused_password_names_the_role_and_is_never_shown(postgresql_copy: PostgresqlStore) -> None:
    with pytest.raises(BadInput) as runtime:
        opened(postgresql_copy, Passwords({"custodian": "not-this-one"}, PASSWORDS.for_all))
    assert f"role {postgresql_copy.role('custodian')} is refused" in line(runtime)
    assert "not-this-one" not in line(runtime)
    with pytest.raises(BadInput) as administrator:
        asyncio.run(migrate(msgspec.structs.replace(postgresql_copy, password="nor-this"), PASSWORDS))
    assert line(administrator).endswith("the user or password of the URL is refused; give those of an administrator")
    with pytest.raises(BadInput) as none:
        opened(postgresql_copy, Passwords())
    assert "no password for role" in line(none)
    assert "TRADING_ECOSYSTEM_STORE_PASSWORD" in line(none)
    with pytest.raises(BadInput, match="no password for role"):
        asyncio.run(migrate(postgresql_copy, Passwords()))
    for error in (runtime, administrator, none):
        assert postgresql_copy.password not in line(error)
        assert line(error).startswith(f"postgresql://{postgresql_copy.user}:***@")


def test_only_an_administrator_sets_a_store_up(postgresql_copy: PostgresqlStore) -> None:
    runtime = msgspec.structs.replace(
        postgresql_copy, user=postgresql_copy.role("exchange"), password=PASSWORDS.of("exchange") or ""
    )
    with pytest.raises(BadInput) as error:
        asyncio.run(migrate(runtime, PASSWORDS))
    assert "may not set up a store; expected a superuser, or one with CREATEROLE who owns the database" in line(error)


def test_an_administrator_who_is_no_superuser_can(postgresql_url: str) -> None:
    store = parse_sql_store(postgresql_url)
    assert isinstance(store, PostgresqlStore)
    name = f"{store.roles}admin"
    asyncio.run(administer(store, f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'local'"))
    asyncio.run(administer(store, f"ALTER DATABASE {store.database} OWNER TO {name}"))
    plain = msgspec.structs.replace(store, user=name, password="local")
    asyncio.run(migrate(plain, PASSWORDS))
    assert all(one.before == one.after for one in asyncio.run(migrate(plain, PASSWORDS)))
    opened(plain)


def test_a_missing_database_and_a_server_that_is_down(postgresql_copy: PostgresqlStore) -> None:
    for action in (opened, lambda store: asyncio.run(migrate(store, PASSWORDS))):
        with pytest.raises(BadInput) as missing:
            action(msgspec.structs.replace(postgresql_copy, database="nowhere"))
        assert "there is no database nowhere; create it, then run: trading-ecosystem migrate" in line(missing)
        with pytest.raises(Unavailable) as down:
            action(msgspec.structs.replace(postgresql_copy, port=1))
        assert line(down).endswith("cannot be reached: Connection refused")
        assert postgresql_copy.password not in line(down)


@pytest.mark.parametrize("schema", ["journal", "risk"])
def test_a_damaged_file_is_named_with_what_can_be_done(tmp_path: Path, schema: str) -> None:
    store = SqliteStore(tmp_path)
    asyncio.run(migrate(store))
    whole = store.file(schema).read_bytes()
    for damaged in (b"this is no database at all " * 400, whole[:100] + b"\xff" * (len(whole) - 100), b"\0" * len(whole)):
        store.file(schema).write_bytes(damaged)
        for leftover in tmp_path.glob(f"{schema}.sqlite-*"):
            leftover.unlink()
        with pytest.raises(BadInput) as error:
            opened(store)
        remedy = "restore it from a backup" if schema == "journal" else "move it away, and it is made again from the journal"
        assert line(error).startswith(f"{store}: {store.file(schema)} is damaged or no SQLite database; ")
        assert remedy in line(error)
    store.file(schema).unlink()
    opened(store)


def test_damage_that_shows_later_is_corrupt_and_names_the_store(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    asyncio.run(migrate(store))
    pages = bytearray(store.file("journal").read_bytes())
    for page in range(2, len(pages) // 4096):
        pages[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    store.file("journal").write_bytes(pages)

    async def work() -> None:
        engines = Engines(store)
        try:
            with failures(str(store)):
                async with engines.of("journal").connect() as connection:
                    for table in ("entries", "batches", "headers", "snapshots"):
                        await connection.exec_driver_sql(f"SELECT * FROM {table}")
        finally:
            await engines.close()

    with pytest.raises(Corrupt) as error:
        asyncio.run(work())
    assert line(error).startswith(f"{store}: ")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(BadInput) as error:
            opened(SqliteStore(folder))
        assert line(error).startswith(f"sqlite:///{folder}: cannot be used: ")


def test_every_schema_is_looked_at(postgresql_copy: PostgresqlStore) -> None:
    for schema in SCHEMAS:
        looked_at(postgresql_copy, schema)
