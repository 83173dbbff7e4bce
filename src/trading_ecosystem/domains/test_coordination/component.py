"""The test coordinator: it obeys the fault schedule, says what is true about each fault, and ends the run.

It also gives the commands of the venues' operators that a scenario states. These are no faults: nothing is labelled.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import msgspec

from trading_ecosystem.domains.test_coordination.document import shown
from trading_ecosystem.domains.test_coordination.injected_faults import FaultProblem, fault_problem, read_injected
from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.scenario import OPEN, Ecosystem, Fault
from trading_ecosystem.domains.test_coordination.schedule import (
    command_of,
    component_of,
    condition_of,
    generate_schedule,
    rollback_of,
)
from trading_ecosystem.domains.test_coordination.severity import label_of, targets_of
from trading_ecosystem.domains.test_coordination.strategy_faults import StrategyFault
from trading_ecosystem.domains.test_coordination.strategy_watch import StrategyWatch
from trading_ecosystem.domains.test_coordination.targeted_fault import TargetedFault
from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.custodian import CustodianConditionSet, DepositAssets, PledgeAssets, WithdrawAssets
from trading_ecosystem.messages.exchange import OrderAccepted, OrderRejected
from trading_ecosystem.messages.market_data import (
    CorrelationConditionSet,
    DivergenceConditionSet,
    FeedConditionSet,
    FeedCorruptionSet,
    PriceConditionSet,
    VolatilityConditionSet,
)
from trading_ecosystem.messages.risk import AlertRaised, AlertResolved
from trading_ecosystem.messages.supervision import ComponentConditionSet, StoreConditionSet
from trading_ecosystem.messages.test_coordination import (
    ClearFault,
    ConditionCleared,
    ConditionEnded,
    ConditionTookEffect,
    FaultCleared,
    FaultInjected,
    FaultPlanned,
    FaultRefused,
    FaultsQuestion,
    FaultState,
    FaultStatus,
    GroundTruthClosed,
    GroundTruthLabelled,
    InjectFault,
    LinkConditionSet,
    RunEnded,
    RunStarted,
)
from trading_ecosystem.messages.trading import ChangeStrategyParameters, StartStrategy, StopStrategy, StrategyHalted
from trading_ecosystem.messages.trading_phases import HaltTrading, ResumeTrading, SetAccountStatus
from trading_ecosystem.messages.trading_state import PullKillSwitch, SetTradingState
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.messages.venue_conditions import VenueConditionSet
from trading_ecosystem.ports.component import Begin, Component, Later, Said, WakeUp
from trading_ecosystem.ports.randomness import Randomness

MOST_ASKED_FOR: Final = 10_000
"""Faults that may be asked for in one run, beside those of its schedule."""


class FaultDue(WakeUp, frozen=True, gc=False):
    """The time of one fault of the schedule has come."""

    fault_id: str


class OperationDue(WakeUp, frozen=True, gc=False):
    """The time of one operation has come, by its place among all of them."""

    number: int


class StrategyFaultOver(WakeUp, frozen=True, gc=False):
    """The strategy of a fault has misbehaved for long enough."""

    fault_id: str


class RunDue(WakeUp, frozen=True, gc=False):
    """The run's duration is over."""


class FaultOver(WakeUp, frozen=True, gc=False):
    """The time of a fault that was asked for is over."""

    fault_id: str


class OpenAlert(msgspec.Struct, frozen=True):
    """An alert of some firm that was raised and is not resolved."""

    account: str
    alert_id: int


def _instant(state: FaultState) -> Nanos:
    return state.at


class TestCoordination(Component):
    """Runs one scenario. Conditions that were set by someone else are none of its faults and are left alone."""

    __test__ = False
    context: ClassVar[str] = "test_coordination"
    hears: ClassVar[dict[type[Any], str]] = {
        Begin: "begun",
        RunStarted: "run_started",
        FaultDue: "fault_due",
        OperationDue: "operation_due",
        ConditionTookEffect: "condition_took_effect",
        ConditionEnded: "condition_ended",
        AlertRaised: "alert_raised",
        AlertResolved: "alert_resolved",
        RunDue: "run_due",
        InjectFault: "inject_fault",
        ClearFault: "clear_fault",
        FaultOver: "fault_over",
        OrderAccepted: "order_answered",
        OrderRejected: "order_answered",
        StrategyHalted: "strategy_halted",
        StrategyFaultOver: "strategy_fault_over",
    }
    says: ClassVar[tuple[type[Message], ...]] = (
        FaultInjected,
        FaultPlanned,
        FaultRefused,
        FaultCleared,
        ConditionCleared,
        PriceConditionSet,
        VolatilityConditionSet,
        CorrelationConditionSet,
        DivergenceConditionSet,
        FeedConditionSet,
        FeedCorruptionSet,
        CustodianConditionSet,
        LinkConditionSet,
        VenueConditionSet,
        ComponentConditionSet,
        StoreConditionSet,
        HaltTrading,
        ResumeTrading,
        SetAccountStatus,
        SetTradingState,
        PullKillSwitch,
        DepositAssets,
        WithdrawAssets,
        PledgeAssets,
        ChangeStrategyParameters,
        StartStrategy,
        StopStrategy,
        ConditionTookEffect,
        ConditionEnded,
        GroundTruthLabelled,
        GroundTruthClosed,
        RunEnded,
    )
    answers: ClassVar[dict[type[Question], str]] = {FaultsQuestion: "faults"}

    def __init__(
        self,
        name: str,
        parameters: TestCoordinationParameters,
        randomness: Randomness,
        accounts: frozenset[str] | None = None,
        ecosystem: Ecosystem | None = None,
    ) -> None:
        """``ecosystem`` is what faults that are injected while it runs are checked against; without it none are."""
        super().__init__(name, accounts)
        self._parameters = parameters
        self._ecosystem = ecosystem
        self.schedule = generate_schedule(parameters.faults, name, randomness)
        self._run = ""
        self._ended = False
        self._asked_for: list[Fault] = []
        self._due_at: dict[str, Nanos] = {}
        self._cleared: list[str] = []
        self._over: list[str] = []
        self._injected: list[str] = []
        self._in_effect: list[str] = []
        self._closed: list[str] = []
        self._open_alerts: list[OpenAlert] = []
        self._strategies = StrategyWatch(parameters.trading)

    @property
    def steady(self) -> bool:
        """Steady state as production shows it: no alert is open."""
        return not self._open_alerts

    def begun(self, message: Begin, now: Nanos) -> Said:
        """Nothing happens before a run is started."""
        return ()

    def run_started(self, message: RunStarted, now: Nanos) -> Said:
        """Arm every fault of the schedule, every operation, and the end of the run, if it has one."""
        assert not self._run, f"run {self._run} was started before {message.run}"
        self._run = message.run
        self._due_at = {fault.id: now + fault.at_ns for fault in self.schedule.faults}
        armed = [Later(FaultDue(fault_id), due_at) for fault_id, due_at in self._due_at.items()]
        operations = enumerate(self._parameters.operations)
        armed += [Later(OperationDue(number), now + operation.at_ns) for number, operation in operations]
        if message.duration_ns != OPEN:
            armed.append(Later(RunDue(), now + message.duration_ns))
        return armed

    def fault_due(self, message: FaultDue, now: Nanos) -> Said:
        """Set the condition that a fault becomes."""
        if self._ended or message.fault_id in self._cleared:
            return ()
        fault = self._fault(message.fault_id)
        assert fault is not None, message
        return self._inject(fault, now)

    def _inject(self, fault: Fault, now: Nanos) -> Said:
        self._injected.append(fault.id)
        injected = FaultInjected(
            run=self._run,
            fault_id=fault.id,
            kind=fault.kind,
            component=component_of(fault, self._parameters),
            subjects=targets_of(fault, self._parameters),
            planned_until=now + fault.lasts_ns,
        )
        condition = condition_of(fault, self._parameters, now)
        if not isinstance(fault, TargetedFault):
            return [injected, condition]
        said: list[Message | Later] = [injected, *fault.preparations(self._parameters), condition]
        if isinstance(fault, StrategyFault):
            self._strategies.started(fault)
            said.append(Later(StrategyFaultOver(fault.id), now + fault.lasts_ns))
        return said

    def _fault(self, fault_id: str) -> Fault | None:
        asked_for = (fault for fault in self._asked_for if fault.id == fault_id)
        return self.schedule.fault(fault_id) or next(asked_for, None)

    def inject_fault(self, message: InjectFault, now: Nanos) -> Said:
        """Set the condition of a fault that somebody asks for now, or plan it."""
        problem = self._why_not(message)
        if problem is not None:
            return [FaultRefused(message.fault_id, problem.field, problem.problem)]
        assert self._ecosystem is not None
        fault = read_injected(message, self._ecosystem)
        at = now + fault.at_ns
        self._asked_for.append(fault)
        self._due_at[fault.id] = at
        over = Later(FaultOver(fault.id), at + fault.lasts_ns)
        if at == now:
            return [*self._inject(fault, now), over]
        targets = targets_of(fault, self._parameters)
        planned = FaultPlanned(self._run, fault.id, fault.kind, component_of(fault, self._parameters), targets, at)
        return [planned, Later(FaultDue(fault.id), at), over]

    def _why_not(self, message: InjectFault) -> FaultProblem | None:
        if not self._run or self._ended or self._ecosystem is None:
            return FaultProblem("", "no run is under way; expected one")
        if self._fault(message.fault_id) is not None:
            return FaultProblem("id", f"the fault id {shown(message.fault_id)} is used already; expected another")
        if len(self._asked_for) >= MOST_ASKED_FOR:
            return FaultProblem("", f"{MOST_ASKED_FOR} faults were asked for in this run; expected no more")
        return fault_problem(message, self._ecosystem)

    def clear_fault(self, message: ClearFault, now: Nanos) -> Said:
        """Roll a fault back, or see that it never comes."""
        fault = self._fault(message.fault_id)
        if fault is None or self._ended:
            return [FaultRefused(message.fault_id, "id", f"there is no fault {shown(message.fault_id)} in this run")]
        status = self._status(fault.id)
        if status in (FaultStatus.ENDED, FaultStatus.CLEARED):
            return [FaultRefused(fault.id, "id", f"the fault {shown(fault.id)} is {status.value} already")]
        self._cleared.append(fault.id)
        cleared = FaultCleared(self._run, fault.id)
        if status is FaultStatus.PLANNED:
            return [cleared]
        return [cleared, rollback_of(fault, self._parameters)]

    def fault_over(self, message: FaultOver, now: Nanos) -> Said:
        """The time of a fault is over, whether or not it had an effect."""
        self._over.append(message.fault_id)
        return ()

    def order_answered(self, message: OrderAccepted | OrderRejected, now: Nanos) -> Said:
        """A venue answered an order: the first one of a strategy that misbehaves is the effect of its fault."""
        effect = self._strategies.order_answered(message)
        return () if effect is None or self._ended else (effect,)

    def strategy_halted(self, message: StrategyHalted, now: Nanos) -> Said:
        """A strategy halted, and with it the effect of its fault, if it was one's."""
        end = self._strategies.halted(message)
        return () if end is None or self._ended else (end,)

    def strategy_fault_over(self, message: StrategyFaultOver, now: Nanos) -> Said:
        """Stop the strategy, unless it has halted before."""
        fault = self._fault(message.fault_id)
        assert isinstance(fault, StrategyFault), message
        return () if self._ended or not self._strategies.is_under_way(fault) else (fault.rollback(self._parameters),)

    def _status(self, fault_id: str) -> FaultStatus:
        if fault_id in self._cleared:
            return FaultStatus.CLEARED
        if fault_id in self._in_effect:
            return FaultStatus.IN_EFFECT
        if fault_id in self._closed or fault_id in self._over:
            return FaultStatus.ENDED
        return FaultStatus.INJECTED if fault_id in self._injected else FaultStatus.PLANNED

    def faults(self, question: FaultsQuestion) -> tuple[FaultState, ...]:
        """Every fault of the run that was started."""
        states = []
        for fault in (*self.schedule.faults, *self._asked_for):
            at = self._due_at.get(fault.id)
            if at is not None:
                component, targets = component_of(fault, self._parameters), targets_of(fault, self._parameters)
                status = self._status(fault.id)
                states.append(FaultState(fault.id, fault.kind, component, targets, status, at, at + fault.lasts_ns))
        return tuple(sorted(states, key=_instant))

    def operation_due(self, message: OperationDue, now: Nanos) -> Said:
        """Give the command of a venue's operator."""
        return () if self._ended else [command_of(self._parameters.operations[message.number], self._parameters)]

    def condition_took_effect(self, message: ConditionTookEffect, now: Nanos) -> Said:
        """The first message that a fault changed was said: label it."""
        fault = self._fault(message.condition_id)
        if fault is None or fault.id in self._in_effect or fault.id in self._closed:
            return ()
        assert fault.id in self._injected, message
        self._in_effect.append(fault.id)
        label = label_of(fault, self._parameters)
        return [
            GroundTruthLabelled(
                run=self._run,
                fault_id=fault.id,
                kind=fault.kind,
                component=message.component,
                first_subject=message.subject,
                onset_at=now,
                expected_alert=label.expected_alert,
                expected_subjects=label.expected_subjects,
                detectable=label.detectable,
                threshold=label.threshold,
                sla_ns=label.sla_ns,
                severity=label.severity,
            )
        ]

    def condition_ended(self, message: ConditionEnded, now: Nanos) -> Said:
        """The last message that a fault changed was said: close its label. A fault that had no effect has none to close."""
        if message.condition_id not in self._in_effect:
            return ()
        self._in_effect.remove(message.condition_id)
        self._closed.append(message.condition_id)
        return [GroundTruthClosed(run=self._run, fault_id=message.condition_id, ended_at=now)]

    def alert_raised(self, message: AlertRaised, now: Nanos) -> Said:
        """Steady state is disturbed while an alert is open."""
        self._open_alerts.append(OpenAlert(message.account, message.alert_id))
        return ()

    def alert_resolved(self, message: AlertResolved, now: Nanos) -> Said:
        """One alert less is open."""
        resolved = OpenAlert(message.account, message.alert_id)
        if resolved in self._open_alerts:
            self._open_alerts.remove(resolved)
        return ()

    def run_due(self, message: RunDue, now: Nanos) -> Said:
        """End the run; nothing is said after this."""
        self._ended = True
        return [RunEnded(run=self._run)]
