"""A live ecosystem in a SQLite store: recovered, damaged, of another version, in use."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest
from tests.end_to_end.test_live_folder import ManualClock

from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.exchange import CancelOrder
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.errors import BadInput, Conflict, Corrupt, Unavailable


async def lived(url, clock, rounds=6, snapshot_every=150, clean=True):
    """Live for some rounds of 10 s and stop, cleanly or as a crash would; returns the ecosystem."""
    ecosystem = await LiveEcosystem.open(url, "quiet_day", wall=clock, snapshot_every=snapshot_every)
    running = asyncio.create_task(ecosystem.driver.run())
    for number in range(rounds):
        clock.time += 10 * SECOND
        command = CancelOrder(venue="exchange-alpha", account="fund/maker", client_order_id=f"none-{number}")
        await ecosystem.driver.submit("door", command)
    ecosystem.driver.stop()
    await running
    await (ecosystem.close() if clean else ecosystem.store.close())
    return ecosystem


def change(folder, statement, *values):
    """What somebody with the file in hand can do, past every trigger."""
    with closing(sqlite3.connect(folder / "journal.sqlite")) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        return connection.execute(statement, values).fetchall()


@pytest.fixture
def crashed(tmp_path):
    """A store that a crash left, with snapshots in it, and how many entries it has."""
    clock = ManualClock()
    ecosystem = asyncio.run(lived(f"sqlite:///{tmp_path}", clock, clean=False))
    return tmp_path, clock, ecosystem.kernel.entries


def test_a_crash_is_recovered_from_the_newest_whole_snapshot(crashed):
    folder, clock, entries = crashed
    url = f"sqlite:///{folder}"
    snapshots = [number for (number,) in change(folder, "SELECT entries FROM snapshots ORDER BY entries")]
    assert len(snapshots) > 1
    assert snapshots[-1] < entries

    async def opened():
        ecosystem = await LiveEcosystem.open(url, wall=clock)
        await ecosystem.store.close()
        return ecosystem.kernel.entries, ecosystem.kernel.state()

    whole = asyncio.run(opened())
    assert whole[0] == entries
    # Without the newest, without any: the same state, from further back.
    change(folder, "UPDATE snapshots SET state = x'00' WHERE entries = ?", snapshots[-1])
    assert asyncio.run(opened()) == whole
    change(folder, "DELETE FROM snapshots")
    assert asyncio.run(opened()) == whole


def test_lines_that_were_edited_or_taken_away_are_found(crashed):
    folder, clock, entries = crashed
    url = f"sqlite:///{folder}"
    change(folder, "DELETE FROM snapshots")
    (line,) = change(folder, "SELECT line FROM entries WHERE line_number = 100")[0]
    change(folder, "UPDATE entries SET line = ? WHERE line_number = 100", line.replace(b"1", b"2"))
    with pytest.raises(Corrupt, match=r"lines 1 to \d+ of the journal are not what was written; restore it from a backup"):
        asyncio.run(lived(url, clock))
    change(folder, "UPDATE entries SET line = ? WHERE line_number = 100", line)
    change(folder, "DELETE FROM entries WHERE line_number = ?", entries)
    with pytest.raises(Corrupt, match="are not what was written"):
        asyncio.run(lived(url, clock))


def test_a_journal_shorter_than_its_snapshot_is_refused(crashed):
    folder, clock, _ = crashed
    (first,) = change(folder, "SELECT last_line FROM batches ORDER BY last_line LIMIT 1")[0]
    change(folder, "DELETE FROM entries WHERE line_number > ?", first)
    change(folder, "DELETE FROM batches WHERE last_line > ?", first)
    with pytest.raises(Conflict, match=f"the journal only {first}: a part of it is gone"):
        asyncio.run(lived(f"sqlite:///{folder}", clock))


def test_another_engine_version_refuses_a_crash_and_takes_a_clean_stop_over(crashed, monkeypatch):
    folder, clock, _ = crashed
    url = f"sqlite:///{folder}"
    monkeypatch.setattr("trading_ecosystem.live_ecosystem.__version__", "99.0")
    refusal = f"{url} was written by engine .* and not stopped cleanly, this is 99.0: recover with .*, stop cleanly, then"
    with pytest.raises(Conflict, match=refusal):
        asyncio.run(lived(url, clock))
    monkeypatch.undo()
    entries = asyncio.run(lived(url, clock)).kernel.entries
    monkeypatch.setattr("trading_ecosystem.live_ecosystem.__version__", "99.0")
    upgraded = asyncio.run(lived(url, clock, snapshot_every=10**9, clean=False))
    assert upgraded.kernel.entries > entries
    # A crash of the new version starts from the snapshot that it made when it took over.
    assert asyncio.run(lived(url, clock)).kernel.entries > upgraded.kernel.entries


def test_what_is_no_store_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "journal.sqlite").write_bytes(b"no database at all" * 100)
    for place in ("file", "store"):
        with pytest.raises((BadInput, Unavailable)) as refused:
            asyncio.run(LiveEcosystem.open(f"sqlite:///{tmp_path}/{place}", wall=ManualClock()))
        assert str(tmp_path / place) in str(refused.value)
        assert "\n" not in str(refused.value)
