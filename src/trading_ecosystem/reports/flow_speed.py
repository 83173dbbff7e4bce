"""How fast the background market runs, by itself: nobody named trades, and nothing is published.

An event is an event of the flow (an order, a cancellation, a taker); what makers do when a fundamental price changes comes on
top. Times are of the clock that the caller gives: the wall's, or the process's own where the machine is shared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from trading_ecosystem.domains.exchange.flow_parameters import FlowParameters
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.messages.units import HOUR, INSTRUMENTS, SECOND, Instrument, MinorUnits, Nanos
from trading_ecosystem.reports.realism.generated import market_alone
from trading_ecosystem.runtime.randomness import SeededRandomness

PAIRS: Final[dict[str, MinorUnits]] = {
    "BTC/USD": 60_000 * 10**8,
    "ETH/USD": 3_000 * 10**8,
    "BTC/USDT": 60_000 * 10**8,
    "ETH/USDT": 3_000 * 10**8,
    "ETH/BTC": 5 * 10**6,
    "USDT/USD": 10**8,
}
RATE: Final = 50
"""Events a second and pair of the busy market."""
BUSY: Final = msgspec.structs.replace(
    FlowParameters(), timing=msgspec.structs.replace(FlowParameters().timing, mean_interval_ns=SECOND // RATE)
)
_WARM_UP: Final[Nanos] = 60 * SECOND


def opened(parameters: FlowParameters, instrument: Instrument, price_minor: MinorUnits, book: str) -> Market:
    """A market that has run for a minute."""
    market = market_alone(parameters, instrument, SeededRandomness(1), book)
    market.flow.fundamental_changed(price_minor, 0)
    market.flow.advance(_WARM_UP, [])
    return market


def events_a_second(
    parameters: FlowParameters,
    instrument: Instrument,
    price_minor: MinorUnits,
    book: str,
    events: int,
    clock: Callable[[], float],
) -> float:
    """About so many events of one market, and how many of them there are in a second of the clock."""
    market = opened(parameters, instrument, price_minor, book)
    before, began = market.flow.events, clock()
    market.flow.advance(_WARM_UP + events * parameters.timing.mean_interval_ns, [])
    return (market.flow.events - before) / (clock() - began)


def day_and_a_half(book: str, clock: Callable[[], float], hours: int = 36) -> tuple[int, float]:
    """Six busy pairs, a fundamental price a second, advanced ten seconds at a time: events, and seconds of the clock."""
    stream = SeededRandomness(2).stream("benchmark", "prices")
    moves = [0.0001 * stream.normal() for _ in range(3600)]
    began, events = clock(), 0
    for symbol, price_minor in PAIRS.items():
        market, price = opened(BUSY, INSTRUMENTS[symbol], price_minor, book), float(price_minor)
        for start in range(_WARM_UP // SECOND, hours * HOUR // SECOND, 10):
            for second in range(start, start + 10):
                price *= 1.0 + moves[second % len(moves)]
                market.flow.fundamental_changed(int(price), second * SECOND)
            market.flow.advance((start + 10) * SECOND, [])
        events += market.flow.events
    return events, clock() - began
