"""Components that are stopped and started: what is lost, what is kept, what is refused, and that all of it replays."""

from __future__ import annotations

import itertools

import pytest
from tests.unit.runtime.conftest import Toy, build_toy

from trading_ecosystem.messages.supervision import (
    ComponentCommandRejected,
    ComponentCommandRejectReason,
    ComponentConditionKind,
    ComponentConditionSet,
    ComponentPaused,
    ComponentResumed,
    ComponentStarted,
    ComponentStopped,
    RestartComponent,
    StartComponent,
    StopComponent,
)
from trading_ecosystem.messages.test_coordination import ConditionCleared, ConditionEnded, ConditionTookEffect
from trading_ecosystem.ports.component import Begin, Component, Later, WakeUp
from trading_ecosystem.ports.errors import ComponentFault, Conflict
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.lifecycle import ALWAYS_RUNNING, TRANSITIONS, ComponentState, ComponentStatus
from trading_ecosystem.runtime.links import LatencyDistribution, LatencyRule
from trading_ecosystem.runtime.routing import ALLOWED_AUDIENCES
from trading_ecosystem.runtime.simulation import ScheduledInput, simulate
from trading_ecosystem.runtime.snapshot import restore_snapshot, take_snapshot

TRADER = "trading"


def commanded(*commands: tuple[int, object], until: int = 2_000, **options) -> Toy:
    """A toy that was given commands at instants, run up to one."""
    toy = build_toy(**options)
    simulate(toy.kernel, toy.recorder, [ScheduledInput(at, "control", command) for at, command in commands], until=until)
    return toy


def said(toy: Toy) -> list[object]:
    return [entry.message for entry in toy.entries if entry.sender == "supervisor"]


def heard(toy: Toy, what: str) -> list[int]:
    return [at for at, kind, _ in toy.components[1].heard if kind == what]


def state_of(kernel: Kernel, name: str) -> tuple[ComponentState, int]:
    return next((status.state, status.since) for status in kernel.states() if status.name == name)


def test_deliveries_to_a_stopped_component_are_lost_and_the_rest_goes_on():
    toy = commanded((1_105, StopComponent(TRADER)), (1_205, StartComponent(TRADER)), until=1_300)
    assert said(toy) == [ComponentStopped(TRADER, None), ComponentStarted(TRADER, 1_105)]
    assert heard(toy, "price") == [*range(1_010, 1_105, 10), *range(1_210, 1_301, 10)]
    # The prices were said all the time; what nobody heard nobody answered.
    assert [e.at for e in toy.entries if type(e.message).__name__ == "PricePublished"] == list(range(1_010, 1_301, 10))
    assert len([e for e in toy.entries if type(e.message).__name__ == "CancelOrder"]) == len(heard(toy, "price"))


def test_what_is_under_way_when_it_starts_arrives():
    rules = (LatencyRule("*", TRADER, LatencyDistribution.FIXED, mean_ns=7),)
    toy = commanded((1_015, StopComponent(TRADER)), (1_025, StartComponent(TRADER)), until=1_040, rules=rules)
    # Of the prices of 1010, 1020 and 1030 the first would have come at 1017.
    assert heard(toy, "price") == [1_027, 1_037]


class Woken(Component):
    """Asks at the beginning to be woken at 1030 and at 1020, in this order; says when it was, and asks no more."""

    class Due(WakeUp, frozen=True, gc=False):
        label: str

    context = "trading"
    hears = {Begin: "begin", Due: "due"}
    says = ()

    def __init__(self):
        super().__init__(TRADER, frozenset({"fund"}))
        self.seen = []

    def begin(self, message, now):
        return [Later(self.Due("second"), 1_030), Later(self.Due("first"), 1_020), Later(self.Due("third"), 1_200)]

    def due(self, message, now):
        self.seen.append((message.label, now))
        return ()


def test_wake_ups_are_kept_and_happen_at_the_start_in_the_order_they_were_due():
    woken = Woken()
    commands = (1_010, StopComponent(TRADER)), (1_100, StartComponent(TRADER))
    toy = commanded(*commands, components=[woken], until=1_300)
    assert woken.seen == [("first", 1_100), ("second", 1_100), ("third", 1_200)]
    assert toy.kernel.next_due() is None


def test_a_rhythm_goes_on_from_the_start():
    toy = commanded((1_015, StopComponent("market-data")), (1_063, StartComponent("market-data")), until=1_100)
    assert heard(toy, "price") == [1_010, 1_063, 1_073, 1_083, 1_093]


def test_a_restart_starts_by_itself_with_its_memory():
    toy = commanded((1_055, RestartComponent("market-data", down_ns=100)), until=1_200)
    assert said(toy) == [ComponentStopped("market-data", 1_155), ComponentStarted("market-data", 1_055)]
    updates = [e.message.update for e in toy.entries if type(e.message).__name__ == "PricePublished"]
    assert updates == list(range(1, 11))
    assert state_of(toy.kernel, "market-data") == (ComponentState.RUNNING, 1_155)


@pytest.mark.parametrize("down_ns", [0, 1])
def test_a_restart_may_take_no_time_at_all(down_ns):
    toy = commanded((1_015, RestartComponent(TRADER, down_ns=down_ns)), until=1_050)
    assert heard(toy, "price") == [1_010, 1_020, 1_030, 1_040, 1_050]


def test_a_planned_start_gives_way_to_whoever_decides_otherwise():
    commands = (
        (1_010, RestartComponent(TRADER, down_ns=100)),
        (1_020, StartComponent(TRADER)),
        (1_030, RestartComponent(TRADER, down_ns=200)),
        (1_040, StopComponent(TRADER)),
    )
    toy = commanded(*commands, until=1_500)
    assert said(toy) == [
        ComponentStopped(TRADER, 1_110),
        ComponentStarted(TRADER, 1_010),
        ComponentStopped(TRADER, 1_230),
        ComponentStopped(TRADER, None),
    ]
    assert state_of(toy.kernel, TRADER) == (ComponentState.STOPPED, 1_030)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (StopComponent("nobody"), ComponentCommandRejectReason.UNKNOWN_COMPONENT),
        (StopComponent("links"), ComponentCommandRejectReason.ALWAYS_RUNS),
        (RestartComponent("supervisor"), ComponentCommandRejectReason.ALWAYS_RUNS),
        (StartComponent(TRADER), ComponentCommandRejectReason.NOT_IN_THIS_STATE),
        (RestartComponent(TRADER, down_ns=-1), ComponentCommandRejectReason.INVALID_TIME),
        (RestartComponent(TRADER, down_ns=2**62), ComponentCommandRejectReason.INVALID_TIME),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(command, reason):
    toy = commanded((1_010, command), until=1_100)
    assert said(toy) == [ComponentCommandRejected(command.component, reason)]
    assert {status.state for status in toy.kernel.states()} == {ComponentState.RUNNING}
    assert heard(toy, "price") == list(range(1_010, 1_101, 10))


def test_the_table_is_what_is_obeyed():
    into = {
        ComponentState.RUNNING: (),
        ComponentState.STOPPED: (StopComponent(TRADER),),
        ComponentState.RESTARTING: (RestartComponent(TRADER, down_ns=10_000),),
    }
    for (state, before), command in itertools.product(
        into.items(), (StopComponent(TRADER), StartComponent(TRADER), RestartComponent(TRADER, down_ns=20_000))
    ):
        commands = [(1_010 + number, one) for number, one in enumerate((*before, command))]
        toy = commanded(*commands, until=1_100)
        expected = TRANSITIONS.get((state, type(command)))
        assert state_of(toy.kernel, TRADER)[0] is (expected or state)
        refused = [message for message in said(toy) if isinstance(message, ComponentCommandRejected)]
        assert len(refused) == (expected is None)


def test_the_contexts_that_always_run_exist_and_the_domains_are_not_among_them():
    assert set(ALLOWED_AUDIENCES) > ALWAYS_RUNNING
    assert {"exchange", "custodian", "market_data", "trading", "risk"}.isdisjoint(ALWAYS_RUNNING)


def test_states_name_every_component_and_since_when():
    toy = build_toy(start=1_000)
    assert toy.kernel.states() == (
        ComponentStatus("exchange-alpha", "exchange", ComponentState.RUNNING, 1_000),
        ComponentStatus("links", "links", ComponentState.RUNNING, 1_000),
        ComponentStatus("market-data", "market_data", ComponentState.RUNNING, 1_000),
        ComponentStatus("supervisor", "supervisor", ComponentState.RUNNING, 1_000),
        ComponentStatus("trading", "trading", ComponentState.RUNNING, 1_000),
    )


def test_a_component_that_breaks_is_faulted(monkeypatch):
    toy = build_toy()
    monkeypatch.setattr(toy.components[0], "tick", lambda message, now: 1 / 0, raising=False)
    with pytest.raises(ComponentFault):
        toy.kernel.run_before(2_000)
    assert state_of(toy.kernel, "market-data") == (ComponentState.FAULTED, 1_010)


@pytest.fixture
def saved_too(monkeypatch):
    """Snapshots may hold the toys of these tests."""
    monkeypatch.setattr("trading_ecosystem.runtime.snapshot.PACKAGES", ("trading_ecosystem.", "tests."))


def condition(kind: ComponentConditionKind, until: int, target: str = TRADER) -> ComponentConditionSet:
    return ComponentConditionSet("supervisor", "c", kind, target, until)


PAUSE, CRASH = ComponentConditionKind.COMPONENT_PAUSE, ComponentConditionKind.COMPONENT_CRASH
TOOK_EFFECT, ENDED = ConditionTookEffect("supervisor", "c", TRADER), ConditionEnded("supervisor", "c")


def test_what_is_delivered_to_a_paused_component_waits_and_is_handled_at_the_end_in_order():
    toy = commanded((1_105, condition(PAUSE, 1_205)), until=1_300)
    assert said(toy) == [ComponentPaused(TRADER, 1_205), TOOK_EFFECT, ComponentResumed(TRADER, 1_105), ENDED]
    waited = range(1_110, 1_205, 10)
    assert heard(toy, "price") == [*range(1_010, 1_105, 10), *(1_205 for _ in waited), *range(1_210, 1_301, 10)]
    # Each was answered, as the answer to the very price that had waited.
    answers = [entry for entry in toy.entries if type(entry.message).__name__ == "CancelOrder"]
    prices = {entry.sequence: entry.at for entry in toy.entries if type(entry.message).__name__ == "PricePublished"}
    assert [prices[entry.cause] for entry in answers if entry.at == 1_205] == list(waited)


def test_a_pause_that_is_rolled_back_ends_at_once():
    toy = commanded((1_105, condition(PAUSE, 1_205)), (1_125, ConditionCleared("supervisor", "c")), until=1_300)
    assert said(toy) == [ComponentPaused(TRADER, 1_205), TOOK_EFFECT, ComponentResumed(TRADER, 1_105), ENDED]
    assert heard(toy, "price") == [*range(1_010, 1_105, 10), 1_125, 1_125, *range(1_130, 1_301, 10)]


def test_a_paused_component_counts_as_down_and_takes_no_command():
    toy = commanded((1_105, condition(PAUSE, 1_205)), (1_110, StopComponent(TRADER)), until=1_150)
    assert toy.kernel.is_down(TRADER)
    assert state_of(toy.kernel, TRADER) == (ComponentState.PAUSED, 1_105)
    assert said(toy)[-1] == ComponentCommandRejected(TRADER, ComponentCommandRejectReason.NOT_IN_THIS_STATE)


def test_what_waits_is_bounded(monkeypatch):
    monkeypatch.setattr("trading_ecosystem.runtime.kernel.MOST_HELD", 3)
    toy = commanded((1_105, condition(PAUSE, 1_205)), until=1_204 + 1)
    assert heard(toy, "price") == [*range(1_010, 1_105, 10), 1_205, 1_205, 1_205]


def test_a_crash_loses_what_is_delivered_and_starts_by_itself():
    toy = commanded((1_105, condition(CRASH, 1_205)), until=1_300)
    assert said(toy) == [ComponentStopped(TRADER, 1_205), TOOK_EFFECT, ComponentStarted(TRADER, 1_105), ENDED]
    assert heard(toy, "price") == [*range(1_010, 1_105, 10), *range(1_210, 1_301, 10)]


def test_a_condition_of_what_does_not_run_or_always_runs_does_nothing():
    toy = commanded(
        (1_101, condition(CRASH, 1_205, "supervisor")),
        (1_102, condition(PAUSE, 1_205, "nobody")),
        (1_103, StopComponent(TRADER)),
        (1_104, condition(PAUSE, 1_205)),
        until=1_300,
    )
    assert said(toy) == [ComponentStopped(TRADER, None)]


def test_somebody_may_start_what_has_crashed_before_its_time():
    toy = commanded((1_105, condition(CRASH, 1_205)), (1_115, StartComponent(TRADER)), until=1_300)
    assert said(toy) == [ComponentStopped(TRADER, 1_205), TOOK_EFFECT, ComponentStarted(TRADER, 1_105), ENDED]
    assert state_of(toy.kernel, TRADER) == (ComponentState.RUNNING, 1_115)


@pytest.mark.parametrize("at", [1_115, 1_155])
def test_a_snapshot_taken_during_a_pause_goes_on_in_the_same_way(at, saved_too):
    inputs = [ScheduledInput(1_105, "control", condition(PAUSE, 1_205))]
    whole = build_toy(seed=5)
    simulate(whole.kernel, whole.recorder, inputs, until=1_300)
    first = build_toy(seed=5)
    simulate(first.kernel, first.recorder, inputs, until=at)
    second = build_toy(seed=9)
    restore_snapshot(second.kernel, take_snapshot(first.kernel, "1"), "1")
    simulate(second.kernel, second.recorder, (), until=1_300)
    assert [*first.journal.lines(), *second.journal.lines()] == list(whole.journal.lines())


@pytest.mark.parametrize("at", [1_015, 1_055, 1_120])
def test_a_snapshot_taken_while_one_is_down_goes_on_in_the_same_way(at, saved_too):
    inputs = [
        ScheduledInput(1_013, "control", StopComponent("market-data")),
        ScheduledInput(1_014, "control", RestartComponent(TRADER, down_ns=60)),
        ScheduledInput(1_111, "control", StartComponent("market-data")),
    ]
    whole = build_toy(seed=5)
    simulate(whole.kernel, whole.recorder, inputs, until=1_300)
    first = build_toy(seed=5)
    simulate(first.kernel, first.recorder, [one for one in inputs if one.at <= at], until=at)
    second = build_toy(seed=9)
    restore_snapshot(second.kernel, take_snapshot(first.kernel, "1"), "1")
    simulate(second.kernel, second.recorder, [one for one in inputs if one.at > at], until=1_300)
    assert [*first.journal.lines(), *second.journal.lines()] == list(whole.journal.lines())
    assert second.kernel.states() == whole.kernel.states()


def test_a_snapshot_of_a_version_without_a_supervisor_is_taken(saved_too):
    toy = build_toy()
    simulate(toy.kernel, toy.recorder, (), until=1_100)
    del toy.kernel.components["supervisor"]
    again = build_toy()
    restore_snapshot(again.kernel, take_snapshot(toy.kernel, "1"), "1")
    assert again.kernel.now == 1_100
    assert {status.state for status in again.kernel.states()} == {ComponentState.RUNNING}
    del toy.kernel.components["links"]
    with pytest.raises(Conflict, match="this ecosystem has"):
        restore_snapshot(build_toy().kernel, take_snapshot(toy.kernel, "1"), "1")
