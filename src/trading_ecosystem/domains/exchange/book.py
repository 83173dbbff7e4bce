"""One instrument's order book: price, then time. A pure library, usable alone::

    book = OrderBook("BTC/USD")
    book.place(1, "alice", Side.SELL, 5, price_ticks=100)
    book.place(2, "bob", Side.BUY, 3, price_ticks=101)      # [Filled(taker_id=2, maker_id=1, price_ticks=100, lots=3, ...)]

This is the *specification* book: the plain one, against which any faster one is to be compared event by event.

The rules. Prices are whole ticks, quantities whole lots. Orders of one side that stand at one price form a queue, first
come, first served. An incoming order (the taker) trades with the best opposite price first, within it with the oldest order
first, always at the price of the resting order (the maker), for as long as prices cross and lots are left. What happens to
the rest:

==================== ====================================================================================================
good till cancel      it rests at the end of the queue of its price
immediate or cancel   it is cancelled
fill or kill          there is none: unless all of it can trade at once, the order is refused whole
market                it is cancelled (a market order has no price at which it could rest)
post only             the order is refused if any of it would trade
==================== ====================================================================================================

An order is known by the number its caller gave it; numbers are never reused by a caller while the order rests. ``owner`` is
a tag that the book carries and never looks at. A book is never crossed: after each operation the best bid is below the best
ask.

How it is kept. Each side has its prices in one sorted list, best at the end (asks are kept negated, so that both sides read
the same), and one queue per price. Finding a price costs a binary search; the best is the last element; cancelling marks
the order dead where it stands, to be skipped later, so that it costs no search through a queue. ``updates`` counts every
change.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import Final

import msgspec

from trading_ecosystem.messages.exchange import CancelReason, Level, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.units import Lots, Ticks

_NO_LIMIT: Final = -(1 << 62)
_DEAD_ALLOWED: Final = 32


class RestingOrder(msgspec.Struct, gc=False):
    """An order in the book; ``leaves_lots`` is 0 once it has left."""

    order_id: int
    owner: str
    side: Side
    price_ticks: Ticks
    leaves_lots: Lots


class Filled(msgspec.Struct, frozen=True, gc=False):
    """The taker traded ``lots`` with one maker, at the maker's price."""

    taker_id: int
    maker_id: int
    maker_owner: str
    price_ticks: Ticks
    lots: Lots
    maker_leaves_lots: Lots


class Rested(msgspec.Struct, frozen=True, gc=False):
    """The rest of an order entered the book."""

    order_id: int
    leaves_lots: Lots


class Cancelled(msgspec.Struct, frozen=True, gc=False):
    """The rest of an order left, or never entered, the book."""

    order_id: int
    leaves_lots: Lots
    reason: CancelReason


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The order was refused and nothing changed."""

    order_id: int
    reason: RejectReason


BookEvent = Filled | Rested | Cancelled | Refused


class PriceQueue(msgspec.Struct, gc=False):
    """The orders at one price, oldest first; cancelled ones stay in place with no lots until they are skipped."""

    lots: Lots
    live: int
    orders: deque[RestingOrder]


class BookSide:
    """One side: ``keys`` are its prices times ``sign`` (+1 for bids, -1 for asks), ascending, so that the best is last."""

    __slots__ = ("keys", "queues", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.queues: dict[int, PriceQueue] = {}

    def best(self) -> Ticks | None:
        """The best price, or ``None`` where the side is empty."""
        return self.keys[-1] * self.sign if self.keys else None

    def drop(self, key: int) -> None:
        """Forget an empty queue."""
        del self.queues[key]
        keys = self.keys
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]


class OrderBook:
    """The book of one instrument; see the module's text for its rules."""

    __slots__ = ("asks", "bids", "orders", "symbol", "updates")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.bids = BookSide(1)
        self.asks = BookSide(-1)
        self.orders: dict[int, RestingOrder] = {}
        self.updates = 0

    def place(
        self,
        order_id: int,
        owner: str,
        side: Side,
        lots: Lots,
        *,
        price_ticks: Ticks | None = None,
        time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCEL,
        post_only: bool = False,
    ) -> list[BookEvent]:
        """Take an order with a limit of ``price_ticks``, or a market order where it is ``None``; return what happened."""
        assert lots > 0
        assert order_id not in self.orders
        if post_only and self.crosses(side, price_ticks):
            return [Refused(order_id, RejectReason.POST_ONLY_WOULD_TAKE)]
        if time_in_force is TimeInForce.FILL_OR_KILL and self.fillable(side, lots, price_ticks) < lots:
            return [Refused(order_id, RejectReason.FILL_OR_KILL_UNFILLABLE)]
        events: list[BookEvent] = []
        leaves = lots
        for fill in self.take(order_id, side, lots, price_ticks):
            events.append(fill)
            leaves -= fill.lots
        if leaves == 0:
            return events
        if price_ticks is None:
            events.append(Cancelled(order_id, leaves, CancelReason.MARKET_REMAINDER))
        elif time_in_force is TimeInForce.GOOD_TILL_CANCEL:
            self.rest(order_id, owner, side, leaves, price_ticks)
            events.append(Rested(order_id, leaves))
        else:
            events.append(Cancelled(order_id, leaves, CancelReason.IMMEDIATE_OR_CANCEL))
        return events

    def take(self, taker_id: int, side: Side, lots: Lots, limit_ticks: Ticks | None = None) -> list[Filled]:
        """Trade up to ``lots`` with the opposite side while it crosses the limit; what is left is the caller's affair."""
        opposite = self.asks if side is Side.BUY else self.bids
        keys, sign = opposite.keys, opposite.sign
        bound = _NO_LIMIT if limit_ticks is None else limit_ticks * sign
        fills: list[Filled] = []
        while lots and keys and keys[-1] >= bound:
            key = keys[-1]
            queue = opposite.queues[key]
            waiting = queue.orders
            while lots and queue.live:
                maker = waiting[0]
                traded = maker.leaves_lots
                if traded > lots:
                    traded = lots
                    maker.leaves_lots -= traded
                else:
                    waiting.popleft()
                    if traded == 0:
                        continue
                    maker.leaves_lots = 0
                    queue.live -= 1
                    del self.orders[maker.order_id]
                queue.lots -= traded
                lots -= traded
                self.updates += 1
                fills.append(Filled(taker_id, maker.order_id, maker.owner, key * sign, traded, maker.leaves_lots))
            if not queue.live:
                opposite.drop(key)
        return fills

    def rest(self, order_id: int, owner: str, side: Side, lots: Lots, price_ticks: Ticks) -> RestingOrder:
        """Put an order at the end of its price's queue; the caller has made sure that it does not cross."""
        own = self.bids if side is Side.BUY else self.asks
        key = price_ticks * own.sign
        order = RestingOrder(order_id, owner, side, price_ticks, lots)
        queue = own.queues.get(key)
        if queue is None:
            own.queues[key] = PriceQueue(lots, 1, deque((order,)))
            insort(own.keys, key)
        else:
            queue.lots += lots
            queue.live += 1
            queue.orders.append(order)
        self.orders[order_id] = order
        self.updates += 1
        return order

    def cancel(self, order_id: int) -> Cancelled | None:
        """Take an order out of the book; ``None`` where no such order rests."""
        order = self.orders.pop(order_id, None)
        if order is None:
            return None
        own = self.bids if order.side is Side.BUY else self.asks
        key = order.price_ticks * own.sign
        queue = own.queues[key]
        leaves = order.leaves_lots
        order.leaves_lots = 0
        queue.live -= 1
        self.updates += 1
        if not queue.live:
            own.drop(key)
        else:
            queue.lots -= leaves
            if len(queue.orders) > 2 * queue.live + _DEAD_ALLOWED:
                queue.orders = deque(waiting for waiting in queue.orders if waiting.leaves_lots)
        return Cancelled(order_id, leaves, CancelReason.REQUESTED)

    def crosses(self, side: Side, limit_ticks: Ticks | None) -> bool:
        """Whether an order would trade at all."""
        opposite = self.asks if side is Side.BUY else self.bids
        return bool(opposite.keys) and (limit_ticks is None or opposite.keys[-1] >= limit_ticks * opposite.sign)

    def fillable(self, side: Side, lots: Lots, limit_ticks: Ticks | None = None) -> Lots:
        """How many of ``lots`` could trade at once."""
        opposite = self.asks if side is Side.BUY else self.bids
        bound = _NO_LIMIT if limit_ticks is None else limit_ticks * opposite.sign
        found = 0
        for key in reversed(opposite.keys):
            if key < bound or found >= lots:
                break
            found += opposite.queues[key].lots
        return min(found, lots)

    def reached(self, side: Side, lots: Lots, limit_ticks: Ticks | None = None) -> list[RestingOrder]:
        """The resting orders that an order of ``lots`` would trade with, in the order of trading."""
        opposite = self.asks if side is Side.BUY else self.bids
        bound = _NO_LIMIT if limit_ticks is None else limit_ticks * opposite.sign
        makers: list[RestingOrder] = []
        for key in reversed(opposite.keys):
            if key < bound:
                break
            for maker in opposite.queues[key].orders:
                if maker.leaves_lots:
                    makers.append(maker)
                    lots -= maker.leaves_lots
                    if lots <= 0:
                        return makers
        return makers

    def best(self, side: Side) -> tuple[Ticks, Lots]:
        """Best price of a side and the lots there; ``(0, 0)`` where the side is empty."""
        own = self.bids if side is Side.BUY else self.asks
        if not own.keys:
            return (0, 0)
        key = own.keys[-1]
        return (key * own.sign, own.queues[key].lots)

    def depth(self, side: Side, levels: int) -> tuple[Level, ...]:
        """The best price levels of a side, nearest first."""
        own = self.bids if side is Side.BUY else self.asks
        keys, queues, sign = own.keys, own.queues, own.sign
        if levels <= 0:
            return ()
        return tuple([Level(key * sign, queues[key].lots) for key in keys[: -levels - 1 : -1]])
