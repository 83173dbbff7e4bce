"""The background market: simulated events a second with the book on, and a day and a half of six pairs.

Run with ``pytest -s benchmarks/test_flow.py``. An event is one of the flow's: an order, a cancellation, a taker. Beside the
wall's figure stands the processor's, which other work on the machine does not change as much.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from trading_ecosystem.adapters.calibration.parameter_files import read_calibrated_flow
from trading_ecosystem.adapters.recordings.lobster_tape import stock
from trading_ecosystem.domains.exchange.flow import flows
from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters
from trading_ecosystem.messages.units import INSTRUMENTS, SECOND
from trading_ecosystem.reports.bench.market import EVENTS_A_SECOND, PRICES, SIMULATED, opened, played
from trading_ecosystem.reports.realism.generated import market_alone
from trading_ecosystem.runtime.randomness import SeededRandomness

pytest.importorskip("pytest_benchmark")

BAR_SECONDS = 15.0
EVENTS = {"plain": 20_000, "compiled": 1_000_000}


@pytest.mark.parametrize("book", ["plain", "compiled"])
@pytest.mark.parametrize("name", ["library", "apple"])
def test_simulated_events_a_second(benchmark: Any, name: str, book: str) -> None:
    if book == "compiled" and not flows.COMPILED:
        pytest.skip("the compiled flow was not built")
    parameters, instrument, price = FlowParameters(), INSTRUMENTS["BTC/USD"], PRICES["BTC/USD"]
    if name == "apple":
        parameters, instrument, price = read_calibrated_flow("apple").parameters, stock("AAPL"), 585 * 10**8
    market = market_alone(parameters, instrument, SeededRandomness(1), book)
    market.flow.fundamental_changed(price, 0)
    market.flow.advance(60 * SECOND, [])
    span, now = EVENTS[book] * parameters.timing.mean_interval_ns, [60 * SECOND]

    def go_on() -> None:
        now[0] += span
        market.flow.advance(now[0], [])

    go_on()
    before, began = market.flow.events, time.process_time()
    benchmark.pedantic(go_on, rounds=3)
    processor = (market.flow.events - before) / (time.process_time() - began)
    wall = (market.flow.events - before) / 3 / benchmark.stats.stats.median
    benchmark.extra_info["events_per_second"] = round(wall)
    print(f"\n{name}, {book}: {wall:,.0f} events a second, {processor:,.0f} a second of processor time")


def test_a_day_and_a_half_of_six_pairs(benchmark: Any) -> None:
    if not flows.COMPILED:
        pytest.skip("the compiled flow was not built")
    assert opened("BTC/USD", EVENTS_A_SECOND).flow.events == 0
    began, events = time.process_time(), []
    benchmark.pedantic(lambda: events.extend(played(symbol, EVENTS_A_SECOND, SIMULATED)[1] for symbol in PRICES), rounds=1)
    processor, seconds = time.process_time() - began, benchmark.stats.stats.median
    benchmark.extra_info["events_per_second"] = round(sum(events) / seconds)
    verdict = "within" if seconds < BAR_SECONDS else "NOT within"
    print(f"\n36 hours of six pairs: {sum(events):,} events in {seconds:.1f} s, {verdict} the bar of {BAR_SECONDS:.0f} s")
    print(f"({processor:.1f} s of processor time)")
