"""Scenarios with the whole grammar, run: the record is that of plain words, the plan is what happens, batches keep order."""

from __future__ import annotations

import io
import os
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

import trading_ecosystem
from trading_ecosystem import scenario_batches
from trading_ecosystem.adapters.scenario_files import read_scenario
from trading_ecosystem.container import replay
from trading_ecosystem.domains.test_coordination.judge import Judgement
from trading_ecosystem.messages.test_coordination import FaultInjected
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.reports.run_plan import run_plan
from trading_ecosystem.reports.verdict_document import verdict_document
from trading_ecosystem.reports.verdict_text import verdict_text
from trading_ecosystem.scenario_batches import FAILED, NOT_RUN, Outcome, Part, parts_of, run_batch

HEAD = """\
title: Grammar
ecosystem:
  market_data: {instruments: [BTC/USD], tick: 10s, jumps: false}
  venues: [{name: north, publish_every: 10s}]
workloads:
  - strategy: scripted
    name: hand
    capital: {north: {USD: 50000}}
    settings: {orders: [2m buy 0.01 BTC/USD north]}
"""
PLAIN = (
    HEAD
    + """\
duration: 20m
faults:
  - {id: stale, kind: feed_stale, at: {low: 6m, high: 7m}, duration: 2m}
expectations: [{fault: stale, alert: price_stale}]
clean_periods: [{from: 0s, until: 5m}]
"""
)
PHASED = (
    HEAD
    + """\
parameters: {lasts: {type: duration, default: 2m}}
phases:
  - {name: calm, duration: 5m, clean: true}
  - name: broken
    duration: 5m
    faults: [{id: stale, kind: feed_stale, at: {low: 1m, high: 2m}, duration: "${lasts}"}]
    expectations: [{fault: stale, alert: price_stale}]
  - {name: calm-again, duration: 10m}
steady_state:
  recovers_within: 7m
  holds: [{measure: silence, at_most: 10s}, {measure: open_alerts, at_most: 0}]
success:
  - {measure: orders, at_least: 1, at_most: 1}
  - {measure: fills, at_least: 1}
  - {measure: recall, at_least: 1}
  - {measure: time_to_detect, fault: stale, at_most: 5s}
  - {measure: recovery_time, fault: stale, at_most: 1m}
rollback: {within: 10s}
"""
)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def phased(tmp_path_factory: pytest.TempPathFactory) -> trading_ecosystem.RunResult:
    folder = tmp_path_factory.mktemp("phased")
    return trading_ecosystem.run(written(folder, "grammar", PHASED), seed=5, out=folder / "run")


def test_phases_and_variables_leave_the_record_of_plain_words(phased: trading_ecosystem.RunResult, tmp_path: Path) -> None:
    assert trading_ecosystem.run(written(tmp_path, "grammar", PLAIN), seed=5).journal_digest == phased.journal_digest


def test_every_criterion_is_judged_and_replayed(phased: trading_ecosystem.RunResult) -> None:
    found = {f"{one.part}: {one.criterion}": (one.judgement, one.evidence) for one in phased.verdict.checks}
    assert {judgement for judgement, _ in found.values()} == {Judgement.HOLDS}, found
    assert len(found) == 4 + 5 + 1
    assert found["success: recall at least 100 %"] == (Judgement.HOLDS, "100 %")
    assert phased.passed
    assert phased.folder is not None
    assert replay(phased.folder) == (phased.entry_count, phased.journal_digest)
    rows = [row for row in phased.table("test_coordination.results") if row["part"] == "check"]
    assert len(rows) == len(found)
    page = (phased.folder / "report.html").read_text()
    assert "steady state after: silence at most 10s" in page


def test_a_clean_twin_is_asked_nothing_of_faults_and_everything_else(tmp_path: Path) -> None:
    twin = trading_ecosystem.run(written(tmp_path, "grammar", PHASED), seed=5, faults=False)
    assert twin.passed, twin.verdict
    assert [one.part for one in twin.verdict.checks] == ["steady state before"] * 2 + ["steady state after"] * 2 + [
        "success"
    ] * 2


def test_a_fault_in_the_wrong_window_disturbs_the_steady_state(tmp_path: Path) -> None:
    text = PHASED.replace("recovers_within: 7m", "after: {from: 7m, until: 8m}")
    result = trading_ecosystem.run(written(tmp_path, "grammar", text), seed=5)
    failed = [one.criterion for one in result.verdict.checks if one.judgement is Judgement.FAILS]
    assert failed == ["open alerts at most 0"]
    assert result.verdict.judgement is Judgement.FAILS
    assert result.verdict.unexpected == ()


def test_the_plan_is_what_happens(phased: trading_ecosystem.RunResult) -> None:
    plan = run_plan(phased.scenario, 5)
    (row,) = plan.faults
    (injected,) = [entry for entry in phased.entries() if isinstance(entry.message, FaultInjected)]
    condition = next(entry for entry in phased.entries() if entry.sequence == injected.sequence + 1)
    assert injected.at == phased.scenario.starts_at + row.from_ns
    assert msgspec.to_builtins(condition.message) == row.condition
    assert phased.audit is not None
    (score,) = phased.audit.detections
    assert (row.size, row.threshold, row.sla_ns, row.detectable) == (score.size, score.threshold, score.sla_ns, True)
    assert run_plan(phased.scenario, 6).faults != plan.faults


def test_what_needs_a_scenario_that_fails_is_not_run(tmp_path: Path) -> None:
    written(tmp_path, "good", PLAIN)
    written(tmp_path, "bad", PLAIN.replace("alert: price_stale", "missed: true"))
    first = written(tmp_path, "first", PLAIN + "needs: [good]\n")
    written(tmp_path, "second", PLAIN + "needs: [first, bad]\n")
    third = written(tmp_path, "third", PLAIN + "needs: [second]\n")
    parts = parts_of([str(third), str(first)])
    assert [part.name for part in parts] == ["good", "first", "bad", "second", "third"]
    outcomes = {one.name: one for one in run_batch(parts, tmp_path / "out", 5, 2)}
    assert [(one.name, one.verdict) for one in outcomes.values()] == [
        ("good", "holds"), ("first", "holds"), ("bad", "fails"), ("second", NOT_RUN), ("third", NOT_RUN),
    ]  # fmt: skip
    assert outcomes["second"].detail == "it needs bad, which does not hold"
    assert replay(outcomes["good"].folder)[1] == outcomes["good"].journal_digest
    assert not (tmp_path / "out" / "second").exists()


def test_a_circle_of_needs_is_refused(tmp_path: Path) -> None:
    one = written(tmp_path, "one", PLAIN + "needs: [two]\n")
    written(tmp_path, "two", PLAIN + "needs: [one]\n")
    with pytest.raises(BadInput, match=r"one.yaml: it needs itself: one needs two needs one"):
        parts_of([str(one)])
    with pytest.raises(BadInput, match="it needs 'nowhere', which is not there"):
        parts_of([str(written(tmp_path, "three", PLAIN + "needs: [nowhere]\n"))])
    assert read_scenario(one).needs == ("two",)


def test_what_is_needed_may_have_a_dot_in_its_name(tmp_path: Path) -> None:
    written(tmp_path, "v1.2", PLAIN)
    (tmp_path / "folder").mkdir()
    written(tmp_path / "folder", "deep", PLAIN)
    top = written(tmp_path, "top", PLAIN + "needs: [v1.2, folder/deep.yaml]\n")
    assert [(one.name, one.needs) for one in parts_of([str(top)])] == [
        ("v1.2", ()), ("deep", ()), ("top", ("v1.2", "deep")),
    ]  # fmt: skip


def _ended_from_outside(part: Part, out: str, seed: int | None) -> Outcome:
    os._exit(9)


def test_a_batch_outlives_the_processes_that_run_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenario_batches, "run_part", _ended_from_outside)
    parts = [Part("one", "one.yaml", ()), Part("two", "two.yaml", ("one",)), Part("three", "three.yaml", ())]
    outcomes = run_batch(parts, tmp_path, 5, 2)
    assert [one.verdict for one in outcomes] == [FAILED, NOT_RUN, FAILED]


def test_a_fault_that_changes_nothing_is_named(tmp_path: Path) -> None:
    text = HEAD + (
        "duration: 10m\n"
        "faults: [{id: rejects, kind: venue_reject, venue: north, at: 5m, duration: 2m, probability: 1}]\n"
        "rollback: {within: 1m}\n"
    )
    result = trading_ecosystem.run(written(tmp_path, "idle", text), seed=5, out=tmp_path / "run")
    assert result.without_effect == ("rejects",)
    assert verdict_document(result)["without_effect"] == ["rejects"]
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(verdict_text(result))
    assert "rejects never took effect, and is not scored" in console.export_text()
    assert result.verdict.judgement is Judgement.FAILS
    assert result.folder is not None
    assert replay(result.folder) == (result.entry_count, result.journal_digest)
    twin = trading_ecosystem.run(written(tmp_path, "idle", text), seed=5, faults=False)
    assert (twin.without_effect, twin.passed) == ((), True)
