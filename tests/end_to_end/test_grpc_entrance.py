"""Who may call what over gRPC, and what happens to calls that are not right: a clear status, and a server that goes on."""

from __future__ import annotations

import hmac
import re
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from tests.grpc_door import METHODS, GrpcDoor, as_metadata, class_of, grpc_door, refused

from trading_ecosystem.api import gateway
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.face import Face
from trading_ecosystem.api.grpc.scopes import scope_of
from trading_ecosystem.api.grpc.server import LARGEST_REQUEST, names_served
from trading_ecosystem.api.grpc.stubs import exchange_pb2
from trading_ecosystem.api.grpc.stubs.services import exchange_pb2 as trading
from trading_ecosystem.api.grpc.stubs.services import market_data_pb2 as market
from trading_ecosystem.api.keys import NewKey
from trading_ecosystem.api.rate_limits import RateLimit
from trading_ecosystem.api.signing import text_to_sign
from trading_ecosystem.messages.envelope import MESSAGE_TYPES

Code = grpc.StatusCode
CALLS = [path.rpartition(".")[2] for path in METHODS]
SERVICES_OF_READERS = {
    "PriceFeedService",
    "HistoricalDataService",
    "MarketStatisticsService",
    "SettlementService",
    "CustodyReportingService",
    "StrategyRiskService",
}
"""Services of which every call needs the scope ``read``."""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GrpcDoor]:
    generous = RateLimit(10_000.0, 10_000)
    with grpc_door(tmp_path_factory.mktemp("grpc"), per_key=generous, per_stranger=generous) as opened:
        yield opened


def outcome(door: GrpcDoor, path: str, request: Any, key: NewKey | None, **metadata: str) -> grpc.StatusCode:
    """The status of one call; of a stream, that of its first response."""
    full = f"/trading_ecosystem.v1.services.{path}"
    sent = as_metadata(key, metadata)
    data = request if isinstance(request, bytes) else request.SerializeToString()
    try:
        if METHODS[full].server_streaming:
            responses = door.channel.unary_stream(full)(data, timeout=20, metadata=sent)
            next(responses)
            responses.cancel()
        else:
            door.channel.unary_unary(full)(data, timeout=20, metadata=sent)
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code
    return Code.OK


def request_of(path: str, account: str) -> Any:
    """A request that names an account where one can be named, in itself or in its command."""
    request = class_of(METHODS[f"/trading_ecosystem.v1.services.{path}"].input_type)()
    for field in request.DESCRIPTOR.fields:
        if field.name == "account":
            request.account = account
        elif field.type == FieldDescriptor.TYPE_MESSAGE and "account" in field.message_type.fields_by_name:
            getattr(request, field.name).account = account
    return request


def names_account(path: str) -> bool:
    return b"x" in request_of(path, "x").SerializeToString()


@pytest.mark.parametrize("path", CALLS)
def test_a_call_takes_the_one_scope_that_it_needs(door: GrpcDoor, path: str) -> None:
    needed = scope_of(f"/trading_ecosystem.v1.services.{path}")
    for scope in Scope:
        found = outcome(door, path, request_of(path, door.account), door.make_key(scope))
        assert (found is not Code.PERMISSION_DENIED) == (scope is needed), (scope, found)
        assert found not in {Code.INTERNAL, Code.UNKNOWN, Code.UNAUTHENTICATED}, (scope, found)
    assert outcome(door, path, request_of(path, door.account), None) is Code.UNAUTHENTICATED


def method_of(path: str) -> Any:
    return METHODS[f"/trading_ecosystem.v1.services.{path}"]


def needs(path: str) -> Scope:
    found = scope_of(f"/trading_ecosystem.v1.services.{path}")
    assert found is not None
    return found


PRIVATE = [path for path in CALLS if names_account(path) and needs(path) not in (Scope.CONTROL, Scope.AUDIT)]


@pytest.mark.parametrize("path", PRIVATE)
def test_accounts_of_others_are_refused_whether_they_exist_or_not(door: GrpcDoor, path: str) -> None:
    key = door.make_key(needs(path), account="somebody")
    for account in (door.account, "nobody"):
        is_command = method_of(path).name in MESSAGE_TYPES
        request = whole_command(door, path, account) if is_command else request_of(path, account)
        assert outcome(door, path, request, key) is Code.PERMISSION_DENIED


def whole_command(door: GrpcDoor, path: str, account: str) -> Any:
    """A request whose command has a value in every field."""
    request = class_of(method_of(path).input_type)()
    (field,) = request.DESCRIPTOR.fields
    command = getattr(request, field.name)
    known = {"venue": door.venue, "custodian": "custodian", "account": account, "instrument": "BTC/USD", "asset": "USD"}
    for one in command.DESCRIPTOR.fields:
        if one.type == FieldDescriptor.TYPE_STRING:
            setattr(command, one.name, known.get(one.name, "demo"))
        elif one.type in (FieldDescriptor.TYPE_ENUM, FieldDescriptor.TYPE_INT64):
            setattr(command, one.name, 1)
    return request


def test_the_page_about_grpc_works_as_it_is_written(door: GrpcDoor, capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[2] / "docs" / "grpc.md"
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert door.server.grpc_address is not None
    address = "{}:{}".format(*door.server.grpc_address)
    assert (code.count("127.0.0.1:50051"), code.count("Bearer TOKEN")) == (1, 1)
    exec(code.replace("127.0.0.1:50051", address).replace("Bearer TOKEN", f"Bearer {door.key.token}"), {})
    assert capsys.readouterr().out.startswith("accepted {")


def test_the_table_of_scopes_and_the_gateway_agree() -> None:
    for path, method in METHODS.items():
        (command,) = [MESSAGE_TYPES[name] for name in (method.name,) if name in MESSAGE_TYPES] or [None]
        if command in gateway.SCOPE_OF:
            assert scope_of(path) is gateway.SCOPE_OF[command], path
    readers = {path.rpartition(".")[2].partition("/")[0] for path in METHODS if scope_of(path) is Scope.READ}
    assert readers >= SERVICES_OF_READERS
    assert {scope_of(path) for path in METHODS if "/trading_ecosystem.v1.services.ChaosService/" in path} == {Scope.CONTROL}
    assert scope_of("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo") is None


def signed(key: NewKey, path: str, body: bytes, **changes: str) -> dict[str, str]:
    timestamp, nonce = changes.get("timestamp", str(time.time_ns() // 1_000_000)), changes.get("nonce", secrets.token_hex(8))
    text = text_to_sign(timestamp, nonce, "POST", path, body)
    signature = hmac.digest(key.secret.encode(), text, "sha256").hex()
    return {"x_key": key.id, "x_timestamp": timestamp, "x_nonce": nonce, "x_signature": signature}


def test_signed_calls(door: GrpcDoor) -> None:
    path, request = "PriceFeedService/GetDepth", market.GetDepthRequest(venue=door.venue, instrument="BTC/USD", levels=3)
    full, body = f"/trading_ecosystem.v1.services.{path}", request.SerializeToString()
    good = signed(door.key, full, body)
    assert outcome(door, path, request, None, **good) is Code.OK
    assert outcome(door, path, request, None, **good) is Code.UNAUTHENTICATED, "replayed"
    other = market.GetDepthRequest(venue=door.venue, instrument="BTC/USD", levels=4)
    assert outcome(door, path, other, None, **signed(door.key, full, body)) is Code.UNAUTHENTICATED, "tampered with"
    elsewhere = signed(door.key, full.replace("GetDepth", "ListPrices"), body)
    assert outcome(door, path, request, None, **elsewhere) is Code.UNAUTHENTICATED, "signed for another call"
    stale = signed(door.key, full, body, timestamp=str(time.time_ns() // 1_000_000 - 6_000))
    assert outcome(door, path, request, None, **stale) is Code.UNAUTHENTICATED, "stale"
    unknown = {**signed(door.key, full, body), "x_key": "0000000000"}
    assert outcome(door, path, request, None, **unknown) is Code.UNAUTHENTICATED
    assert outcome(door, path, request, None, x_key=door.key.id) is Code.UNAUTHENTICATED, "not signed"


@pytest.mark.parametrize("shown", ["Bearer", "Bearer nothing", "Basic dGVzdDp0ZXN0", ""])
def test_what_is_no_key_is_refused(door: GrpcDoor, shown: str) -> None:
    found = outcome(door, "PriceFeedService/ListPrices", market.ListPricesRequest(), None, authorization=shown)
    assert found is Code.UNAUTHENTICATED


def order(door: GrpcDoor, **changes: Any) -> trading.PlaceOrderRequest:
    known = {
        "venue": door.venue,
        "account": door.account,
        "client_order_id": "c1",
        "instrument": "BTC/USD",
        "side": 1,
        "order_type": 1,
        "time_in_force": 1,
        "price_ticks": 100,
        "quantity_lots": 100_000,
    }
    return trading.PlaceOrderRequest(order=exchange_pb2.PlaceOrder(**{**known, **changes}))


WRONG_ORDERS = [
    ({"account": ""}, "order.account", "is missing"),
    ({"client_order_id": ""}, "order.client_order_id", "is missing"),
    ({"client_order_id": "x" * 37}, "order.client_order_id", "Expected `str` of length <= 36"),
    ({"client_order_id": "a\0b"}, "order.client_order_id", "Expected `str` matching"),
    ({"account": "Demo"}, "order.account", "Expected `str` matching"),
    ({"venue": ""}, "order.venue", "is missing; there are exchange-alpha, exchange-beta"),
    ({"side": 0}, "order.side", "is unspecified; expected one of SIDE_BUY, SIDE_SELL"),
    ({"side": 77}, "order.side", "77 is not known here"),
    ({"order_type": 0}, "order.order_type", "is unspecified"),
    ({"instrument": "bitcoin"}, "order.instrument", "Expected `str` matching"),
    ({"price_ticks": -(2**63)}, "PlaceOrder.price_ticks", "is too large"),
]


@pytest.mark.parametrize(("changes", "field", "problem"), WRONG_ORDERS)
def test_a_wrong_order_is_told_what_is_wrong(door: GrpcDoor, changes: dict[str, Any], field: str, problem: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        door.call("TradingService/PlaceOrder", order(door, **changes), x_request_id="mine-1")
    code, detail = refused(caught.value)
    assert (code, detail.type, detail.request_id) == (Code.INVALID_ARGUMENT, "/problems/invalid-request", "mine-1")
    (found,) = detail.errors
    assert found.field == field
    assert problem in found.problem


def history(**more: Any) -> market.ListPriceHistoryRequest:
    return market.ListPriceHistoryRequest(instrument="BTC/USD", **more)


def depth(**more: Any) -> market.GetDepthRequest:
    return market.GetDepthRequest(**{"venue": "exchange-alpha", "instrument": "BTC/USD", **more})


def one_order(**more: Any) -> trading.GetOrderRequest:
    return trading.GetOrderRequest(account="demo", venue="exchange-alpha", **more)


def candles(**more: Any) -> market.ListCandlesRequest:
    return market.ListCandlesRequest(instrument="BTC/USD", **more)


def listen(**more: Any) -> market.StreamMarketDataRequest:
    return market.StreamMarketDataRequest(**more)


INVALID, MISSING = Code.INVALID_ARGUMENT, Code.NOT_FOUND
WRONG = [
    ("TradingService/PlaceOrder", trading.PlaceOrderRequest(), INVALID, "order: is missing"),
    ("TradingService/PlaceOrder", b"\xff\xff\xff", INVALID, "no message of this call"),
    ("PriceFeedService/ListPrices", b"\x98\x06\x01", INVALID, "has a field with the number 99"),
    ("PriceFeedService/ListPrices", market.ListPricesRequest(instrument="XRP/USD"), MISSING, "XRP/USD"),
    ("PriceFeedService/GetDepth", depth(venue="nowhere"), MISSING, "no venue"),
    ("PriceFeedService/GetDepth", depth(instrument=""), INVALID, "instrument: is missing"),
    ("PriceFeedService/GetDepth", depth(levels=101), INVALID, "levels: 101 is out of range"),
    ("HistoricalDataService/ListCandles", candles(interval_ns=7), INVALID, "interval_ns: expected"),
    ("HistoricalDataService/ListPriceHistory", history(range={"from_at": 2, "until": 1}), INVALID, "ends before"),
    ("HistoricalDataService/ListPriceHistory", history(page={"page_size": 1_001}), INVALID, "page.page_size"),
    ("HistoricalDataService/ListPriceHistory", history(page={"page_token": "bm8"}), INVALID, "page.page_token"),
    ("MarketStatisticsService/GetCorrelations", market.GetCorrelationsRequest(window_ns=-1), INVALID, "window_ns"),
    ("TradingService/GetOrder", one_order(), INVALID, "name: is missing"),
    ("TradingService/GetOrder", one_order(order_id=9**9), MISSING, ""),
    ("TradingService/GetOrder", one_order(client_order_id="no"), MISSING, "no order no"),
    ("PriceFeedService/StreamMarketData", listen(channels=[9]), INVALID, "channels: 9 is no channel"),
    ("PriceFeedService/StreamMarketData", listen(venues=["x"] * 101), INVALID, "101 items"),
]


@pytest.mark.parametrize(("path", "sent", "code", "words"), WRONG)
def test_a_wrong_request_gets_a_status_and_a_reason(
    door: GrpcDoor, path: str, sent: Any, code: grpc.StatusCode, words: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        list(door.stream(path, sent)) if "Stream" in path else door.call(path, sent)
    found, detail = refused(caught.value)
    assert found is code
    assert words in detail.detail
    assert detail.title


def test_a_request_that_is_too_large_is_refused_and_the_server_goes_on(door: GrpcDoor) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        door.call("PriceFeedService/ListPrices", b"x" * (LARGEST_REQUEST + 1))
    assert caught.value.code() is Code.RESOURCE_EXHAUSTED
    assert door.call("PriceFeedService/ListPrices").prices


def test_unknown_calls_are_unimplemented(door: GrpcDoor) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        door.channel.unary_unary("/trading_ecosystem.v1.services.TradingService/Nothing")(
            b"", metadata=as_metadata(door.key, {})
        )
    assert caught.value.code() is Code.UNIMPLEMENTED


def test_a_position_of_another_server_is_refused(door: GrpcDoor) -> None:
    request = trading.ListOrdersRequest(account=door.account)
    for position in ("zz", "0" * 16):
        with pytest.raises(grpc.RpcError) as caught:
            door.call("TradingService/ListOrders", request, x_position=position)
        assert refused(caught.value)[0] is Code.INVALID_ARGUMENT


def test_a_stopped_ecosystem_is_unavailable_and_not_ready(tmp_path: Path) -> None:
    with grpc_door(tmp_path) as door:
        health = health_pb2_grpc.HealthStub(door.channel)
        watched = health.Watch(health_pb2.HealthCheckRequest(), timeout=20)
        assert next(watched).status == health_pb2.HealthCheckResponse.SERVING

        async def stop() -> None:
            door.server.ecosystem.driver.stop()

        door.run(stop())
        assert next(watched).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert health.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.RpcError) as caught:
            door.call("TradingService/PlaceOrder", order(door))
        code, detail = refused(caught.value)
        assert (code, detail.type) == (Code.UNAVAILABLE, "/problems/unavailable")
        assert detail.retry_after_ns > 0
        assert "grpc-retry-pushback-ms" in dict(caught.value.trailing_metadata())


def test_health_needs_no_key_and_knows_every_service(door: GrpcDoor) -> None:
    health = health_pb2_grpc.HealthStub(door.channel)
    for name in ("", *names_served()):
        assert health.Check(health_pb2.HealthCheckRequest(service=name)).status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        health.Check(health_pb2.HealthCheckRequest(service="nothing"))
    assert caught.value.code() is Code.NOT_FOUND
    watched = health.Watch(health_pb2.HealthCheckRequest(service="nothing"))
    assert next(watched).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    watched.cancel()


def test_reflection_names_the_services_to_those_with_a_key(door: GrpcDoor) -> None:
    reflection = reflection_pb2_grpc.ServerReflectionStub(door.channel)
    asked = [reflection_pb2.ServerReflectionRequest(list_services="")]
    with pytest.raises(grpc.RpcError) as caught:
        next(reflection.ServerReflectionInfo(iter(asked)))
    assert caught.value.code() is Code.UNAUTHENTICATED
    answer = next(reflection.ServerReflectionInfo(iter(asked), metadata=as_metadata(door.key, {})))
    assert set(names_served()) < {one.name for one in answer.list_services_response.service}
    file = [reflection_pb2.ServerReflectionRequest(file_containing_symbol="trading_ecosystem.v1.services.TradingService")]
    answer = next(reflection.ServerReflectionInfo(iter(file), metadata=as_metadata(door.key, {})))
    assert answer.file_descriptor_response.file_descriptor_proto


def test_calls_are_counted_by_their_paths(tmp_path: Path) -> None:
    with grpc_door(tmp_path) as door:
        for _ in range(2):
            door.call("PriceFeedService/ListPrices")
        outcome(door, "PriceFeedService/ListPrices", market.ListPricesRequest(), None)
        outcome(door, "TradingService/StreamExecutions", trading.StreamExecutionsRequest(account="other"), door.key)
        request = urllib.request.Request(f"{door.server.control_url}/metrics")
        request.add_header("Authorization", f"Bearer {door.operator.token}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            lines = answer.read().decode().splitlines()
    counts = [line for line in lines if "http_requests_total{" in line and "trading_ecosystem.v1.services" in line]
    assert len(counts) == 3
    for call, status, count in (("PriceFeedService/ListPrices", 200, 2), ("PriceFeedService/ListPrices", 401, 1)):
        (line,) = (line for line in counts if f'{call}"' in line and f'status="{status}"' in line)
        assert float(line.rpartition(" ")[2]) == count
    assert any("StreamExecutions" in line and 'status="403"' in line for line in counts)


def test_a_key_that_calls_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    limits = {"per_key": RateLimit(0.5, 3), "per_stranger": RateLimit(0.5, 2)}
    with grpc_door(tmp_path, **limits) as door:
        for _ in range(3):
            door.call("PriceFeedService/ListPrices")
        with pytest.raises(grpc.RpcError) as caught:
            door.call("PriceFeedService/ListPrices")
        code, detail = refused(caught.value)
        assert (code, detail.type) == (Code.RESOURCE_EXHAUSTED, "/problems/too-many-requests")
        assert 0 < detail.retry_after_ns <= 2 * 10**9
        request = market.ListPricesRequest()
        codes = [outcome(door, "PriceFeedService/ListPrices", request, None) for _ in range(3)]
        assert codes == [Code.UNAUTHENTICATED, Code.UNAUTHENTICATED, Code.RESOURCE_EXHAUSTED]


def test_control_and_audit_apart_are_not_served_here(tmp_path: Path) -> None:
    with grpc_door(tmp_path, control_port=0) as door:
        assert door.call("PriceFeedService/ListPrices").prices
        for path in ("ChaosService/ListFaults", "AnalyticsService/GetEventCounts"):
            with pytest.raises(grpc.RpcError) as caught:
                door.call(path, key=door.operator)
            assert caught.value.code() is Code.UNIMPLEMENTED
        reflection = reflection_pb2_grpc.ServerReflectionStub(door.channel)
        asked = [reflection_pb2.ServerReflectionRequest(list_services="")]
        answer = next(reflection.ServerReflectionInfo(iter(asked), metadata=as_metadata(door.operator, {})))
        named = {one.name for one in answer.list_services_response.service}
        assert set(names_served([Face.PRODUCTION])) < named
        assert named.isdisjoint(names_served([Face.CONTROL, Face.AUDIT]))


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['grpc'] = None\n"
        "from trading_ecosystem.cli import main\n"
        "sys.argv = ['trading-ecosystem', 'serve', '--port', '0', '--grpc-port', '0', '--store', 'memory:']\n"
        "main()"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert shown.returncode == 2
    assert shown.stderr.strip().count("\n") == 0
    assert (
        "--grpc-port: the package grpc is not installed; install the extra: pip install 'trading-ecosystem[grpc]'"
        in shown.stderr
    )
