"""Series that resemble a real one, and metrics of how far they do, on known series and on a real index."""

from __future__ import annotations

import csv
import gzip
import math
import statistics as textbook

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.campaign import recorded_market

from trading_ecosystem.domains.market_data.similarity import Similarity, log_returns, similar_prices, similarity
from trading_ecosystem.messages.units import minor_units
from trading_ecosystem.runtime.randomness import SeededRandomness

PRICES = st.lists(st.integers(10**6, 10**12), min_size=3, max_size=60)


def stream(seed: int):
    return SeededRandomness(seed).stream("test", "similar")


@pytest.fixture(scope="module")
def index() -> list[int]:
    """Daily closes of the S&P 500, 1999 to 2018."""
    with gzip.open(recorded_market("daily/sp500.csv.gz"), "rt") as file:
        closes = [minor_units(str(round(float(row["Close"]), 2))) for row in csv.DictReader(file)]
    assert len(closes) == 5_031
    return closes


def test_a_series_is_perfectly_similar_to_itself():
    prices = [100, 120, 90, 150, 140, 170]
    assert similarity(prices, prices) == Similarity(5, 1_000_000, 1_000_000, 0, 0, 0, 0, 0)


def test_a_mirrored_series_says_so():
    prices = [10**8, 12 * 10**7, 9 * 10**7, 15 * 10**7, 14 * 10**7]
    mirrored = [round(10**16 / price) for price in prices]
    found = similarity(mirrored, prices)
    assert (found.correlation_ppm, found.volatility_ratio_ppm) == (-1_000_000, 1_000_000)
    assert found.return_difference_ppm == round(-2 * math.log(1.4) * 1_000_000)
    assert found.trend_difference_ppm < 0


def test_a_still_series_has_no_correlation_and_no_volatility():
    found = similarity([100] * 4, [100, 110, 100, 120])
    assert (found.correlation_ppm, found.volatility_ratio_ppm) == (0, 0)
    assert similarity([100, 110, 100, 120], [100] * 4).volatility_ratio_ppm == 0


@settings(derandomize=True, max_examples=150, deadline=None)
@given(PRICES, st.integers(0, 1_000), st.integers(1, 20))
def test_a_full_resemblance_is_the_recording_and_none_only_reuses_its_returns(prices, seed, block):
    again = similar_prices(prices, stream(seed), block, 1_000_000)
    assert len(again) == len(prices)
    assert all(abs(own / real - 1) < 1e-5 for own, real in zip(again, prices, strict=True))
    free = similar_prices(prices, stream(seed), block)
    assert free[0] == prices[0]
    real = log_returns(prices)
    # Rounding to minor units moves a return by at most a millionth at these prices, unless the path has sunk very low.
    if min(free) > 10**7:
        assert all(min(abs(value - one) for one in real) < 1e-6 for value in log_returns(free))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(PRICES, PRICES)
def test_metrics_stay_within_their_bounds(one, other):
    length = min(len(one), len(other))
    found = similarity(one[:length], other[:length])
    assert abs(found.correlation_ppm) <= 1_000_000
    assert 0 <= found.distribution_distance_ppm <= 1_000_000
    assert found.volatility_ratio_ppm >= 0


def test_metrics_equal_the_textbook(index):
    left, right = index[:1_000], index[2_000:3_000]
    found = similarity(left, right)
    own, real = log_returns(left), log_returns(right)
    assert found.correlation_ppm == pytest.approx(textbook.correlation(own, real) * 1_000_000, abs=1)
    assert found.volatility_ratio_ppm == pytest.approx(textbook.pstdev(own) / textbook.pstdev(real) * 1_000_000, abs=1)
    slopes = [
        textbook.linear_regression(range(1_000), [math.log(price) for price in prices]).slope * 999 for prices in (left, right)
    ]
    assert found.trend_difference_ppm == pytest.approx((slopes[0] - slopes[1]) * 1_000_000, abs=1)


def test_a_free_series_has_the_index_distribution_and_clustering_but_not_its_path(index):
    """Excess kurtosis 8.2 (11.2 with the three of a normal), autocorrelation of absolute returns 0.24: the published values."""
    real = log_returns(index)
    variance = textbook.pvariance(real)
    kurtosis = textbook.fmean((value - textbook.fmean(real)) ** 4 for value in real) / variance**2
    assert kurtosis == pytest.approx(11.2, abs=0.3)
    found = [similarity(similar_prices(index, stream(seed), 60), index) for seed in range(8)]
    # A few blocks of 2008 more or less make a whole series wilder or calmer, so that single ones differ by a fifth.
    assert textbook.fmean(one.volatility_ratio_ppm for one in found) == pytest.approx(1_000_000, rel=0.1)
    for one in found:
        assert abs(one.correlation_ppm) < 100_000
        assert one.volatility_ratio_ppm == pytest.approx(1_000_000, rel=0.3)
        assert one.distribution_distance_ppm < 40_000
        assert abs(one.clustering_difference_ppm) < 100_000
    # Single days in random order keep the distribution and lose the clustering: the metric tells the two apart.
    shuffled = similarity(similar_prices(index, stream(1), 1), index)
    assert shuffled.distribution_distance_ppm < 40_000
    assert shuffled.clustering_difference_ppm < -180_000


@pytest.mark.parametrize("resemblance_ppm", [300_000, 700_000, 950_000])
def test_a_resemblance_is_the_correlation_that_comes_out(index, resemblance_ppm):
    found = similarity(similar_prices(index, stream(3), 60, resemblance_ppm), index)
    assert found.correlation_ppm == pytest.approx(resemblance_ppm, abs=50_000)
    assert found.volatility_ratio_ppm == pytest.approx(1_000_000, rel=0.1)
