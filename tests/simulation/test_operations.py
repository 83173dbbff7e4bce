"""A whole run with operations of a venue, which is the example of the page about scenarios; replayed, and without faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.campaign import REPOSITORY

import trading_ecosystem
from trading_ecosystem import container
from trading_ecosystem.messages.exchange import OrderFilled, OrderRejected
from trading_ecosystem.messages.orders import RejectReason, TradingPhase
from trading_ecosystem.messages.trading_phases import (
    AccountStatus,
    AccountStatusChanged,
    KycStatus,
    PhaseReason,
    TradingPhaseChanged,
)
from trading_ecosystem.messages.units import MINUTE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = (REPOSITORY / "docs" / "scenarios.md").read_text(encoding="utf-8")
    (example,) = [part.partition("```")[0] for part in page.split("```yaml\n") if "\noperations:\n" in part]
    path = tmp_path_factory.mktemp("operations") / "halted.yaml"
    path.write_text(example)
    return path.parent


@pytest.fixture(scope="module")
def result(folder: Path) -> Any:
    return trading_ecosystem.run(folder / "halted.yaml", out=folder / "run")


def minutes_of(result: Any, kind: type[Any], *fields: str) -> list[tuple[Any, ...]]:
    """Every message of a kind: the minute in which it was said, and some of its fields."""
    entries = list(result.entries())
    begins = entries[0].at
    found = [((entry.at - begins) // MINUTE, entry.message) for entry in entries if type(entry.message) is kind]
    return [(minute, *(getattr(message, field) for field in fields)) for minute, message in found]


def test_a_customer_trades_once_known(result: Any) -> None:
    assert minutes_of(result, OrderRejected, "reason") == [(5, RejectReason.KYC_INCOMPLETE)]
    changed = minutes_of(result, AccountStatusChanged, "account", "status", "kyc")
    assert changed == [(10, "fund/hand", AccountStatus.ACTIVE, KycStatus.VERIFIED)]
    assert {minute for (minute,) in minutes_of(result, OrderFilled)} == {15, 40}


def test_an_instrument_is_halted_and_comes_back_through_an_auction(result: Any) -> None:
    phases = [row for row in minutes_of(result, TradingPhaseChanged, "instrument", "phase", "reason") if row[1] == "BTC/USD"]
    assert [(minute, phase) for minute, _, phase, _ in phases] == [
        (20, TradingPhase.HALTED),
        (30, TradingPhase.VOLATILITY_AUCTION),
        (32, TradingPhase.CONTINUOUS),
    ]
    assert phases[0][3] is phases[1][3] is PhaseReason.REQUESTED


def test_the_run_is_conserved_and_replays(result: Any, folder: Path) -> None:
    assert result.passed
    assert result.audit.conservation == ()
    assert container.replay(folder / "run")[1] == result.journal_digest


def test_operations_are_no_faults(result: Any, folder: Path) -> None:
    assert trading_ecosystem.run(folder / "halted.yaml", faults=False).journal_digest == result.journal_digest


def test_a_run_against_the_wall_clock_has_the_same_record(result: Any, folder: Path) -> None:
    paced = trading_ecosystem.run(folder / "halted.yaml", speed_ppm=1_000_000 * 1_000_000)
    assert paced.journal_digest == result.journal_digest


def test_an_operation_in_the_first_instant_finds_the_accounts_open(folder: Path) -> None:
    text = (folder / "halted.yaml").read_text().replace("{at: 10m,", "{at: 0s,")
    path = folder / "known.yaml"
    path.write_text(text)
    known = trading_ecosystem.run(path)
    assert minutes_of(known, OrderRejected) == []
    assert minutes_of(known, AccountStatusChanged, "kyc") == [(0, KycStatus.VERIFIED)]
