"""The background market of a scenario's venue, alone: its flow around the scenario's own fundamental price, without faults."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

from trading_ecosystem.adapters.recordings.event_tape import EventTape, TapeRecorder
from trading_ecosystem.adapters.scenario_parameters import exchange_parameters, market_data_parameters
from trading_ecosystem.domains.market_data.component import MarketData
from trading_ecosystem.domains.test_coordination.scenario import Scenario, VenueSection
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.units import HOUR, INSTRUMENTS, Nanos
from trading_ecosystem.ports.component import Begin, Later, WakeUp
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.ports.randomness import Randomness
from trading_ecosystem.reports.realism.generated import market_alone
from trading_ecosystem.runtime.randomness import SeededRandomness

LONGEST: Final[Nanos] = 2 * HOUR
"""More than this of a scenario is not played."""


def scenario_tape(scenario: Scenario, seed: int, venue: str | None = None, symbol: str | None = None) -> EventTape:
    """The tape of one instrument on one venue, the first ones if not named; times are the scenario's."""
    section = _venue(scenario, venue)
    symbols = scenario.ecosystem.market_data.instruments
    if symbol is not None and symbol not in symbols:
        raise BadInput("--instrument", f"{symbol} is not in the scenario, expected one of {', '.join(symbols)}")
    if market_data_parameters(scenario).recorded:
        raise BadInput(scenario.name, "plays a recording's prices, expected a scenario that generates them")
    instrument = INSTRUMENTS[symbol or symbols[0]]
    randomness = SeededRandomness(seed)
    market = market_alone(exchange_parameters(scenario, section).flow, instrument, randomness)
    recorder = TapeRecorder(market.book, instrument)
    market.flow.observer = recorder
    end = scenario.starts_at + min(scenario.duration_ns or LONGEST, LONGEST)
    for at, price in _fundamentals(scenario, instrument.symbol, randomness, end):
        market.flow.advance(at, [])
        market.flow.fundamental_changed(price, at)
    market.flow.advance(end - 1, [])
    market.flow.observer = None
    return recorder.tape


def _venue(scenario: Scenario, name: str | None) -> VenueSection:
    venues = {venue.name: venue for venue in scenario.ecosystem.venues}
    if not venues:
        raise BadInput(scenario.name, "has no venue, expected one to measure")
    if name is not None and name not in venues:
        raise BadInput("--venue", f"{name} is not in the scenario, expected one of {', '.join(venues)}")
    return venues[name] if name else next(iter(venues.values()))


def _fundamentals(scenario: Scenario, symbol: str, randomness: Randomness, end: Nanos) -> Iterator[tuple[Nanos, int]]:
    """What the scenario's market data says of one instrument's fundamental price, until ``end``."""
    component = MarketData("market_data", market_data_parameters(scenario), randomness)
    due: list[tuple[Nanos, int, Message | WakeUp]] = [(scenario.starts_at, 0, Begin())]
    count = 0
    while due and due[0][0] < end:
        at, _, message = heapq.heappop(due)
        for said in component.handle(message, at) or ():
            if isinstance(said, Later):
                count += 1
                heapq.heappush(due, (said.due_at, count, said.message))
            elif isinstance(said, FundamentalPriceChanged) and said.instrument == symbol:
                yield at, said.price_minor
