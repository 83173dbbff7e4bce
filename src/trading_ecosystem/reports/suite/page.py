"""The scorecard as one self-contained page. No script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Template

from trading_ecosystem.reports.page_templates import page_template
from trading_ecosystem.reports.suite.junit import failures_of
from trading_ecosystem.reports.suite.run_score import RunScore
from trading_ecosystem.reports.suite.scorecard import Scorecard
from trading_ecosystem.reports.suite.scorecard_text import COLUMNS, ratio_text, row_of


def render_page(card: Scorecard, scores: Sequence[RunScore]) -> str:
    """The page."""
    failed = [(score, failures_of(score)) for score in scores if not score.problem]
    return _template().render(
        card=card,
        columns=COLUMNS,
        rows=[row_of(row) for row in card.kinds],
        failed=[(score, lines) for score, lines in failed if lines],
        impacts=sorted(
            ((score.case, score.seed, score.impact_usd_minor) for score in scores if score.impact_usd_minor is not None),
            key=lambda one: one[2],
        ),
        ratio=ratio_text,
    )


@cache
def _template() -> Template:
    return page_template("suite/suite.html", dollars=lambda minor: f"{minor / 10**8:,.0f}")
