"""Faults that start a misbehaving strategy: what is said, what counts as effect and end, how large they are."""

from __future__ import annotations

import msgspec
import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.adapters.scenario_parameters import coordination_parameters, trading_parameters
from trading_ecosystem.domains.test_coordination.component import FaultDue, StrategyFaultOver, TestCoordination
from trading_ecosystem.domains.test_coordination.scenario import RiskLimit
from trading_ecosystem.domains.test_coordination.severity import label_of
from trading_ecosystem.domains.test_coordination.strategy_faults import StrategyFault
from trading_ecosystem.messages.exchange import OrderRejected
from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.risk import AlertKind, LimitKind
from trading_ecosystem.messages.test_coordination import (
    ClearFault,
    ConditionEnded,
    ConditionTookEffect,
    FaultCleared,
    FaultInjected,
    FaultKind,
    GroundTruthLabelled,
    RunStarted,
)
from trading_ecosystem.messages.trading import (
    ChangeStrategyParameters,
    HaltReason,
    StartStrategy,
    StopStrategy,
    StrategyHalted,
    StrategyParameter,
)
from trading_ecosystem.messages.units import HOUR, MINOR_UNITS_PER_WHOLE, MINUTE, SECOND
from trading_ecosystem.ports.component import Later
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

USD = BTC = MINOR_UNITS_PER_WHOLE
START = 1_000 * HOUR
SCENARIO = """\
title: A strategy misbehaves
duration: 2h
workloads:
  - strategy: {strategy}
    name: rogue
    start: standby
    capital: {{exchange-alpha: {{BTC: 1, USD: 60000}}}}
    settings: {{venue: exchange-alpha, instrument: BTC/USD, {settings}}}
faults:
  - {{id: broken, kind: {kind}, at: 10m, workload: rogue, duration: {duration}, interval: {interval}}}
"""


def read(kind: str = "strategy_runaway", settings: str = "size_usd: 500", duration: str = "10m", interval: str = "500ms"):
    strategy = kind.removeprefix("strategy_")
    text = SCENARIO.format(kind=kind, strategy=strategy, settings=settings, duration=duration, interval=interval)
    return parse_scenario(text, "rogue.yaml")


def parameters_of(scenario, *limits: RiskLimit):
    return msgspec.structs.replace(coordination_parameters(scenario), limits=limits)


RUNAWAY = read()
RATE = RiskLimit(LimitKind.ORDER_RATE, "fund/rogue", 100)


def injected() -> TestCoordination:
    parameters = parameters_of(RUNAWAY, RATE)
    component = TestCoordination("test-coordination", parameters, SeededRandomness(1), ecosystem=RUNAWAY.ecosystem)
    component.handle(RunStarted("run-1", "rogue", 1, 2 * HOUR), START)
    component.handle(FaultDue("broken"), START + 10 * MINUTE)
    return component


def rejected(account: str = "fund/rogue") -> OrderRejected:
    return OrderRejected("exchange-alpha", account, "rogue-1", "BTC/USD", RejectReason.INSUFFICIENT_CLAIM)


HALTED = StrategyHalted("fund/rogue", "rogue", HaltReason.REQUESTED, "")
TOOK_EFFECT = ConditionTookEffect("trading", "broken", "fund/rogue")
ENDED = ConditionEnded("trading", "broken")


def test_the_strategy_is_given_its_interval_and_started_and_stopped_when_its_time_is_over() -> None:
    parameters = parameters_of(RUNAWAY, RATE)
    component = TestCoordination("test-coordination", parameters, SeededRandomness(1), ecosystem=RUNAWAY.ecosystem)
    component.handle(RunStarted("run-1", "rogue", 1, 2 * HOUR), START)
    now = START + 10 * MINUTE
    assert list(component.handle(FaultDue("broken"), now)) == [
        FaultInjected("run-1", "broken", FaultKind.STRATEGY_RUNAWAY, "trading", ("fund/rogue",), now + 10 * MINUTE),
        ChangeStrategyParameters("trading", "fund/rogue", "rogue", (StrategyParameter("interval", "500ms"),)),
        StartStrategy("trading", "fund/rogue", "rogue"),
        Later(StrategyFaultOver("broken"), now + 10 * MINUTE),
    ]
    stop = StopStrategy("trading", "fund/rogue", "rogue")
    assert list(component.handle(StrategyFaultOver("broken"), now + 10 * MINUTE)) == [stop]


def test_the_first_answer_to_its_order_is_the_effect_and_its_halt_the_end() -> None:
    component, now = injected(), START + 11 * MINUTE
    assert list(component.handle(rejected("fund/maker"), now)) == []
    assert list(component.handle(rejected(), now)) == [TOOK_EFFECT]
    (label,) = component.handle(TOOK_EFFECT, now)
    assert isinstance(label, GroundTruthLabelled)
    assert (label.component, label.first_subject, label.onset_at) == ("trading", "fund/rogue", now)
    assert (label.expected_alert, label.expected_subjects, label.detectable) == (
        AlertKind.ORDER_RATE_LIMIT,
        ("fund/rogue",),
        True,
    )
    again = Decoder().decode(Encoder().encode(component))
    for one in (component, again):
        assert list(one.handle(rejected(), now)) == []
        assert list(one.handle(HALTED, now + SECOND)) == [ENDED]
        assert list(one.handle(HALTED, now + SECOND)) == []
        # Its time is over later, and there is nothing left to stop.
        assert list(one.handle(StrategyFaultOver("broken"), START + 20 * MINUTE)) == []


def test_a_strategy_that_sends_nothing_has_no_effect_and_no_end() -> None:
    component = injected()
    assert list(component.handle(HALTED, START + 20 * MINUTE)) == []


def test_clearing_the_fault_stops_the_strategy() -> None:
    component, now = injected(), START + 11 * MINUTE
    component.handle(rejected(), now)
    component.handle(TOOK_EFFECT, now)
    cleared = component.handle(ClearFault("broken"), now)
    assert list(cleared) == [FaultCleared("run-1", "broken"), StopStrategy("trading", "fund/rogue", "rogue")]
    assert list(component.handle(HALTED, now)) == [ENDED]


def fault_of(scenario) -> StrategyFault:
    fault = scenario.faults[0].lowest
    assert isinstance(fault, StrategyFault)
    return fault


@pytest.mark.parametrize(
    ("kind", "settings", "interval", "limit", "expected"),
    [
        # 120 orders within a minute.
        ("strategy_runaway", "size_usd: 500", "500ms", RATE, 1_200_000),
        ("strategy_runaway", "size_usd: 500", "500ms", RiskLimit(LimitKind.ORDER_RATE, "fund", 240), 500_000),
        ("strategy_runaway", "size_usd: 500", "500ms", RiskLimit(LimitKind.ORDER_RATE, "fund/maker", 1), 0),
        # One bitcoin at the start, and 20 purchases of a quarter within 10 minutes.
        ("strategy_risk_ignorant", "quantity: 0.25", "30s", RiskLimit(LimitKind.POSITION_LONG, "BTC", 12 * BTC), 500_000),
        (
            "strategy_risk_ignorant",
            "quantity: 0.25",
            "30s",
            RiskLimit(LimitKind.POSITION_LONG, "fund/rogue:BTC", 6 * BTC),
            1_000_000,
        ),
        ("strategy_risk_ignorant", "quantity: 0.25", "30s", RiskLimit(LimitKind.POSITION_LONG, "ETH", 1), 0),
        (
            "strategy_volatility_amplifier",
            "size_usd: 500",
            "1m",
            RiskLimit(LimitKind.TURNOVER, "fund/rogue", 5_000 * USD),
            1_000_000,
        ),
        (
            "strategy_correlation_breaker",
            "against: ETH/USD, size_usd: 500",
            "1m",
            RiskLimit(LimitKind.TURNOVER, "fund", 20_000 * USD),
            500_000,
        ),
        # Two fees of 5 basis points on 500 USD, ten times.
        ("strategy_slow_leak", "size_usd: 500", "1m", RiskLimit(LimitKind.DAILY_LOSS, "fund/rogue", 5 * USD), 1_000_000),
    ],
)
def test_the_size_is_the_expected_utilisation(kind: str, settings: str, interval: str, limit: RiskLimit, expected: int) -> None:
    scenario = read(kind, settings, interval=interval)
    assert {venue.taker_fee_ppm for venue in scenario.ecosystem.venues} == {500}
    label = label_of(fault_of(scenario), parameters_of(scenario, limit))
    assert label.severity == expected
    assert label.detectable == (expected >= 1_000_000)
    assert label.expected_subjects == ((limit.subject,) if expected >= 750_000 else ())


def test_a_fault_that_is_shorter_than_the_window_does_less() -> None:
    short = read(duration="10s")
    assert fault_of(short).severity(parameters_of(short, RATE)) == 200_000


def test_without_a_limit_the_fault_is_expected_to_be_missed() -> None:
    label = label_of(fault_of(RUNAWAY), parameters_of(RUNAWAY))
    assert (label.detectable, label.expected_subjects, label.severity) == (False, (), 0)


def test_the_house_limits_count_unless_the_scenario_states_others() -> None:
    scenario = read("strategy_risk_ignorant", "quantity: 0.9", interval="60s")
    assert fault_of(scenario).severity(coordination_parameters(scenario)) == 1_000_000


def test_a_workload_on_standby_is_loaded_and_not_started() -> None:
    (strategy,) = trading_parameters(RUNAWAY).strategies
    assert strategy.starts_after_ns is None
    assert RUNAWAY.ecosystem.standby == RUNAWAY.workloads


def test_an_interval_may_be_a_range() -> None:
    scenario = read(interval="{low: 200ms, high: 2s}")
    assert [getattr(end, "interval_ns", 0) for end in (scenario.faults[0].lowest, scenario.faults[0].highest)] == [
        200_000_000,
        2 * SECOND,
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            ("start: standby", "start: 5m"),
            "no workload of the strategy 'runaway' is on standby; expected one with 'strategy: runaway'",
        ),
        (("kind: strategy_runaway", "kind: strategy_slow_leak"), "no workload of the strategy 'slow_leak' is on standby"),
        (("workload: rogue", "workload: rouge"), "did you mean 'rogue'?"),
        (("interval: 500ms", "interval: 5ms"), "interval '5ms' is too short; expected at least 10ms"),
        (("interval: 500ms", "interval: 61m"), "expected at most 1h"),
        (("start: standby", "start: later"), "start 'later' is not a duration"),
    ],
)
def test_what_cannot_be_is_one_line(changes: tuple[str, str], problem: str) -> None:
    text = SCENARIO.format(
        kind="strategy_runaway", strategy="runaway", settings="size_usd: 500", duration="10m", interval="500ms"
    )
    assert changes[0] in text
    with pytest.raises(BadInput) as caught:
        parse_scenario(text.replace(*changes), "rogue.yaml")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
