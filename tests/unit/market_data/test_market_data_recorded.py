"""Recorded mode: prices come only from the recording; crosses follow where both legs are recorded."""

from __future__ import annotations

from typing import Any

import pytest

from trading_ecosystem.messages.market_data import (
    FundamentalPriceChanged,
    PriceConditionKind,
    PriceConditionSet,
    PricePublished,
    PriceRecorded,
)
from trading_ecosystem.messages.test_coordination import ConditionTookEffect
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND

WHOLE = 10**8


def row(at: int, instrument: str, price: float) -> tuple[int, PriceRecorded]:
    return at * SECOND, PriceRecorded("market-data", instrument, round(price * WHOLE))


def recorded(bench: Any, *rows: tuple[int, Any], **changes: Any) -> Any:
    return bench(inputs=rows, recorded=True, usd_prices_minor={}, annual_volatility={}, **changes)


def test_only_recorded_instruments_are_published_from_the_tick_after_their_first_row(bench):
    rows = (row(5, "BTC/USDT", 61_837.635), row(20, "BTC/USDT", 61_900), row(21, "BTC/USDT", 61_901))
    run = recorded(bench, *rows).run(40 * SECOND)
    prices = [(10, 61_837.635, 1), (20, 61_837.635, 2), (30, 61_901.0, 3), (40, 61_901.0, 4)]
    assert run.said == [
        entry
        for at, price, update in prices
        for entry in (
            (run.start + at * SECOND, FundamentalPriceChanged("BTC/USDT", round(price * WHOLE))),
            (run.start + at * SECOND, PricePublished("BTC/USDT", round(price * WHOLE), run.start + at * SECOND, update)),
        )
    ]


def test_crosses_follow_from_recorded_usd_prices(bench):
    rows = (row(1, "BTC/USD", 60_000), row(11, "USDT/USD", 0.96), row(21, "ETH/USD", 3_000), row(31, "ETH/BTC", 0.051))
    run = recorded(bench, *rows).run(40 * SECOND)
    at = {
        second: {m.instrument: m.price_minor for when, m in run.of(FundamentalPriceChanged) if when == second * SECOND}
        for second in (10, 20, 30, 40)
    }
    assert at[10] == {"BTC/USD": 60_000 * WHOLE}
    assert at[20] == {"BTC/USD": 60_000 * WHOLE, "USDT/USD": 96_000_000, "BTC/USDT": 62_500 * WHOLE}
    assert at[30] == at[20] | {"ETH/USD": 3_000 * WHOLE, "ETH/USDT": 3_125 * WHOLE, "ETH/BTC": 5_000_000}
    assert at[40] == at[30] | {"ETH/BTC": 5_100_000}


def test_conditions_displace_recorded_prices_too(bench):
    depeg = PriceConditionSet("market-data", "depeg-1", PriceConditionKind.STABLECOIN_DEPEG, ("USDT",), -50_000, 0, HOUR, 0)
    run = recorded(bench, row(1, "BTC/USDT", 61_000), (15 * SECOND, depeg)).run(30 * SECOND)
    assert [m.price_minor for _, m in run.of(FundamentalPriceChanged)] == [
        61_000 * WHOLE,
        round(61_000 * WHOLE / 0.95),
        round(61_000 * WHOLE / 0.95),
    ]
    assert run.of(ConditionTookEffect) == [(20 * SECOND, ConditionTookEffect("market-data", "depeg-1", "BTC/USDT"))]


def test_a_price_never_rounds_to_nothing(bench):
    crash = PriceConditionSet("market-data", "crash-1", PriceConditionKind.MARKET_CRASH, ("BTC",), -900_000, 0, HOUR, 0)
    run = recorded(bench, row(1, "BTC/USD", 1e-8), (15 * SECOND, crash)).run(MINUTE)
    assert {message.price_minor for _, message in run.of(PricePublished)} == {1}


def test_a_recorded_price_in_model_mode_is_a_wiring_bug(bench):
    with pytest.raises(AssertionError, match="recorded mode"):
        bench(inputs=(row(1, "BTC/USD", 1.0),)).run(MINUTE)
