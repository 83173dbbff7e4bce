"""Measures of a series of returns, in plain Python; every one says its convention.

``returns`` are simple returns of equal periods, as fractions (0.01 is one per cent); ``periods`` is how many of them make a
year. What cannot be computed from so few returns, or would divide by nothing, is ``None``, never a number that looks like one.

Conventions, and where libraries differ (:doc:`docs/backtest.md` has the table): ``sharpe_ratio``, ``sortino_ratio``,
``max_drawdown``, ``annual_return``, ``annual_volatility``, ``calmar_ratio``, ``downside_risk`` and ``omega_ratio`` are those of
empyrical; ``profit_factor``, ``win_rate`` and ``payoff_ratio`` of returns are those of quantstats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec

Returns = Sequence[float]


def total_return(returns: Returns) -> float:
    """The compounded return of the whole series: product of ``1 + r``, less one."""
    return math.prod(1.0 + one for one in returns) - 1.0


def annual_return(returns: Returns, periods: float) -> float | None:
    """The constant yearly return that compounds to the same total (compound annual growth rate); ``None`` without returns.

    Years are counted in periods, not in calendar days. A total loss, or worse, is -1.
    """
    if not returns:
        return None
    ending = 1.0 + total_return(returns)
    return -1.0 if ending <= 0.0 else ending ** (periods / len(returns)) - 1.0


def mean(returns: Returns) -> float:
    """The arithmetic mean."""
    return math.fsum(returns) / len(returns)


def standard_deviation(returns: Returns) -> float | None:
    """The sample standard deviation, with ``n - 1`` below; ``None`` for fewer than two returns."""
    if len(returns) < 2:
        return None
    centre = mean(returns)
    return math.sqrt(math.fsum((one - centre) ** 2 for one in returns) / (len(returns) - 1))


def annual_volatility(returns: Returns, periods: float) -> float | None:
    """The sample standard deviation times the square root of the periods in a year."""
    deviation = standard_deviation(returns)
    return None if deviation is None else deviation * math.sqrt(periods)


def sharpe_ratio(returns: Returns, periods: float, risk_free: float = 0.0) -> float | None:
    """Mean excess return over its sample standard deviation, times the root of the periods in a year (Sharpe 1994).

    ``risk_free`` is per period. ``None`` where nothing varies.
    """
    excess = [one - risk_free for one in returns]
    deviation = standard_deviation(excess)
    return mean(excess) / deviation * math.sqrt(periods) if deviation else None


def downside_risk(returns: Returns, periods: float, required: float = 0.0) -> float | None:
    """The root of the mean square of what lies below ``required``, over *all* returns, annualised (Sortino and Price 1994)."""
    if not returns:
        return None
    below = math.fsum(min(one - required, 0.0) ** 2 for one in returns)
    return math.sqrt(below / len(returns)) * math.sqrt(periods)


def sortino_ratio(returns: Returns, periods: float, required: float = 0.0) -> float | None:
    """The yearly mean excess over ``required`` (per period) divided by the downside risk; ``None`` where nothing lies below."""
    risk = downside_risk(returns, periods, required)
    return mean([one - required for one in returns]) * periods / risk if risk else None


def drawdowns_of(returns: Returns) -> list[float]:
    """For every return, how far the compounded value then lies below its highest so far, the start included; at most 0."""
    value = highest = 1.0
    found = []
    for one in returns:
        value *= 1.0 + one
        highest = max(highest, value)
        found.append(value / highest - 1.0)
    return found


def max_drawdown(returns: Returns) -> float:
    """The deepest drawdown, at most 0; the start counts as a high."""
    return min(drawdowns_of(returns), default=0.0)


def calmar_ratio(returns: Returns, periods: float) -> float | None:
    """The annual return divided by the deepest drawdown (Young 1991, over the whole series); ``None`` without a drawdown."""
    deepest, yearly = max_drawdown(returns), annual_return(returns, periods)
    return None if yearly is None or deepest == 0.0 else yearly / -deepest


def omega_ratio(returns: Returns, required: float = 0.0) -> float | None:
    """What lies above ``required`` over what lies below it (Keating and Shadwick 2002); ``None`` where nothing lies below."""
    above = math.fsum(max(one - required, 0.0) for one in returns)
    below = math.fsum(max(required - one, 0.0) for one in returns)
    return above / below if below else None


def profit_factor(returns: Returns) -> float | None:
    """The sum of gains over the sum of losses, of returns or of amounts; ``None`` without a loss."""
    losses = -math.fsum(one for one in returns if one < 0)
    return math.fsum(one for one in returns if one > 0) / losses if losses else None


def win_rate(returns: Returns) -> float | None:
    """The share of gains among what is not zero; ``None`` where all is zero."""
    counted = [one for one in returns if one]
    return len([one for one in counted if one > 0]) / len(counted) if counted else None


def payoff_ratio(returns: Returns) -> float | None:
    """The mean gain over the mean loss; ``None`` without a gain or without a loss."""
    gains, losses = [one for one in returns if one > 0], [one for one in returns if one < 0]
    return mean(gains) / -mean(losses) if gains and losses else None


class Drawdown(msgspec.Struct, frozen=True):
    """One drawdown: the return's number at whose end stands the high, the low and the recovery; ``depth`` at most 0."""

    peak: int
    """-1 where it is the start."""
    valley: int
    recovered: int | None
    """``None`` while it lasts."""
    depth: float


def drawdown_periods(returns: Returns) -> list[Drawdown]:
    """Every drawdown, in order of time: from a high until the value is back there."""
    return list(_drawdown_periods(drawdowns_of(returns)))


def _drawdown_periods(depths: Sequence[float]) -> Iterator[Drawdown]:
    peak = valley = -1
    for number, depth in enumerate(depths):
        if depth == 0.0:
            if valley >= 0:
                yield Drawdown(peak, valley, number, depths[valley])
            peak, valley = number, -1
        elif valley < 0 or depth < depths[valley]:
            valley = number
    if valley >= 0:
        yield Drawdown(peak, valley, None, depths[valley])
