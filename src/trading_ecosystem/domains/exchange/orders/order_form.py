"""What an order must look like, whatever the state of its market: the checks ``INVALID_QUANTITY`` to ``INVALID_TERMS``.

They stand in the order of :class:`~trading_ecosystem.messages.orders.RejectReason`; the first that applies is said. The
instrument's own rules come first in each (:mod:`..rules.trading_rules`), then what the matching says of every order
(:mod:`..matching.admission`). Beyond that, at this door:

- a market order is immediate or cancel, fill or kill, or for the opening or closing auction: without a price it cannot rest;
- a stop, trailing stop or market-if-touched order has no price of its own;
- post only is for orders that may rest.

The second half of this module turns an order of the venue into one of the matching. A buy without a limit whose price nobody
can know becomes one with a limit, its *bound*, at which it is held:

=======================================  ============================================================================
stop, market-if-touched, trailing stop   its stop price and the collar; what is left of it beyond is cancelled
market order for an auction              the last trade (else the reference) and the collar
pegged                                   the best ask (else the last trade) and the collar
=======================================  ============================================================================

A sell holds what it sells, and needs no bound.
"""

from __future__ import annotations

from typing import Final

from msgspec import structs

from trading_ecosystem.domains.exchange.book.book import MAXIMUM_TICKS
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.matching import admission
from trading_ecosystem.domains.exchange.matching.kept_orders import NO_TERMS, NewOrder
from trading_ecosystem.domains.exchange.rules.trading_rules import is_price, is_quantity, refused_notional
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import OrderType, RejectReason, SelfTradePrevention, Side, TimeInForce
from trading_ecosystem.messages.units import DAY, PARTS_PER_MILLION, Nanos, PartsPerMillion, Ticks

_AT_ONCE: Final = (TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL)
_FOR_AUCTIONS: Final = (TimeInForce.AT_THE_OPENING, TimeInForce.AT_THE_CLOSE)
_UNLIMITED_STOPS: Final = (OrderType.STOP, OrderType.MARKET_IF_TOUCHED, OrderType.TRAILING_STOP)


def refused_by_form(asked: PlaceOrder, market: Market, now: Nanos) -> RejectReason | None:
    """Why an order is refused whatever the state of its market."""
    rules = market.rules
    if not is_quantity(rules, asked.quantity_lots):
        return RejectReason.INVALID_QUANTITY
    unpriced = asked.order_type in _UNLIMITED_STOPS and asked.price_ticks != 0
    formal = admission.refused_by_form(plain_order(asked), now)
    stop = asked.terms.stop_price_ticks if asked.terms is not None else 0
    prices = [price for price in (asked.price_ticks, stop) if price]
    if unpriced or formal is RejectReason.INVALID_PRICE or not all(is_price(rules, price) for price in prices):
        return RejectReason.INVALID_PRICE
    refused = refused_notional(rules, market.instrument, asked.price_ticks, asked.quantity_lots)
    if refused is not None:
        return refused
    lasts = asked.time_in_force
    if asked.order_type is OrderType.MARKET:
        if (lasts not in _AT_ONCE and lasts not in _FOR_AUCTIONS) or asked.post_only:
            return RejectReason.INVALID_TIME_IN_FORCE
    elif asked.post_only and (lasts in _AT_ONCE or lasts in _FOR_AUCTIONS):
        return RejectReason.INVALID_TIME_IN_FORCE
    return formal


def plain_order(asked: PlaceOrder, owner: int = 0, self_trade: SelfTradePrevention = SelfTradePrevention.NONE) -> NewOrder:
    """The order as the matching takes it, as far as it says itself."""
    return NewOrder(
        0,
        owner,
        asked.side,
        asked.quantity_lots,
        asked.price_ticks,
        asked.order_type,
        asked.time_in_force,
        asked.post_only,
        self_trade,
        asked.terms,
    )


def bounded(new: NewOrder, market: Market, collar_ppm: PartsPerMillion) -> NewOrder | None:
    """The order with a limit to hold it at, where it needs one; ``None`` where there is no price to go by."""
    if new.side is not Side.BUY:
        return new
    kind = new.order_type
    around: Ticks
    if kind in _UNLIMITED_STOPS:
        around = stop_of(new, market)
    elif kind is OrderType.PEGGED and not new.price_ticks:
        around = market.book.best(Side.SELL)[0] or market.matching.last_trade_ticks
    elif kind is OrderType.MARKET and new.time_in_force in _FOR_AUCTIONS:
        around = market.matching.last_trade_ticks or market.matching.reference_ticks
    else:
        return new
    if not around:
        return None
    bound = min(MAXIMUM_TICKS, around + around * collar_ppm // PARTS_PER_MILLION)
    if kind is OrderType.MARKET:
        return structs.replace(new, price_ticks=bound, order_type=OrderType.LIMIT)
    return structs.replace(new, price_ticks=bound)


def stop_of(new: NewOrder, market: Market) -> Ticks:
    """The highest stop price that a buy stop can have; 0 for a trailing one that has nothing to go by yet."""
    terms = new.terms or NO_TERMS
    if new.order_type is not OrderType.TRAILING_STOP:
        return terms.stop_price_ticks
    last = market.matching.last_trade_ticks
    return max(terms.stop_price_ticks, last + terms.trail_ticks if last else 0)


def expiring(new: NewOrder, now: Nanos, *, always_open: bool) -> NewOrder:
    """A day order of a venue that never closes ends at midnight UTC."""
    if new.time_in_force is not TimeInForce.DAY or not always_open:
        return new
    return structs.replace(new, terms=structs.replace(new.terms or NO_TERMS, expires_at=(now // DAY + 1) * DAY))
