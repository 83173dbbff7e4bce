"""Own limits: the first reason in the order of the enum, said once, and what counts towards each."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.trading.trading_floor import ALPHA, BETA, BTC, Floor, cancelled, obedient, placed, rejected

from trading_ecosystem.domains.trading.intentions import Place, PlaceTogether
from trading_ecosystem.messages.orders import OrderType, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.trading import OrderWithheld, StopStrategy, WithheldReason
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE

USD = MINOR_UNITS_PER_WHOLE
BUY = Place(ALPHA, BTC, Side.BUY, 6_000_000, 100_000)  # 0.1 BTC at 60,000: 6,000 USD
SELL = Place(ALPHA, BTC, Side.SELL, 6_000_000, 100_000)


def floor(**limits: int) -> Floor:
    stated = {"max_order_notional_usd_minor": 6_000 * USD, "max_open_orders": 3, "max_position_usd_minor": 12_000 * USD}
    made = Floor(obedient("one"), **{**stated, **limits})
    made.begin()
    made.fund("fund/one", USD=100_000, USDT=100_000, BTC=2)
    made.price(BTC, 60_000)
    return made


def withheld(place: Place, reason: WithheldReason, name: str = "one") -> OrderWithheld:
    where = (place.venue, place.instrument, place.side, place.price_ticks, place.quantity_lots)
    return OrderWithheld(f"fund/{name}", name, *where, reason)


def but(place: Place, **changes: Any) -> Place:
    return msgspec.structs.replace(place, **changes)


INVALID = [
    but(BUY, quantity_lots=0),
    but(BUY, quantity_lots=-1),
    but(BUY, price_ticks=0),
    but(BUY, price_ticks=-5),
    but(BUY, post_only=True, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL),
    but(BUY, order_type=OrderType.MARKET, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL),
    but(BUY, order_type=OrderType.MARKET, price_ticks=0),
    but(BUY, order_type=OrderType.MARKET, price_ticks=0, time_in_force=TimeInForce.FILL_OR_KILL, post_only=True),
]


@pytest.mark.parametrize("place", INVALID)
def test_an_order_that_makes_no_sense_is_withheld(place: Place) -> None:
    assert floor().tell("one", place) == [withheld(place, WithheldReason.INVALID_ORDER)]


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (but(BUY, venue="exchange-gamma", quantity_lots=0), WithheldReason.UNKNOWN_INSTRUMENT),
        (but(BUY, instrument="DOGE/USD", quantity_lots=0), WithheldReason.UNKNOWN_INSTRUMENT),
        (but(BUY, quantity_lots=100_000_000), WithheldReason.INSUFFICIENT_CLAIM),
        (but(SELL, quantity_lots=2_000_001), WithheldReason.INSUFFICIENT_CLAIM),
        (but(BUY, quantity_lots=100_001), WithheldReason.ORDER_NOTIONAL),
        (but(SELL, price_ticks=6_000_001), WithheldReason.ORDER_NOTIONAL),
    ],
)
def test_the_first_reason_that_applies_is_said(place: Place, reason: WithheldReason) -> None:
    assert floor().tell("one", place) == [withheld(place, reason)]


def test_limits_are_inclusive() -> None:
    assert floor().tell("one", BUY) == [placed("one", 1, ALPHA, BTC, Side.BUY, 6_000_000, 100_000)]
    assert floor().tell("one", but(SELL, quantity_lots=100_000)) == [
        placed("one", 1, ALPHA, BTC, Side.SELL, 6_000_000, 100_000)
    ]


def test_open_orders_are_counted_before_the_position() -> None:
    small = but(BUY, quantity_lots=1)
    made = floor()
    assert len(made.tell("one", small, small, small)) == 3
    assert made.tell("one", but(BUY, quantity_lots=100_000)) == [withheld(BUY, WithheldReason.OPEN_ORDERS)]


def test_working_orders_count_towards_the_position_as_if_filled() -> None:
    made = floor()
    said = made.tell("one", BUY, BUY, but(BUY, venue=BETA, quantity_lots=1))
    assert said == [
        placed("one", 1, ALPHA, BTC, Side.BUY, 6_000_000, 100_000),
        placed("one", 2, ALPHA, BTC, Side.BUY, 6_000_000, 100_000),
        withheld(but(BUY, venue=BETA, quantity_lots=1), WithheldReason.POSITION),
    ]


def with_a_position_beyond_the_limit() -> Floor:
    made = floor(max_position_usd_minor=6_000 * USD)
    (buy,) = made.tell("one", BUY)
    made.hear(made.fill(buy))
    made.price(BTC, 90_000)  # worth 9,000 USD now
    return made


def test_a_position_may_shrink_however_large_it_is() -> None:
    made = with_a_position_beyond_the_limit()
    sell = but(SELL, price_ticks=5_000_000)
    assert made.tell("one", sell) == [placed("one", 2, ALPHA, BTC, Side.SELL, 5_000_000, 100_000)]
    # With that sell filled it would be flat; a second one would leave it as far short, and past the limit.
    assert made.tell("one", sell) == [withheld(sell, WithheldReason.POSITION)]


def test_a_position_beyond_the_limit_may_not_grow() -> None:
    one_lot = but(BUY, quantity_lots=1)
    assert with_a_position_beyond_the_limit().tell("one", one_lot) == [withheld(one_lot, WithheldReason.POSITION)]


def test_a_missing_price_switches_no_limit_off() -> None:
    made = Floor(obedient("one"))
    made.begin()
    made.fund("fund/one", USD=100_000, USDT=100_000, BTC=2)
    assert made.tell("one", BUY) == [withheld(BUY, WithheldReason.POSITION)]  # a dollar is a dollar, a bitcoin unknown
    in_tether = but(BUY, instrument="BTC/USDT")
    assert made.tell("one", in_tether) == [withheld(in_tether, WithheldReason.ORDER_NOTIONAL)]
    market = but(BUY, price_ticks=0, order_type=OrderType.MARKET, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
    unquoted = but(market, venue=BETA)
    assert made.tell("one", unquoted) == [withheld(unquoted, WithheldReason.INSUFFICIENT_CLAIM)]
    unquoted_sell = but(unquoted, side=Side.SELL, instrument="BTC/USDT")
    made.strategy("one").answers["quote_changed"] = (unquoted_sell,)
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == []  # ORDER_NOTIONAL of BTC/USDT was said already


def test_a_claim_is_set_aside_until_the_venue_answers() -> None:
    made = floor(max_position_usd_minor=1_000_000 * USD)
    made.claim(ALPHA, "fund/one", "USD", "6000")
    (first,) = made.tell("one", BUY)
    assert made.tell("one", but(BUY, quantity_lots=1)) == [
        withheld(but(BUY, quantity_lots=1), WithheldReason.INSUFFICIENT_CLAIM)
    ]
    # The same at the other venue is another claim.
    assert len(made.tell("one", but(BUY, venue=BETA))) == 1
    made.hear(rejected(first, RejectReason.SELF_TRADE))
    assert len(made.tell("one", BUY)) == 1


def test_what_the_venue_holds_is_not_counted_twice() -> None:
    made = floor(max_position_usd_minor=1_000_000 * USD)
    made.claim(ALPHA, "fund/one", "USD", 12_000)
    (first,) = made.tell("one", BUY)
    made.claim(ALPHA, "fund/one", "USD", 6_000)  # held by the venue
    made.accept(first)
    assert len(made.tell("one", BUY)) == 1


def test_a_buy_needs_the_highest_fee_as_well() -> None:
    made = floor()
    made.list_instruments(maker_fee_ppm=300, taker_fee_ppm=100)
    # 6,000 USD, 300 ppm of it, and a minor unit for each of the 100,000 lots.
    made.claim(ALPHA, "fund/one", "USD", "6001.80099999")
    assert made.tell("one", BUY) == [withheld(BUY, WithheldReason.INSUFFICIENT_CLAIM)]
    made.claim(ALPHA, "fund/one", "USD", "6001.801")
    assert len(made.tell("one", BUY)) == 1


def test_withheld_is_said_once_until_such_an_order_goes_out() -> None:
    made = floor()
    too_large = but(BUY, quantity_lots=100_001)
    said = withheld(too_large, WithheldReason.ORDER_NOTIONAL)
    assert made.tell("one", too_large) == [said]
    assert made.tell("one", too_large, but(too_large, side=Side.SELL), but(too_large, venue=BETA)) == []
    assert made.tell("one", but(too_large, instrument="ETH/USD", price_ticks=600_100)) == [
        withheld(but(too_large, instrument="ETH/USD", price_ticks=600_100), WithheldReason.ORDER_NOTIONAL)
    ]
    assert len(made.tell("one", but(SELL, quantity_lots=1))) == 1  # the other side
    assert made.tell("one", too_large) == []
    assert len(made.tell("one", but(BUY, quantity_lots=1))) == 1
    assert made.tell("one", too_large) == [said]


def test_together_goes_out_whole_or_not_at_all() -> None:
    made = floor()
    dear = but(SELL, venue=BETA, quantity_lots=100_001)
    assert made.tell("one", PlaceTogether((BUY, dear))) == [withheld(dear, WithheldReason.ORDER_NOTIONAL)]
    fits = but(SELL, venue=BETA)
    assert made.tell("one", PlaceTogether((BUY, fits))) == [
        placed("one", 1, ALPHA, BTC, Side.BUY, 6_000_000, 100_000),
        placed("one", 2, BETA, BTC, Side.SELL, 6_000_000, 100_000),
    ]
    # Two are open, so a further pair would be one too many.
    assert made.tell("one", PlaceTogether((but(SELL, quantity_lots=1), but(SELL, quantity_lots=2)))) == [
        withheld(but(SELL, quantity_lots=2), WithheldReason.OPEN_ORDERS)
    ]


def test_a_market_order_is_valued_at_the_best_price_of_the_other_side() -> None:
    made = floor()
    market = but(BUY, price_ticks=0, order_type=OrderType.MARKET, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
    assert made.tell("one", market) == [withheld(market, WithheldReason.ORDER_NOTIONAL)]  # at 60,010
    smaller = but(market, quantity_lots=99_000)
    (order,) = made.tell("one", smaller)
    made.hear(cancelled(order))
    assert made.trading.claims.reserved == {("fund/one", ALPHA, "USD"): 0}


def test_a_strategy_that_does_not_run_sends_nothing() -> None:
    made = floor()
    made.strategy("one").answers["stopped"] = (BUY,)
    said = made.hear(StopStrategy("trading", "fund", "one"))
    assert said[1:] == [withheld(BUY, WithheldReason.STRATEGY_NOT_RUNNING)]
