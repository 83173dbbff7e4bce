"""Order lifecycles: each order of a named account from its request to the settlement of its last fill.

A fill in a perpetual is settled by the margin tick after it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from typing import Final, TypeAlias

from trading_ecosystem.domains.audit.conformance import (
    ACCEPTED,
    BUSTED,
    CANCELLED,
    CHANGED,
    FILLED,
    ORDER_LIFECYCLE,
    PARTLY_FILLED,
    REJECTED,
    SETTLED,
    Tokens,
    in_words,
    replay,
)
from trading_ecosystem.domains.audit.conformance import REPEATED as REPEATED_STEP
from trading_ecosystem.domains.audit.conformance import REQUESTED as REQUESTED_STEP
from trading_ecosystem.messages.audit import LifecycleDeviation, OrderConformance, OrderLifecycle
from trading_ecosystem.messages.custodian import SettlementSettled
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import OrderAccepted, OrderCancelled, OrderFilled, OrderRejected, PlaceOrder
from trading_ecosystem.messages.margin import VariationSettled
from trading_ecosystem.messages.order_handling import OrderReplaced, OrderRestated, PlaceOrderList
from trading_ecosystem.messages.orders import OrderStatus
from trading_ecosystem.messages.trading_phases import TradeBusted
from trading_ecosystem.messages.units import PERPETUALS, Lots, Nanos

OrderKey: TypeAlias = tuple[str, str, str]
"""Venue, account, client order id."""

REQUESTED: Final = "requested"
REPEATED: Final = "repeated"
MOST_DEVIATIONS: Final = 100


class OpenOrder:
    """An order whose story is not over; ``position`` is its place among all."""

    __slots__ = (
        "accepted_at",
        "cumulative_lots",
        "ended_at",
        "fills",
        "first_fill_at",
        "last_settled_at",
        "order_id",
        "position",
        "quantity_lots",
        "request",
        "requested_at",
        "settled_fills",
        "status",
        "steps",
        "trace",
    )

    def __init__(self, request: PlaceOrder, entry: Entry, position: int) -> None:
        self.request = request
        self.requested_at: Nanos = entry.at
        self.trace = entry.trace
        self.position = position
        self.quantity_lots: Lots = request.quantity_lots
        self.order_id: int | None = None
        self.accepted_at: Nanos | None = None
        self.first_fill_at: Nanos | None = None
        self.ended_at: Nanos | None = None
        self.status: str = REQUESTED
        self.cumulative_lots: Lots = 0
        self.fills = 0
        self.settled_fills = 0
        self.last_settled_at: Nanos | None = None
        self.steps = REQUESTED_STEP
        """What happened to it so far, in the letters of :mod:`.conformance`."""

    def record(self) -> OrderLifecycle:
        """The lifecycle as far as it is known."""
        request = self.request
        return OrderLifecycle(
            request.venue,
            request.account,
            request.client_order_id,
            self.order_id,
            request.instrument,
            self.trace,
            self.requested_at,
            self.accepted_at,
            self.first_fill_at,
            self.ended_at,
            self.status,
            self.quantity_lots,
            self.cumulative_lots,
            self.fills,
            self.settled_fills,
            self.last_settled_at,
        )


class Lifecycles:
    """All lifecycles in the order of their requests; a finished one is kept as its record only."""

    def __init__(self) -> None:
        self._all: list[OrderLifecycle | OpenOrder] = []
        self._live: dict[OrderKey, OpenOrder] = {}
        self._repeats: dict[OrderKey, deque[OpenOrder]] = {}
        self._unsettled: dict[tuple[str, str, int, str], list[OpenOrder]] = {}
        self._unpaid: dict[tuple[str, str], list[OpenOrder]] = {}  # Fills in perpetuals since the last margin tick.
        self._variants: Counter[str] = Counter()
        self._over: dict[OrderKey, OpenOrder] = {}  # The last order of each key that has ended, for what comes after its end.
        self._highest: dict[tuple[str, str], int] = {}  # Highest order id by venue and instrument; order ids rise.

    def __iter__(self) -> Iterator[OrderLifecycle]:
        for order in self._all:
            yield order.record() if type(order) is OpenOrder else order  # type: ignore[misc]

    @property
    def variants(self) -> Counter[str]:
        """How often each course of life happened, of orders that have ended and settled."""
        return +self._variants

    @property
    def unfinished(self) -> int:
        """Orders that are live, or wait for a settlement."""
        return len(self._all) - self._variants.total()

    def conformance(self) -> OrderConformance:
        """How well the lives of finished orders fit the model."""
        replayed = {variant: replay(ORDER_LIFECYCLE, variant) for variant in self.variants}
        total = Tokens()
        for variant, orders in self.variants.items():
            total = total.plus(replayed[variant].times(orders))
        wrong = sorted((-orders, variant) for variant, orders in self.variants.items() if not replayed[variant].fits)
        deviations = tuple(LifecycleDeviation(in_words(variant), -orders) for orders, variant in wrong[:MOST_DEVIATIONS])
        return OrderConformance(self.variants.total(), self.unfinished, total.fitness_ppm, *total, deviations)

    def place_order(self, message: PlaceOrder, entry: Entry) -> None:
        """An order is requested; with the client order id of a live order it is a repeat until it is answered."""
        key = (message.venue, message.account, message.client_order_id)
        order = OpenOrder(message, entry, len(self._all))
        self._all.append(order)
        if key in self._live:
            self._repeats.setdefault(key, deque()).append(order)
        else:
            self._live[key] = order

    def place_list(self, message: PlaceOrderList, entry: Entry) -> None:
        """Orders of one list are requested; each has a life of its own."""
        for listed in message.orders:
            request = PlaceOrder(
                message.venue,
                message.account,
                listed.client_order_id,
                listed.instrument,
                listed.side,
                listed.order_type,
                listed.time_in_force,
                listed.price_ticks,
                listed.quantity_lots,
                listed.post_only,
                listed.terms,
            )
            self.place_order(request, entry)

    def order_changed(self, message: OrderReplaced | OrderRestated) -> None:
        """An order was replaced, or lost lots without trading: its quantity is another."""
        order = self._live.get((message.venue, message.account, message.client_order_id))
        if order is None:
            self._after_the_end((message.venue, message.account, message.client_order_id), CHANGED)
            return
        order.quantity_lots = message.quantity_lots
        order.steps += CHANGED

    def trade_busted(self, message: TradeBusted) -> None:
        """A fill is undone: it will not settle; the order's life is not otherwise changed."""
        trade = (message.venue, message.instrument, message.trade_id, message.account)
        for order in self._unsettled.pop(trade, ()):
            order.fills -= 1
            self._step(order, BUSTED)
            if order.ended_at is not None and order.settled_fills == order.fills:
                self._finish(order)

    def order_accepted(self, message: OrderAccepted, entry: Entry) -> None:
        """A venue took an order on, or gave the first answer again."""
        key = (message.venue, message.account, message.client_order_id)
        order = self._unanswered(key)
        if order is None:
            self._after_the_end(key, ACCEPTED)
            return
        place = (message.venue, message.instrument)
        if message.order_id <= self._highest.get(place, -1):
            order.status = REPEATED
            order.steps += REPEATED_STEP
            self._end(key, order, entry.at)
            return
        self._highest[place] = message.order_id
        self._live[key] = order
        order.accepted_at = entry.at
        order.order_id = message.order_id
        order.status = OrderStatus.NEW
        order.steps += ACCEPTED

    def order_rejected(self, message: OrderRejected, entry: Entry) -> None:
        """A venue refused an order."""
        key = (message.venue, message.account, message.client_order_id)
        order = self._unanswered(key)
        if order is None:
            self._after_the_end(key, REJECTED)
            return
        order.status = OrderStatus.REJECTED
        order.steps += REJECTED
        self._end(key, order, entry.at)

    def order_filled(self, message: OrderFilled, entry: Entry) -> None:
        """One fill of an order."""
        key = (message.venue, message.account, message.client_order_id)
        order = self._live.get(key)
        if order is None:
            self._after_the_end(key, PARTLY_FILLED if message.leaves_lots else FILLED)
            return
        order.fills += 1
        order.steps += PARTLY_FILLED if message.leaves_lots else FILLED
        order.cumulative_lots = message.cumulative_lots
        if order.first_fill_at is None:
            order.first_fill_at = entry.at
        if message.instrument in PERPETUALS:
            self._unpaid.setdefault((message.venue, message.account), []).append(order)
        else:
            trade = (message.venue, message.instrument, message.trade_id, message.account)
            self._unsettled.setdefault(trade, []).append(order)
        if message.leaves_lots:
            order.status = OrderStatus.PARTIALLY_FILLED
        else:
            order.status = OrderStatus.FILLED
            self._end(key, order, entry.at)

    def order_cancelled(self, message: OrderCancelled, entry: Entry) -> None:
        """The rest of an order left the book."""
        key = (message.venue, message.account, message.client_order_id)
        order = self._live.get(key)
        if order is None:
            self._after_the_end(key, CANCELLED)
            return
        order.status = OrderStatus.CANCELLED
        order.steps += CANCELLED
        self._end(key, order, entry.at)

    def settled(self, message: SettlementSettled, entry: Entry) -> None:
        """A trade's fills of one account settled."""
        trade = (message.venue, message.instrument, message.trade_id, message.account)
        for order in self._unsettled.pop(trade, ()):
            self._settle(order, entry)

    def variation_settled(self, message: VariationSettled, entry: Entry) -> None:
        """A margin tick settled every fill that an account had in perpetuals since the last one."""
        for order in self._unpaid.pop((message.venue, message.account), ()):
            self._settle(order, entry)

    def _settle(self, order: OpenOrder, entry: Entry) -> None:
        self._step(order, SETTLED)
        order.settled_fills += 1
        order.last_settled_at = entry.at
        if order.ended_at is not None and order.settled_fills == order.fills:
            self._finish(order)

    def _end(self, key: OrderKey, order: OpenOrder, at: Nanos) -> None:
        order.ended_at = at
        self._over[key] = order
        if self._live.get(key) is order:
            repeats = self._repeats.get(key)
            if repeats:
                self._live[key] = self._next_repeat(key, repeats)
            else:
                del self._live[key]
        if order.settled_fills == order.fills:
            self._finish(order)

    def _unanswered(self, key: OrderKey) -> OpenOrder | None:
        """The earliest request with this key that has no answer yet."""
        order = self._live.get(key)
        if order is None or order.accepted_at is None:
            return order
        repeats = self._repeats.get(key)
        return self._next_repeat(key, repeats) if repeats else None

    def _finish(self, order: OpenOrder) -> None:
        if self._is_finished(order):
            return
        self._all[order.position] = order.record()
        self._variants[order.steps] += 1

    def _is_finished(self, order: OpenOrder) -> bool:
        return self._all[order.position] is not order

    def _step(self, order: OpenOrder, step: str) -> None:
        """Note what happened to an order, which may be over already."""
        finished = self._is_finished(order)
        self._variants[order.steps] -= finished
        order.steps += step
        self._variants[order.steps] += finished

    def _after_the_end(self, key: OrderKey, step: str) -> None:
        """Something is said of an order that has ended."""
        order = self._over.get(key)
        if order is not None:
            self._step(order, step)

    def _next_repeat(self, key: OrderKey, repeats: deque[OpenOrder]) -> OpenOrder:
        order = repeats.popleft()
        if not repeats:
            del self._repeats[key]
        return order
