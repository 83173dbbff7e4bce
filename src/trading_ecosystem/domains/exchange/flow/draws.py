"""Random draws that a compiled twin can repeat: SplitMix64 (Steele, Lea and Flood 2014), and quantile tables.

The flow of one instrument needs half a dozen words an event. Its generator is therefore one 64-bit state and three
multiplications, in C a nanosecond; it is seeded once, from the stream that the venue was given. The state is the position:
nothing else has to be kept in a snapshot.
"""

from __future__ import annotations

import itertools
import math
from typing import Final

_MASK: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
_UNIT: Final = 1.1102230246251565e-16
"""2⁻⁵³."""


class Draws:
    """One generator."""

    __slots__ = ("state",)

    def __init__(self, seed: int) -> None:
        self.state = seed & _MASK

    def word(self) -> int:
        """The next 64 random bits."""
        self.state = mixed = (self.state + _STEP) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def uniform(self) -> float:
        """A float in [0, 1), uniform on multiples of 2⁻⁵³."""
        # As `word`, without a call: nine of ten words are drawn here.
        self.state = mixed = (self.state + _STEP) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) >> 11) * _UNIT


def logarithms(table: tuple[int, ...], factor: float) -> tuple[float, ...]:
    """The logarithms of a quantile table times a factor, as :func:`quantile` wants them."""
    assert len(table) >= 2
    assert all(low <= high for low, high in zip((1, *table), table, strict=False))
    return tuple(math.log(value * factor) for value in table)


def quantile(logs: tuple[float, ...], uniform: float) -> float:
    """The value at a probability in [0, 1)."""
    place = uniform * (len(logs) - 1)
    step = int(place)
    low = logs[step]
    return math.exp(low + (logs[step + 1] - low) * (place - step))


def mean_of(logs: tuple[float, ...]) -> float:
    """The mean of the distribution that a quantile table describes."""
    total = 0.0
    for low, high in itertools.pairwise(logs):
        between = high - low
        total += math.exp(low) * (math.expm1(between) / between if between > 1e-9 else 1.0)
    return total / (len(logs) - 1)
