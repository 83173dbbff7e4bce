"""What the matching adds to the book: the same orders sent to a book, and through a matching in which others wait or not.

Run with ``pytest benchmarks/test_matching.py``; ``nanoseconds_per_order`` stands among the extra figures of each benchmark.
"""

from __future__ import annotations

from typing import Any

import pytest

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.matching.kept_orders import NewOrder
from trading_ecosystem.domains.exchange.matching.matching import Matching
from trading_ecosystem.messages.orders import OrderTerms, OrderType, PegReference, Side, TimeInForce
from trading_ecosystem.runtime.randomness import SeededRandomness

pytest.importorskip("pytest_benchmark")

ORDERS = 20_000
OWNER = 9


def order_flow() -> list[tuple[int, Side, int, int]]:
    """Orders around a price of 10,000 ticks: ``(cancel this one first or 0, side, lots, price)``; about a third trade."""
    stream = SeededRandomness(1).stream("benchmark", "orders")
    flow = []
    for number in range(1, ORDERS + 1):
        side = Side.BUY if stream.chance(500_000) else Side.SELL
        away = stream.integer(-10, 40)
        cancelled = stream.integer(max(1, number - 500), number) if stream.chance(500_000) else 0
        flow.append((cancelled, side, stream.integer(1, 100), 10_000 - away if side is Side.BUY else 10_000 + away))
    return flow


def waiting(what: str) -> list[NewOrder]:
    """The orders that wait in the matching while the flow passes."""
    if what == "one stop":
        return [NewOrder(-1, OWNER, Side.BUY, 1, order_type=OrderType.STOP, terms=OrderTerms(stop_price_ticks=20_000))]
    if what == "5,000 day orders":
        return [NewOrder(-each, OWNER, Side.BUY, 1, 1 + each, time_in_force=TimeInForce.DAY) for each in range(1, 5_001)]
    if what == "10 pegged orders":
        terms = OrderTerms(peg=PegReference.PRIMARY, peg_offset_ticks=-5)
        return [NewOrder(-each, OWNER, Side.BUY, 1, order_type=OrderType.PEGGED, terms=terms) for each in range(1, 11)]
    return []


def to_the_book(kind: str, flow: list[tuple[int, Side, int, int]]) -> None:
    book = books.book_class(kind)("BTC/USD")
    for number, (cancelled, side, lots, price) in enumerate(flow, start=1):
        if cancelled:
            book.cancel(cancelled)
        book.place(number, 1, side, lots, price_ticks=price)


def to_the_matching(kind: str, flow: list[tuple[int, Side, int, int]], others: list[NewOrder]) -> None:
    matching = Matching(books.book_class(kind)("BTC/USD"))
    for other in others:
        matching.place(other, 0)
    for number, (cancelled, side, lots, price) in enumerate(flow, start=1):
        if cancelled:
            matching.cancel(cancelled, 0)
        matching.place(NewOrder(number, 1, side, lots, price), 0)


@pytest.mark.parametrize("kind", books.available())
def test_the_book_alone(benchmark: Any, kind: str) -> None:
    benchmark.pedantic(to_the_book, (kind, order_flow()), rounds=5)
    benchmark.extra_info["nanoseconds_per_order"] = round(benchmark.stats.stats.median * 1e9 / ORDERS)


@pytest.mark.parametrize("kind", books.available())
@pytest.mark.parametrize("what", ["nothing", "one stop", "5,000 day orders", "10 pegged orders"])
def test_through_the_matching(benchmark: Any, kind: str, what: str) -> None:
    benchmark.pedantic(to_the_matching, (kind, order_flow(), waiting(what)), rounds=5)
    benchmark.extra_info["nanoseconds_per_order"] = round(benchmark.stats.stats.median * 1e9 / ORDERS)
