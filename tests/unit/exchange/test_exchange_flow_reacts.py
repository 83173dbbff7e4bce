"""The background flow reacts: without makers the spread is wide, and with them quotes follow the fundamental at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.runtime.randomness import SeededRandomness

PRICE = 60_000 * 10**8


def opened(new_venue: Callable[..., Any], seed: int, **changes: Any) -> Any:
    venue = new_venue(seed=seed, **changes)
    venue.fund_house()
    return venue


def spreads(new_venue: Callable[..., Any], parameters: FlowParameters) -> list[float]:
    """Spreads, in parts per million, at publications of a market whose fundamental moves each time."""
    venue = opened(new_venue, 7, flow=parameters)
    stream = SeededRandomness(7).stream("test", "prices")
    price, found = float(PRICE), []
    for tick in range(300):
        price *= 1.0 + 0.0003 * stream.normal()
        venue.price(int(price), at=tick * 10 * SECOND)
        venue.publish((tick + 1) * 10 * SECOND)
        bids, asks = venue.book()
        if bids and asks:
            found.append(1e6 * (asks[0][0] - bids[0][0]) / bids[0][0])
    return sorted(found)


def test_a_withdrawn_maker_widens_the_spread(new_venue: Callable[..., Any]) -> None:
    with_makers = spreads(new_venue, FlowParameters())
    agents = msgspec.structs.replace(FlowParameters().agents, makers=False)
    without = spreads(new_venue, msgspec.structs.replace(FlowParameters(), agents=agents))
    assert without[len(without) // 2] > 1.5 * with_makers[len(with_makers) // 2]


def test_quotes_follow_a_crash_within_a_second(new_venue: Callable[..., Any]) -> None:
    """A fall of a quarter in five minutes, a tick a second: a second after each the middle is within half a per cent."""
    venue = opened(new_venue, 9)
    for tick in range(300):
        price = PRICE * (1200 - tick) // 1200
        venue.price(price, at=tick * SECOND)
        venue.publish((tick + 1) * SECOND - 1)
        bids, asks = venue.book()
        assert abs((bids[0][0] + asks[0][0]) / 2 * 10**6 / price - 1) < 0.005
