"""A backtest on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from trading_ecosystem.reports.backtest.damage import Damage
from trading_ecosystem.reports.backtest.figures import dollars, figure_rows, percent, ratio
from trading_ecosystem.reports.backtest.performance import Performance, Unseen
from trading_ecosystem.reports.backtest.tearsheet import TriedRow
from trading_ecosystem.reports.wording import duration_text

_MOST_ROWS = 20


def summary_text(
    performance: Performance,
    damages: Sequence[Damage],
    sweep: Sequence[TriedRow],
    folds: Sequence[TriedRow],
    halted: str,
    unseen: Unseen | None = None,
) -> RenderableType:
    """Figures, then what faults did, then what else was tried."""
    parts: list[RenderableType] = []
    if sweep:
        parts.append(_tried("sweep", sweep))
    if folds:
        parts.append(_tried("walk-forward, each part with what was best in the one before", folds))
    if unseen is not None:
        sharpe = "–" if unseen.sharpe_ratio is None else ratio(unseen.sharpe_ratio)
        whole = f"return {percent(unseen.total_return)}, Sharpe {sharpe}, deepest drawdown {percent(unseen.max_drawdown)}"
        parts.append(f"walk-forward as a whole, on data not seen before: {whole}")
    figures = Table(box=None, show_header=False, pad_edge=False)
    for name, value in figure_rows(performance):
        figures.add_row(name, value)
    parts.append(figures)
    if damages:
        parts.append(_damages(damages))
    if halted:
        parts.append(f"the strategy failed and was halted: {halted}")
    return Group(*parts)


def _tried(title: str, rows: Sequence[TriedRow]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("settings", "net", "return", "Sharpe", "deepest drawdown"):
        table.add_column(name)
    ranked = sorted(rows, key=lambda row: not row.is_best) if len(rows) > _MOST_ROWS else rows
    for row in ranked[:_MOST_ROWS]:
        figures = row.performance
        sharpe = "–" if figures.sharpe_ratio is None else ratio(figures.sharpe_ratio)
        name = f"{row.name} (best)" if row.is_best else row.name
        table.add_row(name, dollars(figures.net_minor), percent(figures.total_return), sharpe, percent(figures.max_drawdown))
    if len(rows) > _MOST_ROWS:
        table.add_row(f"and {len(rows) - _MOST_ROWS} more in the tearsheet")
    return table


def _damages(damages: Sequence[Damage]) -> Table:
    table = Table(title="damage against the clean twin", title_justify="left", box=None, pad_edge=False)
    for name in ("fault", "damage", "at worst", "positions as without it", "equity regained"):
        table.add_column(name)
    for one in damages:
        aligned = "never" if one.realigned_after_ns is None else f"{duration_text(one.realigned_after_ns)} after its end"
        regained = "never" if one.regained_after_ns is None else f"{duration_text(one.regained_after_ns)} after its onset"
        table.add_row(one.fault, dollars(one.damage_minor), dollars(one.worst_minor), aligned, regained)
    return table
