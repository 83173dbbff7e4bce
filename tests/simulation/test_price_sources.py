"""A vendor feed with several sources, on the whole ecosystem: failover, consensus, staleness and breaker reach the monitor."""

from __future__ import annotations

import pytest

import trading_ecosystem
from trading_ecosystem.container import replay
from trading_ecosystem.messages.market_data import PricePublished, SourcePriceRecorded
from trading_ecosystem.messages.units import MINUTE, SECOND

SCENARIO = """\
title: Three sources
duration: 40m
seed: 5
ecosystem:
  market_data:
    jumps: false
    tick: 5s
    sources:
      - {{name: primary, weight: 2, noise: 0.00005, outages: [{{from: 10m, until: 15m}}]}}
      - {{name: backup, noise: 0.0001, {backup}}}
      - {{name: odd, noise: 0.0001, error: {{probability: 0.05, size: 0.1}}, {odd}}}
    consensus: {{method: {method}, stale_after: 15s}}
workloads:
  - strategy: market_making
    name: maker
    capital:
      exchange-alpha: {{BTC: 1, ETH: 12, USD: 120000, USDT: 80000}}
    settings: {{venues: [exchange-alpha], instruments: [BTC/USD, ETH/USD], size_usd: 3000}}
{faults}
"""
START = 1_772_409_600
"""2026-03-02T00:00:00Z, in seconds."""


@pytest.fixture
def run(tmp_path):
    def with_sources(method="consensus", backup="bias: 0", odd="bias: 0", faults="", **options):
        path = tmp_path / "sources.yaml"
        path.write_text(SCENARIO.format(method=method, backup=backup, odd=odd, faults=faults))
        return trading_ecosystem.run(path, **options)

    return with_sources


@pytest.mark.parametrize("method", ["consensus", "priority"])
def test_an_outage_of_the_first_source_and_wild_errors_of_another_disturb_nobody(run, method):
    result = run(method)
    assert result.passed
    assert result.audit.alerts == ()
    switches = [row for row in result.table("market_data.source_switches") if row["instrument"] == "BTC/USD"]
    told = [((row["switched_at"] // SECOND) - START, row["before"], row["after"], row["problem"]) for row in switches]
    # Its last observation is of 9:55. While the market moves on, that becomes an outlier, or it becomes stale.
    assert told[0][1:] in [("primary", "backup", "stale"), ("primary", "backup", "outlier")]
    assert 595 < told[0][0] <= 615
    assert (900, "backup", "primary", "") in told
    consensus = {row["instrument"]: row for row in result.table("market_data.consensus_prices")}
    assert len(consensus) == 6


def test_when_every_source_is_out_the_price_grows_old_and_the_monitor_says_so(run):
    outage = "outages: [{from: 12m, until: 14m}]"
    result = run(backup=outage, odd=outage)
    alerts = result.table("risk.alerts")
    assert {alert["kind"] for alert in alerts} == {"price_stale"}
    assert len(alerts) == 6
    published = [entry for entry in result.entries() if isinstance(entry.message, PricePublished)]
    oldest = max(entry.at - entry.message.priced_at for entry in published)
    assert oldest == 2 * MINUTE
    # There is no fault in the scenario: the alerts are true, and nobody's doing.
    assert result.audit is not None
    assert {finding.verdict.value for finding in result.audit.alerts} == {"unattributed"}


def test_a_breaker_holds_a_shock_and_lets_the_new_level_through_after_a_minute(run):
    fault = "faults:\n  - {id: shock, kind: price_shock, at: 20m, asset: ETH, magnitude: 0.25, ramp: 0s, hold: 15m}\n"
    result = run(faults=fault)
    halts = result.table("market_data.feed_halts")
    # Both ways: where the shock comes, and fifteen minutes later where it is over at once.
    assert [(halt["instrument"], halt["halted_at"] // SECOND - START) for halt in halts] == [
        (symbol, at) for symbol in ("ETH/BTC", "ETH/USD", "ETH/USDT") for at in (1_205, 2_100)
    ]
    for halt in halts:
        assert MINUTE <= halt["resumed_at"] - halt["halted_at"] <= MINUTE + 10 * SECOND
        assert halt["move_ppm"] == pytest.approx(250_000, rel=0.03)
    (score,) = result.audit.detections
    assert score.time_to_detect_ns is not None


def test_recorded_sources_enter_as_inputs_and_replay_without_their_files(tmp_path):
    def rows(prices):
        return "time,instrument,price\n" + "".join(
            f"{(START + number * 10) * SECOND},BTC/USD,{price}\n" for number, price in enumerate(prices)
        )

    (tmp_path / "market.csv").write_text(rows([60_000 + number for number in range(100)]))
    (tmp_path / "tape.csv").write_text(rows([60_000 + number for number in range(100)]))
    (tmp_path / "wire.csv").write_text(rows([60_002 + number if number != 50 else 66_000 for number in range(100)]))
    path = tmp_path / "recorded.yaml"
    path.write_text(
        "title: Recorded sources\nduration: 10m\nstarts_at: 2026-03-02T00:00:00Z\necosystem:\n  market_data:\n"
        "    instruments: [BTC/USD]\n    tick: 10s\n    recording: {file: market.csv, format: csv, speed: 2}\n    sources:\n"
        "      - {name: tape, recording: {file: tape.csv, format: csv}}\n"
        "      - {name: wire, recording: {file: wire.csv, format: csv}}\n"
        "  venues: [{name: alpha, publish_every: 1m}]\n"
    )
    result = trading_ecosystem.run(path, out=tmp_path / "run")
    entries = list(result.entries())
    recorded = [entry for entry in entries if isinstance(entry.message, SourcePriceRecorded)]
    assert [entry.at for entry in recorded] == sorted(entry.at for entry in recorded)
    assert recorded[-1].at == (START + 99 * 5) * SECOND
    assert len(recorded) == 200
    prices = [entry.message.price_minor // 10**6 for entry in entries if isinstance(entry.message, PricePublished)]
    # Two rows pass between two ticks; halfway between the two sources; the one wrong price of the wire is left out.
    assert prices[:3] == [60_002_00, 60_004_00, 60_006_00]
    assert max(prices) <= 60_100_00
    for name in ("market", "tape", "wire"):
        (tmp_path / f"{name}.csv").unlink()
    assert replay(tmp_path / "run") == (result.entry_count, result.journal_digest)
