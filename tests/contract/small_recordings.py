"""Small recordings of orders, made up, and their replay: for tests of the readers of every format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trading_ecosystem.adapters.recordings.book_replay import open_replay
from trading_ecosystem.adapters.recordings.replay_findings import BookReplay
from trading_ecosystem.domains.exchange.book.books import available, book_class

both_books = pytest.mark.parametrize("kind", available())
HEADER = "time,action,order_id,side,price,size\n"


def written(folder: Path, content: str | bytes, name: str = "recording") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def replayed(path: Path, kind: str = "plain", **options: Path) -> BookReplay:
    replay = open_replay(path, book=book_class(kind)(path.name), **options)
    for _ in replay.states():
        pass
    return replay


def snapshot(at: int, update: int, bids: list[list[str]], asks: list[list[str]]) -> str:
    return f"{at} {json.dumps({'lastUpdateId': update, 'bids': bids, 'asks': asks})}\n"


def depth(at: int, first: int, last: int, bids: list[list[str]], asks: list[list[str]], symbol: str = "BTCUSDT") -> str:
    data = {"e": "depthUpdate", "E": 1, "s": symbol, "U": first, "u": last, "b": bids, "a": asks}
    return f"{at} {json.dumps({'stream': symbol.lower() + '@depth@100ms', 'data': data})}\n"


def ticker(at: int, update: int, bid: tuple[str, str], ask: tuple[str, str]) -> str:
    data = {"u": update, "s": "BTCUSDT", "b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1]}
    return f"{at} {json.dumps({'stream': 'btcusdt@bookTicker', 'data': data})}\n"


START = snapshot(3, 12, [["10.0", "1"], ["9.5", "2"]], [["10.5", "3"]])


LAST = 0x80
RECEIVED = 1_000
"""How much later than it happened a record of a DBN file was received, in nanoseconds."""


def mbo_file(folder: Path, *rows: tuple[str, str, int, int, int, int], instruments: tuple[int, ...] = ()) -> Path:
    """A DBN file of (action, side, order id, price in dollars, size, flags)."""
    dbn = pytest.importorskip("databento_dbn", reason="the extra databento is not installed")
    metadata = dbn.Metadata("GLBX.MDP3", 0, dbn.SType.RAW_SYMBOL, dbn.SType.INSTRUMENT_ID, dbn.Schema.MBO)
    actions = {str(action): action for action in dbn.Action.variants()}
    sides = {str(side): side for side in dbn.Side.variants()}
    named = instruments or (7,) * len(rows)
    records = [
        dbn.MBOMsg(1, named[at], at, order, price * 10**9, size, actions[action], sides[side], at + RECEIVED, flags, 0)
        for at, (action, side, order, price, size, flags) in enumerate(rows)
    ]
    return written(folder, bytes(metadata) + b"".join(bytes(record) for record in records), "small.dbn")
