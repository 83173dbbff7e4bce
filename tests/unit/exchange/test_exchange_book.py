"""The book alone: price-time priority, every time in force, and a naive model that must say the same events."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.exchange.book import OrderBook
from trading_ecosystem.domains.exchange.book_events import BookEvent, Cancelled, Filled, Refused, Rested
from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.messages.orders import CancelReason, RejectReason, Side, TimeInForce

BUY, SELL = Side.BUY, Side.SELL
GTC, IOC, FOK = TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL


@pytest.fixture
def book() -> OrderBook:
    """Asks 5 at 100 (3 of order 1, then 2 of order 2) and 4 at 102 (order 3); bids 6 at 98 (order 4)."""
    made = OrderBook("BTC/USD")
    assert made.place(1, 1, SELL, 3, price_ticks=100) == [Rested(1, 100, 3)]
    assert made.place(2, 2, SELL, 2, price_ticks=100) == [Rested(2, 100, 2)]
    assert made.place(3, 1, SELL, 4, price_ticks=102) == [Rested(3, 102, 4)]
    assert made.place(4, 3, BUY, 6, price_ticks=98) == [Rested(4, 98, 6)]
    return made


def test_three_lines_are_enough() -> None:
    """The example at the head of the module."""
    book = OrderBook("BTC/USD")
    book.place(1, 7, Side.SELL, 5, price_ticks=100)
    assert book.place(2, 8, Side.BUY, 3, price_ticks=101) == [Filled(2, 1, 100, 3, 0, 2)]


def test_better_price_goes_first_then_older_order(book: OrderBook) -> None:
    assert book.place(5, 4, BUY, 7, price_ticks=103) == [
        Filled(5, 1, 100, 3, 4, 0),
        Filled(5, 2, 100, 2, 2, 0),
        Filled(5, 3, 102, 2, 0, 2),
    ]
    assert book.depth(SELL, 10) == (Level(102, 2),)


def test_a_later_order_at_a_better_price_overtakes(book: OrderBook) -> None:
    book.place(5, 4, SELL, 1, price_ticks=99)
    assert book.place(6, 5, BUY, 2, price_ticks=100) == [Filled(6, 5, 99, 1, 1, 0), Filled(6, 1, 100, 1, 0, 2)]


def test_a_partly_filled_order_keeps_its_place(book: OrderBook) -> None:
    book.place(5, 4, BUY, 1, price_ticks=100)
    assert book.place(6, 4, BUY, 3, price_ticks=100) == [Filled(6, 1, 100, 2, 1, 0), Filled(6, 2, 100, 1, 0, 1)]


def test_a_cancelled_and_replaced_order_goes_to_the_end(book: OrderBook) -> None:
    assert book.cancel(1) == Cancelled(1, 3, CancelReason.REQUESTED)
    book.place(5, 1, SELL, 3, price_ticks=100)
    assert book.place(6, 4, BUY, 3, price_ticks=100) == [Filled(6, 2, 100, 2, 1, 0), Filled(6, 5, 100, 1, 0, 2)]


def test_good_till_cancel_rests_what_is_left(book: OrderBook) -> None:
    assert book.place(5, 4, BUY, 8, price_ticks=101) == [
        Filled(5, 1, 100, 3, 5, 0),
        Filled(5, 2, 100, 2, 3, 0),
        Rested(5, 101, 3),
    ]
    assert (book.best(BUY), book.best(SELL)) == ((101, 3), (102, 4))


def test_immediate_or_cancel_cancels_what_is_left(book: OrderBook) -> None:
    assert book.place(5, 4, SELL, 7, price_ticks=98, time_in_force=IOC) == [
        Filled(5, 4, 98, 6, 1, 0),
        Cancelled(5, 1, CancelReason.IMMEDIATE_OR_CANCEL),
    ]
    assert book.best(BUY) == (0, 0)
    assert book.place(6, 4, SELL, 7, price_ticks=98, time_in_force=IOC) == [Cancelled(6, 7, CancelReason.IMMEDIATE_OR_CANCEL)]


def test_fill_or_kill_is_all_or_nothing(book: OrderBook) -> None:
    before = (book.depth(BUY, 9), book.depth(SELL, 9), book.updates)
    refused = Refused(5, RejectReason.FILL_OR_KILL_UNFILLABLE)
    assert book.place(5, 4, BUY, 6, price_ticks=101, time_in_force=FOK) == [refused]
    assert book.place(5, 4, BUY, 10, time_in_force=FOK) == [refused]
    assert (book.depth(BUY, 9), book.depth(SELL, 9), book.updates) == before
    assert book.place(5, 4, BUY, 5, price_ticks=101, time_in_force=FOK) == [
        Filled(5, 1, 100, 3, 2, 0),
        Filled(5, 2, 100, 2, 0, 0),
    ]


def test_a_market_order_takes_every_price_and_never_rests(book: OrderBook) -> None:
    assert book.place(5, 4, BUY, 10) == [
        Filled(5, 1, 100, 3, 7, 0),
        Filled(5, 2, 100, 2, 5, 0),
        Filled(5, 3, 102, 4, 1, 0),
        Cancelled(5, 1, CancelReason.MARKET_REMAINDER),
    ]
    assert book.depth(SELL, 9) == ()


def test_post_only_is_refused_where_it_would_take(book: OrderBook) -> None:
    assert book.place(5, 4, BUY, 1, price_ticks=100, post_only=True) == [Refused(5, RejectReason.POST_ONLY_WOULD_TAKE)]
    assert book.place(5, 4, BUY, 1, price_ticks=99, post_only=True) == [Rested(5, 99, 1)]


def test_cancelling_twice_finds_nothing(book: OrderBook) -> None:
    assert book.cancel(4) == Cancelled(4, 6, CancelReason.REQUESTED)
    assert book.cancel(4) == Refused(4, RejectReason.UNKNOWN_ORDER)
    assert book.cancel(99) == Refused(99, RejectReason.UNKNOWN_ORDER)


def test_depth_is_nearest_first_and_no_deeper_than_asked(book: OrderBook) -> None:
    book.place(5, 4, BUY, 1, price_ticks=97)
    assert book.depth(BUY, 1) == (Level(98, 6),)
    assert book.depth(BUY, 5) == (Level(98, 6), Level(97, 1))
    assert book.depth(SELL, 5) == (Level(100, 5), Level(102, 4))
    assert book.depth(SELL, 0) == ()


def test_each_change_is_counted(book: OrderBook) -> None:
    assert book.updates == 4
    book.place(5, 4, BUY, 4, price_ticks=100)
    assert book.updates == 6
    book.cancel(2)
    assert book.updates == 7


def test_cancelled_orders_do_not_pile_up_at_a_busy_price() -> None:
    book = OrderBook("BTC/USD")
    book.place(1, 1, BUY, 1, price_ticks=10)
    for order_id in range(2, 5000):
        book.place(order_id, 2, BUY, 1, price_ticks=10)
        book.cancel(order_id)
    assert len(book.bids.queues[10].displayed) == 1
    assert book.best(BUY) == (10, 1)


class NaiveBook:
    """The same rules by brute force: one list of orders, sorted anew for every trade."""

    def __init__(self) -> None:
        self.resting: list[list[int | Side]] = []
        self.arrivals = 0

    def crossing(self, side: Side, price: int | None) -> list[list[int | Side]]:
        found = [
            each
            for each in self.resting
            if each[1] is not side and (price is None or (each[2] <= price if side is BUY else each[2] >= price))  # type: ignore[operator]
        ]
        return sorted(found, key=lambda each: (each[2] if side is BUY else -each[2], each[4]))  # type: ignore[operator]

    def place(
        self, order_id: int, owner: int, side: Side, lots: int, price: int | None, time_in_force: TimeInForce, post_only: bool
    ) -> list[BookEvent]:
        makers = self.crossing(side, price)
        if post_only and (price is None or time_in_force is not GTC):
            return [Refused(order_id, RejectReason.INVALID_TERMS)]
        if post_only and makers:
            return [Refused(order_id, RejectReason.POST_ONLY_WOULD_TAKE)]
        if time_in_force is FOK and sum(each[3] for each in makers) < lots:  # type: ignore[misc]
            return [Refused(order_id, RejectReason.FILL_OR_KILL_UNFILLABLE)]
        events: list[BookEvent] = []
        for maker in makers:
            if not lots:
                break
            traded = min(lots, maker[3])  # type: ignore[type-var]
            maker[3] -= traded  # type: ignore[operator]
            lots -= traded  # type: ignore[operator]
            events.append(Filled(order_id, maker[0], maker[2], traded, lots, maker[3]))  # type: ignore[arg-type]
        self.resting = [each for each in self.resting if each[3]]
        if lots and price is not None and time_in_force is GTC:
            self.arrivals += 1
            self.resting.append([order_id, side, price, lots, self.arrivals, owner])
            events.append(Rested(order_id, price, lots))
        elif lots:
            reason = CancelReason.MARKET_REMAINDER if price is None else CancelReason.IMMEDIATE_OR_CANCEL
            events.append(Cancelled(order_id, lots, reason))
        return events

    def cancel(self, order_id: int) -> Cancelled | Refused:
        for each in self.resting:
            if each[0] == order_id:
                self.resting.remove(each)
                return Cancelled(order_id, each[3], CancelReason.REQUESTED)  # type: ignore[arg-type]
        return Refused(order_id, RejectReason.UNKNOWN_ORDER)

    def depth(self, side: Side) -> tuple[Level, ...]:
        prices = sorted({each[2] for each in self.resting if each[1] is side}, reverse=side is BUY)  # type: ignore[type-var]
        return tuple(
            Level(price, sum(each[3] for each in self.resting if each[1] is side and each[2] == price))  # type: ignore[arg-type, misc]
            for price in prices
        )


placings = st.tuples(
    st.sampled_from([BUY, SELL]),
    st.integers(1, 9),
    st.one_of(st.none(), st.integers(95, 105)),
    st.sampled_from([GTC, GTC, IOC, FOK]),
    st.booleans(),
)
actions = st.lists(st.one_of(placings, placings, st.integers(1, 60)), max_size=60)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(actions)
def test_the_naive_book_says_the_same(steps: list[tuple[Side, int, int | None, TimeInForce, bool] | int]) -> None:
    book, naive = OrderBook("BTC/USD"), NaiveBook()
    for number, step in enumerate(steps, start=1):
        if isinstance(step, int):
            assert book.cancel(step) == naive.cancel(step)
        else:
            side, lots, price, time_in_force, post_only = step
            owner = number % 3
            before = book.updates
            fillable, reached = book.fillable(side, lots, price), book.reached(side, lots, price)
            events = book.place(number, owner, side, lots, price_ticks=price, time_in_force=time_in_force, post_only=post_only)
            assert events == naive.place(number, owner, side, lots, price, time_in_force, post_only)
            fills = [event for event in events if isinstance(event, Filled)]
            if fills:
                assert sum(fill.lots for fill in fills) == fillable
                assert [fill.maker_id for fill in fills] == [maker.order_id for maker in reached]
            assert book.updates - before == len([event for event in events if isinstance(event, Filled | Rested)])
        assert (book.depth(BUY, 99), book.depth(SELL, 99)) == (naive.depth(BUY), naive.depth(SELL))
        assert sorted(book.orders) == sorted(each[0] for each in naive.resting)  # type: ignore[type-var]
        bid, ask = book.best(BUY)[0], book.best(SELL)[0]
        assert not bid or not ask or bid < ask
