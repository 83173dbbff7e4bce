"""Live runs on asyncio and the real wall clock: they replay to the identical digest, and go on after being killed."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.campaign import seeds

from trading_ecosystem import container
from trading_ecosystem.adapters.journal_files import read_lines
from trading_ecosystem.domains.audit.conservation import ConservationCheck
from trading_ecosystem.messages.envelope import decode_entry
from trading_ecosystem.runtime.recorder import JournalDigest

PROCESS = Path(__file__).parent / "live_process.py"


def start(folder, seed, orders):
    return subprocess.Popen(
        [sys.executable, str(PROCESS), str(folder), str(seed), str(orders)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process):
    """Everything acknowledged by a process that ends by itself."""
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines.pop() == "stopped"
    return lines


def killed_halfway(folder, seed):
    """Acknowledgements of a process that is killed at a random moment."""
    process = start(folder, seed, 10_000)
    acknowledged = [process.stdout.readline() for _ in range(random.Random(seed).randint(5, 60))]
    time.sleep(random.Random(seed).random() * 0.02)
    process.kill()
    out, _ = process.communicate(timeout=60)
    whole = [line for line in (*acknowledged, *out.splitlines(keepends=True)) if line.endswith("\n")]
    return [json.loads(line) for line in whole]


def entries(folder):
    return {entry.sequence: entry for entry in map(decode_entry, read_lines(folder / "journal.jsonl"))}


def check_acknowledged(recorded, acknowledged):
    check = ConservationCheck()
    found = [finding for entry in recorded.values() for finding in check.ingest(entry)]
    assert found + list(check.finish()) == []
    for receipt in acknowledged:
        assert recorded[receipt["sequence"]].at == receipt["at"]
        for sequence, name in receipt["said"]:
            assert type(recorded[sequence].message).__name__ == name


@pytest.mark.parametrize("seed", seeds(2, 20))
def test_a_live_run_replays_to_the_identical_digest(tmp_path, seed):
    folder = tmp_path / "live"
    acknowledged = finished(start(folder, seed, 60))
    recorded = entries(folder)
    check_acknowledged(recorded, acknowledged)
    assert len(recorded) > 500
    digest = JournalDigest()
    digest.update(list(read_lines(folder / "journal.jsonl")))
    assert container.replay(folder) == (len(recorded), digest.hexdigest())


@pytest.mark.parametrize("seed", seeds(2, 20))
def test_a_killed_run_goes_on_to_the_same_facts(tmp_path, seed):
    folder = tmp_path / "live"
    acknowledged = killed_halfway(folder, seed)
    assert acknowledged
    at_the_crash = committed_lines(folder)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "snapshot.json").unlink(missing_ok=True)

    more = finished(start(folder, seed, 20))
    recorded = entries(folder)
    check_acknowledged(recorded, acknowledged + more)
    lines = list(read_lines(folder / "journal.jsonl"))
    assert lines[: len(at_the_crash)] == at_the_crash
    # The whole record, over the crash, is what one uninterrupted kernel would have said ...
    assert container.replay(folder)[0] == len(lines)
    # ... and recovery without the snapshot, from the first input, comes to the same facts.
    finished(start(copy, seed, 1))
    without = list(read_lines(copy / "journal.jsonl"))
    assert without[: len(at_the_crash)] == at_the_crash


def committed_lines(folder):
    """The lines a kill left behind that are committed: whole lines after the last whole batch were never acknowledged."""
    batches = (folder / "journal.batches").read_bytes()
    last = batches[: batches.rfind(b"\n")].rpartition(b"\n")[2]
    return (folder / "journal.jsonl").read_bytes()[: json.loads(last)["size"] - 1].split(b"\n")
