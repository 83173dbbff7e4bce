"""Venues that misbehave, on the whole ecosystem: what production shows of each kind, and that nothing else changes before."""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random

import pytest
from tests.campaign import seeds
from tests.simulation.test_twins import said
from tests.simulation.test_venue_rules import SCENARIO as RULES
from tests.simulation.two_venue_maker import MAKER

import trading_ecosystem
from trading_ecosystem.messages.audit import AlertVerdict, DetectionOutcome
from trading_ecosystem.messages.base import Audience
from trading_ecosystem.messages.custodian import TradeSettled
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    ClaimChanged,
    ClaimReason,
    DepthChanged,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PlaceOrder,
    QuoteChanged,
    TradeMatched,
)
from trading_ecosystem.messages.orders import CancelReason, RejectReason, TradingPhase
from trading_ecosystem.messages.risk import AlertRaised
from trading_ecosystem.messages.test_coordination import FaultKind, GroundTruthClosed, GroundTruthLabelled
from trading_ecosystem.messages.trading_phases import TradingPhaseChanged
from trading_ecosystem.messages.units import MINUTE, PARTS_PER_MILLION, SECOND

VENUE = "exchange-alpha"
SCENARIO = (
    """\
title: A venue misbehaves
duration: 30m
seed: 5
ecosystem:
  market_data: {{jumps: false}}
"""
    + MAKER
    + """\
  - strategy: scripted
    name: hand
    capital:
      exchange-alpha: {{USD: 20000}}
    settings:
      orders: 11m30s buy 0.01 ETH/USD exchange-alpha, 14m buy 0.01 ETH/USD exchange-alpha
faults:
  - {{id: broken, kind: {kind}, at: 10m5s, venue: exchange-alpha, duration: 10m{fields}}}
"""
)
FIELDS = {
    FaultKind.VENUE_OUTAGE: ", orders: cancel",
    FaultKind.VENUE_HALT: "",
    FaultKind.VENUE_LATENCY: ", delay: 3s",
    FaultKind.VENUE_REJECT: ", probability: 0.9",
    FaultKind.VENUE_SPREAD: ", magnitude: 0.04",
    FaultKind.VENUE_LIQUIDITY: ", magnitude: 0.98",
    FaultKind.VENUE_PARTIAL_FILLS: ", pieces: 30",
    FaultKind.VENUE_LOST_ACK: ", probability: 1",
    FaultKind.VENUE_DUPLICATE_EXECUTION: ", probability: 0.8",
    FaultKind.VENUE_LATE_FILL: ", probability: 0.8",
    FaultKind.VENUE_CROSSED_BOOK: ", magnitude: 0.001",
}


@cache
def document(kind, fields):
    return SCENARIO.format(kind=kind.value, fields=fields)


class Record:
    """One faulted run: what the venue said, and when its fault was in effect."""

    def __init__(self, tmp_path, kind, seed=5, fields=None):
        path = tmp_path / "venue.yaml"
        path.write_text(document(kind, FIELDS[kind] if fields is None else fields))
        self.path, self.seed = path, seed
        self.result = trading_ecosystem.run(path, seed=seed)
        self.entries = list(self.result.entries())
        (label,) = self.all_of(GroundTruthLabelled)
        (closed,) = self.all_of(GroundTruthClosed)
        self.label, self.onset, self.ended = label.message, label.message.onset_at, closed.message.ended_at
        self.set_at = self.result.scenario.starts_at + 10 * MINUTE + 5 * SECOND
        self.until = self.set_at + 10 * MINUTE

    def all_of(self, *kinds):
        return [one for one in self.entries if isinstance(one.message, kinds)]

    def of_venue(self, *kinds):
        return [one for one in self.all_of(*kinds) if getattr(one.message, "venue", VENUE) == VENUE]

    def during(self, *kinds):
        return [one for one in self.of_venue(*kinds) if self.stands(one)]

    def stands(self, entry):
        """Whether the condition stood when this was said; it is set between two ticks."""
        return self.set_at < entry.at < self.until


def outage(record):
    quiet = [
        one
        for one in record.entries
        if one.sender == VENUE and record.stands(one) and one.message.audience is not Audience.CONTROL
    ]
    assert quiet == []
    assert {one.message.account for one in record.during(PlaceOrder)} == {"fund/hand"}
    back = [one.message for one in record.of_venue(OrderCancelled) if one.at == record.until]
    assert [one for one in back if one.reason is CancelReason.DISCONNECTED]
    answered = {one.message.client_order_id for one in record.of_venue(OrderAccepted, OrderRejected)}
    assert not {one.message.client_order_id for one in record.during(PlaceOrder)} & answered
    assert [one for one in record.of_venue(QuoteChanged) if one.at == record.until]


def halt(record):
    changes = record.of_venue(TradingPhaseChanged)
    assert [(one.at, one.message.phase) for one in changes] == [
        *[(record.onset, TradingPhase.HALTED)] * 6,
        *[(record.until, TradingPhase.CONTINUOUS)] * 6,
    ]
    assert {one.message.reason for one in record.during(OrderRejected)} <= {RejectReason.WRONG_PHASE}
    assert record.during(TradeMatched) == []


def answers(record):
    """Each command with the delay of its answer, of those given while the fault lasted."""
    asked = {}
    for one in record.of_venue(PlaceOrder, CancelOrder, OrderAccepted, OrderRejected, OrderCancelled, CancelRejected):
        place = isinstance(one.message, (PlaceOrder, OrderAccepted, OrderRejected))
        key = (one.message.client_order_id, place)
        if isinstance(one.message, (PlaceOrder, CancelOrder)):
            if record.stands(one):
                asked.setdefault(key, one.at)
        elif key in asked:
            yield key, one.at - asked.pop(key)
    for key in asked:
        yield key, None


def latency(record):
    delays = [delay for _, delay in answers(record) if delay is not None]
    assert len(delays) > 20
    assert min(delays) >= 3 * SECOND
    fills, accepted = Counter(), set()
    for one in record.of_venue(OrderAccepted, OrderFilled):
        if isinstance(one.message, OrderAccepted):
            accepted.add(one.message.order_id)
        else:
            fills[one.message.order_id in accepted] += 1
    assert set(fills) == {True}


def reject(record):
    said = [one.message for one in record.during(OrderAccepted, OrderRejected)]
    refused = [one for one in said if isinstance(one, OrderRejected)]
    assert {one.reason for one in refused} == {RejectReason.EXCHANGE_OPTION}
    assert len(said) >= 10
    assert len(refused) / len(said) > 0.7
    outside = [one for one in record.of_venue(OrderRejected) if not record.stands(one)]
    assert all(one.message.reason is not RejectReason.EXCHANGE_OPTION for one in outside)


def spreads_ppm(record, symbol, during):
    quotes = record.during(QuoteChanged) if during else [one for one in record.of_venue(QuoteChanged) if one.at < record.onset]
    quotes = [one.message for one in quotes if one.message.instrument == symbol and one.message.bid_ticks]
    return [(one.ask_ticks - one.bid_ticks) * PARTS_PER_MILLION // one.bid_ticks for one in quotes if one.ask_ticks]


def spread(record):
    # Nobody but the background quotes these two.
    for symbol in ("ETH/USDT", "ETH/BTC"):
        assert min(spreads_ppm(record, symbol, during=True)) >= 40_000
        assert max(spreads_ppm(record, symbol, during=False)) < 10_000
    last = record.of_venue(QuoteChanged)[-1].message
    assert (last.ask_ticks - last.bid_ticks) * 100 < last.bid_ticks


def lots(depth):
    return sum(level.quantity_lots for level in (*depth.bids, *depth.asks))


def liquidity(record):
    for symbol in ("ETH/USDT", "ETH/BTC"):
        depths = [one for one in record.of_venue(DepthChanged) if one.message.instrument == symbol]
        before = [lots(one.message) for one in depths if one.at < record.onset][-60:]
        thin = [lots(one.message) for one in depths if record.stands(one)]
        assert max(thin) * 8 < sum(before) / len(before)
        assert lots(depths[-1].message) * 4 > sum(before) / len(before)


def partial_fills(record):
    matched = Counter((one.at, one.message.buyer_order_id, one.message.seller_order_id) for one in record.during(TradeMatched))
    assert matched
    assert set(matched.values()) == {30}
    others = [one for one in record.of_venue(TradeMatched) if not record.stands(one)]
    assert max(Counter((one.at, one.message.buyer_order_id) for one in others).values()) < 30


def lost_ack(record):
    assert record.during(OrderAccepted, OrderRejected, CancelRejected, OrderCancelled) == []
    # What nobody heard of is in the book all the same, and trades; what was cancelled holds nothing any more.
    placed = {one.message.client_order_id for one in record.during(PlaceOrder)}
    assert placed & {one.message.client_order_id for one in record.during(OrderFilled)}
    assert record.during(CancelOrder)
    returned = [one.message for one in record.during(ClaimChanged) if one.message.reason is ClaimReason.RETURNED]
    assert returned


def duplicate_execution(record):
    times = Counter((one.message.instrument, one.message.execution_id) for one in record.of_venue(OrderFilled))
    twice = [key for key, count in times.items() if count == 2]
    assert twice
    assert set(times.values()) == {1, 2}
    trades = Counter((one.message.instrument, one.message.trade_id) for one in record.of_venue(TradeSettled))
    assert set(trades.values()) == {1}


def late_fill(record):
    cancelled, late = {}, []
    for one in record.of_venue(OrderCancelled, OrderFilled):
        if isinstance(one.message, OrderCancelled):
            cancelled[one.message.order_id] = one.message
        elif one.message.order_id in cancelled:
            late.append(one)
            left = cancelled[one.message.order_id].leaves_lots
            assert (one.message.quantity_lots, one.message.leaves_lots) == (left, 0)
    assert len(late) > 5
    assert all(record.stands(one) for one in late)
    settled = {(one.message.instrument, one.message.trade_id) for one in record.of_venue(TradeSettled)}
    assert all((one.message.instrument, one.message.trade_id) in settled for one in late if one.at < record.set_at + 5 * MINUTE)
    trades = {(one.message.instrument, one.message.trade_id) for one in late}
    matches = [one.message for one in record.during(TradeMatched) if (one.message.instrument, one.message.trade_id) in trades]
    assert len(matches) == len(late)
    assert all(f"{VENUE}-house" in (one.buyer, one.seller) for one in matches)


def crossed_book(record):
    crossed = [one for one in record.of_venue(QuoteChanged) if one.message.bid_ticks >= one.message.ask_ticks > 0]
    assert crossed == record.during(QuoteChanged)
    assert all(one.message.bids[0].price_ticks < one.message.asks[0].price_ticks for one in record.during(DepthChanged))
    first = {}
    for one in record.of_venue(QuoteChanged):
        if one.at >= record.until:
            first.setdefault(one.message.instrument, one.at)
    # Whatever was said wrong is said right at the next publication.
    assert {first[one.message.instrument] for one in crossed} == {record.until + 5 * SECOND}


CHECKS = {
    FaultKind.VENUE_OUTAGE: outage,
    FaultKind.VENUE_HALT: halt,
    FaultKind.VENUE_LATENCY: latency,
    FaultKind.VENUE_REJECT: reject,
    FaultKind.VENUE_SPREAD: spread,
    FaultKind.VENUE_LIQUIDITY: liquidity,
    FaultKind.VENUE_PARTIAL_FILLS: partial_fills,
    FaultKind.VENUE_LOST_ACK: lost_ack,
    FaultKind.VENUE_DUPLICATE_EXECUTION: duplicate_execution,
    FaultKind.VENUE_LATE_FILL: late_fill,
    FaultKind.VENUE_CROSSED_BOOK: crossed_book,
}


def test_every_kind_of_venue_fault_is_looked_at():
    assert set(CHECKS) == set(FIELDS) == {kind for kind in FaultKind if kind.value.startswith("venue_")}


@cache
def clean_said(directory, seed):
    path = directory / "clean.yaml"
    path.write_text(document(FaultKind.VENUE_HALT, ""))
    result = trading_ecosystem.run(path, seed=seed, faults=False)
    assert result.audit.conservation == ()
    return said(result, result.scenario.starts_at + 30 * MINUTE)


@pytest.mark.parametrize("seed", seeds(1, 5))
@pytest.mark.parametrize("kind", list(FIELDS))
def test_a_venue_fault_does_what_it_is_for_and_nothing_before(tmp_path, tmp_path_factory, kind, seed):
    record = Record(tmp_path, kind, seed)
    assert record.result.audit.conservation == ()
    assert record.set_at <= record.onset < record.until <= record.ended
    assert record.label.kind is kind
    assert record.label.component == VENUE
    assert record.label.detectable

    clean = clean_said(tmp_path_factory.getbasetemp(), seed)
    before = said(record.result, record.onset)
    assert len(before) > 1000
    assert before == [one for one in clean if one[0] < record.onset]
    CHECKS[kind](record)

    raised = [
        one
        for one in record.all_of(AlertRaised)
        if one.message.kind is record.label.expected_alert and one.message.subject in record.label.expected_subjects
    ]
    assert raised
    assert record.onset <= raised[0].at <= record.ended
    assert [one for one in record.all_of(AlertRaised) if one.at < record.onset] == []

    (score,) = record.result.audit.detections
    assert score.outcome is DetectionOutcome.DETECTED
    assert 0 <= score.time_to_detect_ns <= score.sla_ns
    assert any(chain.fault_id == "broken" and chain.alert_id == score.alert_id for chain in record.result.audit.chains)
    assert all(alert.verdict is not AlertVerdict.FALSE for alert in record.result.audit.alerts)


def test_orders_that_an_outage_holds_rest_and_trade_afterwards(tmp_path):
    record = Record(tmp_path, FaultKind.VENUE_OUTAGE, fields=", orders: hold")
    assert record.result.audit.conservation == ()
    back = [one.message for one in record.of_venue(OrderCancelled) if one.at == record.until]
    assert all(one.reason is not CancelReason.DISCONNECTED for one in back)
    resting = {}
    for one in record.of_venue(OrderAccepted, OrderFilled, OrderCancelled):
        if one.at < record.onset:
            resting[one.message.order_id] = not (
                isinstance(one.message, OrderCancelled)
                or (isinstance(one.message, OrderFilled) and not one.message.leaves_lots)
            )
    held = {order_id for order_id, rests in resting.items() if rests}
    after = [one.message for one in record.of_venue(OrderFilled, OrderCancelled) if one.at >= record.until]
    assert held & {one.order_id for one in after}


def test_the_sides_of_a_spread_move_by_half_of_it(tmp_path):
    record = Record(tmp_path, FaultKind.VENUE_SPREAD, fields=", magnitude: 0.02, instruments: [ETH/BTC]")
    assert {one.split(":")[1] for one in record.label.expected_subjects} == {"ETH/BTC"}
    assert min(spreads_ppm(record, "ETH/BTC", during=True)) >= 20_000
    assert max(spreads_ppm(record, "ETH/USDT", during=True)) < 10_000
    by_side = [
        (one.message.bid_ticks, one.message.ask_ticks)
        for one in record.of_venue(QuoteChanged)
        if one.message.instrument == "ETH/BTC" and one.at in (record.onset, record.onset - 10 * SECOND)
    ]
    assert len(by_side) == 2
    (bid, ask), (wide_bid, wide_ask) = by_side
    assert bid - wide_bid == pytest.approx(bid * 0.01, rel=0.3)
    assert wide_ask - ask == pytest.approx(ask * 0.01, rel=0.3)


def test_latency_of_cancels_alone_leaves_other_answers_at_once(tmp_path):
    record = Record(tmp_path, FaultKind.VENUE_LATENCY, fields=", delay: 2s, operation: cancel, account: fund/maker")
    late = {place: [] for place in (True, False)}
    for (_, place), delay in answers(record):
        late[place].append(delay)
    assert min(delay for delay in late[False] if delay is not None) >= 2 * SECOND
    assert 0 in late[True]


@pytest.mark.parametrize(
    ("fields", "kind", "detectable"),
    [
        (", delay: 900ms", FaultKind.VENUE_LATENCY, False),
        (", probability: 0.79", FaultKind.VENUE_REJECT, False),
        (", magnitude: 0.019", FaultKind.VENUE_SPREAD, False),
        (", magnitude: 0.94", FaultKind.VENUE_LIQUIDITY, False),
        (", pieces: 19", FaultKind.VENUE_PARTIAL_FILLS, False),
        (", probability: 0.99", FaultKind.VENUE_LOST_ACK, False),
    ],
)
def test_a_fault_below_its_severity_is_labelled_as_not_detectable(tmp_path, fields, kind, detectable):
    record = Record(tmp_path, kind, fields=fields)
    assert record.label.detectable is detectable
    assert record.result.audit.conservation == ()


def some_fault(draw, number, venues):
    """Any kind, anywhere, of any size."""
    kind = draw.choice(list(FIELDS))
    sizes = {
        FaultKind.VENUE_OUTAGE: ("orders", ["cancel", "hold"]),
        FaultKind.VENUE_LATENCY: ("delay", ["10ms", "3s", "90s", "9m"]),
        FaultKind.VENUE_SPREAD: ("magnitude", [0.0001, 0.02, 0.25]),
        FaultKind.VENUE_LIQUIDITY: ("magnitude", [0.1, 0.95, 1]),
        FaultKind.VENUE_CROSSED_BOOK: ("magnitude", [0.00001, 0.02]),
        FaultKind.VENUE_PARTIAL_FILLS: ("pieces", [2, 20, 200]),
        FaultKind.VENUE_HALT: ("instruments", ["[BTC/USD]", "[BTC/USD, USDT/USD]"]),
    }
    name, values = sizes.get(kind, ("probability", [0.1, 0.5, 1]))
    at, lasts = draw.randrange(60, 1_700), draw.choice([1, 10, 60, 300, 900])
    where = f"venue: {draw.choice(venues)}, at: {at}s, duration: {lasts}s"
    return f"  - {{id: f{number}, kind: {kind.value}, {where}, {name}: {draw.choice(values)}}}\n"


@pytest.mark.parametrize("seed", seeds(3, 100))
def test_assets_are_conserved_whatever_faults_overlap(tmp_path, seed):
    draw = Random(seed)
    head = document(FaultKind.VENUE_HALT, "").partition("faults:\n")[0]
    faults = "".join(some_fault(draw, number, ("exchange-alpha", "exchange-beta")) for number in range(draw.randrange(3, 12)))
    path = tmp_path / "many.yaml"
    path.write_text(f"{head}faults:\n{faults}")
    result = trading_ecosystem.run(path, seed=seed)
    assert result.audit.conservation == ()


@pytest.mark.parametrize("seed", seeds(2, 50))
def test_assets_are_conserved_on_a_venue_with_rules(tmp_path, seed):
    draw = Random(seed)
    path = tmp_path / "rules.yaml"
    faults = "".join(some_fault(draw, number, ("north", "south")) for number in range(draw.randrange(3, 12)))
    path.write_text(f"{RULES.replace('clean_periods: [{}]', '')}faults:\n{faults}")
    assert trading_ecosystem.run(path, seed=seed).audit.conservation == ()
