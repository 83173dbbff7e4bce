"""The clock of a live run under control: it stands, goes at another speed, is advanced; and what it did replays."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.campaign import seeds
from tests.unit.runtime.conftest import build_toy
from tests.unit.runtime.test_runtime_live import START, FastClock, ManualClock, cancel

from trading_ecosystem.messages.exchange import CancelRejected
from trading_ecosystem.messages.test_coordination import RunEnded
from trading_ecosystem.messages.units import DAY, PARTS_PER_MILLION
from trading_ecosystem.ports.component import Component
from trading_ecosystem.ports.errors import BadInput, Conflict, Unavailable
from trading_ecosystem.runtime.live import ClockState, LiveDriver
from trading_ecosystem.runtime.live.ecosystem_clock import LARGEST_SPEED, EcosystemClock
from trading_ecosystem.runtime.replay import ComparingJournal, recorded_inputs, reexecute

CHANGES = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 10**12)),
    st.tuples(st.just("speed"), st.integers(1, 10**9)),
    st.tuples(st.just("paused"), st.booleans()),
    st.tuples(st.just("lock_step"), st.booleans()),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(CHANGES, max_size=30))
def test_the_clock_makes_no_step_however_it_is_changed(changes):
    wall = ManualClock()
    clock = EcosystemClock(wall, START, PARTS_PER_MILLION)
    exact = START * PARTS_PER_MILLION
    speed, stands = PARTS_PER_MILLION, {"paused": False, "lock_step": False}
    for count, (what, value) in enumerate(changes, 1):
        before = clock.now()
        if what == "wait":
            wall.time += value
            exact += 0 if any(stands.values()) else value * speed
        elif what == "speed":
            speed = value
            clock.change(0, speed_ppm=value)
            assert clock.now() == before
        else:
            stands[what] = value
            clock.change(0, **{what: value})
            assert clock.now() == before
        # Each change rounds down to a nanosecond, and nothing else is lost.
        assert 0 <= exact // PARTS_PER_MILLION - clock.now() <= count
        assert clock.stands is any(stands.values())


def test_wall_time_until_something_is_due():
    wall = ManualClock()
    clock = EcosystemClock(wall, START, 2 * PARTS_PER_MILLION)
    assert clock.wall_until(START + 1000) == 500
    clock.change(0, paused=True)
    assert clock.wall_until(START + 1000) is None
    assert clock.wall_until(START) == 0


@asynccontextmanager
async def driven(clock, **limits):
    ecosystem = build_toy(start=START, **limits)
    driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, clock)
    running = asyncio.create_task(driver.run())
    await asyncio.sleep(0)
    yield ecosystem, driver
    driver.stop()
    await running


def instants(ecosystem, kind="PricePublished"):
    return [entry.at - START for entry in ecosystem.entries if type(entry.message).__name__ == kind]


def test_while_paused_nothing_becomes_due_and_inputs_are_admitted_a_nanosecond_apart():
    async def scenario():
        clock = ManualClock()
        async with driven(clock) as (ecosystem, driver):
            clock.time += 25
            driver.pause()
            assert driver.clock() == ClockState(START + 25, PARTS_PER_MILLION, True, False)
            clock.time += 10**9
            receipts = [await driver.submit("door", cancel(number)) for number in range(3)]
            stood = instants(ecosystem)
            driver.unpause()
            clock.time += 8
            last = await driver.submit("door", cancel(3))
            return [one.at - START for one in (*receipts, last)], stood, instants(ecosystem)

    admitted, stood, after = asyncio.run(scenario())
    # What was due when it was paused is still done.
    assert stood == [10, 20]
    assert admitted == [25, 26, 27, 35]
    assert after == [10, 20, 30]


def test_at_another_speed_time_goes_on_from_where_it_was():
    async def scenario():
        clock = ManualClock()
        async with driven(clock) as (_, driver):
            clock.time += 100
            driver.set_speed(10 * PARTS_PER_MILLION)
            assert driver.now() == START + 100
            clock.time += 5
            first = await driver.submit("door", cancel(1))
            driver.set_speed(PARTS_PER_MILLION // 2)
            clock.time += 50
            second = await driver.submit("door", cancel(2))
            for speed in (0, -1, LARGEST_SPEED + 1):
                with pytest.raises(BadInput, match="expected more than 0 and at most 100000"):
                    driver.set_speed(speed)
            return first.at - START, second.at - START, driver.clock().speed_ppm

    assert asyncio.run(scenario()) == (150, 175, 500_000)


@pytest.mark.parametrize("paused", [False, True])
def test_an_advance_computes_and_commits_all_up_to_its_instant_and_nothing_behind(paused):
    async def scenario():
        clock = ManualClock()
        async with driven(clock) as (ecosystem, driver):
            if paused:
                driver.pause()
            state = await driver.advance_to(START + 100_000)
            committed = instants(ecosystem)
            clock.time += 7
            return state, committed, driver.now() - START

    state, committed, now = asyncio.run(scenario())
    assert state == ClockState(START + 100_000, PARTS_PER_MILLION, paused, False)
    assert committed == list(range(10, 100_001, 10))
    assert now == (100_000 if paused else 100_007)


def test_in_lock_step_only_advances_move_time():
    async def scenario():
        clock = ManualClock()
        async with driven(clock) as (ecosystem, driver):
            driver.set_lock_step(True)
            clock.time += 10**6
            await driver.advance_to(START + 30)
            clock.time += 10**6
            assert driver.clock() == ClockState(START + 30, PARTS_PER_MILLION, False, True)
            await driver.submit("door", cancel(1))
            stood = instants(ecosystem)
            driver.set_lock_step(False)
            clock.time += 9
            await driver.submit("door", cancel(2))
            return stood, instants(ecosystem)

    assert asyncio.run(scenario()) == ([10, 20, 30], [10, 20, 30, 40])


def test_inputs_fall_into_the_middle_of_an_advance():
    async def scenario():
        async with driven(ManualClock()) as (ecosystem, driver):
            advance = asyncio.create_task(driver.advance_to(START + 200_000))
            await asyncio.sleep(0)
            receipts = [await driver.submit("door", cancel(number)) for number in range(3)]
            await advance
            return [one.at - START for one in receipts], len(instants(ecosystem))

    admitted, prices = asyncio.run(scenario())
    assert all(0 <= at < 200_000 for at in admitted)
    assert admitted[0] < admitted[-1]
    assert prices == 20_000


def test_an_advance_is_refused_where_it_cannot_be():
    async def scenario():
        async with driven(ManualClock()) as (_, driver):
            for instant in (START - 1, START + 31 * DAY + 1):
                with pytest.raises(BadInput, match=rf"to {instant}; expected one from {START}, which is now, to 31 days later"):
                    await driver.advance_to(instant)
            first = asyncio.create_task(driver.advance_to(START + 300_000))
            await asyncio.sleep(0)
            with pytest.raises(Conflict, match="is being advanced to"):
                await driver.advance_to(START + 400_000)
            await first
            unfinished = asyncio.create_task(driver.advance_to(START + DAY))
            await asyncio.sleep(0)
            driver.stop()
            with pytest.raises(Unavailable, match="the ecosystem has stopped"):
                await unfinished
            with pytest.raises(Unavailable, match="stopping"):
                await driver.advance_to(START + 2 * DAY)

    asyncio.run(scenario())


def test_an_advance_whose_caller_has_gone_ends_where_it_has_come_to():
    async def scenario():
        async with driven(ManualClock()) as (ecosystem, driver):
            advance = asyncio.create_task(driver.advance_to(START + DAY))
            while ecosystem.kernel.now < START + 50_000:
                await asyncio.sleep(0)
            advance.cancel()
            await asyncio.gather(advance, return_exceptions=True)
            receipt = await driver.submit("door", cancel(1))
            # Another can begin, and time goes on from there.
            again = await driver.advance_to(receipt.at + 1000)
            return receipt.at - START, again.now - receipt.at

    reached, further = asyncio.run(scenario())
    assert 50_000 <= reached < 200_000
    assert further == 1000


def test_an_advance_over_the_end_of_the_run_says_so():
    class Ending(Component):
        context = "test_coordination"
        hears = {CancelRejected: "rejected"}
        says = (RunEnded,)

        def rejected(self, message, now):
            return [RunEnded(run="r")] if message.client_order_id == "c5000" else ()

    async def scenario():
        components = [*build_toy(start=START).components, Ending("test-coordination")]
        ecosystem = build_toy(start=START, components=components)
        driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, ManualClock())
        running = asyncio.create_task(driver.run())
        with pytest.raises(Unavailable, match=f"the run has ended at {START + 50_000}"):
            await asyncio.wait_for(driver.advance_to(START + DAY), 20)
        await running

    asyncio.run(scenario())


@pytest.mark.parametrize("seed", seeds(5, 200))
def test_a_run_under_control_replays_to_the_identical_digest(seed):
    draws = random.Random(seed)

    async def step(driver, number):
        what = draws.choice(("submit", "submit", "pause", "unpause", "speed", "advance", "lock", "unlock", "sleep"))
        if what == "submit":
            await driver.submit("door", cancel(number))
        elif what == "advance":
            await driver.advance_to(driver.now() + draws.choice((200, 995, 5_000)))
        elif what == "speed":
            driver.set_speed(draws.choice((1, 500_000, PARTS_PER_MILLION, 7 * PARTS_PER_MILLION)))
        elif what in ("lock", "unlock"):
            driver.set_lock_step(what == "lock")
        elif what == "sleep":
            await asyncio.sleep(0)
        else:
            getattr(driver, what)()

    async def scenario():
        async with driven(FastClock(seed)) as (ecosystem, driver):
            seen = []
            for number in range(60):
                await step(driver, number)
                seen.append(driver.now())
            assert seen == sorted(seen)
            return ecosystem

    first = asyncio.run(scenario())
    lines = list(first.journal.lines())
    journal = ComparingJournal(iter(lines), torn=True)
    again = build_toy(start=START, journal=journal)
    reexecute(again.kernel, again.recorder, recorded_inputs(lines), last_sequence=first.kernel.sequence)
    journal.expect_end()
    assert again.kernel.sequence == first.kernel.sequence
    assert len(instants(first)) == first.components[0].count
