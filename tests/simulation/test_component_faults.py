"""Components that pause or crash, and stores that are slow or gone, on the whole ecosystem: what goes on, and what comes
back."""

from __future__ import annotations

from functools import cache

import pytest
from tests.simulation.test_fault_kinds import lasting
from tests.simulation.test_twins import said

import trading_ecosystem
from trading_ecosystem import container
from trading_ecosystem.messages.audit import DetectionOutcome
from trading_ecosystem.messages.exchange import CancelOrder, OrderCancelled, OrderFilled, OrderRejected, PlaceOrder
from trading_ecosystem.messages.supervision import ComponentStarted, ComponentStopped
from trading_ecosystem.messages.test_coordination import GroundTruthClosed, GroundTruthLabelled
from trading_ecosystem.messages.trading import StrategyMarked, StrategyStarted
from trading_ecosystem.messages.units import MINUTE
from trading_ecosystem.runtime.replay import ComparingJournal, recorded_inputs, reexecute


def run(tmp_path, fault, more="", faults=True):
    path = tmp_path / "broken.yaml"
    path.write_text(lasting("30m", fault) + more)
    return trading_ecosystem.run(path, faults=faults)


@cache
def clean(directory):
    """The twin of every faulted run: without its fault they are all the same."""
    return run(directory, DETECTED[0], faults=False)


def entries(result, *message_types):
    return [entry for entry in result.entries() if isinstance(entry.message, message_types)]


DETECTED = (
    "kind: component_pause, component: market-data, duration: 2m",
    "kind: component_crash, component: exchange-alpha, duration: 3m",
    "kind: component_crash, component: custodian, duration: 10m",
    "kind: store_slow, component: exchange-alpha, duration: 5m, delay: 2s",
    "kind: store_slow, component: custodian, duration: 10m, delay: 8m",
    "kind: store_unavailable, component: market-data, duration: 2m",
)


@pytest.mark.parametrize("fault", DETECTED)
def test_silence_is_labelled_and_detected_and_twins_agree_until_onset(tmp_path, tmp_path_factory, fault):
    result, twin = run(tmp_path, fault), clean(tmp_path_factory.getbasetemp())
    (score,) = result.audit.detections
    assert score.outcome is DetectionOutcome.DETECTED
    assert 0 <= score.time_to_detect_ns <= score.sla_ns
    assert result.verdict.unexpected == ()
    assert result.audit.conservation == ()
    (label,) = entries(result, GroundTruthLabelled)
    assert len(entries(result, GroundTruthClosed)) == 1
    before = said(result, label.message.onset_at)
    assert len(before) > 1000
    assert before == said(twin, label.message.onset_at)


OUT_OF_MANDATE = (
    "kind: component_pause, component: risk, duration: 10m",
    "kind: component_pause, component: trading, duration: 10m",
    "kind: store_unavailable, component: trading, duration: 5m",
)


@pytest.mark.parametrize("fault", OUT_OF_MANDATE)
def test_what_befalls_trading_or_the_monitor_is_out_of_mandate_and_nothing_is_false(tmp_path, fault):
    result = run(tmp_path, fault)
    (score,) = result.audit.detections
    assert score.outcome is DetectionOutcome.OUT_OF_MANDATE
    assert result.verdict.unexpected == ()
    assert result.audit.conservation == ()


def test_trading_goes_on_elsewhere_while_a_venue_restarts_and_the_record_says_when(tmp_path):
    result = run(tmp_path, "kind: component_crash, component: exchange-alpha, duration: 10m")
    (stopped,), (started,) = entries(result, ComponentStopped), entries(result, ComponentStarted)
    assert (stopped.message.component, started.at - stopped.at) == ("exchange-alpha", 10 * MINUTE)
    fills = [(entry.at, entry.message.venue) for entry in entries(result, OrderFilled)]
    assert [venue for at, venue in fills if venue == "exchange-alpha" and stopped.at < at < started.at] == []
    assert len([venue for at, venue in fills if venue == "exchange-beta" and stopped.at < at < started.at]) > 5
    # And at the venue itself once it is back.
    assert len([venue for at, venue in fills if venue == "exchange-alpha" and at > started.at]) > 5
    assert result.audit.conservation == ()


FORGETFUL = "kind: component_crash, component: trading, duration: 5m, memory: without"


def test_trading_without_memory_finds_its_way_by_asking(tmp_path):
    result = run(tmp_path, FORGETFUL)
    (started,) = entries(result, ComponentStarted)
    assert started.message.memory is False
    assert [entry.at for entry in entries(result, StrategyStarted)] == [result.scenario.starts_at, started.at]
    orders = entries(result, PlaceOrder)
    names = [(order.message.account, order.message.client_order_id) for order in orders]
    assert len(set(names)) == len(names)
    # Every order of the life before is gone a minute later, because it was cancelled; none was that nobody had placed.
    cancels = [one.message.client_order_id for one in entries(result, CancelOrder) if one.at == started.at]
    before = {order.message.client_order_id for order in orders if order.at < started.at}
    assert len(cancels) > 5
    assert set(cancels) <= before
    cancelled = [one.message.client_order_id for one in entries(result, OrderCancelled) if one.at == started.at]
    assert sorted(cancelled) == sorted(cancels)
    after = [order for order in orders if order.at > started.at]
    assert len(after) > 20
    assert entries(result, OrderRejected) == []
    # What it counts, it counts from its start on.
    marked = entries(result, StrategyMarked)[-1]
    assert marked.message.orders == sum(order.sequence < marked.sequence for order in after)
    assert (result.audit.conservation, result.verdict.unexpected) == ((), ())


def test_whoever_is_down_is_asked_again_and_until_the_monitor_answers_nothing_is_sent(tmp_path):
    more = "  - {id: venue, at: 14m, kind: component_pause, component: exchange-beta, duration: 3m30s}\n"
    more += "  - {id: monitor, at: 14m, kind: component_pause, component: risk, duration: 2m30s}\n"
    result = run(tmp_path, FORGETFUL, more)
    started = next(entry for entry in entries(result, ComponentStarted) if entry.message.component == "trading")
    orders = [entry for entry in entries(result, PlaceOrder) if entry.at >= started.at]
    # The monitor goes on a minute and a half after the start, and is asked after two.
    assert min(order.at for order in orders) >= started.at + 2 * MINUTE
    left = [one for one in entries(result, CancelOrder) if one.at >= started.at]
    assert {one.message.venue for one in left if one.at == started.at} == {"exchange-alpha"}
    assert [one.message.venue for one in left if one.at == started.at + 3 * MINUTE].count("exchange-beta") > 3


def test_a_start_without_memory_is_executed_again_in_the_same_way(tmp_path):
    result = run(tmp_path, FORGETFUL)
    lines = list(result.read_lines())
    comparing = ComparingJournal(iter(lines))
    again, recorder = container.ecosystem(result.scenario, result.header.seed, comparing)
    reexecute(again, recorder, recorded_inputs(lines))
    comparing.expect_end()
