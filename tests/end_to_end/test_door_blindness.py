"""What production can learn of faults: nothing but their effects.

A run with faults is held against its clean twin: the same seed, the same clock, the same commands.  While faults are planned or
touch nothing, every production answer, header, stream message, document and page is the same, so that no number has a gap
where the record has entries about them.  Once they bite, what differs is their effect alone (prices, quotes, settlements,
alerts, a 503 of what does not answer): no answer has a member of the record's envelope, no stream has a gap in its numbers, and
nothing has a word about faults.
"""

from __future__ import annotations

import json
import re
from typing import Any
from unittest import mock

import httpx
import msgspec
import pytest
from tests.campaign import CAMPAIGN
from tests.end_to_end.door_routes import Opened, opened
from tests.end_to_end.doors import ALPHA, BETA, ok
from tests.end_to_end.test_live_folder import ManualClock
from websockets.sync.client import ClientConnection, connect

from trading_ecosystem import live_ecosystem
from trading_ecosystem.api.caller import PRODUCTION_SCOPES, Scope
from trading_ecosystem.api.face import Face
from trading_ecosystem.api.rate_limits import RateLimit
from trading_ecosystem.api.streams.channels import CHANNELS
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind

ANNA = "anna"
FAULTED_SECONDS = 900 if CAMPAIGN else 45
"""Ecosystem time under faults; settlements are due after ten minutes."""
FAULTS: dict[str, dict[str, str]] = {
    "feed_stale": {"duration": "30m", "instruments": "ETH/USD"},
    "feed_drop": {"duration": "30m", "instruments": "ETH/USDT", "probability": "0.5"},
    "feed_delay": {"duration": "30m", "instruments": "BTC/USDT", "delay": "2s"},
    "settlement_delay": {"duration": "30m", "delay": "8m"},
    "settlement_reject": {"duration": "30m", "probability": "0.5"},
    "custodian_offline": {"duration": "30m"},
    "price_shock": {"asset": "BTC", "magnitude": "-0.06", "ramp": "5s", "hold": "10m", "recovery": "5m"},
    "link_delay": {"duration": "30m", "from": "market-data", "to": "trading", "delay": "300ms"},
    "link_drop": {"duration": "30m", "from": "exchange-alpha", "to": "trading", "probability": "0.3"},
    "link_partition": {"duration": "30m", "from": "exchange-beta", "to": "risk"},
}
"""What is injected, in the words of the catalogue."""
NAMES = ("zz-hidden-1", "zz-hidden-2", "zz-hidden")
NAMED_LIKE_ALERTS = {fault.value for fault in FaultKind if any(fault.value in alert.value for alert in AlertKind)} | {
    "market_crash",
    "bank_holiday",
}
"""Kinds of faults that are called by words of the market, as an alert of a market without faults is, too."""
CONTROL_WORDS = re.compile(
    r"zz-hidden|(?<!de)fault|chaos|inject|\bcondition_|condition_id|living_market|scenario|blast|ground.?truth|test.?coordination|"
    r"\bkernel\b|\bjournal\b|traceback|" + "|".join(kind.value for kind in FaultKind if kind.value not in NAMED_LIKE_ALERTS),
    re.IGNORECASE,
)
HIDDEN_MEMBERS = {"sequence", "trace", "cause", "sender", "trace_id", "kernel", "fault_id", "condition_id", "run", "fault"}
CHANGES_BY_ITSELF = {"date", "x-request-id", "x-position", "ratelimit-remaining", "ratelimit-reset", "content-length"}


class Seen(msgspec.Struct):
    """Everything that production was told in one life: answers by phase and request, and stream messages by phase."""

    answers: dict[tuple[str, str], tuple[int, dict[str, str], str]]
    heard: dict[str, list[dict[str, Any]]]


def ask_everything(server: Opened, client: httpx.Client, phase: str, seen: Seen) -> None:
    """Every production route that reads, about the own account and the firm, and what needs no key."""
    token = server.token(*PRODUCTION_SCOPES)
    for route in server.routes:
        if route.method != "GET" or (route.scope not in PRODUCTION_SCOPES and not route.is_open):
            continue
        for account in (ANNA, "demo"):
            answer = server.answer(client, route, account, token)
            note(seen, phase, f"{route.name} {account}", answer)
    headers = {"authorization": f"Bearer {token}"}
    for path in ("/control/v1/faults", "/audit/v1/events", "/metrics", "/control/v1/none", "/api/v1/none"):
        note(seen, phase, path, client.get(path, headers=headers))
    for name in ("main.js", "index.html"):
        note(seen, phase, name, client.get(f"/page/{name}"))


def to_microseconds(text: str) -> str:
    """Instants without their nanoseconds: while the clock stands, as in these tests, every input is one nanosecond later."""
    return re.sub(r"(\.[0-9]{6})[0-9]{3}Z", r"\1Z", text)


def note(seen: Seen, phase: str, what: str, answer: httpx.Response) -> None:
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGES_BY_ITSELF}
    text = to_microseconds(re.sub(r'"request_id":"[0-9a-f]{16}"', '"request_id":""', answer.text))
    if what.startswith("GET /openapi.json"):
        # The order in which it lists the methods of a path differs from server to server.
        text = json.dumps(json.loads(text), sort_keys=True)
    seen.answers[phase, what] = (answer.status_code, headers, text)


def trade(client: httpx.Client, token: str, phase: str, seen: Seen) -> None:
    """The same commands in every life."""
    headers = {"authorization": f"Bearer {token}"}
    for venue in (ALPHA, BETA):
        for number, side in enumerate(("buy", "sell")):
            body = {"venue": venue, "account": ANNA, "instrument": "BTC/USD", "side": side, "type": "market"}
            body |= {"quantity": "0.001", "client_order_id": f"{phase}-{number}"}
            note(seen, phase, f"POST order {venue} {side}", client.post("/api/v1/orders", json=body, headers=headers))
    money = {"account": ANNA, "asset": "USD", "amount": "5", "transfer_id": f"{phase}-in"}
    note(seen, phase, "POST deposit", client.post("/api/v1/custody/deposits", json=money, headers=headers))


def listened(stream: ClientConnection, phase: str, seen: Seen) -> None:
    stream.send(json.dumps({"op": "ping", "id": phase}))
    messages: list[dict[str, Any]] = []
    while not messages or messages[-1].get("id") != phase:
        messages += json.loads(to_microseconds(str(stream.recv(60))))
    seen.heard[phase] = [one for one in messages if "op" not in one]


def life(faulted: bool) -> Seen:
    """One life of the market, with or without faults."""
    seen = Seen({}, {})
    generous = RateLimit(1e6, 1_000_000)
    clock = ManualClock()
    with (
        mock.patch.object(live_ecosystem, "SystemClock", return_value=clock),
        opened(seed=11, per_key=generous, per_stranger=generous) as server,
        httpx.Client(base_url=server.door.serving.url, timeout=60.0, trust_env=False) as client,
    ):
        live(server, client, faulted, seen)
    return seen


def live(server: Opened, client: httpx.Client, faulted: bool, seen: Seen) -> None:
    door, token = server.door, server.token(*PRODUCTION_SCOPES)
    control = {"authorization": f"Bearer {server.token(Scope.CONTROL)}"}
    mine = {"authorization": f"Bearer {token}"}
    for venue in (ALPHA, BETA):
        ok(client.post("/api/v1/accounts", json={"venue": venue, "account": ANNA}, headers=mine), 201)
        money = {"account": ANNA, "asset": "USD", "amount": "30000", "transfer_id": f"in-{venue}"}
        ok(client.post("/api/v1/custody/deposits", json=money, headers=mine), 201)
        pledge = {**money, "amount": "15000", "venue": venue, "transfer_id": f"to-{venue}"}
        ok(client.post("/api/v1/custody/pledges", json=pledge, headers=mine), 201)
    url = door.serving.url.replace("http", "ws") + "/api/v1/stream"
    with connect(url, additional_headers=mine, proxy=None, max_size=None) as stream:
        for channel in sorted(CHANNELS[Face.PRODUCTION]):
            stream.send(json.dumps({"op": "subscribe", "channel": channel.value}))
        if faulted:
            plan(client, control, seen)
        phases(server, client, stream, token, control, faulted, seen)


def plan(client: httpx.Client, control: dict[str, str], seen: Seen) -> None:
    """Faults far ahead, and some that are given up: entries of the record that production must not be able to count."""
    for kind, fields in FAULTS.items():
        body = {"kind": kind, "fault_id": f"zz-hidden-{kind.replace('_', '-')}", "fields": {"at": "5h", **fields}}
        answer = client.post("/control/v1/faults", json=body, headers=control)
        assert answer.status_code == 201, (kind, answer.text)
    ok(client.delete("/control/v1/faults/zz-hidden-custodian-offline", headers=control))


def phases(
    server: Opened, client: httpx.Client, stream: ClientConnection, token: str, control: Any, faulted: bool, seen: Seen
) -> None:
    door = server.door

    def phase(name: str, seconds: float) -> None:
        trade(client, token, name, seen)
        door.advance(seconds)
        ask_everything(server, client, name, seen)
        listened(stream, name, seen)

    phase("planned", 8)
    if faulted:
        for kind, fields in FAULTS.items():
            body = {"kind": kind, "fault_id": f"zz-hidden-now-{kind.replace('_', '-')}", "fields": fields}
            ok(client.post("/control/v1/faults", json=body, headers=control), 201)
    phase("bitten", FAULTED_SECONDS)
    if faulted:
        ok(client.post(f"/control/v1/components/{BETA}/stop", headers=control))
    phase("stopped", 3)


@pytest.fixture(scope="module")
def lives() -> tuple[Seen, Seen]:
    return life(False), life(True)


def test_until_a_fault_bites_everything_is_as_in_the_clean_twin(lives: tuple[Seen, Seen]) -> None:
    clean, faulted = lives
    planned = [what for phase, what in clean.answers if phase == "planned"]
    assert len(planned) > 80
    for what in planned:
        one, other = clean.answers["planned", what], faulted.answers["planned", what]
        at = next((number for number, (a, b) in enumerate(zip(one[2], other[2], strict=False)) if a != b), 0)
        assert one == other, (what, one[2][max(0, at - 200) : at + 100], other[2][max(0, at - 200) : at + 100])
    assert len(clean.heard["planned"]) > 100
    assert clean.heard["planned"] == faulted.heard["planned"]


def test_the_faults_bit(lives: tuple[Seen, Seen]) -> None:
    clean, faulted = lives
    assert clean.heard["bitten"] != faulted.heard["bitten"]
    statuses = {status for (phase, _), (status, _, _) in faulted.answers.items() if phase == "stopped"}
    assert 503 in statuses
    assert 503 not in {status for status, _, _ in clean.answers.values()}
    assert not [what for (_, what), (status, _, _) in faulted.answers.items() if status == 500]


def test_no_word_of_a_fault_is_said(lives: tuple[Seen, Seen]) -> None:
    for seen in lives:
        for (phase, what), (_, headers, text) in seen.answers.items():
            if "/page/" in what or what.endswith((".js", ".html")) or "/docs/" in what:
                # The page is the operator's too: the same file for everyone, as the first test shows.
                continue
            for said in (text, *headers.values(), *headers):
                found = CONTROL_WORDS.search(said)
                assert not found, (phase, what, said[max(0, found.start() - 100) :][:250])
        for phase, messages in seen.heard.items():
            found = CONTROL_WORDS.search(json.dumps(messages))
            assert not found, (phase, found)


def test_the_search_for_words_would_find_them() -> None:
    for kind in FaultKind:
        if kind.value not in NAMED_LIKE_ALERTS:
            assert CONTROL_WORDS.search(f'{{"reason":"{kind.value}"}}'), kind
    for said in (*NAMES, "FaultInjected", "condition_id", "living_market"):
        assert CONTROL_WORDS.search(said)


def members(value: Any, at: str = "") -> set[str]:
    """The paths of every member in a JSON value."""
    if isinstance(value, dict):
        return {f"{at}.{name}" for name in value}.union(*(members(one, f"{at}.{name}") for name, one in value.items()), set())
    if isinstance(value, list):
        return set().union(*(members(one, f"{at}[]") for one in value)) if value else set()
    return set()


def test_nothing_has_members_of_the_record_and_no_number_has_a_gap(lives: tuple[Seen, Seen]) -> None:
    clean, faulted = lives
    for seen in lives:
        for phase, messages in seen.heard.items():
            for message in messages:
                assert not HIDDEN_MEMBERS & set(message), (phase, message)
        numbers: dict[int, int] = {}
        for phase in ("planned", "bitten", "stopped"):
            for message in seen.heard[phase]:
                subscription = message["subscription"]
                assert message["number"] == numbers.get(subscription, 0) + 1, (phase, message)
                numbers[subscription] = message["number"]
        updates: dict[tuple[str, str], int] = {}
        for message in (one for phase in ("planned", "bitten", "stopped") for one in seen.heard[phase]):
            if message["type"] == "DepthDifference":
                book = (message["venue"], message["instrument"])
                assert message["first_update"] == updates.get(book, message["first_update"] - 1) + 1
                updates[book] = message["last_update"]
    for (phase, what), (status, headers, text) in faulted.answers.items():
        twin_status, twin_headers, _ = clean.answers[phase, what]
        if status == twin_status:
            assert set(headers) == set(twin_headers), (phase, what)
            if headers.get("content-type") == "application/json" and "openapi" not in what:
                shown = {one.rpartition(".")[2] for one in members(json.loads(text))}
                assert not HIDDEN_MEMBERS & shown, (phase, what, shown)
        elif status >= 400:
            assert headers["content-type"] == "application/problem+json", (phase, what)
