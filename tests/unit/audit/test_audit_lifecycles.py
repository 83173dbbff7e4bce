"""Order lifecycles from request to settlement, repeats included."""

from tests.recorded_run import recorded_run
from tests.unit.audit.small_record import START, SmallRecord, seconds

from trading_ecosystem.messages.audit import OrderLifecycle
from trading_ecosystem.messages.exchange import OrderAccepted, OrderCancelled, OrderRejected, PlaceOrder
from trading_ecosystem.messages.orders import CancelReason, OrderType, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.units import SECOND

VENUE = "exchange-alpha"
MAKER = "fund/maker"


def place(record, after, client_order_id="one", lots=1000, account=MAKER):
    message = PlaceOrder(
        venue=VENUE,
        account=account,
        client_order_id=client_order_id,
        instrument="BTC/USD",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        price_ticks=6_000_000,
        quantity_lots=lots,
    )
    return record.say(after, "trading", message)


def accept(record, after, order_id, client_order_id="one", lots=1000, account=MAKER):
    message = OrderAccepted(
        venue=VENUE,
        account=account,
        client_order_id=client_order_id,
        order_id=order_id,
        instrument="BTC/USD",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        price_ticks=6_000_000,
        quantity_lots=lots,
        post_only=False,
    )
    record.say(after, VENUE, message)


def reject(record, after, client_order_id="one", reason=RejectReason.NO_LIQUIDITY):
    record.say(after, VENUE, OrderRejected(VENUE, MAKER, client_order_id, "BTC/USD", reason))


def cancel(record, after, order_id, client_order_id="one", cumulative=0, leaves=1000):
    message = OrderCancelled(VENUE, MAKER, client_order_id, order_id, "BTC/USD", cumulative, leaves, CancelReason.REQUESTED)
    record.say(after, VENUE, message)


def statuses(record):
    return [(order.client_order_id, order.order_id, order.status) for order in record.report().lifecycles]


def test_an_order_from_request_to_settlement():
    record = SmallRecord()
    trace = place(record, 0)
    accept(record, 1, 7)
    record.fill(2, 100, 602, lots=400, cumulative_lots=400, leaves_lots=600, order_id=7)
    assert statuses(record) == [("one", 7, "partially_filled")]
    record.fill(3, 101, 603, lots=600, cumulative_lots=1000, order_id=7)
    record.settle(602, 100)
    (waiting,) = record.report().lifecycles
    assert (waiting.status, waiting.settled_fills, waiting.fills) == ("filled", 1, 2)
    record.settle(663, 101)
    record.settle(664, 101)
    assert record.report().lifecycles == (
        OrderLifecycle(
            venue=VENUE,
            account=MAKER,
            client_order_id="one",
            order_id=7,
            instrument="BTC/USD",
            trace=trace,
            requested_at=START,
            accepted_at=START + SECOND,
            first_fill_at=START + 2 * SECOND,
            ended_at=START + 3 * SECOND,
            status="filled",
            quantity_lots=1000,
            cumulative_lots=1000,
            fills=2,
            settled_fills=2,
            last_settled_at=START + 663 * SECOND,
        ),
    )


def test_rejected_cancelled_unanswered_and_other_accounts():
    record = SmallRecord()
    place(record, 0, "refused")
    place(record, 0, "cancelled")
    place(record, 0, "lost")
    place(record, 0, "refused", account="rival")
    reject(record, 1, "refused")
    accept(record, 1, 2, "cancelled")
    record.fill(2, 5, 602, lots=300, cumulative_lots=300, leaves_lots=700, order_id=2, client_order_id="cancelled")
    cancel(record, 3, 2, "cancelled", 300, 700)
    assert statuses(record) == [
        ("refused", None, "rejected"),
        ("cancelled", 2, "cancelled"),
        ("lost", None, "requested"),
        ("refused", None, "requested"),
    ]
    cancelled = record.report().lifecycles[1]
    assert (cancelled.fills, cancelled.settled_fills, seconds(cancelled.ended_at)) == (1, 0, 3)
    record.settle(602, 5)
    assert record.report().lifecycles[1].settled_fills == 1


def test_a_repeated_request_that_is_refused_does_not_touch_the_live_order():
    record = SmallRecord()
    place(record, 0)
    accept(record, 0, 1)
    place(record, 1)
    reject(record, 1, reason=RejectReason.DUPLICATE_CLIENT_ORDER_ID)
    record.fill(2, 100, 602)
    assert statuses(record) == [("one", 1, "filled"), ("one", None, "rejected")]


def test_a_repeated_request_that_gets_the_first_answer_again():
    record = SmallRecord()
    place(record, 0)
    place(record, 0)
    accept(record, 0, 1)
    accept(record, 0, 1)
    cancel(record, 5, 1)
    place(record, 6)
    accept(record, 6, 1)
    assert statuses(record) == [("one", 1, "cancelled"), ("one", None, "repeated"), ("one", None, "repeated")]


def test_a_client_order_id_that_is_used_again_names_another_order():
    record = SmallRecord()
    place(record, 0)
    accept(record, 0, 1)
    record.fill(1, 100, 601)
    place(record, 100_000, lots=5)
    accept(record, 100_000, 9, lots=5)
    record.settle(100_001, 100)
    assert statuses(record) == [("one", 1, "filled"), ("one", 9, "new")]
    assert [order.settled_fills for order in record.report().lifecycles] == [1, 0]


def test_answers_to_orders_that_nobody_requested_are_left_alone():
    record = SmallRecord()
    accept(record, 0, 1)
    reject(record, 0)
    record.fill(1, 100, 601)
    cancel(record, 1, 1)
    record.settle(601, 100)
    assert record.report().lifecycles == ()


def test_lives_that_the_model_allows_fit_it():
    record = SmallRecord()
    place(record, 1)
    accept(record, 2, 7)
    record.fill(3, 100, 603, lots=1000, cumulative_lots=1000, order_id=7)
    place(record, 4, "two")
    accept(record, 5, 8, "two")
    cancel(record, 6, 8, "two")
    found = record.report().conformance
    assert (found.orders, found.unfinished) == (1, 1), "the fill has not settled"
    assert (found.fitness_ppm, found.deviations) == (1_000_000, ())


def test_what_is_said_of_an_order_after_its_end_deviates():
    """A fill after the cancel, as a venue that answers out of order says it."""
    record = SmallRecord()
    place(record, 1)
    accept(record, 2, 7)
    cancel(record, 3, 7)
    assert record.report().conformance.deviations == ()
    record.fill(4, 100, 604, lots=1000, cumulative_lots=1000, order_id=7)
    found = record.report().conformance
    assert [(one.course, one.orders) for one in found.deviations] == [("requested, accepted, cancelled, filled", 1)]
    assert found.fitness_ppm < 1_000_000
    # It was never settled, and it ended twice: two tokens remain of what was produced.
    assert (found.missing, found.remaining) == (1, 2)


def test_orders_of_a_real_run_fit_the_model():
    found = recorded_run().audit.conformance
    assert found.orders > 50
    assert (found.fitness_ppm, found.missing, found.remaining, found.deviations) == (1_000_000, 0, 0, ())
