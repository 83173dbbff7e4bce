"""A perpetual in a whole ecosystem: a leveraged long is liquidated, all accounts agree, and audit sees what goes wrong."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.campaign import seeds

import trading_ecosystem
from trading_ecosystem.domains.audit.balances import ConservationRule
from trading_ecosystem.domains.custodian.variation import Variation as Posting
from trading_ecosystem.domains.exchange.margin.liquidation import Liquidation
from trading_ecosystem.domains.exchange.margin.perpetual_positions import PerpetualPosition
from trading_ecosystem.domains.exchange.margin.variation import Variation
from trading_ecosystem.messages.custodian import ReconciliationBreak, VariationPosted
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.margin import (
    DeficitCovered,
    LiquidationEnded,
    LiquidationStarted,
    LossMutualised,
    MarginChanged,
    MarkPriceChanged,
    PositionReported,
    VariationInstructed,
    VariationSettled,
)
from trading_ecosystem.messages.risk import ExposureReported
from trading_ecosystem.messages.trading import PositionChanged
from trading_ecosystem.messages.units import INSTRUMENTS

PERP = INSTRUMENTS["BTC-PERP"]
NO_FAULT = ("faults=[]", "expectations=[]", "clean_periods=[]")


def squeeze(seed: int = 7, *overrides: str):
    return trading_ecosystem.run("perp_squeeze", seed=seed, overrides=overrides)


def of(result, kind):
    return [entry.message for entry in result.entries() if type(entry.message) is kind]


@pytest.mark.parametrize("seed", seeds(2, 40))
def test_margin_never_goes_unpaid_without_a_liquidation(seed):
    result = squeeze(seed)
    assert result.passed, result.verdict
    assert result.audit.conservation == ()
    started, ended = of(result, LiquidationStarted), of(result, LiquidationEnded)
    assert {message.account for message in started} == {"fund/long"}
    assert len(ended) == len(started)
    for message in of(result, MarginChanged):
        assert message.held_minor >= 0
    assert {message.account for message in of(result, DeficitCovered)} <= {"fund/long"}
    assert of(result, LossMutualised) == []
    assert of(result, ReconciliationBreak) == []
    positions: Counter[str] = Counter()
    latest = {(said.venue, said.account): said for said in of(result, PositionReported)}
    for (venue, _), said in latest.items():
        positions[venue] += said.position_lots
    assert set(positions.values()) == {0}
    for message in of(result, VariationInstructed):
        assert sum(flow.amount_minor for flow in message.flows) == 0
    settled = Counter({(said.venue, said.number, said.account): said.settled_minor for said in of(result, VariationSettled)})
    posted = Counter({(said.venue, said.number, said.account): said.amount_minor for said in of(result, VariationPosted)})
    assert {key: amount for key, amount in settled.items() if amount} == posted


def test_the_portfolio_and_the_monitor_know_of_the_liquidation():
    result = squeeze()
    sold = [fill for fill in of(result, OrderFilled) if fill.client_order_id.startswith("liquidation:")]
    assert sold
    held = [said.position_lots for said in of(result, PositionChanged) if said.account == "fund/long"]
    assert held[-1] == 15_000 - sum(fill.quantity_lots for fill in sold)
    assert held[-1] == [said.position_lots for said in of(result, PositionReported) if said.account == "fund/long"][-1]
    last = of(result, ExposureReported)[-1]
    spot = 50_000_000
    assert last.btc_minor == spot + PERP.base_amount(held[-1]), "the hedge is closed by then"
    hedged = min(report.btc_minor for report in of(result, ExposureReported)[2:])
    assert hedged > 0


def test_the_tables_say_where_everything_stands():
    result = squeeze()
    (liquidation,) = result.table("exchange.liquidations")
    assert (liquidation["account"], str(liquidation["outcome"])) == ("fund/long", "margin_restored")
    assert liquidation["started_at"] <= liquidation["ended_at"]
    for venue in ("exchange-alpha", "exchange-beta"):
        rows = [row for row in result.table("exchange.positions") if row["venue"] == venue]
        assert sum(row["position_lots"] for row in rows) == sum(row["carried_minor"] for row in rows) == 0
    claims = {(row["venue"], row["account"], row["asset"]): row for row in result.table("exchange.claims")}
    holdings = {
        (row["venue"], row["account"], row["asset"]): row["amount_minor"]
        for row in result.table("custodian.holdings")
        if row["venue"]
    }
    key = ("exchange-alpha", "fund/long", "USD")
    assert holdings[key] == claims[key]["available_minor"] + claims[key]["held_minor"]
    assert len(result.table("exchange.marks")) == 2


def test_a_short_perpetual_hedges_spot():
    """The hedge alone: half a coin in spot and as much short; the crash leaves the equity where it was."""
    result = squeeze(3, "workloads.long.settings.orders=5m buy 0.0001 BTC-PERP exchange-alpha")
    reports = of(result, ExposureReported)
    hedged = [report for report in reports[2:-3] if abs(report.btc_minor) <= 20_000]
    assert len(hedged) >= 10
    usd = 10**8
    equities = [report.equity_usd_minor for report in hedged]
    assert max(equities) - min(equities) < 400 * usd, "15 % of 30,000 USD would be 4,500"
    assert result.audit.conservation == ()


def test_the_marks_of_two_venues_stay_together():
    result = squeeze(2, *NO_FAULT, "duration=30m")
    marks = of(result, MarkPriceChanged)
    assert {mark.sources for mark in marks[4:]} == {3}
    by_venue = {venue: [mark.mark_ticks for mark in marks if mark.venue == venue] for venue in {mark.venue for mark in marks}}
    for one, other in zip(*by_venue.values(), strict=True):
        assert abs(one - other) < one // 500


def nobody_is_told(monkeypatch):
    original = Liquidation.start

    def start(self, account, equity, now, said):
        before = len(said)
        original(self, account, equity, now, said)
        said[before:] = [each for each in said[before:] if not isinstance(each, LiquidationStarted)]

    monkeypatch.setattr(Liquidation, "start", start)


def variation_in_favour_of_longs(monkeypatch):
    original = PerpetualPosition.settle

    def settle(self, mark_ticks):
        variation, fees = original(self, mark_ticks)
        return variation, fees + (1 if self.account == "fund/long" else 0)

    monkeypatch.setattr(PerpetualPosition, "settle", settle)


def flow_left_out(monkeypatch):
    original = Variation._say

    def say(self, lines, due, moved, said):
        before = len(said)
        original(self, lines, due, moved, said)
        for place in range(before, len(said)):
            if isinstance(said[place], VariationInstructed):
                whole = said[place]
                kept = [flow for flow in whole.flows if flow.account != "fund/long"]
                rest = -sum(flow.amount_minor for flow in kept)
                flows = (*kept, type(kept[0])(f"{self.venue}-fees", rest)) if kept and rest else tuple(kept)
                said[place] = VariationInstructed(
                    whole.custodian, whole.venue, whole.number, whole.asset, whole.clearing_account, flows
                )

    monkeypatch.setattr(Variation, "_say", say)


def posted_at_half(monkeypatch):
    original = Posting._post

    def post(self, payment, now, said):
        payment.amount_minor = payment.amount_minor // 2 or payment.amount_minor
        return original(self, payment, now, said)

    monkeypatch.setattr(Posting, "_post", post)


def position_told_wrong(monkeypatch):
    original = PerpetualPosition.reported

    def reported(self, venue):
        said = original(self, venue)
        return PositionReported(said.venue, said.account, said.instrument, said.position_lots + 1, said.carried_minor, 0)

    monkeypatch.setattr(PerpetualPosition, "reported", reported)


@pytest.mark.parametrize(
    ("plant", "rule"),
    [
        (nobody_is_told, ConservationRule.MARGIN_COVERED),
        (variation_in_favour_of_longs, ConservationRule.VARIATION_AMOUNTS),
        (flow_left_out, ConservationRule.VARIATION_BALANCES),
        (posted_at_half, ConservationRule.VARIATION_POSTED_ONCE),
        (position_told_wrong, ConservationRule.POSITIONS_BALANCE),
    ],
)
def test_a_planted_bug_is_found_by_its_rule(monkeypatch, plant, rule):
    plant(monkeypatch)
    result = squeeze(7, "duration=50m")
    assert rule.value in {finding.rule for finding in result.audit.conservation}
