"""Rules that divide capital: by hand, against numpy, and by the conditions that only the right answer meets."""

from __future__ import annotations

import itertools
import math
from random import Random

import numpy
import pytest
from tests.campaign import seeds

from trading_ecosystem.domains.trading.allocation.covariance import (
    Matrix,
    added,
    average_returns,
    dot,
    sample_covariance,
    shrunk_covariance,
)
from trading_ecosystem.domains.trading.allocation.quadratic import most_within_budget, solve
from trading_ecosystem.domains.trading.allocation.weights import (
    equal_weights,
    inverse_volatility_weights,
    kelly_stake,
    kelly_weights,
    mean_variance_weights,
    risk_contributions,
    risk_parity_weights,
    turned,
)

TWO: Matrix = ((0.04, 0.006), (0.006, 0.09))
"""Standard deviations of 20 % and 30 %, correlation 0.1."""


def returns(seed: int, rows: int = 60, width: int = 4) -> list[tuple[float, ...]]:
    """Returns that move together, of different size."""
    random = Random(seed)
    made = []
    for _ in range(rows):
        together = random.gauss(0.0, 0.01)
        made.append(tuple(together * random.random() + random.gauss(0.001, 0.005 * (i + 1)) for i in range(width)))
    return made


@pytest.mark.parametrize("seed", seeds(5, 500))
def test_covariances_are_those_of_numpy_and_of_the_paper(seed: int) -> None:
    rows = returns(seed, rows=30 + seed % 40, width=2 + seed % 4)
    array = numpy.array(rows)
    count, width = array.shape
    sample = numpy.cov(array, rowvar=False, bias=True)
    assert numpy.allclose(sample_covariance(rows), sample, rtol=1e-12, atol=0)
    assert average_returns(rows) == pytest.approx(array.mean(axis=0), rel=1e-12)

    # Lemma 3.2 to 3.4 and theorem 3.2 of the paper, written with matrices.
    centred = array - array.mean(axis=0)
    mean = numpy.trace(sample) / width
    distance = numpy.linalg.norm(sample - mean * numpy.eye(width)) ** 2 / width
    dispersion = sum(numpy.linalg.norm(numpy.outer(row, row) - sample) ** 2 / width for row in centred) / count**2
    share = min(dispersion, distance) / distance
    shrunk, found = shrunk_covariance(rows)
    assert found == pytest.approx(share, rel=1e-9)
    assert numpy.allclose(shrunk, share * mean * numpy.eye(width) + (1 - share) * sample, rtol=1e-12, atol=1e-18)


def test_the_shrunk_covariance_is_scikit_learns() -> None:
    covariance = pytest.importorskip("sklearn.covariance")
    for seed in seeds(3, 100):
        rows = returns(seed)
        expected, share = covariance.ledoit_wolf(numpy.array(rows))
        shrunk, found = shrunk_covariance(rows)
        assert found == pytest.approx(share, rel=1e-9)
        assert numpy.allclose(shrunk, expected, rtol=1e-9, atol=1e-15)


def test_a_shrunk_covariance_can_be_inverted_where_the_samples_cannot() -> None:
    rows = returns(1, rows=3, width=4)
    with pytest.raises(ValueError, match="singular"):
        solve(((1.0, 1.0), (1.0, 1.0)), (1.0, 1.0))
    shrunk, share = shrunk_covariance(rows)
    assert 0.0 < share <= 1.0
    solution = solve(shrunk, (1.0, 2.0, 3.0, 4.0))
    assert numpy.allclose(numpy.array(shrunk) @ numpy.array(solution), (1.0, 2.0, 3.0, 4.0))


def test_one_over_n_and_inverse_volatility_by_hand() -> None:
    assert equal_weights(4) == (0.25,) * 4
    assert equal_weights(0) == ()
    # 1/0.2 and 1/0.3 are as 3 to 2.
    assert inverse_volatility_weights(TWO) == pytest.approx((0.6, 0.4), rel=1e-15)
    with pytest.raises(ValueError, match="without any variance"):
        inverse_volatility_weights(((0.0, 0.0), (0.0, 1.0)))


def test_risk_parity_of_two_is_inverse_volatility_whatever_their_correlation() -> None:
    for correlation in (-0.9, 0.0, 0.5, 0.99):
        covariance = ((0.04, 0.06 * correlation), (0.06 * correlation, 0.09))
        assert risk_parity_weights(covariance) == pytest.approx((0.6, 0.4), rel=1e-9)


@pytest.mark.parametrize("seed", seeds(5, 500))
def test_under_risk_parity_everybody_contributes_its_budget(seed: int) -> None:
    covariance, _ = shrunk_covariance(returns(seed))
    weights = risk_parity_weights(covariance)
    assert added(weights) == pytest.approx(1.0)
    assert risk_contributions(weights, covariance) == pytest.approx((0.25,) * 4, rel=1e-9)
    budgets = (0.1, 0.2, 0.3, 0.4)
    assert risk_contributions(risk_parity_weights(covariance, budgets), covariance) == pytest.approx(budgets, rel=1e-9)


def test_risk_parity_wants_a_positive_budget_for_each() -> None:
    for budgets in ((1.0,), (0.0, 1.0)):
        with pytest.raises(ValueError, match="risk budget"):
            risk_parity_weights(TWO, budgets)


def test_mean_variance_by_hand() -> None:
    # Uncorrelated and unbound, w = mean / (aversion x variance): 0.02 / (2 x 0.04) and 0.09 / (2 x 0.09).
    plain: Matrix = ((0.04, 0.0), (0.0, 0.09))
    assert mean_variance_weights((0.02, 0.09), plain, 2.0) == pytest.approx((0.25, 0.5))
    # Bound, the price p of the budget solves (0.04 - p)/0.04 + (0.09 - p)/0.09 = 1.
    price = 1.0 / (1 / 0.04 + 1 / 0.09)
    assert mean_variance_weights((0.04, 0.09), plain, 1.0) == pytest.approx((1 - price / 0.04, 1 - price / 0.09))
    # Nothing is bought that is expected to lose, and nothing at all where everything is.
    assert mean_variance_weights((-0.02, 0.09), plain, 2.0) == pytest.approx((0.0, 0.5))
    assert mean_variance_weights((-0.02, -0.01), plain, 2.0) == (0.0, 0.0)
    with pytest.raises(ValueError, match="risk aversion"):
        mean_variance_weights((0.1, 0.1), plain, 0.0)


@pytest.mark.parametrize("seed", seeds(20, 2_000))
def test_the_weights_meet_the_conditions_of_an_optimum(seed: int) -> None:
    random = Random(seed)
    covariance, _ = shrunk_covariance(returns(seed, width=2 + seed % 5))
    gains = [random.gauss(0.0, 1.0) * 10 ** random.uniform(-5, -2) for _ in covariance]
    weights = most_within_budget(covariance, gains, 1.0)
    slopes = [gain - dot(line, weights) for gain, line in zip(gains, covariance, strict=True)]
    scale = max(abs(gain) for gain in gains)
    whole = added(weights)
    assert min(weights) >= 0.0
    assert whole <= 1.0 + 1e-9
    held = [slope for slope, weight in zip(slopes, weights, strict=True) if weight > 0.0]
    price = max(held, default=0.0)
    # Karush, Kuhn and Tucker: whoever is held has the same slope, the price of the budget; nobody outside has a better one.
    assert all(math.isclose(slope, price, abs_tol=1e-8 * scale) for slope in held)
    assert all(slope <= max(price, 0.0) + 1e-8 * scale for slope in slopes)
    assert price >= -1e-8 * scale
    if whole < 1.0 - 1e-6:
        assert price <= 1e-8 * scale


def test_no_grid_point_is_better() -> None:
    covariance, _ = shrunk_covariance(returns(3, width=3))
    gains = (4e-5, 7e-5, 9e-5)

    def worth(weights: tuple[float, ...]) -> float:
        return dot(gains, weights) - dot(weights, [dot(line, weights) for line in covariance]) / 2

    best = worth(most_within_budget(covariance, gains, 1.0))
    steps = [i / 40 for i in range(41)]
    assert best >= max(worth(point) for point in itertools.product(steps, repeat=3) if added(point) <= 1.0)


def test_kelly_by_hand() -> None:
    # A coin that falls right in 60 of 100 and pays even: bet a fifth. Thorp's example of one stock: f = m / s².
    assert kelly_stake(0.6, 1.0) == pytest.approx(0.2)
    assert kelly_stake(0.4, 1.0) == 0.0
    assert kelly_stake(0.5, 2.0) == pytest.approx(0.25)
    one: Matrix = ((0.0225,),)
    assert kelly_weights((0.05,), one, 1.0, budget=5.0) == pytest.approx((0.05 / 0.0225,))
    assert kelly_weights((0.05,), one, 0.5, budget=5.0) == pytest.approx((0.5 * 0.05 / 0.0225,))
    assert kelly_weights((0.05,), one, 1.0) == pytest.approx((1.0,))
    for fraction in (0.0, 1.1):
        with pytest.raises(ValueError, match="Kelly fraction"):
            kelly_weights((0.05,), one, fraction)
    for probability, odds in ((1.1, 1.0), (0.5, 0.0)):
        with pytest.raises(ValueError, match="probability"):
            kelly_stake(probability, odds)


def test_short_is_long_in_what_is_turned_around() -> None:
    assert turned(TWO, (1, -1)) == ((0.04, -0.006), (-0.006, 0.09))
    assert turned(turned(TWO, (1, -1)), (1, -1)) == TWO
