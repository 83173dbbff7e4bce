"""The control face over REST: clock, components, venue operations, keys, what goes on inside, scenario runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.end_to_end.doors import ALPHA, Doors, doors, ok, refused

from trading_ecosystem.adapters.scenario_files import read_scenario
from trading_ecosystem.adapters.scenario_library import library
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import parse_instant
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.market_statistics import FeedStateQuestion
from trading_ecosystem.messages.test_coordination import ConditionCleared, FaultKind
from trading_ecosystem.messages.trading_phases import PhasesQuestion
from trading_ecosystem.messages.units import SECOND

CONTROL = "/control/v1"
WAIT = 90.0
FILES_NAMED = (
    "ecosystem.market_data.recording=/etc/passwd",
    "ecosystem.market_data={recording: {file: /etc/passwd, format: csv}}",
    "ecosystem={market_data: {recording: {file: /no/such/file, format: csv}}}",
)


@pytest.fixture(scope="module")
def door() -> Iterator[Doors]:
    with doors() as running:
        running.advance(10)
        yield running


@pytest.fixture(scope="module")
def operator(door: Doors) -> httpx.Client:
    return door.client()


def test_the_clock_stands_and_is_advanced(operator: httpx.Client, door: Doors) -> None:
    clock = ok(operator.get(f"{CONTROL}/clock"))
    assert (clock["paused"], clock["lock_step"], clock["speed"]) == (True, False, "1")
    before = parse_instant(clock["now"], "")
    assert before == door.serving.gateway.now()
    after = ok(operator.post(f"{CONTROL}/clock/advance", json={"seconds": 3}))
    assert parse_instant(after["now"], "") == before + 3 * SECOND
    to = ok(operator.post(f"{CONTROL}/clock/advance", json={"to": after["now"]}))
    assert to == after
    refused(operator.post(f"{CONTROL}/clock/advance", json={"to": clock["now"]}), 400)
    refused(operator.post(f"{CONTROL}/clock/advance", json={}), 400)
    refused(operator.post(f"{CONTROL}/clock/advance", json={"seconds": 1, "to": after["now"]}), 400)
    assert ok(operator.put(f"{CONTROL}/clock/speed", json={"speed": "2.5"}))["speed"] == "2.5"
    refused(operator.put(f"{CONTROL}/clock/speed", json={"speed": "0"}), 400)
    refused(operator.put(f"{CONTROL}/clock/speed", json={"speed": "0.0000001"}), 400)
    assert ok(operator.put(f"{CONTROL}/clock/lock-step", json={"on": True}))["lock_step"] is True
    assert ok(operator.put(f"{CONTROL}/clock/lock-step", json={"on": False}))["lock_step"] is False
    assert ok(operator.put(f"{CONTROL}/clock/speed", json={"speed": "1"}))["speed"] == "1"
    assert ok(operator.post(f"{CONTROL}/clock/unpause"))["paused"] is False
    assert ok(operator.post(f"{CONTROL}/clock/pause"))["paused"] is True


def test_components_are_stopped_and_started(operator: httpx.Client, door: Doors) -> None:
    listed = ok(operator.get(f"{CONTROL}/components"))["components"]
    assert {(one["component"], one["state"]) for one in listed} >= {(ALPHA, "running"), ("risk", "running")}
    stopped = ok(operator.post(f"{CONTROL}/components/risk/stop"))
    assert (stopped["component"], stopped["context"], stopped["state"]) == ("risk", "risk", "stopped")
    refused(operator.get("/api/v1/risk/exposure"), 503)
    refused(operator.post(f"{CONTROL}/components/risk/stop"), 409, "NOT_IN_THIS_STATE")
    assert ok(operator.post(f"{CONTROL}/components/risk/start"))["state"] == "running"
    assert ok(operator.get("/api/v1/risk/exposure"))["account"] == "demo"
    restarting = ok(operator.post(f"{CONTROL}/components/{ALPHA}/restart", json={"down_seconds": 2}))
    assert restarting["state"] == "restarting"
    refused(operator.get(f"/api/v1/depth/{ALPHA}/BTC-USD"), 503)
    door.advance(3)
    assert ok(operator.get(f"{CONTROL}/components/{ALPHA}"))["state"] == "running"
    refused(operator.post(f"{CONTROL}/components/links/stop"), 422, "ALWAYS_RUNS")
    refused(operator.post(f"{CONTROL}/components/nothing/stop"), 404, "UNKNOWN_COMPONENT")
    refused(operator.get(f"{CONTROL}/components/nothing"), 404)


def test_a_market_is_halted_and_resumed(operator: httpx.Client, door: Doors) -> None:
    halted = ok(operator.post(f"{CONTROL}/venues/{ALPHA}/halt", json={"instrument": "ETH/USD"}))
    assert halted == {"venue": ALPHA, "instrument": "ETH/USD", "phase": "halted"}
    assert ok(operator.get(f"/api/v1/venues/{ALPHA}/instruments/ETH-USD"))["phase"] == "halted"
    assert door.ask(ALPHA, PhasesQuestion("ETH/USD"))[0].phase == "halted"
    assert ok(operator.post(f"{CONTROL}/venues/{ALPHA}/halt", json={"instrument": "ETH/USD"}))["phase"] is None
    resumed = ok(operator.post(f"{CONTROL}/venues/{ALPHA}/resume", json={"instrument": "ETH/USD"}))
    assert resumed["phase"] == ok(operator.get(f"/api/v1/venues/{ALPHA}/instruments/ETH-USD"))["phase"] != "halted"
    refused(operator.post(f"{CONTROL}/venues/nowhere/halt", json={"instrument": "ETH/USD"}), 404)
    refused(operator.post(f"{CONTROL}/venues/{ALPHA}/halt", json={"instrument": "DOGE/USD"}), 404)


def funded(operator: httpx.Client, account: str) -> None:
    ok(operator.post("/api/v1/accounts", json={"venue": ALPHA, "account": account}), 201)
    ok(operator.post("/api/v1/demo-funds", json={"venue": ALPHA, "account": account, "asset": "USD"}), 201)


def bought(operator: httpx.Client, account: str, client_order_id: str) -> dict[str, Any]:
    order = {"venue": ALPHA, "account": account, "instrument": "BTC/USD", "side": "buy", "type": "market"}
    body = {**order, "quantity": "0.001", "client_order_id": client_order_id}
    fills = ok(operator.post("/api/v1/orders", json=body), 201)["fills"]
    return dict(fills[0])


def test_trades_are_busted_and_corrected(operator: httpx.Client, door: Doors) -> None:
    funded(operator, "carla")
    fill = bought(operator, "carla", "c-1")
    trade = {"instrument": "BTC/USD", "trade_id": fill["trade_id"]}
    lower = f"{float(fill['price']) - 10:.2f}"
    corrected = ok(operator.post(f"{CONTROL}/venues/{ALPHA}/correct", json={**trade, "price": lower}))
    assert corrected == {"venue": ALPHA, **trade, "accounts": ["carla"]}
    busted = ok(operator.post(f"{CONTROL}/venues/{ALPHA}/bust", json=trade))
    assert busted["accounts"] == ["carla"]
    balances = {one["asset"]: one for one in ok(operator.get("/api/v1/balances", params={"account": "carla"}))["balances"]}
    assert balances["USD"]["available"] == "100000"
    refused(operator.post(f"{CONTROL}/venues/{ALPHA}/bust", json=trade), 409, "ALREADY_BUSTED")
    refused(operator.post(f"{CONTROL}/venues/{ALPHA}/bust", json={**trade, "trade_id": 10**9}), 404, "UNKNOWN_TRADE")


def test_an_account_is_suspended(operator: httpx.Client, door: Doors) -> None:
    funded(operator, "dora")
    body = {"account": "dora", "status": "suspended", "kyc": "verified"}
    assert ok(operator.put(f"{CONTROL}/venues/{ALPHA}/account-status", json=body)) == {"venue": ALPHA, **body}
    listed = ok(operator.get("/api/v1/accounts", params={"account": "dora"}))["items"]
    assert [(one["status"], one["kyc"]) for one in listed] == [("suspended", "verified")]
    order = {"venue": ALPHA, "account": "dora", "instrument": "BTC/USD", "side": "buy", "type": "market", "quantity": "0.1"}
    refused(operator.post("/api/v1/orders", json=order), 422, "ACCOUNT_SUSPENDED")
    refused(operator.put(f"{CONTROL}/venues/{ALPHA}/account-status", json={**body, "account": "nobody"}), 404)


def test_keys_are_made_shown_once_and_revoked(operator: httpx.Client, door: Doors) -> None:
    made = ok(operator.post(f"{CONTROL}/keys", json={"label": "bot", "scopes": ["read"], "accounts": ["carla"]}), 201)
    with httpx.Client(base_url=door.serving.url, headers={"authorization": f"Bearer {made['token']}"}, trust_env=False) as bot:
        ok(bot.get("/api/v1/balances", params={"account": "carla"}))
        refused(bot.get(f"{CONTROL}/keys"), 403)
        listed = operator.get(f"{CONTROL}/keys")
        shown = next(one for one in ok(listed)["keys"] if one["id"] == made["id"])
        assert shown == {
            "id": made["id"],
            "label": "bot",
            "scopes": ["read"],
            "accounts": ["carla"],
            "created_at": shown["created_at"],
            "revoked_at": None,
        }
        assert made["token"] not in listed.text
        assert made["secret"] not in listed.text
        assert ok(operator.delete(f"{CONTROL}/keys/{made['id']}"))["revoked_at"] is not None
        refused(bot.get("/api/v1/balances", params={"account": "carla"}), 401)
    refused(operator.delete(f"{CONTROL}/keys/ffff"), 404)


def test_nobody_gives_a_key_more_than_his_own_has(door: Doors) -> None:
    limited = door.client([Scope.CONTROL, Scope.READ], ["carla"])
    key = {"label": "x", "scopes": ["read"], "accounts": ["carla/one"]}
    ok(limited.post(f"{CONTROL}/keys", json=key), 201)
    for more in ({"scopes": ["trade"]}, {"accounts": ["*"]}, {"accounts": ["dora"]}):
        refused(limited.post(f"{CONTROL}/keys", json={**key, **more}), 403)


def test_what_goes_on_inside(operator: httpx.Client, door: Doors) -> None:
    assert ok(operator.get(f"{CONTROL}/conditions"))["conditions"] == []
    cleared = ok(operator.post(f"{CONTROL}/conditions/clear", json={"component": "market-data", "condition_id": "none"}))
    assert cleared == {"component": "market-data", "condition_id": "none"}
    assert door.said(ConditionCleared)[-1].condition_id == "none"
    refused(operator.post(f"{CONTROL}/conditions/clear", json={"component": "nothing", "condition_id": "none"}), 404)
    feed = {one["instrument"]: one for one in ok(operator.get(f"{CONTROL}/feed"))["feed"]}
    states = {one.instrument: one for one in door.ask("market-data", FeedStateQuestion())}
    assert {name: one["updates"] for name, one in feed.items()} == {name: one.updates for name, one in states.items()}
    assert ok(operator.get(f"{CONTROL}/sources")) == {"sources": []}
    door.caught_up()
    lags = ok(operator.get(f"{CONTROL}/histories"))["histories"]
    assert {one["history"] for one in lags} >= {"exchange", "audit", "risk"}
    assert all(one["position"] == one["newest"] and one["problem"] is None for one in lags)
    journal = ok(operator.get(f"{CONTROL}/journal"))
    assert journal["entries"] == len(door.lines())
    assert (journal["scenario"], journal["taking"]) == ("living_market", True)
    assert journal["store"] == door.serving.ecosystem.store.name


def test_a_fault_is_injected_noticed_and_cleared(operator: httpx.Client, door: Doors) -> None:
    kinds = {one["kind"]: one for one in ok(operator.get(f"{CONTROL}/faults/catalogue"))["kinds"]}
    assert set(kinds) == {one.value for one in FaultKind}
    assert kinds["settlement_delay"]["expected_alert"] == "settlement_overdue"
    assert "duration" in {one["name"] for one in kinds["feed_stale"]["parameters"] if one["required"]}
    fault = {"kind": "feed_stale", "fields": {"duration": "10m", "instruments": "BTC/USD"}, "fault_id": "stale"}
    injected = ok(operator.post(f"{CONTROL}/faults", json=fault), 201)
    assert (injected["fault_id"], injected["kind"], injected["subjects"]) == ("stale", "feed_stale", ["BTC/USD"])
    refused(operator.post(f"{CONTROL}/faults", json=fault), 409, "FAULT_ID_IN_USE")
    planned = ok(
        operator.post(f"{CONTROL}/faults", json={"kind": "custodian_offline", "fields": {"duration": "5m", "at": "1h"}}), 201
    )
    assert planned["status"] == "planned"
    door.advance(40)
    assert ok(operator.get(f"{CONTROL}/faults/stale"))["status"] == "in_effect"
    conditions = ok(operator.get(f"{CONTROL}/conditions"))["conditions"]
    assert [(one["kind"], one["targets"], one["in_effect"]) for one in conditions] == [("feed_stale", ["BTC/USD"], True)]
    alerts = ok(operator.get("/api/v1/risk/alerts", params={"kind": "price_stale"}))["items"]
    assert [one["subject"] for one in alerts] == ["BTC/USD"]
    scores = ok(operator.get("/audit/v1/scores"))
    assert [(one["fault_id"], one["outcome"]) for one in scores["scores"]] == [("stale", "detected")]
    findings = ok(operator.get("/audit/v1/findings"))
    assert [(one["fault_id"], one["alert_id"]) for one in findings["chains"]] == [("stale", alerts[0]["alert_id"])]
    cleared = ok(operator.delete(f"{CONTROL}/faults/stale"))
    assert cleared["status"] == "cleared"
    refused(operator.delete(f"{CONTROL}/faults/stale"), 409)
    assert ok(operator.delete(f"{CONTROL}/faults/{planned['fault_id']}"))["status"] == "cleared"
    assert {one["status"] for one in ok(operator.get(f"{CONTROL}/faults"))["faults"]} == {"cleared"}
    door.advance(2)
    assert ok(operator.get(f"{CONTROL}/conditions"))["conditions"] == []


def test_what_the_catalogue_does_not_allow_is_refused(operator: httpx.Client, door: Doors) -> None:
    for kind, fields in (
        ("price_shock", {"asset": "BTC", "magnitude": "-0.9", "ramp": "1m", "hold": "1m", "recovery": "1m"}),
        ("feed_stale", {"duration": "1000h", "instruments": "BTC/USD"}),
        ("feed_stale", {"duration": "10m", "nonsense": "1"}),
        ("settlement_delay", {}),
    ):
        refused(operator.post(f"{CONTROL}/faults", json={"kind": kind, "fields": fields}), 422, "FAULT_REFUSED")
    refused(operator.post(f"{CONTROL}/faults", json={"kind": "earthquake"}), 400)
    refused(operator.get(f"{CONTROL}/faults/none"), 404)
    refused(operator.delete(f"{CONTROL}/faults/none"), 404)


def test_the_library_of_scenarios(operator: httpx.Client) -> None:
    listed = ok(operator.get(f"{CONTROL}/scenarios"))["scenarios"]
    assert [one["scenario"] for one in listed] == list(library())
    depeg = ok(operator.get(f"{CONTROL}/scenarios/stablecoin_depeg"))
    assert depeg in listed
    assert depeg["title"] == read_scenario(library()["stablecoin_depeg"]).title
    assert "stablecoin_depeg" in depeg["faults"]
    shorter = ok(operator.post(f"{CONTROL}/scenarios/living_market/check", json={"overrides": ["duration=1h"]}))
    assert shorter["duration_seconds"] == "3600"
    problem = refused(operator.post(f"{CONTROL}/scenarios/quiet_day/check", json={"overrides": ["durations=1h"]}), 400)
    assert "/" not in problem["detail"].partition(" ")[0]
    for override in FILES_NAMED:
        problem = refused(operator.post(f"{CONTROL}/scenarios/quiet_day/check", json={"overrides": [override]}), 400)
        assert "none is read on behalf of somebody outside" in problem["detail"]
    refused(operator.get(f"{CONTROL}/scenarios/no_such_thing"), 404)
    refused(operator.get(f"{CONTROL}/scenarios/..%2Fetc"), 404)


def wait_for(operator: httpx.Client, run: str, state: str) -> dict[str, Any]:
    until = time.monotonic() + WAIT
    while True:
        shown = dict(ok(operator.get(f"{CONTROL}/scenario-runs/{run}")))
        if shown["state"] == state:
            return shown
        assert shown["state"] == "running", shown
        assert time.monotonic() < until, shown
        time.sleep(0.05)


def test_a_scenario_is_run_watched_and_judged(operator: httpx.Client) -> None:
    request = {"scenario": "stale_feed", "seed": 5, "overrides": []}
    started = ok(operator.post(f"{CONTROL}/scenario-runs", json=request), 201)
    assert (started["state"], started["passed"]) == ("running", None)
    refused(operator.get(f"{CONTROL}/scenario-runs/{started['run']}/verdict"), 409)
    finished = wait_for(operator, started["run"], "finished")
    assert (finished["progress"], finished["passed"], finished["seed"]) == ("1", True, 5)
    verdict = ok(operator.get(f"{CONTROL}/scenario-runs/{started['run']}/verdict"))
    assert verdict == json.loads((Path(finished["folder"]) / "verdict.json").read_bytes())
    assert verdict["journal_digest"] == finished["journal_digest"]
    assert ok(operator.get(f"{CONTROL}/scenario-runs"))["runs"][0] == finished
    refused(operator.post(f"{CONTROL}/scenario-runs/{started['run']}/stop"), 409)


def test_runs_are_bounded_and_stopped(operator: httpx.Client, door: Doors) -> None:
    request = {"scenario": "quiet_day"}
    runs = [ok(operator.post(f"{CONTROL}/scenario-runs", json=request), 201)["run"] for _ in range(2)]
    response = operator.post(f"{CONTROL}/scenario-runs", json=request)
    refused(response, 503)
    assert int(response.headers["retry-after"]) >= 1
    for run in runs:
        stopped = ok(operator.post(f"{CONTROL}/scenario-runs/{run}/stop"))
        assert (stopped["state"], stopped["folder"]) == ("stopped", None)
    assert [one["state"] for one in ok(operator.get(f"{CONTROL}/scenario-runs"))["runs"][:2]] == ["stopped", "stopped"]
    refused(operator.post(f"{CONTROL}/scenario-runs", json={"scenario": "living_market"}), 400)
    refused(operator.post(f"{CONTROL}/scenario-runs", json={"scenario": "nothing"}), 404)
    refused(operator.get(f"{CONTROL}/scenario-runs/abc"), 404)


READS = (
    *("clock", "components", "faults", "faults/catalogue", "scenarios", "scenario-runs", "conditions", "sources", "feed"),
    *("histories", "journal", "keys"),
)


@pytest.mark.parametrize("path", READS)
def test_control_needs_its_own_scope(door: Doors, path: str) -> None:
    without = door.client([one for one in Scope if one is not Scope.CONTROL])
    before = len(door.lines())
    refused(without.get(f"{CONTROL}/{path}"), 403)
    for command in ("clock/advance", "components/risk/stop", "scenario-runs", "keys", f"venues/{ALPHA}/halt"):
        refused(without.post(f"{CONTROL}/{command}", json={}), 403)
    assert len(door.lines()) == before
    assert not [one for one in door.said(OrderFilled) if one.account == "nobody"]
