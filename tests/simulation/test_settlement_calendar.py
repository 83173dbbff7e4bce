"""Transfers of a whole run by the business days of New York; read wrongly, it says so in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import trading_ecosystem
from trading_ecosystem import container
from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.messages.custodian import TransferPending
from trading_ecosystem.messages.exchange import InstrumentListed, OrderFilled
from trading_ecosystem.messages.units import DAY, MINUTE
from trading_ecosystem.ports.errors import BadInput

SCENARIO = """title: new_york
seed: 3
starts_at: 2025-08-06T19:50:00Z
duration: 20m
ecosystem:
  market_data: {instruments: [BTC/USD], tick: 10s, candles: [1h]}
  venues: [{name: exchange-alpha, publish_every: 1m, settlement: {calendar: XNYS, at: "10:30"}}]
  custodian: {settlement_calendar: XNYS+FEDERAL_RESERVE}
  firm: {mark_every: 1h}
  risk: {report_every: 1h}
workloads:
  - strategy: scripted
    name: hand
    account: fund/hand
    start: 1m
    capital: {exchange-alpha: {USD: 100000}}
    settings: {orders: 5m buy 0.001 BTC/USD exchange-alpha}
operations:
  - {at: 5m, transfer: deposit, account: fund/hand, asset: USD, amount: 7, method: crypto_external}
  - {at: 15m, transfer: deposit, account: fund/hand, asset: USD, amount: 8, method: crypto_external}
  - {at: 16m, transfer: deposit, account: fund/hand, asset: USD, amount: 9, method: wire}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("calendar") / "new_york.yaml"
    path.write_text(SCENARIO)
    return path.parent


@pytest.fixture(scope="module")
def result(folder: Path) -> Any:
    return trading_ecosystem.run(folder / "new_york.yaml", out=folder / "run")


def test_transfers_wait_for_their_cut_off_and_their_window(result: Any) -> None:
    entries = list(result.entries())
    begins = entries[0].at
    pending = [one.message for one in entries if type(one.message) is TransferPending]
    # It begins at 15:50 in New York. Until 16:00: 17:00 of the next day; after it: of the day after. The wire, asked for after
    # 14:00, counts as Thursday's and posts at 15:00 on the Monday.
    minutes = [(one.amount_minor // 10**8, (one.posts_at - begins) / MINUTE) for one in pending]
    assert minutes == [(7, 25 * 60 + 10), (8, 49 * 60 + 10), (9, 5 * 24 * 60 - 50)]


def test_trades_settle_on_the_next_business_day_at_the_time_of_the_venue(result: Any) -> None:
    entries = list(result.entries())
    (filled,) = [one.message for one in entries if type(one.message) is OrderFilled]
    # T+1 since 28 May 2024: 10:30 in New York on the 7th, 18 hours and 40 minutes after the beginning at 15:50 on the 6th.
    assert (filled.settles_at - entries[0].at) / MINUTE == 18 * 60 + 40
    (listed,) = [one.message for one in entries if type(one.message) is InstrumentListed]
    assert listed.settlement_cycle_ns == DAY


def test_it_is_the_same_again(result: Any, folder: Path) -> None:
    count, digest = container.replay(folder / "run")
    assert count > 100
    assert digest == result.journal_digest


VENUE_MISTAKES = [
    ("calendar: XXXX", "'XXXX' is not known"),
    ("calendar: XNYS, cycle: 0", "cycle"),
    ("cycle: 1", "settlement has no 'calendar'"),
    ("calendar: XNYS, at: 9", "at '9' is not a time of day"),
]


@pytest.mark.parametrize(("settlement", "said"), VENUE_MISTAKES)
def test_a_mistake_of_a_venue_is_one_line_with_its_place(settlement: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_scenario(SCENARIO.replace('calendar: XNYS, at: "10:30"', settlement), "s.yaml")
    assert (caught.value.place[:9], said in caught.value.problem) == ("s.yaml:7:", True), str(caught.value)


def test_a_venue_has_one_cycle() -> None:
    with pytest.raises(BadInput, match="'settlement_cycle' is not for a venue that settles by business days"):
        parse_scenario(SCENARIO.replace("publish_every: 1m, ", "publish_every: 1h, settlement_cycle: 5m, "), "s.yaml")


@pytest.mark.parametrize(
    ("custodian", "column", "said"),
    [
        ("{settlement_calendar: XXXX}", 36, "'XXXX' is not known; expected one such as XNYS"),
        ("{settlement_calendar: XNYS+ECB}", 36, "after the + expected FEDERAL_RESERVE, got 'ECB'"),
        ("{weekend_processing: true}", 15, "expected settlement_calendar beside it"),
        ("{settlement_calendar: XNYS, weekend_processing: 3}", 62, "weekend_processing"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(custodian: str, column: int, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_scenario(SCENARIO.replace("{settlement_calendar: XNYS+FEDERAL_RESERVE}", custodian), "s.yaml")
    assert (caught.value.place, said in caught.value.problem) == (f"s.yaml:8:{column}", True), str(caught.value)
    assert "\n" not in str(caught.value)
