"""Order by order recordings: small files through both books, and one clear line for everything that can be wrong with one."""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path

import pytest
from tests.contract.small_recordings import (
    HEADER,
    LAST,
    START,
    both_books,
    depth,
    mbo_file,
    replayed,
    ticker,
    written,
)
from typer.testing import CliRunner

from trading_ecosystem.adapters.recordings import RecordedPrice, read_recording
from trading_ecosystem.adapters.recordings.book_replay import detect_order_format, open_replay
from trading_ecosystem.adapters.recordings.decimal_scale import finest, unit, units
from trading_ecosystem.adapters.recordings.tape_reading import read_tape
from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.cli import app
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.ports.errors import BadInput

# ------------------------------------------------------------------------------------------------ CSV order events


@both_books
def test_order_events_are_matched_by_the_book(tmp_path, kind):
    path = written(
        tmp_path,
        HEADER
        + "1,add,1,sell,100.50,3\n"
        + "2,add,2,sell,100.5,2\n"
        + "2024-01-01T00:00:00Z,add,-3,buy,100.25,1.5\n"
        + "2024-01-01T00:00:01Z,take,4,buy,,4\n"
        + "2024-01-01T00:00:01Z,reduce,-3,,,0.5\n"
        + "2024-01-01T00:00:02Z,replace,2,,100.75,2\n"
        + "2024-01-01T00:00:03Z,take,5,sell,100.5,9\n"
        + "2024-01-01T00:00:04Z,cancel,-3,,,\n"
        + "2024-01-01T00:00:04Z,cancel,99,,,\n",
    )
    replay = replayed(path, kind)
    found = replay.findings
    assert (found.format, found.tick, found.lot, found.rows) == ("orders", "0.01", "0.1", 9)
    assert (found.placed, found.trades, found.traded_lots) == (5, 2, 40)
    assert found.unknown_orders == 1
    assert not found.as_recorded
    assert replay.book.best(Side.BUY) == (0, 0)
    assert replay.book.best(Side.SELL) == (10_075, 20)


BAD_EVENTS = {
    "no rows": (HEADER, "1:1", "no rows, expected at least one"),
    "wrong header": ("time,what\n", "1:1", "'time,what' is not the header"),
    "columns": (HEADER + "1,add,1,buy,5\n", "2:1", "5 columns, expected 6"),
    "action": (HEADER + "1,buy,1,buy,5,5\n", "2:3", "unknown action 'buy', expected one of add, take"),
    "time": (HEADER + "x,add,1,buy,5,5\n", "2:1", "'x' is no time, expected RFC 3339"),
    "backwards": (HEADER + "2,add,1,buy,5,5\n1,add,2,buy,5,5\n", "3:1", "goes backwards"),
    "order id": (HEADER + "1,add,a,buy,5,5\n", "2:7", "'a' is no order id, expected a 64-bit"),
    "large id": (HEADER + "1,add,9223372036854775808,buy,5,5\n", "2:7", "is no order id, expected a 64-bit"),
    "side": (HEADER + "1,add,1,bid,5,5\n", "2:9", "unknown side 'bid', expected buy or sell"),
    "price": (HEADER + "1,add,1,buy,-5,5\n", "2:13", "'-5' is no decimal number, expected"),
    "zero price": (HEADER + "1,add,1,buy,0.0,5\n", "2:13", "price 0.0 is zero, expected"),
    "zero size": (HEADER + "1,add,1,buy,1,0\n", "2:15", "size 0 is zero, expected"),
    "too fine": (HEADER + "1,add,1,buy,1,0.0000000000001\n", "2:15", "13 decimal places, expected at most 12"),
    "missing price": (HEADER + "1,add,1,buy,,5\n", "2:13", "add without a price, expected one"),
    "price of a cancel": (HEADER + "1,cancel,1,,5,\n", "2:13", "cancel has no price, expected an empty column"),
    "too large": (HEADER + "1,add,1,buy,9999999999,5\n1,add,2,buy,0.00001,5\n", "2:1", "expected at most 1000000000000"),
    "twice": (HEADER + "1,add,1,buy,5,5\n1,add,1,buy,5,5\n", "3:1", "refuses order 1: duplicate_order_id"),
}


@pytest.mark.parametrize(("content", "place", "problem"), BAD_EVENTS.values(), ids=BAD_EVENTS)
def test_everything_wrong_with_order_events_is_one_clear_line(tmp_path, content, place, problem):
    assert_refused(written(tmp_path, content), place, problem)


def assert_refused(path: Path, place: str, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        replayed(path)
    assert caught.value.place == f"{path}:{place}"
    assert problem in caught.value.problem
    assert "expected" in caught.value.problem
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "places", "expected"),
    [("61837.63000000", 2, 6_183_763), ("0.1", 1, 1), ("7", 0, 7), ("7.000", 0, 7), ("7", 3, 7000)],
)
def test_decimals_become_units_of_the_finest_place(text, places, expected):
    assert finest([text]) <= places
    assert units(text, places) == expected


def test_units_are_written_as_decimals():
    assert [unit(places) for places in (0, 1, 6)] == ["1", "0.1", "0.000001"]


# ------------------------------------------------------------------------------------------------ LOBSTER

MESSAGES = """34200.1,1,10,5,1000000,1
34200.2,1,11,7,1001000,-1
34200.3,1,12,4,1000000,1
34200.4,4,10,5,1000000,1
34200.4,4,12,1,1000000,1
34200.5,2,12,1,1000000,1
34200.6,5,0,9,1000500,1
34200.7,3,11,7,1001000,-1
34200.8,4,3,2,1002000,-1
"""
WINDOWED_MESSAGES = MESSAGES.replace("34200.2,1,11,7,1001000", "34200.2,5,0,7,1001000")  # order 11 stood before
BOOK = """1001000,7,1000000,5
1001000,7,1000000,5
1001000,7,1000000,9
1001000,7,1000000,4
1001000,7,1000000,3
1001000,7,1000000,2
1001000,7,1000000,2
1002000,6,1000000,2
1002000,4,1000000,2
"""


@both_books
def test_lobster_messages_are_matched_and_earlier_orders_inferred(tmp_path, kind):
    replay = replayed(written(tmp_path, MESSAGES), kind)
    found = replay.findings
    assert (found.rows, found.placed, found.inferred, found.trades, found.traded_lots) == (9, 3, 1, 3, 8)
    assert [(check.held, check.of) for check in found.checks] == [(3, 3), (3, 3)]
    assert found.as_recorded
    assert replay.book.best(Side.BUY) == (1_000_000, 2)
    assert replay.book.best(Side.SELL) == (0, 0)


@both_books
def test_an_order_that_trades_out_of_its_turn_is_counted_once_and_set_right(tmp_path, kind):
    content = MESSAGES.replace("34200.4,4,10,5", "34200.4,4,12,3").replace("34200.5,2,12", "34200.5,2,10")
    replay = replayed(written(tmp_path, content), kind)
    assert [(check.held, check.of) for check in replay.findings.checks] == [(3, 3), (1, 3)]
    assert replay.findings.unknown_orders == 0
    assert replay.book.best(Side.BUY) == (1_000_000, 4)


@both_books
def test_an_execution_away_from_the_best_price_is_noticed(tmp_path, kind):
    rows = "34200.1,1,10,5,1000000,1\n34200.2,1,11,5,1000100,1\n34200.3,4,10,5,1000000,1\n"
    replay = replayed(written(tmp_path, rows), kind)
    assert [(check.held, check.of) for check in replay.findings.checks] == [(0, 1), (0, 1)]
    assert not replay.findings.as_recorded


@both_books
def test_lobster_rows_equal_the_book_and_what_slides_in_is_taken_from_the_file(tmp_path, kind):
    beside = written(tmp_path, WINDOWED_MESSAGES, "A_message_1.csv")
    written(tmp_path, BOOK, "A_orderbook_1.csv")
    replay = replayed(beside, kind)
    assert [(check.held, check.of) for check in replay.findings.checks] == [(8, 8), (3, 3)]
    assert (replay.findings.placed, replay.findings.inferred, replay.findings.traded_lots) == (1, 3, 8)
    assert replay.findings.as_recorded
    named = written(tmp_path, BOOK, "other")
    assert replayed(written(tmp_path, WINDOWED_MESSAGES), kind, orderbook=named).findings == replay.findings


@pytest.mark.parametrize("row", [2, 4, 5, 8])
def test_a_wrong_size_in_the_orderbook_file_is_found_at_its_row(tmp_path, row):
    rows = BOOK.splitlines(keepends=True)
    rows[row] = rows[row].rstrip("\n") + "1\n"
    written(tmp_path, "".join(rows), "A_orderbook_1.csv")
    replay = replayed(written(tmp_path, WINDOWED_MESSAGES, "A_message_1.csv"))
    assert replay.findings.checks[0].examples == [f"{tmp_path / 'A_message_1.csv'}:{row + 1}"]


BAD_ROWS = {
    "columns": ("1,2,3\n", "1:1", "3 columns, expected four for each level"),
    "other width": (BOOK.replace("1001000,7,1000000,9\n", "1,1,1,1,1,1,1,1\n"), "3:1", "8 columns, expected 4"),
    "text": ("a,1,1,1\n", "1:1", "a column is no whole number, expected"),
    "crossed": ("1000,1,1000,1\n", "1:1", "best bid 1000 at or above best ask 1000, expected below"),
    "order": ("1000,1,900,1,999,1,800,1\n", "1:1", "price 999 is not behind 1000, expected the nearest first"),
    "negative": ("1000,-1,900,1\n", "1:1", "level 1000 x -1, expected positive numbers"),
}


@pytest.mark.parametrize(("content", "place", "problem"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_everything_wrong_with_an_orderbook_file_is_one_clear_line(tmp_path, content, place, problem):
    messages = written(tmp_path, MESSAGES, "A_message_1.csv")
    rows = written(tmp_path, content, "A_orderbook_1.csv")
    with pytest.raises(BadInput) as caught:
        open_replay(messages)
    assert caught.value.place == f"{rows}:{place}"
    assert problem in caught.value.problem


def test_an_orderbook_file_of_another_length_is_refused(tmp_path):
    messages = written(tmp_path, MESSAGES, "A_message_1.csv")
    rows = written(tmp_path, "1001000,7,1000000,5\n", "A_orderbook_1.csv")
    with pytest.raises(BadInput, match=r"1 rows, expected 9 as in"):
        open_replay(messages, orderbook=rows)


# ------------------------------------------------------------------------------------------------ Binance


@both_books
def test_binance_differences_continue_the_snapshot(tmp_path, kind):
    path = written(
        tmp_path,
        depth(1, 5, 10, [["10.0", "77"]], [])  # known to the snapshot already
        + depth(2, 11, 13, [["10.0", "0"], ["9.75", "4"]], [["10.5", "2"]])
        + START
        + depth(4, 14, 15, [["10.5", "1.5"]], [["10.5", "0"], ["11.00", "0.25"]])  # the whole spread moves at once
        + ticker(5, 13, ("9.75", "4"), ("10.50", "2"))
        + ticker(6, 15, ("10.5", "1.5"), ("11", "0.25")),
    )
    replay = replayed(path, kind)
    assert replay.findings.as_recorded
    assert [(check.held, check.of) for check in replay.findings.checks] == [(2, 2)]
    assert (replay.findings.tick, replay.findings.lot) == ("0.01", "0.01")
    assert replay.book.best(Side.BUY) == (1050, 150)
    assert replay.book.best(Side.SELL) == (1100, 25)


@both_books
def test_binance_gaps_wrong_tickers_and_crossed_books_are_counted(tmp_path, kind):
    gap = replayed(written(tmp_path, START + depth(4, 14, 15, [], [])), kind).findings
    assert (gap.gaps, gap.as_recorded) == (1, False)
    wrong = replayed(written(tmp_path, START + depth(4, 13, 14, [], []) + ticker(5, 14, ("10", "2"), ("10.5", "3"))), kind)
    assert [(check.held, check.of) for check in wrong.findings.checks] == [(0, 1)]
    crossed = replayed(written(tmp_path, START + depth(4, 13, 14, [["11", "1"]], [])), kind).findings
    assert crossed.crossed_states == 1


BAD_CAPTURES = {
    "no snapshot": (depth(1, 1, 2, [], []), "1:1", "no depth snapshot, expected a line with the REST answer"),
    "two symbols": (START + depth(4, 13, 14, [], []) + depth(5, 15, 16, [], [], "ETHUSDT"), "3:1", "expected 'BTCUSDT'"),
    "no price": (START + depth(4, 13, 14, [["x", "1"]], []), "2:1", "'x' is no decimal number, expected"),
    "zero price": (START + depth(4, 13, 14, [["0", "1"]], []), "2:1", "a price of zero, expected a positive one"),
    "cut": (START + depth(4, 13, 14, [], [])[:-20] + "\n", "2:", "in the middle of its JSON frame, expected"),
    "backwards": (START + depth(2, 13, 14, [], []), "2:1", "goes backwards, expected"),
}


@pytest.mark.parametrize(("content", "place", "problem"), BAD_CAPTURES.values(), ids=BAD_CAPTURES)
def test_everything_wrong_with_captured_depth_is_one_clear_line(tmp_path, content, place, problem):
    path = written(tmp_path, content)
    with pytest.raises(BadInput) as caught:
        replayed(path)
    assert caught.value.place.startswith(f"{path}:{place}")
    assert problem in caught.value.problem


# ------------------------------------------------------------------------------------------------ Databento


def test_without_the_package_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "databento_dbn", None)
    path = written(tmp_path, b"DBN\x03")
    with pytest.raises(BadInput, match=r"needs the package databento-dbn: pip install 'trading-ecosystem\[databento\]'"):
        open_replay(path)


@both_books
def test_orders_of_a_dbn_file_keep_or_lose_their_place(tmp_path, kind):
    path = mbo_file(
        tmp_path,
        ("A", "B", 1, 100, 5, LAST),
        ("A", "B", 2, 100, 5, LAST),
        ("A", "A", 3, 101, 4, LAST),
        ("M", "B", 1, 100, 3, LAST),  # less at the same price keeps its place
        ("T", "A", 9, 100, 3, 0),
        ("F", "B", 1, 100, 3, 0),
        ("C", "B", 1, 100, 3, LAST),
        ("M", "B", 2, 99, 5, LAST),
    )
    replay = replayed(path, kind)
    assert replay.findings.as_recorded
    assert (replay.findings.placed, replay.findings.trades, replay.findings.traded_lots) == (3, 1, 3)
    assert [(check.held, check.of) for check in replay.findings.checks] == [(1, 1)]
    assert len(replay.book) == 2
    assert replay.findings.tick == "1"
    assert (replay.book.best(Side.BUY), replay.book.best(Side.SELL)) == ((99, 5), (101, 4))


@both_books
def test_unknown_cancels_crossed_states_and_a_cut_event_of_a_dbn_file_are_counted(tmp_path, kind):
    rows = [("A", "B", 1, 100, 5, LAST), ("C", "B", 8, 100, 5, LAST), ("A", "A", 2, 99, 1, LAST)]
    found = replayed(mbo_file(tmp_path, *rows, ("C", "A", 2, 99, 1, 0)), kind).findings
    assert (found.unknown_orders, found.crossed_states, found.gaps) == (1, 1, 1)
    crossed_for_a_moment = [("A", "B", 1, 100, 5, LAST), ("A", "A", 2, 99, 1, 0), ("C", "B", 1, 100, 5, LAST)]
    assert not replayed(mbo_file(tmp_path, *crossed_for_a_moment), kind).findings.differs


def test_everything_wrong_with_records_of_a_dbn_file_is_one_clear_line(tmp_path):
    order = ("A", "B", 1, 100, 5, LAST)
    path = mbo_file(tmp_path, order, ("A", "B", 2, 100, 5, LAST), instruments=(7, 8))
    with pytest.raises(BadInput, match="record 2: instrument 8 beside 7, expected a file with one instrument"):
        open_replay(path)
    with pytest.raises(BadInput, match="record 2: order 1 is refused .duplicate_order_id., expected a new order"):
        replayed(mbo_file(tmp_path, order, order))
    with pytest.raises(BadInput, match="record 1: price -1000000000, expected a positive one"):
        replayed(mbo_file(tmp_path, ("A", "B", 1, -1, 5, LAST)))
    with pytest.raises(BadInput, match="no MBO record, expected at least one"):
        replayed(mbo_file(tmp_path))


@pytest.mark.parametrize("content", [b"DBN", b"DBN\x03" + bytes(200), b"\x28\xb5\x2f\xfd" + bytes(50)])
def test_what_is_no_dbn_is_one_clear_line(tmp_path, content):
    pytest.importorskip("databento_dbn", reason="the extra databento is not installed")
    path = written(tmp_path, content)
    with pytest.raises(BadInput) as caught:
        open_replay(path)
    assert caught.value.place == str(path)
    assert "expected" in caught.value.problem
    assert "\n" not in str(caught.value)


# ------------------------------------------------------------------------------------------------ any format


def test_formats_are_told_apart_by_content(tmp_path):
    assert detect_order_format(written(tmp_path, HEADER)) == "orders"
    assert detect_order_format(written(tmp_path, MESSAGES)) == "lobster"
    assert detect_order_format(written(tmp_path, START)) == "binance"
    assert detect_order_format(written(tmp_path, b"DBN\x03")) == "databento"
    with pytest.raises(BadInput, match="unknown format, expected LOBSTER messages"):
        detect_order_format(written(tmp_path, "hello\n"))
    with pytest.raises(BadInput, match="no such file, expected a recorded market"):
        detect_order_format(tmp_path / "absent")
    with pytest.raises(BadInput, match="'fix' is no format, expected one of lobster"):
        open_replay(written(tmp_path, MESSAGES), "fix")


def test_the_command_prints_what_was_found(tmp_path):
    path = written(tmp_path, MESSAGES)
    shown = CliRunner().invoke(app, ["book-replay", str(path)])
    assert shown.exit_code == 0
    assert "AS RECORDED" in shown.stdout
    assert "3 of 3 (100.00 %): the file's execution is at the book's best price" in shown.stdout
    document = json.loads(CliRunner().invoke(app, ["book-replay", str(path), "--json", "--book", "plain"]).stdout)
    assert document["best_bid"] == {"price": "100.0000", "quantity": "2"}
    assert document["best_ask"] is None
    assert document["trades"] == 3
    gap = written(tmp_path, START + depth(4, 14, 15, [], []))
    assert CliRunner().invoke(app, ["book-replay", str(gap)]).exit_code == 1


@pytest.mark.parametrize(
    ("content", "verdict", "code"),
    [
        (MESSAGES, "AS RECORDED", 0),
        (MESSAGES.replace("34200.5,2,12,1", "34200.5,2,12,9"), "DIFFERS", 1),
        (MESSAGES.splitlines()[0] + "\n", "NOTHING TO CHECK", 0),
        (HEADER + "1,add,1,sell,100.5,3\n", "NOTHING TO CHECK", 0),
        (HEADER + "1,add,1,sell,100.5,3\n2,cancel,2,,,\n", "DIFFERS", 1),
        (START, "NOTHING TO CHECK", 0),
        (START + depth(4, 14, 15, [], []), "DIFFERS", 1),
    ],
    ids=["trades", "takes too much", "no trade", "orders", "unknown order", "snapshot alone", "gap"],
)
def test_the_command_claims_nothing_that_was_not_compared(tmp_path, content, verdict, code):
    path = written(tmp_path, content)
    shown = CliRunner().invoke(app, ["book-replay", str(path)])
    assert (shown.stdout.splitlines()[0], shown.exit_code) == (f"{verdict}  recording", code)
    document = json.loads(CliRunner().invoke(app, ["book-replay", str(path), "--json"]).stdout)
    assert document["as_recorded"] is (verdict == "AS RECORDED")
    assert document["differs"] is (verdict == "DIFFERS")


DBN_STARTS = {"plain": b"DBN\x03" + bytes(range(128, 160)), "zstandard": b"\x28\xb5\x2f\xfd" + bytes(range(128, 160))}


@pytest.mark.parametrize("content", DBN_STARTS.values(), ids=DBN_STARTS)
def test_readers_of_other_formats_say_what_takes_a_dbn_file(tmp_path, content):
    path = written(tmp_path, content)
    with pytest.raises(BadInput) as caught:
        read_tape(path)
    assert str(caught.value) == (
        f"{path}: looks like a Databento DBN file, which only book-replay and a scenario's recording take; "
        "expected a LOBSTER message file or a Binance capture"
    )
    with pytest.raises(BadInput) as caught:
        read_recording(path)
    assert str(caught.value) == (
        f"{path}: looks like a Databento DBN file, which names no instrument of the ecosystem; "
        "expected format databento, and the instrument that it prices"
    )


def test_recordings_of_orders_are_prices_too(tmp_path):
    path = written(
        tmp_path,
        HEADER
        + "1,add,1,sell,100.5,3\n2,add,2,buy,100.25,1\n3,add,3,buy,100,1\n"
        + "4,cancel,2,,,\n5,cancel,1,,,\n6,add,4,sell,100.01,1\n",
    )
    assert read_recording(path, "orders", 0, "BTC/USD") == [
        RecordedPrice(2, "BTC/USD", 10_037_500_000),
        RecordedPrice(4, "BTC/USD", 10_025_000_000),
        RecordedPrice(6, "BTC/USD", 10_000_500_000),
    ]
    with pytest.raises(BadInput, match="names no instrument, expected to be told what it prices"):
        read_recording(path, "orders")
    one_sided = written(tmp_path, MESSAGES.splitlines()[0] + "\n")
    with pytest.raises(BadInput, match="the book never has two sides, expected"):
        read_recording(one_sided, "lobster", 0, "BTC/USD")


def test_a_scenario_plays_a_recording_of_orders(tmp_path):
    written(tmp_path, MESSAGES, "messages.csv")
    scenario = "title: R\nduration: 1m\necosystem:\n  market_data:\n    instruments: [BTC/USD]\n    tick: 1s\n    recording: "
    played = "{file: messages.csv, format: lobster, instrument: BTC/USD, sample: 100ms}\n"
    path = written(tmp_path, scenario + played, "s.yaml")
    result = CliRunner().invoke(app, ["run", str(path), "--out", str(tmp_path / "out"), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    with gzip.open(tmp_path / "out" / "journal.jsonl.gz", "rt") as journal:
        messages = [json.loads(line)["message"] for line in journal if "PriceRecorded" in line]
    # The ask of 100.20 is inferred from its execution in the last row; that of 100.10 comes and goes.
    assert [message["price_minor"] for message in messages] == [10_010_000_000, 10_005_000_000, 10_010_000_000]


@pytest.mark.parametrize(
    ("recording", "problem"),
    [
        (
            "{file: x, format: lobster}",
            "recording of format lobster has one instrument under its own name; expected 'instrument'",
        ),
        ("{file: x, format: csv, instrument: BTC/USD}", "names its instruments itself; expected no 'instrument'"),
        ("{file: x, format: orders, instrument: AAPL}", "unknown instrument 'AAPL'"),
    ],
)
def test_a_scenario_says_what_a_recording_of_orders_prices(recording, problem):
    with pytest.raises(BadInput, match=re.escape(problem)):
        parse_scenario(f"title: R\nduration: 1m\necosystem: {{market_data: {{recording: {recording}}}}}\n", "s.yaml")


def test_the_example_of_the_documentation_replays(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "recordings.md").read_text(encoding="utf-8")
    example = next(block for block in page.split("```\n") if block.startswith(HEADER))
    replay = replayed(written(tmp_path, example))
    assert not replay.findings.differs
    assert (replay.findings.rows, replay.findings.trades) == (6, 1)
    assert len(replay.book) == 1
