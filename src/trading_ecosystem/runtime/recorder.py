"""The recorder: turns entries into lines, commits them to the journal in batches, and then tells the followers.

Compute, commit, answer: nothing that depends on an entry leaves the process before :meth:`Recorder.commit` returned.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from typing import Final

from trading_ecosystem.messages.envelope import Entry, encode_entry
from trading_ecosystem.ports.journal import Journal

Follower = Callable[[Sequence[Entry], Sequence[bytes]], None]
"""Called after a commit with the entries and their lines, in order."""

BATCH: Final = 2048
"""Entries that may wait for a commit in a simulation; a live driver commits before every answer."""


class JournalDigest:
    """SHA-256 over the lines of a journal, each followed by a newline, without the header."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._count = 0

    def update(self, lines: Sequence[bytes]) -> None:
        """Add lines in order."""
        if lines:
            self._hash.update(b"\n".join(lines) + b"\n")
            self._count += len(lines)

    @property
    def count(self) -> int:
        """Lines so far."""
        return self._count

    def hexdigest(self) -> str:
        """The digest of all lines so far."""
        return self._hash.hexdigest()


class Recorder:
    """Collects entries, commits their lines, keeps the digest, and tells the followers in the order they were added.

    Without a journal somebody else commits what waits (see :attr:`lines`) and says so with :meth:`confirm`.
    """

    def __init__(self, journal: Journal | None, batch: int = BATCH) -> None:
        self._journal = journal
        self._batch = sys.maxsize if journal is None else batch
        self._entries: list[Entry] = []
        self._lines: list[bytes] = []
        self._followers: list[Follower] = []
        self.digest = JournalDigest()

    def commit_on_request(self) -> None:
        """From now on commit only when asked to, never in the middle of a handling: what a live driver needs."""
        self._batch = sys.maxsize

    def follow(self, follower: Follower) -> None:
        """Tell ``follower`` of every batch from now on, after it is committed."""
        self._followers.append(follower)

    @property
    def waiting(self) -> int:
        """Entries that are not committed yet."""
        return len(self._entries)

    def record(self, entry: Entry) -> None:
        """Take an entry; commits when a batch is full."""
        self._entries.append(entry)
        self._lines.append(encode_entry(entry))
        if len(self._entries) >= self._batch:
            self.commit()

    @property
    def lines(self) -> Sequence[bytes]:
        """The lines that are not committed yet, in order; not to be changed."""
        return self._lines

    def commit(self) -> None:
        """Commit what waits. If the journal cannot take it, the error passes and the batch still waits."""
        if not self._entries:
            return
        assert self._journal is not None, "this recorder has no journal of its own"
        self._journal.append(self._lines)
        self.confirm(len(self._lines))

    def confirm(self, count: int) -> None:
        """Take the first ``count`` that waited for committed: they enter the digest, and the followers hear of them."""
        entries, lines = self._entries[:count], self._lines[:count]
        self._entries, self._lines = self._entries[count:], self._lines[count:]
        self.digest.update(lines)
        for follower in self._followers:
            follower(entries, lines)
