"""Streams over real sockets: who gets in, what is said, a thousand who hear everything, and one who does not read."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import socket
import time
from contextlib import asynccontextmanager

import pytest
import websockets
from tests.campaign import CAMPAIGN
from websockets.exceptions import ConnectionClosed, InvalidStatus

from trading_ecosystem.api import web_server
from trading_ecosystem.api.caller import Caller, Scope
from trading_ecosystem.api.rate_limits import RateLimit
from trading_ecosystem.api.signing import text_to_sign
from trading_ecosystem.api.streams import web_socket
from trading_ecosystem.api.streams.subscriber import StreamLimits
from trading_ecosystem.demo_account import seed_demo_account
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.exchange import CancelOrder, PlaceOrder, QuoteChanged
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.serving import ServeOptions, serving

MANY = 1_000 if CAMPAIGN else 50
BATCHES = 100
STREAM = "/api/v1/stream"


@asynccontextmanager
async def served(tmp_path, **options):
    """A small living ecosystem, and the address of its sockets."""
    wide = {"per_key": RateLimit(10_000.0, 10_000), **options}
    async with serving(ServeOptions(port=0, keys=tmp_path / "keys", scenario="living_market", **wide)) as server:
        yield server, server.url.replace("http", "ws")


def key_of(server, *scopes, accounts=("demo",)):
    return server.keys.create("a test", scopes or [Scope.READ], accounts)


def bearer(key):
    return {"additional_headers": {"authorization": f"Bearer {key.token}"}, "proxy": None, "ping_interval": None}


async def said(connection):
    return json.loads(await asyncio.wait_for(connection.recv(), 20))


async def asked(connection, **operation):
    """Send an operation; its answer, and what came with it."""
    await connection.send(json.dumps(operation))
    rest = []
    while True:
        for message in await said(connection):
            if "op" in message:
                return message, rest
            rest.append(message)


async def drained(connection):
    """Read what is still on its way, until the connection is closed."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await asyncio.wait_for(connection.recv(), 20)


def signed(server, key, path=STREAM, nonce="nonce-0001"):
    stamp = str(time.time_ns() // 1_000_000)
    signature = hmac.digest(key.secret.encode(), text_to_sign(stamp, nonce, "GET", path, b""), "sha256").hex()
    return {"key": key.id, "timestamp": stamp, "nonce": nonce, "signature": signature}


def quote(update, instrument="BTC/USD"):
    message = QuoteChanged("exchange-alpha", instrument, update, 5_999_000 + update, 1, 6_000_000 + update, 1)
    return Entry(10**9 + update, 1_772_438_400_000_000_000, EntryKind.SAID, "exchange-alpha", None, 1, message)


async def refused(address, **options):
    with pytest.raises(InvalidStatus) as error:
        await websockets.connect(address, **options)
    return error.value.response.status_code, json.loads(error.value.response.body)["type"]


def test_a_key_gets_in_by_header_subprotocol_login_or_signature_and_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setattr(web_socket, "LOGIN_WITHIN", 0.3)

    async def story():
        async with served(tmp_path) as (server, url):
            key, trader = key_of(server), key_of(server, Scope.TRADE)
            async with websockets.connect(url + STREAM, **bearer(key)) as one:
                assert (await asked(one, op="ping", id="7"))[0] == {"op": "pong", "id": "7"}
            offered = ["trading-ecosystem.v1", f"bearer.{key.token}"]
            async with websockets.connect(url + STREAM, subprotocols=offered, proxy=None) as one:
                assert one.subprotocol == "trading-ecosystem.v1"
                assert (await asked(one, op="ping"))[0] == {"op": "pong"}
            async with websockets.connect(url + STREAM, proxy=None) as one:
                answer, _ = await asked(one, op="login", token=key.token)
                assert {"quotes", "depth", "fills", "alerts", "heartbeats"} <= set(answer["channels"])
            login = signed(server, key)
            async with websockets.connect(url + STREAM, proxy=None) as one:
                assert (await asked(one, op="login", **login))[0]["op"] == "login"
            headers = {f"X-{name.title()}": value for name, value in signed(server, key, nonce="nonce-0002").items()}
            async with websockets.connect(url + STREAM, additional_headers=headers, proxy=None) as one:
                assert (await asked(one, op="ping"))[0] == {"op": "pong"}
            for wrong in (login, {"token": "te_no"}, {}, {"token": trader.token}):
                async with websockets.connect(url + STREAM, proxy=None) as one:
                    answer, _ = await asked(one, op="login", **wrong)
                    assert answer["problem"]["status"] in (401, 403)
                    with pytest.raises(ConnectionClosed) as closed:
                        await one.recv()
                    assert closed.value.rcvd.code == 4000 + answer["problem"]["status"]
            async with websockets.connect(url + STREAM, proxy=None) as one:
                await one.wait_closed()
                assert (one.close_code, one.close_reason) == (4401, "no login within 0.3 s")
            assert await refused(url + STREAM, **bearer(trader)) == (403, "/problems/not-allowed")
            assert await refused(url + "/control/v1/stream", **bearer(key)) == (403, "/problems/not-allowed")
            assert await refused(url + "/audit/v1/stream", **bearer(key)) == (403, "/problems/not-allowed")
            assert await refused(url + "/api/v1/other", **bearer(key)) == (404, "/problems/not-found")
            wrong_token = {"additional_headers": {"authorization": "Bearer te_wrong"}, "proxy": None, "ping_interval": None}
            assert await refused(url + STREAM, **wrong_token) == (401, "/problems/not-authenticated")

    asyncio.run(story())


def test_operations_are_acknowledged_or_refused_one_by_one_and_bounded(tmp_path):
    async def story():
        async with served(tmp_path, streams=StreamLimits(connections_per_key=1)) as (server, url):
            key = key_of(server)
            async with websockets.connect(url + STREAM, **bearer(key)) as one:
                assert (await refused(url + STREAM, **bearer(key)))[0] == 429
                answer, _ = await asked(one, op="subscribe", id="a", channel="quotes", instrument="BTC-USD")
                assert answer == {"op": "subscribe", "id": "a", "subscription": 1}
                answer, _ = await asked(one, op="subscribe", channel="depth", venue="exchange-alpha", instrument="BTC/USD")
                assert answer["subscription"] == 2
                wrong = [
                    ({"op": "subscribe", "channel": "quotes", "instrument": "BTC/USD"}, 409),
                    ({"op": "subscribe", "channel": "quotes", "venue": "nowhere"}, 404),
                    ({"op": "subscribe", "channel": "quotes", "instrument": "NO/SUCH"}, 404),
                    ({"op": "subscribe", "channel": "faults"}, 404),
                    ({"op": "subscribe", "channel": "fills", "account": "fund"}, 403),
                    ({"op": "subscribe", "channel": "fills", "conflate": True}, 400),
                    ({"op": "subscribe", "channel": "fills", "extra": 1}, 400),
                    ({"op": "unsubscribe", "subscription": 9}, 404),
                    ({"op": "login", "token": key.token}, 400),
                    ({"op": "jump"}, 400),
                    ({"op": "ping", "id": "x" * 5_000}, 400),
                ]
                for operation, status in wrong:
                    answer, _ = await asked(one, **operation)
                    assert answer["problem"]["status"] == status, (operation, answer)
                for text in ("", "nonsense", "[]", "NaN", '{"op":', "\x00"):
                    await one.send(text)
                    assert [m for m in await said(one) if "problem" in m or "number" in m]
                await one.send(b"\x00\x01")
                answer, _ = await asked(one, op="unsubscribe", subscription=1)
                depth = []
                while len(depth) < 3:
                    depth += [m for m in await said(one) if m.get("channel") == "depth"]
                assert depth[0]["type"] in ("DepthSnapshot", "DepthDifference")
                for _ in range(400):
                    await one.send('{"op":"ping"}')
                await drained(one)
                assert one.close_code == 4429

    asyncio.run(story())


def test_many_hear_every_quote_in_order_and_one_that_does_not_read_is_cut(tmp_path, monkeypatch):
    # A machine that is busy with a thousand listeners may come late to read the reason.
    monkeypatch.setattr(web_server, "SLOWEST_CLOSE", 60.0)
    first, last = 10**6, 10**6 + 10 * BATCHES - 1

    async def listens(url, key, ready, newest, which):
        """Hear one instrument to the end: every number follows the one before, and no quote is missing."""
        async with websockets.connect(url + STREAM, **bearer(key)) as one:
            await asked(one, op="subscribe", channel="quotes", venue="exchange-alpha", instrument="BTC/USD")
            ready.append(one)
            number, updates = None, []
            while not updates or updates[-1] != last:
                for message in await said(one):
                    if "number" in message:
                        assert number is None or message["number"] == number + 1
                        number = message["number"]
                        updates += [message["update"]] if message["update"] >= first else []
                newest[which] = updates[-1] if updates else 0
            return updates

    async def reads_once_cut(server, stalled):
        while not server.hub.counts.cut:
            await asyncio.sleep(0.05)
        await drained(stalled)

    async def story():
        limits = StreamLimits(waiting_messages=2_000, connections_per_key=MANY + 1)
        async with served(tmp_path, streams=limits) as (server, url), asyncio.timeout(400):
            key, ready, newest = key_of(server), [], [0] * MANY
            listening = [asyncio.create_task(listens(url, key, ready, newest, which)) for which in range(MANY)]
            while len(ready) < MANY:
                await asyncio.sleep(0.01)
            narrow = socket.socket()
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            narrow.setblocking(False)
            await asyncio.get_running_loop().sock_connect(narrow, server.addresses[0])
            stalled = await websockets.connect(url + STREAM, **bearer(key), sock=narrow, max_queue=1)
            await stalled.send('{"op":"subscribe","channel":"quotes"}')
            while server.hub.counts.subscriptions <= MANY:
                await asyncio.sleep(0.01)
            reading = asyncio.create_task(reads_once_cut(server, stalled))
            for batch in range(BATCHES):
                # Whoever does not read hears more than the others, so that everything on the way to it is full in time.
                heavy = [quote(batch, "ETH/USD")] * 1_500
                server.hub.tell([*heavy, *(quote(first + 10 * batch + n) for n in range(10))])
                # Listeners and server share this loop: it goes on when the listeners have not much left to read.
                while min(newest) < first + 10 * (batch - 5) and not any(one.done() for one in listening):
                    await asyncio.sleep(0.001)
                await asyncio.sleep(0)
            heard = await asyncio.gather(*listening)
            assert server.hub.counts.cut == 1
            await reading
            assert stalled.close_code == 4408
            assert "too slow" in stalled.close_reason
            assert all(updates == list(range(first, last + 1)) for updates in heard)

    asyncio.run(story())


def test_a_stopping_server_says_so_and_a_revoked_key_is_out_at_once(tmp_path):
    async def story():
        async with served(tmp_path) as (server, url):
            key, revoked = key_of(server), key_of(server)
            staying = await websockets.connect(url + STREAM, **bearer(key))
            leaving = await websockets.connect(url + STREAM, **bearer(revoked))
            server.keys.revoke(revoked.id)
            await asyncio.wait_for(leaving.wait_closed(), 20)
            assert (leaving.close_code, leaving.close_reason) == (4401, "the key was revoked")
            assert server.hub.counts.subscribers == 1
        await asyncio.wait_for(staying.wait_closed(), 20)
        assert (staying.close_code, staying.close_reason) == (1001, "the server is stopping")

    asyncio.run(story())


def test_own_orders_arrive_in_their_order_for_their_owner_alone(tmp_path):
    async def story():
        async with served(tmp_path) as (server, url):
            demo = await seed_demo_account(server.gateway)
            owner, other = key_of(server, accounts=(demo.account,)), key_of(server, accounts=("demo/nobody",))
            trader = Caller("trader", frozenset({Scope.TRADE}), (demo.account,))
            address = url + STREAM
            async with websockets.connect(address, **bearer(owner)) as one, websockets.connect(address, **bearer(other)) as two:
                for connection in (one, two):
                    for channel in ("orders", "balances", "heartbeats"):
                        assert "subscription" in (await asked(connection, op="subscribe", channel=channel))[0]
                kinds = Side.BUY, OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL
                await server.gateway.command(
                    trader, PlaceOrder(demo.venue, demo.account, "mine-1", "BTC/USD", *kinds, 1_000_000, 100_000)
                )
                await server.gateway.command(trader, CancelOrder(demo.venue, demo.account, "mine-1"))
                heard = []
                while not any(m.get("type") == "OrderCancelled" for m in heard):
                    heard += [m for m in await said(one) if m["channel"] != "heartbeats"]
                orders = [m for m in heard if m["channel"] == "orders"]
                assert [(m["type"], m["number"]) for m in orders] == [("OrderAccepted", 1), ("OrderCancelled", 2)]
                assert (orders[0]["price"], orders[0]["quantity"], orders[0]["client_order_id"]) == ("10000", "0.1", "mine-1")
                assert {m["account"] for m in heard} == {demo.account}
                assert [m["reason"] for m in heard if m["type"] == "ClaimChanged"] == ["held", "returned"]
                beats = 0
                while beats < 2:
                    heard = await said(two)
                    assert {m["channel"] for m in heard} == {"heartbeats"}
                    beats += len(heard)

    asyncio.run(story())


async def bare_socket(server, key):
    """A WebSocket that answers nothing: not even a ping."""
    reader, writer = await asyncio.open_connection(*server.addresses[0])
    writer.write(
        f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer {key.token}\r\n\r\n".encode()
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 101")
    return reader, writer


async def nobody_left(server):
    async with asyncio.timeout(20):
        while server.hub.counts.subscribers:
            await asyncio.sleep(0.02)


def test_peers_that_vanish_go_silent_or_say_too_much_leave_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(web_server, "PING_EVERY", 0.5)
    monkeypatch.setattr(web_server, "PING_WITHIN", 0.5)

    async def story():
        async with served(tmp_path) as (server, url):
            key = key_of(server)
            talkative = await websockets.connect(url + STREAM, **bearer(key))
            await talkative.send("x" * 100_000)
            await talkative.wait_closed()
            assert talkative.close_code == 1009
            await nobody_left(server)
            vanishing = await websockets.connect(url + STREAM, **bearer(key))
            await asked(vanishing, op="subscribe", channel="quotes")
            vanishing.transport.abort()
            await nobody_left(server)
            assert server.hub.counts.subscriptions == 0
            reader, writer = await bare_socket(server, key)
            await asyncio.wait_for(reader.read(), 20)
            await nobody_left(server)
            writer.close()
            _, half_writer = await bare_socket(server, key)
            half_writer.write(b"\x81")
            half_writer.write_eof()
            await nobody_left(server)
            half_writer.close()
            async with websockets.connect(url + STREAM, **bearer(key)) as one:
                assert (await asked(one, op="ping"))[0] == {"op": "pong"}

    asyncio.run(story())
