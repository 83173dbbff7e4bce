"""The verdict as a person reads it on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trading_ecosystem.domains.test_coordination.judge import Judgement
from trading_ecosystem.messages.audit import AlertVerdict, DetectionOutcome
from trading_ecosystem.messages.units import HOUR
from trading_ecosystem.reports.comparison import usd_text
from trading_ecosystem.reports.monitor_rows import monitor_rows
from trading_ecosystem.reports.run_result import RunResult
from trading_ecosystem.reports.wording import clock_text, duration_text, measure_text, words

_STYLES = {Judgement.HOLDS: "bold green", Judgement.FAILS: "bold red", Judgement.NOT_SCORED: "bold yellow"}
_OUTCOME_STYLES = {
    DetectionOutcome.DETECTED: "green",
    DetectionOutcome.DETECTED_LATE: "red",
    DetectionOutcome.MISSED: "red",
    DetectionOutcome.OUT_OF_MANDATE: "dim",
}


def verdict_text(result: RunResult, command: str = "trading-ecosystem") -> RenderableType:
    """Headline, detections, expectations and the facts that identify the run; ``command`` is how to call the program."""
    judgement = result.verdict.judgement
    headline = Text.assemble((f"VERDICT {judgement.value.upper()}", _STYLES[judgement]), f"  {result.scenario.title}\n")
    parts: list[RenderableType] = [headline]
    if result.scored is not None and result.scored.detections:
        parts += [_detections(result), *_measures(result), Text()]
    if result.without_effect:
        parts += [*(Text(f" {fault} never took effect, and is not scored") for fault in result.without_effect), Text()]
    parts += [_expectations(result), Text()]
    if result.verdict.monitors:
        parts += [_monitors(result), Text()]
    parts.append(_facts(result, command))
    return Group(*parts)


def _detections(result: RunResult) -> Table:
    assert result.scored is not None
    start = result.scenario.starts_at
    table = _table("What was injected, and was it noticed?")
    for heading in ("fault", "onset", "detectable", "alert", "to detect", "SLA", "outcome"):
        table.add_column(heading, no_wrap=heading != "fault")
    for score in result.scored.detections:
        outcome = words(score.outcome.value)
        table.add_row(
            score.fault_id,
            clock_text(score.onset_at, start),
            clock_text(score.detectable_at, start),
            clock_text(score.alert_at, start),
            duration_text(score.time_to_detect_ns),
            duration_text(score.sla_ns),
            Text(outcome, style=_OUTCOME_STYLES[score.outcome]),
        )
    return table


def _measures(result: RunResult) -> list[RenderableType]:
    """One line per fault: what should fire, from where on, and how far the fault went."""
    assert result.scored is not None
    lines: list[RenderableType] = []
    for score in result.scored.detections:
        if score.expected_alert is not None:
            threshold, peak = (measure_text(score.expected_alert, value) for value in (score.threshold, score.peak))
            alert = words(score.expected_alert.value)
            lines.append(Text(f" {score.fault_id} should raise {alert} from {threshold} on; it reached {peak}", style="dim"))
    return lines


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)


def titled_table(title: str, headings: Sequence[str]) -> Table:
    """An empty table in the style of the verdict's."""
    table = _table(title)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _expectations(result: RunResult) -> Table:
    start = result.scenario.starts_at
    table = _table("What the scenario expects")
    for heading in ("expectation", "found", "verdict"):
        table.add_column(heading, overflow="fold")
    for one in result.verdict.expectations:
        text = f"{one.fault} is missed" if one.alert is None else f"{one.fault} noticed within {duration_text(one.within_ns)}"
        table.add_row(text, one.evidence, Text(one.judgement.value, style=_STYLES[one.judgement]))
    for period in result.verdict.clean_periods:
        text = f"no alert from {clock_text(period.from_at, start)} to {clock_text(period.until_at, start)}"
        table.add_row(text, period.evidence, Text(period.judgement.value, style=_STYLES[period.judgement]))
    for check in result.verdict.checks:
        table.add_row(
            f"{check.part}: {check.criterion}", check.evidence, Text(check.judgement.value, style=_STYLES[check.judgement])
        )
    for line in result.verdict.unexpected:
        table.add_row("nothing unexpected", line, Text(Judgement.FAILS.value, style=_STYLES[Judgement.FAILS]))
    return table


def _monitors(result: RunResult) -> Table:
    table = _table(f"Monitors beside {result.header.acting}, whose verdict this is")
    for heading in ("monitor", "faults noticed", "alerts", "false", "expectations", "verdict"):
        table.add_column(heading, no_wrap=True)
    for row in monitor_rows(result):
        verdict = Text(row.judgement.value, style=_STYLES[row.judgement])
        table.add_row(row.monitor, row.noticed, str(row.alerts), str(row.false), row.expectations, verdict)
    return table


def _evidence(result: RunResult, command: str) -> tuple[str, str]:
    """How somebody else verifies the run, and what key signed it."""
    evidence = result.evidence
    assert evidence is not None, "every run directory is signed"
    made = f" (the key was made for it: keep {evidence.key} secret)" if evidence.key_made else ""
    return "verify it", f"{command} audit verify {result.folder} --key {evidence.key}.pub{made}"


def _facts(result: RunResult, command: str) -> Table:
    audit = result.scored
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    if audit is None:
        grid.add_row("alerts", "not scored (audit was removed)")
    else:
        false = sum(1 for alert in audit.alerts if alert.verdict is AlertVerdict.FALSE)
        unattributed = sum(1 for alert in audit.alerts if alert.verdict is AlertVerdict.UNATTRIBUTED)
        grid.add_row("alerts", f"{len(audit.alerts)} raised, {false} false, {unattributed} without a fault")
        broken = len(audit.conservation)
        grid.add_row("conservation", "held after every message" if not broken else f"BROKEN {broken} times")
    if result.impact is not None:
        lines = [f"{one.name} {usd_text(one.impact)} USD" for one in result.impact.amounts]
        lines.append(
            f"{len(result.impact.fault_alerts)} alerts that the clean twin has not, {len(result.impact.twin_alerts)} less"
        )
        if not result.impact.agrees_until_onset:
            lines.append("the clean twin DIFFERS before the first onset")
        grid.add_row("impact", "\n".join(lines))
    hours = result.simulated_ns / HOUR
    speed = hours / result.wall_seconds
    grid.add_row("simulated", f"{duration_text(result.simulated_ns)} in {result.wall_seconds:.1f} s ({speed:,.1f} h per s)")
    grid.add_row("record", f"{result.entry_count:,} entries, {result.deliveries:,} messages handled")
    grid.add_row("seed", f"{result.header.seed}")
    grid.add_row("digest", result.journal_digest)
    if result.folder is not None:
        grid.add_row("report", f"{result.folder}/report.html")
        grid.add_row("check it", f"{command} replay {result.folder}")
        grid.add_row(*_evidence(result, command))
    return grid
