"""The rules of the ledger: what each transfer is checked for, what it changes, and when pending ones expire.

Instants are told, never read, and never go back. Whatever expired until the instant of a request expired at its own
instant before it. With ``remembered`` given, at least so many transfers are kept (and twice as many at most); older ones
that are not pending are forgotten, and with them the balances of before. A number not above the highest one forgotten is
then refused, so that nothing is ever done twice; who numbers upwards is never refused for that.
"""

from __future__ import annotations

import enum
import heapq
from itertools import islice

from trading_ecosystem.domains.custodian.general_ledger.accounts import Account, AccountTerms, Balance, HistoryLine
from trading_ecosystem.domains.custodian.general_ledger.transfers import (
    LARGEST_AMOUNT,
    AccountResult,
    AccountRule,
    Phase,
    Transfer,
    TransferResult,
    repetition,
    shape_refusal,
)
from trading_ecosystem.messages.units import MinorUnits, Nanos


class Standing(enum.StrEnum):
    """Where a recorded transfer stands."""

    POSTED = "posted"
    PENDING = "pending"
    VOIDED = "voided"
    EXPIRED = "expired"
    RESOLVING = "resolving"
    """It voided another and moved nothing itself."""


_RESOLVED = {
    Standing.POSTED: TransferResult.PENDING_ALREADY_POSTED,
    Standing.VOIDED: TransferResult.PENDING_ALREADY_VOIDED,
    Standing.EXPIRED: TransferResult.PENDING_EXPIRED,
}


class Recorded:
    """A transfer that was done: when, between which accounts, and what became of it.

    ``moved_minor`` is what it posted itself or, while it is pending, holds back; ``reversed_minor`` what reversals moved back.
    """

    __slots__ = ("credit", "debit", "expires_at", "moved_minor", "recorded_at", "reversed_minor", "standing", "transfer")

    def __init__(self, transfer: Transfer, debit: Account, credit: Account, moved: MinorUnits, now: Nanos) -> None:
        self.transfer = transfer
        self.debit = debit
        self.credit = credit
        self.moved_minor = moved
        self.recorded_at = now
        self.reversed_minor: MinorUnits = 0
        self.expires_at: Nanos | None = None
        self.standing = Standing.POSTED


class GeneralLedger:
    """All accounts and transfers of one ledger."""

    def __init__(self, remembered: int | None = None) -> None:
        assert remembered is None or remembered > 0, f"a ledger that remembers {remembered} transfers"
        self._remembered = remembered
        self._accounts: dict[int, Account] = {}
        self._recorded: dict[int, Recorded] = {}
        self._expiries: list[tuple[Nanos, int]] = []
        self._clock: Nanos = 0
        self._highest_forgotten = 0
        self._known_from: Nanos = 0

    def open(self, *terms: AccountTerms, now: Nanos) -> tuple[AccountResult, ...]:
        """Open accounts, each on its own."""
        self.expire(now)
        return tuple(self._open(one) for one in terms)

    def transfer(self, *batch: Transfer, now: Nanos) -> tuple[TransferResult, ...]:
        """Do transfers in order and answer each; those linked to one another all or none."""
        self.expire(now)
        results: list[TransferResult] = []
        chain: list[Transfer] = []
        for transfer in batch:
            if transfer.linked:
                chain.append(transfer)
            elif chain:
                results += self._do_chain([*chain, transfer], now)
                chain = []
            else:
                results.append(self._do(transfer, now))
        if chain:
            results += [TransferResult.CHAIN_FAILED] * (len(chain) - 1) + [TransferResult.CHAIN_OPEN]
        self._forget_old()
        return tuple(results)

    def expire(self, now: Nanos) -> tuple[int, ...]:
        """Let the clock be an instant, and pending transfers expire until then; returns their numbers, earliest first."""
        assert now >= self._clock, f"the ledger's clock goes back from {self._clock} to {now}"
        expired: list[int] = []
        while self._expiries and self._expiries[0][0] <= now:
            expires_at, number = heapq.heappop(self._expiries)
            recorded = self._recorded.get(number)
            if recorded is not None and recorded.expires_at == expires_at and recorded.standing is Standing.PENDING:
                self._let_go(recorded)
                recorded.standing = Standing.EXPIRED
                recorded.debit.note(expires_at, expires_at, 0, 0, 0)
                recorded.credit.note(expires_at, expires_at, 0, 0, 0)
                expired.append(number)
        self._clock = now
        return tuple(expired)

    def next_expiry(self) -> Nanos | None:
        """When the next pending transfer expires."""
        while self._expiries:
            expires_at, number = self._expiries[0]
            recorded = self._recorded.get(number)
            if recorded is not None and recorded.expires_at == expires_at and recorded.standing is Standing.PENDING:
                return expires_at
            heapq.heappop(self._expiries)
        return None

    def account(self, number: int) -> Account | None:
        """An account as it stands."""
        return self._accounts.get(number)

    def accounts(self) -> tuple[Account, ...]:
        """Every account, in the order in which they were opened."""
        return tuple(self._accounts.values())

    def recorded(self, number: int) -> Recorded | None:
        """A transfer that was done and is not forgotten."""
        return self._recorded.get(number)

    def balance(self, number: int, *, at: Nanos | None = None, known_at: Nanos | None = None) -> Balance | None:
        """An account's sums: as they stand, at an instant as known now, or at an instant as known at another.

        Instants later than the ledger's clock count as the clock. Nothing is returned for an account that is not there, or
        where the earlier of the two instants was forgotten.
        """
        account = self._accounts.get(number)
        if account is None:
            return None
        if at is None and known_at is None:
            return account.balance
        at = self._clock if at is None else min(at, self._clock)
        known_at = self._clock if known_at is None else min(known_at, self._clock)
        return None if min(at, known_at) < self._known_from else account.balance_at(at, known_at)

    def lines(self, number: int, *, after: Nanos = 0, until: Nanos | None = None) -> tuple[HistoryLine, ...]:
        """What changed an account after one instant and until another; what is forgotten is left out."""
        account = self._accounts.get(number)
        if account is None:
            return ()
        return account.lines(max(after, self._known_from), self._clock if until is None else until)

    def totals(self, asset: str) -> Balance:
        """The four sums over all accounts of an asset; debits and credits are equal, always."""
        ours = [one for one in self._accounts.values() if one.terms.asset == asset]
        return Balance(
            sum(one.debits_posted for one in ours),
            sum(one.credits_posted for one in ours),
            sum(one.debits_pending for one in ours),
            sum(one.credits_pending for one in ours),
        )

    def _open(self, terms: AccountTerms) -> AccountResult:
        if terms.number <= 0:
            return AccountResult.NUMBER_NOT_POSITIVE
        if not terms.asset:
            return AccountResult.ASSET_MISSING
        there = self._accounts.get(terms.number)
        if there is None:
            self._accounts[terms.number] = Account(terms)
            return AccountResult.DONE
        if there.terms.asset != terms.asset:
            return AccountResult.EXISTS_WITH_DIFFERENT_ASSET
        if there.terms.rule is not terms.rule:
            return AccountResult.EXISTS_WITH_DIFFERENT_RULE
        if there.terms.owner != terms.owner:
            return AccountResult.EXISTS_WITH_DIFFERENT_OWNER
        if there.terms.place != terms.place:
            return AccountResult.EXISTS_WITH_DIFFERENT_PLACE
        return AccountResult.EXISTS

    def _do_chain(self, chain: list[Transfer], now: Nanos) -> list[TransferResult]:
        """All or none; a chain that was done already is answered by ``EXISTS`` for each of its members."""
        if all(one.number in self._recorded for one in chain):
            repeated = [repetition(self._recorded[one.number].transfer, one) for one in chain]
            if all(one is TransferResult.EXISTS for one in repeated):
                return repeated
        for index, transfer in enumerate(chain):
            result = self._do(transfer, now)
            if result is not TransferResult.DONE:
                for done in reversed(chain[:index]):
                    self._undo(done)
                failed = [TransferResult.CHAIN_FAILED] * len(chain)
                failed[index] = result
                return failed
        return [TransferResult.DONE] * len(chain)

    def _do(self, transfer: Transfer, now: Nanos) -> TransferResult:
        if transfer.number <= 0:
            return TransferResult.NUMBER_NOT_POSITIVE
        first = self._recorded.get(transfer.number)
        if first is not None:
            return repetition(first.transfer, transfer)
        if transfer.number <= self._highest_forgotten:
            return TransferResult.NUMBER_FORGOTTEN
        misshapen = shape_refusal(transfer, now)
        if misshapen is not None:
            return misshapen
        if transfer.pending:
            return self._resolve(transfer, now)
        debit, credit = self._accounts.get(transfer.debit), self._accounts.get(transfer.credit)
        if debit is None:
            return TransferResult.DEBIT_UNKNOWN
        if credit is None:
            return TransferResult.CREDIT_UNKNOWN
        refusal = self._pair_refusal(transfer, debit, credit)
        if refusal is not None:
            return refusal
        recorded = Recorded(transfer, debit, credit, transfer.amount_minor, now)
        self._recorded[transfer.number] = recorded
        if transfer.phase is Phase.PENDING:
            recorded.standing = Standing.PENDING
            debit.debits_pending += transfer.amount_minor
            credit.credits_pending += transfer.amount_minor
            self._note(recorded, 0, now)
            if transfer.expires_after_ns:
                recorded.expires_at = now + transfer.expires_after_ns
                heapq.heappush(self._expiries, (recorded.expires_at, transfer.number))
        else:
            if transfer.reverses:
                self._recorded[transfer.reverses].reversed_minor += transfer.amount_minor
            self._post(recorded, now)
        return TransferResult.DONE

    def _resolve(self, transfer: Transfer, now: Nanos) -> TransferResult:
        """Post or void what is pending."""
        pending = self._recorded.get(transfer.pending)
        if pending is None:
            return TransferResult.PENDING_UNKNOWN
        refusal = _resolution_refusal(transfer, pending)
        if refusal is not None:
            return refusal
        self._let_go(pending)
        posts = transfer.phase is Phase.POST
        moved = (transfer.amount_minor or pending.moved_minor) if posts else 0
        recorded = Recorded(transfer, pending.debit, pending.credit, moved, now)
        self._recorded[transfer.number] = recorded
        pending.standing = Standing.POSTED if posts else Standing.VOIDED
        if posts:
            self._post(recorded, now)
        else:
            recorded.standing = Standing.RESOLVING
            self._note(recorded, 0, now)
        return TransferResult.DONE

    def _pair_refusal(self, transfer: Transfer, debit: Account, credit: Account) -> TransferResult | None:
        if debit is credit:
            return TransferResult.SAME_ACCOUNT
        if debit.terms.asset != credit.terms.asset:
            return TransferResult.DIFFERENT_ASSETS
        if transfer.reverses:
            refusal = self._reversal_refusal(transfer)
            if refusal is not None:
                return refusal
        amount = transfer.amount_minor
        debits = debit.debits_posted + debit.debits_pending + amount
        credits_ = credit.credits_posted + credit.credits_pending + amount
        if debit.terms.rule is AccountRule.DEBITS_WITHIN_CREDITS and debits > debit.credits_posted:
            return TransferResult.EXCEEDS_CREDITS
        if credit.terms.rule is AccountRule.CREDITS_WITHIN_DEBITS and credits_ > credit.debits_posted:
            return TransferResult.EXCEEDS_DEBITS
        if debits > LARGEST_AMOUNT or credits_ > LARGEST_AMOUNT:
            return TransferResult.SUM_TOO_LARGE
        return None

    def _reversal_refusal(self, transfer: Transfer) -> TransferResult | None:
        reversed_ = self._recorded.get(transfer.reverses)
        if reversed_ is None:
            return TransferResult.REVERSED_UNKNOWN
        if reversed_.standing is not Standing.POSTED or reversed_.transfer.phase is Phase.PENDING:
            return TransferResult.REVERSED_NOT_POSTED
        if reversed_.debit.terms.number != transfer.credit or reversed_.credit.terms.number != transfer.debit:
            return TransferResult.REVERSED_NOT_OPPOSITE
        if reversed_.reversed_minor + transfer.amount_minor > reversed_.moved_minor:
            return TransferResult.EXCEEDS_REVERSED
        return None

    def _post(self, recorded: Recorded, now: Nanos) -> None:
        recorded.debit.debits_posted += recorded.moved_minor
        recorded.credit.credits_posted += recorded.moved_minor
        self._note(recorded, recorded.moved_minor, now)

    def _note(self, recorded: Recorded, posted: MinorUnits, now: Nanos) -> None:
        number, effective_at = recorded.transfer.number, recorded.transfer.effective_at or now
        recorded.debit.note(now, effective_at, number, posted, 0)
        recorded.credit.note(now, effective_at, number, 0, posted)

    def _let_go(self, pending: Recorded) -> None:
        pending.debit.debits_pending -= pending.moved_minor
        pending.credit.credits_pending -= pending.moved_minor

    def _undo(self, transfer: Transfer) -> None:
        """Take back the last transfer that was done, because its chain failed: it never happened."""
        recorded = self._recorded.pop(transfer.number)
        debit, credit = recorded.debit, recorded.credit
        debit.unwrite()
        credit.unwrite()
        if recorded.standing is Standing.PENDING:
            self._let_go(recorded)
        elif recorded.standing is Standing.POSTED:
            debit.debits_posted -= recorded.moved_minor
            credit.credits_posted -= recorded.moved_minor
        if transfer.pending:
            pending = self._recorded[transfer.pending]
            pending.standing = Standing.PENDING
            debit.debits_pending += pending.moved_minor
            credit.credits_pending += pending.moved_minor
        if transfer.reverses:
            self._recorded[transfer.reverses].reversed_minor -= transfer.amount_minor

    def _forget_old(self) -> None:
        if self._remembered is None or len(self._recorded) <= 2 * self._remembered:
            return
        spare = len(self._recorded) - self._remembered
        old = [number for number, one in islice(self._recorded.items(), spare) if one.standing is not Standing.PENDING]
        if not old:
            return
        self._known_from = max(self._recorded[number].recorded_at for number in old)
        self._highest_forgotten = max(self._highest_forgotten, *old)
        for number in old:
            del self._recorded[number]
        for account in self._accounts.values():
            account.forget(self._known_from)


def _resolution_refusal(transfer: Transfer, pending: Recorded) -> TransferResult | None:
    if pending.transfer.phase is not Phase.PENDING:
        return TransferResult.PENDING_NOT_PENDING
    if transfer.debit and transfer.debit != pending.debit.terms.number:
        return TransferResult.PENDING_HAS_DIFFERENT_DEBIT
    if transfer.credit and transfer.credit != pending.credit.terms.number:
        return TransferResult.PENDING_HAS_DIFFERENT_CREDIT
    if transfer.phase is Phase.VOID and transfer.amount_minor not in (0, pending.moved_minor):
        return TransferResult.PENDING_HAS_DIFFERENT_AMOUNT
    if pending.standing is not Standing.PENDING:
        return _RESOLVED[pending.standing]
    if transfer.amount_minor > pending.moved_minor:
        return TransferResult.EXCEEDS_PENDING
    return None
