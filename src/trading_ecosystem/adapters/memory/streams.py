"""Streams in this process."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final

from trading_ecosystem.ports.errors import Unavailable
from trading_ecosystem.ports.streams import (
    BACKLOG,
    STREAMS,
    Behind,
    StreamMessage,
    StreamPosition,
    check_message,
    gap,
)

READERS: Final = 1_000
"""Readers of one domain's streams at most, unless told otherwise."""


class _Backlog:
    """One stream's newest messages, and a bell that rings at each."""

    def __init__(self, length: int, end: StreamPosition) -> None:
        self.messages: deque[StreamMessage] = deque(maxlen=length)
        self.end = end
        self.bell = asyncio.Event()


class MemoryStreams:
    """See :class:`trading_ecosystem.ports.streams.Streams`."""

    def __init__(self, *, backlog: int = BACKLOG, readers: int = READERS) -> None:
        self._length = backlog
        self._most_readers = readers
        self._readers = 0
        self._generation = time.time_ns() // 1_000_000
        self._streams: dict[str, _Backlog] = {}
        self._closed = False

    def publish(self, stream: str, payload: bytes) -> None:
        """Add a message; the oldest one goes where the backlog is full."""
        check_message(payload)
        backlog = self._of(stream)
        backlog.end = StreamPosition(self._generation, backlog.end.number + 1)
        backlog.messages.append(StreamMessage(backlog.end, payload))
        backlog.bell.set()
        backlog.bell = asyncio.Event()

    async def read(self, stream: str, after: StreamPosition | None = None) -> AsyncGenerator[StreamMessage | Behind, None]:
        """Messages as they come."""
        if self._readers >= self._most_readers:
            raise Unavailable(f"{self._most_readers} read streams already; try again later")
        backlog = self._of(stream)
        at = after or backlog.end
        self._readers += 1
        try:
            while not self._closed:
                found = _next(backlog, at)
                if found is None:
                    await backlog.bell.wait()
                    continue
                missed = gap(at, found.position)
                if missed is not None:
                    yield missed
                at = found.position
                yield found
        finally:
            self._readers -= 1

    async def recent(self, stream: str, count: int = BACKLOG) -> list[StreamMessage]:
        """The newest messages, oldest first."""
        return list(self._of(stream).messages)[-count:] if count > 0 else []

    def _of(self, stream: str) -> _Backlog:
        if self._closed:
            raise Unavailable("the streams are closed")
        if stream not in self._streams:
            if len(self._streams) >= STREAMS:
                raise Unavailable(f"there are {STREAMS} streams already")
            self._streams[stream] = _Backlog(self._length, StreamPosition(self._generation, 0))
        return self._streams[stream]

    async def close(self) -> None:
        """Let every reader end."""
        self._closed = True
        for backlog in self._streams.values():
            backlog.bell.set()


def _next(backlog: _Backlog, at: StreamPosition) -> StreamMessage | None:
    """The first kept message after a position."""
    if not backlog.messages or backlog.end <= at:
        return None
    first = backlog.messages[0].position
    if at < first:
        return backlog.messages[0]
    return backlog.messages[at.number + 1 - first.number]
