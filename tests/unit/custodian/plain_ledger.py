"""The general ledger said as plainly as can be: a list of what happened, and every sum added up anew from it."""

from __future__ import annotations

from trading_ecosystem.domains.custodian.general_ledger.accounts import AccountTerms, Balance
from trading_ecosystem.domains.custodian.general_ledger.transfers import AccountRule, Phase, Transfer

Happening = tuple[int, int, int, str, int]
"""Recorded at, effective at, account, which of the four sums, change."""


class PlainLedger:
    """Slow, and easy to believe."""

    def __init__(self, terms: list[AccountTerms]) -> None:
        self.terms = {one.number: one for one in terms}
        self.happened: list[Happening] = []
        self.done: dict[int, Transfer] = {}
        self.resolved: dict[int, str] = {}
        self.expires: dict[int, int] = {}
        self.pairs: dict[int, tuple[int, int, int]] = {}
        """By number: debit, credit and amount moved."""

    def balance(self, account: int, at: int, known_at: int) -> Balance:
        sums = dict.fromkeys(("debits_posted", "credits_posted", "debits_pending", "credits_pending"), 0)
        for recorded_at, effective_at, one, name, change in self.happened:
            if one == account and recorded_at <= known_at and effective_at <= at:
                sums[name] += change
        return Balance(**sums)

    def expire(self, now: int) -> None:
        for number, at in sorted(self.expires.items(), key=lambda item: (item[1], item[0])):
            if at <= now and number not in self.resolved:
                self.resolved[number] = "expired"
                self._hold(number, -1, at)

    def do(self, chain: list[Transfer], now: int) -> bool:
        """Whether the whole chain was done."""
        before = (list(self.happened), dict(self.done), dict(self.resolved), dict(self.expires), dict(self.pairs))
        if all(self._do_one(transfer, now) for transfer in chain):
            return True
        self.happened, self.done, self.resolved, self.expires, self.pairs = before
        return False

    def _do_one(self, transfer: Transfer, now: int) -> bool:
        if transfer.number in self.done or transfer.number <= 0 or transfer.effective_at > now:
            return False
        if transfer.phase in (Phase.POST, Phase.VOID):
            return self._resolve(transfer, now)
        debit, credit, amount = self.terms.get(transfer.debit), self.terms.get(transfer.credit), transfer.amount_minor
        if debit is None or credit is None or debit is credit or debit.asset != credit.asset or amount <= 0:
            return False
        ours, theirs = self.balance(debit.number, now, now), self.balance(credit.number, now, now)
        if debit.rule is AccountRule.DEBITS_WITHIN_CREDITS and ours.available_minor < amount:
            return False
        owed = theirs.credits_posted + theirs.credits_pending + amount
        if credit.rule is AccountRule.CREDITS_WITHIN_DEBITS and owed > theirs.debits_posted:
            return False
        if transfer.reverses and not self._may_reverse(transfer):
            return False
        self.done[transfer.number] = transfer
        self.pairs[transfer.number] = (debit.number, credit.number, amount)
        if transfer.phase is Phase.PENDING:
            self._hold(transfer.number, 1, now)
            if transfer.expires_after_ns:
                self.expires[transfer.number] = now + transfer.expires_after_ns
        else:
            self._move(transfer, debit.number, credit.number, amount, now)
        return True

    def _may_reverse(self, transfer: Transfer) -> bool:
        first = self.done.get(transfer.reverses)
        if first is None or first.phase not in (Phase.SINGLE, Phase.POST):
            return False
        debit, credit, amount = self.pairs[transfer.reverses]
        back = sum(one.amount_minor for one in self.done.values() if one.reverses == transfer.reverses)
        return (transfer.credit, transfer.debit) == (debit, credit) and back + transfer.amount_minor <= amount

    def _resolve(self, transfer: Transfer, now: int) -> bool:
        pending = self.done.get(transfer.pending)
        if pending is None or pending.phase is not Phase.PENDING or transfer.pending in self.resolved:
            return False
        debit, credit, held = self.pairs[transfer.pending]
        if transfer.debit not in (0, debit) or transfer.credit not in (0, credit) or transfer.amount_minor > held:
            return False
        if transfer.phase is Phase.VOID and transfer.amount_minor not in (0, held):
            return False
        self._hold(transfer.pending, -1, now)
        self.resolved[transfer.pending] = transfer.phase
        self.done[transfer.number] = transfer
        if transfer.phase is Phase.POST:
            amount = transfer.amount_minor or held
            self.pairs[transfer.number] = (debit, credit, amount)
            self._move(transfer, debit, credit, amount, now)
        return True

    def _hold(self, number: int, sign: int, at: int) -> None:
        debit, credit, amount = self.pairs[number]
        self.happened.append((at, at, debit, "debits_pending", sign * amount))
        self.happened.append((at, at, credit, "credits_pending", sign * amount))

    def _move(self, transfer: Transfer, debit: int, credit: int, amount: int, now: int) -> None:
        effective_at = transfer.effective_at or now
        self.happened.append((now, effective_at, debit, "debits_posted", amount))
        self.happened.append((now, effective_at, credit, "credits_posted", amount))
