"""A server in a process of its own, for the benchmarks of the doors: ``door_server.py bare`` or ``door_server.py STORE
[CACHE]``.

It prints one line of JSON: the URL, and for an ecosystem a key and the account and venue to trade with. It ends with its
standard input. ``bare`` answers the same request and answer bodies from Litestar and msgspec alone: what any service built on
them costs.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

import uvloop
from litestar import Litestar, post

from trading_ecosystem.api.caller import EVERY_ACCOUNT, Scope
from trading_ecosystem.api.rate_limits import RateLimit
from trading_ecosystem.api.rest.production.order_bodies import NewOrder, Order
from trading_ecosystem.api.web_server import WebServer
from trading_ecosystem.demo_account import seed_demo_account
from trading_ecosystem.messages.orders import OrderStatus, OrderType, Side, TimeInForce
from trading_ecosystem.serving import ServeOptions, _bound, serving

NO_LIMIT = RateLimit(1e9, 10**9)
ANSWER = Order(
    venue="exchange-alpha",
    account="demo/you",
    client_order_id="0123456789",
    order_id=1_234_567,
    instrument="BTC/USD",
    side=Side.BUY,
    type=OrderType.LIMIT,
    time_in_force=TimeInForce.GOOD_TILL_CANCEL,
    status=OrderStatus.NEW,
    price="50000",
    quantity="0.0001",
    cumulative_quantity="0",
    leaves_quantity="0.0001",
    average_price=None,
    post_only=False,
    changed_at="2026-03-02T08:00:00.000000000Z",
)


@post("/api/v1/orders")
async def bare_order(data: NewOrder) -> Order:
    """What a handler that does nothing costs."""
    assert data.quantity
    return ANSWER


def say(**document: object) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


async def until_input_ends() -> None:
    await asyncio.to_thread(sys.stdin.read)


async def bare() -> None:
    with _bound("127.0.0.1", 0) as socket:
        async with WebServer(Litestar([bare_order], openapi_config=None, logging_config=None), socket):
            say(url=f"http://127.0.0.1:{socket.getsockname()[1]}")
            await until_input_ends()


async def ecosystem(store: str, cache: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        options = ServeOptions(
            store=store, cache=cache, keys=Path(folder) / "keys", port=0, per_key=NO_LIMIT, per_stranger=NO_LIMIT
        )
        async with serving(options) as server:
            demo = await seed_demo_account(server.gateway)
            key = server.keys.lend(list(Scope), [EVERY_ACCOUNT])
            say(url=server.url, token=key.token, key=key.id, secret=key.secret, account=demo.account, venue=demo.venue)
            await until_input_ends()


def main() -> None:
    store, *more = sys.argv[1:]
    work = bare() if store == "bare" else ecosystem(store, more[0] if more else "memory:")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


if __name__ == "__main__":
    main()
