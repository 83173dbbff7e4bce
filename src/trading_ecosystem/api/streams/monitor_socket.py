"""The stream of one registered monitor: what it is sent, numbered without a gap, and its acknowledgements on the way back.

Frames are JSON arrays of deliveries and heartbeats, integers as the published language has them. A client says
``{"op": "acknowledge", "heartbeat": 1772409600}``. Nothing is conflated and nothing is buffered here: what is sent waits in the
kernel's bounded outbox, and a client that falls behind it is cut with the reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qs

import msgspec

from trading_ecosystem.api.monitor_feed import MonitorFeed
from trading_ecosystem.api.streams.subscriber import KEY_REVOKED
from trading_ecosystem.messages.monitor_stream import encode_sent
from trading_ecosystem.ports.errors import BadInput, NotFound, PortError

PATH: Final = re.compile(r"/api/v1/risk/monitors/([a-z][a-z0-9-]{0,35})/stream")
FRAME: Final = 500
"""Deliveries and heartbeats of a frame at most."""
LARGEST_OPERATION: Final = 256
"""Characters of what a client says at once."""
LOOK_EVERY: Final = 0.5
"""Seconds after which a silent stream looks whether there is anything left to wait for."""


class Acknowledge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client says."""

    op: Literal["acknowledge"]
    heartbeat: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Closed(Exception):
    """The connection ends; ``code`` and ``reason`` are for the peer, which is gone where there is no code."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


_decoder: Final = msgspec.json.Decoder(Acknowledge)


def position_asked(query: bytes) -> int | None:
    """What ``after`` in a query says; ``None`` where it says nothing of use."""
    said = parse_qs(query.decode("latin-1")).get("after", [""])[-1]
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None


class MonitorSocket:
    """One accepted connection; it ends when its key does not ``hold`` any more."""

    def __init__(self, feed: MonitorFeed, after: int | None, holds: Callable[[], bool]) -> None:
        self._feed = feed
        self._holds = holds
        self._position = feed.first_number - 1 if after is None else after
        self._something = asyncio.Event()

    async def run(self, receive: Any, send: Any) -> None:
        """Serve it until the peer is gone, falls behind, says what makes no sense, or nothing more will be sent."""
        self._feed.follow(self._something.set)
        reading = asyncio.create_task(self._read(receive))
        writing = asyncio.create_task(self._write(send))
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.unfollow(self._something.set)
            for task in (reading, writing):
                task.cancel()
            results = await asyncio.gather(reading, writing, return_exceptions=True)
        for result in results:
            if isinstance(result, _Closed) and result.code is not None:
                with contextlib.suppress(OSError, RuntimeError):
                    await send({"type": "websocket.close", "code": result.code, "reason": result.reason[:120]})
                return
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, (asyncio.CancelledError, _Closed, OSError)):
                raise result

    async def _write(self, send: Any) -> None:
        while True:
            # Looked at before what there is to read: what was sent up to the end is still read.
            over = self._feed.over
            if not self._holds():
                raise _Closed(KEY_REVOKED.code, KEY_REVOKED.reason)
            self._something.clear()
            try:
                sent = self._feed.after(self._position)
            except NotFound as error:
                raise _Closed(4408, f"too slow: {error}") from None
            for start in range(0, len(sent), FRAME):
                frame = sent[start : start + FRAME]
                await send({"type": "websocket.send", "text": f"[{b','.join(map(encode_sent, frame)).decode()}]"})
                self._position = frame[-1].number
            if sent:
                continue
            if over:
                raise _Closed(1001, "the ecosystem has stopped")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._something.wait(), LOOK_EVERY)

    async def _read(self, receive: Any) -> None:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                raise _Closed(None)
            text = message.get("text")
            try:
                if not isinstance(text, str) or len(text) > LARGEST_OPERATION:
                    raise _Closed(4400, f"expected a text message of at most {LARGEST_OPERATION} characters")
                self._feed.acknowledge(_decoder.decode(text).heartbeat)
            except (msgspec.MsgspecError, BadInput, PortError) as error:
                raise _Closed(4400, str(error)) from None
