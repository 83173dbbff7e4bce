"""Whole runs in which components are stopped and started at random: amounts still add up, and no alert is false.

What a component does not hear while it is down it does not know afterwards; nothing of it may break, or contradict itself.
"""

from __future__ import annotations

import random

import pytest
from tests.campaign import CAMPAIGN, seeds

from trading_ecosystem import container
from trading_ecosystem.adapters import scenario_parameters as made_from
from trading_ecosystem.adapters.memory.journal import MemoryJournal
from trading_ecosystem.adapters.scenario_files import read_scenario
from trading_ecosystem.adapters.scenario_library import find_scenario
from trading_ecosystem.domains.audit.correlator import Audit
from trading_ecosystem.domains.test_coordination.scenario import RISK, Scenario
from trading_ecosystem.messages.audit import AlertVerdict
from trading_ecosystem.messages.envelope import decode_entry
from trading_ecosystem.messages.risk import AlertKind, AlertRaised
from trading_ecosystem.messages.supervision import (
    ComponentConditionKind,
    ComponentConditionSet,
    ComponentStarted,
    RestartComponent,
    StartComponent,
    StopComponent,
    StoreConditionKind,
    StoreConditionSet,
)
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.runtime.replay import ComparingJournal, recorded_inputs, reexecute
from trading_ecosystem.runtime.simulation import ScheduledInput, simulate

COMPONENTS = ("exchange-alpha", "exchange-beta", "custodian", "risk", "trading", "market-data")
RUNS = {"living_market": ("duration=1h",), "perp_squeeze": (), "settlement_delay": ()}
if not CAMPAIGN:
    RUNS = {"living_market": ("duration=5m",), "perp_squeeze": ("duration=50m", "clean_periods=[]")}


def commands(scenario: Scenario, seed: int) -> list[ScheduledInput]:
    draws = random.Random(seed)
    at, end = scenario.starts_at + 5 * SECOND, scenario.starts_at + scenario.duration_ns - SECOND
    planned = []
    while at < end:
        name = draws.choice(COMPONENTS)
        restart = RestartComponent(name, draws.choice((0, 1, SECOND, 30 * SECOND, 4 * MINUTE)))
        until = at + draws.choice((1, SECOND, 30 * SECOND, 4 * MINUTE))
        broken = ComponentConditionSet("supervisor", f"c-{at}", draws.choice(tuple(ComponentConditionKind)), name, until)
        others = tuple(other for other in COMPONENTS if other != name)
        slow = StoreConditionSet("links", f"s-{at}", draws.choice(tuple(StoreConditionKind)), name, others, until, SECOND)
        command = draws.choice((StopComponent(name), StartComponent(name), StartComponent(name), restart, broken, broken, slow))
        planned.append(ScheduledInput(at, "control", command))
        at += draws.choice((0, 1, SECOND, 20 * SECOND, MINUTE))
    return planned


@pytest.mark.parametrize("seed", seeds(1, 60))
@pytest.mark.parametrize("name", RUNS)
def test_random_stops_break_nothing(name: str, seed: int) -> None:
    scenario = read_scenario(find_scenario(name), RUNS[name])
    journal = MemoryJournal()
    kernel, recorder = container.ecosystem(scenario, seed, journal)
    audit = Audit(scenario.ecosystem.firm.name, monitor=RISK, instruments=scenario.ecosystem.market_data.instruments)
    recorder.follow(audit.follow)
    inputs = [*made_from.opening_inputs(scenario, seed), *commands(scenario, seed)]
    simulate(kernel, recorder, inputs)
    assert kernel.ended
    report = audit.report()
    assert report.conservation == ()
    assert [alert for alert in report.alerts if alert.verdict is AlertVerdict.FALSE] == []
    lines = list(journal.lines())
    assert sum(isinstance(decode_entry(line).message, ComponentStarted) for line in lines) > 0
    # The very same again, from what the record holds alone.
    comparing = ComparingJournal(iter(lines))
    again, second = container.ecosystem(scenario, seed, comparing)
    reexecute(again, second, recorded_inputs(lines))
    comparing.expect_end()
    assert again.states() == kernel.states()


def test_a_monitor_that_was_down_finds_prices_stale_and_audit_agrees() -> None:
    """Nothing reached it: for it prices are old, numbers are missing and venues are silent, and that is no false alert."""
    scenario = read_scenario(find_scenario("living_market"), ("duration=5m",))
    journal = MemoryJournal()
    kernel, recorder = container.ecosystem(scenario, 1, journal)
    audit = Audit(scenario.ecosystem.firm.name, monitor=RISK, instruments=scenario.ecosystem.market_data.instruments)
    recorder.follow(audit.follow)
    stop = ScheduledInput(scenario.starts_at + MINUTE - SECOND // 2, "control", RestartComponent(RISK, down_ns=MINUTE))
    simulate(kernel, recorder, [*made_from.opening_inputs(scenario, 1), stop])
    entries = [decode_entry(line) for line in journal.lines()]
    raised = [entry for entry in entries if isinstance(entry.message, AlertRaised)]
    started_at = scenario.starts_at + 2 * MINUTE - SECOND // 2
    stale = {entry.at for entry in raised if entry.message.kind is not AlertKind.FEED_GAP}
    assert stale == {started_at}
    # The first prices after it show that numbers are missing.
    assert {entry.at for entry in raised} - stale == {started_at + SECOND // 2}
    kinds = {entry.message.kind for entry in raised}
    assert kinds == {AlertKind.PRICE_STALE, AlertKind.FEED_GAP, AlertKind.VENUE_DOWN}
    assert {alert.verdict for alert in audit.report().alerts} == {AlertVerdict.UNATTRIBUTED}
