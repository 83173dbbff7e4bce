"""Series read off an event tape: kinds of events, one trade per taker, mid prices."""

from __future__ import annotations

from enum import IntEnum

import msgspec

from trading_ecosystem.adapters.recordings.event_tape import BID, EventKind, EventTape
from trading_ecosystem.messages.units import Lots, Nanos

_ADD, _EXECUTE, _HIDDEN = int(EventKind.ADD), int(EventKind.EXECUTE), int(EventKind.EXECUTE_HIDDEN)


class Action(IntEnum):
    """What somebody did, as a flow decides it; the first six are those of the background flow, in its order."""

    NARROW = 0
    """Placed a limit order inside the spread."""
    JOIN = 1
    """Placed one at its side's best price."""
    BEHIND = 2
    """Placed one behind it."""
    CANCEL_BEST = 3
    """Took all or a part of an order at the best price back."""
    CANCEL_BEHIND = 4
    """Took one behind it back."""
    TAKE = 5
    """Traded with displayed orders; one taker is one action, however many orders it trades with."""
    HIDDEN = 6
    """Traded with hidden orders only."""


class Trade(msgspec.Struct, frozen=True, gc=False):
    """What one taker did. ``sign`` is +1 for a buyer; mids are sums of bid and ask, in half ticks, before and after."""

    at: Nanos
    sign: int
    lots: Lots
    mid_before: int
    mid_after: int
    available_lots: Lots
    """What stood at the best price that the taker met, 0 where unknown."""


def actions(tape: EventTape) -> list[int]:
    """The action of every row; -1 for all but the first of a taker's rows, and for the first row of the tape."""
    found = [-1] if len(tape) else []
    kinds, sides, prices, times = tape.kinds, tape.sides, tape.prices, tape.times
    for index in range(1, len(tape)):
        kind, side = kinds[index], sides[index]
        if kind >= _EXECUTE:
            before = index - 1
            # A taker that also meets hidden orders is one taker.
            same = times[before] == times[index] and sides[before] == side and kinds[before] >= _EXECUTE
            if same:
                if kind == _EXECUTE and found[before] == Action.HIDDEN:
                    found[before] = -1
                    found.append(int(Action.TAKE))
                else:
                    found.append(-1)
            else:
                found.append(int(Action.TAKE if kind == _EXECUTE else Action.HIDDEN))
            continue
        best = tape.bids[index - 1] if side == BID else tape.asks[index - 1]
        ahead = (prices[index] - best) * side if best else 1
        if kind == _ADD:
            found.append(int(Action.NARROW if ahead > 0 else Action.JOIN if ahead == 0 else Action.BEHIND))
        else:
            found.append(int(Action.CANCEL_BEST if ahead >= 0 else Action.CANCEL_BEHIND))
    return found


def trades(tape: EventTape) -> list[Trade]:
    """One trade per taker of displayed orders: executions of equal time and side that follow one another; lots displayed."""
    found: list[Trade] = []
    index, rows = 1, len(tape)
    kinds, sides, times = tape.kinds, tape.sides, tape.times
    while index < rows:
        if kinds[index] < _EXECUTE:
            index += 1
            continue
        first, side, at = index, sides[index], times[index]
        lots = 0
        while index < rows and kinds[index] >= _EXECUTE and sides[index] == side and times[index] == at:
            lots += tape.lots[index] if kinds[index] == _EXECUTE else 0
            index += 1
        if lots:
            before, last = first - 1, index - 1
            available = tape.bid_lots[before] if side == BID else tape.ask_lots[before]
            mid_before, mid_after = tape.bids[before] + tape.asks[before], tape.bids[last] + tape.asks[last]
            found.append(Trade(at, -side, lots, mid_before, mid_after, available))
    return found


def mids_on_grid(tape: EventTape, start: Nanos, step: Nanos, count: int) -> list[int]:
    """Sums of bid and ask at ``start``, ``start + step``, ... (``count`` instants): the last that both sides had until then.

    Instants before both sides first have a price get that first price; an empty list where they never do.
    """
    found: list[int] = []
    mid, index, rows = 0, 0, len(tape)
    times, bids, asks = tape.times, tape.bids, tape.asks
    for number in range(count):
        at = start + number * step
        while index < rows and times[index] <= at:
            if bids[index] and asks[index]:
                mid = bids[index] + asks[index]
            index += 1
        found.append(mid)
    first = next((mid for mid in found if mid), 0)
    return [mid or first for mid in found] if first else []
