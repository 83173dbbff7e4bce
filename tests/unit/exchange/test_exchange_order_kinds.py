"""Every order kind at the venue's door: claims stay right after every message, and nothing is held once all have left."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.campaign import seeds
from tests.unit.exchange.conftest import NAME, order

from trading_ecosystem.domains.exchange.accounts.rate_limits import RateLimit
from trading_ecosystem.domains.exchange.rules.trading_rules import TickBand, TradingRules
from trading_ecosystem.messages.exchange import OrderCancelled, OrderFilled, OrderRejected
from trading_ecosystem.messages.order_handling import (
    Disconnect,
    KeepSession,
    ListedOrder,
    MassCancel,
    MassCancelReported,
    OrderReplaced,
    OrderTriggered,
    PlaceOrderList,
    ReplaceOrder,
    ReplaceRejected,
    SessionEnded,
)
from trading_ecosystem.messages.orders import (
    CancelReason,
    ContingencyType,
    OrderTerms,
    OrderType,
    PegReference,
    RejectReason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from trading_ecosystem.messages.trading_phases import (
    BustTrade,
    CorrectTrade,
    MatchCancelled,
    MatchCorrected,
    TradeBusted,
    TradeCommandRejected,
    TradeCommandRejectReason,
)
from trading_ecosystem.messages.units import MILLISECOND, SECOND

ACCOUNTS = ("fund/a", "fund/b", "rival")
GTC, IOC = TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL


def funded(new_venue: Callable[..., Any], **changes: Any) -> Any:
    venue = new_venue(**changes)
    for account in ACCOUNTS:
        venue.fund(account, BTC=10**10, USD=10**13)
    venue.fund(f"{NAME}-fees")
    return venue


def terms_of(chance: random.Random, lots: int, now: int) -> tuple[OrderType, TimeInForce, int, bool, OrderTerms | None]:
    """A kind of order, mostly one that makes sense."""
    price = chance.randint(90, 110)
    kind = chance.randrange(12)
    rule = chance.choice([None, None, *SelfTradePrevention])
    if kind < 4:
        lasts = chance.choice([GTC, GTC, IOC, TimeInForce.FILL_OR_KILL, TimeInForce.DAY])
        return OrderType.LIMIT, lasts, price, False, OrderTerms(self_trade_prevention=rule) if rule else None
    if kind == 4:
        return OrderType.MARKET, IOC, 0, False, OrderTerms(self_trade_prevention=rule)
    if kind == 5:
        return OrderType.LIMIT, GTC, price, True, OrderTerms(reprice=chance.random() < 0.5)
    if kind == 6:
        return OrderType.LIMIT, GTC, price, False, OrderTerms(display_lots=max(1, lots // 3))
    if kind == 7:
        return OrderType.LIMIT, GTC, price, False, OrderTerms(hidden=True, minimum_lots=chance.choice([0, 1]))
    if kind == 8:
        return OrderType.LIMIT, GTC, price, False, OrderTerms(all_or_none=True)
    if kind == 9:
        peg = OrderTerms(peg=chance.choice(list(PegReference)), peg_offset_ticks=chance.randint(-2, 2))
        return OrderType.PEGGED, GTC, chance.choice([0, price]), False, peg
    stop = chance.choice([OrderType.STOP, OrderType.MARKET_IF_TOUCHED, OrderType.STOP_LIMIT])
    if kind == 10:
        limit = price if stop is OrderType.STOP_LIMIT else 0
        terms = OrderTerms(stop_price_ticks=chance.randint(90, 110), expires_at=now + SECOND)
        return stop, TimeInForce.GOOD_TILL_DATE, limit, False, terms
    return OrderType.TRAILING_STOP, GTC, 0, False, OrderTerms(trail_ticks=chance.randint(1, 5))


def random_list(chance: random.Random, number: int) -> PlaceOrderList:
    kind = chance.choice(list(ContingencyType))
    side = chance.choice(list(Side))
    away = Side.SELL if side is Side.BUY else Side.BUY
    lots = chance.randint(1, 9)
    limit = (OrderType.LIMIT, GTC)
    entry = ListedOrder(f"{number}-1", "BTC/USD", side, *limit, chance.randint(95, 105), lots)
    profit = ListedOrder(f"{number}-2", "BTC/USD", away, *limit, chance.randint(90, 110), lots)
    stop = OrderTerms(stop_price_ticks=chance.randint(90, 110))
    loss = ListedOrder(f"{number}-3", "BTC/USD", away, OrderType.STOP, GTC, 0, lots, False, stop)
    orders = (entry, profit, loss) if kind is ContingencyType.BRACKET else chance.choice([(entry, loss), (profit, loss)])
    return PlaceOrderList(NAME, chance.choice(ACCOUNTS), kind, orders)


@pytest.mark.parametrize("seed", seeds(25, 2_000))
@pytest.mark.parametrize("book", ["plain", "auto"])
def test_random_orders_of_every_kind_leave_nothing_held(new_venue: Callable[..., Any], seed: int, book: str) -> None:
    chance = random.Random(seed)
    venue = funded(new_venue, book=book)
    for number in range(120):
        venue.now += chance.randint(0, 20) * MILLISECOND
        for wish in [wish for wish in venue.wake_ups if wish.due_at <= venue.now and "Matching" in type(wish.message).__name__]:
            venue.wake_ups.remove(wish)
            venue.send(wish.message)
        account = chance.choice(ACCOUNTS)
        action = chance.random()
        if action < 0.6:
            lots = chance.randint(1, 9)
            kind, lasts, price, post_only, terms = terms_of(chance, lots, venue.now)
            asked = {"order_type": kind, "time_in_force": lasts, "post_only": post_only, "terms": terms}
            venue.send(order(account, str(number), chance.choice(["buy", "sell"]), lots, price, **asked))
        elif action < 0.7:
            venue.send(random_list(chance, number))
        elif action < 0.85:
            name = str(chance.randrange(max(1, number)))
            venue.send(ReplaceOrder(NAME, account, name, chance.choice([0, chance.randint(90, 110)]), chance.randint(1, 9)))
        else:
            venue.cancel(account, str(chance.randrange(max(1, number))))
    for account in ACCOUNTS:
        venue.send(MassCancel(NAME, account))
    assert not venue.exchange.orders.open
    assert len(venue.exchange.markets["BTC/USD"].book) == 0
    assert [held for _, held in venue.ledger.values() if held] == []


def test_a_stop_is_held_at_its_bound_and_triggered(new_venue: Callable[..., Any]) -> None:
    venue = funded(new_venue)
    stop = OrderTerms(stop_price_ticks=100)
    venue.place("fund/a", "stop", "buy", 5, order_type=OrderType.STOP, time_in_force=GTC, terms=stop)
    assert venue.claim("fund/a", "USD")[1] == 5 * 110 + 5 * 110 * 500 // 10**6 + 5
    venue.place("fund/b", "ask", "sell", 6, 100)
    said = venue.place("rival", "taker", "buy", 1, 100)
    assert [m.client_order_id for m in said if isinstance(m, OrderTriggered)] == ["stop"]
    assert [m.quantity_lots for m in said if isinstance(m, OrderFilled) and m.client_order_id == "stop"] == [5]
    assert venue.claim("fund/a", "USD")[1] == 0


def test_a_replacement_keeps_its_place_only_when_it_shrinks(new_venue: Callable[..., Any]) -> None:
    venue = funded(new_venue)
    venue.place("fund/a", "bid", "buy", 5, 100)
    (smaller,) = [m for m in venue.send(ReplaceOrder(NAME, "fund/a", "bid", 100, 3)) if isinstance(m, OrderReplaced)]
    assert (smaller.leaves_lots, smaller.kept_place) == (3, True)
    (moved,) = [m for m in venue.send(ReplaceOrder(NAME, "fund/a", "bid", 99, 3)) if isinstance(m, OrderReplaced)]
    assert (moved.price_ticks, moved.kept_place) == (99, False)
    venue.place("rival", "hit", "sell", 3, 99)
    for name, reason in (("bid", RejectReason.ORDER_ENDED), ("none", RejectReason.UNKNOWN_ORDER)):
        said = venue.send(ReplaceOrder(NAME, "fund/a", name, 99, 3))
        assert said == [ReplaceRejected(NAME, "fund/a", name, reason)]


def test_a_session_that_falls_silent_loses_its_orders(new_venue: Callable[..., Any]) -> None:
    venue = funded(new_venue)
    venue.place("fund/a", "bid", "buy", 5, 100)
    assert venue.send(Disconnect(NAME, "fund/a")) == []
    venue.send(KeepSession(NAME, "fund/a", SECOND))
    said = venue.send(venue.wake_ups[-1].message, venue.now + SECOND)
    assert [m.reason for m in said if isinstance(m, OrderCancelled)] == [CancelReason.DISCONNECTED]
    assert said[-1] == SessionEnded(NAME, "fund/a", 1)


def test_rules_and_rates_refuse_with_their_reason(new_venue: Callable[..., Any]) -> None:
    rules = TradingRules(tick_table=(TickBand(100, 5),), round_lots=2, minimum_lots=4, minimum_notional_minor=500)
    venue = funded(new_venue, rules={"BTC/USD": rules}, rate_limit=RateLimit(burst=5, refill_ns=SECOND))
    found = [
        venue.place("fund/a", name, "buy", lots, price)[0]
        for name, lots, price in (("1", 5, 100), ("2", 2, 100), ("3", 4, 101), ("4", 4, 99), ("5", 6, 105), ("6", 6, 105))
    ]
    reasons = [m.reason if isinstance(m, OrderRejected) else None for m in found]
    assert reasons[:5] == [
        *[RejectReason.INVALID_QUANTITY] * 2,
        RejectReason.INVALID_PRICE,
        RejectReason.INVALID_NOTIONAL,
        None,
    ]
    assert (reasons[5], found[5].retry_at) == (RejectReason.RATE_LIMITED, venue.now + SECOND)


def test_a_bust_gives_everything_back_and_a_correction_the_difference(new_venue: Callable[..., Any]) -> None:
    venue = funded(new_venue)
    before = dict(venue.ledger)
    venue.place("fund/b", "ask", "sell", 5, 100)
    venue.place("fund/a", "bid", "buy", 5, 100)
    said = venue.send(CorrectTrade(NAME, "BTC/USD", 1, 90))
    assert isinstance(said[-1], MatchCorrected)
    assert venue.claim("fund/a", "USD") == (10**13 - 450 - 1, 0)
    said = venue.send(BustTrade(NAME, "BTC/USD", 1))
    assert isinstance(said[-1], MatchCancelled)
    assert len([m for m in said if isinstance(m, TradeBusted)]) == 2
    assert {key: value for key, value in venue.ledger.items() if value != (0, 0)} == before


@pytest.mark.parametrize(("price", "is_refused"), [(105, False), (103, True), (99, False), (0, True), (10**12 + 5, True)])
def test_a_corrected_price_is_one_that_an_order_could_state(
    new_venue: Callable[..., Any], price: int, is_refused: bool
) -> None:
    venue = funded(new_venue, rules={"BTC/USD": TradingRules(tick_table=(TickBand(100, 5),))})
    venue.place("fund/b", "ask", "sell", 5, 100)
    venue.place("fund/a", "bid", "buy", 5, 100)
    before = dict(venue.ledger)
    said = venue.send(CorrectTrade(NAME, "BTC/USD", 1, price))
    if is_refused:
        assert said == [TradeCommandRejected(NAME, "BTC/USD", 1, TradeCommandRejectReason.INVALID_PRICE)]
        assert venue.ledger == before
    else:
        assert isinstance(said[-1], MatchCorrected)
        assert said[-1].price_ticks == price


def test_a_mass_cancel_reports_how_many_left(new_venue: Callable[..., Any]) -> None:
    venue = funded(new_venue)
    venue.place("fund/a", "one", "buy", 5, 100)
    venue.place("fund/a", "two", "sell", 5, 101)
    assert venue.send(MassCancel(NAME, "fund/a", "", Side.BUY))[-1] == MassCancelReported(NAME, "fund/a", "", Side.BUY, 1)
