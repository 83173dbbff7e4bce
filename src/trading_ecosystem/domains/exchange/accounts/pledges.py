"""Assets that come to the venue and leave it: pledges credited, claims released.

The custodian numbers its pledges to a venue. Each number is credited once, whatever order they arrive in; one that never
arrives leaves a claim too small, which the custodian's reconciliation finds. A release is named by its account and
``transfer_id`` for 24 hours of ecosystem time: asked again in the same words it is answered with the claim as it is, and in
other words refused; nothing is given up twice.
"""

from __future__ import annotations

from collections import deque

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.orders.orders import REMEMBERED_NS
from trading_ecosystem.messages.custodian import AssetsPledged
from trading_ecosystem.messages.exchange import ClaimReason, ClaimReleased, ReleaseAssets, ReleaseRejected
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Said


class Pledges:
    """What the venue knows of pledges and releases."""

    __slots__ = ("_accounts", "_by_age", "_by_name", "_claims", "_custodian", "_missing", "_releases", "last_applied", "venue")

    def __init__(self, venue: str, custodian: str, accounts: Accounts, claims: Claims) -> None:
        self.venue = venue
        self._custodian = custodian
        self._accounts = accounts
        self._claims = claims
        self.last_applied = 0
        self._missing: dict[int, None] = {}
        self._releases = 0
        self._by_name: dict[tuple[str, str], ReleaseAssets] = {}
        self._by_age: deque[tuple[Nanos, ReleaseAssets]] = deque()

    def credit(self, message: AssetsPledged) -> Said:
        """Add a pledge to the account's claim, unless its number was credited before."""
        number = message.number
        if number > self.last_applied:
            for skipped in range(self.last_applied + 1, number):
                self._missing[skipped] = None
            self.last_applied = number
        elif number in self._missing:
            del self._missing[number]
        else:
            return ()
        claim = self._claims.of(message.account, message.asset)
        claim.move(message.amount_minor, 0)
        return [self._claims.changed(claim, ClaimReason.PLEDGED)]

    def release(self, message: ReleaseAssets, now: Nanos) -> Said:
        """Give up an available claim, or refuse."""
        self._forget_expired(now)
        name = (message.account, message.transfer_id)
        known = self._by_name.get(name)
        if known is None:
            if not self._accounts.may_release(message.account) or message.amount_minor <= 0:
                return [self._rejected(message)]
            claim = self._claims.of(message.account, message.asset)
            if claim.available < message.amount_minor:
                return [self._rejected(message)]
            self._by_name[name] = message
            self._by_age.append((now, message))
            claim.move(-message.amount_minor, 0)
            self._releases += 1
            released = ClaimReleased(
                self._custodian,
                self.venue,
                self._releases,
                message.account,
                message.transfer_id,
                message.asset,
                message.amount_minor,
            )
            return [self._claims.changed(claim, ClaimReason.RELEASED), released]
        if known != message:
            return [self._rejected(message)]
        return [self._claims.changed(self._claims.of(message.account, message.asset), ClaimReason.RELEASED)]

    def _rejected(self, message: ReleaseAssets) -> ReleaseRejected:
        return ReleaseRejected(self.venue, message.account, message.transfer_id, message.asset, message.amount_minor)

    def _forget_expired(self, now: Nanos) -> None:
        by_age = self._by_age
        while by_age and by_age[0][0] + REMEMBERED_NS <= now:
            message = by_age.popleft()[1]
            del self._by_name[(message.account, message.transfer_id)]
