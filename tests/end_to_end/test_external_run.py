"""``run --external``: a scenario in lock-step with a monitor outside, over real sockets."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.command_line import cli
from tests.simulation.test_monitors import BROKEN, CRASH, expect_identical_alerts, expect_identical_scores
from tests.simulation.test_monitors import with_monitors_outside as in_this_process

from trading_ecosystem import container
from trading_ecosystem.client import Client, Token
from trading_ecosystem.external_monitor import limit_value, watch
from trading_ecosystem.external_run import EXTERNAL, run_external
from trading_ecosystem.messages.audit import AlertVerdict, DetectionOutcome
from trading_ecosystem.messages.monitors import AlertReportRefused
from trading_ecosystem.messages.risk import LimitKind
from trading_ecosystem.ports.errors import BadInput

DOCS = Path(__file__).parents[2] / "docs" / "monitors.md"


def run_with(monitor: Callable[[str, str], None], scenario: Path, **options: Any) -> Any:
    """Run a scenario; the monitor gets the door's address and token in a thread of its own, and ends the run where it fails."""

    async def both() -> Any:
        door: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(
            run_external(scenario, announce=lambda url, token: door.set_result((url, token)), **options)
        )
        watching = asyncio.create_task(asyncio.to_thread(monitor, *await door))
        try:
            await asyncio.wait({running, watching}, timeout=200, return_when=asyncio.FIRST_EXCEPTION)
            assert watching.done(), "the monitor did not come to an end"
            await watching
            return await asyncio.wait_for(running, 60)
        finally:
            running.cancel()

    return asyncio.run(both())


def the_risk_domain(url: str, token: str) -> None:
    with Client(url, Token(token)) as client:
        watch(client, EXTERNAL, lock_step=True)


@pytest.mark.parametrize("text", [BROKEN, CRASH], ids=["every broken link", "crash"])
def test_over_sockets_it_is_the_very_same_run_as_in_one_process(text: str, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(text)
    result = run_with(the_risk_domain, scenario, out=tmp_path / "run")
    assert result.audit is not None
    assert len(result.audit.alerts) >= 4
    expect_identical_alerts(result, EXTERNAL)
    expect_identical_scores(result)
    assert result.journal_digest == in_this_process(scenario, names=(EXTERNAL,)).journal_digest
    assert container.replay(tmp_path / "run") == (result.entry_count, result.journal_digest)


def test_the_monitor_of_the_documentation_is_scored(tmp_path: Path) -> None:
    text = DOCS.read_text(encoding="utf-8").split("<!-- monitor:begin -->")[1].split("<!-- monitor:end -->")[0]
    program = tmp_path / "monitor.py"
    program.write_text(text.split("```python\n")[1].split("```")[0])
    assert len([line for line in program.read_text().splitlines() if line.strip()]) <= 26
    scenario = tmp_path / "crash.yaml"
    scenario.write_text(CRASH)

    def foreign(url: str, token: str) -> None:
        done = subprocess.run([sys.executable, program, url, token], capture_output=True, text=True, timeout=200, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    result = run_with(foreign, scenario, acting=EXTERNAL)
    (found,) = result.audit.monitors
    assert [(one.outcome, one.time_to_detect_ns) for one in found.detections] == [(DetectionOutcome.DETECTED, 0)]
    built_in = {(one.kind, one.subject, one.raised_at) for one in result.audit.alerts if one.kind == "price_crash"}
    assert {(one.kind, one.subject, one.raised_at) for one in found.alerts} == built_in
    assert {one.verdict for one in found.alerts} == {AlertVerdict.ATTRIBUTED}
    assert result.passed
    assert not any(isinstance(entry.message, AlertReportRefused) for entry in result.entries())


def test_as_a_person_types_it(tmp_path: Path) -> None:
    scenario = tmp_path / "crash.yaml"
    scenario.write_text(CRASH)
    command = [sys.executable, "-m", "trading_ecosystem"]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120"}
    run = [*command, "run", str(scenario), "--external", "--out", str(tmp_path / "run")]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        lines = [running.stderr.readline() for _ in range(3)]
        assert lines[0] == "waiting for a monitor; in another terminal:\n"
        typed = lines[1].split()
        assert typed[:2] == ["trading-ecosystem", "risk-monitor"]
        watching = subprocess.run(
            [*command, *typed[1:]], capture_output=True, text=True, env=environment, timeout=200, check=False
        )
        assert (watching.returncode, watching.stderr) == (0, "")
        said = running.stdout.read()
        assert running.wait(60) == 0, running.stderr.read()
    assert "raised    price_crash on BTC/USD, high" in watching.stdout
    assert "VERDICT HOLDS" in said
    assert "external   1 of 1 in time" in said


@pytest.mark.parametrize("option", [["--speed", "10"], ["--no-audit"], ["--store", "sqlite:///somewhere"]])
def test_what_does_not_go_with_external_is_refused(option: list[str], tmp_path: Path) -> None:
    done = cli("run", "quiet_day", "--external", *option, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"trading-ecosystem: {option[0]}: does not go with --external; leave one of them away\n"


def test_bad_input_is_refused_before_a_door_opens(tmp_path: Path) -> None:
    def announce(url: str, token: str) -> None:
        raise AssertionError("a door was opened")

    with pytest.raises(BadInput, match="has no end"):
        asyncio.run(run_external("living_market", announce=announce))


def test_a_monitor_without_a_server_says_so_in_one_line() -> None:
    done = cli("risk-monitor", "--url", "http://127.0.0.1:9", "--key", "none")
    assert done.returncode == 2
    assert done.stderr.startswith("trading-ecosystem: POST /api/v1/risk/monitors: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (LimitKind.DRAWDOWN, "0.15", 150_000),
        (LimitKind.POSITION_LONG, "10", 10 * 10**8),
        (LimitKind.DAILY_LOSS, "500000", 500_000 * 10**8),
        (LimitKind.STABLECOIN_EXPOSURE, "0.00000001", 1),
    ],
)
def test_limits_are_read_from_what_the_door_writes(kind: LimitKind, text: str, value: int) -> None:
    assert limit_value(kind, text) == value
