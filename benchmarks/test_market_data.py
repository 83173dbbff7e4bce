"""Market data alone: publications a second, bare and with everything a scenario can ask of it, and what an answer costs."""

from __future__ import annotations

import pytest

from trading_ecosystem.domains.market_data.component import MarketData, PriceTickDue
from trading_ecosystem.domains.market_data.parameters import MarketDataParameters
from trading_ecosystem.domains.market_data.path_shapes import PathKind, PathParameters
from trading_ecosystem.domains.market_data.sources import ConsensusParameters, SourceParameters
from trading_ecosystem.domains.market_data.spreads import SpreadParameters
from trading_ecosystem.messages.market_statistics import (
    CandlesQuestion,
    CorrelationQuestion,
    DayStatisticsQuestion,
    ReferenceQuoteQuestion,
    VolatilityQuestion,
)
from trading_ecosystem.messages.units import DAY, HOUR, MINOR_UNITS_PER_WHOLE, MINUTE, SECOND, SPOT_PAIRS
from trading_ecosystem.ports.component import Begin
from trading_ecosystem.runtime.randomness import SeededRandomness

TICKS = 3_000
SOURCES = ConsensusParameters(
    sources=tuple(
        SourceParameters(name=name, priority=number, noise_ppm=100, every_ns=SECOND)
        for number, name in enumerate(("first", "second", "third"), 1)
    )
)
EVERYTHING = {
    "sources": SOURCES,
    "spreads": SpreadParameters(published=True),
    "candle_intervals_ns": (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY),
}


def market(**changes):
    values = {
        "instruments": SPOT_PAIRS,
        "tick_ns": SECOND,
        "usd_prices_minor": {"BTC": 60_000 * MINOR_UNITS_PER_WHOLE, "ETH": 3_000 * MINOR_UNITS_PER_WHOLE, "USDT": 10**8},
        "annual_volatility": {"BTC": "0.55", "ETH": "0.70", "USDT": "0.02"},
        "jumps": False,
    }
    return MarketData("market-data", MarketDataParameters(**(values | changes)), SeededRandomness(1))


def ticks(component, count=TICKS):
    handle, due = component.handle, PriceTickDue()
    handle(Begin(), 0)
    for number in range(1, count + 1):
        handle(due, number * SECOND)


@pytest.mark.parametrize(
    ("title", "changes"),
    [
        ("bare", {}),
        ("geometric Brownian motion", {"path": PathParameters(kind=PathKind.GEOMETRIC_BROWNIAN)}),
        ("three sources", {"sources": SOURCES}),
        ("sources, quotes, six candle intervals", EVERYTHING),
    ],
)
def test_publications(benchmark, title, changes):
    benchmark.pedantic(ticks, setup=lambda: ((market(**changes),), {}), rounds=5)
    publications = TICKS * len(SPOT_PAIRS)
    rate = publications / benchmark.stats.stats.median
    benchmark.extra_info["publications_per_second"] = round(rate)
    print(f"\n{title}: {rate:,.0f} publications a second, {1e6 / rate:.1f} µs each")


@pytest.mark.parametrize(
    "question",
    [
        CandlesQuestion("BTC/USD", 15 * MINUTE),
        DayStatisticsQuestion("BTC/USD"),
        VolatilityQuestion("BTC/USD"),
        ReferenceQuoteQuestion("BTC/USD"),
        CorrelationQuestion(),
    ],
    ids=lambda question: type(question).__name__,
)
def test_answers(benchmark, question):
    component = market(tick_ns=10 * SECOND)
    for number in range(25 * 360):
        component.handle(PriceTickDue(), number * 10 * SECOND)
    benchmark(component.answer, question)
    print(f"\n{type(question).__name__} after 25 hours: {benchmark.stats.stats.median * 1e3:.2f} ms")
