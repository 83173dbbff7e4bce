"""The base of faults that know all about themselves: how they are read, what they become, how large they are.

Each family of them has its own file beside this one (``venue_faults.py``, ``feed_faults.py``, ``custody_faults.py``,
``strategy_faults.py``, ``component_faults.py``), with its entries of the catalogue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

import msgspec

from trading_ecosystem.domains.test_coordination.catalogue_entry import CatalogueEntry
from trading_ecosystem.domains.test_coordination.document import Fields, Node
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import ConditionCleared, FaultKind
from trading_ecosystem.messages.units import Nanos, PartsPerMillion

if TYPE_CHECKING:
    from trading_ecosystem.domains.test_coordination.catalogue_entry import CatalogueEntry
    from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
    from trading_ecosystem.domains.test_coordination.scenario import Ecosystem


class FaultReading(Protocol):
    """One reading of one fault's fields, at one end of its ranges; every method raises ``BadInput`` with the place."""

    @property
    def fields(self) -> Fields:
        """The fields as written."""

    @property
    def kind(self) -> FaultKind:
        """The kind, read already."""

    @property
    def ecosystem(self) -> Ecosystem:
        """What the fault is injected into."""

    def fault_id(self) -> str:
        """The fault's id."""

    def number(self, name: str) -> Node | None:
        """A field that may be a range, at this reading's end of it."""

    def duration(self, name: str, shortest: Nanos = 0, longest: Nanos = ...) -> Nanos:
        """A duration, 0 where the field is absent."""

    def probability(self) -> PartsPerMillion:
        """The field ``probability``, 0 where it is absent."""

    def instruments(self) -> tuple[str, ...]:
        """The field ``instruments``, all of the feed's where it is absent."""


class TargetedFault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault of any family in this scheme; subclasses have a tag of their own and are frozen."""

    id: str
    kind: FaultKind
    at_ns: Nanos
    lasts_ns: Nanos

    @classmethod
    def read(cls, reading: FaultReading) -> Self:
        """The fault from its fields."""
        raise NotImplementedError

    def stated(self, entry: CatalogueEntry) -> CatalogueEntry:
        """What the catalogue states of this very fault; the entry of its kind, unless it depends on the target."""
        return entry

    def component(self, parameters: TestCoordinationParameters) -> str:
        """The component that it is set on."""
        raise NotImplementedError

    def condition(self, parameters: TestCoordinationParameters, now: Nanos) -> Message:
        """The typed message that sets it, beginning at ``now``."""
        raise NotImplementedError

    def preparations(self, parameters: TestCoordinationParameters) -> tuple[Message, ...]:
        """What is said just before the condition."""
        return ()

    def rollback(self, parameters: TestCoordinationParameters) -> Message:
        """What ends it before its time."""
        return ConditionCleared(self.component(parameters), self.id)

    def targets(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """What it aims at, in the words of alerts' subjects where there are such."""
        raise NotImplementedError

    def severity(self, parameters: TestCoordinationParameters) -> int:
        """Its size, in the unit of the expected alert's threshold; see ``severity.py``."""
        raise NotImplementedError

    def expected_alert(self, parameters: TestCoordinationParameters) -> AlertKind | None:
        """The alert that ought to fire; by the catalogue, unless a family has a reason to differ."""
        raise NotImplementedError

    def alert_subjects(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """The subjects that the expected alert may have; any one of them counts."""
        raise NotImplementedError
