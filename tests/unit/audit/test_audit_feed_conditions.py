"""Conditions on the vendor feed and on how prices hang together, at their exact edges."""

from math import isqrt

import pytest
from tests.unit.audit.small_record import START, SmallRecord, minutes, seconds

from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import SECOND, minor_units

BTC, ETH = "BTC/USD", "ETH/USD"
NANO = 0.000000001


class FeedRecord(SmallRecord):
    """A record with prices whose numbers and instants the test chooses."""

    def feed(self, after, number, price="60000", age=0.0, instrument=BTC):
        priced_at = START + round(after * SECOND) - round(age * SECOND)
        message = PricePublished(instrument=instrument, price_minor=minor_units(price), priced_at=priced_at, update=number)
        return self.say(after, "market-data", message)

    def held(self, kind, subject=BTC):
        self.report()
        track = self.audit._conditions.tracks.of(kind, subject)
        return [(seconds(one.begun_at), seconds(one.ended_at), one.peak) for one in track.intervals]


def test_missed_numbers_count_for_five_minutes_and_stay_missed():
    record = FeedRecord()
    record.feed(0, 40)  # The first misses none.
    record.feed(10, 43)  # 41 and 42.
    record.feed(20, 45)  # 44.
    record.feed(25, 42)
    record.feed(310 - NANO, 46)
    record.feed(310, 47)
    assert record.held(AlertKind.FEED_GAP) == [(20, 310, 3)]


def test_a_number_is_a_duplicate_within_five_minutes_of_its_last_arrival():
    record = FeedRecord()
    record.feed(0, 1)
    record.feed(300 - NANO, 1)
    record.feed(600 - 2 * NANO, 1)  # Within five minutes of when it arrived again.
    assert record.held(AlertKind.FEED_DUPLICATE) == []
    record.feed(600, 1)
    record.feed(601, 1)
    assert record.held(AlertKind.FEED_DUPLICATE) == [(601, None, 3)]
    assert record.held(AlertKind.FEED_OUT_OF_ORDER) == []


def test_late_numbers_are_out_of_order_where_they_repeat_nothing():
    record = FeedRecord()
    for after, number in enumerate((10, 7, 8, 8, 11, 9)):
        record.feed(after, number)
    record.feed(300.9, 12)
    record.feed(301, 13)  # That of 7 is forgotten.
    assert record.held(AlertKind.FEED_OUT_OF_ORDER) == [(5, 301, 3)]
    assert record.held(AlertKind.FEED_DUPLICATE) == []
    assert record.held(AlertKind.FEED_GAP) == []


def test_a_number_forgotten_as_arrived_is_late_when_it_comes_again():
    record = FeedRecord()
    for number in (1, 2, 3, 4):
        record.feed(0, number)
    for after, number in ((300, 1), (300, 2), (300, 3)):
        record.feed(after, number)
    assert record.held(AlertKind.FEED_OUT_OF_ORDER) == [(300, None, 3)]


def test_a_price_is_frozen_after_a_minute_and_four_prices_that_claim_to_be_new():
    record = FeedRecord()
    record.feed(0, 1, "60000")
    record.feed(10, 2, "60001")
    record.feed(30, 3, "60001")
    record.feed(69, 4, "60001")
    record.feed(70, 4, "60001", age=1)  # No newer than the newest: changes nothing.
    record.feed(70, 5, "60001")
    record.feed(71, 6, "60002", age=60)  # Old, and changes nothing.
    record.feed(90, 7, "60002")
    assert record.held(AlertKind.PRICE_FROZEN) == [(70, 90, 60_000_000_000)]


def test_three_prices_however_long_are_not_frozen():
    record = FeedRecord()
    for after in (0, 100, 200):
        record.feed(after, after + 1)
    assert record.held(AlertKind.PRICE_FROZEN) == []


def test_a_clock_is_skewed_from_one_second_ahead():
    record = FeedRecord()
    record.feed(0, 1, age=-(1 - NANO))
    record.feed(1, 2, age=-1)
    record.feed(2, 3, age=-5)
    record.feed(3, 4, age=40)
    assert record.held(AlertKind.CLOCK_SKEW) == [(1, 3, 5_000_000_000)]


@pytest.mark.parametrize(("number", "age"), [(0, 0.0), (-4, 0.0), (2, 2_000_000_000.0)])
def test_a_price_without_number_or_instant_says_nothing_about_the_feed(number, age):
    record = FeedRecord()
    record.feed(0, 10)
    for after in (1, 2, 3):
        record.feed(after, number, age=age)
    assert record.held(AlertKind.FEED_OUT_OF_ORDER) == []
    assert record.held(AlertKind.FEED_DUPLICATE) == []


def quote(record, after, venue, bid, ask, lots=1):
    record.say(after, venue, QuoteChanged(venue, BTC, 1, bid, lots, ask, 1))


def test_a_price_deviates_by_the_least_distance_from_a_fresh_mid():
    record = FeedRecord()
    record.feed(0, 1, "50000")  # No venue is known.
    quote(record, 1, "exchange-alpha", 5_999_900, 6_000_100)  # Ticks of a cent: the mid is 60,000.
    record.feed(2, 2, "60599.99")
    record.feed(3, 3, "60600")
    quote(record, 4, "exchange-beta", 6_050_000, 6_052_000)
    record.feed(5, 4, "60600")  # Beta's mid is 60,510.
    quote(record, 6, "exchange-beta", 6_050_000, 6_052_000, lots=0)
    record.feed(7, 5, "60600")
    record.feed(31 - NANO, 6, "60600")
    record.feed(31, 7, "60600")  # Alpha's quote is thirty seconds old.
    assert record.held(AlertKind.PRICE_DEVIATION) == [(3, 5, 10_000), (7, 31, 10_000)]


def test_volatility_is_known_after_a_quarter_of_an_hour():
    record = FeedRecord()
    prices = ("60000", "60300")
    for number in range(92):
        record.feed(number * 10, number + 1, prices[number % 2])
    up, down = 5_000, 4_975
    # At 900 s the returns of (0, 900] are known: 90 of them, 45 up and 45 down; at 910 the first is forgotten for another.
    expected = isqrt(45 * (up * up + down * down) * 31_536_000 // 900)
    assert record.held(AlertKind.VOLATILITY_HIGH) == [(900, None, expected)]


def test_twenty_nine_returns_are_too_few():
    record = FeedRecord()
    for number in range(30):
        record.feed(number * 32, number + 1, ("60000", "66000")[number % 2])
    assert record.held(AlertKind.VOLATILITY_HIGH) == []


def test_correlation_counts_thirty_minutes_without_a_gap():
    record = FeedRecord()
    price = {BTC: 60_000, ETH: 3_000}
    for minute in range(33):
        # Opposite moves: a correlation of exactly -1, but for truncation.
        factor = 101 if minute % 2 else 100
        record.feed(minutes(minute) + 1, minute + 1, str(price[BTC] * factor // 100))
        record.feed(minutes(minute) + 2, minute + 1, str(price[ETH] * (201 - factor) // 100), instrument=ETH)
    ((begun, ended, peak),) = record.held(AlertKind.CORRELATION_BREACH, "BTC~ETH")
    # Thirty returns need thirty-one closes, the last of which is known at the first price of minute 31.
    assert (begun, ended) == (minutes(31) + 1, None)
    assert peak == pytest.approx(2_000_000, abs=100)


def test_a_minute_without_both_prices_forgets_all_returns():
    record = FeedRecord()
    for minute in range(45):
        factor = 101 if minute % 2 else 100
        record.feed(minutes(minute) + 1, minute + 1, str(600 * factor))
        if minute != 12:
            record.feed(minutes(minute) + 2, minute + 1, str(30 * (201 - factor)), instrument=ETH)
    # Closes from minute 13 on: thirty returns would be known at minute 44, which is the first price of it.
    assert [one[0] for one in record.held(AlertKind.CORRELATION_BREACH, "BTC~ETH")] == [minutes(44) + 1]


def test_basis_compares_prices_of_one_instant():
    record = FeedRecord()
    record.feed(0, 1, "60000")
    record.feed(0, 1, "1", instrument="USDT/USD")
    record.feed(0, 1, "60599.99", instrument="BTC/USDT")
    record.feed(10, 2, "60000")
    record.feed(10, 2, "60600", instrument="BTC/USDT")  # USDT/USD is still that of before: not compared.
    record.feed(10, 2, "1", instrument="USDT/USD")
    record.feed(20, 3, "61000", instrument="BTC/USDT")
    record.feed(20, 3, "1", instrument="USDT/USD")
    record.feed(20, 1, "30000", age=20)  # Older than the newest: changes nothing.
    record.feed(20, 3, "61000")
    assert record.held(AlertKind.BASIS_DIVERGENCE, "BTC/USDT") == [(10, 20, 10_000)]


def test_a_perpetual_diverges_from_its_spot():
    record = FeedRecord(instruments=(BTC, "BTC-PERP"))
    record.feed(0, 1, "60000")
    record.feed(0, 1, "59400", instrument="BTC-PERP")
    record.feed(10, 2, "60000")
    record.feed(10, 2, "59400.01", instrument="BTC-PERP")
    assert record.held(AlertKind.BASIS_DIVERGENCE, "BTC-PERP") == [(0, 10, 10_000)]
