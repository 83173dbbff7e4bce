"""The port for streams: what was said, fanned out to whoever reads, with a bounded backlog.

A stream keeps its newest messages. Whoever falls further behind is told how many it missed, and reads those from the store.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final, Protocol

import msgspec

BACKLOG: Final = 1_000
"""Messages that a stream keeps unless told otherwise."""
LARGEST_MESSAGE: Final = 64 << 10
"""Bytes of one message at most."""
STREAMS: Final = 256
"""Streams of one domain at most."""


class StreamPosition(msgspec.Struct, frozen=True, order=True):
    """Where a reader stands: after this message."""

    generation: int
    number: int


class StreamMessage(msgspec.Struct, frozen=True):
    """One message of a stream.

    Within a generation numbers rise by one. A publisher that begins anew begins a new generation, which is a larger number.
    """

    position: StreamPosition
    payload: bytes


class Behind(msgspec.Struct, frozen=True):
    """Said to a reader before the next message it gets: messages between are gone.

    ``missed`` is how many they are, ``None`` where that is unknown: the publisher began anew.
    """

    missed: int | None


class Streams(Protocol):
    """One domain's streams. Names are free text; the domain's prefix is added inside."""

    def publish(self, stream: str, payload: bytes) -> None:
        """Add a message, in a running event loop; waits for nobody. While a server is down the newest wait, and follow later.

        Raises ``ValueError`` for a message over :data:`LARGEST_MESSAGE`, and
        :class:`trading_ecosystem.ports.errors.Unavailable` for one stream more than :data:`STREAMS`.
        """

    def read(self, stream: str, after: StreamPosition | None = None) -> AsyncGenerator[StreamMessage | Behind, None]:
        """Messages as they come: after a position, or from the moment the first is asked for. Ends when the streams close.

        Raises :class:`trading_ecosystem.ports.errors.Unavailable` where too many read already.
        """

    async def recent(self, stream: str, count: int = BACKLOG) -> list[StreamMessage]:
        """The newest messages, oldest first, at most so many and at most the backlog: the stream as a ring buffer.

        Raises ``Unavailable`` where the server cannot be asked.
        """

    async def close(self) -> None:
        """Stop publishing and reading; closing twice is harmless."""


def gap(after: StreamPosition, found: StreamPosition) -> Behind | None:
    """What a reader that stands ``after`` one message has missed when it finds another one next."""
    if after.generation != found.generation:
        return Behind(None)
    missed = found.number - after.number - 1
    return Behind(missed) if missed > 0 else None


def check_message(payload: bytes) -> bytes:
    """The message itself; raises ``ValueError`` where it is too large."""
    if len(payload) > LARGEST_MESSAGE:
        raise ValueError(f"a message of a stream has at most {LARGEST_MESSAGE} bytes, not {len(payload)}")
    return payload
