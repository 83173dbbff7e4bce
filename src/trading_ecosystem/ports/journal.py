"""The port for the journal: everything said, numbered once. It stores lines and knows nothing of their meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol


class Journal(Protocol):
    """An append-only sequence of lines (bytes without newline)."""

    def append(self, lines: Sequence[bytes]) -> None:
        """Commit a batch: when this returns, the lines are as safe as this journal makes them.

        Raises :class:`trading_ecosystem.ports.errors.Unavailable` where it cannot; then none of them counts.
        """

    def lines(self) -> Iterator[bytes]:
        """All lines from the first; raises :class:`trading_ecosystem.ports.errors.Corrupt` at the first bad place."""

    def __len__(self) -> int:
        """How many lines were committed."""

    def close(self) -> None:
        """Flush and release; closing twice is harmless."""
