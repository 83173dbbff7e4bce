"""Statistics of spread and depth, weighted by the time for which they held. Contents are histograms over logarithmic bins."""

from __future__ import annotations

import math
from typing import Final

from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.reports.realism.samples import Contents, Sample, put, quantiles

PROBABILITIES: Final = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)
NEAR_LEVELS: Final = 5
_BINS: Final = 25
"""Bins for a factor of e: one is 4 % wide."""
_NEAR: Final = 100_000
"""Keys from here on are the histogram of the depth over several levels."""


def spread_contents(sample: Sample) -> list[Contents]:
    """Seconds for which the spread was so many parts per million of the mid price."""
    contents = sample.empty()
    bids, asks = sample.tape.bids, sample.tape.asks
    for block, row, seconds in sample.states():
        bid, ask = bids[row], asks[row]
        if 0 < bid < ask:
            put(contents[block], round(_BINS * math.log(2e6 * (ask - bid) / (ask + bid))), seconds)
    return contents


def spread_values(contents: Contents) -> list[float]:
    """Quantiles of the spread, in parts per million of the mid price."""
    return quantiles(contents, PROBABILITIES, _from_bin)


def depth_contents(sample: Sample) -> list[Contents]:
    """Seconds for which so many lots stood at a best price, and depth samples in which so many did over several levels."""
    contents = sample.empty()
    tape = sample.tape
    for block, row, seconds in sample.states():
        for lots in (tape.bid_lots[row], tape.ask_lots[row]):
            if lots:
                put(contents[block], round(_BINS * math.log(lots)), seconds)
    for depth in tape.depths:
        block = sample.block_of(depth.at)
        if block >= 0:
            for levels in (depth.bids, depth.asks):
                if near := _near_lots(levels):
                    put(contents[block], _NEAR + round(_BINS * math.log(near)))
    return contents


def depth_values(contents: Contents) -> list[float]:
    """Quantiles of the lots at a best price, then of those over ``NEAR_LEVELS`` levels."""
    best = {key: weight for key, weight in contents.items() if key < _NEAR}
    near = {key - _NEAR: weight for key, weight in contents.items() if key >= _NEAR}
    return quantiles(best, PROBABILITIES, _from_bin) + quantiles(near, PROBABILITIES, _from_bin)


def _near_lots(levels: tuple[Level, ...]) -> int:
    return sum(level.quantity_lots for level in levels[:NEAR_LEVELS])


def _from_bin(number: float) -> float:
    return math.exp(number / _BINS)
