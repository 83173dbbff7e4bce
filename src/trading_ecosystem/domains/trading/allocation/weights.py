"""Rules that divide capital among instruments, each as it was published.

A weight is a share of the capital, at least 0; what they leave of the budget is cash. Who is to be short is turned around
before and after (:func:`turned`), so that every rule here knows long positions alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.trading.allocation.covariance import Matrix, Vector, added, dot
from trading_ecosystem.domains.trading.allocation.quadratic import most_within_budget

_SWEEPS: Final = 10_000
_CONVERGED: Final = 1e-14


def equal_weights(count: int) -> Vector:
    """1/N to each: V. DeMiguel, L. Garlappi and R. Uppal (2009), *Review of Financial Studies* 22(5)."""
    return (1.0 / count,) * count if count else ()


def inverse_volatility_weights(covariance: Matrix) -> Vector:
    """In proportion to one over the standard deviation, as if nothing were correlated; raises ``ValueError`` for one of 0.

    The naive risk parity of E. Qian (2005), "Risk parity portfolios", and of R. Leote de Carvalho et al. (2012).
    """
    return _shares([1.0 / math.sqrt(variance) for variance in _variances(covariance)])


def risk_parity_weights(covariance: Matrix, budgets: Sequence[float] | None = None) -> Vector:
    """Weights whose contributions to the variance, ``w_i (Σw)_i``, stand as ``budgets`` do (all equal if there are none).

    F. Spinu (2013), "An algorithm for computing risk parity weights": the least of ``x'Σx/2 - Σ b_i ln x_i``, scaled to sum 1;
    here coordinate by coordinate as in T. Griveau-Billion, J.-C. Richard and T. Roncalli (2013), where each step solves
    ``σ_ii x² + c x - b_i = 0``. Raises ``ValueError`` for a variance or a budget that is not positive.
    """
    variances = _variances(covariance)
    count = len(variances)
    parts = tuple(budgets) if budgets is not None else (1.0 / count,) * count
    if len(parts) != count or min(parts) <= 0.0:
        raise ValueError("a positive risk budget for each instrument is needed")
    found = [math.sqrt(part / variance) for part, variance in zip(parts, variances, strict=True)]
    for _ in range(_SWEEPS):
        moved = 0.0
        for i, variance in enumerate(variances):
            others = dot(covariance[i], found) - variance * found[i]
            # Of the two ways to write the positive root, the one that takes no difference of nearly equal numbers.
            root = math.sqrt(others * others + 4.0 * variance * parts[i])
            value = 2.0 * parts[i] / (others + root) if others > 0.0 else (root - others) / (2.0 * variance)
            moved = max(moved, abs(value - found[i]) / value)
            found[i] = value
        if moved < _CONVERGED:
            break
    return _shares(found)


def mean_variance_weights(means: Sequence[float], covariance: Matrix, risk_aversion: float, budget: float = 1.0) -> Vector:
    """The most of ``μ'w - λ w'Σw / 2``: H. Markowitz (1952), *Journal of Finance* 7(1), long only, with cash beside.

    ``risk_aversion`` is λ, positive. Raises ``ValueError`` for a covariance that cannot be inverted.
    """
    if risk_aversion <= 0.0:
        raise ValueError("the risk aversion must be positive")
    scaled = tuple(tuple(risk_aversion * value for value in line) for line in covariance)
    return most_within_budget(scaled, means, budget)


def kelly_weights(means: Sequence[float], covariance: Matrix, fraction: float, budget: float = 1.0) -> Vector:
    """A fraction of the weights under which capital grows fastest, ``f Σ⁻¹μ``, long only and within the budget.

    E. Thorp (2006), "The Kelly criterion in blackjack, sports betting, and the stock market", section 7: a fraction f of
    Kelly is mean-variance with a risk aversion of 1/f.
    """
    if not 0.0 < fraction <= 1.0:
        raise ValueError("the Kelly fraction must be above 0 and at most 1")
    return mean_variance_weights(means, covariance, 1.0 / fraction, budget)


def kelly_stake(probability: float, odds: float) -> float:
    """The share of capital to bet on a win of ``odds`` times the stake, ``p - (1 - p) / b``; 0 where the bet is no good.

    J. Kelly (1956), "A new interpretation of information rate", *Bell System Technical Journal* 35(4).
    """
    if not 0.0 <= probability <= 1.0 or odds <= 0.0:
        raise ValueError("a probability from 0 to 1 and positive odds are needed")
    return max(0.0, probability - (1.0 - probability) / odds)


def risk_contributions(weights: Sequence[float], covariance: Matrix) -> Vector:
    """What part of the variance each weight makes, in sum 1; all 0 where there is no variance."""
    made = tuple(weight * dot(line, weights) for weight, line in zip(weights, covariance, strict=True))
    whole = added(made)
    return tuple(part / whole for part in made) if whole > 0.0 else (0.0,) * len(made)


def turned(covariance: Matrix, directions: Sequence[int]) -> Matrix:
    """The covariance of positions in these directions (1 long, -1 short): long in a turned instrument is short in it."""
    return tuple(
        tuple(one * other * value for other, value in zip(directions, line, strict=True))
        for one, line in zip(directions, covariance, strict=True)
    )


def _variances(covariance: Matrix) -> Vector:
    variances = tuple(covariance[i][i] for i in range(len(covariance)))
    if any(variance <= 0.0 for variance in variances):
        raise ValueError("an instrument without any variance cannot be weighed by its risk")
    return variances


def _shares(parts: Sequence[float]) -> Vector:
    whole = added(parts)
    return tuple(part / whole for part in parts)
