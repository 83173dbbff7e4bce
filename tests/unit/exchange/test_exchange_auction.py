"""The auction price: published examples, and a brute-force search over every price."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.campaign import CAMPAIGN

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.matching.auction import NOTHING, Indicative, Interest, auction_price
from trading_ecosystem.domains.exchange.matching.kept_orders import NewOrder
from trading_ecosystem.domains.exchange.matching.matching import Matching
from trading_ecosystem.domains.exchange.matching.matching_events import AuctionUncrossed, Crossed
from trading_ecosystem.messages.orders import OrderTerms, OrderType, Side, TradingPhase

BUY, SELL = Side.BUY, Side.SELL

XETRA = "Xetra market model, auction example"
BNB = "BNB Beacon Chain, match steps and examples"
EXAMPLES: tuple[tuple[str, Interest, Interest, int, int, int, tuple[int, int, int]], ...] = (
    # source, bids, asks, market buys, market sells, reference price, (price, volume, surplus)
    (f"{XETRA} 1", [(202, 200), (201, 200), (200, 300)], [(197, 400), (198, 200), (200, 100)], 0, 0, 0, (200, 700, 0)),
    (f"{XETRA} 2", [(202, 400), (201, 200)], [(198, 200), (199, 300)], 0, 0, 0, (201, 500, 100)),
    (f"{XETRA} 3", [(202, 300), (201, 200)], [(198, 200), (199, 400)], 0, 0, 0, (199, 500, -100)),
    (f"{XETRA} 4, reference 199", [(199, 100)], [(202, 100)], 100, 100, 199, (199, 100, 100)),
    (f"{XETRA} 5, reference 202", [(202, 300), (201, 200)], [(198, 200), (199, 300)], 0, 0, 202, (201, 500, 0)),
    (f"{XETRA} 5, reference 198", [(202, 300), (201, 200)], [(198, 200), (199, 300)], 0, 0, 198, (199, 500, 0)),
    (f"{XETRA} 6, reference 250", [], [], 900, 800, 250, (250, 800, 100)),
    (f"{XETRA} 6, reference 99", [], [], 900, 800, 99, (99, 800, 100)),
    (f"{XETRA} 7", [(200, 80), (199, 80)], [(201, 80)], 0, 0, 0, (0, 0, 0)),
    (f"{BNB} 1", [(100, 150), (98, 150)], [(97, 50), (98, 250)], 0, 0, 0, (98, 300, 0)),
    (f"{BNB} 2", [(100, 150), (99, 50), (97, 300)], [(96, 100), (97, 200)], 0, 0, 0, (97, 300, 200)),
    (
        f"{BNB} 3",
        [(102, 300), (100, 100), (99, 200), (98, 300)],
        [(96, 1000), (97, 250), (98, 250)],
        0,
        0,
        0,
        (96, 900, -100),
    ),
    (f"{BNB} 4", [(102, 30), (101, 10), (99, 50), (96, 15)], [(95, 50), (97, 50), (98, 10)], 0, 0, 0, (97, 90, -10)),
    (f"{BNB} 5.1", [(102, 10), (97, 10)], [(95, 50)], 0, 0, 80, (95, 20, -30)),
    (f"{BNB} 6.2, reference 97", [(100, 25), (97, 25)], [(95, 25), (98, 25)], 0, 0, 97, (97, 25, 25)),
    (
        "ASX (University of New South Wales course page), opening algorithm",
        [(640, 500), (639, 1000), (634, 1000), (633, 500)],
        [(610, 1000), (640, 500), (641, 520), (642, 550), (643, 519)],
        0,
        0,
        0,
        (639, 1000, 500),
    ),
    (
        "MarketGrid, single-price auction",
        [(130, 45), (129, 95), (128, 25), (127, 35), (126, 25), (125, 55), (124, 200), (123, 80), (122, 60)],
        [(122, 10), (123, 125), (124, 155), (125, 90), (126, 20), (127, 10), (128, 15), (129, 10), (130, 50), (131, 35)],
        0,
        0,
        0,
        (124, 290, 190),
    ),
    ("Euronext, market buy against two limits", [], [(1002, 40), (1004, 40)], 80, 0, 1000, (1004, 80, 0)),
    ("Euronext, market sell against two limits", [(998, 40), (996, 40)], [], 0, 80, 1000, (996, 80, 0)),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_published_examples(example: tuple[str, Interest, Interest, int, int, int, tuple[int, int, int]]) -> None:
    _, bids, asks, buying, selling, reference, expected = example
    assert auction_price(bids, asks, buying, selling, reference) == Indicative(*expected)


def test_where_venues_differ_the_reference_price_itself_is_taken() -> None:
    """Example 5 of Xetra at a reference of 200 gives 201, the nearest limit (the higher of two); here it is the reference."""
    assert auction_price([(202, 300), (201, 200)], [(198, 200), (199, 300)], 0, 0, 200) == Indicative(200, 500, 0)
    assert auction_price([(202, 300), (201, 200)], [(198, 200), (199, 300)], 0, 0, 0) == Indicative(200, 500, 0)


def test_only_market_orders_without_a_reference_price_do_not_trade() -> None:
    assert auction_price([], [], 5, 5, 0) == NOTHING
    assert auction_price([], [], 5, 0, 100) == NOTHING


def brute_force(bids: Interest, asks: Interest, buying: int, selling: int, reference: int) -> Indicative:
    """The four rules, each as a filter over the list of all limits, with nothing clever."""

    def buyers(price: int) -> int:
        return buying + sum(lots for ticks, lots in bids if ticks >= price)

    def sellers(price: int) -> int:
        return selling + sum(lots for ticks, lots in asks if ticks <= price)

    def volume(price: int) -> int:
        return min(buyers(price), sellers(price))

    limits = {ticks for ticks, _ in [*bids, *asks]}
    most = max(volume(price) for price in range(min(limits) - 1, max(limits) + 2))  # over every price, limit or not
    if not most:
        return NOTHING
    left = [price for price in sorted(limits) if volume(price) == most]
    least = min(abs(buyers(price) - sellers(price)) for price in left)
    left = [price for price in left if abs(buyers(price) - sellers(price)) == least]
    surpluses = [buyers(price) - sellers(price) for price in left]
    if all(surplus > 0 for surplus in surpluses):
        left = left[-1:]
    elif all(surplus < 0 for surplus in surpluses):
        left = left[:1]
    elif any(surpluses):
        left = [max(p for p in left if buyers(p) > sellers(p)), min(p for p in left if buyers(p) < sellers(p))]
    low, high = left[0], left[-1]
    price = sorted((low, reference or (low + high) // 2, high))[1]
    assert volume(price) == most
    return Indicative(price, most, buyers(price) - sellers(price))


sides = st.dictionaries(st.integers(90, 110), st.integers(1, 12), max_size=8)
markets = st.one_of(st.just(0), st.integers(1, 30))


@settings(max_examples=20_000 if CAMPAIGN else 200, deadline=None)
@given(sides, sides, markets, markets, st.one_of(st.just(0), st.integers(85, 115)))
def test_every_price_was_considered(
    bids: dict[int, int], asks: dict[int, int], buying: int, selling: int, reference: int
) -> None:
    if not bids and not asks:
        return
    best_first = sorted(bids.items(), reverse=True), sorted(asks.items())
    found = auction_price(*best_first, buying, selling, reference)
    assert found == brute_force(*best_first, buying, selling, reference)


@pytest.fixture(params=books.available())
def calling(request: pytest.FixtureRequest) -> Matching:
    return Matching(books.book_class(request.param)("BTC/USD"), phase=TradingPhase.OPENING_AUCTION, reference_ticks=100)


@settings(max_examples=2_000 if CAMPAIGN else 40, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(95, 105), st.integers(1, 9), st.integers(0, 3)), max_size=25),
    st.sampled_from(books.available()),
)
def test_the_uncross_trades_what_was_indicated_and_leaves_nothing_crossed(
    orders: list[tuple[bool, int, int, int]], kind: str
) -> None:
    matching = Matching(books.book_class(kind)("BTC/USD"), phase=TradingPhase.OPENING_AUCTION, reference_ticks=100)
    placed: dict[int, NewOrder] = {}
    for order_id, (buys, price, lots, rare) in enumerate(orders, 1):
        terms = {1: OrderTerms(display_lots=1), 2: OrderTerms(hidden=True)}.get(rare)
        market = rare == 3
        new = NewOrder(
            order_id,
            order_id,
            BUY if buys else SELL,
            lots,
            0 if market else price,
            OrderType.MARKET if market else OrderType.LIMIT,
            terms=terms,
        )
        placed[order_id] = new
        matching.place(new, 0)
    indicated = matching.indicative()
    events = matching.change_phase(TradingPhase.CONTINUOUS, 1)
    crossed = [event for event in events if isinstance(event, Crossed)]
    assert sum(event.lots for event in crossed) == indicated.lots
    assert {event.price_ticks for event in crossed} <= {indicated.price_ticks}
    for event in crossed:
        buy, sell = placed[event.buy_id], placed[event.sell_id]
        assert buy.order_type is OrderType.MARKET or buy.price_ticks >= event.price_ticks
        assert sell.order_type is OrderType.MARKET or sell.price_ticks <= event.price_ticks
    assert [event for event in events if isinstance(event, AuctionUncrossed)] == [
        AuctionUncrossed(TradingPhase.OPENING_AUCTION, indicated.price_ticks, indicated.lots, indicated.surplus_lots)
    ]
    bid, ask = matching.book.front(BUY), matching.book.front(SELL)
    assert bid is None or ask is None or bid.price_ticks < ask.price_ticks


def test_market_orders_then_price_then_display_then_time(calling: Matching) -> None:
    calling.place(NewOrder(1, 1, BUY, 2, 101, terms=OrderTerms(hidden=True)), 0)
    calling.place(NewOrder(2, 2, BUY, 5, 101, terms=OrderTerms(display_lots=2)), 0)
    calling.place(NewOrder(3, 3, BUY, 2, 101), 0)
    calling.place(NewOrder(4, 4, BUY, 1, 102), 0)
    calling.place(NewOrder(5, 5, BUY, 1, order_type=OrderType.MARKET), 0)
    calling.place(NewOrder(6, 6, SELL, 10, 100), 0)
    crossed = [each for each in calling.change_phase(TradingPhase.CONTINUOUS, 1) if isinstance(each, Crossed)]
    assert [(each.buy_id, each.lots) for each in crossed] == [(5, 1), (4, 1), (2, 2), (3, 2), (2, 2), (2, 1), (1, 1)]
    assert calling.last_trade_ticks == calling.reference_ticks == 101
