"""The kill switch and the circuit breaker in whole runs, beside the same run without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import trading_ecosystem
from trading_ecosystem.messages.exchange import OrderCancelled, PlaceOrder
from trading_ecosystem.messages.orders import TimeInForce
from trading_ecosystem.messages.trading import CloseOutOutcome, PositionChanged, PositionCloseOutEnded
from trading_ecosystem.messages.trading_state import TradingState, TradingStateChanged, TradingStateOrigin
from trading_ecosystem.messages.units import MINUTE

SCENARIO = """
title: A firm that is halted
duration: 40m
ecosystem:
  venues: [{name: north}, {name: south}]
  market_data: {instruments: [BTC/USD, USDT/USD]}
  risk: {RISK}
workloads:
  - strategy: market_making
    name: maker
    capital: {north: {BTC: 5, USD: 400000}, south: {BTC: 5, USD: 400000}}
    settings: {venues: [north, south], instruments: [BTC/USD], size_usd: 5000, spread_bps: 4, max_inventory_usd: 100000}
OPERATIONS
"""


Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the scenario with these operations and this section about risk."""

    def made(operations: str = "", risk: str = "{report_every: 5m}"):
        path = tmp_path / "halted.yaml"
        path.write_text(SCENARIO.replace("{RISK}", risk).replace("OPERATIONS", operations))
        return trading_ecosystem.run(path, seed=11)

    return made


def said(result, kind):
    start = result.scenario.starts_at
    return [(entry.at - start, entry.message) for entry in result.entries() if type(entry.message) is kind]


def test_a_kill_switch_stops_the_firm_until_a_person_ends_it(run: Run):
    halted = run("operations:\n  - {at: 10m, trading_state: kill_switch}\n  - {at: 25m, trading_state: active}\n")
    clean = run()
    placed = [at for at, _ in said(halted, PlaceOrder)]
    assert [at for at in placed if 10 * MINUTE < at < 25 * MINUTE] == []
    assert [at for at in placed if at >= 25 * MINUTE]
    assert [at for at, _ in said(clean, PlaceOrder) if 10 * MINUTE < at < 25 * MINUTE]
    cancelled = {one.client_order_id for at, one in said(halted, OrderCancelled) if at == 10 * MINUTE}
    assert cancelled
    states = [(at // MINUTE, one.state, one.origin) for at, one in said(halted, TradingStateChanged)]
    assert states == [
        (10, TradingState.HALTED, TradingStateOrigin.KILL_SWITCH),
        (25, TradingState.ACTIVE, TradingStateOrigin.PERSON),
    ]
    assert said(clean, TradingStateChanged) == []
    before = [entry for entry in halted.entries() if entry.at < halted.scenario.starts_at + 10 * MINUTE]
    same = [entry for entry in clean.entries() if entry.at < clean.scenario.starts_at + 10 * MINUTE]
    assert [(one.at, one.message) for one in before[1:]] == [(one.at, one.message) for one in same[1:]]


def test_a_circuit_breaker_breaks_and_resets_by_itself(run: Run):
    tight = "{limits: {position_long: {BTC: 0.001}}, circuit_breaker: {triggers: 1, resets_after: 5m}}"
    states = [(one.state, one.origin, one.resets_at) for _, one in said(run(risk=tight), TradingStateChanged)]
    assert [(state, origin) for state, origin, _ in states] == [
        (TradingState.HALTED, TradingStateOrigin.CIRCUIT_BREAKER),
        (TradingState.ACTIVE, TradingStateOrigin.BREAKER_RESET),
    ]


def test_an_emergency_leaves_no_position_open(run: Run):
    result = run("operations:\n  - {at: 20m, trading_state: liquidating}\n")
    begun = 20 * MINUTE

    def standing(until: int) -> dict[str, int]:
        positions = {one.venue: one.position_lots for at, one in said(result, PositionChanged) if at < until}
        return {venue: lots for venue, lots in positions.items() if lots}

    before = standing(begun)
    assert before
    assert standing(begun + 10 * MINUTE) == {}
    ended = [(one.venue, one.position_lots, one.outcome) for _, one in said(result, PositionCloseOutEnded)]
    assert sorted(ended) == [(venue, 0, CloseOutOutcome.FLAT) for venue in sorted(before)]
    placed = [one for at, one in said(result, PlaceOrder) if at >= begun]
    assert {one.time_in_force for one in placed} == {TimeInForce.IMMEDIATE_OR_CANCEL}
    assert max(at for at, _ in said(result, PlaceOrder)) < begun + 6 * MINUTE
