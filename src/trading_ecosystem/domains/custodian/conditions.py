"""Conditions under which a custodian misbehaves, and the exact instants at which they begin and end to matter.

A condition stands from when it was set until, but not including, ``until``.

- *settlement_delay*: an instruction whose ``settles_at`` lies while the condition stands is not posted before exactly
  ``settles_at + delay_ns``, even when the condition itself has run out by then; its attempts fail with ``delayed``.
- *custodian_offline*: every attempt and every transfer made while it stands fails with ``offline``.
- *settlement_reject*: each attempt made while it stands fails with the given probability, with ``rejected``.

Where several apply, the order is delay, offline, reject, and within a kind the one set first. A condition has *ended*
when it stands no more and everything it held up has settled; that settlement is the last message it changes.
"""

from __future__ import annotations

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import CustodianConditionKind, CustodianConditionSet, SettlementFailReason
from trading_ecosystem.messages.test_coordination import ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Later
from trading_ecosystem.ports.randomness import RandomStream

_DELAY = CustodianConditionKind.SETTLEMENT_DELAY
_REJECT = CustodianConditionKind.SETTLEMENT_REJECT
_OFFLINE = CustodianConditionKind.CUSTODIAN_OFFLINE


class Condition:
    """One condition: what was set, and the numbers of the instructions and transfers that it holds up."""

    __slots__ = ("affected", "condition_id", "delay_ns", "kind", "probability_ppm", "set_at", "took_effect", "until")

    def __init__(self, message: CustodianConditionSet, now: Nanos) -> None:
        self.condition_id = message.condition_id
        self.kind = message.kind
        self.set_at = now
        self.until = message.until
        self.delay_ns = message.delay_ns
        self.probability_ppm = message.probability_ppm
        self.affected: set[int] = set()
        self.took_effect = False


class Conditions:
    """The conditions of one custodian, in the order in which they were set."""

    __slots__ = ("_name", "_rejections", "_standing")

    def __init__(self, name: str, rejections: RandomStream) -> None:
        self._name = name
        self._rejections = rejections
        self._standing: dict[str, Condition] = {}

    def set(self, message: CustodianConditionSet, now: Nanos) -> None:
        """Let a condition stand; the same id again changes nothing."""
        if message.condition_id not in self._standing:
            self._standing[message.condition_id] = Condition(message, now)

    def clear(self, condition_id: str, now: Nanos) -> list[int]:
        """End a condition's window now; returns the numbers it held up, oldest first, which are free to go at once."""
        condition = self._standing.get(condition_id)
        if condition is None:
            return []
        condition.until = min(condition.until, now)
        condition.delay_ns = 0
        return sorted(condition.affected)

    def failure(
        self, number: int, venue: str, settles_at: Nanos, now: Nanos, said: list[Message | Later]
    ) -> SettlementFailReason | None:
        """Why an attempt to settle an instruction fails now, or ``None``; says so where a condition first takes effect."""
        if not self._standing:
            return None
        for condition in self._standing.values():
            if (
                condition.kind is _DELAY
                and condition.set_at <= settles_at < condition.until
                and now < settles_at + condition.delay_ns
            ):
                self._take_effect(condition, number, venue, said)
                return SettlementFailReason.DELAYED
        if self.offline(number, venue, now, said):
            return SettlementFailReason.OFFLINE
        for condition in self._standing.values():
            if condition.kind is _REJECT and now < condition.until and self._rejections.chance(condition.probability_ppm):
                self._take_effect(condition, number, venue, said)
                return SettlementFailReason.REJECTED
        return None

    def offline(self, number: int | None, subject: str, now: Nanos, said: list[Message | Later]) -> bool:
        """Whether the custodian is offline; ``number`` names what is held up, ``None`` for what is refused outright."""
        for condition in self._standing.values():
            if condition.kind is _OFFLINE and now < condition.until:
                self._take_effect(condition, number, subject, said)
                return True
        return False

    def held_until(self, settles_at: Nanos, now: Nanos) -> Nanos | None:
        """When the delays on an instruction run out, if any still holds it."""
        held = now
        for condition in self._standing.values():
            if condition.kind is _DELAY and condition.set_at <= settles_at < condition.until:
                held = max(held, settles_at + condition.delay_ns)
        return held if held > now else None

    def let_go(self, number: int) -> None:
        """An instruction settled, or a transfer posted: no condition holds it up any more."""
        for condition in self._standing.values():
            condition.affected.discard(number)

    def say_ended(self, now: Nanos, said: list[Message | Later]) -> None:
        """Say of every condition that stands no more and holds nothing up that it ended, and forget it."""
        if not self._standing:
            return
        over = [one.condition_id for one in self._standing.values() if now >= one.until and not one.affected]
        for condition_id in over:
            del self._standing[condition_id]
            said.append(ConditionEnded(self._name, condition_id))

    def next_lapse(self, now: Nanos) -> Nanos | None:
        """The earliest instant after now at which a condition runs out."""
        if not self._standing:
            return None
        return min((one.until for one in self._standing.values() if one.until > now), default=None)

    def _take_effect(self, condition: Condition, number: int | None, subject: str, said: list[Message | Later]) -> None:
        if number is not None:
            condition.affected.add(number)
        if not condition.took_effect:
            condition.took_effect = True
            said.append(ConditionTookEffect(self._name, condition.condition_id, subject))
