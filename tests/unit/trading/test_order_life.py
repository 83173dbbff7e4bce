"""The table of order states: FIX's matrices, what may never happen, and that a disconnect leaves no trace."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.campaign import seeds
from tests.unit.trading.trading_floor import ALPHA, BTC, Floor, obedient

from trading_ecosystem.domains.trading.intentions import Cancel, Place, Replace
from trading_ecosystem.domains.trading.order_life import ENDED, PENDING, TABLE, OrderEvent, OrderState, after
from trading_ecosystem.domains.trading.order_reconciliation import reconcile
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    PlaceOrder,
)
from trading_ecosystem.messages.order_handling import OrderReplaced, ReplaceOrder
from trading_ecosystem.messages.orders import CancelReason, CancelRejectReason, Side
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.ports.component import Later

S, E = OrderState, OrderEvent
MATRICES = {
    "A.1.a a filled order": [(E.ACCEPTED, S.NEW), (E.TRADED, S.PARTIALLY_FILLED), (E.FILLED, S.FILLED)],
    "A.1.b a partly filled day order": [(E.ACCEPTED, S.NEW), (E.TRADED, S.PARTIALLY_FILLED), (E.EXPIRED, S.EXPIRED)],
    "A.1.c a rejected order": [(E.REJECTED, S.REJECTED)],
    "B.1.a a cancel with nothing filled": [
        (E.ACCEPTED, S.NEW),
        (E.CANCEL_ASKED, S.PENDING_CANCEL),
        (E.CANCELLED, S.CANCELLED),
    ],
    "B.1.b a cancel of a part-filled order, with executions whilst it is active": [
        (E.ACCEPTED, S.NEW),
        (E.TRADED, S.PARTIALLY_FILLED),
        (E.CANCEL_ASKED, S.PENDING_CANCEL),
        (E.TRADED, S.PENDING_CANCEL),
        (E.CANCELLED, S.CANCELLED),
    ],
    "B.1.c a cancel of an order that fills before it is dealt with": [
        (E.ACCEPTED, S.NEW),
        (E.CANCEL_ASKED, S.PENDING_CANCEL),
        (E.FILLED, S.FILLED),
        (E.CANCEL_REJECTED, S.FILLED),
    ],
    "C.1.a zero-filled order, a replace to increase it": [
        (E.ACCEPTED, S.NEW),
        (E.REPLACE_ASKED, S.PENDING_REPLACE),
        (E.REPLACED, S.NEW),
        (E.TRADED, S.PARTIALLY_FILLED),
    ],
    "C.1.b part-filled order, a replace with an execution whilst it is pending": [
        (E.ACCEPTED, S.NEW),
        (E.TRADED, S.PARTIALLY_FILLED),
        (E.REPLACE_ASKED, S.PENDING_REPLACE),
        (E.TRADED, S.PENDING_REPLACE),
        (E.REPLACED, S.PARTIALLY_FILLED),
    ],
    "C.1.c filled order, a replace that is too late": [
        (E.ACCEPTED, S.NEW),
        (E.REPLACE_ASKED, S.PENDING_REPLACE),
        (E.FILLED, S.FILLED),
        (E.REPLACE_REJECTED, S.FILLED),
    ],
    "D.1.a a replace, then a cancel before it is answered": [
        (E.ACCEPTED, S.NEW),
        (E.REPLACE_ASKED, S.PENDING_REPLACE),
        (E.CANCEL_ASKED, S.PENDING_CANCEL),
        (E.REPLACED, S.PENDING_CANCEL),
        (E.CANCELLED, S.CANCELLED),
    ],
    "silence": [(E.TIMED_OUT, S.PENDING_CANCEL), (E.TIMED_OUT, S.PENDING_CANCEL), (E.CANCEL_REJECTED, S.CANCELLED)],
    "a fill before the acceptance": [(E.TRADED, S.PARTIALLY_FILLED), (E.ACCEPTED, S.PARTIALLY_FILLED), (E.FILLED, S.FILLED)],
}


@pytest.mark.parametrize("name", MATRICES)
def test_the_matrices_of_fix(name: str) -> None:
    state, cumulative = S.PENDING_NEW, 0
    for event, expected in MATRICES[name]:
        cumulative += event in (E.TRADED, E.FILLED)
        state = after(state, event, cumulative)
        assert state is expected, event


def test_every_state_has_a_row_and_nothing_leads_on_from_an_end() -> None:
    assert set(TABLE) == set(OrderState)
    assert {state for state, leads in TABLE.items() if not leads} == ENDED
    # Whatever waits for an answer has a way out when none comes.
    assert {state for state, leads in TABLE.items() if E.TIMED_OUT in leads} == PENDING


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(OrderEvent), max_size=12))
def test_any_reports_in_any_order_end_at_most_once(events: list[OrderEvent]) -> None:
    state, cumulative, ended = S.PENDING_NEW, 0, None
    for event in events:
        cumulative += event in (E.TRADED, E.FILLED)
        state = after(state, event, cumulative)
        if ended is not None:
            assert state is ended
        ended = state if state in ENDED else None
        if state is S.NEW:
            assert cumulative == 0
        if state is S.PARTIALLY_FILLED:
            assert cumulative > 0


def test_a_cancel_that_came_too_soon_is_sent_again_and_the_order_is_not_forgotten() -> None:
    made = Floor(obedient("s"))
    made.begin()
    made.fund("fund/s", USD=1_000_000)
    made.price(BTC, 60_000)
    (order,) = sent(made, Place(ALPHA, BTC, Side.BUY, 50_000_00, 10))
    assert isinstance(order, PlaceOrder)
    made.accept(order)
    assert len(sent(made, Cancel("s-1"))) == 1
    made.hear(CancelRejected(ALPHA, "fund/s", "s-1", CancelRejectReason.RATE_LIMITED, retry_at=made.now + SECOND))
    assert made.trading.desks["s"].orders.working["s-1"].state is S.PENDING_CANCEL
    made.now += MINUTE
    assert made.trading.desks["s"].chase(made.now) == [CancelOrder(ALPHA, "fund/s", "s-1")]
    identity = (ALPHA, "fund/s", "s-1", 1, BTC, 0, 10)
    made.hear(OrderCancelled(*identity, CancelReason.EXPIRED))
    ended = made.trading.desks["s"].orders.find("s-1")
    assert ended is not None
    assert ended.state is S.EXPIRED


def sent(made: Floor, *wanted: object) -> list[object]:
    return [one for one in made.tell("s", *wanted) if not isinstance(one, Later)]  # type: ignore[arg-type]


class Venue:
    """A venue that carries out what it is sent, and says so over a connection that loses things."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.floor = Floor(obedient("s"))
        self.floor.begin()
        self.floor.fund("fund/s", USD=10_000_000)
        self.floor.price(BTC, 60_000)
        self.orders: dict[str, PlaceOrder] = {}
        self.cumulative: dict[str, int] = {}
        self.fills: list[OrderFilled] = []
        self.connected = True

    def receives(self, messages: list[object]) -> None:
        for message in messages:
            if not self.connected and self.random.random() < 0.5:
                continue
            if isinstance(message, PlaceOrder):
                self.orders[message.client_order_id] = message
                self.cumulative[message.client_order_id] = 0
                self.says(self.accepted(message))
            elif isinstance(message, CancelOrder) and message.client_order_id in self.orders:
                order = self.orders.pop(message.client_order_id)
                done = self.cumulative[order.client_order_id]
                identity = (ALPHA, "fund/s", order.client_order_id, self.number(order), BTC)
                self.says(OrderCancelled(*identity, done, order.quantity_lots - done, CancelReason.REQUESTED))
            elif isinstance(message, ReplaceOrder) and message.client_order_id in self.orders:
                self.replaces(message)

    def replaces(self, asked: ReplaceOrder) -> None:
        done = self.cumulative[asked.client_order_id]
        if asked.quantity_lots <= done:
            return
        order = self.orders[asked.client_order_id]
        changed = PlaceOrder(
            *(ALPHA, "fund/s", order.client_order_id, BTC, order.side, order.order_type, order.time_in_force),
            asked.price_ticks,
            asked.quantity_lots,
        )
        self.orders[asked.client_order_id] = changed
        quantities = (asked.quantity_lots, done, asked.quantity_lots - done)
        identity = (ALPHA, "fund/s", asked.client_order_id, self.number(order), BTC)
        self.says(OrderReplaced(*identity, asked.price_ticks, 0, *quantities, False))

    def number(self, order: PlaceOrder) -> int:
        return int(order.client_order_id.rpartition("-")[2])

    def accepted(self, order: PlaceOrder) -> OrderAccepted:
        left = order.quantity_lots - self.cumulative[order.client_order_id]
        terms = (BTC, order.side, order.order_type, order.time_in_force, order.price_ticks, left, False)
        return OrderAccepted(ALPHA, "fund/s", order.client_order_id, self.number(order), *terms)

    def trades(self) -> None:
        order = self.random.choice(list(self.orders.values()))
        done = self.cumulative[order.client_order_id]
        lots = self.random.randint(1, order.quantity_lots - done)
        fill = self.floor.fill(order, lots, before=done)
        self.fills.append(fill)
        self.cumulative[order.client_order_id] += lots
        if not fill.leaves_lots:
            del self.orders[order.client_order_id]
        self.says(fill)

    def says(self, message: object) -> None:
        """Said at once; heard late, twice or never while the connection is bad."""
        chance = self.random.random()
        if self.connected or chance < 0.4:
            self.floor.hear(message)  # type: ignore[arg-type]
            if not self.connected and chance < 0.1:
                self.floor.hear(message)  # type: ignore[arg-type]

    def step(self) -> None:
        desk = self.floor.trading.desks["s"]
        self.floor.now += SECOND
        act = self.random.random()
        working = list(desk.orders.working)
        if act < 0.4 and self.orders:
            self.trades()
        elif act < 0.55 and working:
            self.receives(sent(self.floor, Cancel(self.random.choice(working))))
        elif act < 0.7 and working:
            order = desk.orders.working[self.random.choice(working)]
            price, lots = self.random.randint(50_000_00, 60_000_00), order.quantity_lots + self.random.randint(-3, 5)
            self.receives(sent(self.floor, Replace(order.client_order_id, price, lots)))
        else:
            price, lots = self.random.randint(50_000_00, 60_000_00), self.random.randint(1, 20)
            self.receives(sent(self.floor, Place(ALPHA, BTC, Side.BUY, price, lots)))


@pytest.mark.parametrize("seed", seeds(20, 10_000))
def test_after_a_disconnect_the_engine_knows_what_the_venue_knows(seed: int) -> None:
    venue = Venue(seed)
    for _ in range(15):
        venue.step()
    venue.connected = False
    for _ in range(25):
        venue.step()
    desk, floor = venue.floor.trading.desks["s"], venue.floor
    floor.now += SECOND
    venue.connected = True
    said = reconcile(desk, ALPHA, [venue.accepted(one) for one in venue.orders.values()], venue.fills, floor.now, floor.now)
    venue.receives([one for one in said if isinstance(one, CancelOrder)])

    known = {
        one.client_order_id: (one.price_ticks, one.cumulative_lots, one.leaves_lots) for one in desk.orders.working.values()
    }
    assert known == {
        name: (one.price_ticks, venue.cumulative[name], one.quantity_lots - venue.cumulative[name])
        for name, one in venue.orders.items()
    }
    assert {one.state for one in desk.orders.working.values()} <= {S.NEW, S.PARTIALLY_FILLED, S.PENDING_CANCEL}
    assert desk.portfolio.lots(ALPHA, BTC) == sum(one.quantity_lots for one in venue.fills)
    assert desk.fills == len(venue.fills)
    assert not any(floor.trading.claims.reserved.values())
    again = [venue.accepted(one) for one in venue.orders.values()]
    assert reconcile(desk, ALPHA, again, venue.fills, floor.now, floor.now) == []


def test_an_order_sent_after_the_question_is_left_alone() -> None:
    venue = Venue(1)
    asked_at = venue.floor.now
    sent(venue.floor, Place(ALPHA, BTC, Side.BUY, 50_000_00, 10))
    desk = venue.floor.trading.desks["s"]
    assert reconcile(desk, ALPHA, [], [], asked_at, asked_at) == []
    assert list(desk.orders.working) == ["s-1"]
    venue.floor.now += 1
    reconcile(desk, ALPHA, [], [], venue.floor.now, venue.floor.now)
    ended = desk.orders.find("s-1")
    assert ended is not None
    assert ended.state is S.CANCELLED


def test_what_is_open_there_and_over_or_unknown_here_is_cancelled() -> None:
    venue = Venue(1)
    (first,) = sent(venue.floor, Place(ALPHA, BTC, Side.BUY, 50_000_00, 10))
    assert isinstance(first, PlaceOrder)
    venue.receives([first])
    over = venue.accepted(first)
    venue.floor.cancel(first)
    unknown = structs.replace(over, client_order_id="s-99")
    another = structs.replace(over, client_order_id="hand-1")
    desk, now = venue.floor.trading.desks["s"], venue.floor.now
    assert reconcile(desk, ALPHA, [over, unknown, another], [], now, now) == [
        CancelOrder(ALPHA, "fund/s", "s-1"),
        CancelOrder(ALPHA, "fund/s", "s-99"),
    ]
