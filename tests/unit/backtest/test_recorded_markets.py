"""Backtests over markets that were really recorded; skipped where the recordings are absent."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from pathlib import Path

import pytest
from tests.campaign import recorded_market

from trading_ecosystem.adapters.market_history.histories import source_of
from trading_ecosystem.backtesting import Backtest, BacktestSettings, run_backtest
from trading_ecosystem.domains.exchange.recorded.queue_position import QueueEstimate
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, SECOND

DAY_START = 1_340_236_800
"""21 June 2012, midnight; LOBSTER counts seconds from there."""


@pytest.fixture(scope="module")
def lobster(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The ten levels and the trades of Apple's first seconds, with headers; shares are lots of a millionth here."""
    with gzip.open(recorded_market("lobster/AAPL_2012-06-21_orderbook_10_first999.csv.gz"), "rt") as file:
        books = list(csv.reader(file))
    with gzip.open(recorded_market("lobster/AAPL_2012-06-21_message_10_first999.csv.gz"), "rt") as file:
        messages = list(csv.reader(file))
    folder = tmp_path_factory.mktemp("lobster")
    names = [f"{side}_{what}_{level}" for level in range(1, 11) for side in ("ask", "bid") for what in ("price", "quantity")]
    depth, trades = folder / "depth.csv", folder / "trades.csv"
    with depth.open("w") as shown, trades.open("w") as traded:
        shown.write("time," + ",".join(names) + "\n")
        traded.write("time,price,quantity,side\n")
        for (time, kind, _, size, price, direction, *_), book in zip(messages, books, strict=True):
            seconds, _, fraction = time.partition(".")
            at = (DAY_START + int(seconds)) * SECOND + int(fraction[:9].ljust(9, "0"))
            cells = [f"{int(cell) / 10_000:.4f}" if place % 2 == 0 else cell for place, cell in enumerate(book)]
            shown.write(f"{at}," + ",".join(cells) + "\n")
            if kind in "45":
                # The direction is that of the resting order.
                traded.write(f"{at},{int(price) / 10_000:.4f},{size},{'sell' if direction == '1' else 'buy'}\n")
    return depth, trades


def made_market(lobster: tuple[Path, Path], **changes: object) -> Backtest:
    words = {"size_usd": "60000", "spread_bps": "2", "refresh_bps": "1", "min_refresh": "1s", "reference": "mid"}
    bounds = {"max_inventory_usd": "900000"}
    return run_backtest(
        BacktestSettings(
            "market_making",
            tuple(source_of(str(path)) for path in lobster),
            {"venues": "exchange-alpha", "instruments": "BTC/USD", **words, **bounds},
            capital={"USD": 10**7 * MINOR_UNITS_PER_WHOLE, "BTC": 10**4 * MINOR_UNITS_PER_WHOLE},
            max_position_usd_minor=10**6 * MINOR_UNITS_PER_WHOLE,
            **changes,  # type: ignore[arg-type]
        )
    )


def test_a_market_maker_over_a_real_book(lobster: tuple[Path, Path]) -> None:
    backtest = made_market(lobster)
    observed = backtest.observed
    assert observed.counts["maker fills"] > 0
    assert "taker fills" not in observed.counts
    assert observed.halted == ""
    # What rests earns against the middle at its arrival only while the market stands still; it pays no spread.
    traded = sum(order.filled_lots for order in observed.orders.values())
    assert traded > 0
    assert made_market(lobster).observed.digest() == observed.digest()


def test_later_orders_and_a_stricter_queue_do_not_fill_more(lobster: tuple[Path, Path]) -> None:
    fills = {
        estimate: sum(one.filled_lots for one in made_market(lobster, queue=estimate).observed.orders.values())
        for estimate in QueueEstimate
    }
    assert fills[QueueEstimate.CONSERVATIVE] <= fills[QueueEstimate.PROPORTIONAL]
    late = made_market(lobster, order_latency_ns=SECOND, feed_latency_ns=SECOND)
    assert late.observed.digest() != made_market(lobster).observed.digest()


def test_momentum_over_twenty_years_of_daily_bars(tmp_path: Path) -> None:
    with gzip.open(recorded_market("daily/sp500.csv.gz"), "rt") as file:
        rows = list(csv.DictReader(file))
    path = tmp_path / "bars.csv"
    with path.open("w") as file:
        file.write("date,open,high,low,close,volume\n")
        for row in rows:
            month, day, year = row["Date"].split("/")
            low = min(float(row[name]) for name in ("Open", "Low", "Close"))
            high = max(float(row[name]) for name in ("Open", "High", "Close"))
            file.write(f"{year}-{int(month):02}-{int(day):02},{row['Open']},{high},{low},{row['Close']},{row['Volume']}\n")
    words = {"size_usd": "50000", "max_position_usd": "50000", "interval": "1d", "fast": "50", "slow": "200", "entry_bps": "0"}
    backtest = run_backtest(
        BacktestSettings(
            "momentum",
            (source_of(str(path)),),
            {"venue": "exchange-alpha", "instrument": "BTC/USD", **words},
            periods_per_year=365.0,
        )
    )
    figures = backtest.performance
    assert figures.periods > 7_000
    assert 2 <= figures.round_trips <= 100
    assert -1.0 < figures.max_drawdown < 0.0
    # Every dollar is in the marks: what was earned is cash from fills plus what is held at the last price.
    last = backtest.observed.samples[-1]
    assert backtest.capital_minor + last.net_minor > 0
    assert figures.net_minor == last.net_minor


def test_bars_in_an_archive_are_no_table(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x.csv", "time,price,size\n1,1,1\n")
    path = tmp_path / "x.zip"
    path.write_bytes(packed.getvalue())
    from trading_ecosystem.ports.errors import BadInput

    with pytest.raises(BadInput, match="expected"):
        run_backtest(BacktestSettings("momentum", (source_of(str(path)),)))
