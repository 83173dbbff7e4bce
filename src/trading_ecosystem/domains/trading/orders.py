"""The orders of one strategy: the working ones and the last that ended, each where :mod:`.order_life` says it stands.

Every step is idempotent: an execution counts once per order, an order that has ended stays ended, and a late fill of an ended
order still reaches the portfolio.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from trading_ecosystem.domains.trading.intentions import Place
from trading_ecosystem.domains.trading.order_life import ENDED, PENDING, OrderEvent, OrderState, after
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MINUTE, Lots, MinorUnits, Nanos

ENDED_ORDERS_KEPT: Final = 256
"""Ended orders per strategy that are remembered, so that duplicate and late reports can be told apart."""
ANSWER_WITHIN: Final[Nanos] = MINUTE
"""A request without an answer for this long is followed by a (further) cancel."""


class Order:
    """One order of a strategy. Strategies may look at it and must not change it."""

    __slots__ = (
        "asked_at",
        "client_order_id",
        "cumulative_lots",
        "executions",
        "instrument",
        "label",
        "order_id",
        "price_ticks",
        "quantity_lots",
        "reserved_asset",
        "reserved_minor",
        "side",
        "state",
        "venue",
    )

    def __init__(self, client_order_id: str, place: Place, reserved_asset: str, reserved_minor: MinorUnits, now: Nanos) -> None:
        self.client_order_id = client_order_id
        self.venue = place.venue
        self.instrument = place.instrument
        self.side: Side = place.side
        self.price_ticks = place.price_ticks
        self.quantity_lots = place.quantity_lots
        self.label = place.label
        self.reserved_asset = reserved_asset
        self.reserved_minor = reserved_minor
        """Claim set aside until the venue first answers, and from then on holds it itself."""
        self.state = OrderState.PENDING_NEW
        self.asked_at = now
        """When the request that is now unanswered was sent."""
        self.order_id = 0
        self.cumulative_lots: Lots = 0
        self.executions: list[int] = []

    @property
    def leaves_lots(self) -> Lots:
        """What may still be filled; 0 for an order that has ended."""
        return 0 if self.state in ENDED else self.quantity_lots - self.cumulative_lots

    def undoes(self, execution_id: int, by: int) -> bool:
        """Take note that an execution was undone or corrected by another; false if it was not known, or that was noted."""
        if execution_id not in self.executions or by in self.executions:
            return False
        self.executions.append(by)
        return True

    @property
    def is_pending(self) -> bool:
        """Whether a request of its sender is unanswered."""
        return self.state in PENDING


class Orders:
    """The orders of one strategy: the working ones, and the last ended ones."""

    __slots__ = ("_ended", "_ended_ids", "counter", "numbered_from", "prefix", "working")

    def __init__(self, strategy: str) -> None:
        self.prefix = f"{strategy}-"
        self.counter = self.numbered_from = 0
        self.working: dict[str, Order] = {}
        self._ended: dict[str, Order] = {}
        self._ended_ids: deque[str] = deque()

    @property
    def sent(self) -> int:
        """How many orders were sent in this life."""
        return self.counter - self.numbered_from

    def number_from(self, number: int) -> None:
        """Number orders from here on, where none was sent yet: an earlier life that is forgotten took the numbers below."""
        if self.sent == 0:
            self.counter = self.numbered_from = number

    def open(self, place: Place, reserved_asset: str, reserved_minor: MinorUnits, now: Nanos) -> Order:
        """A new order with the next client order id."""
        self.counter += 1
        order = Order(f"{self.prefix}{self.counter}", place, reserved_asset, reserved_minor, now)
        self.working[order.client_order_id] = order
        return order

    def find(self, client_order_id: str) -> Order | None:
        """A working or remembered order."""
        return self.working.get(client_order_id) or self._ended.get(client_order_id)

    def accept(self, order: Order, order_id: int) -> None:
        """The venue has it; a late or second acceptance changes nothing but the order id."""
        order.order_id = order_id
        self.happened(order, OrderEvent.ACCEPTED)

    def fill(self, order: Order, execution_id: int, cumulative_lots: Lots, leaves_lots: Lots) -> bool:
        """Count an execution; false for one that was counted before."""
        if execution_id in order.executions:
            return False
        order.executions.append(execution_id)
        order.cumulative_lots = max(order.cumulative_lots, cumulative_lots)
        whole = leaves_lots == 0 or order.cumulative_lots >= order.quantity_lots
        self.happened(order, OrderEvent.FILLED if whole else OrderEvent.TRADED)
        return True

    def ask(self, order: Order, event: OrderEvent, now: Nanos) -> None:
        """A request about a working order was sent: a replacement, or a cancel."""
        assert order.state not in ENDED
        self.happened(order, event)
        assert order.is_pending
        order.asked_at = now

    def happened(self, order: Order, event: OrderEvent) -> None:
        """Something happened to an order; if it has left the market, the oldest remembered one may be forgotten for it."""
        before = order.state
        order.state = after(before, event, order.cumulative_lots)
        if order.state not in ENDED or before in ENDED:
            return
        del self.working[order.client_order_id]
        self._ended[order.client_order_id] = order
        self._ended_ids.append(order.client_order_id)
        if len(self._ended_ids) > ENDED_ORDERS_KEPT:
            del self._ended[self._ended_ids.popleft()]

    def unanswered(self, now: Nanos) -> list[Order]:
        """Working orders whose last request was sent :data:`ANSWER_WITHIN` ago or before."""
        return [order for order in self.working.values() if order.is_pending and now - order.asked_at >= ANSWER_WITHIN]

    def working_lots(self, instrument: str, side: Side) -> Lots:
        """Lots that working orders of one side may still fill, over all venues."""
        lots = 0
        for order in self.working.values():
            if order.instrument == instrument and order.side is side:
                lots += order.leaves_lots
        return lots
