"""Pegged orders: limit orders whose price follows a reference of the book.

=========  ====================================================  ===========================================================
peg        reference of a buy                                    reference of a sell
=========  ====================================================  ===========================================================
primary    the best bid                                          the best ask
market     the best ask                                          the best bid
mid        half of best bid plus best ask, rounded down          the same, rounded up
=========  ====================================================  ===========================================================

*Best* is the best displayed price at which somebody else than pegged orders displays something: pegs do not follow pegs,
and hidden orders are not followed. ``peg_offset_ticks`` is added to the reference, for a buy and for a sell alike. The
limit, if there is one, and the price bands bound the result: a buy never goes above it, a sell never below. A price below
one tick is as no reference.

Whenever a reference has changed after a command, the pegs are priced anew, oldest first. A new price is a new place in time,
at the end of the queue of that price, and the order may trade there like any limit order; one that is post only is kept one
tick away from the other side instead. When its reference vanishes a pegged order leaves the book and waits beside it
(``Parked``), with its age, until there is one again. Pegged orders do not take part in auctions: they wait through every
call phase.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from trading_ecosystem.domains.exchange.book.book import MAXIMUM_TICKS, OrderBook
from trading_ecosystem.domains.exchange.matching.bounded_book import BoundedBook
from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder
from trading_ecosystem.messages.orders import PegReference, Side
from trading_ecosystem.messages.units import Lots, Ticks

_BUY: Final = Side.BUY

References: TypeAlias = tuple[Ticks, Ticks]
"""The best bid and the best ask that pegs follow; 0 where there is none."""


class Pegs:
    """The pegged orders of one instrument, oldest first.

    ``settled`` is what all of them have been priced by, ``None`` where one has come, gone or changed since.
    """

    __slots__ = ("orders", "settled")

    def __init__(self) -> None:
        self.orders: dict[int, KeptOrder] = {}
        self.settled: References | None = None

    def add(self, kept: KeptOrder) -> None:
        """A pegged order came."""
        self.orders[kept.new.order_id] = kept
        self.settled = None

    def remove(self, order_id: int) -> None:
        """An order left; nothing happens where it was not pegged."""
        if self.orders.pop(order_id, None) is not None:
            self.settled = None

    def is_settled(self, references: References, bounded: BoundedBook) -> bool:
        """Whether every order stands where these references want it; with bands, or post-only orders, they alone do not say."""
        if references != self.settled or bounded.banded:
            return False
        return not any(kept.new.post_only for kept in self.orders.values())

    def references(self, book: OrderBook) -> References:
        """What pegs follow now."""
        return (self._best(book, _BUY), self._best(book, Side.SELL))

    def _best(self, book: OrderBook, side: Side) -> Ticks:
        own: dict[Ticks, Lots] = {}
        for kept in self.orders.values():
            if kept.rests and kept.new.side is side and not kept.terms.hidden:
                own[kept.price_ticks] = own.get(kept.price_ticks, 0) + kept.leaves_lots
        for level in book.depth(side, len(own) + 1):
            if level.quantity_lots > own.get(level.price_ticks, 0):
                return level.price_ticks
        return 0


def target(kept: KeptOrder, references: References, bounded: BoundedBook) -> Ticks:
    """The price that a pegged order should have, inside the price bands; 0 for none."""
    book = bounded.book
    bid, ask = references
    buys = kept.new.side is _BUY
    peg = kept.terms.peg
    if peg is PegReference.MID:
        if not bid or not ask:
            return 0
        reference = (bid + ask) // 2 if buys else (bid + ask + 1) // 2
    else:
        reference = bid if buys is (peg is PegReference.PRIMARY) else ask
        if not reference:
            return 0
    price = reference + kept.terms.peg_offset_ticks
    if kept.limit_ticks:
        price = min(price, kept.limit_ticks) if buys else max(price, kept.limit_ticks)
    price = bounded.allowed(kept.new.side, price)
    if not 0 < price <= MAXIMUM_TICKS or bounded.bound(kept.new.side, price).price_ticks == 0:
        return 0
    if kept.new.post_only and book.crosses(kept.new.side, price):
        other = book.front(Side.SELL if buys else _BUY)
        assert other is not None
        price = other.price_ticks - 1 if buys else other.price_ticks + 1
    return max(price, 0)
