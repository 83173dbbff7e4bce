"""Event tapes whose statistics are known, because they were planted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trading_ecosystem.adapters.recordings.event_tape import ASK, BID, DepthSample, EventKind, EventTape
from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.messages.units import SECOND, Instrument
from trading_ecosystem.runtime.randomness import SeededRandomness, Stream

FINE = Instrument("FINE/USD", "FINE", "USD", 100, 100_000_000)
"""An instrument with so many ticks to a price that returns are not rounded much."""
MID = 10_000_000


def stream(purpose: str) -> Stream:
    return SeededRandomness(11).stream("synthetic", purpose)


def tape_of_returns(returns: Sequence[float], half_spread: int = 100) -> EventTape:
    """One event a second, after which the mid has moved by that many parts per million."""
    tape = EventTape(FINE)
    logarithm = math.log(MID)
    tape.append(0, EventKind.ADD, BID, MID - half_spread, 10, (MID - half_spread, 10, MID + half_spread, 10))
    for number, move in enumerate(returns, start=1):
        logarithm += move / 1e6
        mid = round(math.exp(logarithm))
        best = (mid - half_spread, 10, mid + half_spread, 10)
        tape.append(number * SECOND, EventKind.ADD, BID, best[0], 10, best)
    return tape


def tape_of_trades(signs: Sequence[int], lots: Sequence[int], moves: Sequence[int]) -> EventTape:
    """One taker a second; the mid moves by ``moves`` ticks with it, for good."""
    tape = EventTape(FINE)
    mid = MID
    tape.append(0, EventKind.ADD, BID, mid - 1, 10, (mid - 1, 10, mid + 1, 10))
    for number, (sign, size, move) in enumerate(zip(signs, lots, moves, strict=True), start=1):
        price = mid + sign
        mid += move
        side = ASK if sign > 0 else BID
        tape.append(number * SECOND, EventKind.EXECUTE, side, price, size, (mid - 1, 10, mid + 1, 10))
    return tape


def tape_of_gaps(gaps: Sequence[int]) -> EventTape:
    """Events with these nanoseconds between them, in a book that does not move."""
    tape = EventTape(FINE)
    at = 0
    for gap in [0, *gaps]:
        at += gap
        tape.append(at, EventKind.ADD, BID, MID - 5, 10, (MID - 1, 10, MID + 1, 10))
    return tape


def tape_of_states(states: Sequence[tuple[int, int, int]]) -> EventTape:
    """A book with these (seconds, ticks of spread, lots at both best prices and half of it on each of two further levels)."""
    tape = EventTape(FINE)
    at = 0
    for seconds, spread, lots in states:
        bid, ask = MID - spread // 2, MID + spread // 2
        tape.append(at, EventKind.ADD, BID, bid, lots, (bid, lots, ask, lots))
        levels = tuple(Level(bid - step, lots if step == 0 else lots // 2) for step in range(3))
        tape.depths += [DepthSample(at + second * SECOND, levels, levels) for second in range(seconds)]
        at += seconds * SECOND
    return tape
