"""The audit face over REST, held against the record itself and against the plain definitions of proofs."""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from tests.end_to_end.doors import ALPHA, Doors, doors, every_page, ok, refused

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_text
from trading_ecosystem.domains.audit import merkle
from trading_ecosystem.messages.envelope import Entry, Header, encode_entry

AUDIT = "/audit/v1"
ACCOUNT = "erna"


@pytest.fixture(scope="module")
def door() -> Iterator[Doors]:
    with doors() as running:
        running.advance(20)
        trader = running.trader(ACCOUNT)
        ok(trader.post("/api/v1/accounts", json={"venue": ALPHA, "account": ACCOUNT}), 201)
        ok(trader.post("/api/v1/demo-funds", json={"venue": ALPHA, "account": ACCOUNT, "asset": "USD"}), 201)
        order = {"venue": ALPHA, "account": ACCOUNT, "instrument": "BTC/USD", "side": "buy", "client_order_id": "e-1"}
        ok(trader.post("/api/v1/orders", json={**order, "type": "market", "quantity": "0.25"}), 201)
        running.advance(605)
        yield running


@pytest.fixture(scope="module")
def auditor(door: Doors) -> httpx.Client:
    return door.client([Scope.AUDIT], ["nobody"])


@pytest.fixture(scope="module")
def entries(door: Doors) -> list[Entry]:
    return door.entries()


def shown(entry: Entry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "at": instant_text(entry.at),
        "kind": entry.kind.value,
        "sender": entry.sender,
        "cause": entry.cause,
        "trace": entry.trace,
        "type": type(entry.message).__name__,
        "message": msgspec.json.decode(msgspec.json.encode(entry.message)),
    }


def envelope(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in ("subject", "account")}


def test_the_timeline_is_the_record(auditor: httpx.Client, entries: list[Entry]) -> None:
    head = ok(auditor.get(f"{AUDIT}/events", params={"limit": 500}))["items"]
    assert [envelope(one) for one in head] == [shown(one) for one in entries[:500]]
    fills = every_page(auditor, f"{AUDIT}/events", 3, type="OrderFilled", account=ACCOUNT)
    filled = [one for one in entries if type(one.message).__name__ == "OrderFilled" and one.message.account == ACCOUNT]
    assert [envelope(one) for one in fills] == [shown(one) for one in filled]
    edge = entries[len(entries) // 2].at
    late = every_page(auditor, f"{AUDIT}/events", 400, sender="risk", since=instant_text(edge), newest_first=True)
    said = [one.sequence for one in entries if one.sender == "risk" and one.at >= edge]
    assert [one["sequence"] for one in late] == said[::-1]
    assert said
    refused(auditor.get(f"{AUDIT}/events", params={"types": "OrderFilled"}), 400)


def test_an_event_stands_between_its_causes_and_consequences(auditor: httpx.Client, entries: list[Entry]) -> None:
    order = next(one for one in entries if getattr(one.message, "client_order_id", "") == "e-1")
    found = ok(auditor.get(f"{AUDIT}/events/{order.sequence}", params={"consequences": 2}))
    assert envelope(found["event"]) == shown(order)
    assert found["causes"] == []
    first = [one.sequence for one in entries if one.cause == order.sequence]
    second = [one.sequence for one in entries if one.cause in first]
    assert [[one["sequence"] for one in step] for step in found["consequences"]] == [one for one in (first, second) if one]
    last = next(one for one in entries if one.cause == first[-1] or one.sequence == first[-1])
    back = ok(auditor.get(f"{AUDIT}/events/{last.sequence}"))
    assert back["causes"][-1]["sequence"] == order.sequence
    chain = ok(auditor.get(f"{AUDIT}/traces/{order.trace}"))
    assert [one["sequence"] for one in chain["events"]] == [one.sequence for one in entries if one.trace == order.trace]
    refused(auditor.get(f"{AUDIT}/events/999999999"), 404)
    refused(auditor.get(f"{AUDIT}/traces/999999999"), 404)


def test_an_orders_life_goes_from_request_to_settlement(auditor: httpx.Client, entries: list[Entry]) -> None:
    found = ok(auditor.get(f"{AUDIT}/orders/{ALPHA}/e-1", params={"account": ACCOUNT}))
    life = found["lifecycle"]
    fills = [one for one in entries if type(one.message).__name__ == "OrderFilled" and one.message.account == ACCOUNT]
    assert (life["status"], life["fills"], life["settled_fills"]) == ("filled", len(fills), len(fills))
    assert life["cumulative_lots"] == sum(one.message.quantity_lots for one in fills) == 250_000
    kinds = Counter(one["type"] for one in found["events"])
    assert kinds == {
        "PlaceOrder": 1,
        "OrderAccepted": 1,
        "OrderFilled": len(fills),
        "SettlementInstructed": len(fills),
        "SettlementSettled": len(fills),
    }
    assert ok(auditor.get(f"{AUDIT}/orders", params={"account": ACCOUNT}))["items"] == [life]
    assert len(every_page(auditor, f"{AUDIT}/orders", 7, account="demo/maker")) > 20
    refused(auditor.get(f"{AUDIT}/orders/{ALPHA}/e-2", params={"account": ACCOUNT}), 404)


def test_findings_scores_and_coverage(auditor: httpx.Client, entries: list[Entry]) -> None:
    findings = ok(auditor.get(f"{AUDIT}/findings"))
    assert (findings["entries"], findings["contradictions"], findings["monitor"]) == (len(entries), [], None)
    scores = ok(auditor.get(f"{AUDIT}/scores"))
    assert (scores["scores"], scores["missed"], scores["false_alerts"]) == ([], 0, 0)
    assert scores["alerts"] == sum(type(one.message).__name__ == "AlertRaised" for one in entries)
    refused(auditor.get(f"{AUDIT}/scores", params={"monitor": "nobody"}), 404)
    coverage = ok(auditor.get(f"{AUDIT}/coverage"))
    counted = Counter(type(one.message).__name__ for one in entries)
    assert {one["type"]: one["events"] for one in coverage["types"]} == counted
    assert (coverage["entries"], coverage["events"], coverage["share"]) == (len(entries), len(entries), "1")
    domains = {one["domain"]: one["events"] for one in coverage["domains"]}
    assert sum(domains.values()) == len(entries)
    assert domains["custodian"] > 0


def digests(proof: list[str]) -> list[bytes]:
    return [bytes.fromhex(one) for one in proof]


def test_checkpoints_and_proofs(auditor: httpx.Client, door: Doors) -> None:
    lines = door.lines()
    checkpoint = ok(auditor.get(f"{AUDIT}/checkpoint"))
    assert (checkpoint["entries"], checkpoint["merkle_root"]) == (len(lines), merkle.root_of(lines).hex())
    for size, index in ((len(lines), 0), (len(lines), len(lines) - 1), (len(lines) // 3, len(lines) // 7), (1, 0)):
        found = ok(auditor.get(f"{AUDIT}/proofs/inclusion", params={"index": index, "entries": size}))
        root = merkle.root_of(lines[:size])
        assert found["line"].encode() == lines[index]
        assert found["merkle_root"] == root.hex()
        assert found["leaf_hash"] == hashlib.sha256(b"\x00" + lines[index]).hexdigest()
        assert merkle.verify_inclusion(lines[index], index, size, digests(found["proof"]), root)
        between = ok(auditor.get(f"{AUDIT}/proofs/consistency", params={"first": size}))
        assert (between["first_root"], between["second_root"]) == (root.hex(), checkpoint["merkle_root"])
        second = bytes.fromhex(checkpoint["merkle_root"])
        assert merkle.verify_consistency(size, len(lines), root, second, digests(between["proof"]))
    refused(auditor.get(f"{AUDIT}/proofs/inclusion", params={"index": len(lines)}), 404)
    refused(auditor.get(f"{AUDIT}/proofs/consistency", params={"first": len(lines) + 1}), 404)
    refused(auditor.get(f"{AUDIT}/proofs/consistency", params={"first": 0}), 400)
    refused(auditor.get(f"{AUDIT}/checkpoint", params={"entries": 2**53 + 1}), 400)
    refused(auditor.get(f"{AUDIT}/checkpoint", params={"entries": len(lines) + 1}), 404)


def test_the_log_grows_with_the_record(auditor: httpx.Client, door: Doors) -> None:
    before = ok(auditor.get(f"{AUDIT}/checkpoint"))
    door.advance(2)
    after = ok(auditor.get(f"{AUDIT}/checkpoint"))
    assert after["entries"] == len(door.lines()) > before["entries"]
    assert ok(auditor.get(f"{AUDIT}/checkpoint", params={"entries": before["entries"]}))["merkle_root"] == before["merkle_root"]


def test_the_evidence_is_the_record_with_its_header(auditor: httpx.Client, door: Doors) -> None:
    lines = door.lines()
    response = auditor.get(f"{AUDIT}/evidence")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/gzip"
    header, *rest = gzip.decompress(response.content).splitlines()
    assert msgspec.json.decode(header, type=Header) == door.serving.ecosystem.header
    assert rest == lines
    assert rest == [encode_entry(one) for one in door.entries()]
    assert response.headers["x-entries"] == str(len(lines))
    assert response.headers["x-merkle-root"] == merkle.root_of(lines).hex()


@pytest.mark.parametrize(
    "path",
    [
        "events",
        "events/1",
        "traces/1",
        "coverage",
        "orders?account=erna",
        f"orders/{ALPHA}/e-1?account=erna",
        "findings",
        "scores",
        "checkpoint",
        "proofs/inclusion?index=0",
        "proofs/consistency?first=1",
        "evidence",
    ],
)
def test_audit_needs_its_own_scope(door: Doors, path: str) -> None:
    without = door.client([one for one in Scope if one is not Scope.AUDIT])
    refused(without.get(f"{AUDIT}/{path}"), 403)
