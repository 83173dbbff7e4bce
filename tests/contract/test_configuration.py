"""Settings are typed, have revisions, are cached, and are seen elsewhere within their time to live, whatever keeps them."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.contract.redis_space import PASSWORDS, RedisSpace
from tests.server_processes import RedisServer

from trading_ecosystem.adapters.configuration import Configuration
from trading_ecosystem.adapters.memory.cache import MemoryCache
from trading_ecosystem.adapters.memory.settings_store import MemorySettingsStore
from trading_ecosystem.adapters.redis.settings_store import RedisSettingsStore
from trading_ecosystem.ports.configuration import Setting, SettingsStore, StoredSetting
from trading_ecosystem.ports.errors import BadInput, Conflict, Corrupt, Unavailable


class Mode(enum.StrEnum):
    CALM = "calm"
    WILD = "wild"


class Window(msgspec.Struct, frozen=True):
    opens: int
    closes: int


RETRIES = Setting("retries", int, 3, "How often it is tried again.", least=0, most=10)
RATE = Setting("rate", Decimal, Decimal("0.5"), "A rate.", least=Decimal(0))
OPEN = Setting("open", bool, True, "Whether the doors are open.")
MODE = Setting("mode", Mode, Mode.CALM, "How the market behaves.")
HOURS = Setting("hours", Window, Window(9, 17), "When it is open.")
NAMES = Setting("names", list[str], [], "Who is invited.")
SETTINGS: tuple[Setting[Any], ...] = (RETRIES, RATE, OPEN, MODE, HOURS, NAMES)

Use = Callable[[Configuration, SettingsStore], Awaitable[None]]
Run = Callable[[Use], None]


class Clock:
    now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def space(redis_server: str) -> Iterator[RedisSpace]:
    with RedisSpace(redis_server) as made:
        yield made


def redis_store(space: RedisSpace) -> RedisSettingsStore:
    return RedisSettingsStore(space.place, "test_coordination", PASSWORDS["test_coordination"])


@pytest.fixture(params=["memory", "redis"])
def run(request: pytest.FixtureRequest, clock: Clock) -> Run:
    space = request.getfixturevalue("space") if request.param == "redis" else None

    async def used(use: Use) -> None:
        store: SettingsStore = MemorySettingsStore() if space is None else redis_store(space)
        configuration = Configuration(store, SETTINGS, MemoryCache(clock=clock), ttl=1000, wall=lambda: 7)
        try:
            await asyncio.wait_for(use(configuration, store), 30)
        finally:
            await configuration.close()

    return lambda use: asyncio.run(used(use))


def test_a_setting_has_its_default_until_it_is_set(run: Run) -> None:
    async def use(configuration: Configuration, store: SettingsStore) -> None:
        for setting in SETTINGS:
            assert await configuration.get(setting) == setting.default
            assert (await configuration.stored(setting)).revision == 0
        values = {RETRIES: 7, RATE: Decimal("0.125"), OPEN: False, MODE: Mode.WILD, HOURS: Window(8, 20)}
        for setting, value in values.items():
            await configuration.set(setting, value, by="ops")
            found = await configuration.get(setting)
            assert (found, type(found)) == (value, type(value))
        await configuration.set(NAMES, ["a", "é"], by="ops")
        assert await configuration.get(NAMES) == ["a", "é"]
        assert await configuration.stored(RETRIES) == StoredSetting("7", 1, 7, "ops")

    run(use)


@pytest.mark.parametrize(
    ("setting", "value", "problem"),
    [
        (RETRIES, "7", "no value of this setting"),
        (RETRIES, True, "no value of this setting"),
        (RETRIES, 11, "11 is out of bounds; expected 0 to 10"),
        (RETRIES, -1, "-1 is out of bounds; expected 0 to 10"),
        (RATE, Decimal(-1), "expected at least 0"),
        (MODE, "tame", "no value of this setting"),
        (HOURS, {"opens": 9}, "no value of this setting"),
        (NAMES, [1], "no value of this setting"),
        (OPEN, object(), "no value of this setting"),
        (Setting("other", int, 0, "Nobody declared it."), 1, "there is no such setting; expected one of hours, mode"),
    ],
)
def test_what_is_no_value_of_a_setting_is_refused(run: Run, setting: Any, value: Any, problem: str) -> None:
    async def use(configuration: Configuration, store: SettingsStore) -> None:
        with pytest.raises(BadInput, match=problem) as caught:
            await configuration.set(setting, value, by="ops")
        assert str(caught.value).startswith(f"{setting.name}: ")
        assert await store.load(setting.name) is None

    run(use)


def test_a_change_made_elsewhere_is_seen_when_its_time_is_over(run: Run, clock: Clock) -> None:
    async def use(configuration: Configuration, store: SettingsStore) -> None:
        assert await configuration.get(RETRIES) == 3
        await store.save("retries", StoredSetting("5", 1, 0, "elsewhere"))
        clock.now = 999
        assert await configuration.get(RETRIES) == 3
        assert configuration.statistics.hits == 1
        clock.now = 1000
        assert await configuration.get(RETRIES) == 5
        await configuration.set(RETRIES, 6, by="here")
        assert await configuration.get(RETRIES) == 6, "one's own change is seen at once"
        assert (await configuration.stored(RETRIES)).revision == 2

    run(use)


def test_a_change_of_a_revision_that_is_past_is_refused(run: Run) -> None:
    async def use(configuration: Configuration, store: SettingsStore) -> None:
        await configuration.set(RETRIES, 4, by="a", revision=0)
        with pytest.raises(Conflict, match="retries is at revision 1, not 0"):
            await configuration.set(RETRIES, 5, by="b", revision=0)
        with pytest.raises(Conflict, match="a change to revision 4 does not follow it"):
            await store.save("retries", StoredSetting("9", 4, 0, "c"))
        assert await configuration.get(RETRIES) == 4

    run(use)


def test_of_changes_at_the_same_moment_none_is_lost(run: Run) -> None:
    async def use(configuration: Configuration, store: SettingsStore) -> None:
        outcomes = await asyncio.gather(
            *(configuration.set(RETRIES, number, by=str(number), revision=0) for number in range(5)), return_exceptions=True
        )
        assert sum(isinstance(outcome, StoredSetting) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 4
        await asyncio.gather(*(configuration.set(OPEN, False, by=str(number)) for number in range(5)))
        assert (await configuration.stored(OPEN)).revision == 5

    run(use)


def test_what_is_stored_and_is_no_value_is_named(run: Run) -> None:
    async def use(configuration: Configuration, store: SettingsStore) -> None:
        await store.save("retries", StoredSetting('"many"', 1, 0, "an older version"))
        with pytest.raises(Corrupt, match='the setting retries is stored as "many"'):
            await configuration.get(RETRIES)

    run(use)


def test_while_the_store_is_down_a_setting_keeps_its_last_known_value(own_redis: RedisServer, clock: Clock) -> None:
    async def use(space: RedisSpace) -> None:
        configuration = Configuration(redis_store(space), SETTINGS, MemoryCache(clock=clock), ttl=1000)
        await configuration.set(RETRIES, 8, by="ops")
        own_redis.kill()
        clock.now += 5000
        assert await configuration.get(RETRIES) == 8
        with pytest.raises(Unavailable):
            await configuration.get(OPEN)
        with pytest.raises(Unavailable):
            await configuration.set(RETRIES, 9, by="ops")
        assert await configuration.get(RETRIES) == 8
        await configuration.close()

    with RedisSpace(own_redis.url) as space:
        asyncio.run(use(space))
        own_redis.start()
