"""What a registered monitor listens to: deliveries and heartbeats in order, with nothing missing, and its acknowledgements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final, Self
from urllib.parse import urlsplit

import msgspec
import websockets.asyncio.client
import websockets.sync.client
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from trading_ecosystem.client.credentials import Credentials
from trading_ecosystem.client.errors import ApiError, ClientError, StreamEnded, Unreachable
from trading_ecosystem.client.resources import Monitor
from trading_ecosystem.messages.monitor_stream import Sent, decode_sent

LARGEST_FRAME: Final = 4 * 1024 * 1024
_frames: Final = msgspec.json.Decoder(list[msgspec.Raw])


class _Stream:
    """What both kinds of stream have: where they connect, and the check that no number is missing."""

    def __init__(self, url: str, monitor: Monitor, credentials: Credentials | None, after: int | None, timeout: float) -> None:
        self._position = monitor.after if after is None else after
        self._base = url.rstrip("/")
        self._path = monitor.stream
        self._credentials = credentials
        self._timeout = timeout

    @property
    def position(self) -> int:
        """The number of what was taken last; a new stream goes on from there."""
        return self._position

    def _connection(self) -> tuple[str, dict[str, Any]]:
        target = f"{self._path}?after={self._position}"
        base = urlsplit(self._base)
        scheme = "wss" if base.scheme == "https" else "ws"
        headers = {} if self._credentials is None else self._credentials.headers("GET", target, b"")
        options = {"additional_headers": headers, "open_timeout": self._timeout, "max_size": LARGEST_FRAME, "proxy": None}
        return f"{scheme}://{base.netloc}{target}", options

    def _taken(self, frame: str | bytes) -> Iterator[Sent]:
        for document in _frames.decode(frame):
            sent = decode_sent(bytes(document))
            if sent.number != self._position + 1:
                raise StreamEnded(0, f"number {self._position + 1} is missing; the next one is {sent.number}")
            self._position = sent.number
            yield sent


class MonitorStream(_Stream):
    """For programs that wait: ``with client.listen(monitor) as stream: for sent in stream: …``."""

    _opened: Any
    _socket: Any

    def __enter__(self) -> Self:
        url, options = self._connection()
        try:
            self._opened = websockets.sync.client.connect(url, **options)
            self._socket = self._opened.__enter__()
        except (OSError, InvalidHandshake, TimeoutError) as error:
            raise _unconnected(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        # Whatever ended the block is no reason to say anything but goodbye.
        self._opened.__exit__(None, None, None)

    def __iter__(self) -> Iterator[Sent]:
        """Everything sent, until the server closes the stream; raises :class:`StreamEnded` where that was for a fault."""
        try:
            while True:
                yield from self._taken(self._socket.recv())
        except ConnectionClosed as error:
            _raise_unless_over(error)

    def acknowledge(self, heartbeat: int) -> None:
        """Everything up to a heartbeat is handled, and what there was to report is reported."""
        try:
            self._socket.send(_acknowledgement(heartbeat))
        except ConnectionClosed as error:
            _raise_unless_over(error)


class AsyncMonitorStream(_Stream):
    """For programs on asyncio: ``async with client.listen(monitor) as stream: async for sent in stream: …``."""

    _opened: Any
    _socket: Any

    async def __aenter__(self) -> Self:
        url, options = self._connection()
        try:
            self._opened = websockets.asyncio.client.connect(url, **options)
            self._socket = await self._opened.__aenter__()
        except (OSError, InvalidHandshake, TimeoutError) as error:
            raise _unconnected(error) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.__aexit__(None, None, None)

    async def __aiter__(self) -> AsyncIterator[Sent]:
        """As the other one's."""
        try:
            while True:
                for sent in self._taken(await self._socket.recv()):
                    yield sent
        except ConnectionClosed as error:
            _raise_unless_over(error)

    async def acknowledge(self, heartbeat: int) -> None:
        """As the other one's."""
        try:
            await self._socket.send(_acknowledgement(heartbeat))
        except ConnectionClosed as error:
            _raise_unless_over(error)


def _acknowledgement(heartbeat: int) -> str:
    return f'{{"op":"acknowledge","heartbeat":{heartbeat}}}'


def _unconnected(error: Exception) -> ClientError:
    if isinstance(error, InvalidStatus):
        try:
            problem = msgspec.json.decode(error.response.body or b"{}")
        except msgspec.MsgspecError:
            problem = {}
        return ApiError(error.response.status_code, problem if isinstance(problem, dict) else {})
    return Unreachable(str(error) or type(error).__name__)


def _raise_unless_over(error: ConnectionClosed) -> None:
    """1000 and 1001 are how a stream ends when there is nothing more to come."""
    if error.rcvd is None:
        raise StreamEnded(1006, "the connection is gone") from error
    if error.rcvd.code not in (1000, 1001):
        raise StreamEnded(error.rcvd.code, error.rcvd.reason) from error
