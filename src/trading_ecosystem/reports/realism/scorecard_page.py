"""The scorecard as one self-contained page with a plot per statistic. No script, nothing fetched."""

from __future__ import annotations

from functools import cache

from jinja2 import Template
from markupsafe import Markup

from trading_ecosystem.reports.charts import COLOURS
from trading_ecosystem.reports.page_templates import page_template
from trading_ecosystem.reports.realism.curve_chart import Curve, curve_chart
from trading_ecosystem.reports.realism.scorecard import Row, Scorecard
from trading_ecosystem.reports.realism.scorecard_text import BOUND, number
from trading_ecosystem.reports.realism.statistic import logarithm


def render_scorecard(card: Scorecard) -> str:
    """The page."""
    names = ("real, second half", "generated", "real, first half", card.baseline)
    return _template().render(
        card=card,
        bound=BOUND,
        count=len(card.scored()),
        within=card.within(BOUND),
        nearer=card.nearer(),
        key=list(zip(names, COLOURS, strict=False)),
        plots=[(row, _plot(row, names)) for row in card.rows],
    )


def _plot(row: Row, names: tuple[str, ...]) -> Markup:
    curves = [
        Curve(name, values) for name, values in zip(names, (row.real, row.generated, row.first_half, row.baseline), strict=True)
    ]
    statistic = row.statistic
    is_logarithmic = statistic.scale is logarithm
    label = f"{statistic.title}: {', '.join(names)}"
    return Markup(curve_chart(curves, row.real_interval, statistic.grid, is_logarithmic=is_logarithmic, label=label))


@cache
def _template() -> Template:
    return page_template("realism/scorecard.html", number=number, sentence=lambda text: text[:1].upper() + text[1:])
