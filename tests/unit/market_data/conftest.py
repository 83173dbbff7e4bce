"""A component on its own: a clock, a queue, and everything it said with the instant at which it said it."""

from __future__ import annotations

import heapq
from typing import Any

import pytest

from trading_ecosystem.domains.market_data.component import MarketData
from trading_ecosystem.domains.market_data.parameters import MarketDataParameters
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, SECOND, SPOT_PAIRS
from trading_ecosystem.ports.component import Begin, Later
from trading_ecosystem.runtime.randomness import SeededRandomness

START = 1_700_000_040 * SECOND
"""A whole minute, so that candles and ticks share their grid."""


class Bench:
    """One market data component, driven by inputs at given instants; wake-ups go first at equal instants."""

    def __init__(self, seed: int = 1, inputs: tuple[tuple[int, Any], ...] = (), **changes: Any) -> None:
        values: dict[str, Any] = {
            "instruments": SPOT_PAIRS,
            "tick_ns": 10 * SECOND,
            "usd_prices_minor": {
                "BTC": 60_000 * MINOR_UNITS_PER_WHOLE,
                "ETH": 3_000 * MINOR_UNITS_PER_WHOLE,
                "USDT": MINOR_UNITS_PER_WHOLE,
            },
            "annual_volatility": {"BTC": "0.55", "ETH": "0.70", "USDT": "0.03"},
            "jumps": False,
        }
        self.start = START
        self.component = MarketData("market-data", MarketDataParameters(**(values | changes)), SeededRandomness(seed))
        self.said: list[tuple[int, Any]] = []
        self._queue: list[tuple[int, int, int, Any]] = []
        self._sequence = 0
        self._put(START, 0, Begin())
        for offset, message in inputs:
            self._put(START + offset, 1, message)

    def _put(self, due_at: int, rank: int, message: Any) -> None:
        self._sequence += 1
        heapq.heappush(self._queue, (due_at, rank, self._sequence, message))

    def run(self, duration_ns: int) -> Bench:
        """Handle everything due up to the start plus the duration, both included."""
        while self._queue and self._queue[0][0] <= START + duration_ns:
            now, _, _, message = heapq.heappop(self._queue)
            for said in self.component.handle(message, now):
                if isinstance(said, Later):
                    assert said.due_at >= now
                    self._put(said.due_at, 0, said.message)
                else:
                    assert type(said) in self.component.says
                    self.said.append((now, said))
        return self

    def of(self, message_type: type, instrument: str | None = None) -> list[tuple[int, Any]]:
        """What was said of one type (and instrument), as (offset from the start, message)."""
        return [
            (at - START, message)
            for at, message in self.said
            if type(message) is message_type and instrument in (None, getattr(message, "instrument", None))
        ]


@pytest.fixture
def bench() -> type[Bench]:
    return Bench
