"""What a statistic is: numbers on a fixed grid, and a distance between two samples' numbers.

The distance of two samples is the mean absolute difference of their numbers over the grid, after ``scale`` (the logarithm where
a ratio matters). Where the numbers are quantiles this is the earth mover's distance (Wasserstein-1) between the distributions.
A number that a sample cannot give (too few trades, say) makes its distance infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

from trading_ecosystem.reports.realism.samples import Contents, Sample


class Statistic(msgspec.Struct, frozen=True):
    """One statistic of the table; see :data:`~trading_ecosystem.reports.realism.table.STATISTICS`."""

    key: str
    title: str
    unit: str
    definition: str
    source: str
    grid: tuple[str, ...]
    """What each of the numbers is, in words."""
    collect: Callable[[Sample], list[Contents]]
    """The contents of every block."""
    values: Callable[[Contents], list[float]]
    """The numbers of contents that were added up."""
    scale: Callable[[float], float] = float
    """Applied to both numbers before they are compared."""
    scored: bool = False
    """Whether it is one of the ten that decide."""
    published: tuple[tuple[str, float], ...] = ()
    """Published values, with where they hold; for comparison only, nothing is fitted to them."""

    def distance(self, ours: Sequence[float], theirs: Sequence[float]) -> float:
        """How far apart two samples' numbers are."""
        total = 0.0
        for one, other in zip(ours, theirs, strict=True):
            if math.isnan(one) or math.isnan(other):
                return math.inf
            total += abs(self.scale(one) - self.scale(other))
        return total / len(self.grid)


def logarithm(value: float) -> float:
    """The natural logarithm, for a positive number; zero and below count as a millionth."""
    return math.log(max(value, 1e-6))
