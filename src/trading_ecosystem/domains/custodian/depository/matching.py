"""Whether two sides mean the same, and if not, why.

Compared are the fields that TARGET2-Securities calls mandatory (movement, security, quantity, trade date, intended settlement
date, currency, amount, both parties) and the common reference where both sides give one. Amounts may differ within a
tolerance that depends on the size: then the delivering side's amount settles. Of several instructions that match, the one
whose amount is nearest is taken, and the oldest of those.
"""

from __future__ import annotations

from trading_ecosystem.domains.custodian.depository.instructions import Instruction, UnmatchedReason
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, MinorUnits

SMALL_AMOUNT: MinorUnits = 100_000 * MINOR_UNITS_PER_WHOLE
SMALL_TOLERANCE: MinorUnits = 2 * MINOR_UNITS_PER_WHOLE
LARGE_TOLERANCE: MinorUnits = 25 * MINOR_UNITS_PER_WHOLE
"""TARGET2-Securities: two units of the currency up to a hundred thousand, and twenty-five above."""


def tolerance(cash_minor: MinorUnits) -> MinorUnits:
    """By how much the other side's amount may differ from the delivering side's."""
    return SMALL_TOLERANCE if cash_minor <= SMALL_AMOUNT else LARGE_TOLERANCE


def mismatches(deliver: Instruction, receive: Instruction) -> tuple[UnmatchedReason, ...]:
    """In what a delivery and a receipt between the same two differ; nothing if they match."""
    references = (deliver.common_reference, receive.common_reference)
    found = (
        (UnmatchedReason.MOVEMENT, deliver.movement.paid != receive.movement.paid),
        (UnmatchedReason.SECURITY, deliver.security != receive.security),
        (UnmatchedReason.QUANTITY, deliver.quantity_minor != receive.quantity_minor),
        (UnmatchedReason.TRADED_DAY, deliver.traded_day != receive.traded_day),
        (UnmatchedReason.INTENDED_DAY, deliver.intended_day != receive.intended_day),
        (UnmatchedReason.CASH_ASSET, deliver.cash_asset != receive.cash_asset),
        (UnmatchedReason.CASH_AMOUNT, abs(deliver.cash_minor - receive.cash_minor) > tolerance(deliver.cash_minor)),
        (UnmatchedReason.COMMON_REFERENCE, all(references) and references[0] != references[1]),
    )
    return tuple(reason for reason, differs in found if differs)


class Unmatched:
    """Instructions that wait for their other side."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], dict[str, Instruction]] = {}
        """By who delivers and who receives, then by reference, oldest first."""

    def add(self, one: Instruction) -> None:
        """Let an instruction wait."""
        self._waiting.setdefault(_direction(one), {})[one.reference] = one

    def remove(self, one: Instruction) -> None:
        """An instruction waits no longer."""
        del self._waiting[_direction(one)][one.reference]

    def counterpart(self, one: Instruction) -> Instruction | None:
        """What matches an instruction best, if anything does."""
        best: Instruction | None = None
        for other in self._opposites(one):
            if mismatches(*_ordered(one, other)):
                continue
            if best is None or abs(other.cash_minor - one.cash_minor) < abs(best.cash_minor - one.cash_minor):
                best = other
        return best

    def reasons(self, one: Instruction) -> tuple[UnmatchedReason, ...]:
        """In what an instruction differs from the one that comes nearest: the fewest differences, the oldest of those."""
        nearest: tuple[UnmatchedReason, ...] = ()
        for other in self._opposites(one):
            found = mismatches(*_ordered(one, other))
            if not nearest or len(found) < len(nearest):
                nearest = found
        return nearest or (UnmatchedReason.NO_COUNTERPART,)

    def _opposites(self, one: Instruction) -> list[Instruction]:
        waiting = self._waiting.get(_direction(one), {}).values()
        return [other for other in waiting if other.movement.delivers is not one.movement.delivers]


def _direction(one: Instruction) -> tuple[str, str]:
    sides = (one.participant, one.counterparty)
    return sides if one.movement.delivers else (sides[1], sides[0])


def _ordered(one: Instruction, other: Instruction) -> tuple[Instruction, Instruction]:
    return (one, other) if one.movement.delivers else (other, one)
