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
from trading_ecosystem.reports.bench.order_flow import order_flow, play
from trading_ecosystem.runtime.randomness import SeededRandomness

pytest.importorskip("pytest_benchmark")

ORDERS = 20_000
RESTING = 1_000
OWNER = 1
PUBLICATIONS = 500


def test_orders_per_second(benchmark: Any) -> None:
    flow = order_flow(ORDERS, resting=RESTING)

    def filled() -> tuple[tuple[OrderBook], dict[str, Any]]:
        book = OrderBook("BTC/USD")
        play(book, flow.filling, OWNER)
        return (book,), {}

    def send(book: OrderBook) -> None:
        play(book, flow.timed, OWNER)
        books.append(book)

    books: list[OrderBook] = []
    benchmark.pedantic(send, setup=filled, rounds=10, warmup_rounds=1)
    benchmark.extra_info["orders_per_second"] = round(ORDERS / benchmark.stats.stats.median)
    assert len(books[-1]) > RESTING // 2
    assert 0 < books[-1].best(Side.BUY)[0] < books[-1].best(Side.SELL)[0]


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
