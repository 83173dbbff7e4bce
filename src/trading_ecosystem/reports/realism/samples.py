"""A market sample for scoring: a stretch of an event tape, cut into blocks of equal length.

**Contents.** What a statistic needs of a block is collected once, as a mapping from an integer to a weight: sums of powers,
products at lags, or a histogram. Contents add up, so that the statistic of any set of blocks, with repetitions, is one function
of the sum of theirs. That is what makes the block bootstrap (Carlstein 1986; Künsch 1989) cheap without arrays: nothing is
measured twice. A pair of observations at a lag belongs to the block of the earlier one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Final, TypeAlias

from trading_ecosystem.adapters.recordings.event_tape import EventTape
from trading_ecosystem.adapters.recordings.tape_series import Trade, actions, mids_on_grid, trades
from trading_ecosystem.messages.units import MINUTE, SECOND, Nanos

Contents: TypeAlias = dict[int, float]

BLOCK: Final[Nanos] = MINUTE
"""Length of a block: long against what the scored statistics look back on, short enough for thirty of them in half an hour."""


class Sample:
    """The events from ``start`` up to but not including ``end``, of a tape that may begin earlier and end later."""

    def __init__(self, tape: EventTape, start: Nanos, end: Nanos, block: Nanos = BLOCK) -> None:
        self.tape = tape
        self.start = start
        self.block = block
        self.blocks = max(1, (end - start) // block)
        self.end = start + self.blocks * block

    def empty(self) -> list[Contents]:
        """Contents for every block, with nothing in them."""
        return [{} for _ in range(self.blocks)]

    def block_of(self, at: Nanos) -> int:
        """The block of an instant, -1 where it is outside."""
        return (at - self.start) // self.block if self.start <= at < self.end else -1

    @cached_property
    def trades(self) -> list[Trade]:
        """The takers of the sample."""
        return [trade for trade in trades(self.tape) if self.start <= trade.at < self.end]

    @cached_property
    def actions(self) -> list[tuple[int, int]]:
        """Block and action of every event that is one."""
        found = zip(self.tape.times, actions(self.tape), strict=True)
        return [(self.block_of(at), action) for at, action in found if action >= 0 and self.start <= at < self.end]

    def returns(self, step: Nanos) -> list[list[float]]:
        """Logarithmic mid-price returns over ``step``, in parts per million, block by block."""
        per_block = self.block // step
        mids = mids_on_grid(self.tape, self.start, step, self.blocks * per_block + 1)
        if not mids:
            return [[] for _ in range(self.blocks)]
        moves = [1e6 * math.log(later / earlier) for earlier, later in itertools.pairwise(mids)]
        return [moves[number * per_block : (number + 1) * per_block] for number in range(self.blocks)]

    @cached_property
    def second_returns(self) -> list[list[float]]:
        """Returns over one second."""
        return self.returns(SECOND)

    def states(self) -> Iterator[tuple[int, int, float]]:
        """Every state of the book as (block, row after which it holds, seconds that it holds in this block)."""
        times = self.tape.times
        last = len(times) - 1
        for row, since in enumerate(times):
            until = times[row + 1] if row < last else self.end
            at, until = max(since, self.start), min(until, self.end)
            while at < until:
                number = (at - self.start) // self.block
                stop = min(until, self.start + (number + 1) * self.block)
                yield number, row, (stop - at) / SECOND
                at = stop


def added(contents: Sequence[Contents], multiplicity: Sequence[int] | None = None) -> Contents:
    """The sum of contents, each as often as ``multiplicity`` says, or once."""
    total: Contents = {}
    for number, part in enumerate(contents):
        times = 1 if multiplicity is None else multiplicity[number]
        if times:
            for key, weight in part.items():
                total[key] = total.get(key, 0.0) + times * weight
    return total


def put(contents: Contents, key: int, weight: float = 1.0) -> None:
    """Add a weight to a key."""
    contents[key] = contents.get(key, 0.0) + weight


def quantiles(histogram: Contents, probabilities: Sequence[float], value: Callable[[float], float]) -> list[float]:
    """Quantiles of a histogram over integer bins, spread evenly within a bin; ``value`` turns a bin's number into a value."""
    bins = sorted(histogram)
    total = 0.0
    for number in bins:
        total += histogram[number]
    if not total:
        return [math.nan] * len(probabilities)
    found: list[float] = []
    passed, index = 0.0, 0
    for probability in probabilities:
        wanted = probability * total
        while index < len(bins) - 1 and passed + histogram[bins[index]] < wanted:
            passed += histogram[bins[index]]
            index += 1
        inside = min(1.0, max(0.0, (wanted - passed) / histogram[bins[index]]))
        found.append(value(bins[index] - 0.5 + inside))
    return found
