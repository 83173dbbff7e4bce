"""Whole stories through the public interfaces, on SQLite alone and on PostgreSQL with Redis."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest
from tests.contract.redis_space import PASSWORDS as REDIS_PASSWORDS
from tests.contract.redis_space import RedisSpace
from tests.end_to_end.doors import ALPHA, BETA, FIRM, doors, ok
from tests.servers import PASSWORDS

from trading_ecosystem.api.decimals import parse_instant
from trading_ecosystem.messages.exchange import TradesPublished
from trading_ecosystem.messages.units import MINUTE
from trading_ecosystem.settings import CACHE_PASSWORDS_FILE, STORE_PASSWORD

ALICE = f"{FIRM}/alice"
CYCLE = 600
"""Seconds from a trade to its settlement."""


@pytest.fixture(params=["SQLite", "PostgreSQL and Redis"])
def market(request, tmp_path, monkeypatch):
    if request.param == "SQLite":
        with doors(store=f"sqlite:///{tmp_path / 'store'}") as running:
            yield running
        return
    store = request.getfixturevalue("postgresql_copy")
    monkeypatch.setenv(STORE_PASSWORD, PASSWORDS.for_all)
    url = f"postgresql://{store.host}:{store.port}/{store.database}?roles={store.roles}"
    passwords = tmp_path / "cache-passwords.json"
    passwords.write_text(json.dumps(REDIS_PASSWORDS))
    passwords.chmod(0o600)
    monkeypatch.setenv(CACHE_PASSWORDS_FILE, str(passwords))
    with RedisSpace(request.getfixturevalue("redis_server")) as space, doors(store=url, cache=space.url) as running:
        yield running


def amounts(lines, *names):
    return {line["asset"]: tuple(Decimal(line[name]) for name in names) for line in lines}


def exposure(client):
    return {name: Decimal(text) for name, text in ok(client.get("/api/v1/risk/exposure")).items() if name in ("btc", "usd")}


def funded(client, usd):
    ok(client.post("/api/v1/accounts", json={"venue": ALPHA, "account": ALICE}), 201)
    transfer = {"account": ALICE, "asset": "USD", "amount": usd}
    assert ok(client.post("/api/v1/custody/deposits", json=transfer), 201)["status"] == "posted"
    assert ok(client.post("/api/v1/custody/pledges", json={**transfer, "venue": ALPHA}), 201)["status"] == "posted"


def buy(client, quantity):
    order = {"venue": ALPHA, "account": ALICE, "instrument": "BTC/USD", "side": "buy", "type": "market", "quantity": quantity}
    return ok(client.post("/api/v1/orders", json={**order, "client_order_id": "first"}), 201)


def audited(client, path):
    """An answer of audit, as soon as it has read the whole record."""
    deadline = time.monotonic() + 60
    while (response := client.get(path)).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.2)
    return ok(response)


def settlement(client):
    (found,) = ok(client.get("/api/v1/custody/settlements", params={"account": ALICE}))["items"]
    return found


def test_ten_thousand_dollars_buy_a_tenth_of_a_bitcoin(market):
    client = market.trader(FIRM)
    market.advance(5)
    funded(client, "10000")
    before = exposure(client)

    order = buy(client, "0.1")
    (fill, *more) = order["fills"]
    paid = sum(Decimal(one["price"]) * Decimal(one["quantity"]) for one in order["fills"])
    fees = sum(Decimal(one["fee"]) for one in order["fills"])
    assert order["status"] == "filled"
    assert sum(Decimal(one["quantity"]) for one in order["fills"]) == Decimal("0.1")
    assert fees == paid * Decimal("0.0005")
    # At the book: what the venue publishes of its trades next contains the fill.
    market.advance(1)
    published = [one for one in market.said(TradesPublished) if (one.venue, one.instrument) == (ALPHA, "BTC/USD")]
    holding = next(one for one in published if one.first_trade_id <= fill["trade_id"] <= one.last_trade_id)
    assert holding.low_ticks <= Decimal(fill["price"]) * 100 <= holding.high_ticks
    # Risk knows it at once, whatever settles later.
    after = exposure(client)
    assert after["btc"] - before["btc"] == Decimal("0.1")
    assert amounts(ok(client.get("/api/v1/positions", params={"account": ALICE}))["assets"], "unsettled", "position") == {
        "BTC": (Decimal("0.1"), Decimal("0.1")),
        "USD": (-paid - fees, 10_000 - paid - fees),
    }

    market.advance(CYCLE - 2)
    assert settlement(client)["status"] == "pending"
    market.advance(2)
    settled = settlement(client)
    assert (settled["status"], settled["settled_at"]) == ("settled", fill["settles_at"])
    assert not more
    assert amounts(ok(client.get("/api/v1/custody/holdings", params={"account": ALICE}))["holdings"], "total") == {
        "BTC": (Decimal("0.1"),),
        "USD": (10_000 - paid - fees,),
    }
    record = ok(market.client().get(f"/audit/v1/orders/{ALPHA}/first", params={"account": ALICE}))
    life = record["lifecycle"]
    assert (life["status"], life["fills"], life["settled_fills"]) == ("filled", 1, 1)
    assert life["last_settled_at"] == settled["settled_at"]
    named = [event["type"] for event in record["events"]]
    for step in ("PlaceOrder", "OrderAccepted", "OrderFilled", "SettlementInstructed", "SettlementSettled"):
        assert step in named, named
    chain = ok(market.client().get(f"/audit/v1/traces/{life['trace']}"))["events"]
    causes = {event["sequence"]: event["cause"] for event in chain}
    instructed = next(event for event in chain if event["type"] == "SettlementInstructed")
    at, steps = instructed["sequence"], []
    while at is not None:
        steps.append(next(event["type"] for event in chain if event["sequence"] == at))
        at = causes[at]
    assert steps == ["SettlementInstructed", "TradeMatched", "PlaceOrder"]


def test_a_settlement_delay_delays_by_its_duration_and_is_noticed_and_linked(market):
    client, operator = market.trader(FIRM), market.client()
    market.advance(5)
    funded(client, "10000")
    fault = {"kind": "settlement_delay", "fault_id": "zq-7", "fields": {"duration": "30m", "delay": "8m"}}
    ok(operator.post("/control/v1/faults", json=fault), 201)
    fill = buy(client, "0.1")["fills"][0]

    market.advance(CYCLE + 8 * 60 - 1)
    late = settlement(client)
    assert (late["status"], late["last_failure"]) == ("failing", "delayed")
    overdue = ok(client.get("/api/v1/risk/alerts", params={"kind": "settlement_overdue"}))["items"]
    # The firm's own strategies may have traded on the other venue meanwhile.
    assert {one["subject"] for one in overdue} <= {ALPHA, BETA}
    (alert,) = (one for one in overdue if one["subject"] == ALPHA)
    assert parse_instant(alert["raised_at"], "") == parse_instant(fill["settles_at"], "") + 5 * MINUTE
    market.advance(1)
    settled = settlement(client)
    assert settled["status"] == "settled"
    assert parse_instant(settled["settled_at"], "") == parse_instant(fill["settles_at"], "") + 8 * MINUTE

    (score,) = audited(operator, "/audit/v1/scores")["scores"]
    assert (score["fault_id"], score["outcome"], score["alert_id"]) == ("zq-7", "detected", alert["alert_id"])
    (found,) = (one for one in audited(operator, "/audit/v1/findings")["chains"] if one["fault_id"] == "zq-7")
    assert found["alert_id"] == alert["alert_id"]
    steps = [step["type"] for step in found["steps"]]
    assert (steps[0], steps[-1]) == ("FaultInjected", "AlertRaised")
    # The trader's own face knows what happened, and nothing of why.
    assert "zq-7" not in client.get("/api/v1/risk/alerts").text
    assert client.get("/control/v1/faults").status_code == 403
