"""Scenario runs beside an ecosystem that lives: each a simulation in a process of its own, a few at once.

A run is started, watched and stopped through the handle of its own process. It leaves a run directory, as from the command
line. What runs when this is closed is stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import Conflict, NotFound, Unavailable

AT_ONCE: Final = 2
"""Runs that go on at the same time at most; one more is refused."""
REMEMBERED: Final = 200
"""Runs that are remembered; the oldest that is over is forgotten first. Its directory stays."""
STOPPING: Final = 5.0
"""Seconds that a run has to end once it is asked to."""
LONGEST_ERROR: Final = 400
_MODULE: Final = "trading_ecosystem.scenario_process"
_LONGEST_LINE: Final = 1 << 20


class ScenarioRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a process is asked to run."""

    scenario: str
    seed: int | None
    overrides: tuple[str, ...]
    out: str


class RunProgress(msgspec.Struct, frozen=True, tag="progress"):
    """How far a run has come in ecosystem time."""

    simulated_ns: Nanos
    duration_ns: Nanos


class RunFinished(msgspec.Struct, frozen=True, tag="finished"):
    """A run came to its end."""

    passed: bool
    verdict: str
    entries: int
    simulated_ns: Nanos
    journal_digest: str


class RunFailed(msgspec.Struct, frozen=True, tag="failed"):
    """A run came to no end; why, in one line."""

    problem: str


class RunState(enum.StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"


class ScenarioRun:
    """One run. ``folder`` is its run directory, which is there once it has finished."""

    def __init__(self, run_id: str, request: ScenarioRequest) -> None:
        self.run_id = run_id
        self.request = request
        self.folder = Path(request.out)
        self.state = RunState.RUNNING
        self.started_at = time.time_ns()
        self.ended_at: Nanos | None = None
        self.progress = RunProgress(0, 0)
        self.result: RunFinished | None = None
        self.problem: str | None = None
        self.process: asyncio.subprocess.Process | None = None
        self.task: asyncio.Task[None] | None = None

    def verdict(self) -> bytes:
        """``verdict.json`` as it was written; raises :class:`Conflict` before the run has finished."""
        if self.state is not RunState.FINISHED:
            raise Conflict(f"run {self.run_id} is {self.state.value}: it has no verdict")
        try:
            return (self.folder / "verdict.json").read_bytes()
        except OSError:
            raise NotFound(f"the run directory of {self.run_id} is gone") from None


class ScenarioRuns:
    """The runs that were started here. ``folder`` is where their directories go."""

    def __init__(
        self, folder: Path, *, at_once: int = AT_ONCE, command: Sequence[str] = (sys.executable, "-m", _MODULE)
    ) -> None:
        self._folder = folder
        self._at_once = at_once
        self._command = tuple(command)
        self._runs: dict[str, ScenarioRun] = {}

    def runs(self) -> list[ScenarioRun]:
        """Every run, the newest first."""
        return list(reversed(self._runs.values()))

    def run(self, run_id: str) -> ScenarioRun:
        """One run; raises :class:`NotFound`."""
        if run_id not in self._runs:
            raise NotFound(f"there is no run {run_id}")
        return self._runs[run_id]

    async def start(self, scenario: str, seed: int | None, overrides: Sequence[str]) -> ScenarioRun:
        """Start a run of a scenario (a file, or a name of the library); raises :class:`Unavailable` where too many go on."""
        going = sum(one.state is RunState.RUNNING for one in self._runs.values())
        if going >= self._at_once:
            raise Unavailable(f"{going} scenarios run already; try again when one of them has ended", 10.0)
        run_id = secrets.token_hex(6)
        run = ScenarioRun(run_id, ScenarioRequest(scenario, seed, tuple(overrides), str(self._folder / run_id)))
        self._runs[run_id] = run
        self._forget()
        try:
            run.process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_LONGEST_LINE,
            )
        except OSError as error:
            self._end(run, RunState.FAILED, f"no process could be started: {error.strerror}")
            raise Unavailable(f"no process could be started: {error.strerror}") from error
        run.task = asyncio.create_task(self._watch(run, run.process), name=f"scenario run {run_id}")
        return run

    async def stop(self, run_id: str) -> ScenarioRun:
        """Stop a run and wait until its process is gone; raises :class:`Conflict` where it is over already."""
        run = self.run(run_id)
        if run.state is not RunState.RUNNING or run.process is None or run.task is None:
            raise Conflict(f"run {run_id} is {run.state.value}")
        self._end(run, RunState.STOPPED, None)
        with contextlib.suppress(ProcessLookupError):
            run.process.terminate()
        done, _ = await asyncio.wait({run.task}, timeout=STOPPING)
        if not done:
            with contextlib.suppress(ProcessLookupError):
                run.process.kill()
            await asyncio.wait({run.task})
        return run

    async def close(self) -> None:
        """Stop everything that runs."""
        for run in list(self._runs.values()):
            if run.state is RunState.RUNNING and run.task is not None:
                with contextlib.suppress(Conflict):
                    await self.stop(run.run_id)

    async def _watch(self, run: ScenarioRun, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(process.stderr.read())
        with contextlib.suppress(ConnectionError):
            process.stdin.write(msgspec.json.encode(run.request))
            process.stdin.write_eof()
        async for line in process.stdout:
            self._heard(run, line)
        text = (await errors).decode(errors="replace").strip()
        code = await process.wait()
        if run.state is RunState.RUNNING:
            last = text.splitlines()[-1] if text else f"the process ended with code {code}"
            self._end(run, RunState.FAILED, last[:LONGEST_ERROR])

    def _heard(self, run: ScenarioRun, line: bytes) -> None:
        try:
            said = msgspec.json.decode(line, type=RunProgress | RunFinished | RunFailed)
        except msgspec.MsgspecError:
            return
        if isinstance(said, RunProgress):
            run.progress = said
        elif run.state is not RunState.RUNNING:
            return
        elif isinstance(said, RunFinished):
            run.result = said
            run.progress = RunProgress(said.simulated_ns, max(run.progress.duration_ns, said.simulated_ns))
            self._end(run, RunState.FINISHED, None)
        else:
            self._end(run, RunState.FAILED, said.problem[:LONGEST_ERROR])

    def _end(self, run: ScenarioRun, state: RunState, problem: str | None) -> None:
        run.state, run.problem, run.ended_at = state, problem, time.time_ns()

    def _forget(self) -> None:
        over = [one for one in self._runs.values() if one.state is not RunState.RUNNING]
        for one in over[: max(0, len(self._runs) - REMEMBERED)]:
            del self._runs[one.run_id]
