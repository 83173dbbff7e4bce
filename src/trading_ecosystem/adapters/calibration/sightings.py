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
    standing = _Standing()
    for row, action in enumerate(actions(tape)):
        rank = standing.follow(tape, row)
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


class _Standing:
    """The orders that were seen to come to rest: their prices per side, nearest first, to rank cancellations."""

    def __init__(self) -> None:
        self._keys: dict[int, list[int]] = {BID: [], ASK: []}
        self._left: dict[int, tuple[int, Lots]] = {}

    def follow(self, tape: EventTape, row: int) -> float:
        """Take one row in; the rank of a deletion behind the best, else -1."""
        kind, side, order_id, lots = tape.kinds[row], tape.sides[row], tape.orders[row], tape.lots[row]
        own = self._keys[side]
        if kind == EventKind.ADD and order_id:
            key = -tape.prices[row] * side
            insort(own, key)
            self._left[order_id] = (key, lots)
        elif order_id in self._left:
            key, left = self._left[order_id]
            rank = self._rank(own, key, tape.own_orders[row]) if kind == EventKind.DELETE else -1.0
            if kind == EventKind.DELETE or lots >= left:
                del own[bisect_left(own, key)]
                del self._left[order_id]
            else:
                self._left[order_id] = (key, left - lots)
            return rank
        return -1.0

    @staticmethod
    def _rank(own: list[int], key: int, left: int) -> float:
        at_best = bisect_left(own, own[0] + 1)
        # Orders that were never seen to come to rest count too; they are far, or they would have left or traded.
        behind = max(len(own), left + 1) - at_best
        if key == own[0] or behind < 2:
            return -1.0
        # Of several orders at one price the middle one: which of them it was makes no difference on average.
        return ((bisect_left(own, key) + bisect_left(own, key + 1)) / 2 - at_best) / behind
