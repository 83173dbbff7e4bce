"""Alerts about what venues publish: silence, halts, crossed and wide quotes, thin books."""

from __future__ import annotations

import pytest
from tests.unit.risk.monitor import MINUTE, SECOND, START, Monitor
from tests.unit.risk.watched import ALPHA, alerts, cleared, depth, phase, quote

from trading_ecosystem.messages.exchange import TradesPublished
from trading_ecosystem.messages.orders import TradingPhase
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import HOUR

BOOK = f"{ALPHA}:BTC/USD"


# ---------------------------------------------------------------- VENUE_DOWN


def test_a_venue_is_down_a_nanosecond_after_a_minute_of_silence_and_critical_after_two():
    monitor = Monitor()
    monitor.tell(quote(100, 101), START)
    monitor.tell(depth(10), START + 5 * SECOND)
    monitor.until(START + 65 * SECOND)
    assert alerts(monitor, AlertKind.VENUE_DOWN) == []
    monitor.until(START + HOUR)
    assert alerts(monitor, AlertKind.VENUE_DOWN) == [
        (65 * SECOND + 1, "raised", ALPHA, "high", 60 * SECOND + 1),
        (125 * SECOND, "updated", ALPHA, "critical", 120 * SECOND),
    ]


@pytest.mark.parametrize(
    "heard", [quote(100, 101), depth(10), TradesPublished(ALPHA, "BTC/USD", 1, 2, 5, 3, 101, 100, 100), quote(0, 0)]
)
def test_whatever_a_venue_publishes_ends_its_silence(heard):
    monitor = Monitor()
    monitor.tell(quote(100, 101), START)
    # At the very instant: what arrives then is heard after the wake-up of a nanosecond later.
    monitor.tell(heard, START + MINUTE)
    assert alerts(monitor, AlertKind.VENUE_DOWN) == []
    monitor.tell(heard, START + 3 * MINUTE)
    monitor.until(START + 3 * MINUTE + 30 * SECOND)
    assert [at for at, *_ in alerts(monitor, AlertKind.VENUE_DOWN)] == [2 * MINUTE + 1, 3 * MINUTE]
    # The silence goes on, so that the alert is the same one; nothing was resolved meanwhile.
    monitor.until(START + HOUR)
    assert cleared(monitor, AlertKind.VENUE_DOWN) == []


def test_every_venue_is_silent_for_itself_and_one_never_heard_is_not():
    monitor = Monitor()
    monitor.tell(quote(100, 101), START)
    for second in range(0, 200, 50):
        monitor.tell(quote(100, 101, venue="exchange-beta"), START + second * SECOND)
    assert {subject for _, _, subject, *_ in alerts(monitor, AlertKind.VENUE_DOWN)} == {ALPHA}


def test_a_venue_of_which_no_market_trades_is_expected_to_be_silent():
    monitor = Monitor()
    monitor.tell(quote(100, 101), START)
    monitor.tell(quote(100, 101, "ETH/USD"), START)
    monitor.tell(phase(TradingPhase.HALTED), START + 10 * SECOND)
    monitor.tell(phase(TradingPhase.CLOSED, "ETH/USD"), START + 20 * SECOND)
    monitor.until(START + HOUR)
    assert alerts(monitor, AlertKind.VENUE_DOWN) == []
    # It is expected to speak again from the phase on, which is the newest that arrived.
    monitor.tell(phase(TradingPhase.CONTINUOUS, "ETH/USD"), START + HOUR)
    monitor.until(START + HOUR + MINUTE)
    assert alerts(monitor, AlertKind.VENUE_DOWN) == []
    monitor.until(START + HOUR + MINUTE + 1)
    assert [at for at, *_ in alerts(monitor, AlertKind.VENUE_DOWN)] == [HOUR + MINUTE + 1]


def test_one_market_that_trades_is_enough_to_be_expected():
    monitor = Monitor()
    monitor.tell(quote(100, 101), START)
    monitor.tell(quote(100, 101, "ETH/USD"), START)
    monitor.tell(phase(TradingPhase.HALTED), START)
    monitor.until(START + 2 * MINUTE)
    assert len(alerts(monitor, AlertKind.VENUE_DOWN)) == 2


def test_a_phase_ends_the_silence_at_once():
    monitor = Monitor()
    monitor.tell(quote(100, 101), START)
    monitor.tell(phase(TradingPhase.HALTED), START + 90 * SECOND)
    monitor.until(START + HOUR)
    assert cleared(monitor, AlertKind.VENUE_DOWN) == [90 * SECOND]


# ---------------------------------------------------------------- TRADING_HALTED


def test_halts_are_counted_by_instrument_and_two_are_critical():
    monitor = Monitor()
    monitor.tell(phase(TradingPhase.VOLATILITY_AUCTION), START)
    monitor.tell(phase(TradingPhase.HALTED), START + SECOND)
    monitor.tell(phase(TradingPhase.HALTED), START + 2 * SECOND)
    monitor.tell(phase(TradingPhase.HALTED, "ETH/USD"), START + 3 * SECOND)
    monitor.tell(phase(TradingPhase.CONTINUOUS), START + 4 * SECOND)
    monitor.tell(phase(TradingPhase.VOLATILITY_AUCTION, "ETH/USD"), START + 5 * SECOND)
    monitor.until(START + HOUR)
    assert alerts(monitor, AlertKind.TRADING_HALTED) == [
        (SECOND, "raised", ALPHA, "high", 1),
        (3 * SECOND, "updated", ALPHA, "critical", 2),
    ]
    assert cleared(monitor, AlertKind.TRADING_HALTED) == [5 * SECOND]


# ---------------------------------------------------------------- BOOK_CROSSED and SPREAD_WIDE


def test_a_crossed_or_locked_quote_is_noticed_and_a_second_in_a_row_is_critical():
    monitor = Monitor()
    for at, one in enumerate([quote(100, 101), quote(101, 101), quote(102, 101), quote(0, 101), quote(102, 101)]):
        monitor.tell(one, START + at * SECOND)
    assert alerts(monitor, AlertKind.BOOK_CROSSED) == [
        (SECOND, "raised", BOOK, "high", 1),
        (2 * SECOND, "updated", BOOK, "critical", 2),
    ]
    monitor.tell(quote(0, 0), START + 5 * SECOND)
    monitor.until(START + HOUR)
    assert cleared(monitor, AlertKind.BOOK_CROSSED) == [5 * SECOND]


def test_a_spread_is_wide_from_fifteen_thousand_parts_per_million_of_the_bid():
    monitor = Monitor()
    monitor.tell(quote(1_000_000, 1_014_999), START)
    assert alerts(monitor, AlertKind.SPREAD_WIDE) == []
    monitor.tell(quote(1_000_000, 1_015_000), START + SECOND)
    monitor.tell(quote(1_000_000, 0), START + 2 * SECOND)
    monitor.tell(quote(1_000_000, 999_999), START + 3 * SECOND)
    monitor.tell(quote(1_000_000, 1_030_000), START + 4 * SECOND)
    monitor.tell(quote(1_000_000, 1_000_001), START + 5 * SECOND)
    monitor.until(START + HOUR)
    assert alerts(monitor, AlertKind.SPREAD_WIDE) == [
        (SECOND, "raised", BOOK, "high", 15_000),
        (4 * SECOND, "updated", BOOK, "critical", 30_000),
    ]
    assert cleared(monitor, AlertKind.SPREAD_WIDE) == [5 * SECOND]


# ---------------------------------------------------------------- LIQUIDITY_LOW


def test_a_book_is_thin_at_an_eighth_of_the_mean_of_the_last_sixty_depths():
    monitor = Monitor()
    for number in range(59):
        monitor.tell(depth(800), START + number * SECOND)
    monitor.tell(depth(1), START + 59 * SECOND)
    assert alerts(monitor, AlertKind.LIQUIDITY_LOW) == []
    # The mean is (59 * 800 + 1) // 60 = 786.
    monitor.tell(depth(99), START + 60 * SECOND)
    assert alerts(monitor, AlertKind.LIQUIDITY_LOW) == []
    # (58 * 800 + 1 + 99) // 60 = 775, an eighth of which is 96.
    monitor.tell(depth(97), START + 61 * SECOND)
    assert alerts(monitor, AlertKind.LIQUIDITY_LOW) == []
    monitor.tell(depth(95), START + 62 * SECOND)
    assert alerts(monitor, AlertKind.LIQUIDITY_LOW) == [(62 * SECOND, "raised", BOOK, "high", 763 * 10**6 // 95)]


def test_thin_depths_are_not_remembered_and_an_empty_book_counts_as_one_lot():
    monitor = Monitor()
    for number in range(60):
        monitor.tell(depth(800), START + number * SECOND)
    for number in range(60, 600):
        monitor.tell(depth(0), START + number * SECOND)
    assert alerts(monitor, AlertKind.LIQUIDITY_LOW) == [(60 * SECOND, "raised", BOOK, "critical", 800 * 10**6)]
    monitor.tell(depth(101), START + 600 * SECOND)
    monitor.until(START + HOUR)
    assert cleared(monitor, AlertKind.LIQUIDITY_LOW) == [600 * SECOND]
