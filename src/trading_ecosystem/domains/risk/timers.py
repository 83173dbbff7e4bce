"""The risk monitor's wake-ups."""

from __future__ import annotations

from typing import TypeAlias

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.ports.component import Later, WakeUp

SaidList: TypeAlias = list[Message | Later]
"""What one handling says, gathered in order by the parts that have something to say."""


class StalenessDue(WakeUp, frozen=True, gc=False):
    """Look whether an instrument's newest price has become stale, or twice as stale."""

    instrument: str


class SettlementDue(WakeUp, frozen=True, gc=False):
    """Look whether a venue's oldest unsettled fill has become overdue, or twice as overdue."""

    venue: str


class PendingDue(WakeUp, frozen=True, gc=False):
    """Look whether the condition of a pending alert has held for long enough."""

    kind: AlertKind
    subject: str


class CriticalReached(WakeUp, frozen=True, gc=False):
    """An alert has just become critical."""

    alert_id: int


class BreakerResetDue(WakeUp, frozen=True, gc=False):
    """The circuit breaker's time is over, if the trading state is still of this version."""

    version: int


class KeepFiringDue(WakeUp, frozen=True, gc=False):
    """Look whether an alert's condition has been gone for long enough to resolve it."""

    alert_id: int


class EscalationDue(WakeUp, frozen=True, gc=False):
    """Look whether an alert was left unacknowledged for too long."""

    alert_id: int


class SilenceOver(WakeUp, frozen=True, gc=False):
    """Look whether an alert's silence is over."""

    alert_id: int


class ReportDue(WakeUp, frozen=True, gc=False):
    """Report the exposures."""
