"""Faults of components and their stores: conditions, sizes, and the alert that depends on the component."""

from __future__ import annotations

import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.adapters.scenario_parameters import coordination_parameters
from trading_ecosystem.domains.test_coordination.schedule import component_of, condition_of, rollback_of
from trading_ecosystem.domains.test_coordination.severity import label_of, targets_of
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.supervision import (
    ComponentConditionKind,
    ComponentConditionSet,
    StoreConditionKind,
    StoreConditionSet,
)
from trading_ecosystem.messages.test_coordination import ConditionCleared
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.ports.errors import BadInput

SCENARIO = "title: Broken\nduration: 2h\nfaults:\n  - {{id: broken, at: 10m, {fault}}}\n"
STALE, DOWN, LATE = AlertKind.PRICE_STALE, AlertKind.VENUE_DOWN, AlertKind.EXECUTION_LATENCY
OVERDUE, ALPHA = AlertKind.SETTLEMENT_OVERDUE, "exchange-alpha"


def read(fault: str, more: str = ""):
    scenario = parse_scenario(SCENARIO.format(fault=fault) + more, "broken.yaml")
    return scenario.faults[0].lowest, coordination_parameters(scenario)


def test_a_pause_and_a_crash_are_conditions_that_the_supervisor_hears() -> None:
    fault, parameters = read("kind: component_pause, component: risk, duration: 2m")
    assert (component_of(fault, parameters), targets_of(fault, parameters)) == ("supervisor", ("risk",))
    pause = ComponentConditionKind.COMPONENT_PAUSE
    assert condition_of(fault, parameters, 7) == ComponentConditionSet("supervisor", "broken", pause, "risk", 7 + 2 * MINUTE)
    assert rollback_of(fault, parameters) == ConditionCleared("supervisor", "broken")
    fault, parameters = read("kind: component_crash, component: trading, duration: 2m, memory: without")
    crash = ComponentConditionKind.COMPONENT_CRASH
    expected = ComponentConditionSet("supervisor", "broken", crash, "trading", 7 + 2 * MINUTE, False)
    assert condition_of(fault, parameters, 7) == expected


def test_a_slow_and_a_missing_store_are_conditions_that_the_links_hear() -> None:
    fault, parameters = read("kind: store_slow, component: exchange-alpha, duration: 2m, delay: 3s")
    others = ("market-data", "exchange-beta", "custodian", "trading", "risk")
    slow = StoreConditionKind.STORE_SLOW
    assert component_of(fault, parameters) == "links"
    assert condition_of(fault, parameters, 7) == StoreConditionSet(
        "links", "broken", slow, "exchange-alpha", others, 7 + 2 * MINUTE, 3 * SECOND
    )


@pytest.mark.parametrize(
    ("fault", "alert", "subjects", "severity", "detectable", "sla_ns"),
    [
        ("component_pause, component: market-data, duration: 30s", STALE, "instruments", 30 * SECOND, False, 5 * SECOND),
        ("component_pause, component: market-data, duration: 31s", STALE, "instruments", 31 * SECOND, True, 5 * SECOND),
        ("component_crash, component: exchange-beta, duration: 60s", DOWN, "exchange-beta", MINUTE, False, 5 * SECOND),
        ("component_crash, component: exchange-beta, duration: 61s", DOWN, "exchange-beta", 61 * SECOND, True, 5 * SECOND),
        ("component_crash, component: custodian, duration: 299s", OVERDUE, "venues", 299 * SECOND, False, MINUTE),
        ("component_crash, component: custodian, duration: 5m", OVERDUE, "venues", 5 * MINUTE, True, MINUTE),
        ("component_crash, component: trading, duration: 5m", None, "", 5 * MINUTE, False, 0),
        ("component_pause, component: risk, duration: 5m", None, "", 5 * MINUTE, False, 0),
        ("store_slow, component: market-data, duration: 5m, delay: 20s", STALE, "instruments", 30 * SECOND, False, 5 * SECOND),
        ("store_slow, component: market-data, duration: 5m, delay: 21s", STALE, "instruments", 31 * SECOND, True, 5 * SECOND),
        ("store_slow, component: market-data, duration: 5s, delay: 5m", STALE, "instruments", 0, False, 5 * SECOND),
        ("store_slow, component: exchange-alpha, duration: 5m, delay: 900ms", LATE, ALPHA, 9 * SECOND // 10, False, 5 * SECOND),
        ("store_slow, component: exchange-alpha, duration: 5m, delay: 1s", LATE, "exchange-alpha", SECOND, True, 5 * SECOND),
        ("store_slow, component: custodian, duration: 9m, delay: 5m", OVERDUE, "venues", 5 * MINUTE, True, MINUTE),
        ("store_unavailable, component: exchange-alpha, duration: 2m", DOWN, "exchange-alpha", 2 * MINUTE, True, 5 * SECOND),
        ("store_unavailable, component: trading, duration: 2m", None, "", 2 * MINUTE, False, 0),
    ],
)  # fmt: skip
def test_what_is_expected_depends_on_the_component(
    fault: str, alert: AlertKind | None, subjects: str, severity: int, detectable: bool, sla_ns: int
) -> None:
    read_fault, parameters = read(f"kind: {fault}")
    label = label_of(read_fault, parameters)
    assert (label.expected_alert, label.severity, label.detectable, label.sla_ns) == (alert, severity, detectable, sla_ns)
    named = {"instruments": parameters.instruments, "venues": parameters.venues, "": ()}
    assert label.expected_subjects == named.get(subjects, (subjects,))


def test_an_expectation_names_the_alert_of_the_component() -> None:
    more = "expectations: [{{fault: broken, alert: {alert}}}]\n"
    fault = "kind: component_crash, component: exchange-beta, duration: 2m"
    read(fault, more.format(alert="venue_down"))
    with pytest.raises(BadInput, match="expected venue_down, or missed"):
        read(fault, more.format(alert="price_stale"))
    with pytest.raises(BadInput, match="outside the monitor's mandate"):
        read("kind: component_crash, component: trading, duration: 2m", more.format(alert="price_stale"))


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("component_crash, component: custodian, duration: 1m, memory: without", "'custodian' never starts without memory"),
        ("component_crash, component: trading, duration: 1m, memory: some", "expected one of"),
        ("component_crash, component: supervisor, duration: 1m", "unknown component 'supervisor'"),
        ("component_pause, component: trading, duration: 61m", "expected at most 1h"),
        ("component_pause, component: trading, duration: 1m, memory: with", "unknown field 'memory'"),
        ("store_slow, component: trading, duration: 1m", "has no 'delay'"),
    ],
)
def test_what_cannot_be_is_one_line(fault: str, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(f"kind: {fault}")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
