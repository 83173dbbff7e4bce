"""How the monitors beside the acting one fared with the same faults, a row each."""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.test_coordination.judge import Judgement, every_monitor
from trading_ecosystem.messages.audit import AlertVerdict, DetectionOutcome
from trading_ecosystem.reports.run_result import RunResult


class MonitorRow(msgspec.Struct, frozen=True):
    """One monitor; what is counted and of how many."""

    monitor: str
    noticed: str
    alerts: int
    false: int
    expectations: str
    judgement: Judgement


def monitor_rows(result: RunResult) -> list[MonitorRow]:
    """A row for every monitor but the acting one; none where nothing was scored."""
    if result.audit is None:
        return []
    found = {one.monitor: one for one in every_monitor(result.audit)}
    rows = []
    for verdict in result.verdict.monitors:
        of = found[verdict.monitor]
        wanted = [score for score in of.detections if score.outcome is not DetectionOutcome.OUT_OF_MANDATE]
        noticed = sum(1 for score in wanted if score.outcome is DetectionOutcome.DETECTED)
        held = sum(1 for one in verdict.expectations if one.judgement is Judgement.HOLDS)
        rows.append(
            MonitorRow(
                monitor=verdict.monitor,
                noticed=f"{noticed} of {len(wanted)} in time",
                alerts=len(of.alerts),
                false=sum(1 for alert in of.alerts if alert.verdict is AlertVerdict.FALSE),
                expectations=f"{held} of {len(verdict.expectations)} hold",
                judgement=verdict.judgement,
            )
        )
    return rows
