"""A journal in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class MemoryJournal:
    """Keeps all lines in a list; see :class:`trading_ecosystem.ports.journal.Journal`."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def append(self, lines: Sequence[bytes]) -> None:
        """Keep the lines."""
        self._lines.extend(lines)

    def lines(self) -> Iterator[bytes]:
        """All lines from the first."""
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def close(self) -> None:
        """Nothing to release."""
