"""The engine obeys the firm's trading state."""

from __future__ import annotations

from tests.unit.trading.trading_floor import ALPHA, BETA, BTC, Floor, cancels, obedient

from trading_ecosystem.domains.trading.intentions import Place
from trading_ecosystem.messages.exchange import CancelOrder, PlaceOrder
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading import OrderWithheld, WithheldReason
from trading_ecosystem.messages.trading_state import TradingState, TradingStateChanged, TradingStateOrigin

BUY = Place(ALPHA, BTC, Side.BUY, 6_000_000, 100_000)
SELL = Place(BETA, BTC, Side.SELL, 6_000_000, 100_000)


def floor() -> Floor:
    made = Floor(obedient("one"), obedient("two"))
    made.begin()
    for account in ("fund/one", "fund/two"):
        made.fund(account, USD=100_000, USDT=100_000, BTC=2)
    made.price(BTC, 60_000)
    return made


def changed(state: TradingState, at: int, version: int = 1) -> TradingStateChanged:
    return TradingStateChanged("fund", state, TradingStateOrigin.PERSON, "ada", "because", version, at, 0)


def reasons(said: list) -> list[WithheldReason]:
    return [one.reason for one in said if isinstance(one, OrderWithheld)]


def orders(said: list) -> list[PlaceOrder]:
    return [one for one in said if isinstance(one, PlaceOrder)]


def test_halted_cancels_every_order_and_sends_none():
    made = floor()
    (first,) = orders(made.tell("one", BUY))
    (second,) = orders(made.tell("two", SELL))
    made.accept(first)
    said = made.hear(changed(TradingState.HALTED, made.now))
    assert said == [cancels(first), cancels(second)]
    assert reasons(made.tell("one", SELL)) == [WithheldReason.TRADING_HALTED]
    made.cancel(first)
    assert reasons(made.tell("one", BUY)) == []  # said once
    assert not orders(made.tell("two", BUY))


def test_strategies_go_on_and_trade_again_when_it_is_active():
    made = floor()
    made.hear(changed(TradingState.HALTED, made.now))
    made.tell("one", BUY)
    assert made.trading.desks["one"].is_running
    assert made.after(1).hear(changed(TradingState.ACTIVE, made.now, 2)) == []
    assert len(orders(made.tell("one", BUY))) == 1


def test_reducing_lets_through_what_brings_a_position_nearer_to_flat_and_not_beyond():
    made = floor()
    (bought,) = orders(made.tell("one", BUY))
    made.hear(made.fill(bought))
    made.hear(changed(TradingState.REDUCING, made.now))
    assert reasons(made.tell("one", BUY)) == [WithheldReason.REDUCING_ONLY]
    (sold,) = orders(made.tell("one", SELL))
    # All of the position is being sold: more would open a short one.
    assert not orders(made.tell("one", SELL))
    made.hear(made.fill(sold))
    assert not orders(made.tell("one", BUY))
    assert not orders(made.tell("one", SELL))


def test_what_was_said_before_the_last_change_is_overtaken():
    made = floor().after(10)
    made.hear(changed(TradingState.HALTED, made.now, 2))
    assert made.hear(changed(TradingState.ACTIVE, made.now - 1, 1)) == []
    assert not orders(made.tell("one", BUY))


def test_a_state_of_nobody_changes_nothing():
    made = floor()
    (order,) = orders(made.tell("one", BUY))
    assert made.hear(changed(TradingState.ACTIVE, made.now)) == []
    assert not any(isinstance(one, CancelOrder) for one in made.tell("one"))
    assert order.client_order_id == "one-1"
