"""What test coordination keeps: scenarios, runs, faults, expectations and results.

Runs and faults follow from the journal through :func:`project`. Scenarios and expectations come from the scenario file, results
from the verdict; :func:`scenario_changes` and :func:`verdict_changes` give the rows for those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final

from trading_ecosystem.domains.test_coordination.judge import Judgement, MonitorVerdict, Verdict
from trading_ecosystem.domains.test_coordination.scenario import Scenario
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import (
    FaultInjected,
    FaultKind,
    GroundTruthClosed,
    GroundTruthLabelled,
    RunEnded,
    RunStarted,
)
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.records import Change, Patch, Record, Upsert

NAMESPACE = "test_coordination"


class ScenarioRecord(Record, frozen=True):
    """A scenario as it was read."""

    table: ClassVar[str] = "scenarios"
    key: ClassVar[tuple[str, ...]] = ("scenario",)
    checks: ClassVar[tuple[str, ...]] = (
        "duration_ns > 0",
        "faults >= 0",
    )
    scenario: str
    title: str
    description: str
    duration_ns: Nanos
    faults: int


class RunRecord(Record, frozen=True):
    """One run of a scenario; ``ended_at`` is ``None`` while it goes on."""

    table: ClassVar[str] = "runs"
    key: ClassVar[tuple[str, ...]] = ("run",)
    checks: ClassVar[tuple[str, ...]] = ("ended_at >= started_at",)
    run: str
    scenario: str
    seed: int
    started_at: Nanos
    duration_ns: Nanos
    ended_at: Nanos | None


class FaultRecord(Record, frozen=True):
    """One injected fault: what was set, and from its onset on what is true about it."""

    table: ClassVar[str] = "faults"
    key: ClassVar[tuple[str, ...]] = ("run", "fault_id")
    checks: ClassVar[tuple[str, ...]] = ("ended_at >= onset_at",)
    run: str
    fault_id: str
    kind: FaultKind
    component: str
    subjects: tuple[str, ...]
    injected_at: Nanos
    planned_until: Nanos
    onset_at: Nanos | None = None
    ended_at: Nanos | None = None
    expected_alert: AlertKind | None = None
    detectable: bool | None = None
    threshold: int | None = None
    severity: int | None = None
    sla_ns: Nanos | None = None


class ExpectationRecord(Record, frozen=True):
    """What a scenario expects of one of its faults; ``expected_alert`` is ``None`` for a miss."""

    table: ClassVar[str] = "expectations"
    key: ClassVar[tuple[str, ...]] = ("scenario", "fault_id")
    scenario: str
    fault_id: str
    expected_alert: AlertKind | None
    within_ns: Nanos


class ResultRecord(Record, frozen=True):
    """One part of a run's verdict: ``part`` is ``verdict``, ``expectation``, ``clean_period``, ``check``, ``unexpected`` or
    ``monitor``."""

    table: ClassVar[str] = "results"
    key: ClassVar[tuple[str, ...]] = ("run", "part", "number")
    run: str
    part: str
    number: int
    subject: str
    judgement: Judgement
    evidence: str


RECORDS: Final[tuple[type[Record], ...]] = (ScenarioRecord, RunRecord, FaultRecord, ExpectationRecord, ResultRecord)


def project(message: Message, now: Nanos) -> Iterable[Change]:
    """The changes that one journal entry makes to runs and faults."""
    projection = _PROJECTIONS.get(type(message))
    return projection(message, now) if projection is not None else ()


def scenario_changes(scenario: Scenario) -> list[Change]:
    """The rows of a scenario and of what it expects."""
    return [
        Upsert(
            ScenarioRecord(
                scenario=scenario.name,
                title=scenario.title,
                description=scenario.description,
                duration_ns=scenario.duration_ns,
                faults=len(scenario.faults),
            )
        ),
        *(
            Upsert(ExpectationRecord(scenario.name, expectation.fault, expectation.alert, expectation.within_ns))
            for expectation in scenario.expectations
        ),
    ]


def verdict_changes(run: str, verdict: Verdict) -> list[Change]:
    """The rows of a verdict: the whole, then its parts as numbered there."""
    rows = [ResultRecord(run, "verdict", 0, run, verdict.judgement, "")]
    for number, result in enumerate(verdict.expectations):
        rows.append(ResultRecord(run, "expectation", number, result.fault, result.judgement, result.evidence))
    for number, period in enumerate(verdict.clean_periods):
        subject = f"{period.from_at}-{period.until_at}"
        rows.append(ResultRecord(run, "clean_period", number, subject, period.judgement, period.evidence))
    for number, check in enumerate(verdict.checks):
        subject = f"{check.part}: {check.criterion}"
        rows.append(ResultRecord(run, "check", number, subject, check.judgement, check.evidence))
    for number, line in enumerate(verdict.unexpected):
        rows.append(ResultRecord(run, "unexpected", number, run, Judgement.FAILS, line))
    for number, monitor in enumerate(verdict.monitors):
        rows.append(ResultRecord(run, "monitor", number, monitor.monitor, monitor.judgement, _of_monitor(monitor)))
    return [Upsert(row) for row in rows]


def _of_monitor(verdict: MonitorVerdict) -> str:
    held = sum(1 for result in verdict.expectations if result.judgement is Judgement.HOLDS)
    return f"{held} of {len(verdict.expectations)} expectations hold, {len(verdict.unexpected)} things unexpected"


def _run_started(message: RunStarted, now: Nanos) -> Iterable[Change]:
    return (Upsert(RunRecord(message.run, message.scenario, message.seed, now, message.duration_ns, None)),)


def _run_ended(message: RunEnded, now: Nanos) -> Iterable[Change]:
    return (Patch(RunRecord, (message.run,), {"ended_at": now}),)


def _fault_injected(message: FaultInjected, now: Nanos) -> Iterable[Change]:
    return (
        Upsert(
            FaultRecord(
                run=message.run,
                fault_id=message.fault_id,
                kind=message.kind,
                component=message.component,
                subjects=message.subjects,
                injected_at=now,
                planned_until=message.planned_until,
            )
        ),
    )


def _ground_truth_labelled(message: GroundTruthLabelled, now: Nanos) -> Iterable[Change]:
    values = {
        "onset_at": message.onset_at,
        "expected_alert": message.expected_alert,
        "detectable": message.detectable,
        "threshold": message.threshold,
        "severity": message.severity,
        "sla_ns": message.sla_ns,
    }
    return (Patch(FaultRecord, (message.run, message.fault_id), values),)


def _ground_truth_closed(message: GroundTruthClosed, now: Nanos) -> Iterable[Change]:
    return (Patch(FaultRecord, (message.run, message.fault_id), {"ended_at": message.ended_at}),)


_PROJECTIONS: Final[dict[type[Message], Callable[[Any, Nanos], Iterable[Change]]]] = {
    RunStarted: _run_started,
    RunEnded: _run_ended,
    FaultInjected: _fault_injected,
    GroundTruthLabelled: _ground_truth_labelled,
    GroundTruthClosed: _ground_truth_closed,
}
