"""What a strategy may want: the whole vocabulary in which it answers a callback."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from trading_ecosystem.messages.orders import OrderTerms, OrderType, Side, TimeInForce
from trading_ecosystem.messages.units import Lots, Nanos, Ticks


class Place(msgspec.Struct, frozen=True, gc=False):
    """Send an order; a market order has price 0. ``label`` is the strategy's own note and comes back on the order."""

    venue: str
    instrument: str
    side: Side
    price_ticks: Ticks
    quantity_lots: Lots
    order_type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCEL
    post_only: bool = False
    label: str = ""
    terms: OrderTerms | None = None


class PlaceTogether(msgspec.Struct, frozen=True):
    """Send all of these orders, or none where the engine's own limits withhold one (the venues promise nothing)."""

    orders: tuple[Place, ...]


class Replace(msgspec.Struct, frozen=True, gc=False):
    """Give a working order another price or quantity under its old name; nothing while a request about it is unanswered.

    ``quantity_lots`` is the whole order's, what has traded included (FIX OrderQty). Less at the same price keeps the place in
    the queue, anything else takes a new one.
    """

    client_order_id: str
    price_ticks: Ticks
    quantity_lots: Lots


class Cancel(msgspec.Struct, frozen=True, gc=False):
    """Cancel one working order; nothing happens when it is not working any more."""

    client_order_id: str


class CancelAll(msgspec.Struct, frozen=True, gc=False):
    """Cancel the working orders of one venue and instrument; an empty name stands for all."""

    venue: str = ""
    instrument: str = ""


class WakeMe(msgspec.Struct, frozen=True, gc=False):
    """Call ``timer`` with ``label`` at ``due_at``; forgotten when the strategy stops before."""

    due_at: Nanos
    label: str = ""


Intention: TypeAlias = Place | PlaceTogether | Replace | Cancel | CancelAll | WakeMe
