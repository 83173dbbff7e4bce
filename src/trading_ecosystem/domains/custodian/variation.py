"""Variation on perpetuals: the cash flows of a venue's margin ticks, posted between pledged amounts.

A venue tells every flow of a tick at once, and they add up to zero. Each is posted by itself against the venue's clearing
account, payments before receipts, at once; one that finds too little posted (the account's cash may still be on its way in
a trade that has not settled) waits and is tried again after the next settlement and every ``retry_every``, oldest first.
So a payer who is late makes those who are paid wait, as long as the clearing account has nothing of its own, and nobody is
paid with what is not there. While the custodian is offline nothing is posted; other conditions concern settlements alone.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.custodian.conditions import Conditions
from trading_ecosystem.domains.custodian.ledger import Account, Ledger, LedgerResult, Transfer
from trading_ecosystem.domains.custodian.recollection import Recollection
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import ClearingPosted, VariationPosted
from trading_ecosystem.messages.margin import CashFlow, VariationInstructed
from trading_ecosystem.messages.units import MinorUnits, Nanos
from trading_ecosystem.ports.component import Later

REMEMBERED_TICKS: Final = 10_000
"""How many margin ticks are remembered, so that one delivered again is known."""


class Payment:
    """One flow on its way. ``number`` orders everything of the custodian's; ``tick`` is the venue's number."""

    __slots__ = ("account", "amount_minor", "asset", "clearing", "due_at", "number", "tick", "venue")

    def __init__(self, number: int, message: VariationInstructed, flow: CashFlow, due_at: Nanos) -> None:
        self.number = number
        self.venue = message.venue
        self.tick = message.number
        self.asset = message.asset
        self.clearing = message.clearing_account
        self.account = flow.account
        self.amount_minor = flow.amount_minor
        self.due_at = due_at


class Variation:
    """All unposted flows of one custodian, oldest first."""

    def __init__(self, name: str, retry_every_ns: Nanos, ledger: Ledger, conditions: Conditions) -> None:
        self._name = name
        self._retry_every_ns = retry_every_ns
        self._ledger = ledger
        self._conditions = conditions
        self._pending: dict[int, Payment] = {}
        self._net: dict[tuple[str, str, str], MinorUnits] = {}
        self._ticks = Recollection(REMEMBERED_TICKS)

    def instruct(self, last_number: int, message: VariationInstructed, now: Nanos, said: list[Message | Later]) -> int:
        """Take on the flows of a tick and post what can be; numbers go on from the last one, and the last used is returned."""
        tick = (message.venue, message.number)
        if tick in self._ticks:
            return last_number
        self._ticks.add(tick)
        assert sum(flow.amount_minor for flow in message.flows) == 0, f"variation {message.number} of {message.venue}"
        flows = [flow for flow in message.flows if flow.account != message.clearing_account]
        for flow in sorted(flows, key=lambda flow: flow.amount_minor > 0):
            last_number += 1
            self._pending[last_number] = Payment(last_number, message, flow, now)
            self._count(self._pending[last_number], 1)
        self.attempt(now, said, everything=True)
        return last_number

    def attempt(self, now: Nanos, said: list[Message | Later], *, everything: bool = False) -> None:
        """Post what is due, or everything, as far as amounts and conditions allow; the rest is due again later."""
        posted: dict[tuple[str, str, str], Account] = {}
        for payment in list(self._pending.values()):
            if everything or payment.due_at <= now:
                clearing = self._post(payment, now, said)
                if clearing is None:
                    payment.due_at = now + self._retry_every_ns
                else:
                    posted[payment.venue, payment.clearing, payment.asset] = clearing
        for (venue, name, asset), account in posted.items():
            said.append(ClearingPosted(self._name, venue, name, asset, account.posted))

    def bring_forward(self, numbers: list[int], now: Nanos) -> None:
        """Make flows due now, because what held them up was cleared."""
        for number in numbers:
            if number in self._pending:
                self._pending[number].due_at = now

    def next_due(self) -> Nanos | None:
        """When the next attempt is to be made."""
        return min((payment.due_at for payment in self._pending.values()), default=None)

    def net_unposted(self, venue: str, account: str, asset: str) -> MinorUnits:
        """What unposted flows will add to an account's pledged amount at a venue, less what they will take."""
        return self._net.get((venue, account, asset), 0)

    def _post(self, payment: Payment, now: Nanos, said: list[Message | Later]) -> Account | None:
        """Post one flow and return the clearing account, or ``None`` where it has to wait."""
        if self._conditions.offline(payment.number, payment.account, now, said):
            return None
        account = self._ledger.account(payment.account, payment.asset, payment.venue)
        clearing = self._ledger.account(payment.clearing, payment.asset, payment.venue)
        amount = payment.amount_minor
        transfer = Transfer(clearing, account, amount) if amount > 0 else Transfer(account, clearing, -amount)
        if (result := self._ledger.post(transfer)) is not LedgerResult.DONE:
            assert result is LedgerResult.INSUFFICIENT, f"variation {payment.tick} of {payment.account}: {result}"
            return None
        del self._pending[payment.number]
        self._count(payment, -1)
        self._conditions.let_go(payment.number)
        said.append(
            VariationPosted(self._name, payment.venue, payment.account, payment.tick, payment.asset, amount, account.posted)
        )
        return clearing

    def _count(self, payment: Payment, sign: int) -> None:
        """Count a flow in the net unposted amounts (+1) or out of them (-1): the account's, and the clearing account's."""
        for account, amount in ((payment.account, payment.amount_minor), (payment.clearing, -payment.amount_minor)):
            key = (payment.venue, account, payment.asset)
            self._ledger.account(account, payment.asset, payment.venue)
            net = self._net.get(key, 0) + sign * amount
            if net:
                self._net[key] = net
            else:
                self._net.pop(key, None)
