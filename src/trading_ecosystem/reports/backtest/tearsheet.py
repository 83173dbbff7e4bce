"""``tearsheet.html``: one self-contained page on one backtest. No script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec
from jinja2 import Template
from markupsafe import Markup

from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, MinorUnits, Nanos
from trading_ecosystem.reports import wording
from trading_ecosystem.reports.backtest import return_measures as measures
from trading_ecosystem.reports.backtest.damage import Damage
from trading_ecosystem.reports.backtest.figures import dollars, figure_rows, percent, ratio
from trading_ecosystem.reports.backtest.observed import Observed
from trading_ecosystem.reports.backtest.performance import Performance, Unseen, returns_of
from trading_ecosystem.reports.charts import Line, Window, line_chart
from trading_ecosystem.reports.page_templates import page_template

_MOST_POINTS = 1_500
"""Points of a line that are drawn; of longer ones every so many."""
_LONGEST_LIST = 40
"""Rows of a list that are shown; the page says how many it leaves out."""


class Tested(msgspec.Struct, frozen=True):
    """What the page says of the backtest itself."""

    strategy: str
    settings: dict[str, str]
    assumed: tuple[tuple[str, str], ...]
    """What the venue was taken to be: fees, latency, queue."""
    read: tuple[str, ...]
    start: Nanos
    end: Nanos
    capital_minor: MinorUnits
    digest: str


class TriedRow(msgspec.Struct, frozen=True):
    """One combination of a sweep, or one step of walk-forward, as a row."""

    name: str
    performance: Performance
    is_best: bool = False


def render_tearsheet(
    tested: Tested,
    observed: Observed,
    performance: Performance,
    damages: Sequence[Damage] = (),
    sweep: Sequence[TriedRow] = (),
    folds: Sequence[TriedRow] = (),
    unseen: Unseen | None = None,
) -> str:
    """The page."""
    returns = returns_of(observed, tested.capital_minor)
    return _template().render(
        tested=tested,
        performance=performance,
        figures=figure_rows(performance),
        charts=_charts(tested, observed, returns, damages),
        damages=damages,
        sweep=sweep,
        folds=folds,
        unseen=unseen,
        trips=observed.trips[:_LONGEST_LIST],
        trips_left=max(0, len(observed.trips) - _LONGEST_LIST),
        drawdowns=_deepest(tested, observed, returns),
        counts=sorted(observed.counts.items()),
        withheld=sorted(observed.withheld.items()),
        halted=observed.halted,
        clock=lambda at: wording.clock_text(at, tested.start),
    )


def _charts(tested: Tested, observed: Observed, returns: list[float], damages: Sequence[Damage]) -> list[tuple[str, Markup]]:
    duration = tested.end - tested.start
    # Behind those of single faults stands what all did together.
    single = damages[:-1] if len(damages) > 1 else damages
    windows = [Window(one.fault, one.onset_at - tested.start, one.ended_at - tested.start) for one in single]
    at = [sample.at - tested.start for sample in observed.samples]
    equity = [(tested.capital_minor + sample.net_minor) / MINOR_UNITS_PER_WHOLE for sample in observed.samples]
    lines = [
        ("Equity, USD", equity),
        ("Drawdown, per cent", [100.0 * one for one in measures.drawdowns_of(returns)]),
        ("Worth of the positions, USD", [sample.gross_minor / MINOR_UNITS_PER_WHOLE for sample in observed.samples]),
        ("Return from mark to mark, per cent", [100.0 * one for one in returns]),
    ]
    return [
        (name, Markup(line_chart([_line(name, at, values)], duration=duration, windows=windows, label=name)))
        for name, values in lines
    ]


def _line(name: str, at: Sequence[Nanos], values: Sequence[float]) -> Line:
    stride = -(-len(at) // _MOST_POINTS) or 1
    points = list(zip(at, values, strict=True))
    kept = points[::stride]
    if points and kept[-1] != points[-1]:
        kept.append(points[-1])
    return Line(name, kept)


def _deepest(tested: Tested, observed: Observed, returns: list[float]) -> list[tuple[str, str, str, str]]:
    """The five deepest drawdowns: depth, high, low, recovery."""

    def text(number: int | None) -> str:
        if number is None:
            return "not recovered"
        return wording.clock_text(tested.start if number < 0 else observed.samples[number].at, tested.start)

    deepest = sorted(measures.drawdown_periods(returns), key=lambda one: one.depth)[:5]
    return [(percent(one.depth), text(one.peak), text(one.valley), text(one.recovered)) for one in deepest]


@cache
def _template() -> Template:
    return page_template(
        "backtest/tearsheet.html",
        dollars=dollars,
        percent=lambda value: "–" if value is None else percent(value),
        ratio=lambda value: "–" if value is None else ratio(value),
        duration=wording.duration_text,
        date=wording.date_text,
    )
