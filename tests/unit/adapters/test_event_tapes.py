"""Event tapes: from a running book, and from a LOBSTER file, with the same result."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.campaign import recorded_market

from trading_ecosystem.adapters.recordings.event_tape import ASK, BID, EventKind, EventTape, TapeRecorder
from trading_ecosystem.adapters.recordings.lobster_tape import lobster_tape, stock
from trading_ecosystem.adapters.recordings.tape_series import Action, actions, mids_on_grid, trades
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.errors import BadInput


@pytest.fixture
def traded() -> EventTape:
    """Six orders, one of them hidden, a sweep, a reduction, a replacement and a cancellation."""
    book = OrderBook("TEST/USD")
    book.place(1, 0, Side.BUY, 10, price_ticks=99)
    recorder = TapeRecorder(book, stock("TEST"))
    placed = ((2, Side.BUY, 5, 100), (3, Side.SELL, 7, 103), (4, Side.SELL, 8, 104))
    for at, (order_id, side, lots, price) in enumerate(placed, start=1):
        recorder.record(at * SECOND, book.place(order_id, 0, side, lots, price_ticks=price), side)
    hidden = book.place(5, 0, Side.SELL, 3, price_ticks=103, hidden=True)
    recorder.record(4 * SECOND, hidden, Side.SELL, hidden=True)
    sweep = book.place(6, 0, Side.BUY, 12, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
    recorder.record(5 * SECOND, sweep, Side.BUY)
    recorder.record(6 * SECOND, [book.reduce(1, 4)], Side.BUY)
    recorder.record(7 * SECOND, book.replace(2, 5, 101), Side.BUY)
    recorder.record(8 * SECOND, [book.cancel(1)], Side.BUY)
    return recorder.tape


def test_a_running_book_becomes_a_tape(traded: EventTape) -> None:
    rows = list(zip(traded.times, traded.kinds, traded.sides, traded.prices, traded.lots, traded.own_orders, strict=True))
    assert rows == [
        (1 * SECOND, EventKind.ADD, BID, 100, 5, 2),
        (2 * SECOND, EventKind.ADD, ASK, 103, 7, 1),
        (3 * SECOND, EventKind.ADD, ASK, 104, 8, 2),
        (5 * SECOND, EventKind.EXECUTE, ASK, 103, 7, 2),
        (5 * SECOND, EventKind.EXECUTE_HIDDEN, ASK, 103, 3, 1),
        (5 * SECOND, EventKind.EXECUTE, ASK, 104, 2, 1),
        (6 * SECOND, EventKind.REDUCE, BID, 99, 4, 2),
        (7 * SECOND, EventKind.DELETE, BID, 100, 5, 1),
        (7 * SECOND, EventKind.ADD, BID, 101, 5, 2),
        (8 * SECOND, EventKind.DELETE, BID, 99, 6, 1),
    ]
    assert list(zip(traded.bids, traded.bid_lots, traded.asks, traded.ask_lots, strict=True))[-1] == (101, 5, 104, 6)


def test_actions_and_trades_of_it(traded: EventTape) -> None:
    assert actions(traded) == [
        -1,
        Action.NARROW,  # the first of its side
        Action.BEHIND,
        Action.TAKE,
        -1,
        -1,
        Action.CANCEL_BEHIND,
        Action.CANCEL_BEST,
        Action.JOIN,  # of a replacement both rows have the best prices after it
        Action.CANCEL_BEHIND,
    ]
    (trade,) = trades(traded)
    assert (trade.sign, trade.lots, trade.available_lots) == (1, 9, 7)
    assert (trade.mid_before, trade.mid_after) == (203, 204)


def test_mids_are_those_that_held(traded: EventTape) -> None:
    assert mids_on_grid(traded, 0, 2 * SECOND, 5) == [203, 203, 203, 204, 205]
    assert mids_on_grid(EventTape(stock("TEST")), 0, SECOND, 3) == []


def test_a_part_of_a_tape(traded: EventTape) -> None:
    part = traded.between(5 * SECOND, 7 * SECOND)
    assert list(part.times) == [5 * SECOND] * 3 + [6 * SECOND]
    assert list(part.bids) == [100] * 4


def test_a_file_without_its_book_infers_the_orders_before_it(tmp_path: Path) -> None:
    path = tmp_path / "TEST_message.csv"
    path.write_text(
        "10.0,1,20,5,1000000,1\n"
        "10.5,4,7,3,1010000,-1\n"  # order 7 was there: 3 + 4 at 101.00
        "11.000000001,3,7,4,1010000,-1\n"
        "12.0,1,40,9,1030000,-1\n"
        "13.0,2,30,2,990000,1\n"  # order 30 came unseen before order 40
        "14.0,7,0,0,-1,-1\n"
    )
    tape = lobster_tape(path)
    assert tape.instrument.symbol == "TEST/USD"
    assert list(zip(tape.bids, tape.bid_lots, tape.asks, tape.ask_lots, strict=True)) == [
        (10_000, 5, 10_100, 7),
        (10_000, 5, 10_100, 4),
        (10_000, 5, 0, 0),
        (10_000, 5, 10_300, 9),
        (10_000, 5, 10_300, 9),
    ]
    assert list(tape.times)[2] == 11 * SECOND + 1
    assert list(tape.own_orders) == [1, 1, 0, 1, 1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("10.0,1,20,5,1000000\n", "5 columns"),
        ("10.0,1,20,x,1000000,1\n", "no number"),
        ("10.0,9,20,5,1000000,1\n", "type 9"),
        ("10.0,1,20,5,1000000,1\n9.0,1,21,5,1000000,1\n", "2:1: time 9.0 is before"),
        ("10.0,1,20,5,1000000,1\n10.0,3,20,6,1000000,1\n", "takes more"),
        ("10.0,1,20,5,1000000,1\n10.0,3,20,5,1000100,1\n", "another price"),
        ("10.0,1,20,5,1000000,1\n10.0,3,20,5,1000000,1\n10.0,3,20,5,1000000,1\n", "takes more"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "TEST_message.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=problem):
        lobster_tape(path)


def test_the_tape_of_the_recorded_hour_never_crosses() -> None:
    tape = lobster_tape(recorded_market("lobster/AAPL_2012-06-21_34200000_37800000_message_50.csv.gz"))
    assert len(tape) == 91_997
    assert all(bid < ask for bid, ask in zip(tape.bids, tape.asks, strict=True) if bid and ask)
    executed = [row for row, kind in enumerate(tape.kinds) if kind == EventKind.EXECUTE]
    assert len(executed) == 4_067
    best = {BID: tape.bids, ASK: tape.asks}
    assert all(tape.prices[row] == best[tape.sides[row]][row - 1] for row in executed)
