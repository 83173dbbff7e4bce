"""Bugs planted in the code of a running ecosystem are caught by the conservation check, which shares no code with it."""

from __future__ import annotations

import pytest

import trading_ecosystem
from trading_ecosystem.domains.custodian.ledger import Ledger
from trading_ecosystem.domains.exchange.accounts.claims import Claim
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture

SHORT = ("duration=30m", "clean_periods.0.until=30m")


def run():
    result = trading_ecosystem.run("quiet_day", seed=2, overrides=SHORT)
    assert result.audit is not None
    return result


def test_nothing_is_found_without_a_bug():
    assert run().audit.conservation == ()


def fill_that_credits_twice(monkeypatch):
    original = TradeCapture._settle_claims

    def settle_claims(self, trade, buyer, seller, said):
        self._claims.of(buyer.account, trade.instrument.base).move(trade.instrument.base_amount(trade.lots), 0)
        original(self, trade, buyer, seller, said)

    monkeypatch.setattr(TradeCapture, "_settle_claims", settle_claims)


def fee_charged_to_nobody(monkeypatch):
    original = Claim.move

    def move(self, available, held):
        if not self.account.endswith("-fees"):
            original(self, available, held)

    monkeypatch.setattr(Claim, "move", move)


def settlement_that_posts_one_leg(monkeypatch):
    original = Ledger.post
    monkeypatch.setattr(Ledger, "post", lambda self, *transfers: original(self, *transfers[:1]))


def fill_said_twice(monkeypatch):
    original = TradeCapture._fill

    def fill(self, *arguments):
        original(self, *arguments)
        said = arguments[-1]
        said.append(said[-1])

    monkeypatch.setattr(TradeCapture, "_fill", fill)


@pytest.mark.parametrize(
    "plant", [fill_that_credits_twice, fee_charged_to_nobody, settlement_that_posts_one_leg, fill_said_twice]
)
def test_a_planted_bug_is_caught(monkeypatch, plant):
    plant(monkeypatch)
    result = run()
    assert result.audit.conservation
    assert not result.passed
    assert any("breaks" in line for line in result.verdict.unexpected)
