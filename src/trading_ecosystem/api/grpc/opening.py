"""Whether a gRPC server can be begun, and beginning it: its libraries are an extra, and are loaded only where they are used."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import msgspec

from trading_ecosystem.api.face import EVERY_FACE, Face
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.rate_limits import PER_KEY, PER_STRANGER, RateLimit
from trading_ecosystem.api.rest.app import Workings
from trading_ecosystem.api.rest.doorway import Observer
from trading_ecosystem.api.streams.hub import Hub
from trading_ecosystem.ports.errors import BadInput

OPTION: Final = "--grpc-port"
Address = tuple[str, int]
Opening = Callable[[Gateway, KeyStore, Hub, Workings, Observer], AbstractAsyncContextManager[Address | None]]


class GrpcTerms(msgspec.Struct, frozen=True):
    """Where gRPC is served, and what."""

    host: str
    port: int
    """0: the system chooses one."""
    faces: frozenset[Face] = EVERY_FACE
    per_key: RateLimit = PER_KEY
    per_stranger: RateLimit = PER_STRANGER
    certificate: str | None = None
    """File of the TLS certificate, with its key in ``key``; none where there is none."""
    key: str | None = None


def grpc_opening(terms: GrpcTerms | None) -> Opening:
    """What serves gRPC for a block and gives its address; ``None`` for no terms.

    Raises :class:`BadInput` where the libraries are not installed or the port is taken, before anything is opened.
    """
    if terms is None:
        return lambda gateway, keys, hub, workings, observe: contextlib.nullcontext()
    # The library's own log would give every stranger who fumbles a handshake a line on stderr. It looks here when it is loaded.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        from trading_ecosystem.api.grpc.server import GrpcServer
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        problem = f"the package {missing} is not installed; install the extra: pip install 'trading-ecosystem[grpc]'"
        raise BadInput(OPTION, problem) from None
    _check_free(terms.host, terms.port)

    @asynccontextmanager
    async def opened(
        gateway: Gateway, keys: KeyStore, hub: Hub, workings: Workings, observe: Observer
    ) -> AsyncIterator[Address]:
        async with GrpcServer(gateway, keys, hub, workings, terms, observe) as server:
            yield server.address

    return opened


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise BadInput(OPTION, f"cannot listen on {host}:{port}: {error.strerror}") from None
