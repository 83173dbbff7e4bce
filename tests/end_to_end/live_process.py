"""A live ecosystem in a process of its own, for tests that kill it: trades at random moments and prints what was acknowledged.

Usage: ``live_process.py FOLDER SEED ORDERS``. One JSON line per acknowledged order; ``stopped`` at a clean end.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path

from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce

SPEED_PPM = 100 * 1_000_000
OVERRIDES = ("ecosystem.market_data.tick=1s", "ecosystem.venues.exchange-alpha.publish_every=1s")


def order(draws: random.Random, number: int) -> PlaceOrder:
    return PlaceOrder(
        venue="exchange-alpha",
        account="fund/maker",
        client_order_id=f"client-{number}",
        instrument="BTC/USD",
        side=draws.choice((Side.BUY, Side.SELL)),
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
        price_ticks=0,
        quantity_lots=draws.randint(100, 2000),
    )


async def trade(folder: Path, seed: int, orders: int) -> None:
    ecosystem = await LiveEcosystem.open(
        f"files:{folder}", "quiet_day", seed=seed, overrides=OVERRIDES, speed_ppm=SPEED_PPM, snapshot_every=2_000
    )
    running = asyncio.create_task(ecosystem.driver.run())
    draws = random.Random(seed * 1_000_003 + ecosystem.kernel.entries)
    first = ecosystem.kernel.sequence
    for number in range(orders):
        await asyncio.sleep(draws.random() * 0.01)
        receipt = await ecosystem.driver.submit("door", order(draws, first + number))
        acknowledged = {
            "sequence": receipt.sequence,
            "at": receipt.at,
            "said": [[entry.sequence, type(entry.message).__name__] for entry in receipt.said],
        }
        print(json.dumps(acknowledged), flush=True)
    ecosystem.driver.stop()
    await running
    await ecosystem.close()
    print(json.dumps("stopped"), flush=True)


if __name__ == "__main__":
    asyncio.run(trade(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
