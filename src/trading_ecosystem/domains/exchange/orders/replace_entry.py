"""Replacing an open order: another price, stop price or quantity under the old name.

The quantity asked for is the whole order's, what has traded included. Checked, in the order of
:class:`~trading_ecosystem.messages.orders.RejectReason`: account and rate; ``UNKNOWN_ORDER``, ``ORDER_ENDED``; quantity (also
one that has traded already), prices and notional by the instrument's rules; ``INVALID_TERMS`` (a stop price for an order that
has none); the phase and the price bands; post only; self-trade; the claim; and whatever the matching says. What the order holds
follows: a larger hold is taken before the replacement is accepted, a smaller one returned after, and while it is refused
nothing changes.

Less of an order at the same prices keeps its place; anything else is a new order under the old name, which may trade at once
(:mod:`..matching.replacing` has the table). A replacement that changes nothing is answered as if it had.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.domains.exchange.book.book_events import Refused, Replaced
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.matching.kept_orders import NO_TERMS
from trading_ecosystem.domains.exchange.matching.phases import ADMITS, Entry
from trading_ecosystem.domains.exchange.matching.triggers import TRIGGERED_TYPES
from trading_ecosystem.domains.exchange.orders.order_checks import make_house_good
from trading_ecosystem.domains.exchange.orders.order_entry import OrderEntry
from trading_ecosystem.domains.exchange.orders.order_events import SaidList
from trading_ecosystem.domains.exchange.orders.order_form import bounded, plain_order
from trading_ecosystem.domains.exchange.orders.orders import Order, OrderEvent
from trading_ecosystem.domains.exchange.rules.trading_rules import is_price, is_quantity, refused_notional
from trading_ecosystem.messages.order_handling import OrderReplaced, ReplaceOrder
from trading_ecosystem.messages.orders import OrderType, RejectReason, SelfTradePrevention, Side
from trading_ecosystem.messages.units import Lots, Nanos, Ticks

_LIMITED: Final = (OrderType.LIMIT, OrderType.STOP_LIMIT)
_UNLIMITED: Final = (OrderType.MARKET, OrderType.STOP, OrderType.TRAILING_STOP, OrderType.MARKET_IF_TOUCHED)


class Wanted(msgspec.Struct, frozen=True):
    """What an order is to be: ``limit_ticks`` is what the matching gets, ``hold_price_ticks`` what it is held at."""

    leaves_lots: Lots
    limit_ticks: Ticks
    stop_price_ticks: Ticks
    hold_price_ticks: Ticks


class ReplaceEntry:
    """Replaces orders of one venue."""

    __slots__ = ("_collar_ppm", "_entry", "venue")

    def __init__(self, venue: str, entry: OrderEntry, collar_ppm: int) -> None:
        self.venue = venue
        self._entry = entry
        self._collar_ppm = collar_ppm

    def replace(self, market: Market, order: Order, asked: ReplaceOrder, now: Nanos, said: SaidList) -> RejectReason | None:
        """Replace an open order, with the flow brought up to now, or return why not."""
        reason = self._refused_by_form(market, order, asked)
        if reason is not None:
            return reason
        wanted = self._wanted(market, order, asked)
        reason = self._refused_by_state(market, order, wanted)
        if reason is not None:
            return reason
        rule = self._entry.rule_of(order.command)
        events = market.matching.replace(
            order.order_id,
            wanted.leaves_lots,
            wanted.limit_ticks,
            now,
            stop_price_ticks=wanted.stop_price_ticks,
            post_only=order.command.post_only,
            self_trade=SelfTradePrevention.CANCEL_NEWEST if rule is SelfTradePrevention.NONE else rule,
        )
        for event in events:
            if type(event) is Refused and event.order_id == order.order_id:
                return event.reason
        kept = next(each.kept_place for each in events if type(each) is Replaced and each.order_id == order.order_id)
        self._replaced(market, order, asked, wanted, said)
        said.append(self._said(order, kept))
        self._entry.events.apply(market, events, now, said)
        return None

    def _refused_by_form(self, market: Market, order: Order, asked: ReplaceOrder) -> RejectReason | None:
        rules, kind = market.rules, order.command.order_type
        if not is_quantity(rules, asked.quantity_lots) or asked.quantity_lots <= order.cumulative_lots:
            return RejectReason.INVALID_QUANTITY
        price, stop = asked.price_ticks, asked.stop_price_ticks
        if not is_price(rules, price) if kind in _LIMITED or price else kind in _LIMITED:
            return RejectReason.INVALID_PRICE
        if (price and kind in _UNLIMITED) or (stop and not is_price(rules, stop)):
            return RejectReason.INVALID_PRICE
        refused = refused_notional(rules, market.instrument, price, asked.quantity_lots)
        if refused is not None:
            return refused
        return RejectReason.INVALID_TERMS if stop and kind not in TRIGGERED_TYPES else None

    def _wanted(self, market: Market, order: Order, asked: ReplaceOrder) -> Wanted:
        """What the order is to be; its bound moves with its stop price."""
        leaves = asked.quantity_lots - order.cumulative_lots
        limit, stop = asked.price_ticks, asked.stop_price_ticks
        command = order.command
        if command.order_type is OrderType.TRAILING_STOP and not stop:
            limit = order.hold_price_ticks if command.side is Side.BUY else 0
        elif command.order_type in _UNLIMITED or (command.order_type is OrderType.PEGGED and not limit):
            terms = msgspec.structs.replace(command.terms or NO_TERMS, stop_price_ticks=stop or order.stop_price_ticks)
            new = msgspec.structs.replace(plain_order(command), price_ticks=limit, terms=terms)
            found = bounded(new, market, self._collar_ppm)
            limit = order.hold_price_ticks if found is None else found.price_ticks
        hold = limit
        if command.side is Side.SELL:
            hold = max(limit, market.book.best(Side.BUY)[0])
        return Wanted(leaves, limit, stop, hold)

    def _refused_by_state(self, market: Market, order: Order, wanted: Wanted) -> RejectReason | None:
        book, side, command = market.book, order.command.side, order.command
        standing = book.order(order.order_id)
        limit, lots = wanted.limit_ticks, wanted.leaves_lots
        moves = standing is not None and (limit != standing.price_ticks or lots > standing.leaves_lots)
        crossing = moves and book.crosses(side, limit or None)
        make_house_good(market, side, lots if crossing else 0)
        if Entry.REPLACE not in ADMITS[market.matching.phase]:
            return RejectReason.WRONG_PHASE
        if standing is not None and command.order_type is not OrderType.PEGGED and market.matching.is_beyond(side, limit):
            return RejectReason.PRICE_OUTSIDE_BAND
        if crossing and book.crosses(side, limit or None):
            if command.post_only:
                return RejectReason.POST_ONLY_WOULD_TAKE
            assert standing is not None
            owner = standing.owner
            own = any(maker.owner == owner for maker in book.reached(side, lots, limit or None))
            if own and self._entry.rule_of(command) is SelfTradePrevention.NONE:
                return RejectReason.SELF_TRADE
        if not self._entry.holds.can_follow(market.instrument, order, wanted.hold_price_ticks, lots):
            return RejectReason.INSUFFICIENT_CLAIM
        return None

    def _replaced(self, market: Market, order: Order, asked: ReplaceOrder, wanted: Wanted, said: SaidList) -> None:
        """The order is what was wanted, and its hold follows."""
        order.happens(OrderEvent.REPLACE)
        order.quantity_lots = asked.quantity_lots
        order.leaves_lots = wanted.leaves_lots
        order.price_ticks = asked.price_ticks
        order.stop_price_ticks = wanted.stop_price_ticks or order.stop_price_ticks
        order.hold_price_ticks = wanted.hold_price_ticks
        self._entry.holds.follow(market.instrument, order, said)

    def _said(self, order: Order, kept_place: bool) -> OrderReplaced:
        asked = order.command
        return OrderReplaced(
            self.venue,
            asked.account,
            asked.client_order_id,
            order.order_id,
            asked.instrument,
            order.price_ticks,
            order.stop_price_ticks,
            order.quantity_lots,
            order.cumulative_lots,
            order.leaves_lots,
            kept_place,
        )
