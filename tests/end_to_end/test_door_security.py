"""Signed requests over the wire, headers of every answer, limits, TLS: what the doors do beside the routes."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.end_to_end.doors import ALPHA, Doors, doors, ok, refused
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.keys import NewKey
from trading_ecosystem.api.rate_limits import RateLimit
from trading_ecosystem.api.rest.doorway import LARGEST_BODY, PAGE_POLICY, SECURITY_HEADERS
from trading_ecosystem.api.signing import text_to_sign

ORDERS = "/api/v1/orders"
ACCOUNT = "anna"
LARGEST_HEADER = 70_000


@pytest.fixture(scope="module")
def door() -> Iterator[Doors]:
    generous = RateLimit(1e6, 1_000_000)
    with doors(per_key=generous, per_stranger=generous) as running:
        trader = running.client()
        ok(trader.post("/api/v1/accounts", json={"venue": ALPHA, "account": ACCOUNT}), 201)
        money = {"account": ACCOUNT, "asset": "USD", "amount": "20000", "transfer_id": "in-1"}
        ok(trader.post("/api/v1/custody/deposits", json=money), 201)
        ok(trader.post("/api/v1/custody/pledges", json={**money, "venue": ALPHA, "transfer_id": "to-alpha"}), 201)
        running.advance(2)
        yield running


def lend(door: Doors, *scopes: Scope) -> NewKey:
    async def make() -> NewKey:
        return door.serving.keys.lend(scopes or tuple(Scope), (ACCOUNT,))

    return door.do(make())


class Signed(msgspec.Struct):
    """One signed request, to be sent as it is or after something in it was changed."""

    method: str
    target: str
    body: bytes
    headers: dict[str, str]

    def send(self, door: Doors) -> httpx.Response:
        headers = {"content-type": "application/json", **self.headers}
        with httpx.Client(base_url=door.serving.url, trust_env=False, timeout=30.0) as client:
            return client.request(self.method, self.target, content=self.body, headers=headers)


def order(**changes: Any) -> bytes:
    body = {"venue": ALPHA, "account": ACCOUNT, "instrument": "BTC/USD", "side": "buy", "type": "limit"}
    body |= {"price": "20000", "quantity": "0.001", "client_order_id": secrets.token_hex(6)}
    return json.dumps(body | changes).encode()


def signed(
    key: NewKey, method: str = "POST", target: str = ORDERS, body: bytes | None = None, late_ms: int = 0, nonce: str = ""
) -> Signed:
    body = (order() if method == "POST" else b"") if body is None else body
    stamp = str(time.time_ns() // 1_000_000 + late_ms)
    nonce = nonce or secrets.token_hex(8)
    signature = hmac.digest(key.secret.encode(), text_to_sign(stamp, nonce, method, target, body), "sha256").hex()
    return Signed(method, target, body, {"X-Key": key.id, "X-Timestamp": stamp, "X-Nonce": nonce, "X-Signature": signature})


def with_header(name: str, change: Callable[[str], str]) -> Callable[[Signed], None]:
    def apply(request: Signed) -> None:
        request.headers[name] = change(request.headers[name])

    return apply


def with_field(name: str, change: Callable[[Any], Any]) -> Callable[[Signed], None]:
    def apply(request: Signed) -> None:
        setattr(request, name, change(getattr(request, name)))

    return apply


TAMPERED: dict[str, Callable[[Signed], None]] = {
    "method": with_field("method", lambda _: "PUT"),
    "path": with_field("target", lambda _: "/api/v1/order-lists"),
    "path in other words": with_field("target", lambda _: "/api/v1/%6Frders"),
    "query added": with_field("target", lambda target: target + "?account=ben"),
    "empty query": with_field("target", lambda target: target + "/"),
    "one byte of the body": with_field("body", lambda body: body.replace(b"20000", b"20001")),
    "white space in the body": with_field("body", lambda body: body + b" "),
    "no body": with_field("body", lambda _: b""),
    "timestamp": with_header("X-Timestamp", lambda stamp: str(int(stamp) + 1)),
    "timestamp in other words": with_header("X-Timestamp", lambda stamp: "+" + stamp),
    "nonce": with_header("X-Nonce", lambda _: "another-nonce"),
    "signature": with_header("X-Signature", lambda signature: ("0" if signature[0] != "0" else "1") + signature[1:]),
    "half a signature": with_header("X-Signature", lambda signature: signature[:32]),
    "longer signature": with_header("X-Signature", lambda signature: signature + "00"),
    "no signature": with_header("X-Signature", lambda _: ""),
    "key": with_header("X-Key", lambda _: "0000000000"),
    **{
        f"without {name}": with_field("headers", lambda headers, name=name: {k: v for k, v in headers.items() if k != name})
        for name in ("X-Timestamp", "X-Nonce", "X-Signature")
    },
}


@pytest.mark.parametrize("what", TAMPERED)
def test_whatever_was_changed_on_the_way_is_refused(door: Doors, what: str) -> None:
    request, before = signed(lend(door)), door.serving.ecosystem.kernel.entries
    TAMPERED[what](request)
    refused(request.send(door), 401)
    assert door.serving.ecosystem.kernel.entries == before


def test_the_query_is_signed_too(door: Doors) -> None:
    request = signed(lend(door), "GET", f"{ORDERS}?account={ACCOUNT}&limit=5")
    assert request.send(door).status_code == 200
    for target in (f"{ORDERS}?account={ACCOUNT}&limit=6", f"{ORDERS}?limit=5&account={ACCOUNT}", f"{ORDERS}?account={ACCOUNT}"):
        request = signed(lend(door), "GET", f"{ORDERS}?account={ACCOUNT}&limit=5")
        request.target = target
        refused(request.send(door), 401)


@pytest.mark.parametrize("late_ms", [-6_000, 6_000, -3_600_000, 10**12])
def test_stale_and_early_requests_are_refused(door: Doors, late_ms: int) -> None:
    before = door.serving.ecosystem.kernel.entries
    refused(signed(lend(door), late_ms=late_ms).send(door), 401)
    assert door.serving.ecosystem.kernel.entries == before


def test_a_replayed_request_is_refused_and_another_one_with_its_nonce(door: Doors) -> None:
    key = lend(door)
    request = signed(key, nonce="once-and-only")
    ok(request.send(door), 201)
    before = door.serving.ecosystem.kernel.entries
    for again in (request, signed(key, nonce="once-and-only"), signed(key, "GET", ORDERS, nonce="once-and-only")):
        refused(again.send(door), 401)
    assert door.serving.ecosystem.kernel.entries == before
    ok(signed(lend(door), nonce="once-and-only").send(door), 201)


def test_the_signature_of_another_key_is_refused(door: Doors) -> None:
    one, other = lend(door), lend(door)
    before = door.serving.ecosystem.kernel.entries
    request = signed(one)
    request.headers["X-Key"] = other.id
    refused(request.send(door), 401)
    stolen = msgspec.structs.replace(one, secret=other.secret)
    refused(signed(stolen).send(door), 401)
    # The key's own token beside a wrong signature does not help: the signature is what was shown.
    request = signed(stolen)
    request.headers["Authorization"] = f"Bearer {one.token}"
    refused(request.send(door), 401)
    kept = door.serving.keys.create("to be revoked", tuple(Scope), (ACCOUNT,))
    ok(signed(kept).send(door), 201)
    before = door.serving.ecosystem.kernel.entries
    door.serving.keys.revoke(kept.id)
    refused(signed(kept).send(door), 401)
    assert door.serving.ecosystem.kernel.entries == before


def test_a_signature_gives_no_more_than_its_key(door: Doors) -> None:
    before = door.serving.ecosystem.kernel.entries
    refused(signed(lend(door, Scope.READ)).send(door), 403)
    refused(signed(lend(door), body=order(account="ben")).send(door), 403)
    assert door.serving.ecosystem.kernel.entries == before


@pytest.fixture
def plain(door: Doors) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=door.serving.url, trust_env=False) as client:
        yield client


@pytest.fixture
def with_key(door: Doors) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {lend(door).token}"}
    with httpx.Client(base_url=door.serving.url, trust_env=False, headers=headers) as client:
        yield client


def test_every_answer_has_the_security_headers(plain: httpx.Client, with_key: httpx.Client) -> None:
    anyone, trader = plain, with_key
    answers = [
        anyone.get("/"),
        anyone.get("/page/main.js"),
        anyone.get("/page/nothing.js"),
        anyone.get("/health"),
        anyone.get("/ready"),
        anyone.get("/openapi.json"),
        anyone.get("/docs"),
        anyone.get(ORDERS),
        anyone.get("/nothing"),
        trader.get("/nothing"),
        trader.get(ORDERS, params={"account": ACCOUNT}),
        trader.post(ORDERS, content=b"{"),
        trader.post(ORDERS, content=b"x" * (LARGEST_BODY + 1)),
        trader.put(ORDERS),
        trader.options(ORDERS),
        trader.get("/metrics"),
        trader.get("/control/v1/components"),
        trader.get("/audit/v1/checkpoint"),
    ]
    assert {answer.status_code for answer in answers} >= {200, 204, 400, 401, 404, 405, 413}
    for answer in answers:
        for name, value in SECURITY_HEADERS:
            assert answer.headers.get_list(name.decode()) == [value.decode()], (answer.url, name)
        policies = answer.headers.get_list("content-security-policy")
        assert len(policies) == 1
        assert "default-src 'none'" in policies[0]
        assert "unsafe" not in policies[0]
        assert len(answer.headers.get_list("x-request-id")) == 1
        shown = answer.url.path == "/" or answer.url.path.startswith(("/page/", "/docs"))
        assert (policies[0] == PAGE_POLICY.decode()) == shown
        assert shown or answer.headers.get_list("cache-control") == ["no-store"], answer.url
        assert not {"server", "x-powered-by", "access-control-allow-origin", "set-cookie"} & set(answer.headers)
        if answer.status_code != 204:
            assert answer.headers["content-type"]


def test_no_page_of_another_site_may_ask(with_key: httpx.Client) -> None:
    trader = with_key
    asked = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    for answer in (trader.options(ORDERS, headers=asked), trader.get(ORDERS, params={"account": ACCOUNT}, headers=asked)):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_request_id_is_the_caller_s_where_it_is_harmless(door: Doors) -> None:
    trader = door.client()
    assert trader.get("/nothing", headers={"x-request-id": "mine-1"}).headers["x-request-id"] == "mine-1"
    for given in ("a b", "x" * 65, "<script>", "a\tb", ""):
        assert trader.get("/nothing", headers={"x-request-id": given}).headers["x-request-id"] != given


def test_too_many_requests_are_told_when_to_come_again() -> None:
    with doors(per_key=RateLimit(0.5, 5), per_stranger=RateLimit(0.5, 3)) as door:
        one, other = door.trader(ACCOUNT), door.trader(ACCOUNT)
        url = "/api/v1/venues"
        left = []
        for _ in range(5):
            answer = one.get(url)
            ok(answer)
            assert answer.headers["ratelimit-limit"] == "5"
            assert 0 <= int(answer.headers["ratelimit-reset"]) <= 10
            left.append(int(answer.headers["ratelimit-remaining"]))
        assert left == [4, 3, 2, 1, 0]
        answer = one.get(url)
        refused(answer, 429)
        assert 1 <= int(answer.headers["retry-after"]) <= 2
        before = door.serving.ecosystem.kernel.entries
        refused(one.post("/api/v1/accounts", json={"venue": ALPHA, "account": ACCOUNT}), 429)
        assert door.serving.ecosystem.kernel.entries == before
        ok(other.get(url))
        with httpx.Client(base_url=door.serving.url, trust_env=False) as anyone:
            assert [anyone.get("/health").status_code for _ in range(4)] == [200, 200, 200, 429]
            # Trying tokens is what strangers' requests are counted for; those who have a key are not slowed down by it.
            refused(anyone.get(url, headers={"authorization": "Bearer te_guess"}), 429)
            refused(anyone.get(url, headers={"x-key": "guess"}), 429)
        ok(other.get(url))


def test_a_position_that_is_not_there_yet_is_refused_at_once(door: Doors) -> None:
    trader, token = door.client(), door.serving.gateway.positions.token
    url = f"{ORDERS}?account={ACCOUNT}"
    ok(trader.get(url, headers={"x-position": token(1)}))
    refused(trader.get(url, headers={"x-position": token(2**40)}), 400)


def test_a_refused_handshake_of_a_stream_is_no_error_of_the_server(door: Doors, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InvalidStatus) as error:
        connect(door.serving.url.replace("http", "ws") + "/api/v1/stream", additional_headers={"x-key": "x"}, proxy=None)
    assert error.value.response.status_code == 401
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("the program openssl, which makes a certificate, is not here")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
        timeout=30,
    )  # fmt: skip
    return certificate, key


def test_everything_is_served_over_tls(certificate: tuple[Path, Path]) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with doors(certificate=str(certificate[0]), certificate_key=str(certificate[1])) as door:
        assert door.serving.url.startswith("https://")
        token = door.serving.keys.create("test", tuple(Scope), ("*",)).token
        headers = {"authorization": f"Bearer {token}"}
        with httpx.Client(base_url=door.serving.url, verify=trusting, trust_env=False, headers=headers) as client:
            ok(client.post("/api/v1/accounts", json={"venue": ALPHA, "account": ACCOUNT}), 201)
        stream = door.serving.url.replace("https", "wss") + "/api/v1/stream"
        with connect(stream, ssl=trusting, additional_headers=headers, proxy=None) as connection:
            connection.send('{"op":"ping"}')
            assert json.loads(connection.recv(10)) == [{"op": "pong"}]
        for wrong in (trusting, ssl.create_default_context()):
            url = door.serving.url if wrong is not trusting else door.serving.url.replace("127.0.0.1", "localhost.invalid")
            with pytest.raises(httpx.ConnectError):
                httpx.get(url, verify=wrong, trust_env=False)
        with pytest.raises(httpx.HTTPError):
            httpx.get(door.serving.url.replace("https", "http"), trust_env=False)
        old = ssl.create_default_context(cafile=str(certificate[0]))
        assert asyncio.run(_protocol(door, old)) in ("TLSv1.2", "TLSv1.3")


async def _protocol(door: Doors, context: ssl.SSLContext) -> str:
    _, writer = await asyncio.open_connection("127.0.0.1", int(door.serving.url.rpartition(":")[2]), ssl=context)
    version: str = writer.get_extra_info("ssl_object").version()
    writer.close()
    await writer.wait_closed()
    return version
