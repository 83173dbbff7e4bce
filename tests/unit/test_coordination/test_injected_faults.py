"""Faults that are asked for while an ecosystem runs: read by the scenario's grammar, set, labelled, cleared, listed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.unit.test_coordination.test_test_coordination_component import PARAMETERS

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.domains.test_coordination.catalogue import CATALOGUE
from trading_ecosystem.domains.test_coordination.catalogue_description import FaultParameter, Unit, describe_catalogue
from trading_ecosystem.domains.test_coordination.component import FaultDue, FaultOver, TestCoordination
from trading_ecosystem.domains.test_coordination.injected_faults import FaultProblem, fault_problem, read_injected
from trading_ecosystem.domains.test_coordination.scenario import CustodianFault, LinkFault, PriceFault
from trading_ecosystem.domains.test_coordination.schedule import condition_of
from trading_ecosystem.domains.test_coordination.venue_faults import MAGNITUDES
from trading_ecosystem.messages.test_coordination import (
    ClearFault,
    ConditionCleared,
    ConditionEnded,
    ConditionTookEffect,
    FaultCleared,
    FaultField,
    FaultInjected,
    FaultKind,
    FaultPlanned,
    FaultRefused,
    FaultsQuestion,
    FaultState,
    FaultStatus,
    GroundTruthClosed,
    GroundTruthLabelled,
    InjectFault,
    RunStarted,
)
from trading_ecosystem.messages.units import HOUR, MINUTE
from trading_ecosystem.ports.component import Later
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

STANDBY = {
    "runaway": "size_usd: 100",
    "risk_ignorant": "quantity: 0.1",
    "volatility_amplifier": "size_usd: 100",
    "correlation_breaker": "against: ETH/USD, size_usd: 100",
    "slow_leak": "size_usd: 100",
}
PLACE = "venue: exchange-alpha, instrument: BTC/USD"
WORKLOADS = "".join(
    f"  - {{strategy: {kind}, start: standby, capital: {{exchange-alpha: {{USD: 1}}}}, settings: {{{PLACE}, {own}}}}}\n"
    for kind, own in STANDBY.items()
)
ECOSYSTEM = parse_scenario(f"title: All\nduration: open\nworkloads:\n{WORKLOADS}", "all.yaml").ecosystem
NOW = STARTED_AT = 1_000 * HOUR


def asked(kind: str, fault_id: str = "mine", **fields: str) -> InjectFault:
    return InjectFault(fault_id, kind, tuple(FaultField(name.rstrip("_"), value) for name, value in fields.items()))


DELAY = asked("settlement_delay", duration="90m", delay="45m")
DELAYED = CustodianFault("mine", FaultKind.SETTLEMENT_DELAY, 0, 90 * MINUTE, 0, 45 * MINUTE)


def running(duration_ns: int = 0) -> TestCoordination:
    component = TestCoordination("test-coordination", PARAMETERS, SeededRandomness(1), ecosystem=ECOSYSTEM)
    component.handle(RunStarted(run="run-1", scenario="test", seed=1, duration_ns=duration_ns), STARTED_AT)
    return component


def test_rows_read_as_the_scenario_would_be() -> None:
    assert read_injected(DELAY, ECOSYSTEM) == DELAYED
    crash = read_injected(asked("market_crash", magnitude="-0.15", assets="BTC, ETH", ramp="12m", at="1h"), ECOSYSTEM)
    assert isinstance(crash, PriceFault)
    assert (crash.assets, crash.magnitude_ppm, crash.ramp_ns, crash.at_ns) == (("BTC", "ETH"), -150_000, 12 * MINUTE, HOUR)
    link = read_injected(asked("link_partition", from_="market-data", to="risk,trading", duration="40s"), ECOSYSTEM)
    assert isinstance(link, LinkFault)
    assert (link.senders, link.receivers) == (("market-data",), ("risk", "trading"))


@pytest.mark.parametrize(
    ("message", "field", "problem"),
    [
        (asked("settlement_dely", duration="1m"), "kind", "did you mean 'settlement_delay'? expected one of"),
        (asked("settlement_delay", duration="1m"), "", "a fault of kind settlement_delay has no 'delay'; expected this field"),
        (asked("settlement_delay", duration="1m", delay="25h"), "delay", "delay '25h' is too long; expected at most 1d"),
        (asked("settlement_delay", duration="1m", delay="soon"), "delay", "expected a duration"),
        (asked("settlement_delay", duration="1m", delay="1m", size="2"), "size", "unknown field 'size'"),
        (asked("stablecoin_depeg", magnitude="-0.21", hold="1h"), "magnitude", "expected a ratio from -0.2 to 0.2"),
        (asked("stablecoin_depeg", magnitude="NaN", hold="1h"), "magnitude", "magnitude cannot be 'NaN'"),
        (asked("stablecoin_depeg", magnitude="-0.1"), "", "no ramp, hold or recovery; expected it to last"),
        (asked("market_crash", magnitude="-0.1", hold="1h", assets=""), "assets", "unknown coin"),
        (asked("feed_stale", duration="1m", instruments="BTC/EUR"), "instruments", "unknown instrument 'BTC/EUR'"),
        (asked("custodian_offline", duration="1m", at="32d"), "at", "at 32d is too far ahead; expected at most 31d"),
        (InjectFault("mine", "custodian_offline", (FaultField("kind", "x"),)), "kind", "'kind' stands beside the fields"),
        (asked("custodian_offline", "No Name", duration="1m"), "id", "is not a safe name"),
        (
            InjectFault("mine", "custodian_offline", (FaultField("duration", "1m"), FaultField("duration", "2m"))),
            "duration",
            "the field 'duration' is here twice; expected distinct fields",
        ),
    ],
)
def test_what_cannot_be_is_one_line_with_its_field(message: InjectFault, field: str, problem: str) -> None:
    found = fault_problem(message, ECOSYSTEM)
    assert isinstance(found, FaultProblem)
    assert found.field == field
    assert problem in found.problem
    assert "\n" not in found.problem
    # The coordinator refuses it with the same words, and nothing has changed.
    component = running()
    assert list(component.handle(message, NOW)) == [FaultRefused(message.fault_id, found.field, found.problem)]
    assert component.answer(FaultsQuestion()) == running().answer(FaultsQuestion())


def test_a_fault_is_injected_labelled_and_closed_like_one_of_the_schedule() -> None:
    component = running()
    venues = PARAMETERS.venues
    assert list(component.handle(DELAY, NOW)) == [
        FaultInjected("run-1", "mine", FaultKind.SETTLEMENT_DELAY, "custodian", venues, NOW + 90 * MINUTE),
        condition_of(DELAYED, PARAMETERS, NOW),
        Later(FaultOver("mine"), NOW + 90 * MINUTE),
    ]
    state = FaultState("mine", FaultKind.SETTLEMENT_DELAY, "custodian", venues, FaultStatus.INJECTED, NOW, NOW + 90 * MINUTE)
    assert component.answer(FaultsQuestion())[0] == state
    (label,) = component.handle(ConditionTookEffect(component="custodian", condition_id="mine", subject="alpha"), NOW + MINUTE)
    assert isinstance(label, GroundTruthLabelled)
    assert (label.fault_id, label.onset_at, label.detectable, label.severity) == ("mine", NOW + MINUTE, True, 45 * MINUTE)
    assert status_of(component) is FaultStatus.IN_EFFECT
    component.handle(FaultOver("mine"), NOW + 90 * MINUTE)
    assert status_of(component) is FaultStatus.IN_EFFECT
    closed = component.handle(ConditionEnded(component="custodian", condition_id="mine"), NOW + 2 * HOUR)
    assert list(closed) == [GroundTruthClosed(run="run-1", fault_id="mine", ended_at=NOW + 2 * HOUR)]
    assert status_of(component) is FaultStatus.ENDED


def status_of(component: TestCoordination, fault_id: str = "mine") -> FaultStatus:
    return next(state.status for state in component.answer(FaultsQuestion()) if state.fault_id == fault_id)


def test_a_fault_without_effect_is_over_when_its_time_is() -> None:
    component = running()
    component.handle(DELAY, NOW)
    assert list(component.handle(FaultOver("mine"), NOW + 90 * MINUTE)) == []
    assert status_of(component) is FaultStatus.ENDED
    (refused,) = component.handle(ClearFault("mine"), NOW + 2 * HOUR)
    assert refused == FaultRefused("mine", "id", "the fault 'mine' is ended already")


def test_a_fault_may_be_planned_and_given_up() -> None:
    component = running()
    planned = component.handle(asked("custodian_offline", "first", duration="1m", at="10m"), NOW)
    assert list(planned) == [
        FaultPlanned("run-1", "first", FaultKind.CUSTODIAN_OFFLINE, "custodian", PARAMETERS.venues, NOW + 10 * MINUTE),
        Later(FaultDue("first"), NOW + 10 * MINUTE),
        Later(FaultOver("first"), NOW + 11 * MINUTE),
    ]
    component.handle(asked("custodian_offline", "second", duration="1m", at="10m"), NOW)
    assert status_of(component, "first") is FaultStatus.PLANNED
    assert list(component.handle(ClearFault("first"), NOW + MINUTE)) == [FaultCleared("run-1", "first")]
    assert list(component.handle(FaultDue("first"), NOW + 10 * MINUTE)) == []
    assert status_of(component, "first") is FaultStatus.CLEARED
    injected, _ = component.handle(FaultDue("second"), NOW + 10 * MINUTE)
    assert isinstance(injected, FaultInjected)
    assert injected.planned_until == NOW + 11 * MINUTE


@pytest.mark.parametrize("in_effect", [False, True])
def test_a_fault_in_force_is_cleared_by_its_condition(in_effect: bool) -> None:
    component = running()
    component.handle(DELAY, NOW)
    if in_effect:
        component.handle(ConditionTookEffect(component="custodian", condition_id="mine", subject="alpha"), NOW)
    cleared = component.handle(ClearFault("mine"), NOW + MINUTE)
    assert list(cleared) == [FaultCleared("run-1", "mine"), ConditionCleared("custodian", "mine")]
    ended = component.handle(ConditionEnded(component="custodian", condition_id="mine"), NOW + MINUTE)
    assert [type(message) for message in ended] == [GroundTruthClosed] * in_effect
    assert status_of(component) is FaultStatus.CLEARED


def test_faults_of_the_schedule_are_listed_and_cleared_too() -> None:
    component = running()
    assert [(state.fault_id, state.status, state.at) for state in component.answer(FaultsQuestion())] == [
        ("stale", FaultStatus.PLANNED, STARTED_AT + HOUR),
        ("crash", FaultStatus.PLANNED, STARTED_AT + 2 * HOUR),
    ]
    component.handle(ClearFault("stale"), NOW)
    assert list(component.handle(FaultDue("stale"), STARTED_AT + HOUR)) == []


def test_what_is_not_there_or_used_already_is_refused() -> None:
    component = running()
    assert list(component.handle(ClearFault("nothing"), NOW)) == [
        FaultRefused("nothing", "id", "there is no fault 'nothing' in this run")
    ]
    component.handle(DELAY, NOW)
    for message in (DELAY, asked("custodian_offline", "crash", duration="1m")):
        (refused,) = component.handle(message, NOW)
        assert isinstance(refused, FaultRefused)
        assert refused.reason == f"the fault id '{message.fault_id}' is used already; expected another"
    idle = TestCoordination("test-coordination", PARAMETERS, SeededRandomness(1), ecosystem=ECOSYSTEM)
    assert list(idle.handle(DELAY, NOW)) == [FaultRefused("mine", "", "no run is under way; expected one")]
    assert idle.answer(FaultsQuestion()) == ()


def test_a_snapshot_keeps_what_was_asked_for() -> None:
    component = running()
    component.handle(DELAY, NOW)
    component.handle(asked("custodian_offline", "later", duration="1m", at="10m"), NOW)
    component.handle(ClearFault("later"), NOW)
    again = Decoder().decode(Encoder().encode(component))
    assert again.answer(FaultsQuestion()) == component.answer(FaultsQuestion())


DESCRIPTIONS = {description.kind: description for description in describe_catalogue(ECOSYSTEM)}
LEAST = {
    "duration": "1m", "delay": "1m", "probability": "0.5", "magnitude": "-0.01", "hold": "1m", "factor": "2",
    "correlation": "0", "recovery": "1m", "sustain": "1m", "asset": "BTC", "instrument": "BTC/USD", "from": "market-data",
    "to": "risk", "interval": "1s", "venue": ECOSYSTEM.venues[0].name, "pieces": "30",
    "component": "market-data", "shift": "1", "skew": "2s", "share": "0.4",
}  # fmt: skip


def least(kind: FaultKind, **changes: str) -> InjectFault:
    workload = kind.value.removeprefix("strategy_").replace("_", "-")
    fields = {name: workload if name == "workload" else LEAST[name] for name in CATALOGUE[kind].required}
    if "hold" in CATALOGUE[kind].optional:
        fields["hold"] = LEAST["hold"]
    if kind in MAGNITUDES:
        fields["magnitude"] = "0.01"
    return InjectFault("mine", kind.value, tuple(FaultField(name, value) for name, value in {**fields, **changes}.items()))


def test_the_description_has_every_kind_and_field_of_the_catalogue() -> None:
    assert list(DESCRIPTIONS) == list(CATALOGUE)
    for kind, entry in CATALOGUE.items():
        parameters = {parameter.name: parameter.required for parameter in DESCRIPTIONS[kind].parameters}
        assert parameters == {**dict.fromkeys(entry.required, True), **dict.fromkeys(entry.optional, False)}
        assert fault_problem(least(kind), ECOSYSTEM) is None


BOUNDED = [
    (kind, parameter)
    for kind, description in DESCRIPTIONS.items()
    for parameter in description.parameters
    if parameter.unit in (Unit.RATIO, Unit.DURATION)
]


@pytest.mark.parametrize(("kind", "parameter"), BOUNDED, ids=lambda value: getattr(value, "name", value))
def test_bounds_are_what_the_reader_enforces(kind: FaultKind, parameter: FaultParameter) -> None:
    name, ratio = parameter.name, parameter.unit is Unit.RATIO
    for bound, step in ((parameter.lowest, -1), (parameter.highest, 1)):
        problem = fault_problem(least(kind, **{name: bound}), ECOSYSTEM)
        # At a bound the value itself is no problem; the whole may still be too long.
        assert problem is None or problem.field != name
        longer = f"{bound}1ns" if step > 0 else "0s"
        outside = str(Decimal(bound) + step * Decimal("0.000001")) if ratio else longer
        if bound != "0s":
            refused = fault_problem(least(kind, **{name: outside}), ECOSYSTEM)
            assert refused is not None
            assert refused.field == name


NAMED = [
    (kind, parameter)
    for kind, description in DESCRIPTIONS.items()
    for parameter in description.parameters
    if parameter.unit in (Unit.NAME, Unit.NAMES)
]


@pytest.mark.parametrize(("kind", "parameter"), NAMED, ids=lambda value: getattr(value, "name", value))
def test_choices_are_what_the_reader_takes(kind: FaultKind, parameter: FaultParameter) -> None:
    for choice in parameter.choices:
        problem = fault_problem(least(kind, **{parameter.name: choice}), ECOSYSTEM)
        # Each is known; some do not go with what the other field names.
        assert problem is None or "unknown" not in problem.problem
    refused = fault_problem(least(kind, **{parameter.name: "nothing"}), ECOSYSTEM)
    assert refused is not None
    assert refused.field == parameter.name
    assert all(choice in refused.problem for choice in parameter.choices)
