"""Every strategy of the library runs over a recorded market unchanged: the class that a scenario names is what is tested."""

from __future__ import annotations

import math
import random

import pytest

from trading_ecosystem.adapters.market_history.histories import Source, source_of
from trading_ecosystem.backtesting import BacktestSettings, run_backtest
from trading_ecosystem.domains.trading.kinds import KINDS
from trading_ecosystem.messages.units import MILLISECOND, MINOR_UNITS_PER_WHOLE, SECOND

ALPHA, BETA = "exchange-alpha", "exchange-beta"
ONE = {"venue": ALPHA, "instrument": "BTC/USD"}
ORDER = {**ONE, "side": "buy", "quantity": "2"}
MADE_FOR_PERPETUALS = frozenset({"carry"})
"""What a recorded venue does not know."""
QUICK = {"interval": "15s", "window": "5", "rebalance_every": "2m"}
SETTINGS: dict[str, dict[str, str]] = {
    "market_making": {"venues": ALPHA, "instruments": "BTC/USD", "size_usd": "5000", "min_refresh": "9s"},
    "momentum": {**ONE, "size_usd": "5000", "max_position_usd": "20000", "interval": "15s", "fast": "3", "slow": "9"},
    "arbitrage": {"venues": f"{ALPHA},{BETA}", "instruments": "BTC/USD", "size_usd": "5000"},
    "avellaneda_stoikov": {**ONE, "size": "0.1", "gamma": "0.0001", "kappa": "0.5"},
    "inventory_skew": {**ONE, "size": "0.1", "gamma": "0.0001", "kappa": "0.5"},
    "grid": {**ONE, "size": "0.1"},
    "mean_reversion": {**ONE, "size_usd": "5000", "interval": "15s", "window": "10", "entry": "1"},
    "pairs": {
        "venue": ALPHA,
        "first": "BTC/USD",
        "second": "ETH/USD",
        "size_usd": "5000",
        "formation": "10",
        "trading": "50",
        "interval": "15s",
        "entry": "1",
    },
    "triangular": {"venue": ALPHA, "instruments": "BTC/USD,ETH/USD,ETH/BTC", "size": "2000", "min_edge_bps": "1"},
    "twap": {**ORDER, "over": "10m"},
    "vwap": {**ORDER, "over": "10m", "profile": "1,2,3,2,1"},
    "implementation_shortfall": {**ORDER, "over": "10m"},
    "pov": ORDER,
    "iceberg": {**ORDER, "limit": "61000", "peak": "0.5"},
    "rebalancing": {"venue": ALPHA, "instruments": "BTC/USD,ETH/USD", "capital_usd": "100000", **QUICK},
    "scripted": {"orders": f"1m buy 0.1 BTC/USD {ALPHA}"},
    "runaway": {**ONE, "size_usd": "1000"},
    "risk_ignorant": {**ONE, "quantity": "0.5"},
    "volatility_amplifier": {**ONE, "size_usd": "1000"},
    "correlation_breaker": {**ONE, "against": "ETH/USD", "size_usd": "1000"},
    "slow_leak": {**ONE, "size_usd": "1000"},
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[Source, ...]:
    """Half an hour of quotes and trades in the triangle of BTC, ETH and USD, at two venues that lie a little apart."""
    folder = tmp_path_factory.mktemp("market")
    found = []
    for venue, apart in (("exchange-alpha", 0.0), ("exchange-beta", 0.002)):
        stream = random.Random(venue)
        bitcoin, ether = 60_000.0 * (1 + apart), 3_000.0 * (1 + apart)
        lines: dict[str, list[str]] = {"BTC/USD": [], "ETH/USD": [], "ETH/BTC": []}
        for second in range(0, 1_800, 3):
            bitcoin *= math.exp(stream.gauss(0, 0.0006))
            ether *= math.exp(stream.gauss(0, 0.0008))
            cross = ether / bitcoin * (1.004 if 600 <= second < 900 else 1.0)
            for symbol, price, places in (("BTC/USD", bitcoin, 2), ("ETH/USD", ether, 2), ("ETH/BTC", cross, 5)):
                half = price * 0.0001
                sizes = (stream.randint(1, 90), stream.randint(1, 90))
                bid, ask = f"{price - half:.{places}f}", f"{price + half + 10**-places:.{places}f}"
                lines[symbol].append(f"{1_700_000_000 + second},{bid},{sizes[0]},{ask},{sizes[1]}")
        for symbol, rows in lines.items():
            path = folder / f"{venue}-{symbol.replace('/', '')}.csv"
            path.write_text("\n".join(["time,bid_price,bid_size,ask_price,ask_size", *rows]) + "\n", encoding="utf-8")
            found.append(source_of(f"{venue}:{symbol}={path}"))
        trades = folder / f"{venue}-trades.csv"
        rows = [row.split(",") for row in lines["BTC/USD"]]
        told = [f"{int(row[0])},{row[1 if number % 2 else 3]},{number % 40 + 1}" for number, row in enumerate(rows)]
        trades.write_text("\n".join(["time,price,size", *told]) + "\n", encoding="utf-8")
        found.append(source_of(f"{venue}:BTC/USD={trades}"))
    return tuple(found)


def test_every_kind_of_the_library_is_here() -> None:
    assert set(KINDS) == set(SETTINGS) | MADE_FOR_PERPETUALS


@pytest.mark.parametrize("kind", sorted(SETTINGS))
def test_every_kind_runs_unchanged(kind: str, sources: tuple[Source, ...]) -> None:
    backtest = run_backtest(
        BacktestSettings(
            kind,
            sources,
            SETTINGS[kind],
            capital={
                "USD": 10**6 * MINOR_UNITS_PER_WHOLE,
                "BTC": 10 * MINOR_UNITS_PER_WHOLE,
                "ETH": 100 * MINOR_UNITS_PER_WHOLE,
            },
            order_latency_ns=5 * MILLISECOND,
            feed_latency_ns=MILLISECOND,
            price_every_ns=SECOND,
        )
    )
    assert backtest.observed.halted == ""
    assert backtest.observed.counts["fills"] > 0
    assert not [order.outcome for order in backtest.observed.orders.values() if "terms" in order.outcome]
