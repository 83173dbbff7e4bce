"""Transfers of the general ledger: in memory, and durable in batches of several sizes."""

from __future__ import annotations

import itertools

import pytest

from trading_ecosystem.adapters.ledger_file import LedgerFile
from trading_ecosystem.domains.custodian.general_ledger.accounts import AccountTerms
from trading_ecosystem.domains.custodian.general_ledger.general_ledger import GeneralLedger
from trading_ecosystem.domains.custodian.general_ledger.transfers import AccountRule, Phase, Transfer, TransferResult

TRANSFERS = 20_000
ACCOUNTS = 1_000
numbers = itertools.count()


def transfers(kind):
    """Between a thousand accounts: single ones, or pairs of a pending one and the one that posts it."""
    made = []
    for number in range(1, TRANSFERS + 1):
        debit, credit = number * 7 % ACCOUNTS + 1, number * 13 % ACCOUNTS + 1
        credit += credit == debit
        if kind == "single" or number % 2:
            made.append(Transfer(number, debit, credit, 1, Phase.SINGLE if kind == "single" else Phase.PENDING))
        else:
            made.append(Transfer(number, 0, 0, 0, Phase.POST, number - 1))
    return made


def terms():
    return [AccountTerms(number, "USD", AccountRule.UNBOUNDED) for number in range(1, ACCOUNTS + 2)]


def rate(benchmark, title, count=TRANSFERS):
    per_second = count / benchmark.stats.stats.median
    benchmark.extra_info["transfers_per_second"] = round(per_second)
    print(f"\n{title}: {per_second:,.0f} transfers/s")


@pytest.mark.parametrize("kind", ["single", "two-phase"])
def test_in_memory(benchmark, kind):
    rows = transfers(kind)

    def run():
        ledger = GeneralLedger()
        ledger.open(*terms(), now=1)
        assert set(ledger.transfer(*rows, now=2)) == {TransferResult.DONE}

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    rate(benchmark, f"general ledger in memory, {kind}")


@pytest.mark.parametrize("size", [1, 100, 1_000, 8_000])
def test_durable(benchmark, size, tmp_path):
    rows = transfers("single")[: min(TRANSFERS, 2_000 * size)]
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]

    def run():
        with LedgerFile(tmp_path / f"ledger-{next(numbers)}") as file:
            file.open(*terms(), now=1)
            for at, batch in enumerate(batches, start=2):
                assert set(file.transfer(*batch, now=at)) == {TransferResult.DONE}

    benchmark.pedantic(run, rounds=3, warmup_rounds=1)
    rate(benchmark, f"general ledger, durable, {size} a batch, one fsync each", len(rows))


def test_opening_again(benchmark, tmp_path):
    path = tmp_path / "ledger"
    with LedgerFile(path) as file:
        file.open(*terms(), now=1)
        file.transfer(*transfers("single"), now=2)

    benchmark.pedantic(lambda: LedgerFile(path).close(), rounds=3, warmup_rounds=1)
    rate(benchmark, "general ledger, read again")
