"""Volatility and correlation against values worked out by hand from the published formulas, on a few chosen prices.

Sources: M. Parkinson, "The extreme value method for estimating the variance of the rate of return", Journal of Business 53
(1980), the variance as ``sum(ln(high / low) ** 2) / (4 n ln 2)``; R. A. Fisher, "On the probable error of a coefficient of
correlation deduced from a small sample", Metron 1 (1921), ``z = atanh(r)`` with the variance ``1 / (n - 3)``. A year has
365 days. Logarithms and inverse hyperbolic tangents below were taken to forty digits.
"""

from __future__ import annotations

import pytest

from trading_ecosystem.domains.market_data.price_bars import PriceHistory
from trading_ecosystem.domains.market_data.statistics import (
    coin_moments,
    correlation_matrix,
    range_volatility,
    realised_volatility,
    volatility_estimate,
)
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.market_statistics import CorrelationPair
from trading_ecosystem.messages.sessions import ACTIVITY_PPM
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE, Nanos

MONDAY: Nanos = 4 * DAY
"""1970-01-05 was a Monday."""
LOW, MIDDLE, HIGH = 1_000_000 * 10**6, 1_001_000 * 10**6, 1_002_001 * 10**6
"""Each is 1.001 times the one before, exactly."""


def history(**prices: dict[Nanos, int]) -> PriceHistory:
    """A history of instruments (BTC_USD for BTC/USD), each with its prices by instant after Monday's midnight."""
    named = {symbol.replace("_", "/"): points for symbol, points in prices.items()}
    kept = PriceHistory(tuple(named))
    for symbol, points in named.items():
        for sequence, (at, price) in enumerate(points.items()):
            kept.add(PricePublished(symbol, price, MONDAY + at, sequence))
    return kept


def hours_of(*ranges: tuple[int, int]) -> PriceHistory:
    """Hours of a low and a high each."""
    return history(
        BTC_USD={hour * HOUR + MINUTE * place: price for hour, pair in enumerate(ranges) for place, price in enumerate(pair)}
    )


# ------------------------------------------------------------------------------------------------ volatility


def test_the_range_volatility_is_parkinsons_of_whole_hours_and_leaves_out_the_newest():
    hours = hours_of((100, 102), (1_000, 1_010), (100, 150)).hours["BTC/USD"]
    # (0.019802627 ** 2 + 0.009950331 ** 2) / (2 * 4 * 0.693147181) = 0.0000885735 an hour; times 8,760; its square root.
    assert range_volatility(hours, 0) == 880_852
    # 0.009950331 ** 2 / (4 * 0.693147181) = 0.0000357102; only the hour that begins at the given instant or later counts.
    assert range_volatility(hours, MONDAY + HOUR) == pytest.approx(559_303, abs=1)
    assert range_volatility(hours, MONDAY + HOUR + 1) is None


def test_there_is_no_range_volatility_before_an_hour_is_whole():
    assert range_volatility(hours_of((100, 102)).hours["BTC/USD"], 0) is None


def test_a_return_over_a_gap_counts_with_the_time_that_it_took():
    minutes = history(BTC_USD={0: 100, MINUTE: 101, 4 * MINUTE: 103}).minutes["BTC/USD"]
    # (0.009950331 ** 2 + 0.019608471 ** 2) / 4 = 0.000120874 a minute; times 525,600; its square root is 7.970701.
    assert realised_volatility(minutes, 0) == pytest.approx(7_970_701, abs=1)
    assert realised_volatility(minutes, MONDAY + 4 * MINUTE) is None


def test_the_hour_and_the_day_reach_back_an_hour_and_a_day():
    calm = {minute * MINUTE: 1_000 for minute in range(24 * 60)}
    moved = {DAY + minute * MINUTE: 1_010 if minute % 2 else 1_000 for minute in range(61)}
    estimate = volatility_estimate("BTC/USD", history(BTC_USD=calm | moved), MONDAY + DAY + HOUR)
    # Every minute of the last hour moves by ln 1.01 = 0.009950331: times the square root of 525,600, 724.982758.
    assert estimate.hour_ppm == pytest.approx(7_213_818, abs=2)
    # Of the day's 1,440 returns 60 move: that over the square root of 24.
    assert estimate.day_ppm == pytest.approx(1_472_514, abs=2)


def test_the_expected_volatility_goes_with_the_square_root_of_the_usual_activity():
    """All returns of nearly one instant at a full hour: their own activity is that hour's."""
    prices = {13 * HOUR: 1_000, 13 * HOUR + MINUTE: 1_010}
    estimate = volatility_estimate("BTC/USD", history(BTC_USD=prices), MONDAY + 4 * HOUR)
    assert estimate.recent_ppm == pytest.approx(7_213_818, abs=2)
    calm, busy = ACTIVITY_PPM[4], ACTIVITY_PPM[13]
    assert estimate.expected_ppm == pytest.approx(7_213_818 * (calm / busy) ** 0.5, rel=0.002)


# ------------------------------------------------------------------------------------------------ correlation


def pair_of(now: tuple[int, int], usual: tuple[int, int]) -> CorrelationPair:
    """The correlation of two coins that swing by a thousandth each minute: (returns, those of them that are opposed) each.

    With means of zero and swings of one size the correlation is the share of returns alike less that of those opposed.
    """
    btc, eth = {0: MIDDLE}, {0: MIDDLE}
    minute = 0
    for count, opposed in (usual, now):
        for swing in range(count // 2):
            btc[(minute + 1) * MINUTE], btc[(minute + 2) * MINUTE] = HIGH, MIDDLE
            eth[(minute + 1) * MINUTE], eth[(minute + 2) * MINUTE] = (LOW if 2 * swing < opposed else HIGH), MIDDLE
            minute += 2
    kept = history(BTC_USD=btc, ETH_USD=eth)
    (pair,) = correlation_matrix(kept, MONDAY + minute * MINUTE, now[0] * MINUTE).pairs
    return pair


def test_a_correlation_is_measured_against_the_usual_one_in_fishers_standard_errors():
    pair = pair_of(now=(24, 6), usual=(40, 4))
    assert (pair.observations, pair.correlation_ppm, pair.usual_ppm) == (24, 500_000, 800_000)
    # (0.549306 - 1.098612) / sqrt(1 / 21 + 1 / 37) = -0.549306 / 0.273215
    assert pair.deviation_milli == -2_011
    assert not pair.diverged


@pytest.mark.parametrize(
    ("usual", "deviation_milli", "diverged"),
    [
        # (0.423649 - 1.319738) / sqrt(1 / 17 + 1 / 27): with n for n - 3 it would be -3,104, and diverged.
        ((30, 2), -2_894, False),
        # (0.423649 - 1.354025) / sqrt(1 / 17 + 1 / 29)
        ((32, 2), -3_046, True),
    ],
)
def test_three_standard_errors_are_a_divergence_and_little_less_is_none(usual, deviation_milli, diverged):
    pair = pair_of(now=(20, 6), usual=usual)
    assert pair.correlation_ppm == 400_000
    assert (pair.deviation_milli, pair.diverged) == (deviation_milli, diverged)


def swings(pause_minutes: int, times: float) -> dict[Nanos, int]:
    """Thirty returns down and up, a pause after which everything costs so many times as much, and thirty more."""
    prices = [LOW if minute % 2 else MIDDLE for minute in range(31)]
    before = {minute * MINUTE: price for minute, price in enumerate(prices)}
    return before | {(30 + pause_minutes + minute) * MINUTE: int(price * times) for minute, price in enumerate(prices)}


@pytest.mark.parametrize("pause_minutes", [2, 5])
def test_no_correlation_is_taken_of_a_return_across_a_gap(pause_minutes):
    """One coin halves and the other doubles while nothing is priced: that is no return from minute to minute."""
    kept = history(BTC_USD=swings(pause_minutes, 0.5), ETH_USD=swings(pause_minutes, 2))
    (pair,) = correlation_matrix(kept, MONDAY + 2 * HOUR, 3 * HOUR).pairs
    moments = coin_moments(kept, "ETH", "BTC")
    assert (pair.observations, pair.correlation_ppm) == (60, 1_000_000)
    assert moments is not None
    assert (moments.correlation, moments.ratio) == (pytest.approx(1.0), pytest.approx(1.0))


def test_the_same_return_in_the_very_next_minute_counts():
    (pair,) = correlation_matrix(history(BTC_USD=swings(1, 0.5), ETH_USD=swings(1, 2)), MONDAY + 2 * HOUR, 3 * HOUR).pairs
    assert pair.observations == 61
    assert pair.correlation_ppm is not None
    assert pair.correlation_ppm < -990_000
