"""Strategies and risk over REST, held against what the trading engine and the risk monitor said."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest
from tests.end_to_end.doors import FIRM, Doors, doors, every_page, ok, refused

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_text
from trading_ecosystem.messages.exchange import OpenOrdersQuestion, OrderAccepted, PlaceOrder
from trading_ecosystem.messages.risk import AlertRaised, ExposureQuestion, ExposureReported, LimitSet
from trading_ecosystem.messages.trading import PositionChanged, StrategyMarked
from trading_ecosystem.messages.units import INSTRUMENTS

MAKER = "demo/maker"


@pytest.fixture(scope="module")
def door() -> Iterator[Doors]:
    with doors() as running:
        running.advance(185)
        yield running


@pytest.fixture(scope="module")
def owner(door: Doors) -> httpx.Client:
    return door.trader(FIRM)


def test_strategies_are_listed_stopped_and_started(owner: httpx.Client, door: Doors) -> None:
    listed = ok(owner.get("/api/v1/strategies", params={"account": FIRM}))["items"]
    assert [(one["account"], one["strategy"], one["kind"], one["state"]) for one in listed] == [
        (MAKER, "maker", "market_making", "running"),
        ("demo/momentum", "momentum", "momentum", "running"),
    ]
    assert ok(owner.get("/api/v1/strategies/maker", params={"account": MAKER})) == listed[0]
    refused(owner.get("/api/v1/strategies/maker", params={"account": "demo/momentum"}), 404)
    refused(owner.post("/api/v1/strategies/maker/start", json={"account": FIRM}), 409, "ALREADY_RUNNING")
    refused(owner.post("/api/v1/strategies/nothing/start", json={"account": FIRM}), 404, "UNKNOWN_STRATEGY")
    stopped = ok(owner.post("/api/v1/strategies/maker/stop", json={"account": FIRM}))
    assert (stopped["state"], stopped["kind"]) == ("requested", "market_making")
    assert ok(owner.get("/api/v1/strategies/maker", params={"account": MAKER})) == stopped
    refused(owner.post("/api/v1/strategies/maker/stop", json={"account": MAKER}), 409, "NOT_RUNNING")
    assert ok(owner.post("/api/v1/strategies/maker/start", json={"account": MAKER}))["state"] == "running"


def test_what_a_strategy_did(owner: httpx.Client, door: Doors) -> None:
    door.caught_up()
    about = {"account": FIRM}
    orders = every_page(owner, "/api/v1/strategies/maker/orders", 6, **about)
    placed = [one for one in door.said(PlaceOrder) if one.account == MAKER]
    assert len(orders) == len(placed) > 12
    assert {one["client_order_id"] for one in orders} == {one.client_order_id for one in placed}
    assert orders == sorted(orders, key=lambda one: one["placed_at"], reverse=True)
    changed = {(one.venue, one.instrument): one for one in door.said(PositionChanged) if one.strategy == "maker"}
    positions = ok(owner.get("/api/v1/strategies/maker/positions", params=about))["positions"]
    assert {(one["venue"], one["instrument"]): Decimal(one["quantity"]).scaleb(8) for one in positions} == {
        key: one.position_lots * INSTRUMENTS[one.instrument].lot_size for key, one in changed.items()
    }
    marks = [one for one in door.said(StrategyMarked) if one.strategy == "maker"]
    shown = every_page(owner, "/api/v1/strategies/maker/profit", 2, **about)
    assert [Decimal(one["realised_usd"]).scaleb(8) for one in shown] == [one.realised_usd_minor for one in marks]
    assert len(marks) >= 3
    performance = ok(owner.get("/api/v1/strategies/maker/performance", params=about))
    net = marks[-1].realised_usd_minor + marks[-1].unrealised_usd_minor
    assert Decimal(performance["net_usd"]).scaleb(8) == net
    assert (performance["orders"], performance["fills"]) == (marks[-1].orders, marks[-1].fills)


def test_a_strategy_is_given_other_parameters(owner: httpx.Client, door: Doors) -> None:
    about = {"account": FIRM}
    before = ok(owner.get("/api/v1/strategies/maker/parameters", params=about))
    assert (before["account"], before["parameters"]["size_usd"]) == (MAKER, "3000")
    change = {"account": FIRM, "parameters": {"size_usd": "2500"}}
    changed = ok(owner.patch("/api/v1/strategies/maker/parameters", json=change))
    assert changed["parameters"] == {**before["parameters"], "size_usd": "2500"}
    assert ok(owner.get("/api/v1/strategies/maker/parameters", params=about)) == changed
    for wrong in ({"size_usd": "many"}, {"nonsense": "1"}):
        body = {"account": FIRM, "parameters": wrong}
        refused(owner.patch("/api/v1/strategies/maker/parameters", json=body), 422, "INVALID_PARAMETERS")
    refused(owner.patch("/api/v1/strategies/nothing/parameters", json=change), 404, "UNKNOWN_STRATEGY")
    stranger = door.trader("stranger")
    refused(stranger.patch("/api/v1/strategies/maker/parameters", json=change), 403)
    refused(stranger.get("/api/v1/strategies/maker/parameters", params=about), 403)


@pytest.mark.parametrize("path", ["", "/maker", "/maker/orders", "/maker/positions", "/maker/profit", "/maker/performance"])
def test_strategies_belong_to_their_accounts(door: Doors, path: str) -> None:
    stranger = door.trader("stranger", "demo/momentum")
    for account in (FIRM, MAKER):
        refused(stranger.get(f"/api/v1/strategies{path}", params={"account": account}), 403)
    if path:
        refused(stranger.get(f"/api/v1/strategies{path}", params={"account": "demo/momentum"}), 404)
    refused(stranger.post("/api/v1/strategies/maker/stop", json={"account": MAKER}), 403)
    refused(stranger.post("/api/v1/strategies/maker/stop", json={"account": "demo/momentum"}), 404, "UNKNOWN_STRATEGY")


def test_exposures_now_and_before(owner: httpx.Client, door: Doors) -> None:
    now = door.ask("risk", ExposureQuestion())
    shown = ok(owner.get("/api/v1/risk/exposure"))
    assert shown["account"] == FIRM
    for name, value in {"equity": now.equity_usd_minor, "btc": now.btc_minor, "unsettled": now.unsettled_usd_minor}.items():
        assert Decimal(shown[name]).scaleb(8) == value
    reported = door.said(ExposureReported)
    series = every_page(owner, "/api/v1/risk/exposures", 2)
    assert [Decimal(one["equity"]).scaleb(8) for one in series] == [one.equity_usd_minor for one in reversed(reported)]
    assert len(series) >= 3


def test_a_limit_is_changed_and_keeps_its_versions(owner: httpx.Client, door: Doors) -> None:
    said = [one for one in door.said(LimitSet) if one.version == 1]
    listed = ok(owner.get("/api/v1/risk/limits"))["limits"]
    assert {(one["kind"], one["subject"]) for one in listed} == {(one.kind.value, one.subject) for one in said}
    drawdown = next(one for one in listed if one["kind"] == "drawdown")
    of_bitcoin = ok(owner.get("/api/v1/risk/limits", params={"about": "BTC"}))["limits"]
    assert {(one["kind"], one["subject"]) for one in of_bitcoin} == {
        ("position_long", "BTC"),
        ("position_short", "BTC"),
        ("asset_notional", "BTC"),
    }
    assert ok(owner.get("/api/v1/risk/limits", params={"about": "nobody"}))["limits"] == []
    assert drawdown["value"] == "0.15"
    changed = ok(owner.put(f"/api/v1/risk/limits/drawdown/{FIRM}", json={"value": "0.125"}))
    assert (changed["version"], changed["value"]) == (2, "0.125")
    versions = ok(owner.get(f"/api/v1/risk/limits/drawdown/{FIRM}"))["limits"]
    assert versions == [drawdown, changed]
    before = ok(owner.get("/api/v1/risk/limits", params={"at": drawdown["set_at"]}))["limits"]
    assert drawdown in before
    refused(owner.put(f"/api/v1/risk/limits/drawdown/{FIRM}", json={"value": "1.5"}), 422, "LIMIT_NOT_CHANGED")
    refused(owner.put(f"/api/v1/risk/limits/drawdown/{FIRM}", json={"value": "0.12345678"}), 400)
    refused(owner.put("/api/v1/risk/limits/position_long/DOGE", json={"value": "1"}), 422, "LIMIT_NOT_CHANGED")
    refused(owner.get("/api/v1/risk/limits/position_long/DOGE"), 404)


def test_an_alert_is_raised_acknowledged_and_reported(owner: httpx.Client, door: Doors) -> None:
    since = instant_text(door.serving.gateway.now())
    held = door.ask("risk", ExposureQuestion()).eth_minor
    value = Decimal(held).scaleb(-8) / 2
    ok(owner.put("/api/v1/risk/limits/position_long/ETH", json={"value": f"{value:.8f}"}))
    door.caught_up()
    raised = door.said(AlertRaised)
    assert raised
    assert raised[-1].subject == "ETH"
    firing = ok(owner.get("/api/v1/risk/alerts", params={"status": "firing"}))["items"]
    assert [one["alert_id"] for one in firing] == [one.alert_id for one in reversed(raised)]
    alert = firing[0]
    assert (alert["kind"], alert["subject"], alert["severity"], alert["unit"]) == ("position_limit", "ETH", "critical", "ratio")
    assert Decimal(alert["observed"]).scaleb(6) == raised[-1].observed
    number = alert["alert_id"]
    door.advance(2)
    taken = ok(owner.post(f"/api/v1/risk/alerts/{number}/acknowledge", json={"by": "alice"}))
    assert (taken["state"], taken["acknowledged_by"]) == ("acknowledged", "alice")
    assert ok(owner.get(f"/api/v1/risk/alerts/{number}")) == taken
    assert ok(owner.get("/api/v1/risk/alerts", params={"status": "acknowledged"}))["items"] == [taken]
    refused(owner.post("/api/v1/risk/alerts/9999/acknowledge", json={"by": "alice"}), 404)
    refused(owner.get("/api/v1/risk/alerts/9999"), 404)
    used = {(one["kind"], one["subject"]): one for one in ok(owner.get("/api/v1/risk/utilisation"))["limits"]}
    assert (used["position_long", "ETH"]["alert_id"], used["position_long", "ETH"]["severity"]) == (number, "critical")
    assert Decimal(used["position_long", "ETH"]["observed"]).scaleb(8) == door.ask("risk", ExposureQuestion()).eth_minor
    escalated = ok(owner.post(f"/api/v1/risk/alerts/{number}/escalate", json={"by": "bob"}))
    assert escalated["state"] == "escalated"
    quiet = {"by": "bob", "until": instant_text(door.serving.gateway.now() + 10**12)}
    refused(owner.post(f"/api/v1/risk/alerts/{number}/silence", json=quiet), 409, "ALERT_NOT_CHANGED")
    refused(owner.post("/api/v1/risk/alerts/9999/silence", json=quiet), 404)
    value = Decimal(door.ask("risk", ExposureQuestion()).btc_minor).scaleb(-8) / 2
    ok(owner.put("/api/v1/risk/limits/position_long/BTC", json={"value": f"{value:.8f}"}))
    second = ok(owner.get("/api/v1/risk/alerts", params={"status": "firing"}))["items"][0]
    silent = ok(owner.post(f"/api/v1/risk/alerts/{second['alert_id']}/silence", json=quiet))
    assert (silent["subject"], silent["state"]) == ("BTC", "silenced")
    compliance = ok(owner.get("/api/v1/risk/compliance"))
    assert compliance["state"] == "breached"
    breached = [one for one in compliance["limits"] if one["state"] == "breached"]
    assert {one["subject"]: one["alert_id"] for one in breached} == {"ETH": number, "BTC": second["alert_id"]}
    door.advance(120)
    report = ok(owner.get("/api/v1/risk/reports", params={"since": since}))
    assert report["exposures_reported"] == len(every_page(owner, "/api/v1/risk/exposures", 100, since=since))
    assert report["alerts"] == [{"kind": "position_limit", "severity": "critical", "raised": 2, "escalated": 1, "resolved": 0}]
    assert Decimal(report["mean_seconds_to_acknowledge"]) >= 2
    assert [(one["subject"], one["version"]) for one in report["limits_changed"]] == [("ETH", 2), ("BTC", 2)]
    equities = [Decimal(one["equity"]) for one in every_page(owner, "/api/v1/risk/exposures", 100, since=since)]
    assert Decimal(report["highest_equity"]) == max(equities)
    refused(owner.get("/api/v1/risk/reports"), 400)
    refused(owner.get("/api/v1/risk/reports", params={"since": "2020-01-01T00:00:00Z"}), 400)


def test_the_history_of_alerts_says_who_did_what_and_why(owner: httpx.Client, door: Doors) -> None:
    held = Decimal(door.ask("risk", ExposureQuestion()).usd_minor).scaleb(-8)
    ok(owner.put("/api/v1/risk/limits/position_long/ETH", json={"value": "0.00000001", "by": "carol", "reason": "a drill"}))
    assert ok(owner.get("/api/v1/risk/limits/position_long/ETH"))["limits"][-1]["set_by"] == "carol"
    alert = ok(owner.get("/api/v1/risk/alerts"))["items"][-1]
    number = alert["alert_id"]
    ok(owner.post(f"/api/v1/risk/alerts/{number}/acknowledge", json={"by": "alice", "reason": "looking into it"}))
    steps = every_page(owner, f"/api/v1/risk/alerts/{number}/history", 1)
    assert [(one["step"], one["by"], one["reason"]) for one in reversed(steps)][-1] == (
        "acknowledged",
        "alice",
        "looking into it",
    )
    everything = every_page(owner, "/api/v1/risk/alert-history", 3)
    assert [one for one in everything if one["alert_id"] == number] == steps
    assert held == Decimal(door.ask("risk", ExposureQuestion()).usd_minor).scaleb(-8)


def test_measures_are_worked_out_when_asked(owner: httpx.Client, door: Doors) -> None:
    exposure = door.ask("risk", ExposureQuestion())
    house = ok(owner.get("/api/v1/risk/stress"))
    assert house["account"] == FIRM
    lost = {"shocks": [{"asset": name, "change_ppm": -1_000_000} for name in ("BTC", "ETH", "USDT")]}
    (own,) = ok(owner.post("/api/v1/risk/stress", json=lost))["results"]
    assert Decimal(own["equity_after"]).scaleb(8) == pytest.approx(exposure.usd_minor, abs=5)
    refused(owner.post("/api/v1/risk/stress", json={"shocks": []}), 400)
    refused(owner.post("/api/v1/risk/stress", json={"shocks": [{"asset": "USD", "change_ppm": 1}]}), 400)
    assert ok(owner.get("/api/v1/risk/value-at-risk"))["account"] == FIRM
    assert ok(owner.get("/api/v1/risk/hedges"))["account"] == FIRM
    lines = ok(owner.get("/api/v1/risk/attribution"))["lines"]
    assert {one["account"].partition("/")[0] for one in lines} <= {FIRM}


def test_the_kill_switch_cancels_everything_and_a_person_ends_it(owner: httpx.Client, door: Doors) -> None:
    state = ok(owner.get("/api/v1/risk/trading-state"))
    assert (state["state"], state["version"], state["origin"]) == ("active", 0, None)
    refused(owner.post("/api/v1/risk/kill-switch", json={"by": "ada"}), 400)
    halted = ok(owner.post("/api/v1/risk/kill-switch", json={"by": "ada", "reason": "a runaway"}))
    assert (halted["state"], halted["origin"], halted["resets_at"]) == ("halted", "kill_switch", None)
    door.advance(2)
    assert door.ask("exchange-alpha", OpenOrdersQuestion(MAKER)) == ()
    before = len(door.said(OrderAccepted))
    door.advance(30)
    assert len(door.said(OrderAccepted)) == before
    assert ok(owner.get("/api/v1/risk/trading-state")) == halted
    body = {"state": "active", "by": "ada", "reason": "fixed"}
    assert ok(owner.put("/api/v1/risk/trading-state", json=body))["version"] == 2
    door.advance(90)
    assert len(door.said(OrderAccepted)) > before
    states = every_page(owner, "/api/v1/risk/trading-states", 1)
    assert [(one["state"], one["by"], one["reason"]) for one in states] == [
        ("active", "ada", "fixed"),
        ("halted", "ada", "a runaway"),
    ]


RISK_READS = (
    "exposure",
    "exposures",
    "limits",
    f"limits/drawdown/{FIRM}",
    "alerts",
    "alerts/1",
    "compliance",
    "reports",
    "utilisation",
    "alerts/1/history",
    "alert-history",
    "trading-state",
    "trading-states",
    "value-at-risk",
    "stress",
    "hedges",
    "attribution",
)


@pytest.mark.parametrize("path", RISK_READS)
def test_risk_belongs_to_the_owner_of_the_firm(door: Doors, path: str) -> None:
    params = {"since": instant_text(door.serving.gateway.now())} if path == "reports" else {}
    refused(door.trader("stranger", MAKER).get(f"/api/v1/risk/{path}", params=params), 403)
    without = door.client([one for one in Scope if one is not Scope.READ], [FIRM])
    refused(without.get(f"/api/v1/risk/{path}", params=params), 403)


def test_risk_is_changed_by_its_owner_alone(door: Doors) -> None:
    before = len(door.lines())
    for client in (door.trader("stranger", MAKER), door.client([Scope.READ, Scope.TRADE], [FIRM])):
        refused(client.put(f"/api/v1/risk/limits/drawdown/{FIRM}", json={"value": "0.1"}), 403)
        for step in ("acknowledge", "escalate", "silence"):
            body = {"by": "mallory"} | ({"until": "2027-01-01T00:00:00Z"} if step == "silence" else {})
            refused(client.post(f"/api/v1/risk/alerts/1/{step}", json=body), 403)
    assert len(door.lines()) == before
