"""Conditions under which a custodian misbehaves, and the exact instants at which they begin and end to matter.

A condition stands from when it was set until, but not including, ``until``.

- *settlement_delay*: an instruction whose ``settles_at`` lies while the condition stands is not posted before exactly
  ``settles_at + delay_ns``, even when the condition itself has run out by then; its attempts fail with ``delayed``.
- *custodian_offline*: every attempt and every transfer made while it stands fails with ``offline``.
- *bank_holiday*: each attempt with dollars among its amounts fails while it stands, with ``bank_holiday``, and deposits and
  withdrawals of dollars post when it is over.
- *instruction_mismatch*: an instruction made while it stands is, with the given probability, said with a wrong base amount; its
  attempts fail with ``mismatched`` until the condition is over, and then it is said again as it was traded.
- *partial_settlement*: the first attempt made while it stands that both sides can afford settles a share of both legs; the rest
  waits, with ``partial``.
- *settlement_reject*: each attempt made while it stands fails with the given probability, with ``rejected``.
- *transfer_reject* refuses transfers that are asked for while it stands, *transfer_slow* posts deposits and withdrawals that
  are asked for while it stands later than they say, and *stale_balance* makes statements repeat what they said before.

Where several apply, the order is delay, offline, holiday, mismatch, reject, partial, and within a kind the one set first. A
condition has *ended* when it stands no more and everything it held up has settled; that settlement is the last message it
changes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import CustodianConditionKind, CustodianConditionSet, SettlementFailReason
from trading_ecosystem.messages.test_coordination import ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.units import Nanos, PartsPerMillion
from trading_ecosystem.ports.component import Later
from trading_ecosystem.ports.randomness import RandomStream

_DELAY = CustodianConditionKind.SETTLEMENT_DELAY
_REJECT = CustodianConditionKind.SETTLEMENT_REJECT
_OFFLINE = CustodianConditionKind.CUSTODIAN_OFFLINE
_HOLIDAY = CustodianConditionKind.BANK_HOLIDAY
_MISMATCH = CustodianConditionKind.INSTRUCTION_MISMATCH
_PARTIAL = CustodianConditionKind.PARTIAL_SETTLEMENT
_REFUSE = CustodianConditionKind.TRANSFER_REJECT
_SLOW = CustodianConditionKind.TRANSFER_SLOW
_STALE = CustodianConditionKind.STALE_BALANCE
RANDOM_KINDS: Final = (_REJECT, _REFUSE, _MISMATCH)
"""Kinds that draw random numbers, each from a stream of its own."""
DOLLARS: Final = "USD"
"""What banks move."""
HELD_FOR: Final = {
    SettlementFailReason.BANK_HOLIDAY: _HOLIDAY,
    SettlementFailReason.MISMATCHED: _MISMATCH,
    SettlementFailReason.PARTIAL: _PARTIAL,
}
"""Reasons for which an instruction waits until the end of a condition."""


class Condition:
    """One condition: what was set, and the numbers of the instructions and transfers that it holds up."""

    __slots__ = (
        "affected",
        "condition_id",
        "delay_ns",
        "kind",
        "magnitude_ppm",
        "probability_ppm",
        "set_at",
        "share_ppm",
        "took_effect",
        "until",
    )

    def __init__(self, message: CustodianConditionSet, now: Nanos) -> None:
        self.condition_id = message.condition_id
        self.kind = message.kind
        self.set_at = now
        self.until = message.until
        self.delay_ns = message.delay_ns
        self.probability_ppm = message.probability_ppm
        self.share_ppm = message.share_ppm
        self.magnitude_ppm = message.magnitude_ppm
        self.affected: set[int] = set()
        self.took_effect = False


class Conditions:
    """The conditions of one custodian, in the order in which they were set."""

    __slots__ = ("_name", "_standing", "_streams")

    def __init__(self, name: str, streams: Mapping[CustodianConditionKind, RandomStream]) -> None:
        """``streams`` has one for each of :data:`RANDOM_KINDS`."""
        self._name = name
        self._streams = dict(streams)
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
        self, number: int, venue: str, assets: Collection[str], settles_at: Nanos, now: Nanos, said: list[Message | Later]
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
        if DOLLARS in assets and self.holiday(number, venue, now, said) is not None:
            return SettlementFailReason.BANK_HOLIDAY
        for condition in self._standing.values():
            if condition.kind is _MISMATCH and now < condition.until and number in condition.affected:
                return SettlementFailReason.MISMATCHED
        if self._chance(_REJECT, number, venue, now, said) is not None:
            return SettlementFailReason.REJECTED
        return None

    def holiday(self, number: int, subject: str, now: Nanos, said: list[Message | Later]) -> Nanos | None:
        """When the holiday ends that holds up something with dollars, or ``None`` on a working day."""
        over_at = None
        for condition in self._standing.values():
            if condition.kind is _HOLIDAY and now < condition.until:
                self._take_effect(condition, number, subject, said)
                over_at = max(condition.until, over_at or 0)
        return over_at

    def misstated(self, number: int, venue: str, now: Nanos, said: list[Message | Later]) -> PartsPerMillion:
        """By how much a new instruction's base amount is said wrongly; 0 where it is not."""
        condition = self._chance(_MISMATCH, number, venue, now, said)
        return 0 if condition is None else condition.magnitude_ppm

    def mended(self, now: Nanos) -> list[int]:
        """Numbers of misstated instructions whose condition is over, oldest first; each is returned once."""
        numbers: set[int] = set()
        for condition in self._standing.values():
            if condition.kind is _MISMATCH and now >= condition.until:
                numbers |= condition.affected
                condition.affected.clear()
        return sorted(numbers)

    def share(self, now: Nanos) -> PartsPerMillion | None:
        """The share of an instruction that settles now, ``None`` for the whole."""
        for condition in self._standing.values():
            if condition.kind is _PARTIAL and now < condition.until:
                return condition.share_ppm
        return None

    def partly(self, number: int, venue: str, now: Nanos, said: list[Message | Later]) -> None:
        """An instruction settles by its share now, and the rest of it waits."""
        for condition in self._standing.values():
            if condition.kind is _PARTIAL and now < condition.until:
                self._take_effect(condition, number, venue, said)
                return

    def refuses(self, subject: str, now: Nanos, said: list[Message | Later]) -> bool:
        """Whether a transfer that is asked for is refused."""
        return self._chance(_REFUSE, None, subject, now, said) is not None

    def slowed(self, number: int, subject: str, now: Nanos, said: list[Message | Later]) -> Nanos:
        """How much later than it says a transfer that is asked for will post."""
        delay_ns = 0
        for condition in self._standing.values():
            if condition.kind is _SLOW and now < condition.until:
                self._take_effect(condition, number, subject, said)
                delay_ns += condition.delay_ns
        return delay_ns

    def stale(self, subject: str, now: Nanos, said: list[Message | Later]) -> bool:
        """Whether a statement that would say something new does not."""
        for condition in self._standing.values():
            if condition.kind is _STALE and now < condition.until:
                self._take_effect(condition, None, subject, said)
                return True
        return False

    def _chance(
        self, kind: CustodianConditionKind, number: int | None, subject: str, now: Nanos, said: list[Message | Later]
    ) -> Condition | None:
        """The first condition of a kind that stands and strikes, each with its probability."""
        for condition in self._standing.values():
            if condition.kind is kind and now < condition.until and self._streams[kind].chance(condition.probability_ppm):
                self._take_effect(condition, number, subject, said)
                return condition
        return None

    def offline(self, number: int | None, subject: str, now: Nanos, said: list[Message | Later]) -> bool:
        """Whether the custodian is offline; ``number`` names what is held up, ``None`` for what is refused outright."""
        for condition in self._standing.values():
            if condition.kind is _OFFLINE and now < condition.until:
                self._take_effect(condition, number, subject, said)
                return True
        return False

    def held_until(self, settles_at: Nanos, reason: SettlementFailReason, now: Nanos) -> Nanos | None:
        """When what holds an instruction for this reason runs out; ``None`` where nothing that ends by itself holds it."""
        held = now
        kind = HELD_FOR.get(reason)
        for condition in self._standing.values():
            if kind is not None and condition.kind is kind:
                held = max(held, condition.until)
            elif (
                reason is SettlementFailReason.DELAYED
                and condition.kind is _DELAY
                and condition.set_at <= settles_at < condition.until
            ):
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
