"""Bad input of every kind over real sockets: a clear 4xx or a closed connection, and a server that is as well as before."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from typing import Any
from unittest import mock

import httpx
import pytest
from tests.campaign import CAMPAIGN
from tests.end_to_end.doors import ALPHA, Doors, doors, ok
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from trading_ecosystem import serving
from trading_ecosystem.api import web_server
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.rate_limits import RateLimit
from trading_ecosystem.api.rest import doorway
from trading_ecosystem.api.streams import web_socket
from trading_ecosystem.api.web_server import WebServer

ACCOUNT = "anna"
ORDERS = "/api/v1/orders"
SOON = 0.4
"""What ten seconds of patience are in these tests."""
MOST = 40
"""Connections that this server takes."""
ENDED = 15.0
"""Seconds within which a connection has to be over, on a machine that is busy."""


class Server(Doors):
    """A server of which the connections can be counted."""

    token: str
    web_servers: list[WebServer]

    @property
    def port(self) -> int:
        return self.serving.addresses[0][1]

    def open_connections(self) -> int:
        return sum(len(one._server.server_state.connections) for one in self.web_servers)

    def tasks(self) -> int:
        async def count() -> int:
            return len(asyncio.all_tasks())

        return self.do(count())


@pytest.fixture(scope="module")
def door() -> Iterator[Server]:
    made: list[WebServer] = []

    def remembering(*args: Any, **kwargs: Any) -> WebServer:
        made.append(WebServer(*args, **kwargs))
        return made[-1]

    generous = RateLimit(1e6, 1_000_000)
    shorter = [
        mock.patch.object(web_server, "SLOWEST_HEAD", SOON),
        mock.patch.object(web_server, "SLOWEST_READER", SOON),
        mock.patch.object(web_server, "SLOWEST_CLOSE", SOON),
        mock.patch.object(web_server, "CONNECTIONS", MOST),
        mock.patch.object(doorway, "SLOWEST_BODY", SOON),
        mock.patch.object(web_socket, "LOGIN_WITHIN", SOON),
        mock.patch.object(serving, "WebServer", remembering),
    ]
    for one in shorter:
        one.start()
    try:
        with doors(per_key=generous, per_stranger=generous) as running:
            running.__class__ = Server
            assert isinstance(running, Server)
            running.web_servers = made
            running.token = running.serving.keys.create("test", tuple(Scope), ("*",)).token
            with client_of(running) as client:
                ok(client.post("/api/v1/accounts", json={"venue": ALPHA, "account": ACCOUNT}), 201)
                money = {"account": ACCOUNT, "asset": "USD", "amount": "2000000", "transfer_id": "in-1"}
                ok(client.post("/api/v1/custody/deposits", json=money), 201)
                ok(client.post("/api/v1/custody/pledges", json={**money, "venue": ALPHA, "transfer_id": "to-alpha"}), 201)
            running.advance(2)
            yield running
    finally:
        for one in shorter:
            one.stop()


def client_of(door: Server) -> httpx.Client:
    headers = {"authorization": f"Bearer {door.token}"}
    return httpx.Client(base_url=door.serving.url, headers=headers, trust_env=False, timeout=30.0)


@pytest.fixture(autouse=True)
def well_afterwards(door: Server) -> Iterator[None]:
    """After each test: alive, ready, an order works, and nothing of what was opened is left."""
    tasks, connections = door.tasks(), door.open_connections()
    yield
    eventually(lambda: door.open_connections() <= connections, f"{connections} connections before")
    eventually(lambda: door.tasks() <= tasks, f"{tasks} tasks before")
    with client_of(door) as client:
        assert ok(client.get("/health"))["status"] == "ok"
        assert ok(client.get("/ready")) == {"ready": True}
        placed = ok(client.post(ORDERS, json=order()), 201)
        assert placed["status"] == "new"
        params = {"account": ACCOUNT}
        ok(client.delete(f"{ORDERS}/{ALPHA}/{placed['client_order_id']}", params=params))


def eventually(holds: Any, what: str) -> None:
    due = time.monotonic() + ENDED
    while not holds():
        assert time.monotonic() < due, what
        time.sleep(0.02)


def order(**changes: Any) -> dict[str, Any]:
    body = {"venue": ALPHA, "account": ACCOUNT, "instrument": "BTC/USD", "side": "buy", "type": "limit"}
    return body | {"price": "20000", "quantity": "0.001", "client_order_id": secrets.token_hex(6)} | changes


def head(door: Server, method: str = "POST", path: str = ORDERS, **headers: Any) -> bytes:
    """A request's head, without its end."""
    usual = {"host": "x", "authorization": f"Bearer {door.token}", "content-type": "application/json"}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in (usual | headers).items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n"


class Raw:
    """One connection on which anything can be said."""

    def __init__(self, door: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", door.port), timeout=ENDED)

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def say_until_closed(self, data: bytes) -> None:
        """Say the same again and again, until the server does not listen any more, which it has to before long."""
        try:
            for _ in range(5_000):
                self.socket.sendall(data)
        except ConnectionError:
            return
        raise AssertionError("the server listens on")

    def rest(self) -> bytes:
        """Everything until the server closes the connection, which it has to in time."""
        parts = []
        try:
            while part := self.socket.recv(65536):
                parts.append(part)
        except ConnectionError:
            pass
        return b"".join(parts)


def entries(door: Server) -> int:
    return door.serving.ecosystem.kernel.entries


DEEP = 50_000
WRONG_BODIES: dict[str, bytes] = {
    "nothing": b"",
    "half an object": b"{",
    "null": b"null",
    "a list": b"[]",
    "a string": b'"order"',
    "a number": b"1",
    "no field": b"{}",
    "words": b"buy me a bitcoin",
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(order()).encode(),
    "UTF-16": json.dumps(order()).encode("utf-16"),
    "invalid UTF-8": json.dumps(order()).encode().replace(b"anna", b"ann\xff"),
    "overlong UTF-8": json.dumps(order()).encode().replace(b"anna", b"ann\xc0\xaf"),
    "half a surrogate": json.dumps(order()).encode().replace(b"anna", b"ann\\ud800"),
    "NUL": json.dumps(order()).encode().replace(b"anna", b"an\x00a"),
    "NUL in an escape": json.dumps(order()).encode().replace(b"anna", b"an\\u0000a"),
    "rubbish after": json.dumps(order()).encode() + b"}",
    "two bodies": json.dumps(order()).encode() * 2,
    "comment": b"/* now */" + json.dumps(order()).encode(),
    "single quotes": json.dumps(order()).replace('"', "'").encode(),
    "deep lists": b"[" * DEEP,
    "deep objects": b'{"terms":' * (DEEP // 9),
    "deep unknown field": b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "many fields": json.dumps({f"field{number}": 1 for number in range(3_000)}).encode(),
    **{f"price {text}": json.dumps(order()).replace('"20000"', text).encode() for text in (
        "NaN", "Infinity", "-Infinity",
        "nan", "1e999", "20000", "1" * 5_000, "1e-400", "true", "null1", "[]", "{}", "-0", '"NaN"',
        '"nan"', '"Infinity"', '"-inf"', '"1e3"', '"1E3"', '"0x10"', '"1_000"',
        '" 1"', '"1 "', '"+1"', '".5"', '"1."', '"--1"',
        '""', '"1,000"', '"\\u0661"', '"\\uff11"', '"1\\n"',
        '"' + "9" * 60_000 + '"', '"' + "9" * 40 + '"', '"0.' + "0" * 40 + '1"',
    )},
    **{f"{name} as {text}": json.dumps(order(**{name: "?"})).replace('"?"', text).encode() for name, texts in {
        "side": ("1", '"BUY"', '"hold"', "null", "true", "[]"),
        "type": ('"stop-everything"', "3", "{}"),
        "quantity": ("1", "1.5", "NaN", '"-"'),
        "venue": ("null", "7", '""', '"../../etc/passwd"', '"a\\r\\nb"', '"' + "a" * 64 + '"'),
        "account": ("null", '""', '"*"', '"anna/"', '"/anna"', '"anna//one"', '"../anna"', '"anna\\u0000"',
                    '"ANNA"', '"%61nna"'),
        "client_order_id": ('""', '"' + "a" * 37 + '"', '"a b"', '"a\\nb"', '"a\\r\\nset-cookie: b"', "5", '"é"', "[]"),
        "instrument": ("1", '"' + "B" * 100 + '"', "[]"),
        "post_only": ('"yes"', "1", "NaN"),
        "terms": ('"none"', "[]", '{"hidden":"yes"}', '{"unknown":1}', '{"expires_at":"tomorrow"}', '{"expires_at":1}'),
        "unknown": ("1", "null"),
        "sequence": ("1",),
    }.items() for text in texts},
}  # fmt: skip


def test_a_body_that_is_no_order_is_told_so(door: Server) -> None:
    with client_of(door) as client:
        before = entries(door)
        for what, body in WRONG_BODIES.items():
            answer = client.post(ORDERS, content=body, headers={"content-type": "application/json"})
            assert answer.status_code in (400, 413), (what, answer.status_code, answer.text)
            assert answer.headers["content-type"] == "application/problem+json", what
            assert answer.json()["detail"], what
            assert len(answer.content) < 2_000, what
        assert entries(door) == before


def test_refused_amounts_are_refused_by_whoever_they_are_meant_for(door: Server) -> None:
    with client_of(door) as client:
        for changes in (
            {"quantity": "0"},
            {"quantity": "-1"},
            {"price": "0"},
            {"price": "-20000"},
            {"price": "0.001"},
            {"quantity": "0.00000001"},
            {"quantity": "9" * 17},
            {"price": "9" * 17},
        ):
            answer = client.post(ORDERS, json=order(**changes))
            assert answer.status_code in (400, 422), (changes, answer.text)
            assert answer.json()["detail"]


def test_an_id_serves_once(door: Server) -> None:
    with client_of(door) as client:
        first = order()
        one = ok(client.post(ORDERS, json=first), 201)
        before = entries(door)
        again = ok(client.post(ORDERS, json=first), 201)
        assert again["order_id"] == one["order_id"]
        for changes in ({"price": "20001"}, {"quantity": "0.002"}, {"side": "sell"}, {"post_only": True}):
            answer = client.post(ORDERS, json=first | changes)
            assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict"), answer.text
        assert entries(door) - before < 20
        ok(client.delete(f"{ORDERS}/{ALPHA}/{first['client_order_id']}", params={"account": ACCOUNT}))


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", "", "a", "*/*",
                   "application/json; charset=utf-16", "application/x-msgpack", "multipart/form-data; boundary=", "\xe9"]
)  # fmt: skip
def test_other_content_types_are_no_way_around(door: Server, media_type: str) -> None:
    with client_of(door) as client:
        for body in (json.dumps(order()).encode(), b"\x81\xa1a\x01", b"a=1&b=2", b"--x\r\n\r\n--x--", b"\xff\xfe"):
            answer = client.post(ORDERS, content=body, headers={"content-type": media_type.encode("latin-1")})
            assert answer.status_code in (201, 400, 415), answer.text
            assert answer.status_code == 400 or body.startswith(b"{")


def test_paths_and_queries_that_make_no_sense(door: Server) -> None:
    wrong = [
        "/page/../../../etc/passwd",
        "/page/..%2f..%2fetc%2fpasswd",
        "/page/%2e%2e/%2e%2e/etc/passwd",
        "/page/%00",
        "/docs/../app.py",
        "/docs/%2e%2e%2fapp.py",
        "//etc/passwd",
        "/api/v1/venues/..%2f..%2f",
        "/api/v1/venues/%00",
        "/api/v1/venues/%ff%fe",
        "/api/v1/venues/a%0d%0aset-cookie:%20b=c",
        "/api/v1/venues/" + "a" * 20_000,
        "/api/v1/venues/%F0%9F%92%A3",
        "/api/v1/orders?account=%00",
        "/api/v1/orders?account=%ff",
        "/api/v1/orders?account=anna&account=anna",
        "/api/v1/orders?account=anna&limit=0",
        "/api/v1/orders?account=anna&limit=-1",
        "/api/v1/orders?account=anna&limit=1e3",
        "/api/v1/orders?account=anna&limit=NaN",
        "/api/v1/orders?account=anna&limit=99999999999999999999999999",
        "/api/v1/orders?account=anna&cursor=" + "A" * 5_000,
        "/api/v1/orders?account=anna&cursor=%00",
        "/api/v1/orders?account=anna&cursor=e30=",
        "/api/v1/orders?account=anna&status=all",
        "/api/v1/orders?account=anna&unknown=1",
        "/api/v1/orders?account=" + "a" * 30_000,
        "/api/v1/orders?" + "&".join(f"a{number}=1" for number in range(3_000)),
        "/api/v1/orders?account=anna%27%20OR%201=1--",
        "/api/v1/candles/BTC-USD?interval=0",
        "/api/v1/depth/exchange-alpha/BTC%2fUSD%2f..",
        "/audit/v1/events/99999999999999999999999999",
        "/audit/v1/events/-1",
        "/" + "a" * 30_000,
    ]
    with client_of(door) as client:
        before = entries(door)
        for path in wrong:
            answer = client.get(httpx.URL(door.serving.url, raw_path=path.encode()))
            assert answer.status_code in (400, 404), (path[:80], answer.status_code, answer.text[:300])
            assert "set-cookie" not in answer.headers
            assert len(answer.content) < 30_000, path[:80]
            assert "root:" not in answer.text
        assert entries(door) == before


def test_headers_that_make_no_sense(door: Server) -> None:
    with client_of(door) as client:
        params = {"account": ACCOUNT}
        for value in (b"x", b"0" * 16, b"\xff" * 16, b"f" * 16, b"-1", b"1" * 10_000, b"", b"0x1", b"1" * 15):
            answer = client.get(ORDERS, params=params, headers={"x-position": value})
            assert answer.status_code == 400, value
        for value in (b"", b"a b", b"a" * 37, b"\xe9", b"../..", b'"a"'):
            body = order()
            del body["client_order_id"]
            answer = client.post(ORDERS, json=body, headers={"idempotency-key": value})
            assert answer.status_code == 400, value
        for value in (b"Bearer", b"bearer \xff", b"Bearer " + b"a" * 20_000, b"Digest x", b"\xff", b""):
            assert client.get(ORDERS, params=params, headers={"authorization": value}).status_code == 401, value
        for value in (b"a\xe9", b"a" * 65, b"a;b"):
            answer = client.get(ORDERS, params=params, headers={"x-request-id": value})
            assert answer.headers["x-request-id"].encode("latin-1") != value


def test_a_body_that_is_too_large_is_refused_before_it_is_read(door: Server) -> None:
    with Raw(door) as raw:
        raw.say(head(door, content_length=10**9) + b"\r\n")
        assert raw.rest().startswith(b"HTTP/1.1 413 ")
    with Raw(door) as raw:
        raw.say(head(door, transfer_encoding="chunked") + b"\r\n")
        raw.say_until_closed(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
    with client_of(door) as client:
        assert client.post(ORDERS, content=b"x" * (doorway.LARGEST_BODY + 1)).status_code == 413
        # One byte less is read, and is no order.
        assert client.post(ORDERS, content=b"x" * doorway.LARGEST_BODY).status_code == 400


@pytest.mark.parametrize("value", ["-1", "abc", "1e3", "99999999999999999999999999", "1, 2", "0x10", "+5", ""])
def test_a_content_length_that_is_none(door: Server, value: str) -> None:
    with Raw(door) as raw:
        raw.say(head(door, content_length=value) + b"\r\n{}")
        assert raw.rest()[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 408", b"")


@pytest.mark.parametrize(
    "said",
    [
        b"\x00" * 1000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nbad header: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\na: b\x00c\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n: x\r\n\r\n",
        b"POST /api/v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
        b"POST /api/v1/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST /api/v1/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/v1/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"CONNECT elsewhere.example:443 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET http://elsewhere.example/ HTTP/1.1\r\nhost: elsewhere.example\r\nconnection: close\r\n\r\n",
        os.urandom(5_000),
    ],
)
def test_what_is_no_request(door: Server, said: bytes) -> None:
    before = entries(door)
    with Raw(door) as raw:
        raw.say(said)
        answer = raw.rest()
        assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 200")), answer[:200]
        if answer.startswith(b"HTTP/1.1 200"):
            assert said.startswith(b"GET http://")
    assert entries(door) == before


def test_a_head_that_is_too_large_or_never_ends(door: Server) -> None:
    with Raw(door) as raw:
        raw.say(head(door))
        raw.say_until_closed(b"x-more: " + b"a" * 8_000 + b"\r\n")
    with Raw(door) as raw:
        raw.say(head(door, **{"x-filler": "a" * web_server.LARGEST_HEAD * 3}))
        assert raw.rest().startswith(b"HTTP/1.1 431 ")
    with Raw(door) as raw:
        raw.say(b"GET /" + b"a" * 1_000)
        assert raw.rest() == b""


def test_slow_heads_bodies_and_silence_are_not_waited_for(door: Server) -> None:
    """Slow-loris: a byte now and then, and sockets that say nothing at all. A body is answered, a head is not."""
    many = MOST - 10
    silent = [Raw(door) for _ in range(many // 3)]
    slow_heads = [Raw(door) for _ in range(many // 3)]
    slow_bodies = [Raw(door) for _ in range(many // 3)]
    for raw in slow_heads:
        raw.say(head(door)[:30])
    for raw in slow_bodies:
        raw.say(head(door, content_length=1_000) + b"\r\n{")
    chunked = Raw(door)
    chunked.say(head(door, transfer_encoding="chunked") + b"\r\n1\r\n{\r\n")
    for _ in range(3):
        time.sleep(SOON / 8)
        for raw in (*slow_heads, *slow_bodies):
            raw.say(b"a")
    for raw in (*silent, *slow_heads):
        assert raw.rest() == b""
    for raw in (*slow_bodies, chunked):
        answer = raw.rest()
        assert answer.startswith(b"HTTP/1.1 408 "), answer
        assert b"/problems/too-slow" in answer
    for raw in (*silent, *slow_heads, *slow_bodies, chunked):
        raw.socket.close()


def test_a_peer_that_does_not_read_its_answers_is_given_up(door: Server) -> None:
    with Raw(door) as raw:
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        asked = head(door, "GET", "/openapi.json") + b"\r\n"
        raw.socket.settimeout(1.0)
        try:
            for _ in range(2_000):
                raw.say(asked)
        except (TimeoutError, ConnectionError):
            pass
        eventually(lambda: door.open_connections() == 0, "the connection is open")


def test_a_peer_that_goes_in_the_middle(door: Server) -> None:
    before = entries(door)
    for said in (b"", b"POST", head(door), head(door, content_length=500) + b'\r\n{"venue":'):
        with Raw(door) as raw:
            raw.say(said)
            # Reset, not closed: nothing is on its way to tell of it but that.
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    with Raw(door) as raw:
        raw.say(head(door, content_length=500) + b'\r\n{"venue":')
        raw.socket.shutdown(socket.SHUT_WR)
        assert raw.rest()[:12] in (b"", b"HTTP/1.1 400")
    assert entries(door) == before


def test_connections_beyond_the_bound_are_refused_and_room_comes_back(door: Server) -> None:
    flood = [Raw(door) for _ in range(MOST + 5)]
    with client_of(door) as client:
        assert client.get("/health").status_code == 503
    for raw in flood:
        assert raw.rest() == b""
        raw.socket.close()
    eventually(lambda: door.open_connections() == 0, "connections are open")


def test_many_requests_on_one_connection_are_answered_in_order(door: Server) -> None:
    """Pipelined: what is said before an answer is there waits for its turn."""
    count = 500 if CAMPAIGN else 50
    with Raw(door) as raw:
        one = b"GET /nothing/%d HTTP/1.1\r\nhost: x\r\nx-request-id: r%d\r\n\r\n"
        raw.say(b"".join(one % (number, number) for number in range(count)))
        raw.say(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answers = raw.rest()
    at = [answers.index(b"x-request-id: r%d\r\n" % number) for number in range(count)]
    assert at == sorted(at)
    assert answers.count(b"HTTP/1.1 401 ") == count
    assert answers.count(b"HTTP/1.1 200 ") == 1


def stream(door: Server, token: str | None = "") -> ClientConnection:
    headers = {} if token is None else {"authorization": f"Bearer {token or door.token}"}
    url = door.serving.url.replace("http", "ws") + "/api/v1/stream"
    return connect(url, additional_headers=headers, proxy=None, close_timeout=2)


def heard(connection: ClientConnection) -> list[Any]:
    messages: list[Any] = json.loads(connection.recv(ENDED))
    return messages


WRONG_OPERATIONS = [
    "", "{", "null", "[]", "1", '"ping"', "{}", '{"op":1}', '{"op":"fly"}', '{"op":"ping","extra":1}', '{"op":"ping","id":1}',
    '{"op":"ping","id":"' + "a" * 65 + '"}',
    "[" * 3_000,
    '{"a":' + "[" * 3_000 + "]" * 1_000, '{"op":"ping","a":' + "[" * 3_000,
    '{"op":' * 600, '{"op":"subscribe"}', '{"op":"subscribe","channel":"x"}',
    '{"op":"subscribe","channel":"quotes","venue":7}', '{"op":"subscribe","channel":"quotes","venue":"nowhere"}',
    '{"op":"subscribe","channel":"quotes","instrument":"DOGE/USD","account":"*"}', '{"op":"unsubscribe","subscription":0}',
    '{"op":"unsubscribe","subscription":-1}', '{"op":"unsubscribe","subscription":1e99}',
    '{"op":"unsubscribe","subscription":77}',
    '{"op":"unsubscribe","subscription":99999999999999999999999}', '{"op":"subscribe","channel":"fills","account":"anna/"}',
    '{"op":"login","token":"te_no"}', '{"op":"subscribe","channel":"faults"}', '{"op":"subscribe","channel":"entries"}',
    "\x00", '{"op":"ping","id":"\\ud800"}', "a" * 5_000,
]  # fmt: skip


def test_operations_that_make_no_sense_are_refused_one_by_one(door: Server) -> None:
    with stream(door) as one:
        for text in WRONG_OPERATIONS:
            one.send(text)
            (answer,) = heard(one)
            assert 400 <= answer["problem"]["status"] < 500, (text[:80], answer)
        for data in (b"", b"\x00\xff", b'{"op":"ping"}'):
            one.send(data)
            (answer,) = heard(one)
            assert answer["problem"]["status"] == 400, data
        one.send('{"op":"ping"}')
        assert heard(one) == [{"op": "pong"}]


def closed(connection: ClientConnection) -> int:
    """The code with which the server ends the connection."""
    try:
        while True:
            connection.recv(ENDED)
    except ConnectionClosed as error:
        return 0 if error.rcvd is None else error.rcvd.code


def test_what_a_stream_does_not_bear_ends_it(door: Server) -> None:
    with stream(door) as one:
        one.send("a" * (web_server.LARGEST_FRAME + 1))
        assert closed(one) in (1009, 0)
    with stream(door) as one:
        with contextlib.suppress(ConnectionClosed):  # the server ends it at the part that is too much, sent or not
            one.send(f"{'a' * 1_000}" for _ in range(web_server.LARGEST_FRAME // 1_000 + 2))
        assert closed(one) in (1009, 0)
    with stream(door) as one:
        one.socket.sendall(b"\x81\x84\x00\x00\x00\x00\xff\xfe\xfd\xfc")
        assert closed(one) == 1007
    with stream(door) as one:
        one.socket.sendall(b"\x81\x02{}")
        assert closed(one) in (1002, 0)
    with stream(door) as one:
        one.socket.sendall(b"\xff" * 100)
        assert closed(one) in (1002, 0)
    with stream(door) as one:
        for _ in range(int(web_socket.OPERATIONS.burst) + 200):
            try:
                one.send('{"op":"ping"}')
            except ConnectionClosed:
                break
        assert closed(one) == 4429
    with stream(door, None) as one:
        assert closed(one) == 4401
    for said in ("{", '{"op":"ping"}', b"\x00", '{"op":"login"}', '{"op":"login","token":"' + "a" * 300 + '"}'):
        with stream(door, None) as one:
            one.send(said)
            assert closed(one) in (4400, 4401), said
    assert door.serving.hub.subscribers == 0


def test_streams_that_are_left_open_half_way(door: Server) -> None:
    shake = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    wrong = {
        "no version": head(door, "GET", "/api/v1/stream") + shake + b"\r\n",
        "old version": head(door, "GET", "/api/v1/stream") + shake + b"Sec-WebSocket-Version: 7\r\n\r\n",
        "no key": head(door, "GET", "/api/v1/stream") + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "another protocol": head(door, "GET", "/api/v1/stream") + shake.replace(b"websocket", b"h2c", 1) + b"\r\n",
        "no such path": head(door, "GET", "/api/v1/orders") + shake + b"Sec-WebSocket-Version: 13\r\n\r\n",
        "posted": head(door, "POST", "/api/v1/stream") + shake + b"Sec-WebSocket-Version: 13\r\n\r\n",
    }
    for what, said in wrong.items():
        with Raw(door) as raw:
            raw.say(said)
            raw.socket.shutdown(socket.SHUT_WR)
            answer = raw.rest()
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), (what, answer[:200])
    for said in (b"", b"\x81", b"\x81\xfe\xff", b"\x01\x80\x00\x00\x00\x00"):
        with Raw(door) as raw:
            raw.say(head(door, "GET", "/api/v1/stream") + shake + b"Sec-WebSocket-Version: 13\r\n\r\n")
            assert raw.socket.recv(4_096).startswith(b"HTTP/1.1 101 ")
            raw.say(said)
    eventually(lambda: door.serving.hub.subscribers == 0, "somebody is listened to")
