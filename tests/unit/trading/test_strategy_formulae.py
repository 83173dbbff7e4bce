"""The formulae that strategies follow, against published figures and values worked out by hand."""

from __future__ import annotations

import random
import statistics

import pytest
from tests.campaign import seeds

from trading_ecosystem.domains.trading.library.avellaneda_stoikov import optimal_spread, reservation_price
from trading_ecosystem.domains.trading.library.execution.schedules import (
    front_loaded,
    participating,
    time_weighted,
    volume_weighted,
)
from trading_ecosystem.domains.trading.library.grid import rung_price
from trading_ecosystem.domains.trading.library.inventory_skew import half_spread, inventory_slope
from trading_ecosystem.domains.trading.library.mean_reversion import MovingWindow
from trading_ecosystem.domains.trading.library.pairs import ONE, Distance
from trading_ecosystem.domains.trading.library.triangular import Leg, cycles
from trading_ecosystem.domains.trading.library.volatility import PriceVolatility
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import SECOND

# Avellaneda and Stoikov (2008, section 3.3): s = 100, T = 1, sigma = 2, dt = 0.005, k = 1.5, A = 140.
PAPER_SIGMA, PAPER_KAPPA, PAPER_STEPS = 2.0, 1.5, 200


@pytest.mark.parametrize(("gamma", "average_spread"), [(0.1, 1.49), (0.01, 1.35)])
def test_the_average_spreads_of_the_paper(gamma: float, average_spread: float) -> None:
    spreads = [optimal_spread(gamma, PAPER_KAPPA, PAPER_SIGMA, 1.0 - step / PAPER_STEPS) for step in range(PAPER_STEPS)]
    assert round(statistics.fmean(spreads), 2) == average_spread


def test_reservation_price_and_spread_by_hand() -> None:
    # 100 - 3 * 0.1 * 4 * 0.5, and 0.1 * 4 * 0.5 + 20 * ln(16/15) with ln(16/15) = 0.0645385211375712.
    assert reservation_price(100.0, 3.0, 0.1, 2.0, 0.5) == pytest.approx(99.4, abs=1e-12)
    assert optimal_spread(0.1, 1.5, 2.0, 0.5) == pytest.approx(1.490770422751424, abs=1e-12)
    assert reservation_price(100.0, -3.0, 0.1, 2.0, 0.5) == pytest.approx(100.6, abs=1e-12)
    assert reservation_price(100.0, 3.0, 0.1, 2.0, 0.0) == 100.0


def _paper_run(chance: random.Random, gamma: float, leans: bool) -> tuple[float, int]:
    """One day of the paper's simulation: profit and final inventory."""
    step = 1.0 / PAPER_STEPS
    mid, cash, held = 100.0, 0.0, 0
    for number in range(PAPER_STEPS):
        left = 1.0 - number * step
        centre = reservation_price(mid, held, gamma, PAPER_SIGMA, left) if leans else mid
        half = optimal_spread(gamma, PAPER_KAPPA, PAPER_SIGMA, left) / 2.0
        bid, ask = centre - half, centre + half
        if chance.random() < 140.0 * step * 2.718281828459045 ** (-PAPER_KAPPA * (mid - bid)):
            held, cash = held + 1, cash - bid
        if chance.random() < 140.0 * step * 2.718281828459045 ** (-PAPER_KAPPA * (ask - mid)):
            held, cash = held - 1, cash + ask
        mid += PAPER_SIGMA * step**0.5 * (1 if chance.random() < 0.5 else -1)
    return cash + held * mid, held


def test_leaning_against_inventory_does_what_the_paper_says_of_it() -> None:
    """Table 1 (gamma 0.1): profit 65.0 with deviation 6.6 and final inventory 2.9, symmetric 68.4, 12.7 and 8.4."""
    runs = len(seeds(200, 5_000))
    chance = random.Random(20080401)
    leaning = [_paper_run(chance, 0.1, True) for _ in range(runs)]
    symmetric = [_paper_run(chance, 0.1, False) for _ in range(runs)]
    profits = [profit for profit, _ in leaning]
    assert statistics.fmean(profits) == pytest.approx(65.0, abs=3.0)
    assert statistics.stdev(profits) == pytest.approx(6.6, abs=1.2)
    assert statistics.stdev([held for _, held in leaning]) == pytest.approx(2.9, abs=0.6)
    assert statistics.stdev([profit for profit, _ in symmetric]) > 1.5 * statistics.stdev(profits)
    assert statistics.stdev([held for _, held in symmetric]) == pytest.approx(8.4, abs=1.6)


def test_the_asymptotic_quotes_by_hand() -> None:
    """Guéant, Lehalle and Fernandez-Tapia's parameters: sigma 0.3, A 0.9, kappa 0.3, gamma 0.01.

    (1/gamma) ln(31/30) = 3.2789822822990957; (31/30)^31 = 2.7634602..., and the slope is sqrt(0.0009 / 0.54 * that).
    """
    assert half_spread(0.01, 0.3) == pytest.approx(3.2789822822990957, abs=1e-12)
    assert inventory_slope(0.01, 0.3, 0.3, 0.9) ** 2 == pytest.approx(0.0009 / 0.54 * (31 / 30) ** 31, rel=1e-12)
    assert inventory_slope(0.01, 0.3, 0.6, 0.9) == pytest.approx(2 * inventory_slope(0.01, 0.3, 0.3, 0.9), rel=1e-12)


def test_volatility_of_a_walk_of_known_steps() -> None:
    volatility = PriceVolatility(100 * SECOND)
    assert volatility.per_root_second is None
    for number in range(401):
        volatility.take(100.0 + (3.0 if number % 2 else 0.0), number * 4 * SECOND)
    # Every change is 3, squared 9, over 4 seconds: 2.25 a second.
    assert volatility.per_root_second == pytest.approx(1.5, rel=1e-12)


def test_the_past_fades_by_half_in_a_half_life() -> None:
    volatility = PriceVolatility(10 * SECOND)
    volatility.take(100.0, 0)
    volatility.take(104.0, 10 * SECOND)
    volatility.take(104.0, 20 * SECOND)
    assert volatility.squares == 8.0
    assert volatility.seconds == 15.0


def test_rungs_are_geometric_and_exact() -> None:
    assert [rung_price(100_000_000, 10_000, rung) for rung in (-2, -1, 0, 1, 2)] == [
        98_029_605,  # 10^8 / 1.0201
        99_009_901,  # 10^8 / 1.01
        100_000_000,
        101_000_000,
        102_010_000,
    ]


def test_time_weighted_is_equal_parts_and_loses_nothing() -> None:
    assert time_weighted(100, 4) == (25, 50, 75, 100)
    assert time_weighted(10, 3) == (3, 6, 10)


def test_volume_weighted_follows_the_profile() -> None:
    # A U-shaped day: 40 %, 10 %, 10 %, 40 %.
    assert volume_weighted(1_000, (4, 1, 1, 4)) == (400, 500, 600, 1_000)
    assert volume_weighted(7, (1, 0, 2)) == (2, 2, 7)
    assert volume_weighted(100, (1, 1, 1, 1)) == time_weighted(100, 4)


def test_the_trajectory_of_almgren_and_chriss_by_hand() -> None:
    """Two slices: what is left in the middle is sinh(u/2)/sinh(u) = 1/(2 cosh(u/2)); with u = 2 that is 0.3240271."""
    assert front_loaded(10_000_000, 2, 2.0) == (6_759_729, 10_000_000)
    assert front_loaded(1_000, 4, 1e-9) == time_weighted(1_000, 4)
    assert front_loaded(1_000, 4, 1e12) == (1_000,) * 4
    urgent = front_loaded(10_000, 10, 3.0)
    slices = [after - before for before, after in zip((0, *urgent), urgent, strict=False)]
    assert slices == sorted(slices, reverse=True)
    assert urgent[-1] == 10_000


def test_participation_counts_the_own_part() -> None:
    assert participating(900, 100_000) == 100  # 100 of 1,000
    assert participating(899, 100_000) == 99
    assert participating(0, 100_000) == 0
    assert participating(100, 500_000) == 100


def test_the_moving_window_has_the_z_score_of_the_textbook() -> None:
    window = MovingWindow(5)
    for sample in (7, 2, 4, 4, 5, 9):
        window.take(sample)
    # Of 2, 4, 4, 5, 9: mean 4.8, population variance 5.36; the newest lies (9 - 4.8) / sqrt(5.36) = 1.814 above.
    distance, variance = window.deviation()
    assert (distance, variance) == (21, 134)
    assert distance / variance**0.5 == pytest.approx((9 - 4.8) / statistics.pstdev([2, 4, 4, 5, 9]), rel=1e-12)
    assert window.is_beyond(1_814_000) == 1
    assert window.is_beyond(1_815_000) == 0
    for sample in (5, 5, 5, 5, 5):
        window.take(sample)
    assert window.is_beyond(0) == 0


def test_the_distance_is_that_of_normalised_prices() -> None:
    distance = Distance()
    for first, second in ((200, 50), (220, 50), (220, 60)):
        distance.take(first, second)
    # 0, then 1.1 - 1, then 1.1 - 1.2: variance (0.01 + 0.01) / 3.
    assert distance.value == -ONE // 10
    assert distance.variance_times_count_squared == 3 * 2 * (ONE // 10) ** 2


def test_a_triangle_has_two_ways_round() -> None:
    assert cycles(("BTC/USD", "ETH/USD", "ETH/BTC"), "USD") == [
        (Leg("BTC/USD", Side.BUY), Leg("ETH/BTC", Side.BUY), Leg("ETH/USD", Side.SELL)),
        (Leg("ETH/USD", Side.BUY), Leg("ETH/BTC", Side.SELL), Leg("BTC/USD", Side.SELL)),
    ]
    assert cycles(("BTC/USD", "ETH/USD", "ETH/USDT"), "USD") == []
    assert cycles(("BTC/USD", "BTC/USDT", "USDT/USD"), "USD")[0][-1] == Leg("USDT/USD", Side.SELL)
    assert cycles(("BTC/USD", "ETH/USD"), "USD") == []
