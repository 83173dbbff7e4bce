"""A live ecosystem's folder: fresh, stopped cleanly, damaged, of another version."""

from __future__ import annotations

import asyncio
import json
import os

import pytest

from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.exchange import CancelOrder
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.errors import BadInput, Conflict, Corrupt

START = 1_772_409_600 * SECOND


class ManualClock:
    def __init__(self, now=START):
        self.time = now

    def now(self):
        return self.time


def live(folder, clock, seconds=40):
    """Run the quiet day live for some seconds of its time, and stop cleanly; returns the ecosystem."""

    async def drive():
        ecosystem = await LiveEcosystem.open(f"files:{folder}", "quiet_day", wall=clock)
        running = asyncio.create_task(ecosystem.driver.run())
        clock.time += seconds * SECOND
        command = CancelOrder(venue="exchange-alpha", account="fund/maker", client_order_id="none")
        receipt = await ecosystem.driver.submit("door", command)
        ecosystem.driver.stop()
        await running
        await ecosystem.close()
        return receipt, ecosystem

    receipt, ecosystem = asyncio.run(drive())
    assert [type(entry.message).__name__ for entry in receipt.said] == ["CancelRejected"]
    return ecosystem


def opened(folder, clock=None):
    """Bring a folder up and leave it again, as a crash would."""

    async def bring_up():
        ecosystem = await LiveEcosystem.open(f"files:{folder}", wall=clock or ManualClock())
        await ecosystem.store.close()
        return ecosystem

    return asyncio.run(bring_up())


def lines(folder):
    return (folder / "journal.jsonl").read_bytes().splitlines()


def test_a_clean_stop_goes_on_from_its_snapshot(tmp_path):
    clock = ManualClock()
    first = live(tmp_path, clock)
    before = lines(tmp_path)
    clock.time += 20 * SECOND
    second = live(tmp_path, clock)
    after = lines(tmp_path)
    assert after[: len(before)] == before
    assert second.kernel.now > first.kernel.now
    assert any(b'"type":"Resumed"' in line for line in after[len(before) :])


def edit(path, **changes):
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, **changes}))


def test_a_damaged_snapshot_is_passed_over(tmp_path):
    clock = ManualClock()
    first = live(tmp_path, clock)
    snapshot = (tmp_path / "snapshot.json").read_bytes()
    (tmp_path / "snapshot.json").write_bytes(snapshot[:-1000])
    again = opened(tmp_path, clock)
    assert again.kernel.entries == first.kernel.entries
    (tmp_path / "snapshot.json").write_bytes(snapshot.replace(b'"available"', b'"availible"', 1))
    assert opened(tmp_path, clock).kernel.entries == first.kernel.entries


def test_a_batch_that_a_crash_tore_is_cut_and_one_that_was_edited_is_found(tmp_path):
    clock = ManualClock()
    live(tmp_path, clock)
    whole = (tmp_path / "journal.jsonl").read_bytes()
    (tmp_path / "journal.jsonl").write_bytes(whole + b'{"sequence":1}\n{"half a line')
    with (tmp_path / "journal.batches").open("ab") as batches:
        batches.write(b'{"last_line":99')
    opened(tmp_path, clock)
    assert (tmp_path / "journal.jsonl").read_bytes() == whole

    (tmp_path / "snapshot.json").unlink()
    edited = whole.replace(b'"amount_minor":100000000,', b'"amount_minor":900000000,', 1)
    assert edited != whole
    (tmp_path / "journal.jsonl").write_bytes(edited)
    with pytest.raises(Corrupt, match="lines 1 to .* are not what was written"):
        opened(tmp_path, clock)
    (tmp_path / "journal.jsonl").write_bytes(b"\n".join(lines(tmp_path)[:100]) + b"\n")
    with pytest.raises(Corrupt, match="lacks committed lines at its end"):
        opened(tmp_path, clock)


def test_another_engine_version_refuses_after_a_crash_and_upgrades_after_a_clean_stop(tmp_path, monkeypatch):
    clock = ManualClock()
    before = live(tmp_path, clock).kernel.entries
    monkeypatch.setattr("trading_ecosystem.live_ecosystem.__version__", "99.0")
    # Stopped cleanly: the new version takes the snapshot over and keeps one of its own.
    assert live(tmp_path, clock).kernel.entries > before
    monkeypatch.undo()
    (tmp_path / "snapshot.json").unlink()
    with pytest.raises(Conflict, match="recover with 99.0, stop cleanly, then upgrade"):
        opened(tmp_path, clock)
    (tmp_path / "snapshot.earlier.json").unlink()
    edit(tmp_path / "header.json", engine_version="0.0.1")
    with pytest.raises(Conflict, match="recover with 0.0.1, stop cleanly, then upgrade"):
        opened(tmp_path, clock)


def test_two_processes_cannot_run_one_folder(tmp_path):
    async def twice():
        ecosystem = await LiveEcosystem.open(f"files:{tmp_path}", wall=ManualClock())
        with pytest.raises(Conflict, match=f"is in use by process {os.getpid()}"):
            await LiveEcosystem.open(f"files:{tmp_path}", wall=ManualClock())
        await ecosystem.close()
        await (await LiveEcosystem.open(f"files:{tmp_path}", wall=ManualClock())).close()

    asyncio.run(twice())


def test_a_recorded_market_is_not_run_live(tmp_path):
    (tmp_path / "prices.csv").write_text("time,instrument,price\n2026-03-02T00:00:00Z,BTC/USDT,60000\n")
    scenario = tmp_path / "recorded.yaml"
    scenario.write_text(
        "title: recorded\nduration: 1m\necosystem:\n  market_data:\n    instruments: [BTC/USDT]\n"
        "    recording: {file: prices.csv, format: csv}\n"
    )
    with pytest.raises(BadInput, match="cannot be run live"):
        asyncio.run(LiveEcosystem.open("memory:", scenario, wall=ManualClock()))
