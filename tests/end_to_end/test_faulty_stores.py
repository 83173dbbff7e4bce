"""A living market on real stores that become slow, go away, or lose their answers: what goes on, and that nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.campaign import CAMPAIGN
from tests.contract.live_stores import KINDS, LiveStores
from tests.end_to_end.test_controlled_clock import command
from tests.end_to_end.test_live_folder import ManualClock

from trading_ecosystem.adapters import followers as following
from trading_ecosystem.adapters.cached_history import cached_histories
from trading_ecosystem.adapters.faulty import FaultyCache, FaultyHistory, FaultyLiveStore, StoreTrouble
from trading_ecosystem.adapters.followers import Followers
from trading_ecosystem.adapters.histories import open_histories
from trading_ecosystem.adapters.memory.cache import MemoryCache
from trading_ecosystem.adapters.memory.history import MemoryHistory
from trading_ecosystem.domains.exchange import records as exchange_records
from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.envelope import decode_entry
from trading_ecosystem.messages.exchange import CancelOrder, DepthQuestion
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.errors import Unavailable
from trading_ecosystem.ports.live_store import LiveStore


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(story(), 60)

    asyncio.run(bounded())


class Market:
    """A market that runs on a journal in trouble; commands are numbered."""

    def __init__(self, ecosystem: LiveEcosystem, clock: ManualClock, trouble: StoreTrouble) -> None:
        self.ecosystem = ecosystem
        self.driver = ecosystem.driver
        self.clock = clock
        self.trouble = trouble

    async def ask(self, number: int) -> list[str]:
        """A command a second later, and what was said about it."""
        self.clock.time += SECOND
        receipt = await self.driver.submit("door", command(number))
        return [type(entry.message).__name__ for entry in receipt.said]

    async def answered(self, number: int) -> None:
        """Ask until there is an answer, as a client does."""
        while True:
            try:
                assert "CancelRejected" in await self.ask(number)
            except Unavailable:
                await asyncio.sleep(0.02)
            else:
                return


@asynccontextmanager
async def market(store: LiveStore) -> AsyncIterator[Market]:
    clock, trouble = ManualClock(), StoreTrouble()
    ecosystem = await LiveEcosystem.open(FaultyLiveStore(store, trouble), "living_market", wall=clock)
    running = asyncio.create_task(ecosystem.driver.run())
    try:
        yield Market(ecosystem, clock, trouble)
    finally:
        trouble.down = trouble.answers_lost = False
        ecosystem.driver.stop()
        await running
        await ecosystem.close()


async def commands_kept(store: LiveStore) -> list[str]:
    entries = [decode_entry(line) async for line in store.lines()]
    return [
        entry.message.client_order_id for entry in entries if isinstance(entry.message, CancelOrder) and entry.sender == "door"
    ]


@pytest.fixture(params=KINDS if CAMPAIGN else ("memory", "sqlite"))
def stores(request, tmp_path: Path) -> LiveStores:
    return LiveStores(request.param, tmp_path, request)


def test_without_its_journal_nothing_is_acknowledged_and_nothing_is_lost(stores: LiveStores) -> None:
    async def story() -> None:
        async with market(await stores.open()) as living:
            await living.answered(1)
            living.trouble.down = True
            with pytest.raises(Unavailable, match="is down; not acknowledged, but it may take effect later"):
                await living.ask(2)
            with pytest.raises(Unavailable):
                await living.driver.ask("exchange-alpha", DepthQuestion("BTC/USD"))
            living.trouble.down = False
            await living.answered(3)
            assert living.trouble.refused > 0
        # What was in doubt took effect, in its place, and all of it is recovered from what is kept.
        again = await LiveEcosystem.open(await stores.open(), wall=living.clock)
        kept = await commands_kept(again.store)
        await again.close()
        assert kept == ["none-1", "none-2", "none-3"]

    run(story)


@pytest.mark.parametrize("stores", KINDS, indirect=True)
def test_an_append_whose_answer_is_lost_is_made_once(stores: LiveStores) -> None:
    async def story() -> None:
        async with market(await stores.open()) as living:
            await living.answered(1)
            living.trouble.answers_lost = True
            with pytest.raises(Unavailable, match="the answer was lost; not acknowledged"):
                await living.ask(2)
            living.trouble.answers_lost = False
            await living.answered(3)
        again = await LiveEcosystem.open(await stores.open(), wall=living.clock)
        kept = await commands_kept(again.store)
        await again.close()
        assert kept == ["none-1", "none-2", "none-3"]

    run(story)


def test_with_a_slow_journal_acknowledgements_are_late_and_come(stores: LiveStores) -> None:
    async def story() -> None:
        async with market(await stores.open()) as living:
            living.trouble.delay = 0.05
            appended: list[int] = []
            inside = living.ecosystem.store
            assert isinstance(inside, FaultyLiveStore)
            asked = asyncio.create_task(living.ask(1))
            # It is answered after its line is kept, and not before.
            while not asked.done():
                appended.append(await inside._store.count())
                await asyncio.sleep(0.005)
            assert "CancelRejected" in await asked
            assert await commands_kept(inside._store) == ["none-1"]
            assert len(appended) > 1

    run(story)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "FIRST_RETRY", 0.005)
    monkeypatch.setattr(following, "LAST_RETRY", 0.01)


@pytest.mark.usefixtures("quick")
def test_a_history_that_is_gone_stops_its_own_reads_and_nothing_else(tmp_path: Path) -> None:
    async def story() -> None:
        trouble = StoreTrouble()
        opened = await open_histories(f"sqlite:///{tmp_path / 'history'}")
        histories = {**opened, "exchange": FaultyHistory(opened["exchange"], trouble)}
        journal = LiveStores("sqlite", tmp_path, None)
        async with (
            market(await journal.open()) as living,
            Followers(histories.values(), living.ecosystem.store) as followed,
        ):
            living.driver.follow(followed.tell)
            await living.answered(1)
            trouble.down = True
            for number in range(2, 8):
                await living.answered(number)
            assert (await living.driver.ask("exchange-alpha", DepthQuestion("BTC/USD"))).bids
            while trouble.refused == 0:
                await living.answered(0)
            lag = next(one for one in followed.lags() if one.namespace == "exchange")
            with pytest.raises(Unavailable, match="exchange is down"):
                await followed.up_to("exchange", lag.newest)
            await followed.up_to("trading", lag.newest, timeout=10)
            trouble.down = False
            trouble.answers_lost = True
            await living.answered(9)
            await asyncio.sleep(0.05)
            trouble.answers_lost = False
            await living.answered(10)
            await followed.caught_up()
            lines = [line async for line in living.ecosystem.store.lines()]
            plain = MemoryHistory(opened["exchange"].projection)
            await plain.apply([decode_entry(line) for line in lines])
            for kind in plain.projection.RECORDS:
                assert await histories["exchange"].rows(kind) == await plain.rows(kind)
            assert len(await plain.rows(exchange_records.OrderRecord)) > 3

    run(story)


def test_a_cache_that_is_gone_is_forgotten_and_never_wrong() -> None:
    async def story() -> None:
        trouble = StoreTrouble()
        store = MemoryHistory(exchange_records)
        cache = MemoryCache()
        history = cached_histories({"exchange": store}, {"exchange": FaultyCache(cache, trouble)})["exchange"]
        journal = LiveStores("memory", Path(), None)
        async with market(await journal.open()) as living, Followers([history], living.ecosystem.store) as followed:
            living.driver.follow(followed.tell)
            for number in range(12):
                trouble.down = number % 3 == 1
                await living.answered(number)
                await followed.caught_up()
                for _ in range(2):
                    assert await history.rows(exchange_records.OrderRecord) == await store.rows(exchange_records.OrderRecord)
        assert trouble.refused > 0
        assert cache.statistics.hits > 0

    run(story)
