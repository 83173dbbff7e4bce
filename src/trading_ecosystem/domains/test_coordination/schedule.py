"""The fault schedule: generated first, whole, and then only obeyed.

A number that a scenario gives as a range is drawn from a random stream of that fault and field alone, so that the schedule does
not depend on anything that happens in the run, and adding a fault moves no other.
"""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.scenario import (
    AccountOperation,
    CorrelationFault,
    CustodianFault,
    DivergenceFault,
    Fault,
    FeedCorruption,
    FeedFault,
    LinkFault,
    MarketFault,
    Operation,
    PlannedFault,
    PriceFault,
    VolatilityFault,
)
from trading_ecosystem.domains.test_coordination.state_operations import StateOperation
from trading_ecosystem.domains.test_coordination.targeted_fault import TargetedFault
from trading_ecosystem.domains.test_coordination.transfer_operations import TransferOperation
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import CustodianConditionKind, CustodianConditionSet
from trading_ecosystem.messages.market_data import (
    CorrelationConditionSet,
    DivergenceConditionSet,
    FeedConditionKind,
    FeedConditionSet,
    FeedCorruptionSet,
    PriceConditionKind,
    PriceConditionSet,
    VolatilityConditionSet,
)
from trading_ecosystem.messages.test_coordination import ConditionCleared, LinkConditionKind, LinkConditionSet
from trading_ecosystem.messages.trading_phases import HaltTrading, ResumeTrading, SetAccountStatus
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.randomness import Randomness


class FaultSchedule(msgspec.Struct, frozen=True):
    """Every fault of a run with its exact numbers, by time of onset and then as written."""

    faults: tuple[Fault, ...]

    def fault(self, fault_id: str) -> Fault | None:
        """The fault of this id, or ``None``."""
        return next((fault for fault in self.faults if fault.id == fault_id), None)


def generate_schedule(planned: tuple[PlannedFault, ...], name: str, randomness: Randomness) -> FaultSchedule:
    """Draw what is given as a range; ``name`` is the coordinator's, to whom the streams belong."""
    faults = [_drawn(plan, name, randomness) for plan in planned]
    return FaultSchedule(tuple(sorted(faults, key=_onset)))


def _onset(fault: Fault) -> Nanos:
    return fault.at_ns


def _drawn(plan: PlannedFault, name: str, randomness: Randomness) -> Fault:
    changes = {}
    for field in plan.lowest.__struct_fields__:
        low, high = getattr(plan.lowest, field), getattr(plan.highest, field)
        if low != high:
            changes[field] = randomness.stream(name, f"fault {plan.lowest.id} {field}").integer(low, high)
    return msgspec.structs.replace(plan.lowest, **changes) if changes else plan.lowest


def component_of(fault: Fault, parameters: TestCoordinationParameters) -> str:
    """The component that a fault is set on."""
    if isinstance(fault, TargetedFault):
        return fault.component(parameters)
    if isinstance(fault, CustodianFault):
        return parameters.custodian
    return parameters.links if isinstance(fault, LinkFault) else parameters.market_data


def condition_of(fault: Fault, parameters: TestCoordinationParameters, now: Nanos) -> Message:
    """The typed message that sets a fault as a condition of its component, beginning at ``now``."""
    if isinstance(fault, TargetedFault):
        return fault.condition(parameters, now)
    component = component_of(fault, parameters)
    if isinstance(fault, PriceFault):
        return PriceConditionSet(
            component=component,
            condition_id=fault.id,
            kind=PriceConditionKind(fault.kind.value),
            assets=fault.assets,
            magnitude_ppm=fault.magnitude_ppm,
            ramp_ns=fault.ramp_ns,
            hold_ns=fault.hold_ns,
            recovery_ns=fault.recovery_ns,
            residual_ppm=fault.residual_ppm,
        )
    if isinstance(fault, (VolatilityFault, CorrelationFault, DivergenceFault)):
        return _market_condition(fault, component)
    until = now + fault.lasts_ns
    if isinstance(fault, FeedFault):
        return FeedConditionSet(
            component=component,
            condition_id=fault.id,
            kind=FeedConditionKind(fault.kind.value),
            instruments=fault.instruments,
            until=until,
            probability_ppm=fault.probability_ppm,
            delay_ns=fault.delay_ns,
        )
    if isinstance(fault, FeedCorruption):
        return FeedCorruptionSet(
            component=component,
            condition_id=fault.id,
            instruments=fault.instruments,
            until=until,
            probability_ppm=fault.probability_ppm,
            magnitude_ppm=fault.magnitude_ppm,
        )
    if isinstance(fault, CustodianFault):
        return CustodianConditionSet(
            component=component,
            condition_id=fault.id,
            kind=CustodianConditionKind(fault.kind.value),
            until=until,
            delay_ns=fault.delay_ns,
            probability_ppm=fault.probability_ppm,
        )
    return LinkConditionSet(
        component=component,
        condition_id=fault.id,
        kind=LinkConditionKind(fault.kind.value),
        senders=fault.senders,
        receivers=fault.receivers,
        until=until,
        delay_ns=fault.delay_ns,
        probability_ppm=fault.probability_ppm,
    )


def rollback_of(fault: Fault, parameters: TestCoordinationParameters) -> Message:
    """What ends a fault before its time."""
    if isinstance(fault, TargetedFault):
        return fault.rollback(parameters)
    return ConditionCleared(component_of(fault, parameters), fault.id)


def command_of(operation: Operation, parameters: TestCoordinationParameters) -> Message:
    """The command that an operator of a venue, an account's owner, or somebody of the firm, gives."""
    if isinstance(operation, StateOperation):
        return operation.command(parameters.risk, parameters.firm)
    if isinstance(operation, TransferOperation):
        return operation.command(parameters.custodian)
    venue = operation.venue
    if isinstance(operation, AccountOperation):
        return SetAccountStatus(venue, operation.account, operation.status, operation.kyc)
    return (HaltTrading if operation.halts else ResumeTrading)(venue, operation.instrument)


def _market_condition(fault: MarketFault, component: str) -> Message:
    """The condition of a fault of how prices move and hang together."""
    if isinstance(fault, VolatilityFault):
        return VolatilityConditionSet(
            component=component,
            condition_id=fault.id,
            assets=fault.assets,
            factor_ppm=fault.factor_ppm,
            ramp_ns=fault.ramp_ns,
            hold_ns=fault.hold_ns,
            recovery_ns=fault.recovery_ns,
        )
    if isinstance(fault, CorrelationFault):
        return CorrelationConditionSet(
            component=component,
            condition_id=fault.id,
            asset=fault.asset,
            against=fault.against,
            correlation_ppm=fault.correlation_ppm,
            hold_ns=fault.hold_ns,
            recovery_ns=fault.recovery_ns,
        )
    return DivergenceConditionSet(
        component=component,
        condition_id=fault.id,
        instrument=fault.instrument,
        magnitude_ppm=fault.magnitude_ppm,
        buildup_ns=fault.buildup_ns,
        sustain_ns=fault.sustain_ns,
        recovery_ns=fault.recovery_ns,
    )
