"""The life table, and how long the name of an order is remembered."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from trading_ecosystem.domains.exchange.orders.orders import LIFE, Order, OrderEvent, OrderTable
from trading_ecosystem.messages.exchange import CancelRejected, OrderAccepted, OrderRejected, PlaceOrder
from trading_ecosystem.messages.orders import CancelRejectReason, OrderStatus, OrderType, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.units import DAY

ASKED = PlaceOrder(
    "exchange-alpha", "fund/a", "one", "BTC/USD", Side.BUY, OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL, 100, 5
)


def test_the_life_table_is_complete_and_closed() -> None:
    assert set(LIFE) == {None, *OrderStatus}
    reached = {following for transitions in LIFE.values() for following in transitions.values()}
    assert reached == set(OrderStatus)
    closed = {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED}
    stays = {status for status, transitions in LIFE.items() if set(transitions.values()) <= {status}}
    assert stays == closed
    assert all(set(LIFE[status]) <= {OrderEvent.BUST} for status in closed)


@pytest.mark.parametrize(("status", "event"), list(itertools.product(LIFE, OrderEvent)))
def test_every_transition_not_in_the_table_is_a_bug(status: OrderStatus | None, event: OrderEvent) -> None:
    order = Order(ASKED, 1, 0, 5, 100, status)
    if event in LIFE[status]:
        order.happens(event)
        assert order.status is LIFE[status][event]
    else:
        with pytest.raises(AssertionError):
            order.happens(event)
        assert order.status is status


def test_fills_count_down_to_filled() -> None:
    order = Order(ASKED, 1, 0, 5, 100, OrderStatus.NEW)
    order.fill(2)
    assert (order.leaves_lots, order.status) == (3, OrderStatus.PARTIALLY_FILLED)
    order.fill(3)
    assert (order.leaves_lots, order.status) == (0, OrderStatus.FILLED)
    with pytest.raises(AssertionError):
        order.fill(1)


def test_names_are_forgotten_oldest_first_unless_open() -> None:
    table = OrderTable()
    for number in range(4):
        asked = PlaceOrder(
            "v", "fund", f"id-{number}", "BTC/USD", Side.BUY, OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL, 1, 1
        )
        order = Order(asked, number + 1, number * 10, 1, 1, OrderStatus.NEW)
        table.remember(order)
        if number == 1:
            table.open[order.order_id] = order
    assert table.named("fund", "id-0", DAY - 1) is not None
    assert table.named("fund", "id-0", DAY) is None
    assert table.named("fund", "id-1", DAY + 25) is not None
    assert (len(table), table.named("fund", "id-2", DAY + 25)) == (2, None)
    del table.open[2]
    assert table.named("fund", "id-1", DAY + 30) is not None
    assert (table.named("fund", "id-1", 2 * DAY + 25), len(table)) == (None, 0)


def test_the_same_words_give_the_first_answer_again(venue: Any) -> None:
    first = venue.place("fund/a", "one", "sell", 5, 100_00)
    accepted = [message for message in first if isinstance(message, OrderAccepted)]
    ledger = dict(venue.ledger)
    assert venue.place("fund/a", "one", "sell", 5, 100_00) == accepted
    venue.place("rival", "x", "buy", 5, 100_00)
    after = dict(venue.ledger)
    assert venue.place("fund/a", "one", "sell", 5, 100_00) == accepted
    assert ledger != after == venue.ledger
    assert venue.book() == ([], [])


def test_a_refusal_is_an_answer_too(venue: Any) -> None:
    first = venue.place("fund/a", "one", "buy", 5)
    assert first == [OrderRejected("exchange-alpha", "fund/a", "one", "BTC/USD", RejectReason.NO_LIQUIDITY)]
    venue.place("rival", "x", "sell", 5, 100_00)
    assert venue.place("fund/a", "one", "buy", 5) == first
    assert [m.reason for m in venue.place("fund/a", "one", "buy", 6)] == [RejectReason.DUPLICATE_CLIENT_ORDER_ID]


def test_a_name_belongs_to_one_account_for_a_day(venue: Any, new_venue: Callable[..., Any]) -> None:
    venue.place("fund/a", "one", "sell", 5, 100_00)
    assert any(isinstance(message, OrderAccepted) for message in venue.place("fund/b", "one", "sell", 6, 100_00))
    venue.cancel("fund/a", "one")
    venue.now = DAY - 1
    assert [m.reason for m in venue.place("fund/a", "one", "sell", 7, 100_00)] == [RejectReason.DUPLICATE_CLIENT_ORDER_ID]
    venue.now = DAY
    again = [message for message in venue.place("fund/a", "one", "sell", 7, 100_00) if isinstance(message, OrderAccepted)]
    assert [(message.order_id, message.quantity_lots) for message in again] == [(3, 7)]
    assert [m.reason for m in venue.place("fund/b", "one", "sell", 7, 100_00)] == [RejectReason.DUPLICATE_CLIENT_ORDER_ID]


def test_a_cancel_names_its_order(venue: Any) -> None:
    venue.place("fund/a", "one", "sell", 5, 100_00)
    assert venue.cancel("fund/a", "two") == [
        CancelRejected("exchange-alpha", "fund/a", "two", CancelRejectReason.UNKNOWN_ORDER)
    ]
    assert venue.cancel("fund/b", "one") == [
        CancelRejected("exchange-alpha", "fund/b", "one", CancelRejectReason.UNKNOWN_ORDER)
    ]
    venue.cancel("fund/a", "one")
    assert venue.cancel("fund/a", "one") == [CancelRejected("exchange-alpha", "fund/a", "one", CancelRejectReason.TOO_LATE)]
