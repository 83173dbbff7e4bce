"""Reconciliation of orders after a disconnect: what the venue says is open and was filled, merged into what their sender knows.

The venue is right. Fills that were missed are counted, each once, in the order in which the venue made them. A working order
that is open there has the price and quantity that it has there, and rests again if a replacement went unanswered. One that is
not open is over: filled if its fills say so, else cancelled, also where it never arrived. Orders about which something was
asked after the venue was are left alone: its answer cannot know. What is open there under the sender's name and is no working
order of its is cancelled.

Done twice it changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trading_ecosystem.domains.trading.desk import Desk, SaidList
from trading_ecosystem.domains.trading.order_life import ENDED, OrderEvent
from trading_ecosystem.domains.trading.orders import Order
from trading_ecosystem.messages.exchange import CancelOrder, OrderAccepted, OrderFilled
from trading_ecosystem.messages.units import Nanos


def reconcile(
    desk: Desk, venue: str, open_orders: Iterable[OrderAccepted], fills: Sequence[OrderFilled], asked_at: Nanos, now: Nanos
) -> SaidList:
    """Merge one venue's answer to a question of ``asked_at`` into a desk; what comes of it, as if it had been heard in time.

    ``open_orders`` have what is left as their quantity, as ``OpenOrdersQuestion`` is answered; ``fills`` are those of the
    account since the connection was last known to be good, or earlier.
    """
    said: SaidList = []
    for fill in sorted(fills, key=lambda one: one.execution_id):
        order = desk.orders.find(fill.client_order_id)
        if order is not None and order.venue == venue:
            order.order_id = fill.order_id
            said += desk.filled(order, fill, now)
    is_open: dict[str, OrderAccepted] = {}
    for standing in open_orders:
        if not standing.client_order_id.startswith(desk.orders.prefix):
            continue
        order = desk.orders.find(standing.client_order_id)
        is_open[standing.client_order_id] = standing
        if order is None or order.state in ENDED:
            said.append(CancelOrder(venue, desk.account, standing.client_order_id))
        else:
            _adopt(desk, order, standing)
    for order in tuple(desk.orders.working.values()):
        if order.venue == venue and order.client_order_id not in is_open and order.asked_at < asked_at:
            said += desk.ended(order, OrderEvent.CANCELLED, "order_cancelled", (), now)
    return said


def _adopt(desk: Desk, order: Order, standing: OrderAccepted) -> None:
    """The order is as the venue has it. A cancel that is unanswered stays so: it may be on its way, or is sent again."""
    desk.accepted(order, standing.order_id)
    order.price_ticks = standing.price_ticks
    order.quantity_lots = order.cumulative_lots + standing.quantity_lots
    desk.orders.happened(order, OrderEvent.REPLACED)
