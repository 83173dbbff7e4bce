"""Runs in processes of their own: what becomes of one that says nonsense, fails, or does not want to end."""

from __future__ import annotations

import asyncio
import sys

import pytest

from trading_ecosystem.adapters import scenario_runs
from trading_ecosystem.adapters.scenario_runs import RunState, ScenarioRuns
from trading_ecosystem.ports.errors import Conflict, NotFound, Unavailable


def runs(folder, program, **options):
    return ScenarioRuns(folder, command=(sys.executable, "-c", program), **options)


async def over(run):
    await asyncio.wait_for(run.task, 30)
    return run


def test_a_process_that_ends_without_a_word_has_failed(tmp_path):
    async def scenario():
        started = runs(tmp_path, "import sys; print('not json'); sys.stderr.write('first\\nlast line\\n'); sys.exit(9)")
        return await over(await started.start("any", None, ()))

    run = asyncio.run(scenario())
    assert (run.state, run.problem) == (RunState.FAILED, "last line")
    with pytest.raises(Conflict, match="it has no verdict"):
        run.verdict()


def test_what_it_says_last_counts(tmp_path):
    program = """
import json, sys
asked = json.load(sys.stdin)
print(json.dumps({"type": "progress", "simulated_ns": 5, "duration_ns": 10}))
print(json.dumps({"type": "failed", "problem": f"{asked['scenario']} {asked['seed']} {asked['overrides']}"}))
"""

    async def scenario():
        return await over(await runs(tmp_path, program).start("one", 7, ("duration=1h",)))

    run = asyncio.run(scenario())
    assert (run.state, run.problem) == (RunState.FAILED, "one 7 ['duration=1h']")
    assert (run.progress.simulated_ns, run.progress.duration_ns) == (5, 10)


def test_one_that_ignores_the_request_to_end_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(scenario_runs, "STOPPING", 0.3)
    program = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('{}', flush=True); time.sleep(60)"

    async def scenario():
        started = runs(tmp_path, program, at_once=1)
        run = await started.start("stubborn", None, ())
        with pytest.raises(Unavailable, match="1 scenarios run already"):
            await started.start("second", None, ())
        await asyncio.sleep(0.5)
        await started.close()
        with pytest.raises(NotFound):
            started.run("none")
        return run

    run = asyncio.run(scenario())
    assert run.state is RunState.STOPPED
    assert run.process.returncode is not None
