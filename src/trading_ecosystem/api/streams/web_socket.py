"""The WebSocket of each face: who calls, what they ask for, and frames of what they hear. ``docs/streams.md`` is for clients.

A connection has one task that reads and one that writes. The writer waits for the peer; what gathers meanwhile is bounded by
the listener's backlog, and a listener that overflows is cut while its writer still waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from trading_ecosystem.api.caller import Caller
from trading_ecosystem.api.decimals import instrument_named
from trading_ecosystem.api.face import Face
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.problems import (
    InvalidRequest,
    NoSuchThing,
    NotAuthenticated,
    Problem,
    TooManyRequests,
    problem_of,
)
from trading_ecosystem.api.rate_limits import PER_KEY, PER_STRANGER, RateLimit, RateLimits
from trading_ecosystem.api.signing import KEY, NONCE, SIGNATURE, TIMESTAMP, Signatures
from trading_ecosystem.api.streams import refusing
from trading_ecosystem.api.streams.channels import CHANNELS
from trading_ecosystem.api.streams.hub import Hub
from trading_ecosystem.api.streams.monitor_socket import PATH, MonitorSocket, position_asked
from trading_ecosystem.api.streams.operations import (
    AnyOperation,
    Done,
    Failed,
    Login,
    Ping,
    Subscribe,
    Unsubscribe,
    decode_operation,
    encode_answer,
)
from trading_ecosystem.api.streams.subscriber import Cut, CutOff, Subscriber, Waiting
from trading_ecosystem.ports.errors import PortError

STREAM_PATHS: Final = {
    "/api/v1/stream": Face.PRODUCTION,
    "/control/v1/stream": Face.CONTROL,
    "/audit/v1/stream": Face.AUDIT,
}
PROTOCOL: Final = "trading-ecosystem.v1"
"""The subprotocol; a browser sends it with a second one, ``bearer.TOKEN``, which the server never sends back."""
LOGIN_WITHIN: Final = 5.0
"""Seconds that a connection has to log in."""
LARGEST_OPERATION: Final = 4096
"""Characters of what a client says at once."""
OPERATIONS: Final = RateLimit(50.0, 250)
"""What a client may say over one connection."""
LAST_WORDS: Final = 1.0
"""Seconds that the reason for a close may take to be handed to the transport."""


class StreamSockets:
    """The ASGI application for connections of type ``websocket``."""

    def __init__(
        self,
        hub: Hub,
        gateway: Gateway,
        keys: KeyStore,
        faces: frozenset[Face],
        *,
        per_key: RateLimit = PER_KEY,
        per_stranger: RateLimit = PER_STRANGER,
    ) -> None:
        self._hub = hub
        self._gateway = gateway
        self._keys = keys
        self._signatures = Signatures(keys)
        self._faces = faces
        self._of_keys = RateLimits(per_key)
        self._of_strangers = RateLimits(per_stranger)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        await receive()
        monitor = PATH.fullmatch(scope["path"])
        if monitor is not None and Face.PRODUCTION in self._faces:
            await self._serve_monitor(monitor[1], scope, receive, send)
            return
        try:
            face = STREAM_PATHS.get(scope["path"])
            if face is None or face not in self._faces:
                raise NoSuchThing("there is no stream under this path")
            caller = self._caller_of_handshake(scope)
            if caller is not None:
                self._of_keys.take(caller.key_id)
                with self._hub.joined(caller, face) as subscriber:
                    await send(_acceptance(scope))
                    await _Connection(self._hub, self._gateway, subscriber, scope["path"]).run(receive, send)
                return
            self._of_strangers.take(_address(scope))
        except (Problem, PortError) as error:
            await refusing.refuse(send, problem_of(error))
            return
        await send(_acceptance(scope))
        await self._after_login(scope, face, receive, send)

    async def _serve_monitor(self, monitor: str, scope: Any, receive: Any, send: Any) -> None:
        """The stream of one monitor; its handshake shows a key."""
        try:
            caller = self._caller_of_handshake(scope)
            if caller is None:
                self._of_strangers.take(_address(scope))
                raise NotAuthenticated("a key is needed, in the handshake")
            self._of_keys.take(caller.key_id)
            feed = self._gateway.monitor_feed(caller, monitor)
        except (Problem, PortError) as error:
            await refusing.refuse(send, problem_of(error))
            return
        await send(_acceptance(scope))
        key_id, after = caller.key_id, position_asked(scope["query_string"])
        await MonitorSocket(feed, after, lambda: self._keys.by_id(key_id) is not None).run(receive, send)

    async def _after_login(self, scope: Any, face: Face, receive: Any, send: Any) -> None:
        """A connection whose first message says who calls."""
        try:
            caller, login = await self._login(scope["path"], receive)
            with self._hub.joined(caller, face) as subscriber:
                done = Done(
                    "login",
                    login.id,
                    channels=tuple(sorted(CHANNELS[face])),
                    scopes=tuple(sorted(caller.scopes)),
                    accounts=caller.accounts,
                    firm=self._gateway.places.firm,
                )
                subscriber.tell(encode_answer(done).decode())
                await _Connection(self._hub, self._gateway, subscriber, scope["path"]).run(receive, send)
        except _Gone:
            return
        except (Problem, PortError) as error:
            problem = problem_of(error)
            await _say_last(send, [Failed("login", None, problem.details())], Cut(4000 + problem.status, problem.detail))

    async def _login(self, path: str, receive: Any) -> tuple[Caller, Login]:
        try:
            async with asyncio.timeout(LOGIN_WITHIN):
                login = _operation(await _received(receive))
        except TimeoutError:
            raise NotAuthenticated(f"no login within {LOGIN_WITHIN:g} s") from None
        if not isinstance(login, Login):
            raise NotAuthenticated("the first message has to be a login")
        if login.token is not None:
            return self._of_token(login.token), login
        signed = {KEY: login.key, TIMESTAMP: login.timestamp, NONCE: login.nonce, SIGNATURE: login.signature}
        headers = {name: value for name, value in signed.items() if value is not None}
        return self._signatures.caller(headers, "GET", path, b""), login

    def _caller_of_handshake(self, scope: Any) -> Caller | None:
        """Whose key the handshake shows; ``None`` where it shows none, and a login has to follow."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            if KEY in headers:
                query = scope["query_string"].decode("latin-1")
                target = scope["path"] + (f"?{query}" if query else "")
                return self._signatures.caller(headers, "GET", target, b"")
            kind, _, token = headers.get("authorization", "").partition(" ")
            if kind.lower() == "bearer":
                return self._of_token(token.strip())
            for offered in scope.get("subprotocols", ()):
                if offered.startswith("bearer."):
                    return self._of_token(offered.removeprefix("bearer."))
        except NotAuthenticated:
            self._of_strangers.take(_address(scope))
            raise
        return None

    def _of_token(self, token: str) -> Caller:
        caller = self._keys.by_token(token)
        if caller is None:
            raise NotAuthenticated("the bearer token is not known, or was revoked")
        return caller


class _Gone(Exception):
    """The peer is gone."""


class _Connection:
    """One connection of somebody who is known."""

    def __init__(self, hub: Hub, gateway: Gateway, subscriber: Subscriber, path: str) -> None:
        self._hub = hub
        self._gateway = gateway
        self._subscriber = subscriber
        self._said = RateLimits(OPERATIONS)
        self._path = path

    async def run(self, receive: Any, send: Any) -> None:
        """Serve it until the peer is gone or it is cut."""
        reading = asyncio.create_task(self._read(receive))
        writing = asyncio.create_task(self._write(send))
        self._subscriber.when_cut(writing.cancel)
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, writing):
                task.cancel()
            results = await asyncio.gather(reading, writing, return_exceptions=True)
        cut = self._subscriber.cut
        if cut is not None:
            await _say_last(send, (), cut)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, (asyncio.CancelledError, _Gone, CutOff, OSError)):
                raise result

    async def _write(self, send: Any) -> None:
        take, hub = self._subscriber.take, self._hub
        while True:
            text = frame_text(await take())
            await send({"type": "websocket.send", "text": text})
            hub.frames += 1

    async def _read(self, receive: Any) -> None:
        while True:
            message = await _received(receive)
            try:
                self._said.take("")
                operation = _operation(message)
            except TooManyRequests as problem:
                self._subscriber.end(Cut(4429, f"too many operations: {problem.detail}"))
                return
            except InvalidRequest as problem:
                self._answer(Failed(None, None, problem.details()))
                continue
            try:
                self._carry_out(operation)
            except (Problem, PortError) as error:
                name = type(operation).__name__.lower()
                self._answer(Failed(name, operation.id, problem_of(error).details()))

    def _carry_out(self, operation: AnyOperation) -> None:
        subscriber = self._subscriber
        match operation:
            case Subscribe():
                if operation.venue is not None:
                    self._gateway.venue(operation.venue)
                instrument = operation.instrument and instrument_named(operation.instrument).symbol
                made = self._hub.subscribe(
                    subscriber,
                    operation.channel,
                    venue=operation.venue or "",
                    instrument=instrument or "",
                    account=operation.account or "",
                    conflate=operation.conflate,
                    told=False,
                )
                # The answer comes before the first message.
                self._answer(Done("subscribe", operation.id, made.id))
                self._hub.begin(subscriber, made)
            case Unsubscribe():
                self._hub.unsubscribe(subscriber, operation.subscription)
                self._answer(Done("unsubscribe", operation.id, operation.subscription))
            case Ping():
                self._answer(Done("pong", operation.id))
            case Login():
                raise InvalidRequest("logged in already")

    def _answer(self, answer: Done | Failed) -> None:
        self._subscriber.tell(encode_answer(answer).decode())


def frame_text(waiting: Sequence[Waiting]) -> str:
    """The text of a frame: the server's answers as they are, and each message under its subscription and number."""
    return "[" + ",".join([_worded(one) for one in waiting]) + "]"


def _worded(one: Waiting) -> str:
    if one.published is None or one.subscription is None:
        return one.text
    return f'{{"subscription":{one.subscription.id},"number":{one.number},{one.published.text}'


def _operation(message: Any) -> AnyOperation:
    text = message.get("text")
    if not isinstance(text, str):
        raise InvalidRequest("expected a text message")
    if len(text) > LARGEST_OPERATION:
        raise InvalidRequest(f"expected at most {LARGEST_OPERATION:,} characters")
    try:
        operation: AnyOperation = decode_operation(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidRequest(str(error)) from None
    return operation


async def _received(receive: Any) -> Any:
    """What the peer says next; raises :class:`_Gone`."""
    message = await receive()
    if message["type"] != "websocket.receive":
        raise _Gone
    return message


def _acceptance(scope: Any) -> dict[str, Any]:
    offered = PROTOCOL in scope.get("subprotocols", ())
    return {"type": "websocket.accept", "subprotocol": PROTOCOL if offered else None, "headers": []}


def _address(scope: Any) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _say_last(send: Any, answers: Sequence[Failed], cut: Cut) -> None:
    """Close with a code and a reason; the peer may be gone, or not read."""
    with contextlib.suppress(OSError, TimeoutError, RuntimeError):
        async with asyncio.timeout(LAST_WORDS):
            if answers:
                await send({"type": "websocket.send", "text": encode_answer(answers).decode()})
            await send({"type": "websocket.close", "code": cut.code, "reason": _short(cut.reason)})


def _short(reason: str) -> str:
    """A close reason has at most 123 bytes."""
    return reason.encode("ascii", "replace")[:120].decode()
