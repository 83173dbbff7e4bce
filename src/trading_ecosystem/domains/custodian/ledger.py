"""A double-entry ledger with pending and posted amounts, after the two-phase transfers of TigerBeetle.

An account belongs to an owner and holds one asset at one place: ``FREE`` (the empty place), or pledged to a venue,
which is then the place. ``OUTSIDE`` is the owner of everything beyond the ledger; its accounts alone may be negative,
so that the accounts of an asset always add up to zero. A transfer debits one account and credits another. Transfers
given together are linked: they are posted in order, all of them or none. A pending transfer holds its amount back from
what its debit account can spend, and is posted or voided at most once. A business "no" is a :class:`LedgerResult`,
never an exception. ::

    ledger = Ledger()
    free, pledged = ledger.account("fund", "USD"), ledger.account("fund", "USD", "exchange-alpha")
    ledger.post(Transfer(ledger.account(OUTSIDE, "USD"), free, 100))
    ledger.post(Transfer(free, pledged, 60))      # LedgerResult.DONE
    ledger.post(Transfer(free, pledged, 60))      # LedgerResult.INSUFFICIENT, and nothing changed
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from trading_ecosystem.domains.custodian.recollection import Recollection
from trading_ecosystem.messages.units import MinorUnits

OUTSIDE: Final = ""
"""Owner of the accounts that stand for the world outside; no customer can have this name."""
FREE: Final = ""
"""Place of an amount that is pledged to no venue."""
REMEMBERED_RESOLUTIONS: Final = 10_000
"""How many posted or voided numbers are remembered; an older one is ``UNKNOWN_NUMBER`` again."""


class LedgerResult(enum.StrEnum):
    """What became of a request to the ledger; everything but ``DONE`` changed nothing. Checked in this order."""

    DONE = "done"
    NUMBER_IN_USE = "number_in_use"
    """The number names a pending, posted or voided group already."""
    UNKNOWN_NUMBER = "unknown_number"
    ALREADY_POSTED = "already_posted"
    ALREADY_VOIDED = "already_voided"
    INVALID_AMOUNT = "invalid_amount"
    """An amount that is not positive."""
    SAME_ACCOUNT = "same_account"
    DIFFERENT_ASSETS = "different_assets"
    INSUFFICIENT = "insufficient"
    """A customer's account has less than the amount posted and not held back."""


class Account:
    """One account. ``posted`` is credits minus debits; pending amounts are not in it."""

    __slots__ = ("asset", "owner", "pending_credits", "pending_debits", "place", "posted")

    def __init__(self, owner: str, asset: str, place: str) -> None:
        self.owner = owner
        self.asset = asset
        self.place = place
        self.posted: MinorUnits = 0
        self.pending_debits: MinorUnits = 0
        self.pending_credits: MinorUnits = 0

    @property
    def available(self) -> MinorUnits:
        """What can be spent now: posted minus what pending transfers hold back."""
        return self.posted - self.pending_debits


class Transfer(msgspec.Struct, frozen=True):
    """An amount to move from the debit account to the credit account."""

    debit: Account
    credit: Account
    amount_minor: MinorUnits


class Ledger:
    """All accounts of one custodian."""

    def __init__(self) -> None:
        self._accounts: dict[tuple[str, str, str], Account] = {}
        self._at_place: dict[str, list[Account]] = {}
        self._pending: dict[int, tuple[Transfer, ...]] = {}
        self._posted_numbers = Recollection(REMEMBERED_RESOLUTIONS)
        self._voided_numbers = Recollection(REMEMBERED_RESOLUTIONS)

    def account(self, owner: str, asset: str, place: str = FREE) -> Account:
        """The account, opened with nothing in it if it was not there."""
        key = (owner, asset, place)
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = Account(owner, asset, place)
            self._at_place.setdefault(place, []).append(account)
        return account

    def accounts(self) -> list[Account]:
        """Every account, ordered by owner, asset and place."""
        return [self._accounts[key] for key in sorted(self._accounts)]

    def accounts_at(self, place: str) -> list[Account]:
        """Every account at one place, in the order in which they were opened."""
        return list(self._at_place.get(place, ()))

    def total(self, asset: str) -> MinorUnits:
        """Posted amounts of an asset over all accounts and the outside: zero, always."""
        return sum(account.posted for account in self._accounts.values() if account.asset == asset)

    def held(self, asset: str) -> MinorUnits:
        """Posted amounts of an asset over the customers' accounts: what came in and did not leave."""
        return sum(account.posted for account in self._accounts.values() if account.asset == asset and account.owner != OUTSIDE)

    def post(self, *transfers: Transfer) -> LedgerResult:
        """Post linked transfers in order, all or none; a later one may spend what an earlier one credited."""
        done = 0
        result = LedgerResult.DONE
        for transfer in transfers:
            result = _refusal(transfer)
            if result is not LedgerResult.DONE:
                break
            transfer.debit.posted -= transfer.amount_minor
            transfer.credit.posted += transfer.amount_minor
            done += 1
        if result is not LedgerResult.DONE:
            for transfer in transfers[:done]:
                transfer.debit.posted += transfer.amount_minor
                transfer.credit.posted -= transfer.amount_minor
        return result

    def reserve(self, number: int, *transfers: Transfer) -> LedgerResult:
        """Make linked transfers pending under a number of the caller's, all or none; their debits are held back from now on."""
        if number in self._pending or number in self._posted_numbers or number in self._voided_numbers:
            return LedgerResult.NUMBER_IN_USE
        done = 0
        result = LedgerResult.DONE
        for transfer in transfers:
            result = _refusal(transfer)
            if result is not LedgerResult.DONE:
                break
            transfer.debit.pending_debits += transfer.amount_minor
            transfer.credit.pending_credits += transfer.amount_minor
            done += 1
        if result is LedgerResult.DONE:
            self._pending[number] = transfers
        else:
            _let_go(transfers[:done])
        return result

    def post_pending(self, number: int) -> LedgerResult:
        """Post a pending group; it cannot be insufficient, because its amounts were held back."""
        transfers = self._pending.pop(number, None)
        if transfers is None:
            return self._resolution(number)
        _let_go(transfers)
        result = self.post(*transfers)
        assert result is LedgerResult.DONE, f"pending group {number} could not be posted: {result}"
        self._posted_numbers.add(number)
        return LedgerResult.DONE

    def void_pending(self, number: int) -> LedgerResult:
        """Give a pending group up; what it held back can be spent again."""
        transfers = self._pending.pop(number, None)
        if transfers is None:
            return self._resolution(number)
        _let_go(transfers)
        self._voided_numbers.add(number)
        return LedgerResult.DONE

    def _resolution(self, number: int) -> LedgerResult:
        if number in self._posted_numbers:
            return LedgerResult.ALREADY_POSTED
        return LedgerResult.ALREADY_VOIDED if number in self._voided_numbers else LedgerResult.UNKNOWN_NUMBER


def _refusal(transfer: Transfer) -> LedgerResult:
    debit, credit = transfer.debit, transfer.credit
    if transfer.amount_minor <= 0:
        return LedgerResult.INVALID_AMOUNT
    if debit is credit:
        return LedgerResult.SAME_ACCOUNT
    if debit.asset != credit.asset:
        return LedgerResult.DIFFERENT_ASSETS
    if debit.owner != OUTSIDE and debit.posted - debit.pending_debits < transfer.amount_minor:
        return LedgerResult.INSUFFICIENT
    return LedgerResult.DONE


def _let_go(transfers: tuple[Transfer, ...]) -> None:
    for transfer in transfers:
        transfer.debit.pending_debits -= transfer.amount_minor
        transfer.credit.pending_credits -= transfer.amount_minor
