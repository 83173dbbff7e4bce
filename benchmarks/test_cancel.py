"""What a cancellation costs against how many orders share its price; asked: it does not depend on it.

Run with ``pytest -s benchmarks/test_cancel.py``. A hundred orders are cancelled in a row, from the front, middle or back of
their queue, and placed again at its end, untimed. Where a price holds fewer than a thousand orders there are a hundred such
prices, and each loses one. The minimum of the rounds is shown: what the code costs when nothing else runs. An order alone at
its price takes the price along. What is left of a difference is memory: of a hundred thousand orders few lie in the cache.
"""

from __future__ import annotations

import time

import pytest

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.messages.orders import Side

CANCELS = 100
ROUNDS = 30
SHARING = (1, 10, 1_000, 100_000)
PLACES = ("front", "middle", "back")


def chosen(queues: list[list[int]], place: str) -> list[tuple[int, int]]:
    """The orders to cancel, each with the number of its queue; neighbours where all are of one queue."""
    each = CANCELS // len(queues)
    found = []
    for number, queue in enumerate(queues):
        start = {"front": 0, "middle": (len(queue) - each) // 2, "back": len(queue) - each}[place]
        found += [(order, number) for order in queue[start : start + each]]
    return found[::-1] if place == "back" else found


def nanoseconds(book: OrderBook, sharing: int, place: str) -> float:
    """The least that one of a hundred cancellations took."""
    prices = 1 if sharing >= 1_000 else CANCELS
    queues = [[number * sharing + each + 1 for each in range(sharing)] for number in range(prices)]
    for number, queue in enumerate(queues):
        for order in queue:
            book.place(order, 0, Side.BUY, 10, price_ticks=10_000 - number)
    least = float("inf")
    for _ in range(ROUNDS):
        orders = chosen(queues, place)
        numbers = [order for order, _ in orders]
        cancel = book.cancel
        began = time.perf_counter_ns()
        for number in numbers:
            cancel(number)
        least = min(least, (time.perf_counter_ns() - began) / CANCELS)
        assert len(book) == prices * sharing - CANCELS
        for order, number in orders:
            queues[number].remove(order)
            queues[number].append(order)
            book.place(order, 0, Side.BUY, 10, price_ticks=10_000 - number)
    return least


@pytest.mark.parametrize("kind", books.available())
def test_cancelling_among_many_at_one_price(kind: str) -> None:
    print()
    for place in PLACES:
        taken = [nanoseconds(books.book_class(kind)("BTC/USD"), sharing, place) for sharing in SHARING]
        shown = "   ".join(f"{sharing:>7,}: {each:6,.0f}" for sharing, each in zip(SHARING, taken, strict=True))
        print(f"cancel, {kind:<8}, from the {place:<6}: nanoseconds where so many share its price  {shown}")
        assert max(taken) < 20 * min(taken), "a walk along the queue would cost a thousand times as much"
