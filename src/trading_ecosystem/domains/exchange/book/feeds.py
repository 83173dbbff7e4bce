"""Market data feeds from the book's events alone: best prices (L1), lots per price (L2), every displayed order (L3).

Whoever hears all events of a book, in order, knows what stands in it without asking it::

    feed = Feed()
    feed.follow(book.place(1, 7, Side.SELL, 5, price_ticks=100), Side.SELL)
    feed.best(Side.SELL)                                # (100, 5)

The same events feed a journal and a replay. An event says what happened to an order, not what its owner asked for, so the side
of a new order, and the terms that decide how much of it is displayed, come with the events of its command. What an event
contradicts (a fill of an order that is not there, lots that do not add up) raises :class:`ValueError`: a feed that missed an
event must not go on as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from trading_ecosystem.domains.exchange.book.book_events import (
    BookEvent,
    Cancelled,
    Filled,
    Reduced,
    Refreshed,
    Replaced,
    Rested,
)
from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Lots, Ticks


class FeedOrder(msgspec.Struct, gc=False):
    """An order as the feed knows it: ``lots`` of ``leaves_lots`` trade in its turn; a hidden one displays none."""

    order_id: int
    side: Side
    price_ticks: Ticks
    leaves_lots: Lots
    lots: Lots
    display_lots: Lots = 0
    hidden: bool = False


class Feed:
    """A book rebuilt from its events."""

    def __init__(self) -> None:
        self.orders: dict[int, FeedOrder] = {}
        """Every order that rests, oldest first: who goes to the end of a queue goes to the end here."""
        self.traded_lots: Lots = 0

    def follow(self, events: Iterable[BookEvent], side: Side, *, display_lots: Lots = 0, hidden: bool = False) -> None:
        """Take in the events of one command; ``side`` and terms are those of its order, unless it rested before."""
        anew: FeedOrder | None = None
        for event in events:
            if isinstance(event, Filled):
                self._trade(event)
            elif isinstance(event, Rested):
                known = anew or FeedOrder(event.order_id, side, 0, 0, 0, display_lots, hidden)
                self._rest(known, event)
            elif isinstance(event, Refreshed):
                self._refresh(event)
            elif isinstance(event, Replaced):
                anew = self._replace(event)
            elif isinstance(event, Reduced):
                self._reduce(event)
            elif isinstance(event, Cancelled):
                self._cancel(event)

    def execute(self, order_id: int, lots: Lots, events: Iterable[BookEvent]) -> None:
        """A resting order traded at the caller's price, as in an auction; ``events`` are what the book said of it.

        The lots of both sides of such a trade come here: ``traded_lots`` counts the sellers'.
        """
        order = self.orders[order_id]
        self._lose_slice(order, lots)
        if order.side is Side.SELL:
            self.traded_lots += lots
        for event in events:
            if isinstance(event, Refreshed):
                self._refresh(event)

    # ---------------------------------------------------------------- events

    def _trade(self, event: Filled) -> None:
        maker = self._known(event.maker_id)
        if maker.price_ticks != event.price_ticks or event.lots <= 0:
            raise ValueError(f"a fill of order {event.maker_id} at {event.price_ticks}, which rests at {maker.price_ticks}")
        self._lose_slice(maker, event.lots)
        self._agree(maker, event.maker_leaves_lots)
        self.traded_lots += event.lots

    def _lose_slice(self, order: FeedOrder, lots: Lots) -> None:
        if lots > order.lots:
            raise ValueError(f"order {order.order_id} traded {lots} lots and had {order.lots} to trade")
        order.lots -= lots
        order.leaves_lots -= lots
        if not order.leaves_lots:
            del self.orders[order.order_id]

    def _rest(self, order: FeedOrder, event: Rested) -> None:
        if event.order_id in self.orders:
            raise ValueError(f"order {event.order_id} rested twice")
        order.price_ticks, order.leaves_lots = event.price_ticks, event.leaves_lots
        order.lots = min(order.display_lots or event.leaves_lots, event.leaves_lots)
        self.orders[event.order_id] = order

    def _refresh(self, event: Refreshed) -> None:
        order = self.orders.pop(event.order_id, None)
        if order is None or order.lots or event.shown_lots > order.leaves_lots:
            raise ValueError(f"order {event.order_id} showed a slice that it cannot have")
        order.lots = event.shown_lots
        self.orders[event.order_id] = order

    def _replace(self, event: Replaced) -> FeedOrder:
        order = self._known(event.order_id)
        if event.kept_place:
            order.lots = min(order.lots, event.leaves_lots)
            order.leaves_lots = event.leaves_lots
        else:
            del self.orders[event.order_id]
        return order

    def _reduce(self, event: Reduced) -> None:
        order = self.orders.get(event.order_id)
        if order is None:
            return  # A taker that lost lots against an own order before it rested.
        order.leaves_lots -= event.lots
        order.lots = min(order.lots, order.leaves_lots)
        self._agree(order, event.leaves_lots)

    def _cancel(self, event: Cancelled) -> None:
        order = self.orders.pop(event.order_id, None)
        if order is not None:
            self._agree(order, event.leaves_lots)

    def _known(self, order_id: int) -> FeedOrder:
        if (order := self.orders.get(order_id)) is None:
            raise ValueError(f"order {order_id} does not rest")
        return order

    def _agree(self, order: FeedOrder, leaves_lots: Lots) -> None:
        if order.leaves_lots != leaves_lots:
            raise ValueError(f"order {order.order_id} has {order.leaves_lots} lots left, and an event says {leaves_lots}")

    # ---------------------------------------------------------------- what the feeds show

    def best(self, side: Side) -> tuple[Ticks, Lots]:
        """L1: the best displayed price of a side and the lots there; ``(0, 0)`` where nothing is displayed."""
        levels = self.depth(side, 1)
        return (levels[0].price_ticks, levels[0].quantity_lots) if levels else (0, 0)

    def depth(self, side: Side, levels: int) -> tuple[Level, ...]:
        """L2: the best displayed price levels of a side, nearest first."""
        shown: dict[Ticks, Lots] = {}
        for order in self.orders.values():
            if order.side is side and not order.hidden:
                shown[order.price_ticks] = shown.get(order.price_ticks, 0) + order.lots
        nearest = sorted(shown, reverse=side is Side.BUY)[: max(levels, 0)]
        return tuple(Level(price, shown[price]) for price in nearest)

    def displayed(self, side: Side) -> Iterator[FeedOrder]:
        """L3: the displayed orders of a side in the order of trading, an iceberg with the slice that it shows."""
        return (order for order in self.standing(side) if not order.hidden)

    def standing(self, side: Side) -> list[FeedOrder]:
        """Every order of a side in the order of trading, hidden ones too: what only the venue may see."""
        sign = -1 if side is Side.BUY else 1
        own = [order for order in self.orders.values() if order.side is side]
        return sorted(own, key=lambda order: (sign * order.price_ticks, order.hidden))
