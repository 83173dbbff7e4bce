"""Prices from recordings of orders: the middle between best bid and best ask of the book that the recording replays.

Such a file holds one instrument under a name of its own (a stock, a future), so that whoever plays it says which of the
ecosystem's instruments it prices. A row stands at each state at rest in which the middle changed; states with an empty side or
crossed prices have none. LOBSTER counts time from midnight, so do the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from trading_ecosystem.adapters.recordings.binance_capture import middle
from trading_ecosystem.adapters.recordings.book_replay import open_replay
from trading_ecosystem.adapters.recordings.recorded_price import LARGEST_PRICE, RecordedPrice
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE
from trading_ecosystem.ports.errors import BadInput


def replayed_mids(path: Path, format: str, instrument: str) -> Iterator[RecordedPrice]:
    """Middle prices of the file in order; raises ``BadInput`` at the first thing wrong with it."""
    replay = open_replay(path, format)
    tick = Decimal(replay.findings.tick) * MINOR_UNITS_PER_WHOLE
    if tick != int(tick):
        raise BadInput(str(path), f"prices in steps of {replay.findings.tick}, expected a multiple of 0.00000001")
    minor = int(tick)
    last = 0
    for at in replay.states():
        bid, bid_lots = replay.book.best(Side.BUY)
        ask, ask_lots = replay.book.best(Side.SELL)
        if not bid_lots or not ask_lots or bid >= ask:
            continue
        price = middle(bid * minor, ask * minor)
        if price > LARGEST_PRICE:
            raise BadInput(str(path), "a price is too large, expected at most 10000000000")
        if price != last:
            last = price
            yield RecordedPrice(at, instrument, price)
