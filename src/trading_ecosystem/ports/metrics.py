"""The port for metrics: sources say numbers when they are asked, an exposition writes them in somebody's format.

A source counts in plain integers while it works and costs next to nothing; what is asked for costs only whoever asks.
"""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections.abc import Iterable
from typing import Protocol, runtime_checkable

import msgspec


class MetricKind(enum.StrEnum):
    """How a metric's values are to be read."""

    COUNTER = "counter"
    """Only rises while the process lives; its name ends in ``_total``."""
    GAUGE = "gauge"
    """Rises and falls."""
    HISTOGRAM = "histogram"
    """A :class:`Distribution`."""


class Metric(msgspec.Struct, frozen=True):
    """What a metric is: its name says its unit (``_seconds``, ``_usd``), its labels have few values each."""

    name: str
    kind: MetricKind
    text: str
    labels: tuple[str, ...] = ()


class Distribution:
    """Observations counted by upper bounds, with their sum; the last count is of those above every bound."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one observation; a value on a bound belongs to it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Sample(msgspec.Struct, frozen=True):
    """One value of a metric, now; ``labels`` in the order of the metric's."""

    metric: Metric
    value: float | Distribution
    labels: tuple[str, ...] = ()


class MetricSource(Protocol):
    """Whoever has numbers."""

    def samples(self) -> Iterable[Sample]:
        """Every number that it has now."""


@runtime_checkable
class Exposition(Protocol):
    """Writes what the sources say."""

    media_type: str

    def text(self) -> bytes:
        """Everything, as of now."""
