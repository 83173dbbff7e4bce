"""Statistics of the order flow: what happens, when, in which direction, and what trades do to the price."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from trading_ecosystem.adapters.recordings.event_tape import EventKind
from trading_ecosystem.adapters.recordings.tape_series import Action, Trade
from trading_ecosystem.messages.units import MICROSECOND
from trading_ecosystem.reports.realism.book_statistics import PROBABILITIES
from trading_ecosystem.reports.realism.return_statistics import lag_contents, lag_values, ratio
from trading_ecosystem.reports.realism.samples import Contents, Sample, put, quantiles

SIGN_LAGS: Final = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50)
ROW_LAGS: Final = (1, 10, 50)
DECAY_LAGS: Final = (1, 2, 3, 5, 7, 10, 15, 20)
SIZE_EDGES: Final = (0.25, 0.75, 1.5, 3.0)
"""Where one class of taker sizes ends and the next begins, as multiples of the sample's mean."""
RESPONSE_LAGS: Final = (1, 2, 5, 10, 20, 50)
_BINS: Final = 10
"""Bins of inter-event times for a factor of e."""
_RESPONSE: Final = 1_000
"""Keys from here on are the response at a lag."""


def mix_contents(sample: Sample) -> list[Contents]:
    """Counts of the six actions on the displayed book."""
    contents = sample.empty()
    for block, action in sample.actions:
        if action != Action.HIDDEN:
            put(contents[block], action)
    return contents


def mix_values(contents: Contents) -> list[float]:
    """Their shares."""
    total = 0.0
    for weight in contents.values():
        total += weight
    return [ratio(contents.get(action, 0.0), total) for action in range(Action.HIDDEN)]


def arrival_contents(sample: Sample) -> list[Contents]:
    """Counts of the times between events of the displayed book, by logarithm, of those that are at least a microsecond.

    What is closer is one decision that a file lists as two events: a replacement, or a taker and the makers it meets.
    """
    contents = sample.empty()
    times = [at for at, kind in zip(sample.tape.times, sample.tape.kinds, strict=True) if kind != EventKind.EXECUTE_HIDDEN]
    for earlier, later in pairwise(times):
        if later - earlier >= MICROSECOND and (block := sample.block_of(earlier)) >= 0:
            put(contents[block], round(_BINS * math.log(later - earlier)))
    return contents


def arrival_values(contents: Contents) -> list[float]:
    """Quantiles of the time between events, in seconds."""
    return quantiles(contents, PROBABILITIES, lambda number: math.exp(number / _BINS) / 1e9)


def variation_contents(sample: Sample) -> list[Contents]:
    """Count, sum and squares of the times between events, in seconds."""
    contents = sample.empty()
    for earlier, later in pairwise(sample.tape.times):
        if (block := sample.block_of(earlier)) >= 0:
            gap = (later - earlier) / 1e9
            for power in range(3):
                put(contents[block], power, gap**power)
    return contents


def variation_values(contents: Contents) -> list[float]:
    """Their coefficient of variation: standard deviation over mean; 1 for a Poisson process."""
    count = contents.get(0, 0.0)
    if count < 2 or not contents[1]:
        return [math.nan]
    mean = contents[1] / count
    return [math.sqrt(max(0.0, contents[2] / count - mean * mean)) / mean]


def sign_contents(sample: Sample) -> list[Contents]:
    """Products of the signs of takers at ``SIGN_LAGS``, in trades."""
    contents = sample.empty()
    blocks: list[list[float]] = [[] for _ in contents]
    for trade in sample.trades:
        blocks[sample.block_of(trade.at)].append(float(trade.sign))
    lag_contents(blocks, contents, SIGN_LAGS)
    return contents


sign_values = lag_values(SIGN_LAGS)


def row_sign_contents(sample: Sample) -> list[Contents]:
    """The same for every execution, as vendors' files list them, at ``ROW_LAGS``."""
    contents = sample.empty()
    blocks: list[list[float]] = [[] for _ in contents]
    tape = sample.tape
    for row, kind in enumerate(tape.kinds):
        if kind == EventKind.EXECUTE and (block := sample.block_of(tape.times[row])) >= 0:
            blocks[block].append(float(-tape.sides[row]))
    lag_contents(blocks, contents, ROW_LAGS)
    return contents


row_sign_values = lag_values(ROW_LAGS)


def decay_contents(sample: Sample) -> list[Contents]:
    """As :func:`sign_contents`."""
    contents = sample.empty()
    blocks: list[list[float]] = [[] for _ in contents]
    for trade in sample.trades:
        blocks[sample.block_of(trade.at)].append(float(trade.sign))
    lag_contents(blocks, contents, DECAY_LAGS)
    return contents


def decay_values(contents: Contents) -> list[float]:
    """The exponent with which the autocorrelation of signs decays: minus the slope of its logarithm on that of the lag."""
    return [-slope(DECAY_LAGS, lag_values(DECAY_LAGS)(contents))]


def impact_contents(sample: Sample) -> list[Contents]:
    """Sums of the signed move of the mid from before a taker to before the next, by class of size, and to before later ones."""
    contents = sample.empty()
    found = sample.trades
    mean = sum(trade.lots for trade in found) / len(found) if found else 1.0
    for index, trade in enumerate(found[:-1]):
        block = contents[sample.block_of(trade.at)]
        put(block, 2 * _size_class(trade.lots / mean), 1.0)
        put(block, 2 * _size_class(trade.lots / mean) + 1, response(trade, found[index + 1]))
        for number, lag in enumerate(RESPONSE_LAGS):
            if index + lag < len(found):
                put(block, _RESPONSE + 2 * number, 1.0)
                put(block, _RESPONSE + 2 * number + 1, response(trade, found[index + lag]))
    return contents


def impact_values(contents: Contents) -> list[float]:
    """Mean moves, in parts per million of the price: by class of size, then by lag.

    A class of sizes that no taker is in gets the mean of all, so that a market with one size counts as flat.
    """
    by_lag = [_mean_move(contents, _RESPONSE + 2 * number) for number in range(len(RESPONSE_LAGS))]
    by_size = [_mean_move(contents, 2 * number) for number in range(len(SIZE_EDGES) + 1)]
    return [by_lag[0] if math.isnan(value) else value for value in by_size] + by_lag


def _mean_move(contents: Contents, key: int) -> float:
    return ratio(contents.get(key + 1, 0.0), contents.get(key, 0.0))


def response(trade: Trade, later: Trade) -> float:
    """The signed move of the mid price from before a trade to before a later one, in parts per million."""
    if trade.mid_before <= 0:
        return 0.0
    return 1e6 * trade.sign * (later.mid_before - trade.mid_before) / trade.mid_before


def share_contents(sample: Sample) -> list[Contents]:
    """Counts of rows by kind."""
    contents = sample.empty()
    for at, kind in zip(sample.tape.times, sample.tape.kinds, strict=True):
        if (block := sample.block_of(at)) >= 0:
            put(contents[block], kind)
    return contents


def share_values(contents: Contents) -> list[float]:
    """Executions to all rows, deletions to additions, hidden executions to all executions."""
    count = [contents.get(kind, 0.0) for kind in range(6)]
    executed = count[EventKind.EXECUTE] + count[EventKind.EXECUTE_HIDDEN]
    rows = count[1] + count[2] + count[3] + executed
    return [
        ratio(executed, rows),
        ratio(count[EventKind.DELETE], count[EventKind.ADD]),
        ratio(count[EventKind.EXECUTE_HIDDEN], executed),
    ]


def _size_class(multiple: float) -> int:
    return next((number for number, edge in enumerate(SIZE_EDGES) if multiple < edge), len(SIZE_EDGES))


def slope(places: Sequence[float], values: Sequence[float]) -> float:
    """Least-squares slope of ln(value) on ln(place), over the positive values; not a number for fewer than three."""
    points = [(math.log(place), math.log(value)) for place, value in zip(places, values, strict=True) if value > 0]
    if len(points) < 3:
        return math.nan
    mean_x = math.fsum(x for x, _ in points) / len(points)
    mean_y = math.fsum(y for _, y in points) / len(points)
    spread = math.fsum((x - mean_x) ** 2 for x, _ in points)
    return math.fsum((x - mean_x) * (y - mean_y) for x, y in points) / spread
