"""What the coordinator says, as whole lists: schedule, labels, closings, and the end of the run."""

from __future__ import annotations

import msgspec
import pytest

from trading_ecosystem.domains.test_coordination.component import FaultDue, RunDue, TestCoordination
from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.scenario import FeedFault, PlannedFault, PriceFault
from trading_ecosystem.domains.test_coordination.schedule import condition_of
from trading_ecosystem.messages.base import Audience
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, AlertResolved, Severity
from trading_ecosystem.messages.test_coordination import (
    ConditionEnded,
    ConditionTookEffect,
    FaultInjected,
    FaultKind,
    GroundTruthClosed,
    GroundTruthLabelled,
    RunEnded,
    RunStarted,
)
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND, SPOT_PAIRS
from trading_ecosystem.ports.component import Begin, Later
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

START = 1_000 * HOUR
CRASH = PriceFault("crash", FaultKind.MARKET_CRASH, 2 * HOUR, ("BTC", "ETH"), -150_000, 12 * MINUTE, HOUR, HOUR, 0)
STALE = FeedFault("stale", FaultKind.FEED_STALE, HOUR, 10 * MINUTE, ("BTC/USD",), 0, 0)
PARAMETERS = TestCoordinationParameters(
    faults=(PlannedFault(CRASH, CRASH), PlannedFault(STALE, STALE)),
    instruments=SPOT_PAIRS,
    venues=("alpha",),
    tick_ns=10 * SECOND,
    retry_every_ns=MINUTE,
)
STARTED = RunStarted(run="run-1", scenario="test", seed=1, duration_ns=6 * HOUR)


def coordinator() -> TestCoordination:
    component = TestCoordination("test-coordination", PARAMETERS, SeededRandomness(1))
    assert list(component.handle(Begin(), START)) == []
    return component


def running() -> TestCoordination:
    component = coordinator()
    component.handle(STARTED, START)
    return component


def alert(alert_id: int, account: str = "fund") -> AlertRaised:
    return AlertRaised(account, alert_id, AlertKind.PRICE_CRASH, "BTC/USD", Severity.HIGH, 60_000, 50_000, START)


def test_a_started_run_arms_every_fault_and_its_end() -> None:
    assert list(coordinator().handle(STARTED, START)) == [
        Later(FaultDue("stale"), START + HOUR),
        Later(FaultDue("crash"), START + 2 * HOUR),
        Later(RunDue(), START + 6 * HOUR),
    ]


def test_an_open_run_arms_no_end() -> None:
    component = coordinator()
    armed = component.handle(msgspec.structs.replace(STARTED, duration_ns=0), START)
    assert [later.message for later in armed if isinstance(later, Later)] == [FaultDue("stale"), FaultDue("crash")]


def test_a_second_run_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="run-1"):
        running().handle(STARTED, START)


def test_a_fault_is_announced_and_set() -> None:
    component, now = running(), START + 2 * HOUR
    assert list(component.handle(FaultDue("crash"), now)) == [
        FaultInjected(
            run="run-1",
            fault_id="crash",
            kind=FaultKind.MARKET_CRASH,
            component="market-data",
            subjects=("BTC", "ETH"),
            planned_until=now + 2 * HOUR + 12 * MINUTE,
        ),
        condition_of(CRASH, PARAMETERS, now),
    ]


def test_a_fault_is_labelled_when_it_took_effect_and_closed_when_it_ended() -> None:
    component, now = running(), START + 2 * HOUR
    component.handle(FaultDue("crash"), now)
    took_effect = ConditionTookEffect(component="market-data", condition_id="crash", subject="ETH/USD")
    assert list(component.handle(took_effect, now + 10 * SECOND)) == [
        GroundTruthLabelled(
            run="run-1",
            fault_id="crash",
            kind=FaultKind.MARKET_CRASH,
            component="market-data",
            first_subject="ETH/USD",
            onset_at=now + 10 * SECOND,
            expected_alert=AlertKind.PRICE_CRASH,
            expected_subjects=("BTC/USD", "ETH/USD", "BTC/USDT", "ETH/USDT"),
            detectable=True,
            threshold=50_000,
            sla_ns=2 * MINUTE,
            severity=150_000,
        )
    ]
    assert list(component.handle(took_effect, now + 20 * SECOND)) == []
    ended = ConditionEnded(component="market-data", condition_id="crash")
    closed = GroundTruthClosed(run="run-1", fault_id="crash", ended_at=now + 3 * HOUR)
    assert list(component.handle(ended, now + 3 * HOUR)) == [closed]
    assert list(component.handle(ended, now + 3 * HOUR)) == []
    assert list(component.handle(took_effect, now + 3 * HOUR)) == []


def test_a_fault_without_effect_has_no_label_to_close() -> None:
    component = running()
    component.handle(FaultDue("stale"), START + HOUR)
    assert list(component.handle(ConditionEnded(component="market-data", condition_id="stale"), START + 2 * HOUR)) == []


def test_conditions_of_others_are_left_alone() -> None:
    component = running()
    assert list(component.handle(ConditionTookEffect(component="links", condition_id="by-hand", subject="a>b"), START)) == []
    assert list(component.handle(ConditionEnded(component="links", condition_id="by-hand"), START)) == []


def test_an_effect_before_its_fault_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        running().handle(ConditionTookEffect(component="market-data", condition_id="crash", subject="BTC/USD"), START)


def test_the_run_ends_with_one_message_and_nothing_after() -> None:
    component = running()
    assert list(component.handle(RunDue(), START + 6 * HOUR)) == [RunEnded(run="run-1")]
    assert list(component.handle(FaultDue("crash"), START + 7 * HOUR)) == []


def test_steady_state_is_no_open_alert_of_any_firm() -> None:
    component = running()
    assert component.steady
    for raised in (alert(1), alert(1, "other"), alert(2)):
        assert list(component.handle(raised, START)) == []
    for alert_id, account in ((1, "fund"), (7, "fund"), (2, "fund")):
        resolved = AlertResolved(account, alert_id, AlertKind.PRICE_CRASH, "BTC/USD", START)
        assert list(component.handle(resolved, START)) == []
        assert not component.steady
    component.handle(AlertResolved("other", 1, AlertKind.PRICE_CRASH, "BTC/USD", START), START)
    assert component.steady


def test_a_snapshot_goes_on_in_the_same_way() -> None:
    component = running()
    component.handle(FaultDue("crash"), START + 2 * HOUR)
    component.handle(ConditionTookEffect("market-data", "crash", "BTC/USD"), START + 2 * HOUR)
    component.handle(alert(1), START + 2 * HOUR)
    copy = Decoder().decode(msgspec.json.decode(msgspec.json.encode(Encoder().encode(component))))
    assert not copy.steady
    messages = [
        ConditionTookEffect("market-data", "crash", "BTC/USD"),
        ConditionEnded("market-data", "crash"),
        AlertResolved("fund", 1, AlertKind.PRICE_CRASH, "BTC/USD", START),
        FaultDue("stale"),
        RunDue(),
    ]
    said = [[list(one.handle(message, START + 3 * HOUR)) for message in messages] for one in (component, copy)]
    assert said[0] == said[1]
    assert [len(one) for one in said[0]] == [0, 1, 0, 2, 1]
    assert copy.steady


def test_it_hears_production_and_control_only() -> None:
    audiences = {getattr(heard, "audience", None) for heard in TestCoordination.hears}
    assert audiences == {Audience.PRODUCTION, Audience.CONTROL, None}
