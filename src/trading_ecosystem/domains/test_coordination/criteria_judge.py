"""The whole verdict of a run: its expectations, and the criteria that its scenario has beside them.

Steady state and rollback are judged from the record alone, success also from what audit found. Nothing here is judged by what
the schedule says should have happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from trading_ecosystem.domains.test_coordination.criteria import (
    OF_AUDIT,
    OF_FAULTS,
    UNITS,
    Criterion,
    Measure,
    Unit,
)
from trading_ecosystem.domains.test_coordination.judge import CheckResult, Judgement, Verdict, judge, percent
from trading_ecosystem.domains.test_coordination.quantities import spoken
from trading_ecosystem.domains.test_coordination.run_measures import RunMeasures
from trading_ecosystem.domains.test_coordination.scenario import RISK, Scenario
from trading_ecosystem.messages.audit import AlertVerdict, AuditReport, DetectionOutcome, MonitorFindings
from trading_ecosystem.messages.risk import AlertRaised
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, PARTS_PER_MILLION, Nanos


def measures_of(scenario: Scenario, acting: str = RISK) -> RunMeasures:
    """What has to follow the record of a run of this scenario whose alerts are those of the monitor ``acting``."""
    ecosystem = scenario.ecosystem
    publish_every = {venue.name: venue.publish_every_ns for venue in ecosystem.venues}
    outside = "" if acting == RISK else acting
    return RunMeasures(scenario.checks, ecosystem.firm.name, publish_every, ecosystem.market_data.instruments, outside)


def judge_run(
    scenario: Scenario,
    report: AuditReport | None,
    alerts: Sequence[AlertRaised],
    measures: RunMeasures,
    started_at: Nanos,
    *,
    faults: bool = True,
    acting: str = RISK,
) -> Verdict:
    """The verdict of a run; of a clean twin (not ``faults``) nothing is expected of faults, and the rest still counts."""
    verdict = judge(scenario.expectations if faults else (), scenario.clean_periods, report, alerts, started_at, acting)
    checks = tuple(_Judge(scenario, report, measures, started_at, faults, acting).results())
    if not checks:
        return verdict
    judgement = verdict.judgement
    judgements = [check.judgement for check in checks]
    if Judgement.FAILS in judgements:
        judgement = Judgement.FAILS
    elif judgement is Judgement.HOLDS and Judgement.NOT_SCORED in judgements:
        judgement = Judgement.NOT_SCORED
    return msgspec.structs.replace(verdict, judgement=judgement, checks=checks)


class _Judge:
    def __init__(
        self,
        scenario: Scenario,
        report: AuditReport | None,
        measures: RunMeasures,
        started_at: Nanos,
        faults: bool,
        acting: str,
    ) -> None:
        self._scenario = scenario
        self._report = report
        self._measures = measures
        self._started_at = started_at
        self._faults = faults
        self._acting = acting

    def results(self) -> Iterator[CheckResult]:
        """Every criterion, in the order of the scenario: steady state before and after, success, rollback."""
        checks = self._scenario.checks
        steady = checks.steady_state
        if steady is not None:
            for name, window in (("before", steady.before), ("after", steady.after)):
                for criterion in steady.criteria:
                    yield self._of_window(f"steady state {name}", criterion, window.from_ns, window.until_ns)
        for criterion in checks.success:
            if criterion.measure in OF_FAULTS and not self._faults:
                continue
            if criterion.measure in OF_AUDIT:
                yield self._of_audit(criterion)
            else:
                yield self._of_window("success", criterion, 0, self._scenario.duration_ns)
        if checks.rollback_within_ns is not None and self._faults:
            for plan in self._scenario.faults:
                yield self._rolled_back(plan.lowest.id, checks.rollback_within_ns)

    def _of_window(self, part: str, criterion: Criterion, from_ns: Nanos, until_ns: Nanos) -> CheckResult:
        value = self._measures.value(criterion, self._started_at + from_ns, self._started_at + until_ns)
        found = _found(criterion, value)
        return CheckResult(part, required(criterion), found[0], f"{found[1]} from {spoken(from_ns)} until {spoken(until_ns)}")

    def _of_audit(self, criterion: Criterion) -> CheckResult:
        if self._report is None:
            return CheckResult("success", required(criterion), Judgement.NOT_SCORED, "audit was removed")
        judgement, evidence = _found(criterion, self._audited(criterion, self._report))
        return CheckResult("success", required(criterion), judgement, evidence)

    def _audited(self, criterion: Criterion, report: AuditReport) -> int | None:
        found = next((one for one in report.monitors if one.monitor == self._acting), None)
        if found is None:
            found = MonitorFindings(RISK, report.detections, report.alerts, report.chains)
        if criterion.measure is Measure.FALSE_ALERTS:
            return sum(1 for alert in found.alerts if alert.verdict is AlertVerdict.FALSE)
        if criterion.measure is Measure.RECALL:
            wanted = [one for one in found.detections if one.expected_alert is not None and one.detectable]
            noticed = sum(1 for one in wanted if one.outcome is DetectionOutcome.DETECTED)
            return noticed * PARTS_PER_MILLION // len(wanted) if wanted else None
        if criterion.measure is Measure.TIME_TO_DETECT:
            return next((one.time_to_detect_ns for one in found.detections if one.fault_id == criterion.fault), None)
        impact = next((one for one in report.impacts if one.fault_id == criterion.fault), None)
        if impact is None:
            return None
        return impact.recovery_ns if criterion.measure is Measure.RECOVERY_TIME else impact.availability_ppm

    def _rolled_back(self, fault_id: str, within_ns: Nanos) -> CheckResult:
        wanted = f"{fault_id} is over within {spoken(within_ns)} of its planned end"
        fault = self._measures.injected.get(fault_id)
        if fault is None:
            return CheckResult("rollback", wanted, Judgement.FAILS, "it was never injected")
        if not fault.took_effect:
            return CheckResult(
                "rollback", wanted, Judgement.FAILS, "it never took effect, so that there was nothing to roll back"
            )
        planned = spoken(fault.planned_until - self._started_at)
        if fault.ended_at is None:
            evidence = f"it was not over when the run ended; planned for {planned}"
            return CheckResult("rollback", wanted, Judgement.FAILS, evidence)
        holds = fault.ended_at <= fault.planned_until + within_ns
        evidence = f"over at {spoken(fault.ended_at - self._started_at)}, planned for {planned}"
        return CheckResult("rollback", wanted, Judgement.HOLDS if holds else Judgement.FAILS, evidence)


def _found(criterion: Criterion, value: int | None) -> tuple[Judgement, str]:
    if value is None:
        return Judgement.FAILS, "there was nothing to measure"
    low = criterion.at_least is None or value >= criterion.at_least
    high = criterion.at_most is None or value <= criterion.at_most
    return Judgement.HOLDS if low and high else Judgement.FAILS, _shown(criterion.measure, value)


def required(criterion: Criterion) -> str:
    """A criterion in words: ``spread of exchange-alpha:BTC/USD at most 0.2 %``."""
    words = [criterion.measure.value.replace("_", " ")]
    if criterion.subject:
        words.append(f"of {criterion.subject}")
    bounds = [
        f"{told} {_shown(criterion.measure, bound)}"
        for told, bound in (("at least", criterion.at_least), ("at most", criterion.at_most))
        if bound is not None
    ]
    return " ".join((*words, " and ".join(bounds)))


def _shown(measure: Measure, value: int) -> str:
    unit = UNITS[measure]
    if unit is Unit.DURATION:
        return spoken(value)
    if unit is Unit.COUNT:
        return f"{value:,}"
    if unit is Unit.USD:
        cents, sign = abs(value) * 100 // MINOR_UNITS_PER_WHOLE, "-" if value < 0 else ""
        return f"{sign}{cents // 100:,}.{cents % 100:02} USD"
    return percent(value)
