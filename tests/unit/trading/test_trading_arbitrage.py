"""Arbitrage on hand-made quotes of two venues: when the gap pays, what is sent, and how a missing leg is repaired."""

from __future__ import annotations

from tests.unit.trading.trading_floor import ALPHA, BETA, BTC, Floor, placed, rejected

from trading_ecosystem.domains.trading.parameters import StrategyParameters
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import RejectReason, Side, TimeInForce

SETTINGS = {
    "venues": f"{ALPHA},{BETA}",
    "instruments": f"{BTC},ETH/USD",
    "size_usd": "6000",
    "min_edge_bps": "2",
    "cooldown": "30s",
    "max_quote_age": "5s",
}
IOC = TimeInForce.IMMEDIATE_OR_CANCEL


def floor(fee_ppm: int = 100, **changes: str) -> Floor:
    made = Floor(StrategyParameters("gap", "arbitrage", "fund/gap", {**SETTINGS, **changes}))
    made.begin()
    made.fund("fund/gap", USD=100_000, BTC=2)
    made.price(BTC, 60_000)
    return made.list_instruments(maker_fee_ppm=0, taker_fee_ppm=fee_ppm)


def order(number: int, venue: str, side: Side, cents: int, lots: int = 100_000) -> PlaceOrder:
    return placed("gap", number, venue, BTC, side, cents, lots, IOC)


def crossed(made: Floor, lots: int = 1_000_000) -> list[object]:
    """Beta bids 60,040 where alpha offers 60,010: five basis points, of which two are fees."""
    assert made.quote(ALPHA, BTC, 59_990, 60_010, lots) == []
    return list(made.quote(BETA, BTC, 60_040, 60_060, lots))


LEGS = [order(1, ALPHA, Side.BUY, 6_001_000), order(2, BETA, Side.SELL, 6_004_000)]


def test_a_gap_that_pays_is_taken_on_both_sides_at_once() -> None:
    assert crossed(floor()) == LEGS


def test_the_other_way_round_as_well() -> None:
    made = floor()
    made.quote(BETA, BTC, 59_990, 60_010)
    assert made.quote(ALPHA, BTC, 60_040, 60_060) == [
        order(1, BETA, Side.BUY, 6_001_000),
        order(2, ALPHA, Side.SELL, 6_004_000),
    ]


def test_fees_and_the_least_edge_count_exactly() -> None:
    # Buying costs 60,010 x 1.0001, selling brings 60,040 x 0.9999; what is left is 17.995 of 60,016.001.
    assert crossed(floor(min_edge_bps="2.99")) == LEGS
    assert crossed(floor(min_edge_bps="3")) == []
    assert crossed(floor(fee_ppm=250)) == []
    made = floor(fee_ppm=0)
    made.quote(ALPHA, BTC, 59_990, 60_000)
    assert made.quote(BETA, BTC, "60011.99", 60_060) == []
    assert len(made.quote(BETA, BTC, 60_012, 60_060)) == 2
    assert crossed(floor(fee_ppm=249, min_edge_bps="0")) == LEGS


def test_without_fees_known_it_does_not_trade() -> None:
    made = Floor(StrategyParameters("gap", "arbitrage", "fund/gap", SETTINGS))
    made.begin()
    made.fund("fund/gap", USD=100_000, BTC=2)
    made.price(BTC, 60_000)
    assert crossed(made) == []


def test_an_old_quote_is_no_quote() -> None:
    made = floor()
    made.quote(ALPHA, BTC, 59_990, 60_010)
    assert made.after(5.001).quote(BETA, BTC, 60_040, 60_060) == []
    made = floor()
    made.quote(ALPHA, BTC, 59_990, 60_010)
    assert made.after(5).quote(BETA, BTC, 60_040, 60_060) == LEGS


def test_size_is_what_both_sides_and_both_claims_allow() -> None:
    assert crossed(floor(), lots=40_000) == [
        order(1, ALPHA, Side.BUY, 6_001_000, 40_000),
        order(2, BETA, Side.SELL, 6_004_000, 40_000),
    ]
    assert crossed(floor(), lots=9_999) == []  # less than a tenth of the size
    made = floor()
    made.claim(BETA, "fund/gap", "BTC", "0.05")
    assert crossed(made) == [order(1, ALPHA, Side.BUY, 6_001_000, 50_000), order(2, BETA, Side.SELL, 6_004_000, 50_000)]
    made = floor()
    made.claim(ALPHA, "fund/gap", "USD", "3000")
    # One lot costs 0.06001 and 0.000006001 of fee, and one minor unit for rounding.
    lots = 3_000 * 10**8 // (6_001_000 + 601 + 1)
    assert crossed(made) == [order(1, ALPHA, Side.BUY, 6_001_000, lots), order(2, BETA, Side.SELL, 6_004_000, lots)]
    made = floor()
    made.claim(BETA, "fund/gap", "BTC", 0)
    assert crossed(made) == []


def test_one_pair_at_a_time_and_then_a_pause() -> None:
    made = floor()
    buy, sell = LEGS
    assert crossed(made) == LEGS
    assert crossed(made.after(29.9)) == []
    assert crossed(made.after(0.1)) == []  # unanswered still
    made.hear(made.fill(buy))
    made.hear(made.fill(sell))
    assert made.quote(BETA, BTC, 60_040, 60_060) == [
        order(3, ALPHA, Side.BUY, 6_001_000),
        order(4, BETA, Side.SELL, 6_004_000),
    ]


def with_a_missing_sell() -> Floor:
    made = floor()
    buy, sell = LEGS
    crossed(made)
    made.hear(made.fill(buy))
    made.hear(rejected(sell, RejectReason.INSUFFICIENT_CLAIM))
    return made.after(30)


def test_a_missing_leg_is_repaired_where_it_costs_least() -> None:
    made = with_a_missing_sell()
    made.after(-10)
    made.quote(ALPHA, BTC, 59_970, 60_010)
    made.quote(BETA, BTC, 59_980, 60_010)
    made.after(10)
    # The other venue was heard ten seconds ago, and will be again.
    assert made.quote(ALPHA, BTC, 59_980, 60_010) == []
    assert made.quote(BETA, BTC, 59_990, 60_010) == [order(3, BETA, Side.SELL, 5_999_000)]


def test_a_gap_is_left_alone_until_the_missing_leg_is_repaired() -> None:
    made = with_a_missing_sell()
    assert crossed(made) == [order(3, BETA, Side.SELL, 6_004_000)]


def test_a_silent_venue_is_not_waited_for() -> None:
    made = with_a_missing_sell()
    made.quote(ALPHA, "ETH/USD", 2_999, 3_001)  # another instrument does not matter
    assert made.after(1).quote(ALPHA, BTC, 59_980, 60_010) == [order(3, ALPHA, Side.SELL, 5_998_000)]


def test_a_short_leg_is_bought_back() -> None:
    made = floor()
    buy, sell = LEGS
    crossed(made)
    made.hear(made.fill(sell, 60_000))
    made.cancel(sell, 60_000)
    made.cancel(buy)
    made.after(31)
    assert made.quote(BETA, BTC, 60_040, 60_060) == [order(3, BETA, Side.BUY, 6_006_000, 60_000)]


def test_venues_that_do_not_cross_are_left_alone() -> None:
    made = floor(fee_ppm=0, min_edge_bps="0")
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == []
    assert made.quote(BETA, BTC, 60_010, 60_030) == []
    assert made.quote(BETA, BTC, 0, 0) == []
    assert made.quote(BETA, BTC, 0, 59_000) == [
        order(1, BETA, Side.BUY, 5_900_000),
        order(2, ALPHA, Side.SELL, 5_999_000),
    ]
