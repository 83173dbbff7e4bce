"""Monitor and audit implement the same definitions apart from each other: on whole faulted runs they say the same.

No alert is false, every alert is raised at the very instant at which audit says its condition began, and no condition that held
goes without an alert.
"""

from __future__ import annotations

import pytest
from tests.campaign import seeds
from tests.simulation.two_venue_maker import MAKER

import trading_ecosystem
from trading_ecosystem.messages.audit import AlertVerdict
from trading_ecosystem.messages.risk import ALERT_OF_LIMIT, AlertKind

SCENARIO = (
    """\
title: Many things go wrong
duration: 60m
seed: 5
ecosystem:
  market_data: {{jumps: false}}
  risk:
    limits:
      position_long: {{BTC: 1.5, 'fund/maker:ETH': 12, 'exchange-alpha:BTC': 0.9}}
      asset_notional: {{BTC: 150000}}
      total_notional: {{fund: 400000, fund/maker: 300000}}
      daily_loss: {{fund: 900, fund/maker: 500}}
      leverage: 0.9
      net_delta: 160000
      concentration: {{BTC: 0.4}}
      order_rate: {{fund: 30, fund/maker: 30}}
      turnover: {{fund: 40000}}
      venue_exposure: {{exchange-alpha: 300000}}
"""
    + MAKER
    + """\
faults:
{faults}
"""
)
VENUE = "venue: exchange-alpha"
OF_VENUES = (
    f"- {{id: mute, kind: venue_lost_ack, {VENUE}, at: 3m, duration: 4m, probability: 1}}",
    f"- {{id: down, kind: venue_outage, {VENUE}, at: 9m, duration: 3m}}",
    f"- {{id: slow, kind: venue_latency, {VENUE}, at: 14m, duration: 4m, delay: 3s}}",
    f"- {{id: refusing, kind: venue_reject, {VENUE}, at: 20m, duration: 4m, probability: 0.9}}",
    f"- {{id: wide, kind: venue_spread, {VENUE}, at: 26m, duration: 3m, magnitude: 0.05}}",
    f"- {{id: pieces, kind: venue_partial_fills, {VENUE}, at: 31m, duration: 5m, pieces: 40}}",
    f"- {{id: again, kind: venue_duplicate_execution, {VENUE}, at: 37m, duration: 5m, probability: 0.9}}",
    f"- {{id: crossed, kind: venue_crossed_book, {VENUE}, at: 40m, duration: 3m, magnitude: 0.01}}",
    "- {id: halt, kind: venue_halt, venue: exchange-beta, at: 45m, duration: 3m}",
    f"- {{id: late, kind: venue_late_fill, {VENUE}, at: 48m, duration: 6m, probability: 0.9}}",
)
OF_FEED_AND_CUSTODY = (
    "- {id: twice, kind: feed_duplicate, at: 2m, duration: 3m, probability: 0.7, delay: 2s}",
    "- {id: gaps, kind: feed_gap, at: 8m, duration: 3m, probability: 0.5}",
    "- {id: mixed, kind: feed_out_of_order, at: 13m, duration: 3m, probability: 0.4, delay: 25s}",
    "- {id: frozen, kind: feed_frozen, at: 19m, duration: 4m}",
    "- {id: decimal, kind: feed_bad_tick, at: 26m, duration: 3m, probability: 0.3, shift: 1}",
    "- {id: fast, kind: feed_clock_skew, at: 32m, duration: 3m, skew: 2s}",
    "- {id: stuck, kind: partial_settlement, at: 5m, duration: 20m, share: 0.3}",
    "- {id: wrong, kind: instruction_mismatch, at: 30m, duration: 8m, probability: 0.8, magnitude: 0.1}",
    "- {id: shock, kind: price_shock, asset: BTC, magnitude: -0.08, ramp: 10s, hold: 5m, recovery: 5m, at: 42m}",
)
OF_LINKS_AND_COMPONENTS = (
    "- {id: delayed, kind: link_delay, from: market-data, to: risk, at: 3m, duration: 4m, delay: 45s}",
    "- {id: lossy, kind: link_drop, from: trading, to: risk, at: 6m, duration: 6m, probability: 0.5}",
    "- {id: mixed, kind: link_reorder, from: exchange-alpha, to: risk, at: 13m, duration: 5m, probability: 0.4, delay: 9s}",
    "- {id: doubled, kind: link_duplicate, from: custodian, to: risk, at: 16m, duration: 8m, probability: 0.5, delay: 9s}",
    "- {id: paused, kind: component_pause, component: exchange-alpha, at: 26m, duration: 3m}",
    "- {id: held, kind: component_pause, component: risk, at: 32m, duration: 2m}",
    "- {id: cut, kind: link_partition, from: exchange-beta, to: risk, at: 38m, duration: 4m}",
    "- {id: depeg, kind: stablecoin_depeg, magnitude: -0.06, ramp: 2m, hold: 4m, recovery: 3m, at: 45m}",
)
RUNS = {"venues": OF_VENUES, "feed and custody": OF_FEED_AND_CUSTODY, "links and components": OF_LINKS_AND_COMPONENTS}
SEEN: dict[str, set[AlertKind]] = {
    "venues": {
        AlertKind.VENUE_DOWN,
        AlertKind.EXECUTION_LATENCY,
        AlertKind.SPREAD_WIDE,
        AlertKind.BOOK_CROSSED,
        AlertKind.TRADING_HALTED,
    },
    "feed and custody": {
        AlertKind.FEED_DUPLICATE,
        AlertKind.FEED_GAP,
        AlertKind.FEED_OUT_OF_ORDER,
        AlertKind.PRICE_FROZEN,
        AlertKind.PRICE_DEVIATION,
        AlertKind.CLOCK_SKEW,
        AlertKind.INSTRUCTION_MISMATCH,
    },
    "links and components": {AlertKind.PRICE_STALE, AlertKind.VENUE_DOWN, AlertKind.STABLECOIN_DEPEG},
}
"""Alerts without which a run would show too little."""


@pytest.mark.parametrize("seed", seeds(1, 20))
@pytest.mark.parametrize("family", list(RUNS))
def test_no_alert_is_false_and_nothing_that_held_is_missed(tmp_path, family, seed):
    path = tmp_path / "faulted.yaml"
    path.write_text(SCENARIO.format(faults="\n".join(f"  {row}" for row in RUNS[family])))
    report = trading_ecosystem.run(path, seed=seed).audit
    assert report is not None
    assert [alert for alert in report.alerts if alert.verdict is AlertVerdict.FALSE] == []
    raised = sorted((alert.kind, alert.subject, alert.raised_at) for alert in report.alerts)
    began = sorted((held.kind, held.subject, held.begun_at) for held in report.conditions)
    if family != "links and components":  # What a paused monitor says, it says when it goes on.
        assert raised == began
    answered = {(alert.kind, alert.subject) for alert in report.alerts}
    assert [held for held in report.conditions if (held.kind, held.subject) not in answered] == []
    assert SEEN[family] <= {alert.kind for alert in report.alerts}


SLOW_BUT_WELL = """
  links:
    - {from: trading, to: risk, latency: {distribution: fixed, mean: 20s}}
    - {from: market-data, to: risk, latency: {distribution: uniform, mean: 12s, minimum: 5s}}
    - {from: [exchange-alpha, exchange-beta], to: risk, latency: {distribution: uniform, mean: 450ms, minimum: 100ms}}
    - {from: custodian, to: risk, latency: {distribution: exponential, mean: 30s, minimum: 5s}}"""
SLOW = """
  links:
    - {from: trading, to: risk, latency: {distribution: exponential, mean: 25s}}
    - {from: market-data, to: risk, latency: {distribution: uniform, mean: 29s, minimum: 10s}}
    - {from: exchange-alpha, to: risk, latency: {distribution: lognormal, mean: 3s, minimum: 1s}}"""
OF_SLOW_LINKS = (
    f"- {{id: mute, kind: venue_lost_ack, {VENUE}, at: 3m, duration: 3m, probability: 1}}",
    "- {id: delayed, kind: link_delay, from: market-data, to: risk, at: 8m, duration: 2m, delay: 25s}",
    "- {id: mixed, kind: link_reorder, from: exchange-alpha, to: risk, at: 9m, duration: 3m, probability: 0.4, delay: 9s}",
    "- {id: crashed, kind: component_crash, component: risk, at: 14m, duration: 10s}",
)


def run_with_links(tmp_path, links, seed, faults=()):
    """The report of twenty minutes in which the links to the monitor are slow."""
    text = SCENARIO.format(faults="\n".join(f"  {row}" for row in faults) or "  []").replace("60m", "20m")
    path = tmp_path / "slow.yaml"
    path.write_text(text.replace("ecosystem:", f"ecosystem:{links}", 1))
    report = trading_ecosystem.run(path, seed=seed).audit
    assert report is not None
    return report


@pytest.mark.parametrize("seed", seeds(1, 20))
def test_nobody_says_anything_of_links_that_are_slow_but_well(tmp_path, seed):
    report = run_with_links(tmp_path, SLOW_BUT_WELL, seed)
    of_limits = frozenset(ALERT_OF_LIMIT.values())
    assert {alert.kind for alert in report.alerts} <= of_limits
    assert {held.kind for held in report.conditions} <= of_limits
    # What positions and prices do to limits is said at the very instants at which they arrive.
    raised = sorted((alert.kind, alert.subject, alert.raised_at) for alert in report.alerts)
    assert raised == sorted((held.kind, held.subject, held.begun_at) for held in report.conditions) != []


@pytest.mark.parametrize("seed", seeds(1, 20))
def test_what_arrives_late_is_late_for_both(tmp_path, seed):
    report = run_with_links(tmp_path, SLOW, seed, OF_SLOW_LINKS)
    raised = sorted((alert.kind, alert.subject, alert.raised_at) for alert in report.alerts)
    assert raised == sorted((held.kind, held.subject, held.begun_at) for held in report.conditions)
    assert {AlertKind.PRICE_STALE, AlertKind.EXECUTION_LATENCY, AlertKind.ORDER_UNANSWERED} <= {kind for kind, *_ in raised}
    assert [alert for alert in report.alerts if alert.verdict is AlertVerdict.FALSE] == []
