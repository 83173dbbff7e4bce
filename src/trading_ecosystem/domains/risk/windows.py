"""Highest and lowest value of a sliding window in time, in amortised constant time a value.

A value that arrived at ``t`` is inside a window of length ``w`` while ``now - t < w``.  The deque keeps only values that
may still become the extreme, in order of arrival, so its head is the extreme (the monotonic queue of Lemire 2006,
"Streaming maximum-minimum filter using no more than three comparisons per element").
"""

from __future__ import annotations

from collections import deque

from trading_ecosystem.messages.units import Nanos


class HighestOf:
    """The highest value of the last ``length`` nanoseconds."""

    __slots__ = ("entries", "length")

    def __init__(self, length: Nanos) -> None:
        self.length = length
        self.entries: deque[tuple[Nanos, int]] = deque()

    def push(self, now: Nanos, value: int) -> int:
        """Add a value that arrives now (never before an earlier one) and return the highest, this one included."""
        entries = self.entries
        while entries and entries[-1][1] <= value:
            entries.pop()
        entries.append((now, value))
        gone = now - self.length
        while entries[0][0] <= gone:
            entries.popleft()
        return entries[0][1]


class LowestOf:
    """The lowest value of the last ``length`` nanoseconds."""

    __slots__ = ("entries", "length")

    def __init__(self, length: Nanos) -> None:
        self.length = length
        self.entries: deque[tuple[Nanos, int]] = deque()

    def push(self, now: Nanos, value: int) -> int:
        """Add a value that arrives now (never before an earlier one) and return the lowest, this one included."""
        entries = self.entries
        while entries and entries[-1][1] >= value:
            entries.pop()
        entries.append((now, value))
        gone = now - self.length
        while entries[0][0] <= gone:
            entries.popleft()
        return entries[0][1]
