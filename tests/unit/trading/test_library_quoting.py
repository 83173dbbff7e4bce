"""Market makers of the library on hand-made quotes: where they quote, when they move, and how a grid answers its fills."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.trading.trading_floor import ALPHA, BTC, Floor, cancelled, rejected

from trading_ecosystem.domains.trading.library.avellaneda_stoikov import optimal_spread, reservation_price
from trading_ecosystem.domains.trading.library.grid import Grid
from trading_ecosystem.domains.trading.library.inventory_skew import half_spread, inventory_slope
from trading_ecosystem.domains.trading.parameters import StrategyParameters
from trading_ecosystem.domains.trading.settings import SettingsError
from trading_ecosystem.messages.exchange import CancelOrder, PlaceOrder
from trading_ecosystem.messages.orders import RejectReason, Side

MODEL = {"venue": ALPHA, "instrument": BTC, "size": "0.1", "kappa": "0.02", "half_life": "100s", "refresh": "30s"}
STOIKOV = {**MODEL, "gamma": "0.0002", "horizon": "1h", "max_inventory_orders": "3"}
SKEW = {**MODEL, "gamma": "0.002", "arrival": "0.05", "max_inventory_orders": "3"}
GRID = {"venue": ALPHA, "instrument": BTC, "size": "0.1", "step_bps": "100", "levels": "2", "refresh": "10s"}


def floor(kind: str, settings: dict[str, str]) -> Floor:
    made = Floor(StrategyParameters("quoter", kind, "fund/quoter", settings))
    made.begin()
    made.fund("fund/quoter", USD=1_000_000, BTC=20)
    made.price(BTC, 60_000)
    return made.list_instruments(maker_fee_ppm=0, taker_fee_ppm=0)


def warmed(kind: str, settings: dict[str, str]) -> tuple[Floor, list[Any]]:
    """A floor on which the mid has moved by 10 every 4 seconds for 28 seconds, and what is said once that is enough."""
    made = floor(kind, settings)
    said: list[Any] = []
    for number in range(8):
        assert said == []
        said = made.after(4).quote(ALPHA, BTC, 59_990 + 10 * (number % 2), 60_010 + 10 * (number % 2))
    return made, said


def prices(said: list[Any]) -> list[tuple[Side, float, int]]:
    return [(one.side, one.price_ticks / 100, one.quantity_lots) for one in said if isinstance(one, PlaceOrder)]


def test_avellaneda_and_stoikov_quote_the_spread_of_the_formula_at_the_beginning_of_the_horizon() -> None:
    _, said = warmed("avellaneda_stoikov", STOIKOV)
    sigma = 5.0 * 3_600**0.5  # ten in four seconds, over an hour
    half = optimal_spread(0.0002, 0.02, sigma, 1.0) / 2
    assert half == pytest.approx(58.75165426584623, abs=1e-9)
    # The mid is 60,010; bids are rounded down and offers up to the cent.
    assert prices(said) == [(Side.BUY, 59_951.24, 100_000), (Side.SELL, 60_068.76, 100_000)]
    assert all(one.post_only for one in said)


def test_inventory_moves_the_reservation_price_and_time_takes_it_back() -> None:
    made, (bid, ask) = warmed("avellaneda_stoikov", STOIKOV)
    made.accept(bid, 1)
    made.accept(ask, 2)
    made.hear(made.fill(bid))
    half_way = made.after(1_800).quote(ALPHA, BTC, 60_000, 60_020)
    assert half_way == [CancelOrder(ALPHA, "fund/quoter", ask.client_order_id)]
    said = made.cancel(ask)
    sigma = made.trading.desks["quoter"].strategy.volatility.per_root_second * 60  # type: ignore[attr-defined]
    centre = reservation_price(60_010.0, 1.0, 0.0002, sigma, 0.5)
    half = optimal_spread(0.0002, 0.02, sigma, 0.5) / 2
    (_, bid_at, _), (_, ask_at, _) = prices(said)
    assert centre < 60_010
    assert bid_at == pytest.approx(centre - half, abs=0.01)
    assert ask_at == pytest.approx(centre + half, abs=0.01)


def test_the_full_side_is_not_quoted() -> None:
    made, (bid, ask) = warmed("avellaneda_stoikov", {**STOIKOV, "max_inventory_orders": "1"})
    made.accept(bid, 1)
    made.hear(made.fill(bid))
    made.accept(ask, 2)
    said = made.after(60).quote(ALPHA, BTC, 60_000, 60_020)
    said = made.cancel(ask) if said else []
    assert [side for side, _, _ in prices(said)] == [Side.SELL]


def test_it_waits_for_the_refresh_and_withdraws_without_a_market() -> None:
    made, (bid, ask) = warmed("avellaneda_stoikov", STOIKOV)
    made.accept(bid, 1)
    made.accept(ask, 2)
    assert made.after(29).quote(ALPHA, BTC, 60_100, 60_120) == []
    cancels = made.after(1).quote(ALPHA, BTC, 60_100, 60_120)
    assert [type(one) for one in cancels] == [CancelOrder, CancelOrder]
    assert made.cancel(bid) == []  # the other cancel is unanswered
    assert len(prices(made.cancel(ask))) == 2
    made, (bid, ask) = warmed("avellaneda_stoikov", STOIKOV)
    made.accept(bid, 1)
    made.accept(ask, 2)
    assert len(made.after(1).quote(ALPHA, BTC, 60_000, 0)) == 2
    assert made.cancel(bid) == made.cancel(ask) == []


def test_quotes_never_cross_the_venues_own() -> None:
    made, _ = warmed("avellaneda_stoikov", {**STOIKOV, "kappa": "1000", "gamma": "0.000000001"})
    orders = list(made.trading.desks["quoter"].orders.working.values())
    # The model would quote at the mid to the cent; the market is 60,000 to 60,020 and one tick inside is the limit.
    assert [order.price_ticks for order in orders] == [6_000_999, 6_001_001]


def test_the_asymptotic_maker_shifts_by_the_slope_for_each_order_held() -> None:
    made, (bid, ask) = warmed("inventory_skew", SKEW)
    half, slope = half_spread(0.002, 0.02), inventory_slope(0.002, 0.02, 5.0, 0.05)
    assert half == pytest.approx(47.655089902162494, abs=1e-9)
    assert prices([bid, ask])[0][1] == pytest.approx(60_010 - half - slope / 2, abs=0.01)
    assert prices([bid, ask])[1][1] == pytest.approx(60_010 + half + slope / 2, abs=0.01)
    made.accept(bid, 1)
    made.accept(ask, 2)
    made.hear(made.fill(ask))
    assert made.after(4).quote(ALPHA, BTC, 59_990, 60_010) == [CancelOrder(ALPHA, "fund/quoter", bid.client_order_id)]
    (_, bid_at, _), (_, ask_at, _) = prices(made.cancel(bid))
    assert bid_at == pytest.approx(60_000 - half + slope / 2, abs=0.01)
    assert ask_at == pytest.approx(60_000 + half + 3 * slope / 2, abs=0.01)


def standing(made: Floor) -> dict[str, tuple[Side, int]]:
    """Working orders by rung, in whole dollars."""
    orders = made.trading.desks["quoter"].orders.working.values()
    return {order.label: (order.side, order.price_ticks // 100) for order in orders}


def order_at(made: Floor, orders: dict[str, PlaceOrder], rung: int) -> PlaceOrder:
    working = made.trading.desks["quoter"].orders.working
    return next(orders[name] for name, order in working.items() if order.label == str(rung))


def test_a_grid_stands_around_its_anchor() -> None:
    made = floor("grid", GRID)
    made.quote(ALPHA, BTC, 59_990, 60_010)
    assert standing(made) == {
        "-1": (Side.BUY, 59_405),
        "1": (Side.SELL, 60_600),
        "-2": (Side.BUY, 58_817),
        "2": (Side.SELL, 61_206),
    }


def test_a_round_trip_on_the_grid_earns_one_step() -> None:
    made = floor("grid", GRID)
    orders: dict[str, PlaceOrder] = {}

    def note(said: list[Any]) -> None:
        for one in said:
            if isinstance(one, PlaceOrder):
                orders[one.client_order_id] = one
                made.accept(one)

    note(made.quote(ALPHA, BTC, 59_990, 60_010))
    note(made.hear(made.fill(order_at(made, orders, -1))))
    assert standing(made)["0"] == (Side.SELL, 60_000)
    note(made.hear(made.fill(order_at(made, orders, -2))))
    assert set(standing(made)) == {"-1", "0", "1", "2"}
    assert all(side is Side.SELL for side, _ in standing(made).values())
    note(made.hear(made.fill(order_at(made, orders, -1))))
    note(made.hear(made.fill(order_at(made, orders, 0))))
    assert {rung: side for rung, (side, _) in standing(made).items()} == {
        "-2": Side.BUY,
        "-1": Side.BUY,
        "1": Side.SELL,
        "2": Side.SELL,
    }
    (position,) = made.trading.desks["quoter"].portfolio.positions.values()
    bought = 5_940_594 + 5_881_776  # rungs -1 and -2, in cents
    assert (position.lots, position.realised_minor) == (0, (5_940_594 + 6_000_000 - bought) * 10**5)


def test_a_partial_fill_and_a_second_report_leave_the_grid_as_it_is() -> None:
    made = floor("grid", GRID)
    said = made.quote(ALPHA, BTC, 59_990, 60_010)
    bid = next(one for one in said if isinstance(one, PlaceOrder) and one.price_ticks == 5_940_594)
    made.accept(bid)
    assert len(made.hear(made.fill(bid, 40_000))) == 1  # the position alone
    assert "-1" in standing(made)


def test_a_rung_that_was_refused_is_tried_again_after_the_refresh() -> None:
    made = floor("grid", GRID)
    said = made.quote(ALPHA, BTC, 59_990, 60_010)
    orders = [one for one in said if isinstance(one, PlaceOrder)]
    for order in orders[1:]:
        made.accept(order)
    made.hear(rejected(orders[0], RejectReason.POST_ONLY_WOULD_TAKE))
    assert made.after(9).quote(ALPHA, BTC, 59_990, 60_010) == []
    (again,) = made.after(1).quote(ALPHA, BTC, 59_990, 60_010)
    assert isinstance(again, PlaceOrder)
    assert again.price_ticks == orders[0].price_ticks
    made.hear(cancelled(orders[1]))


def test_a_grid_may_be_anchored_and_must_have_a_step() -> None:
    made = floor("grid", {**GRID, "anchor": "50000"})
    made.quote(ALPHA, BTC, 59_990, 60_010)
    assert isinstance(made.trading.desks["quoter"].strategy, Grid)
    assert standing(made)["1"] == (Side.SELL, 50_500)
    with pytest.raises(SettingsError, match="step_bps must be above 0"):
        floor("grid", {**GRID, "step_bps": "0"})
