"""Value at risk of a portfolio: exposures in money against the returns of what is held.

``exposures`` are values of net positions, one per asset, and ``rows`` returns, one row a period with one return per asset in
the same order. What comes out is money, in the unit of the exposures. The horizon is ``periods``: measures of one
period times its square root, which takes returns as independent from one period to the next and is said in the name
(``..., scaled``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from trading_ecosystem.domains.risk.measures.distributions import normal_quantile, normal_shortfall
from trading_ecosystem.domains.risk.measures.value_at_risk import (
    TailMeasure,
    historical_interpolated,
    historical_ordered,
    parametric_normal,
    simulated_tail,
)
from trading_ecosystem.messages.alert_conditions import EWMA_DECAY
from trading_ecosystem.messages.units import PartsPerMillion
from trading_ecosystem.ports.randomness import RandomStream

Matrix = tuple[tuple[float, ...], ...]


def profits(exposures: Sequence[float], rows: Sequence[Sequence[float]]) -> list[float]:
    """What today's exposures would have made in each period."""
    return [dot(exposures, row) for row in rows]


def dot(left: Sequence[float], right: Sequence[float]) -> float:
    """The scalar product, added from left to right."""
    total = 0.0
    for one, other in zip(left, right, strict=True):
        total += one * other
    return total


def covariance(rows: Sequence[Sequence[float]], decay: float | None = None) -> Matrix:
    """The covariance about zero: the mean of the products, or exponentially weighted from zero on with a ``decay``."""
    if not rows:
        raise ValueError("no returns have no covariance")
    size = len(rows[0])
    sums = [[0.0] * size for _ in range(size)]
    kept, taken = (decay, 1.0 - decay) if decay is not None else (1.0, 1.0 / len(rows))
    for row in rows:
        for i in range(size):
            for j in range(size):
                sums[i][j] = kept * sums[i][j] + taken * row[i] * row[j]
    return tuple(tuple(line) for line in sums)


def deviation_of(exposures: Sequence[float], matrix: Matrix) -> float:
    """Standard deviation of the portfolio's profit in one period."""
    return math.sqrt(max(0.0, dot(exposures, [dot(line, exposures) for line in matrix])))


def portfolio_tails(
    exposures: Sequence[float],
    rows: Sequence[Sequence[float]],
    confidence_ppm: PartsPerMillion,
    periods: int,
    stream: RandomStream,
    draws: int = 10_000,
) -> tuple[TailMeasure, ...]:
    """All conventions side by side. ``ValueError`` for fewer than two rows."""
    made = profits(exposures, rows)
    root = math.sqrt(periods)
    weighted = deviation_of(exposures, covariance(rows, EWMA_DECAY)) if rows else 0.0
    measured = (
        historical_interpolated(made, confidence_ppm),
        historical_ordered(made, confidence_ppm),
        parametric_normal(made, confidence_ppm),
        TailMeasure(
            "ewma_normal",
            confidence_ppm,
            normal_quantile(confidence_ppm) * weighted,
            normal_shortfall(confidence_ppm) * weighted,
            len(made),
        ),
        simulated_tail("monte_carlo_normal", _drawn_losses(exposures, covariance(rows), stream), confidence_ppm, draws),
    )
    scaled = "" if periods == 1 else "_scaled"
    return tuple(
        TailMeasure(
            one.convention + scaled, confidence_ppm, one.value_at_risk * root, one.expected_shortfall * root, one.observations
        )
        for one in measured
    )


def _drawn_losses(exposures: Sequence[float], matrix: Matrix, stream: RandomStream) -> Callable[[], float]:
    """Draws losses of the portfolio from joint normal returns with mean zero and this covariance."""
    lower = lower_root(matrix)
    weights = [dot(exposures, [lower[i][j] for i in range(len(lower))]) for j in range(len(lower))]
    return lambda: -dot(weights, [stream.normal() for _ in weights])


def lower_root(matrix: Matrix) -> Matrix:
    """The lower triangular root of a covariance (Cholesky); a direction without variance has none."""
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - dot(lower[i][:j], lower[j][:j])
            if i == j:
                lower[i][j] = math.sqrt(max(0.0, rest))
            elif lower[j][j] > 0.0:
                lower[i][j] = rest / lower[j][j]
    return tuple(tuple(line) for line in lower)
