"""A domain's streams on a Redis-protocol server.

A message's id is ``generation-number``, given when it is published, so that what is lost on the way shows as a gap: messages
that had to make room while the server was down, those that were trimmed, and those of a server that came back with older data.

Publishing puts a message into a bounded outbox; one task sends what is there. After a failure it asks the server how far it
got. A generation begins as the publisher's wall clock in milliseconds, or one above what the server already has.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any, Final

from trading_ecosystem.adapters.redis.login import ANSWER_WITHIN, REST, Login
from trading_ecosystem.adapters.redis.urls import RedisPlace
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

READERS: Final = 8
"""Readers of one domain's streams in this process at most; each holds a connection."""
_BATCH: Final = 100
_LISTEN_MS: Final = 500
_NOTHING: Final = StreamPosition(0, 0)


class _Outbox:
    """What was published on one stream and is not known to have arrived."""

    def __init__(self, length: int) -> None:
        self.waiting: deque[tuple[int, bytes]] = deque(maxlen=length)
        self.number = 0
        self.generation = 0
        """0 until the server has been asked how far the stream is."""
        self.sure = False
        """Whether everything sent before is known to have arrived."""


class RedisStreams:
    """See :class:`trading_ecosystem.ports.streams.Streams`."""

    def __init__(
        self, place: RedisPlace, domain: str, password: str, *, backlog: int = BACKLOG, readers: int = READERS
    ) -> None:
        self._prefix = f"{place.prefix_of(domain)}stream:"
        self._length = backlog
        self._most_readers = readers
        self._readers = 0
        self._outboxes: dict[str, _Outbox] = {}
        self._login = Login(place, place.user_of(domain), password, connections=2)
        self._listeners = Login(place, place.user_of(domain), password, connections=readers)
        self._bell = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self._closed = False
        self.problem = ""
        """The last failure of sending, empty while all is well."""

    def publish(self, stream: str, payload: bytes) -> None:
        """Put a message into the outbox, and have it sent; the oldest that waits goes where the outbox is full."""
        check_message(payload)
        if self._closed:
            raise Unavailable("the streams are closed")
        if stream not in self._outboxes and len(self._outboxes) >= STREAMS:
            raise Unavailable(f"there are {STREAMS} streams already")
        outbox = self._outboxes.setdefault(stream, _Outbox(self._length))
        outbox.number += 1
        outbox.waiting.append((outbox.number, payload))
        self._bell.set()
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send(), name="redis streams")

    async def _send(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            for stream, outbox in list(self._outboxes.items()):
                while outbox.waiting:
                    try:
                        await self._send_batch(stream, outbox)
                        self.problem = ""
                    except Exception as error:  # it stands in problem, and is tried again
                        outbox.sure = False
                        self.problem = str(error)
                        await asyncio.sleep(REST)

    async def _send_batch(self, stream: str, outbox: _Outbox) -> None:
        name = f"{self._prefix}{stream}"
        if not outbox.sure:
            await self._find_place(name, outbox)
        batch = [outbox.waiting[index] for index in range(min(_BATCH, len(outbox.waiting)))]
        if not batch:
            return
        await self._login.together(
            [("XADD", name, "MAXLEN", self._length, f"{outbox.generation}-{number}", "p", payload) for number, payload in batch]
        )
        _arrived(outbox, batch[-1][0])

    async def _find_place(self, name: str, outbox: _Outbox) -> None:
        """Ask how far the stream is: what arrived already is not sent again, and ids go on from there."""
        last = await self._last(self._login, name)
        if outbox.generation == 0 or last.generation > outbox.generation:
            outbox.generation = max(time.time_ns() // 1_000_000, last.generation + 1)
        elif last.generation == outbox.generation:
            _arrived(outbox, last.number)
        outbox.sure = True

    async def _last(self, login: Login, name: str) -> StreamPosition:
        found = await login.ask("XREVRANGE", name, "+", "-", "COUNT", 1)
        return _position(found[0][0]) if found else _NOTHING

    async def read(self, stream: str, after: StreamPosition | None = None) -> AsyncGenerator[StreamMessage | Behind, None]:
        """Messages as they come; while the server is down there are none."""
        if self._closed:
            raise Unavailable("the streams are closed")
        if self._readers >= self._most_readers:
            raise Unavailable(f"{self._most_readers} read streams already; try again later")
        name, at = f"{self._prefix}{stream}", after
        self._readers += 1
        try:
            while not self._closed:
                try:
                    if at is None:
                        at = await self._last(self._listeners, name)
                    found = await self._after(name, at)
                except Unavailable:
                    await asyncio.sleep(REST)
                    continue
                for message in found:
                    missed = gap(at, message.position) if at != _NOTHING else None
                    if missed is not None:
                        yield missed
                    at = message.position
                    yield message
        finally:
            self._readers -= 1

    async def recent(self, stream: str, count: int = BACKLOG) -> list[StreamMessage]:
        """The newest messages that the server has, oldest first."""
        if count <= 0:
            return []
        found: Any = await self._login.ask("XREVRANGE", f"{self._prefix}{stream}", "+", "-", "COUNT", count)
        return [StreamMessage(_position(number), fields[b"p"]) for number, fields in reversed(found)]

    async def _after(self, name: str, at: StreamPosition) -> list[StreamMessage]:
        """The next messages; waits a moment for the first."""
        place = f"{at.generation}-{at.number}"
        answer: Any = await self._listeners.ask("XREAD", "COUNT", _BATCH, "BLOCK", _LISTEN_MS, "STREAMS", name, place)
        return [StreamMessage(_position(number), fields[b"p"]) for number, fields in answer[0][1]] if answer else []

    async def close(self) -> None:
        """Give what waits a second to leave, then stop; readers end."""
        self._closed = True
        sender, self._sender = self._sender, None
        if sender is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_WITHIN):
                    while any(outbox.waiting for outbox in self._outboxes.values()):
                        await asyncio.sleep(0.005)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        await self._login.close()
        await self._listeners.close()


def _arrived(outbox: _Outbox, number: int) -> None:
    """Everything up to this number is on the server."""
    while outbox.waiting and outbox.waiting[0][0] <= number:
        outbox.waiting.popleft()


def _position(number: bytes) -> StreamPosition:
    generation, _, count = number.decode().partition("-")
    return StreamPosition(int(generation), int(count))
