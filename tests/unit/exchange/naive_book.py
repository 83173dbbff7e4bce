"""The rules of the book once more, by brute force and written apart from it: one list, searched anew for every trade.

Everything the module text of the book says is here except capacity and watching: icebergs, hidden orders, minimum quantity,
self-trade prevention, replacing, matching off. What could trade at once is found by trading on a copy.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

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
from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.messages.orders import CancelReason, RejectReason, SelfTradePrevention, Side, TimeInForce

BUY, SELL = Side.BUY, Side.SELL
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL
LARGEST = 1_000_000_000_000


@dataclass
class Standing:
    """An order of the list."""

    number: int
    owner: int
    side: Side
    price: int | None
    shown: int
    reserve: int
    display: int
    hidden: bool
    arrival: int

    @property
    def leaves(self) -> int:
        return self.shown + self.reserve


class NaiveBook:
    """See the module."""

    def __init__(self) -> None:
        self.list: list[Standing] = []
        self.arrivals = 0
        self.matching = True

    def place(
        self,
        number: int,
        owner: int,
        side: Side,
        lots: int,
        *,
        price_ticks: int | None = None,
        time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCEL,
        post_only: bool = False,
        reprice: bool = False,
        display_lots: int = 0,
        hidden: bool = False,
        minimum_lots: int = 0,
        self_trade: SelfTradePrevention = SelfTradePrevention.NONE,
    ) -> list[BookEvent]:
        may_rest = price_ticks is not None and time_in_force not in (IOC, FOK)
        new = Standing(number, owner, side, price_ticks, lots, 0, display_lots, hidden, 0)
        if self.find(number):
            return [Refused(number, RejectReason.DUPLICATE_ORDER_ID)]
        if lots < 1 or lots > LARGEST:
            return [Refused(number, RejectReason.INVALID_QUANTITY)]
        if price_ticks is not None and (price_ticks < 1 or price_ticks > LARGEST):
            return [Refused(number, RejectReason.INVALID_PRICE)]
        wrong = [
            minimum_lots < 0 or minimum_lots > lots,
            display_lots < 0 or display_lots > lots,
            display_lots > 0 and lots > 1000 * display_lots,
            display_lots != 0 and hidden,
            post_only and not may_rest,
            post_only and minimum_lots != 0,
            reprice and not post_only,
        ]
        if any(wrong):
            return [Refused(number, RejectReason.INVALID_TERMS)]
        if reprice and (best := self.next_maker(new)) and best.price is not None:
            away = best.price - 1 if side is BUY else best.price + 1
            new.price = away if away > 0 else new.price
        if not self.matching and (not may_rest or minimum_lots):
            return [Refused(number, RejectReason.WRONG_PHASE)]
        if post_only and self.next_maker(new):
            return [Refused(number, RejectReason.POST_ONLY_WOULD_TAKE)]
        if time_in_force is FOK and self.at_once(new, self_trade) < lots:
            return [Refused(number, RejectReason.FILL_OR_KILL_UNFILLABLE)]
        if minimum_lots and self.at_once(new, self_trade) < minimum_lots:
            return [Refused(number, RejectReason.MINIMUM_QUANTITY_UNFILLABLE)]
        return self.enter(new, may_rest, self_trade)

    def enter(self, new: Standing, may_rest: bool, self_trade: SelfTradePrevention) -> list[BookEvent]:
        events = self.trade(new, self_trade)
        if new.shown and may_rest:
            assert new.price is not None
            events.append(Rested(new.number, new.price, new.shown))
            if new.display and new.shown > new.display:
                new.shown, new.reserve = new.display, new.shown - new.display
            self.to_the_end(new)
            self.list.append(new)
        elif new.shown:
            why = CancelReason.MARKET_REMAINDER if new.price is None else CancelReason.IMMEDIATE_OR_CANCEL
            events.append(Cancelled(new.number, new.shown, why))
        return events

    def trade(self, new: Standing, self_trade: SelfTradePrevention) -> list[BookEvent]:
        events: list[BookEvent] = []
        while new.shown and (maker := self.next_maker(new)):
            if new.owner and new.owner == maker.owner and self_trade is not SelfTradePrevention.NONE:
                self.prevent(new, maker, self_trade, events)
                continue
            assert maker.price is not None
            lots = min(maker.shown, new.shown)
            maker.shown -= lots
            new.shown -= lots
            events.append(Filled(new.number, maker.number, maker.price, lots, new.shown, maker.leaves))
            events += self.show_more(maker)
        return events

    def show_more(self, maker: Standing) -> list[BookEvent]:
        """What follows a trade of an order in the list: it leaves, or shows its next slice, or neither."""
        if maker.shown:
            return []
        if not maker.reserve:
            self.list.remove(maker)
            return []
        maker.shown = min(maker.display, maker.reserve)
        maker.reserve -= maker.shown
        self.to_the_end(maker)
        return [Refreshed(maker.number, maker.shown)]

    def prevent(self, new: Standing, maker: Standing, mode: SelfTradePrevention, events: list[BookEvent]) -> None:
        both = min(new.shown, maker.leaves) if mode is SelfTradePrevention.DECREMENT_AND_CANCEL else 0
        oldest = mode in (SelfTradePrevention.CANCEL_OLDEST, SelfTradePrevention.CANCEL_BOTH)
        newest = mode in (SelfTradePrevention.CANCEL_NEWEST, SelfTradePrevention.CANCEL_BOTH)
        for order, lost in ((maker, maker.leaves if oldest else both), (new, new.shown if newest else both)):
            if not lost:
                continue
            if lost == order.leaves:
                events.append(Cancelled(order.number, lost, CancelReason.SELF_TRADE))
                if order is maker:
                    self.list.remove(maker)
                order.shown = order.reserve = 0
            else:
                self.lose(order, lost)
                events.append(Reduced(order.number, lost, order.leaves, CancelReason.SELF_TRADE))

    def lose(self, order: Standing, lots: int) -> None:
        for _ in range(lots):
            if order.reserve:
                order.reserve -= 1
            else:
                order.shown -= 1

    def at_once(self, new: Standing, mode: SelfTradePrevention) -> int:
        """What would trade if own orders stopped the taker, or were passed over where they are cancelled on the way."""
        tried = copy.deepcopy(self)
        if new.owner and mode is not SelfTradePrevention.NONE:
            if mode is SelfTradePrevention.CANCEL_OLDEST:
                tried.list = [order for order in tried.list if order.owner != new.owner]
            else:
                mode = SelfTradePrevention.CANCEL_NEWEST
        events = tried.trade(copy.copy(new), mode)
        return sum(event.lots for event in events if isinstance(event, Filled))

    def next_maker(self, new: Standing) -> Standing | None:
        if not self.matching:
            return None
        found = [
            order
            for order in self.list
            if order.side is not new.side
            and order.price is not None
            and (new.price is None or (order.price <= new.price if new.side is BUY else order.price >= new.price))
        ]
        return min(found, key=self.rank, default=None)

    def rank(self, order: Standing) -> tuple[int, bool, int]:
        assert order.price is not None
        return (order.price if order.side is SELL else -order.price, order.hidden, order.arrival)

    def to_the_end(self, order: Standing) -> None:
        self.arrivals += 1
        order.arrival = self.arrivals

    def find(self, number: int) -> Standing | None:
        return next((order for order in self.list if order.number == number), None)

    def cancel(self, number: int) -> Cancelled | Refused:
        if (order := self.find(number)) is None:
            return Refused(number, RejectReason.UNKNOWN_ORDER)
        self.list.remove(order)
        return Cancelled(number, order.leaves, CancelReason.REQUESTED)

    def reduce(self, number: int, lots: int) -> Reduced | Cancelled | Refused:
        if (order := self.find(number)) is None:
            return Refused(number, RejectReason.UNKNOWN_ORDER)
        if lots < 1:
            return Refused(number, RejectReason.INVALID_QUANTITY)
        if lots >= order.leaves:
            return self.cancel(number)
        self.lose(order, lots)
        return Reduced(number, lots, order.leaves, CancelReason.REQUESTED)

    def replace(
        self,
        number: int,
        lots: int,
        price: int,
        *,
        post_only: bool = False,
        self_trade: SelfTradePrevention = SelfTradePrevention.NONE,
    ) -> list[BookEvent]:
        if (order := self.find(number)) is None:
            return [Refused(number, RejectReason.UNKNOWN_ORDER)]
        if lots < 1 or lots > LARGEST:
            return [Refused(number, RejectReason.INVALID_QUANTITY)]
        if price < 1 or price > LARGEST:
            return [Refused(number, RejectReason.INVALID_PRICE)]
        if order.display and lots > 1000 * order.display:
            return [Refused(number, RejectReason.INVALID_TERMS)]
        if price == order.price and lots <= order.leaves:
            self.lose(order, order.leaves - lots)
            return [Replaced(number, price, lots, True)]
        anew = Standing(number, order.owner, order.side, price, lots, 0, order.display, order.hidden, 0)
        if post_only and self.next_maker(anew):
            return [Refused(number, RejectReason.POST_ONLY_WOULD_TAKE)]
        self.list.remove(order)
        return [Replaced(number, price, lots, False), *self.enter(anew, True, self_trade)]

    def execute(self, number: int, lots: int) -> list[BookEvent]:
        order = self.find(number)
        assert order is not None
        order.shown -= lots
        return self.show_more(order)

    def standing(self, side: Side) -> list[Standing]:
        return sorted((order for order in self.list if order.side is side), key=self.rank)

    def front(self, side: Side) -> Any:
        """The next to trade, with the names that the book has for it."""
        own = self.standing(side)
        return Front(own[0].number, own[0].price or 0, own[0].shown) if own else None

    def depth(self, side: Side, levels: int) -> tuple[Level, ...]:
        shown = [order for order in self.standing(side) if not order.hidden and order.price is not None]
        prices = list(dict.fromkeys(order.price for order in shown if order.price is not None))[:levels]
        return tuple(Level(price, sum(order.shown for order in shown if order.price == price)) for price in prices)


@dataclass
class Front:
    """What uncrossing needs to know of an order."""

    order_id: int
    price_ticks: int
    lots: int
