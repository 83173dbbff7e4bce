"""The figures of a backtest as people read them, in one order for terminal and page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, PARTS_PER_MILLION
from trading_ecosystem.reports.backtest.performance import Performance
from trading_ecosystem.reports.wording import duration_text


def dollars(minor: int) -> str:
    """USD with cents."""
    return f"{minor / MINOR_UNITS_PER_WHOLE:,.2f} USD"


def percent(share: float) -> str:
    """A fraction in per cent."""
    return f"{share * 100:,.2f} %" if abs(share) < 1_000 else f"{share:.3g} times"


def ratio(value: float) -> str:
    """A plain ratio."""
    return f"{value:,.3f}" if abs(value) < 1_000_000 else f"{value:.3g}"


def _basis_points(ppm: int) -> str:
    return f"{ppm * 10_000 / PARTS_PER_MILLION:,.2f} bp"


FIGURES: Final[tuple[tuple[str, str, Callable[[Any], str]], ...]] = (
    ("net_minor", "net profit or loss", dollars),
    ("fees_minor", "fees in it", dollars),
    ("total_return", "return", percent),
    ("annual_return", "annual return", percent),
    ("annual_volatility", "annual volatility", percent),
    ("sharpe_ratio", "Sharpe ratio", ratio),
    ("sortino_ratio", "Sortino ratio", ratio),
    ("calmar_ratio", "Calmar ratio", ratio),
    ("omega_ratio", "Omega ratio", ratio),
    ("max_drawdown", "deepest drawdown", percent),
    ("longest_drawdown_ns", "longest drawdown", duration_text),
    ("round_trips", "round trips", str),
    ("win_rate", "win rate", percent),
    ("profit_factor", "profit factor", ratio),
    ("payoff_ratio", "mean gain over mean loss", ratio),
    ("turnover", "turnover, times equity", ratio),
    ("mean_exposure", "mean exposure", percent),
    ("time_in_market", "time in the market", percent),
    ("orders", "orders", str),
    ("fills", "fills", str),
    ("fill_ratio", "share of lots filled", percent),
    ("slippage_minor", "slippage against arrival", dollars),
    ("slippage_ppm", "slippage over notional", _basis_points),
    ("shortfall_minor", "implementation shortfall", dollars),
    ("opportunity_minor", "of it for what was not filled", dollars),
)
"""Field, what it is called, and how it is written."""


def figure_rows(performance: Performance) -> list[tuple[str, str]]:
    """Every figure with its name; what cannot be told is a dash."""
    found = []
    for field, name, text in FIGURES:
        value = getattr(performance, field)
        found.append((name, "–" if value is None else text(value)))
    return found
