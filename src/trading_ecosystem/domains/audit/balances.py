"""The sums that conservation and the claims equation compare, kept from what venues and custodians say, and the rules."""

from __future__ import annotations

import enum
from typing import Final

from trading_ecosystem.messages.audit import ConservationFinding
from trading_ecosystem.messages.units import MinorUnits, Nanos

UNTOUCHED: Final = -1
"""Stands for the sequence of an entry where there was none in the handling that is open."""


class ConservationRule(enum.StrEnum):
    """What must hold."""

    ASSETS_CONSERVED = "assets_conserved"
    """Per custodian and asset: free + pledged + pending withdrawals of all accounts = deposits - withdrawals posted."""
    CLAIMS_EQUATION = "claims_equation"
    """Per venue, account and asset: claim = pledged + net unsettled - pledges in flight - releases in flight.

    Variation that a venue told and its custodian has not posted is unsettled too."""
    NOTHING_NEGATIVE = "nothing_negative"
    """No free, pledged, available or held amount is below zero."""
    PLEDGE_CREDITED_ONCE = "pledge_credited_once"
    """A venue credits a claim as pledged only by a pledge that was said and not credited yet; numbers rise by one."""
    RELEASE_POSTED_ONCE = "release_posted_once"
    """A custodian posts a release only of a claim that a venue gave up, with its amount; numbers rise."""
    TRADE_AMOUNTS = "trade_amounts"
    """A trade id is matched once, between two accounts, for price times quantity in its scales and no negative fee."""
    FILLS_OF_TRADE = "fills_of_trade"
    """In the handling of a match each side but the venue's house has exactly one fill, which agrees; there is no other fill."""
    INSTRUCTION_OF_TRADE = "instruction_of_trade"
    """When a trade settles, each side's last instruction says what the trade says."""
    LEGS_POSTED = "legs_posted"
    """A settlement moves the pledged amounts by exactly both legs and the fee of its trade."""
    SETTLED_TOGETHER = "settled_together"
    """Both sides and the fee of a trade settle in one handling, once."""
    POSITIONS_BALANCE = "positions_balance"
    """Per venue and perpetual, positions add up to zero, and each is what its trades add up to."""
    VARIATION_BALANCES = "variation_balances"
    """The cash flows of a margin tick add up to zero, and each is what the account was said to be settled by."""
    VARIATION_AMOUNTS = "variation_amounts"
    """Variation is position times mark less the carried value; the fees are those of the trades since the last."""
    VARIATION_POSTED_ONCE = "variation_posted_once"
    """A custodian posts a flow only as a venue told it, once."""
    MARGIN_COVERED = "margin_covered"
    """Whoever is below the maintenance margin, or cannot pay variation, is being liquidated by the end of that handling.

    And nobody's position is closed by a venue who was not told."""


class ClaimSum:
    """One account's claim on a venue in one asset, and everything that it ought to add up to."""

    __slots__ = ("account", "asset", "claim", "pledged", "pledges", "releases", "reported", "sequence", "unsettled", "venue")

    def __init__(self, venue: str, account: str, asset: str) -> None:
        self.venue = venue
        self.account = account
        self.asset = asset
        self.claim: MinorUnits = 0
        self.pledged: MinorUnits = 0
        self.unsettled: MinorUnits = 0
        self.releases: MinorUnits = 0
        self.pledges: list[MinorUnits] = []
        self.reported: MinorUnits = 0
        self.sequence = UNTOUCHED
        """The entry that touched it last in the handling that is open, or ``UNTOUCHED``."""

    @property
    def expected(self) -> MinorUnits:
        """What the claim ought to be."""
        expected = self.pledged + self.unsettled - self.releases
        for pledge in self.pledges:
            expected -= pledge
        return expected


class AssetSum:
    """One asset at one custodian: what it holds in all, and what came in from outside and did not leave."""

    __slots__ = ("asset", "custodian", "held", "outside", "reported", "sequence")

    def __init__(self, custodian: str, asset: str) -> None:
        self.custodian = custodian
        self.asset = asset
        self.held: MinorUnits = 0
        self.outside: MinorUnits = 0
        self.reported: MinorUnits = 0
        self.sequence = UNTOUCHED


class Balances:
    """Every amount said of accounts, the sums over them, and which of these the open handling touched.

    ``sequence`` and ``at`` are those of the entry being read, for what is found in it.
    """

    def __init__(self) -> None:
        self.sequence = UNTOUCHED
        self.at: Nanos = 0
        self.found: list[ConservationFinding] = []
        self._claims: dict[tuple[str, str, str], ClaimSum] = {}
        self._assets: dict[tuple[str, str], AssetSum] = {}
        self._free: dict[tuple[str, str, str], MinorUnits] = {}
        self._pledged: dict[tuple[str, str, str, str], MinorUnits] = {}
        self._touched_claims: list[ClaimSum] = []
        self._touched_assets: list[AssetSum] = []

    def find(self, rule: ConservationRule, detail: str, sequence: int | None = None) -> None:
        """Note a finding at an entry, by default the one being read."""
        self.found.append(ConservationFinding(self.sequence if sequence is None else sequence, self.at, rule.value, detail))

    def claim(self, venue: str, account: str, asset: str) -> ClaimSum:
        """The sums of one claim, not marked as touched."""
        key = (venue, account, asset)
        claim = self._claims.get(key)
        if claim is None:
            claim = self._claims[key] = ClaimSum(venue, account, asset)
        return claim

    def touch(self, claim: ClaimSum) -> None:
        """Have a claim compared at the end of the handling."""
        if claim.sequence == UNTOUCHED:
            self._touched_claims.append(claim)
        claim.sequence = self.sequence

    def touched_asset(self, custodian: str, asset: str) -> AssetSum:
        """The sums of one asset, to be compared at the end of the handling."""
        key = (custodian, asset)
        total = self._assets.get(key)
        if total is None:
            total = self._assets[key] = AssetSum(custodian, asset)
        if total.sequence == UNTOUCHED:
            self._touched_assets.append(total)
        total.sequence = self.sequence
        return total

    def pledged(self, custodian: str, account: str, venue: str, asset: str) -> MinorUnits:
        """The pledged amount last said."""
        return self._pledged.get((custodian, account, venue, asset), 0)

    def set_free(self, custodian: str, account: str, asset: str, after: MinorUnits) -> None:
        """A free amount was said."""
        key = (custodian, account, asset)
        self.touched_asset(custodian, asset).held += after - self._free.get(key, 0)
        self._free[key] = after
        if after < 0:
            self.find(ConservationRule.NOTHING_NEGATIVE, f"free {asset} of {account} is {after}")

    def set_pledged(self, custodian: str, account: str, venue: str, asset: str, after: MinorUnits) -> None:
        """A pledged amount was said."""
        key = (custodian, account, venue, asset)
        change = after - self._pledged.get(key, 0)
        self._pledged[key] = after
        self.touched_asset(custodian, asset).held += change
        claim = self.claim(venue, account, asset)
        claim.pledged += change
        self.touch(claim)
        if after < 0:
            self.find(ConservationRule.NOTHING_NEGATIVE, f"pledged {asset} of {account} at {venue} is {after}")

    def compare(self) -> None:
        """The handling ended: compare every sum that it touched."""
        for claim in self._touched_claims:
            expected = claim.expected
            difference = claim.claim - expected
            if difference and difference != claim.reported:
                detail = f"claim of {claim.account} in {claim.asset} at {claim.venue} is {claim.claim}, not {expected}"
                parts = (
                    f"pledged {claim.pledged}, unsettled {claim.unsettled}, releases {claim.releases}, pledges {claim.pledges}"
                )
                self.find(ConservationRule.CLAIMS_EQUATION, f"{detail}: {parts}", claim.sequence)
            claim.reported = difference
            claim.sequence = UNTOUCHED
        self._touched_claims.clear()
        for total in self._touched_assets:
            difference = total.held - total.outside
            if difference and difference != total.reported:
                detail = f"{total.custodian} holds {total.held} {total.asset}, and {total.outside} came in and did not leave"
                self.find(ConservationRule.ASSETS_CONSERVED, detail, total.sequence)
            total.reported = difference
            total.sequence = UNTOUCHED
        self._touched_assets.clear()
