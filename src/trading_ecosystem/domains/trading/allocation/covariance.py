"""Covariance of returns: the sample's, and the one of Ledoit and Wolf that is shrunk so that it can be inverted safely.

``rows`` are returns, one row a period with one return per instrument in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]


def added(numbers: Iterable[float]) -> float:
    """The sum, added from left to right."""
    total = 0.0
    for number in numbers:
        total += number
    return total


def dot(left: Sequence[float], right: Sequence[float]) -> float:
    """The scalar product, added from left to right."""
    total = 0.0
    for one, other in zip(left, right, strict=True):
        total += one * other
    return total


def average_returns(rows: Sequence[Sequence[float]]) -> Vector:
    """The arithmetic mean of each instrument's returns; raises ``ValueError`` without rows."""
    if not rows:
        raise ValueError("no returns: at least one row is needed")
    return tuple(added(column) / len(rows) for column in zip(*rows, strict=True))


def sample_covariance(rows: Sequence[Sequence[float]]) -> Matrix:
    """The maximum-likelihood covariance (divided by the number of rows) about the mean; raises ``ValueError`` without rows."""
    return _covariance(_centred(rows))


def shrunk_covariance(rows: Sequence[Sequence[float]]) -> tuple[Matrix, float]:
    """The covariance of Ledoit and Wolf, and the share of it that is the target.

    O. Ledoit and M. Wolf (2004), "A well-conditioned estimator for large-dimensional covariance matrices", *Journal of
    Multivariate Analysis* 88(2): the sample covariance S is drawn towards m·I, m the mean variance, by b²/d² with
    d² = ‖S - mI‖² and b² = min(d², Σ‖xx' - S‖² / n²), where ‖A‖² = tr(AA') / p. Raises ``ValueError`` without rows.
    """
    deviations = _centred(rows)
    count, width = len(deviations), len(deviations[0])
    sample = _covariance(deviations)
    mean_variance = added(sample[i][i] for i in range(width)) / width
    target = tuple(tuple(mean_variance if i == j else 0.0 for j in range(width)) for i in range(width))
    distance = _distance(sample, target)
    dispersion = 0.0
    for row in deviations:
        outer = tuple(tuple(one * other for other in row) for one in row)
        dispersion += _distance(outer, sample)
    dispersion = min(distance, dispersion / count**2)
    share = dispersion / distance if distance > 0.0 else 0.0
    shrunk = tuple(tuple((1.0 - share) * sample[i][j] + share * target[i][j] for j in range(width)) for i in range(width))
    return shrunk, share


def _centred(rows: Sequence[Sequence[float]]) -> Matrix:
    means = average_returns(rows)
    return tuple(tuple(one - mean for one, mean in zip(row, means, strict=True)) for row in rows)


def _covariance(deviations: Matrix) -> Matrix:
    columns = tuple(zip(*deviations, strict=True))
    return tuple(tuple(dot(one, other) / len(deviations) for other in columns) for one in columns)


def _distance(left: Matrix, right: Matrix) -> float:
    """The squared Frobenius norm of the difference, divided by the number of rows."""
    total = 0.0
    for line, other_line in zip(left, right, strict=True):
        for one, other in zip(line, other_line, strict=True):
            total += (one - other) ** 2
    return total / len(left)
