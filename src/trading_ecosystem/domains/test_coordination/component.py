"""The test coordinator: it obeys the fault schedule, says what is true about each fault, and ends the run.

It also gives the commands of the venues' operators that a scenario states. These are no faults: nothing is labelled.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.scenario import OPEN
from trading_ecosystem.domains.test_coordination.schedule import command_of, component_of, condition_of, generate_schedule
from trading_ecosystem.domains.test_coordination.severity import label_of, targets_of
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import CustodianConditionSet
from trading_ecosystem.messages.market_data import (
    CorrelationConditionSet,
    DivergenceConditionSet,
    FeedConditionSet,
    FeedCorruptionSet,
    PriceConditionSet,
    VolatilityConditionSet,
)
from trading_ecosystem.messages.risk import AlertRaised, AlertResolved
from trading_ecosystem.messages.test_coordination import (
    ConditionEnded,
    ConditionTookEffect,
    FaultInjected,
    GroundTruthClosed,
    GroundTruthLabelled,
    LinkConditionSet,
    RunEnded,
    RunStarted,
)
from trading_ecosystem.messages.trading_phases import HaltTrading, ResumeTrading, SetAccountStatus
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Begin, Component, Later, Said, WakeUp
from trading_ecosystem.ports.randomness import Randomness


class FaultDue(WakeUp, frozen=True, gc=False):
    """The time of one fault of the schedule has come."""

    fault_id: str


class OperationDue(WakeUp, frozen=True, gc=False):
    """The time of one operation has come, by its place among all of them."""

    number: int


class RunDue(WakeUp, frozen=True, gc=False):
    """The run's duration is over."""


class OpenAlert(msgspec.Struct, frozen=True):
    """An alert of some firm that was raised and is not resolved."""

    account: str
    alert_id: int


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
    }
    says: ClassVar[tuple[type[Message], ...]] = (
        FaultInjected,
        PriceConditionSet,
        VolatilityConditionSet,
        CorrelationConditionSet,
        DivergenceConditionSet,
        FeedConditionSet,
        FeedCorruptionSet,
        CustodianConditionSet,
        LinkConditionSet,
        HaltTrading,
        ResumeTrading,
        SetAccountStatus,
        GroundTruthLabelled,
        GroundTruthClosed,
        RunEnded,
    )

    def __init__(
        self,
        name: str,
        parameters: TestCoordinationParameters,
        randomness: Randomness,
        accounts: frozenset[str] | None = None,
    ) -> None:
        super().__init__(name, accounts)
        self._parameters = parameters
        self.schedule = generate_schedule(parameters.faults, name, randomness)
        self._run = ""
        self._ended = False
        self._injected: list[str] = []
        self._in_effect: list[str] = []
        self._closed: list[str] = []
        self._open_alerts: list[OpenAlert] = []

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
        armed = [Later(FaultDue(fault.id), now + fault.at_ns) for fault in self.schedule.faults]
        operations = enumerate(self._parameters.operations)
        armed += [Later(OperationDue(number), now + operation.at_ns) for number, operation in operations]
        if message.duration_ns != OPEN:
            armed.append(Later(RunDue(), now + message.duration_ns))
        return armed

    def fault_due(self, message: FaultDue, now: Nanos) -> Said:
        """Set the condition that a fault becomes."""
        if self._ended:
            return ()
        fault = self.schedule.fault(message.fault_id)
        assert fault is not None, message
        self._injected.append(fault.id)
        injected = FaultInjected(
            run=self._run,
            fault_id=fault.id,
            kind=fault.kind,
            component=component_of(fault, self._parameters),
            subjects=targets_of(fault, self._parameters),
            planned_until=now + fault.lasts_ns,
        )
        return [injected, condition_of(fault, self._parameters, now)]

    def operation_due(self, message: OperationDue, now: Nanos) -> Said:
        """Give the command of a venue's operator."""
        return () if self._ended else [command_of(self._parameters.operations[message.number])]

    def condition_took_effect(self, message: ConditionTookEffect, now: Nanos) -> Said:
        """The first message that a fault changed was said: label it."""
        fault = self.schedule.fault(message.condition_id)
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
