"""Recorded happenings per second of a whole backtest: venue, links, kernel, trading engine, strategy, observation.

Run with ``pytest benchmarks/test_backtest.py``; ``happenings_per_second`` stands among the extra figures. Reading is
measured apart.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from trading_ecosystem.adapters.market_history.histories import read_history, source_of
from trading_ecosystem.adapters.market_history.reading import Assumptions
from trading_ecosystem.backtesting import BacktestSettings, run_backtest
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, SECOND

pytest.importorskip("pytest_benchmark")

ROWS = 20_000


def quotes(folder: Path) -> Path:
    """Quotes and trades, twenty a second, of a middle that walks by ticks."""
    stream, middle = random.Random(3), 3_000_000
    path = folder / "quotes.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("time,bid_price,bid_size,ask_price,ask_size\n")
        for row in range(ROWS):
            middle += stream.choice((-20, 0, 0, 20))
            sizes = (stream.randint(1, 99) / 100, stream.randint(1, 99) / 100)
            bid, ask = (middle - 1) / 100, (middle + 1) / 100
            file.write(f"{1_700_000_000_000 + 50 * row},{bid:.2f},{sizes[0]},{ask:.2f},{sizes[1]}\n")
    return path


def settings_of(path: Path) -> BacktestSettings:
    words = {"size_usd": "1000", "spread_bps": "1", "refresh_bps": "0.5", "min_refresh": "5s", "reference": "mid"}
    return BacktestSettings(
        "market_making",
        (source_of(str(path)),),
        {"venues": "exchange-alpha", "instruments": "BTC/USD", **words},
        capital={"USD": 100_000 * MINOR_UNITS_PER_WHOLE, "BTC": 2 * MINOR_UNITS_PER_WHOLE},
        price_every_ns=SECOND,
    )


def test_happenings_per_second(benchmark: Any, tmp_path: Path) -> None:
    settings = settings_of(quotes(tmp_path))
    read_history(settings.sources, settings.assumptions)
    backtests = []
    benchmark.pedantic(lambda: backtests.append(run_backtest(settings)), rounds=5, warmup_rounds=1)
    benchmark.extra_info["happenings_per_second"] = round(ROWS / benchmark.stats.stats.median)
    assert backtests[-1].observed.counts["fills"] > 10
    assert len({one.observed.digest() for one in backtests}) == 1


def test_rows_read_per_second(benchmark: Any, tmp_path: Path) -> None:
    source = source_of(str(quotes(tmp_path)))
    benchmark.pedantic(lambda: read_history.__wrapped__((source,), Assumptions()), rounds=5, warmup_rounds=1)
    benchmark.extra_info["rows_per_second"] = round(ROWS / benchmark.stats.stats.median)
