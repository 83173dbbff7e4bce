"""Short runs in which one fault of each kind bites: a row for every kind of the catalogue."""

from __future__ import annotations

from tests.campaign import CAMPAIGN

from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind

SCENARIO = """\
title: Zebra seven
duration: {duration}
ecosystem:
  market_data: {{jumps: false, instruments: [BTC/USD, ETH/USD, BTC/USDT, USDT/USD]}}
  venues: [{{name: exchange-alpha, settlement_cycle: 20s, depth_levels: 2}}]
  custodian: {{retry_every: 20s, reconcile_every: 1m}}
  firm: {{mark_every: 1m, limits: {{max_position: 2000000}}}}
  risk:
    report_every: 1m
    limits:
      order_rate: {{fund/rogue: 60}}
      position_long: {{fund/rogue:BTC: 1}}
      turnover: {{fund/rogue: 10000}}
      daily_loss: {{fund/rogue: 20}}
workloads:
  - strategy: market_making
    name: maker
    capital: {{exchange-alpha: {{BTC: 1, ETH: 12, USD: 120000, USDT: 80000}}}}
    settings: {{venues: [exchange-alpha], instruments: [BTC/USD, ETH/USD, USDT/USD], size_usd: 3000, max_inventory_usd: 20000}}
  - strategy: scripted
    name: hand
    capital: {{exchange-alpha: {{USD: 20000}}}}
    settings: {{orders: "{orders}"}}
{more}operations:
  - {{at: 1m, transfer: deposit, account: fund/maker, asset: USD, amount: 5000, every: 1m}}
faults:
  - {{id: zebra-7, at: {at}, kind: {kind}, {fields}}}
"""
FEED = "from: market-data, to: risk, duration: 6m"
ALPHA = "venue: exchange-alpha, duration: 6m"
ROGUE = "workload: rogue, duration: 6m, interval"
FIELDS: dict[FaultKind, str] = {
    FaultKind.PRICE_SHOCK: "asset: BTC, magnitude: -0.06, ramp: 10s, hold: 2m, recovery: 2m",
    FaultKind.STABLECOIN_DEPEG: "magnitude: -0.05, ramp: 1m, hold: 4m, recovery: 1m",
    FaultKind.MARKET_CRASH: "magnitude: -0.15, ramp: 2m, hold: 2m, recovery: 2m",
    FaultKind.VOLATILITY_SPIKE: "factor: 8, ramp: 10s, hold: 20m, recovery: 20s",
    FaultKind.CORRELATION_BREAK: "correlation: -0.9, hold: 44m, recovery: 30s",
    FaultKind.DIVERGENCE: "instrument: BTC/USDT, magnitude: 0.04, buildup: 1m, sustain: 5m, recovery: 1m",
    FaultKind.FEED_STALE: "duration: 3m",
    FaultKind.FEED_DROP: "duration: 6m, probability: 0.9",
    FaultKind.FEED_DELAY: "duration: 3m, delay: 45s",
    FaultKind.FEED_CORRUPT: "duration: 6m, probability: 0.5, magnitude: 0.04",
    FaultKind.FEED_DUPLICATE: "duration: 6m, probability: 0.5, delay: 2s",
    FaultKind.FEED_OUT_OF_ORDER: "duration: 6m, probability: 0.5, delay: 12s",
    FaultKind.FEED_GAP: "duration: 6m, probability: 0.5",
    FaultKind.FEED_FROZEN: "duration: 4m",
    FaultKind.FEED_BAD_TICK: "duration: 6m, probability: 0.5, shift: 1",
    FaultKind.FEED_CLOCK_SKEW: "duration: 6m, skew: 2s",
    FaultKind.SETTLEMENT_DELAY: "duration: 3m, delay: 7m",
    FaultKind.SETTLEMENT_REJECT: "duration: 8m, probability: 1",
    FaultKind.CUSTODIAN_OFFLINE: "duration: 8m",
    FaultKind.TRANSFER_REJECT: "duration: 6m, probability: 1",
    FaultKind.TRANSFER_SLOW: "duration: 3m, delay: 6m",
    FaultKind.PARTIAL_SETTLEMENT: "duration: 8m, share: 0.4",
    FaultKind.BANK_HOLIDAY: "duration: 8m",
    FaultKind.INSTRUCTION_MISMATCH: "duration: 6m, probability: 1, magnitude: 0.1",
    FaultKind.STALE_BALANCE: "duration: 8m",
    FaultKind.VENUE_OUTAGE: f"{ALPHA}, orders: cancel",
    FaultKind.VENUE_HALT: ALPHA,
    FaultKind.VENUE_LATENCY: f"{ALPHA}, delay: 3s",
    FaultKind.VENUE_REJECT: f"{ALPHA}, probability: 0.9",
    FaultKind.VENUE_SPREAD: f"{ALPHA}, magnitude: 0.04",
    FaultKind.VENUE_LIQUIDITY: f"{ALPHA}, magnitude: 0.98",
    FaultKind.VENUE_PARTIAL_FILLS: f"{ALPHA}, pieces: 30",
    FaultKind.VENUE_LOST_ACK: f"{ALPHA}, probability: 1",
    FaultKind.VENUE_DUPLICATE_EXECUTION: f"{ALPHA}, probability: 0.8",
    FaultKind.VENUE_LATE_FILL: f"{ALPHA}, probability: 0.8",
    FaultKind.VENUE_CROSSED_BOOK: f"{ALPHA}, magnitude: 0.001",
    FaultKind.STRATEGY_RUNAWAY: "workload: rogue, duration: 100s, interval: 500ms",
    FaultKind.STRATEGY_RISK_IGNORANT: f"{ROGUE}: 20s",
    FaultKind.STRATEGY_VOLATILITY_AMPLIFIER: f"{ROGUE}: 10s",
    FaultKind.STRATEGY_CORRELATION_BREAKER: f"{ROGUE}: 10s",
    FaultKind.STRATEGY_SLOW_LEAK: f"{ROGUE}: 10s",
    FaultKind.LINK_DELAY: f"{FEED}, delay: 45s",
    FaultKind.LINK_DROP: f"{FEED}, probability: 0.9",
    FaultKind.LINK_DUPLICATE: "from: exchange-alpha, to: [risk, trading], duration: 6m, probability: 0.5, delay: 2s",
    FaultKind.LINK_REORDER: "from: [exchange-alpha, market-data], to: risk, duration: 6m, probability: 0.5, delay: 12s",
    FaultKind.LINK_PARTITION: "from: [exchange-alpha, custodian], to: risk, duration: 6m",
    FaultKind.COMPONENT_PAUSE: "component: risk, duration: 3m",
    FaultKind.COMPONENT_CRASH: "component: exchange-alpha, duration: 3m",
    FaultKind.STORE_SLOW: "component: market-data, duration: 5m, delay: 45s",
    FaultKind.STORE_UNAVAILABLE: "component: exchange-alpha, duration: 3m",
}
"""What is set for each kind; in this little ecosystem nearly all of them are noticed."""
_ROGUES = {
    FaultKind.STRATEGY_RUNAWAY: "size_usd: 500",
    FaultKind.STRATEGY_RISK_IGNORANT: "quantity: 0.2",
    FaultKind.STRATEGY_VOLATILITY_AMPLIFIER: "size_usd: 2000",
    FaultKind.STRATEGY_CORRELATION_BREAKER: "against: ETH/USD, size_usd: 2000",
    FaultKind.STRATEGY_SLOW_LEAK: "size_usd: 2000",
}
_ROGUE = """\
  - strategy: {strategy}
    name: rogue
    start: standby
    capital: {{exchange-alpha: {{BTC: 0.05, ETH: 1, USD: 200000}}}}
    settings: {{venue: exchange-alpha, instrument: BTC/USD, {settings}}}
"""


_SLOWLY_NOTICED = {
    FaultKind.VENUE_LIQUIDITY: ("14m", "20m"),
    FaultKind.VOLATILITY_SPIKE: ("12m", "36m"),
    FaultKind.CORRELATION_BREAK: ("12m", "60m"),
}
"""When it is set and how long the run is, where the monitor has to know what is usual first, or measures over long."""
NAMED_LIKE_ALERTS = {kind.value for kind in FaultKind if any(kind.value in alert.value for alert in AlertKind)} | {
    "market_crash",
    "bank_holiday",
}
"""Kinds of faults that are called by words of the market, as an alert of a market without faults is, too."""
WORDS_OF_FAULTS = [kind.value for kind in FaultKind if kind.value not in NAMED_LIKE_ALERTS]
"""Kinds of faults that are called by words which production does not use."""


def document(kind: FaultKind) -> str:
    """The scenario in which a fault of this kind is set, after two minutes for most."""
    more = ""
    if kind in _ROGUES:
        more = _ROGUE.format(strategy=kind.value.removeprefix("strategy_"), settings=_ROGUES[kind])
    at, duration = _SLOWLY_NOTICED.get(kind, ("2m5s", "11m"))
    orders = ", ".join(f"{minute}m30s buy 0.01 ETH/USD exchange-alpha" for minute in range(1, 9))
    if CAMPAIGN and kind not in _SLOWLY_NOTICED:
        duration = "30m"
    return SCENARIO.format(duration=duration, at=at, kind=kind.value, fields=FIELDS[kind], more=more, orders=orders)
