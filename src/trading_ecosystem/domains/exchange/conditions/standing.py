"""The conditions that stand on a venue, and the draws that decide whom they strike.

A condition stands from when it was set until, but not including, ``until``. Where several of one kind apply to the same thing,
each draws for itself, in the order in which they were set, and the first that strikes counts. Every kind draws from a random
stream that nothing else uses, once for each thing that it could strike; with no condition set nothing is drawn.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.test_coordination import ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.messages.venue_conditions import VenueConditionKind, VenueConditionSet
from trading_ecosystem.ports.component import Later, WakeUp
from trading_ecosystem.ports.randomness import Randomness

Kind = VenueConditionKind
_PROBABLE: Final = (Kind.VENUE_REJECT, Kind.VENUE_LOST_ACK, Kind.VENUE_DUPLICATE_EXECUTION, Kind.VENUE_LATE_FILL)


class ConditionDue(WakeUp, frozen=True, gc=False):
    """A condition runs out."""

    condition_id: str


class VenueCondition:
    """One condition: what was set, and what it has done so far."""

    __slots__ = ("halted", "held", "set", "took_effect", "until")

    def __init__(self, message: VenueConditionSet) -> None:
        self.set = message
        self.until = message.until
        self.took_effect = False
        self.held = 0
        """Reports that it holds back still."""
        self.halted: list[str] = []
        """Instruments that it halted."""

    @property
    def condition_id(self) -> str:
        """The name of the condition."""
        return self.set.condition_id

    def concerns(self, account: str = "", instrument: str = "") -> bool:
        """Whether it is about an account and an instrument, where they are given."""
        own = self.set
        return (not account or own.account in ("", account)) and (
            not instrument or not own.instruments or instrument in own.instruments
        )


class VenueConditions:
    """Every condition of one venue, in the order in which they were set."""

    __slots__ = ("_draws", "_name", "_standing")

    def __init__(self, name: str, randomness: Randomness) -> None:
        self._name = name
        self._standing: dict[str, VenueCondition] = {}
        self._draws = {kind: randomness.stream(name, f"condition {kind.value}") for kind in _PROBABLE}

    def __bool__(self) -> bool:
        return bool(self._standing)

    def add(self, message: VenueConditionSet) -> VenueCondition | None:
        """Let a condition stand; ``None`` where one of this id stands already."""
        if message.condition_id in self._standing:
            return None
        condition = self._standing[message.condition_id] = VenueCondition(message)
        return condition

    def find(self, condition_id: str) -> VenueCondition | None:
        """The condition of this id, if it has not ended."""
        return self._standing.get(condition_id)

    def of(self, kind: VenueConditionKind, now: Nanos) -> list[VenueCondition]:
        """The conditions of one kind that stand now."""
        return [one for one in self._standing.values() if one.set.kind is kind and now < one.until]

    def applying(self, kind: VenueConditionKind, now: Nanos, account: str = "", instrument: str = "") -> VenueCondition | None:
        """The first condition of a kind that is about these."""
        return next((one for one in self.of(kind, now) if one.concerns(account, instrument)), None)

    def striking(self, kind: VenueConditionKind, now: Nanos, account: str = "") -> VenueCondition | None:
        """The first condition of a kind that is about this account and whose draw says so."""
        for one in self.of(kind, now):
            if one.concerns(account) and self._draws[kind].chance(one.set.probability_ppm):
                return one
        return None

    def take_effect(self, condition: VenueCondition, subject: str, said: list[Message | Later]) -> None:
        """Say so where a condition changes something for the first time."""
        if not condition.took_effect:
            condition.took_effect = True
            said.append(ConditionTookEffect(self._name, condition.condition_id, subject))

    def end(self, condition: VenueCondition, said: list[Message | Later]) -> None:
        """It stands no more and holds nothing back."""
        del self._standing[condition.condition_id]
        said.append(ConditionEnded(self._name, condition.condition_id))
