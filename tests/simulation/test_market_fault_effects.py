"""Faults of how prices move, on the whole ecosystem beside its clean twin: what was asked for is what the record shows."""

from __future__ import annotations

import itertools
import math
import statistics

import pytest

import trading_ecosystem
from trading_ecosystem.messages.base import Audience
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import GroundTruthClosed, GroundTruthLabelled
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE

SCENARIO = """\
title: How prices move
duration: 100m
ecosystem:
  market_data:
    instruments: [{instruments}]
    tick: 10s
    jumps: false
  venues: [{{name: alpha, publish_every: 10s}}]
faults:
  - {{id: broken, at: 20m, {fault}}}
"""


@pytest.fixture
def twins(tmp_path):
    """The faulted run and its clean twin; both agree up to the onset."""

    def run(fault, instruments="BTC/USD, ETH/USD"):
        path = tmp_path / "fault.yaml"
        path.write_text(SCENARIO.format(fault=fault, instruments=instruments))
        faulted, clean = (trading_ecosystem.run(path, seed=3, faults=faults) for faults in (True, False))
        (label,) = [entry for entry in faulted.entries() if isinstance(entry.message, GroundTruthLabelled)]
        heard = [
            [
                (entry.at, entry.message)
                for entry in result.entries()
                if entry.at < label.at and entry.message.audience in (Audience.PRODUCTION, Audience.WORLD)
            ]
            for result in (faulted, clean)
        ]
        assert heard[0] == heard[1]
        assert faulted.audit.conservation == ()
        (closed,) = [entry for entry in faulted.entries() if isinstance(entry.message, GroundTruthClosed)]
        return faulted, clean, label, closed

    return run


def fundamental(result, symbol):
    prices = [(entry.at, entry.message) for entry in result.entries() if isinstance(entry.message, FundamentalPriceChanged)]
    return {at - result.scenario.starts_at: one.price_minor for at, one in prices if one.instrument == symbol}


def returns(prices, start, end):
    inside = [price for at, price in prices.items() if start <= at <= end]
    return [math.log(after / before) for before, after in itertools.pairwise(inside)]


def test_a_volatility_spike_shows_its_factor(twins):
    faulted, clean, label, closed = twins("kind: volatility_spike, factor: 6, hold: 40m, recovery: 10m, assets: [ETH]")
    window = (21 * MINUTE, 60 * MINUTE)
    ratio = statistics.pstdev(returns(fundamental(faulted, "ETH/USD"), *window)) / statistics.pstdev(
        returns(fundamental(clean, "ETH/USD"), *window)
    )
    assert ratio == pytest.approx(6, rel=0.03)
    assert fundamental(faulted, "BTC/USD") == fundamental(clean, "BTC/USD")
    expected = (6_000_000 * 7 // 10 * 3 // 4, AlertKind.VOLATILITY_HIGH, True)
    assert (label.message.severity, label.message.expected_alert, label.message.detectable) == expected
    assert closed.at - faulted.scenario.starts_at == 70 * MINUTE
    assert faulted.verdict.unexpected == ()


def test_a_correlation_break_shows_its_correlation(twins):
    faulted, clean, label, _ = twins("kind: correlation_break, correlation: -0.7, hold: 60m, recovery: 10m")
    window = (21 * MINUTE, 80 * MINUTE)
    measured = [
        statistics.correlation(*(returns(fundamental(result, symbol), *window) for symbol in ("BTC/USD", "ETH/USD")))
        for result in (faulted, clean)
    ]
    assert measured == pytest.approx([-0.7, 0.8], abs=0.12)
    assert label.message.first_subject == "ETH/USD"
    assert faulted.verdict.unexpected == ()


@pytest.mark.parametrize(("instrument", "beside"), [("BTC-PERP", "BTC/USD"), ("BTC/USDT", "BTC/USD, USDT/USD")])
def test_a_divergence_shows_its_gap_and_the_venue_follows_it(twins, instrument, beside):
    fault = f"kind: divergence, instrument: {instrument}, magnitude: 0.05, buildup: 20m, sustain: 20m, recovery: 20m"
    faulted, clean, _, closed = twins(fault, f"{beside}, {instrument}")
    moved, true = fundamental(faulted, instrument), fundamental(clean, instrument)
    for at in range(40 * MINUTE, 60 * MINUTE, MINUTE):
        assert moved[at] / true[at] == pytest.approx(1.05, abs=1e-8)
    assert fundamental(faulted, "BTC/USD") == fundamental(clean, "BTC/USD")
    assert closed.at - faulted.scenario.starts_at == 80 * MINUTE
    tick = INSTRUMENTS[instrument].tick_size
    quotes = [
        (entry.at - faulted.scenario.starts_at, (entry.message.bid_ticks + entry.message.ask_ticks) * tick / 2)
        for entry in faulted.entries()
        if isinstance(entry.message, QuoteChanged) and entry.message.instrument == instrument
        if entry.message.bid_ticks and entry.message.ask_ticks
    ]
    late = [middle / true[at - at % (10 * 10**9)] for at, middle in quotes if 45 * MINUTE <= at <= 60 * MINUTE]
    assert late
    assert statistics.fmean(late) == pytest.approx(1.05, abs=0.01)
    assert faulted.verdict.unexpected == ()
