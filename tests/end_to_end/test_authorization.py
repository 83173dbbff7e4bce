"""Who may do what: every route that the server really has, with every scope, for own and foreign accounts.

The allowed cells stand in :data:`ALLOWED`. Everything else is refused with 401, 403 or 404 and changes nothing. A route without
a scope, or one that stands in no row or in two, fails.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.campaign import CAMPAIGN
from tests.end_to_end.door_routes import Opened, Route, opened
from tests.end_to_end.doors import ALPHA, ok, refused

from trading_ecosystem.api.caller import PRODUCTION_SCOPES, Scope
from trading_ecosystem.api.rate_limits import RateLimit

ALLOWED: dict[Scope, tuple[str, ...]] = {
    Scope.READ: ("GET /api/v1/*",),
    Scope.TRADE: (
        "POST /api/v1/accounts",
        "POST /api/v1/orders",
        "POST /api/v1/orders/mass-cancel",
        "POST /api/v1/order-lists",
        "PATCH /api/v1/orders/*",
        "DELETE /api/v1/orders/*",
        "POST /api/v1/sessions",
        "POST /api/v1/strategies/*",
        "PATCH /api/v1/strategies/*",
    ),
    Scope.CUSTODY: (
        "POST /api/v1/custody/accounts",
        "POST /api/v1/custody/deposits",
        "POST /api/v1/custody/withdrawals",
        "POST /api/v1/custody/pledges",
        "POST /api/v1/custody/releases",
        "POST /api/v1/demo-funds",
    ),
    Scope.APPROVE: ("POST /api/v1/custody/approvals*",),
    Scope.RISK: ("PUT /api/v1/risk/*", "POST /api/v1/risk/*", "DELETE /api/v1/risk/*", "GET /api/v1/risk/monitors*"),
    Scope.CONTROL: ("* /control/v1/*", "GET /metrics"),
    Scope.AUDIT: ("GET /audit/v1/*",),
}
"""The allowed cells: what a key with one scope alone may ask for, about its own account. The longest pattern decides."""
ALSO: dict[Scope, tuple[str, ...]] = {
    Scope.READ: ("PATCH /api/v1/orders/*", "POST /api/v1/risk/alerts/*", "POST /api/v1/risk/stress"),
    Scope.CUSTODY: ("POST /api/v1/accounts",),
}
"""What needs a second scope, for what it does beside: answers from history, opens a custody account."""
FIRMS_ONLY = ("* /api/v1/strategies*", "* /api/v1/risk/*")
"""Routes about the firm that do not name an account."""
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "PROPFIND"} if CAMPAIGN else {"POST", "DELETE"}
ANNA, BEN = "anna", "ben"
ONE, TWO = "anna/one", "anna/two"
GENEROUS = RateLimit(1e6, 1_000_000)


@pytest.fixture(scope="module")
def server() -> Iterator[Opened]:
    with opened(per_key=GENEROUS, per_stranger=GENEROUS) as running:
        trader = running.door.client()
        for account in (ANNA, BEN, ONE, TWO):
            ok(trader.post("/api/v1/accounts", json={"venue": ALPHA, "account": account}), 201)
            money = {"account": account, "asset": "USD", "amount": "20000", "transfer_id": "in-1"}
            ok(trader.post("/api/v1/custody/deposits", json=money), 201)
            pledge = {**money, "amount": "15000", "venue": ALPHA, "transfer_id": "to-alpha"}
            ok(trader.post("/api/v1/custody/pledges", json=pledge), 201)
            buy = {"venue": ALPHA, "account": account, "instrument": "BTC/USD", "side": "buy", "quantity": "0.001"}
            ok(trader.post("/api/v1/orders", json={**buy, "type": "market", "client_order_id": "fills"}), 201)
            rests = {**buy, "type": "limit", "price": "20000", "client_order_id": "rests"}
            ok(trader.post("/api/v1/orders", json=rests), 201)
        running.door.advance(2)
        yield running


@pytest.fixture(scope="module")
def client(server: Opened) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.door.serving.url, timeout=30.0, trust_env=False) as one:
        yield one


def guarded(server: Opened) -> list[Route]:
    """The routes that need a key, those aside that say which methods there are."""
    return [route for route in server.routes if not route.is_open and route.method != "OPTIONS"]


def allowed(route: Route, scope: Scope) -> bool:
    rows = [(len(one), row) for row, patterns in ALLOWED.items() for one in patterns if route.matches(one)]
    return bool(rows) and max(rows)[1] is scope


def test_every_route_declares_the_scope_that_stands_in_the_table(server: Opened) -> None:
    wrong = []
    for route in guarded(server):
        rows = [scope for scope in Scope if allowed(route, scope)]
        if rows != [route.scope]:
            wrong.append(f"{route.name} declares {route.scope}, the table says {[str(one) for one in rows]}")
    assert not wrong, "\n".join(wrong)
    assert len(guarded(server)) > 50
    assert {route.scope for route in guarded(server)} >= {Scope.READ, Scope.TRADE, Scope.CUSTODY, Scope.RISK, Scope.CONTROL}


def test_one_scope_opens_its_own_routes_and_no_other(server: Opened, client: httpx.Client) -> None:
    tokens = {scope: server.token(scope) for scope in Scope}
    wrong, before = [], server.state()
    for route in guarded(server):
        for scope in Scope:
            if allowed(route, scope):
                continue
            answer = server.answer(client, route, ANNA, tokens[scope])
            after = server.state()
            if answer.status_code != 403 or after != before:
                wrong.append(f"{route.name} with {scope}: {answer.status_code} {answer.text[:200]}, {before} {after}")
            before = after
    assert not wrong, "\n".join(wrong)


def test_without_a_key_that_is_known_nothing_is_served(server: Opened, client: httpx.Client) -> None:
    revoked = server.door.serving.keys.create("revoked", tuple(Scope), ("*",))
    server.door.serving.keys.revoke(revoked.id)
    shown = [
        {},
        {"authorization": "Bearer te_0000000000_not-a-token"},
        {"authorization": f"Bearer {revoked.token}"},
        {"authorization": f"Basic {server.token(*Scope)}"},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {server.token(*Scope)[:-1]}"},
        {"x-key": revoked.id},
        {"cookie": f"token={server.token(*Scope)}"},
    ]
    wrong, before = [], server.state()
    for route in server.routes:
        if route.is_open or (route.method == "OPTIONS" and not CAMPAIGN):
            continue
        asked = route.request(ANNA)
        for headers in shown:
            answer = client.request(**asked, headers=headers)
            if answer.status_code != 401 or "www-authenticate" not in answer.headers or server.state() != before:
                wrong.append(f"{route.name} with {headers}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_open_routes_are_few_and_change_nothing(server: Opened, client: httpx.Client) -> None:
    before = server.state()
    for route in server.routes:
        if route.is_open:
            assert server.answer(client, route, ANNA, None).status_code in (200, 204, 404), route.name
    assert sum(route.is_open for route in server.routes if route.method == "GET") < 9
    assert server.state() == before


def strangers(server: Opened) -> list[tuple[str, str]]:
    """A key with every scope of production, bound to one account, and an account that it must not reach."""
    bound = {ANNA: (BEN, "demo", "anna2", "ann"), ONE: (TWO, ANNA, BEN, "anna/one2", "demo"), "an": (ANNA,)}
    return [
        (server.token(*PRODUCTION_SCOPES, account=account), foreign) for account, list_ in bound.items() for foreign in list_
    ]


def test_accounts_of_others_are_out_of_reach(server: Opened, client: httpx.Client) -> None:
    wrong, before = [], server.state()
    named = [route for route in guarded(server) if route.names_account and route.scope in PRODUCTION_SCOPES]
    assert len(named) > 25
    for token, foreign in strangers(server):
        for route in named:
            answer = server.answer(client, route, foreign, token)
            after = server.state()
            if answer.status_code not in (403, 404) or after != before:
                wrong.append(f"{route.name} about {foreign}: {answer.status_code} {answer.text[:200]}")
            before = after
    assert not wrong, "\n".join(wrong)


def test_a_refusal_does_not_tell_whether_an_account_exists(server: Opened, client: httpx.Client) -> None:
    token = server.token(*PRODUCTION_SCOPES, account=ANNA)
    for route in guarded(server):
        if not route.names_account or route.scope not in PRODUCTION_SCOPES:
            continue
        there, nowhere = (server.answer(client, route, foreign, token) for foreign in (BEN, "zed"))
        assert there.status_code == nowhere.status_code, route.name
        assert there.json()["detail"].replace(BEN, "zed") == nowhere.json()["detail"], route.name


def test_what_names_no_account_shows_none_of_others(server: Opened, client: httpx.Client) -> None:
    wrong = []
    for own, hidden in ((ANNA, (BEN, "demo/")), (ONE, (BEN, "demo/", TWO, '"anna"')), ("nobody", (ANNA, BEN, "demo/"))):
        token = server.token(*PRODUCTION_SCOPES, account=own)
        before = server.state()
        for route in guarded(server):
            if route.names_account or route.scope not in PRODUCTION_SCOPES:
                continue
            answer = server.answer(client, route, own, token)
            if route.matches(*FIRMS_ONLY) and answer.status_code not in (403, 404):
                wrong.append(f"{route.name} for {own}: {answer.status_code} {answer.text[:300]}")
            if found := [name for name in hidden if name in answer.text]:
                wrong.append(f"{route.name} shows {found} to {own}")
            if route.changes and server.state() != before:
                wrong.append(f"{route.name} changed something for {own}")
    assert not wrong, "\n".join(wrong)


def test_the_allowed_cells_are_open(server: Opened, client: httpx.Client) -> None:
    """With its scope, about the own account, nothing is refused for want of a right; most of it is carried out."""
    wrong, done = [], 0
    for route in guarded(server):
        if route.scope not in PRODUCTION_SCOPES:
            continue
        scopes = {route.scope, *(scope for scope, patterns in ALSO.items() if route.matches(*patterns))}
        firm = "demo" if route.matches(*FIRMS_ONLY) else ANNA
        answer = server.answer(
            client, route, ANNA if route.names_account and firm == ANNA else firm, server.token(*scopes, account=firm)
        )
        done += answer.is_success
        if answer.status_code in (401, 403, 405) or answer.status_code >= 500:
            wrong.append(f"{route.name}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert done > 0.7 * sum(route.scope in PRODUCTION_SCOPES for route in guarded(server))


def test_control_and_audit_are_open_to_their_scopes(server: Opened, client: httpx.Client) -> None:
    wrong = []
    for route in guarded(server):
        if route.scope in (Scope.CONTROL, Scope.AUDIT) and not route.changes:
            answer = server.answer(client, route, ANNA, server.token(route.scope))
            if answer.status_code not in (200, 404, 400, 409):
                wrong.append(f"{route.name}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)


def test_other_methods_of_a_path_are_no_way_in(server: Opened, client: httpx.Client) -> None:
    token, before = server.token(*Scope), server.state()
    patterns = {route.pattern: route for route in guarded(server)}
    for pattern, route in patterns.items():
        known = {one.method for one in server.routes if one.pattern == pattern}
        for method in METHODS - known:
            asked = route.request(ANNA) | {"method": method}
            answer = client.request(**asked, headers={"authorization": f"Bearer {token}"})
            assert answer.status_code in (404, 405, 501), (method, pattern, answer.status_code)
    assert server.state() == before
    refused(client.get("/api/v1/../control/v1/clock", headers={"authorization": f"Bearer {server.token(Scope.READ)}"}), 404)


def test_a_key_makes_no_key_that_may_do_more_than_itself(server: Opened, client: httpx.Client) -> None:
    token, before = server.token(Scope.CONTROL, account=ANNA), server.state()
    for scopes, accounts in (
        (["trade"], [ANNA]),
        (["audit"], [ANNA]),
        (["control"], ["*"]),
        (["control"], [BEN]),
        (["control", "read"], [ANNA]),
        (["control"], [ANNA, "ann"]),
    ):
        body = {"label": "more", "scopes": scopes, "accounts": accounts}
        refused(client.post("/control/v1/keys", json=body, headers={"authorization": f"Bearer {token}"}), 403)
    assert server.state() == before
    body = {"label": "less", "scopes": ["control"], "accounts": [ONE]}
    ok(client.post("/control/v1/keys", json=body, headers={"authorization": f"Bearer {token}"}), 201)
