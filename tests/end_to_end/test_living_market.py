"""The living market that is served: it goes on without end, trades, gives play money, and comes back after a stop."""

from __future__ import annotations

import asyncio

from tests.end_to_end.test_live_folder import ManualClock

from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.custodian import OpenCustodyAccount
from trading_ecosystem.messages.envelope import decode_entry
from trading_ecosystem.messages.exchange import OpenAccount, PlaceOrder
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.messages.trading_phases import AskDemoFunds
from trading_ecosystem.messages.units import SECOND

VENUE, ACCOUNT = "exchange-alpha", "visitor"


async def visited(store: MemoryLiveStore, clock: ManualClock) -> list[list[str]]:
    """A stranger opens an account, asks for play money and buys; what each command led to at once."""
    ecosystem = await LiveEcosystem.open(store, "living_market", wall=clock)
    running = asyncio.create_task(ecosystem.driver.run())
    answers = []
    for command in (
        OpenCustodyAccount(custodian="custodian", account=ACCOUNT),
        OpenAccount(venue=VENUE, account=ACCOUNT),
        AskDemoFunds(venue=VENUE, account=ACCOUNT, request_id="please", asset="USD"),
        PlaceOrder(
            venue=VENUE,
            account=ACCOUNT,
            client_order_id="first",
            instrument="BTC/USD",
            side=Side.BUY,
            order_type=OrderType.MARKET,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
            price_ticks=0,
            quantity_lots=100_000,
        ),
    ):
        clock.time += 20 * SECOND
        receipt = await ecosystem.driver.submit("door", command)
        answers.append([type(entry.message).__name__ for entry in receipt.said])
    ecosystem.driver.stop()
    await running
    await ecosystem.close()
    return answers


def test_a_stranger_trades_in_it_and_finds_it_again() -> None:
    async def scenario() -> tuple[list[list[str]], list[object], MemoryLiveStore]:
        store, clock = MemoryLiveStore(), ManualClock()
        answers = await visited(store, clock)
        entries = [decode_entry(line) async for line in store.lines()]
        clock.time += 30 * SECOND
        again = await LiveEcosystem.open(store, wall=clock)
        assert not again.kernel.ended
        assert again.kernel.entries > len(entries)
        return answers, entries, store

    (_, opened, funded, bought), entries, _ = asyncio.run(scenario())
    assert "AccountOpened" in opened
    assert "ClaimChanged" in funded
    assert {"OrderAccepted", "OrderFilled"} <= set(bought)
    said = {type(entry.message).__name__ for entry in entries}
    assert {"QuoteChanged", "TradesPublished", "MarkPriceChanged", "ExposureReported", "LimitSet"} <= said
    assert {"RunEnded", "FaultInjected"}.isdisjoint(said)
    resting = {entry.message.account for entry in entries if type(entry.message).__name__ == "OrderAccepted"}
    assert "demo/maker" in resting
