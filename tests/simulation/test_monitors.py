"""A monitor outside, in lock-step: it raises what the built-in one raises, and nothing else changes by its being there."""

from __future__ import annotations

import msgspec
import pytest
from tests.campaign import CAMPAIGN, seeds

from trading_ecosystem import container
from trading_ecosystem.adapters import scenario_parameters as made_from
from trading_ecosystem.adapters.external_risk import ExternalRisk
from trading_ecosystem.adapters.in_process_monitors import InProcessMonitors
from trading_ecosystem.adapters.scenario_files import read_scenario
from trading_ecosystem.adapters.scenario_library import find_scenario, library
from trading_ecosystem.domains.test_coordination.judge import Judgement
from trading_ecosystem.messages.audit import AlertVerdict, DetectionOutcome
from trading_ecosystem.messages.monitor_stream import Heartbeat
from trading_ecosystem.messages.monitors import (
    MONITORS,
    AlertReportAccepted,
    AlertReported,
    MonitorRegistered,
    RegisterMonitor,
    ReportState,
)
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, AlertResolved, AlertUpdated, Severity
from trading_ecosystem.messages.test_coordination import LinkConditionApplied
from trading_ecosystem.ports.errors import BadInput

BROKEN = """\
title: Every way to break what a monitor hears
duration: 27m
seed: 7
ecosystem:
  market_data: {jumps: false}
  links:
    - {from: '*', to: risk, latency: {distribution: lognormal, mean: 40ms, minimum: 5ms, sigma: 0.8}}
    - {from: '*', to: trading, latency: {distribution: exponential, mean: 20ms, minimum: 5ms}}
workloads:
  - strategy: market_making
    name: maker
    capital:
      exchange-alpha: {BTC: 1, ETH: 12, USD: 120000, USDT: 80000}
    settings: {venues: [exchange-alpha], instruments: [BTC/USD, ETH/USD, BTC/USDT, USDT/USD], size_usd: 3000}
faults:
  - {id: slow, kind: link_delay, from: market-data, to: risk, at: 3m, duration: 2m, delay: 45s}
  - {id: lossy, kind: link_drop, from: [market-data, custodian], to: [risk, trading], at: 7m, duration: 3m, probability: 0.5}
  - {id: twice, kind: link_duplicate, from: market-data, to: risk, at: 11m, duration: 2m, probability: 0.5, delay: 3s}
  - {id: mixed, kind: link_reorder, from: market-data, to: risk, at: 14m, duration: 2m, probability: 0.4, delay: 35s}
  - {id: shock, kind: price_shock, asset: BTC, magnitude: -0.06, ramp: 10s, hold: 2m, recovery: 4m, at: 15m}
  - {id: unsettled, kind: settlement_reject, at: 5m, duration: 20m, probability: 1}
  - {id: cut, kind: link_partition, from: market-data, to: risk, at: 24m, duration: 1m}
"""
"""Latency on every link to the monitor, and link faults of each kind."""
CRASH = """\
title: A crash that is noticed
duration: 12m
seed: 3
ecosystem:
  market_data: {jumps: false}
workloads: []
faults:
  - {id: crash, kind: market_crash, magnitude: -0.15, ramp: 4m, hold: 1m, recovery: 1m, at: 3m}
expectations:
  - {fault: crash, alert: price_crash, within: 2m}
"""
WATCHED = """\
title: Venues, feed and custodian misbehave
duration: 25m
seed: 5
ecosystem:
  market_data: {jumps: false}
workloads:
  - strategy: market_making
    name: maker
    capital:
      exchange-alpha: {BTC: 1, ETH: 12, USD: 120000, USDT: 80000}
    settings:
      venues: [exchange-alpha]
      instruments: [BTC/USD, ETH/USD, BTC/USDT, USDT/USD]
      size_usd: 3000
      max_inventory_usd: 20000
faults:
  - {id: mute, kind: venue_lost_ack, venue: exchange-alpha, at: 3m, duration: 4m, probability: 1}
  - {id: halt, kind: venue_halt, venue: exchange-beta, at: 8m, duration: 2m}
  - {id: again, kind: feed_duplicate, at: 11m, duration: 4m, probability: 0.8, delay: 1s}
  - {id: wrong, kind: instruction_mismatch, at: 12m, duration: 10m, probability: 1, magnitude: 0.1}
"""
OF_MONITORS = (RegisterMonitor, MonitorRegistered, AlertReported, AlertReportAccepted)


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "broken.yaml"
    path.write_text(BROKEN)
    return path


def with_monitors_outside(scenario, seed=None, overrides=(), names=("outside",), out=None):
    parameters = made_from.risk_parameters(read_scenario(find_scenario(scenario), overrides))
    makers = {name: lambda registered: ExternalRisk(registered, parameters) for name in names}
    monitors = InProcessMonitors(parameters.firm, makers)
    return container.run(scenario, overrides=overrides, seed=seed, monitors=monitors, out=out)


def messages(result, kind):
    return [entry.message for entry in result.entries() if isinstance(entry.message, kind)]


def raised(result):
    return [(one.alert_id, one.kind, one.subject, one.severity, one.raised_at) for one in messages(result, AlertRaised)]


def reported(result, state=ReportState.RAISED, monitor="outside"):
    accepted = [one for one in messages(result, AlertReportAccepted) if (one.state, one.monitor) == (state, monitor)]
    return [(one.alert_id, one.kind, one.subject, one.severity, one.raised_at) for one in accepted]


def expect_identical_alerts(result, monitor="outside"):
    assert reported(result, monitor=monitor) == raised(result)
    updates = [(one.alert_id, one.severity) for one in messages(result, AlertUpdated)]
    assert [(one[0], one[3]) for one in reported(result, ReportState.UPDATED, monitor)] == updates
    resolved = [one.alert_id for one in messages(result, AlertResolved)]
    assert [one[0] for one in reported(result, ReportState.RESOLVED, monitor)] == resolved
    assert len(messages(result, AlertReported)) == len(messages(result, AlertReportAccepted))


def expect_identical_scores(result):
    """Audit finds the same about each monitor outside as about the built-in one, and so does the verdict."""
    audit, verdict = result.audit, result.verdict
    assert audit.monitors
    for found, judged in zip(audit.monitors, verdict.monitors, strict=True):
        assert found.monitor == judged.monitor
        assert (found.detections, found.alerts) == (audit.detections, audit.alerts)
        assert [(one.fault_id, one.alert_id) for one in found.chains] == [(one.fault_id, one.alert_id) for one in audit.chains]
        own = (verdict.judgement, verdict.expectations, verdict.clean_periods, verdict.unexpected)
        assert (judged.judgement, judged.expectations, judged.clean_periods, judged.unexpected) == own


@pytest.mark.parametrize("name", list(library()) if CAMPAIGN else ["market_crash"])
def test_built_in_and_outside_raise_identical_alerts(name):
    overrides = () if CAMPAIGN else ("duration=65m",)
    if read_scenario(find_scenario(name)).is_open:
        overrides = ("duration=1h",)
    result = with_monitors_outside(name, overrides=overrides)
    expect_identical_alerts(result)
    expect_identical_scores(result)
    assert CAMPAIGN or len(raised(result)) >= 4


@pytest.mark.parametrize("seed", seeds(1, 20))
def test_two_monitors_hear_what_the_built_in_one_hears_and_nothing_else_changes(broken, seed):
    """Latency, delay, loss, copies, reordering and partition are those of the built-in monitor's links."""
    watched = with_monitors_outside(broken, seed, names=("outside", "second"))
    assert {one.kind.value for one in messages(watched, AlertRaised)} >= {"price_stale", "price_shock", "settlement_overdue"}
    expect_identical_alerts(watched)
    expect_identical_alerts(watched, "second")
    expect_identical_scores(watched)
    assert said(watched) == said(container.run(broken, seed=seed))


def test_a_monitor_outside_hears_venues_custody_and_copies_of_commands(tmp_path):
    path = tmp_path / "watched.yaml"
    path.write_text(WATCHED)
    result = with_monitors_outside(path)
    kinds = {one.kind for one in messages(result, AlertRaised)}
    of_copies = {AlertKind.ORDER_UNANSWERED, AlertKind.EXECUTION_LATENCY}
    assert kinds >= {*of_copies, AlertKind.TRADING_HALTED, AlertKind.FEED_DUPLICATE, AlertKind.INSTRUCTION_MISMATCH}
    expect_identical_alerts(result)
    expect_identical_scores(result)


def test_a_run_with_monitors_replays(broken, tmp_path):
    result = with_monitors_outside(broken, out=tmp_path / "run")
    assert len(messages(result, AlertReported)) > 20
    assert container.replay(tmp_path / "run") == (result.entry_count, result.journal_digest)


class Silent:
    """A monitor that notices nothing, and cries wolf once."""

    def __init__(self, registered):
        self._registered = registered
        self._cried = False

    def take(self, sent):
        if self._cried or not isinstance(sent, Heartbeat):
            return ()
        self._cried = True
        return [
            AlertReported(
                component=MONITORS,
                account=self._registered.account,
                monitor=self._registered.monitor,
                report_id="wolf",
                alert_id=1,
                state=ReportState.RAISED,
                kind=AlertKind.PRICE_CRASH,
                subject="BTC/USD",
                severity=Severity.CRITICAL,
                raised_at=sent.at,
            )
        ]


@pytest.mark.parametrize("acting", ["risk", "silent"])
def test_a_monitor_that_misses_everything_fails_where_the_built_in_one_holds(acting, tmp_path):
    scenario = tmp_path / "crash.yaml"
    scenario.write_text(CRASH)
    monitors = InProcessMonitors("fund", {"silent": Silent})
    out = tmp_path / "run"
    result = container.run(scenario, monitors=monitors, acting=acting, out=out)
    verdicts = {acting: result.verdict, result.verdict.monitors[0].monitor: result.verdict.monitors[0]}
    (silent,) = result.audit.monitors
    assert [one.outcome for one in silent.detections] == [DetectionOutcome.MISSED]
    assert [(one.verdict, one.fault_id) for one in silent.alerts] == [(AlertVerdict.FALSE, None)]
    assert verdicts["silent"].judgement is Judgement.FAILS
    assert any("alert 1 at" in line and "is false" in line for line in verdicts["silent"].unexpected)
    assert [one.outcome for one in result.audit.detections] == [DetectionOutcome.DETECTED]
    assert result.passed == (acting == "risk" and verdicts["risk"].judgement is Judgement.HOLDS)
    document = msgspec.json.decode((out / "verdict.json").read_bytes())
    assert document["acting"] == acting
    assert document["detections"][0]["outcome"] == ("detected" if acting == "risk" else "missed")
    (other,) = document["monitors"]
    assert other["detections"][0]["outcome"] == ("missed" if acting == "risk" else "detected")
    assert [row["outcome"] for row in result.table("audit.monitor_scores")] == ["missed"]
    assert [row["verdict"] for row in result.table("audit.monitor_alerts")] == ["false"]
    assert f"the verdict of <code>{acting}</code>" in (out / "report.html").read_text()
    assert container.replay(out)[1] == result.journal_digest


def test_only_a_monitor_that_takes_part_can_act():
    with pytest.raises(BadInput, match=r"--acting: no monitor 'somebody' takes part; expected one of risk"):
        container.run("market_crash", acting="somebody")


def said(result):
    """Everything but what concerns monitors outside, without the sequences, which their entries shift."""
    return [
        (one.at, one.kind, one.sender, without_sequence(one.message))
        for one in result.entries()
        if not isinstance(one.message, OF_MONITORS)
    ]


def without_sequence(message):
    return msgspec.structs.replace(message, sequence=0) if isinstance(message, LinkConditionApplied) else message
