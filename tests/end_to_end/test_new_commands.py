"""``new scenario``, ``new monitor`` and ``new strategy``: what they write works as their README.md says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.command_line import cli
from tests.end_to_end.test_external_run import run_with
from typer.testing import CliRunner

import trading_ecosystem
from trading_ecosystem import new_commands
from trading_ecosystem.external_run import EXTERNAL
from trading_ecosystem.messages.audit import AlertVerdict, DetectionOutcome
from trading_ecosystem.new_commands import new_app
from trading_ecosystem.ports.errors import BadInput

TRADES = """
import sys, trading_ecosystem
from trading_ecosystem import container
from trading_ecosystem.messages.exchange import PlaceOrder
result = trading_ecosystem.run(sys.argv[1], out=sys.argv[2])
orders = [one.message for one in result.entries() if isinstance(one.message, PlaceOrder)]
print(result.passed, sorted({order.side.value for order in orders if order.account == "fund/dip-buyer"}))
assert container.replay(sys.argv[2]) == (result.entry_count, result.journal_digest)
"""
"""Run a scenario in which the strategy trades, say which sides it took, and replay the record."""


def new(kind: str, name: str, folder: Path) -> Path:
    done = CliRunner().invoke(new_app, [kind, name, "--out", str(folder)])
    assert (done.exit_code, done.exception) == (0, None)
    assert done.stdout == f"{folder}: a {kind} to start from; its README.md says how to run it\n"
    assert not [path for path in folder.iterdir() if re.search(r"\{\{|NAME|MODULE|\.txt$", path.name + path.read_text())]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    return folder


def typed(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """A line of a README, as a person types it."""
    program, *words = shlex.split(line)
    assert program == "trading-ecosystem"
    return cli(*words, cwd=folder)


def test_the_three_commands_of_a_new_scenario_do_what_its_readme_says(tmp_path: Path) -> None:
    folder = new("scenario", "my-crash", tmp_path / "made")
    lines = [line for line in (folder / "README.md").read_text().splitlines() if line.startswith("trading-ecosystem ")]
    checked, first, second = (typed(folder, line) for line in lines)
    assert checked.stdout.startswith("my-crash: my-crash\n1 faults, 1 expectations, 1 clean periods; about ")
    assert (first.returncode, first.stderr, "VERDICT HOLDS  my-crash" in first.stdout) == (0, "", True)
    assert (second.returncode, second.stderr, "VERDICT FAILS  my-crash" in second.stdout) == (1, "", True)
    assert (folder / "first" / "report.html").is_file()


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_verdict_of_a_new_scenario_holds_on_other_seeds(seed: int, tmp_path: Path) -> None:
    result = trading_ecosystem.run(new("scenario", "x", tmp_path / "made") / "x.yaml", seed=seed)
    assert result.passed, result.verdict
    assert len(result.verdict.expectations) == 1
    assert {alert.verdict for alert in result.audit.alerts} == {AlertVerdict.ATTRIBUTED}


def test_a_new_monitor_runs_in_lock_step_and_is_scored(tmp_path: Path) -> None:
    folder = new("monitor", "mine", tmp_path / "made")

    def outside(url: str, token: str) -> None:
        command = [sys.executable, "monitor.py", url, token]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    result = run_with(outside, folder / "crash.yaml", acting=EXTERNAL)
    (found,) = result.audit.monitors
    assert [(one.outcome, one.time_to_detect_ns) for one in found.detections] == [(DetectionOutcome.DETECTED, 0)]
    assert {one.verdict for one in found.alerts} == {AlertVerdict.ATTRIBUTED}
    built_in = {(one.kind, one.subject, one.raised_at) for one in result.audit.alerts if one.kind == "price_crash"}
    assert {(one.kind, one.subject, one.raised_at) for one in found.alerts} == built_in
    assert result.passed


def test_a_new_monitor_without_an_address_says_how_it_is_started(tmp_path: Path) -> None:
    folder = new("monitor", "mine", tmp_path / "made")
    done = subprocess.run([sys.executable, folder / "monitor.py"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("usage: python monitor.py ADDRESS TOKEN")


def test_a_new_strategy_trades_as_its_readme_says_and_its_record_is_replayed(tmp_path: Path) -> None:
    folder = new("strategy", "dip-buyer", tmp_path / "made")
    assert {path.name for path in folder.iterdir()} == {"dip_buyer.py", "dip_buyer.yaml", "README.md"}
    checked = typed(folder, "trading-ecosystem scenarios check dip_buyer.yaml")
    assert (checked.returncode, checked.stderr) == (0, "")
    command = [sys.executable, "-c", TRADES, "dip_buyer.yaml", "run"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True ['buy', 'sell']\n", "")


@pytest.mark.parametrize("kind", ["scenario", "monitor", "strategy"])
@pytest.mark.parametrize("name", ["", "Crash", "a_b", "-a", "a-", "a.b", "../a", "é", "a" * 64, "a\n"])
def test_a_name_that_is_not_dns_safe_is_refused(kind: str, name: str, tmp_path: Path) -> None:
    refused = CliRunner().invoke(new_app, [kind, "--out", str(tmp_path / "made"), "--", name])
    assert isinstance(refused.exception, BadInput)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["9lives", "class", "momentum", "strategy", "name", "side", "none", "value-error", "grid", "a" * 25]
)
def test_a_name_that_cannot_be_a_strategys_module_or_class_is_refused(name: str, tmp_path: Path) -> None:
    refused = CliRunner().invoke(new_app, ["strategy", name, "--out", str(tmp_path / "made")])
    assert isinstance(refused.exception, BadInput)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["null", "true", "123", "1e3", "on"])
def test_a_name_that_yaml_could_take_for_something_else_stays_text(name: str, tmp_path: Path) -> None:
    folder = new("scenario", name, tmp_path / "made")
    assert typed(folder, f"trading-ecosystem scenarios check {name}.yaml").stdout.startswith(f"{name}: {name}\n")


def test_what_is_there_is_refused_in_one_line_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for there in ("folder", "file", "link"):
        refused = typed(tmp_path, f"trading-ecosystem new monitor {there}")
        said = f"trading-ecosystem: {there}: is there already; expected a folder that does not exist\n"
        assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", said)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "link"]
    assert (tmp_path / "file").read_text() == "mine"
    assert list((tmp_path / "folder").iterdir()) == []
    refused = typed(tmp_path, "trading-ecosystem new monitor x --out no/such")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_half_written_stays(failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, write = [], Path.write_text

    def fails_at_the_second(path: Path, text: str, **options: str) -> int:
        written.append(path)
        if len(written) == 2:
            raise failure
        return write(path, text, **options)

    monkeypatch.setattr(Path, "write_text", fails_at_the_second)
    with pytest.raises((BadInput, KeyboardInterrupt)):
        new_commands.write_folder(tmp_path / "made", new_commands.rendered("monitor", "mine"))
    assert len(written) == 2
    assert list(tmp_path.iterdir()) == []
