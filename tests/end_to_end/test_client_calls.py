"""The Python client, sync and async, against real doors: signed, retried, and on the stream of a monitor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from tests.end_to_end.doors import FIRM, Doors, doors

from trading_ecosystem.api.caller import PRODUCTION_SCOPES, Scope
from trading_ecosystem.client import (
    AlertReport,
    ApiError,
    AsyncClient,
    Client,
    Policy,
    Signing,
    StreamEnded,
    Token,
    Unreachable,
)
from trading_ecosystem.messages.monitor_stream import Delivery, Heartbeat
from trading_ecosystem.messages.monitors import ReportState
from trading_ecosystem.messages.risk import AlertKind, Severity


@pytest.fixture(scope="module")
def door() -> Iterator[Doors]:
    with doors() as running:
        running.advance(2)
        yield running


@pytest.fixture(scope="module")
def signing(door: Doors) -> Signing:
    key = door.serving.keys.create("client", PRODUCTION_SCOPES, [FIRM])
    return Signing(key.id, key.secret)


def test_signed_calls_with_queries_and_bodies(door: Doors, signing: Signing) -> None:
    with Client(door.serving.url, signing) as client:
        assert client.get("/api/v1/orders", account=f"{FIRM}/maker", limit=2)["items"]
        assert {one.kind.value for one in client.limits()} >= {"daily_loss", "drawdown"}
        order = {
            "venue": "exchange-alpha",
            "account": f"{FIRM}/maker",
            "client_order_id": "by-client",
            "instrument": "BTC/USD",
            "side": "buy",
            "type": "limit",
            "price": "1000",
            "quantity": "0.01",
        }
        placed = client.place_order(order)
        assert placed["client_order_id"] == "by-client"
        assert client.place_order(order)["order_id"] == placed["order_id"]
        assert client.cancel_order("exchange-alpha", f"{FIRM}/maker", "by-client") == {"cancelled": 1}
        with pytest.raises(ApiError) as refusal:
            client.get("/control/v1/components")
        assert refusal.value.status == 403
        assert client.statistics.by_status[403] == 1
        assert client.statistics.retries == 0


def test_a_wrong_secret_is_refused_and_says_why(door: Doors) -> None:
    key = door.serving.keys.create("wrong", [Scope.READ], [FIRM])
    with Client(door.serving.url, Signing(key.id, "0" * 64)) as client, pytest.raises(ApiError, match="401: X-Key or X-Sig"):
        client.get("/api/v1/quotes")


def test_calls_side_by_side_and_a_monitor_on_asyncio(door: Doors, signing: Signing) -> None:
    async def scenario() -> None:
        async with AsyncClient(door.serving.url, signing) as client:
            answers = await asyncio.gather(*(client.get("/api/v1/quotes") for _ in range(30)))
            assert len(answers) == 30
            monitor = await client.register_monitor("on-asyncio")
            async with client.listen(monitor) as stream:
                await asyncio.to_thread(door.advance, 3)
                numbers, beats = [], 0
                async for sent in stream:
                    numbers.append(sent.number)
                    beats += isinstance(sent, Heartbeat)
                    if beats == 3:
                        await stream.acknowledge(sent.heartbeat)
                        break
                assert numbers == list(range(monitor.after + 1, monitor.after + 1 + len(numbers)))
            now = door.serving.ecosystem.driver.now()
            stale = (ReportState.RAISED, AlertKind.PRICE_STALE, "BTC/USD", Severity.HIGH, now)
            report = AlertReport("a", 1, *stale, "31.000000001")
            accepted = await client.report_alert("on-asyncio", report)
            assert accepted.observed == "31.000000001"
            assert await client.report_alert("on-asyncio", report) == accepted
            with pytest.raises(ApiError, match="REPORT_ID_REUSED"):
                await client.report_alert("on-asyncio", AlertReport("a", 2, *stale))

    asyncio.run(scenario())


def test_a_stream_goes_on_where_it_left_off(door: Doors, signing: Signing) -> None:
    with Client(door.serving.url, signing) as client:
        monitor = client.register_monitor("in-pieces")
        door.advance(2)
        with client.listen(monitor) as stream:
            first = next(iter(stream))
            assert stream.position == first.number == monitor.after + 1
        with client.listen(monitor, stream.position) as stream:
            second = next(iter(stream))
            assert second.number == first.number + 1
        assert {type(first), type(second)} <= {Delivery, Heartbeat}
        with client.listen(monitor, 10**9) as stream, pytest.raises(StreamEnded, match="4408: too slow"):
            next(iter(stream))
        with pytest.raises(ApiError) as refusal, Client(door.serving.url, Token("none")).listen(monitor):
            pass
        assert refusal.value.status == 401


def test_a_door_that_is_not_there() -> None:
    policy = Policy(tries=2, first_wait=0.01)
    with Client("http://127.0.0.1:9", policy=policy) as client:
        with pytest.raises(Unreachable):
            client.get("/api/v1/quotes")
        assert (client.statistics.tries, client.statistics.unanswered) == (2, 2)
