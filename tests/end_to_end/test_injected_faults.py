"""A fault injected into a living market is noticed, attributed and scored like one that a scenario planned."""

from __future__ import annotations

import asyncio

import pytest
from tests.end_to_end.test_live_folder import ManualClock

from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.domains.audit.correlator import Audit
from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.audit import AlertVerdict, AuditReport, DetectionOutcome
from trading_ecosystem.messages.custodian import SettlementSettled
from trading_ecosystem.messages.envelope import Entry, decode_entry
from trading_ecosystem.messages.exchange import OrderFilled, PlaceOrder
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.messages.risk import AlertKind, AlertRaised
from trading_ecosystem.messages.test_coordination import (
    ClearFault,
    FaultField,
    FaultRefused,
    FaultsQuestion,
    FaultStatus,
    InjectFault,
)
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND

COORDINATOR = "test-coordination"


def buy(client_order_id: str) -> PlaceOrder:
    return PlaceOrder(
        venue="exchange-alpha",
        account="demo/momentum",
        client_order_id=client_order_id,
        instrument="BTC/USD",
        side=Side.BUY,
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
        price_ticks=0,
        quantity_lots=10_000,
    )


def fault(fault_id: str, kind: str, **fields: str) -> InjectFault:
    return InjectFault(fault_id, kind, tuple(FaultField(name, value) for name, value in fields.items()))


async def whole(store: MemoryLiveStore) -> tuple[list[Entry], AuditReport]:
    """The record, and what audit makes of it."""
    audit = Audit("demo", instruments=("BTC/USD", "ETH/USD", "BTC/USDT", "ETH/USDT", "ETH/BTC", "USDT/USD", "BTC-PERP"))
    entries = []
    async for line in store.lines():
        entries.append(decode_entry(line))
        audit.ingest(entries[-1], line)
    return entries, audit.report()


async def opened(store: MemoryLiveStore, clock: ManualClock) -> tuple[LiveEcosystem, asyncio.Task[None]]:
    ecosystem = await LiveEcosystem.open(store, "living_market", wall=clock, overrides=("ecosystem.market_data.jumps=false",))
    return ecosystem, asyncio.create_task(ecosystem.driver.run())


def test_a_settlement_delay_delays_by_exactly_its_delay_and_is_found() -> None:
    async def scenario() -> tuple[list[Entry], AuditReport, list[FaultStatus]]:
        store, clock = MemoryLiveStore(), ManualClock()
        ecosystem, running = await opened(store, clock)
        driver = ecosystem.driver
        driver.pause()
        await driver.advance_to(clock.time + 30 * SECOND)
        statuses = []
        await driver.submit("control", fault("late", "settlement_delay", duration="15m", delay="8m"))
        for instant in (driver.now(), driver.now() + 11 * MINUTE, driver.now() + HOUR):
            await driver.advance_to(instant)
            if not statuses:
                await driver.submit("door", buy("delayed"))
            (state,) = await driver.ask(COORDINATOR, FaultsQuestion())
            statuses.append(state.status)
        driver.stop()
        await running
        # The record is what counts: recovered from it alone, the ecosystem knows of the fault.
        again = await LiveEcosystem.open(store, wall=ManualClock(driver.now()))
        assert [state.status for state in await again.driver.ask(COORDINATOR, FaultsQuestion())] == [FaultStatus.ENDED]
        return *(await whole(store)), statuses

    entries, report, statuses = asyncio.run(scenario())
    assert statuses == [FaultStatus.INJECTED, FaultStatus.IN_EFFECT, FaultStatus.ENDED]
    filled = [
        one.message for one in entries if isinstance(one.message, OrderFilled) and one.message.client_order_id == "delayed"
    ]
    assert filled
    for fill in filled:
        settled = next(
            one for one in entries if isinstance(one.message, SettlementSettled) and one.message.trade_id == fill.trade_id
        )
        assert settled.at == fill.settles_at + 8 * MINUTE
    alerts = {one.message.kind for one in entries if isinstance(one.message, AlertRaised)}
    assert AlertKind.SETTLEMENT_OVERDUE in alerts
    (score,) = report.detections
    assert (score.fault_id, score.outcome) == ("late", DetectionOutcome.DETECTED)
    assert 0 <= score.time_to_detect_ns <= score.sla_ns
    overdue = [alert for alert in report.alerts if alert.kind is AlertKind.SETTLEMENT_OVERDUE]
    assert {(alert.verdict, alert.fault_id) for alert in overdue} == {(AlertVerdict.ATTRIBUTED, "late")}
    assert report.conservation == ()


def test_a_feed_that_is_stale_until_it_is_cleared() -> None:
    async def scenario() -> tuple[list[Entry], AuditReport, FaultStatus]:
        store, clock = MemoryLiveStore(), ManualClock()
        ecosystem, running = await opened(store, clock)
        driver = ecosystem.driver
        driver.pause()
        await driver.submit("control", fault("silent", "feed_stale", duration="2h", instruments="BTC/USD", at="10s"))
        await driver.advance_to(driver.now() + MINUTE)
        await driver.submit("control", ClearFault("silent"))
        await driver.advance_to(driver.now() + 10 * MINUTE)
        (state,) = await driver.ask(COORDINATOR, FaultsQuestion())
        refused = await driver.submit("control", fault("silent", "feed_stale", duration="2h"))
        assert [type(one.message) for one in refused.said] == [FaultRefused]
        driver.stop()
        await running
        return *(await whole(store)), state.status

    entries, report, status = asyncio.run(scenario())
    assert status is FaultStatus.CLEARED
    (score,) = report.detections
    assert (score.fault_id, score.outcome) == ("silent", DetectionOutcome.DETECTED)
    said = [type(one.message).__name__ for one in entries]
    for name in (
        "FaultPlanned",
        "FaultInjected",
        "GroundTruthLabelled",
        "FaultCleared",
        "ConditionCleared",
        "GroundTruthClosed",
    ):
        assert said.count(name) == 1
    assert said.count("AlertResolved") == said.count("AlertRaised") == 1


@pytest.mark.parametrize("kind", ["settlement_dely", "feed_stale"])
def test_a_fault_that_cannot_be_is_refused_with_its_field(kind: str) -> None:
    async def scenario() -> FaultRefused:
        ecosystem, running = await opened(MemoryLiveStore(), ManualClock())
        receipt = await ecosystem.driver.submit("control", fault("odd", kind, duration="100h"))
        ecosystem.driver.stop()
        await running
        (refusal,) = (entry.message for entry in receipt.said)
        assert isinstance(refusal, FaultRefused)
        return refusal

    refusal = asyncio.run(scenario())
    assert refusal.field == {"settlement_dely": "kind", "feed_stale": "duration"}[kind]
