"""An HTTP server of this event loop: uvicorn with what a door on a network needs beside it.

Requests whose head does not arrive in time or is too large, connections that never say anything, and peers that do not read
their answers are closed; so a peer that is slow on purpose, or gone without a word, holds a connection for a bounded time.
Signals are the caller's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any, Final, Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

SLOWEST_HEAD: Final = 10.0
"""Seconds within which a request's head has to arrive, counted from the connection's beginning or its last answer."""
LARGEST_HEAD: Final = 64 * 1024
"""Bytes of a request's head that are taken in while it is not whole; one read more may be on its way."""
SLOWEST_READER: Final = 30.0
"""Seconds that a peer may leave an answer unread while more than the transport's buffer of it waits."""
CONNECTIONS: Final = 4_096
"""Connections at most; one more is answered with 503."""
KEEP_ALIVE: Final = 30
"""Seconds for which an idle connection is kept after an answer."""
CLOSING: Final = 2
"""Seconds that answers under way have at the end."""
PING_EVERY: Final = 15.0
PING_WITHIN: Final = 15.0
"""Seconds between two pings of a WebSocket, and for its pong: a peer that is gone is noticed."""
SLOWEST_CLOSE: Final = 5.0
"""Seconds that a peer has to take the end of a WebSocket before its connection is thrown away."""
LARGEST_FRAME: Final = 64 * 1024
"""Bytes of a message that a client may send over a WebSocket."""
_HEAD_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class _PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1, with bounds on how long and how large a request's head may be, and on how long an answer may stay unread."""

    _head_due: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _reading_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_due is not None:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD:
                self._refuse_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading_due = self.loop.call_later(SLOWEST_READER, self.transport.abort)

    def resume_writing(self) -> None:
        self._await_no_reader()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            # Nothing was said since, and the answer before was not read either.
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._watch()

    def on_headers_complete(self) -> None:
        self._unwatch()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._await_no_reader()
        super().connection_lost(exc)

    def _refuse_head(self) -> None:
        self._unwatch()
        if not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def _await_no_reader(self) -> None:
        if self._reading_due is not None:
            self._reading_due.cancel()
            self._reading_due = None

    def _watch(self) -> None:
        self._unwatch()
        self._head_due = self.loop.call_later(SLOWEST_HEAD, self._give_up)

    def _unwatch(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class _PatientWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose end does not wait for a peer that does not read."""

    _thrown_away: asyncio.TimerHandle | None = None

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close" and self.handshake_complete and not self.disconnected:
            self.writable.set()
            self._end_soon()
        elif self.close_sent:
            raise ClientDisconnected
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            # A refusal is an answer, too; uvicorn would log each as an error of the application.
            self.handshake_complete = True

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._end_soon()

    def shutdown(self) -> None:
        super().shutdown()
        self._end_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._thrown_away is not None:
            self._thrown_away.cancel()
        super().connection_lost(exc)

    def _end_soon(self) -> None:
        if self._thrown_away is None:
            self._thrown_away = self.loop.call_later(SLOWEST_CLOSE, self.transport.abort)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """Serves one ASGI application on a bound socket while its block runs."""

    def __init__(
        self, application: Any, bound: socket.socket, *, certificate: str | None = None, key: str | None = None
    ) -> None:
        self._bound = bound
        self._server = _Server(
            uvicorn.Config(
                application,
                http=_PatientProtocol,
                ws=_PatientWebSocket,
                ws_per_message_deflate=False,
                ws_ping_interval=PING_EVERY,
                ws_ping_timeout=PING_WITHIN,
                ws_max_size=LARGEST_FRAME,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=CONNECTIONS,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=CLOSING,
                ssl_certfile=certificate,
                ssl_keyfile=key,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._bound]), name="web server")
        while not self._server.started:
            if self._task.done():
                await self._task
                raise OSError("the server did not start")
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        assert self._task is not None
        await self._task
