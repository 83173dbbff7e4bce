"""From returns to weights, and from wanted orders to requests: how often a second.

Run with ``pytest benchmarks/test_portfolio.py``; figures per second stand among the extra figures.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from trading_ecosystem.domains.trading.allocation.targets import Insight, Rule, Weighting, weights_ppm
from trading_ecosystem.domains.trading.intentions import Place
from trading_ecosystem.domains.trading.order_diff import difference
from trading_ecosystem.domains.trading.orders import Orders
from trading_ecosystem.messages.orders import Side

pytest.importorskip("pytest_benchmark")

WIDTH, ROWS, ORDERS = 6, 120, 20


@pytest.mark.parametrize("weighting", Weighting)
def test_weighings_a_second(benchmark: Any, weighting: Weighting) -> None:
    stream = random.Random(1)
    rows = [tuple(stream.gauss(0.0002, 0.01) for _ in range(WIDTH)) for _ in range(ROWS)]
    insights = tuple(Insight(f"instrument-{i}", 1, 1, 0.0001 * (i + 1)) for i in range(WIDTH))
    weights = benchmark(weights_ppm, insights, rows, Rule(weighting))
    assert 0 < sum(weights.values()) <= 1_000_000
    benchmark.extra_info["weighings_per_second"] = round(1 / benchmark.stats.stats.median)


def test_differences_a_second(benchmark: Any) -> None:
    """Twenty orders on a ladder, of which the market moved: half stay, half move by a tick."""
    orders = Orders("maker")
    for i in range(ORDERS):
        side = Side.BUY if i % 2 else Side.SELL
        place = Place("exchange-alpha", "BTC/USD", side, 1_000 + (-i if i % 2 else i), 10)
        orders.accept(orders.open(place, "USD", 0, 0), i + 1)
    working = list(orders.working.values())
    wanted = [
        Place(one.venue, one.instrument, one.side, one.price_ticks + (50 if i < ORDERS // 2 else 0), 10)
        for i, one in enumerate(working)
    ]
    asked = benchmark(difference, wanted, working)
    assert (len(asked.kept), len(asked.replaces)) == (ORDERS // 2, ORDERS // 2)
    benchmark.extra_info["differences_per_second"] = round(1 / benchmark.stats.stats.median)
