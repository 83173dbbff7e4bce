"""What the background flow does next, given the book: the queue-reactive choice."""

from __future__ import annotations

import math
from typing import Final

from trading_ecosystem.domains.exchange.flow_constants import FlowConstants
from trading_ecosystem.domains.exchange.flow_parameters import KINDS

_STEEPEST: Final = 6.0
"""No lean is beyond these log-odds."""


def choose(constants: FlowConstants, draw: float, *, spread: float, imbalance: float, lean: float, bids: int, asks: int) -> int:
    """Kind and side of an event: 0 to 5 (``NARROW`` to ``TAKE``) for bids, 6 to 11 for asks.

    ``draw`` is uniform, ``spread`` a share of the mid price, ``imbalance`` that of the bids. A positive ``lean`` makes what
    raises the price more frequent, and what lowers it less: orders at or above the best bid and cancellations of the best
    ask. The more orders of a side rest (``bids``, ``asks``), the more frequent are its cancellations.
    """
    row = _class_of(constants.spread_edges, spread) * (len(constants.imbalance_edges) + 1)
    own = (row + _class_of(constants.imbalance_edges, imbalance)) * KINDS
    other = (row + _class_of(constants.imbalance_edges, -imbalance)) * KINDS
    up = 2.0 / (1.0 + math.exp(-2.0 * min(_STEEPEST, max(-_STEEPEST, lean))))
    down = 2.0 - up
    many, others = bids / constants.orders, asks / constants.orders
    weights = constants.weights
    summed = 0.0
    cumulated = []
    # fmt: off
    for weight in (
        weights[own] * up, weights[own + 1] * up, weights[own + 2],
        weights[own + 3] * down * many, weights[own + 4] * many, weights[own + 5],
        weights[other] * down, weights[other + 1] * down, weights[other + 2],
        weights[other + 3] * up * others, weights[other + 4] * others, weights[other + 5],
    ):
        summed += weight
        cumulated.append(summed)
    # fmt: on
    wanted = draw * summed
    chosen = 0
    while chosen < 2 * KINDS - 1 and cumulated[chosen] <= wanted:
        chosen += 1
    return chosen


def _class_of(edges: tuple[float, ...], value: float) -> int:
    """How many edges lie at or below a value."""
    found = 0
    for edge in edges:
        if value >= edge:
            found += 1
    return found
