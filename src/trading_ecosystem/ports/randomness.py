"""The port for randomness: one stream per (component, purpose), derived from the run's seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class RandomStream(Protocol):
    """A reproducible stream of random draws; its state is part of snapshots."""

    def uniform(self) -> float:
        """A float in [0, 1), uniform on multiples of 2⁻⁵³."""

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high], both included."""

    def chance(self, probability_ppm: int) -> bool:
        """True with the given probability in parts per million."""

    def normal(self) -> float:
        """A standard normal draw."""

    def exponential(self, mean: float) -> float:
        """An exponential draw with the given mean."""

    def poisson(self, mean: float) -> int:
        """A Poisson draw with the given mean."""

    def choice(self, items: Sequence[T]) -> T:
        """One of the items."""


class Randomness(Protocol):
    """Where streams come from."""

    def stream(self, component: str, purpose: str) -> RandomStream:
        """The stream of one purpose of one component; asking twice gives two equal streams from the start."""
