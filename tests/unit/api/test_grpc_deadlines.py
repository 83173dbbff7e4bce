"""A call whose deadline has passed is not begun, and one that outlives it is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from trading_ecosystem.api.caller import EVERY_ACCOUNT, Scope
from trading_ecosystem.api.grpc.entrance import Entrance
from trading_ecosystem.api.grpc.stubs.services import market_data_pb2 as market
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.rate_limits import PER_KEY, PER_STRANGER

METHOD = "/trading_ecosystem.v1.services.PriceFeedService/ListPrices"


class Ended(Exception):
    """The call was ended with a status."""


class Context:
    """As much of a server's context as the entrance looks at."""

    def __init__(self, token: str, left: float | None) -> None:
        self._token = token
        self._left = left

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self._token}"),)

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    def time_remaining(self) -> float | None:
        return self._left

    async def abort(self, code: grpc.StatusCode, words: str, trailing: Any) -> None:
        raise Ended(code)


class Details:
    method = METHOD


def called(folder: Path, left: float | None, serve: Callable[[Any, Any], Awaitable[Any]]) -> Any:
    keys = KeyStore(folder / "keys")
    key = keys.create("test", [Scope.READ], [EVERY_ACCOUNT])

    async def handler_of(_: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(serve, market.ListPricesRequest.FromString)

    async def call() -> Any:
        handler = await Entrance(keys, PER_KEY, PER_STRANGER).intercept_service(handler_of, Details())
        return await handler.unary_unary(b"", Context(key.token, left))

    return asyncio.run(call())


def test_a_call_within_its_deadline_is_served(tmp_path: Path) -> None:
    async def serve(request: Any, context: Any) -> str:
        return type(request).__name__

    assert called(tmp_path, 60.0, serve) == "ListPricesRequest"
    assert called(tmp_path, None, serve) == "ListPricesRequest"


@pytest.mark.parametrize("left", [0.0, -1.0])
def test_what_comes_too_late_is_not_begun(tmp_path: Path, left: float) -> None:
    async def serve(request: Any, context: Any) -> str:
        raise AssertionError("it was begun")

    with pytest.raises(Ended) as ended:
        called(tmp_path, left, serve)
    assert ended.value.args == (grpc.StatusCode.DEADLINE_EXCEEDED,)


def test_what_takes_too_long_is_given_up(tmp_path: Path) -> None:
    given_up = []

    async def serve(request: Any, context: Any) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.append(True)
            raise
        return "never"

    with pytest.raises(Ended) as ended:
        called(tmp_path, 0.01, serve)
    assert ended.value.args == (grpc.StatusCode.DEADLINE_EXCEEDED,)
    assert given_up == [True]
