"""The port for kept records: what a domain keeps, as keyed Structs, projected from messages by pure upserts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol, TypeVar

import msgspec

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.units import Nanos


class Record(msgspec.Struct, frozen=True):
    """A row that a domain keeps. ``table`` names it inside the domain's namespace, ``key`` its identifying fields.

    ``checks`` are conditions that every row meets, in the words that all SQL databases share (``quantity_lots > 0``);
    ``unique`` groups of fields that no two rows have in common beside the key; ``indexes`` groups of fields that rows are
    looked up by. ``partitioned_by`` is a field that only grows, by which a store may cut a table that grows for ever.
    """

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    checks: ClassVar[tuple[str, ...]] = ()
    unique: ClassVar[tuple[tuple[str, ...], ...]] = ()
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = ()
    partitioned_by: ClassVar[str | None] = None

    def identity(self) -> tuple[Any, ...]:
        """The values of the key fields."""
        return tuple(getattr(self, name) for name in self.key)


class Upsert(msgspec.Struct, frozen=True):
    """Insert the record, or replace the one with the same identity."""

    record: Record


class Patch(msgspec.Struct, frozen=True):
    """Set some fields of the record with this identity, if there is one."""

    record_type: type[Record]
    identity: tuple[Any, ...]
    values: dict[str, Any]


Change = Upsert | Patch


class Projection(Protocol):
    """What a domain's ``records`` module offers to its store."""

    NAMESPACE: str
    RECORDS: Sequence[type[Record]]

    def project(self, message: Message, now: Nanos) -> Iterable[Change]:
        """The changes one journal entry makes to this domain's records; empty for messages it does not keep."""


class RecordStore(Protocol):
    """One domain's records, following the journal from a remembered position."""

    @property
    def position(self) -> int:
        """Sequence of the last entry applied."""

    def apply(self, sequence: int, message: Message, now: Nanos) -> None:
        """Apply one entry; an entry at or before ``position`` is ignored (idempotent)."""

    def rows(self, record_type: type[Record]) -> list[Record]:
        """Every record of one type, ordered by identity."""

    def get(self, record_type: type[Record], identity: tuple[Any, ...]) -> Record:
        """One record; raises :class:`trading_ecosystem.ports.errors.NotFound`."""


class OneOf(msgspec.Struct, frozen=True):
    """A condition of a query: the field has one of these values."""

    values: tuple[Any, ...]


class Within(msgspec.Struct, frozen=True):
    """A condition of a query: ``first <= field < below``; a bound of ``None`` is none. No value is never within."""

    first: int | None = None
    below: int | None = None


Conditions = Mapping[str, Any]
"""What a query asks of fields: a value (``None`` for no value), :class:`OneOf` or :class:`Within`; all of them must hold."""

EVERYTHING: Final[Conditions] = {}

R = TypeVar("R", bound=Record)


class Total(msgspec.Struct, frozen=True):
    """Rows counted and added up: the values of the grouping fields, how many rows, and the sums in the order asked for."""

    group: tuple[Any, ...]
    count: int
    sums: tuple[int, ...] = ()


class HistoryStore(Protocol):
    """One domain's records behind an asynchronous door: what a history read asks, what a follower writes.

    Every method raises :class:`trading_ecosystem.ports.errors.Unavailable` where the store cannot be reached.
    """

    @property
    def namespace(self) -> str:
        """The domain whose records these are."""

    @property
    def projection(self) -> Projection:
        """The domain's ``records`` module."""

    async def position(self) -> int:
        """Sequence of the last entry applied; 0 before the first."""

    async def apply(self, entries: Sequence[Entry]) -> None:
        """Apply entries in their order, in one transaction with the position; those at or before it change nothing."""

    async def take(self, changes: Iterable[Change]) -> None:
        """Apply changes that come from no entry, such as those of a verdict, in one transaction; the position stays."""

    async def rows(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, order: Sequence[str] = (), limit: int | None = None
    ) -> list[R]:
        """Records that meet the conditions, ordered by these fields (``-field`` for descending) and then by identity."""

    async def get(self, record_type: type[R], identity: tuple[Any, ...]) -> R:
        """One record; raises :class:`trading_ecosystem.ports.errors.NotFound`."""

    async def totals(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, by: Sequence[str] = (), sums: Sequence[str] = ()
    ) -> list[Total]:
        """Rows counted, and fields added up exactly, per group in order of the group; without rows there is no group."""

    async def wait_for(self, position: int, timeout: float = 0.25) -> None:
        """Return once everything up to ``position`` is applied; raises ``Unavailable`` after so many seconds."""

    async def close(self) -> None:
        """Release what is held open; closing twice is harmless."""


def changes_of(projection: Projection, entry: Entry) -> Iterable[Change]:
    """The changes that one entry makes. A projection that keeps the envelope too (audit's) has ``project_entry``."""
    return _by_entry(projection)(entry)


def _by_entry(projection: Projection) -> Callable[[Entry], Iterable[Change]]:
    of_entry: Callable[[Entry], Iterable[Change]] | None = getattr(projection, "project_entry", None)
    if of_entry is not None:
        return of_entry
    project = projection.project
    return lambda entry: project(entry.message, entry.at)


class Folded(msgspec.Struct):
    """Many changes as few: of every identity the record as it is after them, or what changes in one that is there already."""

    records: dict[type[Record], dict[tuple[Any, ...], Record]] = {}
    patches: dict[type[Record], dict[tuple[Any, ...], dict[str, Any]]] = {}

    def follow(self, projection: Projection, entries: Iterable[Entry], position: int) -> int:
        """Take what entries after a position change; returns the position after them."""
        changes = _by_entry(projection)
        for entry in entries:
            if entry.sequence > position:
                self.add(changes(entry))
                position = entry.sequence
        return position

    def add(self, changes: Iterable[Change]) -> None:
        """Take the next changes."""
        for change in changes:
            if isinstance(change, Upsert):
                record = change.record
                kind, identity = type(record), record.identity()
                self.records.setdefault(kind, {})[identity] = record
                waiting = self.patches.get(kind)
                if waiting:
                    waiting.pop(identity, None)
                continue
            known = self.records.get(change.record_type)
            found = known.get(change.identity) if known else None
            if known is not None and found is not None:
                known[change.identity] = msgspec.structs.replace(found, **change.values)
            else:
                self.patches.setdefault(change.record_type, {}).setdefault(change.identity, {}).update(change.values)
