"""Perpetuals, checked from the record alone: positions, variation, its posting, and that nobody short of margin is let be.

Positions and carried values are added up from the trades (``PerpetualMatched``) and held against what the venue says of each
account; what variation should come to follows from them and the mark that the venue said. The rules are in
:class:`~trading_ecosystem.domains.audit.balances.ConservationRule`; sums are compared when a handling ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from trading_ecosystem.domains.audit.balances import Balances, ConservationRule
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import ClearingPosted, VariationPosted
from trading_ecosystem.messages.margin import (
    DeficitCovered,
    LiquidationEnded,
    LiquidationOrdered,
    LiquidationStarted,
    MarginChanged,
    MarkPriceChanged,
    PerpetualMatched,
    PositionReported,
    VariationInstructed,
    VariationSettled,
)
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, MinorUnits, Ticks


class _Holding:
    """One account's position in one perpetual, as its trades and variations add up."""

    __slots__ = ("carried", "fees_due", "lots")

    def __init__(self) -> None:
        self.lots: Lots = 0
        self.carried: MinorUnits = 0
        self.fees_due: MinorUnits = 0


class ClearingCheck:
    """The part of conservation that is about perpetuals."""

    def __init__(self, balances: Balances) -> None:
        self._balances = balances
        self._holdings: dict[tuple[str, str, str], _Holding] = {}
        self._marks: dict[tuple[str, str], Ticks] = {}
        self._unposted: dict[tuple[str, int, str], tuple[MinorUnits, str]] = {}
        self._reported: dict[tuple[str, str, str], PositionReported] = {}
        self._liquidated: dict[tuple[str, str], bool] = {}
        """The accounts in liquidation; false for one whose liquidation ended in the handling that is open."""
        self._short: dict[tuple[str, str], int] = {}
        """The accounts found short of margin in the handling that is open, and by which entry."""
        self._settled: dict[tuple[str, int], dict[str, MinorUnits]] = {}

    def mark_price_changed(self, said: MarkPriceChanged) -> None:
        """A venue values positions at this price from now on."""
        self._marks[said.venue, said.instrument] = said.mark_ticks

    def matched(self, said: PerpetualMatched) -> None:
        """Two positions move by the same lots and the same notional."""
        notional = INSTRUMENTS[said.instrument].notional(said.price_ticks, said.quantity_lots)
        if said.buyer == said.seller:
            self._find(ConservationRule.POSITIONS_BALANCE, f"{said.buyer} traded {said.instrument} with itself")
        for account, sign, fee in ((said.buyer, 1, said.buyer_fee_minor), (said.seller, -1, said.seller_fee_minor)):
            holding = self._holding(said.venue, account, said.instrument)
            holding.lots += sign * said.quantity_lots
            holding.carried += sign * notional
            holding.fees_due += fee
            report = self._reported.pop((said.venue, account, said.instrument), None)
            expected = (holding.lots, holding.carried, holding.fees_due)
            if report is None or (report.position_lots, report.carried_minor, report.fees_due_minor) != expected:
                detail = f"{account} was told {report} after trade {said.trade_id}; its trades add up to {expected}"
                self._find(ConservationRule.POSITIONS_BALANCE, detail)

    def position_reported(self, said: PositionReported) -> None:
        """A venue says the position after a trade, just before the trade itself."""
        self._reported[said.venue, said.account, said.instrument] = said

    def variation_settled(self, said: VariationSettled) -> None:
        """An account was settled: every line must follow from its position and the mark."""
        due = 0
        for line in said.lines:
            holding = self._holding(said.venue, said.account, line.instrument)
            value = line.position_lots * line.mark_ticks * INSTRUMENTS[line.instrument].tick_value
            expected = (holding.lots, self._marks.get((said.venue, line.instrument)), value - holding.carried, holding.fees_due)
            found = (line.position_lots, line.mark_ticks, line.variation_minor, line.fee_minor)
            if found != expected:
                detail = f"{said.account} is settled in {line.instrument} as {found}, not {expected}"
                self._find(ConservationRule.VARIATION_AMOUNTS, detail)
            holding.lots, holding.carried, holding.fees_due = line.position_lots, value, 0
            due += line.variation_minor - line.fee_minor
        if said.lines and due != said.due_minor and not said.account.startswith(f"{said.venue}-"):
            self._find(ConservationRule.VARIATION_AMOUNTS, f"{said.account} is due {said.due_minor}, and its lines {due}")
        self._settled.setdefault((said.venue, said.number), {})[said.account] = said.settled_minor

    def variation_instructed(self, said: VariationInstructed) -> None:
        """The flows of a tick: they add up to zero and agree with what accounts were told."""
        total = 0
        told = self._settled.pop((said.venue, said.number), {})
        for flow in said.flows:
            total += flow.amount_minor
            if told.pop(flow.account, 0) != flow.amount_minor:
                detail = f"flow {said.number} of {flow.account} is {flow.amount_minor}, which it was not told"
                self._find(ConservationRule.VARIATION_BALANCES, detail)
            if flow.account != said.clearing_account:
                self._unposted[said.venue, said.number, flow.account] = (flow.amount_minor, said.clearing_account)
                self._unsettle(said.venue, flow.account, said.asset, flow.amount_minor)
                self._unsettle(said.venue, said.clearing_account, said.asset, -flow.amount_minor)
        if total or any(told.values()):
            self._find(
                ConservationRule.VARIATION_BALANCES, f"flows {said.number} of {said.venue} add up to {total}; left: {told}"
            )

    def variation_posted(self, said: VariationPosted) -> None:
        """A custodian posted a flow between an account and the clearing account."""
        amount, clearing = self._unposted.pop((said.venue, said.number, said.account), (None, ""))
        before = self._balances.pledged(said.custodian, said.account, said.venue, said.asset)
        if amount != said.amount_minor or said.pledged_after - before != said.amount_minor:
            detail = f"flow {said.number} of {said.account}: {said.amount_minor} was posted, told was {amount}"
            self._find(ConservationRule.VARIATION_POSTED_ONCE, f"{detail}; pledged {before}, then {said.pledged_after}")
        if amount is not None:
            self._unsettle(said.venue, said.account, said.asset, -amount)
            self._unsettle(said.venue, clearing, said.asset, amount)
        self._balances.set_pledged(said.custodian, said.account, said.venue, said.asset, said.pledged_after)

    def clearing_posted(self, said: ClearingPosted) -> None:
        """What the clearing account has pledged after flows were posted."""
        self._balances.set_pledged(said.custodian, said.clearing_account, said.venue, said.asset, said.pledged_after)

    def margin_changed(self, said: MarginChanged) -> None:
        """Where an account stands; below the maintenance margin it has to be in liquidation."""
        if said.equity_minor < said.maintenance_minor:
            self._short[said.venue, said.account] = self._balances.sequence

    def deficit_covered(self, said: DeficitCovered) -> None:
        """An account could not pay; it has to be in liquidation, unless it is the venue's own."""
        if not said.account.startswith(f"{said.venue}-"):
            self._short[said.venue, said.account] = self._balances.sequence

    def liquidation_started(self, said: LiquidationStarted) -> None:
        """An account is liquidated from now on."""
        self._liquidated[said.venue, said.account] = True

    def liquidation_ordered(self, said: LiquidationOrdered) -> None:
        """An order closes some of an account's position; it must have been told that it is liquidated."""
        if not self._liquidated.get((said.venue, said.account)):
            detail = f"{said.account} is liquidated at {said.venue} and was not told"
            self._find(ConservationRule.MARGIN_COVERED, detail)

    def liquidation_ended(self, said: LiquidationEnded) -> None:
        """An account is liquidated no longer."""
        self._liquidated[said.venue, said.account] = False

    def conclude(self) -> None:
        """The handling ended: whoever was short in it must have been in liquidation."""
        if self._short:
            for (venue, account), sequence in self._short.items():
                if (venue, account) not in self._liquidated:
                    detail = f"{account} is short of margin at {venue} and is not liquidated"
                    self._balances.find(ConservationRule.MARGIN_COVERED, detail, sequence)
            self._short.clear()
        if not all(self._liquidated.values()):
            self._liquidated = {key: True for key, under_way in self._liquidated.items() if under_way}

    def _holding(self, venue: str, account: str, instrument: str) -> _Holding:
        return self._holdings.setdefault((venue, account, instrument), _Holding())

    def _unsettle(self, venue: str, account: str, asset: str, amount: MinorUnits) -> None:
        claim = self._balances.claim(venue, account, asset)
        claim.unsettled += amount
        self._balances.touch(claim)

    def _find(self, rule: ConservationRule, detail: str) -> None:
        self._balances.find(rule, detail)


CLEARING_RULES: Final[dict[type[Message], Callable[[ClearingCheck, Any], None]]] = {
    MarkPriceChanged: ClearingCheck.mark_price_changed,
    PerpetualMatched: ClearingCheck.matched,
    PositionReported: ClearingCheck.position_reported,
    VariationSettled: ClearingCheck.variation_settled,
    VariationInstructed: ClearingCheck.variation_instructed,
    VariationPosted: ClearingCheck.variation_posted,
    ClearingPosted: ClearingCheck.clearing_posted,
    MarginChanged: ClearingCheck.margin_changed,
    DeficitCovered: ClearingCheck.deficit_covered,
    LiquidationStarted: ClearingCheck.liquidation_started,
    LiquidationOrdered: ClearingCheck.liquidation_ordered,
    LiquidationEnded: ClearingCheck.liquidation_ended,
}
