"""Recordings that do not agree with the book, format by format: each disagreement is counted where it is, and once.

The files are made up. What a replay would call clean by mistake stands here: takers run together, orders that lose more than
they have, prices that are not the order's, update ids that overlap, snapshots that do not replace, books that are crossed.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.small_recordings import (
    LAST,
    RECEIVED,
    START,
    both_books,
    depth,
    mbo_file,
    replayed,
    snapshot,
    ticker,
    written,
)

from trading_ecosystem.adapters.recordings.book_replay import open_replay
from trading_ecosystem.adapters.recordings.replay_findings import BookReplay, Findings
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.books import book_class
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Lots, Ticks

SECOND = 1_000_000_000


class CrossedBook(OrderBook):
    """A book that says that it is crossed, as one that does not match would be."""

    def best(self, side: Side) -> tuple[Ticks, Lots]:
        return (2, 1) if side is Side.BUY else (1, 1)


def counts(findings: Findings) -> list[tuple[int, int]]:
    return [(check.held, check.of) for check in findings.checks]


# ------------------------------------------------------------------------------------------------ LOBSTER, messages alone


def lobster(folder: Path, kind: str, *rows: str) -> BookReplay:
    return replayed(written(folder, "".join(f"{row}\n" for row in rows)), kind)


@both_books
@pytest.mark.parametrize("loses", [2, 3], ids=["reduced", "deleted"])
def test_an_order_that_loses_more_than_it_has_is_counted(tmp_path, kind, loses):
    found = lobster(tmp_path, kind, "34200.1,1,10,5,1000000,1", f"34200.2,{loses},10,6,1000000,1").findings
    assert (found.unknown_orders, found.as_recorded) == (1, False)


@both_books
@pytest.mark.parametrize("names", [2, 3], ids=["reduced", "deleted"])
def test_an_order_that_has_left_and_is_named_again_is_counted(tmp_path, kind, names):
    rows = ("34200.1,1,10,5,1000000,1", "34200.2,3,10,5,1000000,1", f"34200.3,{names},10,1,1000000,1")
    found = lobster(tmp_path, kind, *rows).findings
    assert (found.unknown_orders, found.as_recorded) == (1, False)


@both_books
def test_an_execution_of_more_than_the_order_has_is_counted_and_did_not_happen_at_the_best_price(tmp_path, kind):
    found = lobster(tmp_path, kind, "34200.1,1,10,5,1000000,1", "34200.2,4,10,7,1000000,1").findings
    assert counts(found) == [(0, 1), (1, 1)]
    assert (found.unknown_orders, found.traded_lots) == (1, 5)


@both_books
def test_an_execution_of_an_order_that_never_came_back_is_counted(tmp_path, kind):
    rows = ("34200.1,1,10,5,1000000,1", "34200.2,3,10,5,1000000,1", "34200.3,4,10,2,1000000,1")
    found = lobster(tmp_path, kind, *rows).findings
    assert counts(found) == [(0, 1), (0, 1)]
    assert (found.unknown_orders, found.trades) == (1, 0)


@both_books
def test_executions_of_one_instant_on_two_sides_are_two_takers(tmp_path, kind):
    replay = lobster(
        tmp_path,
        kind,
        "34200.1,1,10,5,1000000,1",
        "34200.2,1,11,7,1001000,-1",
        "34200.3,4,10,2,1000000,1",
        "34200.3,4,11,3,1001000,-1",
    )
    assert replay.findings.as_recorded
    assert counts(replay.findings) == [(2, 2), (2, 2)]
    assert (replay.book.best(Side.BUY), replay.book.best(Side.SELL)) == ((1_000_000, 3), (1_001_000, 4))


@both_books
def test_a_taker_ends_with_its_instant_and_at_any_other_row(tmp_path, kind):
    rows = (
        "34200.1,1,10,5,1000000,1",
        "34200.2,1,11,5,999900,1",
        "34200.3,4,10,5,1000000,1",  # one taker of both orders
        "34200.3,4,11,1,999900,1",
        "34200.4,4,11,1,999900,1",  # a later one
        "34200.4,5,0,9,999900,1",  # which ends with a hidden execution
        "34200.4,4,11,1,999900,1",
    )
    replay = open_replay(written(tmp_path, "".join(f"{row}\n" for row in rows)), book=book_class(kind)("AAPL"))
    instants = [at / SECOND for at in replay.states()]
    assert instants == [34200.1, 34200.2, 34200.3, 34200.4, 34200.4, 34200.4]
    assert replay.findings.rows == replay.total == 7
    assert counts(replay.findings) == [(4, 4), (4, 4)]


@both_books
def test_an_order_that_rests_where_it_should_have_traded_is_a_crossed_state(tmp_path, kind):
    found = lobster(tmp_path, kind, "34200.1,1,10,5,1000000,1", "34200.2,1,11,2,999900,-1").findings
    assert (found.crossed_states, found.as_recorded) == (1, False)


@both_books
def test_an_earlier_order_stands_where_its_number_says_with_all_that_it_loses(tmp_path, kind):
    rows = (
        "34200.1,1,10,5,1000000,1",
        "34200.2,1,12,5,1000000,1",  # order 11 came in between, with 2 + 3 + 1 shares
        "34200.3,2,11,2,1000000,1",
        "34200.4,4,10,5,1000000,1",
        "34200.5,4,11,3,1000000,1",
        "34200.6,3,11,1,1000000,1",
    )
    replay = lobster(tmp_path, kind, *rows)
    assert replay.findings.as_recorded
    assert counts(replay.findings) == [(2, 2), (2, 2)]
    assert (replay.findings.inferred, replay.findings.placed) == (1, 2)
    assert replay.book.best(Side.BUY) == (1_000_000, 5)


# ------------------------------------------------------------------------------------------------ LOBSTER, with its orderbook


FIRST = ("34200.1,5,0,1,1000500,1", "1001000,7,1000000,5")


def windowed(folder: Path, book: OrderBook, *rows: tuple[str, str]) -> Findings:
    """Message and orderbook row after it, after a first row of 5 bid at 100 dollars and 7 offered at 100.10."""
    path = written(folder, "".join(f"{message}\n" for message, _ in (FIRST, *rows)), "A_message_1.csv")
    written(folder, "".join(f"{row}\n" for _, row in (FIRST, *rows)), "A_orderbook_1.csv")
    replay = open_replay(path, book=book)
    for _ in replay.states():
        pass
    return replay.findings


@both_books
def test_an_order_that_would_trade_leaves_the_window_as_it_is_and_is_a_crossed_state(tmp_path, kind):
    found = windowed(tmp_path, book_class(kind)("A"), ("34200.2,1,20,2,1001000,1", "1001000,7,1000000,5"))
    assert (found.crossed_states, found.placed, found.as_recorded) == (1, 0, False)
    assert counts(found)[0] == (1, 1)


def test_every_state_of_a_window_in_which_the_book_is_crossed_is_counted(tmp_path):
    found = windowed(tmp_path, CrossedBook("A"), ("34200.2,5,0,1,1000500,1", "1001000,7,1000000,5"))
    assert (found.crossed_states, found.as_recorded) == (2, False)


@both_books
@pytest.mark.parametrize("kind_of_row", [2, 3, 4], ids=["reduced", "deleted", "executed"])
@pytest.mark.parametrize(
    "named",
    ["20,2,999900", "20,2,1000100", "20,3,1000000", "77,1,999000"],
    ids=["price below", "price above", "more than it has", "never seen"],
)
def test_a_row_that_does_not_fit_its_order_is_counted_and_changes_nothing(tmp_path, kind, kind_of_row, named):
    rows = (("34200.2,1,20,2,1000000,1", "1001000,7,1000000,7"), (f"34200.3,{kind_of_row},{named},1", "1001000,7,1000000,7"))
    found = windowed(tmp_path, book_class(kind)("A"), *rows)
    assert (found.unknown_orders, found.trades, found.as_recorded) == (1, 0, False)
    assert counts(found) == [(2, 2), (0, 0)]


@both_books
def test_an_execution_out_of_its_turn_is_counted_and_done(tmp_path, kind):
    rows = (("34200.2,1,20,2,1000000,1", "1001000,7,1000000,7"), ("34200.3,4,20,2,1000000,1", "1001000,7,1000000,5"))
    found = windowed(tmp_path, book_class(kind)("A"), *rows)
    assert counts(found) == [(2, 2), (0, 1)]
    assert (found.unknown_orders, found.as_recorded) == (0, False)


@both_books
def test_what_slides_out_of_the_window_is_forgotten_and_comes_back_as_the_file_says(tmp_path, kind):
    rows = (("34200.2,1,20,2,1000100,1", "1001000,7,1000100,2"), ("34200.3,3,20,2,1000100,1", "1001000,7,1000000,9"))
    found = windowed(tmp_path, book_class(kind)("A"), *rows)
    assert counts(found) == [(2, 2), (0, 0)]
    assert (found.inferred, found.placed, found.as_recorded) == (3, 1, True)


# ------------------------------------------------------------------------------------------------ Binance


def capture(folder: Path, kind: str, *frames: str) -> BookReplay:
    return replayed(written(folder, "".join(frames)), kind)


@both_books
@pytest.mark.parametrize("first", [13, 14, 16], ids=["far back", "the one before again", "one is missing"])
def test_update_ids_that_do_not_join_are_a_gap_also_where_they_overlap(tmp_path, kind, first):
    found = capture(tmp_path, kind, START, depth(4, 13, 14, [], []), depth(5, first, 17, [], [])).findings
    assert (found.gaps, found.as_recorded) == (1, False)


@both_books
def test_each_gap_is_counted_once_and_the_stream_continues_behind_it(tmp_path, kind):
    frames = (START, depth(4, 13, 14, [], []), depth(5, 16, 17, [], []), depth(6, 18, 19, [], []), depth(7, 21, 21, [], []))
    assert capture(tmp_path, kind, *frames).findings.gaps == 2


@both_books
def test_a_first_difference_may_reach_back_over_its_snapshot_and_no_later_one(tmp_path, kind):
    joined = (START, depth(4, 9, 14, [], []), depth(5, 15, 15, [], []), depth(6, 10, 15, [["1", "1"]], []))
    replay = capture(tmp_path, kind, *joined)
    assert not replay.findings.differs
    assert replay.book.order(2 * 10) is None  # known already: dropped


@both_books
def test_a_further_snapshot_replaces_the_whole_book_and_begins_a_stream_of_its_own(tmp_path, kind):
    again = snapshot(5, 30, [["9.5", "1"]], [["10.0", "2"], ["11.0", "1"]])
    replay = capture(
        tmp_path,
        kind,
        START,
        depth(4, 13, 14, [["9.0", "1"]], [["12.0", "1"]]),
        again,
        depth(6, 28, 29, [["9.9", "1"]], []),  # the snapshot knows it
        depth(7, 29, 31, [["9.5", "3"]], []),  # reaches over the snapshot, as the first one may
        ticker(8, 31, ("9.5", "3"), ("10.0", "2")),
    )
    assert replay.findings.as_recorded
    assert replay.findings.gaps == replay.findings.crossed_states == 0
    assert [(level.price_ticks, level.quantity_lots) for level in replay.book.depth(Side.BUY, 9)] == [(95, 3)]
    assert [(level.price_ticks, level.quantity_lots) for level in replay.book.depth(Side.SELL, 9)] == [(100, 2), (110, 1)]


@both_books
def test_levels_that_come_and_would_trade_are_a_crossed_state_on_either_side(tmp_path, kind):
    for bids, asks in ([[["10.5", "1"]], []], [[], [["10.0", "9"]]]):
        found = capture(tmp_path, kind, START, depth(4, 13, 14, bids, asks)).findings
        assert (found.crossed_states, found.as_recorded) == (1, False)


def test_every_update_after_which_the_book_is_crossed_is_counted(tmp_path):
    path = written(tmp_path, START + depth(4, 13, 14, [], []) + depth(5, 15, 15, [], []))
    replay = open_replay(path, book=CrossedBook("BTCUSDT"))
    assert len(list(replay.states())) == replay.findings.crossed_states == 3


# ------------------------------------------------------------------------------------------------ Databento


@both_books
def test_a_clear_of_a_dbn_file_empties_both_sides(tmp_path, kind):
    rows = [("A", "B", 1, 100, 5, LAST), ("A", "A", 2, 101, 5, LAST), ("R", "N", 0, 0, 0, 0), ("A", "A", 3, 99, 1, LAST)]
    replay = replayed(mbo_file(tmp_path, *rows), kind)
    assert not replay.findings.differs
    assert (len(replay.book), replay.book.best(Side.BUY), replay.book.best(Side.SELL)) == (1, (0, 0), (99, 1))


@both_books
@pytest.mark.parametrize(
    "row",
    [("C", "B", 1, 100, 6, LAST), ("C", "B", 9, 100, 1, LAST), ("M", "B", 9, 100, 1, LAST), ("F", "B", 9, 100, 1, LAST)],
    ids=["takes more than there is", "cancels none", "modifies none", "fills none"],
)
def test_a_record_that_does_not_fit_its_order_is_counted(tmp_path, kind, row):
    found = replayed(mbo_file(tmp_path, ("A", "B", 1, 100, 5, LAST), row), kind).findings
    assert (found.unknown_orders, found.as_recorded) == (1, False)


@both_books
def test_a_fill_of_an_order_behind_another_is_counted(tmp_path, kind):
    orders = [("A", "B", 1, 100, 5, LAST), ("A", "B", 2, 100, 5, LAST), ("A", "B", 3, 99, 5, LAST)]
    for filled in (2, 3):
        found = replayed(mbo_file(tmp_path, *orders, ("F", "B", filled, 100, 5, 0), ("C", "B", filled, 100, 5, LAST)), kind)
        assert counts(found.findings) == [(0, 1)]
        assert not found.findings.as_recorded


def test_records_of_a_snapshot_are_dated_by_their_receipt_since_their_orders_are_older(tmp_path):
    rows = [("A", "B", 1, 100, 5, LAST | 0x20), ("A", "B", 2, 100, 5, LAST), ("C", "B", 2, 100, 5, LAST)]
    replay = open_replay(mbo_file(tmp_path, *rows))
    assert list(replay.states()) == [RECEIVED, 1, 2]
