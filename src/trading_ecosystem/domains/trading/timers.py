"""The wake-ups that the engine asks for."""

from __future__ import annotations

from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import WakeUp


class StartDue(WakeUp, frozen=True, gc=False):
    """A strategy's start time has come."""

    strategy: str


class StrategyDue(WakeUp, frozen=True, gc=False):
    """A strategy asked to be woken in its run number ``run``."""

    strategy: str
    run: int
    label: str


class CloseOutDue(WakeUp, frozen=True, gc=False):
    """The next attempt to close out all positions, in the emergency since then."""

    since: Nanos
    attempt: int


class MarkDue(WakeUp, frozen=True, gc=False):
    """Mark every strategy, and chase requests that got no answer."""
