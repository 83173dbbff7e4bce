"""The supervisor: a small component that stops and starts the others on command.

While a component is down, every delivery to it whose instant comes is lost, as it would be to a process that does not run.
Nothing says so one by one, since ``ComponentStopped`` and ``ComponentStarted`` frame them. Its wake-ups are its own affair, not
the world's: those that come due meanwhile are kept by the kernel, happen at its start in the order in which they were due, and
see the instant of the start. Commands and questions that somebody outside has for it are refused at the door. It starts with
the memory that it had when it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from trading_ecosystem.messages.base import Message
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
from trading_ecosystem.messages.units import DAY, Nanos
from trading_ecosystem.ports.component import Component, Later, Said, WakeUp
from trading_ecosystem.runtime.lifecycle import ALWAYS_RUNNING, DOWN, TRANSITIONS, ComponentState, ComponentStatus

SUPERVISOR: Final = "supervisor"
"""The name of the supervisor among the components."""
LONGEST_DOWN: Final[Nanos] = 366 * DAY
"""How long a restart may take at most."""

ComponentCommand = StopComponent | StartComponent | RestartComponent


class PlannedStart(WakeUp, frozen=True, gc=False):
    """A component is to be started, if it is still down since ``stopped_at`` and nobody has decided otherwise."""

    component: str
    stopped_at: Nanos


class ConditionOver(WakeUp, frozen=True, gc=False):
    """The time of a condition is over."""

    condition_id: str


class Supervisor(Component):
    """Knows of every component whether it runs, and since when.

    ``down`` holds the names of those that do not, and whether what is delivered to them is lost (else it waits).
    """

    context: ClassVar[str] = SUPERVISOR
    hears: ClassVar[dict[type[Any], str]] = {
        StopComponent: "stop_component",
        StartComponent: "start_component",
        RestartComponent: "restart_component",
        PlannedStart: "planned_start",
        ComponentConditionSet: "condition_set",
        ConditionCleared: "condition_cleared",
        ConditionOver: "condition_over",
    }
    says: ClassVar[tuple[type[Message], ...]] = (
        ComponentStopped,
        ComponentStarted,
        ComponentCommandRejected,
        ComponentPaused,
        ComponentResumed,
        ConditionTookEffect,
        ConditionEnded,
    )

    def __init__(self, contexts: Mapping[str, str]) -> None:
        """``contexts`` are those of all other components, by name."""
        super().__init__(SUPERVISOR)
        self._contexts = {**contexts, SUPERVISOR: SUPERVISOR}
        self._states: dict[str, tuple[ComponentState, Nanos]] = {}
        self.down: dict[str, bool] = {}
        self._conditions: dict[str, tuple[ComponentConditionSet, Nanos]] = {}
        """What holds, and since when."""

    def begin(self, at: Nanos) -> None:
        """Everything runs from ``at`` on."""
        self._states = dict.fromkeys(sorted(self._contexts), (ComponentState.RUNNING, at))

    def statuses(self) -> tuple[ComponentStatus, ...]:
        """Every component as it stands, by name."""
        return tuple(ComponentStatus(name, self._contexts[name], *state) for name, state in self._states.items())

    def stop_component(self, message: StopComponent, now: Nanos) -> Said:
        """Stop it; a planned start is given up."""
        refusal = self._refusal(message)
        return refusal or self._stop(message, now, None)

    def restart_component(self, message: RestartComponent, now: Nanos) -> Said:
        """Stop it, and plan its start."""
        refusal = self._refusal(message)
        if refusal:
            return refusal
        if not 0 <= message.down_ns <= LONGEST_DOWN:
            return [ComponentCommandRejected(message.component, ComponentCommandRejectReason.INVALID_TIME)]
        starts_at = now + message.down_ns
        return [*self._stop(message, now, starts_at), Later(PlannedStart(message.component, now), starts_at)]

    def start_component(self, message: StartComponent, now: Nanos) -> Said:
        """Start it."""
        return self._refusal(message) or self._start(message.component, now)

    def planned_start(self, message: PlannedStart, now: Nanos) -> Said:
        """Start it, unless it was stopped for good or started meanwhile."""
        planned = (ComponentState.RESTARTING, message.stopped_at)
        return self._start(message.component, now) if self._states[message.component] == planned else ()

    def _refusal(self, command: ComponentCommand) -> Said:
        context = self._contexts.get(command.component)
        if context is None:
            reason = ComponentCommandRejectReason.UNKNOWN_COMPONENT
        elif context in ALWAYS_RUNNING:
            reason = ComponentCommandRejectReason.ALWAYS_RUNS
        elif (self._states[command.component][0], type(command)) not in TRANSITIONS:
            reason = ComponentCommandRejectReason.NOT_IN_THIS_STATE
        else:
            return ()
        return [ComponentCommandRejected(command.component, reason)]

    def _stop(self, command: ComponentCommand, now: Nanos, starts_at: Nanos | None) -> list[Message | Later]:
        before, since = self._states[command.component]
        after = TRANSITIONS[before, type(command)]
        self._states[command.component] = (after, since if before in DOWN else now)
        self.down[command.component] = True
        return [ComponentStopped(command.component, starts_at)]

    def _start(self, component: str, now: Nanos, memory: bool = True) -> Said:
        state, since = self._states[component]
        self._states[component] = (TRANSITIONS[state, StartComponent], now)
        del self.down[component]
        return [ComponentStarted(component, since, memory)]

    # Conditions

    def condition_set(self, message: ComponentConditionSet, now: Nanos) -> Said:
        """Break a component that runs; of one that does not, nothing can be broken."""
        name, context = message.target, self._contexts.get(message.target)
        if context is None or context in ALWAYS_RUNNING or name in self.down:
            return ()
        self._conditions[message.condition_id] = (message, now)
        paused = message.kind is ComponentConditionKind.COMPONENT_PAUSE
        self._states[name] = (ComponentState.PAUSED if paused else ComponentState.RESTARTING, now)
        self.down[name] = not paused
        return [
            ComponentPaused(name, message.until) if paused else ComponentStopped(name, message.until),
            ConditionTookEffect(self.name, message.condition_id, name),
            Later(ConditionOver(message.condition_id), max(now, message.until)),
        ]

    def condition_cleared(self, message: ConditionCleared, now: Nanos) -> Said:
        """Roll a condition back."""
        return self._end(message.condition_id, now)

    def condition_over(self, message: ConditionOver, now: Nanos) -> Said:
        """A condition's time is over."""
        return self._end(message.condition_id, now)

    def _end(self, condition_id: str, now: Nanos) -> Said:
        """Let the component go on, unless somebody has started or stopped it meanwhile."""
        setting, since = self._conditions.pop(condition_id, (None, 0))
        if setting is None:
            return ()
        name, ended = setting.target, ConditionEnded(self.name, condition_id)
        if self._states[name] == (ComponentState.PAUSED, since):
            self._states[name] = (ComponentState.RUNNING, now)
            del self.down[name]
            return [ComponentResumed(name, since), ended]
        if self._states[name] == (ComponentState.RESTARTING, since):
            return [*self._start(name, now, setting.memory), ended]
        return [ended]
