"""Alerts about the vendor feed: how prices arrive, what they are, and what they say about each other."""

from __future__ import annotations

from math import isqrt

import pytest
from tests.unit.risk.monitor import MINUTE, SECOND, START, Monitor
from tests.unit.risk.watched import alerts, cleared, quote, tick

from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import HOUR

BTC = "BTC/USD"
GAP, AGAIN, LATE = AlertKind.FEED_GAP, AlertKind.FEED_DUPLICATE, AlertKind.FEED_OUT_OF_ORDER


def hear(monitor: Monitor, *numbers: int, every: int = 10 * SECOND, since: int = 0, instrument: str = BTC) -> None:
    """Prices of these numbers, one each so often; each differs from the one before."""
    for place, number in enumerate(numbers):
        monitor.tell(*tick(instrument, 50_000 + place % 2, since + place * every, number))


# ---------------------------------------------------------------- numbers


def test_numbers_in_order_are_nothing_wherever_they_begin():
    monitor = Monitor()
    hear(monitor, *range(5_000, 5_100))
    assert alerts(monitor, GAP, AGAIN, LATE) == []


def test_three_missed_numbers_are_a_gap_and_six_a_critical_one():
    monitor = Monitor()
    hear(monitor, 1, 2, 4, 6, 8, 12, 13)
    assert alerts(monitor, GAP) == [(40 * SECOND, "raised", BTC, "high", 3), (50 * SECOND, "updated", BTC, "critical", 6)]


def test_missed_numbers_stay_missed_when_they_come_and_are_forgotten_after_five_minutes():
    monitor = Monitor()
    hear(monitor, 1, 5, 2, 3, 4)
    hear(monitor, *range(6, 60), since=50 * SECOND)
    monitor.until(START + HOUR)
    assert alerts(monitor, GAP) == [(10 * SECOND, "raised", BTC, "high", 3)]
    # The gap arrived at 10 s, and the first price at which that is five minutes ago decides.
    assert cleared(monitor, GAP) == [310 * SECOND]
    assert alerts(monitor, LATE) == [(40 * SECOND, "raised", BTC, "high", 3)]
    assert alerts(monitor, AGAIN) == []


def test_numbers_that_arrive_again_within_five_minutes_are_duplicates():
    monitor = Monitor()
    hear(monitor, 1, 1, 2, 1, 2, 3)
    assert alerts(monitor, AGAIN) == [(40 * SECOND, "raised", BTC, "high", 3)]
    assert alerts(monitor, LATE) == []
    monitor = Monitor()
    hear(monitor, 7, 7, 7, 7, every=5 * MINUTE)
    assert alerts(monitor, AGAIN, LATE) == []


def test_an_old_number_after_five_minutes_is_out_of_order_and_no_duplicate():
    monitor = Monitor()
    hear(monitor, 1, 2, 3, 4, every=SECOND)
    hear(monitor, 1, 2, 3, since=10 * MINUTE)
    assert alerts(monitor, AGAIN) == []
    assert [at for at, *_ in alerts(monitor, LATE)] == [10 * MINUTE + 20 * SECOND]


def test_each_instrument_is_numbered_for_itself():
    monitor = Monitor()
    hear(monitor, 1, 2, 3)
    hear(monitor, 900, 901, since=30 * SECOND, instrument="ETH/USD")
    hear(monitor, 4, 5, since=60 * SECOND)
    assert alerts(monitor, GAP, AGAIN, LATE) == []


# ---------------------------------------------------------------- frozen prices and clocks


def test_a_price_is_frozen_for_a_minute_over_at_least_four():
    monitor = Monitor()
    for number in range(13):
        monitor.tell(*tick(BTC, 50_000, number * 10 * SECOND, number + 1))
    assert alerts(monitor, AlertKind.PRICE_FROZEN) == [
        (60 * SECOND, "raised", BTC, "high", 60 * SECOND),
        (120 * SECOND, "updated", BTC, "critical", 120 * SECOND),
    ]
    monitor.tell(*tick(BTC, 50_001, 130 * SECOND, 14))
    monitor.until(START + HOUR)
    assert cleared(monitor, AlertKind.PRICE_FROZEN) == [130 * SECOND]
    monitor = Monitor()
    for number in range(3):
        monitor.tell(*tick(BTC, 50_000, number * MINUTE, number + 1))
    assert alerts(monitor, AlertKind.PRICE_FROZEN) == []
    monitor.tell(*tick(BTC, 50_000, 3 * MINUTE, 4))
    assert alerts(monitor, AlertKind.PRICE_FROZEN) == [(3 * MINUTE, "raised", BTC, "critical", 3 * MINUTE)]


def test_a_price_that_is_not_newer_neither_freezes_nor_thaws():
    monitor = Monitor()
    for number in range(12):
        monitor.tell(*tick(BTC, 50_000, number * 10 * SECOND, number + 1, priced_at=0))
    assert alerts(monitor, AlertKind.PRICE_FROZEN) == []
    monitor = Monitor()
    for number in range(7):
        monitor.tell(*tick(BTC, 50_000, number * 10 * SECOND, number + 1))
        monitor.tell(*tick(BTC, 49_999, number * 10 * SECOND, number + 1, priced_at=-1))
    assert [at for at, *_ in alerts(monitor, AlertKind.PRICE_FROZEN)] == [60 * SECOND]


def test_a_clock_that_runs_ahead_by_a_second_is_noticed_and_does_not_hide_a_frozen_price():
    monitor = Monitor()
    monitor.tell(*tick(BTC, 50_000, 0, 1, priced_at=SECOND - 1))
    assert alerts(monitor, AlertKind.CLOCK_SKEW) == []
    monitor.tell(*tick(BTC, 50_000, 10 * SECOND, 2, priced_at=11 * SECOND))
    monitor.tell(*tick(BTC, 50_000, 20 * SECOND, 3, priced_at=HOUR))
    for number in range(4, 20):
        monitor.tell(*tick(BTC, 50_000, number * 10 * SECOND, number))
    monitor.until(START + HOUR)
    assert alerts(monitor, AlertKind.CLOCK_SKEW) == [
        (10 * SECOND, "raised", BTC, "high", SECOND),
        (20 * SECOND, "updated", BTC, "critical", HOUR - 20 * SECOND),
    ]
    assert cleared(monitor, AlertKind.CLOCK_SKEW) == [40 * SECOND]
    assert [at for at, *_ in alerts(monitor, AlertKind.PRICE_FROZEN)] == [60 * SECOND, 120 * SECOND]


# ---------------------------------------------------------------- deviation


def test_a_price_one_percent_from_every_fresh_mid_deviates():
    monitor = Monitor()
    monitor.tell(quote(4_999_000, 5_001_000), START)
    monitor.tell(quote(4_949_000, 4_951_000, venue="exchange-beta"), START)
    # 1 % above 49,500 and right at 50,000; then 1 % above 50,000; then off by two.
    monitor.tell(*tick(BTC, 50_000, SECOND, 1))
    monitor.tell(*tick(BTC, 50_499.99, 2 * SECOND, 2))
    assert alerts(monitor, AlertKind.PRICE_DEVIATION) == []
    monitor.tell(*tick(BTC, 50_500, 3 * SECOND, 3))
    monitor.tell(*tick(BTC, 500, 4 * SECOND, 4))
    assert alerts(monitor, AlertKind.PRICE_DEVIATION) == [
        (3 * SECOND, "raised", BTC, "high", 10_000),
        (4 * SECOND, "updated", BTC, "critical", 989_898),
    ]
    monitor.tell(*tick(BTC, 49_600, 5 * SECOND, 5))
    monitor.until(START + HOUR)
    assert cleared(monitor, AlertKind.PRICE_DEVIATION) == [5 * SECOND]


@pytest.mark.parametrize("useless", [quote(0, 5_001_000), quote(4_999_000, 0), quote(5_001_000, 4_999_000), None])
def test_without_a_fresh_mid_nothing_deviates(useless):
    monitor = Monitor()
    monitor.tell(quote(4_999_000, 5_001_000), START)
    if useless is not None:
        monitor.tell(useless, START)
    monitor.tell(*tick(BTC, 5_000, 30 * SECOND, 1))
    assert alerts(monitor, AlertKind.PRICE_DEVIATION) == []


# ---------------------------------------------------------------- volatility


def swing(monitor: Monitor, size: float, count: int, since: int = 0) -> None:
    for number in range(count):
        monitor.tell(*tick(BTC, 50_000 + size * (number % 2), since + number * 10 * SECOND, since // SECOND + number + 1))


def test_volatility_is_that_of_a_quarter_of_an_hour_a_year():
    monitor = Monitor()
    # 90 returns of 0.5 % up, and a little less down, in 15 minutes.
    swing(monitor, 250, 90)
    assert alerts(monitor, AlertKind.VOLATILITY_HIGH) == []
    monitor.tell(*tick(BTC, 50_000, 900 * SECOND, 91))
    # 45 times up 5,000 and 45 times down 4,975 parts per million arrived later than 0 s and not later than 900 s.

    total = 45 * (5_000**2 + 4_975**2)
    expected = isqrt(total * 31_536_000 // 900)
    assert alerts(monitor, AlertKind.VOLATILITY_HIGH) == [(900 * SECOND, "raised", BTC, "critical", expected)]


def test_few_returns_are_no_volatility():
    monitor = Monitor()
    for number in range(30):
        monitor.tell(*tick(BTC, 50_000 + 2_000 * (number % 2), number * MINUTE, number + 1))
    assert alerts(monitor, AlertKind.VOLATILITY_HIGH) == []


# ---------------------------------------------------------------- correlation


def minutes(monitor: Monitor, count: int, sign: int, since: int = 0, ether: bool = True) -> None:
    """BTC and ETH move by the same or by opposite steps, once a minute."""
    for number in range(count):
        step, at = number % 3 - 1, since + number * MINUTE
        monitor.tell(*tick(BTC, 50_000 + 100 * step, at, at // MINUTE + 1))
        if ether:
            monitor.tell(*tick("ETH/USD", 3_000 + sign * 6 * step, at, at // MINUTE + 1))


def test_thirty_returns_that_go_apart_are_a_breach():
    monitor = Monitor()
    minutes(monitor, 31, -1)
    assert alerts(monitor, AlertKind.CORRELATION_BREACH) == []
    minutes(monitor, 1, -1, since=31 * MINUTE)
    ((at, said, subject, severity, observed),) = alerts(monitor, AlertKind.CORRELATION_BREACH)
    assert (at, said, subject, severity) == (31 * MINUTE, "raised", "BTC~ETH", "critical")
    assert 1_900_000 < observed <= 2_000_000


def test_prices_that_go_together_are_no_breach_and_a_missing_minute_forgets():
    monitor = Monitor()
    minutes(monitor, 40, 1)
    assert alerts(monitor, AlertKind.CORRELATION_BREACH) == []
    monitor = Monitor()
    minutes(monitor, 32, -1)
    minutes(monitor, 1, -1, since=32 * MINUTE, ether=False)
    minutes(monitor, 2, -1, since=33 * MINUTE)
    monitor.until(START + HOUR)
    assert cleared(monitor, AlertKind.CORRELATION_BREACH) == [33 * MINUTE]
    assert len(alerts(monitor, AlertKind.CORRELATION_BREACH)) == 1


# ---------------------------------------------------------------- basis


def test_a_pair_one_percent_from_what_the_others_imply_diverges():
    monitor = Monitor()
    prices = {BTC: 50_000, "USDT/USD": 0.5, "ETH/USD": 2_000, "ETH/BTC": 0.04}
    for instrument, amount in prices.items():
        monitor.tell(*tick(instrument, amount, 0, 1))
    monitor.tell(*tick("BTC/USDT", 100_999.98, 0, 1))
    assert alerts(monitor, AlertKind.BASIS_DIVERGENCE) == []
    monitor.tell(*tick("BTC/USDT", 101_000, 0, 2))
    assert alerts(monitor, AlertKind.BASIS_DIVERGENCE) == [(0, "raised", "BTC/USDT", "high", 10_000)]
    # A price of another instant decides nothing; once all have it, it does.
    monitor.tell(*tick("BTC/USDT", 100_000, 10 * SECOND, 3))
    monitor.tell(*tick("USDT/USD", 0.5, 10 * SECOND, 2))
    monitor.tell(*tick(BTC, 50_000, 11 * SECOND, 2, priced_at=10 * SECOND))
    monitor.until(START + HOUR)
    assert cleared(monitor, AlertKind.BASIS_DIVERGENCE) == [11 * SECOND]


@pytest.mark.parametrize(
    ("subject", "amount", "observed"), [("ETH/BTC", 0.0412, 30_000), ("ETH/USDT", 3_880, 30_000), ("BTC-PERP", 49_000, 20_000)]
)
def test_every_relation(subject, amount, observed):
    monitor = Monitor(instruments=(BTC, "ETH/USD", "USDT/USD", "ETH/BTC", "ETH/USDT", "BTC-PERP"))
    for instrument, whole in {BTC: 50_000, "USDT/USD": 0.5, "ETH/USD": 2_000, "ETH/BTC": 0.04, "ETH/USDT": 4_000}.items():
        monitor.tell(*tick(instrument, whole, 0, 1))
    monitor.tell(*tick(subject, amount, 0, 2))
    assert alerts(monitor, AlertKind.BASIS_DIVERGENCE) == [(0, "raised", subject, "critical", observed)]


def test_a_relation_with_an_instrument_that_the_monitor_was_not_given_is_not_watched():
    monitor = Monitor(instruments=("BTC/USDT", BTC))
    monitor.tell(*tick(BTC, 50_000, 0, 1))
    monitor.tell(*tick("BTC/USDT", 90_000, 0, 1))
    monitor.tell(*tick("USDT/USD", 1, 0, 1))
    assert alerts(monitor, AlertKind.BASIS_DIVERGENCE) == []
