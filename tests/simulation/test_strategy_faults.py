"""Strategies that misbehave, on the whole ecosystem: what production shows of each, and that the clean twin never starts it."""

from __future__ import annotations

import pytest
from tests.simulation.test_twins import said

import trading_ecosystem
from trading_ecosystem.messages.exchange import OrderFilled, PlaceOrder
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import AlertRaised
from trading_ecosystem.messages.test_coordination import FaultKind, GroundTruthClosed, GroundTruthLabelled
from trading_ecosystem.messages.trading import OrderWithheld, StrategyHalted, StrategyMarked, StrategyStarted
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, MINUTE

SCENARIO = """\
title: A strategy misbehaves
duration: 30m
seed: 5
ecosystem:
  market_data: {{jumps: false}}
  firm: {{limits: {{max_position: 2000000}}}}
  risk:
    limits:
      order_rate: {{fund/rogue: 60}}
      position_long: {{fund/rogue:BTC: 5}}
      turnover: {{fund/rogue: 100000}}
      daily_loss: {{fund/rogue: 100}}
workloads:
  - strategy: market_making
    name: maker
    capital:
      exchange-alpha: {{BTC: 1, ETH: 12, USD: 120000}}
    settings:
      venues: [exchange-alpha]
      instruments: [BTC/USD, ETH/USD]
      size_usd: 3000
      max_inventory_usd: 20000
  - strategy: {strategy}
    name: rogue
    start: standby
    capital:
      exchange-alpha: {capital}
    settings: {{venue: exchange-alpha, instrument: BTC/USD, {settings}}}
faults:
  - {{id: broken, kind: strategy_{strategy}, at: 10m, workload: rogue, duration: 10m, interval: {interval}}}
"""
FAULTS = {
    FaultKind.STRATEGY_RUNAWAY: ("size_usd: 500", "500ms"),
    FaultKind.STRATEGY_RISK_IGNORANT: ("quantity: 0.2", "30s"),
    FaultKind.STRATEGY_VOLATILITY_AMPLIFIER: ("size_usd: 2000", "10s"),
    FaultKind.STRATEGY_CORRELATION_BREAKER: ("against: ETH/USD, size_usd: 2000", "10s"),
    FaultKind.STRATEGY_SLOW_LEAK: ("size_usd: 2000", "10s"),
}


CAPITAL = "{BTC: 2, ETH: 20, USD: 400000}"
SMALL = "{BTC: 0.05, USD: 20000}"
"""So little of what has a price that its moves are no loss beside the fees."""


def run(tmp_path, kind, faults=True):
    settings, interval = FAULTS[kind]
    path = tmp_path / "rogue.yaml"
    path.write_text(
        SCENARIO.format(
            strategy=kind.value.removeprefix("strategy_"),
            settings=settings,
            interval=interval,
            capital=SMALL if kind is FaultKind.STRATEGY_SLOW_LEAK else CAPITAL,
        )
    )
    return trading_ecosystem.run(path, faults=faults)


def of_rogue(result, message_type):
    return [
        entry for entry in result.entries() if isinstance(entry.message, message_type) and entry.message.account == "fund/rogue"
    ]


def turnover_usd(fills):
    return (
        sum(INSTRUMENTS[fill.instrument].notional(fill.price_ticks, fill.quantity_lots) for fill in fills)
        / MINOR_UNITS_PER_WHOLE
    )


@pytest.mark.parametrize("kind", list(FAULTS))
def test_a_misbehaving_strategy_does_what_it_is_for_and_its_twin_never_starts(tmp_path, kind):
    result, twin = run(tmp_path, kind), run(tmp_path, kind, faults=False)
    onset = result.scenario.starts_at + 10 * MINUTE
    assert result.audit.conservation == twin.audit.conservation == ()
    (label,) = (entry.message for entry in result.entries() if isinstance(entry.message, GroundTruthLabelled))
    (closed,) = (entry.message for entry in result.entries() if isinstance(entry.message, GroundTruthClosed))
    assert (label.kind, label.component, label.first_subject) == (kind, "trading", "fund/rogue")
    assert (label.onset_at, closed.ended_at) == (onset, onset + 10 * MINUTE)

    # The monitor says so, while it happens, and not before.
    expected = {(label.expected_alert, subject) for subject in label.expected_subjects}
    raised = [entry for entry in result.entries() if isinstance(entry.message, AlertRaised)]
    noticed = [entry.at for entry in raised if (entry.message.kind, entry.message.subject) in expected]
    assert label.detectable
    assert label.severity >= 1_000_000
    assert onset < min(noticed) <= closed.ended_at
    assert not any(
        (one.message.kind, one.message.subject) in expected for one in twin.entries() if isinstance(one.message, AlertRaised)
    )

    before = said(result, onset)
    assert len(before) > 1000
    assert before == said(twin, onset)
    assert of_rogue(twin, StrategyStarted) == of_rogue(twin, PlaceOrder) == []
    assert len(of_rogue(result, StrategyStarted)) == len(of_rogue(result, StrategyHalted)) == 1

    orders = of_rogue(result, PlaceOrder)
    # What is due at the very end happens before the strategy hears that it is stopped.
    assert all(onset <= order.at <= onset + 10 * MINUTE for order in orders)
    assert of_rogue(result, OrderWithheld) == []
    fills = [entry.message for entry in of_rogue(result, OrderFilled)]
    bought = sum(fill.quantity_lots for fill in fills if fill.side is Side.BUY and fill.instrument == "BTC/USD")
    match kind:
        case FaultKind.STRATEGY_RUNAWAY:
            assert len(orders) == 1201
        case FaultKind.STRATEGY_RISK_IGNORANT:
            assert len(orders) == 21
            assert bought == 21 * 200_000
        case FaultKind.STRATEGY_SLOW_LEAK:
            assert len(orders) == 122
            last = of_rogue(result, StrategyMarked)[-1].message
            # The fees are in it, and the spread beside them.
            assert last.realised_usd_minor < -last.fees_usd_minor < 0
            assert last.fees_usd_minor == sum(fill.fee_minor for fill in fills)
        case _:
            assert turnover_usd(fills) > 60 * 2000 * (2 if kind is FaultKind.STRATEGY_CORRELATION_BREAKER else 1) * 0.99
