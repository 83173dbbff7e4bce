"""Orders beyond a single one placed and cancelled: replacing, lists, mass cancel, sessions, and what triggers them."""

from __future__ import annotations

from typing import ClassVar

from trading_ecosystem.messages.base import Audience, Command, Message, Row
from trading_ecosystem.messages.orders import (
    CancelReason,
    ContingencyType,
    OrderTerms,
    OrderType,
    RejectReason,
    Side,
    TimeInForce,
)
from trading_ecosystem.messages.units import Lots, Nanos, Ticks


class ReplaceOrder(Command, frozen=True, gc=False):
    """FIX OrderCancelReplaceRequest (G): give an open order another price or quantity under its old name.

    ``quantity_lots`` is the whole order's quantity, what has traded included (FIX OrderQty). ``price_ticks`` and
    ``stop_price_ticks`` state what is to hold from now on; 0 where the order has none. Asked twice it changes nothing the
    second time.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    account: str
    client_order_id: str
    price_ticks: Ticks
    quantity_lots: Lots
    stop_price_ticks: Ticks = 0


class OrderReplaced(Message, frozen=True, gc=False):
    """FIX ExecutionReport (8), ExecType Replaced: what holds of the order now, and whether it kept its place in the queue."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    client_order_id: str
    order_id: int
    instrument: str
    price_ticks: Ticks
    stop_price_ticks: Ticks
    quantity_lots: Lots
    cumulative_lots: Lots
    leaves_lots: Lots
    kept_place: bool


class ReplaceRejected(Message, frozen=True, gc=False):
    """FIX OrderCancelReject (9) to a replace request: the order stays as it is. ``retry_at`` is 0 unless rate-limited."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    client_order_id: str
    reason: RejectReason
    retry_at: Nanos = 0


class MassCancel(Command, frozen=True, gc=False):
    """FIX OrderMassCancelRequest (q): every open order of the account, of one instrument or side where these are given."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    account: str
    instrument: str = ""
    side: Side | None = None


class MassCancelReported(Message, frozen=True, gc=False):
    """FIX OrderMassCancelReport (r): how many orders left; each is reported by its own ``OrderCancelled`` before."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    instrument: str
    side: Side | None
    cancelled: int


class ListedOrder(Row, frozen=True, gc=False):
    """One order of a list; the fields are those of ``PlaceOrder``."""

    client_order_id: str
    instrument: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    price_ticks: Ticks
    quantity_lots: Lots
    post_only: bool = False
    terms: OrderTerms | None = None


class PlaceOrderList(Command, frozen=True, gc=False):
    """FIX NewOrderList (E): orders of one instrument that depend on each other; all are accepted, or none is.

    A list has two or more orders, a bracket three (entry, take-profit, stop-loss). Every order is answered by its own
    ``OrderAccepted`` or ``OrderRejected``.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    account: str
    contingency: ContingencyType
    orders: tuple[ListedOrder, ...]


class OrderTriggered(Message, frozen=True, gc=False):
    """FIX ExecutionReport (8), ExecType Triggered: a waiting order was woken, or one of a list began to work."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    client_order_id: str
    order_id: int
    instrument: str


class OrderRestated(Message, frozen=True, gc=False):
    """FIX ExecutionReport (8), ExecType Restated: the venue took lots off an open order, which keeps its place."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    client_order_id: str
    order_id: int
    instrument: str
    quantity_lots: Lots
    cumulative_lots: Lots
    leaves_lots: Lots
    reason: CancelReason


class KeepSession(Command, frozen=True, gc=False):
    """An account's heartbeat: unless another comes within ``cancel_after_ns``, its orders are cancelled; 0 ends the watch."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    account: str
    cancel_after_ns: Nanos


class SessionKept(Message, frozen=True, gc=False):
    """The heartbeat is taken: ``cancels_at`` is when the orders would be cancelled, 0 where nothing is watched."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    cancels_at: Nanos


class Disconnect(Command, frozen=True, gc=False):
    """An account's connection ended: where its session is watched, its open orders are cancelled at once."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    account: str


class SessionEnded(Message, frozen=True, gc=False):
    """An account's session ended, by a missed heartbeat or a disconnect; ``cancelled`` orders left with it."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    cancelled: int
