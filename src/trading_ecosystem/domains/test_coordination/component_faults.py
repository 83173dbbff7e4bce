"""Components that pause or crash, and stores that are slow or gone.

What a monitor ought to say of such a fault depends on the component that it befalls: without market data prices go stale, a
venue that says nothing is down, a custodian that does nothing settles nothing. What befalls trading or the monitor itself is
outside its mandate.
"""

from __future__ import annotations

import enum
from typing import Final, Self

import msgspec

from trading_ecosystem.domains.test_coordination.catalogue_entry import (
    LONGEST_DELAY,
    LONGEST_FAULT,
    CatalogueEntry,
    Target,
)
from trading_ecosystem.domains.test_coordination.document import shown
from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.quantities import named
from trading_ecosystem.domains.test_coordination.scenario import MARKET_DATA, RISK, TRADING, Ecosystem
from trading_ecosystem.domains.test_coordination.targeted_fault import FaultReading, TargetedFault
from trading_ecosystem.messages.alert_conditions import LATENCY_FROM, VENUE_SILENT_AFTER
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.risk import OVERDUE_AFTER, STALE_AFTER, AlertKind
from trading_ecosystem.messages.supervision import (
    ComponentConditionKind,
    ComponentConditionSet,
    StoreConditionKind,
    StoreConditionSet,
)
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND, Nanos
from trading_ecosystem.ports.errors import BadInput

LONGEST_PAUSE: Final[Nanos] = HOUR
"""What waits for a paused component is handled at one instant, and is bounded."""
WITH, WITHOUT = "with", "without"
MEMORIES: Final = (WITH, WITHOUT)
FORGETFUL: Final = (TRADING,)
"""Components that may start without memory. Of the others each holds the truth about something, but for the monitor."""
CLIENTS: Final = (TRADING, RISK)


class Role(enum.StrEnum):
    """What a component is to the monitor."""

    MARKET_DATA = "market_data"
    VENUE = "venue"
    CUSTODIAN = "custodian"
    CLIENT = "client"


class Expected(msgspec.Struct, frozen=True):
    """The alert that ought to fire where a component of some role is silent, or slow."""

    alert: AlertKind
    threshold: int
    detectable_from: int
    sla_ns: Nanos


_STALE: Final = Expected(AlertKind.PRICE_STALE, STALE_AFTER, STALE_AFTER + 1, 5 * SECOND)
_OVERDUE: Final = Expected(AlertKind.SETTLEMENT_OVERDUE, OVERDUE_AFTER, OVERDUE_AFTER, MINUTE)
SILENT: Final[dict[Role, Expected]] = {
    Role.MARKET_DATA: _STALE,
    Role.VENUE: Expected(AlertKind.VENUE_DOWN, VENUE_SILENT_AFTER, VENUE_SILENT_AFTER + 1, 5 * SECOND),
    Role.CUSTODIAN: _OVERDUE,
}
SLOW: Final[dict[Role, Expected]] = {
    Role.MARKET_DATA: _STALE,
    Role.VENUE: Expected(AlertKind.EXECUTION_LATENCY, LATENCY_FROM, LATENCY_FROM, 5 * SECOND),
    Role.CUSTODIAN: _OVERDUE,
}


class OfComponent(TargetedFault, frozen=True, kw_only=True):
    """A fault that befalls one component."""

    target: str
    role: Role

    def _expected(self) -> Expected | None:
        return (SLOW if self.kind is FaultKind.STORE_SLOW else SILENT).get(self.role)

    def stated(self, entry: CatalogueEntry) -> CatalogueEntry:
        """The entry with the alert of the component's role."""
        expected = self._expected()
        if expected is None:
            return entry
        return msgspec.structs.replace(
            entry,
            expected_alert=expected.alert,
            threshold=expected.threshold,
            detectable_from=expected.detectable_from,
            sla_ns=expected.sla_ns,
        )

    def targets(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """The component."""
        return (self.target,)

    def severity(self, parameters: TestCoordinationParameters) -> int:
        """For how long nothing is heard of the component."""
        return self.lasts_ns

    def expected_alert(self, parameters: TestCoordinationParameters) -> AlertKind | None:
        """The alert of the component's role."""
        expected = self._expected()
        return None if expected is None else expected.alert

    def alert_subjects(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """Every instrument, the venue, or every venue that the custodian settles."""
        if self.role is Role.VENUE:
            return (self.target,)
        return parameters.instruments if self.role is Role.MARKET_DATA else parameters.venues


class ComponentFault(OfComponent, frozen=True, kw_only=True, tag="component"):
    """``component_pause`` or ``component_crash``."""

    memory: bool

    @classmethod
    def read(cls, reading: FaultReading) -> Self:
        """The fault from its fields."""
        target = _target(reading)
        pauses = reading.kind is FaultKind.COMPONENT_PAUSE
        node = reading.fields.get("memory")
        memory = node is None or named(node, "memory", MEMORIES) == WITH
        if node is not None and not memory and target not in FORGETFUL:
            problem = f"{shown(target)} never starts without memory"
            raise BadInput(node.place, f"{problem}; expected memory: {WITH}, or one of {', '.join(FORGETFUL)}")
        return cls(
            id=reading.fault_id(),
            kind=reading.kind,
            at_ns=reading.duration("at"),
            lasts_ns=reading.duration("duration", shortest=1, longest=LONGEST_PAUSE if pauses else LONGEST_FAULT),
            target=target,
            role=_role(target, reading.ecosystem),
            memory=memory,
        )

    def component(self, parameters: TestCoordinationParameters) -> str:
        """The supervisor."""
        return parameters.supervisor

    def condition(self, parameters: TestCoordinationParameters, now: Nanos) -> Message:
        """What the supervisor hears."""
        kind = ComponentConditionKind(self.kind.value)
        until = now + self.lasts_ns
        return ComponentConditionSet(parameters.supervisor, self.id, kind, self.target, until, self.memory)


class StoreFault(OfComponent, frozen=True, kw_only=True, tag="store"):
    """``store_slow`` or ``store_unavailable``."""

    delay_ns: Nanos

    @classmethod
    def read(cls, reading: FaultReading) -> Self:
        """The fault from its fields."""
        target = _target(reading)
        return cls(
            id=reading.fault_id(),
            kind=reading.kind,
            at_ns=reading.duration("at"),
            lasts_ns=reading.duration("duration", shortest=1, longest=LONGEST_FAULT),
            target=target,
            role=_role(target, reading.ecosystem),
            delay_ns=reading.duration("delay", shortest=1, longest=LONGEST_DELAY),
        )

    def component(self, parameters: TestCoordinationParameters) -> str:
        """The links."""
        return parameters.links

    def condition(self, parameters: TestCoordinationParameters, now: Nanos) -> Message:
        """What the links hear."""
        receivers = tuple(name for name in parameters.link_ends if name != self.target)
        kind = StoreConditionKind(self.kind.value)
        until = now + self.lasts_ns
        return StoreConditionSet(parameters.links, self.id, kind, self.target, receivers, until, self.delay_ns)

    def severity(self, parameters: TestCoordinationParameters) -> int:
        """For how long nothing is heard of the component; of a slow store the delay, and for prices a tick more.

        Order is kept: what is said after the fault queues behind what was delayed, so that one tick is enough.
        """
        if self.kind is FaultKind.STORE_UNAVAILABLE:
            return self.lasts_ns
        if self.role is not Role.MARKET_DATA:
            return self.delay_ns
        return self.delay_ns + parameters.tick_ns if self.lasts_ns >= parameters.tick_ns else 0


def _target(reading: FaultReading) -> str:
    return named(reading.fields.need("component"), "component", reading.ecosystem.link_ends)


def _role(target: str, ecosystem: Ecosystem) -> Role:
    if target == MARKET_DATA:
        return Role.MARKET_DATA
    if target == ecosystem.custodian.name:
        return Role.CUSTODIAN
    return Role.CLIENT if target in CLIENTS else Role.VENUE


def _entry(target: Target, required: tuple[str, ...], mandate: str, optional: tuple[str, ...] = ()) -> CatalogueEntry:
    return CatalogueEntry(
        target=target,
        required=("component", "duration", *required),
        optional=optional,
        expected_alert=None,
        mandate=f"by component; {mandate}, settlement_overdue from 5 min of the custodian; out of mandate for trading and risk",
    )


_SILENCE: Final = "size is the duration: price_stale from 30 s of market data, venue_down from 60 s of a venue"
ENTRIES: Final[dict[FaultKind, CatalogueEntry]] = {
    FaultKind.COMPONENT_PAUSE: _entry(Target.COMPONENT, (), _SILENCE),
    FaultKind.COMPONENT_CRASH: _entry(Target.COMPONENT, (), _SILENCE, ("memory",)),
    FaultKind.STORE_SLOW: _entry(
        Target.STORE,
        ("delay",),
        "size is the delay: price_stale from 30 s of market data with a tick, execution_latency from 1 s of a venue",
    ),
    FaultKind.STORE_UNAVAILABLE: _entry(Target.STORE, (), _SILENCE),
}
"""What the catalogue states of each kind; the alert, its figures and its SLA are those of the component's role."""
FAMILIES: Final[dict[FaultKind, type[TargetedFault]]] = {
    FaultKind.COMPONENT_PAUSE: ComponentFault,
    FaultKind.COMPONENT_CRASH: ComponentFault,
    FaultKind.STORE_SLOW: StoreFault,
    FaultKind.STORE_UNAVAILABLE: StoreFault,
}
"""What reads each kind."""
