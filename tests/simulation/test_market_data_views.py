"""What market data shows of a whole run: reference quotes, venue quotes, volumes and profiles, from the record alone."""

from __future__ import annotations

import pytest

import trading_ecosystem
from trading_ecosystem.domains.market_data.records import TradeSummary
from trading_ecosystem.domains.market_data.spreads import SPREAD_RANGES
from trading_ecosystem.domains.market_data.volume_profile import day_volume, volume_profile
from trading_ecosystem.messages.sessions import Session
from trading_ecosystem.messages.units import SPOT_PAIRS

SCENARIO = """\
title: Two hours of a Monday morning
duration: 2h
seed: 3
starts_at: 2026-03-02T06:00:00Z
ecosystem:
  market_data:
    jumps: false
    candles: [1m, 5m, 15m, 1h]
    reference_quotes: {spread: modelled, liquidity: {ETH/BTC: 0.2}}
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    path = tmp_path_factory.mktemp("views") / "views.yaml"
    path.write_text(SCENARIO)
    return trading_ecosystem.run(path)


def test_reference_quotes_surround_the_latest_prices(result):
    prices = {row["instrument"]: row for row in result.table("market_data.latest_prices")}
    quotes = {row["instrument"]: row for row in result.table("market_data.reference_quotes")}
    assert list(quotes) == sorted(SPOT_PAIRS)
    for symbol, quote in quotes.items():
        assert quote["bid_minor"] < prices[symbol]["price_minor"] < quote["ask_minor"]
        assert quote["update"] == prices[symbol]["update"]
        limits = SPREAD_RANGES[symbol]
        assert limits.narrowest_ppm <= quote["spread_ppm"] <= limits.widest_ppm


def test_candles_of_several_intervals_are_kept(result):
    intervals = {row["interval_ns"] for row in result.table("market_data.candles")}
    assert len(intervals) == 4


def test_volumes_follow_from_what_venues_published(result):
    rows = [TradeSummary(**row) for row in result.table("market_data.trade_summaries")]
    until = max(row.published_at for row in rows)
    for venue in ("exchange-alpha", "exchange-beta"):
        assert day_volume(rows, "BTC/USD", until, venue).trades > 0
    day, profile = day_volume(rows, "BTC/USD", until), volume_profile(rows, "BTC/USD")
    assert 0 < day.buyer_initiated_minor < day.volume_minor == sum(profile.hours_minor)
    assert [hour for hour, volume in enumerate(profile.hours_minor) if volume] in ([6, 7], [6, 7, 8])
    assert 0 < profile.sessions_minor[Session.EUROPE] < profile.sessions_minor[Session.ASIA]
    assert profile.sessions_minor[Session.US] == profile.sessions_minor[Session.WEEKEND] == 0
    assert {(row["venue"], row["instrument"]) for row in result.table("market_data.quotes")} == {
        (venue, symbol) for venue in ("exchange-alpha", "exchange-beta") for symbol in SPOT_PAIRS
    }
