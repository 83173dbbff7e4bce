"""The port for kept records: what a domain keeps, as keyed Structs, projected from messages by pure upserts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Protocol

import msgspec

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.units import Nanos


class Record(msgspec.Struct, frozen=True):
    """A row that a domain keeps. ``table`` names it inside the domain's namespace, ``key`` its identifying fields.

    ``checks`` are conditions that every row meets, in the words that all SQL databases share (``quantity_lots > 0``);
    ``unique`` groups of fields that no two rows have in common beside the key; ``indexes`` groups of fields that rows are
    looked up by.
    """

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    checks: ClassVar[tuple[str, ...]] = ()
    unique: ClassVar[tuple[tuple[str, ...], ...]] = ()
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = ()

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
