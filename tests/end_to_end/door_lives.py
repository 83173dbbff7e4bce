"""Lives of one market behind its doors, with faults of every kind and without, and all that production is told in them.

Over HTTP every route that reads, every channel of the stream, documents and pages; over gRPC every call that reads and every
stream. All lives have the same seed, the same clock and the same commands.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import msgspec
from tests.campaign import CAMPAIGN, REPOSITORY
from tests.end_to_end.door_routes import Opened, opened
from tests.end_to_end.doors import ALPHA, BETA, ok
from tests.end_to_end.grpc_listener import Answer, GrpcListener
from tests.end_to_end.test_live_folder import ManualClock
from websockets.sync.client import ClientConnection, connect

from trading_ecosystem import live_ecosystem
from trading_ecosystem.api.caller import PRODUCTION_SCOPES, Scope
from trading_ecosystem.api.face import Face
from trading_ecosystem.api.rate_limits import RateLimit
from trading_ecosystem.api.streams.channels import CHANNELS
from trading_ecosystem.messages.test_coordination import GroundTruthLabelled
from trading_ecosystem.messages.units import SECOND

ANNA = "anna"
FAULTED_SECONDS = 900 if CAMPAIGN else 45
"""Ecosystem time under faults."""
_HOLD = {"duration": "30m"}
_ALPHA = {"venue": "exchange-alpha", **_HOLD}
_LINK = {"from": "market-data", "to": "trading", **_HOLD}
FAULTS: dict[str, dict[str, str]] = {
    "price_shock": {"asset": "BTC", "magnitude": "-0.06", "ramp": "5s", "hold": "10m", "recovery": "5m"},
    "market_crash": {"magnitude": "-0.1", "ramp": "5s", "hold": "10m", "recovery": "5m"},
    "stablecoin_depeg": {"magnitude": "-0.05", "ramp": "5s", "hold": "10m", "recovery": "5m"},
    "volatility_spike": {"factor": "5", "ramp": "5s", "hold": "10m", "recovery": "5m"},
    "correlation_break": {"correlation": "-0.8", "hold": "10m", "recovery": "5m"},
    "divergence": {"instrument": "BTC/USDT", "magnitude": "0.02", "buildup": "5s", "sustain": "10m", "recovery": "5m"},
    "feed_stale": {"instruments": "ETH/USD", **_HOLD},
    "feed_drop": {"instruments": "ETH/USDT", "probability": "0.5", **_HOLD},
    "feed_delay": {"instruments": "BTC/USDT", "delay": "2s", **_HOLD},
    "feed_corrupt": {"instruments": "ETH/BTC", "probability": "0.5", "magnitude": "0.04", **_HOLD},
    "feed_duplicate": {"instruments": "BTC/USD", "probability": "0.5", "delay": "2s", **_HOLD},
    "feed_out_of_order": {"instruments": "BTC/USD", "probability": "0.3", "delay": "3s", **_HOLD},
    "feed_gap": {"instruments": "ETH/BTC", "probability": "0.3", **_HOLD},
    "feed_frozen": {"instruments": "USDT/USD", **_HOLD},
    "feed_bad_tick": {"instruments": "ETH/USDT", "probability": "0.3", "shift": "1", **_HOLD},
    "feed_clock_skew": {"instruments": "BTC/USD", "skew": "2s", **_HOLD},
    "settlement_delay": {"delay": "4s", "duration": "8s"},
    "settlement_reject": {"probability": "0.5", **_HOLD},
    "custodian_offline": {"at": "20s", "duration": "10s"},
    "transfer_reject": {"probability": "0.5", **_HOLD},
    "transfer_slow": {"delay": "1m", **_HOLD},
    "partial_settlement": {"share": "0.4", **_HOLD},
    "bank_holiday": {"at": "25s", **_HOLD},
    "instruction_mismatch": {"probability": "0.5", "magnitude": "0.1", **_HOLD},
    "stale_balance": _HOLD,
    "venue_outage": {"venue": "exchange-beta", "duration": "20s", "orders": "cancel"},
    "venue_halt": {**_ALPHA, "instruments": "ETH/BTC"},
    "venue_latency": {**_ALPHA, "delay": "1s"},
    "venue_reject": {**_ALPHA, "probability": "0.5"},
    "venue_spread": {**_ALPHA, "magnitude": "0.04"},
    "venue_liquidity": {**_ALPHA, "magnitude": "0.9"},
    "venue_partial_fills": {**_ALPHA, "pieces": "10"},
    "venue_lost_ack": {**_ALPHA, "probability": "0.3"},
    "venue_duplicate_execution": {**_ALPHA, "probability": "0.5"},
    "venue_late_fill": {**_ALPHA, "probability": "0.5"},
    "venue_crossed_book": {**_ALPHA, "magnitude": "0.001"},
    "strategy_runaway": {"workload": "runaway", "interval": "2s", **_HOLD},
    "strategy_risk_ignorant": {"workload": "risk-ignorant", "interval": "5s", **_HOLD},
    "strategy_volatility_amplifier": {"workload": "volatility-amplifier", "interval": "5s", **_HOLD},
    "strategy_correlation_breaker": {"workload": "correlation-breaker", "interval": "5s", **_HOLD},
    "strategy_slow_leak": {"workload": "slow-leak", "interval": "5s", **_HOLD},
    "link_delay": {**_LINK, "delay": "300ms"},
    "link_drop": {"from": "exchange-alpha", "to": "trading", "probability": "0.3", **_HOLD},
    "link_duplicate": {"from": "exchange-alpha", "to": "risk", "probability": "0.3", "delay": "1s", **_HOLD},
    "link_reorder": {**_LINK, "probability": "0.3", "delay": "1s"},
    "link_partition": {"from": "exchange-beta", "to": "risk", **_HOLD},
    "component_pause": {"component": "trading", "at": "10s", "duration": "10s"},
    "component_crash": {"component": "risk", "duration": "10s"},
    "store_slow": {"component": "exchange-beta", "delay": "500ms", **_HOLD},
    "store_unavailable": {"component": "custodian", "duration": "10s"},
}
"""What is injected, in the words of the catalogue: every kind of it."""
_ROGUES = {
    "runaway": "size_usd: 500",
    "risk_ignorant": "quantity: 0.02",
    "volatility_amplifier": "size_usd: 500",
    "correlation_breaker": "against: ETH/USD, size_usd: 500",
    "slow_leak": "size_usd: 500",
}
"""Strategies that misbehave wait in every life for a fault that starts them."""
_ROGUE = """\
  - strategy: {kind}
    name: {name}
    account: demo/{name}
    start: standby
    capital: {{exchange-alpha: {{USD: 20000}}}}
    settings: {{venue: exchange-alpha, instrument: BTC/USD, {settings}}}
"""
CHANGES_BY_ITSELF = {"date", "x-request-id", "x-position", "ratelimit-remaining", "ratelimit-reset", "content-length"}


class Seen(msgspec.Struct):
    """Everything that production was told in one life, by phase and request; what streams said by phase."""

    answers: dict[tuple[str, str], tuple[int, dict[str, str], str]]
    heard: dict[str, list[dict[str, Any]]]
    called: dict[tuple[str, str], Answer]
    """Over gRPC."""
    streamed: dict[str, dict[str, list[Any]]]
    """By phase, from the beginning to its end: the responses of every stream over gRPC."""
    took_effect: set[str]
    """Kinds of the faults that did."""


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


def scenario_in(folder: str) -> Path:
    """The living market, in which strategies that misbehave wait, and what is due is settled and compared soon."""
    rogues = (_ROGUE.format(kind=kind, name=kind.replace("_", "-"), settings=settings) for kind, settings in _ROGUES.items())
    path = Path(folder) / "market.yaml"
    text = (REPOSITORY / "scenarios/living_market.yaml").read_text().rstrip() + "\n" + "".join(rogues)
    path.write_text(
        text.replace("settlement_cycle: 10m", "settlement_cycle: 5s")
        .replace("_every: 1m", "_every: 10s")
        .replace("_every: 5m", "_every: 10s")
    )
    return path


def life(faulted: bool) -> Seen:
    """One life of the market, with or without faults."""
    seen = Seen({}, {}, {}, {}, set())
    generous = RateLimit(1e6, 1_000_000)
    clock = ManualClock()
    with (
        mock.patch.object(live_ecosystem, "SystemClock", return_value=clock),
        tempfile.TemporaryDirectory() as folder,
        opened(seed=11, scenario=str(scenario_in(folder)), grpc_port=0, per_key=generous, per_stranger=generous) as server,
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
    door.advance(3)  # so that there is somebody to trade with
    url = door.serving.url.replace("http", "ws") + "/api/v1/stream"
    with connect(url, additional_headers=mine, proxy=None, max_size=None) as stream:
        for channel in sorted(CHANNELS[Face.PRODUCTION]):
            stream.send(json.dumps({"op": "subscribe", "channel": channel.value}))
        if faulted:
            plan(client, control, seen)
        listener = GrpcListener(door.serving.grpc_address, token, ANNA)
        try:
            door.advance(1)
            listener.listens()
            door.advance(1)
            listener.begin(door.serving.gateway.now() // SECOND * SECOND)
            phases(server, client, stream, listener, control, faulted, seen)
        finally:
            listener.close()


def named(when: str, kind: str) -> str:
    """The name of a fault, of which no more than this fits into one."""
    return f"zz-hidden-{when}{kind[:22].replace('_', '-')}"


def plan(client: httpx.Client, control: dict[str, str], seen: Seen) -> None:
    """Faults far ahead, and some that are given up: entries of the record that production must not be able to count."""
    for kind, fields in FAULTS.items():
        body = {"kind": kind, "fault_id": named("", kind), "fields": {**fields, "at": "5h"}}
        answer = client.post("/control/v1/faults", json=body, headers=control)
        assert answer.status_code == 201, (kind, answer.text)
    ok(client.delete("/control/v1/faults/zz-hidden-custodian-offline", headers=control))


def phases(
    server: Opened,
    client: httpx.Client,
    stream: ClientConnection,
    listener: GrpcListener,
    control: Any,
    faulted: bool,
    seen: Seen,
) -> None:
    door, token = server.door, server.token(*PRODUCTION_SCOPES)

    def phase(name: str, seconds: float) -> None:
        trade(client, token, name, seen)
        door.advance(seconds)
        ask_everything(server, client, name, seen)
        for account in (ANNA, "demo"):
            for call, answer in listener.answers(account):
                seen.called[name, f"{call} {account}"] = answer
        listened(stream, name, seen)
        seen.streamed[name] = listener.said_until(door.serving.gateway.now() // SECOND * SECOND)

    phase("planned", 8)
    if faulted:
        for kind, fields in FAULTS.items():
            body = {"kind": kind, "fault_id": named("now-", kind), "fields": fields}
            ok(client.post("/control/v1/faults", json=body, headers=control), 201)
    phase("bitten", FAULTED_SECONDS)
    if faulted:
        ok(client.post(f"/control/v1/components/{BETA}/stop", headers=control))
    phase("stopped", 3)
    seen.took_effect.update(one.kind.value for one in door.said(GroundTruthLabelled))
