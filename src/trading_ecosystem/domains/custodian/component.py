"""The custodian as a component: who is called for which message, and when it wants to be woken."""

from __future__ import annotations

from typing import Any, ClassVar

from trading_ecosystem.domains.custodian.conditions import RANDOM_KINDS, Conditions
from trading_ecosystem.domains.custodian.ledger import OUTSIDE, Ledger
from trading_ecosystem.domains.custodian.parameters import CustodianParameters
from trading_ecosystem.domains.custodian.reconciliation import reconcile
from trading_ecosystem.domains.custodian.settlement import Settlement
from trading_ecosystem.domains.custodian.statements import Statements, holding_lines
from trading_ecosystem.domains.custodian.transfers import Transfers
from trading_ecosystem.domains.custodian.variation import Variation
from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.custodian import (
    AssetsPledged,
    ClearingPosted,
    CustodianConditionSet,
    CustodyAccountOpened,
    DepositAssets,
    HoldingLine,
    HoldingsQuestion,
    HoldingsStated,
    OpenCustodyAccount,
    PledgeAssets,
    ReconciliationBreak,
    ReconciliationCompleted,
    SettlementCancelled,
    SettlementFailed,
    SettlementInstructed,
    SettlementPartlySettled,
    SettlementSettled,
    TradeSettled,
    TransferPending,
    TransferPosted,
    TransferRejected,
    UnsettledQuestion,
    VariationPosted,
    WithdrawAssets,
)
from trading_ecosystem.messages.exchange import ClaimReleased, ClaimsReported, TradeMatched
from trading_ecosystem.messages.margin import VariationInstructed
from trading_ecosystem.messages.test_coordination import ConditionCleared, ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.trading_phases import DemoFundsGranted, MatchCancelled, MatchCorrected
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Begin, Component, Later, Said, WakeUp
from trading_ecosystem.ports.randomness import Randomness


class CustodyDue(WakeUp, frozen=True, gc=False):
    """Something of the custodian's falls due: an attempt to settle, a pending transfer, or the end of a condition."""


class StatementDue(WakeUp, frozen=True, gc=False):
    """It is time for a statement of holdings."""


class Custodian(Component):
    """One custodian.

    It keeps one wake-up outstanding, at the earliest instant at which anything falls due; when something earlier comes
    up it asks for another, and a wake-up that finds nothing due does nothing.
    """

    context: ClassVar[str] = "custodian"
    hears: ClassVar[dict[type[Any], str]] = {
        Begin: "begun",
        CustodyDue: "woken",
        StatementDue: "statement_due",
        TradeMatched: "trade_matched",
        MatchCancelled: "match_cancelled",
        MatchCorrected: "match_corrected",
        DemoFundsGranted: "demo_funds_granted",
        VariationInstructed: "variation_instructed",
        OpenCustodyAccount: "account_requested",
        DepositAssets: "transfer_requested",
        WithdrawAssets: "transfer_requested",
        PledgeAssets: "transfer_requested",
        ClaimReleased: "claim_released",
        ClaimsReported: "claims_reported",
        CustodianConditionSet: "condition_set",
        ConditionCleared: "condition_cleared",
    }
    says: ClassVar[tuple[type[Message], ...]] = (
        CustodyAccountOpened,
        TransferPending,
        TransferPosted,
        TransferRejected,
        HoldingsStated,
        AssetsPledged,
        SettlementInstructed,
        SettlementCancelled,
        SettlementPartlySettled,
        SettlementSettled,
        SettlementFailed,
        TradeSettled,
        VariationPosted,
        ClearingPosted,
        ReconciliationBreak,
        ReconciliationCompleted,
        ConditionTookEffect,
        ConditionEnded,
    )
    state_version: ClassVar[int] = 2
    answers: ClassVar[dict[type[Question], str]] = {
        HoldingsQuestion: "holdings",
        UnsettledQuestion: "unsettled",
    }

    def __init__(
        self,
        name: str,
        parameters: CustodianParameters,
        randomness: Randomness,
        accounts: frozenset[str] | None = None,
    ) -> None:
        super().__init__(name, accounts)
        self.parameters = parameters
        self.ledger = Ledger()
        self.conditions = Conditions(name, {kind: randomness.stream(name, kind.value) for kind in RANDOM_KINDS})
        self.settlement = Settlement(name, parameters.retry_every_ns, self.ledger, self.conditions)
        self.variation = Variation(name, parameters.retry_every_ns, self.ledger, self.conditions)
        self.transfers = Transfers(name, parameters, self.ledger, self.conditions)
        self.statements = Statements(name, self.ledger, self.conditions)
        self._last_number = 0
        self._wakes_at: Nanos | None = None

    def begun(self, message: Begin, now: Nanos) -> Said:
        """It was started; there is nothing to say yet but when to state holdings."""
        return [Later(StatementDue(), now + self.parameters.state_every_ns)]

    def statement_due(self, message: StatementDue, now: Nanos) -> Said:
        """State what every account holds."""
        said: list[Message | Later] = []
        self.statements.state(now, said)
        self.conditions.say_ended(now, said)
        said.append(Later(StatementDue(), now + self.parameters.state_every_ns))
        return said

    def woken(self, message: CustodyDue, now: Nanos) -> Said:
        """Do everything that is due."""
        if self._wakes_at is not None and self._wakes_at <= now:
            self._wakes_at = None
        return self._concluded([], now)

    def trade_matched(self, message: TradeMatched, now: Nanos) -> Said:
        """Make the one settlement instruction of a trade."""
        self._assert_served(message.venue)
        said: list[Message | Later] = []
        self.settlement.instruct(self._next_number(), message, now, said)
        return self._waking(said, now)

    def variation_instructed(self, message: VariationInstructed, now: Nanos) -> Said:
        """Post the cash flows of a venue's margin tick, as far as amounts suffice."""
        self._assert_served(message.venue)
        said: list[Message | Later] = []
        self._last_number = self.variation.instruct(self._last_number, message, now, said)
        return self._waking(said, now)

    def match_cancelled(self, message: MatchCancelled, now: Nanos) -> Said:
        """Drop the instruction of a trade that was busted."""
        self._assert_served(message.venue)
        said: list[Message | Later] = []
        self.settlement.cancel(message, said)
        return self._waking(said, now)

    def match_corrected(self, message: MatchCorrected, now: Nanos) -> Said:
        """Change the instruction of a trade that was corrected."""
        self._assert_served(message.venue)
        said: list[Message | Later] = []
        self.settlement.correct(message, said)
        return self._waking(said, now)

    def demo_funds_granted(self, message: DemoFundsGranted, now: Nanos) -> Said:
        """A venue's faucet: open the account, and take a deposit and a pledge for it like any other."""
        self._assert_served(message.venue)
        said: list[Message | Later] = []
        account, asset, amount = message.account, message.asset, message.amount_minor
        name = f"faucet-{message.venue}-{asset}-{message.request_id}"
        self.transfers.open(account)
        deposit = DepositAssets(self.name, account, f"{name}-deposit", asset, amount)
        self.transfers.request(self._next_number(), deposit, now, said)
        pledge = PledgeAssets(self.name, account, f"{name}-pledge", message.venue, asset, amount)
        self.transfers.request(self._next_number(), pledge, now, said)
        return self._waking(said, now)

    def account_requested(self, message: OpenCustodyAccount, now: Nanos) -> Said:
        """Open an account, or say again that it is open."""
        assert message.account != OUTSIDE, "an account needs a name"
        self.transfers.open(message.account)
        return (CustodyAccountOpened(self.name, message.account),)

    def transfer_requested(self, message: DepositAssets | WithdrawAssets | PledgeAssets, now: Nanos) -> Said:
        """Answer a deposit, withdrawal or pledge."""
        said: list[Message | Later] = []
        self.transfers.request(self._next_number(), message, now, said)
        if type(message) is PledgeAssets:
            self.transfers.attempt_releases(now, said)
        return self._waking(said, now)

    def claim_released(self, message: ClaimReleased, now: Nanos) -> Said:
        """Turn a claim that a venue gave up into free assets, now or as soon as the pledged amount suffices."""
        self._assert_served(message.venue)
        said: list[Message | Later] = []
        self.transfers.release(self._next_number(), message, now, said)
        return self._waking(said, now)

    def claims_reported(self, message: ClaimsReported, now: Nanos) -> Said:
        """Compare a venue's statement with the ledger."""
        self._assert_served(message.venue)
        said: list[Message | Later] = []
        reconcile(self.name, message, self.ledger, self.settlement, self.transfers, self.variation, said)
        return said

    def condition_set(self, message: CustodianConditionSet, now: Nanos) -> Said:
        """Misbehave from now on."""
        self.conditions.set(message, now)
        said: list[Message | Later] = []
        self.conditions.say_ended(now, said)
        return self._waking(said, now)

    def condition_cleared(self, message: ConditionCleared, now: Nanos) -> Said:
        """Stop misbehaving: what the condition held up is attempted now, oldest first."""
        freed = self.conditions.clear(message.condition_id, now)
        self.settlement.bring_forward(freed, now)
        self.variation.bring_forward(freed, now)
        self.transfers.bring_forward(freed, now)
        return self._concluded([], now)

    def holdings(self, question: HoldingsQuestion) -> tuple[HoldingLine, ...]:
        """What accounts hold, ordered by account, asset and venue; a free amount leaves out what a withdrawal holds back."""
        return holding_lines(self.ledger, question.account)

    def unsettled(self, question: UnsettledQuestion) -> tuple[SettlementInstructed, ...]:
        """Unsettled instructions, oldest first, the buyer's side before the seller's."""
        return self.settlement.unsettled(question.account)

    def _assert_served(self, venue: str) -> None:
        assert venue in self.parameters.venues, f"{self.name} does not serve {venue}"

    def _next_number(self) -> int:
        self._last_number += 1
        return self._last_number

    def _concluded(self, said: list[Message | Later], now: Nanos) -> Said:
        """Do what is due: settlements, then variation, then transfers, and then the ends of conditions."""
        self.settlement.reinstruct(self.conditions.mended(now), now, said)
        settled = self.settlement.attempt_due(now, said)
        self.variation.attempt(now, said, everything=settled)
        if settled:
            self.transfers.attempt_releases(now, said)
        self.transfers.attempt_due(now, said)
        self.conditions.say_ended(now, said)
        return self._waking(said, now)

    def _waking(self, said: list[Message | Later], now: Nanos) -> Said:
        """Ask to be woken at the earliest instant at which something is due, unless that was asked for already."""
        earliest = self._wakes_at
        due = (self.settlement.next_due(), self.variation.next_due(), self.transfers.next_due())
        for due_at in (*due, self.conditions.next_lapse(now)):
            if due_at is not None and (earliest is None or due_at < earliest):
                earliest = due_at
        if earliest is not None and earliest != self._wakes_at:
            self._wakes_at = max(earliest, now)
            said.append(Later(CustodyDue(), self._wakes_at))
        return said
