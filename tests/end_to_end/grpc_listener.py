"""A client of the gRPC door that makes every call which reads, and listens to every stream, of production's."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf import json_format
from tests.grpc_door import METHODS, class_of

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.grpc.scopes import scope_of
from trading_ecosystem.messages.units import MINUTE

_SECONDS = 60.0
_READS = {path: method for path, method in METHODS.items() if scope_of(path) is Scope.READ}
_USUAL: dict[str, Any] = {
    "venue": "exchange-beta",
    "custodian": "custodian",
    "instrument": "BTC/USD",
    "asset": "USD",
    "strategy": "maker",
    "client_order_id": "planned-0",
    "levels": 5,
    "trade_id": 1,
    "alert_id": 1,
    "interval_ns": MINUTE,
}
"""What fields of these names get; the others stay as they are."""
_SET_BY_TRANSPORT = {"grpc-status-details-bin", "x-request-id", "x-position"}

Answer = tuple[int, dict[str, str], str]
"""Status (0: it was answered), the names of the metadata with their values, and the answer as JSON."""


class GrpcListener:
    """``token`` is that of a key with every production scope; what the streams say is kept from the beginning on."""

    def __init__(self, address: tuple[str, int], token: str, account: str) -> None:
        self._channel = grpc.insecure_channel("{}:{}".format(*address))
        self._metadata = (("authorization", f"Bearer {token}"),)
        self._said: dict[str, list[Any]] = {}
        self._begins: dict[str, int] = {}
        self._changed = threading.Condition()
        self._calls = []
        self._threads = []
        for path, method in _READS.items():
            if method.server_streaming:
                invoke = self._channel.unary_stream(path, _bytes, class_of(method.output_type).FromString)
                call = invoke(_request(method, account), metadata=self._metadata)
                self._said[path] = []
                self._calls.append(call)
                self._threads.append(threading.Thread(target=self._follow, args=(path, call), daemon=True))
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End every stream."""
        for call in self._calls:
            call.cancel()
        for thread in self._threads:
            thread.join(_SECONDS)
        self._channel.close()

    def answers(self, account: str) -> Iterator[tuple[str, Answer]]:
        """Every call that reads, and its answer."""
        for path, method in _READS.items():
            if not method.server_streaming:
                yield path.rpartition(".")[2], self._answer(path, method, account)

    def _answer(self, path: str, method: Any, account: str) -> Answer:
        invoke = self._channel.unary_unary(path, _bytes, class_of(method.output_type).FromString)
        try:
            said, call = invoke.with_call(_request(method, account), timeout=_SECONDS, metadata=self._metadata)
        except grpc.RpcError as error:
            return error.code().value[0], _named(error.trailing_metadata()), str(error.details())
        return 0, _named((*call.initial_metadata(), *call.trailing_metadata())), as_json(said)

    def listens(self) -> None:
        """Wait until every stream is open, which its first heartbeat shows."""
        self._wait_for(1)

    def begin(self, reached: int) -> None:
        """Forget what the streams said up to their heartbeat of this instant: it depends on when they were opened."""
        self._wait_for(reached)
        self._begins = {path: _place_of(said, reached) for path, said in self._said.items()}

    def said_until(self, reached: int) -> dict[str, list[Any]]:
        """What every stream has said from its beginning to its heartbeat of this instant.

        Of what is said at the instant itself some may be here already, and is left out.
        """
        self._wait_for(reached)
        return {
            path.rpartition(".")[2]: said[self._begins[path] : _place_of(said, reached)] for path, said in self._said.items()
        }

    def _wait_for(self, reached: int) -> None:
        def all_there() -> bool:
            return all(_beat(said) >= reached for said in self._said.values())

        with self._changed:
            assert self._changed.wait_for(all_there, _SECONDS), {path: len(said) for path, said in self._said.items()}

    def _follow(self, path: str, call: Any) -> None:
        try:
            for response in call:
                with self._changed:
                    self._said[path].append(response)
                    self._changed.notify_all()
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.CANCELLED:
                raise


def as_json(said: Any) -> str:
    """A message as JSON, its instants without their nanoseconds, of which every input takes one while the clock stands."""
    text = json_format.MessageToJson(said, preserving_proto_field_name=True, indent=None)
    return re.sub(r'"(1[0-9]{15})[0-9]{3}"', r'"\1"', text)


def _beat(said: list[Any]) -> int:
    """The last instant that a stream's heartbeats have reached."""
    return next((one.heartbeat.at for one in reversed(said) if one.HasField("heartbeat")), 0)


def _place_of(said: list[Any], reached: int) -> int:
    return next(place for place, one in enumerate(said) if one.HasField("heartbeat") and one.heartbeat.at >= reached)


def _named(metadata: Any) -> dict[str, str]:
    return {
        name: str(value) for name, value in metadata or () if name not in _SET_BY_TRANSPORT and not name.startswith("ratelimit")
    }


def _request(method: Any, account: str) -> bytes:
    request = class_of(method.input_type)()
    for field in method.input_type.fields:
        value = account if field.name == "account" else _USUAL.get(field.name)
        if value is not None and not field.is_repeated:
            setattr(request, field.name, value)
    data: bytes = request.SerializeToString()
    return data


def _bytes(request: bytes) -> bytes:
    return request
