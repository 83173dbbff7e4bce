"""A depository with a few participants, who hold two securities and dollars."""

from __future__ import annotations

from trading_ecosystem.domains.custodian.depository.depository import Depository
from trading_ecosystem.domains.custodian.depository.instructions import Instruction, Movement
from trading_ecosystem.domains.custodian.general_ledger.accounts import AccountTerms
from trading_ecosystem.domains.custodian.general_ledger.general_ledger import GeneralLedger
from trading_ecosystem.domains.custodian.general_ledger.transfers import AccountRule, Transfer, TransferResult

ASSETS = ("BTC", "ETH", "USD")
TODAY = 20_000
FIRST_NUMBER = 1_000_000_000
"""Of the depository's own transfers."""


class SmallDepository:
    def __init__(self, participants: tuple[str, ...] = ("anna", "bert", "cleo"), **funds: dict[str, int]) -> None:
        self.participants = participants
        self.ledger = GeneralLedger()
        self.accounts: dict[tuple[str, str], int] = {}
        self.outside: dict[str, int] = {}
        self.clearing: dict[str, int] = {}
        self.now = 1
        self.number = 0
        for asset in ASSETS:
            self.outside[asset] = self.open(asset, AccountRule.UNBOUNDED)
            self.clearing[asset] = self.open(asset, AccountRule.UNBOUNDED)
            for participant in participants:
                self.accounts[participant, asset] = self.open(asset, AccountRule.DEBITS_WITHIN_CREDITS)
        self.depository = Depository(self.ledger, self.accounts, self.clearing, FIRST_NUMBER)
        for participant, amounts in funds.items():
            for asset, amount in amounts.items():
                self.fund(participant, asset, amount)

    def open(self, asset: str, rule: AccountRule) -> int:
        number = len(self.ledger.accounts()) + 1
        self.ledger.open(AccountTerms(number, asset, rule), now=self.now)
        return number

    def fund(self, participant: str, asset: str, amount: int) -> TransferResult:
        """From outside, or to it where the amount is negative."""
        self.number += 1
        debit, credit = self.outside[asset], self.accounts[participant, asset]
        if amount < 0:
            debit, credit = credit, debit
        (result,) = self.ledger.transfer(Transfer(self.number, debit, credit, abs(amount)), now=self.now)
        return result

    def held(self, participant: str, asset: str) -> int:
        balance = self.ledger.balance(self.accounts[participant, asset])
        assert balance is not None
        return balance.posted_minor

    def holdings(self) -> dict[tuple[str, str], int]:
        return {holding: self.held(*holding) for holding in self.accounts}

    def settle(self, *model, today: int = TODAY):
        self.now += 1
        return self.depository.settle(today, self.now, *model)


def sides(
    name: str, giver: str, taker: str, security: str, quantity: int, cash: int = 0, **more
) -> tuple[Instruction, Instruction]:
    """A delivery and the receipt that matches it; free of payment where there is no cash."""
    day = more.pop("day", TODAY)
    movements = (Movement.DELIVER_VERSUS_PAYMENT, Movement.RECEIVE_VERSUS_PAYMENT)
    if not cash:
        movements = (Movement.DELIVER_FREE, Movement.RECEIVE_FREE)
    rest = (security, quantity, day - 1, day, "USD" if cash else "", cash)
    return (
        Instruction(f"{name}-d", giver, taker, movements[0], *rest, **more),
        Instruction(f"{name}-r", taker, giver, movements[1], *rest, **more),
    )
