"""Accounts and custody over REST, from an account's opening to the settlement of its trade, held against the components."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from tests.end_to_end.doors import ALPHA, BETA, CUSTODIAN, Doors, doors, every_page, ok, refused

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import parse_instant
from trading_ecosystem.messages.custodian import HoldingsQuestion, SettlementSettled, UnsettledQuestion
from trading_ecosystem.messages.exchange import ClaimChanged, ClaimsQuestion
from trading_ecosystem.messages.units import DAY, MINUTE

ANNA, BEN = "anna", "ben"


@pytest.fixture(scope="module")
def door() -> Iterator[Doors]:
    with doors() as running:
        running.advance(5)
        yield running


@pytest.fixture(scope="module")
def anna(door: Doors) -> httpx.Client:
    client = door.trader(ANNA)
    for venue in (ALPHA, BETA):
        opened = ok(client.post("/api/v1/accounts", json={"venue": venue, "account": ANNA}), 201)
        assert opened == {"venue": venue, "account": ANNA, "status": "active", "kyc": None}
    return client


@pytest.fixture(scope="module")
def ben(door: Doors) -> httpx.Client:
    client = door.trader(BEN)
    ok(client.post("/api/v1/accounts", json={"venue": ALPHA, "account": BEN}), 201)
    return client


def transfer(client: httpx.Client, what: str, **fields: Any) -> httpx.Response:
    return client.post(f"/api/v1/custody/{what}", json={"account": ANNA, **fields})


def test_accounts_and_sub_accounts(anna: httpx.Client, ben: httpx.Client) -> None:
    for name in ("anna/one", "anna/two"):
        ok(anna.post("/api/v1/accounts", json={"venue": ALPHA, "account": name, "custody": False}), 201)
    listed = every_page(anna, "/api/v1/accounts", 2, account=ANNA)
    assert [(one["account"], one["venue"]) for one in listed] == [
        (ANNA, ALPHA),
        (ANNA, BETA),
        ("anna/one", ALPHA),
        ("anna/two", ALPHA),
    ]
    assert ok(anna.get("/api/v1/accounts", params={"account": "anna/two"}))["items"] == listed[3:]
    custody = ok(anna.get("/api/v1/custody/accounts", params={"account": ANNA}))["items"]
    assert custody == [{"custodian": CUSTODIAN, "account": ANNA}]
    ok(anna.post("/api/v1/custody/accounts", json={"account": "anna/one"}), 201)
    assert len(ok(anna.get("/api/v1/custody/accounts", params={"account": ANNA}))["items"]) == 2
    refused(anna.post("/api/v1/accounts", json={"venue": "nowhere", "account": ANNA}), 404)
    refused(anna.post("/api/v1/accounts", json={"venue": ALPHA, "account": "Anna!"}), 400)


def test_deposits_pledges_and_releases_move_what_they_say(anna: httpx.Client, door: Doors) -> None:
    first = ok(transfer(anna, "deposits", asset="USD", amount="20000.5", transfer_id="in-1"), 201)
    assert {name: first[name] for name in ("kind", "asset", "amount", "status", "venue")} == {
        "kind": "deposit",
        "asset": "USD",
        "amount": "20000.5",
        "status": "posted",
        "venue": None,
    }
    again = ok(transfer(anna, "deposits", asset="USD", amount="20000.5", transfer_id="in-1"), 201)
    assert again["status"] == "posted"
    refused(transfer(anna, "deposits", asset="USD", amount="1", transfer_id="in-1"), 409, "TRANSFER_ID_CONFLICT")
    by_header = {"headers": {"Idempotency-Key": "in-2"}, "json": {"account": ANNA, "asset": "BTC", "amount": "0.5"}}
    for _ in range(2):
        assert ok(anna.post("/api/v1/custody/deposits", **by_header), 201)["transfer_id"] == "in-2"
    ok(transfer(anna, "pledges", asset="USD", amount="15000", venue=ALPHA, transfer_id="to-alpha"), 201)
    ok(transfer(anna, "releases", asset="USD", amount="1000", venue=ALPHA, transfer_id="back"), 201)
    back = ok(transfer(anna, "releases", asset="USD", amount="1000", venue=ALPHA, transfer_id="back"), 201)
    assert (back["kind"], back["status"], back["amount"], back["venue"]) == ("release", "posted", "1000", ALPHA)
    holdings = {one["asset"]: one for one in ok(anna.get("/api/v1/custody/holdings", params={"account": ANNA}))["holdings"]}
    assert holdings["USD"] == {
        "asset": "USD",
        "free": "6000.5",
        "pledged": [{"venue": ALPHA, "amount": "14000"}],
        "total": "20000.5",
    }
    assert holdings["BTC"]["total"] == "0.5"
    held = {(one.venue, one.asset): one.amount_minor for one in door.ask(CUSTODIAN, HoldingsQuestion(ANNA))}
    assert held[ALPHA, "USD"] == 14_000 * 10**8
    assert held["", "USD"] == 6_000_5 * 10**7
    refused(transfer(anna, "releases", asset="USD", amount="999999", venue=ALPHA), 422, "RELEASE_REJECTED")
    refused(transfer(anna, "pledges", asset="USD", amount="999999", venue=ALPHA), 422, "INSUFFICIENT_FREE")
    refused(transfer(anna, "pledges", asset="USD", amount="1", venue="nowhere"), 404)
    refused(transfer(anna, "deposits", asset="DOGE", amount="1"), 404, "UNKNOWN_ASSET")
    refused(transfer(anna, "deposits", asset="USD", amount="-1"), 422, "INVALID_AMOUNT")
    refused(transfer(anna, "deposits", asset="USD", amount="NaN"), 400)
    refusals = every_page(anna, "/api/v1/custody/refusals", 1, account=ANNA)
    assert [one["reason"] for one in refusals] == [
        "invalid_amount",
        "unknown_asset",
        "insufficient_free",
        "transfer_id_conflict",
    ]


def test_a_withdrawal_by_wire_is_pending_until_its_day(anna: httpx.Client, door: Doors) -> None:
    ok(transfer(anna, "deposits", asset="USDT", amount="700", transfer_id="in-usdt"), 201)
    out = ok(transfer(anna, "withdrawals", asset="USDT", amount="200", method="wire", transfer_id="out-1"), 201)
    assert out["status"] == "pending"
    assert DAY < parse_instant(out["posts_at"], "") - door.serving.gateway.now() < 7 * DAY
    shown = ok(anna.get("/api/v1/custody/transfers/withdrawal/out-1", params={"account": ANNA}))
    assert shown == out
    pending = ok(anna.get("/api/v1/custody/transfers", params={"account": ANNA, "status": "pending"}))["items"]
    assert pending == [out]
    everything = every_page(anna, "/api/v1/custody/transfers", 2, account=ANNA)
    assert everything[0] == out
    assert len({(one["kind"], one["transfer_id"]) for one in everything}) == len(everything) >= 6
    deposits = every_page(anna, "/api/v1/custody/transfers", 2, account=ANNA, kind="deposit")
    assert [one for one in everything if one["kind"] == "deposit"] == deposits
    refused(anna.get("/api/v1/custody/transfers/deposit/out-1", params={"account": ANNA}), 404)
    refused(anna.get("/api/v1/custody/transfers/theft/out-1", params={"account": ANNA}), 400)


def test_demo_funds_are_granted_once(ben: httpx.Client) -> None:
    body = {"venue": ALPHA, "account": BEN, "asset": "USD", "request_id": "please"}
    granted = ok(ben.post("/api/v1/demo-funds", json=body), 201)
    assert granted["amount"] == "100000"
    assert ok(ben.post("/api/v1/demo-funds", json=body), 201)["amount"] == "0"
    response = ben.post("/api/v1/demo-funds", json={**body, "request_id": "more"})
    refused(response, 429, "ASKED_BEFORE")
    assert 86_000 < int(response.headers["retry-after"]) <= 86_400
    refused(ben.post("/api/v1/demo-funds", json={**body, "asset": "DOGE"}), 422, "DEMO_FUNDS_REFUSED")
    balances = ok(ben.get("/api/v1/balances", params={"account": BEN}))["balances"]
    assert balances == [{"venue": ALPHA, "asset": "USD", "available": "100000", "held": "0", "total": "100000"}]


def test_a_trade_is_seen_as_position_settlement_and_statement(ben: httpx.Client, door: Doors) -> None:
    order = {
        "venue": ALPHA,
        "account": BEN,
        "instrument": "BTC/USD",
        "side": "buy",
        "type": "market",
        "quantity": "0.1",
        "client_order_id": "b-1",
    }
    bought = ok(ben.post("/api/v1/orders", json=order), 201)
    cost = sum(Decimal(one["price"]) * Decimal(one["quantity"]) + Decimal(one["fee"]) for one in bought["fills"])
    positions = {one["asset"]: one for one in ok(ben.get("/api/v1/positions", params={"account": BEN}))["assets"]}
    assert positions["BTC"] == {"asset": "BTC", "free": "0", "pledged": "0", "unsettled": "0.1", "position": "0.1"}
    assert Decimal(positions["USD"]["unsettled"]) == -cost
    assert Decimal(positions["USD"]["position"]) == 100_000 - cost
    claims = {one.asset: one.available_minor for one in door.ask(ALPHA, ClaimsQuestion(BEN))}
    balances = {one["asset"]: one for one in ok(ben.get("/api/v1/balances", params={"account": BEN}))["balances"]}
    assert {asset: Decimal(one["available"]).scaleb(8) for asset, one in balances.items()} == claims
    ledger = every_page(ben, f"/api/v1/ledger/{ALPHA}", 2, account=BEN)
    said = [one for one in door.said(ClaimChanged) if (one.venue, one.account) == (ALPHA, BEN)]
    assert [one["line"] for one in ledger] == sorted({one.line for one in said}, reverse=True)
    assert Decimal(ledger[0]["available_after"]).scaleb(8) == said[-1].available_after

    pending = ok(ben.get("/api/v1/custody/settlements", params={"account": BEN, "status": "pending"}))["items"]
    assert sorted(one["trade_id"] for one in pending) == sorted(one["trade_id"] for one in bought["fills"])
    report = ok(ben.get("/api/v1/custody/reconciliation", params={"account": BEN}))
    assert report["differences"] == 0
    assert {one["asset"]: Decimal(one["unsettled"]) for one in report["balances"]} == {"BTC": Decimal("0.1"), "USD": -cost}
    door.advance(11 * 60)
    assert door.ask(CUSTODIAN, UnsettledQuestion(BEN)) == ()
    fill = bought["fills"][0]
    path = f"/api/v1/custody/settlements/{ALPHA}/BTC-USD/{fill['trade_id']}"
    settled = ok(ben.get(path, params={"account": BEN}))
    assert settled["status"] == "settled"
    assert settled["settles_at"] == fill["settles_at"]
    assert 0 <= parse_instant(settled["settled_at"], "") - parse_instant(settled["settles_at"], "") <= MINUTE
    assert Decimal(settled["quote_amount"]) == Decimal(fill["price"]) * Decimal(fill["quantity"])
    assert [one.trade_id for one in door.said(SettlementSettled) if one.account == BEN]
    statement = every_page(ben, "/api/v1/custody/statement", 1, account=BEN, asset="BTC")
    assert sum(Decimal(one["amount"]) for one in statement) == Decimal("0.1")
    assert statement[0]["balance_after"] == "0.1"
    assert ok(ben.get("/api/v1/custody/settlements", params={"account": BEN, "status": "pending"}))["items"] == []
    refused(ben.get(f"/api/v1/custody/settlements/{ALPHA}/BTC-USD/999999", params={"account": BEN}), 404)
    refused(ben.get(f"/api/v1/custody/settlements/{ALPHA}/BTC-USD/0", params={"account": BEN}), 400)


READS = (
    "accounts",
    "balances",
    "positions",
    f"ledger/{ALPHA}",
    "custody/accounts",
    "custody/holdings",
    "custody/transfers",
    "custody/transfers/deposit/in-1",
    "custody/refusals",
    "custody/settlements",
    f"custody/settlements/{ALPHA}/BTC-USD/1",
    "custody/statement",
    "custody/reconciliation",
)


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("account", [ANNA, "anna/one", "nobody"])
def test_nobody_reads_what_belongs_to_another(ben: httpx.Client, path: str, account: str) -> None:
    problem = refused(ben.get(f"/api/v1/{path}", params={"account": account}), 403)
    assert problem["detail"] == f"this key is not bound to account {account}"
    refused(ben.get(f"/api/v1/{path}"), 400)


@pytest.mark.parametrize("path", READS)
def test_reading_needs_the_scope_read(door: Doors, path: str) -> None:
    client = door.client([one for one in Scope if one is not Scope.READ], [ANNA])
    refused(client.get(f"/api/v1/{path}", params={"account": ANNA}), 403)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("accounts", {"venue": ALPHA}),
        ("custody/accounts", {}),
        ("custody/deposits", {"asset": "USD", "amount": "1"}),
        ("custody/withdrawals", {"asset": "USD", "amount": "1"}),
        ("custody/pledges", {"asset": "USD", "amount": "1", "venue": ALPHA}),
        ("custody/releases", {"asset": "USD", "amount": "1", "venue": ALPHA}),
        ("demo-funds", {"asset": "USD", "venue": ALPHA}),
    ],
)
def test_nobody_moves_what_belongs_to_another(ben: httpx.Client, door: Doors, path: str, body: dict[str, Any]) -> None:
    before = len(door.lines())
    refused(ben.post(f"/api/v1/{path}", json={**body, "account": ANNA}), 403)
    refused(door.client([Scope.READ, Scope.RISK], [ANNA]).post(f"/api/v1/{path}", json={**body, "account": ANNA}), 403)
    assert len(door.lines()) == before
