"""What a live ecosystem keeps of itself, in the schema ``journal`` of a SQL store.

A batch is one transaction: its lines and the row of its digest. In PostgreSQL it is even one statement, so that a commit costs
one round trip. One process runs a store at a time: in SQLite it holds a lock on the folder, in PostgreSQL an advisory lock that
its writing session takes, so that a session which is still committing for a process that was killed is waited for. When the
connection is lost, the next append takes another one, and the lock, and reads how far the journal really is.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
from sqlalchemy import Row, Select, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trading_ecosystem.adapters.batch_digests import NO_BATCH, batch_digest, snapshot_digest
from trading_ecosystem.adapters.folder_lock import FolderLock
from trading_ecosystem.adapters.sql.engines import Engines, writing
from trading_ecosystem.adapters.sql.failures import failures
from trading_ecosystem.adapters.sql.tables import JOURNAL, JournalTables
from trading_ecosystem.adapters.sql.urls import SqliteStore
from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.ports.errors import Conflict, Corrupt, Unavailable
from trading_ecosystem.ports.live_store import StoredSnapshot

PAGE: Final = 4_000
"""Lines that are read at a time, if no batch is larger."""
LOCK_WAIT: Final = 10.0
"""Seconds in which the session of a process that has gone gives up the store."""
_LOCK_KEY: Final = 0x6A6F75726E616C
_APPEND: Final = """
WITH lines AS (
    INSERT INTO journal.entries (line_number, sequence, line)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
)
INSERT INTO journal.batches (last_line, first_line, digest) VALUES ($4, $5, $6)
"""


class _Numbered(msgspec.Struct):
    sequence: int


_sequence_of = msgspec.json.Decoder(_Numbered).decode


class _End(msgspec.Struct, frozen=True):
    """How far the journal is: its last line, and the digest of its last batch."""

    last_line: int
    digest: bytes


class SqlLiveStore:
    """See :class:`trading_ecosystem.ports.live_store.LiveStore`; made by :func:`open_sql_live_store`."""

    def __init__(self, engines: Engines, lock: FolderLock | None) -> None:
        self._engines = engines
        self._lock = lock
        self._name = str(engines.store)
        self._engine: AsyncEngine = engines.of(JOURNAL)
        self._tables = JournalTables()
        self._postgresql = self._engine.dialect.name == "postgresql"
        self._writer: AsyncConnection | None = None
        self._end: _End | None = None
        self._taken = False

    async def take(self) -> None:
        """Make the store this process's; raises :class:`Conflict` where another one runs it."""
        with failures(self._name):
            await self._writing()
            end = await self._read_end()
            lines = await self._scalar(select(func.max(self._tables.entries.c.line_number)))
        if (lines or 0) != end.last_line:
            raise Corrupt(self._damaged(end.last_line + 1, lines or end.last_line))
        self._end = end
        self._taken = True

    @property
    def name(self) -> str:
        """The URL, its password masked."""
        return self._name

    async def header(self) -> Header | None:
        """What was begun here; raises :class:`Corrupt` where it is not readable."""
        with failures(self._name):
            found = await self._scalar(select(self._tables.headers.c.header))
        try:
            return None if found is None else msgspec.json.decode(found, type=Header)
        except msgspec.MsgspecError as error:
            raise Corrupt(f"{self._name}: the journal's header is not readable: {error}") from error

    async def begin(self, header: Header) -> None:
        """Keep the header, once."""
        await self._insert(insert(self._tables.headers).values(one=1, header=msgspec.json.encode(header)))

    async def count(self) -> int:
        """How many lines are committed."""
        with failures(self._name):
            return (await self._seen_end()).last_line

    async def append(self, first: int, lines: Sequence[bytes]) -> None:
        """Commit a batch; the same again changes nothing, and only what goes beyond it is added."""
        with failures(self._name):
            end = await self._known_end()
            if first < 1 or first > end.last_line + 1:
                raise Conflict(f"{self._name}: line {first} cannot follow line {end.last_line}")
            known = min(len(lines), end.last_line - first + 1)
            if known and await self._kept(first, known) != list(lines[:known]):
                raise Conflict(
                    f"{self._name}: other lines than these are kept from line {first} on; does another process write?"
                )
            if known == len(lines):
                return
            rest = lines[known:]
            after = _End(end.last_line + len(rest), batch_digest(end.digest, end.last_line + 1, rest))
            # Until the outcome is known nobody knows where the journal ends.
            self._end = None
            await self._write(lambda writer: self._commit(writer, end.last_line + 1, rest, after))
            self._end = after

    async def _commit(self, writer: AsyncConnection, first: int, lines: Sequence[bytes], after: _End) -> None:
        numbers = range(first, after.last_line + 1)
        sequences = [_sequence_of(line).sequence for line in lines]
        if self._postgresql:
            values = (list(numbers), sequences, list(lines), after.last_line, first, after.digest)
            await writer.exec_driver_sql(_APPEND, values)
            return
        rows = [
            {"line_number": number, "sequence": sequence, "line": line}
            for number, sequence, line in zip(numbers, sequences, lines, strict=True)
        ]
        batch = {"last_line": after.last_line, "first_line": first, "digest": after.digest}
        async with writer.begin():
            await writer.execute(insert(self._tables.entries), rows)
            await writer.execute(insert(self._tables.batches), batch)

    async def lines(self, skip: int = 0) -> AsyncIterator[bytes]:
        """The lines after the first ``skip``, each batch compared with its digest before the first of its lines is given."""
        with failures(self._name):
            end = (await self._seen_end()).last_line
            at, digest = await self._batch_before(skip)
        while at < end:
            with failures(self._name):
                batches = await self._batches_after(at)
                kept = await self._kept(at + 1, batches[-1].last_line - at) if batches else []
            if not batches:
                raise Corrupt(self._damaged(at + 1, end))
            position = 0
            for batch in batches:
                lines = kept[position : position + batch.last_line - at]
                whole = len(lines) == batch.last_line - at and batch.first_line == at + 1
                if not whole or batch_digest(digest, at + 1, lines) != batch.digest:
                    raise Corrupt(self._damaged(at + 1, batch.last_line))
                for line in lines[max(0, skip - at) :]:
                    yield line
                position += len(lines)
                at, digest = batch.last_line, batch.digest

    async def _batch_before(self, skip: int) -> tuple[int, bytes]:
        """The last batch that ends within the first ``skip`` lines."""
        batches = self._tables.batches.c
        found = await self._rows(
            select(batches.last_line, batches.digest)
            .where(batches.last_line <= skip)
            .order_by(batches.last_line.desc())
            .limit(1)
        )
        return (found[0].last_line, found[0].digest) if found else (0, NO_BATCH)

    async def _batches_after(self, at: int) -> list[Row[Any]]:
        """The next batches, as many as a page holds, and at least one."""
        batches = self._tables.batches
        found = await self._rows(select(batches).where(batches.c.last_line > at).order_by(batches.c.last_line).limit(PAGE // 4))
        return [one for one in found if one is found[0] or one.last_line <= at + PAGE]

    async def snapshot(self, prefer: str = "") -> StoredSnapshot | None:
        """The newest snapshot that is whole."""
        table = self._tables.snapshots.c
        with failures(self._name):
            found = await self._rows(
                select(table.entries, table.digest, table.engine_version).order_by(
                    table.entries.desc(), (table.engine_version == prefer).desc(), table.digest
                )
            )
            for one in found:
                state = await self._scalar(select(table.state).where(table.entries == one.entries, table.digest == one.digest))
                if snapshot_digest(one.entries, one.engine_version, state) == one.digest:
                    return StoredSnapshot(one.entries, one.engine_version, await asyncio.to_thread(zlib.decompress, state))
        return None

    async def keep_snapshot(self, snapshot: StoredSnapshot) -> None:
        """Keep it beside the earlier ones, which ``retain`` takes out; the same again changes nothing."""
        state = await asyncio.to_thread(zlib.compress, snapshot.state, 1)
        values = {
            "entries": snapshot.entries,
            "digest": snapshot_digest(snapshot.entries, snapshot.engine_version, state),
            "engine_version": snapshot.engine_version,
            "state": state,
        }
        with suppress(Conflict):
            await self._insert(insert(self._tables.snapshots).values(values))

    async def close(self) -> None:
        """Give the store back."""
        await self._drop_writer()
        await self._engines.close()
        if self._lock is not None:
            self._lock.release()

    # ---------------------------------------------------------------- connections

    async def _known_end(self) -> _End:
        if self._end is None:
            await self._writing()
            self._end = await self._read_end()
        return self._end

    async def _seen_end(self) -> _End:
        """How far the journal is for whoever reads it, while an append may be under way: only appending settles the end."""
        return self._end or await self._read_end()

    async def _read_end(self) -> _End:
        batches = self._tables.batches.c
        found = await self._rows(select(batches.last_line, batches.digest).order_by(batches.last_line.desc()).limit(1))
        return _End(found[0].last_line, found[0].digest) if found else _End(0, NO_BATCH)

    async def _kept(self, first: int, count: int) -> list[bytes]:
        entries = self._tables.entries.c
        chosen = entries.line_number.between(first, first + count - 1)
        lines = [row.line for row in await self._rows(select(entries.line).where(chosen).order_by(entries.line_number))]
        if not all(isinstance(line, bytes) for line in lines):
            # SQLite keeps a text where somebody wrote one.
            raise Corrupt(self._damaged(first, first + count - 1))
        return lines

    async def _rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        async with self._engine.connect() as connection:
            found: Sequence[Row[Any]] = (await connection.execute(statement)).all()
            return found

    async def _scalar(self, statement: Select[Any]) -> Any:
        found = await self._rows(statement)
        return found[0][0] if found else None

    async def _insert(self, statement: Any) -> None:
        async def execute(writer: AsyncConnection) -> None:
            if self._postgresql:
                await writer.execute(statement)
                return
            async with writer.begin():
                await writer.execute(statement)

        with failures(self._name):
            await self._write(execute)

    async def _write(self, work: Callable[[AsyncConnection], Any]) -> None:
        """Do something on the writing connection; one on which something failed is not used again."""
        writer = await self._writing()
        try:
            await work(writer)
        except BaseException:
            await self._drop_writer()
            raise

    async def _writing(self) -> AsyncConnection:
        """The one connection that writes; taking it takes the store, in PostgreSQL."""
        if self._writer is not None:
            return self._writer
        if not self._postgresql:
            self._writer = await writing(self._engine).connect()
            return self._writer
        # Every statement is a transaction of its own.
        writer = await self._engine.execution_options(isolation_level="AUTOCOMMIT").connect()
        try:
            await self._lock_session(writer)
        except BaseException:
            await _discard(writer)
            raise
        self._writer = writer
        return writer

    async def _lock_session(self, writer: AsyncConnection) -> None:
        give_up = time.monotonic() + LOCK_WAIT
        while not await writer.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK_KEY}):
            if time.monotonic() > give_up:
                if self._taken:
                    # Most likely this process's own session before, which the server has not given up yet.
                    raise Unavailable(f"{self._name}: another session still holds the journal")
                raise Conflict(f"{self._name} is in use by another process; stop it first, or choose another store")
            await asyncio.sleep(0.05)

    async def _drop_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            await _discard(writer)

    def _damaged(self, first: int, last: int) -> str:
        return f"{self._name}: lines {first} to {last} of the journal are not what was written; restore it from a backup"


async def _discard(connection: AsyncConnection) -> None:
    """Close a connection for good, and with it a session's locks."""
    with suppress(SQLAlchemyError, OSError):
        await connection.invalidate()
    with suppress(SQLAlchemyError, OSError):
        await connection.close()


async def open_sql_live_store(engines: Engines) -> SqlLiveStore:
    """The live store of a SQL store whose schema ``journal`` is ready; closing it closes the engines.

    Raises :class:`Conflict` where another process runs it.
    """
    lock = None
    try:
        if isinstance(engines.store, SqliteStore):
            lock = FolderLock(engines.store.folder, str(engines.store))
        store = SqlLiveStore(engines, lock)
    except BaseException:
        await engines.close()
        raise
    try:
        await store.take()
    except BaseException:
        await store.close()
        raise
    return store
