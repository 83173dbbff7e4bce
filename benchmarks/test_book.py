"""Orders per second of the plain book, and what one publication of one instrument with its background flow costs.

Run with ``pytest benchmarks/test_book.py``; ``orders_per_second`` stands among the extra figures of each benchmark.
"""

from __future__ import annotations

from typing import Any

import pytest

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.component import Exchange, PublicationDue
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.messages.custodian import AssetsPledged
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.ports.component import Begin
from trading_ecosystem.runtime.randomness import SeededRandomness

pytest.importorskip("pytest_benchmark")

ORDERS = 20_000
PUBLICATIONS = 500


def order_flow(orders: int) -> list[tuple[int, Side, int, int]]:
    """Orders around a price of 10,000 ticks: ``(cancel this one first or 0, side, lots, price)``; about a third trade."""
    stream = SeededRandomness(1).stream("benchmark", "orders")
    flow = []
    for number in range(1, orders + 1):
        side = Side.BUY if stream.chance(500_000) else Side.SELL
        away = stream.integer(-10, 40)
        cancelled = stream.integer(max(1, number - 500), number) if stream.chance(500_000) else 0
        flow.append((cancelled, side, stream.integer(1, 100), 10_000 - away if side is Side.BUY else 10_000 + away))
    return flow


def play(flow: list[tuple[int, Side, int, int]]) -> OrderBook:
    """Send the whole flow to a new book."""
    book = OrderBook("BTC/USD")
    for number, (cancelled, side, lots, price) in enumerate(flow, start=1):
        if cancelled:
            book.cancel(cancelled)
        book.place(number, 1, side, lots, price_ticks=price)
    return book


def test_orders_per_second(benchmark: Any) -> None:
    flow = order_flow(ORDERS)
    book = benchmark(play, flow)
    benchmark.extra_info["orders_per_second"] = round(ORDERS / benchmark.stats.stats.median)
    assert len(book) > 100
    assert book.best(Side.BUY)[0] < book.best(Side.SELL)[0]


def test_background_publications(benchmark: Any) -> None:
    """Ten-second publications of one instrument whose fundamental moves three basis points each time."""
    parameters = ExchangeParameters("custodian", ("BTC/USD",), 10 * SECOND, 200, 500, 10 * MINUTE)
    stream = SeededRandomness(1).stream("benchmark", "prices")
    prices = [int(6 * 10**12 * (1 + 0.0003 * stream.normal())) for _ in range(PUBLICATIONS)]

    def opened() -> tuple[tuple[Exchange], dict[str, Any]]:
        exchange = Exchange("exchange-alpha", parameters, SeededRandomness(1))
        exchange.handle(Begin(), 0)
        for number, (asset, amount) in enumerate((("BTC", 10**11), ("USD", 10**16)), start=1):
            exchange.handle(AssetsPledged("exchange-alpha", "custodian", number, "exchange-alpha-house", asset, amount), 0)
        return (exchange,), {}

    def publish(exchange: Exchange) -> int:
        said = 0
        for tick, price in enumerate(prices):
            exchange.handle(FundamentalPriceChanged("BTC/USD", price), tick * 10 * SECOND)
            said += len(exchange.handle(PublicationDue(), (tick + 1) * 10 * SECOND))
        return said

    said = benchmark.pedantic(publish, setup=opened, rounds=5)
    benchmark.extra_info["microseconds_per_publication"] = round(benchmark.stats.stats.median / PUBLICATIONS * 1e6, 1)
    assert said > 3 * PUBLICATIONS
