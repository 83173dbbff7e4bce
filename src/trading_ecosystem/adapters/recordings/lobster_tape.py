"""An event tape from a LOBSTER message file, with or without its book file.

Columns of a message: seconds after midnight, type, order id, size, price (US dollars times 10,000), direction (1: the resting
order buys). Types: 1 add, 2 reduce, 3 delete, 4 visible execution, 5 hidden execution, 6 cross, 7 halt; the last two leave no
row on the tape.

Without a book file the orders that stood before the first message are inferred: an order that types 2, 3 or 4 name without a
type 1 existed already, or was placed beyond the levels that the file covers. Its size is the sum of its reductions, and it is
put into the book when the running maximum of the order ids passes its own, since ids follow the order of entry.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.adapters.recordings.event_tape import (
    ASK,
    BID,
    DEPTH_EVERY,
    DEPTH_LEVELS,
    DepthSample,
    EventKind,
    EventTape,
)
from trading_ecosystem.adapters.recordings.lines import numbered_lines, refuse
from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, SECOND, Instrument, Lots, Nanos, Ticks

_PRICE_PER_TICK: Final = 100
"""LOBSTER's prices are dollars times 10,000; a stock's tick is one cent."""
_ADD, _REDUCE, _DELETE, _EXECUTE, _HIDDEN = 1, 2, 3, 4, 5


def stock(symbol: str) -> Instrument:
    """A stock in US dollars: a tick is one cent, a lot one share."""
    return Instrument(f"{symbol}/USD", symbol, "USD", MINOR_UNITS_PER_WHOLE // 100, MINOR_UNITS_PER_WHOLE)


class LobsterMessage(msgspec.Struct, frozen=True, gc=False):
    """One row of a message file; ``at`` is nanoseconds after midnight, ``price`` dollars times 10,000."""

    line: int
    at: Nanos
    type: int
    order_id: int
    lots: Lots
    price: int
    side: int


def lobster_messages(path: Path) -> Iterator[LobsterMessage]:
    """The rows of a message file, plain or gzipped; raises ``BadInput`` with the place of the first thing wrong."""
    before = 0
    for number, line in numbered_lines(path):
        fields = line.split(",")
        if len(fields) < 6:
            refuse(path, number, 1, f"{len(fields)} columns, expected time, type, order id, size, price, direction")
        try:
            whole, _, fraction = fields[0].partition(".")
            at = int(whole) * SECOND + int((fraction + "000000000")[:9])
            kind, order_id, lots, price, side = (int(field) for field in fields[1:6])
        except ValueError:
            refuse(path, number, 1, "a column is no number, expected time, type, order id, size, price, direction")
        if not 1 <= kind <= 7 or side not in (BID, ASK):
            refuse(path, number, 1, f"type {kind} and direction {side}, expected a type from 1 to 7 and a direction of 1 or -1")
        if at < before:
            refuse(path, number, 1, f"time {fields[0]} is before the row above, expected rows in order of time")
        before = at
        yield LobsterMessage(number, at, kind, order_id, lots, price, side)


def lobster_tape(path: Path, symbol: str | None = None) -> EventTape:
    """The tape of a message file, earlier orders inferred; ``symbol`` is read from the file's name if absent."""
    messages = list(lobster_messages(path))
    replay = _Replay(path, EventTape(stock(symbol or path.name.partition("_")[0])))
    inferred = sorted(_inferred(messages).items(), reverse=True)
    newest = 0
    for message in messages:
        if message.type == _ADD or message.type in (_REDUCE, _DELETE, _EXECUTE):
            newest = max(newest, message.order_id)
        while inferred and inferred[-1][0] <= newest:
            order_id, (side, ticks, lots) = inferred.pop()
            replay.enter(order_id, side, ticks, lots)
        replay.apply(message)
    return replay.tape


def _inferred(messages: list[LobsterMessage]) -> dict[int, tuple[int, Ticks, Lots]]:
    """Orders that are named without having been added: side, price and the sum of what they lose."""
    added = {message.order_id for message in messages if message.type == _ADD}
    found: dict[int, tuple[int, Ticks, Lots]] = {}
    for message in messages:
        if message.type in (_REDUCE, _DELETE, _EXECUTE) and message.order_id not in added:
            lots = found[message.order_id][2] if message.order_id in found else 0
            found[message.order_id] = (message.side, message.price // _PRICE_PER_TICK, lots + message.lots)
    return found


class _Replay:
    """A book by price only: what the messages say happened is done, nothing is matched."""

    def __init__(self, path: Path, tape: EventTape) -> None:
        self.tape = tape
        self._path = path
        self._lots: dict[int, dict[Ticks, Lots]] = {BID: {}, ASK: {}}
        self._keys: dict[int, list[int]] = {BID: [], ASK: []}
        self._orders: dict[int, Lots] = {}
        self._count = {BID: 0, ASK: 0}
        self._depth_due: Nanos = 0

    def enter(self, order_id: int, side: int, ticks: Ticks, lots: Lots) -> None:
        """An order comes to rest."""
        levels = self._lots[side]
        if ticks not in levels:
            insort(self._keys[side], ticks * side)
            levels[ticks] = 0
        levels[ticks] += lots
        self._orders[order_id] = lots
        self._count[side] += 1

    def apply(self, message: LobsterMessage) -> None:
        """Do what a message says, and write it down."""
        ticks, side = message.price // _PRICE_PER_TICK, message.side
        if message.type == _ADD:
            self.enter(message.order_id, side, ticks, message.lots)
        elif message.type in (_REDUCE, _DELETE, _EXECUTE):
            self._lose(message, side, ticks)
        elif message.type != _HIDDEN:
            return
        if message.at >= self._depth_due:
            self._depth_due = message.at - message.at % DEPTH_EVERY + DEPTH_EVERY
            self.tape.depths.append(DepthSample(message.at, self._depth(BID), self._depth(ASK)))
        kind = EventKind(message.type)
        best = (*self._best(BID), *self._best(ASK))
        order_id = 0 if kind is EventKind.EXECUTE_HIDDEN else message.order_id
        self.tape.append(message.at, kind, side, ticks, message.lots, best, order_id, self._count[side])

    def _lose(self, message: LobsterMessage, side: int, ticks: Ticks) -> None:
        order_id, lots = message.order_id, message.lots
        left = self._orders.get(order_id, 0) - lots
        if left < 0:
            refuse(self._path, message.line, 1, f"takes more of order {order_id} than is left, expected at most {left + lots}")
        levels = self._lots[side]
        if levels.get(ticks, 0) < lots:
            refuse(self._path, message.line, 1, f"order {order_id} at another price or side than it was added with")
        if left:
            self._orders[order_id] = left
        else:
            del self._orders[order_id]
            self._count[side] -= 1
        levels[ticks] -= lots
        if not levels[ticks]:
            del levels[ticks]
            keys = self._keys[side]
            del keys[bisect_left(keys, ticks * side)]

    def _best(self, side: int) -> tuple[Ticks, Lots]:
        keys = self._keys[side]
        if not keys:
            return 0, 0
        return keys[-1] * side, self._lots[side][keys[-1] * side]

    def _depth(self, side: int) -> tuple[Level, ...]:
        levels = self._lots[side]
        return tuple(Level(key * side, levels[key * side]) for key in self._keys[side][: -DEPTH_LEVELS - 1 : -1])
