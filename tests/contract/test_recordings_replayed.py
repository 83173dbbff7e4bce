"""Recorded markets replayed through both books hold exactly as published; skips where the recordings are absent."""

from __future__ import annotations

import pytest
from tests.campaign import recorded_market

from trading_ecosystem.adapters.recordings.binance_depth import BinanceDepthReplay
from trading_ecosystem.adapters.recordings.book_replay import open_replay
from trading_ecosystem.adapters.recordings.databento_mbo import DatabentoReplay
from trading_ecosystem.adapters.recordings.lobster_orders import LobsterOrdersReplay
from trading_ecosystem.adapters.recordings.lobster_window import LobsterWindowReplay
from trading_ecosystem.adapters.recordings.replay_findings import BookReplay
from trading_ecosystem.domains.exchange.book.books import available, book_class
from trading_ecosystem.messages.orders import Side

both_books = pytest.mark.parametrize("kind", available())


def replayed(name: str, kind: str) -> BookReplay:
    path = recorded_market(name)
    replay = open_replay(path, book=book_class(kind)(path.name))
    for _ in replay.states():
        pass
    assert replay.findings.unknown_orders == 0
    assert replay.findings.crossed_states == 0
    assert replay.findings.gaps == 0
    return replay


@both_books
def test_every_row_of_the_apple_ten_level_file_at_every_level(kind):
    replay = replayed("lobster/AAPL_2012-06-21_message_10_first999.csv.gz", kind)
    assert isinstance(replay, LobsterWindowReplay)
    assert replay.rows_equal.of == 998
    assert replay.rows_equal.held == 998, replay.rows_equal.examples
    assert replay.in_turn.held == replay.in_turn.of == replay.findings.trades


@both_books
def test_the_apple_hour_trades_at_the_best_price_with_the_head_of_the_queue(kind):
    replay = replayed("lobster/AAPL_2012-06-21_34200000_37800000_message_50.csv.gz", kind)
    assert isinstance(replay, LobsterOrdersReplay)
    assert replay.findings.rows == 91_997
    assert replay.at_best.of == replay.head.of == 4_067
    assert replay.at_best.held == 4_067, replay.at_best.examples
    assert replay.head.held * 1000 >= 994 * replay.head.of


@both_books
def test_the_binance_book_equals_the_book_ticker_of_the_same_update(kind):
    replay = replayed("binance_ws/spot_btcusdt_20240808.gz", kind)
    assert isinstance(replay, BinanceDepthReplay)
    assert replay.same_top.of == 564
    assert replay.same_top.held == 564, replay.same_top.examples


@both_books
def test_the_es_orders_replay_with_no_unknown_cancel_and_no_crossed_state(kind):
    pytest.importorskip("databento_dbn", reason="the extra databento is not installed")
    replay = replayed("dbn/orderbooks_mbo_2024-05-08T00-00-00_2024-05-08T00-00-02.dbn.zst", kind)
    assert isinstance(replay, DatabentoReplay)
    assert replay.findings.rows == 13_796
    assert replay.findings.tick == "0.25"
    assert replay.head.held == replay.head.of == replay.findings.trades
    assert replay.book.best(Side.BUY)[0] < replay.book.best(Side.SELL)[0]
