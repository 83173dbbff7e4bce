"""Bugs planted in the code of a running ecosystem are caught by the conservation check, which shares no code with it."""

from __future__ import annotations

import pytest

import trading_ecosystem
from trading_ecosystem.domains.custodian.ledger import Ledger
from trading_ecosystem.domains.exchange.claims import Claim
from trading_ecosystem.domains.exchange.trade_capture import TradeCapture

SHORT = ("duration=30m", "clean_periods.0.until=30m")


def run():
    result = trading_ecosystem.run("quiet_day", seed=2, overrides=SHORT)
    assert result.audit is not None
    return result


def test_nothing_is_found_without_a_bug():
    assert run().audit.conservation == ()


def fill_that_credits_twice(monkeypatch):
    original = TradeCapture._deliver

    def deliver(self, instrument, buyer, fill, cost, said):
        base, _ = self._pair(instrument, buyer)
        base.move(instrument.base_amount(fill.lots), 0)
        original(self, instrument, buyer, fill, cost, said)

    monkeypatch.setattr(TradeCapture, "_deliver", deliver)


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
