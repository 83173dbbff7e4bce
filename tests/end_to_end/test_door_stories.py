"""Whole stories through the public interfaces, on SQLite alone and on PostgreSQL with Redis."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from tests.contract.redis_space import PASSWORDS as REDIS_PASSWORDS
from tests.contract.redis_space import RedisSpace
from tests.end_to_end.doors import ALPHA, FIRM, doors, ok
from tests.servers import PASSWORDS

from trading_ecosystem.messages.exchange import TradesPublished
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
