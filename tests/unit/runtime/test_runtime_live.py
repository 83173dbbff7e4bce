"""The live driver on a wall clock of the test's own: admission, answers, limits, failures, and replay of what happened."""

from __future__ import annotations

import asyncio
import random

import msgspec
import pytest
from tests.unit.runtime import conftest

from trading_ecosystem.adapters.memory.journal import MemoryJournal
from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.messages.envelope import decode_entry
from trading_ecosystem.messages.exchange import CancelOrder, CancelRejected
from trading_ecosystem.messages.test_coordination import LinkConditionKind, LinkConditionSet, RunEnded
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND
from trading_ecosystem.ports.component import Component
from trading_ecosystem.ports.errors import ComponentFault, Unavailable
from trading_ecosystem.runtime.live import LiveDriver
from trading_ecosystem.runtime.live.receipts import may_know
from trading_ecosystem.runtime.replay import ComparingJournal, recorded_inputs, reexecute

START = 10**18


class ManualClock:
    def __init__(self, now=START):
        self.time = now

    def now(self):
        return self.time


class FastClock:
    """A wall clock that every look moves on by a random step: arrivals fall anywhere between and on the ticks."""

    def __init__(self, seed):
        self.time = START
        self.random = random.Random(seed)

    def now(self):
        self.time += self.random.choice((0, 0, 1, 3, 10, 10, 20))
        return self.time


def cancel(number):
    return CancelOrder(venue="exchange-alpha", account="fund/a", client_order_id=f"c{number}")


def test_an_answer_holds_what_the_input_led_to_and_is_committed(toy):
    async def scenario():
        clock = ManualClock()
        ecosystem = toy(start=START)
        driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, clock)
        running = asyncio.create_task(driver.run())
        clock.time += 25
        receipt = await driver.submit("door", cancel(1))
        committed = [entry.sequence for entry in ecosystem.entries]
        driver.stop()
        await running
        return receipt, committed

    receipt, committed = asyncio.run(scenario())
    assert receipt.at == START + 25
    assert [type(e.message).__name__ for e in receipt.said] == ["CancelRejected", "QuoteChanged"]
    assert isinstance(receipt.said[0].message, CancelRejected)
    assert {receipt.sequence, *(e.sequence for e in receipt.said)} <= set(committed)


def test_an_answer_tells_a_client_nothing_of_faults_and_nothing_of_other_firms(toy):
    async def scenario():
        clock = ManualClock()
        ecosystem = toy(start=START)
        driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, clock)
        running = asyncio.create_task(driver.run())
        broken = LinkConditionSet(
            component="links",
            condition_id="secret",
            kind=LinkConditionKind.LINK_PARTITION,
            senders=("exchange-alpha",),
            receivers=("trading",),
            until=START + 10**12,
        )
        clock.time += 1
        await driver.submit("control", broken)
        mine = await driver.submit("door", cancel(1))
        driver.stop()
        await running
        return mine, ecosystem.entries

    mine, entries = asyncio.run(scenario())
    assert any(type(entry.message).__name__ == "LinkConditionApplied" and entry.trace == mine.sequence for entry in entries)
    assert [type(entry.message).__name__ for entry in mine.said] == ["CancelRejected", "QuoteChanged"]
    other = msgspec.structs.replace(mine.said[0].message, account="another/firm")
    assert may_know(cancel(1), mine.said[0].message)
    assert not may_know(cancel(1), other)


def test_wake_ups_see_their_own_instant_and_not_the_wall(toy):
    async def scenario():
        clock = ManualClock()
        ecosystem = toy(start=START)
        driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, clock)
        clock.time += 1000
        running = asyncio.create_task(driver.run())
        await driver.submit("door", cancel(1))
        driver.stop()
        await running
        return [e.at - START for e in ecosystem.entries if type(e.message).__name__ == "PricePublished"]

    assert asyncio.run(scenario()) == list(range(10, 1001, 10))


@pytest.mark.parametrize("seed", range(5))
def test_random_arrivals_replay_to_the_identical_digest(toy, seed):
    async def scenario():
        ecosystem = toy(start=START)
        driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, FastClock(seed))
        running = asyncio.create_task(driver.run())
        draws = random.Random(seed)
        for number in range(60):
            if draws.random() < 0.4:
                await asyncio.sleep(0)
            await asyncio.gather(*(driver.submit("door", cancel(10 * number + i)) for i in range(draws.randint(1, 3))))
        driver.stop()
        await running
        return ecosystem

    first = asyncio.run(scenario())
    lines = list(first.journal.lines())
    journal = ComparingJournal(iter(lines))
    again = toy(start=START, journal=journal)
    reexecute(again.kernel, again.recorder, recorded_inputs(lines), last_sequence=first.kernel.sequence)
    journal.expect_end()
    assert again.recorder.digest.hexdigest() == first.recorder.digest.hexdigest()


def test_speed_scales_the_clock(toy):
    clock = ManualClock()
    ecosystem = toy(start=START)
    driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, clock, speed_ppm=2_500_000)
    clock.time += 1000
    assert driver.now() == START + 2500
    with pytest.raises(ValueError, match="speed must be positive"):
        LiveDriver(ecosystem.kernel, ecosystem.recorder, clock, speed_ppm=0)


@pytest.mark.parametrize(
    ("gap", "tick", "caught_up"),
    [(1 * MINUTE, 0, True), (6 * MINUTE, 10 * SECOND, True), (37 * HOUR, None, False)],
)
def test_a_restart_catches_up_within_the_limits(toy, gap, tick, caught_up):
    clock = ManualClock(START + gap)
    ecosystem = toy(start=START, components=[])
    driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, clock)
    asyncio.run(driver.resume())
    resumed = [e.message for e in ecosystem.entries]
    if caught_up:
        assert [(m.stopped_at, m.until, m.tick_ns) for m in resumed] == [(START, START + gap, tick)]
        assert driver.now() == START + gap
    else:
        assert resumed == []
        assert driver.now() == START


class FailingJournal(MemoryJournal):
    failing = False

    def append(self, lines):
        if self.failing:
            raise Unavailable("the disk is full")
        super().append(lines)


def test_a_journal_that_fails_stops_acknowledgements_and_loses_nothing(toy):
    async def scenario():
        journal = FailingJournal()
        ecosystem = toy(start=START, journal=journal)
        driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, ManualClock())
        running = asyncio.create_task(driver.run())
        await driver.submit("door", cancel(1))
        journal.failing = True
        with pytest.raises(Unavailable, match="the disk is full"):
            await driver.submit("door", cancel(2))
        journal.failing = False
        await driver.submit("door", cancel(3))
        driver.stop()
        await running
        return [e.message.client_order_id for e in ecosystem.entries if e.sender == "door"]

    assert asyncio.run(scenario()) == ["c1", "c2", "c3"]


def test_more_inputs_than_a_batch_are_all_answered(toy):
    async def scenario():
        ecosystem = toy(start=START)
        driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, ManualClock())
        running = asyncio.create_task(driver.run())
        receipts = await asyncio.gather(*(driver.submit("door", cancel(number)) for number in range(2500)))
        driver.stop()
        await running
        return receipts

    receipts = asyncio.run(scenario())
    assert all([type(e.message).__name__ for e in r.said] == ["CancelRejected", "QuoteChanged"] for r in receipts)


def test_a_failing_component_tells_all_who_wait_and_nothing_is_saved_after_it(toy, monkeypatch):
    async def scenario():
        ecosystem = toy(start=START)
        monkeypatch.setattr(ecosystem.components[0], "tick", lambda message, now: 1 / 0, raising=False)
        clock = ManualClock()
        driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, clock)
        clock.time += 100
        waiting = [asyncio.create_task(driver.submit("door", cancel(number))) for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(ComponentFault, match="market-data failed"):
            await driver.run()
        outcomes = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
        with pytest.raises(Unavailable):
            await asyncio.wait_for(driver.submit("door", cancel(9)), 5)
        return outcomes, ecosystem.kernel.broken

    outcomes, broken = asyncio.run(scenario())
    assert [type(outcome) for outcome in outcomes] == [ComponentFault] * 3
    assert broken


def test_nothing_is_admitted_after_the_run_has_ended(toy):
    class Ending(Component):
        context = "test_coordination"
        hears = {CancelRejected: "rejected"}
        says = (RunEnded,)

        def rejected(self, message, now):
            return [RunEnded(run="r")] if message.client_order_id == "c1" else ()

    async def scenario():
        ecosystem = toy(start=START, components=[Ending("test-coordination"), conftest.Venue()])
        driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, ManualClock())
        waiting = [asyncio.create_task(driver.submit("door", cancel(number))) for number in range(3)]
        await asyncio.sleep(0)
        await driver.run()
        return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5), ecosystem.entries

    outcomes, entries = asyncio.run(scenario())
    assert [type(outcome).__name__ for outcome in outcomes] == ["Receipt", "Receipt", "Unavailable"]
    assert [entry.message.client_order_id for entry in entries if entry.sender == "door"] == ["c0", "c1"]


def test_the_backlog_is_bounded_and_a_stopped_driver_refuses(toy, monkeypatch):
    monkeypatch.setattr("trading_ecosystem.runtime.live.driver.BACKLOG", 3)

    async def scenario():
        ecosystem = toy(start=START)
        driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, ManualClock())
        waiting = [asyncio.create_task(driver.submit("door", cancel(i))) for i in range(4)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="3 inputs wait already"):
            await waiting[3]
        running = asyncio.create_task(driver.run())
        await asyncio.gather(*waiting[:3])
        driver.stop()
        await running
        with pytest.raises(Unavailable, match="stopping"):
            await driver.submit("door", cancel(9))

    asyncio.run(scenario())


class SlowStore(MemoryLiveStore):
    """Commits only when let; fails, before or after it has committed, when told to."""

    def __init__(self):
        super().__init__()
        self.gate = asyncio.Event()
        self.batches = []
        self.fail = ""

    async def append(self, first, lines):
        await self.gate.wait()
        self.batches.append((first, list(lines)))
        if self.fail == "before":
            raise Unavailable("the disk is full")
        await super().append(first, lines)
        if self.fail == "after":
            raise Unavailable("the connection was lost")


def stored(toy):
    """A driver over a store, and the toy it drives."""
    store = SlowStore()
    ecosystem = toy(start=START)
    return store, ecosystem, LiveDriver(ecosystem.kernel, ecosystem.recorder, ManualClock(), append=store.append)


def test_what_arrives_during_a_commit_forms_the_next_group(toy):
    async def scenario():
        store, _, driver = stored(toy)
        told = []
        driver.follow(lambda entries: told.extend(entries))
        running = asyncio.create_task(driver.run())
        first = asyncio.create_task(driver.submit("door", cancel(0)))
        await asyncio.sleep(0.01)
        others = [asyncio.create_task(driver.submit("door", cancel(number))) for number in range(1, 9)]
        asked = asyncio.create_task(driver.ask("exchange-alpha", None))
        await asyncio.sleep(0.01)
        # Nothing is answered before it is committed, and nobody is told.
        assert not any(one.done() for one in (first, *others, asked))
        assert told == []
        store.gate.set()
        await asyncio.gather(first, *others, asked, return_exceptions=True)
        driver.stop()
        await running
        return store, told

    store, told = asyncio.run(scenario())
    assert [len(lines) for _, lines in store.batches] == [3, 24]
    assert [first for first, _ in store.batches] == [1, 4]
    assert [entry.sequence for entry in told] == [decode_entry(line).sequence for _, lines in store.batches for line in lines]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_append_of_unknown_outcome_is_tried_again_and_counts_once(toy, when):
    async def scenario():
        store, ecosystem, driver = stored(toy)
        store.gate.set()
        running = asyncio.create_task(driver.run())
        await driver.submit("door", cancel(1))
        store.fail = when
        with pytest.raises(Unavailable, match="not acknowledged, but it may take effect later: ask again with the same id"):
            await driver.submit("door", cancel(2))
        with pytest.raises(Unavailable, match="nothing is taken until the journal can be written: try again later"):
            await driver.submit("door", cancel(3))
        with pytest.raises(Unavailable, match="try again later"):
            await driver.ask("exchange-alpha", None)
        store.fail = ""
        await driver.submit("door", cancel(4))
        driver.stop()
        await running
        return [decode_entry(line) async for line in store.lines()], ecosystem.kernel.entries

    entries, count = asyncio.run(scenario())
    assert [e.message.client_order_id for e in entries if e.sender == "door"] == ["c1", "c2", "c4"]
    assert len(entries) == count


def test_an_input_whose_sender_has_gone_is_not_admitted(toy):
    async def scenario():
        store, _, driver = stored(toy)
        store.gate.set()
        gone = asyncio.create_task(driver.submit("door", cancel(1)))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        running = asyncio.create_task(driver.run())
        await driver.submit("door", cancel(2))
        driver.stop()
        await running
        return [decode_entry(line) async for line in store.lines()]

    assert [e.message.client_order_id for e in asyncio.run(scenario()) if e.sender == "door"] == ["c2"]


def test_a_machine_too_slow_for_the_speed_lets_the_clock_wait(toy):
    async def scenario(speed_ppm):
        clock = ManualClock()
        ecosystem = toy(start=START)
        driver = LiveDriver(ecosystem.kernel, ecosystem.recorder, clock, speed_ppm=speed_ppm)
        running = asyncio.create_task(driver.run())
        clock.time += 3 * SECOND
        ecosystem.components[0].every = 2**40  # so that little is due in all that time
        receipt = await driver.submit("door", cancel(1))
        driver.stop()
        await running
        return receipt.at - START

    assert asyncio.run(scenario(1_000_000)) == 3 * SECOND
    # The beginning was due first: from there the clock goes on, and an input comes after the instant that has run.
    assert asyncio.run(scenario(2_000_000)) == 1
