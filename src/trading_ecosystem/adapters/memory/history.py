"""A history store in memory: what notebooks use, what tests compare with, and what ``check`` recomputes every store into."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.ports.errors import NotFound, Unavailable
from trading_ecosystem.ports.records import (
    EVERYTHING,
    Change,
    Conditions,
    Folded,
    OneOf,
    Projection,
    Record,
    Total,
    Within,
)

R = TypeVar("R", bound=Record)


class MemoryHistory:
    """See :class:`trading_ecosystem.ports.records.HistoryStore`."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self._tables: dict[type[Record], dict[tuple[Any, ...], Record]] = {kind: {} for kind in projection.RECORDS}
        self._position = 0
        self._applied = asyncio.Condition()

    @property
    def namespace(self) -> str:
        """The domain whose records these are."""
        return self.projection.NAMESPACE

    async def position(self) -> int:
        """Sequence of the last entry applied."""
        return self._position

    async def apply(self, entries: Sequence[Entry]) -> None:
        """Apply entries; those at or before the position change nothing."""
        folded = Folded()
        position = folded.follow(self.projection, entries, self._position)
        self._keep(folded)
        self._position = position
        async with self._applied:
            self._applied.notify_all()

    async def take(self, changes: Iterable[Change]) -> None:
        """Apply changes that come from no entry."""
        folded = Folded()
        folded.add(changes)
        self._keep(folded)

    def _keep(self, folded: Folded) -> None:
        for kind, records in folded.records.items():
            self._tables[kind].update(records)
        for kind, patches in folded.patches.items():
            table = self._tables[kind]
            for identity, values in patches.items():
                if identity in table:
                    table[identity] = msgspec.structs.replace(table[identity], **values)

    async def rows(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, order: Sequence[str] = (), limit: int | None = None
    ) -> list[R]:
        """Records that meet the conditions, in order."""
        found = list(self._meeting(record_type, where))
        found.sort(key=lambda record: record.identity())
        for name in reversed(order):
            field, descending = name.removeprefix("-"), name.startswith("-")
            found.sort(key=lambda record, field=field: _rank(getattr(record, field)), reverse=descending)  # type: ignore[misc]
        return found if limit is None else found[:limit]

    async def get(self, record_type: type[R], identity: tuple[Any, ...]) -> R:
        """One record; raises :class:`NotFound`."""
        record = self._tables[record_type].get(identity)
        if not isinstance(record, record_type):
            raise NotFound(f"no row {identity!r} in {self.namespace}.{record_type.table}")
        return record

    async def totals(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, by: Sequence[str] = (), sums: Sequence[str] = ()
    ) -> list[Total]:
        """Rows counted and added up per group."""
        groups: dict[tuple[Any, ...], list[int]] = {}
        for record in self._meeting(record_type, where):
            row = groups.setdefault(tuple(getattr(record, name) for name in by), [0] * (1 + len(sums)))
            row[0] += 1
            for place, name in enumerate(sums, 1):
                row[place] += getattr(record, name) or 0
        ranked = sorted(groups.items(), key=lambda item: [_rank(value) for value in item[0]])
        return [Total(group, row[0], tuple(row[1:])) for group, row in ranked]

    async def wait_for(self, position: int, timeout: float = 0.25) -> None:
        """Return once everything up to ``position`` is applied; raises :class:`Unavailable` after so many seconds."""
        try:
            async with asyncio.timeout(timeout), self._applied:
                await self._applied.wait_for(lambda: self._position >= position)
        except TimeoutError:
            raise Unavailable(f"{self.namespace} has not applied {position} yet, it is at {self._position}", 1.0) from None

    async def close(self) -> None:
        """Nothing is held open."""

    def _meeting(self, record_type: type[R], where: Conditions) -> Iterator[R]:
        for record in self._tables[record_type].values():
            if isinstance(record, record_type) and all(meets(getattr(record, name), asked) for name, asked in where.items()):
                yield record


def meets(value: Any, asked: Any) -> bool:
    """Whether a field's value meets a condition of a query."""
    if isinstance(asked, OneOf):
        return value in asked.values
    if isinstance(asked, Within):
        if value is None:
            return False
        return (asked.first is None or value >= asked.first) and (asked.below is None or value < asked.below)
    return bool(value == asked)


def _rank(value: Any) -> tuple[bool, Any]:
    """Rows without a value come first."""
    return (value is not None, value)
