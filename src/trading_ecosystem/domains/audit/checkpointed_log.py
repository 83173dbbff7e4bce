"""The Merkle log of a record with a checkpoint every so many entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.audit.merkle import MerkleTree
from trading_ecosystem.messages.audit import Checkpoint
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.units import Nanos

CHECKPOINT_EVERY: Final = 65_536
"""Entries between two checkpoints of the Merkle root."""


class CheckpointedLog:
    """Takes entries one after another."""

    def __init__(self, every: int) -> None:
        assert every > 0
        self._every = every
        self._next = every
        self._tree = MerkleTree()
        self._checkpoints: list[Checkpoint] = []
        self.entries = 0
        self.last: Entry | None = None

    @property
    def until(self) -> Nanos:
        """When the last entry was said; 0 where there is none."""
        return 0 if self.last is None else self.last.at

    @property
    def root(self) -> str:
        """The root over everything so far, in hexadecimal."""
        return self._tree.root().hex()

    def append(self, entry: Entry, line: bytes) -> None:
        """Take the next entry and its exact bytes."""
        self._tree.append(line)
        self.last = entry
        self.entries += 1
        if self.entries == self._next:
            self._check_in(entry)

    def extend(self, entries: Sequence[Entry], lines: Sequence[bytes]) -> None:
        """Take entries and their bytes, in order, as if one after another; raises ``ValueError`` unless there is a line for
        each."""
        if len(entries) != len(lines):
            shorter = "lines are shorter than entries" if len(lines) < len(entries) else "entries are shorter than lines"
            raise ValueError(f"the batch's {shorter}: {len(entries)} entries, {len(lines)} lines; expected one line for each")
        done = 0
        while done < len(entries):
            until = min(len(entries), done + self._next - self.entries)
            self._tree.extend(lines[done:until])
            self.entries += until - done
            self.last = last = entries[until - 1]
            if self.entries == self._next:
                self._check_in(last)
            done = until

    def _check_in(self, entry: Entry) -> None:
        self._next += self._every
        self._checkpoints.append(Checkpoint(self.entries, entry.sequence, entry.at, self.root))

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Every checkpoint, the last of which is that of everything so far."""
        last = self.last
        if last is None or (self._checkpoints and self._checkpoints[-1].entries == self.entries):
            return tuple(self._checkpoints)
        return (*self._checkpoints, Checkpoint(self.entries, last.sequence, last.at, self.root))
