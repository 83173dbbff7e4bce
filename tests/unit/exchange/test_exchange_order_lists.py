"""Lists of orders on both books: what one order's fate means for the others."""

from __future__ import annotations

import pytest

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled, Reduced, Refused, Rested
from trading_ecosystem.domains.exchange.matching.kept_orders import NewOrder, WaitingFor
from trading_ecosystem.domains.exchange.matching.matching import Matching
from trading_ecosystem.domains.exchange.matching.matching_events import Activated, Crossed, Parked, Triggered
from trading_ecosystem.messages.orders import (
    CancelReason,
    ContingencyType,
    OrderTerms,
    OrderType,
    RejectReason,
    Side,
    TimeInForce,
    TradingPhase,
)

BUY, SELL = Side.BUY, Side.SELL
OCO, OTO, OUO = (
    ContingencyType.ONE_CANCELS_THE_OTHER,
    ContingencyType.ONE_TRIGGERS_THE_OTHER,
    ContingencyType.ONE_UPDATES_THE_OTHER,
)
BRACKET = ContingencyType.BRACKET
OWNER = 7
GONE = CancelReason.CONTINGENCY


def limit(order_id: int, side: Side, lots: int, price: int, owner: int = OWNER) -> NewOrder:
    return NewOrder(order_id, owner, side, lots, price)


def stop(order_id: int, side: Side, lots: int, price: int, limit_price: int = 0) -> NewOrder:
    kind = OrderType.STOP_LIMIT if limit_price else OrderType.STOP
    return NewOrder(order_id, OWNER, side, lots, limit_price, kind, terms=OrderTerms(stop_price_ticks=price))


@pytest.fixture(params=books.available())
def matching(request: pytest.FixtureRequest) -> Matching:
    """Bids 10 at 98, asks 10 at 102, last trade at 100."""
    made = Matching(books.book_class(request.param)("BTC/USD"))
    for each in (limit(901, SELL, 1, 100, 1), limit(902, BUY, 1, 100, 2), limit(903, BUY, 10, 98, 1)):
        made.place(each, 0)
    made.place(limit(904, SELL, 10, 102, 2), 0)
    return made


def test_any_fill_of_one_cancels_the_other(matching: Matching) -> None:
    assert matching.place_list(OCO, (limit(1, SELL, 5, 101), stop(2, SELL, 5, 97)), 0) == [
        Rested(1, 101, 5),
        Parked(2, 5, WaitingFor.TRIGGER, 97),
    ]
    assert matching.place(limit(3, BUY, 2, 101, 3), 0) == [Filled(3, 1, 101, 2, 0, 3), Cancelled(2, 5, GONE)]
    assert matching.book.order(1).leaves_lots == 3  # type: ignore[union-attr]


def test_triggering_one_cancels_the_other_before_it_trades(matching: Matching) -> None:
    matching.place_list(OCO, (limit(1, SELL, 5, 101), stop(2, SELL, 5, 98)), 0)
    assert matching.place(limit(3, SELL, 1, 98, 3), 0) == [
        Filled(3, 903, 98, 1, 0, 9),
        Triggered(2, 98, 98),
        Cancelled(1, 5, GONE),
        Filled(2, 903, 98, 5, 0, 4),
    ]


def test_cancelling_one_cancels_the_other(matching: Matching) -> None:
    matching.place_list(OCO, (limit(1, SELL, 5, 101), stop(2, SELL, 5, 97)), 0)
    assert matching.cancel(2, 0) == [Cancelled(2, 5, CancelReason.REQUESTED), Cancelled(1, 5, GONE)]
    assert matching.simple


def test_a_member_that_trades_at_its_entry_leaves_no_room_for_the_others(matching: Matching) -> None:
    assert matching.place_list(OCO, (limit(1, SELL, 5, 98), stop(2, SELL, 5, 97)), 0) == [
        Filled(1, 903, 98, 5, 0, 5),
        Cancelled(2, 5, GONE),
    ]


def test_one_updates_the_other(matching: Matching) -> None:
    matching.place_list(OUO, (limit(1, SELL, 5, 101), stop(2, SELL, 4, 97)), 0)
    assert matching.place(limit(3, BUY, 3, 101, 3), 0) == [Filled(3, 1, 101, 3, 0, 2), Reduced(2, 3, 1, GONE)]
    assert matching.place(limit(4, BUY, 1, 101, 3), 0) == [
        Filled(4, 1, 101, 1, 0, 1),
        Cancelled(2, 1, GONE),
    ]
    assert matching.place(limit(5, BUY, 1, 101, 3), 0) == [Filled(5, 1, 101, 1, 0, 0)]
    assert matching.simple


def test_both_sides_of_one_list_may_stand_in_the_book(matching: Matching) -> None:
    matching.place_list(OUO, (limit(1, SELL, 5, 101), limit(2, BUY, 5, 99)), 0)
    assert matching.place(limit(3, BUY, 2, 101, 3), 0) == [Filled(3, 1, 101, 2, 0, 3), Reduced(2, 2, 3, GONE)]
    assert matching.place(limit(4, SELL, 9, 98, 3), 0) == [
        Filled(4, 2, 99, 3, 6, 0),
        Filled(4, 903, 98, 6, 0, 4),
        Cancelled(1, 3, GONE),
    ]


def test_the_first_whole_fill_enters_the_others(matching: Matching) -> None:
    assert matching.place_list(OTO, (limit(1, BUY, 4, 99), limit(2, SELL, 9, 105)), 0) == [
        Parked(2, 9, WaitingFor.PARENT),
        Rested(1, 99, 4),
    ]
    assert matching.place(limit(3, SELL, 3, 99, 3), 0) == [Filled(3, 1, 99, 3, 0, 1)]
    assert matching.place(limit(4, SELL, 1, 99, 3), 0) == [Filled(4, 1, 99, 1, 0, 0), Activated(2, 9), Rested(2, 105, 9)]
    assert matching.simple


def test_a_part_enters_the_others_with_no_more_than_that(matching: Matching) -> None:
    matching.place_list(OTO, (limit(1, BUY, 4, 99), limit(2, SELL, 9, 105)), 0)
    matching.place(limit(3, SELL, 3, 99, 3), 0)
    assert matching.cancel(1, 0) == [Cancelled(1, 1, CancelReason.REQUESTED), Activated(2, 3), Rested(2, 105, 3)]


def test_without_a_trade_the_others_never_come(matching: Matching) -> None:
    matching.place_list(OTO, (limit(1, BUY, 4, 99), limit(2, SELL, 9, 105), stop(3, SELL, 4, 90)), 0)
    assert matching.cancel(1, 0) == [Cancelled(1, 4, CancelReason.REQUESTED), Cancelled(2, 9, GONE), Cancelled(3, 4, GONE)]


def test_a_bracket_from_entry_to_take_profit(matching: Matching) -> None:
    bracket = (limit(1, BUY, 4, 102), limit(2, SELL, 4, 106), stop(3, SELL, 4, 97))
    assert matching.place_list(BRACKET, bracket, 0) == [
        Parked(2, 4, WaitingFor.PARENT),
        Parked(3, 4, WaitingFor.PARENT),
        Filled(1, 904, 102, 4, 0, 6),
        Activated(2, 4),
        Rested(2, 106, 4),
        Activated(3, 4),
        Parked(3, 4, WaitingFor.TRIGGER, 97),
    ]
    assert matching.place(limit(4, BUY, 7, 106, 3), 0) == [
        Filled(4, 904, 102, 6, 1, 0),
        Filled(4, 2, 106, 1, 0, 3),
        Reduced(3, 1, 3, GONE),
    ]
    assert matching.place(limit(5, BUY, 3, 106, 3), 0) == [Filled(5, 2, 106, 3, 0, 0), Cancelled(3, 3, GONE)]


def test_a_bracket_from_entry_to_stop_loss(matching: Matching) -> None:
    matching.place_list(BRACKET, (limit(1, BUY, 4, 102), limit(2, SELL, 4, 106), stop(3, SELL, 4, 98, 96)), 0)
    assert matching.place(limit(4, SELL, 1, 98, 3), 0) == [
        Filled(4, 903, 98, 1, 0, 9),
        Triggered(3, 98, 98),
        Cancelled(2, 4, GONE),
        Filled(3, 903, 98, 4, 0, 5),
    ]


def test_a_list_is_refused_whole(matching: Matching) -> None:
    orders = (limit(1, SELL, 0, 101), stop(2, SELL, 5, 97))
    assert matching.place_list(OCO, orders, 0) == [
        Refused(1, RejectReason.INVALID_QUANTITY),
        Refused(2, RejectReason.LIST_REFUSED),
    ]
    assert not matching.is_live(2)


@pytest.mark.parametrize(
    ("kind", "orders"),
    [
        (OCO, (limit(1, SELL, 1, 101),)),
        (OCO, (limit(1, SELL, 1, 101), limit(1, BUY, 1, 99))),
        (OCO, (limit(1, SELL, 1, 101), limit(2, BUY, 1, 99, owner=8))),
        (OCO, (limit(1, SELL, 1, 101), limit(2, SELL, 1, 105))),
        (OUO, (limit(1, SELL, 1, 99), limit(2, BUY, 1, 99))),
        (
            OCO,
            (
                stop(1, SELL, 1, 90),
                NewOrder(2, OWNER, BUY, 1, 0, OrderType.MARKET, TimeInForce.IMMEDIATE_OR_CANCEL),
            ),
        ),
        (BRACKET, (limit(1, BUY, 1, 99), limit(2, SELL, 1, 105))),
        (BRACKET, (limit(1, BUY, 1, 99), limit(2, BUY, 1, 105), stop(3, SELL, 1, 90))),
        (BRACKET, (limit(1, BUY, 1, 99), stop(2, SELL, 1, 105), stop(3, SELL, 1, 90))),
        (OTO, tuple(limit(each, BUY, 1, 90) for each in range(1, 12))),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(matching: Matching, kind: ContingencyType, orders: tuple[NewOrder, ...]) -> None:
    events = matching.place_list(kind, orders, 0)
    assert events == [Refused(order.order_id, RejectReason.INVALID_TERMS) for order in orders]
    assert matching.simple


def test_a_member_cannot_be_replaced_into_its_own_list(matching: Matching) -> None:
    matching.place_list(OCO, (limit(1, SELL, 5, 101), limit(2, BUY, 5, 99)), 0)
    assert matching.replace(1, 5, 99, 0) == [Refused(1, RejectReason.INVALID_PRICE)]


def test_an_auction_fills_one_of_a_list_and_then_the_other_leaves(matching: Matching) -> None:
    matching.place_list(OCO, (limit(1, SELL, 5, 101), limit(2, BUY, 5, 99)), 0)
    matching.change_phase(TradingPhase.VOLATILITY_AUCTION, 0)
    matching.place(limit(3, BUY, 5, 101, 3), 0)
    events = matching.change_phase(TradingPhase.CONTINUOUS, 0)
    assert events[0] == Crossed(3, 1, 101, 5, 0, 0)
    assert events[-1] == Cancelled(2, 5, GONE)
