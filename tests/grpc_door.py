"""A served ecosystem with a gRPC door in a thread of its own, for tests that speak to it as clients do."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import message_factory

from trading_ecosystem.api.caller import EVERY_ACCOUNT, PRODUCTION_SCOPES, Scope
from trading_ecosystem.api.grpc.server import GRPC_FILES
from trading_ecosystem.api.grpc.stubs.services import shared_pb2
from trading_ecosystem.api.keys import NewKey
from trading_ecosystem.demo_account import demo_account, seed_demo_account
from trading_ecosystem.serving import ServeOptions, Serving, serving

SECONDS = 30.0
"""How long one call may take before a test fails."""
METHODS = {
    f"/{found.full_name}/{method.name}": method
    for files in GRPC_FILES.values()
    for file in files
    for found in file.DESCRIPTOR.services_by_name.values()
    for method in found.methods
}
"""Every call by its path."""


class GrpcDoor:
    """See the module. ``channel`` is a client's; ``key`` has every production scope for the demo account's firm."""

    def __init__(self, server: Serving, loop: asyncio.AbstractEventLoop, channel: grpc.Channel) -> None:
        self.server = server
        self.channel = channel
        demo = demo_account(server.gateway)
        self.venue, self.account, self.firm = demo.venue, demo.account, server.gateway.places.firm
        self.key = self.make_key(*PRODUCTION_SCOPES, account=self.firm)
        self.operator = self.make_key(*Scope)
        self._loop = loop

    def make_key(self, *scopes: Scope, account: str = EVERY_ACCOUNT) -> NewKey:
        return self.server.keys.create("test", scopes, [account])

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run something on the server's own loop."""
        waiting: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return waiting.result(SECONDS)

    def call(self, path: str, request: Any = None, key: NewKey | None = None, timeout: float = SECONDS, **metadata: str) -> Any:
        """Call ``Service/Call`` with a request, as this key."""
        return self.start(path, request, key, timeout, **metadata)[0]

    def start(
        self, path: str, request: Any = None, key: NewKey | None = None, timeout: float = SECONDS, **metadata: str
    ) -> tuple[Any, Any]:
        """The answer of a call, and the call itself with its metadata."""
        full, method = method_named(path)
        sent = as_metadata(key or self.key, metadata)
        invoke = self.channel.unary_unary(full, _bytes, class_of(method.output_type).FromString)
        return invoke.with_call(request or class_of(method.input_type)(), timeout=timeout, metadata=sent)

    def stream(self, path: str, request: Any = None, key: NewKey | None = None, timeout: float = SECONDS) -> Any:
        """The responses of a streaming call."""
        full, method = method_named(path)
        invoke = self.channel.unary_stream(full, _bytes, class_of(method.output_type).FromString)
        return invoke(request or class_of(method.input_type)(), timeout=timeout, metadata=as_metadata(key or self.key, {}))


def method_named(path: str) -> tuple[str, Any]:
    full = f"/trading_ecosystem.v1.services.{path}"
    return full, METHODS[full]


def class_of(descriptor: Any) -> Any:
    return message_factory.GetMessageClass(descriptor)


def as_metadata(key: NewKey | None, more: dict[str, str]) -> Sequence[tuple[str, str]]:
    known = {} if key is None else {"authorization": f"Bearer {key.token}"}
    return tuple({**known, **{name.replace("_", "-"): value for name, value in more.items()}}.items())


def refused(error: grpc.RpcError) -> tuple[grpc.StatusCode, shared_pb2.ErrorDetail]:
    """Code and detail of a refused call."""
    trailing = dict(error.trailing_metadata() or ())
    status = shared_pb2.CallStatus.FromString(trailing["grpc-status-details-bin"])
    (packed,) = status.details
    assert packed.type_url.endswith("/trading_ecosystem.v1.services.ErrorDetail")
    assert (status.code, status.message) == (error.code().value[0], error.details())
    return error.code(), shared_pb2.ErrorDetail.FromString(packed.value)


@contextlib.contextmanager
def grpc_door(folder: Path, **options: Any) -> Iterator[GrpcDoor]:
    """Serve on ports that the system chooses, until the block is left."""
    chosen = ServeOptions(**{"keys": folder / "keys", "port": 0, "grpc_port": 0, **options})
    started: Future[tuple[Serving, asyncio.AbstractEventLoop, Callable[[], None]]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(chosen, started)), name="served ecosystem")
    thread.start()
    try:
        server, loop, stop = started.result(SECONDS)
        try:
            assert server.grpc_address is not None
            with grpc.insecure_channel("{}:{}".format(*server.grpc_address)) as channel:
                yield GrpcDoor(server, loop, channel)
        finally:
            stop()
    finally:
        thread.join(SECONDS)
    assert not thread.is_alive()


async def _serve(options: ServeOptions, started: Future[Any]) -> None:
    try:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        async with serving(options) as server:
            await seed_demo_account(server.gateway)
            started.set_result((server, loop, lambda: loop.call_soon_threadsafe(ended.set)))
            await ended.wait()
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        raise


def _bytes(request: Any) -> bytes:
    data: bytes = request if isinstance(request, bytes) else request.SerializeToString()
    return data
