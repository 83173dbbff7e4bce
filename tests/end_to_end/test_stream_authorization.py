"""Who may hear what: the stream of every face with every scope, and every channel for own and foreign accounts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.end_to_end.doors import ALPHA, Doors, doors, ok
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.rate_limits import RateLimit
from trading_ecosystem.api.streams.channels import CHANNELS, PRIVATE, Channel
from trading_ecosystem.api.streams.web_socket import STREAM_PATHS

ALLOWED = {"/api/v1/stream": Scope.READ, "/control/v1/stream": Scope.CONTROL, "/audit/v1/stream": Scope.AUDIT}
"""The allowed cells: what a key needs to open each stream. Every other stream, and every other scope, is refused."""
PUBLIC = {
    "/api/v1/stream": {"heartbeats", "quotes", "depth", "trades", "prices", "candles", "markets"},
    "/control/v1/stream": {"heartbeats", "runs", "faults", "conditions", "components", "lifecycle", "operations"},
    "/audit/v1/stream": {"heartbeats", "entries"},
}
"""The channels of each stream that do not depend on an account; no other stream has them, heartbeats aside."""
OWN = {"orders", "fills", "balances", "positions", "settlements", "transfers", "strategies", "alerts", "risk", "monitors"}
"""The channels of production that are about accounts."""
ANNA, BEN = "anna", "ben"


@pytest.fixture(scope="module")
def door() -> Iterator[Doors]:
    generous = RateLimit(1e6, 1_000_000)
    with doors(per_key=generous, per_stranger=generous) as running:
        running.advance(2)
        yield running


def key(door: Doors, *scopes: Scope, account: str = "*") -> str:
    async def lend() -> str:
        return door.serving.keys.lend(scopes, (account,)).token

    return door.do(lend())


def opened(door: Doors, path: str, token: str | None) -> ClientConnection:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return connect(door.serving.url.replace("http", "ws") + path, additional_headers=headers, proxy=None, close_timeout=2)


def asked(connection: ClientConnection, **operation: Any) -> dict[str, Any]:
    """The answer to an operation."""
    connection.send(json.dumps(operation))
    while True:
        for message in json.loads(connection.recv(20)):
            if "op" in message:
                answer: dict[str, Any] = message
                return answer


def test_the_tables_are_whole() -> None:
    assert set(STREAM_PATHS) == set(ALLOWED), "a stream that stands in no row"
    for path, face in STREAM_PATHS.items():
        rows = PUBLIC[path] | (OWN if path == "/api/v1/stream" else set())
        assert {channel.value for channel in CHANNELS[face]} == rows, "a channel that stands in no row"
    assert {channel.value for channel in PRIVATE} <= OWN


@pytest.mark.parametrize("path", sorted(STREAM_PATHS))
def test_one_scope_opens_one_stream(door: Doors, path: str) -> None:
    for scope in Scope:
        token = key(door, scope)
        if scope is ALLOWED[path]:
            with opened(door, path, token) as stream:
                assert asked(stream, op="ping") == {"op": "pong"}
            continue
        with pytest.raises(InvalidStatus) as refused:
            opened(door, path, token)
        assert refused.value.response.status_code == 403
        with opened(door, path, None) as stream:
            assert asked(stream, op="login", token=token)["problem"]["status"] == 403
            with pytest.raises(ConnectionClosed):
                stream.recv(5)
    revoked = door.serving.keys.create("revoked", tuple(Scope), ("*",))
    door.serving.keys.revoke(revoked.id)
    for token in ("te_no", revoked.token):
        with pytest.raises(InvalidStatus) as refused:
            opened(door, path, token)
        assert refused.value.response.status_code == 401
    with opened(door, path, None) as stream:
        assert asked(stream, op="subscribe", channel="quotes")["problem"]["status"] == 401
    assert door.serving.hub.subscribers == 0


@pytest.mark.parametrize("path", sorted(STREAM_PATHS))
def test_a_stream_has_its_own_channels_and_no_others(door: Doors, path: str) -> None:
    own = PUBLIC[path] | (OWN if path == "/api/v1/stream" else set())
    with opened(door, path, key(door, *Scope)) as stream:
        for channel in Channel:
            answer = asked(stream, op="subscribe", channel=channel.value)
            assert ("subscription" in answer) == (channel.value in own), answer
            assert "problem" not in answer or answer["problem"]["status"] in (400, 403, 404), answer


@pytest.mark.parametrize(
    ("bound", "own", "foreign"),
    [
        (ANNA, (ANNA, "anna/one", "anna/two"), (BEN, "ann", "anna2", "demo", "demo/momentum", "ben/anna")),
        ("anna/one", ("anna/one",), (ANNA, "anna/two", "anna/one2", BEN, "demo")),
    ],
)
def test_an_account_is_heard_by_its_owner_alone(
    door: Doors, bound: str, own: tuple[str, ...], foreign: tuple[str, ...]
) -> None:
    with opened(door, "/api/v1/stream", key(door, Scope.READ, account=bound)) as stream:
        for channel in sorted(OWN):
            for account in own:
                assert "subscription" in asked(stream, op="subscribe", channel=channel, account=account)
            for account in foreign:
                answer = asked(stream, op="subscribe", channel=channel, account=account)
                assert answer["problem"]["status"] in (403, 404), (channel, account, answer)


def test_a_monitor_s_stream_is_for_its_firm_and_the_scope_risk(door: Doors) -> None:
    path = "/api/v1/risk/monitors/mine/stream"
    with pytest.raises(InvalidStatus) as refused:
        opened(door, path, key(door, *Scope))
    assert refused.value.response.status_code == 404
    registered = {"name": "mine"}
    ok(door.client().post("/api/v1/risk/monitors", json=registered), 201)
    tokens = [(key(door, scope), 403) for scope in Scope if scope is not Scope.RISK]
    tokens += [(key(door, *Scope, account=account), 403) for account in (ANNA, "dem", "demo/momentum")]
    for token, status in [*tokens, (None, 401), ("te_no", 401)]:
        with pytest.raises(InvalidStatus) as refused:
            opened(door, path, token)
        assert refused.value.response.status_code == status
    with opened(door, path, key(door, Scope.RISK, account="demo")) as stream:
        door.advance(2)
        assert "heartbeat" in str(stream.recv(20))


def test_without_an_account_nothing_of_others_is_heard(door: Doors) -> None:
    trader = door.client()
    with opened(door, "/api/v1/stream", key(door, Scope.READ, account="nobody")) as stream:
        for channel in sorted(PUBLIC["/api/v1/stream"] | OWN):
            assert "subscription" in asked(stream, op="subscribe", channel=channel)
        for account in (ANNA, BEN):
            ok(trader.post("/api/v1/accounts", json={"venue": ALPHA, "account": account}), 201)
            money = {"account": account, "asset": "USD", "amount": "20000", "transfer_id": "in-1"}
            ok(trader.post("/api/v1/custody/deposits", json=money), 201)
            pledge = {**money, "amount": "15000", "venue": ALPHA, "transfer_id": "to-alpha"}
            ok(trader.post("/api/v1/custody/pledges", json=pledge), 201)
            buy = {"venue": ALPHA, "account": account, "instrument": "BTC/USD", "side": "buy", "quantity": "0.001"}
            ok(trader.post("/api/v1/orders", json={**buy, "type": "market", "client_order_id": "fills"}), 201)
        door.advance(30)
        stream.send('{"op":"ping","id":"last"}')
        text = ""
        while '"last"' not in text:
            text += str(stream.recv(20))
    assert text.count("QuoteChanged") > 5
    for name in (ANNA, BEN, "demo/", '"account"', '"demo"'):
        assert name not in text, text[text.index(name) - 300 :][:600]
