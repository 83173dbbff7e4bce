"""The book alone, plain and compiled: price-time priority, every time in force, what is counted, the limits of numbers.

Its rarer rules are in test_exchange_book_rules.py, random lives and the comparison of the twins in test_exchange_book_twins.py.
"""

from __future__ import annotations

import pytest

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled, Refused, Rested
from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.messages.orders import CancelReason, RejectReason, Side, TimeInForce

BUY, SELL = Side.BUY, Side.SELL
GTC, IOC, FOK = TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL


@pytest.fixture(params=books.available())
def kind(request: pytest.FixtureRequest) -> type[OrderBook]:
    """The class of one of the books that are there."""
    return books.book_class(request.param)


@pytest.fixture
def book(kind: type[OrderBook]) -> OrderBook:
    """Asks 5 at 100 (3 of order 1, then 2 of order 2) and 4 at 102 (order 3); bids 6 at 98 (order 4)."""
    made = kind("BTC/USD")
    assert made.place(1, 1, SELL, 3, price_ticks=100) == [Rested(1, 100, 3)]
    assert made.place(2, 2, SELL, 2, price_ticks=100) == [Rested(2, 100, 2)]
    assert made.place(3, 1, SELL, 4, price_ticks=102) == [Rested(3, 102, 4)]
    assert made.place(4, 3, BUY, 6, price_ticks=98) == [Rested(4, 98, 6)]
    return made


def test_three_lines_are_enough(kind: type[OrderBook]) -> None:
    """The example at the head of the module."""
    book = kind("BTC/USD")
    book.place(1, 7, Side.SELL, 5, price_ticks=100)
    assert book.place(2, 8, Side.BUY, 3, price_ticks=101) == [Filled(2, 1, 100, 3, 0, 2)]


def test_better_price_goes_first_then_older_order(book: OrderBook) -> None:
    assert book.place(5, 4, BUY, 7, price_ticks=103) == [
        Filled(5, 1, 100, 3, 4, 0),
        Filled(5, 2, 100, 2, 2, 0),
        Filled(5, 3, 102, 2, 0, 2),
    ]
    assert book.depth(SELL, 10) == (Level(102, 2),)


def test_a_later_order_at_a_better_price_overtakes(book: OrderBook) -> None:
    book.place(5, 4, SELL, 1, price_ticks=99)
    assert book.place(6, 5, BUY, 2, price_ticks=100) == [Filled(6, 5, 99, 1, 1, 0), Filled(6, 1, 100, 1, 0, 2)]


def test_a_partly_filled_order_keeps_its_place(book: OrderBook) -> None:
    book.place(5, 4, BUY, 1, price_ticks=100)
    assert book.place(6, 4, BUY, 3, price_ticks=100) == [Filled(6, 1, 100, 2, 1, 0), Filled(6, 2, 100, 1, 0, 1)]


def test_a_cancelled_and_replaced_order_goes_to_the_end(book: OrderBook) -> None:
    assert book.cancel(1) == Cancelled(1, 3, CancelReason.REQUESTED)
    book.place(5, 1, SELL, 3, price_ticks=100)
    assert book.place(6, 4, BUY, 3, price_ticks=100) == [Filled(6, 2, 100, 2, 1, 0), Filled(6, 5, 100, 1, 0, 2)]


def test_good_till_cancel_rests_what_is_left(book: OrderBook) -> None:
    assert book.place(5, 4, BUY, 8, price_ticks=101) == [
        Filled(5, 1, 100, 3, 5, 0),
        Filled(5, 2, 100, 2, 3, 0),
        Rested(5, 101, 3),
    ]
    assert (book.best(BUY), book.best(SELL)) == ((101, 3), (102, 4))


def test_immediate_or_cancel_cancels_what_is_left(book: OrderBook) -> None:
    assert book.place(5, 4, SELL, 7, price_ticks=98, time_in_force=IOC) == [
        Filled(5, 4, 98, 6, 1, 0),
        Cancelled(5, 1, CancelReason.IMMEDIATE_OR_CANCEL),
    ]
    assert book.best(BUY) == (0, 0)
    assert book.place(6, 4, SELL, 7, price_ticks=98, time_in_force=IOC) == [Cancelled(6, 7, CancelReason.IMMEDIATE_OR_CANCEL)]


def test_fill_or_kill_is_all_or_nothing(book: OrderBook) -> None:
    before = (book.depth(BUY, 9), book.depth(SELL, 9), book.updates)
    refused = Refused(5, RejectReason.FILL_OR_KILL_UNFILLABLE)
    assert book.place(5, 4, BUY, 6, price_ticks=101, time_in_force=FOK) == [refused]
    assert book.place(5, 4, BUY, 10, time_in_force=FOK) == [refused]
    assert (book.depth(BUY, 9), book.depth(SELL, 9), book.updates) == before
    assert book.place(5, 4, BUY, 5, price_ticks=101, time_in_force=FOK) == [
        Filled(5, 1, 100, 3, 2, 0),
        Filled(5, 2, 100, 2, 0, 0),
    ]


def test_a_market_order_takes_every_price_and_never_rests(book: OrderBook) -> None:
    assert book.place(5, 4, BUY, 10) == [
        Filled(5, 1, 100, 3, 7, 0),
        Filled(5, 2, 100, 2, 5, 0),
        Filled(5, 3, 102, 4, 1, 0),
        Cancelled(5, 1, CancelReason.MARKET_REMAINDER),
    ]
    assert book.depth(SELL, 9) == ()


def test_post_only_is_refused_where_it_would_take(book: OrderBook) -> None:
    assert book.place(5, 4, BUY, 1, price_ticks=100, post_only=True) == [Refused(5, RejectReason.POST_ONLY_WOULD_TAKE)]
    assert book.place(5, 4, BUY, 1, price_ticks=99, post_only=True) == [Rested(5, 99, 1)]


def test_cancelling_twice_finds_nothing(book: OrderBook) -> None:
    assert book.cancel(4) == Cancelled(4, 6, CancelReason.REQUESTED)
    assert book.cancel(4) == Refused(4, RejectReason.UNKNOWN_ORDER)
    assert book.cancel(99) == Refused(99, RejectReason.UNKNOWN_ORDER)


def test_depth_is_nearest_first_and_no_deeper_than_asked(book: OrderBook) -> None:
    book.place(5, 4, BUY, 1, price_ticks=97)
    assert book.depth(BUY, 1) == (Level(98, 6),)
    assert book.depth(BUY, 5) == (Level(98, 6), Level(97, 1))
    assert book.depth(SELL, 5) == (Level(100, 5), Level(102, 4))
    assert book.depth(SELL, 0) == ()


def test_each_change_is_counted(book: OrderBook) -> None:
    assert book.updates == 4
    book.place(5, 4, BUY, 4, price_ticks=100)
    assert book.updates == 6
    book.cancel(2)
    assert book.updates == 7


def test_cancelled_orders_do_not_pile_up_at_a_busy_price(kind: type[OrderBook]) -> None:
    book = kind("BTC/USD")
    book.place(1, 1, BUY, 1, price_ticks=10)
    for order_id in range(2, 5000):
        book.place(order_id, 2, BUY, 1, price_ticks=10)
        book.cancel(order_id)
    assert [order.order_id for order in book.standing(BUY)] == [1]
    assert book.best(BUY) == (10, 1)
    assert len(book) == 1


def test_numbers_are_any_64_bit_integers(kind: type[OrderBook]) -> None:
    book = kind("BTC/USD")
    numbers = [2**63 - 1, -(2**63), 0, -1, 2**32, -(2**32)]
    for number in numbers:
        assert book.place(number, 1, SELL, 2, price_ticks=7) == [Rested(number, 7, 2)]
    assert [order.order_id for order in book.standing(SELL)] == numbers
    assert book.place(0, 1, SELL, 2, price_ticks=7) == [Refused(0, RejectReason.DUPLICATE_ORDER_ID)]
    assert book.place(5, 1, BUY, 3, price_ticks=7) == [Filled(5, numbers[0], 7, 2, 1, 0), Filled(5, numbers[1], 7, 1, 0, 1)]
    for number in numbers[1:]:
        assert number in book
        assert isinstance(book.cancel(number), Cancelled)
        assert number not in book
    assert len(book) == 0


def test_a_number_is_free_again_once_its_order_has_left(kind: type[OrderBook]) -> None:
    book = kind("BTC/USD")
    for round_number in range(200):
        assert book.place(1, 1, BUY, 1 + round_number, price_ticks=10) == [Rested(1, 10, 1 + round_number)]
        book.place(2, 1, BUY, 1, price_ticks=11)
        assert book.cancel(1) == Cancelled(1, 1 + round_number, CancelReason.REQUESTED)
        assert book.order(1) is None
        assert book.cancel(1) == book.reduce(1, 1) == Refused(1, RejectReason.UNKNOWN_ORDER)
        book.cancel(2)


def test_the_largest_numbers_add_up(kind: type[OrderBook]) -> None:
    """Nothing multiplies price and quantity, and sums far beyond 2³² stay exact."""
    book = kind("BTC/USD")
    most = 10**12
    for number in range(1, 1001):
        assert book.place(number, 1, SELL, most, price_ticks=most) == [Rested(number, most, most)]
    assert book.best(SELL) == (most, 1000 * most)
    assert book.fillable(BUY, 2**62, None) == book.fillable(BUY, 10**30, None) == 1000 * most
    assert book.interest(SELL) == [(most, 1000 * most)]
    assert book.place(0, 2, BUY, most, price_ticks=most) == [Filled(0, 1, most, most, 0, 0)]
    for wrong in (most + 1, 2**63 - 1, 2**63, 10**30, 0, -1, -(2**63), -(10**30)):
        assert book.place(0, 1, BUY, wrong, price_ticks=1) == [Refused(0, RejectReason.INVALID_QUANTITY)]
        assert book.place(0, 1, BUY, 1, price_ticks=wrong) == [Refused(0, RejectReason.INVALID_PRICE)]
        assert book.replace(2, wrong, 1) == [Refused(2, RejectReason.INVALID_QUANTITY)]
        assert book.replace(2, 1, wrong) == [Refused(2, RejectReason.INVALID_PRICE)]
        assert not book.crosses(BUY, min(wrong, most - 1))


def test_prices_far_apart_stand_side_by_side(kind: type[OrderBook]) -> None:
    book = kind("BTC/USD")
    prices = [10**k for k in range(12)] + [10**k + 1 for k in range(12)] + [63, 64, 65, 255, 256, 257]
    for number, price in enumerate(prices):
        book.place(number, 1, BUY, 1 + number, price_ticks=price)
    stand = sorted(set(prices), reverse=True)
    assert [level.price_ticks for level in book.depth(BUY, 99)] == stand
    for price in stand:
        assert book.best(BUY)[0] == price
        book.place(-1, 2, SELL, book.best(BUY)[1], price_ticks=price, time_in_force=FOK)
    assert len(book) == 0
