"""The fault schedule: generated whole, from streams of its own, and turned into typed conditions."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.test_coordination.fault_reading import FAMILIES
from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.scenario import (
    CorrelationFault,
    CustodianFault,
    DivergenceFault,
    FeedCorruption,
    FeedFault,
    LinkFault,
    PlannedFault,
    PriceFault,
    VolatilityFault,
)
from trading_ecosystem.domains.test_coordination.schedule import FaultSchedule, condition_of, generate_schedule
from trading_ecosystem.domains.test_coordination.severity import Label, label_of, severity_of, targets_of
from trading_ecosystem.messages.custodian import CustodianConditionKind, CustodianConditionSet
from trading_ecosystem.messages.market_data import (
    CorrelationConditionSet,
    DivergenceConditionSet,
    FeedConditionKind,
    FeedConditionSet,
    FeedCorruptionSet,
    PriceConditionKind,
    PriceConditionSet,
    VolatilityConditionSet,
)
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind, LinkConditionKind, LinkConditionSet
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND, SPOT_PAIRS
from trading_ecosystem.runtime.randomness import SeededRandomness

DEPEG = PriceFault("depeg", FaultKind.STABLECOIN_DEPEG, 2 * HOUR, ("USDT",), -60_000, MINUTE, HOUR, 2 * MINUTE, -10_000)
DROP = FeedFault("drop", FaultKind.FEED_DROP, HOUR, MINUTE, ("BTC/USD",), 300_000, 0)
LATE = CustodianFault("late", FaultKind.SETTLEMENT_DELAY, HOUR, MINUTE, 0, HOUR)
CUT = LinkFault("cut", FaultKind.LINK_REORDER, 0, MINUTE, ("alpha",), ("risk", "trading"), 250_000, SECOND)
PARAMETERS = TestCoordinationParameters(
    faults=(), instruments=("BTC/USD",), venues=("alpha",), tick_ns=SECOND, retry_every_ns=MINUTE, custodian="vault"
)


def test_exact_faults_come_in_order_of_onset() -> None:
    planned = tuple(PlannedFault(fault, fault) for fault in (DEPEG, DROP, LATE, CUT))
    schedule = generate_schedule(planned, "test-coordination", SeededRandomness(1))
    assert schedule == FaultSchedule((CUT, DROP, LATE, DEPEG))
    assert (schedule.fault("late"), schedule.fault("nothing")) == (LATE, None)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.integers(0, 2**63 - 1))
def test_ranges_are_drawn_between_their_ends_and_nothing_else_moves(seed: int) -> None:
    highest = msgspec.structs.replace(DEPEG, magnitude_ppm=-20_000, at_ns=3 * HOUR)
    planned = PlannedFault(DEPEG, highest)
    first = generate_schedule((planned,), "test-coordination", SeededRandomness(seed))
    (fault,) = first.faults
    assert isinstance(fault, PriceFault)
    assert -60_000 <= fault.magnitude_ppm <= -20_000
    assert 2 * HOUR <= fault.at_ns <= 3 * HOUR
    assert msgspec.structs.replace(fault, magnitude_ppm=-60_000, at_ns=2 * HOUR) == DEPEG
    beside = (PlannedFault(LATE, msgspec.structs.replace(LATE, delay_ns=2 * HOUR)), planned)
    assert generate_schedule(beside, "test-coordination", SeededRandomness(seed)).fault("depeg") == fault


def test_draws_differ_by_seed_and_fault() -> None:
    highest = msgspec.structs.replace(DEPEG, hold_ns=20 * HOUR)
    other = [msgspec.structs.replace(fault, id="other") for fault in (DEPEG, highest)]
    planned = (PlannedFault(DEPEG, highest), PlannedFault(*other))
    holds = [
        fault.hold_ns
        for seed in range(5)
        for fault in generate_schedule(planned, "test-coordination", SeededRandomness(seed)).faults
        if isinstance(fault, PriceFault)
    ]
    assert len(set(holds)) == 10


def test_each_fault_becomes_its_typed_condition() -> None:
    now = 100 * HOUR
    assert condition_of(DEPEG, PARAMETERS, now) == PriceConditionSet(
        component="market-data",
        condition_id="depeg",
        kind=PriceConditionKind.STABLECOIN_DEPEG,
        assets=("USDT",),
        magnitude_ppm=-60_000,
        ramp_ns=MINUTE,
        hold_ns=HOUR,
        recovery_ns=2 * MINUTE,
        residual_ppm=-10_000,
    )
    assert condition_of(DROP, PARAMETERS, now) == FeedConditionSet(
        component="market-data",
        condition_id="drop",
        kind=FeedConditionKind.FEED_DROP,
        instruments=("BTC/USD",),
        until=now + MINUTE,
        probability_ppm=300_000,
        delay_ns=0,
    )
    assert condition_of(LATE, PARAMETERS, now) == CustodianConditionSet(
        component="vault",
        condition_id="late",
        kind=CustodianConditionKind.SETTLEMENT_DELAY,
        until=now + MINUTE,
        delay_ns=HOUR,
        probability_ppm=0,
    )
    assert condition_of(CUT, PARAMETERS, now) == LinkConditionSet(
        component="links",
        condition_id="cut",
        kind=LinkConditionKind.LINK_REORDER,
        senders=("alpha",),
        receivers=("risk", "trading"),
        until=now + MINUTE,
        delay_ns=SECOND,
        probability_ppm=250_000,
    )


def test_every_fault_kind_is_a_kind_of_condition() -> None:
    kinds = [PriceConditionKind, FeedConditionKind, CustodianConditionKind, LinkConditionKind]
    single = [FaultKind.VOLATILITY_SPIKE, FaultKind.CORRELATION_BREAK, FaultKind.DIVERGENCE, FaultKind.FEED_CORRUPT]
    members = {member.value for kind in kinds for member in kind}
    assert members | {kind.value for kind in (*single, *FAMILIES)} == {kind.value for kind in FaultKind}


def test_a_corrupt_feed_becomes_a_typed_condition() -> None:
    fault = FeedCorruption("x", FaultKind.FEED_CORRUPT, HOUR, MINUTE, ("BTC/USD",), 500_000, -40_000)
    expected = FeedCorruptionSet("market-data", "x", ("BTC/USD",), 7 + MINUTE, 500_000, -40_000)
    assert condition_of(fault, PARAMETERS, 7) == expected
    assert targets_of(fault, PARAMETERS) == ("BTC/USD",)


def test_faults_of_how_prices_move_become_typed_conditions() -> None:
    spike = VolatilityFault("v", FaultKind.VOLATILITY_SPIKE, HOUR, ("BTC",), 10_000_000, SECOND, MINUTE, 2 * MINUTE)
    parting = CorrelationFault("c", FaultKind.CORRELATION_BREAK, HOUR, "ETH", "BTC", -250_000, MINUTE, 2 * MINUTE)
    gap = DivergenceFault("d", FaultKind.DIVERGENCE, HOUR, "BTC/USDT", -50_000, SECOND, MINUTE, 2 * MINUTE)
    assert [condition_of(fault, PARAMETERS, 7) for fault in (spike, parting, gap)] == [
        VolatilityConditionSet("market-data", "v", ("BTC",), 10_000_000, SECOND, MINUTE, 2 * MINUTE),
        CorrelationConditionSet("market-data", "c", "ETH", "BTC", -250_000, MINUTE, 2 * MINUTE),
        DivergenceConditionSet("market-data", "d", "BTC/USDT", -50_000, SECOND, MINUTE, 2 * MINUTE),
    ]
    assert [fault.lasts_ns for fault in (spike, parting, gap)] == [181 * SECOND, 3 * MINUTE, 181 * SECOND]
    assert [severity_of(fault, PARAMETERS) for fault in (spike, parting, gap)] == [0, 0, 50_000]
    assert [targets_of(fault, PARAMETERS) for fault in (spike, parting, gap)] == [("BTC",), ("ETH",), ("BTC/USDT",)]
    seen = (AlertKind.BASIS_DIVERGENCE, ("BTC/USDT",), True, 10_000, 30 * SECOND, 50_000)
    assert label_of(gap, msgspec.structs.replace(PARAMETERS, instruments=SPOT_PAIRS)) == Label(*seen)
    for fault, alert in ((spike, AlertKind.VOLATILITY_HIGH), (parting, AlertKind.CORRELATION_BREACH)):
        label = label_of(fault, PARAMETERS)
        assert (label.expected_alert, label.detectable) == (alert, False), "held for a minute, it does not show"
    volatile = msgspec.structs.replace(PARAMETERS, annual_volatility_ppm={"BTC": 600_000})
    longer = VolatilityFault("v", FaultKind.VOLATILITY_SPIKE, HOUR, ("BTC",), 4_000_000, 0, 16 * MINUTE, 0)
    parted = CorrelationFault("c", FaultKind.CORRELATION_BREAK, HOUR, "ETH", "BTC", -300_000, 35 * MINUTE, MINUTE)
    assert [severity_of(fault, volatile) for fault in (longer, parted)] == [1_800_000, 1_300_000]
    assert all(label_of(fault, volatile).detectable for fault in (longer, parted))
