"""Who may do what on a venue: accounts by name, a sub-account being ``master/sub``, each with a status.

A sub-account is an account of its own: it has its own claims and orders, and its master has no share in them. What they
have in common is the firm (:func:`trading_ecosystem.messages.base.master_of`), which hears of all of them, and which has at
most ``MAXIMUM_SUB_ACCOUNTS`` of them. A venue has two accounts of its own, ``<venue>-house`` for the background flow and
``<venue>-fees``; they are ordinary in claims, and take no orders.

=========  ==========  ===========  =========  ===================
status     place,      cancel       release    receive (pledges,
           replace                             trades settling)
=========  ==========  ===========  =========  ===================
active     yes         yes          yes        yes
suspended  no          yes          no         yes
closed     no          no           yes        yes
=========  ==========  ===========  =========  ===================

Where the venue asks for it (``kyc_required``), placing, replacing and releasing need a ``verified`` customer too. Accounts are
opened active, and verified where the venue does not ask.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.messages.base import master_of
from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.trading_phases import AccountStatus, KycStatus

MAXIMUM_SUB_ACCOUNTS: Final = 100
"""Of one master account, which does not count itself."""


class Account(msgspec.Struct, gc=False):
    """One open account; ``number`` is what the books know it by as an owner, from 1 on."""

    name: str
    number: int
    status: AccountStatus
    kyc: KycStatus


class Accounts:
    """The accounts that were opened on one venue."""

    __slots__ = ("_kyc_required", "_opened", "_sub_accounts", "clearing", "fees", "house", "own")

    def __init__(self, venue: str, *, kyc_required: bool = False) -> None:
        self.house = f"{venue}-house"
        self.fees = f"{venue}-fees"
        self.clearing = f"{venue}-clearing"
        self.own = (self.house, self.fees, self.clearing)
        self._kyc_required = kyc_required
        self._opened: dict[str, Account] = {}
        self._sub_accounts: dict[str, int] = {}

    def open(self, name: str) -> bool:
        """Open an account; opening it again changes nothing. False where its master has too many, or it has no name."""
        if name in self._opened:
            return True
        master = master_of(name)
        if not master or name.endswith("/"):
            return False
        if master != name:
            count = self._sub_accounts.get(master, 0)
            if count >= MAXIMUM_SUB_ACCOUNTS:
                return False
            self._sub_accounts[master] = count + 1
        kyc = KycStatus.NONE if self._kyc_required else KycStatus.VERIFIED
        self._opened[name] = Account(name, len(self._opened) + 1, AccountStatus.ACTIVE, kyc)
        return True

    def __contains__(self, account: str) -> bool:
        return account in self._opened

    def get(self, name: str) -> Account | None:
        """An open account; ``None`` where there is none of this name."""
        return self._opened.get(name)

    def number_of(self, account: str) -> int:
        """The number by which the books know an open account as an owner, from 1 on."""
        return self._opened[account].number

    def set_status(self, account: Account, status: AccountStatus, kyc: KycStatus) -> None:
        """Give an account another status; a closed one stays closed."""
        if account.status is not AccountStatus.CLOSED:
            account.status = status
        account.kyc = kyc

    def refused(self, name: str) -> RejectReason | None:
        """Why no orders are taken for an account; the venue's own take none."""
        account = self._opened.get(name)
        if account is None or name in self.own:
            return RejectReason.UNKNOWN_ACCOUNT
        if account.status is AccountStatus.SUSPENDED:
            return RejectReason.ACCOUNT_SUSPENDED
        if account.status is AccountStatus.CLOSED:
            return RejectReason.ACCOUNT_CLOSED
        if self._kyc_required and account.kyc is not KycStatus.VERIFIED:
            return RejectReason.KYC_INCOMPLETE
        return None

    def may_trade(self, account: str) -> bool:
        """Whether orders are taken for it."""
        return self.refused(account) is None

    def may_release(self, name: str) -> bool:
        """Whether an account may take assets back to the custodian."""
        account = self._opened.get(name)
        if account is None or account.status is AccountStatus.SUSPENDED:
            return False
        return not self._kyc_required or account.kyc is KycStatus.VERIFIED

    def of_master(self, master: str) -> tuple[str, ...]:
        """The open accounts of one firm, the master account among them where it is open, in order of name."""
        return tuple(sorted(account for account in self._opened if master_of(account) == master))
