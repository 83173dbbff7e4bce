"""Same scenario and seed: the same bytes in any process, with audit removed too; replay confirms, damage is named."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import subprocess
import sys
import zlib

import pytest
from tests.campaign import CAMPAIGN
from tests.command_line import cli
from tests.recorded_run import SHORTER

import trading_ecosystem

SHORTENED = {"at": "10m", "ramp": "20m", "hold": "5m", "recovery": "5m"}
SETTINGS = ["duration=1h", "clean_periods.0.until=10m", *(f"faults.depeg.{name}={time}" for name, time in SHORTENED.items())]
SHORT = () if CAMPAIGN else tuple(word for setting in SETTINGS for word in ("--set", setting))


def process(*arguments, hash_seed):
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [sys.executable, "-m", "trading_ecosystem", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three runs of the depeg with seed 7 in separate processes: twice with audit, once without."""
    folder = tmp_path_factory.mktemp("runs")
    documents = {}
    for name, hash_seed, options in (("a", "1", ()), ("b", "4242", ()), ("c", "77", ("--no-audit",))):
        done = process(
            "run", "stablecoin_depeg", "--seed", 7, *SHORT, "--out", folder / name, "--json", *options, hash_seed=hash_seed
        )
        assert done.returncode == (1 if options else 0), done.stderr + done.stdout
        documents[name] = json.loads(done.stdout)
    return folder, documents


def test_the_digest_is_the_same_in_every_process_and_without_audit(runs):
    folder, documents = runs
    assert len({documents[name]["journal_digest"] for name in "abc"}) == 1
    journals = {name: (folder / name / "journal.jsonl.gz").read_bytes() for name in "abc"}
    assert journals["a"] == journals["b"] == journals["c"]
    assert documents["c"]["detections"] == "not scored"
    different = ("wall_seconds", "evidence")  # the first run made the key that the others sign with
    a, b = ({k: v for k, v in documents[name].items() if k not in different} for name in "ab")
    assert a == b


def test_replay_confirms_the_digest(runs):
    folder, documents = runs
    done = process("replay", folder / "a", "--json", hash_seed="9")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["journal_digest"] == documents["a"]["journal_digest"]


@pytest.fixture(scope="module")
def noticed(tmp_path_factory):
    """A short run with a fault that is noticed: what is damaged."""
    folder = tmp_path_factory.mktemp("noticed") / "run"
    assert trading_ecosystem.run("stale_feed", overrides=SHORTER, out=folder).passed
    return folder


def damaged(noticed, tmp_path, change):
    """A copy of the run whose journal lines went through ``change``."""
    copy = tmp_path / "damaged"
    shutil.copytree(noticed, copy)
    path = copy / "journal.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines()
    path.write_bytes(gzip.compress(b"\n".join(change(lines)) + b"\n", compresslevel=1))
    return copy


def edit(number, old, new):
    def change(lines):
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new, 1)
        return lines

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (edit(3000, b'"at":', b'"at":1'), "entry 3000 "),
        (edit(2, b'"kind":"input"', b'"kind":"said"'), "entry 2 "),
        (lambda lines: [*lines[:700], *lines[701:]], "entry 701 "),
        (lambda lines: [*lines[:700], lines[701], lines[700], *lines[702:]], "entry 701 "),
        (lambda lines: lines[:-1], "record ends where the re-execution goes on"),
        (lambda lines: [*lines, lines[-1]], "record goes on where the re-execution ended"),
        (lambda lines: [*lines[:300], b"rubbish", *lines[301:]], "entry 301 "),
    ],
)
def test_replay_names_the_first_bad_entry_and_exits_1(noticed, tmp_path, change, named):
    done = cli("replay", damaged(noticed, tmp_path, change))
    assert done.returncode == 1, done.stdout + done.stderr
    assert named in done.stdout
    assert done.stdout.count("\n") == 1


def test_replay_names_the_place_of_damaged_bytes(noticed, tmp_path):
    copy = tmp_path / "damaged"
    shutil.copytree(noticed, copy)
    path = copy / "journal.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines()
    path.write_bytes(path.read_bytes()[:-50_000])
    whole = zlib.decompressobj(wbits=31).decompress(path.read_bytes()).count(b"\n")
    assert 0 < whole < len(lines)
    done = cli("replay", copy)
    assert done.returncode == 1
    assert f"damaged in line {whole + 1}:" in done.stdout


def test_replay_names_the_entry_in_which_a_flipped_bit_shows(noticed, tmp_path):
    copy = tmp_path / "damaged"
    shutil.copytree(noticed, copy)
    path = copy / "journal.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines()
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0x10
    path.write_bytes(data)
    stream = zlib.decompressobj(wbits=31)
    seen = bytearray()
    with contextlib.suppress(zlib.error):
        for byte in data:
            seen += stream.decompress(bytes((byte,)))
    first_bad = next(i for i, (a, b) in enumerate(zip(lines, bytes(seen).split(b"\n"), strict=False), 1) if a != b)
    done = cli("replay", copy)
    assert done.returncode == 1
    assert f"entry {first_bad} " in done.stdout or f"in line {first_bad}:" in done.stdout


def test_an_edited_verdict_does_not_pass(noticed, tmp_path):
    copy = damaged(noticed, tmp_path, lambda lines: lines)
    path = copy / "verdict.json"
    honest = json.loads(path.read_text())
    for name, forged in (("journal_digest", "0" * 64), ("merkle_root", "1" * 64), ("alerts", []), ("passed", False)):
        path.write_text(json.dumps({**honest, name: forged}))
        done = cli("replay", copy)
        assert done.returncode == 1
        assert f"verdict.json states for {name}: " in done.stdout


def test_a_header_that_claims_a_live_run_or_another_format_does_not_pass(noticed, tmp_path):
    copy = damaged(noticed, tmp_path, lambda lines: lines[:1500])
    path = copy / "header.json"
    honest = json.loads(path.read_text())
    path.write_text(json.dumps({**honest, "live": True}))
    done = cli("replay", copy)
    assert done.returncode == 1
    assert "a live run has no verdict.json" in done.stdout
    path.write_text(json.dumps({**honest, "format": 2}))
    done = cli("replay", copy)
    assert done.returncode == 2
    assert "format 2" in done.stderr
