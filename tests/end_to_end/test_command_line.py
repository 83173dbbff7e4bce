"""The command line as a person uses it: verdicts, exit codes, JSON, and every bad input as one clear line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time

import pytest
from tests.command_line import cli, cli_process

from trading_ecosystem.adapters.scenario_library import library

SHORT = ("quiet_day", "--set", "duration=20m", "--set", "clean_periods.0.until=20m")


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A folder in which a person ran the quiet day, and what was printed: a process of its own."""
    folder = tmp_path_factory.mktemp("short")
    return folder, cli_process("run", *SHORT, cwd=folder)


def test_run_writes_a_whole_run_directory_and_prints_the_verdict(short):
    parent, done = short
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("VERDICT HOLDS")
    assert done.stderr == ""
    (folder,) = (path for path in (parent / "runs").iterdir() if path.is_dir())
    names = ["evidence", "header.json", "journal.jsonl.gz", "report.html", "verdict.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    document = json.loads((folder / "verdict.json").read_text())
    assert document["verdict"] == "holds"
    assert document["journal_digest"] in done.stdout
    replayed = cli("replay", folder)
    assert replayed.returncode == 0
    assert replayed.stdout.startswith(f"the same: {document['entries']:,} entries")
    key = parent / "runs" / "signing-key.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    verified = cli("audit", "verify", folder, "--key", f"{key}.pub")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert f"VALID: {document['entries']:,} events" in verified.stdout


def test_a_run_against_the_wall_clock_prints_one_document_with_the_same_digest(short, tmp_path):
    done = cli_process("run", *SHORT, "--json", "--speed", "400", "--out", tmp_path / "paced")
    assert done.stderr == ""
    paced = json.loads(done.stdout)
    assert paced["passed"] is True
    assert paced["journal_digest"] in short[1].stdout
    # Twenty minutes at 400 to one last three seconds.
    assert paced["wall_seconds"] >= 3.0
    assert cli("replay", tmp_path / "paced").returncode == 0


def test_json_is_one_document_and_a_verdict_that_does_not_hold_exits_1(tmp_path):
    fault = {"at": "10m", "ramp": "10m", "hold": "30m", "recovery": "10m", "magnitude": "-0.05"}
    settings = ["duration=2h", "clean_periods.0.until=2h", *(f"faults.0.{name}={value}" for name, value in fault.items())]
    words = [word for setting in settings for word in ("--set", setting)]
    done = cli_process("run", "unnoticed_depeg", *words, "--json", "--out", tmp_path / "r")
    assert (done.returncode, done.stderr) == (1, "")
    assert "expected a miss" in json.loads(done.stdout)["expectations"][0]["evidence"]


def test_without_audit_nothing_is_scored_and_the_exit_code_says_so(tmp_path):
    done = cli("run", *SHORT, "--no-audit", "--out", tmp_path / "r")
    assert done.returncode == 1
    assert "not scored" in done.stdout


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "fast"])
def test_an_impossible_speed_is_bad_input(tmp_path, speed):
    done = cli("run", *SHORT, "--speed", speed, "--out", tmp_path / "r")
    assert done.returncode == 2
    assert "--speed" in done.stderr
    assert not (tmp_path / "r").exists()


def test_list_check_and_map():
    listed = cli_process("scenarios", "list")
    assert listed.returncode == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == sorted(library())
    checked = cli("scenarios", "check", "stablecoin_depeg")
    assert checked.returncode == 0
    assert "entries" in checked.stdout
    mapped = cli("map")
    assert "PricePublished" in mapped.stdout


def bad(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


def library_text(**changes):
    text = library()["stablecoin_depeg"].read_text()
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new, 1)
    return text


CASES = {
    "unknown fault kind": (("kind: stablecoin_depeg", "kind: meteor"), "mine.yaml:", "stablecoin_depeg"),
    "negative duration": (("duration: 36h", "duration: -36h"), "mine.yaml:8:", "duration"),
    "not a number": (("BTC: 60000", "BTC: .nan"), "mine.yaml:14:", "BTC"),
    "infinite": (("BTC: 60000", "BTC: .inf"), "mine.yaml:14:", "BTC"),
    "unknown instrument": (("[BTC/USD,", "[DOGE/USD,"), "mine.yaml:12:", "DOGE/USD"),
    "malformed YAML": (("ecosystem:", "ecosystem: ["), "mine.yaml:", ""),
    "unknown field": (("seed: 7", "sed: 7"), "mine.yaml:6:1:", "seed"),
    "beyond the cap": (("magnitude: -0.06", "magnitude: -0.6"), ":16: magnitude", "from -0.2 to 0.2"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_scenarios_are_one_line_with_the_place_and_exit_2(tmp_path, case):
    (old, new), place, mentioned = CASES[case]
    path = bad(tmp_path, library_text(change=(old, new)))
    for command in (("run", path), ("scenarios", "check", path)):
        done = cli(*command, cwd=tmp_path)
        assert done.returncode == 2, done.stdout + done.stderr
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, done.stderr
        assert place in done.stderr
        assert mentioned in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.yaml"]


@pytest.mark.parametrize(
    ("arguments", "mentioned"),
    [
        (("run", "missing.yaml"), "no such file"),
        (("run", "stablecoin_depg"), "did you mean stablecoin_depeg"),
        (("replay", "nowhere"), "no run directory"),
        (("run", "quiet_day", "--set", "nonsense=1"), "--set nonsense"),
        (("run", "quiet_day", "--set", "duration"), "--set"),
        (("run", "living_market"), "has no end, and only runs live; expected a duration, such as --set duration=1h"),
    ],
)
def test_other_bad_input(tmp_path, arguments, mentioned):
    done = cli(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert mentioned in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_bad_input_ends_a_process_with_its_code_too(tmp_path):
    done = cli_process("run", "missing.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == cli("run", "missing.yaml", cwd=tmp_path).stderr


def test_a_recording_with_rubbish_in_it_is_refused_with_its_line(tmp_path):
    (tmp_path / "prices.csv").write_text(
        "time,instrument,price\n2026-03-02T00:00:00Z,BTC/USDT,60000\n2026-03-02T00:00:01Z,BTC/USDT,NaN\n"
    )
    text = RECORDED.replace("FILE", "prices.csv")
    path = bad(tmp_path, text)
    done = cli("run", path, "--out", tmp_path / "r")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "prices.csv:3" in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.yaml", "prices.csv"]


RECORDED = """\
title: A recorded market
description: BTC/USDT as it was recorded
seed: 1
starts_at: 2026-03-02T00:00:00Z
duration: 2m
ecosystem:
  market_data:
    instruments: [BTC/USDT]
    tick: 1s
    recording: {file: FILE, format: csv, sample: 1s}
  venues:
    - name: exchange-alpha
      publish_every: 1s
      maker_fee: 0.0002
      taker_fee: 0.0005
      settlement_cycle: 10m
      house: {BTC: 1000, USDT: 60000000}
  custodian: {name: custodian}
  firm: {name: fund}
  risk: {report_every: 1m}
"""


def test_an_unwritable_or_foreign_output_folder_is_refused(tmp_path):
    foreign = tmp_path / "letters"
    foreign.mkdir()
    (foreign / "dear.txt").write_text("keep me")
    done = cli("run", *SHORT, "--out", foreign)
    assert done.returncode == 2
    assert "is not a run directory" in done.stderr
    assert (foreign / "dear.txt").read_text() == "keep me"
    file = tmp_path / "file"
    file.write_text("x")
    done = cli("run", *SHORT, "--out", file / "below")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(stat.S_IRUSR | stat.S_IXUSR)
    if os.geteuid() != 0:
        assert cli("run", *SHORT, "--out", locked / "r").returncode == 2


def test_an_interruption_is_one_line_and_leaves_nothing_behind(tmp_path):
    command = [
        sys.executable,
        "-m",
        "trading_ecosystem",
        "run",
        "stablecoin_depeg",
        "--speed",
        "60",
        "--out",
        str(tmp_path / "r"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while not any(tmp_path.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        # Asking a process to end comes to the same as Ctrl-C, which a shell in the background makes its children ignore.
        process.send_signal(signal.SIGTERM)
        out, error = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert error == "trading-ecosystem: interrupted; nothing was written\n"
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_leaves_the_earlier_one_alone(short, tmp_path):
    shutil.copytree(short[0] / "runs", tmp_path, dirs_exist_ok=True)
    (target,) = (path.rename(tmp_path / "r") for path in tmp_path.iterdir() if path.is_dir())
    before = (target / "verdict.json").read_bytes()
    broken = cli("run", "quiet_day", "--set", "duration=20m", "--out", target)
    assert broken.returncode == 2
    assert (target / "verdict.json").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r", "signing-key.pem", "signing-key.pem.pub"]
