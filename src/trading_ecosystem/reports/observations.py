"""What the report needs of a record, gathered while it is written: sampled series, alerts, faults and counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.market_data import FundamentalPriceChanged, PricePublished
from trading_ecosystem.messages.risk import (
    AlertEscalated,
    AlertRaised,
    AlertResolved,
    AlertUpdated,
    ExposureReported,
)
from trading_ecosystem.messages.test_coordination import (
    ConditionEnded,
    ConditionTookEffect,
    FaultInjected,
    GroundTruthClosed,
    GroundTruthLabelled,
)
from trading_ecosystem.messages.trading import StrategyMarked
from trading_ecosystem.messages.units import SECOND, Nanos

SAMPLES = 900
"""About how many points a chart's line has."""


class SampledSeries:
    """A series thinned for a chart: of every interval its first, lowest, highest and last value, so that no peak is lost."""

    __slots__ = ("_ends_at", "_every", "_first", "_high", "_last", "_low", "_points")

    def __init__(self, every: Nanos) -> None:
        self._every = every
        self._ends_at: Nanos = -1
        self._points: list[tuple[Nanos, int]] = []
        self._first = self._low = self._high = self._last = (0, 0)

    def add(self, at: Nanos, value: int) -> None:
        """Take the next value, not earlier than the last."""
        point = (at, value)
        if at >= self._ends_at:
            self._points = self.points()
            self._ends_at = at + self._every
            self._first = self._low = self._high = self._last = point
            return
        self._last = point
        if value < self._low[1]:
            self._low = point
        elif value > self._high[1]:
            self._high = point

    def points(self) -> list[tuple[Nanos, int]]:
        """Everything kept so far, in order of time."""
        if self._ends_at >= 0:
            self._points.extend(sorted({self._first, self._low, self._high, self._last}))
            self._ends_at = -1
        return self._points


class Observations:
    """A follower of the journal; ``firm`` is the firm whose alerts and exposures are shown."""

    def __init__(self, firm: str, duration_ns: Nanos) -> None:
        self._firm = firm
        self._sample_ns = max(SECOND, duration_ns // SAMPLES)
        self.prices: dict[str, SampledSeries] = {}
        self.fundamentals: dict[str, SampledSeries] = {}
        self.alerts: list[AlertRaised] = []
        self.alert_changes: list[tuple[Nanos, AlertUpdated | AlertEscalated | AlertResolved]] = []
        self.exposures: list[tuple[Nanos, ExposureReported]] = []
        self.marks: dict[str, list[tuple[Nanos, StrategyMarked]]] = {}
        self.faults: list[tuple[Nanos, FaultInjected]] = []
        self.effects: list[tuple[Nanos, ConditionTookEffect | ConditionEnded]] = []
        self.labels: list[GroundTruthLabelled] = []
        self.closings: dict[str, Nanos] = {}
        self.counts: dict[str, int] = defaultdict(int)
        self._handlers: dict[type[Any], Callable[[Any, Nanos], None]] = {
            PricePublished: self._price_published,
            FundamentalPriceChanged: self._fundamental_changed,
            AlertRaised: self._alert_raised,
            AlertUpdated: self._alert_changed,
            AlertEscalated: self._alert_changed,
            AlertResolved: self._alert_changed,
            ExposureReported: self._exposure_reported,
            StrategyMarked: self._strategy_marked,
            FaultInjected: self._fault_injected,
            ConditionTookEffect: self._effect,
            ConditionEnded: self._effect,
            GroundTruthLabelled: self._labelled,
            GroundTruthClosed: self._closed,
        }

    def follow(self, entries: Sequence[Entry], lines: Sequence[bytes]) -> None:
        """Take a committed batch."""
        counts = self.counts
        handlers = self._handlers
        for entry in entries:
            message = entry.message
            kind = type(message)
            counts[kind.__name__] += 1
            handler = handlers.get(kind)
            if handler is not None:
                handler(message, entry.at)

    def _price_published(self, message: PricePublished, at: Nanos) -> None:
        series = self.prices.get(message.instrument)
        if series is None:
            series = self.prices[message.instrument] = SampledSeries(self._sample_ns)
        series.add(at, message.price_minor)

    def _fundamental_changed(self, message: FundamentalPriceChanged, at: Nanos) -> None:
        series = self.fundamentals.get(message.instrument)
        if series is None:
            series = self.fundamentals[message.instrument] = SampledSeries(self._sample_ns)
        series.add(at, message.price_minor)

    def _alert_raised(self, message: AlertRaised, at: Nanos) -> None:
        self.alerts.append(message)

    def _alert_changed(self, message: AlertUpdated | AlertEscalated | AlertResolved, at: Nanos) -> None:
        self.alert_changes.append((at, message))

    def _exposure_reported(self, message: ExposureReported, at: Nanos) -> None:
        self.exposures.append((at, message))

    def _strategy_marked(self, message: StrategyMarked, at: Nanos) -> None:
        self.marks.setdefault(message.strategy, []).append((at, message))

    def _fault_injected(self, message: FaultInjected, at: Nanos) -> None:
        self.faults.append((at, message))

    def _effect(self, message: ConditionTookEffect | ConditionEnded, at: Nanos) -> None:
        self.effects.append((at, message))

    def _labelled(self, message: GroundTruthLabelled, at: Nanos) -> None:
        self.labels.append(message)

    def _closed(self, message: GroundTruthClosed, at: Nanos) -> None:
        self.closings[message.fault_id] = message.ended_at
