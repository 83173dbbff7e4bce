"""A domain's records in SQL: one class for SQLite and PostgreSQL, and for all seven domains.

A batch of entries is folded in memory to the rows that it leaves, and written with the position in one transaction: a store
never shows half of a batch, and never forgets or repeats one. What is only ever added to (audit) keeps its position in rows
that are added too.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trading_ecosystem.adapters.sql.engines import one_connection, sqlite_writer
from trading_ecosystem.adapters.sql.failures import failures
from trading_ecosystem.adapters.sql.statements import Batch, RowWriter
from trading_ecosystem.adapters.sql.tables import RecordTable, SchemaTables, tables_of
from trading_ecosystem.adapters.sql.writer_thread import WriterThread
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
T = TypeVar("T")

POLL: Final = 0.01
"""Seconds between two looks at the position while somebody waits for it."""
HALF: Final = 2**31
"""SQLite adds integers of 64 bits and stops where the sum is larger: high and low parts are added apart."""


class SqlHistory:
    """See :class:`trading_ecosystem.ports.records.HistoryStore`. ``store`` is how messages name the store, masked."""

    def __init__(self, engine: AsyncEngine, projection: Projection, store: str) -> None:
        self.projection = projection
        self._engine = engine
        self._store = f"{store}, schema {projection.NAMESPACE}"
        self._tables = tables_of(projection)
        self._sqlite = engine.dialect.name == "sqlite"
        self._writers = {kind: RowWriter(kept, engine.dialect.name) for kind, kept in self._tables.of.items()}
        self._moving = _moving(self._tables, sqlite=self._sqlite)
        self._writing = threading.Lock()
        self._file: sqlite3.Connection | None = None
        self._thread: WriterThread | None = None
        self._applied = 0

    @property
    def namespace(self) -> str:
        """The domain whose records these are."""
        return self.projection.NAMESPACE

    async def position(self) -> int:
        """Sequence of the last entry applied, by anyone."""
        with failures(self._store):
            async with self._engine.connect() as connection:
                self._applied = await self._position(connection)
        return self._applied

    async def apply(self, entries: Sequence[Entry]) -> None:
        """Apply entries in one transaction with the position."""
        with failures(self._store):
            if self._sqlite:
                self._applied = await asyncio.to_thread(self._in_file, entries, ())
                return
            self._applied = await self._in_server(self._apply_there(entries))

    async def take(self, changes: Iterable[Change]) -> None:
        """Apply changes that come from no entry, in one transaction."""
        with failures(self._store):
            if self._sqlite:
                await asyncio.to_thread(self._in_file, (), changes)
                return
            await self._in_server(self._take_there(changes))

    async def rows(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, order: Sequence[str] = (), limit: int | None = None
    ) -> list[R]:
        """Records that meet the conditions, in order."""
        kept = self._tables.of[record_type]
        statement = self._meeting(select(kept.table), kept, where)
        statement = statement.order_by(*(_ordering(kept, name) for name in order), *(kept.table.c[n] for n in record_type.key))
        if limit is not None:
            statement = statement.limit(limit)
        with failures(self._store):
            async with self._engine.connect() as connection:
                found = (await connection.execute(statement)).all()
        return [kept.record(row) for row in found]  # type: ignore[misc]

    async def get(self, record_type: type[R], identity: tuple[Any, ...]) -> R:
        """One record; raises :class:`NotFound`."""
        found = await self.rows(record_type, dict(zip(record_type.key, identity, strict=True)))
        if not found:
            raise NotFound(f"no row {identity!r} in {self.namespace}.{record_type.table}")
        return found[0]

    async def totals(
        self, record_type: type[R], where: Conditions = EVERYTHING, *, by: Sequence[str] = (), sums: Sequence[str] = ()
    ) -> list[Total]:
        """Rows counted and added up per group; sums are exact, however large."""
        kept = self._tables.of[record_type]
        grouping = [kept.table.c[name] for name in by]
        added = [part for name in sums for part in self._parts_of_sum(kept.table.c[name])]
        statement = self._meeting(select(*grouping, func.count(), *added), kept, where)
        statement = statement.group_by(*grouping).order_by(*(_ordering(kept, name) for name in by))
        with failures(self._store):
            async with self._engine.connect() as connection:
                found = (await connection.execute(statement)).all()
        totals = []
        for row in found:
            group = tuple(kept.field(name, value) for name, value in zip(by, row, strict=False))
            count, numbers = row[len(by)], [int(number or 0) for number in row[len(by) + 1 :]]
            if self._sqlite:
                numbers = [high * HALF + low for high, low in zip(numbers[::2], numbers[1::2], strict=True)]
            if count:
                totals.append(Total(group, count, tuple(numbers)))
        return totals

    async def wait_for(self, position: int, timeout: float = 0.25) -> None:
        """Return once everything up to ``position`` is applied; raises :class:`Unavailable` after so many seconds."""
        if self._applied >= position:
            return
        try:
            async with asyncio.timeout(timeout):
                while await self.position() < position:
                    await asyncio.sleep(POLL)
        except TimeoutError:
            at = self._applied
            raise Unavailable(f"{self.namespace} has not applied {position} yet, it is at {at}", 1.0) from None

    async def close(self) -> None:
        """Close the connections of this schema."""
        with self._writing:
            file, self._file = self._file, None
        if file is not None:
            file.close()
        thread, self._thread = self._thread, None
        if thread is not None:
            await thread.close()
        await self._engine.dispose()

    def _meeting(self, statement: Select[Any], kept: RecordTable, where: Conditions) -> Select[Any]:
        for name, asked in where.items():
            statement = statement.where(*_conditions(kept, name, asked))
        return statement

    def _parts_of_sum(self, column: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        if not self._sqlite:
            return [func.sum(column)]
        half: ColumnElement[int] = literal_column(str(HALF))
        return [func.sum(column.op("/")(half)), func.sum(column.op("%")(half))]

    async def _position(self, connection: AsyncConnection) -> int:
        column = self._tables.position.c.position
        statement = select(func.max(column)) if self._tables.append_only else select(column)
        return (await connection.execute(statement)).scalar() or 0

    async def _locked_position(self, connection: AsyncConnection) -> int:
        """The position, which nobody else can move before this transaction ends.

        Where rows are only added nothing is locked: of two that add the same rows the second fails on their keys.
        """
        if self._tables.append_only:
            return await self._position(connection)
        position = (await connection.execute(select(self._tables.position.c.position).with_for_update())).scalar()
        if position is None:
            name = f'"{self._tables.schema}"."{self._tables.position.name}"'
            await connection.exec_driver_sql(f"INSERT INTO {name} (one, position) VALUES (1, 0) ON CONFLICT DO NOTHING")
            position = (await connection.execute(select(self._tables.position.c.position).with_for_update())).scalar()
        return position or 0

    async def _in_server(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something with the connection that writes, in its own thread."""
        if self._thread is None:
            self._thread = WriterThread(one_connection(self._engine), f"writer of {self.namespace}")
        return await self._thread.run(work)

    async def _apply_there(self, entries: Sequence[Entry]) -> int:
        assert self._thread is not None
        async with self._thread.engine.begin() as connection:
            folded, before = Folded(), await self._locked_position(connection)
            position = folded.follow(self.projection, entries, before)
            if position != before:
                for batch in self._batches(folded, fresh=True):
                    await batch.run(connection)
                await connection.exec_driver_sql(self._moving, (position,))
        return position

    async def _take_there(self, changes: Iterable[Change]) -> None:
        assert self._thread is not None
        folded = Folded()
        folded.add(changes)
        async with self._thread.engine.begin() as connection:
            for batch in self._batches(folded, fresh=False):
                await batch.run(connection)

    def _batches(self, folded: Folded, *, fresh: bool) -> Iterator[Batch]:
        append_only = self._tables.append_only
        for kind, records in folded.records.items():
            writer = self._writers[kind]
            if not append_only:
                yield writer.upsert(records.values())
            else:
                yield writer.insert(records.values()) if fresh else writer.add(records.values())
        for kind, patches in folded.patches.items():
            assert not append_only, f"{kind.__name__} is only ever added to"
            yield from self._writers[kind].patch(patches)

    def _in_file(self, entries: Sequence[Entry], changes: Iterable[Change]) -> int:
        """One transaction in SQLite, in a thread of its own: what it waits for is the disk, and not the event loop."""
        with self._writing:
            if self._file is None:
                self._file = sqlite_writer(self._engine)
            file = self._file
            file.execute("BEGIN IMMEDIATE")
            try:
                name = self._tables.position.name
                before = file.execute(f"SELECT max(position) FROM {name}").fetchone()[0] or 0
                folded = Folded()
                position = folded.follow(self.projection, entries, before)
                folded.add(changes)
                for batch in self._batches(folded, fresh=bool(entries)):
                    file.executemany(batch.statement, batch.rows)
                if position != before:
                    file.execute(self._moving, (position,))
                file.execute("COMMIT")
            except BaseException:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                raise
        return position


def _moving(tables: SchemaTables, *, sqlite: bool) -> str:
    """The statement that moves the position."""
    name = tables.position.name if sqlite else f'"{tables.schema}"."{tables.position.name}"'
    value = "?" if sqlite else "$1"
    if tables.append_only:
        return f"INSERT INTO {name} (position) VALUES ({value})"
    return (
        f"INSERT INTO {name} (one, position) VALUES (1, {value}) ON CONFLICT (one) DO UPDATE SET position = excluded.position"
    )


def _conditions(kept: RecordTable, name: str, asked: Any) -> list[ColumnElement[bool]]:
    column = kept.table.c[name]
    if isinstance(asked, OneOf):
        return [column.in_([kept.changed({name: value})[name] for value in asked.values])]
    if isinstance(asked, Within):
        bounds = [] if asked.first is None else [column >= asked.first]
        return [column.is_not(None), *bounds, *([] if asked.below is None else [column < asked.below])]
    stored = kept.changed({name: asked})[name]
    return [column.is_(None) if stored is None else column == stored]


def _ordering(kept: RecordTable, name: str) -> ColumnElement[Any]:
    """By a field's value; rows without one come first, or last where the order is descending."""
    column = kept.table.c[name.removeprefix("-")]
    descending = name.startswith("-")
    ordered = column.desc() if descending else column.asc()
    if not column.nullable:
        return ordered
    return ordered.nulls_last() if descending else ordered.nulls_first()
