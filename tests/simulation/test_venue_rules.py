"""A whole run on a venue that states many rules: each has its effect, assets are conserved, and the verdict holds."""

from __future__ import annotations

from pathlib import Path

import pytest

import trading_ecosystem
from trading_ecosystem.messages.exchange import OrderFilled, OrderRejected, QuoteChanged
from trading_ecosystem.messages.orders import RejectReason, TradingPhase
from trading_ecosystem.messages.trading import OrderWithheld, WithheldReason
from trading_ecosystem.messages.trading_phases import AuctionUncrossed, TradingPhaseChanged
from trading_ecosystem.messages.units import MINUTE, SECOND

SCENARIO = """\
title: A venue with rules
duration: 2h
starts_at: 2026-03-30T06:50:00Z
ecosystem:
  market_data: {instruments: [BTC/USD, USDT/USD], jumps: false}
  venues:
    - name: north
      self_trade_prevention: cancel_oldest
      rate_limit: {burst: 3, refill: 10m}
      fees: {tiers: [{from_volume: 1000, maker_fee: 0.0001, taker_fee: 0.0004}], paid_in: base}
      stop_collar: 0.05
      markets:
        BTC/USD:
          tick_table: [{from: 0, step: 0.01}, {from: 50000, step: 0.5}]
          round_quantity: 0.001
          minimum_notional: 100
          collar: 0.05
          static_band: 0.2
          dynamic_band: 0.1
          band_action: interrupt
          volatility_auction: 2m
      # Clocks in London went forward the day before, so that it is 07:50 there when the run begins.
      calendar: {time_zone: Europe/London, opening_auction: 07:55, continuous: 08:00, closing_auction: 09:30, close: 09:40}
      faucet: {amounts: {USD: 1000}}
    - name: south
workloads:
  - strategy: market_making
    name: maker
    capital: {south: {BTC: 1, USD: 100000, USDT: 50000}}
    settings: {venues: [south], instruments: [BTC/USD], size_usd: 3000}
  - strategy: scripted
    name: hand
    capital: {north: {USD: 50000, BTC: 0.5}}
    settings:
      orders:
        - 2m buy 0.010 BTC/USD north 60000.00
        - 6m sell 0.001 BTC/USD north 50.00
        - 8m buy 0.011 BTC/USD north 60500.00
        - 20m buy 0.0105 BTC/USD north
        - 21m sell 0.001 BTC/USD north 70000.25
        - 22m buy 0.001 BTC/USD north 60000.00
        - 60m buy 0.010 BTC/USD north
clean_periods: [{}]
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(SCENARIO)
    return trading_ecosystem.run(path)


def test_the_verdict_holds_and_assets_are_conserved(result) -> None:
    assert result.passed, result.verdict
    assert result.audit.conservation == ()


def test_orders_are_refused_by_the_rules_that_they_break(result) -> None:
    entries = list(result.entries())
    begins = entries[0].at
    refused = [
        ((entry.at - begins) // MINUTE, entry.message.reason) for entry in entries if type(entry.message) is OrderRejected
    ]
    assert refused == [
        (6, RejectReason.INVALID_NOTIONAL),
        (20, RejectReason.INVALID_QUANTITY),
        (21, RejectReason.INVALID_PRICE),
        # Refused orders count too: the bucket of three has had five orders, and a token comes back every ten minutes.
        (22, RejectReason.RATE_LIMITED),
    ]
    # The trading engine has heard that the venue is closed, and keeps the first order to itself.
    withheld = [
        ((entry.at - begins) // MINUTE, entry.message.reason) for entry in entries if type(entry.message) is OrderWithheld
    ]
    assert withheld == [(2, WithheldReason.NOT_TRADING)]


def test_the_venue_keeps_to_its_calendar_and_its_neighbour_has_none(result) -> None:
    entries = list(result.entries())
    begins = entries[0].at
    phases = [
        ((entry.at - begins) // MINUTE, entry.message.phase)
        for entry in entries
        if type(entry.message) is TradingPhaseChanged and entry.message.instrument == "BTC/USD"
    ]
    assert phases == [
        (0, TradingPhase.CLOSED),
        # A closed market opens through a pre-open, here of no length.
        (5, TradingPhase.PRE_OPEN),
        (5, TradingPhase.OPENING_AUCTION),
        (10, TradingPhase.CONTINUOUS),
        (100, TradingPhase.CLOSING_AUCTION),
        (110, TradingPhase.CLOSED),
    ]
    assert {entry.message.venue for entry in entries if type(entry.message) is TradingPhaseChanged} == {"north"}
    assert any(type(entry.message) is AuctionUncrossed for entry in entries)
    early = {entry.message.venue for entry in entries if type(entry.message) is QuoteChanged and entry.at < begins + 9 * MINUTE}
    assert "south" in early


def test_fees_are_paid_in_the_base_asset_where_the_venue_says_so(result) -> None:
    fees: dict[str, set[tuple[str, str]]] = {"north": set(), "south": set()}
    for entry in result.entries():
        if type(entry.message) is OrderFilled and entry.message.account.startswith("fund/"):
            fees[entry.message.venue].add((entry.message.side.value, entry.message.fee_asset))
    assert fees["north"] == {("buy", "BTC")}
    assert {asset for _, asset in fees["south"]} == {"USD"}


INTERRUPTED = """\
title: A venue that interrupts trading
duration: 40m
ecosystem:
  market_data: {instruments: [BTC/USD], jumps: false}
  venues:
    - name: north
      markets: {BTC/USD: {dynamic_band: 0.0005, band_action: interrupt, volatility_auction: 1m}}
"""


def test_every_volatility_auction_ends_after_its_time(tmp_path: Path) -> None:
    path = tmp_path / "interrupted.yaml"
    path.write_text(INTERRUPTED)
    result = trading_ecosystem.run(path)
    phases = [(entry.at, entry.message.phase) for entry in result.entries() if type(entry.message) is TradingPhaseChanged]
    begun = phases[::2]
    # The background flow alone begins them, and nobody but the clock ends them.
    assert len(begun) > 1
    assert {phase for _, phase in begun} == {TradingPhase.VOLATILITY_AUCTION}
    assert {phase for _, phase in phases[1::2]} == {TradingPhase.CONTINUOUS}
    # What the flow did is said with the next publication, up to ten seconds later; the minute counts from the deed.
    for (said_at, _), (ended_at, _) in zip(begun, phases[1::2], strict=False):
        assert MINUTE - 10 * SECOND <= ended_at - said_at <= MINUTE
    assert result.audit.conservation == ()
