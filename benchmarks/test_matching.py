"""What the matching adds to the book: the same orders sent to a book, and through a matching in which others wait or not.

Run with ``pytest benchmarks/test_matching.py``; ``nanoseconds_per_order`` stands among the extra figures of each benchmark.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.matching.kept_orders import NewOrder
from trading_ecosystem.domains.exchange.matching.matching import Matching
from trading_ecosystem.messages.orders import OrderTerms, OrderType, PegReference, Side, TimeInForce
from trading_ecosystem.reports.bench.order_flow import CANCEL, PLACE, FlowCommand, order_flow, play

pytest.importorskip("pytest_benchmark")

ORDERS = 20_000
ROUNDS = 10
OWNER, ANOTHER = 1, 9
FLOW = order_flow(ORDERS, resting=1_000)


def waiting(what: str) -> list[NewOrder]:
    """The orders that wait in the matching while the flow passes."""
    if what == "one stop":
        return [NewOrder(-1, ANOTHER, Side.BUY, 1, order_type=OrderType.STOP, terms=OrderTerms(stop_price_ticks=20_000))]
    if what == "5,000 day orders":
        return [NewOrder(-each, ANOTHER, Side.BUY, 1, 1 + each, time_in_force=TimeInForce.DAY) for each in range(1, 5_001)]
    if what == "10 pegged orders":
        terms = OrderTerms(peg=PegReference.PRIMARY, peg_offset_ticks=-5)
        return [NewOrder(-each, ANOTHER, Side.BUY, 1, order_type=OrderType.PEGGED, terms=terms) for each in range(1, 11)]
    return []


def to_the_matching(matching: Matching, commands: Iterable[FlowCommand]) -> None:
    """As :func:`play` does to a book."""
    for command in commands:
        if command.kind == PLACE:
            side = Side.BUY if command.buys else Side.SELL
            matching.place(NewOrder(command.order, OWNER, side, command.lots, command.price), 0)
        elif command.kind == CANCEL:
            matching.cancel(command.order, 0)
        else:
            matching.replace(command.order, command.lots, command.price, 0)


@pytest.mark.parametrize("kind", books.available())
def test_the_book_alone(benchmark: Any, kind: str) -> None:
    def filled() -> tuple[tuple[OrderBook], dict[str, Any]]:
        book = books.book_class(kind)("BTC/USD")
        play(book, FLOW.filling, OWNER)
        return (book,), {}

    benchmark.pedantic(lambda book: play(book, FLOW.timed, OWNER), setup=filled, rounds=ROUNDS, warmup_rounds=1)
    benchmark.extra_info["nanoseconds_per_order"] = round(benchmark.stats.stats.median * 1e9 / ORDERS)


@pytest.mark.parametrize("kind", books.available())
@pytest.mark.parametrize("what", ["nothing", "one stop", "5,000 day orders", "10 pegged orders"])
def test_through_the_matching(benchmark: Any, kind: str, what: str) -> None:
    def filled() -> tuple[tuple[Matching], dict[str, Any]]:
        matching = Matching(books.book_class(kind)("BTC/USD"))
        for other in waiting(what):
            matching.place(other, 0)
        to_the_matching(matching, FLOW.filling)
        return (matching,), {}

    benchmark.pedantic(lambda matching: to_the_matching(matching, FLOW.timed), setup=filled, rounds=ROUNDS, warmup_rounds=1)
    benchmark.extra_info["nanoseconds_per_order"] = round(benchmark.stats.stats.median * 1e9 / ORDERS)
