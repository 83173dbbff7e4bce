"""The size of a fault, what the catalogue makes of it, and the subjects of its alert."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.test_coordination.catalogue import CATALOGUE
from trading_ecosystem.domains.test_coordination.catalogue_entry import Target
from trading_ecosystem.domains.test_coordination.fault_reading import FAMILIES
from trading_ecosystem.domains.test_coordination.feed_faults import certain_count
from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.scenario import (
    CustodianFault,
    Fault,
    FeedCorruption,
    FeedFault,
    LinkFault,
    PriceFault,
)
from trading_ecosystem.domains.test_coordination.severity import Label, certain_silence, label_of, severity_of, targets_of
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import MINUTE, PARTS_PER_MILLION, SECOND, SPOT_PAIRS

VENUES = ("alpha", "beta")
PARAMETERS = TestCoordinationParameters(
    faults=(), instruments=SPOT_PAIRS, venues=VENUES, tick_ns=10 * SECOND, retry_every_ns=MINUTE
)
FEED = SPOT_PAIRS


def price(kind: FaultKind, assets: tuple[str, ...], magnitude_ppm: int, ramp_ns: int, recovery_ns: int = 0) -> PriceFault:
    return PriceFault("f", kind, 0, assets, magnitude_ppm, ramp_ns, 10 * MINUTE, recovery_ns, 0)


def shock(magnitude_ppm: int, ramp_ns: int, recovery_ns: int = 60 * MINUTE) -> PriceFault:
    return price(FaultKind.PRICE_SHOCK, ("BTC",), magnitude_ppm, ramp_ns, recovery_ns)


def crash(magnitude_ppm: int, ramp_ns: int) -> PriceFault:
    return price(FaultKind.MARKET_CRASH, ("BTC", "ETH"), magnitude_ppm, ramp_ns)


def feed(kind: FaultKind, lasts_ns: int, probability_ppm: int = 0, delay_ns: int = 0) -> FeedFault:
    return FeedFault("f", kind, 0, lasts_ns, ("BTC/USD",), probability_ppm, delay_ns)


def corrupt(lasts_ns: int, probability_ppm: int, magnitude_ppm: int) -> FeedCorruption:
    return FeedCorruption("f", FaultKind.FEED_CORRUPT, 0, lasts_ns, ("BTC/USD",), probability_ppm, magnitude_ppm)


def custodian(kind: FaultKind, lasts_ns: int, probability_ppm: int = 0, delay_ns: int = 0) -> CustodianFault:
    return CustodianFault("f", kind, 0, lasts_ns, probability_ppm, delay_ns)


def link(kind: FaultKind, receiver: str, lasts_ns: int, probability_ppm: int = 0, delay_ns: int = 0) -> LinkFault:
    return LinkFault("f", kind, 0, lasts_ns, ("market-data", "alpha"), (receiver,), probability_ppm, delay_ns)


def test_every_kind_is_in_the_catalogue_with_its_design_figures() -> None:
    assert set(CATALOGUE) == set(FaultKind)
    stated = {
        kind: (entry.expected_alert, entry.threshold, entry.detectable_from, entry.sla_ns)
        for kind, entry in CATALOGUE.items()
        if kind not in FAMILIES
    }
    stale = (AlertKind.PRICE_STALE, 30 * SECOND, 30 * SECOND + 1, 5 * SECOND)
    overdue = (AlertKind.SETTLEMENT_OVERDUE, 5 * MINUTE, 5 * MINUTE, MINUTE)
    assert stated == {
        FaultKind.PRICE_SHOCK: (AlertKind.PRICE_SHOCK, 30_000, 30_000, 30 * SECOND),
        FaultKind.STABLECOIN_DEPEG: (AlertKind.STABLECOIN_DEPEG, 20_000, 20_000, 15 * MINUTE),
        FaultKind.MARKET_CRASH: (AlertKind.PRICE_CRASH, 50_000, 50_000, 2 * MINUTE),
        FaultKind.FEED_STALE: stale,
        FaultKind.FEED_DROP: stale,
        FaultKind.FEED_DELAY: stale,
        FaultKind.SETTLEMENT_DELAY: overdue,
        FaultKind.SETTLEMENT_REJECT: overdue,
        FaultKind.CUSTODIAN_OFFLINE: overdue,
        FaultKind.LINK_DELAY: stale,
        FaultKind.LINK_DROP: stale,
        FaultKind.LINK_DUPLICATE: (None, 0, 0, 0),
        FaultKind.LINK_REORDER: (None, 0, 0, 0),
        FaultKind.LINK_PARTITION: stale,
        FaultKind.VOLATILITY_SPIKE: (AlertKind.VOLATILITY_HIGH, 1_500_000, 1_500_000, MINUTE),
        FaultKind.CORRELATION_BREAK: (AlertKind.CORRELATION_BREACH, 800_000, 1_300_000, MINUTE),
        FaultKind.DIVERGENCE: (AlertKind.BASIS_DIVERGENCE, 10_000, 11_000, 30 * SECOND),
        FaultKind.FEED_CORRUPT: (AlertKind.PRICE_SHOCK, 30_000, 30_000, 30 * SECOND),
    }
    assert {entry.target for entry in CATALOGUE.values()} <= set(Target)


@pytest.mark.parametrize(
    ("fault", "severity", "detectable"),
    [
        (shock(-50_000, 0), 50_000, True),
        (shock(50_000, 50 * SECOND), 50_000, True),
        # A ramp of 100 s shows half of its log move in the 50 s that a window of 60 s spans at a tick of 10 s.
        (shock(-50_000, 100 * SECOND), 25_321, False),
        (shock(50_000, 100 * SECOND), 24_695, False),
        (shock(30_000, 0), 30_000, True),
        (shock(29_999, 0), 29_999, False),
        # A slow ramp with an abrupt recovery is seen when it recovers: back to 1 from 0.9 is a rise by a ninth.
        (shock(-100_000, 60 * MINUTE, 0), 111_111, True),
        (crash(-150_000, 12 * MINUTE), 150_000, True),
        (crash(-50_000, 14 * MINUTE), 50_000, True),
        (crash(-50_000, 20 * MINUTE), 37_328, False),
        (crash(-49_999, 0), 49_999, False),
        (price(FaultKind.STABLECOIN_DEPEG, ("USDT",), -15_000, MINUTE), 15_000, False),
        (price(FaultKind.STABLECOIN_DEPEG, ("USDT",), 20_000, MINUTE), 20_000, True),
        (feed(FaultKind.FEED_STALE, 30 * SECOND), 30 * SECOND, False),
        (feed(FaultKind.FEED_STALE, 30 * SECOND + 1), 30 * SECOND + 1, True),
        (feed(FaultKind.FEED_DELAY, MINUTE, delay_ns=20 * SECOND), 30 * SECOND, False),
        (feed(FaultKind.FEED_DELAY, MINUTE, delay_ns=20 * SECOND + 1), 30 * SECOND + 1, True),
        (feed(FaultKind.FEED_DELAY, 5 * SECOND, delay_ns=MINUTE), 0, False),
        (feed(FaultKind.FEED_DROP, 10 * MINUTE, 1_000_000), 10 * MINUTE, True),
        (feed(FaultKind.FEED_DROP, 10 * MINUTE, 100_000), 10 * SECOND, False),
        (corrupt(10 * MINUTE, 500_000, -40_000), 40_000, True),
        (corrupt(10 * MINUTE, 1_000_000, 29_999), 29_999, False),
        (corrupt(10 * MINUTE, 100_000, 40_000), 0, False),
        (corrupt(10 * SECOND, 1_000_000, 40_000), 0, False),
        (custodian(FaultKind.SETTLEMENT_DELAY, MINUTE, delay_ns=6 * MINUTE), 6 * MINUTE, True),
        (custodian(FaultKind.SETTLEMENT_DELAY, 60 * MINUTE, delay_ns=5 * MINUTE), 5 * MINUTE, True),
        (custodian(FaultKind.SETTLEMENT_DELAY, 60 * MINUTE, delay_ns=5 * MINUTE - 1), 5 * MINUTE - 1, False),
        (custodian(FaultKind.CUSTODIAN_OFFLINE, 10 * MINUTE), 10 * MINUTE, True),
        (custodian(FaultKind.CUSTODIAN_OFFLINE, 5 * MINUTE - 1), 5 * MINUTE - 1, False),
        (custodian(FaultKind.SETTLEMENT_REJECT, 10 * MINUTE, 1_000_000), 10 * MINUTE, True),
        (custodian(FaultKind.SETTLEMENT_REJECT, 60 * MINUTE, 900_000), 9 * MINUTE, True),
        (custodian(FaultKind.SETTLEMENT_REJECT, 60 * MINUTE, 500_000), MINUTE, False),
        (custodian(FaultKind.SETTLEMENT_REJECT, MINUTE, 900_000), MINUTE, False),
        (link(FaultKind.LINK_PARTITION, "risk", MINUTE), MINUTE, True),
        (link(FaultKind.LINK_DELAY, "risk", MINUTE, delay_ns=21 * SECOND), 31 * SECOND, True),
        (link(FaultKind.LINK_DROP, "risk", MINUTE, 1_000_000), MINUTE, True),
    ],
)
def test_severity_decides_what_is_detectable(fault: Fault, severity: int, detectable: bool) -> None:
    label = label_of(fault, PARAMETERS)
    assert (severity_of(fault, PARAMETERS), label.severity, label.detectable) == (severity, severity, detectable)
    assert label.expected_alert is CATALOGUE[fault.kind].expected_alert


@pytest.mark.parametrize(
    "fault",
    [
        link(FaultKind.LINK_PARTITION, "trading", 60 * MINUTE),
        link(FaultKind.LINK_DELAY, "trading", MINUTE, delay_ns=MINUTE),
        link(FaultKind.LINK_DUPLICATE, "risk", MINUTE, 1_000_000, SECOND),
        link(FaultKind.LINK_REORDER, "risk", MINUTE, 1_000_000, MINUTE),
    ],
)
def test_what_no_alert_is_expected_of(fault: LinkFault) -> None:
    label = label_of(fault, PARAMETERS)
    assert label == Label(None, (), False, 0, 0, severity_of(fault, PARAMETERS))


@pytest.mark.parametrize(
    ("fault", "subjects", "targets"),
    [
        (crash(-150_000, MINUTE), ("BTC/USD", "ETH/USD", "BTC/USDT", "ETH/USDT"), ("BTC", "ETH")),
        (price(FaultKind.MARKET_CRASH, ("ETH",), -150_000, MINUTE), ("ETH/USD", "ETH/USDT", "ETH/BTC"), ("ETH",)),
        (shock(-50_000, 0), ("BTC/USD", "BTC/USDT", "ETH/BTC"), ("BTC",)),
        (price(FaultKind.STABLECOIN_DEPEG, ("USDT",), -50_000, MINUTE), ("USDT",), ("USDT",)),
        (feed(FaultKind.FEED_STALE, MINUTE), ("BTC/USD",), ("BTC/USD",)),
        (custodian(FaultKind.CUSTODIAN_OFFLINE, 10 * MINUTE), VENUES, VENUES),
        (link(FaultKind.LINK_PARTITION, "risk", MINUTE), FEED, ("market-data>risk", "alpha>risk")),
    ],
)
def test_subjects_and_targets(fault: Fault, subjects: tuple[str, ...], targets: tuple[str, ...]) -> None:
    assert label_of(fault, PARAMETERS).expected_subjects == subjects
    assert targets_of(fault, PARAMETERS) == targets


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.integers(1, 999_999), st.integers(1, 500))
def test_certain_silence_is_certain_by_exact_probability(probability_ppm: int, publications: int) -> None:
    """Against the exact chance of a run of losses, by the recursion over the length of the run so far."""
    silence = certain_silence((publications + 1) * SECOND, SECOND, probability_ppm)
    run = silence // SECOND - 1
    assert 0 <= run <= publications
    if run == 0:
        return
    probability = probability_ppm / 1e6
    states = [1.0] + [0.0] * (run - 1)
    for _ in range(publications):
        states = [sum(states) * (1.0 - probability)] + [state * probability for state in states[:-1]]
    assert sum(states) <= 1.01e-6


def test_certain_silence_grows_with_the_window() -> None:
    silences = [certain_silence(minutes * MINUTE, 10 * SECOND, 500_000) for minutes in (1, 10, 60, 600)]
    assert silences == [10 * SECOND, 20 * SECOND, 40 * SECOND, 60 * SECOND]


@pytest.mark.parametrize("probability_ppm", [1, 20_000, 300_000, 999_000])
def test_a_count_is_certain_by_exact_probability(probability_ppm: int) -> None:
    """In whole numbers: fewer than what is certain come with at most 10⁻⁶, and one more would be too many."""
    for trials in (0, 1, 7, 60, 1_200):
        certain = certain_count(trials, probability_ppm)
        hit, miss, whole = probability_ppm, PARTS_PER_MILLION - probability_ppm, PARTS_PER_MILLION**trials
        ways = [comb(trials, count) * hit**count * miss ** (trials - count) for count in range(certain + 1)]
        assert sum(ways[:certain]) * PARTS_PER_MILLION <= whole
        assert certain == trials or sum(ways) * PARTS_PER_MILLION > whole


def test_a_count_of_more_publications_than_a_float_has_ways_for() -> None:
    assert certain_count(1_000_000, 500_000) == pytest.approx(500_000 - 4.75 * 500, abs=5)
    assert certain_count(1_000_000, PARTS_PER_MILLION) == 1_000_000
