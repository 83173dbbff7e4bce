"""Momentum on hand-made prices: when the averages cross, what it sends, and where it stops."""

from __future__ import annotations

from tests.unit.trading.trading_floor import ALPHA, BTC, Floor, placed

from trading_ecosystem.domains.trading.parameters import StrategyParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.ports.component import Later

SETTINGS = {
    "venue": ALPHA,
    "instrument": BTC,
    "size_usd": "6000",
    "max_position_usd": "12000",
    "interval": "60s",
    "fast": "1",
    "slow": "3",
    "entry_bps": "0",
    "slippage_bps": "1",
}
IOC = TimeInForce.IMMEDIATE_OR_CANCEL


def floor(**changes: str) -> Floor:
    made = Floor(StrategyParameters("trend", "momentum", "fund/trend", {**SETTINGS, **changes}))
    made.begin()
    made.fund("fund/trend", USD=100_000, BTC=2)
    return made


def walk(made: Floor, *prices: int) -> list[Message | Later]:
    """A price a minute; the venue quotes ten dollars to either side."""
    said: list[Message | Later] = []
    for price in prices:
        made.quote(ALPHA, BTC, price - 10, price + 10)
        said += made.price(BTC, price)
        made.after(60)
    return said


def order(number: int, side: Side, cents: int, lots: int) -> PlaceOrder:
    return placed("trend", number, ALPHA, BTC, side, cents, lots, IOC)


def test_it_waits_until_the_slow_average_is_filled() -> None:
    made = floor()
    assert walk(made, 58_000, 59_000) == []
    # 60,010 and one basis point, rounded up; 6,000 USD at 60,000.
    assert walk(made, 60_000) == [order(1, Side.BUY, 6_001_601, 100_000)]


def test_it_buys_until_its_bound_and_then_waits() -> None:
    made = floor()
    (first,) = walk(made, 58_000, 59_000, 60_000)
    assert walk(made, 60_000) == []  # unanswered
    made.hear(made.fill(first))
    (second,) = walk(made, 60_000)
    assert second == order(2, Side.BUY, 6_001_601, 100_000)
    made.hear(made.fill(second))
    assert walk(made, 60_000, 60_100, 60_050) == []


def test_it_sells_what_it_holds_when_the_trend_turns_and_no_more() -> None:
    made = floor()
    (buy,) = walk(made, 58_000, 59_000, 60_000)
    made.hear(made.fill(buy, 70_000))
    made.cancel(buy, 70_000)
    # 56,990 less one basis point, rounded down.
    (sell,) = walk(made, 57_000)
    assert sell == order(2, Side.SELL, 5_698_430, 70_000)
    made.hear(made.fill(sell))
    assert walk(made, 56_000, 55_000) == []


def test_it_may_be_allowed_to_sell_first() -> None:
    made = floor(allow_short="true")
    (sell,) = walk(made, 60_000, 59_000, 58_000)
    assert sell == order(1, Side.SELL, 5_798_420, 10_000_000 * 600 // 58_000)
    assert walk(floor(), 60_000, 59_000, 58_000) == []


def test_inside_the_band_nothing_changes() -> None:
    made = floor(entry_bps="100")
    # The fast average is the price; the slow one ends at 59,750, less than one percent below 60,000.
    assert walk(made, 59_000, 60_000, 60_000) == []
    assert len(walk(made, 61_000)) == 1


def test_it_samples_once_per_interval() -> None:
    made = floor()
    for _ in range(20):
        made.quote(ALPHA, BTC, 59_990, 60_010)
        assert made.price(BTC, 60_000) == []
        made.after(3)
    desk = made.trading.desks["trend"]
    assert desk.strategy.samples == 2  # the start lies 40 seconds before a whole minute
    made.after(40)
    assert walk(made, 61_000) == [order(1, Side.BUY, 6_101_000 + 611, 10_000_000 * 600 // 61_000)]


def test_a_stale_price_is_no_sample() -> None:
    made = floor()
    walk(made, 58_000, 59_000)
    old = made.now - 60_000_000_000
    made.quote(ALPHA, BTC, 59_990, 60_010)
    assert made.price(BTC, 60_000, priced_at=old) == []
    assert made.trading.desks["trend"].strategy.samples == 2
    assert len(made.price(BTC, 60_000)) == 1


def test_without_an_offer_there_is_nothing_to_cross() -> None:
    made = floor()
    walk(made, 58_000, 59_000)
    made.quote(ALPHA, BTC, 59_990, 0)
    assert made.price(BTC, 60_000) == []


def test_a_bound_that_shrinks_with_the_price_sells_nothing() -> None:
    made = floor(max_position_usd="6000")
    (buy,) = walk(made, 58_000, 59_000, 60_000)
    made.hear(made.fill(buy))
    assert walk(made, 90_000, 130_000) == []
