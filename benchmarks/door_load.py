"""A load of signed requests over kept-open connections, each of which sends its next request when it has its answer.

Every other request places a limit order far from the market and the next one cancels it, so that the book stays small. Signing
costs the load generator some 20 µs a request; it runs in this process, on the same cores as the server.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Mapping

import msgspec
import uvloop

CONNECTIONS = 32
numbers = itertools.count(time.time_ns() // 1_000_000)


class Load(msgspec.Struct, frozen=True):
    """What came of a load; times in seconds."""

    per_second: float
    median: float
    p99: float
    refused: int


def place(target: Mapping[str, str], number: int) -> bytes:
    order = {
        "venue": target.get("venue", "exchange-alpha"),
        "account": target.get("account", "demo/you"),
        "client_order_id": str(number),
        "instrument": "BTC/USD",
        "side": "buy",
        "type": "limit",
        "price": "30000.00",
        "quantity": "0.000001",
    }
    return _request(target, "POST", "/api/v1/orders", json.dumps(order).encode(), number)


def cancel(target: Mapping[str, str], number: int) -> bytes:
    path = f"/api/v1/orders/{target['venue']}/{number}?account={target['account']}"
    return _request(target, "DELETE", path, b"", next(numbers))


def _request(target: Mapping[str, str], method: str, path: str, body: bytes, number: int) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n"
    if body:
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    if "key" in target:
        timestamp, nonce = str(time.time_ns() // 1_000_000), f"nonce-{number:016d}"
        text = f"{timestamp}\n{nonce}\n{method}\n{path}\n{hashlib.sha256(body).hexdigest()}"
        signature = hmac.digest(target["secret"].encode(), text.encode(), "sha256").hex()
        head += f"x-key: {target['key']}\r\nx-timestamp: {timestamp}\r\nx-nonce: {nonce}\r\nx-signature: {signature}\r\n"
    return head.encode() + b"\r\n" + body


class _Connection(asyncio.Protocol):
    def __init__(self, target: Mapping[str, str], until: float, durations: list[float], done: asyncio.Future[int]) -> None:
        self._target = target
        self._until = until
        self._durations = durations
        self._done = done
        self._buffer = b""
        self._number = 0
        self._is_placed = False
        self._refused = 0
        self._sent_at = 0.0

    def connection_made(self, transport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._refused += not head.startswith(b"HTTP/1.1 20")
        self._buffer = b""
        now = time.perf_counter()
        self._durations.append(now - self._sent_at)
        if now < self._until:
            self._send()
        else:
            self._transport.close()
            self._done.set_result(self._refused)

    def connection_lost(self, error) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        if self._is_placed and "venue" in self._target:
            request, self._is_placed = cancel(self._target, self._number), False
        else:
            self._number = next(numbers)
            request, self._is_placed = place(self._target, self._number), True
        self._sent_at = time.perf_counter()
        self._transport.write(request)


async def _load(target: Mapping[str, str], seconds: float, connections: int) -> Load:
    host, _, port = target["url"].removeprefix("http://").rpartition(":")
    loop = asyncio.get_running_loop()
    durations: list[float] = []
    begun = time.perf_counter()
    every = [loop.create_future() for _ in range(connections)]
    for done in every:
        await loop.create_connection(lambda done=done: _Connection(target, begun + seconds, durations, done), host, int(port))
    refused = sum(await asyncio.gather(*every))
    took = time.perf_counter() - begun
    durations.sort()
    return Load(len(durations) / took, durations[len(durations) // 2], durations[len(durations) * 99 // 100], refused)


def load(target: Mapping[str, str], seconds: float, connections: int = CONNECTIONS) -> Load:
    """Load a server for so many seconds."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_load(target, seconds, connections))
