"""Recorded tables: every kind, both formats, and one clear line for whatever is wrong."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from trading_ecosystem.adapters.market_history.histories import History, read_history, source_of
from trading_ecosystem.adapters.market_history.reading import Assumptions
from trading_ecosystem.adapters.market_history.scales import instant_of, lots_of, ticks_of
from trading_ecosystem.domains.exchange.recorded.happenings import RecordedDepth, RecordedRange, RecordedTrade
from trading_ecosystem.messages.book_words import Level, Side
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.ports.errors import BadInput

VENUE = "exchange-alpha"


def written(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(*texts: object, assumptions: Assumptions | None = None) -> History:
    return read_history(tuple(source_of(str(text)) for text in texts), assumptions or Assumptions())


def test_instants_are_told_apart_by_their_form() -> None:
    expected = 1_700_000_000 * SECOND
    for text in (
        "1700000000",
        "1700000000000",
        "1700000000000000",
        "1700000000000000000",
        "2023-11-14T22:13:20Z",
        "2023-11-14 22:13:20",
        "2023-11-14T23:13:20.000+01:00",
    ):
        assert instant_of(text) == expected, text
    assert instant_of("2023-11-14") == expected - (22 * 3600 + 13 * 60 + 20) * SECOND
    with pytest.raises(ValueError, match="is no time"):
        instant_of("yesterday")


def test_prices_round_to_the_nearest_tick_and_quantities_down() -> None:
    assert ticks_of("100.005", 1_000_000) == 10_000
    assert ticks_of("100.015", 1_000_000) == 10_002
    assert ticks_of("100.016", 1_000_000) == 10_002
    assert lots_of("0.0000019", 100) == 1
    for bad in ("nan", "1e40", "-1", "0", "x"):
        with pytest.raises(ValueError, match="expected"):
            ticks_of(bad, 1_000_000)


def test_trades_are_read_with_the_side_that_took(tmp_path: Path) -> None:
    lines = (
        "timestamp,side,price,amount",
        "1700000000,sell,100.00,0.5",
        "1700000001,buy,101.00,1",
        "1700000001,,101,0.0000001",
    )
    history = read(written(tmp_path, "trades.csv", *lines))
    trades = [one for one in history.happenings[VENUE] if isinstance(one, RecordedTrade)]
    assert [(one.price_ticks, one.quantity_lots, one.aggressor) for one in trades] == [
        (10_000, 500_000, Side.SELL),
        (10_100, 1_000_000, Side.BUY),
    ]
    binance = written(tmp_path, "binance.csv", "time,price,qty,is_buyer_maker", "1700000000000,100.00,0.5,True")
    assert isinstance(made := read(binance).happenings[VENUE][0], RecordedTrade)
    assert made.aggressor is Side.SELL


def test_trades_alone_show_quotes_as_assumed(tmp_path: Path) -> None:
    path = written(tmp_path, "trades.csv", "time,price,size", "1700000000,100.00,0.5")
    _, shown = read(path, assumptions=Assumptions(spread_ppm=10_000)).happenings[VENUE]
    assert isinstance(shown, RecordedDepth)
    assert (shown.bids, shown.asks) == ((Level(9_950, 500_000),), (Level(10_050, 500_000),))
    quotes = written(tmp_path, "q.csv", "time,bid_price,bid_size,ask_price,ask_size", "1700000000,99,1,101,2")
    both = read(path, quotes).happenings[VENUE]
    assert [type(one) for one in both] == [RecordedTrade, RecordedDepth]


def test_depth_is_read_in_three_spellings(tmp_path: Path) -> None:
    row = "1700000000,99,1,101,2,98,3,102,4"
    for number, names in enumerate(
        (
            "bid_price_1,bid_size_1,ask_price_1,ask_size_1,bid_price_2,bid_size_2,ask_price_2,ask_size_2",
            "bid_1_price,bid_1_qty,ask_1_price,ask_1_qty,bid_2_price,bid_2_qty,ask_2_price,ask_2_qty",
            "bids[0].price,bids[0].amount,asks[0].price,asks[0].amount,bids[1].price,bids[1].amount,asks[1].price,asks[1].amount",
        )
    ):
        (depth,) = read(written(tmp_path, f"{number}.csv", f"time,{names}", row)).happenings[VENUE]
        assert isinstance(depth, RecordedDepth)
        assert [one.price_ticks for one in depth.bids + depth.asks] == [9_900, 9_800, 10_100, 10_200]
        assert [one.quantity_lots for one in depth.asks] == [2_000_000, 4_000_000]


def test_updates_become_the_book_after_each_instant(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "updates.csv",
        "time,is_snapshot,side,price,amount",
        "1,true,bid,99,1",
        "1,true,ask,101,1",
        "2,false,bid,100,2",
        "2,false,bid,99,0",
        "3,true,bid,90,1",
        "3,true,ask,91,1",
    )
    books = [one for one in read(path).happenings[VENUE] if isinstance(one, RecordedDepth)]
    assert [[level.price_ticks for level in one.bids] for one in books] == [[9_900], [10_000], [9_000]]
    assert [[level.price_ticks for level in one.asks] for one in books] == [[10_100], [10_100], [9_100]]


def test_a_bar_opens_before_its_range_is_known(tmp_path: Path) -> None:
    lines = ("time,open,high,low,close,volume", "60,100,110,90,105,10", "120,105,106,104,104,20", "240,104,106,104,104,20")
    happenings = read(written(tmp_path, "bars.csv", *lines)).happenings[VENUE]
    ranges = [one for one in happenings if isinstance(one, RecordedRange)]
    assert [one.at for one in ranges] == [2 * MINUTE, 3 * MINUTE, 5 * MINUTE]
    opening = happenings[0]
    assert isinstance(opening, RecordedDepth)
    assert opening.at == MINUTE
    # At the end of the first bar: its range, the quote at its close, the quote at the next open, which shows no later volume.
    kinds = [type(one) for one in happenings if one.at == 2 * MINUTE]
    assert kinds == [RecordedRange, RecordedDepth, RecordedDepth]
    shown = [one for one in happenings if one.at == 2 * MINUTE][2]
    assert isinstance(shown, RecordedDepth)
    assert shown.bids[0].quantity_lots == 1_000_000


def test_parquet_and_gzip_hold_the_same(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    lines = ("time,price,size,side", "2023-11-14T22:13:20Z,100.01,0.5,sell", "2023-11-14T22:13:21Z,100.02,1.25,buy")
    plain = written(tmp_path, "trades.csv", *lines)
    packed = tmp_path / "trades.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    parquet = tmp_path / "trades.parquet"
    frame = polars.read_csv(plain, try_parse_dates=True).with_columns(polars.col("time").dt.replace_time_zone(None))
    frame.write_parquet(parquet)
    assert str(frame.schema["time"]).startswith("Datetime")
    expected = read(plain).happenings
    assert read(packed).happenings == expected
    assert read(parquet).happenings == expected


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("a,b", "1,2"), "no column of times"),
        (("time,b", "1,2"), "are of no known kind"),
        (("time,price,size", "1,2"), "2 columns, expected 3"),
        (("time,price,size", "2,1,1", "1,1,1"), "time goes backwards"),
        (("time,price,size", "1,-1,1"), "is not positive"),
        (("time,price,size", "1,x,1"), "is no price"),
        (("time,price,size", "1,1,-1"), "is negative"),
        (("time,price,size,side", "1,1,1,up"), "is no side"),
        (("time,price,price", "1,1,1"), "two columns are named"),
        (("time,open,high,low,close,volume", "1,5,4,3,4,1", "2,5,4,3,4,1"), "do not hold its open"),
        (("time,open,high,low,close,volume", "1,5,6,3,4,1"), "length of a bar cannot be told"),
        (("time,bid_price_1,bid_size_1,ask_price_1,ask_size_1,bid_price_2,bid_size_2", "1,9,1,10,1,9.5,1"), "not in order"),
        (("time,price,size",), "nothing is recorded"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, lines: tuple[str, ...], problem: str) -> None:
    with pytest.raises(BadInput, match=problem) as caught:
        read(written(tmp_path, "data.csv", *lines))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("none.csv", "cannot be read"),
        ("LTC/USD=none.csv", "unknown instrument"),
        ("BTCUSDT=none.csv", "unknown instrument"),
        ("BTC-PERP=none.csv", "traded on margin"),
    ],
)
def test_what_is_no_source_is_said(text: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        source_of(text)


def test_an_asset_without_a_price_in_usd_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "trades.csv", "time,price,size", "1700000000,100.00,0.5")
    with pytest.raises(BadInput, match="ETH/BTC is recorded without ETH/USD"):
        read(f"ETH/BTC={path}")
    history = read(f"exchange-beta:ETH/BTC={path}", f"BTC/USD={path}", f"ETH/USD={path}")
    assert history.symbols == {"exchange-beta": ("ETH/BTC",), "exchange-alpha": ("BTC/USD", "ETH/USD")}
