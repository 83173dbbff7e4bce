"""Rows a second that histories take on each technology, queries of them, and how far they lag behind a busy live ecosystem.

What is applied is on the disk: SQLite with ``synchronous=FULL``, PostgreSQL with fsync on.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from contextlib import contextmanager

import pytest
from tests.recorded_run import SETTINGS
from tests.server_processes import PostgresqlServer
from tests.servers import PASSWORDS, new_database

import trading_ecosystem
from trading_ecosystem.adapters.data.audit import AuditHistory
from trading_ecosystem.adapters.data.exchange import ExchangeHistory
from trading_ecosystem.adapters.histories import open_histories
from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.urls import parse_sql_store
from trading_ecosystem.adapters.stores import open_live_store
from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.ports.records import Folded, changes_of

BATCH = 1_000
SECONDS = 10.0
CALLERS = 64
LAG_BAR = 1.0
"""Seconds that the 99th percentile of lag may reach."""
numbers = itertools.count()


@contextmanager
def store_of(kind, folder):
    """The URL of a new store."""
    if kind == "memory":
        yield "memory:"
    elif kind == "sqlite":
        yield f"sqlite:///{folder}/store-{next(numbers)}"
    else:
        server = PostgresqlServer(fsync=True)
        try:
            server.start()
            with new_database(server.url) as url:
                asyncio.run(migrate(parse_sql_store(url), PASSWORDS))
                yield url
        finally:
            server.remove()


@pytest.fixture(scope="module")
def entries():
    return tuple(trading_ecosystem.run("settlement_delay", seed=5, overrides=("duration=2h", *SETTINGS[1:])).entries())


def rows_of(projection, entries):
    """Rows that are written for these entries, batch by batch."""
    count = 0
    for start in range(0, len(entries), BATCH):
        folded = Folded()
        for entry in entries[start : start + BATCH]:
            folded.add(changes_of(projection, entry))
        count += sum(map(len, folded.records.values())) + sum(map(len, folded.patches.values()))
    return count


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql"])
def test_projection(kind, tmp_path, entries):
    async def project(url):
        histories = await open_histories(url, PASSWORDS)
        total_rows = total_seconds = 0
        for name, history in histories.items():
            rows, started = rows_of(history.projection, entries), time.perf_counter()
            for start in range(0, len(entries), BATCH):
                await history.apply(entries[start : start + BATCH])
            seconds = time.perf_counter() - started
            print(
                f"\n{kind} {name}: {rows:,} rows, {rows / seconds:,.0f} rows/s, {len(entries) / seconds:,.0f} entries/s", end=""
            )
            total_rows, total_seconds = total_rows + rows, total_seconds + seconds
        print(f"\n{kind}, all seven: {total_rows / total_seconds:,.0f} rows/s, {len(entries) / total_seconds:,.0f} entries/s")
        await query(kind, histories, entries)
        for history in histories.values():
            await history.close()

    with store_of(kind, tmp_path) as url:
        asyncio.run(project(url))


async def query(kind, histories, entries):
    """Median and 99th percentile of queries that people wait for."""
    exchange, audit = ExchangeHistory(histories["exchange"]), AuditHistory(histories["audit"])
    deep = next(entry for entry in reversed(entries) if entry.cause is not None)
    asked = {
        "portfolio of an account": lambda: exchange.portfolio("fund/maker"),
        "fills of an account": lambda: exchange.fills("fund/maker"),
        "causes of an event": lambda: audit.causes(deep.sequence),
        "ten similar events": lambda: audit.similar(deep.sequence, limit=10),
        "counts by type": lambda: audit.counts(),
    }
    for name, ask in asked.items():
        taken = []
        for _ in range(50):
            started = time.perf_counter()
            await ask()
            taken.append(time.perf_counter() - started)
        cuts = statistics.quantiles(taken, n=100)
        print(f"{kind}, {name}: p50 {cuts[49] * 1e3:.2f} ms, p99 {cuts[98] * 1e3:.2f} ms")


def order(number):
    """A buy far below the market, good at once or not at all: accepted, funds held, cancelled, funds returned."""
    return PlaceOrder(
        venue="exchange-alpha",
        account="fund/maker",
        client_order_id=f"lag-{number}",
        instrument="BTC/USD",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
        price_ticks=100_000,
        quantity_lots=1_000,
    )


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql"])
def test_lag_behind_a_busy_ecosystem(kind, tmp_path):
    async def story(url):
        ecosystem = await LiveEcosystem.open(await open_live_store(url, PASSWORDS), "quiet_day", seed=next(numbers))
        lags, done = {}, 0
        async with await ecosystem.histories(url, PASSWORDS) as followers:
            while any(lag.position < ecosystem.kernel.entries for lag in followers.lags()):
                await asyncio.sleep(0.05)
            running = asyncio.create_task(ecosystem.driver.run())
            end = time.perf_counter() + SECONDS

            async def caller():
                nonlocal done
                while time.perf_counter() < end:
                    await ecosystem.driver.submit("door", order(next(numbers)))
                    done += 1

            async def watcher():
                while time.perf_counter() < end:
                    await asyncio.sleep(0.01)
                    for lag in followers.lags():
                        lags.setdefault(lag.namespace, []).append(lag.seconds)

            await asyncio.gather(watcher(), *(caller() for _ in range(CALLERS)))
            last = time.perf_counter()
            await followers.caught_up()
            rest = time.perf_counter() - last
            ecosystem.driver.stop()
            await running
        await ecosystem.close()
        for name, seconds in lags.items():
            print(f"\n{kind} {name}: lag p99 {statistics.quantiles(seconds, n=100)[98] * 1e3:.0f} ms", end="")
        every = [one for seconds in lags.values() for one in seconds]
        cuts = statistics.quantiles(every, n=100)
        print(
            f"\n{kind}, {CALLERS} callers, {done / SECONDS:,.0f} orders/s acknowledged: lag p50 {cuts[49] * 1e3:.0f} ms, "
            f"p99 {cuts[98] * 1e3:.0f} ms, largest {max(every) * 1e3:.0f} ms; the last entry applied {rest * 1e3:.0f} ms after"
        )
        assert cuts[98] <= LAG_BAR

    with store_of(kind, tmp_path) as url:
        asyncio.run(story(url))
