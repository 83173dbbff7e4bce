"""The background market: simulated events a second with the book on, and a day and a half of six pairs.

Run with ``pytest -s benchmarks/test_flow.py``; what is measured, and what an event is, stands in ``reports/flow_speed.py``. Beside
the wall's figure stands the processor's, which other work on the machine does not change as much.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from trading_ecosystem.adapters.calibration.parameter_files import read_calibrated_flow
from trading_ecosystem.adapters.recordings.lobster_tape import stock
from trading_ecosystem.domains.exchange import flows
from trading_ecosystem.messages.units import INSTRUMENTS
from trading_ecosystem.reports.flow_speed import BUSY, PAIRS, day_and_a_half, events_a_second

pytest.importorskip("pytest_benchmark")

BAR_SECONDS = 15.0
EVENTS = {"plain": 20_000, "compiled": 1_000_000}


@pytest.mark.parametrize("book", ["plain", "compiled"])
@pytest.mark.parametrize("name", ["busy library", "apple"])
def test_simulated_events_a_second(benchmark: Any, name: str, book: str) -> None:
    if book == "compiled" and not flows.COMPILED:
        pytest.skip("the compiled flow was not built")
    market = (BUSY, INSTRUMENTS["BTC/USD"], PAIRS["BTC/USD"])
    if name == "apple":
        market = (read_calibrated_flow("apple").parameters, stock("AAPL"), 585 * 10**8)
    rates: list[tuple[float, float]] = []

    def run() -> None:
        for clock in (time.perf_counter, time.process_time):
            rates.append(events_a_second(*market, book, EVENTS[book] // 2, clock))  # type: ignore[arg-type]

    benchmark.pedantic(run, rounds=3)
    wall, processor = (sorted(rates[first::2])[1] for first in (0, 1))
    benchmark.extra_info["events_per_second"] = round(wall)
    print(f"\n{name}, {book}: {wall:,.0f} events a second, {processor:,.0f} a second of processor time")


def test_a_day_and_a_half_of_six_pairs(benchmark: Any) -> None:
    if not flows.COMPILED:
        pytest.skip("the compiled flow was not built")
    began = time.process_time()
    events, seconds = benchmark.pedantic(day_and_a_half, args=("compiled", time.perf_counter), rounds=1)
    processor = time.process_time() - began
    benchmark.extra_info["events_per_second"] = round(events / seconds)
    verdict = "within" if seconds < BAR_SECONDS else "NOT within"
    print(f"\n36 hours of six pairs: {events:,} events in {seconds:.1f} s, {verdict} the bar of {BAR_SECONDS:.0f} s")
    print(f"({processor:.1f} s of processor time)")
