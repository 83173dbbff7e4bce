"""A LOBSTER message file replayed together with its orderbook file: every row at every level.

Row *n* of the orderbook file is the state after row *n* of the message file, over a fixed number of levels (its *window*).
The book starts as the first row, each of its levels one order that stands for all that rested there. Then the messages are
done, and every later row is compared with the book, all levels of it.

What cannot be known from a window is taken from the file, and only that: the size at a price that slides into the window
because a better level emptied. Prices that slide out are forgotten. An order that stood before the first row, or beyond the
window, is part of its level's one order; such orders are the oldest of their level, so that it stands first in the queue.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from trading_ecosystem.adapters.recordings.event_tape import BID
from trading_ecosystem.adapters.recordings.lines import numbered_lines, refuse
from trading_ecosystem.adapters.recordings.lobster_tape import LobsterMessage, lobster_messages
from trading_ecosystem.adapters.recordings.replay_findings import Check, Findings, is_crossed
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import Filled, Refused
from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.messages.units import Lots, Nanos, Ticks
from trading_ecosystem.ports.errors import BadInput

TICK: Final = "0.0001"
"""LOBSTER's unit of price, in dollars; the replay uses it as the tick, so that every price is exact."""
_ADD, _REDUCE, _DELETE, _EXECUTE = 1, 2, 3, 4
Window = tuple[tuple[Level, ...], tuple[Level, ...]]


def lobster_orderbook(path: Path) -> Iterator[Window]:
    """The rows of an orderbook file as (bids, asks), nearest first; a level without size is left out."""
    width = 0
    for number, line in numbered_lines(path):
        fields = line.split(",")
        if len(fields) % 4 or (width and len(fields) != width):
            expected = f"{width}" if width else "four for each level: ask price, ask size, bid price, bid size"
            refuse(path, number, 1, f"{len(fields)} columns, expected {expected}")
        width = len(fields)
        try:
            values = [int(field) for field in fields]
        except ValueError:
            refuse(path, number, 1, "a column is no whole number, expected prices (dollars times 10,000) and sizes")
        bids = _side(path, number, values[2::4], values[3::4], -1)
        asks = _side(path, number, values[0::4], values[1::4], 1)
        if bids and asks and bids[0].price_ticks >= asks[0].price_ticks:
            refuse(
                path, number, 1, f"best bid {bids[0].price_ticks} at or above best ask {asks[0].price_ticks}, expected below"
            )
        yield bids, asks


def _side(path: Path, number: int, prices: list[int], sizes: list[int], away: int) -> tuple[Level, ...]:
    levels = tuple(Level(price, size) for price, size in zip(prices, sizes, strict=True) if size)
    for level in levels:
        if level.price_ticks <= 0 or level.quantity_lots < 0:
            refuse(path, number, 1, f"level {level.price_ticks} x {level.quantity_lots}, expected positive numbers")
    for near, far in pairwise(levels):
        if (far.price_ticks - near.price_ticks) * away <= 0:
            refuse(path, number, 1, f"price {far.price_ticks} is not behind {near.price_ticks}, expected the nearest first")
    return levels


class LobsterWindowReplay:
    """See the module's text. ``findings.checks`` counts the rows that equal the book, and executions in their turn."""

    def __init__(self, messages: Path, orderbook: Path, book: OrderBook) -> None:
        self.book = book
        self.rows_equal = Check("the orderbook file's row equals the book at every level")
        self.in_turn = Check("the order that the file executes is first in the book's queue")
        self.findings = Findings("lobster", TICK, "1", checks=[self.rows_equal, self.in_turn])
        self._path = messages
        self._messages = list(lobster_messages(messages))
        self._rows = list(lobster_orderbook(orderbook))
        if len(self._messages) != len(self._rows):
            raise BadInput(str(orderbook), f"{len(self._rows)} rows, expected {len(self._messages)} as in {messages}")
        self.total = len(self._rows)
        self._levels = max(len(side) for row in self._rows for side in row)
        self._next_aggregate = -1
        self._aggregates: dict[tuple[Side, Ticks], int] = {}

    def states(self) -> Iterator[Nanos]:
        """Do one message after the other; the book is at rest, and compared, after each."""
        for index, (message, row) in enumerate(zip(self._messages, self._rows, strict=True)):
            if index:
                self._apply(message)
            self._slide(Side.BUY, row[0], adopt=not index)
            self._slide(Side.SELL, row[1], adopt=not index)
            self.findings.rows += 1
            if is_crossed(self.book):
                self.findings.crossed_states += 1
            if index:
                found = self.book.depth(Side.BUY, self._levels), self.book.depth(Side.SELL, self._levels)
                self.rows_equal.count(found == row, f"{self._path}:{message.line}")
            yield message.at

    def _apply(self, message: LobsterMessage) -> None:
        side = Side.BUY if message.side == BID else Side.SELL
        if message.type == _ADD:
            events = self.book.place(message.order_id, 0, side, message.lots, price_ticks=message.price, post_only=True)
            refused = isinstance(events[0], Refused)
            self.findings.crossed_states += refused
            self.findings.placed += not refused
        elif message.type in (_REDUCE, _DELETE, _EXECUTE):
            self._lose(message, side)

    def _lose(self, message: LobsterMessage, side: Side) -> None:
        order_id = message.order_id
        if order_id not in self.book:
            order_id = self._aggregates.get((side, message.price), order_id)
        order = self.book.order(order_id)
        if order is None or order.leaves_lots < message.lots or order.price_ticks != message.price:
            self.findings.unknown_orders += 1
            return
        if message.type != _EXECUTE:
            self.book.reduce(order_id, message.lots)
            return
        front = self.book.front(side)
        in_turn = front is not None and front.order_id == order_id
        self.in_turn.count(in_turn, f"{self._path}:{message.line}")
        if not in_turn:
            self.book.reduce(order_id, message.lots)
            return
        taker = Side.SELL if side is Side.BUY else Side.BUY
        taken = TimeInForce.IMMEDIATE_OR_CANCEL
        self._next_aggregate -= 1
        for event in self.book.place(
            self._next_aggregate, 0, taker, message.lots, price_ticks=message.price, time_in_force=taken
        ):
            if isinstance(event, Filled):
                self.findings.trades += 1
                self.findings.traded_lots += event.lots

    def _slide(self, side: Side, levels: tuple[Level, ...], adopt: bool) -> None:
        """Take from the file what slid into the window, forget what slid out."""
        own = self.book.depth(side, self._levels + 1)
        for level in own[self._levels :]:
            self._forget(side, level.price_ticks)
        if adopt or len(own) < len(levels):
            for level in levels[len(own) :]:
                if not own or (level.price_ticks < own[-1].price_ticks) == (side is Side.BUY):
                    self._adopt(side, level.price_ticks, level.quantity_lots)

    def _forget(self, side: Side, price: Ticks) -> None:
        for order in [order for order in self.book.standing(side) if order.price_ticks == price]:
            self.book.cancel(order.order_id)
        self._aggregates.pop((side, price), None)

    def _adopt(self, side: Side, price: Ticks, lots: Lots) -> None:
        self._next_aggregate -= 1
        self._aggregates[side, price] = self._next_aggregate
        self.book.place(self._next_aggregate, 0, side, lots, price_ticks=price, post_only=True)
        self.findings.inferred += 1
