"""What every HTTP request passes before the routes see it, and every answer on its way out.

In: a request id, a bound on the body's size and on the time it takes to arrive, the key, the rate limit. Out: security headers,
the rate limit's headers, one count and one duration by route pattern. It is an ASGI application around the routes, and reads
the body once, because a signature is made over it.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Protocol

import msgspec

from trading_ecosystem.api.caller import Caller
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.problems import PROBLEM_JSON, InvalidRequest, NotAuthenticated, Problem, TooLarge, problem_of
from trading_ecosystem.api.rate_limits import PER_KEY, PER_STRANGER, RateLimit, RateLimits
from trading_ecosystem.api.signing import KEY, Signatures

AsgiScope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

LARGEST_BODY: Final = 64 * 1024
"""Bytes of a request's body at most."""
SLOWEST_BODY: Final = 10.0
"""Seconds within which a body has to arrive."""
OPEN_PATHS: Final = ("/health", "/ready", "/", "/docs", "/openapi.json", "/favicon.ico")
"""Paths that need no key."""
OPEN_FOLDERS: Final = ("/page/", "/docs/")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

SECURITY_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_API_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
PAGE_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The content security policy of what a browser shows: nothing from anywhere else."""


class Answered(msgspec.Struct, frozen=True):
    """One answered request, for metrics and logs."""

    method: str
    route: str
    """The route's pattern, never the path; ``unmatched`` where there is none."""
    path: str
    status: int
    seconds: float
    request_id: str
    key_id: str | None


class Observer(Protocol):
    """Is told of every answered request."""

    def __call__(self, answered: Answered) -> None:
        """Note it; must not wait."""


class Doorway:
    """See the module. ``application`` holds the routes, ``sockets`` serves WebSockets."""

    def __init__(
        self,
        application: Application,
        keys: KeyStore,
        *,
        per_key: RateLimit = PER_KEY,
        per_stranger: RateLimit = PER_STRANGER,
        observe: Observer | None = None,
        sockets: Application | None = None,
    ) -> None:
        self._application = application
        self._sockets = sockets or application
        self._keys = keys
        self._signatures = Signatures(keys)
        self._of_keys = RateLimits(per_key)
        self._of_strangers = RateLimits(per_stranger)
        self._observe = observe

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one connection of ASGI."""
        if scope["type"] != "http":
            await self._sockets(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(64):016x}"
        exchange = _Exchange(scope, send, request_id)
        started = time.perf_counter()
        caller: Caller | None = None
        try:
            try:
                body = await _read_body(headers, receive)
                caller = self._caller(scope, headers, body)
                exchange.limit = self._limit(scope, caller)
            except Problem as problem:
                await exchange.refuse(problem)
                return
            state = scope.setdefault("state", {})
            state["caller"], state["request_id"] = caller, request_id
            await self._application(scope, _Replayed(body, receive), exchange.send)
        except Exception:
            if exchange.status:
                raise
            await exchange.refuse(problem_of(RuntimeError()))
            raise
        finally:
            if self._observe is not None:
                route = scope.get("path_template") or "unmatched"
                seconds = time.perf_counter() - started
                key_id = caller.key_id if caller else None
                answered = Answered(scope["method"], route, scope["path"], exchange.status, seconds, request_id, key_id)
                self._observe(answered)

    def _caller(self, scope: AsgiScope, headers: dict[str, str], body: bytes) -> Caller | None:
        """Whose key the request shows; ``None`` only where no key is needed."""
        if KEY in headers:
            target = scope["raw_path"].decode("latin-1").partition("?")[0]
            if scope["query_string"]:
                target += "?" + scope["query_string"].decode("latin-1")
            try:
                return self._signatures.caller(headers, scope["method"], target, body)
            except NotAuthenticated:
                self._limit(scope, None)
                raise
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and (found := self._keys.by_token(token.strip())):
            return found
        path = scope["path"]
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDERS):
            return None
        self._limit(scope, None)
        if token:
            raise NotAuthenticated("the bearer token is not known, or was revoked")
        raise NotAuthenticated("send `Authorization: Bearer TOKEN`, or sign the request")

    def _limit(self, scope: AsgiScope, caller: Caller | None) -> list[tuple[bytes, bytes]]:
        if caller is not None:
            return self._of_keys.headers(self._of_keys.take(caller.key_id))
        client = scope.get("client")
        return self._of_strangers.headers(self._of_strangers.take(client[0] if client else ""))


class _Exchange:
    """The way out of one request."""

    __slots__ = ("_open", "_request_id", "_send", "limit", "status")

    def __init__(self, scope: AsgiScope, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id.encode("latin-1")
        path = scope["path"]
        self._open = path == "/" or path.startswith(OPEN_FOLDERS) or path == "/docs"
        self.limit: list[tuple[bytes, bytes]] = []
        self.status = 0

    async def send(self, message: Message) -> None:
        """Pass an ASGI message on; the first gets the headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            more = [*SECURITY_HEADERS, *self.limit, (b"x-request-id", self._request_id)]
            more += [(b"content-security-policy", PAGE_POLICY)] if self._open else _API_HEADERS
            message["headers"] = [*message.get("headers", ()), *more]
        await self._send(message)

    async def refuse(self, problem: Problem) -> None:
        """Answer with problem details."""
        body = msgspec.json.encode(problem.details(self._request_id.decode()))
        headers = [(name.encode(), value.encode()) for name, value in problem.headers().items()]
        headers += [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
        if isinstance(problem, TooLarge) or problem.status == 408:
            headers.append((b"connection", b"close"))
        await self.send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


class TooSlow(Problem):
    """The body did not arrive in time."""

    status = 408
    type = "too-slow"
    title = "The request did not arrive in time"


async def _read_body(headers: dict[str, str], receive: Receive) -> bytes:
    """The whole body; raises :class:`TooLarge`, :class:`TooSlow`, :class:`InvalidRequest`."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > LARGEST_BODY:
        raise TooLarge(f"expected at most {LARGEST_BODY:,} bytes")
    if "content-length" not in headers and "transfer-encoding" not in headers:
        return await _collected(receive)
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            return await _collected(receive)
    except TimeoutError:
        raise TooSlow(f"expected the whole body within {SLOWEST_BODY:g} s") from None


async def _collected(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise InvalidRequest("the connection was closed before the request was whole")
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST_BODY:
            raise TooLarge(f"expected at most {LARGEST_BODY:,} bytes")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


class _Replayed:
    """Gives the body that was read to whoever reads it next."""

    __slots__ = ("_body", "_receive")

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
