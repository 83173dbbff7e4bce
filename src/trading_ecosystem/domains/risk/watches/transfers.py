"""What a custodian does with transfers and instructions: TRANSFER_REFUSED, TRANSFER_OVERDUE, INSTRUCTION_MISMATCH."""

from __future__ import annotations

import heapq
from typing import Any, ClassVar, Final, TypeAlias

from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Monitor, Part
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.on_off import OnOff, Recent, is_number
from trading_ecosystem.domains.risk.watches.wake_ups import Alarm, TransfersDue
from trading_ecosystem.messages.alert_conditions import REFUSAL_WINDOW, REFUSED_TRANSFERS
from trading_ecosystem.messages.custodian import (
    TransferKind,
    TransferPending,
    TransferPosted,
    TransferRejected,
    TransferRejectReason,
)
from trading_ecosystem.messages.risk import OVERDUE_AFTER, AlertKind
from trading_ecosystem.messages.units import Nanos

Transfer: TypeAlias = tuple[str, TransferKind, str]
"""Account, kind and id."""
_REFUSALS: Final = (TransferRejectReason.OFFLINE, TransferRejectReason.REFUSED)
REMEMBERED_POSTINGS: Final = 20_000
"""How many posted transfers are known, so that a pending one that arrives after its posting is none."""


class CustodianTransfers:
    """The firm's transfers at one custodian."""

    __slots__ = ("alarm", "due", "name", "overdue", "pending", "posted", "refusals", "refused")

    def __init__(self, name: str) -> None:
        self.name = name
        self.refusals = Recent(REFUSAL_WINDOW)
        self.refused = OnOff(AlertKind.TRANSFER_REFUSED, name, REFUSED_TRANSFERS)
        self.pending: dict[Transfer, Nanos] = {}
        """When each is to be posted, as first said."""
        self.due: list[tuple[Nanos, Transfer]] = []
        """Heap of the same; some are posted."""
        self.posted: dict[Transfer, None] = {}
        self.overdue = OnOff(AlertKind.TRANSFER_OVERDUE, name, OVERDUE_AFTER)
        self.alarm = Alarm()

    def transfer_rejected(self, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A transfer was refused for a reason that lies with the custodian."""
        self.refusals.add(now)
        self.refused.decide(self.refusals.at(now), now, monitor, said)

    def transfer_pending(self, transfer: Transfer, posts_at: Nanos, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A transfer waits for its instant."""
        if transfer not in self.posted and transfer not in self.pending:
            self.pending[transfer] = posts_at
            heapq.heappush(self.due, (posts_at, transfer))
            self.look(now, monitor, said)

    def transfer_posted(self, transfer: Transfer, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A transfer took effect: the custodian does its work."""
        self.refused.cease(now, monitor, said)
        self.posted[transfer] = None
        if len(self.posted) > REMEMBERED_POSTINGS:
            del self.posted[next(iter(self.posted))]
        if self.pending.pop(transfer, None) is not None:
            self.look(now, monitor, said)

    def look(self, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """See whether the oldest pending transfer is overdue, and ask to be woken when it will be."""
        due = self.due
        while due and self.pending.get(due[0][1]) != due[0][0]:
            heapq.heappop(due)
        if not due:
            self.overdue.cease(now, monitor, said)
            return
        posts_at = due[0][0]
        self.overdue.decide(now - posts_at, now, monitor, said)
        if now - posts_at < 2 * OVERDUE_AFTER:
            periods = 1 if now - posts_at < OVERDUE_AFTER else 2
            self.alarm.set(TransfersDue(self.name), posts_at + periods * OVERDUE_AFTER, said)


class TransferWatch(Part):
    """The firm's transfers at every custodian."""

    hears: ClassVar[dict[type[Any], str]] = {
        TransferRejected: "transfer_rejected",
        TransferPending: "transfer_pending",
        TransferPosted: "transfer_posted",
        TransfersDue: "transfers_due",
    }

    def __init__(self, parameters: RiskParameters) -> None:
        self.custodians: dict[str, CustodianTransfers] = {}

    def transfer_rejected(self, message: TransferRejected, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A transfer was refused; most reasons are the firm's own."""
        if message.reason in _REFUSALS:
            self._custodian(message.custodian).transfer_rejected(now, monitor, said)

    def transfer_pending(self, message: TransferPending, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A transfer waits for its instant."""
        if is_number(message.posts_at):
            transfer = (message.account, message.kind, message.transfer_id)
            self._custodian(message.custodian).transfer_pending(transfer, message.posts_at, now, monitor, said)

    def transfer_posted(self, message: TransferPosted, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A transfer took effect."""
        transfer = (message.account, message.kind, message.transfer_id)
        self._custodian(message.custodian).transfer_posted(transfer, now, monitor, said)

    def transfers_due(self, message: TransfersDue, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A transfer may have become overdue."""
        custodian = self._custodian(message.custodian)
        custodian.alarm.rang(now)
        custodian.look(now, monitor, said)

    def _custodian(self, name: str) -> CustodianTransfers:
        custodian = self.custodians.get(name)
        if custodian is None:
            custodian = self.custodians[name] = CustodianTransfers(name)
        return custodian
