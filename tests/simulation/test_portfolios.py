"""Two strategies on one account in a whole run: its record divides the claims and the profit as the engine did."""

from __future__ import annotations

from pathlib import Path

import pytest

import trading_ecosystem
from trading_ecosystem.domains.trading.attribution import Dimension, Results
from trading_ecosystem.domains.trading.capital_shares import RESERVE, CapitalShares
from trading_ecosystem.domains.trading.lots import CostMethod
from trading_ecosystem.messages.exchange import ClaimChanged, OrderFilled, PlaceOrder
from trading_ecosystem.messages.order_handling import OrderReplaced, ReplaceOrder
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading import PositionChanged
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, SECOND

SCENARIO = """
title: A pool
duration: 20m
ecosystem:
  venues: [{name: north}]
  market_data: {instruments: [BTC/USD, ETH/USD]}
  firm: {cost_method: first_in_first_out, limits: {price_collar: 0.05, max_messages_per_second: 4}}
workloads:
  - strategy: market_making
    name: maker
    account: fund/pool
    capital_share: 0.5
    capital: {north: {BTC: 5, USD: 400000}}
    settings: {venues: [north], instruments: [BTC/USD], size_usd: 20000, spread_bps: 4, max_inventory_usd: 100000}
  - strategy: rebalancing
    name: book
    account: fund/pool
    capital_share: 0.3
    settings:
      {venue: north, instruments: [BTC/USD, ETH/USD], capital_usd: 90000, weighting: risk_parity, interval: 20s, window: 12,
       rebalance_every: 5m, band_bps: 50, chase_bps: 0}
"""
POOL = "fund/pool"


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    path: Path = tmp_path_factory.mktemp("pool") / "pool.yaml"
    path.write_text(SCENARIO)
    return [(entry.at, entry.message) for entry in trading_ecosystem.run(path, seed=3).entries()]


def strategy_of(fill: OrderFilled) -> str:
    return fill.client_order_id.rpartition("-")[0]


def test_the_claims_of_the_pool_are_divided_to_the_minor_unit_and_nobody_owes_the_others(messages):
    shares = CapitalShares({"maker": 500_000, "book": 300_000})
    claims = {}
    for _, message in messages:
        if isinstance(message, ClaimChanged) and message.account == POOL:
            shares.claim_changed(message)
            claims[message.asset] = message.available_after + message.held_after
        elif isinstance(message, OrderFilled) and message.account == POOL:
            shares.traded(strategy_of(message), message)
            for asset in ("BTC", "ETH", "USD"):
                assert shares.owned(strategy_of(message), "north", asset) >= 0
    assert set(claims) == {"BTC", "ETH", "USD"}
    assert {asset: shares.whole("north", asset) for asset in claims} == claims
    assert shares.owned(RESERVE, "north", "USD") == 80_000 * MINOR_UNITS_PER_WHOLE


def test_what_was_said_of_profit_is_first_in_first_out(messages):
    results = Results(CostMethod.FIRST_IN_FIRST_OUT)
    last = {}
    for _, message in messages:
        if isinstance(message, OrderFilled) and message.account == POOL:
            fee = message.fee_minor if message.fee_asset == INSTRUMENTS[message.instrument].quote else None
            assert fee is not None
            position = results.position(strategy_of(message), message.venue, message.instrument)
            position.fill(message.side, message.price_ticks, message.quantity_lots, fee)
        elif isinstance(message, PositionChanged):
            last[message.strategy, message.venue, message.instrument] = message
    assert {key[0] for key in last} == {"maker", "book"}
    assert set(last) == set(results.positions)
    for key, position in results.positions.items():
        said = last[key]
        assert (position.lots, position.average_price_minor) == (said.position_lots, said.average_price_minor)
        assert (position.realised_minor, position.fees_minor) == (said.realised_minor, said.fees_minor)
    prices = {"BTC/USD": 60_000 * MINOR_UNITS_PER_WHOLE, "ETH/USD": 3_000 * MINOR_UNITS_PER_WHOLE}
    lines = results.attributed(prices, {"USD": MINOR_UNITS_PER_WHOLE}, (Dimension.STRATEGY,))
    # In the quote asset itself nothing rounds: what each made is its cash and what it holds.
    for line in lines:
        mine = [one for key, one in results.positions.items() if key[0] == line.strategy]
        worth = sum(
            one.lots * INSTRUMENTS[one.instrument].lot_size * prices[one.instrument] // MINOR_UNITS_PER_WHOLE
            + one.realised_minor
            - one.cost_minor
            - one.fees_minor
            for one in mine
        )
        assert line.net_usd_minor == worth


def test_orders_of_the_book_move_with_the_market_and_stay_within_the_rate(messages):
    asked = [message for _, message in messages if isinstance(message, ReplaceOrder)]
    assert asked
    assert {message.account for message in asked} == {POOL}
    assert any(isinstance(message, OrderReplaced) for _, message in messages)
    sent = [
        at
        for at, message in messages
        if isinstance(message, PlaceOrder | ReplaceOrder) and message.client_order_id.startswith("book-")
    ]
    assert all(later - earlier >= SECOND for earlier, later in zip(sent, sent[4:], strict=False))
    bought = [one for _, one in messages if isinstance(one, PlaceOrder) and one.client_order_id.startswith("book-")]
    assert {one.instrument for one in bought if one.side is Side.BUY} == {"BTC/USD", "ETH/USD"}
