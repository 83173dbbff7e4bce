"""Every kind of fault on the whole ecosystem: labelled, scored as the catalogue says, and assets conserved whatever breaks."""

from __future__ import annotations

import pytest
from tests.campaign import seeds
from tests.simulation.test_feed_and_custody_faults import FIELDS as FEED_AND_CUSTODY
from tests.simulation.two_venue_maker import MAKER

import trading_ecosystem
from trading_ecosystem.messages.audit import DetectionOutcome
from trading_ecosystem.messages.test_coordination import FaultKind

SCENARIO = (
    """\
title: One fault of a kind
duration: {duration}
seed: 5
ecosystem:
  market_data: {{jumps: false}}
"""
    + MAKER
    + """\
faults:
  - {{id: broken, at: 10m, {fault}}}
"""
)

FEED = "from: market-data, to: risk"
KINDS = {
    FaultKind.PRICE_SHOCK: "kind: price_shock, asset: BTC, magnitude: -0.05, ramp: 10s, hold: 5m, recovery: 20m",
    FaultKind.STABLECOIN_DEPEG: "kind: stablecoin_depeg, magnitude: -0.05, ramp: 5m, hold: 10m, recovery: 20m",
    FaultKind.MARKET_CRASH: "kind: market_crash, magnitude: -0.15, ramp: 10m, hold: 5m, recovery: 20m",
    FaultKind.FEED_STALE: "kind: feed_stale, duration: 5m",
    FaultKind.FEED_DROP: "kind: feed_drop, duration: 5m, probability: 1",
    FaultKind.FEED_DELAY: "kind: feed_delay, duration: 5m, delay: 45s",
    FaultKind.SETTLEMENT_DELAY: "kind: settlement_delay, duration: 10m, delay: 8m",
    FaultKind.SETTLEMENT_REJECT: "kind: settlement_reject, duration: 20m, probability: 1",
    FaultKind.CUSTODIAN_OFFLINE: "kind: custodian_offline, duration: 15m",
    FaultKind.LINK_DELAY: f"kind: link_delay, {FEED}, duration: 5m, delay: 45s",
    FaultKind.LINK_DROP: f"kind: link_drop, {FEED}, duration: 5m, probability: 1",
    FaultKind.LINK_DUPLICATE: f"kind: link_duplicate, {FEED}, duration: 5m, probability: 0.5, delay: 2s",
    FaultKind.LINK_REORDER: f"kind: link_reorder, {FEED}, duration: 5m, probability: 0.5, delay: 12s",
    FaultKind.LINK_PARTITION: f"kind: link_partition, {FEED}, duration: 5m",
    FaultKind.VOLATILITY_SPIKE: "kind: volatility_spike, factor: 5, ramp: 1m, hold: 20m, recovery: 5m",
    FaultKind.CORRELATION_BREAK: "kind: correlation_break, correlation: -0.8, hold: 36m, recovery: 2m",
    FaultKind.DIVERGENCE: "kind: divergence, instrument: BTC/USDT, magnitude: 0.02, buildup: 10m, sustain: 5m, recovery: 10m",
    FaultKind.FEED_CORRUPT: "kind: feed_corrupt, duration: 10m, probability: 0.5, magnitude: 0.04",
}
SHORT = {kind for kind in KINDS if kind.value.startswith(("feed_", "link_"))}
"""Over and noticed within minutes."""
OUT_OF_MANDATE = {
    FaultKind.LINK_DUPLICATE,
    FaultKind.LINK_REORDER,
}


def lasting(duration, fault):
    """The scenario with this fault, so long."""
    return SCENARIO.format(duration=duration, fault=fault)


def run(tmp_path, fault, seed=5, duration="35m"):
    path = tmp_path / "fault.yaml"
    path.write_text(lasting(duration, fault))
    result = trading_ecosystem.run(path, seed=seed)
    assert result.audit is not None
    return result


ELSEWHERE = {kind for kind in FaultKind if kind.value.startswith(("strategy_", "venue_", "component_", "store_"))} | set(
    FEED_AND_CUSTODY
)
"""Those that need workloads or limits of their own, or are looked at in more detail, have tests of their own."""


def test_every_kind_is_here():
    assert set(KINDS) | ELSEWHERE == set(FaultKind)


@pytest.mark.parametrize("seed", seeds(1, 5))
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_fault_of_each_kind_is_labelled_and_scored(tmp_path, kind, seed):
    result = run(tmp_path, KINDS[kind], seed, "22m" if kind in SHORT else "50m")
    assert result.verdict.unexpected == ()
    (score,) = result.audit.detections
    assert score.kind is kind
    expected = DetectionOutcome.OUT_OF_MANDATE if kind in OUT_OF_MANDATE else DetectionOutcome.DETECTED
    assert score.outcome is expected
    if expected is DetectionOutcome.DETECTED:
        assert 0 <= score.time_to_detect_ns <= score.sla_ns
        assert any(chain.fault_id == "broken" and chain.alert_id == score.alert_id for chain in result.audit.chains)


VENUES = "[exchange-alpha, exchange-beta]"
CUSTODY = "[exchange-alpha, custodian]"
LINKS = (
    "kind: link_partition, from: exchange-alpha, to: trading, duration: 10m",
    f"kind: link_partition, from: trading, to: {VENUES}, duration: 10m",
    "kind: link_partition, from: custodian, to: risk, duration: 10m",
    f"kind: link_drop, from: {VENUES}, to: [trading, risk], duration: 20m, probability: 0.3",
    f"kind: link_duplicate, from: trading, to: {VENUES}, duration: 20m, probability: 0.5, delay: 1s",
    f"kind: link_reorder, from: {CUSTODY}, to: [risk, trading], duration: 20m, probability: 0.4, delay: 15s",
    "kind: link_delay, from: exchange-alpha, to: custodian, duration: 20m, delay: 90s",
    f"kind: link_duplicate, from: {CUSTODY}, to: {CUSTODY}, duration: 20m, probability: 0.5, delay: 3s",
)


@pytest.mark.parametrize("fault", LINKS)
def test_assets_are_conserved_whatever_link_breaks(tmp_path, fault):
    result = run(tmp_path, fault)
    assert result.audit.conservation == ()
    assert sum(1 for row in result.table("exchange.fills")) > 10


def test_a_lost_trade_is_seen_by_conservation_or_reconciliation(tmp_path):
    """A link that loses matches on their way to the custodian leaves venue and ledger apart, and the record says so."""
    result = run(tmp_path, "kind: link_drop, from: [exchange-alpha], to: [custodian], duration: 20m, probability: 0.5")
    breaks = result.table("custodian.breaks")
    assert breaks or result.audit.conservation
