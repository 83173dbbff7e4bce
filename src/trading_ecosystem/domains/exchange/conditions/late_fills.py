"""Cancels that come too late, though they were answered.

A resting order is to be cancelled. The venue says that it was, and then it turns out that what was left of it had traded
before: a real trade with the house, at the order's price, which moves claims and settles as any other. It takes no part in the
book, so that nobody else's turn changes. Only an order that the book alone knows qualifies (none that is kept beside it too,
such as a stop, a pegged order or one of a list), in continuous trading, and if the house can pay for it.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled
from trading_ecosystem.domains.exchange.conditions.standing import VenueConditions
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.orders.order_events import OrderEvents, SaidList
from trading_ecosystem.domains.exchange.orders.orders import Order
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture
from trading_ecosystem.messages.exchange import OrderCancelled
from trading_ecosystem.messages.orders import CancelReason, Side, TradingPhase
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.messages.venue_conditions import VenueConditionKind

_HOUSE: Final = -1
"""A number in the house's range, of no order in particular."""


class LateFills:
    """Fills that overtake cancels, on one venue."""

    __slots__ = ("_capture", "_conditions", "_events")

    def __init__(self, conditions: VenueConditions, events: OrderEvents, capture: TradeCapture) -> None:
        self._conditions = conditions
        self._events = events
        self._capture = capture

    def overtake(self, market: Market, order: Order, now: Nanos, said: SaidList) -> bool:
        """Let a fill overtake the cancel of an open order, if a condition says so; whether it did."""
        if not self._conditions or not self._qualifies(market, order):
            return False
        asked = order.command
        striking = self._conditions.striking(VenueConditionKind.VENUE_LATE_FILL, now, asked.account)
        if striking is None:
            return False
        self._conditions.take_effect(striking, asked.account, said)
        resting = market.book.order(order.order_id)
        assert resting is not None, order
        price_ticks, leaves_lots = resting.price_ticks, order.leaves_lots
        events = market.matching.cancel(order.order_id, now)
        cumulative = order.cumulative_lots
        said.append(
            OrderCancelled(
                self._events.venue,
                asked.account,
                asked.client_order_id,
                order.order_id,
                asked.instrument,
                cumulative,
                leaves_lots,
                CancelReason.REQUESTED,
            )
        )
        fill = Filled(_HOUSE, order.order_id, price_ticks, leaves_lots, 0, 0)
        self._capture.capture(market.instrument, market.tape, fill, None, _other(asked.side), now, said)
        rest = [one for one in events if not (isinstance(one, Cancelled) and one.order_id == order.order_id)]
        self._events.apply(market, rest, now, said)
        return True

    def _qualifies(self, market: Market, order: Order) -> bool:
        matching = market.matching
        if matching.phase is not TradingPhase.CONTINUOUS or matching.kept(order.order_id) is not None:
            return False
        resting = market.book.order(order.order_id)
        if resting is None:
            return False
        return market.house.affordable(_other(order.command.side), resting.price_ticks) >= order.leaves_lots


def _other(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY
