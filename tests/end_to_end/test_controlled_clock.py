"""A living market whose clock is paused, paced and advanced: after a crash it comes back to the very same record."""

from __future__ import annotations

import asyncio
import random

import pytest
from tests.campaign import seeds
from tests.end_to_end.test_live_folder import ManualClock

from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.exchange import CancelOrder
from trading_ecosystem.messages.units import MINUTE, PARTS_PER_MILLION, SECOND


def command(number: int) -> CancelOrder:
    return CancelOrder(venue="exchange-alpha", account="demo/maker", client_order_id=f"none-{number}")


async def controlled(store: MemoryLiveStore, clock: ManualClock, seed: int) -> LiveEcosystem:
    """Half a minute of wall time, in which somebody plays with the clock; then a crash."""
    draws = random.Random(seed)
    ecosystem = await LiveEcosystem.open(store, "living_market", wall=clock, snapshot_every=300)
    driver = ecosystem.driver
    running = asyncio.create_task(driver.run())
    for number in range(15):
        clock.time += draws.randint(0, 4 * SECOND)
        match draws.randrange(5):
            case 0:
                driver.pause()
            case 1:
                driver.unpause()
            case 2:
                driver.set_speed(draws.choice((PARTS_PER_MILLION // 2, PARTS_PER_MILLION, 5 * PARTS_PER_MILLION)))
            case 3:
                before = driver.now()
                state = await driver.advance_to(before + draws.randint(0, MINUTE))
                assert state.now >= before
        receipt = await driver.submit("door", command(number))
        assert receipt.at >= ecosystem.kernel.now - 1
    driver.stop()
    await running
    await store.close()
    return ecosystem


@pytest.mark.parametrize("seed", seeds(2, 40))
def test_a_crash_of_a_controlled_run_is_recovered(seed: int) -> None:
    async def scenario() -> None:
        store, clock = MemoryLiveStore(), ManualClock()
        first = await controlled(store, clock, seed)
        lines = [line async for line in store.lines()]
        again = await LiveEcosystem.open(store, wall=clock)
        assert [line async for line in store.lines()][: len(lines)] == lines
        assert again.kernel.entries >= first.kernel.entries
        # The clock is nobody's now: it goes on at the speed asked for, from what was last journaled or from the wall.
        state = again.driver.clock()
        assert (state.paused, state.lock_step, state.speed_ppm) == (False, False, PARTS_PER_MILLION)
        assert state.now >= first.kernel.now
        await store.close()

    asyncio.run(scenario())
