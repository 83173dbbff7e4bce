"""A LOBSTER message file alone, replayed order by order: the book matches, and is compared with what the file says traded.

The orders that stood before the first row are inferred. An order that types 2, 3 or 4 name without a type 1 existed already,
or was placed beyond the levels that the file covers; its size is the sum of what it loses, and it is placed when the running
maximum of the order ids passes its own, since ids follow the order of entry. Its place in the queue is therefore an estimate.

Each run of type 4 rows with equal time and side is one taker. It enters the book as one market order (immediate or cancel) of
the summed size, and the book decides with whom it trades and at which price. Where the book's choice of order differs from the
file's, the orders are set right afterwards (the order that should have traded is reduced, the one that should not is put
back at the end of its price), so that one wrong place in a queue is counted once and not for the rest of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from trading_ecosystem.adapters.recordings.event_tape import BID
from trading_ecosystem.adapters.recordings.lobster_tape import LobsterMessage, lobster_messages
from trading_ecosystem.adapters.recordings.lobster_window import TICK
from trading_ecosystem.adapters.recordings.replay_findings import Check, Findings
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Filled
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.messages.units import Lots, Nanos, Ticks

_ADD, _REDUCE, _DELETE, _EXECUTE = 1, 2, 3, 4
_NAMING: Final = (_REDUCE, _DELETE, _EXECUTE)


class LobsterOrdersReplay:
    """See the module's text. ``at_best`` and ``head`` count the type 4 rows that the book agreed with."""

    def __init__(self, messages: Path, book: OrderBook) -> None:
        self.book = book
        self.at_best = Check("the file's execution is at the book's best price")
        self.head = Check("the order that the file fills is the one that the book fills", exact=False)
        self.findings = Findings("lobster", TICK, "1", checks=[self.at_best, self.head])
        self._path = messages
        self._messages = list(lobster_messages(messages))
        self.total = len(self._messages)
        self._waiting = sorted(_inferred(self._messages).items(), reverse=True)
        self._newest = 0
        self._takers = 0

    def states(self) -> Iterator[Nanos]:
        """Do one message, or one taker's run of executions, after the other; the book is at rest after each."""
        index = 0
        while index < self.total:
            message = self._messages[index]
            run = self._run_of_executions(index) if message.type == _EXECUTE else [message]
            index += len(run)
            self.findings.rows += len(run)
            if message.type == _ADD or message.type in _NAMING:
                self._enter_waiting(max(row.order_id for row in run))
            if message.type == _EXECUTE:
                self._take(run)
            else:
                self._apply(message)
            yield message.at

    def _run_of_executions(self, start: int) -> list[LobsterMessage]:
        first, end = self._messages[start], start + 1
        while end < self.total:
            row = self._messages[end]
            if row.type != _EXECUTE or row.at != first.at or row.side != first.side:
                break
            end += 1
        return self._messages[start:end]

    def _enter_waiting(self, newest: int) -> None:
        self._newest = max(self._newest, newest)
        while self._waiting and self._waiting[-1][0] <= self._newest:
            order_id, (side, price, lots) = self._waiting.pop()
            self._place(order_id, side, lots, price)
            self.findings.inferred += 1

    def _place(self, order_id: int, side: Side, lots: Lots, price: Ticks) -> None:
        """Let an order rest, even where it should have traded: then the file has no row for the trade."""
        if self.book.crosses(side, price):
            self.findings.crossed_states += 1
        self._count(self.book.place(order_id, 0, side, lots, price_ticks=price))

    def _apply(self, message: LobsterMessage) -> None:
        if message.type == _ADD:
            self._place(message.order_id, _side(message), message.lots, message.price)
            self.findings.placed += 1
        elif message.type in _NAMING:
            self._lose(message.order_id, message.lots)

    def _lose(self, order_id: int, lots: Lots) -> None:
        order = self.book.order(order_id)
        if order is None or order.leaves_lots < lots:
            self.findings.unknown_orders += 1
        self.book.reduce(order_id, lots)

    def _take(self, run: list[LobsterMessage]) -> None:
        """One taker of the summed size, matched by the book, beside what the file says."""
        makers = _side(run[0])
        taker = Side.SELL if makers is Side.BUY else Side.BUY
        self._takers -= 1
        lots = sum(row.lots for row in run)
        events = self.book.place(self._takers, 0, taker, lots, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
        self._count(events)
        fills = [event for event in events if isinstance(event, Filled)]
        self._compare(run, fills)
        self._set_right(run, fills, makers)

    def _compare(self, run: list[LobsterMessage], fills: list[Filled]) -> None:
        """Row by row: the shares that it says traded, beside the fills in which the book traded the same shares."""
        ends: list[tuple[Lots, Filled]] = []
        traded = 0
        for fill in fills:
            traded += fill.lots
            ends.append((traded, fill))
        start = 0
        for row in run:
            end = start + row.lots
            same = [fill for fill_end, fill in ends if fill_end > start and fill_end - fill.lots < end]
            place = f"{self._path}:{row.line}"
            self.at_best.count(traded >= end and all(fill.price_ticks == row.price for fill in same), place)
            self.head.count(bool(same) and same[0].maker_id == row.order_id, place)
            start = end

    def _set_right(self, run: list[LobsterMessage], fills: list[Filled], side: Side) -> None:
        """Give every order what the file says it has left."""
        owed: dict[int, Lots] = {}
        prices: dict[int, Ticks] = {}
        for fill in fills:
            owed[fill.maker_id] = owed.get(fill.maker_id, 0) + fill.lots
            prices[fill.maker_id] = fill.price_ticks
        for row in run:
            owed[row.order_id] = owed.get(row.order_id, 0) - row.lots
        for order_id, lots in owed.items():
            if lots < 0:
                self._lose(order_id, -lots)
            elif lots > 0:
                order = self.book.order(order_id)
                left = order.leaves_lots if order is not None else 0
                self.book.cancel(order_id)
                self.book.place(order_id, 0, side, left + lots, price_ticks=prices[order_id])

    def _count(self, events: list[BookEvent]) -> None:
        for event in events:
            if isinstance(event, Filled):
                self.findings.trades += 1
                self.findings.traded_lots += event.lots


def _inferred(messages: list[LobsterMessage]) -> dict[int, tuple[Side, Ticks, Lots]]:
    """Orders that are named without having been added: side, price and the sum of what they lose."""
    added = {message.order_id for message in messages if message.type == _ADD}
    found: dict[int, tuple[Side, Ticks, Lots]] = {}
    for message in messages:
        if message.type in _NAMING and message.order_id not in added:
            lots = found[message.order_id][2] if message.order_id in found else 0
            found[message.order_id] = (_side(message), message.price, lots + message.lots)
    return found


def _side(message: LobsterMessage) -> Side:
    return Side.BUY if message.side == BID else Side.SELL
