"""Pairs settled a second by a depository, from both sides' instructions on, by each model; and net with a counterparty."""

from __future__ import annotations

import random

import pytest

from trading_ecosystem.domains.custodian.depository.continuous_net import ContinuousNet
from trading_ecosystem.domains.custodian.depository.depository import Depository
from trading_ecosystem.domains.custodian.depository.instructions import Instruction, InstructionResult, Movement
from trading_ecosystem.domains.custodian.depository.netting import Netting
from trading_ecosystem.domains.custodian.general_ledger.accounts import AccountTerms
from trading_ecosystem.domains.custodian.general_ledger.general_ledger import GeneralLedger
from trading_ecosystem.domains.custodian.general_ledger.transfers import AccountRule, Transfer
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE

PAIRS = 2_000
MEMBERS = [f"member-{number:02d}" for number in range(50)]
ASSETS = ("BTC", "ETH", "USD")
PRICES = {"BTC": 50 * MINOR_UNITS_PER_WHOLE, "ETH": 3 * MINOR_UNITS_PER_WHOLE}


def trades():
    draw = random.Random(5)
    return [
        (*draw.sample(MEMBERS, 2), draw.choice(ASSETS[:2]), draw.randint(1, 10**6), draw.randint(1, 10**8))
        for _ in range(PAIRS)
    ]


TRADES = trades()


def funded():
    ledger = GeneralLedger()
    outside = {asset: number for number, asset in enumerate(ASSETS, start=1)}
    clearing = {asset: number for number, asset in enumerate(ASSETS, start=11)}
    for asset in ASSETS:
        for number in (outside[asset], clearing[asset]):
            ledger.open(AccountTerms(number, asset, AccountRule.UNBOUNDED), now=1)
    accounts = {}
    for member in MEMBERS:
        for asset in ASSETS:
            number = accounts[member, asset] = 100 + len(accounts)
            ledger.open(AccountTerms(number, asset), now=1)
            ledger.transfer(Transfer(number, outside[asset], number, 10**15), now=1)
    return ledger, accounts, clearing


def rate(benchmark, title):
    per_second = PAIRS / benchmark.stats.stats.median
    benchmark.extra_info["settlements_per_second"] = round(per_second)
    print(f"\n{title}: {per_second:,.0f} settlements/s")


@pytest.mark.parametrize("netting", Netting)
def test_matched_and_settled(benchmark, netting):
    instructions = []
    for number, (giver, taker, security, quantity, cash) in enumerate(TRADES):
        rest = (security, quantity, 1, 2, "USD", cash, str(number))
        instructions.append(Instruction(f"{number}-d", giver, taker, Movement.DELIVER_VERSUS_PAYMENT, *rest))
        instructions.append(Instruction(f"{number}-r", taker, giver, Movement.RECEIVE_VERSUS_PAYMENT, *rest))

    def run(depository):
        results = [depository.instruct(one, 1) for one in instructions]
        assert results.count(InstructionResult.MATCHED) == PAIRS
        assert len(depository.settle(2, 2, netting)) == PAIRS

    benchmark.pedantic(run, setup=lambda: ((Depository(*funded(), 1_000_000),), {}), rounds=3, warmup_rounds=1)
    rate(benchmark, f"depository, netting {netting}")


def test_continuous_net(benchmark):
    def run(net):
        for giver, taker, security, quantity, cash in TRADES:
            net.novate(taker, giver, security, quantity, cash)
        assert net.settle(PRICES, 2).short_of_cash == ""
        assert net.is_flat

    benchmark.pedantic(run, setup=lambda: ((ContinuousNet(*funded(), "USD", 1_000_000),), {}), rounds=3, warmup_rounds=1)
    rate(benchmark, "continuous net settlement")
