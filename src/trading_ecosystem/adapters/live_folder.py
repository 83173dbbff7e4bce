"""What a live ecosystem keeps of itself, as files: ``header.json``, ``journal.jsonl``, ``journal.batches``, two snapshots.

The journal's lines stand in ``journal.jsonl`` and nothing else does. ``journal.batches`` has one line of JSON for each
committed batch: its last line, the size of the journal after it, and the digest that chains the batches. A batch is committed
once that line is on the disk; what stands in the journal beyond the last whole batch was never acknowledged, and opening the
folder cuts it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from trading_ecosystem.adapters.batch_digests import NO_BATCH, batch_digest, snapshot_digest
from trading_ecosystem.adapters.folder_lock import FolderLock
from trading_ecosystem.adapters.run_directory import HEADER, LIVE_JOURNAL, RunDirectory
from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.ports.errors import Conflict, Corrupt, Unavailable
from trading_ecosystem.ports.live_store import StoredSnapshot

T = TypeVar("T")

BATCHES: Final = "journal.batches"
SNAPSHOT: Final = "snapshot.json"
EARLIER_SNAPSHOT: Final = "snapshot.earlier.json"


class _Batch(msgspec.Struct, frozen=True):
    last_line: int
    size: int
    """Bytes of the journal up to and with this batch."""
    digest: str


class LiveFolder:
    """See :class:`trading_ecosystem.ports.live_store.LiveStore`. Opening takes the folder's lock and cuts a torn tail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journal_path = folder / LIVE_JOURNAL
        self._lock = FolderLock(folder, str(folder))
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise

    def _open(self) -> None:
        self._journal_path.touch()
        batches = _whole_batches(self._folder / BATCHES, self._journal_path.stat().st_size)
        if batches is None:
            batches = self._adopt()
        last = batches[-1] if batches else _Batch(0, 0, "")
        self._last, self._before = last.last_line, bytes.fromhex(last.digest)
        self._size, self._batches_size = last.size, sum(len(_batch_line(batch)) for batch in batches)
        self._journal = os.open(self._journal_path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._batches = os.open(self._folder / BATCHES, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._closed = False
        self._cut()

    def _adopt(self) -> list[_Batch]:
        """A journal without batches is what older versions left: its whole lines are taken for one batch."""
        data = self._journal_path.read_bytes()
        size = data.rfind(b"\n") + 1
        if not size:
            return []
        lines = data[: size - 1].split(b"\n")
        batch = _Batch(len(lines), size, batch_digest(NO_BATCH, 1, lines).hex())
        (self._folder / BATCHES).write_bytes(_batch_line(batch))
        return [batch]

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._folder)

    async def header(self) -> Header | None:
        """What was begun here; raises :class:`Corrupt` where it is not readable."""
        return RunDirectory(self._folder).header() if (self._folder / HEADER).exists() else None

    async def begin(self, header: Header) -> None:
        """Keep the header, once."""
        if (self._folder / HEADER).exists():
            raise Conflict(f"{self._folder} was begun before")
        await self._in_a_thread(
            lambda: _write_whole(self._folder / HEADER, msgspec.json.format(msgspec.json.encode(header), indent=2))
        )

    async def count(self) -> int:
        """How many lines are committed."""
        return self._last

    async def append(self, first: int, lines: Sequence[bytes]) -> None:
        """Write and sync the lines, then their batch; where the disk refuses, both files are as before."""
        if first < 1 or first > self._last + 1:
            raise Conflict(f"{self._folder}: line {first} cannot follow line {self._last}")
        known = min(len(lines), self._last - first + 1)
        if known:
            kept = [line async for line in self.lines(first - 1)]
            if kept[:known] != list(lines[:known]):
                raise Conflict(f"{self._folder}: other lines than these are kept from line {first} on")
        if known < len(lines):
            await self._in_a_thread(lambda: self._append(lines[known:]))

    def _append(self, lines: Sequence[bytes]) -> None:
        data = b"\n".join(lines) + b"\n"
        digest = batch_digest(self._before, self._last + 1, lines)
        batch = _Batch(self._last + len(lines), self._size + len(data), digest.hex())
        try:
            _write(self._journal, data)
            os.fsync(self._journal)
            _write(self._batches, _batch_line(batch))
            os.fsync(self._batches)
        except OSError:
            self._cut()
            raise
        self._last, self._before, self._size = batch.last_line, digest, batch.size
        self._batches_size += len(_batch_line(batch))

    def _cut(self) -> None:
        """Bring both files back to the last committed batch."""
        os.ftruncate(self._batches, self._batches_size)
        os.ftruncate(self._journal, self._size)

    async def lines(self, skip: int = 0) -> AsyncIterator[bytes]:
        """The lines after the first ``skip``, batch by batch, each compared with its digest."""
        for line in self._checked_lines(skip):
            yield line

    def _checked_lines(self, skip: int) -> Iterator[bytes]:
        before, number, position = NO_BATCH, 0, 0
        with self._journal_path.open("rb") as journal:
            for batch in _read_batches(self._folder / BATCHES):
                digest = bytes.fromhex(batch.digest)
                if batch.last_line > self._last:
                    return
                if batch.last_line > skip:
                    journal.seek(position)
                    lines = journal.read(batch.size - position)[:-1].split(b"\n")
                    if batch_digest(before, number + 1, lines) != digest:
                        raise Corrupt(
                            f"{self._journal_path}: lines {number + 1} to {batch.last_line} are not what was written; "
                            "restore the folder from a copy"
                        )
                    yield from lines[max(0, skip - number) :]
                before, number, position = digest, batch.last_line, batch.size

    async def snapshot(self, prefer: str = "") -> StoredSnapshot | None:
        """The newer of the two snapshots that is whole."""
        for name in (SNAPSHOT, EARLIER_SNAPSHOT):
            path = self._folder / name
            snapshot = _unpacked(path.read_bytes()) if path.exists() else None
            if snapshot is not None:
                return snapshot
        return None

    async def keep_snapshot(self, snapshot: StoredSnapshot) -> None:
        """Keep it; the one before stays beside it."""
        await self._in_a_thread(lambda: self._keep(_packed(snapshot)))

    def _keep(self, data: bytes) -> None:
        path = self._folder / SNAPSHOT
        if path.exists():
            path.replace(self._folder / EARLIER_SNAPSHOT)
        _write_whole(path, data)

    async def close(self) -> None:
        """Close the files and give the lock back."""
        if not self._closed:
            self._closed = True
            os.close(self._journal)
            os.close(self._batches)
            self._lock.release()

    async def _in_a_thread(self, write: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(write)
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be written: {error.strerror}") from error


def _whole_batches(path: Path, journal_size: int) -> list[_Batch] | None:
    """The batches whose lines the journal has, or ``None`` where there is no such file."""
    if not path.exists():
        return None
    batches = list(_read_batches(path))
    if batches and batches[-1].size > journal_size:
        # A batch is written after its lines are on the disk: lines that are gone were taken away.
        raise Corrupt(f"{path.parent}: {LIVE_JOURNAL} lacks committed lines at its end; restore the folder from a copy")
    return batches


def _read_batches(path: Path) -> Iterator[_Batch]:
    """The batches of a file; a last line that a crash cut off counts for nothing."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield msgspec.json.decode(line, type=_Batch)
            except msgspec.MsgspecError as error:
                raise Corrupt(f"{path}: line {number} is not readable: {error}") from error


def _batch_line(batch: _Batch) -> bytes:
    return msgspec.json.encode(batch) + b"\n"


class _SnapshotHead(msgspec.Struct, frozen=True):
    entries: int
    engine_version: str
    digest: str


def _packed(snapshot: StoredSnapshot) -> bytes:
    digest = snapshot_digest(snapshot.entries, snapshot.engine_version, snapshot.state).hex()
    return msgspec.json.encode(_SnapshotHead(snapshot.entries, snapshot.engine_version, digest)) + b"\n" + snapshot.state


def _unpacked(data: bytes) -> StoredSnapshot | None:
    """The snapshot in a file, or ``None`` where it is not whole."""
    line, _, state = data.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=_SnapshotHead)
    except msgspec.MsgspecError:
        return None
    if snapshot_digest(head.entries, head.engine_version, state).hex() != head.digest:
        return None
    return StoredSnapshot(head.entries, head.engine_version, state)


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one step, synced, so that a crash leaves the old one or the new one."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
