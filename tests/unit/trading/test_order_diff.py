"""The difference between wanted and working orders: by hand, and that carrying it out ends with what was wanted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.trading.intentions import Cancel, Place, Replace
from trading_ecosystem.domains.trading.order_diff import Difference, Tolerance, difference
from trading_ecosystem.domains.trading.order_life import OrderEvent, OrderState
from trading_ecosystem.domains.trading.orders import Order, Orders
from trading_ecosystem.messages.orders import Side

BUY, SELL = Side.BUY, Side.SELL
VENUE, BTC, ETH = "exchange-alpha", "BTC/USD", "ETH/USD"


def place(price: int, lots: int, side: Side = BUY, instrument: str = BTC, label: str = "") -> Place:
    return Place(VENUE, instrument, side, price, lots, label=label)


class Book:
    """The working orders of one strategy at a venue that answers when it is asked to."""

    def __init__(self) -> None:
        self.orders = Orders("s")

    def work(self, wanted: Place, cumulative: int = 0, state: OrderState | None = None) -> Order:
        order = self.orders.open(wanted, "USD", 0, 0)
        self.orders.accept(order, 1)
        order.cumulative_lots = cumulative
        order.state = state or (OrderState.PARTIALLY_FILLED if cumulative else OrderState.NEW)
        return order

    @property
    def working(self) -> list[Order]:
        return list(self.orders.working.values())

    def carry_out(self, asked: Difference) -> int:
        """Every request is granted; how many there were."""
        for cancel in asked.cancels:
            self.orders.happened(self.orders.working[cancel.client_order_id], OrderEvent.CANCELLED)
        for replace in asked.replaces:
            order = self.orders.working[replace.client_order_id]
            order.price_ticks, order.quantity_lots = replace.price_ticks, replace.quantity_lots
        for wanted in asked.places:
            self.work(wanted)
        return len(asked.intentions())


def test_keep_amend_place_and_cancel() -> None:
    book = Book()
    book.work(place(100, 10))
    book.work(place(98, 10))
    book.work(place(105, 5, SELL))
    book.work(place(107, 5, SELL))
    asked = difference([place(100, 10), place(99, 12), place(106, 5, SELL), place(50, 1, instrument=ETH)], book.working)
    # 105 and 107 are as far from 106: the older one moves.
    assert asked.kept == ("s-1",)
    assert asked.replaces == (Replace("s-2", 99, 12), Replace("s-3", 106, 5))
    assert asked.cancels == (Cancel("s-4"),)
    assert asked.places == (place(50, 1, instrument=ETH),)
    assert asked.intentions() == (Cancel("s-4"), *asked.replaces, *asked.places)


def test_what_was_filled_counts_into_the_quantity_of_an_amended_order() -> None:
    book = Book()
    book.work(place(100, 10), cumulative=4)
    assert difference([place(100, 6)], book.working).kept == ("s-1",)
    assert difference([place(100, 10)], book.working).replaces == (Replace("s-1", 100, 14),)


def test_a_near_one_is_kept_within_the_tolerance() -> None:
    book = Book()
    book.work(place(100, 95))
    within = Tolerance(price_ticks=2, quantity_ppm=50_000)
    assert difference([place(102, 100)], book.working, within).kept == ("s-1",)
    assert difference([place(103, 100)], book.working, within).replaces == (Replace("s-1", 103, 100),)
    assert difference([place(102, 101)], book.working, within).replaces == (Replace("s-1", 102, 101),)


def test_the_same_side_instrument_and_label_or_nothing() -> None:
    book = Book()
    book.work(place(100, 10, label="quote"))
    for other in (place(100, 10), place(100, 10, SELL, label="quote"), place(100, 10, instrument=ETH, label="quote")):
        asked = difference([other], book.working, beside_cancels=True)
        assert (asked.kept, asked.cancels, asked.places) == ((), (Cancel("s-1"),), (other,))


def test_nothing_is_placed_beside_an_unanswered_cancel() -> None:
    book = Book()
    book.work(place(100, 10), state=OrderState.PENDING_CANCEL)
    wanted = [place(100, 10), place(110, 10, SELL)]
    asked = difference(wanted, book.working)
    assert asked == Difference((), (), (), (wanted[1],), waiting=(wanted[0],))
    assert difference(wanted, book.working, beside_cancels=True).places == tuple(wanted)


def test_an_order_that_is_being_replaced_is_left_alone_unless_nothing_wants_it() -> None:
    book = Book()
    book.work(place(100, 10), state=OrderState.PENDING_REPLACE)
    assert difference([place(104, 3)], book.working) == Difference(("s-1",), (), (), ())
    assert difference([], book.working).cancels == (Cancel("s-1"),)


def test_an_order_that_is_being_entered_is_kept_or_cancelled_and_not_amended() -> None:
    book = Book()
    book.work(place(100, 10), state=OrderState.PENDING_NEW)
    assert difference([place(100, 10)], book.working).kept == ("s-1",)
    asked = difference([place(101, 10)], book.working)
    assert (asked.replaces, asked.cancels, asked.waiting) == ((), (Cancel("s-1"),), (place(101, 10),))


PLACES = st.builds(place, st.integers(95, 105), st.integers(1, 4), st.sampled_from(Side), st.sampled_from((BTC, ETH)))


def shapes(orders: list[Order]) -> list[tuple[str, Side, int, int]]:
    return sorted((one.instrument, one.side, one.price_ticks, one.leaves_lots) for one in orders)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(PLACES, max_size=8), st.lists(st.tuples(PLACES, st.integers(0, 3)), max_size=8))
def test_carried_out_it_ends_with_what_was_wanted(wanted: list[Place], before: list[tuple[Place, int]]) -> None:
    book = Book()
    for one, cumulative in before:
        book.work(place(one.price_ticks, one.quantity_lots + cumulative, one.side, one.instrument), cumulative)
    alike = sum(
        min(
            sum((w.instrument, w.side, w.price_ticks, w.quantity_lots) == key for w in wanted),
            shapes(book.working).count(key),
        )
        for key in dict.fromkeys(shapes(book.working))
    )
    count = len(book.working)
    asked = difference(wanted, book.working)
    assert len(asked.kept) == alike  # whatever can stay stays
    requests = book.carry_out(asked)
    if asked.waiting:
        requests += book.carry_out(difference(wanted, book.working))
    assert shapes(book.working) == sorted((w.instrument, w.side, w.price_ticks, w.quantity_lots) for w in wanted)
    assert requests <= count + len(wanted) - 2 * alike  # never more than cancelling all others and placing anew
    assert difference(wanted, book.working).intentions() == ()


@pytest.mark.parametrize("state", [OrderState.PENDING_CANCEL, OrderState.PENDING_REPLACE, OrderState.PENDING_NEW])
def test_an_order_with_a_request_out_is_never_amended(state: OrderState) -> None:
    book = Book()
    book.work(place(100, 10), state=state)
    assert difference([place(101, 9)], book.working).replaces == ()
