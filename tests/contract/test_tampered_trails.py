"""Every change of a stored trail, made with full rights in the database, is noticed against the witness and located."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.campaign import seeds
from tests.contract.trail_tampering import FIELDS, TAMPERS, Trail, read_trail, write_trail
from tests.evidence_packs import recorded_lines
from tests.recorded_run import recorded_run, shorter_run
from tests.servers import PASSWORDS

from trading_ecosystem.adapters.evidence.findings import Verification
from trading_ecosystem.adapters.evidence.signing import SigningKey, make_key
from trading_ecosystem.adapters.evidence.store_evidence import export_store, witness_store
from trading_ecosystem.adapters.evidence.store_verification import verify_store
from trading_ecosystem.adapters.evidence.verification import verify_directory
from trading_ecosystem.adapters.histories import open_histories
from trading_ecosystem.adapters.sql.engines import sqlite_engine, writing
from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.urls import SqliteStore, SqlStore, parse_sql_store
from trading_ecosystem.adapters.store_runs import keep_lines
from trading_ecosystem.adapters.stores import open_live_store
from trading_ecosystem.ports.errors import BadInput, Conflict
from trading_ecosystem.reports.run_derivation import RunDerivation

COUNT = 60


class Kept:
    """A store with a trail, its key and its witness."""

    def __init__(self, url: str, store: SqlStore, folder: Path, key: SigningKey | None = None) -> None:
        self.url = url
        self.store = store
        self.witness = folder / "witness.jsonl"
        self.key: SigningKey = key or make_key(folder / "signing-key.pem")
        if key is None:
            asyncio.run(self._fill())
            witness_store(url, self.key, self.witness, PASSWORDS)
        self.trail = asyncio.run(read_trail(url, PASSWORDS))

    async def _fill(self) -> None:
        journal = await open_live_store(self.url, PASSWORDS)
        histories = await open_histories(self.url, PASSWORDS)
        for count in (COUNT // 3, COUNT):
            await keep_lines(journal, histories, recorded_run().header, recorded_lines(count), RunDerivation)
        for history in histories.values():
            await history.close()
        await journal.close()

    def verify(self) -> Verification:
        return verify_store(self.url, self.key.public, self.witness, RunDerivation, PASSWORDS)


def in_sqlite(folder: Path, key: SigningKey | None = None) -> Kept:
    return Kept(f"sqlite:///{folder / 'store'}", SqliteStore(folder / "store"), folder, key)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SigningKey]:
    """A folder with a store and its witness, and the key: filled once, and copied for every test."""
    folder = tmp_path_factory.mktemp("filled")
    return folder, in_sqlite(folder).key


@pytest.fixture
def sqlite(filled: tuple[Path, SigningKey], tmp_path: Path) -> Kept:
    folder, key = filled
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return in_sqlite(tmp_path, key)


@pytest.fixture
def postgresql(postgresql_url: str, tmp_path: Path) -> Iterator[Kept]:
    store = parse_sql_store(postgresql_url)
    asyncio.run(migrate(store, PASSWORDS))
    return Kept(postgresql_url, store, tmp_path)


def tamper_with(kept: Kept, count: range) -> None:
    """Make so many changes, each kind in turn, each on the trail as it was."""
    found = kept.verify()
    assert found.valid, found.text()
    assert (found.entries, found.witnessed) == (COUNT, COUNT)
    wrong = []
    for number in count:
        tamper = TAMPERS[number % len(TAMPERS)]
        trail: Trail = kept.trail.copy()
        index = tamper(trail, random.Random(number))
        write_trail(kept.store, trail)
        found = kept.verify()
        named = None if found.first_bad is None else found.first_bad.index
        if found.valid or named != index:
            wrong.append((tamper.__name__, number, index, named, found.text()))
    assert wrong == []
    write_trail(kept.store, kept.trail)
    assert kept.verify().valid, "it was the changes that were noticed"


def test_a_thousand_tampers_in_sqlite_are_noticed_and_located(sqlite: Kept) -> None:
    tamper_with(sqlite, seeds(len(TAMPERS), 1_000))


def test_tampers_in_postgresql_are_noticed_and_located(postgresql: Kept) -> None:
    tamper_with(postgresql, seeds(len(TAMPERS), 300))


def test_every_column_of_an_event_is_compared(sqlite: Kept) -> None:
    for place, field in enumerate(FIELDS[1:], 1):
        trail = sqlite.trail.copy()
        value = trail.events[7][place]
        trail.events[7][place] = value + "x" if isinstance(value, str) else (value or 0) + 1
        write_trail(sqlite.store, trail)
        found = sqlite.verify()
        assert not found.valid
        assert found.first_bad.problem == f"of audit has another {field}"


def test_what_audit_concluded_is_covered_too(tmp_path: Path) -> None:
    """The whole run, ended: a score that somebody improves is noticed."""
    url = f"sqlite:///{tmp_path / 'store'}"

    async def fill() -> None:
        journal, histories = await open_live_store(url), await open_histories(url)
        await keep_lines(journal, histories, shorter_run().header, shorter_run().read_lines(), RunDerivation)
        for history in histories.values():
            await history.close()
        await journal.close()

    async def improve() -> None:
        engine = sqlite_engine(SqliteStore(tmp_path / "store"), "audit")
        async with writing(engine).begin() as connection:
            await connection.execute(text("DROP TRIGGER scores_refuses_update"))
            changed = await connection.execute(text("UPDATE scores SET time_to_detect_ns = 1"))
            assert changed.rowcount == 1
        await engine.dispose()

    asyncio.run(fill())
    key = make_key(tmp_path / "k.pem")
    witness_store(url, key, tmp_path / "w.jsonl")
    assert verify_store(url, key.public, tmp_path / "w.jsonl", RunDerivation).valid
    asyncio.run(improve())
    found = verify_store(url, key.public, tmp_path / "w.jsonl", RunDerivation)
    assert [one.name for one in found.checks if not one.passed] == ["findings"]
    assert "time_to_detect_ns is 1, should be" in found.text()


def test_an_export_of_a_store_verifies_and_later_entries_are_said_to_be_later(sqlite: Kept, tmp_path: Path) -> None:
    done = export_store(sqlite.url, tmp_path / "export", lambda: sqlite.key, sqlite.witness)
    assert (done.entries, done.witnessed) == (COUNT, 0)
    assert verify_directory(tmp_path / "export", sqlite.key.public, sqlite.witness).valid

    async def go_on() -> None:
        journal, histories = await open_live_store(sqlite.url), await open_histories(sqlite.url)
        await keep_lines(journal, histories, recorded_run().header, recorded_lines(COUNT + 5), RunDerivation)
        for history in histories.values():
            await history.close()
        await journal.close()

    asyncio.run(go_on())
    found = sqlite.verify()
    assert found.valid
    assert "60 events are as witnessed; 5 came later" in found.text()
    assert witness_store(sqlite.url, sqlite.key, sqlite.witness).witnessed == 1
    assert sqlite.verify().witnessed == COUNT + 5


def test_a_tampered_store_is_not_witnessed_again(sqlite: Kept) -> None:
    trail = sqlite.trail.copy()
    del trail.lines[-1]
    trail.rehash()
    write_trail(sqlite.store, trail)
    with pytest.raises(Conflict, match=f"entry {COUNT - 1} is another"):
        witness_store(sqlite.url, sqlite.key, sqlite.witness)


def test_a_store_is_checked_with_a_key_and_a_witness_or_not_at_all(sqlite: Kept) -> None:
    with pytest.raises(BadInput, match="expected --key KEY and --witness FILE"):
        verify_store(sqlite.url, sqlite.key.public, None, RunDerivation)
    with pytest.raises(BadInput, match="keeps no trail in a database"):
        verify_store("memory:", sqlite.key.public, sqlite.witness, RunDerivation)
