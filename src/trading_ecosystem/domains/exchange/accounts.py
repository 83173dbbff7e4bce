"""Who may trade on a venue: accounts by name, a sub-account being ``master/sub``.

A sub-account is an account of its own: it has its own claims and orders, and its master has no share in them. What they
have in common is the firm (:func:`trading_ecosystem.messages.base.master_of`), which hears of all of them. A venue has three
accounts of its own, ``<venue>-house`` for the background flow, ``<venue>-fees``, and ``<venue>-clearing``, through which
variation on perpetuals is paid and whose own assets are the insurance fund; they are ordinary in claims, and take no orders.
"""

from __future__ import annotations

from trading_ecosystem.messages.base import master_of


class Accounts:
    """The accounts that were opened on one venue."""

    __slots__ = ("_opened", "clearing", "fees", "house", "own")

    def __init__(self, venue: str) -> None:
        self.house = f"{venue}-house"
        self.fees = f"{venue}-fees"
        self.clearing = f"{venue}-clearing"
        self.own = (self.house, self.fees, self.clearing)
        self._opened: dict[str, int] = {}

    def open(self, account: str) -> None:
        """Open an account; opening it again changes nothing."""
        self._opened.setdefault(account, len(self._opened) + 1)

    def __contains__(self, account: str) -> bool:
        return account in self._opened

    def number_of(self, account: str) -> int:
        """The number by which the books know an open account as an owner, from 1 on."""
        return self._opened[account]

    def may_trade(self, account: str) -> bool:
        """Whether orders are taken for it: it is open, and not one of the venue's own."""
        return account in self._opened and account not in self.own

    def of_master(self, master: str) -> tuple[str, ...]:
        """The open accounts of one firm, the master account among them where it is open, in order of name."""
        return tuple(sorted(account for account in self._opened if master_of(account) == master))
