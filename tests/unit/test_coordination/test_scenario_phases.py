"""Phases become the times of a whole run."""

from __future__ import annotations

import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.domains.test_coordination.scenario import CleanPeriod
from trading_ecosystem.messages.units import MINUTE
from trading_ecosystem.ports.errors import BadInput

TEXT = """\
title: Phases
ecosystem: {venues: [{name: north}]}
clean_periods: [{from: 0s, until: 5m}]
faults:
  - {id: early, kind: feed_stale, at: 6m, duration: 1m}
phases:
  - {name: calm, duration: 20m, clean: true}
  - name: feed
    duration: 30m
    faults:
      - {id: stale, kind: feed_stale, at: 5m, duration: 2m}
      - {id: at-once, kind: feed_delay, duration: 2m, delay: 50s}
    expectations: [{fault: stale, alert: price_stale}]
  - name: custody
    after: calm
    duration: 40m
    faults: [{id: slow, kind: settlement_delay, at: {low: 1m, high: 3m}, duration: 8m, delay: 6m}]
    operations: [{at: 2m, venue: north, halt: BTC/USD}]
  - {name: calm-again, after: [feed, custody], duration: 10m, clean: true}
  - {name: beside, after: [], duration: 15m}
"""


def test_phases_follow_each_other_or_go_on_side_by_side() -> None:
    scenario = parse_scenario(TEXT, "phases.yaml")
    spans = {phase.name: (phase.from_ns // MINUTE, phase.until_ns // MINUTE) for phase in scenario.phases}
    assert spans == {"calm": (0, 20), "feed": (20, 50), "custody": (20, 60), "calm-again": (60, 70), "beside": (0, 15)}
    assert scenario.duration_ns == 70 * MINUTE
    ats = {plan.lowest.id: (plan.lowest.at_ns // MINUTE, plan.highest.at_ns // MINUTE) for plan in scenario.faults}
    assert ats == {"early": (6, 6), "stale": (25, 25), "at-once": (20, 20), "slow": (21, 23)}
    assert [one.at_ns // MINUTE for one in scenario.operations] == [22]
    assert [one.fault for one in scenario.expectations] == ["stale"]
    assert scenario.clean_periods == (
        CleanPeriod(0, 5 * MINUTE),
        CleanPeriod(0, 20 * MINUTE),
        CleanPeriod(60 * MINUTE, 70 * MINUTE),
    )


def test_a_run_may_last_longer_than_its_phases() -> None:
    assert parse_scenario(TEXT + "duration: 3h\n", "phases.yaml").duration_ns == 180 * MINUTE


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            ("{id: stale, kind: feed_stale, at: 5m", "{id: stale, kind: feed_stale, at: 30m"),
            r"11:\d+: this would begin 30m into",
        ),
        (("after: calm\n", "after: clam\n"), r"15:\d+: no phase before this one is called 'clam'; expected one of: calm"),
        (("name: feed\n", "name: calm\n"), r"8:\d+: the phase 'calm' is here twice"),
        (
            ("- {name: calm, duration: 20m", "- {name: calm, after: x, duration: 20m"),
            r"7:\d+: no phase before this one is called 'x'",
        ),
        (("- {name: calm, duration: 20m, ", "- {name: calm, "), r"7:\d+: a phase has no 'duration'"),
        (("clean: true}\n  - name", "clean: maybe}\n  - name"), r"7:\d+: clean cannot be 'maybe'; expected true or false"),
        (
            ("title: Phases", "title: Phases\nduration: 1h"),
            r"2:\d+: the run would be over before its last phase",
        ),
        (("at: {low: 1m, high: 3m}", "at: {low: 1m, high: 50m}"), r"17:\d+: this would begin 50m into the phase 'custody'"),
    ],
)
def test_every_mistake_is_one_line_with_its_place(change: tuple[str, str], line: str) -> None:
    assert change[0] in TEXT
    with pytest.raises(BadInput, match=rf"^phases.yaml:{line}"):
        parse_scenario(TEXT.replace(*change), "phases.yaml")


def test_no_phases_are_none() -> None:
    with pytest.raises(BadInput, match="there are 0 phases; expected 1 to 100"):
        parse_scenario("title: x\nphases: []\n", "x.yaml")


def test_a_phase_waits_for_the_last_of_those_that_it_comes_after() -> None:
    text = """\
title: Waits
phases:
  - {name: long, after: [], duration: 30m}
  - {name: short, after: [], duration: 10m}
  - {name: one, after: [long, short], duration: 5m}
  - {name: other, after: [short, long], duration: 5m}
"""
    scenario = parse_scenario(text, "waits.yaml")
    assert [phase.from_ns for phase in scenario.phases] == [0, 0, 30 * MINUTE, 30 * MINUTE]
    assert scenario.duration_ns == 35 * MINUTE
