"""Correlation by rules: which events led to which, by causation ids and, where these are cut, by time and statistics.

A rule names a trigger and an effect, the fields in which both must agree, how long an effect may take, and the confidence below
which a link is not believed. Where the envelopes say that an effect was caused by a trigger (the same unbroken trace, or the
trigger as its cause), that is a link with confidence 1.

Where they do not, confidence is computed from the record itself. With ``rate`` the effects per second outside every window
that a trigger opens, an unrelated effect would come within a delay ``d`` with probability ``1 - exp(-rate d)``; so
``exp(-rate d)`` is how far the delay speaks against chance. Where several triggers precede an effect, they share it: a
trigger's share is ``exp(-d / mean)`` over the sum of all, ``mean`` being the mean delay of the rule's effects with one
possible trigger only. The confidence of a link is the product. It is about time and order alone: read it as a probability
only as far as effects outside the windows come at random.

Events of a rule are kept in memory: entries of other types cost nothing.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from trading_ecosystem.messages.audit import LinkBasis
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.units import PARTS_PER_MILLION, SECOND, Nanos, PartsPerMillion

CERTAIN: Final[PartsPerMillion] = PARTS_PER_MILLION
MOST_CANDIDATES: Final = 50
"""Triggers that one effect is compared with at most: the latest."""


class Pattern(msgspec.Struct, frozen=True):
    """Which events: of one type, where given from one sender, and with these texts in these fields."""

    type: str
    sender: str = ""
    fields: tuple[tuple[str, str], ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """``same`` pairs a field of the trigger with one of the effect."""

    name: str
    trigger: Pattern
    effect: Pattern
    same: tuple[tuple[str, str], ...]
    maximum_delay_ns: Nanos
    minimum_confidence_ppm: PartsPerMillion


class Link(msgspec.Struct, frozen=True):
    """One effect and the trigger that it is believed to follow from, by their sequences."""

    rule: str
    trigger: int
    effect: int
    delay_ns: Nanos
    basis: LinkBasis
    """``cause``: the envelopes say so; ``subject``: the fields agree, and time and statistics speak for it."""
    confidence_ppm: PartsPerMillion


class RuleFindings(msgspec.Struct, frozen=True):
    """What one rule found, in both directions.

    ``agreement_ppm`` is how often statistics alone, without the envelopes, names the trigger that the envelopes name; ``None``
    where these name none.
    """

    rule: str
    triggers: int
    effects: int
    by_cause: int
    by_statistics: int
    below_confidence: int
    """Effects with a possible trigger that is not believed."""
    unexplained_effects: int
    """Effects without any possible trigger."""
    triggers_without_effect: int
    mean_delay_ns: Nanos | None
    agreement_ppm: PartsPerMillion | None


class _Event(NamedTuple):
    at: Nanos
    sequence: int
    cause: int | None
    trace: int


class _Group:
    """Triggers and effects that agree in their fields, each in the order of the record."""

    __slots__ = ("effects", "triggers")

    def __init__(self) -> None:
        self.triggers: list[_Event] = []
        self.effects: list[_Event] = []


class Correlation:
    """Applies one rule to a record: :meth:`ingest` every entry, then ask for links and findings once."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._first: Nanos | None = None
        self._last: Nanos = 0

    def ingest(self, entry: Entry) -> None:
        """Take the next entry."""
        if self._first is None:
            self._first = entry.at
        self._last = entry.at
        kind, rule = type(entry.message).__name__, self.rule
        if kind == rule.trigger.type and _matches(rule.trigger, entry):
            self._group(entry, 0).triggers.append(_Event(entry.at, entry.sequence, entry.cause, entry.trace))
        if kind == rule.effect.type and _matches(rule.effect, entry):
            self._group(entry, 1).effects.append(_Event(entry.at, entry.sequence, entry.cause, entry.trace))

    def spans(self, first: Nanos, last: Nanos) -> None:
        """The record begins and ends at these instants, whichever of its entries the rule was shown."""
        self._first, self._last = first, last

    def _group(self, entry: Entry, side: int) -> _Group:
        key = tuple(_text(getattr(entry.message, pair[side], None)) for pair in self.rule.same)
        return self._groups.setdefault(key, _Group())

    def links(self, *, causes: bool = True) -> list[Link]:
        """Every believed link in the order of the effects; without ``causes`` as if the envelopes said nothing."""
        return [link for link in self._judged(causes) if link.confidence_ppm >= self.rule.minimum_confidence_ppm]

    def findings(self) -> RuleFindings:
        """Counts in both directions, and how far statistics agrees with the envelopes."""
        judged = self._judged(True)
        believed = [link for link in judged if link.confidence_ppm >= self.rule.minimum_confidence_ppm]
        caused = {link.effect: link.trigger for link in believed if link.basis is LinkBasis.CAUSE}
        blind = {link.effect: link.trigger for link in self._judged(False)}
        agreeing = sum(1 for effect, trigger in caused.items() if blind.get(effect) == trigger)
        triggers = sum(len(group.triggers) for group in self._groups.values())
        effects = sum(len(group.effects) for group in self._groups.values())
        return RuleFindings(
            rule=self.rule.name,
            triggers=triggers,
            effects=effects,
            by_cause=len(caused),
            by_statistics=len(believed) - len(caused),
            below_confidence=len(judged) - len(believed),
            unexplained_effects=effects - len(judged),
            triggers_without_effect=triggers - len({link.trigger for link in believed}),
            mean_delay_ns=sum(link.delay_ns for link in believed) // len(believed) if believed else None,
            agreement_ppm=agreeing * PARTS_PER_MILLION // len(caused) if caused else None,
        )

    def _judged(self, causes: bool) -> list[Link]:
        mean = self._mean_delay()
        found: list[Link] = []
        for group in self._groups.values():
            rate = self._rate(group)
            for effect in group.effects:
                link = self._link(group, effect, rate, mean, causes)
                if link is not None:
                    found.append(link)
        return sorted(found, key=_effect_of)

    def _link(self, group: _Group, effect: _Event, rate: float, mean: float, causes: bool) -> Link | None:
        candidates = self._candidates(group.triggers, effect)
        if not candidates:
            return None
        if causes:
            for trigger in reversed(candidates):
                if effect.cause == trigger.sequence or effect.trace == trigger.trace:
                    delay = effect.at - trigger.at
                    return Link(self.rule.name, trigger.sequence, effect.sequence, delay, LinkBasis.CAUSE, CERTAIN)
        delays = [effect.at - trigger.at for trigger in candidates]
        least = min(delays)
        weights = [math.exp(-(delay - least) / mean) for delay in delays]
        total = 0.0
        for weight in weights:
            total += weight
        best = max(range(len(candidates)), key=lambda place: (weights[place], place))
        confidence = math.exp(-rate * delays[best] / SECOND) * weights[best] / total
        ppm = int(confidence * PARTS_PER_MILLION)
        return Link(self.rule.name, candidates[best].sequence, effect.sequence, delays[best], LinkBasis.SUBJECT, ppm)

    def _candidates(self, triggers: Sequence[_Event], effect: _Event) -> Sequence[_Event]:
        """Triggers before an effect, not longer ago than the rule allows."""
        end = bisect_left(triggers, effect.sequence, key=_sequence_of)
        start = bisect_left(triggers, effect.at - self.rule.maximum_delay_ns, 0, end, key=_at_of)
        return triggers[max(start, end - MOST_CANDIDATES) : end]

    def _mean_delay(self) -> float:
        """Of effects with one possible trigger; half of what the rule allows where there are none. At least a nanosecond."""
        sole = [
            effect.at - candidates[0].at
            for group in self._groups.values()
            for effect in group.effects
            if len(candidates := self._candidates(group.triggers, effect)) == 1
        ]
        return max(1.0, sum(sole) / len(sole) if sole else self.rule.maximum_delay_ns / 2)

    def _rate(self, group: _Group) -> float:
        """Effects per second outside the windows of all triggers; half an effect more, so that it is never zero."""
        if self._first is None:
            return 0.0
        covered, until, outside = 0, self._first, len(group.effects)
        for trigger in group.triggers:
            begin, end = max(trigger.at, until), min(trigger.at + self.rule.maximum_delay_ns, self._last)
            if end > begin:
                covered, until = covered + end - begin, end
        outside -= sum(1 for effect in group.effects if self._is_covered(group.triggers, effect))
        open_ns = self._last - self._first - covered
        if open_ns <= 0:
            return (len(group.effects) + 0.5) * SECOND / max(self._last - self._first, SECOND)
        return (outside + 0.5) * SECOND / max(open_ns, SECOND)

    def _is_covered(self, triggers: Sequence[_Event], effect: _Event) -> bool:
        place = bisect_right(triggers, effect.at, key=_at_of)
        return place > 0 and effect.at - triggers[place - 1].at <= self.rule.maximum_delay_ns


def correlate(rules: Iterable[Rule], entries: Iterable[Entry]) -> list[Correlation]:
    """Apply rules to a record, in one pass."""
    found = [Correlation(rule) for rule in rules]
    wanted: dict[str, list[Correlation]] = {}
    for one in found:
        for kind in dict.fromkeys((one.rule.trigger.type, one.rule.effect.type)):
            wanted.setdefault(kind, []).append(one)
    first: Entry | None = None
    last: Entry | None = None
    for entry in entries:
        first, last = first or entry, entry
        for one in wanted.get(type(entry.message).__name__, ()):
            one.ingest(entry)
    if first is not None and last is not None:
        for one in found:
            one.spans(first.at, last.at)
    return found


def _matches(pattern: Pattern, entry: Entry) -> bool:
    if pattern.sender and entry.sender != pattern.sender:
        return False
    return all(_text(getattr(entry.message, name, None)) == wanted for name, wanted in pattern.fields)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _effect_of(link: Link) -> int:
    return link.effect


def _sequence_of(event: _Event) -> int:
    return event.sequence


def _at_of(event: _Event) -> Nanos:
    return event.at
