"""Order events in CSV, replayed through a book that matches them.

The header is ``time,action,order_id,side,price,size``, then one event a line. ``time`` is as in :mod:`.csv_rows`; it must not
go backwards. ``order_id`` is a whole number that fits 64 bits. ``price`` and ``size`` are positive decimal numbers.

==========  =========================  ===========================================================================
action      columns that are given     meaning
==========  =========================  ===========================================================================
``add``     all                        a limit order enters; what crosses trades
``take``    all; price may be empty    an order that trades at once, down to its price if it has one; the rest lapses
``replace`` order_id, price, size      the order is to trade ``size`` more, at ``price``
``reduce``  order_id, size             it loses ``size`` and keeps its place
``cancel``  order_id                   it leaves
==========  =========================  ===========================================================================

Columns that an action does not use are empty. The tick and the lot are the finest decimal places that the file uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.adapters.recordings.csv_rows import instant
from trading_ecosystem.adapters.recordings.decimal_scale import decimal_places, unit, units
from trading_ecosystem.adapters.recordings.lines import refuse, shortened, timed_rows
from trading_ecosystem.adapters.recordings.replay_findings import Findings, is_crossed
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Filled, Refused
from trading_ecosystem.messages.orders import RejectReason, Side, TimeInForce
from trading_ecosystem.messages.units import Nanos

ORDER_EVENTS_HEADER: Final = "time,action,order_id,side,price,size"
_USED: Final = {
    "add": ("side", "price", "size"),
    "take": ("side", "size"),
    "replace": ("price", "size"),
    "reduce": ("size",),
    "cancel": (),
}
_MAY_BE_EMPTY: Final = {"take": ("price",)}
_COLUMNS: Final = ("time", "action", "order_id", "side", "price", "size")
_SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
_ORDER_ID: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)


class OrderEvent(msgspec.Struct, frozen=True, gc=False):
    """One line; prices and sizes are decimal texts, empty where the action has none."""

    line: int
    at: Nanos
    action: str
    order_id: int
    side: Side | None
    price: str
    size: str


def order_events(path: Path) -> Iterator[OrderEvent]:
    """Every event of the file in order; raises ``BadInput`` at the first line that is not as described above."""
    return timed_rows(path, ORDER_EVENTS_HEADER, _event)


def _event(path: Path, number: int, columns: list[str]) -> OrderEvent:
    row = dict(zip(_COLUMNS, columns, strict=True))
    starts = {name: sum(len(text) + 1 for text in columns[:index]) + 1 for index, name in enumerate(_COLUMNS)}
    if row["action"] not in _USED:
        problem = f"unknown action {shortened(row['action'])!r}, expected one of {', '.join(_USED)}"
        refuse(path, number, starts["action"], problem)
    used = _USED[row["action"]]
    for name in ("side", "price", "size"):
        if row[name] and name not in used and name not in _MAY_BE_EMPTY.get(row["action"], ()):
            refuse(path, number, starts[name], f"{row['action']} has no {name}, expected an empty column")
        if not row[name] and name in used:
            refuse(path, number, starts[name], f"{row['action']} without a {name}, expected one")
    if not _ORDER_ID.fullmatch(row["order_id"]) or not -(1 << 63) <= int(row["order_id"]) < 1 << 63:
        refuse(
            path, number, starts["order_id"], f"{shortened(row['order_id'])!r} is no order id, expected a 64-bit whole number"
        )
    if row["side"] and row["side"] not in _SIDES:
        refuse(path, number, starts["side"], f"unknown side {shortened(row['side'])!r}, expected buy or sell")
    column = "time"
    try:
        at = instant(row["time"])
        for column in ("price", "size"):
            if row[column]:
                decimal_places(row[column])
                if not row[column].strip("0."):
                    raise ValueError(f"{column} {row[column]} is zero, expected a positive decimal number")
    except ValueError as error:
        refuse(path, number, starts[column], str(error))
    order_id, side = int(row["order_id"]), _SIDES.get(row["side"])
    return OrderEvent(number, at, row["action"], order_id, side, row["price"], row["size"])


class OrderEventsReplay:
    """See the module's text. An event that the book refuses for any reason but an unknown order ends the replay."""

    def __init__(self, path: Path, book: OrderBook) -> None:
        self.book = book
        self._path = path
        self._events = list(order_events(path))
        if not self._events:
            refuse(path, 1, 1, "the file has no rows, expected at least one below the header")
        self.total = len(self._events)
        self._price_places = max((decimal_places(event.price) for event in self._events if event.price), default=0)
        self._size_places = max((decimal_places(event.size) for event in self._events if event.size), default=0)
        self.findings = Findings("orders", unit(self._price_places), unit(self._size_places))

    def states(self) -> Iterator[Nanos]:
        """Do one event after the other; the book is at rest after each."""
        for event in self._events:
            self.findings.rows += 1
            for happened in self._apply(event):
                if isinstance(happened, Filled):
                    self.findings.trades += 1
                    self.findings.traded_lots += happened.lots
                elif isinstance(happened, Refused):
                    if happened.reason is not RejectReason.UNKNOWN_ORDER:
                        problem = f"the book refuses order {happened.order_id}: {happened.reason.value}"
                        refuse(self._path, event.line, 1, f"{problem}; expected an event that it can do")
                    self.findings.unknown_orders += 1
            self.findings.crossed_states += is_crossed(self.book)
            yield event.at

    def _apply(self, event: OrderEvent) -> list[BookEvent]:
        try:
            price = units(event.price, self._price_places) if event.price else None
            size = units(event.size, self._size_places) if event.size else 0
        except ValueError as error:
            refuse(self._path, event.line, 1, str(error))
        if event.action in ("add", "take"):
            assert event.side is not None
            takes = event.action == "take"
            lasting = TimeInForce.IMMEDIATE_OR_CANCEL if takes else TimeInForce.GOOD_TILL_CANCEL
            self.findings.placed += 1
            return self.book.place(event.order_id, 0, event.side, size, price_ticks=price, time_in_force=lasting)
        if event.action == "replace":
            assert price is not None
            return self.book.replace(event.order_id, size, price)
        if event.action == "reduce":
            return [self.book.reduce(event.order_id, size)]
        return [self.book.cancel(event.order_id)]
