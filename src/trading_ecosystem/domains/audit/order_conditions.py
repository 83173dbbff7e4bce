"""What is wrong with venues as far as the firm's own orders show it, recomputed: late, lost and odd answers and fills.

Definitions are those of :mod:`trading_ecosystem.messages.alert_conditions`.
"""

from __future__ import annotations

from collections import deque
from typing import Final, TypeAlias

from trading_ecosystem.domains.audit.feed_conditions import Tally
from trading_ecosystem.domains.audit.intervals import Tracks
from trading_ecosystem.messages.alert_conditions import (
    EARLY_ANSWER_KEPT,
    EXECUTION_WINDOW,
    GIVEN_UP_AFTER,
    LATENCY_FROM,
    ODD_EXECUTIONS,
    REJECT_ANSWERS,
    REJECT_WINDOW,
    REJECTS_PPM,
    STORM_FILLS,
    STORM_WINDOW,
    UNANSWERED_AFTER,
)
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PlaceOrder,
)
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos

PLACE: Final = "place"
CANCEL: Final = "cancel"
CommandKey: TypeAlias = tuple[str, str, str]
"""Kind, account, client order id."""
OrderKey: TypeAlias = tuple[str, str, int]
"""Instrument, account, order id."""
Answer: TypeAlias = OrderAccepted | OrderRejected | OrderCancelled | CancelRejected


class VenueOrders:
    """The firm's commands and fills at one venue."""

    def __init__(self, venue: str, tracks: Tracks) -> None:
        self._latency = tracks.of(AlertKind.EXECUTION_LATENCY, venue)
        self._unanswered = tracks.of(AlertKind.ORDER_UNANSWERED, venue)
        self._rejects = tracks.of(AlertKind.REJECT_RATE, venue)
        self._storm = tracks.of(AlertKind.EXECUTION_STORM, venue)
        self._duplicate = tracks.of(AlertKind.DUPLICATE_EXECUTION, venue)
        self._after_cancel = tracks.of(AlertKind.FILL_AFTER_CANCEL, venue)
        self._waiting: dict[CommandKey, tuple[Nanos, Entry]] = {}
        """Commands without an answer, in the order in which they arrived."""
        self._unasked: dict[CommandKey, tuple[Nanos, bool]] = {}
        """Answers without a command that waits for them: when each arrived, in this order, and whether it rejects."""
        self._answers = Tally(REJECT_WINDOW)
        self._rejected = Tally(REJECT_WINDOW)
        self._executions: dict[tuple[str, str, int], Nanos] = {}
        """When each execution (instrument, account, execution id) arrived last."""
        self._cancelled: dict[OrderKey, Nanos] = {}
        self._fills: dict[OrderKey, deque[Nanos]] = {}
        self._repeated = Tally(EXECUTION_WINDOW)
        self._late = Tally(EXECUTION_WINDOW)

    def commanded(self, message: PlaceOrder | CancelOrder, at: Nanos, entry: Entry) -> None:
        """The copy of a command reaches the monitor."""
        self.grow_older(at)
        kind = PLACE if isinstance(message, PlaceOrder) else CANCEL
        key = (kind, message.account, message.client_order_id)
        if key in self._waiting:
            return
        if key in self._unasked:
            _, rejects = self._unasked.pop(key)
            self._decide({kind: 0}, rejects, at, entry)
        else:
            self._waiting[key] = (at, entry)

    def answered(self, message: Answer, at: Nanos, entry: Entry) -> None:
        """The answer to a command reaches the monitor."""
        if isinstance(message, OrderCancelled):
            self._cancelled[message.instrument, message.account, message.order_id] = at
        placed = isinstance(message, OrderAccepted | OrderRejected)
        self._take((PLACE,) if placed else (CANCEL,), message, isinstance(message, OrderRejected), at, entry)

    def filled(self, message: OrderFilled, at: Nanos, entry: Entry) -> None:
        """A fill reaches the monitor, for the first time or again."""
        self._take((PLACE, CANCEL) if message.leaves_lots == 0 else (PLACE,), message, False, at, entry)
        execution = (message.instrument, message.account, message.execution_id)
        before = self._executions.get(execution)
        again = before is not None and at - before < EXECUTION_WINDOW
        self._executions[execution] = at
        if again:
            self._repeated.add(1, at)
        repeated = self._repeated.forget(at)
        self._duplicate.observe(repeated if again else 0, again and repeated >= ODD_EXECUTIONS, at, entry)
        if again:
            return
        order = (message.instrument, message.account, message.order_id)
        cancelled_at = self._cancelled.get(order)
        gone = cancelled_at is not None and at - cancelled_at < EXECUTION_WINDOW
        if gone:
            self._late.add(1, at)
        late = self._late.forget(at)
        self._after_cancel.observe(late if gone else 0, gone and late >= ODD_EXECUTIONS, at, entry)
        fills = self._fills_of(order, at)
        self._storm.observe(fills, fills >= STORM_FILLS, at, entry)

    def grow_older(self, at: Nanos) -> None:
        """Time has come to ``at``: commands may have waited for too long, or for so long that they are given up.

        Answers that came before their commands may have done so too long ago.
        """
        while self._unasked and at - next(iter(self._unasked.values()))[0] >= EARLY_ANSWER_KEPT:
            del self._unasked[next(iter(self._unasked))]
        while self._waiting:
            key, (sent_at, entry) = next(iter(self._waiting.items()))
            given_up_at = sent_at + GIVEN_UP_AFTER + 1
            if given_up_at > at:
                self._observe(sent_at, entry, at)
                return
            self._observe(sent_at, entry, given_up_at - 1)
            del self._waiting[key]
            self._observe_oldest(given_up_at)

    def _take(self, kinds: tuple[str, ...], message: Answer | OrderFilled, rejection: bool, at: Nanos, entry: Entry) -> None:
        """An answer to commands of these kinds, where such commands wait; of two the longer wait decides."""
        self.grow_older(at)
        waited: dict[str, Nanos] = {}
        for kind in kinds:
            key = (kind, message.account, message.client_order_id)
            if key in self._waiting:
                waited[kind] = at - self._waiting.pop(key)[0]
            else:
                self._unasked.pop(key, None)
                self._unasked[key] = (at, rejection)
        if waited:
            self._observe_oldest(at)
            self._decide(waited, rejection, at, entry)

    def _decide(self, waited: dict[str, Nanos], rejection: bool, at: Nanos, entry: Entry) -> None:
        """Commands of these kinds were answered after these waits."""
        took = max(waited.values())
        self._latency.observe(took, took >= LATENCY_FROM, at, entry)
        if PLACE in waited:
            self._answers.add(1, at)
            self._rejected.add(int(rejection), at)
            answers, rejected = self._answers.forget(at), self._rejected.forget(at)
            share = rejected * PARTS_PER_MILLION // answers if answers >= REJECT_ANSWERS else 0
            self._rejects.observe(share, share >= REJECTS_PPM, at, entry)

    def _observe_oldest(self, at: Nanos) -> None:
        """One command waits no longer; how long has the oldest of the others?"""
        if self._waiting:
            sent_at, entry = next(iter(self._waiting.values()))
            self._observe(sent_at, entry, at)
        elif self._unanswered.open is not None:
            self._unanswered.observe(0, False, at, self._unanswered.open.entry)
        else:
            self._unanswered.measure = 0

    def _observe(self, sent_at: Nanos, entry: Entry, at: Nanos) -> None:
        waited = at - sent_at
        self._unanswered.observe(waited, waited >= UNANSWERED_AFTER, at, entry, sent_at + UNANSWERED_AFTER)

    def _fills_of(self, order: OrderKey, at: Nanos) -> int:
        fills = self._fills.setdefault(order, deque())
        fills.append(at)
        while at - fills[0] >= STORM_WINDOW:
            fills.popleft()
        return len(fills)


class OrderConditions:
    """The conditions on the firm's commands and fills at every venue."""

    def __init__(self, tracks: Tracks) -> None:
        self._tracks = tracks
        self._venues: dict[str, VenueOrders] = {}

    def venue(self, name: str) -> VenueOrders:
        """The firm's orders at one venue."""
        orders = self._venues.get(name)
        if orders is None:
            orders = self._venues[name] = VenueOrders(name, self._tracks)
        return orders

    def advance(self, at: Nanos) -> None:
        """Time has come to ``at`` without an answer."""
        for orders in self._venues.values():
            orders.grow_older(at)
