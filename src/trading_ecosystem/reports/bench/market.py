"""The background market's figures: simulated events a second, and how long a day and a half of six pairs takes.

An event is one of the flow's: an order, a cancellation, a taker; what makers do when a fundamental price moves comes on top.
The fundamental price of each pair moves every ten simulated seconds, as a library scenario's does; nothing is published.
"""

from __future__ import annotations

import time
from typing import Any, Final

import msgspec

from trading_ecosystem.domains.exchange.flow.flow import BackgroundFlow
from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters, Timing
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.messages.units import HOUR, INSTRUMENTS, SECOND, MinorUnits, Nanos
from trading_ecosystem.reports.realism.generated import market_alone
from trading_ecosystem.runtime.randomness import SeededRandomness

PRICES: Final[dict[str, MinorUnits]] = {
    "BTC/USD": 60_000 * 10**8,
    "ETH/USD": 3_000 * 10**8,
    "BTC/USDT": 60_000 * 10**8,
    "ETH/USDT": 3_000 * 10**8,
    "ETH/BTC": 5 * 10**6,
    "USDT/USD": 10**8,
}
EVENTS_A_SECOND: Final = 50
SIMULATED: Final[Nanos] = 36 * HOUR
_TICK: Final[Nanos] = 10 * SECOND
_STEP: Final = 0.0003


def opened(symbol: str, events_a_second: int) -> Market:
    """A market with the library's flow at another rate."""
    parameters = FlowParameters(timing=msgspec.structs.replace(Timing(), mean_interval_ns=SECOND // events_a_second))
    return market_alone(parameters, INSTRUMENTS[symbol], SeededRandomness(1))


def played(symbol: str, events_a_second: int, length: Nanos) -> tuple[float, int]:
    """Wall seconds and events of one market that runs for ``length``."""
    market = opened(symbol, events_a_second)
    stream = SeededRandomness(2).stream("bench", symbol)
    price, now = float(PRICES[symbol]), 0
    begun = time.perf_counter()
    while now < length:
        market.flow.fundamental_changed(max(1, round(price)), now)
        price *= 1.0 + _STEP * stream.normal()
        now += _TICK
        market.flow.advance(now - 1, [])
    return time.perf_counter() - begun, market.flow.events


def market_figures() -> list[dict[str, Any]]:
    """Both figures, measured once, each with what it was measured with."""
    market = opened("BTC/USD", EVENTS_A_SECOND)
    kind = "plain" if isinstance(market.flow, BackgroundFlow) else "compiled"
    length = SIMULATED if kind == "compiled" else HOUR // 6
    results = {symbol: played(symbol, EVENTS_A_SECOND, length) for symbol in PRICES}
    wall, events = 0.0, 0
    for seconds, happened in results.values():
        wall += seconds
        events += happened
    what = f"{len(PRICES)} pairs, {EVENTS_A_SECOND} events a second each, {length / HOUR:g} h ({kind})"
    return [
        {"what": what, "figure": f"{wall:.1f} s", "wall_s": round(wall, 2), "events": events},
        {
            "what": f"simulated events a second of wall time ({kind})",
            "figure": f"{events / wall:,.0f}",
            "events_per_s": round(events / wall),
        },
    ]
