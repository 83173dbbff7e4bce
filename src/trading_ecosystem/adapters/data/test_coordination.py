"""Scenarios, their runs and faults, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trading_ecosystem.domains.test_coordination.judge import Judgement
from trading_ecosystem.domains.test_coordination.records import (
    ExpectationRecord,
    FaultRecord,
    ResultRecord,
    RunRecord,
    ScenarioRecord,
)
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos, PartsPerMillion
from trading_ecosystem.ports.records import HistoryStore

VERDICT = "verdict"
"""The part of a result that is the whole verdict of a run."""


class PassRate(msgspec.Struct, frozen=True):
    """How many runs were judged and how many of them held."""

    runs: int
    held: int

    @property
    def ppm(self) -> PartsPerMillion:
        """The share that held, rounded down; 0 without runs."""
        return self.held * PARTS_PER_MILLION // self.runs if self.runs else 0


class Durations(msgspec.Struct, frozen=True):
    """Durations in order of their length: how many, the shortest, the median (the lower of two) and the longest."""

    count: int
    shortest_ns: Nanos
    median_ns: Nanos
    longest_ns: Nanos


class CoordinationHistory:
    """Queries over the records of ``test_coordination``."""

    def __init__(self, history: HistoryStore) -> None:
        self._history = history

    async def scenarios(self) -> list[ScenarioRecord]:
        """Every scenario that was run."""
        return await self._history.rows(ScenarioRecord)

    async def expectations(self, scenario: str) -> list[ExpectationRecord]:
        """What a scenario expects of its faults."""
        return await self._history.rows(ExpectationRecord, {"scenario": scenario})

    async def runs(self, scenario: str | None = None) -> list[RunRecord]:
        """Runs in the order in which they began."""
        return await self._history.rows(RunRecord, {} if scenario is None else {"scenario": scenario}, order=["started_at"])

    async def run(self, run: str) -> RunRecord:
        """One run; raises :class:`trading_ecosystem.ports.errors.NotFound`."""
        return await self._history.get(RunRecord, (run,))

    async def faults(self, run: str, kind: FaultKind | None = None) -> list[FaultRecord]:
        """Faults of a run in the order in which they were injected."""
        where = {"run": run} if kind is None else {"run": run, "kind": kind}
        return await self._history.rows(FaultRecord, where, order=["injected_at"])

    async def results(self, run: str) -> list[ResultRecord]:
        """The parts of a run's verdict, the whole one last."""
        return await self._history.rows(ResultRecord, {"run": run})

    async def pass_rate(self, scenario: str | None = None) -> PassRate:
        """How many of the judged runs held: of one scenario, or of all."""
        known = None if scenario is None else {run.run for run in await self.runs(scenario)}
        verdicts = await self._history.rows(ResultRecord, {"part": VERDICT})
        judged = [one for one in verdicts if known is None or one.run in known]
        return PassRate(len(judged), sum(one.judgement is Judgement.HOLDS for one in judged))

    async def run_durations(self, scenario: str | None = None) -> Durations | None:
        """How long ended runs took in ecosystem time; ``None`` where none has ended."""
        return _durations([run.ended_at - run.started_at for run in await self.runs(scenario) if run.ended_at is not None])

    async def recovery_durations(self, kind: FaultKind | None = None) -> Durations | None:
        """How long faults lasted from onset to end; ``None`` where none has ended."""
        faults = await self._history.rows(FaultRecord, {} if kind is None else {"kind": kind})
        return _durations(
            [one.ended_at - one.onset_at for one in faults if one.ended_at is not None and one.onset_at is not None]
        )


def _durations(measured: Sequence[Nanos]) -> Durations | None:
    if not measured:
        return None
    ordered = sorted(measured)
    return Durations(len(ordered), ordered[0], ordered[(len(ordered) - 1) // 2], ordered[-1])
