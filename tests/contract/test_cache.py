"""One contract for every cache, and what a Redis cache does while its server is stopped, started, silent or full."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator

import pytest
from tests.contract.redis_space import PASSWORDS, RedisSpace, freeze, thaw
from tests.server_processes import RedisServer

from trading_ecosystem.adapters.memory.cache import MemoryCache
from trading_ecosystem.adapters.redis import login
from trading_ecosystem.adapters.redis.cache import FORGOTTEN_GROUPS, RedisCache
from trading_ecosystem.messages.units import MILLISECOND, SECOND
from trading_ecosystem.ports.cache import LARGEST_VALUE, LONGEST_TTL, Cache

LONG = 60 * SECOND


@pytest.fixture
def space(redis_server: str) -> Iterator[RedisSpace]:
    with RedisSpace(redis_server) as made:
        yield made


@pytest.fixture
def own_space(own_redis: RedisServer) -> RedisSpace:
    """Users on a server of the test's own, which the test stops."""
    return RedisSpace(own_redis.url).__enter__()


def redis_cache(space: RedisSpace, domain: str = "exchange") -> RedisCache:
    return RedisCache(space.place, domain, PASSWORDS[domain])


async def with_redis(space: RedisSpace, use: Callable[[RedisCache], Awaitable[None]]) -> None:
    cache = redis_cache(space)
    await cache.open()
    try:
        await asyncio.wait_for(use(cache), 30)
    finally:
        await cache.close()


@pytest.fixture(params=["memory", "redis"])
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[Cache], Awaitable[None]]], None]:
    """Runs a coroutine with an empty, open cache of each kind."""

    async def with_memory(use: Callable[[Cache], Awaitable[None]]) -> None:
        await use(MemoryCache())

    if request.param == "memory":
        return lambda use: asyncio.run(with_memory(use))
    space = request.getfixturevalue("space")
    return lambda use: asyncio.run(with_redis(space, use))


Run = Callable[[Callable[[Cache], Awaitable[None]]], None]


def test_a_value_is_found_again_as_it_was(run: Run) -> None:
    async def use(cache: Cache) -> None:
        assert await cache.get("quote") is None
        for value in (b"", b"\x00\xff\r\n", b"x" * LARGEST_VALUE):
            await cache.set("quote", value, ttl=LONG)
            assert await cache.get("quote") == value
        statistics = cache.statistics
        assert (statistics.hits, statistics.misses, statistics.written, statistics.failed) == (3, 1, 3, 0)
        assert statistics.hit_rate_ppm == 750_000

    run(use)


def test_a_value_that_is_too_large_is_refused_and_takes_the_old_one_with_it(run: Run) -> None:
    async def use(cache: Cache) -> None:
        await cache.set("quote", b"old", ttl=LONG)
        await cache.set("quote", b"x" * (LARGEST_VALUE + 1), ttl=LONG)
        assert await cache.get("quote") is None
        assert cache.statistics.refused == 1

    run(use)


def test_keys_and_groups_are_told_apart_whatever_they_hold(run: Run) -> None:
    async def use(cache: Cache) -> None:
        names = [
            ("a", ""),
            ("", "a"),
            ("0:a", "1"),
            ("a", "0:"),
            ("k" * 500, "g"),
            ("k" * 501, "g"),
            ("k", "g" * 500),
            ("ä*?[", ":"),
        ]
        for number, (key, group) in enumerate(names):
            await cache.set(key, str(number).encode(), ttl=LONG, group=group)
        for number, (key, group) in enumerate(names):
            assert await cache.get(key, group) == str(number).encode()

    run(use)


def test_deleting_forgets_the_named_keys_only(run: Run) -> None:
    async def use(cache: Cache) -> None:
        for key in ("a", "b", "c"):
            await cache.set(key, key.encode(), ttl=LONG, group="g")
        await cache.delete("a", "b", "never there", group="g")
        await cache.delete(group="g")
        assert [await cache.get(key, "g") for key in ("a", "b", "c")] == [None, None, b"c"]

    run(use)


def test_a_group_is_forgotten_whole_and_can_be_filled_again(run: Run) -> None:
    async def use(cache: Cache) -> None:
        for group in ("alice", "bob", "carol"):
            for key in ("a", "b"):
                await cache.set(key, group.encode(), ttl=LONG, group=group)
        await cache.delete_group("alice", "bob", "nobody")
        assert [await cache.get("a", group) for group in ("alice", "bob", "carol")] == [None, None, b"carol"]
        await cache.set("a", b"anew", ttl=LONG, group="alice")
        assert (await cache.get("a", "alice"), await cache.get("b", "alice")) == (b"anew", None)

    run(use)


def test_a_value_dies_when_its_time_is_over(run: Run) -> None:
    async def use(cache: Cache) -> None:
        await cache.set("short", b"1", ttl=30 * MILLISECOND)
        await cache.set("long", b"2", ttl=LONG)
        await asyncio.sleep(0.1)
        assert (await cache.get("short"), await cache.get("long")) == (None, b"2")

    run(use)


@pytest.mark.parametrize("ttl", [0, -1, LONGEST_TTL + 1])
def test_a_time_to_live_has_bounds(run: Run, ttl: int) -> None:
    async def use(cache: Cache) -> None:
        with pytest.raises(ValueError, match="lives"):
            await cache.set("a", b"1", ttl=ttl)

    run(use)


def test_closing_twice_is_harmless(run: Run) -> None:
    async def use(cache: Cache) -> None:
        await cache.close()
        await cache.close()
        assert await cache.get("a") is None

    run(use)


def test_memory_makes_room_by_what_was_used_least_recently() -> None:
    async def use() -> None:
        cache = MemoryCache(entries=2, size=100)
        for key in ("a", "b"):
            await cache.set(key, b"1", ttl=LONG)
        await cache.get("a")
        await cache.set("c", b"1", ttl=LONG)
        assert [await cache.get(key) for key in ("a", "b", "c")] == [b"1", None, b"1"]
        await cache.set("d", b"x" * 98, ttl=LONG)
        assert [await cache.get(key) for key in ("a", "c", "d")] == [None, None, b"x" * 98]
        await cache.set("e", b"x" * 100, ttl=LONG)
        assert (cache.statistics.refused, cache.statistics.evicted) == (1, 3)

    asyncio.run(use())


def test_memory_reads_its_clock_to_the_nanosecond() -> None:
    now = 0

    async def use() -> None:
        nonlocal now
        cache = MemoryCache(clock=lambda: now)
        await cache.set("a", b"1", ttl=10)
        now = 9
        assert await cache.get("a") == b"1"
        now = 10
        assert await cache.get("a") is None

    asyncio.run(use())


def test_two_processes_never_read_each_others_values(space: RedisSpace) -> None:
    async def use(first: RedisCache) -> None:
        await first.set("a", b"1", ttl=LONG)
        second = redis_cache(space)
        await second.open()
        assert await second.get("a") is None
        await second.close()
        assert await first.get("a") == b"1"

    asyncio.run(with_redis(space, use))


def test_an_invalidation_holds_although_the_server_was_down(own_redis: RedisServer, own_space: RedisSpace) -> None:
    """The server keeps its data on disk, misses an invalidation, and comes back with the old value."""

    async def use(cache: RedisCache) -> None:
        await cache.set("claim", b"old", ttl=LONG)
        await own_space.ask("SAVE")
        own_redis.kill()
        await cache.delete("claim")
        assert await cache.get("claim") is None
        assert cache.statistics.failed >= 1
        assert "cannot be reached" in cache.statistics.problem or "does not answer" in cache.statistics.problem
        own_redis.start()
        await answering(cache)
        assert await own_space.ask("DBSIZE") >= 1, "the server did come back with its data"
        assert await cache.get("claim") is None

    asyncio.run(with_redis(own_space, use))


def test_an_invalidation_holds_although_the_server_came_back_with_older_data(
    own_redis: RedisServer, own_space: RedisSpace
) -> None:
    """The invalidation arrived, but the disk knows nothing of it; and nobody asked anything while the server was away."""

    async def use(cache: RedisCache) -> None:
        await cache.set("claim", b"old", ttl=LONG)
        await own_space.ask("SAVE")
        await cache.delete("claim")
        assert await cache.get("claim") is None
        own_redis.kill()
        own_redis.start()
        assert await own_space.ask("DBSIZE") == 1, "the server did come back with its data"
        for _ in range(3):
            assert await cache.get("claim") is None
        await answering(cache)
        assert await cache.get("claim") is None

    asyncio.run(with_redis(own_space, use))


def test_without_epochs_the_old_value_would_be_read(own_redis: RedisServer, own_space: RedisSpace) -> None:
    """The same as above with raising planted away: the test above can fail."""

    async def use(cache: RedisCache) -> None:
        cache._login._joined = None
        await cache.set("claim", b"old", ttl=LONG)
        await own_space.ask("SAVE")
        await cache.delete("claim")
        own_redis.kill()
        own_redis.start()
        for _ in range(50):
            if await cache.get("claim") == b"old":
                return
            await asyncio.sleep(0.1)
        pytest.fail("the planted mistake was not seen")

    asyncio.run(with_redis(own_space, use))


def test_a_group_that_was_forgotten_stays_so_over_a_restart(own_redis: RedisServer, own_space: RedisSpace) -> None:
    async def use(cache: RedisCache) -> None:
        await cache.set("a", b"old", ttl=LONG, group="alice")
        await own_space.ask("SAVE")
        await cache.delete_group("alice")
        own_redis.stop()
        own_redis.start()
        await answering(cache)
        assert await cache.get("a", "alice") is None

    asyncio.run(with_redis(own_space, use))


def test_a_silent_server_is_waited_for_once_and_then_left_alone_for_a_moment(
    own_redis: RedisServer, own_space: RedisSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(cache: RedisCache) -> None:
        await cache.set("claim", b"old", ttl=LONG)
        monkeypatch.setattr(login, "REST", 3600.0)
        freeze(own_redis)
        try:
            await cache.delete("claim")
            assert "cannot be reached" in cache.statistics.problem
            assert [await cache.get("claim") for _ in range(100)] == [None] * 100
            assert "it is asked again in a moment" in cache.statistics.problem
        finally:
            thaw(own_redis)
        cache._login._rests_until = 0.0
        await answering(cache)
        assert await cache.get("claim") is None

    asyncio.run(with_redis(own_space, use))


def test_a_cancelled_write_gives_up_what_was_known(own_redis: RedisServer, own_space: RedisSpace) -> None:
    async def use(cache: RedisCache) -> None:
        await cache.set("claim", b"old", ttl=LONG)
        freeze(own_redis)
        try:
            task = asyncio.create_task(cache.delete("claim"))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        finally:
            thaw(own_redis)
        await answering(cache)
        assert await cache.get("claim") is None

    asyncio.run(with_redis(own_space, use))


def test_readers_that_are_cancelled_cost_neither_connections_nor_what_is_known(space: RedisSpace) -> None:
    generator = random.Random(3)

    async def use(cache: RedisCache) -> None:
        await asyncio.gather(*(cache.get("warm") for _ in range(20)))
        await cache.set("claim", b"1", ttl=LONG)
        before = cache.statistics.epochs
        for _ in range(300):
            reader = asyncio.create_task(cache.get("claim"))
            for _ in range(generator.randrange(12)):
                await asyncio.sleep(0)
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        assert await cache.get("claim") == b"1"
        assert (cache.statistics.epochs, cache.statistics.failed) == (before, 0)

    asyncio.run(with_redis(space, use))


def test_a_full_server_refuses_and_the_old_value_is_not_read(own_redis: RedisServer, own_space: RedisSpace) -> None:
    async def use(cache: RedisCache) -> None:
        await cache.set("claim", b"old", ttl=LONG)
        await own_space.ask("CONFIG", "SET", "maxmemory", "1")
        await cache.set("claim", b"new", ttl=LONG)
        assert await cache.get("claim") is None
        assert "maxmemory" in (await refused(cache))
        await own_space.ask("CONFIG", "SET", "maxmemory", "0")
        await cache.set("claim", b"newer", ttl=LONG)
        assert await cache.get("claim") == b"newer"

    asyncio.run(with_redis(own_space, use))


def test_so_many_groups_are_remembered_and_then_all_is_given_up(space: RedisSpace) -> None:
    async def use(cache: RedisCache) -> None:
        await cache.set("a", b"1", ttl=LONG, group="kept")
        before = cache.statistics.epochs
        await cache.delete_group(*(f"g{number}" for number in range(FORGOTTEN_GROUPS)))
        assert (cache.statistics.epochs, await cache.get("a", "kept")) == (before, b"1")
        await cache.delete_group("one more")
        assert (cache.statistics.epochs, await cache.get("a", "kept")) == (before + 1, None)

    asyncio.run(with_redis(space, use))


async def answering(cache: RedisCache) -> None:
    """Wait until the cache works again, at most ten seconds."""
    for _ in range(100):
        await cache.set("probe", b"1", ttl=LONG)
        if await cache.get("probe") == b"1":
            return
        await asyncio.sleep(0.1)
    raise AssertionError(cache.statistics)


async def refused(cache: RedisCache) -> str:
    await cache.set("other", b"1", ttl=LONG)
    return cache.statistics.problem
