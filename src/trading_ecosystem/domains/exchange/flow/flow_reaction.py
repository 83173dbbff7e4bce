"""What the background flow does next, given the book: the queue-reactive choice."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Final

from trading_ecosystem.domains.exchange.flow.flow_constants import FlowConstants
from trading_ecosystem.domains.exchange.flow.flow_parameters import KINDS

_STEEPEST: Final = 6.0
"""No lean is beyond these log-odds."""


def choose(
    constants: FlowConstants,
    draw: float,
    *,
    spread: float,
    imbalance: float,
    lean: float,
    eagerness: float,
    bids: int,
    asks: int,
) -> int:
    """Kind and side of an event: 0 to 5 (``NARROW`` to ``TAKE``) for bids, 6 to 11 for asks.

    ``draw`` is uniform, ``spread`` a share of the mid price, ``imbalance`` that of the bids. A positive ``lean`` makes what
    raises the price more frequent, and what lowers it less: orders at or above the best bid and cancellations of the best
    ask. The more orders of a side rest (``bids``, ``asks``), the more frequent are its cancellations;
    ``eagerness`` is a factor on takers.
    """
    row = bisect_right(constants.spread_edges, spread) * (len(constants.imbalance_edges) + 1)
    own = (row + bisect_right(constants.imbalance_edges, imbalance)) * KINDS
    other = (row + bisect_right(constants.imbalance_edges, -imbalance)) * KINDS
    up = 2.0 / (1.0 + math.exp(-2.0 * min(_STEEPEST, max(-_STEEPEST, lean))))
    down = 2.0 - up
    many, others = bids / constants.orders, asks / constants.orders
    narrow, join, behind, cancel_best, cancel_behind, take = constants.weights[own : own + KINDS]
    bid_narrow = narrow * up
    bid_join = bid_narrow + join * up
    bid_behind = bid_join + behind
    bid_cancel_best = bid_behind + cancel_best * down * many
    bid_cancel_behind = bid_cancel_best + cancel_behind * many
    buy = bid_cancel_behind + take * eagerness
    narrow, join, behind, cancel_best, cancel_behind, take = constants.weights[other : other + KINDS]
    ask_narrow = buy + narrow * down
    ask_join = ask_narrow + join * down
    ask_behind = ask_join + behind
    ask_cancel_best = ask_behind + cancel_best * up * others
    ask_cancel_behind = ask_cancel_best + cancel_behind * others
    # fmt: off
    cumulated = (
        bid_narrow, bid_join, bid_behind, bid_cancel_best, bid_cancel_behind, buy,
        ask_narrow, ask_join, ask_behind, ask_cancel_best, ask_cancel_behind,
    )
    # fmt: on
    return bisect_right(cumulated, draw * (ask_cancel_behind + take * eagerness))
