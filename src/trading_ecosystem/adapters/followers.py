"""The followers of a live ecosystem: one task per domain brings its history up to what the journal has committed.

A follower is told of entries after they were committed and answered, and never makes anybody wait. What it is told waits in
a bounded queue; where that overflows, the store was down, or the process has just begun, it reads the journal again from its
own position on. So a store that is down stops its own history and nothing else, and nothing is lost.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from trading_ecosystem.adapters.derived_history import Derivation, keep_derived
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.test_coordination import RunEnded
from trading_ecosystem.ports.errors import Conflict, NotFound, PortError, Unavailable
from trading_ecosystem.ports.live_store import LiveStore
from trading_ecosystem.ports.records import HistoryStore
from trading_ecosystem.runtime.replay import decode_line

CAPACITY: Final = 20_000
"""Entries that may wait for one store; more are read from the journal later."""
BATCH: Final = 4_000
"""Entries that are applied together at most."""
GATHER: Final = 0.02
"""Seconds in which entries gather before they are applied, so that a store commits fifty times a second at most."""
FIRST_RETRY: Final = 0.05
LAST_RETRY: Final = 2.0
"""Seconds between two tries of a store that is down: they double, up to the last."""
_MARKS: Final = 10_000
_SLICE: Final = 500
"""Lines that are decoded between two looks at the event loop."""


class Lag(msgspec.Struct, frozen=True):
    """How far a history is behind the journal, and why, if its store cannot be written."""

    namespace: str
    position: int
    """Sequence of the last entry applied."""
    newest: int
    """Sequence of the last entry committed."""
    seconds: float
    """Since when the oldest entry waits that is not applied yet."""
    problem: str | None = None


class Follower:
    """Brings one history up to date; see the module."""

    def __init__(self, store: HistoryStore, journal: LiveStore, *, capacity: int = CAPACITY, gather: float = GATHER) -> None:
        self.store = store
        self._journal = journal
        self._capacity = capacity
        self._gather = gather
        self._queue: deque[Entry] = deque()
        self._marks: list[tuple[int, float]] = []
        self._newest = 0
        self._position = 0
        self._behind = True
        self._queueing = False
        self._problem: str | None = None
        self._retry = FIRST_RETRY
        self._changed = asyncio.Event()

    @property
    def lag(self) -> Lag:
        """How far this history is behind."""
        waiting = time.monotonic() - self._marks[0][1] if self._marks else 0.0
        return Lag(self.store.namespace, self._position, max(self._newest, self._position), waiting, self._problem)

    def tell(self, entries: Sequence[Entry]) -> None:
        """Hear of entries that are committed."""
        if not entries:
            return
        self._newest = entries[-1].sequence
        self._marks.append((self._newest, time.monotonic()))
        if len(self._marks) > _MARKS:
            self._marks = self._marks[::2]
        if self._queueing:
            if len(self._queue) + len(entries) > self._capacity:
                self._fall_behind()
            else:
                self._queue.extend(entries)
        self._changed.set()

    async def run(self) -> None:
        """Follow until the task is cancelled."""
        while True:
            try:
                if self._behind:
                    await self._catch_up()
                elif self._queue:
                    await self._apply([self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))])
                else:
                    await self._changed.wait()
                    self._changed.clear()
                    await asyncio.sleep(self._gather)
            except PortError as error:
                self._problem = str(error)
                self._fall_behind()
                await asyncio.sleep(self._retry)
                self._retry = min(2 * self._retry, LAST_RETRY)
            except Exception as error:
                # A bug: this history stands still and says so; whoever ends the followers gets it.
                self._problem = f"internal fault: {type(error).__name__}: {error}"
                raise

    async def caught_up(self) -> None:
        """Return once everything that was committed so far is applied."""
        while self._behind or self._position < self._newest:
            await asyncio.sleep(self._gather)

    def _fall_behind(self) -> None:
        self._queue.clear()
        self._behind = True
        self._queueing = False

    async def _catch_up(self) -> None:
        """Read the journal from the position on. What is told meanwhile is queued: all that was told before is in the journal.

        What is in both changes nothing the second time.
        """
        self._queueing = True
        self._position = await self.store.position()
        skip = await lines_until(self._journal, self._position)
        batch: list[Entry] = []
        async for line in self._journal.lines(skip):
            batch.append(decode_line(line, skip + len(batch) + 1))
            if len(batch) >= BATCH:
                await self._apply(batch)
                skip += len(batch)
                batch = []
            elif not len(batch) % _SLICE:
                await asyncio.sleep(0)
        if batch:
            await self._apply(batch)
        # Where the queue overflowed meanwhile, the journal is read again.
        self._behind = not self._queueing

    async def _apply(self, batch: Sequence[Entry]) -> None:
        await self.store.apply(batch)
        self._position = max(self._position, batch[-1].sequence)
        self._problem, self._retry = None, FIRST_RETRY
        done = 0
        while done < len(self._marks) and self._marks[done][0] <= self._position:
            done += 1
        del self._marks[:done]


class Followers:
    """The histories of all domains, followed while this runs; give :meth:`tell` to the live driver.

    With a ``derivation`` what follows from a whole record is kept too, once the run has ended.
    """

    def __init__(self, stores: Iterable[HistoryStore], journal: LiveStore, derivation: Derivation | None = None) -> None:
        self._journal = journal
        self._followers = {store.namespace: Follower(store, journal) for store in stores}
        self._derivation = derivation
        self._ended = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Followers:
        try:
            for one in self._followers.values():
                # A store that is down is followed when it is back; that is no reason not to begin.
                with suppress(Unavailable):
                    await check_belongs(one.store, self._journal)
        except BaseException:
            await self._close()
            raise
        self._tasks = [asyncio.create_task(one.run(), name=f"history of {name}") for name, one in self._followers.items()]
        if self._derivation is not None:
            self._tasks.append(asyncio.create_task(self._derive(self._derivation), name="derived history"))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self._close()

    async def _close(self) -> None:
        for one in self._followers.values():
            await one.store.close()

    def tell(self, entries: Sequence[Entry]) -> None:
        """Hear of entries that are committed; never waits."""
        for one in self._followers.values():
            one.tell(entries)
        if entries and isinstance(entries[-1].message, RunEnded):
            self._ended.set()

    def lags(self) -> list[Lag]:
        """How far every history is behind."""
        return [one.lag for one in self._followers.values()]

    def history(self, namespace: str) -> HistoryStore:
        """A domain's history; raises :class:`NotFound`."""
        if namespace not in self._followers:
            raise NotFound(f"no history of {namespace!r}; there are {', '.join(self._followers)}")
        return self._followers[namespace].store

    async def up_to(self, namespace: str, position: int, timeout: float = 0.25) -> HistoryStore:
        """A domain's history, once it has applied ``position``; raises :class:`Unavailable` after so many seconds."""
        store = self.history(namespace)
        problem = self._followers[namespace].lag.problem
        if problem is not None:
            raise Unavailable(f"history of {namespace}: {problem}", LAST_RETRY)
        await store.wait_for(position, timeout)
        return store

    async def caught_up(self) -> None:
        """Return once every history has applied what was committed so far."""
        for one in self._followers.values():
            await one.caught_up()

    async def _derive(self, derivation: Derivation) -> None:
        retry = FIRST_RETRY
        while True:
            try:
                if await keep_derived(self._journal, {name: one.store for name, one in self._followers.items()}, derivation):
                    return
                await self._ended.wait()
            except PortError:
                await asyncio.sleep(retry)
                retry = min(2 * retry, LAST_RETRY)


async def check_belongs(store: HistoryStore, journal: LiveStore) -> None:
    """Raise :class:`Conflict` where a history is beyond the end of the journal, and so follows from another one."""
    position, count = await store.position(), await journal.count()
    newest = await _sequence_after(journal, count - 1) if count else 0
    if position > newest:
        raise Conflict(
            f"the history of {store.namespace} has followed a journal to sequence {position:,}, this one ends at {newest:,}: "
            "was an older journal restored? Restore the histories with it, or move them away: they are made again"
        )


async def lines_until(journal: LiveStore, sequence: int) -> int:
    """How many lines of the journal have at most this sequence. Sequences rise, so that few lines have to be read."""
    low, high = 0, await journal.count() if sequence else 0
    while low < high:
        middle = (low + high) // 2
        if await _sequence_after(journal, middle) <= sequence:
            low = middle + 1
        else:
            high = middle
    return low


async def _sequence_after(journal: LiveStore, skip: int) -> int:
    reading = journal.lines(skip)
    try:
        async for line in reading:
            return decode_line(line, skip + 1).sequence
    finally:
        close = getattr(reading, "aclose", None)
        if close is not None:
            await close()
    raise NotFound(f"the journal has no line {skip + 1}")
