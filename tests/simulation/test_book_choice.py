"""A run is the same, byte for byte, on plain and on compiled books with their flows."""

from __future__ import annotations

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
