"""Followers bring histories up to the journal, whatever happens to the stores meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest
from tests.campaign import seeds
from tests.recorded_run import recorded_entries

from trading_ecosystem.adapters import followers
from trading_ecosystem.adapters.followers import Follower, Followers, lines_until
from trading_ecosystem.adapters.memory.history import MemoryHistory
from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.domains.custodian import records as custodian
from trading_ecosystem.domains.exchange import records as exchange
from trading_ecosystem.domains.risk import records as risk
from trading_ecosystem.messages.envelope import Entry, encode_entry
from trading_ecosystem.ports.errors import Conflict, NotFound, Unavailable

ENTRIES = recorded_entries()[:4000]


class UnreliableHistory(MemoryHistory):
    """Fails when ``fails`` says so; ``applied`` is what it was given."""

    def __init__(self, projection, fails=lambda: False):
        super().__init__(projection)
        self.fails = fails
        self.applied: list[int] = []

    async def apply(self, entries: Sequence[Entry]) -> None:
        await asyncio.sleep(0)
        if self.fails():
            raise Unavailable("the disk is full")
        self.applied += [entry.sequence for entry in entries]
        await super().apply(entries)
        # An outcome that is unknown: it was applied, and the answer was lost.
        if self.fails():
            raise Unavailable("the connection was lost")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(followers, "FIRST_RETRY", 0.001)
    monkeypatch.setattr(followers, "LAST_RETRY", 0.002)


async def journal_of(entries: Sequence[Entry]) -> MemoryLiveStore:
    journal = MemoryLiveStore()
    if entries:
        await journal.append(1, [encode_entry(entry) for entry in entries])
    return journal


async def commit(journal: MemoryLiveStore, entries: Sequence[Entry]) -> None:
    await journal.append(await journal.count() + 1, [encode_entry(entry) for entry in entries])


async def same_rows(store: MemoryHistory, entries: Sequence[Entry] = ENTRIES) -> bool:
    other = MemoryHistory(store.projection)
    await other.apply(entries)
    kinds = store.projection.RECORDS
    return [await store.rows(kind) for kind in kinds] == [await other.rows(kind) for kind in kinds]


async def following(follower: Follower, work) -> None:
    task = asyncio.create_task(follower.run())
    try:
        async with asyncio.timeout(30):
            await work
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_what_is_told_is_applied_once_and_in_order():
    async def story() -> None:
        journal, store = await journal_of(()), UnreliableHistory(exchange)
        follower = Follower(store, journal, gather=0.0)

        async def work() -> None:
            for start in range(0, len(ENTRIES), 90):
                group = ENTRIES[start : start + 90]
                await commit(journal, group)
                follower.tell(group)
                await asyncio.sleep(0)
            await follower.caught_up()

        await following(follower, work())
        assert store.applied == [entry.sequence for entry in ENTRIES]
        assert await same_rows(store)
        lag = follower.lag
        assert (lag.position, lag.newest, lag.seconds, lag.problem) == (ENTRIES[-1].sequence, ENTRIES[-1].sequence, 0.0, None)

    asyncio.run(story())


@pytest.mark.parametrize("known", [0, 1, 1234, len(ENTRIES)])
def test_a_new_process_goes_on_from_the_position_of_the_store(known):
    async def story() -> None:
        journal, store = await journal_of(ENTRIES), UnreliableHistory(custodian)
        await store.apply(ENTRIES[:known])
        store.applied.clear()
        follower = Follower(store, journal, gather=0.0)
        await following(follower, follower.caught_up())
        assert store.applied == [entry.sequence for entry in ENTRIES[known:]]
        assert await same_rows(store)

    asyncio.run(story())


def test_more_than_may_wait_is_read_from_the_journal():
    async def story() -> None:
        journal, store = await journal_of(()), UnreliableHistory(exchange)
        follower = Follower(store, journal, capacity=100, gather=0.001)

        async def work() -> None:
            await follower.caught_up()
            for start in range(0, len(ENTRIES), 60):
                group = ENTRIES[start : start + 60]
                await commit(journal, group)
                follower.tell(group)
                assert len(follower._queue) <= 100
            assert not follower._queue
            await follower.caught_up()

        await following(follower, work())
        assert store.applied == [entry.sequence for entry in ENTRIES]

    asyncio.run(story())


def test_a_store_that_is_down_stops_its_own_history_and_catches_up_later():
    async def story() -> None:
        down = True
        journal = await journal_of(ENTRIES[:1000])
        broken, sound = UnreliableHistory(exchange, lambda: down), UnreliableHistory(risk)
        async with asyncio.timeout(30), Followers([broken, sound], journal) as group:
            await commit(journal, ENTRIES[1000:2000])
            group.tell(ENTRIES[1000:2000])
            last = ENTRIES[1999].sequence
            assert await (await group.up_to("risk", last, timeout=10)).position() == last
            lags = {lag.namespace: lag for lag in group.lags()}
            assert lags["exchange"].problem == "the disk is full"
            assert lags["exchange"].seconds > 0
            assert (lags["exchange"].position, lags["exchange"].newest) == (0, last)
            with pytest.raises(Unavailable, match="history of exchange: the disk is full") as refused:
                await group.up_to("exchange", last)
            assert refused.value.retry_after == followers.LAST_RETRY
            down = False
            await commit(journal, ENTRIES[2000:])
            group.tell(ENTRIES[2000:])
            await group.caught_up()
            assert {lag.problem for lag in group.lags()} == {None}
            assert await same_rows(broken)
            assert await same_rows(sound)
            with pytest.raises(NotFound, match="no history of 'nobody'; there are exchange, risk"):
                group.history("nobody")

    asyncio.run(story())


@pytest.mark.parametrize("seed", seeds(8, 400))
def test_a_store_that_fails_at_random_ends_up_the_same(seed):
    generator = random.Random(seed)

    async def story() -> None:
        failing = generator.choice((0.1, 0.5))
        journal = await journal_of(ENTRIES[: generator.choice((0, 500))])
        store = UnreliableHistory(exchange, lambda: generator.random() < failing)
        follower = Follower(store, journal, capacity=generator.choice((1, 300, 20_000)), gather=0.0)

        async def work() -> None:
            done = await journal.count()
            while done < len(ENTRIES):
                group = ENTRIES[done : done + generator.choice((1, 20, 700))]
                await commit(journal, group)
                if generator.random() < 0.5:
                    await asyncio.sleep(0)
                follower.tell(group)
                for _ in range(generator.randrange(4)):
                    await asyncio.sleep(0)
                done += len(group)
            await follower.caught_up()

        await following(follower, work())
        assert await same_rows(store)
        assert follower.lag.position == ENTRIES[-1].sequence

    asyncio.run(story())


def test_the_place_of_a_sequence_in_the_journal_is_found():
    async def story() -> None:
        entries = ENTRIES[:300]
        journal = await journal_of(entries)
        for sequence in range(entries[-1].sequence + 3):
            assert await lines_until(journal, sequence) == sum(entry.sequence <= sequence for entry in entries)

    asyncio.run(story())


def test_a_history_of_another_journal_is_not_followed_on():
    async def work() -> None:
        journal, store, closed = await journal_of(ENTRIES[:100]), MemoryHistory(exchange), []
        await store.apply(ENTRIES[:200])

        async def close() -> None:
            closed.append(store)

        store.close = close
        with pytest.raises(Conflict, match="^the history of exchange has followed a journal to sequence"):
            async with Followers([store], journal):
                pass
        assert closed == [store]

    asyncio.run(work())
