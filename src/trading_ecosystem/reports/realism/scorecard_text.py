"""The scorecard on a terminal, and as a document of plain values."""

from __future__ import annotations

import math
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trading_ecosystem.reports.realism.scorecard import Measured, Row, Scorecard
from trading_ecosystem.reports.realism.table import STATISTICS

BOUND: Final = 3.0
"""Times the noise within which a statistic counts as near."""
_NOTE: Final = (
    "distance: mean absolute difference between the generated market and the second half of the real one; halves: the same "
    "between the two halves; score: resampled distance over resampled distance of the halves (the noise), with the range that "
    "holds 95 % of it; 1 is as near as the first half itself. nearer: than the baseline, and in how many of the resamples."
)


def scorecard_text(card: Scorecard, width: int = 120) -> RenderableType:
    """Headline, the table, and what its columns mean; a narrow terminal is spared four columns."""
    count = len(card.scored())
    headline = Text.assemble(
        (f"{card.within(BOUND)} of {count}", "bold"),
        f" statistics within {BOUND:g} x the noise, ",
        (f"{card.nearer()} of {count}", "bold"),
        f" nearer than {card.baseline}\n",
    )
    about = Text(f"{card.generated} against {card.real}, {card.resamples} resamples", style="dim")
    return Group(headline, about, _table(card, is_wide=width >= 108), Text(_NOTE, style="dim"))


def _table(card: Scorecard, *, is_wide: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("statistic", no_wrap=True)
    for heading in (*(("real", "generated", "distance", "halves") if is_wide else ()), "score", "95 %", "baseline", "nearer"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in card.rows:
        is_scored = row.statistic.scored
        style = ("green" if row.score <= BOUND else "red") if is_scored else "dim"
        low, high = row.score_interval
        wide = (_middle(row.real), _middle(row.generated), row.distance, row.halves) if is_wide else ()
        table.add_row(
            Text(row.statistic.title, style="" if is_scored else "dim"),
            *(number(value) for value in wide),
            Text(f"{row.score:.2f}", style=style),
            f"{low:.2f} to {high:.2f}",
            f"{row.baseline_score:.2f}",
            Text(f"{'yes' if row.is_nearer else 'no'} {100 * row.nearer:3.0f} %", style="" if row.is_nearer else "red"),
            end_section=row is card.scored()[-1],
        )
    return table


def readings_text(measured: Measured) -> RenderableType:
    """What one market measures, without a real one beside it; published values where there are any."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=f"{measured.name}, beside published values", title_justify="left")
    for heading in ("statistic", "on", "values", "published"):
        table.add_column(heading)
    for statistic, values in zip(STATISTICS, measured.values, strict=True):
        published = ", ".join(f"{where}: {value:g}" for where, value in statistic.published)
        grid = statistic.grid
        where = grid[0] if len(grid) == 1 else f"{grid[0]} to {grid[-1]}"
        listed = " ".join(number(value) for value in values)
        table.add_row(f"{statistic.title} ({statistic.unit})", where, listed, published)
    return table


def scorecard_document(card: Scorecard) -> dict[str, Any]:
    """The scorecard as JSON values; what could not be measured is null."""
    return {
        "generated": card.generated,
        "real": card.real,
        "baseline": card.baseline,
        "resamples": card.resamples,
        "scored": len(card.scored()),
        "within_three_times_the_noise": card.within(BOUND),
        "nearer_than_the_baseline": card.nearer(),
        "statistics": [_row_document(row) for row in card.rows],
    }


def readings_document(measured: Measured) -> dict[str, Any]:
    """What one market measures, as JSON values."""
    return {
        "market": measured.name,
        "statistics": [
            {
                "key": statistic.key,
                "unit": statistic.unit,
                "values": dict(zip(statistic.grid, _finite(values), strict=True)),
                "published": dict(statistic.published),
            }
            for statistic, values in zip(STATISTICS, measured.values, strict=True)
        ],
    }


def _row_document(row: Row) -> dict[str, Any]:
    statistic = row.statistic
    return {
        "key": statistic.key,
        "title": statistic.title,
        "unit": statistic.unit,
        "definition": statistic.definition,
        "source": statistic.source,
        "scored": statistic.scored,
        "grid": list(statistic.grid),
        "real": _finite(row.real),
        "real_interval": [_finite(bounds) for bounds in row.real_interval],
        "first_half": _finite(row.first_half),
        "generated": _finite(row.generated),
        "baseline": _finite(row.baseline),
        "distance": _finite((row.distance,))[0],
        "distance_interval": _finite(row.distance_interval),
        "halves": _finite((row.halves,))[0],
        "noise": _finite((row.noise,))[0],
        "score": _finite((row.score,))[0],
        "score_interval": _finite(row.score_interval),
        "baseline_distance": _finite((row.baseline_distance,))[0],
        "baseline_score": _finite((row.baseline_score,))[0],
        "is_nearer": row.is_nearer,
        "nearer_share": row.nearer,
        "published": dict(statistic.published),
    }


def _finite(values: list[float] | tuple[float, ...]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values]


def _middle(values: list[float]) -> float:
    """One number that stands for a curve in the table: the middle of its grid."""
    return values[(len(values) - 1) // 2]


def number(value: float) -> str:
    """A number in three digits."""
    if not math.isfinite(value):
        return "-"
    return f"{value:.3g}" if 0.001 <= abs(value) < 10_000 or value == 0 else f"{value:.1e}"
