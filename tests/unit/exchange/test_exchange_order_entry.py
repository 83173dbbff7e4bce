"""Order entry: each reason to refuse, in its order; holds and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trading_ecosystem.domains.exchange.book.book import MAXIMUM_LOTS, MAXIMUM_TICKS
from trading_ecosystem.domains.exchange.orders.holds import hold_of
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeeSchedule, FeeTerms
from trading_ecosystem.messages.exchange import (
    ClaimChanged,
    ClaimReason,
    OpenOrdersQuestion,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    TradeMatched,
)
from trading_ecosystem.messages.orders import CancelReason, Liquidity, OrderType, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, MINUTE, Instrument

NAME = "exchange-alpha"
FUNDED_BTC, FUNDED_USD = 100 * 10**8, 10**7 * 10**8
TOO_MUCH = 2 * 10**8


def buy_hold(price_ticks: int, lots: int, tick_value: int, rate: int) -> int:
    """What a buy holds of an instrument whose tick times lot is worth so much."""
    instrument = Instrument("A/B", "A", "B", tick_value, MINOR_UNITS_PER_WHOLE)
    return hold_of(FeeSchedule(0, rate, FeeTerms()), instrument, Side.BUY, price_ticks, lots).amount


def reasons(said: list[Any]) -> list[RejectReason]:
    assert all(isinstance(message, OrderRejected) for message in said), said
    return [message.reason for message in said]


# Each case fails the check it is named for and as many later ones as it can; the ones before it pass.
CASES: list[tuple[RejectReason, dict[str, Any]]] = [
    (
        RejectReason.UNKNOWN_ACCOUNT,
        {"account": "nobody", "instrument": "DOGE/USD", "client_order_id": "", "lots": 0, "price": -1},
    ),
    (RejectReason.UNKNOWN_ACCOUNT, {"account": f"{NAME}-fees"}),
    (RejectReason.UNKNOWN_INSTRUMENT, {"instrument": "ETH/USD", "client_order_id": "", "lots": 0, "price": -1}),
    (RejectReason.INVALID_CLIENT_ORDER_ID, {"client_order_id": "", "lots": 0, "price": -1}),
    (RejectReason.INVALID_CLIENT_ORDER_ID, {"client_order_id": "x" * 37, "lots": 0}),
    (RejectReason.DUPLICATE_CLIENT_ORDER_ID, {"client_order_id": "used", "lots": 0, "price": -1}),
    (RejectReason.INVALID_QUANTITY, {"lots": 0, "price": -1, "order_type": OrderType.LIMIT}),
    (RejectReason.INVALID_QUANTITY, {"lots": MAXIMUM_LOTS + 1, "price": 0, "order_type": OrderType.LIMIT}),
    (
        RejectReason.INVALID_PRICE,
        {"order_type": OrderType.LIMIT, "price": 0, "time_in_force": "fill_or_kill", "post_only": True},
    ),
    (RejectReason.INVALID_PRICE, {"price": MAXIMUM_TICKS + 1, "time_in_force": "fill_or_kill", "post_only": True}),
    (RejectReason.INVALID_PRICE, {"price": 100_00, "order_type": OrderType.MARKET, "post_only": True}),
    (RejectReason.INVALID_TIME_IN_FORCE, {"price": 0, "time_in_force": "good_till_cancel"}),
    (RejectReason.INVALID_TIME_IN_FORCE, {"price": 0, "post_only": True}),
    (RejectReason.INVALID_TIME_IN_FORCE, {"price": 101_00, "time_in_force": "fill_or_kill", "post_only": True}),
    (RejectReason.NO_LIQUIDITY, {"side": "sell", "price": 0, "time_in_force": "fill_or_kill", "lots": MAXIMUM_LOTS}),
    (RejectReason.POST_ONLY_WOULD_TAKE, {"account": "fund/b", "price": 101_00, "post_only": True, "lots": MAXIMUM_LOTS}),
    (
        RejectReason.FILL_OR_KILL_UNFILLABLE,
        {"account": "fund/b", "price": 101_00, "time_in_force": "fill_or_kill", "lots": MAXIMUM_LOTS},
    ),
    (RejectReason.SELF_TRADE, {"account": "fund/b", "price": 101_00, "lots": MAXIMUM_LOTS}),
    (RejectReason.INSUFFICIENT_CLAIM, {"price": 101_00, "lots": MAXIMUM_LOTS}),
    (RejectReason.INSUFFICIENT_CLAIM, {"side": "sell", "price": 102_00, "lots": FUNDED_BTC // 100 + 1}),
    (RejectReason.BOOK_FULL, {"price": 101_00, "lots": 6}),
    (RejectReason.BOOK_FULL, {"price": 99_00, "lots": 1, "post_only": True}),
]


def test_the_cases_stand_in_the_order_of_the_reasons() -> None:
    named = list(dict.fromkeys(reason for reason, _ in CASES))
    assert named == [reason for reason in RejectReason if reason in named]


@pytest.mark.parametrize(("reason", "terms"), CASES)
def test_the_first_reason_that_applies_is_said(
    reason: RejectReason, terms: dict[str, Any], new_venue: Callable[..., Any]
) -> None:
    """Book of capacity 1 with one ask of ``fund/b``, 5 lots at 100.00."""
    venue = new_venue(book_capacity=1)
    for account in ("fund/a", "fund/b", f"{NAME}-fees"):
        venue.fund(account, BTC=FUNDED_BTC, USD=FUNDED_USD)
    venue.place("fund/b", "used", "sell", 5, 100_00)
    if terms.get("client_order_id") == "used":
        terms = {**terms, "account": "fund/b"}
    before = (venue.book(), dict(venue.ledger))
    asked = {"account": "fund/a", "client_order_id": "new", "side": "buy", "lots": 1, "price": 100_00, **terms}
    account, client_order_id = asked.pop("account"), asked.pop("client_order_id")
    said = venue.place(account, client_order_id, asked.pop("side"), asked.pop("lots"), asked.pop("price"), **asked)
    assert said == [OrderRejected(NAME, account, client_order_id, terms.get("instrument", "BTC/USD"), reason)]
    assert (venue.book(), dict(venue.ledger)) == before


def test_an_order_that_trades_whole_needs_no_room(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(book_capacity=1)
    venue.fund("fund/a", USD=FUNDED_USD)
    venue.fund("fund/b", BTC=FUNDED_BTC)
    venue.place("fund/b", "ask", "sell", 5, 100_00)
    assert any(isinstance(message, TradeMatched) for message in venue.place("fund/a", "buy", "buy", 5, 100_00))


def test_self_trade_looks_only_as_far_as_the_order_reaches(venue: Any) -> None:
    venue.place("rival", "near", "sell", 5, 100_00)
    venue.place("fund/a", "own", "sell", 5, 101_00)
    assert reasons(venue.place("fund/a", "too far", "buy", 6, 101_00)) == [RejectReason.SELF_TRADE]
    assert reasons(venue.place("fund/a", "market", "buy", 6)) == [RejectReason.SELF_TRADE]
    assert any(isinstance(message, OrderFilled) for message in venue.place("fund/a", "near enough", "buy", 5, 101_00))


def test_sub_accounts_of_one_master_trade_with_each_other(venue: Any) -> None:
    venue.place("fund/b", "ask", "sell", 5, 100_00)
    said = venue.place("fund/a", "bid", "buy", 5, 100_00)
    assert [(m.buyer, m.seller) for m in said if isinstance(m, TradeMatched)] == [("fund/a", "fund/b")]


def test_a_limit_buy_holds_notional_and_the_highest_fee(venue: Any) -> None:
    hold = 10 * 100_00 + 10 * 100_00 * 500 // 10**6 + 10
    assert buy_hold(100_00, 10, 1, 500) == hold
    assert buy_hold(100_00, 10, 1, 0) == 10 * 100_00
    assert venue.place("fund/a", "one", "buy", 10, 100_00) == [
        ClaimChanged(NAME, "fund/a", "USD", FUNDED_USD - hold, hold, ClaimReason.HELD),
        OrderAccepted(
            NAME,
            "fund/a",
            "one",
            1,
            "BTC/USD",
            Side.BUY,
            OrderType.LIMIT,
            TimeInForce.GOOD_TILL_CANCEL,
            100_00,
            10,
            False,
        ),
    ]
    assert venue.cancel("fund/a", "one") == [
        ClaimChanged(NAME, "fund/a", "USD", FUNDED_USD, 0, ClaimReason.RETURNED),
        OrderCancelled(NAME, "fund/a", "one", 1, "BTC/USD", 0, 10, CancelReason.REQUESTED),
    ]


def test_a_whole_trade_message_by_message(venue: Any) -> None:
    """10 lots bid at 101.00 meet 6 at 100.00: notional 60,000, fees of 500 and 200 ppm 30 and 12; a lot is 100 base units."""
    venue.place("rival", "ask", "sell", 6, 100_00)
    hold = 10 * 101_00 + 50 + 10
    rest = 4 * 101_00 + 20 + 4
    due = 10 * MINUTE
    assert venue.place("fund/a", "bid", "buy", 10, 101_00) == [
        ClaimChanged(NAME, "fund/a", "USD", FUNDED_USD - hold, hold, ClaimReason.HELD),
        OrderAccepted(
            NAME,
            "fund/a",
            "bid",
            2,
            "BTC/USD",
            Side.BUY,
            OrderType.LIMIT,
            TimeInForce.GOOD_TILL_CANCEL,
            101_00,
            10,
            False,
        ),
        ClaimChanged(NAME, "fund/a", "USD", FUNDED_USD - rest - 60_030, rest, ClaimReason.TRADED),
        ClaimChanged(NAME, "fund/a", "BTC", FUNDED_BTC + 600, 0, ClaimReason.TRADED),
        ClaimChanged(NAME, "rival", "BTC", FUNDED_BTC - 600, 0, ClaimReason.TRADED),
        ClaimChanged(NAME, "rival", "USD", FUNDED_USD + 60_000 - 12, 0, ClaimReason.TRADED),
        ClaimChanged(NAME, f"{NAME}-fees", "USD", 42, 0, ClaimReason.FEE),
        OrderFilled(NAME, "fund/a", "bid", 2, 1, 1, "BTC/USD", Side.BUY, 100_00, 6, 6, 4, Liquidity.TAKER, "USD", 30, due),
        OrderFilled(NAME, "rival", "ask", 1, 2, 1, "BTC/USD", Side.SELL, 100_00, 6, 6, 0, Liquidity.MAKER, "USD", 12, due),
        TradeMatched(
            "custodian",
            NAME,
            1,
            "BTC/USD",
            100_00,
            6,
            Side.BUY,
            "fund/a",
            "rival",
            2,
            1,
            "BTC",
            600,
            "USD",
            60_000,
            30,
            12,
            f"{NAME}-fees",
            0,
            due,
        ),
    ]
    assert venue.book() == ([(101_00, 4)], [])
    assert venue.exchange.answer(OpenOrdersQuestion("rival")) == ()
    assert [(o.client_order_id, o.quantity_lots) for o in venue.exchange.answer(OpenOrdersQuestion("fund/a"))] == [("bid", 4)]


def test_fills_add_up_and_leaves_count_down(venue: Any) -> None:
    for number, lots in enumerate((3, 4, 5)):
        venue.place("rival", f"ask-{number}", "sell", lots, 100_00 + number)
    said = venue.place("fund/a", "bid", "buy", 11, 101_00)
    own = [m for m in said if isinstance(m, OrderFilled) and m.account == "fund/a"]
    assert [(m.price_ticks, m.quantity_lots, m.cumulative_lots, m.leaves_lots, m.trade_id) for m in own] == [
        (100_00, 3, 3, 8, 1),
        (100_01, 4, 7, 4, 2),
        (100_02, 4, 11, 0, 3),
    ]
    other = [m for m in said if isinstance(m, OrderFilled) and m.account == "rival"]
    assert [(m.client_order_id, m.cumulative_lots, m.leaves_lots) for m in other] == [
        ("ask-0", 3, 0),
        ("ask-1", 4, 0),
        ("ask-2", 4, 1),
    ]
    assert venue.claim("fund/a", "USD")[1] == 0


def test_a_market_buy_holds_at_the_worst_price_it_reaches(venue: Any) -> None:
    venue.place("rival", "one", "sell", 3, 100_00)
    venue.place("rival", "two", "sell", 3, 120_00)
    said = venue.place("fund/a", "market", "buy", 8)
    held = [m for m in said if isinstance(m, ClaimChanged) and m.account == "fund/a" and m.reason is ClaimReason.HELD]
    assert held == [
        ClaimChanged(NAME, "fund/a", "USD", FUNDED_USD - 6 * 120_00 - 36 - 6, 6 * 120_00 + 36 + 6, ClaimReason.HELD)
    ]
    assert said[-1] == OrderCancelled(NAME, "fund/a", "market", 3, "BTC/USD", 6, 2, CancelReason.MARKET_REMAINDER)
    assert venue.claim("fund/a", "USD") == (FUNDED_USD - 3 * 100_00 - 15 - 3 * 120_00 - 18, 0)


def test_a_market_buy_is_refused_without_the_means_to_walk_the_book(venue: Any) -> None:
    venue.fund("poor", USD=6 * 120_00 + 36 + 5)
    venue.place("rival", "one", "sell", 3, 100_00)
    venue.place("rival", "two", "sell", 3, 120_00)
    assert reasons(venue.place("poor", "market", "buy", 6)) == [RejectReason.INSUFFICIENT_CLAIM]
    venue.fund("poor", USD=1)
    assert any(isinstance(message, OrderFilled) for message in venue.place("poor", "again", "buy", 6))


def test_a_market_sell_holds_what_can_trade_and_returns_nothing_it_did_not_hold(venue: Any) -> None:
    venue.place("rival", "bid", "buy", 3, 100_00)
    said = venue.place("fund/a", "market", "sell", 5)
    assert said[0] == ClaimChanged(NAME, "fund/a", "BTC", FUNDED_BTC - 300, 300, ClaimReason.HELD)
    assert [m for m in said if isinstance(m, ClaimChanged) and m.reason is ClaimReason.RETURNED] == []
    assert venue.claim("fund/a", "BTC") == (FUNDED_BTC - 300, 0)


def test_an_immediate_or_cancel_order_returns_the_rest_of_its_hold(venue: Any) -> None:
    venue.place("rival", "ask", "sell", 3, 100_00)
    said = venue.place("fund/a", "now", "buy", 5, 100_00, time_in_force="immediate_or_cancel")
    assert said[-1] == OrderCancelled(NAME, "fund/a", "now", 2, "BTC/USD", 3, 2, CancelReason.IMMEDIATE_OR_CANCEL)
    assert venue.claim("fund/a", "USD") == (FUNDED_USD - 30_000 - 15, 0)
