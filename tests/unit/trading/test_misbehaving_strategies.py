"""What misbehaving strategies send, order by order, and that the engine's own limits hold for them as for any other."""

from __future__ import annotations

import pytest
from tests.unit.trading.trading_floor import ALPHA, BTC, Floor

from trading_ecosystem.domains.trading.kinds import settings_of
from trading_ecosystem.domains.trading.parameters import StrategyParameters
from trading_ecosystem.domains.trading.settings import SettingsError
from trading_ecosystem.domains.trading.timers import StrategyDue
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.messages.trading import ChangeStrategyParameters, StartStrategy, StrategyParameter, StrategyStarted
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.component import Later

ETH = "ETH/USD"
SETTINGS = {
    "runaway": {"size_usd": "600"},
    "risk_ignorant": {"quantity": "0.25"},
    "volatility_amplifier": {"size_usd": "600"},
    "correlation_breaker": {"against": ETH, "size_usd": "600"},
    "slow_leak": {"size_usd": "600"},
}


def floor_with(kind: str, **own: str) -> Floor:
    """The strategy on standby, with prices, quotes and claims, at a BTC price of 60,000 and an ETH price of 3,000."""
    settings = {"venue": ALPHA, "instrument": BTC, "interval": "10s", **SETTINGS[kind], **own}
    floor = Floor(StrategyParameters("rogue", kind, "fund/rogue", settings, None))
    assert not any(isinstance(item, StrategyStarted) for item in floor.begin())
    floor.fund("fund/rogue", USD=1_000_000, BTC=10, ETH=100)
    for instrument, price in ((BTC, 60_000), (ETH, 3_000), ("USDT/USD", 1)):
        floor.price(instrument, price)
    floor.quote(ALPHA, BTC, 59_990, 60_010)
    floor.quote(ALPHA, ETH, 2_999, 3_001)
    return floor


def orders(said: list) -> list[tuple[Side, str, int]]:
    placed = [item for item in said if isinstance(item, PlaceOrder)]
    assert all(order.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL for order in placed)
    return [(order.side, order.instrument, order.quantity_lots) for order in placed]


def started(floor: Floor) -> list:
    return floor.hear(StartStrategy("trading", "fund/rogue", "rogue"))


def again(floor: Floor, said: list) -> list:
    """What it does at the time that it asked for."""
    (later,) = (item for item in said if isinstance(item, Later) and isinstance(item.message, StrategyDue))
    assert later.due_at == floor.now + 10 * SECOND
    floor.now = later.due_at
    return floor.hear(later.message)


BUY, SELL = Side.BUY, Side.SELL
TENTH = 10_000
"""600 USD of BTC at 60,000: 0.01 BTC in lots."""


def test_a_runaway_buys_and_sells_in_turn_whatever_comes_of_it() -> None:
    floor = floor_with("runaway")
    said = started(floor)
    sides = []
    for _ in range(5):
        ((side, instrument, lots),) = orders(said)
        assert (instrument, lots) == (BTC, TENTH)
        sides.append(side)
        said = again(floor, said)
    assert sides == [BUY, SELL, BUY, SELL, BUY]


def test_a_risk_ignorant_strategy_buys_until_the_own_limits_withhold() -> None:
    floor = floor_with("risk_ignorant", quantity="4")
    said = started(floor)
    assert orders(said) == [(BUY, BTC, 4_000_000)]
    # The own limit of an order's notional is 250,000 USD, and 4 BTC are 240,000; what unanswered orders set aside counts as a
    # position, of which a million is allowed.
    counted = [orders(said)]
    for _ in range(6):
        said = again(floor, said)
        counted.append(orders(said))
    assert [len(placed) for placed in counted] == [1, 1, 1, 1, 0, 0, 0]


def test_an_amplifier_follows_the_last_move_with_more_while_it_goes_on() -> None:
    floor = floor_with("volatility_amplifier", size_usd="600")
    said = started(floor)
    seen = [orders(said)]
    for price in (60_000, 60_100, 60_200, 60_300, 60_200, 60_200):
        floor.price(BTC, price)
        said = again(floor, said)
        seen.append(orders(said))
    sides = [side for ((side, _, _),) in seen]
    assert sides == [BUY, BUY, BUY, BUY, BUY, SELL, SELL]
    lots = [lots for ((_, _, lots),) in seen]
    worth = [600 * 10**6 * times // price for times, price in ((2, 60_000), (3, 60_000), (4, 60_100), (4, 60_200))]
    assert lots[:4] == worth
    assert lots[5:] == [600 * 10**6 // 60_200, 1_200 * 10**6 // 60_200]


def test_an_amplifier_waits_for_a_price() -> None:
    settings = {"venue": ALPHA, "instrument": BTC, "interval": "10s", "size_usd": "600"}
    floor = Floor(StrategyParameters("rogue", "volatility_amplifier", "fund/rogue", settings))
    said = floor.begin()
    assert orders(said) == []
    floor.fund("fund/rogue", USD=10_000)
    floor.price(BTC, 60_000)
    floor.quote(ALPHA, BTC, 59_990, 60_010)
    assert len(orders(again(floor, said))) == 1


def test_a_breaker_of_correlations_buys_one_and_sells_the_other_and_turns_round() -> None:
    floor = floor_with("correlation_breaker")
    said = started(floor)
    bought = []
    for _ in range(21):
        (first, second) = orders(said)
        assert (first[0], second[0]) == (BUY, SELL)
        assert {first[1], second[1]} == {BTC, ETH}
        bought.append(first[1])
        for order in (item for item in said if isinstance(item, PlaceOrder)):
            floor.cancel(order)
        said = again(floor, said)
    assert bought == [BTC] * 10 + [ETH] * 10 + [BTC]


def test_a_leak_buys_and_sells_at_once_or_not_at_all() -> None:
    floor = floor_with("slow_leak")
    said = started(floor)
    assert orders(said) == [(BUY, BTC, TENTH), (SELL, BTC, TENTH)]
    floor.claim(ALPHA, "fund/rogue", "BTC", 0)
    assert orders(again(floor, said)) == []


@pytest.mark.parametrize("kind", list(SETTINGS))
def test_nothing_is_sent_where_nothing_is_quoted_and_it_goes_on(kind: str) -> None:
    floor = floor_with(kind)
    floor.quote(ALPHA, BTC, 0, 0)
    floor.quote(ALPHA, ETH, 0, 0)
    said = started(floor)
    assert orders(said) == []
    floor.quote(ALPHA, BTC, 59_990, 60_010)
    floor.quote(ALPHA, ETH, 2_999, 3_001)
    assert orders(again(floor, said))


def test_the_interval_can_be_changed_to_the_nanosecond_while_it_waits() -> None:
    floor = floor_with("runaway")
    interval = (StrategyParameter("interval", "1s250ms3us7ns"),)
    floor.hear(ChangeStrategyParameters("trading", "fund/rogue", "rogue", interval))
    said = started(floor)
    assert [item.due_at - floor.now for item in said if isinstance(item, Later)] == [SECOND + 250_003_007]


@pytest.mark.parametrize(
    ("kind", "settings", "problem"),
    [
        ("risk_ignorant", {"quantity": "0"}, "out of range; expected a positive quantity of the base asset"),
        ("risk_ignorant", {"quantity": "NaN"}, "not a number"),
        ("risk_ignorant", {"quantity": "0.000000001"}, "out of range"),
        ("correlation_breaker", {"against": BTC}, "BTC/USD cannot be traded against itself"),
        ("runaway", {"interval": "0s"}, "must be positive"),
    ],
)
def test_settings_that_make_no_sense_are_one_line(kind: str, settings: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings_of(kind, {"venue": ALPHA, "instrument": BTC, **SETTINGS[kind], **settings})
    assert problem in str(raised.value)
