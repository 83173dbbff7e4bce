"""An event tape: what happened to one instrument's book, event by event, with the best prices after each event.

It is what realism is measured on and what a flow is calibrated from: the same arrays for a recorded market
(:mod:`.lobster_tape`) and for any running book of the exchange (:class:`TapeRecorder`), so that both go through the same
statistics. Columns are arrays of integers: prices in ticks, sizes in lots, times in nanoseconds, never decreasing.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from enum import IntEnum
from typing import Final, Protocol

import msgspec

from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Cancelled, Filled, Reduced, Replaced, Rested
from trading_ecosystem.domains.exchange.book.ladder import RestingOrder
from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import SECOND, Instrument, Lots, Nanos, Ticks

DEPTH_LEVELS: Final = 10
"""Price levels of a side in a depth sample."""
DEPTH_EVERY: Final[Nanos] = SECOND
"""Time between two depth samples."""
COLUMNS: Final = (
    "times",
    "kinds",
    "sides",
    "prices",
    "lots",
    "bids",
    "bid_lots",
    "asks",
    "ask_lots",
    "orders",
    "own_orders",
)
BID: Final = 1
ASK: Final = -1


class EventKind(IntEnum):
    """What happened; the numbers are LOBSTER's."""

    ADD = 1
    """A limit order came to rest."""
    REDUCE = 2
    """A resting order lost a part of itself without trading."""
    DELETE = 3
    """A resting order left without trading."""
    EXECUTE = 4
    """A displayed resting order traded."""
    EXECUTE_HIDDEN = 5
    """A hidden resting order traded; the displayed book does not change."""


class DepthSample(msgspec.Struct, frozen=True):
    """The best price levels of both sides at an instant, nearest first."""

    at: Nanos
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class EventTape:
    """A market sample. ``kinds[i]``, ``prices[i]``, ... are the i-th event; ``bids[i]`` etc. the best prices *after* it.

    ``sides`` is the side of the order that was resting: ``BID`` or ``ASK``; the taker of an execution is on the other one.
    ``orders`` tells resting orders apart (0 where unknown). ``own_orders[i]`` counts the orders that rest on the event's side
    after it, 0 where unknown. A best price of 0 means an empty side. Rows of one command (a taker's
    executions, a replacement) have the same time and follow one another; their best prices may be those after the last of them.
    """

    __slots__ = (*COLUMNS, "depths", "instrument")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.times = array("q")
        self.kinds = array("b")
        self.sides = array("b")
        self.prices = array("q")
        self.lots = array("q")
        self.bids = array("q")
        self.bid_lots = array("q")
        self.asks = array("q")
        self.ask_lots = array("q")
        self.orders = array("q")
        self.own_orders = array("q")
        self.depths: list[DepthSample] = []

    def __len__(self) -> int:
        return len(self.times)

    def append(
        self,
        at: Nanos,
        kind: EventKind,
        side: int,
        price_ticks: Ticks,
        lots: Lots,
        best: tuple[Ticks, Lots, Ticks, Lots],
        order_id: int = 0,
        own_orders: int = 0,
    ) -> None:
        """Add one event; ``best`` is bid, lots there, ask, lots there, after it."""
        self.times.append(at)
        self.kinds.append(kind)
        self.sides.append(side)
        self.prices.append(price_ticks)
        self.lots.append(lots)
        self.bids.append(best[0])
        self.bid_lots.append(best[1])
        self.asks.append(best[2])
        self.ask_lots.append(best[3])
        self.orders.append(order_id)
        self.own_orders.append(own_orders)

    def between(self, start: Nanos, end: Nanos) -> EventTape:
        """The events from ``start`` up to but not including ``end``."""
        first, last = bisect_left(self.times, start), bisect_left(self.times, end)
        part = EventTape(self.instrument)
        for name in COLUMNS:
            getattr(part, name).extend(getattr(self, name)[first:last])
        part.depths = [sample for sample in self.depths if start <= sample.at < end]
        return part


class Book(Protocol):
    """What the recorder asks a book; both of the exchange's books answer it."""

    def best(self, side: Side) -> tuple[Ticks, Lots]:
        """Best displayed price and the lots there, (0, 0) where there is none."""

    def depth(self, side: Side, levels: int) -> tuple[Level, ...]:
        """The best displayed price levels."""

    def standing(self, side: Side) -> Iterable[RestingOrder]:
        """Every order of a side."""


class TapeRecorder:
    """Writes what a running book says onto a tape: call :meth:`record` with the events of every command, as it is done.

    Orders that rest already when the recorder is made are known from then on. Hidden orders leave only their executions.
    """

    def __init__(self, book: Book, instrument: Instrument, depth_every: Nanos = DEPTH_EVERY) -> None:
        self.tape = EventTape(instrument)
        self._book = book
        self._depth_every = depth_every
        self._depth_due: Nanos | None = None
        self._resting: dict[int, tuple[int, Ticks, bool]] = {}
        self._count = {BID: 0, ASK: 0}
        for side, sign in ((Side.BUY, BID), (Side.SELL, ASK)):
            for order in book.standing(side):
                self._enters(order.order_id, sign, order.price_ticks, order.hidden)

    def record(self, at: Nanos, events: Iterable[BookEvent], side: Side | None = None, *, hidden: bool = False) -> None:
        """What one command did: ``side`` is that of an order that was placed, which a book's events do not repeat."""
        sign = BID if side is Side.BUY else ASK
        best: tuple[Ticks, Lots, Ticks, Lots] | None = None
        for event in events:
            row = self._row(event, sign, hidden)
            if row is not None:
                if best is None:
                    self._sample(at)
                    best = (*self._book.best(Side.BUY), *self._book.best(Side.SELL))
                kind, order_side, price, lots, order_id = row
                self.tape.append(at, kind, order_side, price, lots, best, order_id, self._count[order_side])

    def _row(self, event: BookEvent, sign: int, hidden: bool) -> tuple[EventKind, int, Ticks, Lots, int] | None:
        if type(event) is Rested:
            self._enters(event.order_id, sign, event.price_ticks, hidden)
            return None if hidden else (EventKind.ADD, sign, event.price_ticks, event.leaves_lots, event.order_id)
        order_id = event.maker_id if type(event) is Filled else event.order_id  # type: ignore[union-attr]
        known = self._resting.get(order_id)
        if known is None:
            return None
        order_side, price, is_hidden = known
        if type(event) is Filled:
            if not event.maker_leaves_lots:
                self._leaves(order_id)
            kind = EventKind.EXECUTE_HIDDEN if is_hidden else EventKind.EXECUTE
            return kind, order_side, event.price_ticks, event.lots, order_id
        if type(event) is Cancelled:
            self._leaves(order_id)
            return None if is_hidden else (EventKind.DELETE, order_side, price, event.leaves_lots, order_id)
        if type(event) is Reduced:
            return None if is_hidden else (EventKind.REDUCE, order_side, price, event.lots, order_id)
        if type(event) is Replaced and not event.kept_place:
            self._leaves(order_id)
            return None if is_hidden else (EventKind.DELETE, order_side, price, event.leaves_lots, order_id)
        return None

    def _enters(self, order_id: int, sign: int, price: Ticks, hidden: bool) -> None:
        self._resting[order_id] = (sign, price, hidden)
        self._count[sign] += 1

    def _leaves(self, order_id: int) -> None:
        self._count[self._resting.pop(order_id)[0]] -= 1

    def _sample(self, at: Nanos) -> None:
        """Take a depth sample if one is due: the book as it is after the first command at or after that instant."""
        if self._depth_due is None or at >= self._depth_due:
            self._depth_due = at - at % self._depth_every + self._depth_every
            book = self._book
            self.tape.depths.append(DepthSample(at, book.depth(Side.BUY, DEPTH_LEVELS), book.depth(Side.SELL, DEPTH_LEVELS)))
