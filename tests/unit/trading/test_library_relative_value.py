"""Mean reversion, pairs, triangles and carry on hand-made markets: when they act, on what, and how they leave."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.trading.trading_floor import ALPHA, BTC, START, Floor, cancelled, placed

from trading_ecosystem.domains.trading.component import Trading
from trading_ecosystem.domains.trading.kinds import settings_of
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.domains.trading.settings import SettingsError
from trading_ecosystem.messages.exchange import InstrumentListed, PlaceOrder
from trading_ecosystem.messages.margin import PerpetualListed
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, SECOND, SPOT_PAIRS
from trading_ecosystem.runtime.randomness import SeededRandomness

IOC = TimeInForce.IMMEDIATE_OR_CANCEL
REVERSION = {
    "venue": ALPHA,
    "instrument": BTC,
    "size_usd": "6000",
    "window": "5",
    "interval": "60s",
    "entry": "1.5",
    "slippage_bps": "0",
}
PAIR = {
    "venue": ALPHA,
    "first": BTC,
    "second": "ETH/USD",
    "size_usd": "6000",
    "formation": "4",
    "trading": "5",
    "interval": "60s",
    "slippage_bps": "0",
}
TRIANGLE = {"venue": ALPHA, "instruments": "BTC/USD,ETH/USD,ETH/BTC", "size": "6000", "min_edge_bps": "1"}
PERP = "BTC-PERP"
CARRY = {"venue": ALPHA, "spot": BTC, "perpetual": PERP, "size_usd": "6000", "entry_bps": "20", "slippage_bps": "0"}


class PerpetualFloor(Floor):
    """A floor on which the perpetual is traded too."""

    def __init__(self, strategy: StrategyParameters) -> None:
        super().__init__(strategy)
        self.parameters = TradingParameters("fund", (ALPHA,), (*SPOT_PAIRS, PERP), (strategy,))
        self.trading = Trading("trading", self.parameters, SeededRandomness(7))  # type: ignore[assignment]


def floor(kind: str, settings: dict[str, str], fee_ppm: int = 0) -> Floor:
    made = Floor(StrategyParameters("one", kind, "fund/one", settings))
    made.begin()
    made.fund("fund/one", USD=100_000, BTC=2, ETH=40)
    for symbol, price in ((BTC, 60_000), ("ETH/USD", 3_000)):
        made.quote(ALPHA, symbol, price - 1, price + 1)
    return made.list_instruments(maker_fee_ppm=0, taker_fee_ppm=fee_ppm)


def orders(said: list[Any]) -> list[PlaceOrder]:
    return [one for one in said if isinstance(one, PlaceOrder)]


def traded(made: Floor, order: PlaceOrder, lots: int | None = None) -> None:
    """The venue accepts an order and fills it, whole or as far as it goes."""
    made.accept(order)
    fill = made.fill(order, lots)
    made.hear(fill)
    if fill.leaves_lots:
        made.hear(cancelled(order, fill.cumulative_lots))


def sampled(made: Floor, *prices: float) -> list[Any]:
    """Published prices a minute apart; what is said to the last."""
    said: list[Any] = []
    for price in prices:
        assert not orders(said)
        said = made.after(60).price(BTC, str(price))
    return said


def test_mean_reversion_buys_below_the_lower_band_and_sells_at_the_average() -> None:
    made = floor("mean_reversion", REVERSION)
    # 60,000 four times and 59,000: mean 59,800, deviation 400, z = -2.
    (buy,) = orders(sampled(made, 60_000, 60_000, 60_000, 60_000, 59_000))
    assert buy == placed("one", 1, ALPHA, BTC, Side.BUY, 6_000_100, 101_694, IOC)
    traded(made, buy)
    assert orders(sampled(made, 59_100)) == []  # still below the average of 59,620
    (sell,) = orders(sampled(made, 59_900))  # the average is 59,600
    assert (sell.side, sell.quantity_lots) == (Side.SELL, 101_694)
    traded(made, sell)
    assert made.trading.desks["one"].portfolio.lots(ALPHA, BTC) == 0


def test_mean_reversion_shorts_only_where_it_is_allowed_to() -> None:
    rising = (60_000, 60_000, 60_000, 60_000, 61_000)
    assert orders(sampled(floor("mean_reversion", REVERSION), *rising)) == []
    (sell,) = orders(sampled(floor("mean_reversion", {**REVERSION, "allow_short": "true"}), *rising))
    assert sell.side is Side.SELL
    # Four equal prices and one other always have z = 2: above an entry of 2 nothing happens.
    assert orders(sampled(floor("mean_reversion", {**REVERSION, "entry": "2.000001", "allow_short": "true"}), *rising)) == []
    assert len(orders(sampled(floor("mean_reversion", {**REVERSION, "entry": "2", "allow_short": "true"}), *rising))) == 1


def test_mean_reversion_asks_again_for_what_it_did_not_get() -> None:
    made = floor("mean_reversion", REVERSION)
    (buy,) = orders(sampled(made, 60_000, 60_000, 60_000, 60_000, 59_000))
    traded(made, buy, 40_000)
    (rest,) = orders(sampled(made, 58_900))
    assert rest.quantity_lots == 101_694 - 40_000


def both(made: Floor, first: float, second: float) -> list[Any]:
    """Both prices published at one instant, a minute later."""
    made.after(60).price(BTC, str(first))
    return made.price("ETH/USD", str(second))


def formed(**changes: str) -> Floor:
    """A pair whose formation had differences of 0, 1 %, 0 and 1 %: a deviation of half a percent."""
    made = floor("pairs", {**PAIR, **changes})
    for first in (60_000, 60_600, 60_000, 60_600):
        assert orders(both(made, first, 3_000)) == []
    return made


def test_a_pair_opens_beyond_two_deviations_and_closes_at_the_crossing() -> None:
    made = formed()
    assert orders(both(made, 60_000, 3_000)) == []  # the new base
    assert orders(both(made, 60_600, 3_000)) == []  # exactly two deviations is not beyond
    sell, buy = orders(both(made, 60_606, 3_000))
    assert (sell.instrument, sell.side, sell.quantity_lots) == (BTC, Side.SELL, 99_000)
    assert (buy.instrument, buy.side, buy.quantity_lots) == ("ETH/USD", Side.BUY, 200_000)
    traded(made, sell)
    traded(made, buy)
    assert orders(both(made, 60_100, 3_000)) == []
    back = orders(both(made, 60_000, 3_001))
    assert [(one.instrument, one.side, one.quantity_lots) for one in back] == [
        (BTC, Side.BUY, 99_000),
        ("ETH/USD", Side.SELL, 200_000),
    ]


def test_a_pair_opens_the_other_way_round_too_and_closes_with_the_period() -> None:
    made = formed()
    both(made, 60_000, 3_000)
    buy, sell = orders(both(made, 60_000, 3_031))
    assert [(one.instrument, one.side) for one in (buy, sell)] == [(BTC, Side.BUY), ("ETH/USD", Side.SELL)]
    traded(made, buy)
    traded(made, sell)
    assert orders(both(made, 60_000, 3_031)) == orders(both(made, 60_000, 3_031)) == []
    closing = orders(both(made, 60_000, 3_031))  # the fifth sample of the trading period
    assert [one.side for one in closing] == [Side.SELL, Side.BUY]


def test_a_pair_sends_both_legs_or_none() -> None:
    made = formed()
    made.claim(ALPHA, "fund/one", "BTC", 0)
    both(made, 60_000, 3_000)
    assert orders(both(made, 60_700, 3_000)) == []


def test_prices_of_two_instants_are_not_a_pair() -> None:
    made = floor("pairs", PAIR)
    made.after(60).price(BTC, 60_000)
    made.after(1).price("ETH/USD", 3_000)
    assert made.trading.desks["one"].strategy.distance.count == 0  # type: ignore[attr-defined]


def triangle(fee_ppm: int = 0, ether_in_bitcoin: str = "0.0505", lots: int = 10**6, **changes: str) -> tuple[Floor, list[Any]]:
    """ETH costs 3,000 and 0.05 BTC of 60,000 but for the quote of the cross rate."""
    made = floor("triangular", {**TRIANGLE, **changes}, fee_ppm)
    made.price(BTC, 60_000)
    made.price("ETH/USD", 3_000)
    made.quote(ALPHA, BTC, 60_000, 60_000.01)
    made.quote(ALPHA, "ETH/USD", 2_999.99, 3_000)
    ask = f"{float(ether_in_bitcoin) + 0.0001:.4f}"
    return made, made.quote(ALPHA, "ETH/BTC", ether_in_bitcoin, ask, lots)


def test_a_triangle_that_pays_is_walked_all_at_once() -> None:
    _, said = triangle()
    legs = orders(said)
    # 6,000 USD buys 2 ETH, which bring 0.101 BTC, which bring 6,060 USD.
    assert [(one.instrument, one.side, one.quantity_lots) for one in legs] == [
        ("ETH/USD", Side.BUY, 200_000),
        ("ETH/BTC", Side.SELL, 2_000),
        (BTC, Side.SELL, 101_000),
    ]
    assert {one.time_in_force for one in legs} == {IOC}


def test_a_triangle_the_other_way_round() -> None:
    _, said = triangle(ether_in_bitcoin="0.0494")
    legs = orders(said)
    assert [(one.instrument, one.side) for one in legs] == [(BTC, Side.BUY), ("ETH/BTC", Side.BUY), ("ETH/USD", Side.SELL)]


def test_three_fees_decide_whether_a_triangle_pays() -> None:
    # The round brings 1 %; three fees of 33 basis points leave less than the 1 that are asked for.
    assert orders(triangle(fee_ppm=3_000)[1])
    assert orders(triangle(fee_ppm=3_300)[1]) == []
    assert orders(triangle(ether_in_bitcoin="0.05")[1]) == []


def test_the_scarcest_leg_and_claim_set_the_size_of_a_triangle() -> None:
    legs = orders(triangle(lots=1_000)[1])
    assert [one.quantity_lots for one in legs] == [100_000, 1_000, 50_500]
    assert orders(triangle(lots=100)[1]) == []  # a twentieth of the size
    made = floor("triangular", TRIANGLE)
    made.claim(ALPHA, "fund/one", "ETH", "0.5")
    made.price(BTC, 60_000)
    made.price("ETH/USD", 3_000)
    made.quote(ALPHA, BTC, 60_000, 60_000.01)
    made.quote(ALPHA, "ETH/USD", 2_999.99, 3_000)
    assert [one.quantity_lots for one in orders(made.quote(ALPHA, "ETH/BTC", 0.0505, 0.0506))] == [50_000, 500, 25_250]


def test_what_a_missing_leg_left_is_brought_home() -> None:
    made, said = triangle()
    buy, cross, sell = orders(said)
    traded(made, buy)
    for leg in (cross, sell):
        made.accept(leg)
        made.hear(cancelled(leg))
    assert orders(made.after(1).quote(ALPHA, BTC, 60_000, 60_000.01)) == []  # within the cooldown
    made.after(30).quote(ALPHA, "ETH/USD", 2_999.99, 3_000)
    made.quote(ALPHA, "ETH/BTC", 0.05, 0.0501)
    (home,) = orders(made.quote(ALPHA, BTC, 60_000, 60_000.01))
    assert (home.instrument, home.side, home.quantity_lots) == ("ETH/USD", Side.SELL, 200_000)
    traded(made, home)
    assert made.trading.desks["one"].strategy.excess == {"ETH": 0}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "settings", "problem"),
    [
        (
            "triangular",
            {**TRIANGLE, "instruments": "BTC/USD,ETH/USD,ETH/USDT"},
            "instruments must be three that form a triangle with USD",
        ),
        ("triangular", {**TRIANGLE, "instruments": "BTC/USD,ETH/USD,DOGE/USD"}, "unknown instrument DOGE/USD"),
        ("pairs", {**PAIR, "second": BTC}, "first and second must be two instruments"),
        ("mean_reversion", {**REVERSION, "exit": "1.5"}, "exit must be below entry"),
        ("carry", {**CARRY, "spot": PERP}, "spot must be a pair and perpetual a perpetual"),
        ("carry", {**CARRY, "spot": "ETH/USD"}, "differ in their assets"),
    ],
)
def test_settings_that_make_no_sense_are_refused(kind: str, settings: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        settings_of(kind, settings)


def carrying(fee_ppm: int = 0, **changes: str) -> Floor:
    made = PerpetualFloor(StrategyParameters("one", "carry", "fund/one", {**CARRY, **changes}))
    made.begin()
    made.claim(ALPHA, "fund/one", "USD", 100_000)
    for symbol in (BTC, PERP):
        made.price(symbol, 60_000)
        one = INSTRUMENTS[symbol]
        scales = (one.symbol, one.base, one.quote, one.tick_size, one.lot_size)
        made.hear(InstrumentListed(ALPHA, *scales, 0, fee_ppm, 600 * SECOND))
    made.hear(PerpetualListed(ALPHA, PERP, 200_000, 100_000, MINUTE))
    return made


def basis(made: Floor, perpetual: float) -> list[Any]:
    """Spot at 59,999 to 60,000, and the perpetual around a price."""
    made.after(20).quote(ALPHA, BTC, 59_999, 60_000)
    return made.quote(ALPHA, PERP, perpetual, perpetual + 1)


def test_carry_enters_at_a_wide_basis_and_leaves_when_it_has_closed() -> None:
    made = carrying()
    assert orders(basis(made, 60_119.9)) == []  # 20 basis points are 120
    buy, sell = orders(basis(made, 60_120))
    assert (buy.instrument, buy.side, buy.quantity_lots) == (BTC, Side.BUY, 100_000)
    assert (sell.instrument, sell.side, sell.quantity_lots) == (PERP, Side.SELL, 1_000)
    traded(made, buy)
    traded(made, sell)
    made.claim(ALPHA, "fund/one", "BTC", "0.1")
    assert orders(basis(made, 60_120)) == []  # it holds its size
    assert orders(basis(made, 59_998.5)) == []  # the perpetual's offer is still above the spot bid
    sell, buy = orders(basis(made, 59_998))
    assert [(one.instrument, one.side) for one in (sell, buy)] == [(BTC, Side.SELL), (PERP, Side.BUY)]


def test_carry_counts_four_fees() -> None:
    # Five basis points each way and leg: the gap has to be 40.
    assert orders(basis(carrying(fee_ppm=500), 60_239)) == []
    assert len(orders(basis(carrying(fee_ppm=500), 60_240))) == 2


def test_a_leg_that_traded_alone_is_made_whole_in_the_spot_market() -> None:
    made = carrying()
    buy, sell = orders(basis(made, 60_120))
    traded(made, sell, 600)
    made.accept(buy)
    made.hear(cancelled(buy))
    (repair,) = orders(basis(made, 60_000))
    assert (repair.instrument, repair.side, repair.quantity_lots) == (BTC, Side.BUY, 60_000)
    made = carrying()
    buy, sell = orders(basis(made, 60_120))
    traded(made, buy)
    made.claim(ALPHA, "fund/one", "BTC", "0.1")
    made.accept(sell)
    made.hear(cancelled(sell))
    (undo,) = orders(basis(made, 60_120))
    assert (undo.instrument, undo.side, undo.quantity_lots) == (BTC, Side.SELL, 100_000)
    assert made.now > START
