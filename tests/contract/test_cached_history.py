"""The cache patterns.

Nobody who asks after a change was acknowledged gets what was before it, whatever happens to the cache.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

import pytest
from tests.campaign import seeds
from tests.contract.redis_space import PASSWORDS, RedisSpace
from tests.server_processes import RedisServer

from trading_ecosystem.adapters.cached_history import CachedHistory, StoreFirstHistory, cached_histories
from trading_ecosystem.adapters.memory.cache import MemoryCache
from trading_ecosystem.adapters.memory.history import MemoryHistory
from trading_ecosystem.adapters.redis.cache import RedisCache
from trading_ecosystem.adapters.redis.login import REST
from trading_ecosystem.adapters.sql.tables import PROJECTIONS
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.ports.errors import NotFound, Unavailable
from trading_ecosystem.ports.records import Change, Patch, Record, Upsert


class Order(Record, frozen=True):
    table: ClassVar[str] = "orders"
    key: ClassVar[tuple[str, ...]] = ("name",)
    name: str
    version: int


class Balance(Record, frozen=True):
    table: ClassVar[str] = "balances"
    key: ClassVar[tuple[str, ...]] = ("name",)
    name: str
    version: int


class Kept:
    """A domain that keeps whatever it is told."""

    NAMESPACE = "exchange"
    RECORDS = (Order, Balance)

    def project(self, message: Any, now: int) -> Iterable[Change]:
        return message


KEPT: Any = Kept()


def entry(sequence: int, *changes: Change) -> Entry:
    message: Any = changes
    return Entry(sequence, sequence, EntryKind.SAID, "exchange", None, sequence, message)


def both(sequence: int, name: str = "a") -> Entry:
    """Both records of a name, with the sequence as their version."""
    return entry(sequence, Upsert(Order(name, sequence)), Upsert(Balance(name, sequence)))


class SlowStore(MemoryHistory):
    """A store that counts, that can be held before it reads or after it has read, and that can be down."""

    def __init__(self) -> None:
        super().__init__(KEPT)
        self.reads = 0
        self.down = False
        self.before_apply: Callable[[], Awaitable[None]] | None = None
        self.before_read: Callable[[], Awaitable[None]] | None = None
        self.after_read: Callable[[], Awaitable[None]] | None = None

    async def get(self, record_type: Any, identity: tuple[Any, ...]) -> Any:
        return await self._slowly(lambda: super(SlowStore, self).get(record_type, identity))

    async def rows(self, *words: Any, **options: Any) -> Any:
        return await self._slowly(lambda: super(SlowStore, self).rows(*words, **options))

    async def totals(self, *words: Any, **options: Any) -> Any:
        return await self._slowly(lambda: super(SlowStore, self).totals(*words, **options))

    async def _slowly(self, read: Callable[[], Awaitable[Any]]) -> Any:
        self.reads += 1
        if self.before_read:
            await self.before_read()
        if self.down:
            raise Unavailable("the store is down")
        found = await read()
        if self.after_read:
            await self.after_read()
        return found

    async def apply(self, entries: Sequence[Entry]) -> None:
        if self.before_apply:
            await self.before_apply()
        if self.down:
            raise Unavailable("the store is down")
        await super().apply(entries)


def fresh() -> tuple[SlowStore, CachedHistory]:
    store = SlowStore()
    return store, CachedHistory(store, MemoryCache(), {Balance})


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(story(), 30)

    asyncio.run(bounded())


def test_what_was_read_once_is_not_asked_of_the_store_again_until_it_changes() -> None:
    async def story() -> None:
        store, history = fresh()
        await history.apply([both(1, "a"), both(2, "b")])
        for _ in range(3):
            assert await history.get(Order, ("a",)) == Order("a", 1)
            assert await history.get(Order, ("b",)) == Order("b", 2)
            assert await history.rows(Order, order=["-version"], limit=1) == [Order("b", 2)]
            assert [total.sums for total in await history.totals(Order, sums=["version"])] == [(3,)]
        assert store.reads == 4
        await history.apply([entry(3, Upsert(Order("a", 3)))])
        assert await history.get(Order, ("a",)) == Order("a", 3)
        assert await history.get(Order, ("b",)) == Order("b", 2)
        assert store.reads == 5, "the row that did not change is still known"
        assert await history.rows(Order, order=["-version"], limit=1) == [Order("a", 3)]
        assert [total.sums for total in await history.totals(Order, sums=["version"])] == [(5,)]
        await history.apply([entry(4, Patch(Order, ("a",), {"version": 40}))])
        assert await history.get(Order, ("a",)) == Order("a", 40)
        await history.take([Upsert(Order("a", 50)), Upsert(Balance("a", 50))])
        assert (await history.get(Order, ("a",))).version == 50
        assert (await history.get(Balance, ("a",))).version == 50
        await history.close()

    run(story)


def test_a_row_that_is_not_there_is_asked_of_the_store_each_time() -> None:
    async def story() -> None:
        _, history = fresh()
        with pytest.raises(NotFound):
            await history.get(Order, ("a",))
        await history.apply([both(1)])
        assert (await history.get(Order, ("a",))).version == 1

    run(story)


def test_real_time_rows_are_in_the_cache_before_the_store_has_them() -> None:
    async def story() -> None:
        store, history = fresh()
        await history.apply([both(1)])
        entered, go_on = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            entered.set()
            await go_on.wait()

        store.before_apply = hold
        applying = asyncio.create_task(history.apply([both(2)]))
        await entered.wait()
        assert (await history.get(Balance, ("a",))).version == 2
        assert (await history.get(Order, ("a",))).version == 1
        assert await history.position() == 1
        go_on.set()
        await applying
        assert (await history.get(Order, ("a",))).version == 2
        assert store.reads == 2, "both times the order; the balance never was asked of the store"

    run(story)


def test_while_the_store_lags_its_older_real_time_rows_are_not_kept() -> None:
    async def story() -> None:
        store, history = fresh()
        await history.apply([both(1)])
        store.down = True
        with pytest.raises(Unavailable):
            await history.apply([both(2)])
        assert (await history.get(Balance, ("a",))).version == 2, "known although the store is down"
        await history._reads.cache.delete_group("rows:balances")
        store.down = False
        assert (await history.get(Balance, ("a",))).version == 1, "all that there is for now"
        await history.apply([both(2)])
        assert (await history.get(Balance, ("a",))).version == 2
        await history.apply([both(1), both(2)])
        assert (await history.get(Balance, ("a",))).version == 2, "an entry that is repeated takes nothing back"

    run(story)


@pytest.mark.parametrize("kind", [Order, Balance])
def test_a_load_that_is_overtaken_by_a_change_is_not_kept(kind: Any) -> None:
    async def story() -> None:
        store, history = fresh()
        await history.apply([both(1)])
        await history._reads.cache.delete_group("rows:orders", "rows:balances")
        entered, go_on = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            entered.set()
            await go_on.wait()

        store.after_read = hold
        early = asyncio.create_task(history.get(kind, ("a",)))
        await entered.wait()
        store.after_read = None
        await history.apply([both(2)])
        assert (await history.get(kind, ("a",))).version == 2, "whoever asks later does not join the load from before"
        go_on.set()
        assert (await early).version == 1, "it asked before the change"
        assert (await history.get(kind, ("a",))).version == 2

    run(story)


def test_a_load_that_begins_while_the_cache_is_still_asked_does_not_cover_a_newer_real_time_row() -> None:
    """The reader finds nothing in the cache; before it gets to the store, the newer row is put, and the store lags."""

    class HeldCache(MemoryCache):
        held: Callable[[], Awaitable[object]] | None = None

        async def get(self, key: str, group: str = "") -> bytes | None:
            found = await super().get(key, group)
            if self.held:
                await self.held()
            return found

    async def story() -> None:
        store, cache = SlowStore(), HeldCache()
        history = CachedHistory(store, cache, {Balance})
        await history.apply([both(1)])
        await cache.delete_group("rows:balances")
        go_on, applies = asyncio.Event(), asyncio.Event()
        cache.held = go_on.wait
        early = asyncio.create_task(history.get(Balance, ("a",)))
        await asyncio.sleep(0)
        cache.held = None
        store.before_apply = applies.wait  # type: ignore[assignment]
        applying = asyncio.create_task(history.apply([both(2)]))
        await asyncio.sleep(0.01)
        go_on.set()
        assert (await early).version == 1
        applies.set()
        await applying
        assert (await history.get(Balance, ("a",))).version == 2

    run(story)


def test_whoever_waits_for_a_position_waits_until_what_it_changed_is_forgotten() -> None:
    class HeldCache(MemoryCache):
        held: Callable[[], Awaitable[object]] | None = None

        async def delete(self, *keys: str, group: str = "") -> None:
            if self.held:
                await self.held()
            await super().delete(*keys, group=group)

    async def story() -> None:
        store, cache = SlowStore(), HeldCache()
        history = CachedHistory(store, cache)
        await history.apply([both(1)])
        assert (await history.get(Order, ("a",))).version == 1
        go_on = asyncio.Event()
        cache.held = go_on.wait
        applying = asyncio.create_task(history.apply([both(2)]))
        await store.wait_for(2, 5)
        assert await history.position() == 1
        with pytest.raises(Unavailable, match="has not applied 2 yet"):
            await history.wait_for(2, 0.01)
        waiting = asyncio.create_task(history.wait_for(2, 5))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        go_on.set()
        await waiting
        assert (await history.get(Order, ("a",))).version == 2
        await applying
        assert await history.position() == 2

    run(story)


def test_many_readers_share_one_load_and_its_failure() -> None:
    async def story() -> None:
        store, history = fresh()
        await history.apply([both(1)])
        found = await asyncio.gather(*(history.get(Order, ("a",)) for _ in range(100)))
        assert (len(found), store.reads) == (100, 1)
        store.down = True
        outcomes = await asyncio.gather(*(history.rows(Order) for _ in range(100)), return_exceptions=True)
        assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
        assert store.reads == 2
        store.down = False
        assert len(await history.rows(Order)) == 1

    run(story)


def test_a_reader_that_goes_away_takes_nobody_with_it() -> None:
    async def story() -> None:
        store, history = fresh()
        await history.apply([both(1)])
        go_on = asyncio.Event()
        store.before_read = go_on.wait  # type: ignore[assignment]
        first = asyncio.create_task(history.get(Order, ("a",)))
        second = asyncio.create_task(history.get(Order, ("a",)))
        await asyncio.sleep(0.01)
        first.cancel()
        go_on.set()
        assert (await second).version == 1
        with pytest.raises(asyncio.CancelledError):
            await first

    run(story)


def test_a_change_whose_outcome_is_unknown_is_forgotten_too() -> None:
    async def story() -> None:
        store, history = fresh()
        await history.apply([both(1)])
        assert (await history.get(Order, ("a",))).version == 1

        async def written_but_not_said() -> None:
            await MemoryHistory.apply(store, [both(2)])
            raise Unavailable("the answer was lost")

        store.before_apply = written_but_not_said
        with pytest.raises(Unavailable, match="the answer was lost"):
            await history.apply([both(2)])
        assert (await history.get(Order, ("a",))).version == 2

    run(story)


def test_a_change_that_is_cancelled_is_forgotten_too() -> None:
    async def story() -> None:
        store, history = fresh()
        await history.apply([both(1)])
        assert (await history.get(Order, ("a",))).version == 1

        async def written_but_slow() -> None:
            await MemoryHistory.apply(store, [both(2)])
            await asyncio.sleep(30)

        store.before_apply = written_but_slow
        applying = asyncio.create_task(history.apply([both(2)]))
        await asyncio.sleep(0.01)
        applying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await applying
        assert (await history.get(Order, ("a",))).version == 2

    run(story)


def test_what_is_damaged_in_the_cache_is_read_from_the_store() -> None:
    async def story() -> None:
        _, history = fresh()
        await history.apply([both(1)])
        for damage in (b"", b"{", b'{"name": 7}'):
            await history._reads.cache.set('["a"]', damage, ttl=10**9, group="rows:orders")
            assert (await history.get(Order, ("a",))).version == 1

    run(story)


def test_audit_is_asked_first_and_always() -> None:
    async def story() -> None:
        store = SlowStore()
        cache = MemoryCache()
        history = StoreFirstHistory(store, cache, 10**12)
        await history.apply([both(1)])
        for expected in range(1, 4):
            assert await history.get(Order, ("a",)) == Order("a", 1)
            assert store.reads == expected, "cached or not, the store is asked"
        assert cache.statistics.hits == 0
        store.down = True
        assert await history.get(Order, ("a",)) == Order("a", 1), "a row that never changes, and was read before"
        assert cache.statistics.hits == 1
        for question in (history.get(Order, ("b",)), history.rows(Order), history.totals(Order)):
            with pytest.raises(Unavailable):
                await question

    run(story)


def test_every_domain_has_its_pattern() -> None:
    stores = {name: MemoryHistory(projection) for name, projection in PROJECTIONS.items()}
    patterns = cached_histories(stores, {name: MemoryCache() for name in PROJECTIONS})
    assert len(patterns) == 7
    assert [name for name, pattern in patterns.items() if isinstance(pattern, StoreFirstHistory)] == ["audit"]
    real_time = {
        name: sorted(kind.table for kind in p._real_time) for name, p in patterns.items() if isinstance(p, CachedHistory)
    }
    assert {name: tables for name, tables in real_time.items() if tables} == {
        "market_data": ["consensus_prices", "latest_prices", "quotes", "reference_quotes"],
        "exchange": ["claims"],
        "custodian": ["holdings"],
    }


async def busy(history: CachedHistory, store: SlowStore, seed: int, writes: int, disturb: Callable[[], Awaitable[None]]) -> int:
    """One writer and readers at random speeds.

    Returns how many reads were checked against what was acknowledged before them.
    """
    generator = random.Random(seed)
    acknowledged = dict.fromkeys("abc", 0)
    done = False
    checked = 0

    async def pause() -> None:
        for _ in range(generator.choice((0, 0, 1, 2, 5))):
            await asyncio.sleep(0)

    store.before_apply = store.before_read = store.after_read = pause

    async def found(name: str, kind: Any) -> int:
        if generator.random() < 0.5:
            return int((await history.get(kind, (name,))).version)
        (row,) = await history.rows(kind, {"name": name})
        return int(row.version)

    async def whoever_waits(number: int, name: str) -> None:
        """Waiting for a position is an acknowledgement too, and comes before the one who applies has his."""
        await history.wait_for(number, 20)
        acknowledged[name] = number

    async def reader() -> None:
        nonlocal checked
        while not done:
            name, kind = generator.choice("abc"), generator.choice((Order, Balance))
            least = acknowledged[name]
            with contextlib.suppress(Unavailable):
                version = await found(name, kind)
                assert version >= least, f"{kind.__name__} {name}: read {version} after {least} was acknowledged (seed {seed})"
                checked += 1
            await pause()

    for number, name in enumerate("abc", 1):
        await history.apply([both(number, name)])
        acknowledged[name] = number
    readers = [asyncio.create_task(reader()) for _ in range(6)]
    try:
        for number in range(4, writes + 4):
            name = generator.choice("abc")
            store.down = generator.random() < 0.05
            waiting = asyncio.create_task(whoever_waits(number, name))
            while True:
                with contextlib.suppress(Unavailable):
                    await history.apply([both(number, name)])
                    break
                store.down = False
            acknowledged[name] = number
            await waiting
            await disturb()
            await pause()
            for task in readers:
                if task.done():
                    await task
    finally:
        done = True
        outcomes = await asyncio.gather(*readers, return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None:
            raise outcome
    return checked


async def nothing() -> None:
    pass


@pytest.mark.parametrize("seed", seeds(10, 500))
def test_readers_never_see_less_than_was_acknowledged(seed: int) -> None:
    async def story() -> None:
        store, history = fresh()
        assert await busy(history, store, seed, 150, nothing) > 100

    run(story)


def test_without_voiding_loads_readers_would_see_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: a planted mistake is seen by some seed."""

    async def story(seed: int) -> None:
        store, history = fresh()

        async def void(meant: object) -> None:
            pass

        monkeypatch.setattr(history._reads, "_void", void)
        await busy(history, store, seed, 150, nothing)

    def caught(seed: int) -> bool:
        try:
            asyncio.run(story(seed))
        except AssertionError as error:
            return "was acknowledged" in str(error)
        return False

    assert any(caught(seed) for seed in range(1, 21))


@pytest.fixture
def space(redis_server: str) -> Iterator[RedisSpace]:
    with RedisSpace(redis_server) as made:
        yield made


async def over_redis(space: RedisSpace, use: Callable[[CachedHistory, SlowStore, RedisCache], Awaitable[None]]) -> None:
    cache = RedisCache(space.place, "exchange", PASSWORDS["exchange"])
    await cache.open()
    store = SlowStore()
    history = CachedHistory(store, cache, {Balance})
    try:
        await asyncio.wait_for(use(history, store, cache), 60)
    finally:
        await history.close()


@pytest.mark.parametrize("seed", seeds(2, 50))
def test_readers_of_a_redis_cache_never_see_less_than_was_acknowledged(space: RedisSpace, seed: int) -> None:
    async def use(history: CachedHistory, store: SlowStore, cache: RedisCache) -> None:
        assert await busy(history, store, seed, 100, nothing) > 10
        assert cache.statistics.hits > 0

    asyncio.run(over_redis(space, use))


async def killed_now_and_then(own_redis: RedisServer, space: RedisSpace, seed: int, planted: bool = False) -> None:
    """The server writes its data to disk at random moments, is killed at others, and comes back with what the disk has."""
    generator = random.Random(-seed)
    kills = 0

    async def disturb() -> None:
        nonlocal kills
        chance = generator.random()
        if chance < 0.1:
            await space.ask("SAVE")
        elif chance < 0.15:
            own_redis.kill()
            await asyncio.sleep(generator.choice((0, 0.01)))
            own_redis.start()
            await asyncio.sleep(generator.choice((0, 1.2 * REST)))
            kills += 1

    async def use(history: CachedHistory, store: SlowStore, cache: RedisCache) -> None:
        if planted:
            cache._login._joined = None
            cache._raise_epoch = lambda: None  # type: ignore[method-assign]
        assert await busy(history, store, seed, 100, disturb) > 10
        assert kills > 0
        assert cache.statistics.hits > 0
        assert cache.statistics.epochs > 0

    await over_redis(space, use)


@pytest.mark.parametrize("seed", seeds(2, 30))
def test_nor_do_they_while_the_server_is_killed_and_comes_back_with_older_data(own_redis: RedisServer, seed: int) -> None:
    with RedisSpace(own_redis.url) as space:
        asyncio.run(killed_now_and_then(own_redis, space, seed))


def test_without_epochs_they_would(own_redis: RedisServer) -> None:
    """The test above can fail: the planted mistake is seen by some seed."""
    with RedisSpace(own_redis.url) as space:
        for seed in range(1, 11):
            try:
                asyncio.run(killed_now_and_then(own_redis, space, seed, planted=True))
            except AssertionError as error:
                if "was acknowledged" in str(error):
                    return
    pytest.fail("no seed saw the planted mistake")
