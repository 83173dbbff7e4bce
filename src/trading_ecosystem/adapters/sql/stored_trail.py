"""A stored trail exactly as the database has it, row by row, for who does not believe that it is what was written.

Nothing is checked or repaired on the way: what a row holds is given, whatever it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Row, Table, select

from trading_ecosystem.adapters.domain_records import PROJECTIONS
from trading_ecosystem.adapters.sql.engines import Engines
from trading_ecosystem.adapters.sql.failures import failures
from trading_ecosystem.adapters.sql.opening import open_engines
from trading_ecosystem.adapters.sql.tables import JOURNAL, JournalTables, tables_of
from trading_ecosystem.adapters.sql.urls import parse_sql_store
from trading_ecosystem.domains.audit.event_records import EventRecord
from trading_ecosystem.domains.audit.records import NAMESPACE as AUDIT
from trading_ecosystem.settings import Passwords, read_settings

_PAGE: Final = 4_000


class StoredLine(NamedTuple):
    """A row of ``journal.entries``; of any types, in SQLite."""

    line_number: Any
    sequence: Any
    line: Any


class StoredBatch(NamedTuple):
    """A row of ``journal.batches``."""

    last_line: Any
    first_line: Any
    digest: Any


class StoredTrail:
    """The schemas ``journal`` and ``audit`` of one store, for reading; made by :func:`open_stored_trail`."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._name = str(engines.store)
        self._journal = JournalTables()
        self._events = tables_of(PROJECTIONS[AUDIT]).of[EventRecord]

    async def header(self) -> Any:
        """The header's bytes, or ``None`` where there is none."""
        async for row in self._rows(JOURNAL, self._journal.headers, self._journal.headers.c.one):
            return row.header
        return None

    async def lines(self) -> AsyncIterator[StoredLine]:
        """Every line, by its number."""
        table = self._journal.entries
        async for row in self._rows(JOURNAL, table, table.c.line_number):
            yield StoredLine(row.line_number, row.sequence, row.line)

    async def batches(self) -> AsyncIterator[StoredBatch]:
        """Every batch, by its last line."""
        table = self._journal.batches
        async for row in self._rows(JOURNAL, table, table.c.last_line):
            yield StoredBatch(row.last_line, row.first_line, row.digest)

    async def events(self) -> AsyncIterator[tuple[Any, ...]]:
        """Every event that audit keeps, by its sequence; the values in the order of the columns."""
        table = self._events.table
        async for row in self._rows(AUDIT, table, table.c.sequence):
            yield tuple(row)

    async def close(self) -> None:
        """Close every connection."""
        await self._engines.close()

    async def _rows(self, schema: str, table: Table, key: Column[Any]) -> AsyncIterator[Row[Any]]:
        last: Any = None
        while True:
            chosen = select(table).order_by(key).limit(_PAGE)
            if last is not None:
                chosen = chosen.where(key > last)
            with failures(self._name):
                async with self._engines.of(schema).connect() as connection:
                    found = (await connection.execute(chosen)).all()
            for row in found:
                yield row
            if len(found) < _PAGE:
                return
            last = getattr(found[-1], key.name)


async def open_stored_trail(url: str, passwords: Passwords | None = None) -> StoredTrail:
    """The trail behind a URL; raises :class:`trading_ecosystem.ports.errors.BadInput` where it cannot be opened."""
    given = read_settings().store_passwords if passwords is None else passwords
    return StoredTrail(await open_engines(parse_sql_store(url), given, [JOURNAL, AUDIT]))
