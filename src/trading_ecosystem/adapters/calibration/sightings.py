"""What each event of a tape looked like to the one who acted: the state of the book before it, from the actor's own side."""

from __future__ import annotations

from bisect import bisect_left, insort

import msgspec

from trading_ecosystem.adapters.recordings.event_tape import ASK, BID, EventKind, EventTape
from trading_ecosystem.adapters.recordings.tape_series import Action, Trade, actions, trades
from trading_ecosystem.messages.units import Lots, Nanos
from trading_ecosystem.ports.errors import BadInput

FEWEST_EVENTS = 2_000
FEWEST_TRADES = 50
"""Fewer than these say too little about a flow."""


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """One action on the displayed book. Prices are in ticks; ``mid`` and ``spread`` are of the book before it."""

    at: Nanos
    action: int
    own: int
    mid: float
    spread: int
    imbalance: float
    """(own - other) / (own + other) lots at the best prices; a taker's own side is the one that it buys or sells for."""
    ahead: int
    """Ticks by which the price is better than its own side's best; negative behind it."""
    lots: Lots
    rank: float
    """For a cancellation behind the best: its place among those behind, from 0 (nearest) to 1; -1 where unknown."""
    orders: int
    """Orders that rest on its side afterwards; 0 where unknown."""


class Sightings(msgspec.Struct, frozen=True):
    """All actions of a stretch of a tape, and its takers."""

    start: Nanos
    end: Nanos
    seen: list[Sighting]
    trades: list[Trade]


def sightings(tape: EventTape, start: Nanos, end: Nanos) -> Sightings:
    """Everything on the displayed book from ``start`` up to but not including ``end``, while both sides had a price."""
    found: list[Sighting] = []
    standing: dict[int, list[int]] = {BID: [], ASK: []}
    for row, action in enumerate(actions(tape)):
        rank = _follow(tape, row, standing)
        at = tape.times[row]
        if not start <= at < end or action < 0 or action == Action.HIDDEN:
            continue
        bid, ask = tape.bids[row - 1], tape.asks[row - 1]
        if not 0 < bid < ask:
            continue
        side = tape.sides[row]
        own = -side if action == Action.TAKE else side
        lots = (tape.bid_lots[row - 1], tape.ask_lots[row - 1])
        mine, other = lots if own == BID else lots[::-1]
        ahead = (tape.prices[row] - (bid if side == BID else ask)) * side
        found.append(
            Sighting(
                at,
                action,
                own,
                (bid + ask) / 2,
                ask - bid,
                (mine - other) / (mine + other),
                ahead,
                tape.lots[row],
                rank,
                tape.own_orders[row],
            )
        )
    taken = [trade for trade in trades(tape) if start <= trade.at < end and trade.available_lots]
    if len(found) < FEWEST_EVENTS or len(taken) < FEWEST_TRADES:
        problem = f"{len(found):,} events and {len(taken):,} trades, expected at least {FEWEST_EVENTS:,} and {FEWEST_TRADES}"
        raise BadInput("the sample", problem)
    return Sightings(start, end, found, taken)


def _follow(tape: EventTape, row: int, standing: dict[int, list[int]]) -> float:
    """Keep the prices of the orders that were seen to come to rest; the rank of a deletion behind the best, else -1."""
    kind, side, order_id = tape.kinds[row], tape.sides[row], tape.orders[row]
    if not order_id:
        return -1.0
    own = standing[side]
    key = -tape.prices[row] * side
    if kind == EventKind.ADD:
        insort(own, key)
        return -1.0
    best = own[0] if own else key
    rank = -1.0
    place = bisect_left(own, key)
    if kind == EventKind.DELETE and place < len(own) and own[place] == key:
        at_best = bisect_left(own, best + 1)
        # Orders that were never seen to come to rest count too; they are far, or they would have left or traded.
        behind = max(len(own), tape.own_orders[row] + 1) - at_best
        if key > best and behind > 1:
            # Of several orders at one price the middle one: which of them it was makes no difference on average.
            last = bisect_left(own, key + 1) - 1
            rank = ((place + last + 1) / 2 - at_best) / behind
        del own[place]
    elif kind == EventKind.EXECUTE and place < len(own) and own[place] == key and _is_last(tape, row):
        del own[place]
    return rank


def _is_last(tape: EventTape, row: int) -> bool:
    """Whether an execution left nothing of its order, told by the price being gone or better prices not being there."""
    best = tape.bids[row] if tape.sides[row] == BID else tape.asks[row]
    return best != tape.prices[row]
