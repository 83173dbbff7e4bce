"""Conservation over random order flow: the fixture checks every handling; planted bugs must be caught by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.exchange.orders.holds import hold_of
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeeSchedule, FeeTerms
from trading_ecosystem.domains.exchange.trades.fees import fee_of, maximum_fee
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture
from trading_ecosystem.messages.exchange import OpenOrdersQuestion, OrderCancelled, OrderFilled, TradeMatched
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, SECOND, Instrument

NAME = "exchange-alpha"
ACCOUNTS = ("fund/a", "fund/b", "rival")


def buy_hold(price_ticks: int, lots: int, tick_value: int, rate: int) -> int:
    """What a buy holds of an instrument whose tick times lot is worth so much."""
    instrument = Instrument("A/B", "A", "B", tick_value, MINOR_UNITS_PER_WHOLE)
    return hold_of(FeeSchedule(0, rate, FeeTerms()), instrument, Side.BUY, price_ticks, lots).amount


orders = st.tuples(
    st.just("order"),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 400_000),
    st.one_of(st.just(0), st.integers(59_800_00, 60_200_00)),
    st.sampled_from(["good_till_cancel", "good_till_cancel", "immediate_or_cancel", "fill_or_kill"]),
    st.booleans(),
)
cancels = st.tuples(st.just("cancel"), st.sampled_from(ACCOUNTS), st.integers(0, 40))
pauses = st.tuples(st.just("publish"), st.integers(1, 20), st.integers(59_900, 60_100))
histories = st.lists(st.one_of(orders, orders, orders, cancels, pauses), max_size=40)


def play(venue: Any, history: list[tuple[Any, ...]]) -> None:
    """Send a history of orders, cancels and publications with new prices."""
    for number, step in enumerate(history):
        if step[0] == "order":
            _, account, side, lots, price, time_in_force, post_only = step
            terms = {"time_in_force": time_in_force} if price else {}
            venue.place(account, f"id-{number}", side, lots, price, post_only=post_only, **terms)
        elif step[0] == "cancel":
            venue.cancel(step[1], f"id-{step[2]}")
        else:
            venue.publish(venue.now + step[1] * SECOND)
            venue.price(step[2] * 10**8)


def build(new_venue: Callable[..., Any], house: dict[str, int], **changes: Any) -> Any:
    venue = new_venue(seed=5, **changes)
    for account in ACCOUNTS:
        venue.fund(account, BTC=10**8, USD=60_000 * 10**8)
    venue.fund_house(**house)
    venue.price(60_000 * 10**8)
    venue.publish(10 * SECOND)
    return venue


@settings(derandomize=True, deadline=None, max_examples=40)
@given(histories, st.sampled_from([10**12, 2 * 10**8, 10**5]), st.sampled_from([(200, 500), (0, 0), (777, 3)]))
def test_nothing_is_made_or_lost(
    new_venue: Callable[..., Any], history: list[tuple[Any, ...]], house_btc: int, rates: tuple[int, int]
) -> None:
    house = {"BTC": house_btc, "USD": house_btc * 60_000}
    venue = build(new_venue, house, maker_fee_ppm=rates[0], taker_fee_ppm=rates[1])
    play(venue, history)
    for account in ACCOUNTS:
        for order in venue.exchange.answer(OpenOrdersQuestion(account)):
            assert [type(message) for message in venue.cancel(account, order.client_order_id)][-1] is OrderCancelled
    assert venue.exchange.orders.open == {}
    assert {held for _, held in venue.ledger.values()} == {0}
    cumulative: dict[int, int] = {}
    for fill in [message for message in venue.heard if isinstance(message, OrderFilled)]:
        cumulative[fill.order_id] = cumulative.get(fill.order_id, 0) + fill.quantity_lots
        assert fill.cumulative_lots == cumulative[fill.order_id]
    trades = [message for message in venue.heard if isinstance(message, TradeMatched)]
    house_lots = {
        side: sum(t.quantity_lots for t in trades if (t.buyer if side is Side.BUY else t.seller) == f"{NAME}-house")
        for side in Side
    }
    assert venue.filled[Side.BUY] + house_lots[Side.BUY] == venue.filled[Side.SELL] + house_lots[Side.SELL]
    fees = sum(trade.buyer_fee_minor + trade.seller_fee_minor for trade in trades)
    assert venue.claim(f"{NAME}-fees", "USD") == (fees, 0)


BUSY = [("order", "fund/a", "buy", 1000, 60_100_00, "good_till_cancel", False)]


def test_the_busy_history_trades(new_venue: Callable[..., Any]) -> None:
    venue = build(new_venue, {})
    play(venue, BUSY)
    assert venue.filled == {Side.BUY: 1000, Side.SELL: 0}


EXCHANGE = TradeCapture._exchange


def credited_twice(self: TradeCapture, trade: Any, party: Any, gives: Any, gets: Any, said: list[Any]) -> None:
    """A fill that gives each side twice what it gets."""
    EXCHANGE(self, trade, party, gives, (gets[0], 2 * gets[1]), said)


def kept_quiet(self: TradeCapture, trade: Any, party: Any, gives: Any, gets: Any, said: list[Any]) -> None:
    """A fill that moves claims and does not say so."""
    EXCHANGE(self, trade, party, gives, gets, [])


@pytest.mark.parametrize("bug", [credited_twice, kept_quiet])
def test_a_planted_bug_in_delivery_is_caught(
    new_venue: Callable[..., Any], bug: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    venue = build(new_venue, {})
    monkeypatch.setattr(TradeCapture, "_exchange", bug)
    with pytest.raises(AssertionError):
        play(venue, BUSY)


def test_a_planted_fee_that_nobody_pays_is_caught(new_venue: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    venue = build(new_venue, {})
    charged = TradeCapture._party

    def overcharged(self: TradeCapture, *given: Any) -> Any:
        party = charged(self, *given)
        party.fee_minor += 1
        return party

    monkeypatch.setattr(TradeCapture, "_party", overcharged)
    with pytest.raises(AssertionError):
        play(venue, BUSY)


@given(st.integers(1, 10**14), st.integers(1, 1000), st.integers(0, 10**6), st.lists(st.integers(1, 50), max_size=20))
@settings(derandomize=True, deadline=None, max_examples=100)
def test_a_hold_never_falls_short(price: int, tick_value: int, rate: int, parts: list[int]) -> None:
    """However an order is split into fills, what the hold shrinks by covers the cost of each."""
    lots = sum(parts)
    left = lots
    for part in parts:
        freed = buy_hold(price, left, tick_value, rate) - buy_hold(price, left - part, tick_value, rate)
        notional = price * part * tick_value
        assert freed >= notional + fee_of(notional, rate)
        left -= part
    assert buy_hold(price, 0, tick_value, rate) == 0


def test_a_fee_rounds_up() -> None:
    assert [fee_of(notional, 500) for notional in (0, 1, 2000, 2001, 4000)] == [0, 1, 1, 2, 2]
    assert fee_of(10**15, 0) == 0
    assert maximum_fee(10**6, 7, 500) == 507
    assert maximum_fee(10**6, 7, 0) == 0
