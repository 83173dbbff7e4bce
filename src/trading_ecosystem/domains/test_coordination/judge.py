"""The verdict: whether what a scenario expects is what the record shows. Pure, and computed after the last entry.

An expectation counts its time from ``detectable_at`` as audit recomputed it, not from what the monitor or the schedule says.
What nobody wrote an expectation for must still be right: an unexpected miss, a detection later than the catalogue's SLA, a
false alert, and a contradiction of conservation each fail the run.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec

from trading_ecosystem.domains.test_coordination.quantities import spoken
from trading_ecosystem.domains.test_coordination.scenario import RISK, CleanPeriod, Expectation
from trading_ecosystem.messages.audit import (
    AlertFinding,
    AlertVerdict,
    AuditReport,
    DetectionOutcome,
    DetectionScore,
    MonitorFindings,
)
from trading_ecosystem.messages.risk import AlertKind, AlertRaised
from trading_ecosystem.messages.units import MILLISECOND, MINUTE, Nanos


class Judgement(enum.StrEnum):
    """What was found about one expectation, one clean period, or the whole."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_SCORED = "not scored"
    """Nobody recomputed the truth: audit was removed."""


class ExpectationResult(msgspec.Struct, frozen=True):
    """One expectation, what was found, and the evidence in one line."""

    fault: str
    alert: AlertKind | None
    within_ns: Nanos
    judgement: Judgement
    evidence: str


class CleanPeriodResult(msgspec.Struct, frozen=True):
    """One clean period, whether it stayed clean, and the evidence in one line. Instants, the end excluded."""

    from_at: Nanos
    until_at: Nanos
    judgement: Judgement
    evidence: str


class CheckResult(msgspec.Struct, frozen=True):
    """One criterion of steady state, success or rollback (``part``), in words, and the evidence in one line."""

    part: str
    criterion: str
    judgement: Judgement
    evidence: str


class MonitorVerdict(msgspec.Struct, frozen=True):
    """How the same expectations fare with the alerts of another monitor."""

    monitor: str
    judgement: Judgement
    expectations: tuple[ExpectationResult, ...]
    clean_periods: tuple[CleanPeriodResult, ...]
    unexpected: tuple[str, ...]


class Verdict(msgspec.Struct, frozen=True):
    """The whole: it holds if every part holds and nothing else was wrong. It is of the acting monitor."""

    judgement: Judgement
    expectations: tuple[ExpectationResult, ...]
    clean_periods: tuple[CleanPeriodResult, ...]
    unexpected: tuple[str, ...]
    """One line for everything else that was wrong."""
    monitors: tuple[MonitorVerdict, ...] = ()
    """Every other monitor of the run."""
    checks: tuple[CheckResult, ...] = ()
    """What else the scenario asks of the whole run."""

    @property
    def passed(self) -> bool:
        """Whether the verdict holds; a run that was not scored has not passed."""
        return self.judgement is Judgement.HOLDS


def judge(
    expectations: Sequence[Expectation],
    clean_periods: Sequence[CleanPeriod],
    report: AuditReport | None,
    alerts: Sequence[AlertRaised],
    started_at: Nanos,
    acting: str = RISK,
) -> Verdict:
    """Judge a run that began at ``started_at``; ``report`` is ``None`` where audit was removed.

    ``alerts`` are the alerts of the record. Clean periods are judged from them where there is no audit, and from what audit
    found about each alert where there is, since its instants are the record's and not the monitor's own. ``acting`` is the
    monitor whose verdict is that of the run; the others are judged beside it.
    """
    if report is None:
        periods = tuple(_judge_period(period, alerts, started_at) for period in clean_periods)
        broken = any(period.judgement is Judgement.FAILS for period in periods)
        unscored = tuple(
            ExpectationResult(one.fault, one.alert, one.within_ns, Judgement.NOT_SCORED, "audit was removed")
            for one in expectations
        )
        return Verdict(Judgement.FAILS if broken else Judgement.NOT_SCORED, unscored, periods, ())
    broken_rules = [f"entry {found.sequence} breaks {found.rule}: {found.detail}" for found in report.conservation]
    of_each = {
        one.monitor: _judge_monitor(expectations, clean_periods, one, broken_rules, started_at) for one in every_monitor(report)
    }
    first = of_each.pop(acting)
    return Verdict(first.judgement, first.expectations, first.clean_periods, first.unexpected, tuple(of_each.values()))


def every_monitor(report: AuditReport) -> tuple[MonitorFindings, ...]:
    """What audit found about the built-in monitor, and then about each outside."""
    return (MonitorFindings(RISK, report.detections, report.alerts, report.chains), *report.monitors)


def _judge_monitor(
    expectations: Sequence[Expectation],
    clean_periods: Sequence[CleanPeriod],
    found: MonitorFindings,
    broken_rules: Sequence[str],
    started_at: Nanos,
) -> MonitorVerdict:
    periods = tuple(_judge_period(period, found.alerts, started_at) for period in clean_periods)
    scores = {score.fault_id: score for score in found.detections}
    results = tuple(_judge_expectation(one, scores.get(one.fault)) for one in expectations)
    unexpected = (*_unexpected({one.fault for one in expectations}, found, started_at), *broken_rules)
    judgements = [result.judgement for result in results] + [period.judgement for period in periods]
    wrong = unexpected or Judgement.FAILS in judgements
    judgement = Judgement.FAILS if wrong else Judgement.HOLDS
    return MonitorVerdict(found.monitor, judgement, results, periods, tuple(unexpected))


def _judge_expectation(expectation: Expectation, score: DetectionScore | None) -> ExpectationResult:
    holds, evidence = _missed(score) if expectation.alert is None else _noticed(expectation, score)
    judgement = Judgement.HOLDS if holds else Judgement.FAILS
    return ExpectationResult(expectation.fault, expectation.alert, expectation.within_ns, judgement, evidence)


def _missed(score: DetectionScore | None) -> tuple[bool, str]:
    if score is None:
        return False, "the fault never took effect"
    if score.outcome is DetectionOutcome.MISSED:
        return True, f"missed, as expected: it reached {_measure(score)}"
    return False, f"expected a miss, but it was {score.outcome.value.replace('_', ' ')}{_when(score)}"


def _noticed(expectation: Expectation, score: DetectionScore | None) -> tuple[bool, str]:
    assert expectation.alert is not None
    if score is None:
        return False, "the fault never took effect"
    if score.outcome is DetectionOutcome.OUT_OF_MANDATE:
        return False, f"no alert is within the monitor's mandate for {score.kind.value}"
    if score.expected_alert is not expectation.alert:
        named = score.expected_alert.value if score.expected_alert else "no alert"
        return False, f"the catalogue expects {named} for {score.kind.value}, not {expectation.alert.value}"
    if score.time_to_detect_ns is None:
        return False, f"missed: it reached {_measure(score)}"
    holds = score.time_to_detect_ns <= expectation.within_ns
    comparison = "within" if holds else "later than"
    return holds, f"{expectation.alert.value}{_when(score)}, {comparison} {spoken(expectation.within_ns)}"


def _when(score: DetectionScore) -> str:
    if score.time_to_detect_ns is None:
        return ""
    waited = score.time_to_detect_ns
    if MILLISECOND <= waited < MINUTE:
        # Whole milliseconds are what a reader can use of a short wait; the exact figure is in the detection score.
        waited -= waited % MILLISECOND
    return f" {spoken(waited)} after it could be seen"


def _measure(score: DetectionScore) -> str:
    if score.expected_alert in (AlertKind.PRICE_STALE, AlertKind.SETTLEMENT_OVERDUE):
        return f"{spoken(score.peak)} of {spoken(score.threshold)}"
    return f"{percent(score.peak)} of {percent(score.threshold)}"


def percent(parts_per_million: int) -> str:
    """Parts per million as a percentage, exactly: ``0.175 %``."""
    whole, rest = divmod(abs(parts_per_million), 10_000)
    fraction = f".{rest:04d}".rstrip("0") if rest else ""
    return f"{'-' if parts_per_million < 0 else ''}{whole}{fraction} %"


def _judge_period(period: CleanPeriod, alerts: Sequence[AlertRaised | AlertFinding], started_at: Nanos) -> CleanPeriodResult:
    from_at, until_at = started_at + period.from_ns, started_at + period.until_ns
    inside = [alert for alert in alerts if from_at <= alert.raised_at < until_at]
    if not inside:
        return CleanPeriodResult(from_at, until_at, Judgement.HOLDS, "no alert")
    first = inside[0]
    count = "1 alert" if len(inside) == 1 else f"{len(inside)} alerts"
    at = spoken(first.raised_at - started_at)
    evidence = f"{count}, the first at {at}: {first.kind.value} on {first.subject}"
    return CleanPeriodResult(from_at, until_at, Judgement.FAILS, evidence)


def _unexpected(expected: set[str], found: MonitorFindings, started_at: Nanos) -> list[str]:
    lines = []
    for score in found.detections:
        if score.fault_id in expected:
            continue
        if score.outcome is DetectionOutcome.MISSED:
            lines.append(f"fault {score.fault_id} was missed, and no expectation says so: it reached {_measure(score)}")
        elif score.outcome is DetectionOutcome.DETECTED_LATE:
            lines.append(f"fault {score.fault_id} was noticed{_when(score)}, later than its SLA of {spoken(score.sla_ns)}")
    for alert in found.alerts:
        if alert.verdict is AlertVerdict.FALSE:
            at = spoken(alert.raised_at - started_at)
            lines.append(f"alert {alert.alert_id} at {at} is false: {alert.kind.value} on {alert.subject} did not hold")
    return lines
