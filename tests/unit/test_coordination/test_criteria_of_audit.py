"""Success that rests on what audit found: recall, false alerts, time to detect, recovery and availability, by hand."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.domains.test_coordination.criteria_judge import judge_run, measures_of
from trading_ecosystem.domains.test_coordination.judge import Judgement
from trading_ecosystem.messages.audit import (
    AlertFinding,
    AlertVerdict,
    AuditReport,
    DetectionOutcome,
    DetectionScore,
    FaultImpact,
    MonitorFindings,
)
from trading_ecosystem.messages.risk import AlertKind, Severity
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import MINUTE, SECOND

TEXT = """\
title: Of audit
duration: 60m
ecosystem:
  market_data: {instruments: [BTC/USD]}
  venues: [{name: north, publish_every: 10s}]
faults:
  - {id: one, kind: feed_stale, at: 10m, duration: 5m}
  - {id: two, kind: feed_stale, at: 30m, duration: 5m}
success:
"""
Struct = TypeVar("Struct", bound=msgspec.Struct)


def made(struct: type[Struct], **given: Any) -> Struct:
    """A struct whose other fields are 0, as far as nothing reads them."""
    return struct(**(dict.fromkeys(struct.__struct_fields__, 0) | given))


def detection(fault: str, outcome: DetectionOutcome, took: int | None, *, detectable: bool = True) -> DetectionScore:
    alert = None if outcome is DetectionOutcome.OUT_OF_MANDATE else AlertKind.PRICE_STALE
    given = {"kind": FaultKind.FEED_STALE, "expected_alert": alert, "outcome": outcome, "detectable": detectable}
    return made(DetectionScore, fault_id=fault, time_to_detect_ns=took, severity=Severity.HIGH, **given)


def alert(verdict: AlertVerdict) -> AlertFinding:
    return made(AlertFinding, kind=AlertKind.PRICE_STALE, subject="BTC/USD", verdict=verdict)


LATE, SEEN = DetectionOutcome.DETECTED_LATE, DetectionOutcome.DETECTED
MISSED, OUTSIDE = DetectionOutcome.MISSED, DetectionOutcome.OUT_OF_MANDATE
DETECTIONS = (
    detection("one", SEEN, 3 * SECOND),
    detection("two", LATE, 40 * SECOND),
    detection("small", MISSED, None, detectable=False),
    detection("other", OUTSIDE, None),
)
ALERTS = tuple(alert(AlertVerdict(one)) for one in ("attributed", "false", "unattributed", "false"))
IMPACTS = (
    made(FaultImpact, fault_id="one", availability_ppm=250_000, recovery_ns=2 * MINUTE),
    made(FaultImpact, fault_id="two", availability_ppm=None, recovery_ns=None),
)
OUTSIDER = MonitorFindings("outsider", (detection("one", SEEN, 1), detection("two", SEEN, 9 * SECOND)), ALERTS[:2], ())


def found(criterion: str, acting: str = "risk") -> tuple[Judgement, str]:
    """What is found about one criterion of success."""
    scenario = parse_scenario(f"{TEXT}  - {{{criterion}}}\n", "audit.yaml")
    empty: dict[str, Any] = dict.fromkeys(("conservation", "chains", "lifecycles", "conditions", "checkpoints"), ())
    report = made(AuditReport, detections=DETECTIONS, alerts=ALERTS, impacts=IMPACTS, monitors=(OUTSIDER,), **empty)
    verdict = judge_run(scenario, report, [], measures_of(scenario, acting), scenario.starts_at, acting=acting)
    (check,) = verdict.checks
    return check.judgement, check.evidence


@pytest.mark.parametrize(
    ("criterion", "evidence"),
    [
        ("measure: recall, at_least: 1", "50 %"),
        ("measure: false_alerts, at_most: 1", "2"),
        ("measure: time_to_detect, fault: one, at_most: 2s", "3s"),
        ("measure: time_to_detect, fault: two, at_most: 30s", "40s"),
        ("measure: recovery_time, fault: one, at_most: 1m", "2m"),
        ("measure: availability, fault: one, at_least: 0.5", "25 %"),
        ("measure: recovery_time, fault: two, at_most: 1h", "there was nothing to measure"),
        ("measure: availability, fault: two, at_least: 0", "there was nothing to measure"),
    ],
)
def test_what_audit_found_decides(criterion: str, evidence: str) -> None:
    assert found(criterion) == (Judgement.FAILS, evidence)


def test_bounds_are_inclusive() -> None:
    for criterion in (
        "measure: recall, at_least: 0.5, at_most: 0.5",
        "measure: false_alerts, at_most: 2",
        "measure: time_to_detect, fault: one, at_least: 3s, at_most: 3s",
        "measure: recovery_time, fault: one, at_most: 2m",
        "measure: availability, fault: one, at_least: 0.25",
    ):
        assert found(criterion)[0] is Judgement.HOLDS, criterion


def test_what_the_acting_monitor_noticed_counts() -> None:
    assert found("measure: recall, at_least: 1", "outsider") == (Judgement.HOLDS, "100 %")
    assert found("measure: false_alerts, at_most: 0", "outsider") == (Judgement.FAILS, "1")
    assert found("measure: time_to_detect, fault: two, at_most: 10s", "outsider") == (Judgement.HOLDS, "9s")
