"""Quotes per second through one strategy in the trading engine, with an order every fifty: built in, and one's own, counted.

Run with ``pytest benchmarks/test_strategy_callbacks.py``; ``quotes_per_second`` stands among the extra figures. What is
measured is the engine alone: it hears a quote, asks the strategy, checks the order against the own limits and says it; the
venue's answers (accepted, cancelled) are part of the work.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from trading_ecosystem.adapters.own_strategies.loading import kind_of
from trading_ecosystem.domains.test_coordination.strategy_source import StrategySource
from trading_ecosystem.domains.trading.attentive import engine_for
from trading_ecosystem.domains.trading.kinds import KINDS, StrategyKind
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.messages.exchange import (
    ClaimChanged,
    ClaimReason,
    OrderAccepted,
    OrderCancelled,
    PlaceOrder,
    QuoteChanged,
)
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import CancelReason
from trading_ecosystem.messages.units import MILLISECOND, MINOR_UNITS_PER_WHOLE, SECOND
from trading_ecosystem.ports.component import Begin
from trading_ecosystem.runtime.randomness import SeededRandomness

pytest.importorskip("pytest_benchmark")

QUOTES = 50_000
EVERY = 50
VENUE, PAIR, ACCOUNT = "exchange-alpha", "BTC/USD", "fund/one"
SOURCE = f"""
import msgspec
from trading_ecosystem.domains.trading.intentions import Place
from trading_ecosystem.domains.trading.settings import Name
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.messages.orders import Side, TimeInForce


class EverySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    venue: Name
    instrument: Name


class Every(Strategy):
    def __init__(self, settings: EverySettings) -> None:
        self.settings = settings
        self.quotes = 0

    def quotes_watched(self):
        return ((self.settings.venue, self.settings.instrument),)

    def quote_changed(self, view, quote):
        self.quotes += 1
        if self.quotes % {EVERY}:
            return ()
        now = TimeInForce.IMMEDIATE_OR_CANCEL
        return (Place(quote.venue, quote.instrument, Side.BUY, quote.bid_ticks, 1000, time_in_force=now),)
"""


def plain_kind() -> StrategyKind:
    """The same class, compiled as it is written."""
    module = sys.modules["every_fiftieth"] = ModuleType("every_fiftieth")
    exec(compile(SOURCE, "every.py", "exec"), vars(module))
    return StrategyKind(module.EverySettings, module.Every)


@pytest.mark.parametrize("loaded", ["built in", "own"])
def test_quotes_through_a_strategy(benchmark: Any, loaded: str) -> None:
    kind = plain_kind() if loaded == "built in" else kind_of(StrategySource("every", SOURCE, "", "every.py"))
    strategy = StrategyParameters("one", "every", ACCOUNT, {"venue": VENUE, "instrument": PAIR})
    parameters = TradingParameters("fund", (VENUE,), (PAIR,), (strategy,))
    quotes = [QuoteChanged(VENUE, PAIR, number, 6_000_000 + number % 7, 10**6, 6_000_100, 10**6) for number in range(QUOTES)]

    def engine() -> tuple[tuple[Any], dict[str, Any]]:
        trading = engine_for(parameters, {**KINDS, "every": kind})("trading", parameters, SeededRandomness(1))
        trading.handle(Begin(), 0)
        trading.handle(PricePublished(PAIR, 60_000 * MINOR_UNITS_PER_WHOLE, 0, 1), 0)
        trading.handle(ClaimChanged(VENUE, ACCOUNT, "USD", 10**14, 0, ClaimReason.PLEDGED), 0)
        return (trading,), {}

    def run(trading: Any) -> int:
        orders, now = 0, SECOND
        for quote in quotes:
            now += MILLISECOND
            for said in trading.handle(quote, now):
                if type(said) is PlaceOrder:
                    orders += 1
                    identity = (said.venue, said.account, said.client_order_id, orders, said.instrument)
                    terms = (said.side, said.order_type, said.time_in_force, said.price_ticks, said.quantity_lots, False)
                    trading.handle(OrderAccepted(*identity, *terms), now)
                    trading.handle(OrderCancelled(*identity, 0, said.quantity_lots, CancelReason.REQUESTED), now)
        return orders

    orders = benchmark.pedantic(run, setup=engine, rounds=5)
    assert orders == QUOTES // EVERY
    benchmark.extra_info["quotes_per_second"] = round(QUOTES / benchmark.stats.stats.min)
