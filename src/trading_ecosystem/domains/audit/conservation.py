"""Conservation and the claims equation, checked from the record alone, after every handling.

It knows nothing of how a venue or a custodian works; it adds up what they say. The entries of one handling stand
together in the record with equal sender, instant and cause, and amounts may disagree between two of them, so that the
sums are compared when the first entry of the next handling arrives, or in :meth:`ConservationCheck.finish`. The rules
are in :class:`~trading_ecosystem.domains.audit.balances.ConservationRule`. A sum that stays wrong is found once, and
again whenever the amount by which it is wrong changes.

In-flight amounts are counted when they are said, not when they arrive, so that a link that loses or repeats deliveries
breaks no rule: a pledge is in flight from ``AssetsPledged`` until the venue credits the claim, a release from
``ClaimReleased`` until the custodian posts it, a trade from ``TradeMatched`` until ``SettlementSettled`` (each side)
and ``TradeSettled`` (fees). A request that is repeated and answered again counts once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from trading_ecosystem.domains.audit.balances import UNTOUCHED, Balances, ConservationRule
from trading_ecosystem.domains.audit.clearing import CLEARING_RULES, ClearingCheck
from trading_ecosystem.domains.audit.trade_fills import TradeFills
from trading_ecosystem.domains.audit.trade_terms import (
    UnsettledTrade,
    corrected,
    fees_of,
    instruction_problem,
    legs_of,
    problems_of,
    rest_of,
    side_of,
    trade_name,
)
from trading_ecosystem.messages.audit import ConservationFinding
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import (
    AssetsPledged,
    SettlementInstructed,
    SettlementPartlySettled,
    SettlementSettled,
    TradeSettled,
    TransferKind,
    TransferPending,
    TransferPosted,
)
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import (
    ClaimChanged,
    ClaimReason,
    ClaimReleased,
    InstrumentListed,
    OrderFilled,
    TradeMatched,
)
from trading_ecosystem.messages.margin import PerpetualMatched
from trading_ecosystem.messages.test_coordination import ConditionEnded
from trading_ecosystem.messages.trading_phases import MatchCancelled, MatchCorrected
from trading_ecosystem.messages.units import MinorUnits
from trading_ecosystem.messages.venue_conditions import VenueConditionSet

_LINKS: Final = "links"
"""Who says what a broken link did."""


class ConservationCheck:
    """A fold over the record that finds every entry after which a rule does not hold."""

    def __init__(self) -> None:
        self._balances = Balances()
        self._clearing = ClearingCheck(self._balances)
        self._posted: dict[tuple[str, str, TransferKind, str, str], bool] = {}
        self._releases: dict[tuple[str, str, str, str], list[MinorUnits]] = {}
        self._release_numbers: dict[tuple[str, str], int] = {}
        self._pledge_numbers: dict[tuple[str, str], int] = {}
        self._trades: dict[tuple[str, str, int], UnsettledTrade] = {}
        self._instruments: dict[tuple[str, str], InstrumentListed] = {}
        self._open = False
        self._cause: int | None = None
        self._sender = ""
        self._settling: list[UnsettledTrade] = []
        self._trade_fills = TradeFills(self._balances)

    def ingest(self, entry: Entry) -> list[ConservationFinding]:
        """Read one entry; returns what was found in it, and in the handling before if this entry ends that."""
        if entry.sender == _LINKS:
            # What a broken link says about a delivery stands in the middle of the handling that sent it, and ends none.
            return []
        balances = self._balances
        if self._open and (entry.cause != self._cause or entry.at != balances.at or entry.sender != self._sender):
            self._conclude()
        kind = type(entry.message)
        rule, clearing_rule = _RULES.get(kind), CLEARING_RULES.get(kind)
        if rule is not None or clearing_rule is not None:
            if not self._open:
                self._open = True
                self._cause = entry.cause
                self._sender = entry.sender
                balances.at = entry.at
            balances.sequence = entry.sequence
            if rule is not None:
                rule(self, entry.message)
            if clearing_rule is not None:
                clearing_rule(self._clearing, entry.message)
        return self._findings() if balances.found else []

    def finish(self) -> list[ConservationFinding]:
        """The record ends here: returns what was found in its last handling."""
        if self._open:
            self._conclude()
        return self._findings()

    def _findings(self) -> list[ConservationFinding]:
        found = self._balances.found
        self._balances.found = []
        return found

    # What is said of claims and by venues.

    def _claim_changed(self, said: ClaimChanged) -> None:
        claim = self._balances.claim(said.venue, said.account, said.asset)
        if said.available_after < 0 or said.held_after < 0:
            detail = f"claim at {said.venue}: available {said.available_after}, held {said.held_after}"
            self._balances.find(ConservationRule.NOTHING_NEGATIVE, f"{said.account} {said.asset} {detail}")
        total = said.available_after + said.held_after
        change = total - claim.claim
        if not change:
            return
        claim.claim = total
        self._balances.touch(claim)
        if said.reason is ClaimReason.PLEDGED:
            if change in claim.pledges:
                claim.pledges.remove(change)
            else:
                detail = f"{said.account} {said.asset} at {said.venue} was credited {change}"
                self._balances.find(ConservationRule.PLEDGE_CREDITED_ONCE, f"{detail}; pledges in flight: {claim.pledges}")

    def _claim_released(self, said: ClaimReleased) -> None:
        numbers = (said.custodian, said.venue)
        last = self._release_numbers.get(numbers, 0)
        if said.number <= last:
            detail = f"release {said.transfer_id} of {said.account} at {said.venue} has number {said.number} after {last}"
            self._balances.find(ConservationRule.RELEASE_POSTED_ONCE, detail)
        self._release_numbers[numbers] = said.number
        key = (said.custodian, said.venue, said.account, said.transfer_id)
        self._releases.setdefault(key, []).append(said.amount_minor)
        claim = self._balances.claim(said.venue, said.account, said.asset)
        claim.releases += said.amount_minor
        self._balances.touch(claim)

    def _instrument_listed(self, said: InstrumentListed) -> None:
        self._instruments[said.venue, said.instrument] = said

    def _order_filled(self, said: OrderFilled) -> None:
        self._trade_fills.filled(said)

    def _trade_matched(self, said: TradeMatched) -> None:
        self._trade_fills.matched(said)
        key = (said.venue, said.instrument, said.trade_id)
        if key in self._trades:
            self._balances.find(ConservationRule.TRADE_AMOUNTS, f"{trade_name(said)} was matched twice")
        self._check_amounts(said)
        self._trades[key] = UnsettledTrade(said)
        self._unsettle(said, 1)

    def _unsettle(self, match: TradeMatched, sign: int) -> None:
        """A trade is unsettled from now on (+1), or not any more (-1)."""
        for account, asset, amount in legs_of(match):
            claim = self._balances.claim(match.venue, account, asset)
            claim.unsettled += sign * amount
            self._balances.touch(claim)

    def _match_changed(self, said: MatchCancelled | MatchCorrected) -> None:
        """A trade was busted or corrected; only one that is unsettled can be."""
        key = (said.venue, said.instrument, said.trade_id)
        trade = self._trades.get(key)
        if trade is None:
            detail = f"trade {said.trade_id} in {said.instrument} at {said.venue} was changed and is not unsettled"
            self._balances.find(ConservationRule.TRADE_AMOUNTS, detail)
            return
        self._unsettle(trade.match, -1)
        if isinstance(said, MatchCancelled):
            del self._trades[key]
            return
        trade.instructed.clear()
        trade.match = corrected(trade.match, said)
        self._check_amounts(trade.match)
        self._unsettle(trade.match, 1)

    def _perpetual_matched(self, said: PerpetualMatched) -> None:
        self._trade_fills.matched(said)

    def _condition_set(self, said: VenueConditionSet) -> None:
        self._trade_fills.condition_set(said)

    def _condition_ended(self, said: ConditionEnded) -> None:
        self._trade_fills.condition_ended(said)

    def _check_amounts(self, said: TradeMatched) -> None:
        for problem in problems_of(said, self._instruments.get((said.venue, said.instrument))):
            self._balances.find(ConservationRule.TRADE_AMOUNTS, f"{trade_name(said)}: {problem}")

    # What is said by custodians.

    def _assets_pledged(self, said: AssetsPledged) -> None:
        numbers = (said.custodian, said.venue)
        last = self._pledge_numbers.get(numbers, 0)
        if said.number != last + 1:
            self._balances.find(
                ConservationRule.PLEDGE_CREDITED_ONCE, f"pledge to {said.venue} has number {said.number} after {last}"
            )
        self._pledge_numbers[numbers] = said.number
        claim = self._balances.claim(said.venue, said.account, said.asset)
        claim.pledges.append(said.amount_minor)
        self._balances.touch(claim)

    def _transfer_pending(self, said: TransferPending) -> None:
        self._balances.set_free(said.custodian, said.account, said.asset, said.free_after)
        key = (said.custodian, said.account, said.kind, "", said.transfer_id)
        if said.kind is TransferKind.WITHDRAWAL and key not in self._posted:
            self._posted[key] = False
            self._balances.touched_asset(said.custodian, said.asset).held += said.amount_minor

    def _transfer_posted(self, said: TransferPosted) -> None:
        custodian, account, asset, amount, venue = said.custodian, said.account, said.asset, said.amount_minor, said.venue
        self._balances.set_free(custodian, account, asset, said.free_after)
        if venue:
            self._balances.set_pledged(custodian, account, venue, asset, said.pledged_after)
        key = (custodian, account, said.kind, venue, said.transfer_id)
        posted = self._posted.get(key)
        if posted and said.kind is not TransferKind.RELEASE:
            return
        self._posted[key] = True
        if said.kind is TransferKind.DEPOSIT:
            self._balances.touched_asset(custodian, asset).outside += amount
        elif said.kind is TransferKind.WITHDRAWAL:
            total = self._balances.touched_asset(custodian, asset)
            total.outside -= amount
            if posted is False:
                total.held -= amount
        elif said.kind is TransferKind.RELEASE:
            self._release_posted(said)

    def _release_posted(self, said: TransferPosted) -> None:
        key = (said.custodian, said.venue, said.account, said.transfer_id)
        given_up = self._releases.get(key, [])
        if said.amount_minor not in given_up:
            detail = f"{said.account} release {said.transfer_id} of {said.amount_minor} {said.asset} was posted"
            self._balances.find(ConservationRule.RELEASE_POSTED_ONCE, f"{detail}; {said.venue} gave up {given_up}")
            return
        given_up.remove(said.amount_minor)
        if not given_up:
            del self._releases[key]
        claim = self._balances.claim(said.venue, said.account, said.asset)
        claim.releases -= said.amount_minor
        self._balances.touch(claim)

    def _instructed(self, said: SettlementInstructed) -> None:
        trade = self._trades.get((said.venue, said.instrument, said.trade_id))
        if trade is None:
            self._balances.find(ConservationRule.INSTRUCTION_OF_TRADE, f"{trade_name(said)} is instructed and was not matched")
            return
        problem = instruction_problem(said, trade.match)
        if problem is None:
            trade.instructed.pop(said.account, None)
        else:
            trade.instructed[said.account] = problem

    def _partly_settled(self, said: SettlementPartlySettled) -> None:
        trade = self._trades.get((said.venue, said.instrument, said.trade_id))
        after = {line.asset: line.pledged_after for line in said.pledged_after}
        if trade is None or said.account not in (trade.match.buyer, trade.match.seller) or said.account in trade.part:
            detail = f"{trade_name(said)} has no part to settle for {said.account}"
            self._balances.find(ConservationRule.SETTLED_TOGETHER, detail)
            for asset, amount in after.items():
                self._balances.set_pledged(said.custodian, said.account, said.venue, asset, amount)
            return
        self._settle_part(trade)
        trade.part[said.account] = (said.base_minor, said.quote_minor)
        sign = 1 if said.account == trade.match.buyer else -1
        for asset, change in (
            (trade.match.base_asset, sign * said.base_minor),
            (trade.match.quote_asset, -sign * said.quote_minor),
        ):
            self._post_leg(said, said.account, asset, change, after.get(asset))

    def _settled(self, said: SettlementSettled) -> None:
        trade = self._trades.get((said.venue, said.instrument, said.trade_id))
        after = {line.asset: line.pledged_after for line in said.pledged_after}
        bought = trade is not None and said.account == trade.match.buyer
        if (
            trade is None
            or not (bought or said.account == trade.match.seller)
            or (trade.buyer_settled if bought else trade.seller_settled)
        ):
            self._balances.find(
                ConservationRule.SETTLED_TOGETHER, f"{trade_name(said)} has nothing to settle for {said.account}"
            )
            for asset, amount in after.items():
                self._balances.set_pledged(said.custodian, said.account, said.venue, asset, amount)
            return
        self._settle_part(trade)
        if said.account in trade.instructed:
            self._balances.find(ConservationRule.INSTRUCTION_OF_TRADE, trade.instructed[said.account])
        if bought:
            trade.buyer_settled = True
        else:
            trade.seller_settled = True
        for account, asset, change in side_of(trade.match, bought=bought):
            self._post_leg(said, account, asset, change, after.get(asset))

    def _trade_settled(self, said: TradeSettled) -> None:
        trade = self._trades.pop((said.venue, said.instrument, said.trade_id), None)
        if trade is None:
            self._balances.find(ConservationRule.SETTLED_TOGETHER, f"{trade_name(said)} is settled and was not unsettled")
            self._balances.set_pledged(said.custodian, said.fee_account, said.venue, said.fee_asset, said.fee_pledged_after)
            return
        self._settle_part(trade)
        match = trade.match
        if (said.buyer, said.seller, said.fee_account) != (match.buyer, match.seller, match.fee_account):
            self._balances.find(ConservationRule.SETTLED_TOGETHER, f"{trade_name(said)} is settled between other accounts")
        account, asset, change = fees_of(match)
        self._post_leg(said, account, asset, change, said.fee_pledged_after)

    def _post_leg(
        self,
        said: SettlementPartlySettled | SettlementSettled | TradeSettled,
        account: str,
        asset: str,
        change: MinorUnits,
        after: MinorUnits | None,
    ) -> None:
        """One amount of a trade is settled: it leaves the unsettled net, and the pledged amount must move by it."""
        claim = self._balances.claim(said.venue, account, asset)
        claim.unsettled -= change
        self._balances.touch(claim)
        before = self._balances.pledged(said.custodian, account, said.venue, asset)
        if after is None or after - before != change:
            detail = f"pledged {asset} of {account} went from {before} to {after}, not by {change}"
            self._balances.find(ConservationRule.LEGS_POSTED, f"{trade_name(said)}: {detail}")
        if after is not None:
            self._balances.set_pledged(said.custodian, account, said.venue, asset, after)

    def _settle_part(self, trade: UnsettledTrade) -> None:
        if trade.sequence == UNTOUCHED:
            self._settling.append(trade)
        trade.sequence = self._balances.sequence

    def _conclude(self) -> None:
        """The handling that is open ended: compare every sum that it touched."""
        self._open = False
        self._balances.compare()
        for trade in self._settling:
            self._conclude_settlement(trade)
        self._settling.clear()
        self._trade_fills.conclude()
        self._clearing.conclude()

    def _conclude_settlement(self, trade: UnsettledTrade) -> None:
        match = trade.match
        if trade.part:
            self._conclude_part(trade)
            return
        unsettled = self._trades.get((match.venue, match.instrument, match.trade_id)) is trade
        if unsettled or not (trade.buyer_settled and trade.seller_settled):
            parts = f"buyer {trade.buyer_settled}, seller {trade.seller_settled}, fees {not unsettled}"
            self._balances.find(
                ConservationRule.SETTLED_TOGETHER, f"{trade_name(match)} settled in part: {parts}", trade.sequence
            )
        trade.sequence = UNTOUCHED

    def _conclude_part(self, trade: UnsettledTrade) -> None:
        first, *others = trade.part.values()
        if others != [first]:
            detail = f"{trade_name(trade.match)} settled different parts: {trade.part}"
            self._balances.find(ConservationRule.SETTLED_TOGETHER, detail, trade.sequence)
        trade.match = rest_of(trade.match, *first)
        trade.part = {}
        trade.sequence = UNTOUCHED


_RULES: Final[dict[type[Message], Callable[[ConservationCheck, Any], None]]] = {
    ClaimChanged: ConservationCheck._claim_changed,
    ClaimReleased: ConservationCheck._claim_released,
    InstrumentListed: ConservationCheck._instrument_listed,
    OrderFilled: ConservationCheck._order_filled,
    TradeMatched: ConservationCheck._trade_matched,
    MatchCancelled: ConservationCheck._match_changed,
    MatchCorrected: ConservationCheck._match_changed,
    PerpetualMatched: ConservationCheck._perpetual_matched,
    AssetsPledged: ConservationCheck._assets_pledged,
    TransferPending: ConservationCheck._transfer_pending,
    TransferPosted: ConservationCheck._transfer_posted,
    SettlementInstructed: ConservationCheck._instructed,
    SettlementPartlySettled: ConservationCheck._partly_settled,
    SettlementSettled: ConservationCheck._settled,
    TradeSettled: ConservationCheck._trade_settled,
    VenueConditionSet: ConservationCheck._condition_set,
    ConditionEnded: ConservationCheck._condition_ended,
}
