"""Caches and streams, in memory and on a private Redis-protocol server; beside them the bare driver."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest
import redis.asyncio as aio
from tests.contract.redis_space import PASSWORDS, RedisSpace
from tests.server_processes import RedisServer
from tests.servers import started

from trading_ecosystem.adapters.memory.cache import MemoryCache
from trading_ecosystem.adapters.memory.streams import MemoryStreams
from trading_ecosystem.adapters.redis.cache import RedisCache
from trading_ecosystem.adapters.redis.streams import RedisStreams
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.cache import Cache
from trading_ecosystem.ports.streams import StreamMessage, StreamPosition, Streams

OPERATIONS = 5_000
VALUE = b"x" * 200
LONG = 600 * SECOND


@pytest.fixture(scope="module")
def space():
    server = started(RedisServer)
    with RedisSpace(server.url) as made:
        yield made
    server.remove()


def said(title: str, seconds: list[float]) -> None:
    seconds.sort()
    rate = OPERATIONS / sum(seconds)
    half, most = seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
    print(f"\n{title}: {rate:,.0f}/s one after the other, p50 {half * 1e6:,.0f} us, p99 {most * 1e6:,.0f} us")


async def timed(operation: Callable[[int], Awaitable[Any]]) -> list[float]:
    seconds = []
    for number in range(OPERATIONS):
        began = time.perf_counter()
        await operation(number)
        seconds.append(time.perf_counter() - began)
    return seconds


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_cache(kind, request):
    place = request.getfixturevalue("space").place if kind == "redis" else None

    async def use() -> None:
        cache: Cache = MemoryCache()
        if place is not None:
            cache = RedisCache(place, "exchange", PASSWORDS["exchange"])
            await cache.open()
        said(f"cache set, {kind}", await timed(lambda number: cache.set(str(number % 1000), VALUE, ttl=LONG, group="g")))
        said(f"cache get, {kind}", await timed(lambda number: cache.get(str(number % 1000), "g")))
        assert cache.statistics.hits == OPERATIONS
        began = time.perf_counter()
        for _ in range(OPERATIONS // 50):
            await asyncio.gather(*(cache.get(str(number), "g") for number in range(50)))
        print(f"cache get, {kind}, 50 at once: {OPERATIONS / (time.perf_counter() - began):,.0f}/s")
        await cache.close()

    asyncio.run(use())


def test_bare_driver(space):
    async def use() -> None:
        place = space.place
        client = aio.Redis(
            host=place.host, port=place.port, username=place.user_of("exchange"), password=PASSWORDS["exchange"], protocol=2
        )
        key = place.prefix_of("exchange") + "bare"
        await client.set(key, VALUE)
        said("bare driver, SET", await timed(lambda _: client.set(key, VALUE, px=600_000)))
        said("bare driver, GET", await timed(lambda _: client.get(key)))
        await client.aclose()

    asyncio.run(use())


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_streams(kind, request):
    """From the first message published to the last one heard; the backlog holds them all."""
    place = request.getfixturevalue("space").place if kind == "redis" else None

    async def use() -> None:
        streams: Streams = MemoryStreams(backlog=OPERATIONS)
        if place is not None:
            streams = RedisStreams(place, "exchange", PASSWORDS["exchange"], backlog=OPERATIONS)
        began = time.perf_counter()
        for _ in range(OPERATIONS):
            streams.publish("quotes", VALUE)
        heard = 0
        async with aclosing(streams.read("quotes", StreamPosition(1, 0))) as messages:
            async for message in messages:
                heard += isinstance(message, StreamMessage)
                if heard == OPERATIONS:
                    break
        print(f"\nstream, {kind}: {OPERATIONS / (time.perf_counter() - began):,.0f} messages/s published and heard")
        await streams.close()

    asyncio.run(use())
