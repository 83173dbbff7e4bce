"""The port for what a live ecosystem keeps of itself: its header, its journal in committed batches, and snapshots.

A journal here is numbered from 1: line 1 is the first entry said. Batches are appended one after another by one process; a
store makes sure that no second process opens it while the first one lives.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from trading_ecosystem.messages.envelope import Header


class StoredSnapshot(msgspec.Struct, frozen=True):
    """The whole kernel after the first ``entries`` lines of the journal, as one engine version wrote it."""

    entries: int
    engine_version: str
    state: bytes


class LiveStore(Protocol):
    """One live ecosystem's own store.

    Every method raises :class:`trading_ecosystem.ports.errors.Unavailable` where the store is down or full, and
    :class:`trading_ecosystem.ports.errors.Corrupt` where stored bytes are not what was written.
    """

    @property
    def name(self) -> str:
        """What messages call it, with any password masked."""

    async def header(self) -> Header | None:
        """What was begun here, or ``None`` in a fresh store."""

    async def begin(self, header: Header) -> None:
        """Keep the header, once; raises :class:`trading_ecosystem.ports.errors.Conflict` where another one is kept."""

    async def count(self) -> int:
        """How many lines are committed."""

    async def append(self, first: int, lines: Sequence[bytes]) -> None:
        """Commit a batch whose first line has the number ``first``: all of it, or nothing.

        The same lines at the same place again are no error, so that an append whose outcome is unknown may be tried again.
        Other lines there, or a gap before ``first``, raise :class:`trading_ecosystem.ports.errors.Conflict`.
        """

    def lines(self, skip: int = 0) -> AsyncIterator[bytes]:
        """The committed lines after the first ``skip``; raises ``Corrupt`` in front of the first batch that is not whole."""

    async def snapshot(self, prefer: str = "") -> StoredSnapshot | None:
        """The newest snapshot that is whole; damaged ones are passed over.

        Where several stand at the same line, as an upgrade leaves them, the one of engine version ``prefer`` is taken.
        """

    async def keep_snapshot(self, snapshot: StoredSnapshot) -> None:
        """Keep a snapshot beside the earlier ones, or in the place of the oldest."""

    async def close(self) -> None:
        """Release the store; closing twice is harmless."""
