"""How faults of the ways in which prices move are written in a scenario, and every mistake in them."""

from __future__ import annotations

import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.domains.test_coordination.scenario import (
    CorrelationFault,
    DivergenceFault,
    PlannedFault,
    VolatilityFault,
)
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import HOUR, MINUTE
from trading_ecosystem.ports.errors import BadInput


def scenario(fault: str, ecosystem: str = "") -> str:
    return f"title: T\nduration: 2h\n{ecosystem}faults:\n  - {{id: f, at: 1h, {fault}}}\n"


def test_they_are_read_with_their_defaults() -> None:
    spike = "kind: volatility_spike, factor: {low: 2, high: 10}, hold: 20m"
    assert parse_scenario(scenario(spike), "s.yaml").faults == (
        PlannedFault(
            VolatilityFault("f", FaultKind.VOLATILITY_SPIKE, HOUR, ("BTC", "ETH"), 2_000_000, 0, 20 * MINUTE, 0),
            VolatilityFault("f", FaultKind.VOLATILITY_SPIKE, HOUR, ("BTC", "ETH"), 10_000_000, 0, 20 * MINUTE, 0),
        ),
    )
    parting = CorrelationFault("f", FaultKind.CORRELATION_BREAK, HOUR, "ETH", "BTC", -500_000, HOUR, MINUTE)
    read = parse_scenario(scenario("kind: correlation_break, correlation: -0.5, hold: 1h, recovery: 1m"), "s.yaml")
    assert read.faults == (PlannedFault(parting, parting),)
    read = parse_scenario(scenario("kind: correlation_break, correlation: 0, hold: 1h, recovery: 1m, asset: BTC"), "s.yaml")
    assert (read.faults[0].lowest.asset, read.faults[0].lowest.against) == ("BTC", "ETH")  # type: ignore[union-attr]
    gap = DivergenceFault("f", FaultKind.DIVERGENCE, HOUR, "BTC/USDT", -50_000, MINUTE, HOUR, 0)
    text = scenario("kind: divergence, instrument: BTC/USDT, magnitude: -0.05, buildup: 1m, sustain: 1h")
    assert parse_scenario(text, "s.yaml").faults == (PlannedFault(gap, gap),)


MISTAKES = [
    ("kind: volatility_spike, factor: 11, hold: 1m", "", "factor cannot be '11'; expected a ratio from 0 to 10"),
    ("kind: volatility_spike, factor: 2, hold: 0s", "", "hold '0s' is too short"),
    ("kind: volatility_spike, factor: 2, hold: 73h", "", "hold '73h' is too long; expected at most 3d"),
    ("kind: volatility_spike, factor: 2, hold: 72h, ramp: 1m", "", "the fault lasts 3d1m; expected at most 3d"),
    ("kind: volatility_spike, factor: 2, hold: 1m, assets: [USDT]", "", "unknown coin 'USDT'; expected one of: BTC, ETH"),
    ("kind: volatility_spike, hold: 1m", "", "a fault of kind volatility_spike has no 'factor'; expected this field"),
    ("kind: volatility_spike, factor: {low: 3, high: 2}, hold: 1m", "", "the range of 'factor' ends below its beginning"),
    ("kind: correlation_break, correlation: 1.1, hold: 1m, recovery: 1m", "", "correlation cannot be '1.1'; expected a ratio"),
    ("kind: correlation_break, correlation: 0, hold: 1m", "", "has no 'recovery'; expected this field"),
    (
        "kind: correlation_break, correlation: 0, hold: 1m, recovery: 1m, asset: BTC, against: BTC",
        "",
        "BTC cannot part from itself; expected one of: ETH",
    ),
    (
        "kind: correlation_break, correlation: 0, hold: 1m, recovery: 1m",
        "ecosystem: {market_data: {instruments: [BTC/USD]}}\n",
        "a correlation takes two coins; expected instruments of BTC and ETH",
    ),
    (
        "kind: divergence, instrument: BTC/USDT, magnitude: 0.06, sustain: 1m",
        "",
        "magnitude cannot be '0.06'; expected a ratio from",
    ),
    ("kind: feed_corrupt, duration: 1m, probability: 1, magnitude: 0.26", "", "magnitude cannot be '0.26'; expected a ratio"),
    ("kind: feed_corrupt, duration: 1m, probability: 1, magnitude: 0", "", "magnitude cannot be 0; expected an error"),
    ("kind: feed_corrupt, duration: 1m, magnitude: 0.1", "", "has no 'probability'; expected this field"),
    ("kind: divergence, instrument: BTC/USDT, magnitude: 0, sustain: 1m", "", "magnitude cannot be 0; expected a gap"),
    ("kind: divergence, instrument: BTC/USDT, magnitude: 0.01, sustain: 0s", "", "has no build-up, sustained gap or recovery"),
    (
        "kind: divergence, instrument: BTC/USD, magnitude: 0.01, sustain: 1m",
        "ecosystem: {market_data: {instruments: [BTC/USD, USDT/USD]}}\n",
        "nothing but BTC/USD is priced in BTC here; expected another instrument beside it",
    ),
]


@pytest.mark.parametrize(("fault", "ecosystem", "problem"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_one_line_with_its_place(fault: str, ecosystem: str, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_scenario(scenario(fault, ecosystem), "s.yaml")
    assert problem in str(caught.value)
    assert str(caught.value).startswith("s.yaml:")
    assert "\n" not in str(caught.value)


def test_they_are_in_the_monitors_mandate() -> None:
    text = scenario("kind: volatility_spike, factor: 2, hold: 20m") + "expectations:\n  - {fault: f, missed: true}\n"
    (expected,) = parse_scenario(text, "s.yaml").expectations
    assert (expected.fault, expected.missed) == ("f", True)
