"""What is done in which state of the book, where orders are placed, how large they are, and how trades follow one another."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from trading_ecosystem.adapters.calibration.arithmetic import in_ppm, least_squares, mean_of, quantile_table
from trading_ecosystem.adapters.calibration.sightings import Sighting, Sightings
from trading_ecosystem.adapters.recordings.tape_series import Action, Trade
from trading_ecosystem.domains.exchange.flow.flow_parameters import KINDS, Memory, Placement, Reaction, Sizes
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Instrument

_SPREAD_CLASSES: Final = 6
_IMBALANCE_EDGES: Final = (-0.6, -0.2, 0.2, 0.6)
_PRIOR: Final = 20.0
"""Events of the overall mix that every state is given in addition, so that a rare state does nothing odd."""
_TABLE: Final = 65
_NARROW_TABLE: Final = 33


def fit_reaction(found: Sightings) -> Reaction:
    """Counts per state, both sides pooled: what a side does at some imbalance, the other does at the opposite one."""
    ordered = sorted(1e6 * sighting.spread / sighting.mid for sighting in found.seen)
    edges: list[int] = []
    for number in range(1, _SPREAD_CLASSES):
        edge = max(1, round(ordered[number * len(ordered) // _SPREAD_CLASSES]))
        if not edges or edge > edges[-1]:
            edges.append(edge)
    states = len(_IMBALANCE_EDGES) + 1
    counts = [[[0.0] * KINDS for _ in range(states)] for _ in range(len(edges) + 1)]
    overall = [0.0] * KINDS
    for sighting in found.seen:
        spread = bisect_right(edges, 1e6 * sighting.spread / sighting.mid)
        counts[spread][bisect_right(_IMBALANCE_EDGES, sighting.imbalance)][sighting.action] += 1.0
        overall[sighting.action] += 1.0
    weights = []
    for spread_counts in counts:
        total = math.fsum(math.fsum(state) for state in spread_counts) + _PRIOR * states
        weights.append(
            tuple(
                tuple(in_ppm((state[kind] + _PRIOR * overall[kind] / len(found.seen)) / total) for kind in range(KINDS))
                for state in spread_counts
            )
        )
    return Reaction(tuple(edges), tuple(in_ppm(edge) for edge in _IMBALANCE_EDGES), tuple(weights), PARTS_PER_MILLION)


def fit_placement(found: Sightings, base: Placement) -> Placement:
    """Places of limit orders and of cancellations."""
    narrow = [1e6 * s.ahead / s.spread for s in found.seen if s.action == Action.NARROW and s.ahead < s.spread]
    behind = [-1e6 * s.ahead / s.mid for s in found.seen if s.action == Action.BEHIND]
    ranks = sorted(s.rank for s in found.seen if s.action == Action.CANCEL_BEHIND and s.rank >= 0)
    resting = [s.orders for s in found.seen if s.orders]
    # The median of a uniform draw to the power p is 2 to the power -p.
    power = max(1, round(-math.log2(max(1e-3, ranks[len(ranks) // 2])))) if ranks else base.cancel_power
    orders = max(2, round(mean_of(resting))) if resting else base.orders
    behind_table = quantile_table(behind, _TABLE) or base.behind_ppm
    return Placement(
        narrow_ppm=quantile_table(narrow, _NARROW_TABLE) or base.narrow_ppm,
        behind_ppm=behind_table,
        distance_ppm=PARTS_PER_MILLION,
        orders=orders,
        orders_at_most=4 * orders,
        reach_ppm=max(base.reach_ppm, 2 * behind_table[-1]),
        cancel_power=power,
    )


def fit_sizes(found: Sightings, instrument: Instrument, base: Sizes) -> Sizes:
    """Sizes of limit orders, and what takers want."""
    limits = [sighting for sighting in found.seen if sighting.action <= Action.BEHIND]
    mean = mean_of([sighting.lots for sighting in limits])
    notional = round(mean_of([sighting.lots * sighting.mid for sighting in limits]) * instrument.tick_value)
    kept = tuple(pair for pair in base.order_notional if pair[0] != instrument.quote)
    beyond = [trade for trade in found.trades if trade.lots > trade.available_lots]
    whole = sum(trade.lots == trade.available_lots for trade in found.trades)
    reaches = [1e6 * _reach(trade) for trade in beyond]
    return Sizes(
        order_notional=((instrument.quote, notional), *kept),
        limit_ppm=quantile_table([1e6 * sighting.lots / mean for sighting in limits], _TABLE),
        whole_ppm=in_ppm(whole / len(found.trades)),
        beyond_ppm=in_ppm(len(beyond) / len(found.trades)),
        take_reach_ppm=max(1, round(sorted(reaches)[int(0.9 * len(reaches))])) if reaches else base.take_reach_ppm,
        take_at_most_ppm=base.take_at_most_ppm,
    )


def _reach(trade: Trade) -> float:
    """How far a taker went, told by how far it moved the mid."""
    return 2 * max(0.0, trade.sign * (trade.mid_after - trade.mid_before)) / trade.mid_before


def fit_memory(found: Sightings, base: Memory) -> Memory:
    """With what weights exponential means of past signs foretell the next, by least squares (Lillo, Mike and Farmer 2005)."""
    means = [0.0] * len(base.sign_trades)
    rows: list[list[float]] = []
    signs: list[float] = []
    for trade in found.trades:
        rows.append(list(means))
        signs.append(float(trade.sign))
        for number, time in enumerate(base.sign_trades):
            kept = math.exp(-1 / time)
            means[number] = kept * means[number] + (1 - kept) * trade.sign
    weights = least_squares(rows, signs)
    followers = base.share_ppm / PARTS_PER_MILLION
    total = math.fsum(weights) / followers
    scale = (min(1.0, 0.98 / total) if total else 1.0) / followers
    return Memory(
        sign_ppm=tuple(in_ppm(weight * scale) for weight in weights),
        sign_trades=base.sign_trades,
        share_ppm=base.share_ppm,
    )


def median_spread(seen: Sequence[Sighting]) -> float:
    """The median spread over events, as a share of the price."""
    ordered = sorted(sighting.spread / sighting.mid for sighting in seen)
    return ordered[len(ordered) // 2]
