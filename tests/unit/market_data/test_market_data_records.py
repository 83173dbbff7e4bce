"""What is kept: pure, idempotent upserts that follow from what was said and heard."""

from __future__ import annotations

from typing import Any

import msgspec

from trading_ecosystem.domains.market_data import records
from trading_ecosystem.domains.market_data.records import (
    Candle,
    LatestPrice,
    MarketCondition,
    PriceSample,
    ReferenceInstrument,
    ReferenceQuote,
    TradeSummary,
    VenueQuote,
    project,
)
from trading_ecosystem.messages.exchange import QuoteChanged, TradesPublished
from trading_ecosystem.messages.market_data import (
    CandleClosed,
    FeedConditionKind,
    FeedConditionSet,
    FundamentalPriceChanged,
    PriceConditionKind,
    PriceConditionSet,
    PricePublished,
    ReferenceQuotePublished,
)
from trading_ecosystem.messages.test_coordination import ConditionCleared, ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.units import MINUTE, SECOND, SPOT_PAIRS
from trading_ecosystem.ports.records import Patch, Upsert


def kept(*entries: tuple[int, Any]) -> dict[tuple[Any, ...], Any]:
    """A store in miniature: records by (type, identity)."""
    rows: dict[tuple[Any, ...], Any] = {}
    for now, message in entries:
        for change in project(message, now):
            if isinstance(change, Upsert):
                rows[type(change.record), *change.record.identity()] = change.record
            elif isinstance(change, Patch):
                key = (change.record_type, *change.identity)
                if key in rows:
                    rows[key] = msgspec.structs.replace(rows[key], **change.values)
    return rows


def of(rows: dict[tuple[Any, ...], Any], record_type: type) -> list[Any]:
    return [record for key, record in rows.items() if key[0] is record_type]


def test_prices_are_kept_as_latest_and_one_sample_a_minute():
    rows = kept(
        (0, PricePublished("BTC/USD", 100, 0, 1)),
        (50 * SECOND, PricePublished("BTC/USD", 105, 50 * SECOND, 2)),
        (61 * SECOND, PricePublished("BTC/USD", 103, 61 * SECOND, 3)),
        (70 * SECOND, PricePublished("USDT/USD", 7, 65 * SECOND, 1)),
        (70 * SECOND, FundamentalPriceChanged("BTC/USD", 999)),
    )
    assert of(rows, ReferenceInstrument) == [
        ReferenceInstrument("BTC/USD", "BTC", "USD"),
        ReferenceInstrument("USDT/USD", "USDT", "USD"),
    ]
    assert of(rows, LatestPrice) == [
        LatestPrice("BTC/USD", 103, 61 * SECOND, 61 * SECOND, 3),
        LatestPrice("USDT/USD", 7, 65 * SECOND, 70 * SECOND, 1),
    ]
    assert of(rows, PriceSample) == [
        PriceSample("BTC/USD", 0, 105, 50 * SECOND),
        PriceSample("BTC/USD", MINUTE, 103, 61 * SECOND),
        PriceSample("USDT/USD", MINUTE, 7, 65 * SECOND),
    ]


def test_conditions_are_kept_with_what_became_of_them():
    entries = (
        (5, PriceConditionSet("market-data", "a", PriceConditionKind.MARKET_CRASH, ("BTC", "ETH"), -1, 10, 20, 30)),
        (6, FeedConditionSet("market-data", "b", FeedConditionKind.FEED_STALE, (), 99)),
        (7, ConditionTookEffect("market-data", "a", "BTC/USD")),
        (8, ConditionTookEffect("custodian", "a", "BTC")),
        (9, ConditionCleared("market-data", "b")),
        (9, ConditionEnded("market-data", "b")),
    )
    expected = [
        MarketCondition("market-data", "a", "market_crash", "BTC ETH", 5, 65, took_effect_at=7, first_subject="BTC/USD"),
        MarketCondition("market-data", "b", "feed_stale", "", 6, 99, cleared_at=9, ended_at=9),
    ]
    assert of(kept(*entries), MarketCondition) == expected
    assert of(kept(*entries, *entries), MarketCondition) == expected


def test_quotes_and_trade_summaries_of_venues_are_kept():
    rows = kept(
        (1, QuoteChanged("alpha", "BTC/USD", 7, 10, 1, 11, 2)),
        (2, QuoteChanged("alpha", "BTC/USD", 8, 12, 3, 13, 4)),
        (3, TradesPublished("alpha", "BTC/USD", 1, 5, 60, 20, 13, 11, 12)),
        (4, TradesPublished("alpha", "BTC/USD", 6, 6, 1, 1, 13, 13, 13)),
        (5, ReferenceQuotePublished("BTC/USD", 9, 11, 100, 4, 2)),
    )
    assert of(rows, VenueQuote) == [VenueQuote("alpha", "BTC/USD", 8, 12, 3, 13, 4, 2)]
    assert of(rows, TradeSummary) == [
        TradeSummary("alpha", "BTC/USD", 1, 5, 60, 20, 13, 11, 12, 3),
        TradeSummary("alpha", "BTC/USD", 6, 6, 1, 1, 13, 13, 13, 4),
    ]
    assert of(rows, ReferenceQuote) == [ReferenceQuote("BTC/USD", 9, 11, 100, 4, 2)]


def test_a_candle_is_kept_as_it_closed():
    closed = CandleClosed("BTC/USD", MINUTE, 0, 3, 5, 2, 4, 6)
    assert of(kept((MINUTE, closed)), Candle) == [Candle("BTC/USD", MINUTE, 0, 3, 5, 2, 4, 6)]


def test_a_whole_run_is_kept_once_and_the_same_when_applied_twice(bench):
    run = bench().run(10 * MINUTE)
    rows = kept(*run.said)
    assert rows == kept(*run.said, *run.said)
    assert len(of(rows, PriceSample)) == 6 * 11
    assert len(of(rows, Candle)) == 6 * 10
    assert [record.instrument for record in of(rows, LatestPrice)] == list(SPOT_PAIRS)
    last = run.of(PricePublished, "ETH/USD")[-1][1]
    assert rows[LatestPrice, "ETH/USD"].price_minor == last.price_minor


def test_every_record_names_its_table_and_key():
    assert records.NAMESPACE == "market_data"
    assert len({record.table for record in records.RECORDS}) == len(records.RECORDS)
    for record in records.RECORDS:
        assert set(record.key) <= set(record.__struct_fields__)
