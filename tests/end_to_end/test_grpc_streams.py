"""The streams of the gRPC door: what a client hears, that it missed nothing, and that nobody hears what is not for them."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from tests.grpc_door import METHODS, GrpcDoor, class_of, grpc_door, refused

from trading_ecosystem.api.caller import EVERY_ACCOUNT, Caller, Scope
from trading_ecosystem.api.face import Face
from trading_ecosystem.api.grpc.conversion import snake_case
from trading_ecosystem.api.grpc.opening import GrpcTerms
from trading_ecosystem.api.grpc.scopes import scope_of
from trading_ecosystem.api.grpc.server import GRPC_FILES, GrpcServer
from trading_ecosystem.api.grpc.servicers import custody as custody_calls
from trading_ecosystem.api.grpc.servicers import risk as risk_calls
from trading_ecosystem.api.grpc.servicers import strategies as strategy_calls
from trading_ecosystem.api.grpc.servicers import trading as trading_calls
from trading_ecosystem.api.grpc.stubs import exchange_pb2, test_coordination_pb2
from trading_ecosystem.api.grpc.stubs.services import audit_pb2 as audit
from trading_ecosystem.api.grpc.stubs.services import custody_pb2 as custody
from trading_ecosystem.api.grpc.stubs.services import exchange_pb2 as trading
from trading_ecosystem.api.grpc.stubs.services import market_data_pb2 as market
from trading_ecosystem.api.grpc.stubs.services import risk_pb2 as risk
from trading_ecosystem.api.grpc.stubs.services import strategies_pb2 as strategies
from trading_ecosystem.api.grpc.stubs.services import test_coordination_pb2 as control
from trading_ecosystem.api.rate_limits import RateLimit
from trading_ecosystem.api.rest.app import Workings
from trading_ecosystem.api.streams.channels import CHANNEL_OF, Channel
from trading_ecosystem.api.streams.subscriber import StreamLimits
from trading_ecosystem.messages.base import Audience
from trading_ecosystem.messages.envelope import MESSAGE_TYPES
from trading_ecosystem.messages.trading_phases import HaltTrading

SECONDS = 20.0


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GrpcDoor]:
    generous = RateLimit(10_000.0, 10_000)
    with grpc_door(tmp_path_factory.mktemp("grpc"), per_key=generous, speed_ppm=60_000_000) as opened:
        yield opened


def heard(responses: Any, enough: Callable[[list[Any]], bool]) -> list[Any]:
    """Responses until there are enough of them; they are numbered without a gap."""
    found: list[Any] = []
    until = time.monotonic() + SECONDS
    for response in responses:
        found.append(response)
        assert response.number == len(found)
        if enough(found):
            responses.cancel()
            return found
        assert time.monotonic() < until, [one.WhichOneof("event") for one in found]
    raise AssertionError("the stream ended")


def kinds(responses: list[Any]) -> set[str]:
    return {response.WhichOneof("event") for response in responses}


def place(door: GrpcDoor, name: str, account: str = "") -> Any:
    order = exchange_pb2.PlaceOrder(
        venue=door.venue,
        account=account or door.account,
        client_order_id=name,
        instrument="BTC/USD",
        side=1,
        order_type=2,
        time_in_force=2,
        quantity_lots=1_000,
    )
    return door.call("TradingService/PlaceOrder", trading.PlaceOrderRequest(order=order), door.operator)


def test_depth_is_a_snapshot_and_then_differences_without_a_gap(door: GrpcDoor) -> None:
    request = market.StreamMarketDataRequest(
        instruments=["BTC/USD"], venues=[door.venue], channels=[market.MARKET_DATA_CHANNEL_DEPTH]
    )
    responses = heard(
        door.stream("PriceFeedService/StreamMarketData", request),
        lambda found: sum(one.WhichOneof("event") == "depth_difference" for one in found) >= 5,
    )
    books = [one for one in responses if one.WhichOneof("event") != "heartbeat"]
    assert books[0].WhichOneof("event") == "depth_snapshot"
    last, levels = books[0].depth_snapshot.last_update, {}
    levels = {level.price_ticks: level.quantity_lots for level in books[0].depth_snapshot.bids}
    for one in books[1:]:
        change = one.depth_difference
        assert (change.venue, change.instrument, change.first_update) == (door.venue, "BTC/USD", last + 1)
        last = change.last_update
        for level in change.bids:
            levels[level.price_ticks] = level.quantity_lots
    assert min(levels.values()) >= 0


def test_channels_and_filters(door: GrpcDoor) -> None:
    request = market.StreamMarketDataRequest(
        instruments=["ETH/USD"], channels=[market.MARKET_DATA_CHANNEL_PRICES, market.MARKET_DATA_CHANNEL_QUOTES], conflate=True
    )
    responses = heard(
        door.stream("PriceFeedService/StreamMarketData", request),
        lambda found: {"price_published", "quote_changed", "heartbeat"} <= kinds(found) and len(found) > 10,
    )
    assert kinds(responses) <= {"price_published", "reference_quote_published", "quote_changed", "heartbeat"}
    named = {getattr(one, one.WhichOneof("event")).instrument for one in responses if not one.HasField("heartbeat")}
    assert named == {"ETH/USD"}


def test_everything_that_is_published(door: GrpcDoor) -> None:
    wanted = {"price_published", "quote_changed", "depth_snapshot", "depth_difference", "trades_published", "candle_closed"}
    heard(door.stream("PriceFeedService/StreamMarketData"), lambda found: wanted <= kinds(found))


def test_time_and_numbers_rise_and_heartbeats_say_what_is_past(door: GrpcDoor) -> None:
    responses = heard(
        door.stream("PriceFeedService/StreamMarketData"),
        lambda found: sum(one.WhichOneof("event") == "heartbeat" for one in found) > 3,
    )
    fresh = list(itertools.dropwhile(lambda one: one.WhichOneof("event") != "heartbeat", responses))
    beats = [one.heartbeat.at for one in fresh if one.WhichOneof("event") == "heartbeat"]
    assert beats == sorted(set(beats))
    reached = 0
    for one in fresh:
        if one.WhichOneof("event") == "heartbeat":
            reached = one.heartbeat.at
        elif one.WhichOneof("event") not in {"depth_snapshot", "quote_changed", "price_published", "candle_closed"}:
            assert one.at >= reached


def test_executions_and_settlements_of_an_order(door: GrpcDoor) -> None:
    executions = door.stream("TradingService/StreamExecutions", trading.StreamExecutionsRequest(account=door.account))
    settlements = door.stream("SettlementService/StreamSettlements", custody.StreamSettlementsRequest(account=door.firm))
    assert next(executions).number == next(settlements).number == 1
    placed = place(door, "streamed")
    found: list[Any] = []
    for response in executions:
        found.append(response)
        if response.WhichOneof("event") == "order_filled":
            break
    executions.cancel()
    assert {"order_accepted", "claim_changed", "order_filled"} <= kinds(found)
    (accepted,) = [one.order_accepted for one in found if one.HasField("order_accepted")]
    assert accepted == placed.accepted
    assert found[-1].order_filled == placed.fills[0]
    for response in settlements:
        if response.HasField("settlement_instructed") and response.settlement_instructed.account == door.account:
            assert response.settlement_instructed.trade_id == placed.fills[0].trade_id
            break
    settlements.cancel()


def test_risk_and_strategies(door: GrpcDoor) -> None:
    firm = {"account": door.firm}
    heard(
        door.stream("RiskMonitorService/StreamAlerts", risk.StreamAlertsRequest(**firm)),
        lambda found: "exposure_reported" in kinds(found),
    )
    heard(
        door.stream("StrategyService/StreamStrategies", strategies.StreamStrategiesRequest(**firm)),
        lambda found: "strategy_marked" in kinds(found),
    )


def test_nobody_hears_what_is_private_to_others(door: GrpcDoor) -> None:
    stranger = door.make_key(Scope.READ, account="somebody")
    request = trading.StreamExecutionsRequest(account="somebody")
    responses = door.stream("TradingService/StreamExecutions", request, stranger)
    next(responses)
    place(door, "not-yours")
    found = heard(responses_from(responses), lambda found: len(found) >= 20)
    assert kinds(found) == {"heartbeat"}
    with pytest.raises(grpc.RpcError) as caught:
        next(door.stream("TradingService/StreamExecutions", trading.StreamExecutionsRequest(account=door.firm), stranger))
    assert refused(caught.value)[0] is grpc.StatusCode.PERMISSION_DENIED


def test_control_and_audit_hear_the_rest(door: GrpcDoor) -> None:
    request = audit.StreamAuditEventsRequest(types=["FundamentalPriceChanged", "PlaceOrder"])
    responses = door.stream("CorrelationService/StreamAuditEvents", request, door.operator)
    next(responses)
    place(door, "recorded")
    for response in responses:
        if response.HasField("entry"):
            assert response.entry.WhichOneof("message") in {"fundamental_price_changed", "place_order"}
            if response.entry.place_order.client_order_id == "recorded":
                assert response.entry.sequence > 0
                break
    responses.cancel()
    with pytest.raises(grpc.RpcError) as caught:
        next(door.stream("CorrelationService/StreamAuditEvents", audit.StreamAuditEventsRequest(types=["No"]), door.operator))
    assert refused(caught.value)[0] is grpc.StatusCode.INVALID_ARGUMENT
    faults = door.stream("ChaosService/StreamFaults", key=door.operator)
    next(faults)
    door.run(halted(door))
    for response in faults:
        if response.HasField("control_message"):
            assert response.control_message.type == "HaltTrading"
            assert f'"venue":"{door.venue}"' in response.control_message.message
            break
    faults.cancel()


async def halted(door: GrpcDoor) -> None:
    operator = Caller("operator", frozenset({Scope.CONTROL}), (EVERY_ACCOUNT,))
    await door.server.gateway.command(operator, HaltTrading(door.venue, "ETH/BTC"))


def responses_from(responses: Any) -> Any:
    """The same stream, numbered as if it began here."""

    class Renumbered:
        def __iter__(self) -> Iterator[Any]:
            for number, response in enumerate(responses, start=1):
                response.number = number
                yield response

        def cancel(self) -> None:
            responses.cancel()

    return Renumbered()


def test_a_faulted_market_says_nothing_of_its_fault(door: GrpcDoor) -> None:
    words = {"asset": "BTC", "magnitude": "-0.06", "ramp": "20s", "hold": "5m", "recovery": "5m"}
    fields = [test_coordination_pb2.FaultField(name=name, value=value) for name, value in words.items()]
    inject = test_coordination_pb2.InjectFault(fault_id="zebra-7", kind="price_shock", fields=fields)
    answer = door.call("ChaosService/InjectFault", control.InjectFaultRequest(inject=inject), door.operator)
    assert answer.injected.fault_id == "zebra-7"
    alerts = door.stream("RiskMonitorService/StreamAlerts", risk.StreamAlertsRequest(account=door.firm))
    heard_alerts = heard(alerts, lambda found: "alert_raised" in kinds(found))
    prices = heard(door.stream("PriceFeedService/StreamMarketData"), lambda found: len(found) > 300)
    texts = [str(one) for one in (*heard_alerts, *prices)]
    for path, method in METHODS.items():
        call = path.rpartition(".")[2]
        if call.partition("/")[2].startswith("List") and scope_of(path) is Scope.READ and not method.server_streaming:
            request = class_of(method.input_type)()
            for name, value in (("account", door.firm), ("venue", door.venue), ("instrument", "BTC/USD")):
                if name in request.DESCRIPTOR.fields_by_name:
                    setattr(request, name, value)
            try:
                texts.append(str(door.call(call, request)))
            except grpc.RpcError as error:
                texts.append(f"{error.details()} {refused(error)[1]}")
    assert len(texts) > 320
    telling = re.compile("zebra|fault|inject|scenario|condition|chaos|ground.truth", re.IGNORECASE)
    assert [found.group() for text in texts for found in telling.finditer(text)] == []


def test_a_client_that_does_not_read_is_cut_and_others_do_not_notice(tmp_path: Any) -> None:
    limits = StreamLimits(waiting_messages=50)
    with grpc_door(tmp_path, streams=limits, speed_ppm=50_000_000) as door:
        stalled = door.stream("PriceFeedService/StreamMarketData", timeout=60)
        other = market.StreamMarketDataRequest(channels=[market.MARKET_DATA_CHANNEL_TRADES])
        reading = door.stream("PriceFeedService/StreamMarketData", other)
        found = heard(reading, lambda found: door.server.hub.counts.cut >= 1)
        assert found
        with pytest.raises(grpc.RpcError) as caught:
            list(stalled)
        code, detail = refused(caught.value)
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert detail.detail.startswith("too slow")


def test_a_key_has_so_many_streams_and_a_server_so_many_calls(tmp_path: Any) -> None:
    with grpc_door(tmp_path, streams=StreamLimits(connections_per_key=2)) as door:
        first, second = (door.stream("PriceFeedService/StreamMarketData") for _ in range(2))
        assert (next(first).number, next(second).number) == (1, 1)
        with pytest.raises(grpc.RpcError) as caught:
            next(door.stream("PriceFeedService/StreamMarketData"))
        code, detail = refused(caught.value)
        assert (code, detail.type) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "/problems/too-many-requests")
        first.cancel()
        heard(door.stream("PriceFeedService/StreamMarketData", key=door.operator), lambda found: len(found) > 3)
        second.cancel()

        async def one_call_at_a_time() -> GrpcServer:
            workings = Workings(None, None, ())  # type: ignore[arg-type] - nothing here looks at them
            terms = GrpcTerms("127.0.0.1", 0)
            server = GrpcServer(door.server.gateway, door.server.keys, door.server.hub, workings, terms, calls=1)
            return await server.__aenter__()

        small = door.run(one_call_at_a_time())
        with grpc.insecure_channel("{}:{}".format(*small.address)) as channel:
            narrow = GrpcDoor(door.server, door._loop, channel)
            held = narrow.stream("PriceFeedService/StreamMarketData")
            next(held)
            with pytest.raises(grpc.RpcError) as caught:
                narrow.call("PriceFeedService/ListPrices")
            assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            held.cancel()
        door.run(small.__aexit__(None, None, None))


def test_a_revoked_key_hears_no_more(door: GrpcDoor) -> None:
    key = door.make_key(Scope.READ)
    responses = door.stream("PriceFeedService/StreamMarketData", key=key)
    next(responses)
    door.server.keys.revoke(key.id)
    with pytest.raises(grpc.RpcError) as caught:
        for _ in responses:
            pass
    assert refused(caught.value)[0] is grpc.StatusCode.UNAUTHENTICATED


def test_a_stopping_server_ends_its_streams(tmp_path: Any) -> None:
    with grpc_door(tmp_path) as door:
        responses = door.stream("PriceFeedService/StreamMarketData")
        next(responses)
    with pytest.raises(grpc.RpcError) as caught:
        list(responses)
    assert caught.value.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}


STREAMS = {
    "PriceFeedService/StreamMarketData": (
        Channel.PRICES,
        Channel.QUOTES,
        Channel.TRADES,
        Channel.CANDLES,
        Channel.MARKETS,
    ),
    "TradingService/StreamExecutions": trading_calls._HEARD,
    "SettlementService/StreamSettlements": custody_calls._HEARD,
    "RiskMonitorService/StreamAlerts": risk_calls._HEARD,
    "StrategyService/StreamStrategies": strategy_calls._HEARD,
}


@pytest.mark.parametrize("path", STREAMS)
def test_a_stream_has_a_member_for_everything_on_its_channels(path: str) -> None:
    response = METHODS[f"/trading_ecosystem.v1.services.{path}"].output_type
    said = [kind for kind, channel in CHANNEL_OF.items() if channel in STREAMS[path]]
    assert said
    missing = [kind.__name__ for kind in said if snake_case(kind.__name__) not in response.fields_by_name]
    assert missing == []


def reachable(descriptor: Any, found: set[str]) -> set[str]:
    """The names of all messages and fields that a message may hold."""
    if descriptor.full_name in found:
        return found
    found.add(descriptor.full_name)
    for field in descriptor.fields:
        found.add(f"{descriptor.full_name}.{field.name}")
        if field.message_type is not None:
            reachable(field.message_type, found)
        if field.enum_type is not None:
            found |= {f"{field.enum_type.full_name}.{value.name}" for value in field.enum_type.values}
    return found


def test_production_calls_have_no_words_for_faults() -> None:
    found: set[str] = set()
    for file in GRPC_FILES[Face.PRODUCTION]:
        for service in file.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                reachable(method.input_type, found)
                reachable(method.output_type, found)
    messages = {name.rpartition(".")[2] for name in found} & MESSAGE_TYPES.keys()
    assert len(messages) > 60
    assert {MESSAGE_TYPES[name].audience for name in messages} == {Audience.PRODUCTION}
    words = ("fault", "scenario", "condition", "chaos", "inject", "ground_truth", ".sequence", ".cause", ".trace")
    assert [name for name in found if any(word in name.lower() for word in words)] == []


def test_the_search_for_words_would_find_them() -> None:
    found = reachable(METHODS["/trading_ecosystem.v1.services.ChaosService/StreamFaults"].output_type, set())
    assert "trading_ecosystem.v1.FaultInjected.fault_id" in found
