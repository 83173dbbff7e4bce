"""The life of an order, as a table, and the orders of named accounts.

``LIFE`` is the truth: what may happen to an order in which status, and what it is then. Anything else is a bug and
asserted.

An order is named by its account and ``client_order_id``. The name is remembered for 24 hours of ecosystem time, whatever
became of the order, and for as long as it is open; asked again in the same words, the venue gives its first answer again. A
name is taken once the order has passed the checks up to it (account, instrument, form of the id); a refusal before that is
not remembered, since it depends on nothing that could have changed but the account's opening.
"""

from __future__ import annotations

import enum
from collections import deque
from typing import Final

import msgspec

from trading_ecosystem.domains.exchange.orders.holds import Hold
from trading_ecosystem.messages.exchange import OrderAccepted, OrderRejected, PlaceOrder
from trading_ecosystem.messages.orders import OrderStatus, RejectReason
from trading_ecosystem.messages.units import DAY, Lots, Nanos, Ticks

REMEMBERED_NS: Final = DAY
"""How long a client order id is remembered after it was first used."""


class OrderEvent(enum.StrEnum):
    """What can happen to an order."""

    ACCEPT = "accept"
    REJECT = "reject"
    FILL_PART = "fill_part"
    FILL_REST = "fill_rest"
    CANCEL = "cancel"
    """What is left leaves, for any reason: asked for, expired, its list, its account's session."""
    REPLACE = "replace"
    """It has another price or quantity, asked for or not."""
    TRIGGER = "trigger"
    """It waited for a price, or for another order of its list, and works now."""
    BUST = "bust"
    """One of its trades is undone or corrected; what it took from the quantity stays taken."""


_OPEN: Final = {
    OrderEvent.FILL_PART: OrderStatus.PARTIALLY_FILLED,
    OrderEvent.FILL_REST: OrderStatus.FILLED,
    OrderEvent.CANCEL: OrderStatus.CANCELLED,
}

LIFE: Final[dict[OrderStatus | None, dict[OrderEvent, OrderStatus]]] = {
    None: {OrderEvent.ACCEPT: OrderStatus.NEW, OrderEvent.REJECT: OrderStatus.REJECTED},
    OrderStatus.NEW: {**_OPEN, OrderEvent.REPLACE: OrderStatus.NEW, OrderEvent.TRIGGER: OrderStatus.NEW},
    OrderStatus.PARTIALLY_FILLED: {
        **_OPEN,
        OrderEvent.REPLACE: OrderStatus.PARTIALLY_FILLED,
        OrderEvent.TRIGGER: OrderStatus.PARTIALLY_FILLED,
        OrderEvent.BUST: OrderStatus.PARTIALLY_FILLED,
    },
    OrderStatus.FILLED: {OrderEvent.BUST: OrderStatus.FILLED},
    OrderStatus.CANCELLED: {OrderEvent.BUST: OrderStatus.CANCELLED},
    OrderStatus.REJECTED: {},
}
"""Every legal transition: ``{status: {event: status}}``; ``None`` is an order that has not been answered yet."""


class Order(msgspec.Struct, gc=False):
    """An order of a named account, from its answer on.

    ``named_at`` is when its name was taken, or last renewed. ``hold_price_ticks`` is the price at which it is held (see
    :mod:`.holds`). ``unheld_lots`` is the part of a market order that finds nothing to trade with, for which nothing is held.
    ``price_ticks``, ``stop_price_ticks`` and ``quantity_lots`` are as replaced since. ``hold`` is what is held for it, alone or
    together with others of its list.
    """

    command: PlaceOrder
    order_id: int
    named_at: Nanos
    leaves_lots: Lots
    hold_price_ticks: Ticks
    status: OrderStatus | None = None
    refused: RejectReason | None = None
    unheld_lots: Lots = 0
    price_ticks: Ticks = 0
    stop_price_ticks: Ticks = 0
    quantity_lots: Lots = 0
    hold: Hold | None = None

    @classmethod
    def of(cls, command: PlaceOrder, now: Nanos) -> Order:
        """A new order, before it is answered."""
        lots, price, terms = command.quantity_lots, command.price_ticks, command.terms
        stop = terms.stop_price_ticks if terms is not None else 0
        return cls(command, 0, now, lots, price, price_ticks=price, stop_price_ticks=stop, quantity_lots=lots)

    @property
    def cumulative_lots(self) -> Lots:
        """What has traded."""
        return self.quantity_lots - self.leaves_lots

    @property
    def held_lots(self) -> Lots:
        """The part of the leaves for which a claim is held."""
        return self.leaves_lots - self.unheld_lots

    def happens(self, event: OrderEvent) -> None:
        """Move along the life table; an event that is not in it is a bug."""
        following = LIFE[self.status].get(event)
        assert following is not None, f"order {self.order_id}: {event} in status {self.status}"
        self.status = following

    def fill(self, lots: Lots) -> None:
        """Some or all of the leaves traded."""
        assert 0 < lots <= self.leaves_lots
        self.leaves_lots -= lots
        self.happens(OrderEvent.FILL_PART if self.leaves_lots else OrderEvent.FILL_REST)

    def accepted(self, quantity_lots: Lots, price_ticks: Ticks) -> OrderAccepted:
        """The acceptance, with quantity and price as asked, or as they are now."""
        asked = self.command
        return OrderAccepted(
            asked.venue,
            asked.account,
            asked.client_order_id,
            self.order_id,
            asked.instrument,
            asked.side,
            asked.order_type,
            asked.time_in_force,
            price_ticks,
            quantity_lots,
            asked.post_only,
            asked.terms,
        )

    def answer(self) -> OrderAccepted | OrderRejected:
        """The venue's first answer to this order, again."""
        asked = self.command
        if self.refused is not None:
            return OrderRejected(asked.venue, asked.account, asked.client_order_id, asked.instrument, self.refused)
        return self.accepted(asked.quantity_lots, asked.price_ticks)


class OrderTable:
    """Orders by name for as long as they are remembered, and those that are in the book by number."""

    __slots__ = ("_by_age", "_by_name", "last_order_id", "open")

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, str], Order] = {}
        self._by_age: deque[Order] = deque()
        self.open: dict[int, Order] = {}
        self.last_order_id = 0

    def __len__(self) -> int:
        """How many names are remembered."""
        return len(self._by_age)

    def named(self, account: str, client_order_id: str, now: Nanos) -> Order | None:
        """The order that bears this name, if it is still remembered."""
        self.forget_expired(now)
        return self._by_name.get((account, client_order_id))

    def remember(self, order: Order) -> None:
        """Keep an order under its name, which is free."""
        name = (order.command.account, order.command.client_order_id)
        assert name not in self._by_name
        self._by_name[name] = order
        self._by_age.append(order)

    def forget_expired(self, now: Nanos) -> None:
        """Let go of the names whose time is over, oldest first; one that is still open begins another period."""
        by_age = self._by_age
        while by_age and by_age[0].named_at + REMEMBERED_NS <= now:
            order = by_age.popleft()
            if order.order_id in self.open:
                order.named_at = now
                by_age.append(order)
            else:
                del self._by_name[(order.command.account, order.command.client_order_id)]
