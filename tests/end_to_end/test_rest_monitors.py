"""A monitor outside over the production doors: registered, sent what the built-in one hears, scored by what it reports."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from tests.end_to_end.doors import FIRM, Doors, doors, ok, refused
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_text, parse_instant
from trading_ecosystem.messages.base import Audience
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.monitor_stream import Delivery, Heartbeat, decode_sent
from trading_ecosystem.messages.monitors import AlertReportAccepted
from trading_ecosystem.messages.units import SECOND

MONITORS = "/api/v1/risk/monitors"


@pytest.fixture(scope="module")
def door() -> Iterator[Doors]:
    with doors() as running:
        running.advance(2)
        yield running


@pytest.fixture(scope="module")
def owner(door: Doors) -> httpx.Client:
    return door.trader(FIRM)


def listening(door: Doors, client: httpx.Client, monitor: dict, after: int | None = None) -> ClientConnection:
    query = "" if after is None else f"?after={after}"
    url = door.serving.url.replace("http", "ws", 1) + monitor["stream"] + query
    return connect(url, additional_headers={"authorization": client.headers["authorization"]}, proxy=None)


def sent_until(stream: ClientConnection, heartbeat: int) -> list:
    """Everything sent up to and including a heartbeat."""
    sent: list = []
    while True:
        for one in json.loads(stream.recv(timeout=20)):
            sent.append(decode_sent(json.dumps(one)))
            if isinstance(sent[-1], Heartbeat) and sent[-1].heartbeat >= heartbeat:
                return sent


def recv_all(stream: ClientConnection) -> None:
    while True:
        stream.recv(timeout=20)


def report(number: int, raised_at: str, **changes: object) -> dict:
    return {
        "report_id": f"r-{number}",
        "alert_id": number,
        "state": "raised",
        "kind": "price_crash",
        "subject": "BTC/USD",
        "severity": "high",
        "raised_at": raised_at,
    } | changes


def test_a_monitor_is_registered_once(owner: httpx.Client, door: Doors) -> None:
    first = ok(owner.post(MONITORS, json={"name": "once"}), 201)
    assert first["account"] == FIRM
    assert "BTC/USD" in first["instruments"]
    entries = len(door.entries())
    assert ok(owner.post(MONITORS, json={"name": "once"}), 201) == first
    assert len(door.entries()) == entries
    refused(owner.post(MONITORS, json={"name": "once", "lock_step": True}), 409, "NAME_TAKEN")
    refused(owner.post(MONITORS, json={"name": "risk"}), 422, "INVALID_NAME")
    for name in ("", "Once", "1st", "x" * 37):
        refused(owner.post(MONITORS, json={"name": name}), 400)
    refused(owner.post(MONITORS, json={"name": "other", "account": "somebody"}), 400)
    assert first in ok(owner.get(MONITORS))["monitors"]


def test_what_is_sent_is_what_the_built_in_one_hears(owner: httpx.Client, door: Doors) -> None:
    monitor = ok(owner.post(MONITORS, json={"name": "listener"}), 201)
    with listening(door, owner, monitor) as stream:
        door.advance(3)
        last = monitor["first_heartbeat"] + 2
        sent = sent_until(stream, last)
    assert [one.number for one in sent] == list(range(monitor["after"] + 1, monitor["after"] + 1 + len(sent)))
    beats = [one.heartbeat for one in sent if isinstance(one, Heartbeat)]
    assert beats == list(range(monitor["first_heartbeat"], beats[-1] + 1))
    prices = [one.message for one in sent if isinstance(one, Delivery) and isinstance(one.message, PricePublished)]
    assert len(prices) >= 10
    registered_at = parse_instant(monitor["registered_at"], "")
    said = [
        entry.message
        for entry in door.entries()
        if isinstance(entry.message, PricePublished) and registered_at <= entry.at <= beats[-1] * SECOND
    ]
    assert prices == said
    assert all(one.message.audience is Audience.PRODUCTION for one in sent if isinstance(one, Delivery))
    with listening(door, owner, monitor, after=sent[9].number) as stream:
        assert sent_until(stream, last)[: len(sent) - 10] == sent[10:]


def test_reported_alerts_count_once_and_within_their_heartbeat(owner: httpx.Client, door: Doors) -> None:
    ok(owner.post(MONITORS, json={"name": "reporter"}), 201)
    door.advance(2)
    now = door.do(_now(door))
    path = f"{MONITORS}/reporter/alerts"
    accepted = ok(owner.post(path, json=report(1, instant_text(now), observed="0.06")), 201)
    assert accepted == {**report(1, instant_text(now), observed="0.06"), "monitor": "reporter"}
    assert ok(owner.post(path, json=report(1, instant_text(now), observed="0.06")), 201) == accepted
    refused(owner.post(path, json=report(1, instant_text(now))), 409, "REPORT_ID_REUSED")
    refused(owner.post(path, json=report(2, instant_text(now - 3 * SECOND))), 422, "OUTSIDE_HEARTBEAT")
    refused(owner.post(path, json=report(3, instant_text(now + 3 * SECOND))), 422, "OUTSIDE_HEARTBEAT")
    refused(owner.post(path, json=report(9, instant_text(now), state="resolved")), 409, "ALERT_UNKNOWN")
    refused(owner.post(f"{MONITORS}/nobody/alerts", json=report(1, instant_text(now))), 404, "NO_SUCH_MONITOR")
    for wrong in ({"kind": "hunch"}, {"alert_id": 0}, {"raised_at": "now"}, {"surprise": 1}, {"subject": "x" * 65}):
        refused(owner.post(path, json=report(4, instant_text(now)) | wrong), 400)
    assert ok(owner.get(path))["alerts"] == [accepted]
    (recorded,) = {one for one in door.said(AlertReportAccepted) if one.monitor == "reporter"}
    assert (recorded.raised_at, recorded.observed) == (now, 60_000)
    refused(owner.get(f"{MONITORS}/nobody/alerts"), 404)


async def _now(door: Doors) -> int:
    return door.serving.ecosystem.driver.now()


def test_in_lock_step_the_clock_waits(owner: httpx.Client, door: Doors) -> None:
    monitor = ok(owner.post(MONITORS, json={"name": "strict", "lock_step": True}), 201)
    first = monitor["first_heartbeat"]
    beats = door.serving.ecosystem.driver.heartbeats
    with listening(door, owner, monitor) as stream:
        advancing = door.begin(_advance(door, (first + 4) * SECOND))
        for heartbeat in range(first, first + 3):
            assert sent_until(stream, heartbeat)[-1].heartbeat == heartbeat == beats.last_instant // SECOND
            assert not advancing.done()
            stream.send(json.dumps({"op": "acknowledge", "heartbeat": heartbeat}))
        assert sent_until(stream, first + 3)
        ok(owner.post(f"{MONITORS}/strict/acknowledgements", json={"heartbeat": first + 3}), 204, empty=True)
        advancing.result(20)
        refused(owner.post(f"{MONITORS}/strict/acknowledgements", json={"heartbeat": first + 99}), 400)
        refused(owner.post(f"{MONITORS}/nobody/acknowledgements", json={"heartbeat": first}), 404)
        # From here on the clock waits for nobody: the tests that follow are about other things.
        beats._given_up.add("strict")


async def _advance(door: Doors, until: int) -> None:
    await door.serving.ecosystem.driver.advance_to(until)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('{"op":"acknowledge","heartbeat":99999999999}', "was not sent yet"),
        ('{"op":"subscribe"}', "Invalid"),
        ('{"op":"acknowledge"}', "missing required field"),
        ("x" * 300, "at most 256 characters"),
        ("{", "JSON is malformed|truncated"),
        (b"\x00", "expected a text message"),
    ],
)
def test_a_stream_that_says_nonsense_is_closed_with_the_reason(owner: httpx.Client, door: Doors, said, why) -> None:
    monitor = ok(owner.post(MONITORS, json={"name": "chatty"}), 201)
    with listening(door, owner, monitor) as stream:
        stream.send(said)
        with pytest.raises(ConnectionClosed, match=why) as closed:
            recv_all(stream)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400


def test_a_reader_that_fell_behind_is_told(owner: httpx.Client, door: Doors) -> None:
    monitor = ok(owner.post(MONITORS, json={"name": "slow"}), 201)
    with listening(door, owner, monitor, after=10**9) as stream, pytest.raises(ConnectionClosed, match="too slow") as closed:
        stream.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4408


def test_a_revoked_key_ends_its_stream(door: Doors, owner: httpx.Client) -> None:
    monitor = ok(owner.post(MONITORS, json={"name": "short-lived"}), 201)
    key = door.serving.keys.create("short", [Scope.RISK], [FIRM])
    client = httpx.Client(headers={"authorization": f"Bearer {key.token}"})
    with client, listening(door, client, monitor) as stream:
        door.serving.keys.revoke(key.id)
        with pytest.raises(ConnectionClosed, match="revoked"):
            recv_all(stream)


def test_only_the_firms_own_keys_with_scope_risk_come_in(door: Doors, owner: httpx.Client) -> None:
    monitor = ok(owner.post(MONITORS, json={"name": "guarded"}), 201)
    calls = [
        ("POST", MONITORS, {"name": "intruder"}),
        ("GET", MONITORS, None),
        ("POST", f"{MONITORS}/guarded/alerts", report(1, monitor["registered_at"])),
        ("GET", f"{MONITORS}/guarded/alerts", None),
        ("POST", f"{MONITORS}/guarded/acknowledgements", {"heartbeat": 1}),
    ]
    without = door.client([scope for scope in Scope if scope is not Scope.RISK])
    foreign = door.client(list(Scope), ["rival"])
    part = door.client(list(Scope), [f"{FIRM}/maker"])
    for client in (without, foreign, part):
        for method, path, body in calls:
            refused(client.request(method, path, json=body), 403)
        with pytest.raises(InvalidStatus) as refusal, listening(door, client, monitor):
            pass
        assert refusal.value.response.status_code == 403
    nobody = httpx.Client(base_url=door.serving.url, trust_env=False)
    with nobody:
        for method, path, body in calls:
            refused(nobody.request(method, path, json=body), 401)
    with pytest.raises(InvalidStatus) as refusal:
        connect(door.serving.url.replace("http", "ws", 1) + monitor["stream"], proxy=None)
    assert refusal.value.response.status_code == 401
    with pytest.raises(InvalidStatus) as refusal, listening(door, owner, {"stream": f"{MONITORS}/nobody/stream"}):
        pass
    assert refusal.value.response.status_code == 404
