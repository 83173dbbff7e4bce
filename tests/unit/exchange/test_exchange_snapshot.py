"""A venue goes through a snapshot with orders of every waiting kind, and answers the same messages in the same words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.unit.exchange.conftest import NAME, order

from trading_ecosystem.domains.exchange.accounts.rate_limits import RateLimit
from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.component import Exchange
from trading_ecosystem.domains.exchange.matching.matching_parameters import BandAction, MatchingParameters
from trading_ecosystem.domains.exchange.rules.trading_day import MatchingDue
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeeTerms, FeeTier
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import ClaimsQuestion, OpenOrdersQuestion, OrderCancelled, OrderFilled
from trading_ecosystem.messages.order_handling import (
    Disconnect,
    KeepSession,
    ListedOrder,
    MassCancel,
    OrderTriggered,
    PlaceOrderList,
    ReplaceOrder,
)
from trading_ecosystem.messages.orders import (
    ContingencyType,
    OrderTerms,
    OrderType,
    PegReference,
    Side,
    TimeInForce,
    TradingPhase,
)
from trading_ecosystem.messages.trading_phases import BustTrade, HaltTrading, ResumeTrading, TradeBusted
from trading_ecosystem.messages.units import DAY, MINUTE, SECOND
from trading_ecosystem.ports.component import Later
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

ACCOUNTS = ("fund/a", "fund/b", "rival", "other")
GTC = TimeInForce.GOOD_TILL_CANCEL
INTERRUPTING = MatchingParameters(
    dynamic_band_ppm=50_000, band_action=BandAction.INTERRUPT, volatility_auction_ns=MINUTE, closing_auction_ns=MINUTE
)
SETTINGS: dict[str, Any] = {
    "matching": {"BTC/USD": INTERRUPTING},
    "fees": FeeTerms(tiers=(FeeTier(100, 10, 20),)),
    "rate_limit": RateLimit(burst=100, refill_ns=SECOND),
}


def restored(exchange: Exchange) -> Exchange:
    document = msgspec.json.encode(Encoder().encode(exchange))
    found = Decoder().decode(msgspec.json.decode(document))
    assert isinstance(found, Exchange)
    assert msgspec.json.encode(Encoder().encode(found)) == document
    return found


def with_everything(new_venue: Callable[..., Any], book: str) -> Any:
    """Stops, a trailing stop, a peg, an iceberg, an OCO list, a bracket and an all-or-none wait; two trades happened."""
    venue = new_venue(book=book, **SETTINGS)
    for account in ACCOUNTS:
        venue.fund(account, BTC=10**12, USD=10**13)
    venue.fund(f"{NAME}-fees")
    venue.place("rival", "bid", "buy", 20, 99)
    venue.place("rival", "ask", "sell", 20, 101, terms=OrderTerms(display_lots=5))
    venue.place("fund/a", "first", "buy", 2, 101)
    stops: tuple[tuple[str, OrderType, int, OrderTerms], ...] = (
        ("stop", OrderType.STOP, 0, OrderTerms(stop_price_ticks=103)),
        ("stop-limit", OrderType.STOP_LIMIT, 104, OrderTerms(stop_price_ticks=102)),
        ("trail", OrderType.TRAILING_STOP, 0, OrderTerms(trail_ticks=4)),
        ("peg", OrderType.PEGGED, 99, OrderTerms(peg=PegReference.PRIMARY, peg_offset_ticks=-1)),
        ("whole", OrderType.LIMIT, 101, OrderTerms(all_or_none=True)),
    )
    for name, kind, price, terms in stops:
        venue.place("fund/b", name, "buy", 50 if name == "whole" else 3, price, order_type=kind, time_in_force=GTC, terms=terms)
    limit = (OrderType.LIMIT, GTC)
    profit = ListedOrder("profit", "BTC/USD", Side.SELL, *limit, 104, 4)
    loss = ListedOrder("loss", "BTC/USD", Side.SELL, OrderType.STOP, GTC, 0, 4, False, OrderTerms(stop_price_ticks=97))
    venue.send(PlaceOrderList(NAME, "fund/a", ContingencyType.ONE_CANCELS_THE_OTHER, (profit, loss)))
    entry = ListedOrder("entry", "BTC/USD", Side.BUY, *limit, 98, 4)
    away = [
        msgspec.structs.replace(profit, client_order_id="profit-2"),
        msgspec.structs.replace(loss, client_order_id="loss-2", terms=OrderTerms(stop_price_ticks=96)),
    ]
    venue.send(PlaceOrderList(NAME, "rival", ContingencyType.BRACKET, (entry, *away)))
    dated = OrderTerms(expires_at=venue.now + 3 * MINUTE)
    venue.place("fund/b", "dated", "buy", 1, 95, time_in_force=TimeInForce.GOOD_TILL_DATE, terms=dated)
    venue.send(KeepSession(NAME, "fund/b", 10 * MINUTE))
    assert len(venue.exchange.orders.open) >= 12
    return venue


def interrupted(venue: Any) -> None:
    """A buy that would trade beyond the band begins a volatility auction."""
    venue.place("rival", "far", "sell", 5, 115)
    venue.place("other", "jump", "buy", 60, 120)
    assert venue.exchange.markets["BTC/USD"].matching.phase is TradingPhase.VOLATILITY_AUCTION


def halted(venue: Any) -> None:
    venue.send(HaltTrading(NAME, "BTC/USD"))


def trading(venue: Any) -> None:
    assert venue.exchange.markets["BTC/USD"].matching.phase is TradingPhase.CONTINUOUS


def continuation() -> list[tuple[int, Message]]:
    """What is asked after the snapshot, and how long after the step before."""
    return [
        (0, order("fund/a", "first", "buy", 2, 101)),
        (SECOND, order("rival", "more", "sell", 3, 100)),
        (0, ReplaceOrder(NAME, "fund/b", "peg", 98, 2)),
        (0, ReplaceOrder(NAME, "fund/b", "stop", 0, 2, 102)),
        (2 * MINUTE, MatchingDue("BTC/USD")),  # type: ignore[list-item]
        (0, ResumeTrading(NAME, "BTC/USD")),
        (MINUTE, MatchingDue("BTC/USD")),  # type: ignore[list-item]
        (0, order("other", "lift", "buy", 30, 104)),
        (0, order("other", "down", "sell", 60, 97)),
        (0, order("other", "down-2", "sell", 60, 90)),
        (0, BustTrade(NAME, "BTC/USD", 1)),
        (MINUTE, MatchingDue("BTC/USD")),  # type: ignore[list-item]
        (DAY, order("fund/a", "tier", "buy", 2, 105)),
        (0, order("fund/b", "tier", "sell", 2, 95)),
        (0, Disconnect(NAME, "fund/b")),
        (0, MassCancel(NAME, "rival")),
        (0, MassCancel(NAME, "fund/a")),
        (0, MassCancel(NAME, "other")),
    ]


@pytest.mark.parametrize("book", books.available())
@pytest.mark.parametrize("state", [trading, interrupted, halted])
def test_a_restored_venue_says_the_same(new_venue: Callable[..., Any], book: str, state: Callable[[Any], None]) -> None:
    venue = with_everything(new_venue, book)
    state(venue)
    twin = restored(venue.exchange)
    said: list[Any] = []
    for after, message in continuation():
        venue.now += after
        expected = list(venue.exchange.handle(message, venue.now))
        assert list(twin.handle(message, venue.now)) == expected, message
        said += [each for each in expected if not isinstance(each, Later)]
        assert twin.answer(ClaimsQuestion()) == venue.exchange.answer(ClaimsQuestion())
        for account in ACCOUNTS:
            question = OpenOrdersQuestion(account)
            assert twin.answer(question) == venue.exchange.answer(question)
    kinds = {type(each) for each in said}
    assert {OrderFilled, OrderCancelled, OrderTriggered, TradeBusted} <= kinds
    assert not venue.exchange.orders.open
    assert all(not line.held_minor for line in twin.answer(ClaimsQuestion()))


def test_both_books_say_the_same_through_it(new_venue: Callable[..., Any]) -> None:
    heard = []
    for book in books.available():
        venue = with_everything(new_venue, book)
        interrupted(venue)
        twin = restored(venue.exchange)
        found = []
        for after, message in continuation():
            venue.now += after
            found.append(list(twin.handle(message, venue.now)))
        heard.append(found)
    assert all(one == heard[0] for one in heard)
