"""What is kept of runs, faults and verdicts, and that projecting twice changes nothing."""

from __future__ import annotations

from trading_ecosystem.domains.test_coordination import records
from trading_ecosystem.domains.test_coordination.judge import CleanPeriodResult, ExpectationResult, Judgement, Verdict
from trading_ecosystem.domains.test_coordination.records import (
    ExpectationRecord,
    FaultRecord,
    ResultRecord,
    RunRecord,
    ScenarioRecord,
    project,
    scenario_changes,
    verdict_changes,
)
from trading_ecosystem.domains.test_coordination.scenario import Expectation, Scenario
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import (
    ConditionEnded,
    FaultInjected,
    FaultKind,
    GroundTruthClosed,
    GroundTruthLabelled,
    RunEnded,
    RunStarted,
)
from trading_ecosystem.messages.units import MINUTE, Nanos
from trading_ecosystem.ports.records import Patch, Record, Upsert

ENTRIES: list[tuple[Message, Nanos]] = [
    (RunStarted(run="r", scenario="s", seed=3, duration_ns=900), 100),
    (FaultInjected("r", "f", FaultKind.FEED_STALE, "market-data", ("BTC/USD",), 300), 200),
    (
        GroundTruthLabelled(
            "r", "f", FaultKind.FEED_STALE, "market-data", "BTC/USD", 210, AlertKind.PRICE_STALE, ("BTC/USD",), True, 30, 5, 77
        ),
        210,
    ),
    (GroundTruthClosed("r", "f", 300), 301),
    (ConditionEnded("market-data", "f"), 300),
    (RunEnded("r"), 1_000),
]
KEPT: list[Record] = [
    RunRecord(run="r", scenario="s", seed=3, started_at=100, duration_ns=900, ended_at=1_000),
    FaultRecord(
        run="r",
        fault_id="f",
        kind=FaultKind.FEED_STALE,
        component="market-data",
        subjects=("BTC/USD",),
        injected_at=200,
        planned_until=300,
        onset_at=210,
        ended_at=300,
        expected_alert=AlertKind.PRICE_STALE,
        detectable=True,
        threshold=30,
        severity=77,
        sla_ns=5,
    ),
]


def kept(entries: list[tuple[Message, Nanos]]) -> list[Record]:
    """A plain store: rows by type and identity."""
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    types: dict[tuple[object, ...], type[Record]] = {}
    for message, now in entries:
        for change in project(message, now):
            if isinstance(change, Upsert):
                key = (change.record.table, *change.record.identity())
                types[key] = type(change.record)
                rows[key] = {name: getattr(change.record, name) for name in change.record.__struct_fields__}
            elif isinstance(change, Patch):
                key = (change.record_type.table, *change.identity)
                if key in rows:
                    rows[key].update(change.values)
    return [types[key](**values) for key, values in rows.items()]


def test_a_run_and_its_fault_are_kept() -> None:
    assert kept(ENTRIES) == KEPT


def test_projecting_twice_changes_nothing() -> None:
    doubled = [entry for entry in ENTRIES for _ in range(2)]
    assert kept(doubled) == KEPT


def test_a_patch_without_its_record_makes_none() -> None:
    assert kept(ENTRIES[2:]) == []


def test_tables_and_keys() -> None:
    assert records.NAMESPACE == "test_coordination"
    tables = {record.table: record.key for record in records.RECORDS}
    assert tables == {
        "scenarios": ("scenario",),
        "runs": ("run",),
        "faults": ("run", "fault_id"),
        "expectations": ("scenario", "fault_id"),
        "results": ("run", "part", "number"),
    }


def test_scenario_and_expectations_are_rows(small_scenario: Scenario) -> None:
    assert [change.record for change in scenario_changes(small_scenario) if isinstance(change, Upsert)] == [
        ScenarioRecord("small", "Small", "", 7_200_000_000_000, 1),
        ExpectationRecord("small", "depeg", AlertKind.STABLECOIN_DEPEG, MINUTE),
    ]
    assert small_scenario.expectations == (Expectation("depeg", AlertKind.STABLECOIN_DEPEG, MINUTE),)


def test_a_verdict_is_rows() -> None:
    verdict = Verdict(
        Judgement.FAILS,
        (ExpectationResult("f", None, 0, Judgement.HOLDS, "missed"),),
        (CleanPeriodResult(1, 2, Judgement.HOLDS, "no alert"),),
        ("something else",),
    )
    assert [change.record for change in verdict_changes("r", verdict) if isinstance(change, Upsert)] == [
        ResultRecord("r", "verdict", 0, "r", Judgement.FAILS, ""),
        ResultRecord("r", "expectation", 0, "f", Judgement.HOLDS, "missed"),
        ResultRecord("r", "clean_period", 0, "1-2", Judgement.HOLDS, "no alert"),
        ResultRecord("r", "unexpected", 0, "r", Judgement.FAILS, "something else"),
    ]
