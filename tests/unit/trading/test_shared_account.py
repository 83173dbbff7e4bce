"""Two strategies on one account, and the checks that are off unless asked for, at the engine's desks."""

from __future__ import annotations

import pytest
from msgspec import structs
from tests.unit.trading.trading_floor import ALPHA, BTC, Floor, ObservedTrading, obedient, placed

from trading_ecosystem.domains.trading.capital_shares import shares_by_account
from trading_ecosystem.domains.trading.intentions import CancelAll, Place, PlaceTogether, Replace
from trading_ecosystem.domains.trading.kinds import check_parameters
from trading_ecosystem.domains.trading.lots import CostMethod
from trading_ecosystem.domains.trading.parameters import StrategyParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import CancelOrder, ClaimChanged, ClaimReason, PlaceOrder
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading import OrderWithheld, PortfolioQuestion, WithheldReason
from trading_ecosystem.messages.units import MILLISECOND, minor_units
from trading_ecosystem.ports.component import Later
from trading_ecosystem.runtime.randomness import SeededRandomness

DOLLAR = 100
"""Ticks."""
BITCOIN = 1_000_000
"""Lots."""


def shared(name: str, share_ppm: int | None) -> StrategyParameters:
    return structs.replace(obedient(name, account="fund/shared"), capital_share_ppm=share_ppm)


def floor(*strategies: StrategyParameters, **further: object) -> Floor:
    made = Floor(*strategies)
    made.parameters = structs.replace(made.parameters, **further)
    made.trading = ObservedTrading("trading", made.parameters, SeededRandomness(7))
    made.begin()
    made.price(BTC, 60_000)
    return made


def pledge(made: Floor, asset: str, amount: int, reason: ClaimReason = ClaimReason.PLEDGED) -> None:
    made.hear(ClaimChanged(ALPHA, "fund/shared", asset, minor_units(amount), 0, reason))


def buy(dollars: int, lots: int) -> Place:
    return Place(ALPHA, BTC, Side.BUY, dollars * DOLLAR, lots)


def said(made: Floor, name: str, *wanted: object) -> list[Message | Later]:
    """What comes of it; an order that is withheld for a reason that was said before is said again."""
    made.trading.desks[name].withheld.clear()
    return [one for one in made.tell(name, *wanted) if not isinstance(one, Later)]  # type: ignore[arg-type]


def reasons(about: list[Message | Later]) -> list[WithheldReason]:
    return [one.reason for one in about if isinstance(one, OrderWithheld)]


def test_each_strategy_has_its_part_of_the_account() -> None:
    made = floor(shared("maker", 600_000), shared("trend", 400_000))
    pledge(made, "USD", 100_000)
    # 0.7 bitcoin at 60,000 are 42,000 dollars: within the maker's 60,000, beyond the trend's 40,000.
    assert reasons(said(made, "trend", buy(60_000, 7 * BITCOIN // 10))) == [WithheldReason.CAPITAL_SHARE]
    (order,) = said(made, "maker", buy(60_000, 7 * BITCOIN // 10))
    assert isinstance(order, PlaceOrder)
    # What works counts, and what was bought is the buyer's own to sell.
    assert reasons(said(made, "maker", buy(60_000, BITCOIN // 2))) == [WithheldReason.CAPITAL_SHARE]
    made.accept(order)
    made.hear(made.fill(order))
    pledge(made, "USD", 58_000, ClaimReason.TRADED)
    made.hear(ClaimChanged(ALPHA, "fund/shared", "BTC", minor_units("0.7"), 0, ClaimReason.TRADED))
    sell = Place(ALPHA, BTC, Side.SELL, 60_000 * DOLLAR, BITCOIN // 10)
    assert reasons(said(made, "trend", sell)) == [WithheldReason.CAPITAL_SHARE]
    assert len(said(made, "maker", sell)) == 1
    # The trend still has its 40,000 of the 58,000 that are left.
    assert len(said(made, "trend", buy(60_000, 6 * BITCOIN // 10))) == 1


def test_orders_that_go_together_count_together() -> None:
    made = floor(shared("maker", 600_000), shared("trend", 400_000))
    pledge(made, "USD", 100_000)
    half = buy(60_000, BITCOIN // 2)
    assert reasons(said(made, "trend", PlaceTogether((half, half)))) == [WithheldReason.CAPITAL_SHARE]
    assert len(said(made, "maker", PlaceTogether((half, half)))) == 2


def test_a_replacement_takes_only_what_it_adds() -> None:
    made = floor(shared("trend", 400_000))
    pledge(made, "USD", 100_000)
    (order,) = said(made, "trend", buy(50_000, 7 * BITCOIN // 10))
    assert isinstance(order, PlaceOrder)
    made.accept(order)
    assert reasons(said(made, "trend", Replace("trend-1", 60_000 * DOLLAR, 7 * BITCOIN // 10))) == [
        WithheldReason.CAPITAL_SHARE
    ]
    assert len(said(made, "trend", Replace("trend-1", 55_000 * DOLLAR, 7 * BITCOIN // 10))) == 1


def test_everybody_on_an_account_has_a_share_or_nobody() -> None:
    with pytest.raises(ValueError, match="strategy trend: expected a capital share"):
        shares_by_account((shared("maker", 1), shared("trend", None)))
    assert shares_by_account((shared("maker", None), shared("trend", None))) == {}


def test_the_price_collar_is_around_the_published_price() -> None:
    made = floor(obedient("s"), price_collar_ppm=50_000)
    made.fund("fund/s", USD=1_000_000, BTC=10)
    for dollars in (56_999, 63_001):
        assert reasons(said(made, "s", buy(dollars, 1_000))) == [WithheldReason.PRICE_COLLAR]
    for dollars in (57_000, 63_000):
        assert len(said(made, "s", buy(dollars, 1_000))) == 1


def test_a_strategy_sends_so_many_messages_a_second_and_cancels_always() -> None:
    made = floor(obedient("s"), max_messages_per_second=3)
    made.fund("fund/s", USD=1_000_000)
    assert len(said(made, "s", buy(50_000, 1), buy(50_001, 1))) == 2
    assert reasons(said(made, "s", PlaceTogether((buy(50_002, 1), buy(50_003, 1))))) == [WithheldReason.MESSAGE_RATE]
    asked = said(made, "s", CancelAll())
    assert [type(one) for one in asked] == [CancelOrder, CancelOrder]
    made.now += 999 * MILLISECOND
    assert reasons(said(made, "s", buy(50_004, 1))) == [WithheldReason.MESSAGE_RATE]
    made.now += MILLISECOND
    assert len(said(made, "s", buy(50_004, 1))) == 1


def test_profit_is_realised_by_the_formula_that_was_asked_for() -> None:
    realised = {}
    for method in CostMethod:
        made = floor(obedient("s"), cost_method=method)
        made.fund("fund/s", USD=1_000_000, BTC=10)
        for number, (side, dollars) in enumerate(((Side.BUY, 100), (Side.BUY, 200), (Side.SELL, 300)), 1):
            order = placed("s", number, ALPHA, BTC, side, dollars * DOLLAR, BITCOIN)
            (sent,) = said(made, "s", Place(ALPHA, BTC, side, dollars * DOLLAR, BITCOIN))
            assert sent == order
            made.hear(made.fill(order))
        (position,) = made.trading.answer(PortfolioQuestion())  # type: ignore[misc]
        realised[method] = (position.realised_minor // 10**8, position.average_price_minor // 10**8)
    assert realised == {CostMethod.AVERAGE: (150, 150), CostMethod.FIRST_IN_FIRST_OUT: (200, 200)}


@pytest.mark.parametrize("field", ["price_collar_ppm", "max_messages_per_second"])
def test_a_check_that_is_on_has_a_positive_limit(field: str) -> None:
    parameters = structs.replace(Floor().parameters, **{field: 0})
    with pytest.raises(ValueError, match="must be positive"):
        check_parameters(parameters)
