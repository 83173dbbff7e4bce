"""Readers of recorded markets: what they yield, and one clear line for everything that can be wrong with a file."""

from __future__ import annotations

import gzip
import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.adapters.recordings import RecordedPrice, detect_format, read_recording
from trading_ecosystem.adapters.recordings import reading as reading_module
from trading_ecosystem.adapters.recordings.binance_capture import middle
from trading_ecosystem.adapters.recordings.reading import RecordingFormat
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.errors import BadInput

HEADER = "time,instrument,price\n"
WHOLE = 10**8
CAPTURE = Path(__file__).parents[3] / "shared" / "data" / "binance_ws" / "spot_btcusdt_20240808.gz"


def written(folder: Path, content: str | bytes, name: str = "recording") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read_or_refused(path: Path, chosen: RecordingFormat | None) -> list[RecordedPrice] | BadInput:
    try:
        return read_recording(path, chosen)
    except BadInput as refused:
        return refused


def ticker(at: int, bid: str, ask: str, symbol: str = "BTCUSDT") -> str:
    data = {"u": 1, "s": symbol, "b": bid, "B": "1.0", "a": ask, "A": "2.0"}
    return f"{at} {json.dumps({'stream': symbol.lower() + '@bookTicker', 'data': data})}\n"


def test_csv_rows_are_read_exactly(tmp_path):
    path = written(
        tmp_path,
        HEADER
        + "1970-01-01T00:00:01Z,BTC/USD,61837.635\n"
        + "1000000001,ETH/BTC,0.04567890\n"
        + "1970-01-01T01:00:01.5+01:00,USDT/USD,1\n"
        + "1970-01-01 00:00:01.500000001Z,BTC/USDT,00000000012.34567891\n"
        + "\n"
        + "1969-12-31T23:30:02.000000000-00:30,ETH/USD,10000000000\n"
        + "2024-02-29T23:59:59.999999999z,ETH/USDT,0.00000001\n",
    )
    assert read_recording(path, "csv", 0) == [
        RecordedPrice(1_000_000_000, "BTC/USD", 6_183_763_500_000),
        RecordedPrice(1_000_000_001, "ETH/BTC", 4_567_890),
        RecordedPrice(1_500_000_000, "USDT/USD", WHOLE),
        RecordedPrice(1_500_000_001, "BTC/USDT", 1_234_567_891),
        RecordedPrice(2_000_000_000, "ETH/USD", 10**18),
        RecordedPrice(1_709_251_199_999_999_999, "ETH/USDT", 1),
    ]


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["r.csv", "r.csv.gz", "misnamed"])
def test_line_ends_byte_order_mark_and_gzip_make_no_difference(tmp_path, bom, end, name):
    content = (bom + HEADER + "5,BTC/USD,2.5\n6,BTC/USD,2.25").replace("\n", end).encode()
    path = written(tmp_path, gzip.compress(content) if name != "r.csv" else content, name)
    assert read_recording(path) == [RecordedPrice(5, "BTC/USD", 250_000_000), RecordedPrice(6, "BTC/USD", 225_000_000)]


ROW = "5,BTC/USD,2.5\n"
BAD_CSV = {
    "empty file": ("", "1:1", "the file is empty, expected a recorded market"),
    "blank file": ("\n\n", "1:1", "only blank lines, expected the header"),
    "no rows": (HEADER, "1:1", "no rows, expected at least one"),
    "wrong header": ("time,symbol,price\n" + ROW, "1:1", "'time,symbol,price' is not the header, expected"),
    "no header": (ROW, "1:1", "unknown format, expected the header 'time,instrument,price'"),
    "too few columns": (HEADER + ROW + "5,BTC/USD\n", "3:1", "2 columns, expected 3"),
    "too many columns": (HEADER + "5,BTC/USD,1,2\n", "2:1", "4 columns, expected 3"),
    "unknown instrument": (HEADER + "15,DOGE/USD,1\n", "2:4", "unknown instrument 'DOGE/USD', expected one of BTC/USD"),
    "space": (HEADER + "15, BTC/USD,1\n", "2:4", "unknown instrument ' BTC/USD', expected one of"),
    "not a number": (HEADER + ROW + "6,BTC/USD,NaN\n", "3:11", "'NaN' is no price, expected a positive decimal"),
    "infinite": (HEADER + "6,BTC/USD,inf\n", "2:11", "'inf' is no price, expected a positive decimal"),
    "negative": (HEADER + "6,BTC/USD,-1\n", "2:11", "'-1' is no price, expected a positive decimal"),
    "exponent": (HEADER + "6,BTC/USD,1e5\n", "2:11", "'1e5' is no price"),
    "underscore": (HEADER + "6,BTC/USD,1_0\n", "2:11", "'1_0' is no price"),
    "other digits": (HEADER + "6,BTC/USD,١\n", "2:11", "is no price"),
    "no price": (HEADER + "6,BTC/USD,\n", "2:11", "'' is no price"),
    "zero": (HEADER + "6,BTC/USD,0.00\n", "2:11", "price 0.00 is zero, expected a positive decimal"),
    "too fine": (HEADER + "6,BTC/USD,0.000000001\n", "2:11", "expected a multiple of 0.00000001"),
    "too large": (HEADER + "6,BTC/USD,10000000000.1\n", "2:11", "too large, expected at most 10000000000"),
    "backwards": (HEADER + ROW + "4,ETH/USD,1\n", "3:1", "time 4 goes backwards, expected it not before"),
    "no time": (HEADER + ",BTC/USD,1\n", "2:1", "'' is no time, expected RFC 3339"),
    "fractional integer": (HEADER + "1.5,BTC/USD,1\n", "2:1", "'1.5' is no time, expected RFC 3339"),
    "negative time": (HEADER + "-1,BTC/USD,1\n", "2:1", "'-1' is no time"),
    "no offset": (HEADER + "2024-01-01T00:00:00,BTC/USD,1\n", "2:1", "is no time, expected RFC 3339"),
    "no such day": (HEADER + "2023-02-29T00:00:00Z,BTC/USD,1\n", "2:1", "is impossible"),
    "no such offset": (HEADER + "2023-02-28T00:00:00+24:00,BTC/USD,1\n", "2:1", "impossible offset"),
    "leap second": (HEADER + "2016-12-31T23:59:60Z,BTC/USD,1\n", "2:1", "is impossible"),
    "before 1970": (HEADER + "1969-12-31T23:59:59Z,BTC/USD,1\n", "2:1", "out of range, expected 1970 to 2262"),
    "after 2262": (HEADER + "9223372036854775808,BTC/USD,1\n", "2:1", "out of range, expected 1970 to 2262"),
    "not UTF-8": (HEADER.encode() + b"5,\xc3\xa9\xff,1\n", "2:4", "byte 0xff is not UTF-8, expected UTF-8 text"),
    "UTF-16": ((HEADER + ROW).encode("utf-16"), "1:1", "byte 0xff is not UTF-8, expected UTF-8 text"),
}


@pytest.mark.parametrize(("content", "place", "problem"), BAD_CSV.values(), ids=BAD_CSV)
def test_everything_wrong_with_a_csv_is_one_clear_line(tmp_path, content, place, problem):
    path = written(tmp_path, content)
    with pytest.raises(BadInput) as caught:
        read_recording(path)
    assert caught.value.place == f"{path}:{place}"
    assert problem in caught.value.problem
    assert "\n" not in str(caught.value)
    assert "expected" in caught.value.problem


def test_a_long_line_is_refused_and_not_echoed(tmp_path):
    path = written(tmp_path, HEADER + "5,BTC/USD," + "1" * 2_000_000 + "\n")
    with pytest.raises(BadInput, match=r"recording:2:1: line is too long, expected at most 1048576 bytes"):
        read_recording(path)
    path = written(tmp_path, HEADER + "5," + "x" * 100_000 + ",1\n")
    with pytest.raises(BadInput) as caught:
        read_recording(path)
    assert len(str(caught.value)) < 400 + len(str(path))


def test_missing_and_unreadable_files_are_bad_input(tmp_path):
    with pytest.raises(BadInput, match="no such file, expected a recorded market") as caught:
        read_recording(tmp_path / "nothing.csv")
    assert caught.value.place == str(tmp_path / "nothing.csv")
    with pytest.raises(BadInput, match="cannot be read"):
        read_recording(tmp_path)


def test_damaged_gzip_is_bad_input(tmp_path):
    whole = gzip.compress((HEADER + ROW * 10_000).encode())
    damaged = bytearray(whole)
    damaged[-6] ^= 0xFF  # in the checksum
    for content in (whole[:-20], bytes(damaged), whole[:2], b"\x1f\x8b no gzip at all"):
        with pytest.raises(BadInput, match=r"recording:\d+:1: the gzip data is damaged here"):
            read_recording(written(tmp_path, content))


def test_book_tickers_become_middle_prices_at_the_local_instant(tmp_path):
    content = (
        '1 {"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","s":"BTCUSDT","b":[["1","2"]],"a":[]}}\n'
        + ticker(2, "61837.63000000", "61837.64000000")
        + '3 {"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","p":"5","a":4,"b":3}}\n'
        + '4 {"lastUpdateId":5,"bids":[["1","2"]],"asks":[]}\n'
        + ticker(4, "0.05000001", "0.05000002", "ETHBTC")
        + ticker(5, "0.05000002", "0.05000003", "ETHBTC")
        + '6 {"u":400900217,"s":"ETHUSDT","b":"25.35190000","B":"31.21","a":"25.36520000","A":"40.66"}\n'
        + '7 {"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker"}]}\n'
        + '8 {"e":"trade","s":"BTCUSDT","p":"5"}\n'
        + '9 {"result":null,"id":1}\n'
    )
    expected = [
        RecordedPrice(2, "BTC/USDT", 6_183_763_500_000),
        RecordedPrice(4, "ETH/BTC", 5_000_002),  # halfway between …1 and …2 goes to the even one
        RecordedPrice(5, "ETH/BTC", 5_000_002),  # and so does halfway between …2 and …3
        RecordedPrice(6, "ETH/USDT", 2_535_855_000),
    ]
    assert read_recording(written(tmp_path, content), "binance", 0) == expected
    assert read_recording(written(tmp_path, gzip.compress(content.encode()))) == expected


GOOD = ticker(5, "1.0", "1.1")
BAD_CAPTURE = {
    "no local time": ('{"stream":"x","data":{}}\n', "1:1", "expected the local time in nanoseconds"),
    "no frame": (GOOD + "6\n", "2:1", "expected the local time in nanoseconds"),
    "time too large": ("9999999999999999999 {}\n", "1:1", "expected the local time in nanoseconds"),
    "backwards": (GOOD + ticker(4, "1.0", "1.1"), "2:1", "local time 4 goes backwards, expected it not before"),
    "malformed": (GOOD + '66 {"stream":é}\n', "2:14", "JSON is malformed: invalid character; expected a JSON frame"),
    "cut short": (GOOD + '66 {"stream":"x","da\n', "2:21", "ends in the middle of its JSON frame, expected a whole"),
    "rubbish behind": (GOOD + "66 {} x\n", "2:7", "expected a JSON frame"),
    "array": (GOOD + "66 [1]\n", "2:4", "expected a JSON frame of a Binance stream"),
    "no data": ('5 {"stream":"btcusdt@bookTicker"}\n', "1:3", "has no field 'data', expected its payload"),
    "data of a wrong type": ('5 {"stream":"btcusdt@bookTicker","data":[]}\n', "1:3", "expected a JSON frame"),
    "no symbol": ('5 {"stream":"btcusdt@bookTicker","data":{"b":"1","a":"1"}}\n', "1:3", "unknown symbol None"),
    "unknown symbol": (
        ticker(5, "1.0", "1.1", "DOGEUSDT"),
        "1:3",
        "unknown symbol 'DOGEUSDT' in field 's', expected one of BTCUSD",
    ),
    "number": ('5 {"stream":"x@bookTicker","data":{"s":"BTCUSDT","b":1.5,"a":"2"}}\n', "1:3", "expected a price as a string"),
    "no ask": ('5 {"stream":"x@bookTicker","data":{"s":"BTCUSDT","b":"1"}}\n', "1:3", "field 'a' is None, expected"),
    "NaN": (GOOD + ticker(5, "NaN", "1.1"), "2:3", "field 'b': 'NaN' is no price, expected a positive decimal"),
    "zero": (ticker(5, "0.00000000", "1.1"), "1:3", "field 'b': price 0.00000000 is zero, expected"),
    "crossed": (ticker(5, "1.2", "1.1"), "1:3", "best bid 1.2 is above best ask 1.1, expected"),
    "no tickers": ('5 {"lastUpdateId":1}\n', "1:1", "the capture has no book ticker, expected at least one"),
}


@pytest.mark.parametrize(("content", "place", "problem"), BAD_CAPTURE.values(), ids=BAD_CAPTURE)
def test_everything_wrong_with_a_capture_is_one_clear_line(tmp_path, content, place, problem):
    path = written(tmp_path, content)
    with pytest.raises(BadInput) as caught:
        read_recording(path, "binance")
    assert caught.value.place == f"{path}:{place}"
    assert problem in caught.value.problem
    assert "\n" not in str(caught.value)


def test_sampling_keeps_the_last_row_of_each_instrument_and_bin(tmp_path):
    rows = ["10,BTC/USD,1", "12,ETH/USD,2", "13,BTC/USD,3", "19,ETH/USD,4", "20,BTC/USD,5", "45,BTC/USD,6", "49,BTC/USD,7"]
    path = written(tmp_path, HEADER + "\n".join(rows) + "\n")
    assert read_recording(path, sample_ns=10) == [
        RecordedPrice(13, "BTC/USD", 3 * WHOLE),
        RecordedPrice(19, "ETH/USD", 4 * WHOLE),
        RecordedPrice(20, "BTC/USD", 5 * WHOLE),
        RecordedPrice(49, "BTC/USD", 7 * WHOLE),
    ]
    assert [row.at for row in read_recording(path, sample_ns=1)] == [10, 12, 13, 19, 20, 45, 49]


def test_too_many_rows_are_refused(tmp_path, monkeypatch):
    path = written(tmp_path, HEADER + ROW * 6)
    monkeypatch.setattr(reading_module, "MOST_ROWS", 6)
    assert len(read_recording(path)) == 6
    monkeypatch.setattr(reading_module, "MOST_ROWS", 5)
    with pytest.raises(BadInput, match="more than 5 rows, expected fewer: sample more coarsely"):
        read_recording(path)
    assert len(read_recording(path, sample_ns=SECOND)) == 1


def test_formats_are_told_apart_by_content(tmp_path):
    assert detect_format(written(tmp_path, HEADER)) == "csv"
    assert detect_format(written(tmp_path, "\n" + GOOD)) == "binance"
    with pytest.raises(BadInput, match="unknown format, expected the header 'time,instrument,price' or lines of a Binance"):
        detect_format(written(tmp_path, "%PDF-1.4\n"))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.integers(1, 10**18), st.integers(1, 10**18))
def test_the_middle_is_rounded_half_to_even(bid, ask):
    assert middle(bid, ask) == round(Fraction(bid + ask, 2))


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='0123456789,.:-TZ {}[]"BTCUSD/abs\n', max_size=120).map(str.encode))
def test_any_bytes_give_rows_or_one_clear_line(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    for prefix in (b"", HEADER.encode(), b"5 "):
        path.write_bytes(prefix + content)
        for chosen in (None, "csv", "binance"):
            outcome = read_or_refused(path, chosen)
            if isinstance(outcome, BadInput):
                assert re.fullmatch(re.escape(str(path)) + r"(:\d+:\d+)?", outcome.place)
                assert "\n" not in str(outcome)
            else:
                assert outcome == sorted(outcome, key=lambda row: row.at)
                assert all(0 < row.price_minor <= 10**18 for row in outcome)


@pytest.mark.skipif(not CAPTURE.exists(), reason=f"the shared sample data is not here: {CAPTURE}")
def test_the_captured_day_is_read():
    every = read_recording(CAPTURE)
    assert len(every) == 28_040
    assert every[0] == RecordedPrice(1_723_161_254_087_891_268, "BTC/USDT", 6_183_763_500_000)
    assert every[-1] == RecordedPrice(1_723_161_599_999_231_384, "BTC/USDT", 6_168_599_500_000)
    sampled = read_recording(CAPTURE, "binance", SECOND)
    by_second = {row.at // SECOND: row for row in every}
    assert sampled == list(by_second.values())
    assert len(sampled) == 346
