"""The client: what it sends, when it sends again, when it sends nothing, and what it makes of answers."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest

from trading_ecosystem.api.decimals import instant_text as server_text
from trading_ecosystem.api.signing import text_to_sign
from trading_ecosystem.client import (
    AlertReport,
    ApiError,
    AsyncClient,
    CircuitOpen,
    Client,
    Policy,
    Signing,
    Statistics,
    Token,
    Unreachable,
)
from trading_ecosystem.client.instants import instant_of, instant_text
from trading_ecosystem.messages.monitors import ReportState
from trading_ecosystem.messages.risk import AlertKind, Severity

Answer = httpx.Response | Exception


class Server:
    """Answers in turn as it is told, the last answer for ever; keeps what it was asked."""

    def __init__(self, answers: Sequence[Callable[[], Answer]]) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = (self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])()
        if isinstance(answer, Exception):
            raise answer
        return answer


def says(status: int, body: Any = None, **headers: str) -> Callable[[], Answer]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: httpx.Response(status, json={} if body is None else body, headers=named)


def fails(kind: type[Exception] = httpx.ConnectError) -> Callable[[], Answer]:
    return lambda: kind("no")


class Both:
    """One call made with the sync client and with the async one; what comes of both has to be the same."""

    def __init__(self, *answers: Callable[[], Answer], policy: Policy | None = None) -> None:
        self._answers = answers
        self._policy = policy or Policy()
        self.waits: list[float] = []
        self.server = Server(answers)
        self.statistics = Statistics()

    def call(self, method: str, path: str, **options: Any) -> Any:
        outcomes = [self._sync(method, path, options), asyncio.run(self._async(method, path, options))]
        kinds = [type(one) for one in outcomes]
        assert kinds[0] is kinds[1], outcomes
        if isinstance(outcomes[0], Exception):
            assert str(outcomes[0]) == str(outcomes[1])
            raise outcomes[0]
        assert outcomes[0] == outcomes[1]
        return outcomes[0]

    def _sync(self, method: str, path: str, options: dict[str, Any]) -> Any:
        transport = httpx.MockTransport(self.server)
        with Client("http://server", Token("t"), policy=self._policy, transport=transport, sleep=self.waits.append) as client:
            self.statistics = client.statistics
            try:
                return client.request(method, path, **options)
            except Exception as error:
                return error

    async def _async(self, method: str, path: str, options: dict[str, Any]) -> Any:
        async def sleep(seconds: float) -> None:
            assert seconds >= 0

        transport = httpx.MockTransport(Server(self._answers))
        async with AsyncClient("http://server", Token("t"), policy=self._policy, transport=transport, sleep=sleep) as client:
            try:
                return await client.request(method, path, **options)
            except Exception as error:
                return error
            finally:
                assert client.statistics.tries == self.statistics.tries
                assert client.statistics.by_status == self.statistics.by_status


def test_a_call_carries_credentials_query_and_body() -> None:
    both = Both(says(200, {"answer": 1}))
    found = both.call("PUT", "/api/v1/thing", params={"a": "x y", "left_out": None, "many": ["1", "2"]}, body={"b": 2})
    assert found == {"answer": 1}
    (request,) = both.server.asked
    assert str(request.url) == "http://server/api/v1/thing?a=x+y&many=1&many=2"
    assert request.content == b'{"b":2}'
    assert request.headers["authorization"] == "Bearer t"
    assert request.headers["content-type"] == "application/json"


def test_a_signature_is_what_the_server_computes_and_never_the_same_twice() -> None:
    server = Server([says(503), says(200)])
    with Client(
        "http://server", Signing("key", "secret"), transport=httpx.MockTransport(server), sleep=lambda _: None
    ) as client:
        client.request("DELETE", "/api/v1/orders/v/c", params={"account": "a/b"})
    nonces = set()
    for request in server.asked:
        headers = request.headers
        target = request.url.raw_path.decode()
        text = text_to_sign(headers["x-timestamp"], headers["x-nonce"], "DELETE", target, request.content)
        assert headers["x-signature"] == hmac.new(b"secret", text, hashlib.sha256).hexdigest()
        assert headers["x-key"] == "key"
        nonces.add(headers["x-nonce"])
    assert len(nonces) == 2


@pytest.mark.parametrize("first", [says(502), says(503), says(504), says(429), fails(), fails(httpx.ReadTimeout)])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_may_be_done_twice_is_tried_again(method: str, first: Callable[[], Answer]) -> None:
    both = Both(first, first, says(200, 7))
    assert both.call(method, "/x") == 7
    assert (len(both.server.asked), both.statistics.retries) == (3, 2)
    assert 0.05 <= both.waits[0] < 0.1 <= both.waits[1] < 0.2


def test_other_posts_are_tried_again_only_where_nothing_was_done() -> None:
    for first in (says(503), says(500), fails()):
        both = Both(first, says(200))
        with pytest.raises((ApiError, Unreachable)):
            both.call("POST", "/x", body={})
        assert len(both.server.asked) == 1
    assert Both(says(429), says(200, 1)).call("POST", "/x") == 1
    assert Both(fails(), says(200, 1)).call("POST", "/x", idempotent=True) == 1


def test_retry_after_is_waited_for() -> None:
    both = Both(says(429, retry_after="7"), says(200, 1))
    both.call("GET", "/x")
    assert both.waits == [7.0]


def test_trying_ends() -> None:
    both = Both(says(503, {"detail": "down"}), policy=Policy(tries=3))
    with pytest.raises(ApiError, match="503: down"):
        both.call("GET", "/x")
    assert len(both.server.asked) == 3
    silent = Both(fails(), policy=Policy(tries=2))
    with pytest.raises(Unreachable, match="GET /x: no"):
        silent.call("GET", "/x")
    assert (silent.statistics.unanswered, silent.statistics.tries) == (2, 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_a_no_is_no_reason_to_ask_again(status: int) -> None:
    problem = {"type": "/problems/refused", "detail": "because", "reason": "INVALID_PRICE", "request_id": "r"}
    both = Both(says(status, problem))
    with pytest.raises(ApiError) as refusal:
        both.call("GET", "/x")
    error = refusal.value
    assert (error.status, error.reason, error.detail, error.request_id) == (status, "INVALID_PRICE", "because", "r")
    assert str(error) == f"{status} (INVALID_PRICE): because"
    assert len(both.server.asked) == 1


def test_an_answer_that_cannot_be_read_is_no_answer() -> None:
    with pytest.raises(Unreachable, match="cannot be read"):
        Both(lambda: httpx.Response(200, text="<html>")).call("GET", "/x")
    with pytest.raises(ApiError, match="502: Bad Gateway"):
        Both(lambda: httpx.Response(502), policy=Policy(tries=1)).call("GET", "/x")
    assert Both(lambda: httpx.Response(204)).call("DELETE", "/x") is None


def test_the_circuit_opens_lets_one_through_and_closes() -> None:
    seconds = [0.0]
    server = Server([fails(), fails(), fails(), says(200, 1)])
    policy = Policy(tries=1, failures_to_open=2, open_for=10.0)
    with Client("http://server", policy=policy, transport=httpx.MockTransport(server), now=lambda: seconds[0]) as client:
        for _ in range(2):
            with pytest.raises(Unreachable):
                client.get("/x")
        with pytest.raises(CircuitOpen, match=r"another 10\.0 s"):
            client.get("/x")
        assert len(server.asked) == 2
        seconds[0] = 10.0
        with pytest.raises(Unreachable):
            client.get("/x")
        with pytest.raises(CircuitOpen):
            client.get("/x")
        seconds[0] = 20.0
        assert client.get("/x") == client.get("/x") == 1
        counted = client.statistics
    assert (counted.requests, counted.tries, counted.unanswered, counted.refused, counted.opened) == (7, 5, 3, 2, 2)
    assert counted.by_status == {200: 2}


def test_a_no_does_not_open_the_circuit() -> None:
    server = Server([says(422)])
    policy = Policy(tries=1, failures_to_open=1)
    with Client("http://server", policy=policy, transport=httpx.MockTransport(server)) as client:
        for _ in range(3):
            with pytest.raises(ApiError):
                client.get("/x")


def test_percentiles_are_of_the_last_tries() -> None:
    statistics = Statistics()
    assert statistics.percentile(0.99) == 0.0
    for number in range(1, 101):
        statistics.note(200, float(number))
    assert (statistics.percentile(0.5), statistics.percentile(0.99)) == (51.0, 100.0)
    for _ in range(1_000):
        statistics.note(200, 1.0)
    assert statistics.percentile(0.99) == 1.0
    assert statistics.tries == 1_100


def test_an_alert_is_reported_as_the_door_wants_it() -> None:
    accepted = {
        "monitor": "outside",
        "report_id": "r",
        "alert_id": 1,
        "state": "raised",
        "kind": "price_stale",
        "subject": "BTC/USD",
        "severity": "high",
        "raised_at": "2026-03-02T08:00:00.000000001Z",
        "observed": None,
    }
    server = Server([fails(), says(201, accepted)])
    report = AlertReport("r", 1, ReportState.RAISED, AlertKind.PRICE_STALE, "BTC/USD", Severity.HIGH, 1772438400000000001)
    with Client("http://server", transport=httpx.MockTransport(server), sleep=lambda _: None) as client:
        found = client.report_alert("outside", report)
    assert (found.monitor, found.kind, found.raised_at) == ("outside", AlertKind.PRICE_STALE, accepted["raised_at"])
    bodies = {request.content for request in server.asked}
    assert len(server.asked) == 2
    assert bodies == {
        b'{"report_id":"r","alert_id":1,"state":"raised","kind":"price_stale","subject":"BTC/USD","severity":"high",'
        b'"raised_at":"2026-03-02T08:00:00.000000001Z"}'
    }


@pytest.mark.parametrize("at", [1, 1772438400000000001, 1772438400000000000, 4102444799999999999])
def test_instants_are_written_as_the_doors_write_them(at: int) -> None:
    assert instant_text(at) == server_text(at)
    assert instant_of(instant_text(at)) == at


@pytest.mark.parametrize("text", ["", "now", "2026-03-02T08:00:00Z", "2026-03-02T08:00:00.0x0Z", "2026-13-02T08:00:00.0Z"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        instant_of(text)
