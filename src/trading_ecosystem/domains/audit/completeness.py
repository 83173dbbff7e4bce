"""How complete a trail is: of what must be in a record because of what is in it, how much is there.

A record that was never interrupted scores a million in every rule; an entry that is missing shows where others point to it.
Each rule counts what is expected and what was found; the score is the mean of the rules that expect anything.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import OrderFilled, TradeMatched
from trading_ecosystem.messages.test_coordination import (
    ConditionTookEffect,
    FaultInjected,
    GroundTruthClosed,
    GroundTruthLabelled,
    RunEnded,
    RunStarted,
)
from trading_ecosystem.messages.units import PARTS_PER_MILLION, PartsPerMillion

CAUSES: Final = "every cause is an earlier entry"
TRADES: Final = "every fill has its trade"
EFFECTS: Final = "every effect is of an injected fault"
LABELS: Final = "every effect of a fault is labelled"
ENDS: Final = "every label of an ended run is closed"
RUN: Final = "the run is begun and ended"


class CompletenessRule(msgspec.Struct, frozen=True):
    """What one rule expects and found."""

    rule: str
    expected: int
    found: int


class TrailCompleteness(msgspec.Struct, frozen=True):
    """The score, rounded down, and what it is made of."""

    score_ppm: PartsPerMillion
    rules: tuple[CompletenessRule, ...]
    first_gap: int | None
    """The sequence of the first entry that something is missing for."""


class Completeness:
    """Folds a record; :meth:`report` at any time. It keeps the sequence of every entry."""

    def __init__(self) -> None:
        self._sequences: set[int] = set()
        self._trades: set[tuple[str, str, int]] = set()
        self._fills: list[tuple[tuple[str, str, int], int]] = []
        self._injected: set[str] = set()
        self._affected: dict[str, int] = {}
        self._labelled: set[str] = set()
        self._closed: set[str] = set()
        self._begun = False
        self._ended = False
        self._expected = dict.fromkeys((CAUSES, TRADES, EFFECTS, LABELS, ENDS, RUN), 0)
        self._found = dict(self._expected)
        self._first_gap: int | None = None

    def ingest(self, entry: Entry) -> None:
        """Take the next entry."""
        message, cause = entry.message, entry.cause
        if cause is not None:
            self._count(CAUSES, cause in self._sequences, entry)
        self._sequences.add(entry.sequence)
        if isinstance(message, OrderFilled):
            self._fills.append(((message.venue, message.instrument, message.trade_id), entry.sequence))
        elif isinstance(message, TradeMatched):
            self._trades.add((message.venue, message.instrument, message.trade_id))
        else:
            self._control(entry)

    def _control(self, entry: Entry) -> None:
        message = entry.message
        if isinstance(message, RunStarted):
            self._begun = True
        elif isinstance(message, RunEnded):
            self._ended = True
        elif isinstance(message, FaultInjected):
            self._injected.add(message.fault_id)
        elif isinstance(message, ConditionTookEffect):
            self._count(EFFECTS, message.condition_id in self._injected, entry)
            self._affected.setdefault(message.condition_id, entry.sequence)
        elif isinstance(message, GroundTruthLabelled):
            self._labelled.add(message.fault_id)
        elif isinstance(message, GroundTruthClosed):
            self._closed.add(message.fault_id)

    def _count(self, rule: str, there: bool, entry: Entry) -> None:
        self._expected[rule] += 1
        self._found[rule] += there
        if not there and self._first_gap is None:
            self._first_gap = entry.sequence

    def report(self) -> TrailCompleteness:
        """The score of what was taken in so far."""
        expected, found = dict(self._expected), dict(self._found)
        expected[TRADES], found[TRADES] = len(self._fills), sum(1 for trade, _ in self._fills if trade in self._trades)
        expected[LABELS] = len(self._affected)
        found[LABELS] = sum(1 for fault in self._affected if fault in self._labelled)
        if self._ended:
            expected[ENDS], found[ENDS] = len(self._labelled), len(self._labelled & self._closed)
        expected[RUN], found[RUN] = 2, self._begun + self._ended
        rules = tuple(CompletenessRule(rule, expected[rule], found[rule]) for rule in expected)
        counted = [one for one in rules if one.expected]
        score = sum(one.found * PARTS_PER_MILLION // one.expected for one in counted) // len(counted)
        gaps = [sequence for trade, sequence in self._fills if trade not in self._trades]
        first = [one for one in (self._first_gap, gaps[0] if gaps else None) if one is not None]
        return TrailCompleteness(score, rules, min(first) if first else None)
