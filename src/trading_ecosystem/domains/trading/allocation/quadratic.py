"""A small convex problem, solved exactly: the most of ``c'w - w'Qw/2`` with no weight below 0 and their sum within a budget.

Weights at least 0 are found by the active-set method of C. Lawson and R. Hanson, *Solving Least Squares Problems* (1974),
chapter 23, on the normal equations. The price of the budget is found by bisection: the sum of the weights falls as it rises.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.trading.allocation.covariance import Matrix, Vector, added, dot

_ROUND_OFF: Final = 1e-12
_HALVINGS: Final = 200
"""More than a float has bits between any two of them that matter here."""


def solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> Vector:
    """The solution of a symmetric positive definite system, by Cholesky's factors; raises ``ValueError`` for another matrix."""
    size = len(right)
    factor = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - dot(factor[i][:j], factor[j][:j])
            if i != j:
                factor[i][j] = rest / factor[j][j]
            elif rest > 0.0:
                factor[i][i] = math.sqrt(rest)
            else:
                raise ValueError("the covariance is singular: give more returns, or shrink it")
    forward: list[float] = []
    for i in range(size):
        forward.append((right[i] - dot(factor[i][:i], forward)) / factor[i][i])
    solution = [0.0] * size
    for i in reversed(range(size)):
        below = added(factor[k][i] * solution[k] for k in range(i + 1, size))
        solution[i] = (forward[i] - below) / factor[i][i]
    return tuple(solution)


def most_within_budget(matrix: Matrix, gains: Sequence[float], budget: float) -> Vector:
    """The weights w at least 0, in sum at most ``budget``, with the most ``gains'w - w'matrix w/2``.

    ``matrix`` is symmetric and positive definite; raises ``ValueError`` where it is not.
    """
    free = _most_at_least_zero(matrix, gains)
    if added(free) <= budget:
        return free
    low, high = 0.0, max(gains)
    for _ in range(_HALVINGS):
        price = (low + high) / 2.0
        if price in (low, high):
            break
        if added(_most_at_least_zero(matrix, [gain - price for gain in gains])) > budget:
            low = price
        else:
            high = price
    return _most_at_least_zero(matrix, [gain - high for gain in gains])


def _most_at_least_zero(matrix: Matrix, gains: Sequence[float]) -> Vector:
    size = len(gains)
    tolerance = _ROUND_OFF * max(1e-300, *(abs(gain) for gain in gains))
    found = [0.0] * size
    positive: list[int] = []
    for _ in range(10 * size + 10):
        slopes = [gains[i] - dot(matrix[i], found) for i in range(size)]
        outside = [i for i in range(size) if i not in positive and slopes[i] > tolerance]
        if not outside:
            break
        positive = sorted([*positive, max(outside, key=slopes.__getitem__)])
        positive = _settle(matrix, gains, found, positive)
    return tuple(found)


def _settle(matrix: Matrix, gains: Sequence[float], found: list[float], positive: list[int]) -> list[int]:
    """Move ``found`` to the best point with these weights above 0, dropping each that would fall below; those that are left."""
    while positive:
        best = solve([[matrix[i][j] for j in positive] for i in positive], [gains[i] for i in positive])
        falling = [(found[i] / (found[i] - to), i) for i, to in zip(positive, best, strict=True) if to <= 0.0]
        if not falling:
            for i, to in zip(positive, best, strict=True):
                found[i] = to
            return positive
        step, first = min(falling) if all(found[i] > 0.0 for _, i in falling) else (0.0, falling[0][1])
        for i, to in zip(positive, best, strict=True):
            found[i] += step * (to - found[i])
        dropped = [i for i in positive if i == first or found[i] < 0.0]
        for i in dropped:
            found[i] = 0.0
        positive = [i for i in positive if i not in dropped]
    return positive
