"""The rarer rules of the book, plain and compiled: refusals in their order, icebergs, hidden orders, self-trades, replacing,
matching off, capacity, watching, and that a book restored from a snapshot goes on as it would have."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.exchange.book_commands import Draw, compare_state, send

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book import MAXIMUM_CAPACITY, OrderBook
from trading_ecosystem.domains.exchange.book.book_events import (
    BookEvent,
    Cancelled,
    Filled,
    Reduced,
    Refreshed,
    Refused,
    Replaced,
    Rested,
)
from trading_ecosystem.domains.exchange.book.book_terms import MAXIMUM_SLICES
from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.messages.orders import CancelReason, RejectReason, SelfTradePrevention, Side, TimeInForce
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

BUY, SELL = Side.BUY, Side.SELL
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL
SELF_TRADE = CancelReason.SELF_TRADE
REQUESTED = CancelReason.REQUESTED


@pytest.fixture(params=books.available())
def book(request: pytest.FixtureRequest) -> OrderBook:
    return books.book_class(request.param)("BTC/USD", 6)


def ids(book: OrderBook, side: Side) -> list[int]:
    return [order.order_id for order in book.standing(side)]


# ---------------------------------------------------------------- refusals


def test_refusals_of_place_come_in_their_order(book: OrderBook) -> None:
    """One order wrong in every way; its faults are put right one by one, and the next reason is said each time."""
    for number in range(1, 7):
        book.place(number, 1, SELL, 1, price_ticks=100 + number)
    before = (book.updates, list(book.standing(SELL)))
    wrong: dict[str, Any] = {"price_ticks": 0, "time_in_force": FOK, "hidden": True, "display_lots": 2, "minimum_lots": 9}
    said = []

    def attempt(number: int = 9, lots: int = 8) -> None:
        (event,) = book.place(number, 2, BUY, lots, **wrong)
        assert isinstance(event, Refused)
        assert event.order_id == number
        said.append(event.reason)

    attempt(1, 0)
    attempt(9, 0)
    attempt()
    wrong["price_ticks"] = 101
    attempt()
    wrong.update(hidden=False, display_lots=0, minimum_lots=8)
    book.matching = False
    attempt()
    book.matching = True
    attempt()
    wrong["time_in_force"] = TimeInForce.DAY
    attempt()
    wrong.update(minimum_lots=0, post_only=True)
    attempt()
    wrong["post_only"] = False
    attempt()
    assert said == [
        RejectReason.DUPLICATE_ORDER_ID,
        RejectReason.INVALID_QUANTITY,
        RejectReason.INVALID_PRICE,
        RejectReason.INVALID_TERMS,
        RejectReason.WRONG_PHASE,
        RejectReason.FILL_OR_KILL_UNFILLABLE,
        RejectReason.MINIMUM_QUANTITY_UNFILLABLE,
        RejectReason.POST_ONLY_WOULD_TAKE,
        RejectReason.BOOK_FULL,
    ]
    assert (book.updates, list(book.standing(SELL))) == before


@pytest.mark.parametrize(
    "terms",
    [
        {"minimum_lots": 6},
        {"minimum_lots": -1},
        {"display_lots": 6},
        {"display_lots": -1},
        {"display_lots": 1, "hidden": True},
        {"post_only": True, "time_in_force": IOC},
        {"post_only": True, "time_in_force": FOK},
        {"post_only": True, "price_ticks": None},
        {"post_only": True, "minimum_lots": 1},
        {"reprice": True},
    ],
)
def test_terms_that_contradict_each_other_are_refused(book: OrderBook, terms: dict[str, Any]) -> None:
    assert book.place(1, 1, BUY, 5, **{"price_ticks": 10, **terms}) == [Refused(1, RejectReason.INVALID_TERMS)]


def test_refusals_of_replace_reduce_and_cancel_come_in_their_order(book: OrderBook) -> None:
    book.place(1, 1, BUY, 5, price_ticks=10, display_lots=1)
    book.place(2, 1, SELL, 5, price_ticks=12)
    assert book.replace(9, 0, 0) == [Refused(9, RejectReason.UNKNOWN_ORDER)]
    assert book.replace(1, 0, 0) == [Refused(1, RejectReason.INVALID_QUANTITY)]
    assert book.replace(1, MAXIMUM_SLICES + 1, 0) == [Refused(1, RejectReason.INVALID_PRICE)]
    assert book.replace(1, MAXIMUM_SLICES + 1, 12, post_only=True) == [Refused(1, RejectReason.INVALID_TERMS)]
    assert book.replace(1, MAXIMUM_SLICES, 12, post_only=True) == [Refused(1, RejectReason.POST_ONLY_WOULD_TAKE)]
    assert book.reduce(9, 0) == Refused(9, RejectReason.UNKNOWN_ORDER)
    assert book.reduce(1, 0) == book.reduce(1, -1) == Refused(1, RejectReason.INVALID_QUANTITY)
    assert book.cancel(9) == Refused(9, RejectReason.UNKNOWN_ORDER)
    assert ids(book, BUY) == [1]


def test_post_only_reprices_away_from_the_other_side(book: OrderBook) -> None:
    book.place(1, 1, SELL, 5, price_ticks=100)
    assert book.place(2, 2, BUY, 5, price_ticks=105, post_only=True, reprice=True) == [Rested(2, 99, 5)]
    assert book.place(3, 2, SELL, 5, price_ticks=90, post_only=True, reprice=True) == [Rested(3, 100, 5)]
    book.place(4, 2, BUY, 10, price_ticks=100)
    book.place(5, 1, SELL, 5, price_ticks=99)
    assert ids(book, BUY) == []
    book.place(6, 1, SELL, 1, price_ticks=1)
    refused = [Refused(7, RejectReason.POST_ONLY_WOULD_TAKE)]
    assert book.place(7, 2, BUY, 5, price_ticks=1, post_only=True, reprice=True) == refused


def test_minimum_quantity_counts_on_entry_only(book: OrderBook) -> None:
    book.place(1, 1, SELL, 3, price_ticks=100)
    refused = [Refused(2, RejectReason.MINIMUM_QUANTITY_UNFILLABLE)]
    assert book.place(2, 2, BUY, 9, price_ticks=100, minimum_lots=4) == refused
    assert book.place(2, 2, BUY, 9, price_ticks=100, minimum_lots=3) == [Filled(2, 1, 100, 3, 6, 0), Rested(2, 100, 6)]


# ---------------------------------------------------------------- icebergs and hidden orders


def test_an_iceberg_shows_slices_each_at_the_end_of_the_queue(book: OrderBook) -> None:
    assert book.place(1, 1, SELL, 7, price_ticks=100, display_lots=3) == [Rested(1, 100, 7)]
    book.place(2, 1, SELL, 2, price_ticks=100)
    assert book.best(SELL) == (100, 5)
    assert book.place(3, 2, BUY, 10, price_ticks=100) == [
        Filled(3, 1, 100, 3, 7, 4),
        Refreshed(1, 3),
        Filled(3, 2, 100, 2, 5, 0),
        Filled(3, 1, 100, 3, 2, 1),
        Refreshed(1, 1),
        Filled(3, 1, 100, 1, 1, 0),
        Rested(3, 100, 1),
    ]


def test_an_incoming_iceberg_takes_with_all_it_has(book: OrderBook) -> None:
    book.place(1, 1, SELL, 5, price_ticks=100)
    assert book.place(2, 2, BUY, 9, price_ticks=100, display_lots=1) == [Filled(2, 1, 100, 5, 4, 0), Rested(2, 100, 4)]
    assert book.depth(BUY, 1) == (Level(100, 1),)
    assert book.interest(BUY) == [(100, 4)]


def test_an_iceberg_has_a_bounded_number_of_slices(book: OrderBook) -> None:
    refused = [Refused(1, RejectReason.INVALID_TERMS)]
    assert book.place(1, 1, SELL, 2 * MAXIMUM_SLICES + 1, price_ticks=100, display_lots=2) == refused
    assert book.place(1, 1, SELL, 2 * MAXIMUM_SLICES, price_ticks=100, display_lots=2) == [Rested(1, 100, 2 * MAXIMUM_SLICES)]
    events = book.place(2, 2, BUY, 2 * MAXIMUM_SLICES, price_ticks=100)
    assert len([event for event in events if isinstance(event, Filled)]) == MAXIMUM_SLICES
    assert len(book) == 0


def test_hidden_orders_stand_behind_everything_displayed_at_their_price(book: OrderBook) -> None:
    book.place(1, 1, SELL, 2, price_ticks=100, hidden=True)
    assert (book.best(SELL), book.depth(SELL, 9)) == ((0, 0), ())
    assert book.crosses(BUY, 100)
    book.place(2, 1, SELL, 4, price_ticks=100, display_lots=1)
    book.place(3, 1, SELL, 1, price_ticks=101)
    book.place(4, 1, SELL, 1, price_ticks=99, hidden=True)
    assert book.best(SELL) == (100, 1)
    assert ids(book, SELL) == [4, 2, 1, 3]
    fills = [e for e in book.place(5, 2, BUY, 8, price_ticks=101) if isinstance(e, Filled)]
    assert [(fill.maker_id, fill.lots) for fill in fills] == [(4, 1), (2, 1), (2, 1), (2, 1), (2, 1), (1, 2), (3, 1)]


def test_reducing_takes_what_is_not_displayed_first(book: OrderBook) -> None:
    book.place(1, 1, SELL, 7, price_ticks=100, display_lots=3)
    book.place(2, 1, SELL, 1, price_ticks=100)
    assert book.reduce(1, 3) == Reduced(1, 3, 4, REQUESTED)
    assert book.depth(SELL, 1) == (Level(100, 4),)
    assert book.reduce(1, 2) == Reduced(1, 2, 2, REQUESTED)
    assert book.depth(SELL, 1) == (Level(100, 3),)
    assert ids(book, SELL) == [1, 2]
    assert book.reduce(1, 2) == Cancelled(1, 2, REQUESTED)
    assert book.reduce(2, 10**30) == Cancelled(2, 1, REQUESTED)


# ---------------------------------------------------------------- self-trades


@pytest.mark.parametrize(
    ("mode", "expected", "left"),
    [
        (SelfTradePrevention.NONE, [Filled(9, 1, 100, 5, 3, 0), Filled(9, 2, 100, 2, 1, 0), Rested(9, 100, 1)], [9]),
        (SelfTradePrevention.CANCEL_NEWEST, [Cancelled(9, 8, SELF_TRADE)], [1, 2]),
        (
            SelfTradePrevention.CANCEL_OLDEST,
            [Cancelled(1, 5, SELF_TRADE), Filled(9, 2, 100, 2, 6, 0), Rested(9, 100, 6)],
            [9],
        ),
        (SelfTradePrevention.CANCEL_BOTH, [Cancelled(1, 5, SELF_TRADE), Cancelled(9, 8, SELF_TRADE)], [2]),
        (
            SelfTradePrevention.DECREMENT_AND_CANCEL,
            [Cancelled(1, 5, SELF_TRADE), Reduced(9, 5, 3, SELF_TRADE), Filled(9, 2, 100, 2, 1, 0), Rested(9, 100, 1)],
            [9],
        ),
    ],
)
def test_self_trade_modes(book: OrderBook, mode: SelfTradePrevention, expected: list[BookEvent], left: list[int]) -> None:
    book.place(1, 7, SELL, 5, price_ticks=100, display_lots=5)
    book.place(2, 8, SELL, 2, price_ticks=100)
    assert book.place(9, 7, BUY, 8, price_ticks=100, self_trade=mode) == expected
    assert ids(book, BUY) + ids(book, SELL) == left


def test_a_smaller_taker_is_decremented_away(book: OrderBook) -> None:
    book.place(1, 7, SELL, 5, price_ticks=100)
    mode = SelfTradePrevention.DECREMENT_AND_CANCEL
    assert book.place(2, 7, BUY, 2, price_ticks=100, self_trade=mode) == [
        Reduced(1, 2, 3, SELF_TRADE),
        Cancelled(2, 2, SELF_TRADE),
    ]


def test_orders_of_nobody_in_particular_trade_with_each_other(book: OrderBook) -> None:
    book.place(1, 0, SELL, 1, price_ticks=100)
    mode = SelfTradePrevention.CANCEL_NEWEST
    assert book.place(2, 0, BUY, 1, price_ticks=100, self_trade=mode) == [Filled(2, 1, 100, 1, 0, 0)]


def test_own_orders_never_count_as_what_could_trade(book: OrderBook) -> None:
    book.place(1, 8, SELL, 4, price_ticks=100, display_lots=1)
    book.place(2, 7, SELL, 5, price_ticks=100)
    book.place(3, 8, SELL, 6, price_ticks=101)
    assert book.fillable(BUY, 99, None) == 15
    assert book.fillable(BUY, 99, None, 7, SelfTradePrevention.CANCEL_OLDEST) == 10
    assert book.fillable(BUY, 99, None, 7, SelfTradePrevention.CANCEL_NEWEST) == 1
    assert book.fillable(BUY, 99, None, 7, SelfTradePrevention.NONE) == 15
    refused = [Refused(4, RejectReason.FILL_OR_KILL_UNFILLABLE)]
    cancels = SelfTradePrevention.CANCEL_BOTH
    assert book.place(4, 7, BUY, 2, price_ticks=101, time_in_force=FOK, self_trade=cancels) == refused


# ---------------------------------------------------------------- replacing


def test_less_at_the_same_price_keeps_its_place(book: OrderBook) -> None:
    book.place(1, 1, BUY, 5, price_ticks=100)
    book.place(2, 1, BUY, 5, price_ticks=100)
    updates = book.updates
    assert book.replace(1, 5, 100) == [Replaced(1, 100, 5, True)]
    assert book.updates == updates
    assert book.replace(1, 4, 100) == [Replaced(1, 100, 4, True)]
    assert book.updates == updates + 1
    assert ids(book, BUY) == [1, 2]
    assert book.replace(1, 6, 100) == [Replaced(1, 100, 6, False), Rested(1, 100, 6)]
    assert ids(book, BUY) == [2, 1]


def test_another_price_is_a_new_order_that_may_trade(book: OrderBook) -> None:
    book.place(1, 1, BUY, 5, price_ticks=100, display_lots=2)
    book.place(2, 2, SELL, 3, price_ticks=102)
    assert book.replace(1, 6, 103) == [Replaced(1, 103, 6, False), Filled(1, 2, 102, 3, 3, 0), Rested(1, 103, 3)]
    assert book.depth(BUY, 1) == (Level(103, 2),)
    book.place(3, 1, SELL, 1, price_ticks=104)
    mode = SelfTradePrevention.CANCEL_NEWEST
    assert book.replace(1, 1, 104, self_trade=mode) == [Replaced(1, 104, 1, False), Cancelled(1, 1, SELF_TRADE)]
    assert ids(book, BUY) == []


def test_a_hidden_order_stays_hidden_when_it_is_replaced(book: OrderBook) -> None:
    book.place(1, 1, BUY, 5, price_ticks=100, hidden=True)
    book.replace(1, 9, 101)
    assert (book.best(BUY), book.interest(BUY)) == ((0, 0), [(101, 9)])


# ---------------------------------------------------------------- auctions, capacity, watching


def test_with_matching_off_orders_rest_wherever_they_are(book: OrderBook) -> None:
    book.matching = False
    assert book.place(1, 1, SELL, 3, price_ticks=90, display_lots=2) == [Rested(1, 90, 3)]
    assert book.place(2, 2, BUY, 2, price_ticks=100, post_only=True) == [Rested(2, 100, 2)]
    wrong_phase = [Refused(3, RejectReason.WRONG_PHASE)]
    assert book.place(3, 2, BUY, 2) == wrong_phase
    assert book.place(3, 2, BUY, 2, price_ticks=100, time_in_force=IOC) == wrong_phase
    assert book.place(3, 2, BUY, 2, price_ticks=100, time_in_force=FOK) == wrong_phase
    assert book.place(3, 2, BUY, 2, price_ticks=100, minimum_lots=1) == wrong_phase
    assert (book.crosses(BUY, 100), book.fillable(BUY, 5)) == (False, 0)
    assert book.replace(2, 3, 120, post_only=True) == [Replaced(2, 120, 3, False), Rested(2, 120, 3)]
    assert book.execute(1, 2) == [Refreshed(1, 1)]
    assert book.execute(2, 2) == []
    assert book.execute(1, 1) == []
    assert (ids(book, SELL), ids(book, BUY)) == ([], [2])
    with pytest.raises(AssertionError):
        book.execute(2, 2)
    with pytest.raises(KeyError):
        book.execute(1, 1)


def test_a_full_book_takes_what_does_not_rest(book: OrderBook) -> None:
    for number in range(1, 7):
        book.place(number, 1, SELL, 1, price_ticks=100)
    assert book.place(7, 1, SELL, 1, price_ticks=100) == [Refused(7, RejectReason.BOOK_FULL)]
    assert book.place(7, 2, BUY, 7, price_ticks=100) == [Refused(7, RejectReason.BOOK_FULL)]
    assert book.replace(1, 2, 101) == [Replaced(1, 101, 2, False), Rested(1, 101, 2)]
    assert len(book.place(7, 2, BUY, 5, price_ticks=100)) == 5
    assert book.place(8, 2, BUY, 1, price_ticks=99) == [Rested(8, 99, 1)]


@pytest.mark.parametrize("kind", books.available())
def test_a_book_has_room_for_so_many_orders_and_no_more(kind: str) -> None:
    made = books.book_class(kind)
    for wrong in (-1, MAXIMUM_CAPACITY + 1, 10**30):
        with pytest.raises(ValueError, match="a book has room for 0 to 4,000,000 orders, not"):
            made("BTC/USD", wrong)
    assert made("BTC/USD", MAXIMUM_CAPACITY).capacity == MAXIMUM_CAPACITY
    assert made("BTC/USD", 0).place(1, 1, BUY, 1, price_ticks=1) == [Refused(1, RejectReason.BOOK_FULL)]


def test_a_trade_at_a_watched_price_calls_for_attention(book: OrderBook) -> None:
    book.watch_below, book.watch_above = 98, 102
    for number, price in enumerate((98, 99, 101, 102), start=1):
        book.place(number, 1, SELL, 1, price_ticks=price)
    assert not book.attention
    seen = []
    for number in range(5, 9):
        book.attention = False
        book.place(number, 2, BUY, 1)
        seen.append(book.attention)
    assert seen == [True, False, False, True]
    book.attention = False
    book.place(9, 1, SELL, 1, price_ticks=103)
    book.cancel(9)
    assert not book.attention
    book.place(10, 1, SELL, 1, price_ticks=103)
    book.execute(10, 1)
    assert book.attention


# ---------------------------------------------------------------- snapshots


@pytest.mark.parametrize("kind", books.available())
@pytest.mark.parametrize("seed", range(1, 7))
def test_a_restored_book_goes_on_as_it_would_have(kind: str, seed: int) -> None:
    draw = Draw(seed)
    book = books.book_class(kind)("BTC/USD", draw.capacity)
    for _ in range(400):
        send(book, draw.command())
    restored = Decoder().decode(msgspec.json.decode(msgspec.json.encode(Encoder().encode(book))))
    names = ("symbol", "capacity", "updates", "matching", "watch_below", "watch_above", "best_watched", "attention")
    assert {name: getattr(restored, name) for name in names} == {name: getattr(book, name) for name in names}
    compare_state(book, restored)
    for _ in range(400):
        command = draw.command()
        assert send(book, command) == send(restored, command)
        assert book.updates == restored.updates
    compare_state(book, restored)
