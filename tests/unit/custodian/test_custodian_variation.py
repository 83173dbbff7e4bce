"""Variation at the custodian: every flow once, none with what is not there, and the venue's statement agrees throughout."""

from __future__ import annotations

from typing import Any

import pytest

from trading_ecosystem.domains.custodian.component import Custodian, CustodyDue
from trading_ecosystem.domains.custodian.parameters import CustodianParameters
from trading_ecosystem.messages.custodian import (
    ClearingPosted,
    CustodianConditionKind,
    CustodianConditionSet,
    DepositAssets,
    HoldingsQuestion,
    OpenCustodyAccount,
    PledgeAssets,
    ReconciliationBreak,
    ReconciliationCompleted,
    VariationPosted,
)
from trading_ecosystem.messages.exchange import ClaimLine, ClaimsReported
from trading_ecosystem.messages.margin import CashFlow, VariationInstructed
from trading_ecosystem.messages.test_coordination import ConditionCleared
from trading_ecosystem.messages.units import MINUTE
from trading_ecosystem.ports.component import Begin, Later
from trading_ecosystem.runtime.randomness import SeededRandomness

VENUE = "alpha"
CLEARING = "alpha-clearing"


class Vault:
    """A custodian with ``long`` and ``short``, who have 100 USD each at the venue, and the claims that the venue counts."""

    def __init__(self, insurance: int = 0) -> None:
        self.custodian = Custodian("custodian", CustodianParameters((VENUE,)), SeededRandomness(1))
        self.now = 0
        self.pledges = 0
        self.claims: dict[str, int] = {}
        self.send(Begin())
        for account, amount in (("long", 100), ("short", 100), (CLEARING, insurance)):
            self.fund(account, amount)

    def send(self, message: Any) -> list[Any]:
        """Deliver a message; returns what is said besides wake-ups."""
        return [said for said in self.custodian.handle(message, self.now) if not isinstance(said, Later)]

    def fund(self, account: str, amount: int) -> None:
        """Deposit and pledge."""
        self.send(OpenCustodyAccount("custodian", account))
        if amount:
            self.pledges += 1
            self.send(DepositAssets("custodian", account, f"d{self.pledges}", "USD", amount))
            self.send(PledgeAssets("custodian", account, f"p{self.pledges}", VENUE, "USD", amount))
            self.claims[account] = self.claims.get(account, 0) + amount

    def instruct(self, number: int, **flows: int) -> list[Any]:
        """The flows of a margin tick, by account."""
        lines = tuple(CashFlow(CLEARING if name == "clearing" else name, amount) for name, amount in flows.items())
        for line in lines:
            self.claims[line.account] = self.claims.get(line.account, 0) + line.amount_minor
        return self.send(VariationInstructed("custodian", VENUE, number, "USD", CLEARING, lines))

    def pledged(self) -> dict[str, int]:
        """Pledged amounts by account, without those that are nothing."""
        lines = self.custodian.answer(HoldingsQuestion())
        return {line.account: line.amount_minor for line in lines if line.venue == VENUE and line.amount_minor}

    def reconciles(self) -> bool:
        """Whether the venue's statement agrees with the ledger now."""
        lines = tuple(ClaimLine(account, "USD", amount, 0) for account, amount in sorted(self.claims.items()) if amount)
        said = self.send(ClaimsReported("custodian", VENUE, self.pledges, lines))
        assert type(said[-1]) is ReconciliationCompleted
        return not [one for one in said if isinstance(one, ReconciliationBreak)]


def test_flows_are_posted_through_the_clearing_account() -> None:
    vault = Vault()
    said = vault.instruct(1, short=40, long=-40)
    assert said == [
        VariationPosted("custodian", VENUE, "long", 1, "USD", -40, 60),
        VariationPosted("custodian", VENUE, "short", 1, "USD", 40, 140),
        ClearingPosted("custodian", VENUE, CLEARING, "USD", 0),
    ]
    assert vault.pledged() == {"long": 60, "short": 140}
    assert vault.reconciles()


def test_a_tick_delivered_again_posts_nothing() -> None:
    vault = Vault()
    vault.instruct(1, short=40, long=-40)
    again = VariationInstructed("custodian", VENUE, 1, "USD", CLEARING, (CashFlow("short", 40), CashFlow("long", -40)))
    assert vault.send(again) == []
    assert vault.pledged() == {"long": 60, "short": 140}


def test_the_clearing_accounts_own_flow_is_what_is_left_with_it() -> None:
    vault = Vault(insurance=50)
    vault.instruct(1, long=-100, clearing=-30, short=130)
    assert vault.pledged() == {"short": 230, CLEARING: 20}
    assert vault.reconciles()


def test_who_cannot_pay_yet_is_waited_for_and_the_statement_agrees_meanwhile() -> None:
    vault = Vault()
    said = vault.instruct(1, long=-150, short=150)
    assert said == []
    assert vault.pledged() == {"long": 100, "short": 100}
    assert vault.reconciles()
    vault.fund("long", 60)
    vault.now = MINUTE
    said = vault.send(CustodyDue())
    assert [(one.account, one.amount_minor) for one in said if isinstance(one, VariationPosted)] == [
        ("long", -150),
        ("short", 150),
    ]
    assert vault.pledged() == {"long": 10, "short": 250}
    assert vault.reconciles()


def test_an_offline_custodian_posts_when_it_is_back() -> None:
    vault = Vault()
    condition = CustodianConditionSet("custodian", "c", CustodianConditionKind.CUSTODIAN_OFFLINE, 10 * MINUTE)
    vault.send(condition)
    assert [type(one).__name__ for one in vault.instruct(1, long=-5, short=5)] == ["ConditionTookEffect"]
    assert vault.reconciles()
    vault.now = 3 * MINUTE
    said = vault.send(ConditionCleared("custodian", "c"))
    assert [one.account for one in said if isinstance(one, VariationPosted)] == ["long", "short"]


def test_flows_that_do_not_add_up_are_a_bug() -> None:
    with pytest.raises(AssertionError, match="variation 1 of alpha"):
        Vault().instruct(1, long=-5, short=4)
