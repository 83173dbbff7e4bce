"""Replacing an order: what keeps its place, what does not, and what is refused.

=====================  =============================================  =======================================================
where the order is     keeps its place                                else
=====================  =============================================  =======================================================
in the book            the same limit and no more lots                it enters anew, and may trade
pegged, in the book    the same limit and no more lots                with another limit it is priced anew at once; more lots
                                                                      at the same limit: the end of its price's queue
stop, all kinds        the same stop price and limit, no more lots    it is as new among those that wait; a stop price that
                                                                      the last trade has reached fires it
all-or-none            the same limit and no more lots                it is as new among those that wait
for an auction         the same limit and no more lots                it is as new among those that wait
list, not entered      always                                         -
=====================  =============================================  =======================================================

Refusals, in this order: ``UNKNOWN_ORDER``, ``WRONG_PHASE`` (closed, halted), ``INVALID_QUANTITY``, ``INVALID_PRICE`` (a
limit where the type has none, or none where it has one), ``INVALID_TERMS`` (a stop price for what has none, or that has
been triggered), ``WOULD_INCREASE_POSITION``, ``PRICE_OUTSIDE_BAND`` (it would rest or trade beyond a band; a replacement
never interrupts trading), then the book's own."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.book.book import MAXIMUM_LOTS, MAXIMUM_TICKS
from trading_ecosystem.domains.exchange.book.book_events import Refused, Replaced
from trading_ecosystem.domains.exchange.matching.cascade import Cascade
from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder, WaitingFor
from trading_ecosystem.domains.exchange.matching.pegs import target
from trading_ecosystem.domains.exchange.matching.price_bands import Beyond
from trading_ecosystem.domains.exchange.matching.triggers import TRIGGERED_TYPES
from trading_ecosystem.messages.orders import OrderType, RejectReason, SelfTradePrevention, Side
from trading_ecosystem.messages.units import Lots, Ticks

_PEGGED: Final = OrderType.PEGGED
_REFUSED_AT: Final = (Beyond.REFUSE, Beyond.INTERRUPT, Beyond.BAND)


def replace_resting(
    cascade: Cascade,
    order_id: int,
    leaves_lots: Lots,
    price_ticks: Ticks,
    *,
    post_only: bool,
    self_trade: SelfTradePrevention,
) -> None:
    """Replace an order that stands in the book, with the book's own rules and the price bands."""
    resting = cascade.book.order(order_id)
    assert resting is not None
    if 0 < leaves_lots <= MAXIMUM_LOTS and 0 < price_ticks <= MAXIMUM_TICKS and is_beyond(cascade, resting.side, price_ticks):
        cascade.events.append(Refused(order_id, RejectReason.PRICE_OUTSIDE_BAND))
        return
    cascade.events += cascade.book.replace(order_id, leaves_lots, price_ticks, post_only=post_only, self_trade=self_trade)


def replace_kept(cascade: Cascade, kept: KeptOrder, leaves_lots: Lots, price_ticks: Ticks, stop_price_ticks: Ticks) -> None:
    """Replace a kept order, in the book or beside it."""
    order_id = kept.new.order_id
    stop = stop_price_ticks or kept.stop_price_ticks
    reason = _refused(cascade, kept, leaves_lots, price_ticks, stop_price_ticks)
    if reason is not None:
        cascade.events.append(Refused(order_id, reason))
        return
    if kept.rests and kept.new.order_type is not _PEGGED:
        post_only = kept.new.post_only
        events = cascade.book.replace(order_id, leaves_lots, price_ticks, post_only=post_only, self_trade=kept.self_trade)
        if type(events[0]) is not Refused:
            kept.limit_ticks = price_ticks
        cascade.events += events
        return
    keeps = price_ticks == kept.limit_ticks and stop == kept.stop_price_ticks and leaves_lots <= kept.leaves_lots
    if kept.rests:
        kept.limit_ticks = price_ticks
        price = target(kept, cascade.pegs.references(cascade.book), cascade.bounded) or kept.price_ticks
        cascade.events += cascade.book.replace(order_id, leaves_lots, price, self_trade=kept.self_trade)
        cascade.pegs.settled = None
        return
    waits_for = kept.waits_for
    if not keeps and waits_for is not WaitingFor.PARENT:
        cascade.unpark(kept)
        cascade.renew(kept)
    kept.limit_ticks, kept.stop_price_ticks, kept.leaves_lots = price_ticks, stop, leaves_lots
    cascade.events.append(Replaced(order_id, price_ticks, leaves_lots, keeps or waits_for is WaitingFor.PARENT))
    if not keeps and waits_for is not WaitingFor.PARENT:
        cascade.kept[order_id] = cascade.kept.pop(order_id)
        cascade.enter(kept, fresh=False)


def _refused(
    cascade: Cascade, kept: KeptOrder, leaves_lots: Lots, price_ticks: Ticks, stop_price_ticks: Ticks
) -> RejectReason | None:
    """The checks of the module's text that concern a kept order."""
    kind = kept.new.order_type
    if not 0 < leaves_lots <= MAXIMUM_LOTS:
        return RejectReason.INVALID_QUANTITY
    limited = kind in (OrderType.LIMIT, OrderType.STOP_LIMIT)
    if not (
        0 < price_ticks <= MAXIMUM_TICKS
        if limited
        else not price_ticks or (kind is not OrderType.MARKET and 0 < price_ticks <= MAXIMUM_TICKS)
    ):
        return RejectReason.INVALID_PRICE
    if stop_price_ticks and (kind not in TRIGGERED_TYPES or kept.awake or not 0 < stop_price_ticks <= MAXIMUM_TICKS):
        return RejectReason.INVALID_TERMS
    if kept.terms.reduce_only and leaves_lots > kept.leaves_lots and kept.waits_for is not WaitingFor.PARENT:
        new, positions = kept.new, cascade.positions
        room = positions.room(new.owner, new.side, new.order_id) if kept.rests else positions.reducible(new.owner, new.side)
        if leaves_lots > room:
            return RejectReason.WOULD_INCREASE_POSITION
    if kept.group and limited and _crosses_list(cascade, kept, price_ticks):
        return RejectReason.INVALID_PRICE
    if kept.rests and kind is not _PEGGED and is_beyond(cascade, kept.new.side, price_ticks):
        return RejectReason.PRICE_OUTSIDE_BAND
    return None


def _crosses_list(cascade: Cascade, kept: KeptOrder, price_ticks: Ticks) -> bool:
    """Whether an order would trade with another one of its list."""
    for order_id in cascade.lists.others(kept):
        other = cascade.kept[order_id]
        if WaitingFor.PARENT in (kept.waits_for, other.waits_for):
            continue
        if other.new.side is not kept.new.side and not other.stop_price_ticks and other.limit_ticks:
            buy, sell = (price_ticks, other.limit_ticks) if kept.new.side is Side.BUY else (other.limit_ticks, price_ticks)
            if buy >= sell:
                return True
    return False


def is_beyond(cascade: Cascade, side: Side, price_ticks: Ticks) -> bool:
    """Whether an order at this limit would stand or trade outside of the price bands."""
    return cascade.bounded.bound(side, price_ticks).beyond in _REFUSED_AT
