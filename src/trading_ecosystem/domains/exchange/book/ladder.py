"""One side of the plain book: a ladder of prices, and at each price the queue of the orders that stand there.

A queue has two parts, each oldest first: the displayed orders, which trade first, and the hidden ones. Prices are kept as
*keys*, times ``sign`` (+1 bids, -1 asks), so that on both sides the best is the highest and stands last.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

import msgspec

from trading_ecosystem.messages.book_words import Level, Side
from trading_ecosystem.messages.units import Lots, Ticks

NO_BELOW: Final = -(1 << 62)
"""A key, or a price, below all others."""
NO_ABOVE: Final = 1 << 62
"""A price above all others."""


class RestingOrder(msgspec.Struct, gc=False):
    """An order in the book: ``lots`` trade in its turn, ``reserve_lots`` are an iceberg's further slices."""

    order_id: int
    owner: int
    side: Side
    price_ticks: Ticks
    lots: Lots
    reserve_lots: Lots = 0
    display_lots: Lots = 0
    hidden: bool = False

    @property
    def leaves_lots(self) -> Lots:
        """All that it still wants; 0 once it has left."""
        return self.lots + self.reserve_lots


class PriceQueue(msgspec.Struct, gc=False):
    """The orders at one price: ``lots`` are displayed, ``unseen`` are an iceberg's reserve or hidden."""

    lots: Lots
    unseen: Lots
    displayed: OrderedDict[int, RestingOrder]
    hidden: OrderedDict[int, RestingOrder] | None = None

    def first(self) -> RestingOrder:
        """The order that trades next."""
        return next(iter((self.displayed or self.hidden or self.displayed).values()))

    def of_others(self, owner: int, *, skips: bool) -> tuple[Lots, bool]:
        """What an order of ``owner`` could trade here, and whether an own order stops it; one that ``skips`` goes on behind it.

        In front of an own order only the slices count: an iceberg's further ones go to the end of the queue, behind it.
        """
        counted = 0
        for part in (self.displayed, self.hidden or OrderedDict()):
            slices = counted
            for order in part.values():
                if order.owner != owner:
                    slices += order.lots
                    counted += order.leaves_lots
                elif not skips:
                    return slices, True
        return counted, False


class Ladder:
    """The prices of one side, best last, and the queue at each."""

    __slots__ = ("keys", "queues", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.queues: dict[int, PriceQueue] = {}

    def rest(self, order: RestingOrder) -> None:
        """Put an order at the end of its price's queue, an iceberg with its first slice."""
        key = order.price_ticks * self.sign
        queue = self.queues.get(key)
        if queue is None:
            queue = self.queues[key] = PriceQueue(0, 0, OrderedDict())
            keys = self.keys
            if not keys or keys[-1] < key:
                keys.append(key)
            else:
                insort(keys, key)
        if order.hidden:
            if queue.hidden is None:
                queue.hidden = OrderedDict()
            queue.unseen += order.lots
            queue.hidden[order.order_id] = order
            return
        if 0 < order.display_lots < order.lots:
            order.reserve_lots = order.lots - order.display_lots
            order.lots = order.display_lots
            queue.unseen += order.reserve_lots
        queue.lots += order.lots
        queue.displayed[order.order_id] = order

    def trade(self, order: RestingOrder, lots: Lots) -> bool:
        """Take traded lots off an order's slice; true if an iceberg shows its next slice, at the end of the queue."""
        key = order.price_ticks * self.sign
        queue = self.queues[key]
        order.lots -= lots
        if order.hidden:
            queue.unseen -= lots
        else:
            queue.lots -= lots
        if order.lots:
            return False
        if not order.reserve_lots:
            self.remove(order)
            return False
        shown = min(order.display_lots, order.reserve_lots)
        order.lots = shown
        order.reserve_lots -= shown
        queue.lots += shown
        queue.unseen -= shown
        queue.displayed.move_to_end(order.order_id)
        return True

    def shrink(self, order: RestingOrder, lots: Lots) -> None:
        """Take lots off an order that keeps some: first what it does not display."""
        queue = self.queues[order.price_ticks * self.sign]
        from_reserve = min(lots, order.reserve_lots)
        order.reserve_lots -= from_reserve
        order.lots -= lots - from_reserve
        if order.hidden:
            queue.unseen -= lots
        else:
            queue.unseen -= from_reserve
            queue.lots -= lots - from_reserve

    def remove(self, order: RestingOrder) -> None:
        """Take an order out with everything it had."""
        key = order.price_ticks * self.sign
        queue = self.queues[key]
        if order.hidden:
            assert queue.hidden is not None
            queue.unseen -= order.lots
            del queue.hidden[order.order_id]
        else:
            queue.lots -= order.lots
            queue.unseen -= order.reserve_lots
            del queue.displayed[order.order_id]
        if not queue.displayed and not queue.hidden:
            self._forget(key)

    def _forget(self, key: int) -> None:
        """Drop a price at which nobody stands any more."""
        del self.queues[key]
        keys = self.keys
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]

    def best(self) -> tuple[Ticks, Lots]:
        """The best displayed price and the lots there; ``(0, 0)`` where nothing is displayed."""
        for key in reversed(self.keys):
            if lots := self.queues[key].lots:
                return (key * self.sign, lots)
        return (0, 0)

    def depth(self, levels: int) -> tuple[Level, ...]:
        """The best displayed price levels, nearest first."""
        found: list[Level] = []
        for key in reversed(self.keys):
            if len(found) >= levels:
                break
            if lots := self.queues[key].lots:
                found.append(Level(key * self.sign, lots))
        return tuple(found)

    def levels(self, bound: int) -> Iterator[PriceQueue]:
        """The queues at prices no worse than the key ``bound``, best first."""
        for key in reversed(self.keys):
            if key < bound:
                return
            yield self.queues[key]

    def standing(self, bound: int) -> Iterator[RestingOrder]:
        """The orders at prices no worse than the key ``bound``, as they would trade (an iceberg once)."""
        for queue in self.levels(bound):
            yield from queue.displayed.values()
            if queue.hidden:
                yield from queue.hidden.values()
