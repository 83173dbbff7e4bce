"""Rebalancing on hand-made prices: what is held under each rule, and how its orders follow the market."""

from __future__ import annotations

import pytest
from tests.unit.trading.trading_floor import ALPHA, BTC, Floor, accepted, placed

from trading_ecosystem.domains.trading.allocation.targets import Insight, Rule, Weighting, standing, weights_ppm
from trading_ecosystem.domains.trading.kinds import settings_of
from trading_ecosystem.domains.trading.order_life import OrderState
from trading_ecosystem.domains.trading.parameters import StrategyParameters
from trading_ecosystem.domains.trading.timers import StrategyDue
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import CancelOrder, PlaceOrder
from trading_ecosystem.messages.order_handling import OrderReplaced, ReplaceOrder, ReplaceRejected
from trading_ecosystem.messages.orders import RejectReason, Side
from trading_ecosystem.ports.component import Later

ETH = "ETH/USD"
SETTINGS = {
    "venue": ALPHA,
    "instruments": f"{BTC},{ETH}",
    "capital_usd": "100000",
    "interval": "60s",
    "window": "4",
    "rebalance_every": "10m",
}
SERIES = ((60_000, 3_000), (60_300, 3_030), (60_000, 3_000), (60_300, 3_030), (60_000, 3_000))
"""ETH moves twice as much as BTC, always the same way."""


def floor(**changes: str) -> Floor:
    made = Floor(StrategyParameters("book", "rebalancing", "fund/book", {**SETTINGS, **changes}))
    made.begin()
    made.fund("fund/book", USD=200_000, BTC=2, ETH=50)
    return made


def walk(made: Floor, *prices: tuple[float, float]) -> list[Message | Later]:
    """A sample a minute; the venue quotes ten dollars and one to either side."""
    said: list[Message | Later] = []
    for bitcoin, ether in prices:
        made.quote(ALPHA, BTC, bitcoin - 10, bitcoin + 10)
        made.quote(ALPHA, ETH, ether - 1, ether + 1)
        made.price(BTC, str(bitcoin))
        made.price(ETH, str(ether))
        made.after(60)
        said += made.hear(StrategyDue("book", made.trading.desks["book"].run, "sample"))
    return [one for one in said if not isinstance(one, Later)]


def buys(*lots: int) -> list[PlaceOrder]:
    return [
        placed("book", 1, ALPHA, BTC, Side.BUY, 59_990_00, lots[0]),
        placed("book", 2, ALPHA, ETH, Side.BUY, 2_999_00, lots[1]),
    ]


def test_it_waits_for_a_window_of_returns() -> None:
    assert walk(floor(), *SERIES[:4]) == []


def test_equal_weights_are_half_the_capital_each() -> None:
    # 50,000 USD at 60,000 and at 3,000.
    assert walk(floor(weighting="equal"), *SERIES) == buys(833_333, 1_666_666)


def test_risk_parity_holds_less_of_what_moves_more() -> None:
    for weighting in ("risk_parity", "inverse_volatility"):
        bitcoin, ether = walk(floor(weighting=weighting), *SERIES)
        assert isinstance(bitcoin, PlaceOrder)
        assert isinstance(ether, PlaceOrder)
        worth = bitcoin.quantity_lots * 60_000 // 10**6, ether.quantity_lots * 3_000 // 10**5
        assert sum(worth) in range(99_990, 100_001)
        assert 1.2 < worth[0] / worth[1] < 2.0  # 2 but for the shrinkage, which brings the variances nearer


def test_kelly_and_mean_variance_hold_what_is_expected_to_gain() -> None:
    rising = ((60_000, 3_000), (60_300, 2_990), (60_200, 3_000), (60_500, 2_980), (60_600, 2_970))
    for weighting in ("kelly", "mean_variance"):
        (only,) = walk(floor(weighting=weighting), *rising)
        assert isinstance(only, PlaceOrder)
        assert (only.instrument, only.side) == (BTC, Side.BUY)


def test_what_is_not_to_be_held_any_more_is_sold() -> None:
    made = floor(weighting="kelly", rebalance_every="60s")
    rising = ((60_000, 3_000), (60_300, 2_990), (60_200, 3_000), (60_500, 2_980), (60_600, 2_970))
    (bought,) = walk(made, *rising)
    made.accept(bought)
    made.hear(made.fill(bought))
    (sold,) = walk(made, (58_000, 2_900))
    assert isinstance(sold, PlaceOrder)
    assert (sold.instrument, sold.side, sold.quantity_lots) == (BTC, Side.SELL, bought.quantity_lots)


def test_an_order_follows_the_market_and_keeps_its_place_within_the_chase() -> None:
    made = floor(weighting="equal", chase_bps="1")
    bitcoin, ether = walk(made, *SERIES)
    made.accept(bitcoin, 1)
    made.accept(ether, 2)
    # 59,994 is four dollars from the order, and a basis point six; the bid of ETH is a dollar off its order.
    said = walk(made, (60_004, 3_001))
    assert said == [ReplaceOrder(ALPHA, "fund/book", "book-2", 3_000_00, 1_666_666)]
    # Unanswered, nothing more is asked; replaced, it is where it is wanted.
    assert walk(made, (60_004, 3_001)) == []
    made.hear(OrderReplaced(ALPHA, "fund/book", "book-2", 2, ETH, 3_000_00, 0, 1_666_666, 0, 1_666_666, False))
    assert walk(made, (60_004, 3_001)) == []
    order = made.trading.desks["book"].orders.working["book-2"]
    assert (order.price_ticks, order.state) == (3_000_00, OrderState.NEW)


def test_a_refused_replacement_leaves_the_order_as_it_was_and_frees_what_was_set_aside() -> None:
    made = floor(weighting="equal")
    bitcoin, ether = walk(made, *SERIES)
    made.accept(bitcoin, 1)
    made.accept(ether, 2)
    made.hear(made.fill(bitcoin, lots=33_333))
    claims, key = made.trading.claims, ("fund/book", ALPHA, "USD")
    assert claims.reserved[key] == 0
    (asked,) = walk(made, (60_500, 3_000))
    assert asked == ReplaceOrder(ALPHA, "fund/book", "book-1", 60_490_00, 833_333)
    # 500 dollars more for each of 0.8 bitcoin.
    assert claims.reserved[key] == 400 * 10**8
    made.hear(ReplaceRejected(ALPHA, "fund/book", "book-1", RejectReason.RATE_LIMITED))
    assert claims.reserved[key] == 0
    order = made.trading.desks["book"].orders.working["book-1"]
    assert (order.price_ticks, order.state) == (59_990_00, OrderState.PARTIALLY_FILLED)


def test_an_unanswered_replacement_ends_in_a_cancel() -> None:
    made = floor(weighting="equal")
    bitcoin, ether = walk(made, *SERIES)
    made.accept(bitcoin, 1)
    made.accept(ether, 2)
    walk(made, (60_500, 3_000))
    said = made.after(60).trading.desks["book"].chase(made.now)
    assert said == [CancelOrder(ALPHA, "fund/book", "book-1")]


def test_within_the_band_nothing_is_traded() -> None:
    made = floor(weighting="equal", rebalance_every="60s", band_bps="200")
    for order in walk(made, *SERIES):
        made.accept(order)
        made.hear(made.fill(order))
    # Half of 100,000 moved by 1 %: a gap of 500 USD, below the band of 2,000; by 5 % it is beyond.
    assert walk(made, (60_600, 3_000)) == []
    (sold,) = walk(made, (63_600, 3_001))
    assert isinstance(sold, PlaceOrder)
    assert (sold.instrument, sold.side) == (BTC, Side.SELL)


def test_old_prices_are_no_sample() -> None:
    made = floor(weighting="equal")
    walk(made, *SERIES[:3])
    for _ in range(5):
        made.after(60)
        made.hear(StrategyDue("book", 1, "sample"))
    strategy = made.trading.desks["book"].strategy
    assert len(strategy.rows) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"weighting": "magic"}, "weighting 'magic'"), ({"window": "1"}, "window"), ({"kelly_bps": "0"}, "kelly_bps")],
)
def test_settings_that_cannot_be_used_are_refused(changes: dict[str, str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        settings_of("rebalancing", {**SETTINGS, **changes})


def test_the_latest_insight_stands_until_it_is_over() -> None:
    insights = (Insight("a", 1, 100), Insight("b", -1, 50), Insight("a", -1, 80), Insight("c", 0, 100))
    assert standing(insights, 10) == (Insight("a", -1, 80), Insight("b", -1, 50))
    assert standing(insights, 50) == (Insight("a", -1, 80),)
    assert standing(insights, 80) == ()


def test_a_short_insight_has_a_negative_weight_and_hedges_what_moves_alike() -> None:
    rows = [(0.01, 0.011), (-0.02, -0.019), (0.015, 0.014), (-0.01, -0.012), (0.005, 0.007)]
    for weighting in Weighting:
        insights = (Insight("a", 1, 1, 0.001), Insight("b", -1, 1, 0.001))
        weights = weights_ppm(insights, rows, Rule(weighting))
        assert weights["a"] > 0 > weights["b"]
        assert abs(weights["a"]) + abs(weights["b"]) <= 10**6
    assert weights_ppm((), [], Rule()) == {}
    assert weights_ppm((Insight("a", -1, 1),), [], Rule(budget_ppm=500_000)) == {"a": -500_000}


def test_an_order_is_replaced_only_where_the_own_limits_allow() -> None:
    made = floor(weighting="equal")
    bitcoin, ether = walk(made, *SERIES)
    made.hear(accepted(bitcoin, 1))
    made.hear(accepted(ether, 2))
    made.claim(ALPHA, "fund/book", "USD", 0)
    # Dearer needs a claim that is not there; cheaper needs none.
    said = walk(made, (60_500, 3_000))
    assert [type(one).__name__ for one in said] == ["OrderWithheld"]
    said = walk(made, (59_500, 3_000))
    assert said == [ReplaceOrder(ALPHA, "fund/book", "book-1", 59_490_00, 833_333)]
