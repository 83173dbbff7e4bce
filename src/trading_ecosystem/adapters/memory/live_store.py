"""What a live ecosystem keeps of itself, in memory: gone with the process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.ports.errors import Conflict
from trading_ecosystem.ports.live_store import StoredSnapshot


class MemoryLiveStore:
    """See :class:`trading_ecosystem.ports.live_store.LiveStore`; what was closed may be opened again as the same object."""

    def __init__(self) -> None:
        self._header: Header | None = None
        self._lines: list[bytes] = []
        self._snapshot: StoredSnapshot | None = None

    @property
    def name(self) -> str:
        """Memory has no other name."""
        return "memory:"

    async def header(self) -> Header | None:
        """What was begun here."""
        return self._header

    async def begin(self, header: Header) -> None:
        """Keep the header, once."""
        if self._header is not None:
            raise Conflict("this store was begun before")
        self._header = header

    async def count(self) -> int:
        """How many lines are kept."""
        return len(self._lines)

    async def append(self, first: int, lines: Sequence[bytes]) -> None:
        """Keep a batch; the same again changes nothing."""
        have = len(self._lines)
        if first < 1 or first > have + 1:
            raise Conflict(f"line {first} cannot follow line {have}")
        known = min(len(lines), have - first + 1)
        if self._lines[first - 1 : first - 1 + known] != list(lines[:known]):
            raise Conflict(f"other lines than these are kept from line {first} on")
        self._lines += lines[known:]

    async def lines(self, skip: int = 0) -> AsyncIterator[bytes]:
        """The lines after the first ``skip``."""
        for number in range(skip, len(self._lines)):
            yield self._lines[number]

    async def snapshot(self, prefer: str = "") -> StoredSnapshot | None:
        """The newest snapshot."""
        return self._snapshot

    async def keep_snapshot(self, snapshot: StoredSnapshot) -> None:
        """Keep it in the place of the one before."""
        self._snapshot = snapshot

    async def close(self) -> None:
        """Nothing to release."""
