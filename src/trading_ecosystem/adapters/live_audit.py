"""Audit of an ecosystem that runs: its Merkle log and its findings, brought up to what is committed when they are asked for.

Both are read from the journal's committed lines, each line once. The log keeps 64 bytes a line; the findings are those of
:class:`trading_ecosystem.domains.audit.correlator.Audit`, which is folded from the first time that they are asked for on, and
keeps the lives of all orders in memory. Whoever asks while much is still to be read is told to come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from trading_ecosystem.adapters.audit_log import AuditLog
from trading_ecosystem.domains.audit.correlator import Audit
from trading_ecosystem.messages.audit import AuditReport
from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.ports.errors import NotFound, Unavailable
from trading_ecosystem.ports.live_store import LiveStore
from trading_ecosystem.runtime.replay import decode_line

PATIENCE: Final = 10.0
"""Seconds that somebody waits for the journal to be read at most."""
_SLICE: Final = 250
"""Lines that are taken in between two looks at the event loop."""


class _Reading:
    """Takes in the journal's lines one after another, as far as they are committed."""

    def __init__(self, store: LiveStore, take: Callable[[bytes, int], None]) -> None:
        self._store = store
        self._take = take
        self._task: asyncio.Task[None] | None = None
        self.position = 0

    async def up_to_now(self) -> int:
        """Return how many lines are taken in, once all are that are committed; raises :class:`Unavailable` where it lasts."""
        target = await self._store.count()
        try:
            async with asyncio.timeout(PATIENCE):
                while self.position < target:
                    if self._task is None or self._task.done():
                        self._task = asyncio.create_task(self._read(), name="live audit")
                    await asyncio.shield(self._task)
        except TimeoutError:
            problem = f"audit has read {self.position:,} of {target:,} entries of the record"
            raise Unavailable(f"{problem}; try again later", PATIENCE) from None
        return self.position

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _read(self) -> None:
        async for line in self._store.lines(self.position):
            self._take(line, self.position + 1)
            self.position += 1
            if not self.position % _SLICE:
                await asyncio.sleep(0)


class LiveAudit:
    """See the module. ``audit`` begins a fold; ``header`` is that of the record in ``store``."""

    def __init__(self, store: LiveStore, header: Header, audit: Callable[[], Audit]) -> None:
        self.store = store
        self.header = header
        self._begin = audit
        self._log = AuditLog()
        self._logged = _Reading(store, lambda line, _: self._log.append(line))
        self._fold: Audit | None = None
        self._folded = _Reading(store, self._ingest)
        self._report: AuditReport | None = None

    async def log(self) -> AuditLog:
        """The Merkle log of everything committed."""
        await self._logged.up_to_now()
        return self._log

    async def report(self) -> AuditReport:
        """What follows from everything committed."""
        entries = await self._folded.up_to_now()
        if self._fold is None:
            raise NotFound("nothing is recorded yet")
        if self._report is None or self._report.entries != entries:
            self._report = self._fold.report()
        return self._report

    async def line(self, index: int) -> bytes:
        """One line of the journal, numbered from 0; raises :class:`NotFound`."""
        reading = self.store.lines(index)
        try:
            async for line in reading:
                return line
        finally:
            close = getattr(reading, "aclose", None)
            if close is not None:
                await close()
        raise NotFound(f"the record has no line {index}")

    async def close(self) -> None:
        """Stop reading."""
        await self._logged.close()
        await self._folded.close()

    def _ingest(self, line: bytes, number: int) -> None:
        if self._fold is None:
            self._fold = self._begin()
        self._fold.ingest(decode_line(line, number), line)
