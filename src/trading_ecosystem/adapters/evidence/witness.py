"""The witness: a file outside every store that remembers signed checkpoints, each line chained to the one before.

Whoever can rewrite a store, and compute all its digests again, cannot make a record fit a checkpoint that somebody else keeps.
A line holds a checkpoint and a *locator*: the first eight bytes of each leaf digest since the checkpoint before it of the same
record. The root decides whether a record is the witnessed one; the locator only says which entry is the first that is not.

Keep the file where the owners of the store cannot write: on another machine, or mailed away. What is taken from its end is
forgotten, so keep the last line's digest too where that matters.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.adapters.audit_log import AuditLog
from trading_ecosystem.adapters.evidence.checkpoints import (
    NOTHING_BEFORE,
    SignedCheckpoint,
    chain_break,
    line_digest,
)
from trading_ecosystem.domains.audit.merkle import DIGEST_SIZE
from trading_ecosystem.ports.errors import BadInput, Conflict, Corrupt, Unavailable

LOCATOR_SIZE: Final = 8
"""Bytes of a leaf digest that the witness keeps to find an entry by."""


class WitnessLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the file."""

    previous: str
    """SHA-256 of the line before, in hexadecimal; zeros for the first."""
    checkpoint: SignedCheckpoint
    locator: str
    """Base 64."""


_encode = msgspec.json.Encoder().encode


class Witnessed:
    """What a witness knows of one record: its checkpoints, and the locator of every entry up to the last."""

    def __init__(self, lines: Sequence[WitnessLine]) -> None:
        self.checkpoints: Final = tuple(line.checkpoint for line in lines)
        self.locators: Final = b"".join(base64.b64decode(line.locator) for line in lines)

    @property
    def entries(self) -> int:
        """How many entries are witnessed."""
        return self.checkpoints[-1].entries if self.checkpoints else 0

    def first_difference(self, leaves: bytes) -> int | None:
        """The index of the first entry among these leaf digests that is not the witnessed one, or is missing."""
        count = len(leaves) // DIGEST_SIZE
        for index in range(min(count, len(self.locators) // LOCATOR_SIZE)):
            wanted = self.locators[index * LOCATOR_SIZE : (index + 1) * LOCATOR_SIZE]
            if leaves[index * DIGEST_SIZE : index * DIGEST_SIZE + LOCATOR_SIZE] != wanted:
                return index
        return count if count < self.entries else None


def read_witness(path: Path) -> tuple[WitnessLine, ...]:
    """All lines. Raises :class:`BadInput` where it cannot be read, :class:`Corrupt` naming the first line that is wrong."""
    try:
        return _checked(path, path.read_bytes())
    except OSError as error:
        raise BadInput("--witness", f"{path} cannot be read: {error.strerror}") from error


def of_record(lines: Sequence[WitnessLine], record: str) -> Witnessed:
    """What is witnessed of one record."""
    return Witnessed([line for line in lines if line.checkpoint.record == record])


def witness(path: Path, checkpoints: Sequence[SignedCheckpoint], log: AuditLog) -> int:
    """Append checkpoints of the record in ``log`` that the file does not hold yet; returns how many were added.

    Raises :class:`Conflict` where the record is not a continuation of what was witnessed of it: nothing is added then.
    """
    try:
        with path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            lines = _checked(path, file.read())
            added = _continued(path, lines, checkpoints, log)
            file.write(b"".join(line + b"\n" for line in added))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable(f"the witness {path} cannot be written: {error.strerror}") from error
    return len(added)


def _continued(path: Path, lines: Sequence[WitnessLine], checkpoints: Sequence[SignedCheckpoint], log: AuditLog) -> list[bytes]:
    """The lines to add, each naming the digest of the one before."""
    if not checkpoints:
        return []
    known = of_record(lines, checkpoints[0].record)
    if known.checkpoints:
        bad = known.first_difference(bytes(log.leaves))
        if bad is None and log.root(known.entries).hex() != known.checkpoints[-1].merkle_root:
            bad = known.entries
        if bad is not None:
            raise Conflict(
                f"{path}: this record is no continuation of the one that was witnessed: entry {bad} is another; "
                "if it was made anew by a changed program, use another witness file"
            )
    added: list[bytes] = []
    previous = line_digest(_encode(lines[-1])) if lines else NOTHING_BEFORE
    start = known.entries
    leaves = bytes(log.leaves)
    for checkpoint in checkpoints:
        if checkpoint.entries <= start and (known.checkpoints or added):
            continue
        line = _encode(WitnessLine(previous, checkpoint, locator_of(leaves, start, checkpoint.entries)))
        previous, start = line_digest(line), checkpoint.entries
        added.append(line)
    return added


def locator_of(leaves: bytes, start: int, end: int) -> str:
    """The locator of the entries from ``start`` up to, not including, ``end``."""
    found = (leaves[index * DIGEST_SIZE : index * DIGEST_SIZE + LOCATOR_SIZE] for index in range(start, end))
    return base64.b64encode(b"".join(found)).decode()


def _checked(path: Path, data: bytes) -> tuple[WitnessLine, ...]:
    if data and not data.endswith(b"\n"):
        raise Corrupt(f"{path}: its last line is cut off; take that line out if nothing was ever shown of it")
    raw = data.split(b"\n")[:-1]
    lines = tuple(_line(path, number, line) for number, line in enumerate(raw, 1))
    broken = chain_break(raw, [line.previous for line in lines])
    if broken is not None:
        raise Corrupt(f"{path}: line {broken + 1} does not continue the line before it; the file was changed")
    known: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        start, point = known.get(line.checkpoint.record, 0), line.checkpoint
        if point.entries < start or len(base64.b64decode(line.locator)) != (point.entries - start) * LOCATOR_SIZE:
            raise Corrupt(f"{path}: line {number} does not locate the entries since the checkpoint before it")
        known[point.record] = point.entries
    return lines


def _line(path: Path, number: int, raw: bytes) -> WitnessLine:
    try:
        line = msgspec.json.decode(raw, type=WitnessLine)
        locator = base64.b64decode(line.locator, validate=True)
    except ValueError as error:
        raise Corrupt(f"{path}: line {number} is not readable: {error}") from error
    if _encode(line) != raw or base64.b64encode(locator).decode() != line.locator:
        raise Corrupt(f"{path}: line {number} is not written canonically; the file was changed")
    return line
