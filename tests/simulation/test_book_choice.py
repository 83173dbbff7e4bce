"""A run is the same, byte for byte, on plain and on compiled books with their flows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.campaign import CAMPAIGN

import trading_ecosystem
from trading_ecosystem.domains.exchange import market
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.flow import flows
from trading_ecosystem.domains.exchange.flow.flow import BackgroundFlow

SCENARIOS = ("stale_feed", "market_crash", "stablecoin_depeg") if CAMPAIGN else ("stale_feed",)


@pytest.mark.skipif(not flows.COMPILED, reason="the compiled flow was not built")
@pytest.mark.parametrize("name", SCENARIOS)
def test_both_kinds_of_book_and_flow_give_the_same_digest(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = trading_ecosystem.run(name, seed=5)
    used = []

    def plain(_: str) -> type[OrderBook]:
        used.append(OrderBook)
        return OrderBook

    monkeypatch.setattr(market, "book_class", plain)
    monkeypatch.setattr(flows, "CompiledBackgroundFlow", BackgroundFlow)
    again = trading_ecosystem.run(name, seed=5)
    assert len(used) >= 6
    assert again.journal_digest == compiled.journal_digest
    assert again.entry_count == compiled.entry_count > 10_000


QUIET = """\
title: Nobody but the background, quoted wide and thin
duration: 6m
seed: 5
faults:
  - {id: wide, kind: venue_spread, at: 1m, duration: 3m, venue: exchange-alpha, magnitude: 0.03}
  - {id: thin, kind: venue_liquidity, at: 2m, duration: 3m, venue: exchange-alpha, magnitude: 0.96}
  - {id: out, kind: venue_outage, at: 3m, duration: 30s, venue: exchange-beta}
"""


@pytest.mark.skipif(not flows.COMPILED, reason="the compiled flow was not built")
def test_restrained_quotes_are_the_same_on_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "quiet.yaml"
    path.write_text(QUIET)
    compiled = trading_ecosystem.run(path)
    monkeypatch.setattr(market, "book_class", lambda _: OrderBook)
    monkeypatch.setattr(flows, "CompiledBackgroundFlow", BackgroundFlow)
    assert trading_ecosystem.run(path).journal_digest == compiled.journal_digest
