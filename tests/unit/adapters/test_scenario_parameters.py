"""Every number that a scenario states reaches the component it is meant for."""

from __future__ import annotations

from trading_ecosystem.adapters import scenario_parameters as made_from
from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.messages.custodian import DepositAssets, OpenCustodyAccount, PledgeAssets
from trading_ecosystem.messages.exchange import OpenAccount
from trading_ecosystem.messages.risk import LimitKind
from trading_ecosystem.messages.test_coordination import RunStarted
from trading_ecosystem.messages.units import MILLISECOND, MINUTE, SECOND

SCENARIO = parse_scenario(
    """\
title: Unusual numbers everywhere
duration: 17m
ecosystem:
  market_data:
    instruments: [BTC/USD, USDT/USD]
    tick: 7s
    prices: {BTC: 61234.5, USDT: 0.999}
    volatility: {BTC: 0.31, USDT: 0.011}
    correlation: 0.42
    jumps: false
    candles: [3m]
  venues:
    - name: exchange-gamma
      publish_every: 9s
      maker_fee: 0.00011
      taker_fee: 0.00033
      settlement_cycle: 13m
      depth_levels: 4
      house: {BTC: 17, USD: 1000000, USDT: 5}
  custodian: {name: vault, retry_every: 2m, reconcile_every: 4m}
  firm: {name: house, mark_every: 6m, limits: {max_order_notional: 1111, max_open_orders: 3, max_position: 2222}}
  risk: {report_every: 8m, limits: {position_long: {BTC: 3}, total_notional: 4444, drawdown: 0.07}}
  links:
    - {from: market-data, to: risk, latency: {distribution: lognormal, mean: 250ms, minimum: 30ms, sigma: 0.4}}
workloads:
  - strategy: momentum
    name: trend
    account: house/trend
    start: 5m
    capital: {exchange-gamma: {USD: 777}}
    settings: {venue: exchange-gamma, instrument: BTC/USD, size_usd: 10, max_position_usd: 50}
""",
    "unusual.yaml",
)


def test_market_data():
    made = made_from.market_data_parameters(SCENARIO)
    assert (made.instruments, made.tick_ns, made.correlation, made.jumps) == (
        ("BTC/USD", "USDT/USD"),
        7 * SECOND,
        "0.42",
        False,
    )
    assert (made.usd_prices_minor["BTC"], made.annual_volatility["BTC"]) == (6_123_450_000_000, "0.31")
    assert (made.candle_intervals_ns, made.recorded) == ((3 * MINUTE,), False)


def test_exchange_and_custodian():
    made = made_from.exchange_parameters(SCENARIO, SCENARIO.ecosystem.venues[0])
    assert (made.custodian, made.publish_every_ns, made.settlement_cycle_ns) == ("vault", 9 * SECOND, 13 * MINUTE)
    assert (made.maker_fee_ppm, made.taker_fee_ppm, made.depth_levels) == (110, 330, 4)
    assert made.claims_report_every_ns == 4 * MINUTE
    custodian = made_from.custodian_parameters(SCENARIO)
    assert (custodian.venues, custodian.retry_every_ns) == (("exchange-gamma",), 2 * MINUTE)


def test_trading_and_risk():
    made = made_from.trading_parameters(SCENARIO)
    assert (made.firm, made.venues, made.mark_every_ns) == ("house", ("exchange-gamma",), 6 * MINUTE)
    assert (made.max_order_notional_usd_minor, made.max_open_orders, made.max_position_usd_minor) == (
        1111 * 10**8,
        3,
        2222 * 10**8,
    )
    (strategy,) = made.strategies
    assert (strategy.name, strategy.kind, strategy.account, strategy.starts_after_ns) == (
        "trend",
        "momentum",
        "house/trend",
        5 * MINUTE,
    )
    risk = made_from.risk_parameters(SCENARIO)
    limits = {(limit.kind, limit.subject): limit.value for limit in risk.limits}
    assert (risk.firm, risk.report_every_ns) == ("house", 8 * MINUTE)
    assert limits[LimitKind.POSITION_LONG, "BTC"] == 3 * 10**8
    assert limits[LimitKind.TOTAL_NOTIONAL, "house"] == 4444 * 10**8
    assert limits[LimitKind.DRAWDOWN, "house"] == 70_000
    assert limits[LimitKind.DAILY_LOSS, "house"] == 500_000 * 10**8, "what is not stated keeps the house's value"


def test_coordination_links_and_opening():
    made = made_from.coordination_parameters(SCENARIO)
    assert (made.venues, made.tick_ns, made.retry_every_ns, made.custodian) == (
        ("exchange-gamma",),
        7 * SECOND,
        2 * MINUTE,
        "vault",
    )
    (rule,) = made_from.latency_rules(SCENARIO)
    assert (rule.senders, rule.receivers, rule.distribution.value) == ("market-data", "risk", "lognormal")
    assert (rule.mean_ns, rule.minimum_ns, rule.sigma_ppm) == (250 * MILLISECOND, 30 * MILLISECOND, 400_000)
    inputs = [scheduled.message for scheduled in made_from.opening_inputs(SCENARIO, 5)]
    assert inputs[0] == RunStarted(run="unusual-5", scenario="unusual", seed=5, duration_ns=17 * MINUTE)
    deposits = [(m.account, m.asset, m.amount_minor) for m in inputs if isinstance(m, DepositAssets)]
    assert deposits == [
        ("exchange-gamma-house", "BTC", 17 * 10**8),
        ("exchange-gamma-house", "USD", 10**14),
        ("exchange-gamma-house", "USDT", 5 * 10**8),
        ("house/trend", "USD", 777 * 10**8),
    ]
    pledges = [(m.account, m.asset, m.amount_minor) for m in inputs if isinstance(m, PledgeAssets)]
    assert pledges == deposits
    opened = [m.account for m in inputs if isinstance(m, OpenCustodyAccount)]
    assert opened == [m.account for m in inputs if isinstance(m, OpenAccount)]
    assert opened == ["exchange-gamma-house", "exchange-gamma-fees", "house/trend"]
