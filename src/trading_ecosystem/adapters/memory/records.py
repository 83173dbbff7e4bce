"""A record store in memory: one domain's records, following the journal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import NotFound
from trading_ecosystem.ports.records import Change, Patch, Projection, Record, Upsert


class MemoryRecordStore:
    """See :class:`trading_ecosystem.ports.records.RecordStore`."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._tables: dict[type[Record], dict[tuple[Any, ...], Record]] = {kind: {} for kind in projection.RECORDS}
        self._position = 0

    @property
    def namespace(self) -> str:
        """The domain's schema."""
        return self._projection.NAMESPACE

    @property
    def position(self) -> int:
        """Sequence of the last entry applied."""
        return self._position

    def apply(self, sequence: int, message: Message, now: Nanos) -> None:
        """Apply one entry; entries at or before the position change nothing."""
        if sequence <= self._position:
            return
        self.take(self._projection.project(message, now))
        self._position = sequence

    def take(self, changes: Iterable[Change]) -> None:
        """Apply changes that come from no entry, such as those of a verdict."""
        for change in changes:
            if isinstance(change, Upsert):
                self._tables[type(change.record)][change.record.identity()] = change.record
            else:
                self._patch(change)

    def _patch(self, change: Patch) -> None:
        table = self._tables[change.record_type]
        record = table.get(change.identity)
        if record is not None:
            table[change.identity] = msgspec.structs.replace(record, **change.values)

    def rows(self, record_type: type[Record]) -> list[Record]:
        """Every record of one type, ordered by identity."""
        table = self._tables[record_type]
        return [table[identity] for identity in sorted(table)]

    def get(self, record_type: type[Record], identity: tuple[Any, ...]) -> Record:
        """One record; raises :class:`NotFound`."""
        record = self._tables[record_type].get(identity)
        if record is None:
            raise NotFound(f"no row {identity!r} in {self.namespace}.{record_type.table}")
        return record
