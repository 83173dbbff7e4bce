"""``realism`` and ``calibrate`` as a person uses them, on a small recording that a market without intelligence wrote."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.campaign import CAMPAIGN
from tests.command_line import cli

from trading_ecosystem.adapters.recordings.event_tape import EventTape
from trading_ecosystem.adapters.recordings.lobster_tape import lobster_tape, stock
from trading_ecosystem.adapters.whole_files import write_whole
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.reports.realism.zero_intelligence import ZeroIntelligence, ZeroIntelligenceMarket
from trading_ecosystem.runtime.randomness import SeededRandomness

NUMBERS = ZeroIntelligence(limits_per_tick=0.2, takers=0.5, cancels_per_order=0.3, lots=100, reach_ticks=40, mid_ticks=10_000)
LENGTH = 6 * MINUTE
START = 34_200 * SECOND


@pytest.fixture(scope="module")
def played() -> EventTape:
    market = ZeroIntelligenceMarket(NUMBERS, stock("TEST"), SeededRandomness(5).stream("test", "recording"))
    return market.run(START, START + LENGTH)


@pytest.fixture(scope="module")
def recording(played: EventTape, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tape as a LOBSTER message file."""
    path = tmp_path_factory.mktemp("recorded") / "TEST_2026-01-01_message.csv"
    columns = zip(played.times, played.kinds, played.orders, played.lots, played.prices, played.sides, strict=True)
    lines = [
        f"{at // SECOND}.{at % SECOND:09},{kind},{order_id},{lots},{price * 100},{side}"
        for at, kind, order_id, lots, price, side in columns
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_tape_written_as_a_file_is_read_as_it_was(played: EventTape, recording: Path) -> None:
    read = lobster_tape(recording)
    for name in ("times", "kinds", "sides", "prices", "lots", "orders"):
        assert getattr(read, name) == getattr(played, name), name
    # The rows of one sweep have the prices after it on the one, and after each row on the other.
    alone = [
        row for row in range(1, len(read) - 1) if read.times[row - 1] < read.times[row] < read.times[row + 1] and read.bids[row]
    ]
    assert len(alone) > 3_000
    assert all(read.bids[row] == played.bids[row] and read.asks[row] == played.asks[row] for row in alone)


def test_a_market_is_fitted_scored_and_plotted(recording: Path, tmp_path: Path) -> None:
    done = cli("calibrate", recording, "--until", 0.5, "--out", "set.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("set.yaml: TEST/USD: ")
    assert "only 3.0 minutes" in done.stdout
    scored = cli("realism", recording, "--parameters", "set.yaml", "--resamples", 20, "--json", cwd=tmp_path)
    assert scored.returncode == 0, scored.stderr
    document = json.loads(scored.stdout)
    assert document["scored"] == 10
    assert document["generated"] == "flow 'TEST/USD'"
    assert {row["key"] for row in document["statistics"] if row["scored"]} >= {"spread", "depth", "impact", "sign_memory"}
    spread = next(row for row in document["statistics"] if row["key"] == "spread")
    assert len(spread["real"]) == len(spread["grid"]) == len(spread["real_interval"])
    page = (tmp_path / "realism.html").read_text()
    assert page.count("<svg") == len(document["statistics"])
    assert "<script" not in page


def test_a_scenario_is_measured_alone_and_beside_a_recording(recording: Path, tmp_path: Path) -> None:
    alone = cli("realism", "--scenario", "quiet_day", "--json", cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    document = json.loads(alone.stdout)
    assert document["market"] == "BTC/USD"
    mix = next(row for row in document["statistics"] if row["key"] == "mix")["values"]
    assert sum(mix.values()) == pytest.approx(1.0)
    beside = cli("realism", recording, "--scenario", "quiet_day", "--resamples", 20, "--out", "page.html", cwd=tmp_path)
    assert beside.returncode == 0, beside.stderr
    assert "of 10 statistics within 3 x the noise" in beside.stdout
    assert (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("realism",), "nothing to measure"),
        (("realism", "nowhere.csv"), "no such file"),
        (("realism", "RECORDING", "--parameters", "nowhere"), "expected a file or one of: apple"),
        (("realism", "RECORDING", "--scenario", "quiet_day", "--parameters", "apple"), "one of the two"),
        (("realism", "--scenario", "quiet_day", "--instrument", "XYZ"), "expected one of BTC/USD"),
        (("calibrate",), "nothing to fit to"),
        (("calibrate", "RECORDING", "--from", "0.6", "--until", "0.5"), "expected events to fit to"),
        (("calibrate", "RECORDING", "--until", "0.01"), "expected at least 2,000"),
        (("calibrate", "RECORDING", "--out", "nowhere/set.json"), "its folder does not exist"),
        (("realism", "RECORDING", "--out", "."), "is a folder"),
        (("realism", "DBN"), "looks like a Databento DBN file, which only book-replay and"),
        (("calibrate", "DBN"), "looks like a Databento DBN file, which only book-replay and"),
    ],
)
def test_bad_input_is_one_line(recording: Path, tmp_path: Path, arguments: tuple[str, ...], problem: str) -> None:
    files = {"RECORDING": recording, "DBN": recording.with_name("binary.dbn")}
    files["DBN"].write_bytes(b"DBN\x03" + bytes(range(128, 160)))
    done = cli(*(files.get(word, word) for word in arguments), cwd=tmp_path)
    assert done.returncode == 2
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


BEGUN = """
import importlib, signal, sys, time
module, name = sys.argv[1].rsplit(".", 1)
holder = importlib.import_module(module)
def stays(*arguments, **named):
    print("begun", flush=True)
    time.sleep(120)
assert callable(getattr(holder, name))
setattr(holder, name, stays)
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell in the background makes its children ignore
sys.argv[1:] = sys.argv[2:]
from trading_ecosystem.cli import main
main()
"""
"""Runs the command line up to the function that is named first, says so, and stays there."""


INTERRUPTED = (
    ("trading_ecosystem.reports.realism.command.read_tape", ("realism", "RECORDING")),
    ("trading_ecosystem.reports.realism.command.compare", ("realism", "RECORDING", "--resamples", "2000")),
    ("trading_ecosystem.reports.realism.command.scenario_tape", ("realism", "--scenario", "quiet_day")),
    ("trading_ecosystem.reports.realism.command.read_tape", ("calibrate", "RECORDING")),
    ("trading_ecosystem.reports.realism.command.calibrate", ("calibrate", "RECORDING")),
    ("trading_ecosystem.reports.bench.table.order_flow", ("bench", "--json")),
    ("trading_ecosystem.adapters.recordings.book_replay.open_replay", ("book-replay", "RECORDING", "--book", "plain")),
)


@pytest.mark.parametrize(
    ("inside", "arguments", "number"),
    [(*one, signal.SIGINT) for one in INTERRUPTED]
    # Being asked to end is taken for an interruption in one place for all of them.
    + [(*one, signal.SIGTERM) for one in (INTERRUPTED if CAMPAIGN else INTERRUPTED[:1])],
    ids=lambda value: value.rpartition(".")[2] if isinstance(value, str) else None,
)
def test_an_interruption_is_one_line_and_leaves_nothing(
    recording: Path, tmp_path: Path, inside: str, arguments: tuple[str, ...], number: signal.Signals
) -> None:
    ended = interrupted(inside, arguments, number, recording, tmp_path)
    assert ended == (130, "", "trading-ecosystem: interrupted; nothing was written\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("inside", "arguments"),
    [
        ("trading_ecosystem.adapters.whole_files.check_writable", ("realism", "RECORDING")),
        ("trading_ecosystem.cli.find_scenario", ("run", "quiet_day")),
        ("trading_ecosystem.scenario_commands.library", ("scenarios", "list")),
    ],
    ids=["realism", "run", "scenarios"],
)
def test_an_interruption_before_or_after_the_work_is_one_line_too(
    recording: Path, tmp_path: Path, inside: str, arguments: tuple[str, ...]
) -> None:
    ended = interrupted(inside, arguments, signal.SIGINT, recording, tmp_path)
    assert ended == (130, "", "trading-ecosystem: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def interrupted(
    inside: str, arguments: tuple[str, ...], number: signal.Signals, recording: Path, folder: Path
) -> tuple[int, str, str]:
    """Exit code and what a command printed that was sent a signal inside a function."""
    words = [str(recording) if word == "RECORDING" else word for word in arguments]
    command = [sys.executable, "-c", BEGUN, inside, *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        out, error = process.communicate(timeout=240)
    finally:
        process.kill()
    return process.returncode, out, error


def test_an_interruption_while_writing_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    write_whole(path, "first")

    def interrupted(self: Path, target: Path) -> None:
        assert self.read_text() == "second"
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, "second")
    assert [left.name for left in tmp_path.iterdir()] == ["page.html"]
    assert path.read_text() == "first"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_whole(path, "first")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "second \ud800")
    assert path.read_text() == "first"
    write_whole(path, "third")
    assert path.read_text() == "third"
    assert [left.name for left in tmp_path.iterdir()] == ["page.html"]
