"""Orders and cancels at a recorded venue: what is refused, what trades at once, what rests.

Limit and market orders, good till cancelled, immediate or cancel, fill or kill, and post-only are known; the rarer terms are
refused with ``INVALID_TERMS``, as nothing in a recording says how they would have fared. A replacement keeps its place in the
queue where it only takes lots off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import structs

from trading_ecosystem.domains.exchange.recorded.fill_reports import FillReports
from trading_ecosystem.domains.exchange.recorded.holdings import Holdings
from trading_ecosystem.domains.exchange.recorded.market import RecordedMarket
from trading_ecosystem.domains.exchange.recorded.parameters import RecordedVenueParameters
from trading_ecosystem.domains.exchange.recorded.resting import RecordedOrder
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    PlaceOrder,
)
from trading_ecosystem.messages.order_handling import OrderReplaced, ReplaceOrder, ReplaceRejected
from trading_ecosystem.messages.orders import (
    CancelReason,
    CancelRejectReason,
    Liquidity,
    OrderType,
    RejectReason,
    TimeInForce,
)
from trading_ecosystem.messages.units import Nanos, Ticks

_TIMES: Final = (TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL)


class RecordedOrderEntry(FillReports):
    """The door of a recorded venue."""

    def __init__(self, venue: str, parameters: RecordedVenueParameters) -> None:
        super().__init__(venue, Holdings(venue, parameters))
        self.order_ids = 0
        self.names: dict[tuple[str, str], bool] = {}
        """Every client order id that was ever taken, by account."""

    def rejected(self, command: PlaceOrder, reason: RejectReason) -> Message:
        """The refusal of an order."""
        return OrderRejected(self.venue, command.account, command.client_order_id, command.instrument, reason)

    def place(self, command: PlaceOrder, market: RecordedMarket | None, now: Nanos) -> list[Message]:
        """Refuse an order, or accept it and let it trade and rest."""
        reason = self._refuses(command, market)
        if reason is not None:
            return [self.rejected(command, reason)]
        assert market is not None
        limit = self._limit(command, market)
        held = self.holdings.needed(command, limit, command.quantity_lots)
        if not self.holdings.can_hold(command, held):
            return [self.rejected(command, RejectReason.INSUFFICIENT_CLAIM)]
        self.order_ids += 1
        order = RecordedOrder(command, self.order_ids, held)
        name = (command.account, command.client_order_id)
        self.by_name[name] = order
        self.names[name] = True
        said: list[Message] = [self.holdings.hold(order), self._accepted(order), *self._take(order, market, limit, now)]
        if not order.leaves_lots:
            return said
        if command.order_type is OrderType.MARKET:
            return [*said, *self._ended(order, CancelReason.MARKET_REMAINDER)]
        if command.time_in_force is not TimeInForce.GOOD_TILL_CANCEL:
            return [*said, *self._ended(order, CancelReason.IMMEDIATE_OR_CANCEL)]
        market.resting.rest(order, market.book)
        return said

    def _take(self, order: RecordedOrder, market: RecordedMarket, limit: Ticks, now: Nanos) -> list[Message]:
        """Trade with what is displayed up to a limit."""
        said: list[Message] = []
        for level in market.book.reachable(order.command.side, limit):
            lots = min(level.quantity_lots, order.leaves_lots)
            if not lots:
                break
            market.book.take(order.command.side, level.price_ticks, lots)
            said += self.filled(order, level.price_ticks, lots, Liquidity.TAKER, now, limit)
        return said

    def not_replaced(self, command: ReplaceOrder, reason: RejectReason) -> Message:
        """The refusal of a replacement."""
        return ReplaceRejected(self.venue, command.account, command.client_order_id, reason)

    def replace(self, command: ReplaceOrder, markets: Mapping[str, RecordedMarket], now: Nanos) -> list[Message]:
        """Give a resting order another price or quantity, or say why not."""
        name = (command.account, command.client_order_id)
        order = self.by_name.get(name)
        if order is None:
            return [self.not_replaced(command, RejectReason.ORDER_ENDED if name in self.names else RejectReason.UNKNOWN_ORDER)]
        market = markets[order.command.instrument]
        reason = self._refuses_replacement(command, order, market)
        if reason is not None:
            return [self.not_replaced(command, reason)]
        leaves = command.quantity_lots - order.cumulative_lots
        keeps_place = command.price_ticks == order.command.price_ticks and leaves <= order.leaves_lots
        order.command = structs.replace(order.command, price_ticks=command.price_ticks, quantity_lots=command.quantity_lots)
        order.leaves_lots = leaves
        said = [self.holdings.hold_anew(order), self._replaced(order, keeps_place)]
        if keeps_place:
            return said
        market.resting.leave(order)
        said += self._take(order, market, command.price_ticks, now)
        if order.leaves_lots:
            market.resting.rest(order, market.book)
        return said

    def _refuses_replacement(self, command: ReplaceOrder, order: RecordedOrder, market: RecordedMarket) -> RejectReason | None:
        if command.quantity_lots <= order.cumulative_lots:
            return RejectReason.INVALID_QUANTITY
        if command.price_ticks <= 0:
            return RejectReason.INVALID_PRICE
        if command.stop_price_ticks:
            return RejectReason.INVALID_TERMS
        if order.command.post_only and market.book.reachable(order.command.side, command.price_ticks):
            return RejectReason.POST_ONLY_WOULD_TAKE
        leaves = command.quantity_lots - order.cumulative_lots
        needed = self.holdings.needed(order.command, command.price_ticks, leaves)
        if not self.holdings.can_hold(order.command, needed - order.held_minor):
            return RejectReason.INSUFFICIENT_CLAIM
        return None

    def _replaced(self, order: RecordedOrder, kept_place: bool) -> Message:
        command = order.command
        return OrderReplaced(
            venue=self.venue,
            account=command.account,
            client_order_id=command.client_order_id,
            order_id=order.order_id,
            instrument=command.instrument,
            price_ticks=command.price_ticks,
            stop_price_ticks=0,
            quantity_lots=command.quantity_lots,
            cumulative_lots=order.cumulative_lots,
            leaves_lots=order.leaves_lots,
            kept_place=kept_place,
        )

    def cancel(self, command: CancelOrder, markets: Mapping[str, RecordedMarket]) -> list[Message]:
        """Take an order out, or say that there is nothing to take."""
        name = (command.account, command.client_order_id)
        order = self.by_name.get(name)
        if order is None:
            reason = CancelRejectReason.TOO_LATE if name in self.names else CancelRejectReason.UNKNOWN_ORDER
            return [CancelRejected(self.venue, command.account, command.client_order_id, reason)]
        markets[order.command.instrument].resting.leave(order)
        return self._ended(order, CancelReason.REQUESTED)

    def _refuses(self, command: PlaceOrder, market: RecordedMarket | None) -> RejectReason | None:
        """The first reason to refuse an order, in the order of the enum; claims are looked at afterwards."""
        if market is None:
            return RejectReason.UNKNOWN_INSTRUMENT
        if (command.account, command.client_order_id) in self.names:
            return RejectReason.DUPLICATE_CLIENT_ORDER_ID
        if command.quantity_lots <= 0:
            return RejectReason.INVALID_QUANTITY
        is_market = command.order_type is OrderType.MARKET
        if command.order_type not in (OrderType.LIMIT, OrderType.MARKET) or command.terms is not None:
            return RejectReason.INVALID_TERMS
        if (command.price_ticks != 0) if is_market else (command.price_ticks <= 0):
            return RejectReason.INVALID_PRICE
        if command.time_in_force not in _TIMES or (is_market and command.time_in_force is TimeInForce.GOOD_TILL_CANCEL):
            return RejectReason.INVALID_TIME_IN_FORCE
        reachable = market.book.reachable(command.side, command.price_ticks)
        if is_market and not reachable:
            return RejectReason.NO_LIQUIDITY
        if command.post_only and reachable:
            return RejectReason.POST_ONLY_WOULD_TAKE
        is_whole = command.time_in_force is TimeInForce.FILL_OR_KILL
        if is_whole and sum(level.quantity_lots for level in reachable) < command.quantity_lots:
            return RejectReason.FILL_OR_KILL_UNFILLABLE
        return None

    def _limit(self, command: PlaceOrder, market: RecordedMarket) -> Ticks:
        """The order's limit; of a market order the worst price that it reaches."""
        if command.order_type is OrderType.LIMIT:
            return command.price_ticks
        left, worst = command.quantity_lots, 0
        for level in market.book.reachable(command.side, 0):
            worst = level.price_ticks
            left -= level.quantity_lots
            if left <= 0:
                break
        return worst

    def _accepted(self, order: RecordedOrder) -> Message:
        command = order.command
        return OrderAccepted(
            venue=self.venue,
            account=command.account,
            client_order_id=command.client_order_id,
            order_id=order.order_id,
            instrument=command.instrument,
            side=command.side,
            order_type=command.order_type,
            time_in_force=command.time_in_force,
            price_ticks=command.price_ticks,
            quantity_lots=command.quantity_lots,
            post_only=command.post_only,
        )

    def _ended(self, order: RecordedOrder, reason: CancelReason) -> list[Message]:
        command = order.command
        del self.by_name[command.account, command.client_order_id]
        cancelled = OrderCancelled(
            venue=self.venue,
            account=command.account,
            client_order_id=command.client_order_id,
            order_id=order.order_id,
            instrument=command.instrument,
            cumulative_lots=order.cumulative_lots,
            leaves_lots=order.leaves_lots,
            reason=reason,
        )
        return [cancelled, self.holdings.release(order)]
