"""Conditions on what custodians say, and limits on activity and on measures of the firm, at their exact edges."""

import pytest
from tests.unit.audit.small_record import FIRM, START, SmallRecord, minutes, seconds

from trading_ecosystem.messages.book_words import Side, TimeInForce
from trading_ecosystem.messages.custodian import (
    HoldingLine,
    HoldingsStated,
    SettlementCancelled,
    SettlementInstructed,
    TransferKind,
    TransferPending,
    TransferPosted,
    TransferRejected,
    TransferRejectReason,
)
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.margin import MarginChanged
from trading_ecosystem.messages.orders import OrderType
from trading_ecosystem.messages.risk import ALERT_OF_LIMIT, AlertKind, LimitKind, LimitSet
from trading_ecosystem.messages.units import SECOND, minor_units

VENUE, CUSTODIAN, ACCOUNT, BTC = "exchange-alpha", "custodian", "fund/maker", "BTC/USD"
NANO = 0.000000001
ONE_BITCOIN_LOTS = 1_000_000


class CustodyRecord(SmallRecord):
    """A record with short words for what custodians say."""

    def reject(self, after, reason):
        terms = (TransferKind.WITHDRAWAL, "USD", 100, reason)
        return self.say(after, CUSTODIAN, TransferRejected(CUSTODIAN, ACCOUNT, f"r{after}", *terms))

    def pending(self, after, name, posts_after, free="50"):
        terms = (TransferKind.WITHDRAWAL, "USD", minor_units("5"), START + round(posts_after * SECOND), minor_units(free))
        return self.say(after, CUSTODIAN, TransferPending(CUSTODIAN, ACCOUNT, name, *terms))

    def posted(self, after, name, free="50"):
        terms = (TransferKind.WITHDRAWAL, "", "USD", minor_units("5"), minor_units(free), 0)
        return self.say(after, CUSTODIAN, TransferPosted(CUSTODIAN, ACCOUNT, name, *terms))

    def instruct(self, after, trade_id, quote="600", side=Side.BUY):
        terms = (side, "BTC", minor_units("0.01"), "USD", minor_units(quote), 0, START)
        return self.say(after, CUSTODIAN, SettlementInstructed(CUSTODIAN, VENUE, ACCOUNT, trade_id, BTC, *terms))

    def buy(self, after, trade_id):
        """A hundredth of a bitcoin for 600 USD."""
        return self.fill(after, trade_id, 600, lots=10_000)

    def state(self, after, *lines):
        rows = tuple(HoldingLine(ACCOUNT, asset, venue, minor_units(amount)) for asset, venue, amount in lines)
        return self.say(after, CUSTODIAN, HoldingsStated(CUSTODIAN, ACCOUNT, START, rows))

    def limit(self, after, kind, subject, value):
        return self.say(after, "risk", LimitSet(account=FIRM, kind=kind, subject=subject, value=value, version=1))

    def order(self, after, account=ACCOUNT):
        order = (Side.BUY, OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL, 1, 1)
        return self.say(after, "trading", PlaceOrder(VENUE, account, "same", BTC, *order))

    def held(self, kind, subject):
        self.report()
        track = self.audit._conditions.tracks.of(kind, subject)
        return [(seconds(one.begun_at), seconds(one.ended_at), one.peak) for one in track.intervals]


def test_refusals_count_until_a_transfer_posts():
    record = CustodyRecord()
    record.reject(0, TransferRejectReason.UNKNOWN_ASSET)  # The client's own mistake.
    record.reject(1, TransferRejectReason.OFFLINE)
    record.reject(2, TransferRejectReason.REFUSED)
    record.posted(3, "a")
    record.reject(minutes(15) + 2, TransferRejectReason.OFFLINE)  # Those of 1 and 2 are forgotten.
    assert record.held(AlertKind.TRANSFER_REFUSED, CUSTODIAN) == [(1, 3, 2), (minutes(15) + 2, None, 1)]


def test_a_transfer_is_overdue_five_minutes_past_the_instant_first_said():
    record = CustodyRecord()
    record.pending(0, "a", 100)
    record.pending(50, "a", 900)  # Said again with another instant: the first counts.
    record.pending(60, "b", 200)
    record.posted(450, "a")  # b is overdue only from 500 on.
    record.posted(510, "b")
    assert record.held(AlertKind.TRANSFER_OVERDUE, CUSTODIAN) == [
        (400, 450, 350_000_000_000),
        (500, 510, 310_000_000_000),
    ]


def test_a_transfer_that_posts_at_the_very_instant_was_overdue_for_no_time():
    record = CustodyRecord()
    record.pending(0, "a", 100)
    record.posted(400 - NANO, "a")
    record.price(1000, BTC, "60000")
    assert record.held(AlertKind.TRANSFER_OVERDUE, CUSTODIAN) == []


def test_instructions_are_held_against_their_fills_whichever_comes_first():
    record = CustodyRecord()
    record.buy(0, 1)
    record.instruct(1, 1)
    record.instruct(2, 2, quote="601")  # Its fill has not arrived.
    record.buy(3, 2)
    record.buy(4, 3)
    record.instruct(5, 3, side=Side.SELL)
    record.instruct(6, 2)  # As filled.
    record.settle(7, 3)
    assert record.held(AlertKind.INSTRUCTION_MISMATCH, VENUE) == [(3, 7, 2)]


def test_a_cancelled_instruction_differs_no_more():
    record = CustodyRecord()
    record.buy(0, 1)
    record.instruct(1, 1, quote="599.99999999")
    record.say(2, CUSTODIAN, SettlementCancelled(CUSTODIAN, VENUE, ACCOUNT, 1, BTC))
    assert record.held(AlertKind.INSTRUCTION_MISMATCH, VENUE) == [(1, 2, 1)]


def test_a_statement_breaks_where_it_differs_from_what_was_last_said():
    record = CustodyRecord()
    record.state(0, ("USD", "", "77"))  # Nothing was said of it yet.
    record.pending(1, "a", 100, free="50")
    record.state(2, ("USD", "", "50"), ("BTC", VENUE, "9"))
    record.settle(3, 1, [("USD", minor_units("30")), ("BTC", minor_units("1"))], account=ACCOUNT)
    record.state(4, ("USD", "", "50"), ("USD", VENUE, "31"), ("BTC", VENUE, "9"))
    record.state(5, ("USD", "", "50"), ("USD", VENUE, "30"), ("BTC", VENUE, "1"))
    assert record.held(AlertKind.HOLDINGS_BREAK, CUSTODIAN) == [(4, 5, 2)]


def test_the_order_rate_counts_every_command_of_the_last_minute_for_account_and_firm():
    record = CustodyRecord()
    record.limit(0, LimitKind.ORDER_RATE, ACCOUNT, 4)
    record.limit(0, LimitKind.ORDER_RATE, FIRM, 4)
    record.order(1)
    record.order(2, account="fund/other")
    record.order(3)
    record.order(4)
    record.order(61)  # The first is exactly a minute old.
    record.order(64)
    assert record.held(AlertKind.ORDER_RATE_LIMIT, ACCOUNT) == [(4, 64, 750_000)]
    assert record.held(AlertKind.ORDER_RATE_LIMIT, FIRM) == [(3, 64, 1_000_000)]


def test_turnover_counts_fills_of_a_quarter_of_an_hour_and_prices_let_it_forget():
    record = CustodyRecord()
    record.limit(0, LimitKind.TURNOVER, ACCOUNT, minor_units("1200"))
    record.buy(0, 1)  # No price of USD is needed.
    record.buy(10, 2)
    record.buy(20, 2)  # Arrives again.
    record.price(minutes(15) - NANO, "ETH/USD", "3000")
    record.price(minutes(15), "ETH/USD", "3000")
    assert record.held(AlertKind.TURNOVER_LIMIT, ACCOUNT) == [(10, minutes(15), 1_000_000)]


@pytest.mark.parametrize(
    ("equity", "maintenance", "used"),
    [("100", "75", 750_000), ("100", "74.99999999", None), ("0", "1", 10**9), ("-1", "0", None)],
)
def test_margin_usage_is_that_of_the_account_that_uses_most(equity, maintenance, used):
    record = CustodyRecord()
    record.limit(0, LimitKind.MARGIN_USAGE, VENUE, 1_000_000)
    for after, account, amounts in ((1, "fund/idle", ("100", "10")), (2, ACCOUNT, (equity, maintenance))):
        whole, needed = map(minor_units, amounts)
        record.say(after, VENUE, MarginChanged(VENUE, account, "USD", whole, needed, needed, needed))
    expected = [] if used is None else [(2, None, used)]
    assert record.held(AlertKind.MARGIN_USAGE_LIMIT, VENUE) == expected


@pytest.mark.parametrize(
    ("kind", "subject", "value", "peak"),
    [
        (LimitKind.LEVERAGE, FIRM, 1_000_000, 1_200_000),  # 60,000 of bitcoin over an equity of 50,000.
        (LimitKind.NET_DELTA, FIRM, minor_units("60000"), 1_000_000),
        (LimitKind.CONCENTRATION, "BTC", 1_000_000, 1_000_000),
        (LimitKind.VENUE_EXPOSURE, VENUE, minor_units("120000"), 1_000_000),  # The bitcoin, and the USD owed for it.
        (LimitKind.UNSETTLED_EXPOSURE, FIRM, minor_units("60000"), 1_000_000),
    ],
)
def test_measures_of_the_firm(kind, subject, value, peak):
    record = CustodyRecord()
    record.limit(0, kind, subject, value)
    record.price(1, BTC, "60000")
    record.deposit(2, "USD", "50000", account=ACCOUNT)
    record.fill(3, 1, 600, lots=ONE_BITCOIN_LOTS)
    ((begun, ended, found),) = record.held(ALERT_OF_LIMIT[kind], subject)
    assert (begun, ended, found) == (3, None, peak)


def test_leverage_without_equity_is_the_most_there_is():
    record = CustodyRecord()
    record.limit(0, LimitKind.LEVERAGE, FIRM, 1_000_000)
    record.price(1, BTC, "60000")
    record.fill(2, 1, 600, lots=ONE_BITCOIN_LOTS)  # Bought for as much as it is worth: an equity of 0.
    assert record.held(AlertKind.LEVERAGE_LIMIT, FIRM) == [(2, None, 10**9)]


def test_what_arrives_again_says_nothing_about_amounts():
    record = CustodyRecord()
    record.pending(0, "a", 100, free="50")
    record.settle(1, 1, [("USD", minor_units("30"))], account=ACCOUNT)
    record.settle(2, 2, [("USD", minor_units("20"))], account=ACCOUNT)
    record.posted(3, "a", free="50")
    record.posted(4, "b", free="45")
    record.settle(5, 1, [("USD", minor_units("30"))], account=ACCOUNT)
    record.posted(6, "a", free="50")
    record.pending(7, "a", 100, free="50")
    record.state(8, ("USD", VENUE, "20"), ("USD", "", "45"))
    assert record.held(AlertKind.HOLDINGS_BREAK, CUSTODIAN) == []
