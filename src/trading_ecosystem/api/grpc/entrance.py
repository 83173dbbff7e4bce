"""What every call passes before a servicer sees it, and every failure on its way out.

In: a request id, the key, the rate limit, the bounds of the request's fields, a deadline. A key shows itself as over HTTP: a
bearer token in ``authorization``, or a signature in ``x-key``, ``x-timestamp``, ``x-nonce`` and ``x-signature``, made over the
method ``POST``, the call's path and the request's bytes. Health alone needs no key.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

import grpc
import msgspec
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as ProtoMessage

from trading_ecosystem.api.caller import Caller
from trading_ecosystem.api.grpc.failures import TooLate, refuse
from trading_ecosystem.api.grpc.fields import check_request
from trading_ecosystem.api.grpc.scopes import scope_of
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.positions import HEADER as POSITION
from trading_ecosystem.api.problems import InvalidRequest, NotAuthenticated, Problem, problem_of
from trading_ecosystem.api.rate_limits import RateLimit, RateLimits
from trading_ecosystem.api.rest.doorway import Answered, Observer
from trading_ecosystem.api.signing import KEY, Signatures

log = logging.getLogger("trading_ecosystem.api.grpc")
LONGEST_CALL: Final = 30.0
"""Seconds that a unary call may take, whatever its deadline."""
OPEN_METHODS: Final = "/grpc.health.v1.Health/"
"""What needs no key."""
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Call(msgspec.Struct, frozen=True):
    """One call that was let in."""

    caller: Caller
    position: str | None
    """What the caller sent as ``x-position``."""
    request_id: str


_current: ContextVar[Call] = ContextVar("call")


def current_call() -> Call:
    """The call that this task serves."""
    return _current.get()


class Entrance(grpc.aio.ServerInterceptor):
    """See the module."""

    def __init__(self, keys: KeyStore, per_key: RateLimit, per_stranger: RateLimit, observe: Observer | None = None) -> None:
        self.observe = observe
        self._keys = keys
        self._signatures = Signatures(keys)
        self._of_keys = RateLimits(per_key)
        self._of_strangers = RateLimits(per_stranger)

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: grpc.HandlerCallDetails
    ) -> Any:
        """Put the entrance before whatever serves a call."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith(OPEN_METHODS):
            return handler
        guarded = _Guarded(self, handler, method)
        answer = handler.response_serializer
        if handler.request_streaming:
            # Reflection, the only one: what comes in has no fields to bound.
            return grpc.stream_stream_rpc_method_handler(guarded.reflect, handler.request_deserializer, answer)
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(guarded.stream, None, answer)
        return grpc.unary_unary_rpc_method_handler(guarded.unary, None, answer)

    def admit(self, metadata: Mapping[str, str], method: str, body: bytes, peer: str) -> Caller:
        """Whose call this is; raises :class:`NotAuthenticated`, :class:`TooManyRequests`, :class:`Forbidden`."""
        try:
            caller = self._caller(metadata, method, body)
        except NotAuthenticated:
            self._of_strangers.take(peer.rpartition(":")[0])
            raise
        self._of_keys.take(caller.key_id)
        scope = scope_of(method)
        if scope is not None:
            caller.require(scope)
        return caller

    def _caller(self, metadata: Mapping[str, str], method: str, body: bytes) -> Caller:
        if KEY in metadata:
            return self._signatures.caller(metadata, "POST", method, body)
        kind, _, token = metadata.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise NotAuthenticated("send `authorization: Bearer TOKEN` as metadata, or sign the request")
        found = self._keys.by_token(token.strip())
        if found is None:
            raise NotAuthenticated("the bearer token is not known, or was revoked")
        return found


class _Guarded:
    """One method behind the entrance."""

    def __init__(self, entrance: Entrance, handler: Any, method: str) -> None:
        self._entrance = entrance
        self._handler = handler
        self._method = method

    async def unary(self, body: bytes, context: Any) -> Any:
        """Serve a call with one answer."""
        request_id, started = _request_id(context), time.perf_counter()
        try:
            request = self._begin(body, context, request_id)
            left = context.time_remaining()
            async with asyncio.timeout(LONGEST_CALL if left is None else min(left, LONGEST_CALL)):
                answer = await self._handler.unary_unary(request, context)
        except TimeoutError:
            detail = "it took longer than its deadline; what it asked for may take effect: ask again with the same id"
            await self._refuse(context, TooLate(detail), request_id, started)
        except Exception as error:
            await self._refuse(context, error, request_id, started)
        else:
            self._observed(200, request_id, started)
            return answer

    async def stream(self, body: bytes, context: Any) -> AsyncIterator[Any]:
        """Serve a call with many answers; how long a stream lasts is nothing to measure, a refusal is."""
        request_id, started = _request_id(context), time.perf_counter()
        try:
            request = self._begin(body, context, request_id)
            async for answer in self._handler.unary_stream(request, context):
                yield answer
        except Exception as error:
            await self._refuse(context, error, request_id, started)

    async def reflect(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        """Serve reflection."""
        request_id, started = _request_id(context), time.perf_counter()
        try:
            self._entrance.admit(_metadata(context), self._method, b"", context.peer())
            async for answer in self._handler.stream_stream(requests, context):
                yield answer
        except Exception as error:
            await self._refuse(context, error, request_id, started)

    def _begin(self, body: bytes, context: Any, request_id: str) -> ProtoMessage:
        metadata = _metadata(context)
        caller = self._entrance.admit(metadata, self._method, body, context.peer())
        _current.set(Call(caller, metadata.get(POSITION), request_id))
        left = context.time_remaining()
        if left is not None and left <= 0:
            raise TooLate("the deadline had passed before the call was looked at")
        try:
            request: ProtoMessage = self._handler.request_deserializer(body)
        except DecodeError:
            raise InvalidRequest("the request is no message of this call") from None
        check_request(request)
        return request

    async def _refuse(self, context: Any, error: Exception, request_id: str, started: float) -> None:
        if isinstance(error, grpc.aio.AbortError):
            raise error
        problem = problem_of(error)
        self._observed(problem.status, request_id, started)
        if problem.status >= 500 and problem.status != 503 and not isinstance(error, Problem):
            log.error("call %s of %s failed", request_id, self._method, exc_info=error)
        await refuse(context, problem, request_id)

    def _observed(self, status: int, request_id: str, started: float) -> None:
        """Tell of an answer as if it were one of HTTP: a call is a POST to its path, and a problem has its status."""
        if self._entrance.observe is not None:
            call = _current.get(None)
            key_id = None if call is None else call.caller.key_id
            seconds = time.perf_counter() - started
            self._entrance.observe(Answered("POST", self._method, self._method, status, seconds, request_id, key_id))


def _metadata(context: Any) -> dict[str, str]:
    return {name: value for name, value in context.invocation_metadata() or () if isinstance(value, str)}


def _request_id(context: Any) -> str:
    given = _metadata(context).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
