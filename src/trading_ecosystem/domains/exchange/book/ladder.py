"""One side of the plain book: a ladder of prices, and at each price the queue of the orders that stand there.

A queue has two parts, each oldest first: the displayed orders, which trade first, and the hidden ones. Both are plain
dictionaries, which keep the order in which they were filled and find an order by its number. Nothing is tidied up later;
the price is that a dictionary steps over what has left its front, at about a nanosecond each, until it grows anew.

Prices are sorted as *keys*, times ``sign`` (+1 bids, -1 asks), so that on both sides the best is the highest and stands last.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Final

import msgspec

from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Filled
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


class PriceQueue:
    """The orders at one price: ``lots`` are displayed, ``unseen`` are an iceberg's reserve or hidden.

    Not a Struct, since its counts change with every command and Python sets plain slots faster.
    """

    __slots__ = ("displayed", "hidden", "lots", "unseen")

    def __init__(self) -> None:
        self.lots: Lots = 0
        self.unseen: Lots = 0
        self.displayed: dict[int, RestingOrder] = {}
        self.hidden: dict[int, RestingOrder] = {}

    def trade_displayed(self, taker: RestingOrder, avoided: int | None, orders: dict[int, RestingOrder]) -> list[BookEvent]:
        """A taker trades with the front of a queue of which all is displayed, up to an order of the ``avoided`` owner.

        Who has nothing left leaves ``orders`` too; only a queue with nobody left is for the caller to drop.
        """
        fills: list[BookEvent] = []
        gone: list[int] = []
        taker_id, left = taker.order_id, taker.lots
        for maker_id, maker in self.displayed.items():
            lots = maker.lots
            if lots > left or maker.owner == avoided:
                if left and maker.owner != avoided:
                    maker.lots = lots - left
                    fills.append(Filled(taker_id, maker_id, maker.price_ticks, left, 0, lots - left))
                    left = 0
                break
            left -= lots
            maker.lots = 0
            del orders[maker_id]
            gone.append(maker_id)
            fills.append(Filled(taker_id, maker_id, maker.price_ticks, lots, left, 0))
        self.lots -= taker.lots - left
        taker.lots = left
        if self.lots:
            for maker_id in gone:
                del self.displayed[maker_id]
        return fills

    def first(self) -> RestingOrder:
        """The order that trades next."""
        return next(iter((self.displayed or self.hidden).values()))

    def of_others(self, owner: int, skips: bool) -> tuple[Lots, bool]:
        """What an order of ``owner`` could trade here, and whether an own order stops it; one that ``skips`` goes on behind it.

        In front of an own order only the slices count: an iceberg's further ones go to the end of the queue, behind it.
        """
        counted = 0
        for part in (self.displayed, self.hidden):
            slices = counted
            for order in part.values():
                if order.owner != owner:
                    slices += order.lots
                    counted += order.leaves_lots
                elif not skips:
                    return slices, True
        return counted, False


class Ladder:
    """The prices of one side, best last, and the queue at each price."""

    __slots__ = ("keys", "queues", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.queues: dict[Ticks, PriceQueue] = {}

    def open(self, price_ticks: Ticks) -> PriceQueue:
        """A new queue at a price at which nobody stands yet."""
        key, keys = price_ticks * self.sign, self.keys
        if not keys or keys[-1] < key:
            keys.append(key)
        else:
            insort(keys, key)
        queue = self.queues[price_ticks] = PriceQueue()
        return queue

    def rest(self, order: RestingOrder) -> None:
        """Put an order at the end of its price's queue, an iceberg with its first slice."""
        queue = self.queues.get(order.price_ticks) or self.open(order.price_ticks)
        if order.hidden:
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
        queue = self.queues[order.price_ticks]
        if lots == order.lots and not order.reserve_lots:
            self.remove(order)
            order.lots = 0
            return False
        order.lots -= lots
        if order.hidden:
            queue.unseen -= lots
        else:
            queue.lots -= lots
        if order.lots:
            return False
        shown = min(order.display_lots, order.reserve_lots)
        order.lots = shown
        order.reserve_lots -= shown
        queue.lots += shown
        queue.unseen -= shown
        queue.displayed[order.order_id] = queue.displayed.pop(order.order_id)
        return True

    def shrink(self, order: RestingOrder, lots: Lots) -> None:
        """Take lots off an order that keeps some: first what it does not display."""
        queue = self.queues[order.price_ticks]
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
        queue = self.queues[order.price_ticks]
        if order.hidden:
            del queue.hidden[order.order_id]
            queue.unseen -= order.lots
        else:
            del queue.displayed[order.order_id]
            queue.lots -= order.lots
            if order.reserve_lots:
                queue.unseen -= order.reserve_lots
        if not queue.lots and not queue.unseen:
            self.forget(order.price_ticks)

    def forget(self, price_ticks: Ticks) -> None:
        """Drop a price at which nobody stands any more."""
        del self.queues[price_ticks]
        key, keys = price_ticks * self.sign, self.keys
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]

    def prices(self) -> Iterator[tuple[Ticks, PriceQueue]]:
        """Every price with its queue, best first."""
        for key in reversed(self.keys):
            yield key * self.sign, self.queues[key * self.sign]

    def best(self) -> tuple[Ticks, Lots]:
        """The best displayed price and the lots there; ``(0, 0)`` where nothing is displayed."""
        sign, queues = self.sign, self.queues
        for key in reversed(self.keys):
            lots = queues[key * sign].lots
            if lots:
                return key * sign, lots
        return (0, 0)

    def depth(self, levels: int) -> tuple[Level, ...]:
        """The best displayed price levels, nearest first."""
        found: list[Level] = []
        sign, queues = self.sign, self.queues
        for key in reversed(self.keys):
            if levels <= 0:
                break
            lots = queues[key * sign].lots
            if lots:
                found.append(Level(key * sign, lots))
                levels -= 1
        return tuple(found)

    def levels(self, bound: int) -> Iterator[PriceQueue]:
        """The queues at prices no worse than the key ``bound``, best first."""
        for key in reversed(self.keys):
            if key < bound:
                return
            yield self.queues[key * self.sign]

    def standing(self, bound: int) -> Iterator[RestingOrder]:
        """The orders at prices no worse than the key ``bound``, as they would trade (an iceberg once)."""
        for queue in self.levels(bound):
            yield from queue.displayed.values()
            yield from queue.hidden.values()

    def fillable(self, lots: Lots, bound: int, owner: int, skips: bool) -> Lots:
        """How many of ``lots`` could trade down to the key ``bound``, orders of ``owner`` (0: nobody) not counted."""
        found = 0
        for queue in self.levels(bound):
            if found >= lots:
                break
            counted, stopped = queue.of_others(owner, skips) if owner else (queue.lots + queue.unseen, False)
            found += counted
            if stopped:
                break
        return min(found, lots)

    def reached(self, lots: Lots, bound: int) -> list[RestingOrder]:
        """The orders with which ``lots`` would trade down to the key ``bound``, an iceberg counted with all it has."""
        makers: list[RestingOrder] = []
        for maker in self.standing(bound):
            if lots <= 0:
                break
            makers.append(maker)
            lots -= maker.leaves_lots
        return makers
