"""Who calls, and what a key lets them do."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from trading_ecosystem.ports.errors import Forbidden


class Scope(enum.StrEnum):
    """What a key may be used for. One does not contain another."""

    READ = "read"
    """Market data, and everything about the key's own accounts."""
    TRADE = "trade"
    """Open accounts on venues, place and cancel orders, start and stop strategies."""
    CUSTODY = "custody"
    """Open custody accounts; deposit, withdraw, pledge and release assets."""
    APPROVE = "approve"
    """Approve transfers that others asked for."""
    RISK = "risk"
    """Change limits, handle alerts, register monitors and report their alerts."""
    CONTROL = "control"
    """Faults, scenarios, components, the clock, metrics."""
    AUDIT = "audit"
    """The whole record, and what was found in it."""


EVERY_ACCOUNT: Final = "*"
"""As one of a key's accounts: all of them."""
PRODUCTION_SCOPES: Final = (Scope.READ, Scope.TRADE, Scope.CUSTODY, Scope.APPROVE, Scope.RISK)
"""The scopes of the production face."""


class Caller(msgspec.Struct, frozen=True):
    """Whoever a key was given to: its scopes, and the accounts that it is bound to, sub-accounts included."""

    key_id: str
    scopes: frozenset[Scope]
    accounts: tuple[str, ...]

    def owns(self, account: str) -> bool:
        """Whether the key is bound to this account or to one above it."""
        return any(one in (EVERY_ACCOUNT, account) or account.startswith(f"{one}/") for one in self.accounts)

    def require(self, scope: Scope, account: str | None = None) -> None:
        """Raise :class:`Forbidden` unless the key has this scope and, where one is named, owns the account.

        What is refused does not depend on whether the account exists.
        """
        if scope not in self.scopes:
            raise Forbidden(f"this key lacks the scope {scope.value}")
        if account is not None and not self.owns(account):
            raise Forbidden(f"this key is not bound to account {account}")
