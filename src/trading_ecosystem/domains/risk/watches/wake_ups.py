"""The wake-ups of the watches, and when one is under way."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Later, WakeUp

NEVER: Final[Nanos] = -1


class VenueSilenceDue(WakeUp, frozen=True, gc=False):
    """Look whether a venue has been silent for too long."""

    venue: str


class CommandsDue(WakeUp, frozen=True, gc=False):
    """Look whether a venue's oldest unanswered command has waited for too long."""

    venue: str


class TransfersDue(WakeUp, frozen=True, gc=False):
    """Look whether a custodian's oldest pending transfer has become overdue."""

    custodian: str


class Alarm:
    """Asks for one wake-up at a time: a later one only once the earlier has come, an earlier one beside it."""

    __slots__ = ("armed_for",)

    def __init__(self) -> None:
        self.armed_for: Nanos = NEVER

    def rang(self, now: Nanos) -> None:
        """A wake-up came."""
        if now >= self.armed_for:
            self.armed_for = NEVER

    def set(self, wake_up: WakeUp, due_at: Nanos, said: SaidList) -> None:
        """Ask to be woken at ``due_at``, unless that is done already or will be looked at before."""
        if self.armed_for == NEVER or due_at < self.armed_for:
            self.armed_for = due_at
            said.append(Later(wake_up, due_at))
