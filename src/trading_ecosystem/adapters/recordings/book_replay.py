"""Replay a recorded market through the exchange's own book, whatever its format::

    replay = open_replay(Path("AAPL_2012-06-21_34200000_37800000_message_50.csv.gz"))
    for at in replay.states():                      # nanoseconds; the book is at rest
        print(at, replay.book.best(Side.BUY), replay.book.best(Side.SELL))
    print(replay.findings)

The format is read from the content (and, for LOBSTER, the orderbook file is found beside the message file by its name).
"""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Final

from trading_ecosystem.adapters.recordings.binance_depth import BinanceDepthReplay
from trading_ecosystem.adapters.recordings.databento_mbo import DatabentoReplay
from trading_ecosystem.adapters.recordings.lines import is_dbn, numbered_lines, refuse
from trading_ecosystem.adapters.recordings.lobster_orders import LobsterOrdersReplay
from trading_ecosystem.adapters.recordings.lobster_window import LobsterWindowReplay
from trading_ecosystem.adapters.recordings.order_events import ORDER_EVENTS_HEADER, OrderEventsReplay
from trading_ecosystem.adapters.recordings.replay_findings import BookReplay
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.books import book_class
from trading_ecosystem.ports.errors import BadInput

FORMATS: Final = ("lobster", "binance", "databento", "orders")
_LOBSTER_LINE: Final = re.compile(r"[0-9]+(\.[0-9]+)?(,-?[0-9]+){5}", re.ASCII)
_CAPTURE_LINE: Final = re.compile(r"[0-9]{1,19} [\[{]", re.ASCII)
_EXPECTED: Final = (
    f"expected LOBSTER messages, a Binance capture, Databento MBO (DBN) or CSV with the header {ORDER_EVENTS_HEADER}"
)


def open_replay(
    path: Path, format: str | None = None, orderbook: Path | None = None, book: OrderBook | None = None
) -> BookReplay:
    """A replay of the file, read and checked, about to begin; raises ``BadInput`` where something is wrong with it.

    ``orderbook`` is the LOBSTER orderbook file that belongs to a message file; ``book`` an empty book,
    by default of the kind that serves here.
    """
    chosen = detect_order_format(path) if format is None else format
    if chosen not in FORMATS:
        raise BadInput("format", f"{chosen!r} is no format, expected one of {', '.join(FORMATS)}")
    used = book_class()(path.name) if book is None else book
    if orderbook is not None and chosen != "lobster":
        raise BadInput(str(orderbook), f"an orderbook file beside a {chosen} recording, expected a LOBSTER message file")
    if chosen == "lobster":
        beside = orderbook if orderbook is not None else orderbook_beside(path)
        return LobsterWindowReplay(path, beside, used) if beside is not None else LobsterOrdersReplay(path, used)
    if chosen == "binance":
        return BinanceDepthReplay(path, used)
    return DatabentoReplay(path, used) if chosen == "databento" else OrderEventsReplay(path, used)


def detect_order_format(path: Path) -> str:
    """The format of a file, from its first bytes; raises ``BadInput`` where it is none of them."""
    if is_dbn(path):
        return "databento"
    with closing(numbered_lines(path)) as lines:
        number, line = next(lines, (1, ""))
    if line.startswith("time,"):
        return "orders"
    if _CAPTURE_LINE.match(line):
        return "binance"
    if _LOBSTER_LINE.match(line):
        return "lobster"
    refuse(path, number, 1, f"unknown format, {_EXPECTED}")


def orderbook_beside(messages: Path) -> Path | None:
    """The orderbook file of a LOBSTER message file, by its name, if it is there."""
    if "_message_" not in messages.name:
        return None
    beside = messages.with_name(messages.name.replace("_message_", "_orderbook_"))
    return beside if beside.exists() else None
