"""The end of an auction: everything that can trade at the one price does, in price-time priority, at that price.

Market orders first, oldest first, then the book's own order of trading (price, displayed before hidden, time; an iceberg's
next slice goes to the end of its price's queue). On each side in turn the next order trades with the next of the other side
until one side has nothing left at the price. No self-trade prevention: in an auction nobody chooses whom to trade with. What
lists of orders demand waits until the auction is over, so that what trades is what was indicated; two orders of one list
cannot both trade in it, since a list whose buy would cross its sell is refused.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from trading_ecosystem.domains.exchange.matching.auction import NOTHING, Indicative, auction_price
from trading_ecosystem.domains.exchange.matching.cascade import Cascade
from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder
from trading_ecosystem.domains.exchange.matching.matching_events import AuctionUncrossed, Crossed
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce, TradingPhase
from trading_ecosystem.messages.units import Lots, Ticks

_BUY: Final = Side.BUY
_SELL: Final = Side.SELL


def market_orders(cascade: Cascade, side: Side) -> list[KeptOrder]:
    """The market orders of a side that take part in the auction that is on, oldest first."""
    closing = cascade.phase is TradingPhase.CLOSING_AUCTION
    found = [
        kept
        for kept in cascade.at_auction.values()
        if kept.new.side is side
        and kept.new.order_type is OrderType.MARKET
        and (closing or kept.new.time_in_force is not TimeInForce.AT_THE_CLOSE)
    ]
    found.sort(key=lambda kept: kept.sequence)
    return found


def indicative(cascade: Cascade) -> Indicative:
    """What an uncross would do now."""
    if cascade.book.matching:
        return NOTHING
    buying = sum(kept.leaves_lots for kept in market_orders(cascade, _BUY))
    selling = sum(kept.leaves_lots for kept in market_orders(cascade, _SELL))
    reference = cascade.bounded.reference_ticks or cascade.bounded.last_trade_ticks
    return auction_price(cascade.book.interest(_BUY), cascade.book.interest(_SELL), buying, selling, reference)


def uncross(cascade: Cascade) -> None:
    """Trade everything that can trade at the auction price, which becomes last trade and reference price."""
    found = indicative(cascade)
    price, traded = found.price_ticks, 0
    buying, selling = deque(market_orders(cascade, _BUY)), deque(market_orders(cascade, _SELL))
    while price:
        buy = _next(cascade, buying, _BUY, price)
        sell = _next(cascade, selling, _SELL, price)
        if buy is None or sell is None:
            break
        lots = min(buy[1], sell[1])
        traded += lots
        cascade.events.append(Crossed(buy[0], sell[0], price, lots, buy[2] - lots, sell[2] - lots))
        for order_id in (buy[0], sell[0]):
            if cascade.book.order(order_id) is not None:
                cascade.events += cascade.book.execute(order_id, lots)
        cascade.drain()
    cascade.events.append(AuctionUncrossed(cascade.phase, price if traded else 0, traded, found.surplus_lots))
    if traded:
        cascade.bounded.last_trade_ticks = cascade.bounded.reference_ticks = price


def _next(cascade: Cascade, market: deque[KeptOrder], side: Side, price_ticks: Ticks) -> tuple[int, Lots, Lots] | None:
    """The order of a side that trades next at the price: its number, what it offers in its turn, and all that it wants."""
    while market and not market[0].leaves_lots:
        market.popleft()
    if market:
        return (market[0].new.order_id, market[0].leaves_lots, market[0].leaves_lots)
    order = cascade.book.front(side)
    if order is None or (order.price_ticks < price_ticks if side is _BUY else order.price_ticks > price_ticks):
        return None
    return (order.order_id, order.lots, order.leaves_lots)
