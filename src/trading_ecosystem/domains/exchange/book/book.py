"""One instrument's order book: price, then time. A pure library, usable alone::

    book = OrderBook("BTC/USD")
    book.place(1, 7, Side.SELL, 5, price_ticks=100)
    book.place(2, 8, Side.BUY, 3, price_ticks=101)      # [Filled(taker_id=2, maker_id=1, price_ticks=100, lots=3, ...)]

This is the *specification*: the plain book, against which the compiled one is compared event by event.

**Priority.** Prices are whole ticks, quantities whole lots. An incoming order (the taker) trades with the best opposite price
first, always at the price of the resting order (the maker), for as long as prices cross and lots are left. Within a price
all that is *displayed* trades first, oldest first; then what is *hidden*, oldest first.

======================  ==================================================================================================
order                   what happens to what does not trade at once
======================  ==================================================================================================
good till cancel        it rests at the end of the queue of its price (so do day orders and all others that may rest:
                        when they expire is not the book's affair)
immediate or cancel     it is cancelled
fill or kill            there is none: unless all of it can trade at once, the order is refused whole
market                  no limit: it is cancelled (there is no price at which it could rest)
post only               the order is refused if any of it would trade; with ``reprice`` it rests one tick away from the
                        best opposite price instead
minimum quantity        unless that much can trade at once, the order is refused whole
iceberg                 ``display_lots`` of it are displayed at a time; when these have traded, the next slice goes to the
                        end of the queue of its price (``Refreshed``); there are at most ``MAXIMUM_SLICES``
hidden                  none of it is displayed
======================  ==================================================================================================

**Replacing.** Less of an order at the same price keeps its place, the undisplayed part going first; any other price or
more lots is a new order under the old number, which may trade. A cancelled or replaced order that is not there is refused.

**Self-trade prevention** applies where taker and maker have the same ``owner`` and that is not 0. The taker's instruction
decides (:class:`~trading_ecosystem.messages.exchange.SelfTradePrevention`). What can trade at once, for fill or kill
and minimum quantity, never counts an own order, nor, unless own orders are cancelled on the way, anything behind it.

**Refusals** are checked in this order, the first that applies is said, and nothing changes: ``DUPLICATE_ORDER_ID``,
``UNKNOWN_ORDER``, ``INVALID_QUANTITY``, ``INVALID_PRICE``, ``INVALID_TERMS``, ``WRONG_PHASE``, ``POST_ONLY_WOULD_TAKE``,
``FILL_OR_KILL_UNFILLABLE``, ``MINIMUM_QUANTITY_UNFILLABLE``, ``BOOK_FULL`` (some of it would rest, and there is no room).

**Auctions.** While ``matching`` is off nothing trades: limit orders rest wherever they are, bids above asks too; whatever
has to trade at once is refused (``WRONG_PHASE``). Otherwise a book is never crossed. Uncrossing is the caller's affair, with
:meth:`OrderBook.front` and :meth:`OrderBook.execute`.

An order is known by the number its caller gave it, any 64-bit integer, free again once the order has left. Kept are two
ladders (:mod:`.ladder`) and a table of orders by number; ``updates`` counts every change of what rests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from trading_ecosystem.domains.exchange.book.book_events import (
    BookEvent,
    Cancelled,
    Filled,
    Reduced,
    Refreshed,
    Refused,
    Replaced,
    Rested,
)
from trading_ecosystem.domains.exchange.book.book_terms import MAXIMUM_SLICES, self_trade_losses, terms_agree
from trading_ecosystem.domains.exchange.book.ladder import NO_ABOVE, NO_BELOW, Ladder, RestingOrder
from trading_ecosystem.messages.book_words import CancelReason, Level, RejectReason, SelfTradePrevention, Side, TimeInForce
from trading_ecosystem.messages.units import Lots, Ticks

MAXIMUM_LOTS: Final = 10**12
"""The largest quantity of one order; larger ones are ``INVALID_QUANTITY``."""
MAXIMUM_TICKS: Final = 10**12
"""The highest price of one order; higher ones are ``INVALID_PRICE``."""
CAPACITY: Final = 1_000_000
"""Resting orders of one book, unless its maker says otherwise."""
MAXIMUM_CAPACITY: Final = 4_000_000
"""What its maker may say: all lots of one side fit into 62 bits."""

_ORDINARY: Final = (1 << 30) - 1
"""Quantities below it are the ordinary ones; Python compares them fastest."""
_BUY: Final = Side.BUY
_NONE: Final = SelfTradePrevention.NONE
_CANCEL_OLDEST: Final = SelfTradePrevention.CANCEL_OLDEST
_TILL_CANCEL: Final = TimeInForce.GOOD_TILL_CANCEL
_MARKET_REMAINDER: Final = CancelReason.MARKET_REMAINDER
_NOT_AT_ONCE: Final = CancelReason.IMMEDIATE_OR_CANCEL
_IMMEDIATE: Final = TimeInForce.IMMEDIATE_OR_CANCEL
_FILL_OR_KILL: Final = TimeInForce.FILL_OR_KILL


class OrderBook:
    """The book of one instrument; see the module's text for its rules.

    ``attention`` becomes true when a trade happens at or below ``watch_below`` or at or above ``watch_above``; who set
    these clears it. ``best_watched`` asks whoever sends many commands in a row to stop when a best price changes.
    """

    # fmt: off
    __slots__ = ("asks", "attention", "best_watched", "bids", "capacity", "matching", "orders", "symbol", "updates",
                 "watch_above", "watch_below")
    # fmt: on

    def __init__(self, symbol: str, capacity: int = CAPACITY) -> None:
        if not 0 <= capacity <= MAXIMUM_CAPACITY:
            raise ValueError(f"a book has room for 0 to {MAXIMUM_CAPACITY:,} orders, not {capacity}")
        self.symbol = symbol
        self.capacity = capacity
        self.bids = Ladder(1)
        self.asks = Ladder(-1)
        self.orders: dict[int, RestingOrder] = {}
        self.updates = 0
        self.matching = True
        self.watch_below: Ticks = NO_BELOW
        self.watch_above: Ticks = NO_ABOVE
        self.best_watched = False
        self.attention = False

    def __len__(self) -> int:
        """How many orders rest."""
        return len(self.orders)

    def __contains__(self, order_id: int) -> bool:
        return order_id in self.orders

    # ---------------------------------------------------------------- commands

    def place(
        self,
        order_id: int,
        owner: int,
        side: Side,
        lots: Lots,
        price_ticks: Ticks | None = None,
        time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCEL,  # from here on by name; a star would cost a tenth
        post_only: bool = False,
        reprice: bool = False,
        display_lots: Lots = 0,
        hidden: bool = False,
        minimum_lots: Lots = 0,
        self_trade: SelfTradePrevention = SelfTradePrevention.NONE,
    ) -> list[BookEvent]:
        """Take an order with a limit of ``price_ticks``, or a market order where it is ``None``; return what happened."""
        orders = self.orders
        queue = (self.bids if side is _BUY else self.asks).queues.get(price_ticks or 0)
        if (
            queue is not None
            and price_ticks is not None
            and time_in_force is _TILL_CANCEL
            and 0 < lots < _ORDINARY
            and order_id not in orders
            and len(orders) < self.capacity
            and not (post_only or reprice or display_lots or hidden or minimum_lots)
        ):
            # Nearly all orders are plain ones where others of their side rest, a price that is valid and does not cross.
            queue.displayed[order_id] = orders[order_id] = RestingOrder(order_id, owner, side, price_ticks, lots)
            queue.lots += lots
            self.updates += 1
            return [Rested(order_id, price_ticks, lots)]
        if order_id in orders:
            return [Refused(order_id, RejectReason.DUPLICATE_ORDER_ID)]
        if not 0 < lots <= MAXIMUM_LOTS:
            return [Refused(order_id, RejectReason.INVALID_QUANTITY)]
        if price_ticks is not None and not 0 < price_ticks <= MAXIMUM_TICKS:
            return [Refused(order_id, RejectReason.INVALID_PRICE)]
        rests = price_ticks is not None and time_in_force is not _IMMEDIATE and time_in_force is not _FILL_OR_KILL
        rare = post_only or reprice or display_lots or hidden or minimum_lots
        if rare and not terms_agree(lots, rests, post_only, reprice, display_lots, hidden, minimum_lots):
            return [Refused(order_id, RejectReason.INVALID_TERMS)]
        if reprice and price_ticks is not None:
            price_ticks = self._not_taking(side, price_ticks)
        if not self.matching and (not rests or minimum_lots):
            return [Refused(order_id, RejectReason.WRONG_PHASE)]
        if post_only and self.crosses(side, price_ticks):
            return [Refused(order_id, RejectReason.POST_ONLY_WOULD_TAKE)]
        if time_in_force is _FILL_OR_KILL and self.fillable(side, lots, price_ticks, owner, self_trade) < lots:
            return [Refused(order_id, RejectReason.FILL_OR_KILL_UNFILLABLE)]
        if minimum_lots and self.fillable(side, minimum_lots, price_ticks, owner, self_trade) < minimum_lots:
            return [Refused(order_id, RejectReason.MINIMUM_QUANTITY_UNFILLABLE)]
        if len(orders) >= self.capacity and rests and self.fillable(side, lots, price_ticks, owner, self_trade) < lots:
            return [Refused(order_id, RejectReason.BOOK_FULL)]
        events: list[BookEvent] = []
        order = RestingOrder(order_id, owner, side, price_ticks or 0, lots, 0, display_lots, hidden)
        self._enter(order, price_ticks, rests, self_trade, events)
        if order.lots and not rests:
            events.append(Cancelled(order_id, order.lots, _MARKET_REMAINDER if price_ticks is None else _NOT_AT_ONCE))
        return events

    def replace(
        self,
        order_id: int,
        leaves_lots: Lots,
        price_ticks: Ticks,
        *,
        post_only: bool = False,
        self_trade: SelfTradePrevention = SelfTradePrevention.NONE,
    ) -> list[BookEvent]:
        """Give a resting order another quantity (what it is still to trade) or price; see the module's text for its place."""
        if (order := self.orders.get(order_id)) is None:
            return [Refused(order_id, RejectReason.UNKNOWN_ORDER)]
        if not 0 < leaves_lots <= MAXIMUM_LOTS:
            return [Refused(order_id, RejectReason.INVALID_QUANTITY)]
        if not 0 < price_ticks <= MAXIMUM_TICKS:
            return [Refused(order_id, RejectReason.INVALID_PRICE)]
        if leaves_lots > (order.display_lots or leaves_lots) * MAXIMUM_SLICES:
            return [Refused(order_id, RejectReason.INVALID_TERMS)]
        leaves = order.leaves_lots
        if price_ticks == order.price_ticks and leaves_lots <= leaves:
            if leaves_lots < leaves:
                self._shrink(order, leaves - leaves_lots)
            return [Replaced(order_id, price_ticks, leaves_lots, True)]
        if post_only and self.crosses(order.side, price_ticks):
            return [Refused(order_id, RejectReason.POST_ONLY_WOULD_TAKE)]
        self.cancel(order_id)
        order.price_ticks, order.lots = price_ticks, leaves_lots
        if order.reserve_lots:
            order.reserve_lots = 0
        events: list[BookEvent] = [Replaced(order_id, price_ticks, leaves_lots, False)]
        self._enter(order, price_ticks, True, self_trade, events)
        return events

    def reduce(self, order_id: int, lots: Lots) -> Reduced | Cancelled | Refused:
        """Take lots off a resting order, which keeps its place; all of them, or more, is a cancellation."""
        if (order := self.orders.get(order_id)) is None:
            return Refused(order_id, RejectReason.UNKNOWN_ORDER)
        if lots <= 0:
            return Refused(order_id, RejectReason.INVALID_QUANTITY)
        if lots >= order.leaves_lots:
            return self.cancel(order_id)
        self._shrink(order, lots)
        return Reduced(order_id, lots, order.leaves_lots, CancelReason.REQUESTED)

    def cancel(self, order_id: int, reason: CancelReason = CancelReason.REQUESTED) -> Cancelled | Refused:
        """Take an order out of the book."""
        if (order := self.orders.pop(order_id, None)) is None:
            return Refused(order_id, RejectReason.UNKNOWN_ORDER)
        own = self.bids if order.side is _BUY else self.asks
        self.updates += 1
        queue = own.queues[order.price_ticks]
        if order.reserve_lots or order.hidden or order.lots == queue.lots:
            own.remove(order)
            return Cancelled(order_id, order.lots + order.reserve_lots, reason)
        # All of it is displayed, and others stay in its queue, as with nearly all orders: the same in short.
        del queue.displayed[order_id]
        queue.lots -= order.lots
        return Cancelled(order_id, order.lots, reason)

    def execute(self, order_id: int, lots: Lots) -> list[BookEvent]:
        """Let a resting order trade up to what it offers in its turn (``order.lots``), at a price that the caller knows.

        Returns its ``Refreshed``, if it is an iceberg that shows its next slice; the fill is for the caller to say.
        """
        order = self.orders[order_id]
        assert 0 < lots <= order.lots
        return [Refreshed(order_id, order.lots)] if self._trade(order, lots) else []

    # ---------------------------------------------------------------- how it works

    def _not_taking(self, side: Side, limit: Ticks) -> Ticks:
        """The limit, or, where it would trade, one tick away from the best opposite price where there is such a price."""
        if not self.crosses(side, limit):
            return limit
        return -self.asks.keys[-1] - 1 or limit if side is _BUY else self.bids.keys[-1] + 1

    def _enter(
        self, order: RestingOrder, limit: Ticks | None, rests: bool, self_trade: SelfTradePrevention, events: list[BookEvent]
    ) -> None:
        """Trade what can trade, and let the rest rest if it may; else ``order.lots`` is what is left of it."""
        own, opposite = (self.bids, self.asks) if order.side is _BUY else (self.asks, self.bids)
        if self.matching and opposite.keys:
            bound = NO_BELOW if limit is None else limit * opposite.sign
            if opposite.keys[-1] >= bound:
                self._take(order, opposite, bound, self_trade if order.owner else _NONE, events)
        if rests and order.lots:
            own.rest(order)
            self.orders[order.order_id] = order
            self.updates += 1
            events.append(Rested(order.order_id, order.price_ticks, order.lots + order.reserve_lots))

    def _take(
        self, taker: RestingOrder, opposite: Ladder, bound: int, self_trade: SelfTradePrevention, events: list[BookEvent]
    ) -> None:
        """Trade with the opposite side down to ``bound``, maker by maker."""
        keys, sign, queues = opposite.keys, opposite.sign, opposite.queues
        avoided = None if self_trade is _NONE else taker.owner
        while taker.lots and keys and keys[-1] >= bound:
            price = keys[-1] * sign
            queue = queues[price]
            if not queue.unseen and (fills := queue.trade_displayed(taker, avoided, self.orders)):
                if not queue.lots:
                    opposite.forget(price)
                if price <= self.watch_below or price >= self.watch_above:
                    self.attention = True
                self.updates += len(fills)
                events += fills
                continue
            maker = queue.first()
            if maker.owner == avoided:
                self._prevent(taker, maker, self_trade, events)
                continue
            lots = min(maker.lots, taker.lots)
            taker.lots -= lots
            refreshed = self._trade(maker, lots)
            events.append(Filled(taker.order_id, maker.order_id, price, lots, taker.lots, maker.leaves_lots))
            if refreshed:
                events.append(Refreshed(maker.order_id, maker.lots))

    def _trade(self, maker: RestingOrder, lots: Lots) -> bool:
        """A resting order trades; true if it refreshed."""
        price = maker.price_ticks
        if price <= self.watch_below or price >= self.watch_above:
            self.attention = True
        self.updates += 1
        refreshed = (self.bids if maker.side is _BUY else self.asks).trade(maker, lots)
        if not maker.lots:
            del self.orders[maker.order_id]
        return refreshed

    def _prevent(
        self, taker: RestingOrder, maker: RestingOrder, self_trade: SelfTradePrevention, events: list[BookEvent]
    ) -> None:
        """Taker and maker are of one owner: do as the taker's instruction says."""
        reason = CancelReason.SELF_TRADE
        makers, takers = maker.leaves_lots, taker.lots
        makers_lose, takers_lose = self_trade_losses(self_trade, makers, takers)
        if makers_lose == makers:
            events.append(self.cancel(maker.order_id, reason))
        elif makers_lose:
            self._shrink(maker, makers_lose)
            events.append(Reduced(maker.order_id, makers_lose, maker.leaves_lots, reason))
        taker.lots -= takers_lose
        if not taker.lots:
            events.append(Cancelled(taker.order_id, takers, reason))
        elif takers_lose:
            events.append(Reduced(taker.order_id, takers_lose, taker.lots, reason))

    def _side(self, side: Side) -> Ladder:
        return self.bids if side is _BUY else self.asks

    def _shrink(self, order: RestingOrder, lots: Lots) -> None:
        self._side(order.side).shrink(order, lots)
        self.updates += 1

    # ---------------------------------------------------------------- questions

    def order(self, order_id: int) -> RestingOrder | None:
        """A resting order, not to be changed; ``None`` where none has this number."""
        return self.orders.get(order_id)

    def crosses(self, side: Side, limit_ticks: Ticks | None) -> bool:
        """Whether an order would trade at all; never while matching is off."""
        opposite = self.asks if side is _BUY else self.bids
        if not opposite.keys or not self.matching:
            return False
        return limit_ticks is None or opposite.keys[-1] >= limit_ticks * opposite.sign

    def fillable(
        self,
        side: Side,
        lots: Lots,
        limit_ticks: Ticks | None = None,
        owner: int = 0,
        self_trade: SelfTradePrevention = SelfTradePrevention.NONE,
    ) -> Lots:
        """How many of ``lots`` could trade at once, own orders not counted; see the module's text."""
        if not self.matching:
            return 0
        opposite = self.asks if side is _BUY else self.bids
        bound = NO_BELOW if limit_ticks is None else limit_ticks * opposite.sign
        return opposite.fillable(lots, bound, owner if self_trade is not _NONE else 0, self_trade is _CANCEL_OLDEST)

    def reached(self, side: Side, lots: Lots, limit_ticks: Ticks | None = None) -> list[RestingOrder]:
        """The resting orders that an order of ``lots`` would trade with, in the order of trading, not to be changed.

        An iceberg counts once and with all it has, so that where there are any the list may end too early by what they hide.
        """
        opposite = self.asks if side is _BUY else self.bids
        return opposite.reached(lots, NO_BELOW if limit_ticks is None else limit_ticks * opposite.sign)

    def front(self, side: Side) -> RestingOrder | None:
        """The order of a side that trades next, not to be changed; ``None`` where the side is empty."""
        return next(self._side(side).standing(NO_BELOW), None)

    def best(self, side: Side) -> tuple[Ticks, Lots]:
        """Best displayed price of a side and the lots there; ``(0, 0)`` where nothing is displayed."""
        return self._side(side).best()

    def depth(self, side: Side, levels: int) -> tuple[Level, ...]:
        """The best displayed price levels of a side, nearest first."""
        return self._side(side).depth(levels)

    def interest(self, side: Side) -> list[tuple[Ticks, Lots]]:
        """Every price of a side with all lots that stand there, displayed or not, best first; for auctions."""
        return [(price_ticks, queue.lots + queue.unseen) for price_ticks, queue in self._side(side).prices()]

    def standing(self, side: Side) -> Iterator[RestingOrder]:
        """Every order of a side in the order of trading, not to be changed."""
        return self._side(side).standing(NO_BELOW)
