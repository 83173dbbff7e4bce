"""Histories of a live ecosystem have the caller's last write at once, outlive a restart, and are what the journal says."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.servers import PASSWORDS

from trading_ecosystem.adapters.data.exchange import ExchangeHistory
from trading_ecosystem.adapters.derived_history import has_ended
from trading_ecosystem.adapters.store_check import check_store
from trading_ecosystem.domains.audit.records import CheckpointRecord
from trading_ecosystem.domains.test_coordination.records import ResultRecord
from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.reports.run_derivation import RunDerivation
from trading_ecosystem.settings import STORE_PASSWORD

SHORT = ("duration=10m", "clean_periods=[]")
VENUE, ACCOUNT = "exchange-alpha", "fund/maker"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path, monkeypatch) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "store")
    monkeypatch.setenv(STORE_PASSWORD, PASSWORDS.for_all)
    store = request.getfixturevalue("postgresql_copy")
    return f"postgresql://{store.user}:{store.password}@{store.host}:{store.port}/{store.database}?roles={store.roles}"


def order(number: int) -> PlaceOrder:
    return PlaceOrder(
        venue=VENUE,
        account=ACCOUNT,
        client_order_id=f"client-{number}",
        instrument="BTC/USD",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        price_ticks=100_000,
        quantity_lots=1_000,
    )


@asynccontextmanager
async def live(url: str, speed: int):
    ecosystem = await LiveEcosystem.open(url, "quiet_day", seed=3, overrides=SHORT, speed_ppm=speed * 1_000_000)
    try:
        async with await ecosystem.histories(url) as followers:
            running = asyncio.create_task(ecosystem.driver.run())
            yield ecosystem, followers, running
            ecosystem.driver.stop()
            await running
            await followers.caught_up()
            found = await check_store(
                ecosystem.store, {lag.namespace: followers.history(lag.namespace) for lag in followers.lags()}, RunDerivation
            )
            if not await has_ended(ecosystem.store):
                assert (found.differences, found.behind) == (0, {}), found.text()
    finally:
        await ecosystem.close()


def test_a_caller_reads_its_own_writes_before_and_after_a_restart(url):
    async def story() -> None:
        for first in (0, 5):
            async with live(url, 1) as (ecosystem, followers, _):
                for number in range(first, first + 5):
                    receipt = await ecosystem.driver.submit("door", order(number))
                    store = await followers.up_to("exchange", receipt.said[-1].sequence, timeout=20)
                    mine = [
                        one for one in await ExchangeHistory(store).open_orders(ACCOUNT) if one.terms.price_ticks == 100_000
                    ]
                    assert [one.terms.client_order_id for one in mine] == [f"client-{n}" for n in range(number + 1)]

    asyncio.run(story())


def test_once_the_run_has_ended_what_follows_from_it_is_kept(url):
    async def story() -> None:
        async with live(url, 2_000) as (ecosystem, followers, running):
            async with asyncio.timeout(90):
                await running
                audit, coordination = followers.history("audit"), followers.history("test_coordination")
                while not await audit.rows(CheckpointRecord):
                    await asyncio.sleep(0.1)
            assert (await audit.rows(CheckpointRecord))[-1].entries == await ecosystem.store.count()
            assert [one.part for one in await coordination.rows(ResultRecord)][-1] == "verdict"
            histories = {lag.namespace: followers.history(lag.namespace) for lag in followers.lags()}
            await followers.caught_up()
            found = await check_store(ecosystem.store, histories, RunDerivation)
            assert (found.differences, found.behind) == (0, {}), found.text()

    asyncio.run(story())
