"""Follows a record and keeps what evidence of it is made from: leaf digests, places of checkpoints, entries worth a proof."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from trading_ecosystem.adapters.audit_log import AuditLog
from trading_ecosystem.domains.audit.checkpointed_log import CHECKPOINT_EVERY
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.monitors import AlertReportAccepted
from trading_ecosystem.messages.risk import AlertRaised, AlertResolved
from trading_ecosystem.messages.test_coordination import (
    ConditionTookEffect,
    FaultInjected,
    GroundTruthClosed,
    GroundTruthLabelled,
    RunEnded,
    RunStarted,
)
from trading_ecosystem.messages.units import Nanos

PROVEN: Final[frozenset[type[Message]]] = frozenset(
    {
        RunStarted,
        FaultInjected,
        ConditionTookEffect,
        GroundTruthLabelled,
        GroundTruthClosed,
        AlertRaised,
        AlertResolved,
        AlertReportAccepted,
        RunEnded,
    }
)
"""What a verdict rests on: each of these entries gets an inclusion proof of its own."""
MOST_PROVEN: Final = 2_000
"""Inclusion proofs in one pack at most; what goes beyond can be proven from the leaf digests."""


class Point(NamedTuple):
    """Where a checkpoint is taken: after so many entries, the last of which was this one."""

    entries: int
    sequence: int
    at: Nanos


class ProvenEntry(msgspec.Struct, frozen=True):
    """An entry that gets a proof."""

    index: int
    sequence: int
    type: str


class RecordLog:
    """A follower of a recorder, or of lines read back."""

    def __init__(self, every: int = CHECKPOINT_EVERY) -> None:
        assert every > 0
        self._every = every
        self._leaves = bytearray()
        self._entries = 0
        self._last: Entry | None = None
        self._points: list[Point] = []
        self._digest = hashlib.sha256()
        self.proven: list[ProvenEntry] = []

    def follow(self, entries: Sequence[Entry], lines: Sequence[bytes]) -> None:
        """Take in a batch of entries and their lines."""
        if not entries:
            return
        sha256 = hashlib.sha256
        self._leaves += b"".join([sha256(b"\x00" + line).digest() for line in lines])
        self._digest.update(b"\n".join(lines) + b"\n")
        start = self._entries
        for index, entry in enumerate(entries, start):
            if type(entry.message) in PROVEN and len(self.proven) < MOST_PROVEN:
                self.proven.append(ProvenEntry(index, entry.sequence, type(entry.message).__name__))
        self._entries += len(entries)
        self._last = entries[-1]
        for size in range(start // self._every * self._every + self._every, self._entries + 1, self._every):
            entry = entries[size - start - 1]
            self._points.append(Point(size, entry.sequence, entry.at))

    @property
    def entries(self) -> int:
        """How many entries were taken in."""
        return self._entries

    @property
    def journal_digest(self) -> str:
        """SHA-256 over the lines, each with a newline, in hexadecimal."""
        return self._digest.hexdigest()

    def points(self) -> list[Point]:
        """Where checkpoints are taken: every so many entries, and at the end."""
        last = self._last
        if last is None or (self._points and self._points[-1].entries == self._entries):
            return list(self._points)
        return [*self._points, Point(self._entries, last.sequence, last.at)]

    def log(self) -> AuditLog:
        """The Merkle log of everything taken in."""
        return AuditLog.of_leaves(bytes(self._leaves))
