"""Faults of a venue that somebody injects into a living market: what the doors answer, and that the record is enough."""

from __future__ import annotations

import asyncio

from tests.end_to_end.doors import ALPHA, FIRM, doors, ok, refused
from tests.end_to_end.test_injected_faults import COORDINATOR, buy, fault, opened
from tests.end_to_end.test_live_folder import ManualClock

from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.envelope import decode_entry
from trading_ecosystem.messages.exchange import OrderAccepted, QuoteChanged
from trading_ecosystem.messages.risk import AlertKind, AlertRaised
from trading_ecosystem.messages.test_coordination import ClearFault, FaultsQuestion, FaultStatus, GroundTruthClosed
from trading_ecosystem.messages.units import MINUTE, SECOND

BOB = f"{FIRM}/bob"
ORDERS = "/api/v1/orders"


def test_a_venue_that_answers_nothing_is_unavailable_and_the_order_can_be_asked_again():
    with doors() as market:
        client, operator = market.trader(FIRM), market.client()
        market.advance(5)
        ok(client.post("/api/v1/accounts", json={"venue": ALPHA, "account": BOB}), 201)
        transfer = {"account": BOB, "asset": "USD", "amount": "90000"}
        ok(client.post("/api/v1/custody/deposits", json=transfer), 201)
        ok(client.post("/api/v1/custody/pledges", json={**transfer, "venue": ALPHA}), 201)
        order = {"venue": ALPHA, "account": BOB, "instrument": "BTC/USD", "side": "buy", "type": "limit", "price": "40000"}
        order |= {"quantity": "0.1"}
        ok(client.post(ORDERS, json={**order, "client_order_id": "before"}), 201)
        market.caught_up()

        out = {"kind": "venue_outage", "fault_id": "out", "fields": {"venue": ALPHA, "duration": "1h"}}
        ok(operator.post("/control/v1/faults", json=out), 201)
        named = {"params": {"account": BOB}}
        for answer in (
            client.post(ORDERS, json={**order, "client_order_id": "lost"}),
            client.delete(f"{ORDERS}/{ALPHA}/before", **named),
            client.patch(f"{ORDERS}/{ALPHA}/before", json={"price": "41000", "quantity": "0.1"}, **named),
            client.post(f"{ORDERS}/mass-cancel", json={"venue": ALPHA, "account": BOB}),
            client.post("/api/v1/sessions", json={"venue": ALPHA, "account": BOB, "cancel_after_seconds": 60}),
        ):
            problem = refused(answer, 503)
            assert "the venue gave no answer" in problem["detail"]
            assert answer.headers["retry-after"] == "1"
            # A production client learns nothing of faults.
            assert "fault" not in answer.text
            assert "condition" not in answer.text
        ok(operator.delete("/control/v1/faults/out"))
        assert ok(client.delete(f"{ORDERS}/{ALPHA}/before", **named)) == {"cancelled": 1}
        assert ok(client.post(ORDERS, json={**order, "client_order_id": "lost"}), 201)["status"] == "new"


def test_an_outage_and_late_answers_are_recovered_from_the_record_alone() -> None:
    async def scenario() -> tuple[list[FaultStatus], list[object]]:
        store, clock = MemoryLiveStore(), ManualClock()
        ecosystem, running = await opened(store, clock)
        driver = ecosystem.driver
        driver.pause()
        await driver.advance_to(clock.time + 30 * SECOND)
        late = fault("late", "venue_latency", venue="exchange-alpha", duration="30m", delay="3s")
        await driver.submit("control", late)
        held = await driver.submit("door", buy("held"))
        assert not [one for one in held.said if isinstance(one.message, OrderAccepted)]
        outage = fault("out", "venue_outage", venue="exchange-alpha", duration="30m")
        await driver.submit("control", outage)
        lost = await driver.submit("door", buy("lost"))
        assert lost.said == ()
        await driver.advance_to(driver.now() + 2 * MINUTE)
        driver.stop()
        await running

        again = await LiveEcosystem.open(store, wall=ManualClock(driver.now()))
        running = asyncio.create_task(again.driver.run())
        again.driver.pause()
        await again.driver.submit("control", ClearFault("out"))
        await again.driver.submit("control", ClearFault("late"))
        await again.driver.advance_to(again.driver.now() + MINUTE)
        statuses = [state.status for state in await again.driver.ask(COORDINATOR, FaultsQuestion())]
        again.driver.stop()
        await running
        return statuses, [decode_entry(line) async for line in store.lines()]

    statuses, entries = asyncio.run(scenario())
    assert statuses == [FaultStatus.CLEARED, FaultStatus.CLEARED]
    closed = {one.message.fault_id: one.at for one in entries if isinstance(one.message, GroundTruthClosed)}
    accepted = {one.message.client_order_id: one.at for one in entries if isinstance(one.message, OrderAccepted)}
    # The answer that waited through the outage is said when the venue is back; the command that came meanwhile is lost.
    assert accepted["held"] == closed["out"]
    assert "lost" not in accepted
    raised = [one.message for one in entries if isinstance(one.message, AlertRaised)]
    assert {AlertKind.VENUE_DOWN} <= {one.kind for one in raised if one.subject == "exchange-alpha"}
    quotes = [one.at for one in entries if isinstance(one.message, QuoteChanged) and one.message.venue == "exchange-alpha"]
    assert max(quotes) >= closed["out"]
