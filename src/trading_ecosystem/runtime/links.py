"""Links between components: latency, first in first out, and what link faults do to deliveries.

A link is an ordered pair (sender, receiver). Without a rule its latency is zero. With a rule every delivery draws its
latency from the link's own random stream; a link never lets a message overtake an earlier one, unless a condition says
so. The links are also a small component named ``links``: they hear ``LinkConditionSet`` and ``StoreConditionSet`` and say what
their conditions did, so that the record explains every late, lost or doubled delivery.
"""

from __future__ import annotations

import enum
import math
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Final

import msgspec

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.supervision import StoreConditionKind, StoreConditionSet
from trading_ecosystem.messages.test_coordination import (
    ConditionCleared,
    ConditionEnded,
    ConditionTookEffect,
    LinkConditionApplied,
    LinkConditionKind,
    LinkConditionSet,
    LinkEffect,
)
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Component, Later, Said, WakeUp
from trading_ecosystem.ports.randomness import Randomness, RandomStream
from trading_ecosystem.runtime.routing import RoutingTable

LINKS: Final = "links"
"""The name of the links among the components."""


class LatencyDistribution(enum.StrEnum):
    """How the latency of a link is drawn."""

    FIXED = "fixed"
    """Always ``mean_ns``."""
    UNIFORM = "uniform"
    """Uniform between ``minimum_ns`` and ``2 * mean_ns - minimum_ns``."""
    EXPONENTIAL = "exponential"
    """``minimum_ns`` plus an exponential, with total mean ``mean_ns``."""
    LOGNORMAL = "lognormal"
    """``minimum_ns`` plus a log-normal with shape ``sigma_ppm``, with total mean ``mean_ns``."""


class LatencyRule(msgspec.Struct, frozen=True):
    """The latency of every link whose ends match the two name patterns (shell wildcards); the first match counts."""

    senders: str
    receivers: str
    distribution: LatencyDistribution
    mean_ns: Nanos
    minimum_ns: Nanos = 0
    sigma_ppm: int = 500_000


class ConditionLapsed(WakeUp, frozen=True, gc=False):
    """A link condition's time is over."""

    condition_id: str


class Link:
    """One link's state."""

    __slots__ = ("last_due", "rule", "stream")

    def __init__(self, rule: LatencyRule | None, stream: RandomStream) -> None:
        self.rule = rule
        self.stream = stream
        self.last_due: Nanos = 0

    def latency(self) -> Nanos:
        """Draw the latency of one delivery, rounded down to a nanosecond."""
        rule = self.rule
        if rule is None:
            return 0
        spread = rule.mean_ns - rule.minimum_ns
        if rule.distribution is LatencyDistribution.FIXED:
            return rule.mean_ns
        if rule.distribution is LatencyDistribution.UNIFORM:
            return rule.minimum_ns + self.stream.integer(0, 2 * spread)
        if rule.distribution is LatencyDistribution.EXPONENTIAL:
            return rule.minimum_ns + int(self.stream.exponential(float(spread)))
        sigma = rule.sigma_ppm / 1e6
        return rule.minimum_ns + int(spread * math.exp(sigma * self.stream.normal() - sigma * sigma / 2.0))


class ActiveCondition:
    """A link condition in force, with a random stream of its own."""

    __slots__ = ("setting", "stream", "took_effect")

    def __init__(self, setting: LinkConditionSet, stream: RandomStream) -> None:
        self.setting = setting
        self.stream = stream
        self.took_effect = False

    def covers(self, sender: str, receiver: str, now: Nanos) -> bool:
        """Whether the condition holds for this link now."""
        setting = self.setting
        return now < setting.until and sender in setting.senders and receiver in setting.receivers


class StoreCondition:
    """A component whose store is slow or gone: what it says waits for its acknowledgement."""

    __slots__ = ("setting", "took_effect")

    def __init__(self, setting: StoreConditionSet) -> None:
        self.setting = setting
        self.took_effect = False

    def covers(self, sender: str, receiver: str, now: Nanos) -> bool:
        """Whether the condition holds for this link now."""
        setting = self.setting
        return now < setting.until and sender == setting.target and receiver in setting.receivers

    def acknowledged(self, due: Nanos) -> Nanos:
        """When a delivery that would be due then is made."""
        setting = self.setting
        return max(due, setting.until) if setting.kind is StoreConditionKind.STORE_UNAVAILABLE else due + setting.delay_ns


class Links(Component):
    """All links of an ecosystem, and the component that breaks them on request."""

    context: ClassVar[str] = LINKS
    hears: ClassVar[dict[type[Any], str]] = {
        LinkConditionSet: "link_condition_set",
        StoreConditionSet: "store_condition_set",
        ConditionCleared: "condition_cleared",
        ConditionLapsed: "condition_lapsed",
    }
    says: ClassVar[tuple[type[Message], ...]] = (LinkConditionApplied, ConditionTookEffect, ConditionEnded)
    state_version: ClassVar[int] = 2

    def __init__(self, rules: tuple[LatencyRule, ...], randomness: Randomness) -> None:
        super().__init__(LINKS)
        self._rules = rules
        self._randomness = randomness
        self._links: dict[tuple[str, str], Link] = {}
        self._conditions: dict[str, ActiveCondition | StoreCondition] = {}
        self._slowed: dict[str, bool] = {}
        """Whether any rule gives what a component says a latency, as far as that was asked."""
        self._held_until: Nanos = 0
        """Until when conditions that are over still hold something back that must not be overtaken."""
        self.perfect = not rules
        """True while every delivery is immediate: the kernel then asks nothing of the links."""

    def link_condition_set(self, message: LinkConditionSet, now: Nanos) -> Said:
        """Break the named links from now on."""
        stream = self._randomness.stream(LINKS, f"condition {message.condition_id}")
        self._conditions[message.condition_id] = ActiveCondition(message, stream)
        self.perfect = False
        return [Later(ConditionLapsed(message.condition_id), max(now, message.until))]

    def store_condition_set(self, message: StoreConditionSet, now: Nanos) -> Said:
        """Let what a component says wait from now on. What is held already stays so where the condition is rolled back."""
        self._conditions[message.condition_id] = StoreCondition(message)
        self.perfect = False
        return [Later(ConditionLapsed(message.condition_id), max(now, message.until))]

    def condition_cleared(self, message: ConditionCleared, now: Nanos) -> Said:
        """Roll a condition back."""
        return self._end(message.condition_id, now)

    def condition_lapsed(self, message: ConditionLapsed, now: Nanos) -> Said:
        """The condition's time is over."""
        return self._end(message.condition_id, now)

    def _end(self, condition_id: str, now: Nanos) -> Said:
        condition = self._conditions.pop(condition_id, None)
        said: list[Message | Later] = []
        if condition is not None and condition.took_effect:
            said.append(ConditionEnded(component=LINKS, condition_id=condition_id))
        if not self._conditions:
            # What the condition held back must not be overtaken: the links are perfect again once all of it has arrived.
            self._held_until = max((link.last_due for link in self._links.values()), default=now)
            if not self._rules:
                self.perfect = self._held_until <= now
                if not self.perfect:
                    said.append(Later(ConditionLapsed(condition_id), self._held_until))
        return said

    def pass_at_once(self, sender: str, now: Nanos) -> bool:
        """Whether everybody hears what this component says at this very instant: then nobody need ask link by link."""
        if self._conditions or now < self._held_until:
            return False
        slowed = self._slowed.get(sender)
        if slowed is None:
            slowed = self._slowed[sender] = any(fnmatchcase(sender, rule.senders) for rule in self._rules)
        return not slowed

    def transit(self, sender: str, receiver: str, sequence: int, now: Nanos) -> tuple[list[Nanos], list[Message]]:
        """When a message said now is delivered (empty: never; two instants: twice), and what the links say about it."""
        link = self._links.get((sender, receiver)) or self._link(sender, receiver)
        due = now if link.rule is None else now + link.latency()
        if not self._conditions:
            link.last_due = due = max(due, link.last_due)
            return [due], []
        said: list[Message] = []
        # What this link does besides carrying a message about a condition would break that very message.
        for condition_id, condition in self._conditions.items():
            if sender == LINKS or not condition.covers(sender, receiver, now):
                continue
            if isinstance(condition, StoreCondition):
                self._note_effect(condition, condition_id, sender, said)
                due = condition.acknowledged(due)
                said.append(_applied(condition_id, LinkEffect.DELAYED, sender, receiver, sequence, max(due, link.last_due)))
                continue
            setting = condition.setting
            kind = setting.kind
            if kind not in _ALWAYS and not condition.stream.chance(setting.probability_ppm):
                continue
            self._note_effect(condition, condition_id, f"{sender}>{receiver}", said)
            if kind in _LOSING:
                said.append(_applied(condition_id, LinkEffect.DROPPED, sender, receiver, sequence, 0))
                return [], said
            later = max(due, link.last_due) + setting.delay_ns
            if kind is LinkConditionKind.LINK_DUPLICATE:
                link.last_due = max(due, link.last_due)
                said.append(_applied(condition_id, LinkEffect.DUPLICATED, sender, receiver, sequence, later))
                return [link.last_due, later], said
            if kind is LinkConditionKind.LINK_REORDER:
                # The held-back message does not move last_due: later ones may pass it.
                said.append(_applied(condition_id, LinkEffect.REORDERED, sender, receiver, sequence, later))
                return [later], said
            due += setting.delay_ns
            said.append(_applied(condition_id, LinkEffect.DELAYED, sender, receiver, sequence, max(due, link.last_due)))
        link.last_due = max(due, link.last_due)
        return [link.last_due], said

    def _note_effect(
        self, condition: ActiveCondition | StoreCondition, condition_id: str, subject: str, said: list[Message]
    ) -> None:
        if not condition.took_effect:
            condition.took_effect = True
            said.append(ConditionTookEffect(component=LINKS, condition_id=condition_id, subject=subject))

    def _link(self, sender: str, receiver: str) -> Link:
        link = self._links[sender, receiver] = link_of(self._rules, self._randomness, sender, receiver)
        return link


def link_of(rules: tuple[LatencyRule, ...], randomness: Randomness, sender: str, receiver: str) -> Link:
    """A link on which nothing was sent yet."""
    rule = next((rule for rule in rules if _matches(rule, sender, receiver)), None)
    return Link(rule, randomness.stream(LINKS, f"{sender}>{receiver}"))


class LatenciesAgain:
    """The latencies of one component's deliveries, drawn again: asked about every entry of a record, in its order.

    A delivery's latency, unlike a link fault, leaves no trace in the record, but it is drawn from the link's own stream, once
    for every delivery on it; so that rules and seed suffice to say what it was.
    """

    def __init__(self, receiver: Component, rules: tuple[LatencyRule, ...], randomness: Randomness) -> None:
        self._routing = RoutingTable([receiver])
        self._receiver = receiver.name
        self._rules = rules
        self._randomness = randomness
        self._links: dict[str, Link] = {}

    def __call__(self, sender: str, message: Message) -> Nanos | None:
        """The latency of this message's delivery; ``None`` if it is not delivered there."""
        if not self._routing.receivers(message):
            return None
        link = self._links.get(sender)
        if link is None:
            link = self._links[sender] = link_of(self._rules, self._randomness, sender, self._receiver)
        return link.latency()


_ALWAYS: Final = frozenset({LinkConditionKind.LINK_DELAY, LinkConditionKind.LINK_PARTITION})
_LOSING: Final = frozenset({LinkConditionKind.LINK_DROP, LinkConditionKind.LINK_PARTITION})


def _matches(rule: LatencyRule, sender: str, receiver: str) -> bool:
    return fnmatchcase(sender, rule.senders) and fnmatchcase(receiver, rule.receivers)


def _applied(
    condition_id: str, effect: LinkEffect, sender: str, receiver: str, sequence: int, delivered_at: Nanos
) -> LinkConditionApplied:
    return LinkConditionApplied(
        condition_id=condition_id,
        effect=effect,
        sender=sender,
        receiver=receiver,
        sequence=sequence,
        delivered_at=delivered_at,
    )
