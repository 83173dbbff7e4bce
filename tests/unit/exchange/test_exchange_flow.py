"""The background flow: independent of when it is advanced, close to the fundamental, and never short of assets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters
from trading_ecosystem.messages.exchange import (
    CancelRejected,
    ClaimsQuestion,
    DepthQuestion,
    OpenOrdersQuestion,
    OrderFilled,
    OrderRejected,
    QuoteChanged,
    TradeMatched,
    TradesPublished,
)
from trading_ecosystem.messages.orders import CancelRejectReason, RejectReason, Side
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, SECOND
from trading_ecosystem.runtime.randomness import SeededRandomness

NAME = "exchange-alpha"
PRICES = {
    "BTC/USD": 60_000 * 10**8,
    "ETH/USD": 3_000 * 10**8,
    "BTC/USDT": 60_000 * 10**8,
    "ETH/USDT": 3_000 * 10**8,
    "ETH/BTC": 5 * 10**6,
    "USDT/USD": 10**8,
}


def tape_of(venue: Any, symbol: str = "BTC/USD") -> tuple[int, ...]:
    tape = venue.exchange.markets[symbol].tape
    return (tape.last_trade_id, tape.volume_lots, tape.buyer_initiated_lots, tape.high_ticks, tape.low_ticks, tape.last_ticks)


def state_of(venue: Any) -> tuple[Any, ...]:
    book = venue.exchange.markets["BTC/USD"].book
    orders = [(order.order_id, order.price_ticks, order.leaves_lots) for side in Side for order in book.standing(side)]
    return (orders, book.updates, tape_of(venue))


def opened(new_venue: Callable[..., Any], seed: int = 3, **changes: Any) -> Any:
    venue = new_venue(seed=seed, **changes)
    venue.fund_house()
    return venue


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 5 * MINUTE - 1), max_size=30), st.integers(0, 1000), st.booleans())
def test_slices_of_time_make_no_difference(
    new_venue: Callable[..., Any], slices: list[int], seed: int, ask_questions: bool
) -> None:
    """Prices change every 10 s; one venue is advanced once at the end, the other whenever it pleases, questions in between."""
    whole, sliced = opened(new_venue, seed), opened(new_venue, seed)
    stream = SeededRandomness(seed).stream("test", "prices")
    changes = [(at, int(PRICES["BTC/USD"] * (1 + 0.0005 * stream.normal()))) for at in range(0, 5 * MINUTE, 10 * SECOND)]
    for at, price in changes:
        whole.price(price, at=at)
    whole.exchange.markets["BTC/USD"].flow.advance(5 * MINUTE, [])
    steps = sorted([(at, price) for at, price in changes] + [(at, 0) for at in slices])
    for at, price in steps:
        if price:
            sliced.price(price, at=at)
        else:
            sliced.exchange.markets["BTC/USD"].flow.advance(at, [])
        if ask_questions:
            sliced.exchange.answer(DepthQuestion("BTC/USD"))
            sliced.exchange.answer(ClaimsQuestion())
            sliced.exchange.answer(OpenOrdersQuestion("fund/a"))
    sliced.exchange.markets["BTC/USD"].flow.advance(5 * MINUTE, [])
    assert state_of(sliced) == state_of(whole)
    assert tape_of(whole)[0] > 0


def test_questions_move_nothing(new_venue: Callable[..., Any]) -> None:
    venue = opened(new_venue)
    venue.price(PRICES["BTC/USD"])
    venue.now = MINUTE
    before = state_of(venue)
    assert venue.exchange.answer(DepthQuestion("BTC/USD")).bids == ()
    assert state_of(venue) == before
    venue.publish(MINUTE)
    assert state_of(venue) != before


def test_the_same_seed_says_the_same_and_another_does_not(new_venue: Callable[..., Any]) -> None:
    def said(seed: int) -> list[Any]:
        venue = opened(new_venue, seed, instruments=tuple(PRICES))
        for tick in range(30):
            for symbol, price in PRICES.items():
                venue.price(price + tick * price // 5000, symbol, at=tick * 10 * SECOND)
            venue.publish((tick + 1) * 10 * SECOND)
        heard: list[Any] = venue.heard
        return heard

    first = said(1)
    assert first == said(1)
    assert first != said(2)


def test_nothing_stands_before_a_price_is_known(new_venue: Callable[..., Any]) -> None:
    venue = opened(new_venue)
    venue.fund("fund/a", USD=10**13)
    assert venue.publish(10 * SECOND) == []
    venue.place("fund/a", "bid", "buy", 1, 59_000_00)
    venue.publish(20 * SECOND)
    assert venue.book() == ([(59_000_00, 1)], [])
    venue.price(PRICES["BTC/USD"])
    venue.publish(30 * SECOND)
    assert len(venue.book()[1]) >= 8


def test_a_house_without_assets_shows_no_orders(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(seed=3)
    venue.fund(f"{NAME}-house", BTC=10**11)
    venue.price(PRICES["BTC/USD"])
    venue.publish(MINUTE)
    bids, asks = venue.book()
    assert (bids, len(asks) > 5) == ([], True)


def test_books_look_alive_and_keep_to_the_fundamental(new_venue: Callable[..., Any]) -> None:
    """Two venues, six pairs, 400 publications of a moving market; shares are of instrument-publications."""
    venues = [opened(new_venue, seed, instruments=tuple(PRICES)) for seed in (11, 12)]
    stream = SeededRandomness(4).stream("test", "prices")
    prices = {symbol: float(price) for symbol, price in PRICES.items()}
    publications = traded = inside = deep = crossed = quoted = 0
    spreads: list[float] = []
    for tick in range(400):
        at = tick * 10 * SECOND
        for symbol in prices:
            prices[symbol] *= 1.0 + 0.00034 * stream.normal()
            for venue in venues:
                venue.price(int(prices[symbol]), symbol, at=at)
        quotes: dict[str, list[tuple[int, int]]] = {symbol: [] for symbol in prices}
        for venue in venues:
            said = venue.publish(at + 10 * SECOND)
            traded += len([message for message in said if isinstance(message, TradesPublished)])
            quoted += len([message for message in said if isinstance(message, QuoteChanged)])
            for symbol, price in prices.items():
                book = venue.exchange.markets[symbol].book
                bid, ask = book.best(Side.BUY)[0], book.best(Side.SELL)[0]
                assert bid
                assert ask
                quotes[symbol].append((bid, ask))
                publications += 1
                tick_size = INSTRUMENTS[symbol].tick_size
                inside += bid * tick_size <= price <= ask * tick_size
                deep += min(len(book.depth(side, 8)) for side in Side) == 8
                spreads.append((ask - bid) * tick_size / price)
                assert abs((bid + ask) / 2 * tick_size / price - 1) < 0.004
        crossed += len([1 for one, other in quotes.values() if one[0] > other[1] or other[0] > one[1]])
    assert traded / publications > 0.5
    assert quoted / publications > 0.9
    assert inside / publications > 0.85
    assert deep / publications > 0.8
    assert 0.0002 < sorted(spreads)[publications // 2] < 0.0008
    assert 0.001 < crossed / (publications / 2) < 0.1


def test_named_orders_trade_with_the_house_both_ways(new_venue: Callable[..., Any], still_flow: FlowParameters) -> None:
    venue = opened(new_venue, flow=still_flow)
    venue.fund("fund/a", BTC=10**9, USD=10**14)
    venue.price(PRICES["BTC/USD"])
    venue.publish(10 * SECOND)
    house = venue.claim(f"{NAME}-house", "BTC"), venue.claim(f"{NAME}-house", "USD")
    took = venue.place("fund/a", "take", "buy", 1000, 60_100_00)
    trades = [message for message in took if isinstance(message, TradeMatched)]
    assert [(t.buyer, t.seller, t.aggressor, t.seller_fee_minor) for t in trades] == [("fund/a", f"{NAME}-house", Side.BUY, 0)]
    assert trades[0].buyer_fee_minor > 0
    assert trades[0].seller_order_id < 0
    assert venue.claim(f"{NAME}-house", "BTC") == (house[0][0] - trades[0].base_minor, 0)
    assert venue.claim(f"{NAME}-house", "USD") == (house[1][0] + trades[0].quote_minor, 0)


def test_makers_that_move_trade_with_the_named_order_in_their_way(
    new_venue: Callable[..., Any], still_flow: FlowParameters
) -> None:
    venue = opened(new_venue, flow=still_flow)
    venue.fund("fund/a", BTC=10**9)
    venue.price(PRICES["BTC/USD"])
    venue.publish(10 * SECOND)
    best_ask = venue.book()[1][0][0]
    venue.place("fund/a", "ask", "sell", 500, best_ask - 1)
    venue.price(PRICES["BTC/USD"] * 101 // 100)
    said = venue.publish(40 * SECOND)
    fills = [message for message in said if isinstance(message, OrderFilled)]
    assert [(f.client_order_id, f.price_ticks, f.quantity_lots, f.leaves_lots) for f in fills] == [
        ("ask", best_ask - 1, 500, 0)
    ]
    assert [(t.buyer, t.aggressor, t.buyer_fee_minor) for t in said if isinstance(t, TradeMatched)] == [
        (f"{NAME}-house", Side.BUY, 0)
    ]


def test_takers_fill_named_orders_at_the_touch(new_venue: Callable[..., Any]) -> None:
    venue = opened(new_venue)
    venue.fund("fund/a", USD=10**14)
    venue.price(PRICES["BTC/USD"])
    venue.publish(10 * SECOND)
    venue.place("fund/a", "bid", "buy", 10, venue.book()[0][0][0] + 1)
    filled = 0
    for tick in range(2, 30):
        filled += len([m for m in venue.publish(tick * 10 * SECOND) if isinstance(m, OrderFilled)])
    assert filled == 1


def test_an_order_meets_the_flow_as_of_its_own_instant(new_venue: Callable[..., Any]) -> None:
    """Whether or not the venue published in between, an order and a cancel find what has happened up to now."""
    published, asleep = opened(new_venue), opened(new_venue)
    for venue in (published, asleep):
        venue.fund("fund/a", USD=10**14)
        venue.price(PRICES["BTC/USD"])
    for at in (3 * SECOND, 7 * SECOND, 15 * SECOND):
        published.publish(at)
    asleep.now = 15 * SECOND
    first = published.place("fund/a", "take", "buy", 1000, 61_000_00)
    assert asleep.place("fund/a", "take", "buy", 1000, 61_000_00) == first
    assert any(isinstance(message, OrderFilled) for message in first)
    assert state_of(published)[:2] == state_of(asleep)[:2]
    for venue in (published, asleep):
        venue.place("fund/a", "bid", "buy", 10, venue.book()[0][0][0] + 1)
    published.publish(5 * MINUTE)
    asleep.now = 5 * MINUTE
    assert published.cancel("fund/a", "bid") == [
        CancelRejected(NAME, "fund/a", "bid", CancelRejectReason.TOO_LATE),
    ]
    said = asleep.cancel("fund/a", "bid")
    assert [m.client_order_id for m in said if isinstance(m, OrderFilled)] == ["bid"]
    assert said[-1] == CancelRejected(NAME, "fund/a", "bid", CancelRejectReason.TOO_LATE)


def test_an_arrival_does_not_see_a_price_of_its_own_instant(new_venue: Callable[..., Any]) -> None:
    """Makers open the market a moment after its first price; one that comes at that very instant is for a moment later."""
    reaction = FlowParameters().agents.maker_reaction_ns
    advanced, waited = opened(new_venue), opened(new_venue)
    for venue in (advanced, waited):
        venue.price(PRICES["BTC/USD"], at=0)
    advanced.publish(reaction)
    assert advanced.book()[0] != []
    for venue in (advanced, waited):
        venue.price(PRICES["BTC/USD"] * 2, at=reaction)
    waited.publish(reaction)
    assert state_of(advanced)[:2] == state_of(waited)[:2]
    assert 59_000_00 < waited.book()[0][0][0] < 61_000_00
    for venue in (advanced, waited):
        venue.publish(MINUTE)
    arrival = advanced.exchange.markets["BTC/USD"].flow.next_at
    advanced.publish(arrival)
    for venue in (advanced, waited):
        venue.price(PRICES["BTC/USD"], at=arrival)
    waited.publish(arrival)
    assert state_of(advanced)[:2] == state_of(waited)[:2]


def test_the_house_is_never_short(new_venue: Callable[..., Any]) -> None:
    """A named buyer would buy more than the house has: it gets what the house can deliver, and the rest finds nothing."""
    venue = new_venue(seed=3)
    venue.fund(f"{NAME}-house", BTC=10**8, USD=10**16)
    venue.fund(f"{NAME}-fees")
    venue.fund("fund/a", USD=10**15)
    venue.price(PRICES["BTC/USD"])
    venue.publish(10 * SECOND)
    assert sum(lots for _, lots in venue.book()[1]) > 10**6
    venue.place("fund/a", "all", "buy", 10**8)
    assert 0 <= venue.claim(f"{NAME}-house", "BTC")[0] < 10**8
    for tick in range(2, 200):
        venue.publish(tick * 10 * SECOND)
        said = venue.place("fund/a", f"more-{tick}", "buy", 10**8)
        left = venue.claim(f"{NAME}-house", "BTC")[0]
        if isinstance(said[-1], OrderRejected):
            assert said[-1].reason is RejectReason.NO_LIQUIDITY
    assert left < 10**7


def test_a_house_that_cannot_fill_a_whole_order_refuses_it_whole(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(seed=3)
    venue.fund(f"{NAME}-house", BTC=10**8, USD=10**16)
    venue.fund("fund/a", USD=10**15)
    venue.price(PRICES["BTC/USD"])
    venue.publish(10 * SECOND)
    lots = sum(lots for _, lots in venue.book()[1])
    said = venue.place("fund/a", "all", "buy", lots, 61_000_00, time_in_force="fill_or_kill")
    assert [message.reason for message in said] == [RejectReason.FILL_OR_KILL_UNFILLABLE]


def test_a_great_move_divides_prices_anew(new_venue: Callable[..., Any]) -> None:
    venue = opened(new_venue)
    for tick, price in enumerate((60_000, 30_000, 90_000, 1, 60_000), start=1):
        venue.price(price * 10**8)
        venue.publish(tick * MINUTE)
        bids, asks = venue.book()
        assert bids[0][0] <= price * 101
        assert asks[0][0] >= price * 99
        assert 0.98 < (bids[0][0] + asks[0][0]) / 2 / (price * 100) < 1.02
        assert len(bids) + len(asks) >= (12 if price > 1 else 3)


def test_the_book_has_no_room_beyond_its_capacity(new_venue: Callable[..., Any]) -> None:
    venue = opened(new_venue, book_capacity=7)
    venue.price(PRICES["BTC/USD"])
    for tick in range(1, 30):
        venue.publish(tick * 10 * SECOND)
        assert len(venue.exchange.markets["BTC/USD"].book) <= 7
