"""A live run with monitors outside: heartbeats, lock-step, and what the doors may read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.end_to_end.test_live_folder import ManualClock

from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.monitor_stream import Delivery, Heartbeat
from trading_ecosystem.messages.monitors import (
    AlertReportAccepted,
    AlertReported,
    AlertReportRefused,
    MonitorRegistered,
    RegisterMonitor,
    ReportState,
)
from trading_ecosystem.messages.risk import AlertKind, Severity
from trading_ecosystem.messages.units import MILLISECOND, SECOND
from trading_ecosystem.ports.errors import BadInput, NotFound
from trading_ecosystem.runtime.live.heartbeats import PATIENCE


@asynccontextmanager
async def living(store: MemoryLiveStore, clock: ManualClock) -> AsyncIterator[LiveEcosystem]:
    ecosystem = await LiveEcosystem.open(store, "living_market", wall=clock)
    running = asyncio.create_task(ecosystem.driver.run())
    yield ecosystem
    ecosystem.driver.stop()
    await running
    await ecosystem.close()


def run(scenario: Callable[[LiveEcosystem, ManualClock], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        clock = ManualClock()
        async with living(MemoryLiveStore(), clock) as ecosystem:
            await scenario(ecosystem, clock)

    asyncio.run(all_of_it())


async def settled(ecosystem: LiveEcosystem) -> None:
    """Let the driver look at the wall again and do all there is to do."""
    for _ in range(3):
        ecosystem.driver._wake.set()
        await asyncio.sleep(0.002)
        while ecosystem.driver.reached is None and ecosystem.driver.heartbeats.limit() is None:
            await asyncio.sleep(0.001)


async def register(ecosystem: LiveEcosystem, name: str = "outside", lock_step: bool = True) -> MonitorRegistered:
    receipt = await ecosystem.driver.submit("door", RegisterMonitor("monitors", "demo", name, lock_step))
    (entry,) = receipt.said
    assert isinstance(entry.message, MonitorRegistered)
    return entry.message


def report(number: int, raised_at: int) -> AlertReported:
    return AlertReported(
        component="monitors",
        account="demo",
        monitor="outside",
        report_id=str(number),
        alert_id=number,
        state=ReportState.RAISED,
        kind=AlertKind.PRICE_CRASH,
        subject="BTC/USD",
        severity=Severity.HIGH,
        raised_at=raised_at,
    )


def test_the_clock_does_not_pass_a_heartbeat_that_is_not_acknowledged() -> None:
    async def scenario(ecosystem: LiveEcosystem, clock: ManualClock) -> None:
        driver = ecosystem.driver
        registered = await register(ecosystem)
        beats = driver.heartbeats
        clock.time += 10 * SECOND
        for number in range(registered.first_heartbeat, registered.first_heartbeat + 4):
            await settled(ecosystem)
            assert beats.last_instant == number * SECOND == beats.limit()
            assert number * SECOND <= driver.now() < number * SECOND + 10
            assert ecosystem.kernel.now < number * SECOND + 10
            sent = beats.after(0)
            assert [one.number for one in sent] == list(range(1, len(sent) + 1))
            assert sent[-1] == Heartbeat(len(sent), number, number * SECOND)
            assert all(one.delivered_at <= number * SECOND for one in sent if isinstance(one, Delivery))
            (reported,) = (await driver.submit("door", report(number, number * SECOND))).said
            assert isinstance(reported.message, AlertReportAccepted)
            assert number * SECOND < reported.at < number * SECOND + 10
            beats.acknowledge("outside", number)
        (late,) = (await driver.submit("door", report(10**12, registered.registered_at))).said
        assert isinstance(late.message, AlertReportRefused)

    run(scenario)


def test_a_free_monitor_is_sent_heartbeats_and_nobody_waits_for_it() -> None:
    async def scenario(ecosystem: LiveEcosystem, clock: ManualClock) -> None:
        registered = await register(ecosystem, lock_step=False)
        clock.time += 3 * SECOND + 500 * MILLISECOND
        await settled(ecosystem)
        assert ecosystem.driver.now() == clock.time
        beats = [one.heartbeat for one in ecosystem.driver.heartbeats.after(0) if isinstance(one, Heartbeat)]
        first = registered.first_heartbeat
        assert beats == list(range(first, clock.time // SECOND + 1))
        assert ecosystem.driver.heartbeats.limit() is None

    run(scenario)


def test_a_monitor_that_says_nothing_is_given_up_and_taken_back() -> None:
    async def scenario(ecosystem: LiveEcosystem, clock: ManualClock) -> None:
        registered = await register(ecosystem)
        beats = ecosystem.driver.heartbeats
        clock.time += SECOND
        await settled(ecosystem)
        assert beats.limit() == registered.first_heartbeat * SECOND
        clock.time += PATIENCE + 1
        assert beats.limit() is None
        assert beats.lost == {"outside"}
        await settled(ecosystem)
        assert ecosystem.driver.now() == clock.time
        newest = beats.last_instant // SECOND
        beats.acknowledge("outside", newest)
        assert beats.limit() == (newest + 1) * SECOND
        assert beats.lost == frozenset()

    run(scenario)


def test_what_nobody_sent_cannot_be_acknowledged() -> None:
    async def scenario(ecosystem: LiveEcosystem, clock: ManualClock) -> None:
        registered = await register(ecosystem)
        with pytest.raises(BadInput, match="was not sent yet"):
            ecosystem.driver.heartbeats.acknowledge("outside", registered.first_heartbeat + 1)
        with pytest.raises(NotFound, match="no monitor is registered as 'nobody'"):
            ecosystem.driver.heartbeats.acknowledge("nobody", registered.first_heartbeat)

    run(scenario)


def test_followers_are_told_when_there_is_something_to_read() -> None:
    async def scenario(ecosystem: LiveEcosystem, clock: ManualClock) -> None:
        await register(ecosystem, lock_step=False)
        told: list[int] = []
        beats = ecosystem.driver.heartbeats

        def tell() -> None:
            told.append(len(beats.after(0)))

        beats.follow(tell)
        clock.time += 2 * SECOND
        await settled(ecosystem)
        assert told == sorted(set(told))
        assert told[-1] == len(beats.after(0)) > 2
        beats.unfollow(tell)
        clock.time += 2 * SECOND
        await settled(ecosystem)
        assert told[-1] < len(beats.after(0))

    run(scenario)


def test_after_a_restart_the_clock_waits_once_the_monitor_is_back() -> None:
    async def all_of_it() -> None:
        store, clock = MemoryLiveStore(), ManualClock()
        async with living(store, clock) as ecosystem:
            registered = await register(ecosystem)
            clock.time += SECOND
            await settled(ecosystem)
            ecosystem.driver.heartbeats.acknowledge("outside", registered.first_heartbeat)
        async with living(store, clock) as ecosystem:
            beats = ecosystem.driver.heartbeats
            clock.time += 5 * SECOND
            await settled(ecosystem)
            assert (beats.lost, beats.limit()) == ({"outside"}, None)
            assert ecosystem.driver.now() == clock.time
            newest = beats.last_instant // SECOND
            beats.acknowledge("outside", newest)
            clock.time += 5 * SECOND
            await settled(ecosystem)
            assert beats.last_instant == (newest + 1) * SECOND

    asyncio.run(all_of_it())


def test_an_advance_waits_for_acknowledgements_too() -> None:
    async def scenario(ecosystem: LiveEcosystem, clock: ManualClock) -> None:
        driver, beats = ecosystem.driver, ecosystem.driver.heartbeats
        driver.pause()
        registered = await register(ecosystem)
        target = (registered.first_heartbeat + 2) * SECOND
        advancing = asyncio.create_task(driver.advance_to(target))
        for number in range(registered.first_heartbeat, registered.first_heartbeat + 2):
            while beats.last_instant < number * SECOND:
                await asyncio.sleep(0.001)
            assert not advancing.done()
            beats.acknowledge("outside", number)
        # It may reach the next heartbeat, and not pass it.
        assert (await advancing).now == target == beats.limit()

    run(scenario)
