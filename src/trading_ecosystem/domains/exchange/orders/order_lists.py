"""Lists of orders: one cancels the other, one triggers the other, one updates the other, brackets.

All are accepted, or none is: where one is refused, it is for its reason, and the others are ``LIST_REFUSED``. What the
matching makes of a list is in :mod:`..matching.contingencies`.

**Holds.** Every order of a list is held from the start, the later ones too: when their turn comes, they are entered in the
middle of whatever the market does, and must be paid for. So a bracket's exit holds what it would sell before the entry has
bought it. Orders that cannot all trade share one hold, which is as large as the largest of them needs:

- of one cancels the other and one updates the other, those of one side;
- of a bracket, take-profit and stop-loss.

Where one order updates another, both have the same quantity (else ``INVALID_TERMS``): then what one trades takes as much off
the others, and the shared hold is never short.
"""

from __future__ import annotations

from typing import Final

from msgspec import structs

from trading_ecosystem.domains.exchange.book.book_events import Refused
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.matching.kept_orders import NewOrder
from trading_ecosystem.domains.exchange.orders.order_entry import OrderEntry, door_terms
from trading_ecosystem.domains.exchange.orders.order_events import SaidList
from trading_ecosystem.domains.exchange.orders.order_holds import largest
from trading_ecosystem.domains.exchange.orders.orders import Order
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import ContingencyType, RejectReason, Side
from trading_ecosystem.messages.units import Nanos

_TRIGGERS: Final = ContingencyType.ONE_TRIGGERS_THE_OTHER
_UPDATES: Final = ContingencyType.ONE_UPDATES_THE_OTHER
_BRACKET: Final = ContingencyType.BRACKET


def enter_list(
    entry: OrderEntry, market: Market, kind: ContingencyType, commands: list[PlaceOrder], now: Nanos, said: SaidList
) -> list[Order]:
    """Answer the orders of a list that have passed the checks of form, with the flow brought up to now."""
    orders = [Order.of(asked, now) for asked in commands]
    reasons: dict[int, RejectReason] = {}
    planned: list[NewOrder] = []
    for number, order in enumerate(orders):
        new = entry.planned(market, order, now)
        if new is None:
            reasons[number] = entry.unplannable(market, order.command)
            continue
        later = number > 0 and kind in (_TRIGGERS, _BRACKET)
        reason = entry.checks.refused(market, order, new, entry.rule_of(order.command), later=later)
        if reason is not None:
            reasons[number] = reason
        planned.append(door_terms(new, market))
    if not reasons and not _quantities_agree(kind, commands):
        reasons = dict.fromkeys(range(len(orders)), RejectReason.INVALID_TERMS)
    shares = sharing(kind, orders)
    if not reasons:
        needed = [largest([entry.holds.needed(market.instrument, order) for order in share]) for share in shares]
        if not entry.holds.affordable(orders[0].command.account, needed):
            reasons[0] = RejectReason.INSUFFICIENT_CLAIM
    refused = None if reasons else entry.refused_by_condition(orders[0].command.account, now, said)
    if refused is not None:
        reasons[0] = refused
    if not reasons:
        first = entry.orders.last_order_id + 1
        for asked in commands:
            entry.watch_position(market, asked, now, said)
        numbered = [structs.replace(new, order_id=first + number) for number, new in enumerate(planned)]
        events = market.matching.place_list(kind, numbered, now)
        reasons = {
            each.order_id - first: each.reason
            for each in events
            if type(each) is Refused and first <= each.order_id < first + len(orders)
        }
        if len(reasons) < len(orders):
            entry.orders.last_order_id += len(orders)
            for number, order in enumerate(orders):
                if number in reasons:
                    entry.refuse(order, reasons[number], said)
                else:
                    order.order_id = first + number
            for share in shares:
                live = [order for order in share if order.order_id]
                if live:
                    entry.accept(market, live, said)
            entry.events.apply(market, events, now, said)
            return orders
    for number, order in enumerate(orders):
        entry.refuse(order, reasons.get(number, RejectReason.LIST_REFUSED), said)
    return orders


def sharing(kind: ContingencyType, orders: list[Order]) -> list[list[Order]]:
    """The orders that share a hold, in the order in which they are accepted."""
    if kind is _TRIGGERS:
        return [[order] for order in orders]
    if kind is _BRACKET:
        return [orders[:1], orders[1:]]
    sides = [[order for order in orders if order.command.side is side] for side in (Side.BUY, Side.SELL)]
    return [share for share in sides if share]


def _quantities_agree(kind: ContingencyType, commands: list[PlaceOrder]) -> bool:
    if kind is _UPDATES:
        return len({asked.quantity_lots for asked in commands}) == 1
    return kind is not _BRACKET or len({asked.quantity_lots for asked in commands[1:]}) == 1
