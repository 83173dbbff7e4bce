"""The standard health service: whether this server is ready, as ``/ready`` says it, and no more than that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

LOOK_AGAIN: Final = 0.25
"""Seconds between two looks for those who watch."""
WATCHERS: Final = 100
"""Who may watch at once; no key is needed for it."""
_Status = health_pb2.HealthCheckResponse


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc]
    """See the module. ``services`` are the names that may be asked for; the empty one is the whole server."""

    def __init__(self, ready: Callable[[], bool], services: Iterable[str]) -> None:
        self._ready = ready
        self._services = frozenset({"", *services})
        self._watching = 0
        self._stopping = False

    def stop(self) -> None:
        """From now on nothing is served."""
        self._stopping = True

    async def Check(self, request: Any, context: Any) -> Any:
        """Say it once."""
        if request.service not in self._services:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such service")
        return _Status(status=self._status())

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:
        """Say it now and whenever it changes."""
        if self._watching >= WATCHERS:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{WATCHERS} watch already")
        self._watching += 1
        try:
            before: int | None = None
            while True:
                known = request.service in self._services
                now = self._status() if known else _Status.SERVICE_UNKNOWN
                if now != before:
                    before = now
                    yield _Status(status=now)
                if self._stopping:
                    return
                await asyncio.sleep(LOOK_AGAIN)
        finally:
            self._watching -= 1

    def _status(self) -> int:
        status: int = _Status.SERVING if not self._stopping and self._ready() else _Status.NOT_SERVING
        return status
