"""Reconciliation: what a venue says it owes, compared with what the ledger says it ought to owe.

An account's claim on a venue in one asset is expected to be its posted pledged amount, plus the net of its unsettled
trades and unposted variation (the venue moved those claims when it matched, or settled to the mark), less pledges that the
venue has not applied yet, less releases that the venue gave up and the ledger has not posted yet. Trades, variation,
releases and the statement come over one link in the order in which the venue said them, so a difference is a real one: a
message was lost, or one of the two sides counts wrongly.
"""

from __future__ import annotations

from trading_ecosystem.domains.custodian.ledger import Ledger
from trading_ecosystem.domains.custodian.settlement import Settlement
from trading_ecosystem.domains.custodian.transfers import Transfers
from trading_ecosystem.domains.custodian.variation import Variation
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import ReconciliationBreak, ReconciliationCompleted
from trading_ecosystem.messages.exchange import ClaimsReported
from trading_ecosystem.messages.units import MinorUnits
from trading_ecosystem.ports.component import Later


def reconcile(
    name: str,
    statement: ClaimsReported,
    ledger: Ledger,
    settlement: Settlement,
    transfers: Transfers,
    variation: Variation,
    said: list[Message | Later],
) -> None:
    """Compare a venue's statement with the ledger, and say every difference.

    Breaks are said in the order of the statement, then those of accounts that it omits, ordered by account and asset.
    An account that the ledger does not know is expected to have nothing.
    """
    venue = statement.venue
    expected: dict[tuple[str, str], MinorUnits] = {}
    for account in ledger.accounts_at(venue):
        net = settlement.net_unsettled(venue, account.owner, account.asset)
        net += variation.net_unposted(venue, account.owner, account.asset)
        expected[account.owner, account.asset] = account.posted + net
    for pledge in transfers.pledges_in_flight(venue, statement.pledges_applied):
        expected[pledge.account, pledge.asset] -= pledge.amount_minor
    for release in transfers.releases_in_flight(venue):
        key = (release.account, release.asset)
        expected[key] = expected.get(key, 0) - release.amount_minor
    breaks = 0
    for line in statement.claims:
        claim = line.available_minor + line.held_minor
        ought = expected.pop((line.account, line.asset), 0)
        if claim != ought:
            breaks += 1
            said.append(ReconciliationBreak(name, venue, line.account, line.asset, claim, ought))
    for (owner, asset), ought in sorted(expected.items()):
        if ought:
            breaks += 1
            said.append(ReconciliationBreak(name, venue, owner, asset, 0, ought))
    said.append(ReconciliationCompleted(name, venue, len(statement.claims), breaks))
