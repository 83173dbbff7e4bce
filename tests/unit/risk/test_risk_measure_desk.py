"""What the monitor answers about tails, stress, hedges and attribution."""

from __future__ import annotations

import math

import pytest
from msgspec import structs
from tests.unit.risk.monitor import FIRM, MAKER, MINUTE, START, WHOLE, Monitor, deposit, fill, price, usd

from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk_measures import (
    AttributionQuestion,
    AttributionStanding,
    HedgesQuestion,
    ShockWanted,
    StressLineStanding,
    StressQuestion,
    TailsQuestion,
)
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected

VENUE = "exchange-alpha"


def minutes(one: Monitor, count: int) -> None:
    """Prices for so many minutes, which swing."""
    for minute in range(count):
        at = START + minute * MINUTE
        one.tell(price("BTC/USD", 50_000 + 50 * math.sin(minute), at, minute), at)
        one.tell(price("ETH/USD", 2_000 + math.cos(minute), at, minute), at)
        one.tell(price("USDT/USD", 1, at, minute), at)


def test_nothing_is_measured_before_half_an_hour():
    one = Monitor()
    one.tell(deposit("BTC", usd(1), usd(1)))
    minutes(one, 31)
    assert one.risk.answer(TailsQuestion()) == ()
    assert one.risk.answer(HedgesQuestion()) == ()


def test_tails_by_every_convention_are_the_same_each_time():
    one = Monitor()
    one.tell(deposit("BTC", usd(2), usd(2)))
    minutes(one, 90)
    tails = one.risk.answer(TailsQuestion())
    assert one.risk.answer(TailsQuestion()) == tails
    assert {(tail.convention, tail.confidence_ppm) for tail in tails} == {
        (f"{name}_scaled", confidence)
        for name in (
            "historical_interpolated",
            "historical_ordered",
            "parametric_normal",
            "ewma_normal",
            "monte_carlo_normal",
        )
        for confidence in (950_000, 990_000)
    }
    for tail in tails:
        # A swing of some 0.1 % a minute on 100,000 USD, times the root of 1,440.
        assert usd(1_000) < tail.value_at_risk_usd_minor < usd(10_000)
        assert tail.expected_shortfall_usd_minor >= tail.value_at_risk_usd_minor
        assert tail.observations == (2_000 if tail.convention.startswith("monte") else 88)


def test_the_least_variance_hedge_of_bitcoin_is_to_sell_it():
    one = Monitor()
    one.tell(deposit("BTC", usd(2), usd(2)))
    minutes(one, 90)
    hedges = {hedge.aim: hedge for hedge in one.risk.answer(HedgesQuestion())}
    for aim in ("least_variance", "no_delta"):
        assert hedges[aim].amount_minor == pytest.approx(-2 * WHOLE, abs=2)
        assert hedges[aim].deviation_after_usd_minor <= 1


def test_stress_of_the_house_and_of_ones_own():
    one = Monitor()
    one.tell(deposit("BTC", usd(2), usd(2)))
    one.tell(price("BTC/USD", 50_000, START))
    house = {result.name: result for result in one.risk.answer(StressQuestion())}
    assert house["crash_30"].change_usd_minor == -usd(30_000)
    assert house["crash_30"].equity_after_usd_minor == usd(70_000)
    (own,) = one.risk.answer(StressQuestion((ShockWanted("BTC", 10_000),)))
    assert own.lines == (StressLineStanding("BTC", usd(1_000)),)
    assert one.risk.answer(StressQuestion((ShockWanted("DOGE", 1),))) == ()


def named(message: OrderFilled, client_order_id: str) -> OrderFilled:
    return structs.replace(message, client_order_id=client_order_id)


def test_profit_is_attributed_to_strategies_and_positions():
    one = Monitor()
    one.tell(price("BTC/USD", 50_000, START))
    one.tell(named(fill(Side.BUY, 2, 50_000, START + MINUTE, fee=usd(10)), "maker-1"))
    one.tell(named(fill(Side.SELL, 1, 51_000, START + MINUTE, trade_id=2, execution_id=2, fee=usd(5)), "maker-2"))
    one.tell(named(fill(Side.SELL, 1, 49_000, START + MINUTE, trade_id=3, execution_id=3), "other-1"))
    one.tell(named(fill(Side.SELL, 1, 49_000, START + MINUTE, trade_id=3, execution_id=3), "other-1"))
    one.tell(price("BTC/USD", 52_000, START, 2))
    lots = 1_000_000
    assert one.risk.answer(AttributionQuestion()) == (
        AttributionStanding(MAKER, "maker", VENUE, "BTC/USD", lots, usd(985), usd(2_000), usd(15), usd(151_000)),
        AttributionStanding(MAKER, "other", VENUE, "BTC/USD", -lots, 0, -usd(3_000), 0, usd(49_000)),
    )


def test_a_position_that_turns_realises_what_it_closes():
    one = Monitor()
    one.tell(price("BTC/USD", 100, START))
    one.tell(fill(Side.BUY, 1, 100, START + MINUTE))
    one.tell(fill(Side.SELL, 3, 110, START + MINUTE, trade_id=2, execution_id=2))
    one.tell(price("BTC/USD", 100, START, 2))
    (line,) = one.risk.answer(AttributionQuestion())
    assert (line.realised_usd_minor, line.unrealised_usd_minor) == (usd(10), usd(20))
    assert line.strategy == ""


def test_busts_and_corrections_take_back_what_was_added():
    one = Monitor()
    one.tell(price("BTC/USD", 100, START))
    one.tell(fill(Side.BUY, 1, 100, START + MINUTE, fee=usd(1)))
    one.tell(fill(Side.BUY, 1, 120, START + MINUTE, trade_id=2, execution_id=2, fee=usd(1)))
    where = (VENUE, MAKER, "order", 1)
    about = ("BTC/USD", Side.BUY)
    lots = 1_000_000
    one.tell(TradeCorrected(*where, 8, 2, 2, *about, 12_000, usd(1), 11_000, lots, "USD", usd(2)))
    (line,) = one.risk.answer(AttributionQuestion())
    assert (line.position_lots, line.fees_usd_minor) == (2 * lots, usd(3))
    assert line.realised_usd_minor + line.unrealised_usd_minor == -usd(10) - usd(3)
    one.tell(TradeBusted(*where, 9, 1, 1, *about, 10_000, lots, "USD", usd(1)))
    (line,) = one.risk.answer(AttributionQuestion())
    assert (line.position_lots, line.fees_usd_minor) == (lots, usd(2))
    assert line.realised_usd_minor + line.unrealised_usd_minor == -usd(10) - usd(2)


def test_the_firm_is_named():
    one = Monitor()
    assert {result.account for result in one.risk.answer(StressQuestion())} == {FIRM}
