"""The door for named orders: may it enter, what does it hold, what becomes of it.

The checks stand in the order of :class:`~trading_ecosystem.messages.exchange.RejectReason`, and the first that applies is
said. Those up to ``INVALID_TIME_IN_FORCE`` look at the order alone (:func:`refused_by_form`); then the background flow is
brought up to now, and the others look at the book and the claims (:meth:`OrderEntry.refused_by_state`).

- A market order has price 0 and is immediate or cancel, or fill or kill: without a price it cannot rest. Post only is for
  orders that may rest, good till cancel ones with a limit. Anything else is ``INVALID_TIME_IN_FORCE``.
- ``SELF_TRADE``: the order would meet an order of exactly the same account among those it trades with. Other sub-accounts
  of the same master are others.
- ``WRONG_PHASE``: a perpetual that has no mark price yet.
- ``BOOK_FULL``: some of the order would rest, and the book has no room.
- The venue's own accounts take no orders, they are ``UNKNOWN_ACCOUNT`` here.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.accounts import Accounts
from trading_ecosystem.domains.exchange.book import MAXIMUM_LOTS, MAXIMUM_TICKS
from trading_ecosystem.domains.exchange.book_events import Cancelled, Filled, Rested
from trading_ecosystem.domains.exchange.claims import Claim, Claims
from trading_ecosystem.domains.exchange.fees import buy_hold
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.orders import Order, OrderEvent, OrderTable
from trading_ecosystem.domains.exchange.trade_capture import TradeCapture
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import ClaimReason, OrderCancelled, PlaceOrder
from trading_ecosystem.messages.orders import CancelReason, OrderType, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.units import MinorUnits, Nanos
from trading_ecosystem.ports.component import Later

MAXIMUM_CLIENT_ORDER_ID: Final = 36
"""The longest client order id, in characters."""

_BUY: Final = Side.BUY
_LIMIT: Final = OrderType.LIMIT
_MARKET: Final = OrderType.MARKET
_GOOD_TILL_CANCEL: Final = TimeInForce.GOOD_TILL_CANCEL
_FILL_OR_KILL: Final = TimeInForce.FILL_OR_KILL


def refused_by_form(asked: PlaceOrder) -> RejectReason | None:
    """Why an order is refused whatever the state of the venue, ``INVALID_QUANTITY`` to ``INVALID_TIME_IN_FORCE``."""
    if not 0 < asked.quantity_lots <= MAXIMUM_LOTS:
        return RejectReason.INVALID_QUANTITY
    resting = asked.time_in_force is _GOOD_TILL_CANCEL
    if asked.order_type is _MARKET:
        if asked.price_ticks != 0:
            return RejectReason.INVALID_PRICE
        return RejectReason.INVALID_TIME_IN_FORCE if resting or asked.post_only else None
    if not 0 < asked.price_ticks <= MAXIMUM_TICKS:
        return RejectReason.INVALID_PRICE
    return RejectReason.INVALID_TIME_IN_FORCE if asked.post_only and not resting else None


class OrderEntry:
    """Takes and cancels the orders of named accounts in every market of one venue."""

    __slots__ = ("_accounts", "_capacity", "_capture", "_claims", "_margin", "_orders", "_rate_ppm", "venue")

    def __init__(
        self, venue: str, capacity: int, accounts: Accounts, claims: Claims, orders: OrderTable, capture: TradeCapture
    ) -> None:
        self.venue = venue
        self._accounts = accounts
        self._capacity = capacity
        self._claims = claims
        self._orders = orders
        self._capture = capture
        self._margin = capture.margin
        self._rate_ppm = capture.highest_rate_ppm

    def enter(self, market: Market, asked: PlaceOrder, now: Nanos, said: list[Message | Later]) -> Order:
        """Answer an order that has passed the checks of form, with the flow brought up to now; add all of it to ``said``."""
        order = Order(asked, 0, now, asked.quantity_lots, asked.price_ticks)
        reason = self._refused_by_state(market, order)
        if reason is not None:
            return self.refuse(order, reason, said)
        self._admit(market, order, now, said)
        return order

    def force(self, market: Market, asked: PlaceOrder, now: Nanos, said: list[Message | Later]) -> None:
        """Take an immediate-or-cancel limit order of the venue's own making for an account, without any check."""
        market.house.withdraw_unaffordable(asked.side, asked.quantity_lots)
        self._admit(market, Order(asked, 0, now, asked.quantity_lots, asked.price_ticks), now, said)

    @property
    def next_order_id(self) -> int:
        """The number that the next order will have."""
        return self._orders.last_order_id + 1

    def _admit(self, market: Market, order: Order, now: Nanos, said: list[Message | Later]) -> None:
        """An order that nothing speaks against is held for, numbered, accepted and matched."""
        asked = order.command
        if not market.instrument.is_perpetual:
            self._hold(market, order, said)
        self._orders.last_order_id += 1
        order.order_id = self._orders.last_order_id
        order.happens(OrderEvent.ACCEPT)
        self._orders.open[order.order_id] = order
        if market.instrument.is_perpetual:
            self._margin.opened(market.instrument, order, said)
        said.append(order.accepted(asked.quantity_lots))
        events = market.book.place(
            order.order_id,
            self._accounts.number_of(asked.account),
            asked.side,
            asked.quantity_lots,
            price_ticks=asked.price_ticks if asked.order_type is _LIMIT else None,
            time_in_force=asked.time_in_force,
            post_only=asked.post_only,
        )
        for event in events:
            if isinstance(event, Filled):
                self._capture.capture(market.instrument, market.tape, event, order, asked.side, now, said)
            elif isinstance(event, Cancelled):
                self._leave(market, order, event.reason, said)
            else:
                assert isinstance(event, Rested)
                assert event.leaves_lots == order.leaves_lots

    def refuse(self, order: Order, reason: RejectReason, said: list[Message | Later]) -> Order:
        """Answer with a reason, and nothing else changes."""
        order.happens(OrderEvent.REJECT)
        order.refused = reason
        said.append(order.answer())
        return order

    def cancel_all(self, markets: dict[str, Market], account: str, reason: CancelReason, said: list[Message | Later]) -> None:
        """Take every open order of an account out of its book, oldest first."""
        for order in [one for one in self._orders.open.values() if one.command.account == account]:
            self.cancel(markets[order.command.instrument], order, said, reason)

    def cancel(
        self, market: Market, order: Order, said: list[Message | Later], reason: CancelReason = CancelReason.REQUESTED
    ) -> None:
        """Take an open order out of the book, by default at its account's request."""
        cancelled = market.book.cancel(order.order_id, reason)
        assert isinstance(cancelled, Cancelled)
        self._leave(market, order, cancelled.reason, said)

    def _refused_by_state(self, market: Market, order: Order) -> RejectReason | None:
        """The checks from ``NO_LIQUIDITY`` on; sets the price at which a market buy is held."""
        asked, book = order.command, market.book
        side, lots = asked.side, asked.quantity_lots
        limit = asked.price_ticks if asked.order_type is _LIMIT else None
        fillable = 0
        if book.crosses(side, limit):
            market.house.withdraw_unaffordable(side, lots)
            fillable = book.fillable(side, lots, limit)
        if limit is None and not fillable:
            return RejectReason.NO_LIQUIDITY
        if asked.post_only and fillable:
            return RejectReason.POST_ONLY_WOULD_TAKE
        if asked.time_in_force is _FILL_OR_KILL and fillable < lots:
            return RejectReason.FILL_OR_KILL_UNFILLABLE
        if fillable:
            reached = book.reached(side, lots, limit)
            owner = self._accounts.number_of(asked.account)
            if any(maker.owner == owner for maker in reached):
                return RejectReason.SELF_TRADE
            if limit is None:
                order.hold_price_ticks = reached[-1].price_ticks
                order.unheld_lots = lots - fillable
        if market.instrument.is_perpetual and market.instrument.symbol not in self._margin.marks:
            return RejectReason.WRONG_PHASE
        if self._needed(market, order) > self._claim(market, order).available:
            return RejectReason.INSUFFICIENT_CLAIM
        rests = fillable < lots and limit is not None and asked.time_in_force is _GOOD_TILL_CANCEL
        if rests and len(book) >= self._capacity:
            return RejectReason.BOOK_FULL
        return None

    def _needed(self, market: Market, order: Order) -> MinorUnits:
        """What the order has to have held for what is left of it; in a perpetual, what it needs beside the margin held."""
        if market.instrument.is_perpetual:
            return self._margin.needed(market.instrument, order)
        if order.command.side is _BUY:
            return buy_hold(order.hold_price_ticks, order.held_lots, market.instrument.tick_value, self._rate_ppm)
        return market.instrument.base_amount(order.held_lots)

    def _claim(self, market: Market, order: Order) -> Claim:
        """The claim that the order is held in."""
        asked = order.command
        in_quote = asked.side is _BUY or market.instrument.is_perpetual
        return self._claims.of(asked.account, market.instrument.quote if in_quote else market.instrument.base)

    def _hold(self, market: Market, order: Order, said: list[Message | Later]) -> None:
        needed = self._needed(market, order)
        claim = self._claim(market, order)
        claim.move(-needed, needed)
        said.append(self._claims.changed(claim, ClaimReason.HELD))

    def _leave(self, market: Market, order: Order, reason: CancelReason, said: list[Message | Later]) -> None:
        """What is left of an order leaves the venue, and its hold returns."""
        held = 0 if market.instrument.is_perpetual else self._needed(market, order)
        if held:
            claim = self._claim(market, order)
            claim.move(held, -held)
            said.append(self._claims.changed(claim, ClaimReason.RETURNED))
        order.happens(OrderEvent.CANCEL)
        del self._orders.open[order.order_id]
        if market.instrument.is_perpetual:
            self._margin.left(order, said)
        asked = order.command
        said.append(
            OrderCancelled(
                self.venue,
                asked.account,
                asked.client_order_id,
                order.order_id,
                asked.instrument,
                asked.quantity_lots - order.leaves_lots,
                order.leaves_lots,
                reason,
            )
        )
