"""How limits, their times and the circuit breaker are written in a scenario, what they become, and every mistake in them."""

from __future__ import annotations

import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.adapters.scenario_parameters import coordination_parameters, risk_parameters
from trading_ecosystem.domains.risk.parameters import BreakerParameters
from trading_ecosystem.domains.risk.subjects import subject_problem
from trading_ecosystem.domains.test_coordination.schedule import command_of
from trading_ecosystem.messages.risk import LimitKind
from trading_ecosystem.messages.trading_state import PullKillSwitch, SetTradingState, TradingState
from trading_ecosystem.messages.units import HOUR, MINUTE
from trading_ecosystem.ports.errors import BadInput

WHOLE = 10**8
HEAD = "title: T\nduration: 1h\necosystem:\n  venues: [{name: north}, {name: south}]\n  risk:\n"


def parsed(risk: str, after: str = ""):
    return parse_scenario(f"{HEAD}    {risk}\n{after}", "s.yaml")


def limits(risk: str) -> dict[tuple[str, str], int]:
    return {(one.kind.value, one.subject): one.value for one in risk_parameters(parsed(risk)).limits}


def test_limits_of_every_kind_and_scope():
    found = limits(
        "limits: {position_long: {BTC: 2, fund/maker:BTC: 1, north:ETH: 3}, total_notional: {fund: 5, fund/maker: 4},"
        " order_rate: {fund/maker: 30}, turnover: 100, leverage: 2.5, concentration: {BTC: 0.5}, value_at_risk: 7,"
        " expected_shortfall: 8, net_delta: 9, unsettled_exposure: 10, venue_exposure: {south: 11},"
        " margin_usage: {north: 0.4}, stablecoin_exposure: 12}"
    )
    for pair, value in {
        ("position_long", "BTC"): 2 * WHOLE,
        ("position_long", "fund/maker:BTC"): WHOLE,
        ("position_long", "north:ETH"): 3 * WHOLE,
        ("position_long", "ETH"): 200 * WHOLE,  # the house's
        ("total_notional", "fund"): 5 * WHOLE,
        ("total_notional", "fund/maker"): 4 * WHOLE,
        ("order_rate", "fund/maker"): 30,
        ("turnover", "fund"): 100 * WHOLE,
        ("leverage", "fund"): 2_500_000,
        ("concentration", "BTC"): 500_000,
        ("value_at_risk", "fund"): 7 * WHOLE,
        ("expected_shortfall", "fund"): 8 * WHOLE,
        ("net_delta", "fund"): 9 * WHOLE,
        ("unsettled_exposure", "fund"): 10 * WHOLE,
        ("venue_exposure", "south"): 11 * WHOLE,
        ("margin_usage", "north"): 400_000,
        ("stablecoin_exposure", "USDT"): 12 * WHOLE,
    }.items():
        assert found[pair] == value
    for kind, subject in found:
        assert subject_problem("fund", LimitKind(kind), subject) is None


def test_a_time_is_of_every_limit_of_its_kind():
    made = risk_parameters(parsed("for: {position_long: 2m}"))
    assert {one.for_ns for one in made.limits if one.kind is LimitKind.POSITION_LONG} == {2 * MINUTE}
    assert {one.for_ns for one in made.limits if one.kind is not LimitKind.POSITION_LONG} == {0}


@pytest.mark.parametrize(
    ("written", "breaker"),
    [
        ("report_every: 1m", None),
        ("circuit_breaker: false", None),
        ("circuit_breaker: true", BreakerParameters()),
        (
            "circuit_breaker: {triggers: 2, within: 10m, to: reducing}",
            BreakerParameters(2, 10 * MINUTE, HOUR, TradingState.REDUCING),
        ),
    ],
)
def test_there_is_no_breaker_unless_one_is_stated(written: str, breaker: BreakerParameters | None):
    assert risk_parameters(parsed(written)).breaker == breaker


def test_a_person_may_set_the_trading_state_at_a_time():
    operations = "operations:\n  - {at: 5m, trading_state: kill_switch}\n  - {at: 9m, trading_state: active}\n"
    scenario = parsed("report_every: 1m", operations)
    parameters = coordination_parameters(scenario)
    assert [command_of(operation, parameters) for operation in scenario.operations] == [
        PullKillSwitch("risk", "fund", "operator", "as planned"),
        SetTradingState("risk", "fund", TradingState.ACTIVE, "operator", "as planned"),
    ]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("limits: {position_long: {other/maker:BTC: 1}}", "'other/maker:BTC' is no subject of position_long"),
        ("limits: {position_long: {west:BTC: 1}}", "'west:BTC' is no subject of position_long"),
        ("limits: {position_long: {DOGE: 1}}", "'DOGE' is no subject of position_long"),
        ("limits: {position_long: {fund/: 1}}", "is no subject of position_long"),
        ("limits: {venue_exposure: {west: 1}}", "'west' is no subject of venue_exposure; expected"),
        ("limits: {venue_exposure: 1}", "venue_exposure cannot be"),
        ("limits: {leverage: {fund: 1}}", "leverage cannot be"),
        ("limits: {turnover: {other: 1}}", "'other' is no subject of turnover; expected fund or an account fund/..."),
        ("limits: {order_rate: 0}", "order_rate cannot be 0"),
        ("limits: {order_rate: 1.5}", "order_rate"),
        ("limits: {concentration: {BTC: 1.1}}", "concentration of BTC cannot be"),
        ("limits: {drawdown: .nan}", "drawdown"),
        ("for: {position_long: 0s}", "position_long"),
        ("for: {unheard_of: 1m}", "unheard_of"),
        ("circuit_breaker: {triggers: 0}", "triggers cannot be 0"),
        ("circuit_breaker: {to: active}", "to"),
        ("circuit_breaker: maybe", "circuit_breaker"),
    ],
)
def test_mistakes_are_one_line_with_their_place(written: str, problem: str):
    with pytest.raises(BadInput) as caught:
        parsed(written)
    text = str(caught.value)
    assert text.startswith("s.yaml:")
    assert problem in text
    assert "\n" not in text


def test_a_trading_state_that_there_is_not():
    with pytest.raises(BadInput, match="trading_state"):
        parsed("report_every: 1m", "operations:\n  - {at: 5m, trading_state: paused}\n")
