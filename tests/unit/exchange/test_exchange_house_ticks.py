"""The background flow's house keeps to an instrument's tick table, on both books and to the same prices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.exchange.book.books import available
from trading_ecosystem.domains.exchange.rules.trading_rules import (
    NO_RULES,
    TickBand,
    TradingRules,
    is_price,
    price_at_or_above,
    price_at_or_below,
)
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MINUTE, SECOND

STEPPED = TradingRules(tick_table=(TickBand(0, 10), TickBand(59_990_00, 25), TickBand(60_000_00, 70)))
"""Steps of 10 cents, from 59,990 dollars of 25, from 60,000 of 70: of which neither bound is a multiple."""

tables = st.dictionaries(st.integers(0, 120), st.integers(1, 17), max_size=5).map(
    lambda steps: TradingRules(tick_table=tuple(TickBand(start, steps[start]) for start in sorted(steps)))
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(tables, st.integers(1, 150))
def test_the_nearest_prices_of_a_table_are_those_that_a_search_finds(rules: TradingRules, price: int) -> None:
    above = next(each for each in range(price, 10**6) if is_price(rules, each))
    below = next((each for each in range(price, 0, -1) if is_price(rules, each)), 0)
    assert (price_at_or_above(rules, price), price_at_or_below(rules, price)) == (above, below)


def played(new_venue: Callable[..., Any], rules: TradingRules, book: str, instrument: str = "BTC/USD") -> Any:
    """A venue's background market for two minutes around 60,000 dollars."""
    venue = new_venue(seed=4, rules={instrument: rules}, book=book, instruments=(instrument,))
    venue.fund_house()
    for at in range(0, 2 * MINUTE, 10 * SECOND):
        venue.price((60_000 + (at // SECOND) % 40 - 20) * 10**8, instrument, at=at)
        venue.exchange.markets[instrument].flow.advance(at + 10 * SECOND - 1, [])
        prices = [level[0] for side in venue.book(instrument) for level in side]
        assert prices
        assert [price for price in prices if not is_price(rules, price)] == []
    return venue


@pytest.mark.parametrize("book", available())
def test_the_house_rests_and_trades_at_prices_of_the_table(new_venue: Callable[..., Any], book: str) -> None:
    venue = played(new_venue, STEPPED, book)
    market = venue.exchange.markets["BTC/USD"]
    assert market.tape.last_trade_id > 20
    for price in (market.tape.high_ticks, market.tape.low_ticks, market.tape.last_ticks):
        assert is_price(STEPPED, price)
    for own, side in ((market.flow.bids, Side.BUY), (market.flow.asks, Side.SELL)):
        standing = {order.order_id: order.price_ticks * own.sign for order in market.book.standing(side)}
        assert dict(zip(own.ids, own.keys, strict=True)) == standing  # its own list says what stands


def test_both_books_see_the_same_house(new_venue: Callable[..., Any]) -> None:
    books = [played(new_venue, STEPPED, book).book() for book in available()]
    assert books.count(books[0]) == len(books)


def test_without_a_table_the_house_uses_every_tick(new_venue: Callable[..., Any]) -> None:
    venue = played(new_venue, NO_RULES, "plain")
    assert len({level[0] % 10 for side in venue.book() for level in side}) > 5


def test_a_named_order_meets_the_house_at_a_price_of_the_table(new_venue: Callable[..., Any]) -> None:
    venue = played(new_venue, STEPPED, "auto")
    venue.fund("fund/a", USD=10**15)
    _, asks = venue.book()
    said = venue.place("fund/a", "one", "buy", asks[0][1] + 1, asks[1][0])
    assert [each.price_ticks for each in said if isinstance(each, OrderFilled)] == [asks[0][0], asks[1][0]]


def test_what_rests_moves_away_from_the_other_side_and_what_takes_towards_it(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(rules={"BTC/USD": TradingRules(tick_table=(TickBand(0, 10),))})
    venue.fund_house()
    house = venue.exchange.markets["BTC/USD"].house
    house.send(Side.SELL, 1_001, 5, 0, [], stays=True)
    house.send(Side.BUY, 999, 5, 0, [], stays=True)
    assert venue.book() == ([(990, 5)], [(1_010, 5)])
    house.send(Side.BUY, 1_009, 2, 0, [], stays=True)
    assert venue.book() == ([(1_000, 2), (990, 5)], [(1_010, 5)])
    house.send(Side.BUY, 1_009, 2, 0, [], stays=False)
    house.send(Side.SELL, 991, 3, 0, [], stays=False)
    assert venue.book() == ([(990, 4)], [(1_010, 3)])
    assert house.send(Side.BUY, 9, 1, 0, [], stays=True) == []
