"""A live ecosystem's folder: fresh, stopped cleanly, damaged, of another version."""

from __future__ import annotations

import asyncio
import json

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
    ecosystem = LiveEcosystem(folder, "quiet_day", wall=clock)

    async def drive():
        running = asyncio.create_task(ecosystem.driver.run())
        clock.time += seconds * SECOND
        command = CancelOrder(venue="exchange-alpha", account="fund/maker", client_order_id="none")
        receipt = await ecosystem.driver.submit("door", command)
        ecosystem.driver.stop()
        await running
        return receipt

    receipt = asyncio.run(drive())
    assert [type(entry.message).__name__ for entry in receipt.said] == ["CancelRejected"]
    ecosystem.close()
    return ecosystem


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


def test_damage_and_other_versions_are_refused_by_name(tmp_path):
    clock = ManualClock()
    live(tmp_path, clock)
    snapshot = (tmp_path / "snapshot.json").read_bytes()

    (tmp_path / "snapshot.json").write_bytes(snapshot[:1000])
    with pytest.raises(Corrupt, match="remove it to recover from the first input"):
        LiveEcosystem(tmp_path, wall=clock)

    (tmp_path / "snapshot.json").unlink()
    edit(tmp_path / "header.json", engine_version="0.0.1")
    with pytest.raises(Conflict, match="recover with 0.0.1, stop cleanly, then upgrade"):
        LiveEcosystem(tmp_path, wall=clock)

    edit(tmp_path / "header.json", engine_version="0.1.0")
    (tmp_path / "snapshot.json").write_bytes(snapshot)
    whole = lines(tmp_path)
    (tmp_path / "journal.jsonl").write_bytes(b"\n".join(whole[:100]) + b"\n")
    with pytest.raises(Conflict, match="the journal only 100: a part of it is gone"):
        LiveEcosystem(tmp_path, wall=clock)


def test_a_recorded_market_is_not_run_live(tmp_path):
    (tmp_path / "prices.csv").write_text("time,instrument,price\n2026-03-02T00:00:00Z,BTC/USDT,60000\n")
    scenario = tmp_path / "recorded.yaml"
    scenario.write_text(
        "title: recorded\nduration: 1m\necosystem:\n  market_data:\n    instruments: [BTC/USDT]\n"
        "    recording: {file: prices.csv, format: csv}\n"
    )
    with pytest.raises(BadInput, match="cannot be run live"):
        LiveEcosystem(tmp_path / "live", scenario, wall=ManualClock())
