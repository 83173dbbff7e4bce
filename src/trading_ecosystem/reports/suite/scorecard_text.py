"""The scorecard for a terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.reports.suite.scorecard import KindScore, Scorecard
from trading_ecosystem.reports.wording import duration_text

COLUMNS = (
    "fault",
    "runs",
    "detected",
    "recall",
    "precision",
    "false/d",
    "unattr/d",
    "p50",
    "p95",
    "onset p50",
    "p95",
    "SLA",
    "attribution",
)
"""Headings of the table of kinds."""


def scorecard_text(card: Scorecard) -> RenderableType:
    """The table of kinds, what stands for all of them, and the goals."""
    table = Table(title="How each kind of fault was noticed", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for heading in COLUMNS:
        table.add_column(heading, no_wrap=heading == "fault", justify="left" if heading == "fault" else "right")
    for row in card.kinds:
        table.add_row(*row_of(row))
    goals = Table(title="Goals", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for heading in ("goal", "aim", "found", ""):
        goals.add_column(heading)
    for goal in card.goals:
        goals.add_row(goal.name, goal.aim, goal.found, Text("reached" if goal.holds else "NOT REACHED"))
    known, tested, detected, always = card.coverage
    facts = [
        f"{card.runs} runs ({card.clean_runs} clean) and {card.twins} twins, {card.simulated_days:.1f} simulated days, "
        f"{card.entries:,} entries",
        f"coverage: {tested} of {known} kinds tested, {detected} detected, {always} always within the SLA where detectable",
        f"clean twins said the same until onset in {card.twins_agree[0]} of {card.twins_agree[1]} runs",
        f"attribution by audit / by the nearest onset: one fault {ratio_text(card.attribution_one)} / "
        f"{ratio_text(card.attribution_one_baseline)}, overlapping {ratio_text(card.attribution_overlapping)} / "
        f"{ratio_text(card.attribution_overlapping_baseline)}",
    ]
    problems = [Text(f"problem: {line}") for line in card.problems]
    verdict = Text(f"SUITE {'HOLDS' if card.holds else 'DOES NOT HOLD'}  {card.suite}", style="bold")
    return Group(verdict, Text(), table, goals, *(Text(line) for line in facts), *problems)


def row_of(row: KindScore) -> tuple[str, ...]:
    """One kind, cell by cell, under :data:`COLUMNS`."""
    detected = f"{row.detected}/{row.detectable}"
    notes = [
        f"{count} {what}"
        for count, what in (
            (row.late, "late"),
            (row.not_shown, "not shown"),
            (row.expected_misses, "expected misses"),
        )
        if count
    ]
    return (
        row.kind,
        str(row.runs),
        f"{detected} ({', '.join(notes)})" if notes else detected,
        ratio_text(row.recall),
        ratio_text(row.precision),
        f"{row.false_a_day:.2f}",
        f"{row.unattributed_a_day:.2f}",
        time_text(row.time_to_detect_p50_ns),
        time_text(row.time_to_detect_p95_ns),
        time_text(row.from_onset_p50_ns),
        time_text(row.from_onset_p95_ns),
        time_text(row.sla_ns or None),
        f"{ratio_text(row.attribution)} ({ratio_text(row.baseline)})",
    )


def ratio_text(ratio: float | None) -> str:
    """A ratio, or a dash where there is none."""
    return "-" if ratio is None else f"{ratio:.3f}"


def time_text(duration_ns: Nanos | None) -> str:
    """A duration, or a dash where there is none."""
    return "-" if duration_ns is None else duration_text(duration_ns)
