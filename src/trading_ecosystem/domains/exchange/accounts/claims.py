"""What a venue owes: per account and asset, an *available* and a *held* amount, both never negative.

The assets themselves lie at the custodian, pledged to the venue; a claim is the venue's side of that. Their sum changes
with pledges, releases and trades; a hold only moves it from available to held:

- a limit buy holds price times quantity and the maximum fee, in the quote asset (see :mod:`..trades.fees`);
- a sell holds its quantity in the base asset (its fee comes out of the proceeds);
- a market buy holds as a limit buy would for what can trade at once, at the worst price it reaches in the book.

What a fill does not use of its share of the hold, because of a better price or a lower fee, returns with that fill; the
rest returns when the order leaves the book. What exactly is held, with fees in other assets too, is in :mod:`..orders.holds`.

Every change is a line of the venue's ledger: ``ClaimChanged`` with its ``line``, rising by one per venue. The last lines of
each account are kept here for questions, all of them as records.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

from trading_ecosystem.messages.exchange import ClaimChanged, ClaimLine, ClaimReason
from trading_ecosystem.messages.units import MinorUnits

LINES_KEPT: Final = 256
"""Of one account, for questions."""


class Claim(msgspec.Struct, gc=False):
    """One account's claim in one asset; shared by reference with those who change it often."""

    account: str
    asset: str
    available: MinorUnits = 0
    held: MinorUnits = 0

    def move(self, available: MinorUnits, held: MinorUnits) -> None:
        """Add to both amounts; an amount below zero is a bug of the caller."""
        self.available += available
        self.held += held
        assert self.available >= 0, f"claim of {self.account} in {self.asset}: available {self.available}"
        assert self.held >= 0, f"claim of {self.account} in {self.asset}: held {self.held}"


class Claims:
    """Every claim on one venue."""

    __slots__ = ("_by_account", "_ledger", "last_line", "venue")

    def __init__(self, venue: str) -> None:
        self.venue = venue
        self.last_line = 0
        self._ledger: dict[str, deque[ClaimChanged]] = {}
        self._by_account: dict[str, dict[str, Claim]] = {}

    def of(self, account: str, asset: str) -> Claim:
        """The claim of an account in an asset, zero from the start."""
        by_asset = self._by_account.get(account)
        if by_asset is None:
            by_asset = self._by_account[account] = {}
        claim = by_asset.get(asset)
        if claim is None:
            claim = by_asset[asset] = Claim(account, asset)
        return claim

    def changed(self, claim: Claim, reason: ClaimReason) -> ClaimChanged:
        """The claim as it is now, to be said after a change: the next line of the ledger."""
        self.last_line += 1
        account = claim.account
        changed = ClaimChanged(self.venue, account, claim.asset, claim.available, claim.held, reason, self.last_line)
        lines = self._ledger.get(account)
        if lines is None:
            lines = self._ledger[account] = deque(maxlen=LINES_KEPT)
        lines.append(changed)
        return changed

    def ledger(self, account: str, asset: str | None = None) -> tuple[ClaimChanged, ...]:
        """The last changes of an account's claims, oldest first, in one asset or in all."""
        return tuple(line for line in self._ledger.get(account, ()) if asset is None or line.asset == asset)

    def lines(self, account: str | None = None) -> tuple[ClaimLine, ...]:
        """Every claim that is not zero, of one account or of all, by account and asset."""
        chosen = sorted(self._by_account) if account is None else [account]
        return tuple(
            ClaimLine(claim.account, claim.asset, claim.available, claim.held)
            for name in chosen
            for _, claim in sorted(self._by_account.get(name, {}).items())
            if claim.available or claim.held
        )
