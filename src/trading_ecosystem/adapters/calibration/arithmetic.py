"""The little arithmetic that the estimators share: quantile tables, least squares, moments."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trading_ecosystem.messages.units import PARTS_PER_MILLION


def quantile_table(values: Sequence[float], length: int) -> tuple[int, ...]:
    """Values at equally spaced probabilities from 0 to 1, rounded, each at least 1; empty where there are no values.

    The ends are the mean of the lowest and highest half step, so that no single observation is in the table.
    """
    ordered = sorted(values)
    count = len(ordered)
    if not count:
        return ()
    table: list[int] = []
    for step in range(length):
        low = max(0, math.floor((step - 0.5) / (length - 1) * count))
        high = min(count, math.ceil((step + 0.5) / (length - 1) * count))
        part = ordered[low:high] or ordered[-1:]
        # The logarithm is linear between the entries, so the mean of logarithms is what an entry stands for.
        mean = math.exp(mean_of([math.log(max(value, 1e-3)) for value in part]))
        table.append(max(1, round(mean), table[-1] if table else 1))
    return tuple(table)


def mean_of(values: Sequence[float]) -> float:
    """The mean, 0 where there are none."""
    return math.fsum(values) / len(values) if values else 0.0


def variance_of(values: Sequence[float]) -> float:
    """The variance, 0 where there are none."""
    mean = mean_of(values)
    return mean_of([(value - mean) ** 2 for value in values])


def least_squares(rows: Sequence[Sequence[float]], targets: Sequence[float]) -> list[float]:
    """Non-negative coefficients with the smallest squared error: columns that come out negative are left out, worst first."""
    width = len(rows[0])
    products = [[math.fsum(row[i] * row[j] for row in rows) for j in range(width)] for i in range(width)]
    against = [math.fsum(row[i] * target for row, target in zip(rows, targets, strict=True)) for i in range(width)]
    kept = list(range(width))
    while kept:
        found = solved([[products[i][j] for j in kept] for i in kept], [against[i] for i in kept])
        worst = min(range(len(kept)), key=lambda place: found[place])
        if found[worst] >= 0:
            by_column = dict(zip(kept, found, strict=True))
            return [by_column.get(column, 0.0) for column in range(width)]
        del kept[worst]
    return [0.0] * width


def solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gaussian elimination with the largest pivot; a column without one gets 0."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        if abs(rows[column][column]) < 1e-12:
            rows[column] = [0.0] * (size + 1)
            rows[column][column] = 1.0
        for row in range(size):
            if row != column:
                factor = rows[row][column] / rows[column][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [rows[row][size] / rows[row][row] for row in range(size)]


def in_ppm(share: float) -> int:
    """A ratio in parts per million, rounded."""
    return round(share * PARTS_PER_MILLION)
