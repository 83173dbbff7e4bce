"""One contract for every registry of instances, and for keeping an instance in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

import msgspec
import pytest
from tests.contract.redis_space import PASSWORDS, RedisSpace
from tests.server_processes import RedisServer

from trading_ecosystem.adapters.heartbeats import keep_registered
from trading_ecosystem.adapters.memory.registry import MemoryRegistry
from trading_ecosystem.adapters.redis.registry import RedisRegistry
from trading_ecosystem.messages.units import MILLISECOND, SECOND
from trading_ecosystem.ports.errors import Conflict, Corrupt, NotFound, Unavailable
from trading_ecosystem.ports.registry import INSTANCES, Health, Instance, Registry

ALPHA = Instance("exchange-alpha", "127.0.0.1:8001", "1.0", details={"region": "eu"})
BETA = Instance("exchange-beta", "127.0.0.1:8002")
LONG = 60 * SECOND
SHORT = 300 * MILLISECOND


class Run(Protocol):
    def __call__(self, use: Callable[[Registry], Awaitable[None]]) -> None: ...


@pytest.fixture
def space(redis_server: str) -> Iterator[RedisSpace]:
    with RedisSpace(redis_server) as made:
        yield made


def redis_registry(space: RedisSpace, domain: str = "exchange") -> RedisRegistry:
    return RedisRegistry(space.place, domain, PASSWORDS[domain])


@pytest.fixture(params=["memory", "redis"])
def run(request: pytest.FixtureRequest) -> Run:
    space = request.getfixturevalue("space") if request.param == "redis" else None

    async def used(use: Callable[[Registry], Awaitable[None]]) -> None:
        registry: Registry = MemoryRegistry() if space is None else redis_registry(space)
        try:
            await asyncio.wait_for(use(registry), 30)
        finally:
            await registry.close()

    return lambda use: asyncio.run(used(use))


def test_instances_are_found_by_name_while_they_live(run: Run) -> None:
    async def use(registry: Registry) -> None:
        assert await registry.discover() == []
        await registry.register(BETA, LONG)
        await registry.register(ALPHA, LONG)
        assert await registry.discover() == [ALPHA, BETA]
        await registry.deregister("exchange-beta")
        await registry.deregister("exchange-beta")
        assert await registry.discover() == [ALPHA]

    run(use)


def test_only_healthy_instances_are_discovered_unless_all_are_asked_for(run: Run) -> None:
    async def use(registry: Registry) -> None:
        await registry.register(ALPHA, LONG)
        await registry.register(BETA, LONG)
        degraded = msgspec.structs.replace(ALPHA, health=Health.DEGRADED)
        await registry.heartbeat(degraded, LONG)
        assert await registry.discover() == [BETA]
        assert await registry.discover(healthy=False) == [degraded, BETA]
        await registry.heartbeat(ALPHA, LONG)
        assert await registry.discover() == [ALPHA, BETA]

    run(use)


def test_an_instance_that_is_not_heard_of_is_gone_and_cleared_up_once(run: Run) -> None:
    async def use(registry: Registry) -> None:
        await registry.register(ALPHA, SHORT)
        await registry.register(BETA, LONG)
        assert await registry.clear_up() == ()
        await asyncio.sleep(0.35)
        assert await registry.discover(healthy=False) == [BETA]
        with pytest.raises(NotFound, match="exchange-alpha is not registered, or its time was over"):
            await registry.heartbeat(ALPHA, LONG)
        assert await registry.clear_up() == ("exchange-alpha",)
        assert await registry.clear_up() == ()
        await registry.register(ALPHA, LONG)
        assert await registry.discover() == [ALPHA, BETA]

    run(use)


def test_heartbeats_keep_an_instance_alive(run: Run) -> None:
    async def use(registry: Registry) -> None:
        await registry.register(ALPHA, SECOND)
        for _ in range(5):
            await asyncio.sleep(0.25)
            await registry.heartbeat(ALPHA, SECOND)
        assert await registry.discover() == [ALPHA]

    run(use)


def test_a_name_belongs_to_one_address_while_it_lives(run: Run) -> None:
    async def use(registry: Registry) -> None:
        await registry.register(ALPHA, LONG)
        other = msgspec.structs.replace(ALPHA, address="127.0.0.1:9999")
        with pytest.raises(Conflict, match="exchange-alpha lives at 127.0.0.1:8001; 127.0.0.1:9999 cannot"):
            await registry.register(other, LONG)
        again = msgspec.structs.replace(ALPHA, version="1.1")
        await registry.register(again, SHORT)
        assert await registry.discover() == [again]
        await asyncio.sleep(0.35)
        await registry.register(other, LONG)
        assert await registry.discover() == [other]

    run(use)


@pytest.mark.parametrize("name", ["", "Alpha", "a" * 64, "-a", "a-", "a.b", "a b", "é"])
def test_names_are_dns_safe(run: Run, name: str) -> None:
    async def use(registry: Registry) -> None:
        with pytest.raises(ValueError, match="no safe name"):
            await registry.register(Instance(name, "here"), LONG)

    run(use)


def test_instances_and_times_have_bounds(run: Run) -> None:
    async def use(registry: Registry) -> None:
        await registry.register(Instance("a" * 63, "here"), LONG)
        for number in range(INSTANCES - 1):
            await registry.register(Instance(f"i{number}", "here"), LONG)
        with pytest.raises(Unavailable, match=f"{INSTANCES} instances"):
            await registry.register(ALPHA, LONG)
        await registry.register(Instance("i0", "here"), LONG)
        with pytest.raises(ValueError, match="millisecond"):
            await registry.heartbeat(Instance("i0", "here"), 0)

    run(use)


def test_domains_have_registries_of_their_own(space: RedisSpace) -> None:
    async def use() -> None:
        exchange, custodian = redis_registry(space), redis_registry(space, "custodian")
        await exchange.register(ALPHA, LONG)
        assert await custodian.discover() == []
        other_process = redis_registry(space)
        assert await other_process.discover() == [ALPHA]
        for registry in (exchange, custodian, other_process):
            await registry.close()

    asyncio.run(use())


def test_a_damaged_registration_is_named(space: RedisSpace) -> None:
    async def use() -> None:
        registry = redis_registry(space)
        await registry.register(ALPHA, LONG)
        await space.ask("SET", f"{space.place.prefix_of('exchange')}instances:exchange-alpha", "{")
        with pytest.raises(Corrupt, match="the registration of exchange-alpha at redis://"):
            await registry.discover()
        await registry.close()

    asyncio.run(use())


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():
            await asyncio.sleep(0.02)


def test_an_instance_is_kept_registered_as_long_as_its_task_runs(run: Run) -> None:
    async def use(registry: Registry) -> None:
        health = Health.HEALTHY
        task = asyncio.create_task(keep_registered(registry, ALPHA, lambda: health, ttl=SECOND))

        async def found() -> bool:
            return await registry.discover() == [ALPHA]

        async def sick() -> bool:
            return [instance.health for instance in await registry.discover(healthy=False)] == [Health.DEGRADED]

        await until(found)
        await asyncio.sleep(1.2)
        assert await found()
        health = Health.DEGRADED
        await until(sick)
        health = Health.HEALTHY
        await registry.deregister("exchange-alpha")
        await until(found)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await registry.discover(healthy=False) == []

    run(use)


def test_a_registry_that_was_away_hears_of_the_instance_again(own_redis: RedisServer) -> None:
    space = RedisSpace(own_redis.url)

    async def use() -> None:
        registry = redis_registry(space)
        task = asyncio.create_task(keep_registered(registry, ALPHA, ttl=SECOND))

        async def found() -> bool:
            try:
                return await registry.discover() == [ALPHA]
            except Unavailable:
                return False

        await until(found)
        own_redis.kill()
        await asyncio.sleep(0.3)
        assert not await found()
        assert not task.done()
        own_redis.start()
        await until(found)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await registry.close()

    with space:
        asyncio.run(use())
