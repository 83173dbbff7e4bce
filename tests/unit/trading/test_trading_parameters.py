"""Strategies with other parameters: checked whole, then started anew; and what is answered about strategies."""

from __future__ import annotations

import pytest

from trading_ecosystem.domains.trading.component import Trading
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.trading import (
    ChangeStrategyParameters,
    HaltReason,
    StopStrategy,
    StrategiesQuestion,
    StrategyCommandRejectReason,
    StrategyHalted,
    StrategyParameter,
    StrategyParametersChanged,
    StrategyParametersRejected,
    StrategyStanding,
    StrategyStarted,
)
from trading_ecosystem.messages.units import HOUR, SECOND
from trading_ecosystem.ports.component import Begin
from trading_ecosystem.runtime.randomness import SeededRandomness

NOW = 1_000 * HOUR
SETTINGS = {"venue": "north", "instrument": "BTC/USD", "size_usd": "1000", "max_position_usd": "5000"}
PARAMETERS = TradingParameters(
    firm="fund",
    venues=("north", "south"),
    instruments=("BTC/USD", "ETH/USD"),
    strategies=(StrategyParameters(name="trend", kind="momentum", account="fund/trend", settings=SETTINGS),),
)


@pytest.fixture
def trading() -> Trading:
    component = Trading("trading", PARAMETERS, SeededRandomness(1))
    component.handle(Begin(), NOW)
    return component


def change(account: str = "fund", strategy: str = "trend", **parameters: str) -> ChangeStrategyParameters:
    rows = tuple(StrategyParameter(name, value) for name, value in parameters.items())
    return ChangeStrategyParameters("trading", account, strategy, rows)


def rows(**changes: str) -> tuple[StrategyParameter, ...]:
    return tuple(StrategyParameter(name, value) for name, value in sorted({**SETTINGS, **changes}.items()))


def standing(trading: Trading) -> StrategyStanding:
    (one,) = trading.answer(StrategiesQuestion())
    return one


def test_strategies_are_answered_as_they_stand(trading: Trading) -> None:
    assert standing(trading) == StrategyStanding("fund/trend", "trend", "momentum", True, rows())
    trading.handle(StopStrategy("trading", "fund", "trend"), NOW)
    assert not standing(trading).is_running


def test_a_running_strategy_is_started_anew_with_its_new_parameters(trading: Trading) -> None:
    said = trading.handle(change(size_usd="2000"), NOW + SECOND)
    assert list(said) == [
        StrategyParametersChanged("fund/trend", "trend", rows(size_usd="2000")),
        StrategyHalted("fund/trend", "trend", HaltReason.REQUESTED, ""),
        StrategyStarted("fund/trend", "trend", "momentum"),
    ]
    assert standing(trading).parameters == rows(size_usd="2000")
    assert trading.desks["trend"].settings.size_usd == 2_000 * 10**8


def test_a_stopped_one_stays_stopped(trading: Trading) -> None:
    trading.handle(StopStrategy("trading", "fund", "trend"), NOW)
    said = trading.handle(change("fund/trend", max_position_usd="9000"), NOW + SECOND)
    assert list(said) == [StrategyParametersChanged("fund/trend", "trend", rows(max_position_usd="9000"))]
    assert not standing(trading).is_running


def test_it_is_told_of_what_it_watches_now_and_of_nothing_else(trading: Trading) -> None:
    trading.handle(change(venue="south", instrument="ETH/USD"), NOW)
    told: list[object] = []
    desk = trading.desks["trend"]
    desk.ask = lambda callback, arguments, now: told.append(arguments[0]) or []  # type: ignore[method-assign, assignment, func-returns-value]
    for venue, instrument in (("north", "BTC/USD"), ("south", "BTC/USD"), ("north", "ETH/USD"), ("south", "ETH/USD")):
        trading.handle(QuoteChanged(venue, instrument, 1, 1, 1, 2, 1), NOW)
        trading.handle(PricePublished(instrument, 10**8, NOW, 1), NOW)
    quotes = [(one.venue, one.instrument) for one in told if isinstance(one, QuoteChanged)]
    prices = {one.instrument for one in told if isinstance(one, PricePublished)}
    assert set(quotes) <= {("south", "ETH/USD")}
    assert prices <= {"ETH/USD"}
    assert told


REASONS = StrategyCommandRejectReason


@pytest.mark.parametrize(
    ("command", "account", "reason", "parameter", "detail"),
    [
        (change(strategy="none"), "fund", REASONS.UNKNOWN_STRATEGY, "", "no strategy none trades for fund"),
        (change("rival"), "rival", REASONS.UNKNOWN_STRATEGY, "", "no strategy trend trades for rival"),
        (change(size_usd="much"), "fund", REASONS.INVALID_PARAMETERS, "size_usd", "size_usd"),
        (change(size_usd="NaN"), "fund", REASONS.INVALID_PARAMETERS, "size_usd", "size_usd"),
        (change(speed="2"), "fund", REASONS.INVALID_PARAMETERS, "speed", "speed"),
        (change(venue="west"), "fund", REASONS.INVALID_PARAMETERS, "", "BTC/USD at west is not traded in this ecosystem"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_changes_nothing(
    trading: Trading,
    command: ChangeStrategyParameters,
    account: str,
    reason: StrategyCommandRejectReason,
    parameter: str,
    detail: str,
) -> None:
    before = standing(trading)
    (refused,) = trading.handle(command, NOW)
    assert isinstance(refused, StrategyParametersRejected)
    assert (refused.account, refused.reason, refused.parameter) == (account, reason, parameter)
    assert detail in refused.detail
    assert "\n" not in refused.detail
    assert standing(trading) == before
