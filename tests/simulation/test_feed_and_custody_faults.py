"""The vendor feed and the custodian misbehave: what production shows of each kind, and that nothing else changes before."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from tests.campaign import seeds
from tests.simulation.test_twins import said
from tests.simulation.two_venue_maker import MAKER

import trading_ecosystem
from trading_ecosystem.messages.audit import AlertVerdict, DetectionOutcome
from trading_ecosystem.messages.custodian import (
    HoldingsStated,
    SettlementFailed,
    SettlementFailReason,
    SettlementInstructed,
    SettlementPartlySettled,
    SettlementSettled,
    TransferPending,
    TransferPosted,
    TransferRejected,
    TransferRejectReason,
)
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.test_coordination import FaultKind, GroundTruthClosed, GroundTruthLabelled
from trading_ecosystem.messages.units import MINUTE, SECOND

SCENARIO = (
    """\
title: The feed or the custodian misbehaves
duration: 35m
seed: 5
ecosystem:
  market_data: {{jumps: false}}
"""
    + MAKER
    + """\
operations:
  - {{at: 2m, transfer: deposit, account: fund/maker, asset: USD, amount: 5000, every: 3m}}
faults:
  - {{id: broken, at: 10m5s, kind: {kind}, {fields}}}
"""
)
SEED = seeds(1, 5)[0]
FIELDS = {
    FaultKind.FEED_DUPLICATE: "duration: 10m, probability: 0.5, delay: 2s",
    FaultKind.FEED_OUT_OF_ORDER: "duration: 10m, probability: 0.5, delay: 12s",
    FaultKind.FEED_GAP: "duration: 10m, probability: 0.5",
    FaultKind.FEED_FROZEN: "duration: 5m",
    FaultKind.FEED_BAD_TICK: "duration: 10m, probability: 0.5, shift: 1",
    FaultKind.FEED_CLOCK_SKEW: "duration: 10m, skew: 2s",
    FaultKind.TRANSFER_REJECT: "duration: 10m, probability: 1",
    FaultKind.TRANSFER_SLOW: "duration: 5m, delay: 10m",
    FaultKind.PARTIAL_SETTLEMENT: "duration: 15m, share: 0.4",
    FaultKind.BANK_HOLIDAY: "duration: 15m",
    FaultKind.INSTRUCTION_MISMATCH: "duration: 10m, probability: 1, magnitude: 0.1",
    FaultKind.STALE_BALANCE: "duration: 15m",
}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("odd") / "odd.yaml"


@cache
def faulted(path, kind, seed, fields=None):
    path.write_text(SCENARIO.format(kind=kind.value, fields=fields or FIELDS[kind]))
    return trading_ecosystem.run(path, seed=seed)


@cache
def clean(path, seed):
    path.write_text(SCENARIO.format(kind="feed_frozen", fields="duration: 5m"))
    return trading_ecosystem.run(path, seed=seed, faults=False)


def of(result, kind, begin=0, end=2**63):
    """(instant, message) of a type that were said from ``begin`` until before ``end``."""
    return [(one.at, one.message) for one in result.entries() if type(one.message) is kind and begin <= one.at < end]


def effect(result):
    """When the fault began and ended."""
    ((onset, _),) = of(result, GroundTruthLabelled)
    ((end, _),) = of(result, GroundTruthClosed)
    return onset, end


@pytest.mark.parametrize("seed", seeds(1, 5))
@pytest.mark.parametrize("kind", list(FIELDS))
def test_it_is_labelled_noticed_in_time_and_conserves_and_nothing_differs_before(path, kind, seed):
    result, twin = faulted(path, kind, seed), clean(path, seed)
    assert result.verdict.unexpected == ()
    assert result.audit.conservation == twin.audit.conservation == ()
    (score,) = result.audit.detections
    assert score.outcome is DetectionOutcome.DETECTED
    assert 0 <= score.time_to_detect_ns <= score.sla_ns
    onset, end = effect(result)
    assert said(result, onset) == said(twin, onset)
    assert said(result, end) != said(twin, end)
    assert twin.audit.alerts == ()


def test_a_slow_clock_makes_prices_old(path):
    result = faulted(path, FaultKind.FEED_CLOCK_SKEW, SEED, "duration: 10m, skew: -45s")
    (score,) = result.audit.detections
    assert (score.outcome, score.expected_alert.value) == (DetectionOutcome.DETECTED, "price_stale")


def test_what_the_feed_says(path):
    """Against the clean twin, whose prices are the right ones."""
    right = {(one.instrument, one.priced_at): one for _, one in of(clean(path, SEED), PricePublished)}

    def prices(kind):
        result = faulted(path, kind, SEED)
        onset, end = effect(result)
        return onset, [(at, one) for at, one in of(result, PricePublished, onset, end)]

    _, repeated = prices(FaultKind.FEED_DUPLICATE)
    copies = [(at, one) for at, one in repeated if at == one.priced_at + 2 * SECOND]
    assert 140 < len(copies) < 215, "of 59 ticks and 6 instruments about a half"
    assert all(one in {before for _, before in repeated[: repeated.index((at, one))]} for at, one in copies)
    _, late = prices(FaultKind.FEED_OUT_OF_ORDER)
    assert {at - one.priced_at for at, one in late} == {0, 12 * SECOND}
    assert all(one.price_minor == right[one.instrument, one.priced_at].price_minor for _, one in late)
    _, gaps = prices(FaultKind.FEED_GAP)
    assert all(one.price_minor == right[one.instrument, one.priced_at].price_minor for _, one in gaps)
    numbers = [one.update for _, one in gaps if one.instrument == "BTC/USD"]
    assert {after - before for before, after in pairwise(numbers)} == {1, 2}
    onset, frozen = prices(FaultKind.FEED_FROZEN)
    assert all(one.priced_at == at for at, one in frozen)
    assert all(one.price_minor == right[one.instrument, onset - 10 * SECOND].price_minor for _, one in frozen)
    _, wrong = prices(FaultKind.FEED_BAD_TICK)
    assert {one.price_minor / right[one.instrument, one.priced_at].price_minor for _, one in wrong} == {1, 10}
    _, early = prices(FaultKind.FEED_CLOCK_SKEW)
    assert all(one.priced_at == at + 2 * SECOND for at, one in early)


def test_what_the_custodian_does_with_transfers(path):
    refused = faulted(path, FaultKind.TRANSFER_REJECT, SEED)
    onset, end = effect(refused)
    answers = [one.reason for _, one in of(refused, TransferRejected)]
    assert answers == [TransferRejectReason.REFUSED] * 4, "those at 11, 14, 17 and 20 minutes"
    assert not of(refused, TransferPosted, onset, end)
    slow = faulted(path, FaultKind.TRANSFER_SLOW, SEED)
    pending = {one.transfer_id: (at, one.posts_at) for at, one in of(slow, TransferPending)}
    posted = {one.transfer_id: at for at, one in of(slow, TransferPosted)}
    assert len(pending) == 2
    assert all(posts_at == at and posted[name] == at + 10 * MINUTE for name, (at, posts_at) in pending.items())
    holiday = faulted(path, FaultKind.BANK_HOLIDAY, SEED)
    _, over = effect(holiday)
    waiting = {one.transfer_id for _, one in of(holiday, TransferPending)}
    assert len(waiting) == 5
    assert {at for at, one in of(holiday, TransferPosted) if one.transfer_id in waiting} == {over}


def test_what_the_custodian_does_with_instructions(path):
    partial = faulted(path, FaultKind.PARTIAL_SETTLEMENT, SEED)
    trades = {(one.venue, one.trade_id, one.instrument, one.account): one for _, one in of(partial, SettlementInstructed)}
    parts = of(partial, SettlementPartlySettled)
    whole = {(one.venue, one.trade_id, one.instrument, one.account): at for at, one in of(partial, SettlementSettled)}
    assert len(parts) > 10
    for at, one in parts:
        trade = trades[one.venue, one.trade_id, one.instrument, one.account]
        assert one.base_minor == trade.base_minor * 2 // 5
        assert one.quote_minor == trade.quote_minor * 2 // 5
        assert whole[one.venue, one.trade_id, one.instrument, one.account] > at
    holiday = faulted(path, FaultKind.BANK_HOLIDAY, SEED)
    onset, over = effect(holiday)
    instruments = {
        one.instrument for _, one in of(holiday, SettlementFailed) if one.reason is SettlementFailReason.BANK_HOLIDAY
    }
    assert instruments
    assert all(one.endswith("/USD") for one in instruments)
    settled = {one.instrument for _, one in of(holiday, SettlementSettled, onset, over)}
    assert settled
    assert not any(one.endswith("/USD") for one in settled)
    mismatch = faulted(path, FaultKind.INSTRUCTION_MISMATCH, SEED)
    onset, over = effect(mismatch)
    key = {}
    for at, one in of(mismatch, SettlementInstructed, onset):
        key.setdefault((one.venue, one.trade_id, one.instrument, one.account), []).append((at, one))
    corrected = [said for said in key.values() if len(said) == 2]
    assert len(corrected) > 10
    for (_, first), (at, again) in corrected:
        assert (first.base_minor, first.quote_minor) == (again.base_minor * 11 // 10, again.quote_minor)
        assert at <= over


def test_old_statements_repeat_the_lines_before(path):
    stale = faulted(path, FaultKind.STALE_BALANCE, SEED)
    onset, over = effect(stale)
    stated = [(at, one) for at, one in of(stale, HoldingsStated) if one.account == "fund/maker"]
    assert all(one.stated_at == at for at, one in stated)
    before = [one.lines for at, one in stated if at < onset][-1]
    during = [one.lines for at, one in stated if onset <= at < over]
    assert len(during) >= 2
    assert all(lines == before for lines in during)
    assert next(one.lines for at, one in stated if at >= over) != before


OVERLAPPING = """\
  - {id: false-instructions, at: 11m, kind: instruction_mismatch, duration: 5m, probability: 0.5, magnitude: -0.2}
  - {id: holiday, at: 12m, kind: bank_holiday, duration: 6m}
  - {id: rejects, at: 12m, kind: settlement_reject, duration: 10m, probability: 0.5}
  - {id: offline, at: 13m, kind: custodian_offline, duration: 3m}
  - {id: slow, at: 14m, kind: transfer_slow, duration: 10m, delay: 6m}
  - {id: old, at: 15m, kind: stale_balance, duration: 12m}
  - {id: delayed, at: 16m, kind: settlement_delay, duration: 4m, delay: 3m}
  - {id: frozen, at: 12m, kind: feed_frozen, duration: 4m}
  - {id: copies, at: 13m, kind: feed_duplicate, duration: 9m, probability: 0.5, delay: 25s}
  - {id: passed, at: 14m, kind: feed_out_of_order, duration: 9m, probability: 0.5, delay: 25s}
  - {id: late, at: 15m, kind: feed_delay, duration: 5m, delay: 12s}
"""


@pytest.mark.parametrize("seed", seeds(1, 10))
def test_all_together_they_conserve_and_no_alert_is_false(path, seed):
    """A number that arrives several times at one instant, an instruction that several conditions hold, and so on."""
    path.write_text(SCENARIO.format(kind="partial_settlement", fields="duration: 9m, share: 0.4") + OVERLAPPING)
    result = trading_ecosystem.run(path, seed=seed)
    assert result.audit.conservation == ()
    assert not [alert for alert in result.audit.alerts if alert.verdict is AlertVerdict.FALSE]
    assert len(result.audit.detections) > 10
    assert not result.table("custodian.breaks")
