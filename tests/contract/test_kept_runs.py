"""A run kept in a store: what ``check`` finds, and what ``retain`` takes out, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from contextlib import asynccontextmanager, nullcontext

import msgspec
import pytest
from sqlalchemy import Connection, text
from tests.recorded_run import shorter_run
from tests.servers import PASSWORDS

from trading_ecosystem.adapters.histories import open_histories
from trading_ecosystem.adapters.retention import RETENTION
from trading_ecosystem.adapters.sql.append_only import deletes_allowed
from trading_ecosystem.adapters.sql.engines import administrator_engine, sqlite_engine
from trading_ecosystem.adapters.sql.urls import PostgresqlStore, parse_sql_store
from trading_ecosystem.adapters.store_check import check_store, check_url
from trading_ecosystem.adapters.store_retention import retain_url
from trading_ecosystem.adapters.store_runs import check_usable, keep_lines, keep_run
from trading_ecosystem.adapters.stores import open_live_store
from trading_ecosystem.domains.audit import records as audit
from trading_ecosystem.domains.audit.merkle import root_of
from trading_ecosystem.domains.market_data import records as market_data
from trading_ecosystem.messages.units import DAY
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.reports.run_derivation import RunDerivation
from trading_ecosystem.settings import STORE_PASSWORD


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path, monkeypatch) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "store")
    monkeypatch.setenv(STORE_PASSWORD, PASSWORDS.for_all)
    store = request.getfixturevalue("postgresql_copy")
    return f"postgresql://{store.user}:{store.password}@{store.host}:{store.port}/{store.database}?roles={store.roles}"


def kept(url: str) -> int:
    run = shorter_run()
    return keep_run(url, run.header, run.read_lines(), RunDerivation)


def plant(url: str, table: str, *statements: str, leave: bool = True) -> None:
    """Change rows of ``schema.table`` behind everybody's back, as whoever may do anything; with ``leave`` also delete them."""
    store = parse_sql_store(url)
    schema, _, name = table.partition(".")
    postgresql = isinstance(store, PostgresqlStore)
    place = table if postgresql else name

    def change(connection: Connection) -> None:
        with deletes_allowed(connection, [name]) if leave and schema == "audit" else nullcontext():
            for statement in statements:
                connection.execute(text(statement.format(table=place)))

    async def work() -> None:
        engine = administrator_engine(store) if postgresql else sqlite_engine(store, schema)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(change)
        finally:
            await engine.dispose()

    asyncio.run(work())


def test_a_kept_run_has_no_differences_and_every_planted_one_is_found(url):
    count = kept(url)
    assert count == shorter_run().entry_count
    found = check_url(url, RunDerivation)
    assert (found.entries, found.differences, found.behind, found.shown) == (count, 0, {}, ())
    assert found.rows > count
    assert found.text().endswith("compared, 0 differences\n")

    plant(url, "exchange.fills", "DELETE FROM {table} WHERE execution_id = (SELECT min(execution_id) FROM {table})")
    plant(url, "custodian.holdings", "UPDATE {table} SET amount_minor = amount_minor + 1 WHERE account = 'fund/maker'")
    plant(url, "trading.strategies", "INSERT INTO {table} VALUES ('fund/ghost', 'ghost', 'momentum', 'running', '', 1)")
    plant(url, "audit.events", "DELETE FROM {table} WHERE sequence = (SELECT max(sequence) FROM {table})")
    plant(url, "audit.scores", "DELETE FROM {table}")
    plant(url, "test_coordination.results", "UPDATE {table} SET judgement = 'fails' WHERE part = 'verdict'")
    found = check_url(url, RunDerivation)
    problems = {one.place: one.problem for one in found.shown}
    assert set(problems) == {
        "exchange.fills",
        "custodian.holdings",
        "trading.strategies",
        "audit.events",
        "audit.scores",
        "test_coordination.results",
    }
    assert problems["exchange.fills"] == "is missing"
    assert problems["trading.strategies"] == "is there, and follows from no entry"
    assert (
        "judgement is <Judgement.FAILS: 'fails'>, should be <Judgement.HOLDS: 'holds'>" in problems["test_coordination.results"]
    )
    assert found.differences == len(found.shown) > 6
    assert "custodian.holdings ('custodian', 'fund/maker', 'BTC'" in found.text()


def test_a_journal_that_was_edited_is_found(url):
    kept(url)
    edit = "UPDATE {table} SET line = (SELECT line FROM {table} WHERE line_number = 7) WHERE line_number = 8"
    with pytest.raises(Exception, match="append-only: UPDATE is refused"):
        plant(url, "journal.entries", edit)
    postgresql = url.startswith("postgresql")
    unguard = "ALTER TABLE {table} DISABLE TRIGGER ALL" if postgresql else "DROP TRIGGER {table}_refuses_update"
    plant(url, "journal.entries", unguard, edit)
    found = check_url(url, RunDerivation)
    assert found.differences == 1
    assert found.shown[0].place == "journal"
    assert "are not what was written" in found.shown[0].problem


@asynccontextmanager
async def opened(url):
    journal = await open_live_store(url)
    histories = await open_histories(url)
    try:
        yield journal, histories
    finally:
        for history in histories.values():
            await history.close()
        await journal.close()


def test_a_run_that_broke_off_is_kept_when_it_is_tried_again(url):
    run = shorter_run()

    def breaking():
        for number, line in enumerate(run.read_lines()):
            if number == 5_000:
                raise KeyboardInterrupt
            yield line

    async def break_off() -> None:
        async with opened(url) as (journal, histories):
            with pytest.raises(KeyboardInterrupt):
                await keep_lines(journal, histories, run.header, breaking(), RunDerivation)
            # One history is further behind than the others: behind is not wrong.
            found = await check_store(journal, histories, RunDerivation)
            assert (found.entries, found.differences, found.behind) == (4096, 0, {})

    asyncio.run(break_off())
    assert kept(url) == run.entry_count
    assert check_url(url, RunDerivation).differences == 0
    other = msgspec.structs.replace(run.header, seed=6)
    with pytest.raises(BadInput, match="holds another run, of .*stale_feed.* with seed 7; expected a new store"):
        keep_run(url, other, run.read_lines(), RunDerivation)
    check_usable(url)


def test_a_history_that_is_behind_is_no_difference(url):
    run = shorter_run()
    lines = list(run.read_lines())[:5000]

    async def story() -> None:
        async with opened(url) as (journal, histories):
            await journal.begin(run.header)
            await journal.append(1, lines)
            entries = list(run.entries())[:5000]
            for name, history in histories.items():
                await history.apply(entries[:3000] if name == "risk" else entries)
            found = await check_store(journal, histories, RunDerivation)
            assert (found.differences, found.behind) == (0, {"risk": 2000})
            assert "risk is 2,000 entries behind" in found.text()

    asyncio.run(story())


def test_what_is_old_is_archived_whole_and_then_taken_out(url, tmp_path):
    run = shorter_run()
    kept(url)
    folder = tmp_path / "archive"
    started, ended = run.header.started_at, list(run.entries())[-1].at
    assert not any(one.rows for one in retain_url(url, folder).tables)
    as_of = (started + ended) // 2 + 90 * DAY
    planned = {one.place: one for one in retain_url(url, folder, as_of=as_of).tables}
    assert not folder.exists()
    assert planned["audit.events"].rows == sum(entry.at < as_of - 90 * DAY for entry in run.entries()) > 0
    assert planned["audit.lifecycles"].rows == 0

    done = {one.place: one for one in retain_url(url, folder, as_of=as_of, apply=True).tables}
    assert {place: one.rows for place, one in done.items()} == {place: one.rows for place, one in planned.items()}
    for one in done.values():
        if one.rows:
            rows = gzip.decompress((folder / one.archive).read_bytes())
            lines = rows.splitlines()
            checkpoint = msgspec.json.decode((folder / one.archive.replace(".jsonl.gz", ".checkpoint.json")).read_bytes())
            assert checkpoint["rows"] == len(lines) == one.rows
            assert checkpoint["digest"] == hashlib.sha256(rows).hexdigest()
            assert checkpoint["merkle_root"] == root_of(lines).hex()
    events = msgspec.json.decode(
        b"[" + b",".join(gzip.decompress((folder / done["audit.events"].archive).read_bytes()).splitlines()) + b"]",
        type=list[audit.EventRecord],
    )
    assert events == [audit.event_of(entry) for entry in run.entries() if entry.at < as_of - 90 * DAY]
    assert check_url(url, RunDerivation).differences == 0
    assert not any(one.rows for one in retain_url(url, folder, as_of=as_of, apply=True).tables)

    async def rest() -> None:
        async with opened(url) as (_, histories):
            kept_events = await histories["audit"].rows(audit.EventRecord)
            assert [one.sequence for one in kept_events] == [e.sequence for e in run.entries() if e.at >= as_of - 90 * DAY]
            retentions = await histories["audit"].rows(audit.RetentionRecord)
            assert {(one.domain, one.kept_table, one.rows) for one in retentions} == {
                (*one.place.split("."), one.rows) for one in done.values() if one.rows
            }
            assert await histories["market_data"].rows(market_data.LatestPrice)

    asyncio.run(rest())
    # What is only added to refuses again, whoever asks.
    with pytest.raises(Exception, match="append-only: DELETE is refused"):
        plant(url, "audit.events", "DELETE FROM {table}", leave=False)


def test_every_table_of_the_retention_table_is_there_and_has_its_instant():
    for one in RETENTION:
        assert one.field in one.record_type.__struct_fields__
    assert len({(one.domain, one.table) for one in RETENTION}) == len(RETENTION)


def test_a_store_that_cannot_be_used_is_one_line_before_the_run(tmp_path):
    with pytest.raises(BadInput, match="files: keeps a journal and no history"):
        check_usable(f"files:{tmp_path}")
    with pytest.raises(BadInput, match=r"there is no store in .*new: expected journal.sqlite there"):
        check_url(str(tmp_path / "new"), RunDerivation)
    with pytest.raises(BadInput, match="there is no store in"):
        retain_url(str(tmp_path / "new"), tmp_path)
    with pytest.raises(BadInput, match=r"there is no store in .*new: expected header.json there"):
        check_url(f"files:{tmp_path / 'new'}", RunDerivation)
    assert list(tmp_path.iterdir()) == [], "who only reads makes no store"
