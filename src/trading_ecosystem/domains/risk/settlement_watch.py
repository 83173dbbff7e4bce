"""Fills that are not settled in time, one watch per venue.

What matters is the oldest unsettled fill. A heap has it on top; settled fills are dropped when they come to the top, or all at
once when they are the larger part.  One wake-up per venue is under way: at the next instant at which the oldest fill becomes
overdue, or twice as overdue.
"""

from __future__ import annotations

import heapq
from typing import Final

from trading_ecosystem.domains.risk.alerts import AlertBook
from trading_ecosystem.domains.risk.positions import Positions, TradeKey
from trading_ecosystem.domains.risk.timers import SaidList, SettlementDue
from trading_ecosystem.messages.risk import OVERDUE_AFTER, AlertKind, Severity
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Later

NEVER: Final[Nanos] = -1
_FEW: Final = 64
"""A heap up to this size is not worth compacting."""


class SettlementWatch:
    """The overdue alert of one venue."""

    __slots__ = ("armed_for", "due", "holds", "positions", "venue")

    def __init__(self, venue: str, positions: Positions) -> None:
        self.venue = venue
        self.positions = positions
        self.due: list[tuple[Nanos, TradeKey]] = []
        """Heap of (settles_at, side of a trade); some of them are settled."""
        self.armed_for: Nanos = NEVER
        self.holds = False

    def fill_arrived(self, settles_at: Nanos, key: TradeKey, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Watch a fill."""
        due = self.due
        if len(due) > _FEW and len(due) > 2 * len(self.positions.unsettled):
            unsettled = self.positions.unsettled
            due[:] = [entry for entry in due if entry[1] in unsettled]
            heapq.heapify(due)
        heapq.heappush(due, (settles_at, key))
        self.evaluate(now, alerts, said)

    def settlement_due(self, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """A wake-up."""
        if now >= self.armed_for:
            self.armed_for = NEVER
        self.evaluate(now, alerts, said)

    def evaluate(self, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Look at the oldest unsettled fill; also called when one was settled."""
        due = self.due
        unsettled = self.positions.unsettled
        while due and due[0][1] not in unsettled:
            heapq.heappop(due)
        late = now - due[0][0] if due else 0
        if due and late >= OVERDUE_AFTER:
            self.holds = True
            severity = Severity.CRITICAL if late >= 2 * OVERDUE_AFTER else Severity.HIGH
            alerts.hold(AlertKind.SETTLEMENT_OVERDUE, self.venue, severity, late, OVERDUE_AFTER, now, said)
            if late < 2 * OVERDUE_AFTER:
                self._arm(due[0][0] + 2 * OVERDUE_AFTER, said)
            return
        if self.holds:
            self.holds = False
            alerts.cease(AlertKind.SETTLEMENT_OVERDUE, self.venue, now, said)
        if due:
            self._arm(due[0][0] + OVERDUE_AFTER, said)

    def _arm(self, due_at: Nanos, said: SaidList) -> None:
        if self.armed_for == NEVER or due_at < self.armed_for:
            self.armed_for = due_at
            said.append(Later(SettlementDue(self.venue), due_at))
