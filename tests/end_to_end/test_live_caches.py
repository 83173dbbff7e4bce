"""A live ecosystem whose history is read through caches: the answers are the store's, also while the cache's server is away."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager

import pytest
from tests.contract.redis_space import PASSWORDS, RedisSpace

from trading_ecosystem.adapters.caches import close_caches, open_caches
from trading_ecosystem.adapters.data.exchange import ExchangeHistory
from trading_ecosystem.adapters.histories import open_histories
from trading_ecosystem.adapters.store_check import check_store
from trading_ecosystem.domains.exchange.records import ClaimRecord
from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.ports.streams import StreamMessage
from trading_ecosystem.reports.run_derivation import RunDerivation
from trading_ecosystem.settings import Passwords

SHORT = ("duration=30m", "clean_periods.0.until=30m", "ecosystem.market_data.tick=1s")
VENUE, ACCOUNT = "exchange-alpha", "fund/maker"


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
async def live(url: str, cache_url: str):
    ecosystem = await LiveEcosystem.open(url, "quiet_day", seed=3, overrides=SHORT)
    caches = await open_caches(cache_url, Passwords(PASSWORDS))
    try:
        async with await ecosystem.histories(url, caches=caches) as followers:
            running = asyncio.create_task(ecosystem.driver.run())
            yield ecosystem, followers, caches
            ecosystem.driver.stop()
            await running
            await followers.caught_up()
            through_caches = {lag.namespace: followers.history(lag.namespace) for lag in followers.lags()}
            plain = await open_histories(url)
            found = await check_store(ecosystem.store, through_caches, RunDerivation)
            assert (found.differences, found.behind) == (0, {}), found.text()
            for domain, history in plain.items():
                for kind in history.projection.RECORDS:
                    assert await through_caches[domain].rows(kind) == await history.rows(kind)
                await history.close()
    finally:
        await close_caches(caches)
        await ecosystem.close()


async def first_quote(streams) -> StreamMessage:
    async with aclosing(streams.read("QuoteChanged")) as messages:
        async for message in messages:
            if isinstance(message, StreamMessage):
                return message
    raise AssertionError("the stream ended")


@pytest.mark.parametrize("kind", ["redis", "redis that goes away and comes back"])
def test_callers_read_their_own_writes_through_a_cache(kind, own_redis, tmp_path):

    async def story(cache_url: str) -> None:
        async with live(str(tmp_path / "store"), cache_url) as (ecosystem, followers, caches):
            quote = asyncio.create_task(first_quote(caches["exchange"].streams))
            for number in range(12):
                if kind.endswith("back") and number in (4, 8):
                    own_redis.kill() if number == 4 else own_redis.start()
                receipt = await ecosystem.driver.submit("door", order(number))
                store = await followers.up_to("exchange", receipt.said[-1].sequence, timeout=20)
                for _ in range(2):
                    mine = [
                        one for one in await ExchangeHistory(store).open_orders(ACCOUNT) if one.terms.price_ticks == 100_000
                    ]
                    assert [one.terms.client_order_id for one in mine] == [f"client-{n}" for n in range(number + 1)]
                claim = await store.get(ClaimRecord, (VENUE, ACCOUNT, "USD"))
                assert claim.held_minor > 0
            assert b'"QuoteChanged"' in (await asyncio.wait_for(quote, 20)).payload
            assert caches["exchange"].cache.statistics.hits > 0

    with RedisSpace(own_redis.url) as space:
        asyncio.run(story(space.url))
