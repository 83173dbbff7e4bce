"""The strategies of the library together on the whole ecosystem: each does what it is for, and the record is the same again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import trading_ecosystem
from trading_ecosystem.container import RunResult
from trading_ecosystem.messages.exchange import OrderFilled, OrderRejected, TradesPublished
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading import StrategyHalted

SCENARIO = """\
title: The strategies of the library at work
duration: 12m
seed: 11
ecosystem:
  market_data:
    instruments: [BTC/USD, ETH/USD, ETH/BTC, BTC-PERP]
    tick: 5s
    jumps: false
  venues:
    - name: exchange-alpha
      publish_every: 5s
workloads:
  - strategy: avellaneda_stoikov
    capital: {exchange-alpha: {BTC: 2, USD: 200000}}
    settings:
      venue: exchange-alpha
      instrument: BTC/USD
      size: "0.05"
      gamma: "0.0001"
      kappa: "0.05"
      half_life: 4m
      refresh: 20s
  - strategy: inventory_skew
    capital: {exchange-alpha: {ETH: 20, USD: 100000}}
    settings:
      venue: exchange-alpha
      instrument: ETH/USD
      size: "0.5"
      gamma: "0.01"
      kappa: "1"
      arrival: "0.1"
      half_life: 4m
      refresh: 20s
  - strategy: grid
    capital: {exchange-alpha: {BTC: 1, USD: 100000}}
    settings: {venue: exchange-alpha, instrument: BTC/USD, size: "0.02", step_bps: 3, levels: 5}
  - strategy: mean_reversion
    capital: {exchange-alpha: {BTC: 0.01, USD: 100000}}
    settings: {venue: exchange-alpha, instrument: BTC/USD, size_usd: 5000, window: 12, interval: 20s, entry: "1.5"}
  - strategy: pairs
    capital: {exchange-alpha: {BTC: 1, ETH: 20, USD: 100000}}
    settings:
      venue: exchange-alpha
      first: BTC/USD
      second: ETH/USD
      size_usd: 5000
      formation: 20
      trading: 20
      interval: 20s
  - strategy: triangular
    capital: {exchange-alpha: {BTC: 1, ETH: 20, USD: 100000}}
    settings: {venue: exchange-alpha, instruments: [BTC/USD, ETH/USD, ETH/BTC], size: 3000, min_edge_bps: 0}
  - strategy: carry
    capital: {exchange-alpha: {USD: 100000}}
    settings: {venue: exchange-alpha, spot: BTC/USD, perpetual: BTC-PERP, size_usd: 5000, entry_bps: 0, exit_bps: 0}
  - strategy: twap
    capital: {exchange-alpha: {USD: 100000}}
    settings:
      venue: exchange-alpha
      instrument: BTC/USD
      side: buy
      quantity: "0.5"
      over: 5m
      slices: 10
      slippage_bps: 10
  - strategy: vwap
    capital: {exchange-alpha: {BTC: 1}}
    settings:
      venue: exchange-alpha
      instrument: BTC/USD
      side: sell
      quantity: "0.5"
      over: 5m
      profile: [4, 2, 1, 1, 2, 4]
      slippage_bps: 10
  - strategy: implementation_shortfall
    capital: {exchange-alpha: {ETH: 10}}
    settings:
      venue: exchange-alpha
      instrument: ETH/USD
      side: sell
      quantity: "5"
      over: 5m
      urgency: "2"
      slippage_bps: 10
  - strategy: pov
    capital: {exchange-alpha: {USD: 300000}}
    settings: {venue: exchange-alpha, instrument: BTC/USD, side: buy, quantity: "2", rate_bps: 500, slippage_bps: 10}
  - strategy: iceberg
    capital: {exchange-alpha: {BTC: 1}}
    settings: {venue: exchange-alpha, instrument: BTC/USD, side: sell, quantity: "0.6", peak: "0.2", limit: 60010}
"""
PARENTS = {
    "fund/twap": (Side.BUY, 500_000),
    "fund/vwap": (Side.SELL, 500_000),
    "fund/implementation-shortfall": (Side.SELL, 500_000),
}
"""Side and lots of the parent orders whose time is over before the run is."""


def run(folder: Path) -> RunResult:
    path = folder / "library.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return trading_ecosystem.run(path)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return run(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def traded(result: RunResult) -> Counter[tuple[str, Side]]:
    """Lots by account and side."""
    lots: Counter[tuple[str, Side]] = Counter()
    for entry in result.entries():
        if isinstance(entry.message, OrderFilled):
            lots[entry.message.account, entry.message.side] += entry.message.quantity_lots
    return lots


def test_nobody_fails_and_nothing_is_lost(result: RunResult) -> None:
    assert not [one for one in result.entries() if isinstance(one.message, StrategyHalted)]
    assert not [one.message for one in result.entries() if isinstance(one.message, OrderRejected)]
    assert result.audit is not None
    assert result.audit.conservation == ()


def test_parent_orders_are_traded_whole_and_not_beyond(traded: Counter[tuple[str, Side]]) -> None:
    for account, (side, lots) in PARENTS.items():
        assert traded[account, side] == lots
        assert traded[account, Side.SELL if side is Side.BUY else Side.BUY] == 0


def test_participation_stays_within_its_rate(result: RunResult, traded: Counter[tuple[str, Side]]) -> None:
    volume = own = 0
    for entry in result.entries():
        message = entry.message
        if isinstance(message, TradesPublished) and message.instrument == "BTC/USD":
            volume += message.volume_lots
            # What it has traded since is on the next tape.
            assert own <= 0.05 * volume
        elif isinstance(message, OrderFilled) and message.account == "fund/pov":
            own += message.quantity_lots
    assert own == traded["fund/pov", Side.BUY]
    assert own > 0.045 * volume


def test_makers_trade_on_both_sides(traded: Counter[tuple[str, Side]]) -> None:
    for account in ("fund/avellaneda-stoikov", "fund/inventory-skew", "fund/grid"):
        assert traded[account, Side.BUY] > 0
        assert traded[account, Side.SELL] > 0


def test_the_record_is_the_same_again(result: RunResult, tmp_path: Path) -> None:
    assert run(tmp_path).journal_digest == result.journal_digest
