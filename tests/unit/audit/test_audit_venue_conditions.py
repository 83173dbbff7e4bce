"""Conditions on venues, from public data and from the firm's own orders, at their exact edges."""

import pytest
from tests.unit.audit.small_record import SmallRecord, minutes, seconds

from trading_ecosystem.messages.book_words import CancelReason, Level, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    DepthChanged,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    PlaceOrder,
    QuoteChanged,
)
from trading_ecosystem.messages.orders import OrderType, TradingPhase
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.trading_phases import PhaseReason, TradingPhaseChanged

VENUE, BTC, ETH, ACCOUNT = "exchange-alpha", "BTC/USD", "ETH/USD", "fund/maker"
BOOK = f"{VENUE}:{BTC}"
NANO = 0.000000001


class VenueRecord(SmallRecord):
    """A record with short words for what venues and their clients say."""

    def quote(self, after, bid=100_000, ask=100_100, bid_lots=5, ask_lots=5, instrument=BTC):
        return self.say(after, VENUE, QuoteChanged(VENUE, instrument, 1, bid, bid_lots, ask, ask_lots))

    def depth(self, after, bids, asks, price=100_000):
        levels = (tuple(Level(price, lots) for lots in side) for side in (bids, asks))
        return self.say(after, VENUE, DepthChanged(VENUE, BTC, 1, 1, *levels))

    def phase(self, after, phase, instrument=BTC):
        message = TradingPhaseChanged(VENUE, instrument, phase, next(iter(PhaseReason)), 0)
        return self.say(after, VENUE, message)

    def place(self, after, name, account=ACCOUNT):
        order = (Side.BUY, OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL, 100_000, 5)
        return self.say(after, "trading", PlaceOrder(VENUE, account, name, BTC, *order))

    def cancel(self, after, name):
        return self.say(after, "trading", CancelOrder(VENUE, ACCOUNT, name))

    def accept(self, after, name):
        order = (Side.BUY, OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL, 100_000, 5, False)
        return self.say(after, VENUE, OrderAccepted(VENUE, ACCOUNT, name, 1, BTC, *order))

    def reject(self, after, name):
        return self.say(after, VENUE, OrderRejected(VENUE, ACCOUNT, name, BTC, next(iter(RejectReason))))

    def cancelled(self, after, name, order_id):
        reason = next(iter(CancelReason))
        return self.say(after, VENUE, OrderCancelled(VENUE, ACCOUNT, name, order_id, BTC, 0, 5, reason))

    def held(self, kind, subject=VENUE):
        """When the condition held, up to the last entry, with the peak of its measure."""
        self.report()
        track = self.audit._conditions.tracks.of(kind, subject)
        return [(seconds(one.begun_at), seconds(one.ended_at), one.peak) for one in track.intervals]


def test_a_venue_is_down_a_nanosecond_after_sixty_seconds_of_silence():
    record = VenueRecord()
    record.quote(0)
    record.quote(60)  # Exactly sixty seconds are not more than sixty.
    record.quote(130)
    assert record.held(AlertKind.VENUE_DOWN) == [(120 + NANO, 130, 70_000_000_000)]


def test_a_venue_that_does_not_trade_continuously_is_not_down():
    record = VenueRecord()
    record.quote(0)
    record.quote(1, instrument=ETH)
    record.phase(2, TradingPhase.HALTED)
    record.price(70, BTC, "60000")  # ETH/USD trades, so silence counts.
    record.phase(80, TradingPhase.HALTED, ETH)
    record.price(200, BTC, "60000")
    assert record.held(AlertKind.VENUE_DOWN) == [(62 + NANO, 80, 78_000_000_000)]


def test_halts_are_counted_by_instrument():
    record = VenueRecord()
    record.phase(1, TradingPhase.HALTED)
    record.phase(2, TradingPhase.HALTED, ETH)
    record.phase(3, TradingPhase.CONTINUOUS)
    record.phase(4, TradingPhase.CONTINUOUS, ETH)
    assert record.held(AlertKind.TRADING_HALTED) == [(1, 4, 2)]


def test_a_book_is_crossed_where_bid_and_ask_touch_and_counts_quotes_in_a_row():
    record = VenueRecord()
    record.quote(0, ask=100_000)
    record.quote(1, ask=99_000)
    record.quote(2, ask=99_000, ask_lots=0)
    record.quote(3, ask=100_001)
    assert record.held(AlertKind.BOOK_CROSSED, BOOK) == [(0, 2, 2)]


def test_a_spread_is_wide_from_fifteen_thousandths_of_the_bid_and_stays_so_while_there_is_none():
    record = VenueRecord()
    record.quote(0, ask=101_499)
    record.quote(1, ask=101_500)
    record.quote(2, ask=110_000, ask_lots=0)
    record.quote(3, ask=90_000)
    record.quote(4, ask=101_499)
    assert record.held(AlertKind.SPREAD_WIDE, BOOK) == [(1, 4, 15_000)]


def test_a_depth_is_thin_from_an_eighth_of_the_mean_of_sixty_that_were_not():
    record = VenueRecord()
    for after in range(59):
        record.depth(after, (50,), (30,))
    record.depth(59, (1,), ())  # Only fifty-nine are known.
    record.depth(60, (5,), (5,))  # The mean is now 4,721 // 60 = 78, and 78 over 10 is not eight.
    record.depth(61, (5,), (4,))  # The mean is 4,651 // 60 = 77; over 9 that is 8.55.
    record.depth(62, (), ())
    record.depth(63, (50,), (30,))
    assert record.held(AlertKind.LIQUIDITY_LOW, BOOK) == [(61, 63, 77_000_000)]


def test_an_answer_is_late_from_one_second_and_a_fill_answers():
    record = VenueRecord()
    record.place(0, "a")
    record.accept(1 - NANO, "a")
    record.place(2, "b")
    record.fill(3, 1, 600, client_order_id="b")
    record.place(4, "c")
    record.accept(4.5, "c")
    record.accept(9, "c")  # Answers nothing that waits.
    assert record.held(AlertKind.EXECUTION_LATENCY) == [(3, 4.5, 1_000_000_000)]


def test_of_two_answered_commands_the_longer_wait_decides():
    record = VenueRecord()
    record.place(0, "a")
    record.cancel(4, "a")
    record.fill(5, 1, 600, client_order_id="a")
    assert record.held(AlertKind.EXECUTION_LATENCY) == [(5, None, 5_000_000_000)]


def test_a_fill_that_leaves_something_answers_no_cancel():
    record = VenueRecord()
    record.cancel(0, "a")
    record.fill(5, 1, 600, client_order_id="a", leaves_lots=3)
    record.fill(10, 2, 600, client_order_id="a")
    assert record.held(AlertKind.EXECUTION_LATENCY) == [(10, None, 10_000_000_000)]


def test_a_command_is_unanswered_from_thirty_seconds_on_until_it_is_given_up():
    record = VenueRecord()
    record.place(0, "a")
    record.place(10, "a")  # Repeats one that waits: none.
    record.place(50, "b")
    record.accept(60, "b")
    record.price(minutes(16), BTC, "60000")
    assert record.held(AlertKind.ORDER_UNANSWERED) == [(30, minutes(15) + NANO, 900_000_000_000)]


def test_the_next_oldest_command_goes_on_being_unanswered_or_not():
    record = VenueRecord()
    record.place(0, "a")
    record.place(20, "b")
    record.accept(40, "a")  # b waits for twenty seconds by now.
    record.accept(50, "b")  # Exactly thirty: it held at that very instant.
    assert record.held(AlertKind.ORDER_UNANSWERED)[0] == (30, 40, 40_000_000_000)


def test_an_answer_before_its_command_counts_for_less_than_a_minute():
    record = VenueRecord()
    record.accept(0, "a")
    record.cancelled(0, "b", 2)
    record.reject(1, "c")
    record.place(60 - NANO, "a")
    record.cancel(60, "b")  # A nanosecond too late.
    record.place(60, "c")
    record.price(200, BTC, "60000")
    assert record.held(AlertKind.EXECUTION_LATENCY) == []
    assert record.held(AlertKind.ORDER_UNANSWERED) == [(90, None, 140_000_000_000)]


def test_an_early_answer_answers_one_command_once_and_ends_a_latency():
    record = VenueRecord()
    record.place(0, "b")
    record.fill(1, 1, 600, client_order_id="a")
    record.accept(2, "b")
    record.place(3, "a")
    record.cancel(4, "a")
    record.cancel(5, "a")
    record.price(50, BTC, "60000")
    assert record.held(AlertKind.EXECUTION_LATENCY) == [(2, 3, 2_000_000_000)]
    assert record.held(AlertKind.ORDER_UNANSWERED) == [(35, None, 45_000_000_000)]


def test_the_latest_early_answer_counts():
    record = VenueRecord()
    record.accept(0, "a")
    record.accept(1, "b")
    record.fill(30, 1, 600, client_order_id="a", leaves_lots=3)
    record.place(89, "a")
    record.place(90, "b")
    record.price(130, BTC, "60000")
    assert record.held(AlertKind.ORDER_UNANSWERED) == [(120, None, 40_000_000_000)]


def test_an_answer_that_came_again_keeps_no_older_one():
    record = VenueRecord()
    record.accept(0, "a")
    record.accept(1, "b")
    record.fill(30, 1, 600, client_order_id="a", leaves_lots=3)
    record.place(70, "b")
    record.price(130, BTC, "60000")
    assert record.held(AlertKind.ORDER_UNANSWERED) == [(100, None, 60_000_000_000)]


def test_early_rejections_count_when_their_orders_arrive():
    record = VenueRecord()
    for number in range(10):
        record.reject(number, f"o{number}")
    for number in range(10):
        record.place(20 + number, f"o{number}")
    assert record.held(AlertKind.REJECT_RATE) == [(29, None, 1_000_000)]


def test_orders_of_other_firms_are_none_of_the_monitors_business():
    record = VenueRecord()
    record.place(0, "a", account="other/maker")
    record.price(100, BTC, "60000")
    assert record.held(AlertKind.ORDER_UNANSWERED) == []


def test_the_share_of_rejections_counts_from_ten_answers_within_five_minutes():
    record = VenueRecord()
    for number in range(10):
        record.place(number, f"o{number}")
        (record.reject if number >= 5 else record.accept)(number + 0.5, f"o{number}")
    record.place(300.5, "late")  # The first answer is five minutes old, and forgotten: five of ten remain without this one.
    record.accept(300.5, "late")
    assert record.held(AlertKind.REJECT_RATE) == [(9.5, None, 500_000)]
    record.place(302, "later")
    record.accept(302, "later")  # Answers 0 and 1 are gone; 5 of 10.
    record.place(302.1, "last")
    record.accept(302.1, "last")
    assert record.held(AlertKind.REJECT_RATE) == [(9.5, 302.1, 500_000)]


def test_an_execution_said_again_is_a_duplicate_for_fifteen_minutes():
    record = VenueRecord()
    record.fill(0, 1, 600)
    record.fill(minutes(15) - NANO, 1, 600)
    record.fill(minutes(15), 2, 600)
    record.fill(minutes(30) - NANO, 1, 600)  # Fifteen minutes after it arrived again: no repetition.
    record.fill(minutes(31), 2, 600)
    assert record.held(AlertKind.DUPLICATE_EXECUTION) == [(minutes(15) - NANO, minutes(15), 1)]


def test_twenty_fills_of_an_order_within_a_minute_are_a_storm():
    record = VenueRecord()
    for number in range(20):
        record.fill(number * 3, number, 600, order_id=7)
    record.fill(58, 100, 600, order_id=8)
    record.fill(60, 20, 600, order_id=7)  # The first of them is exactly a minute old.
    assert record.held(AlertKind.EXECUTION_STORM) == [(57, 58, 20), (60, None, 20)]


def test_a_fill_after_its_order_was_cancelled():
    record = VenueRecord()
    record.cancelled(0, "a", order_id=7)
    record.fill(1, 1, 600, order_id=8)
    record.fill(2, 2, 600, order_id=7)
    record.fill(3, 2, 600, order_id=7)  # A repetition decides nothing here.
    record.fill(4, 3, 600, order_id=8)
    record.fill(minutes(15), 4, 600, order_id=7)
    assert record.held(AlertKind.FILL_AFTER_CANCEL) == [(2, 4, 1)]


@pytest.mark.parametrize(
    "fields",
    [
        {"bid": 0},
        {"bid": 0, "ask": 0},
        {"ask": 0},
    ],
)
def test_a_side_without_a_price_is_no_side(fields):
    record = VenueRecord()
    record.quote(0, **fields)
    record.quote(1)
    assert record.held(AlertKind.BOOK_CROSSED, BOOK) == []
    assert record.held(AlertKind.SPREAD_WIDE, BOOK) == []


@pytest.mark.parametrize("fields", [{"bid": -1}, {"ask": -5}, {"bid_lots": -1}, {"ask_lots": -1}, {"ask": 10**20 + 1}])
def test_a_quote_with_a_number_that_cannot_be_has_not_arrived(fields):
    record = VenueRecord()
    record.quote(0)
    record.quote(30, **fields)
    record.price(70, BTC, "60000")
    assert record.held(AlertKind.VENUE_DOWN) == [(60 + NANO, None, 70_000_000_000)]
    assert record.held(AlertKind.BOOK_CROSSED, BOOK) == []


@pytest.mark.parametrize(("lots", "price"), [(0, 100_000), (-3, 100_000), (5, 0), (5, -1), (10**20 + 1, 100_000)])
def test_a_depth_with_a_number_that_cannot_be_has_not_arrived(lots, price):
    record = VenueRecord()
    record.depth(0, (5,), (5,))
    record.depth(30, (lots,), (5,), price=price)
    record.price(70, BTC, "60000")
    assert record.held(AlertKind.VENUE_DOWN) == [(60 + NANO, None, 70_000_000_000)]


@pytest.mark.parametrize(("lots", "price"), [(0, 100), (-3, 100), (5, 0), (5, -1)])
def test_a_fill_with_a_number_that_cannot_be_has_not_arrived(lots, price):
    record = VenueRecord()
    record.place(0, "one")
    record.fill(5, 1, 600, lots=lots, price_ticks=price)
    record.price(40, BTC, "60000")
    assert record.held(AlertKind.ORDER_UNANSWERED) == [(30, None, 40_000_000_000)]
    record.fill(50, 1, 600)
    assert record.held(AlertKind.DUPLICATE_EXECUTION) == []
