"""How large a fault is in the unit of its alert's threshold, and which subjects its alert may have.

Sizes are what the monitor can be shown: prices are published every tick, so a window of 60 s at a tick of 10 s spans 50 s of a
ramp. Where a size is a ratio of floats it is rounded to the nearest part per million.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from trading_ecosystem.domains.test_coordination.catalogue import CATALOGUE
from trading_ecosystem.domains.test_coordination.catalogue_entry import COINS
from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.scenario import (
    CorrelationFault,
    CustodianFault,
    DivergenceFault,
    Fault,
    FeedCorruption,
    FeedFault,
    LinkFault,
    PriceFault,
    VolatilityFault,
)
from trading_ecosystem.domains.test_coordination.targeted_fault import TargetedFault
from trading_ecosystem.messages.alert_conditions import CORRELATED, CORRELATION_RETURNS, VOLATILITY_WINDOW
from trading_ecosystem.messages.risk import CRASH_WINDOW, SHOCK_WINDOW, AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, PARTS_PER_MILLION, Nanos, PartsPerMillion

_CERTAIN_SHORTFALL: Final = 1e-6
_VOLATILITY_SHOWN: Final[Nanos] = VOLATILITY_WINDOW + MINUTE
_CORRELATION_SHOWN: Final[Nanos] = (CORRELATION_RETURNS + 5) * MINUTE
_IMPLIED_BY: Final[dict[str, tuple[str, ...]]] = {
    "BTC/USDT": ("BTC/USD", "USDT/USD"),
    "ETH/USDT": ("ETH/USD", "USDT/USD"),
    "ETH/BTC": ("ETH/USD", "BTC/USD"),
    "BTC-PERP": ("BTC/USD",),
}
"""What the other instruments imply, and which these are."""


class Label(msgspec.Struct, frozen=True):
    """What a monitor ought to say about one fault; see ``GroundTruthLabelled``."""

    expected_alert: AlertKind | None
    expected_subjects: tuple[str, ...]
    detectable: bool
    threshold: int
    sla_ns: Nanos
    severity: int


def label_of(fault: Fault, parameters: TestCoordinationParameters) -> Label:
    """The label of a fault, by the catalogue and its size."""
    entry = CATALOGUE[fault.kind]
    if isinstance(fault, TargetedFault):
        entry = fault.stated(entry)
    severity = severity_of(fault, parameters)
    expected = fault.expected_alert(parameters) if isinstance(fault, TargetedFault) else entry.expected_alert
    watched = expected is not None and not (isinstance(fault, LinkFault) and not _on_feed_link(fault, parameters))
    if not watched:
        return Label(None, (), False, 0, 0, severity)
    subjects = alert_subjects(fault, parameters)
    detectable = severity >= entry.detectable_from and bool(subjects)
    return Label(expected, subjects, detectable, entry.threshold, entry.sla_ns, severity)


def severity_of(fault: Fault, parameters: TestCoordinationParameters) -> int:
    """The size of a fault: parts per million for faults of prices, nanoseconds for the others.

    Of a volatility spike it is what three quarters of the spiked volatility are (an estimate from 90 returns is rarely less),
    of a correlation break the distance of the correlation from one, of a divergence the gap.
    """
    if isinstance(fault, TargetedFault):
        return fault.severity(parameters)
    tick_ns = parameters.tick_ns
    if isinstance(fault, VolatilityFault):
        return _volatility(fault, parameters)
    if isinstance(fault, CorrelationFault):
        return PARTS_PER_MILLION - fault.correlation_ppm if fault.hold_ns >= _CORRELATION_SHOWN else 0
    if isinstance(fault, DivergenceFault):
        return abs(fault.magnitude_ppm) if fault.sustain_ns >= tick_ns else 0
    if isinstance(fault, PriceFault):
        return _price_severity(fault, tick_ns)
    if isinstance(fault, FeedCorruption):
        return abs(fault.magnitude_ppm) if _is_certain(fault, tick_ns) else 0
    if isinstance(fault, CustodianFault):
        return _settlement_severity(fault, parameters.retry_every_ns)
    if fault.kind in (FaultKind.FEED_DROP, FaultKind.LINK_DROP):
        return certain_silence(fault.lasts_ns, tick_ns, fault.probability_ppm)
    if fault.kind in (FaultKind.FEED_DELAY, FaultKind.LINK_DELAY):
        # Order is kept: what is said after the fault still queues behind what was delayed, so that one tick is enough.
        return fault.delay_ns + tick_ns if fault.lasts_ns >= tick_ns else 0
    if fault.kind in (FaultKind.LINK_DUPLICATE, FaultKind.LINK_REORDER):
        return fault.delay_ns
    return fault.lasts_ns


def _volatility(fault: VolatilityFault, parameters: TestCoordinationParameters) -> PartsPerMillion:
    if fault.hold_ns < _VOLATILITY_SHOWN:
        return 0
    calmest = min((parameters.annual_volatility_ppm.get(asset, 0) for asset in fault.assets), default=0)
    return calmest * fault.factor_ppm // PARTS_PER_MILLION * 3 // 4


def certain_silence(lasts_ns: Nanos, tick_ns: Nanos, probability_ppm: PartsPerMillion) -> Nanos:
    """The longest gap between two prices of one instrument that comes about with a probability of at least 1 - 10⁻⁶.

    ``r`` losses in a row make a gap of ``r + 1`` ticks. The window is cut into blocks of ``r`` publications; that none of
    them is lost whole has probability ``(1 - p**r) ** blocks``, a bound from above for the chance of no such run at all.
    """
    publications = max(0, -(-lasts_ns // tick_ns) - 1)
    if probability_ppm == PARTS_PER_MILLION:
        return (publications + 1) * tick_ns
    probability = probability_ppm / PARTS_PER_MILLION
    longest = 0
    for run in range(1, publications + 1):
        lost_whole = probability**run
        if lost_whole == 0.0 or math.log1p(-lost_whole) * (publications // run) > math.log(_CERTAIN_SHORTFALL):
            break
        longest = run
    return (longest + 1) * tick_ns


def _is_certain(fault: FeedCorruption, tick_ns: Nanos) -> bool:
    """Whether at least one publication of an instrument is wrong with a probability of at least 1 - 10⁻⁶."""
    publications = max(0, -(-fault.lasts_ns // tick_ns) - 1)
    if fault.probability_ppm == PARTS_PER_MILLION:
        return publications > 0
    return publications * math.log1p(-fault.probability_ppm / PARTS_PER_MILLION) <= math.log(_CERTAIN_SHORTFALL)


def alert_subjects(fault: Fault, parameters: TestCoordinationParameters) -> tuple[str, ...]:
    """The subjects that the expected alert may have; any one of them counts."""
    if isinstance(fault, TargetedFault):
        return fault.alert_subjects(parameters)
    if isinstance(fault, (FeedFault, FeedCorruption)):
        return fault.instruments
    if isinstance(fault, LinkFault):
        return parameters.instruments
    if isinstance(fault, CustodianFault):
        return parameters.venues
    if isinstance(fault, VolatilityFault):
        return tuple(
            symbol
            for symbol in parameters.instruments
            if INSTRUMENTS[symbol].base in fault.assets and INSTRUMENTS[symbol].quote not in COINS
        )
    if isinstance(fault, CorrelationFault):
        return (CORRELATED,)
    if isinstance(fault, DivergenceFault):
        return tuple(
            name for name, parts in _IMPLIED_BY.items() if fault.instrument in (name, *parts) and _all_there(name, parameters)
        )
    if fault.kind is FaultKind.STABLECOIN_DEPEG:
        return fault.assets
    sides = [(symbol, INSTRUMENTS[symbol].base, INSTRUMENTS[symbol].quote) for symbol in parameters.instruments]
    if fault.kind is FaultKind.MARKET_CRASH:
        return tuple(symbol for symbol, base, quote in sides if base in fault.assets and quote not in fault.assets)
    return tuple(symbol for symbol, base, quote in sides if (base in fault.assets) != (quote in fault.assets))


def _all_there(symbol: str, parameters: TestCoordinationParameters) -> bool:
    return all(name in parameters.instruments for name in (symbol, *_IMPLIED_BY[symbol]))


def targets_of(fault: Fault, parameters: TestCoordinationParameters) -> tuple[str, ...]:
    """What a fault aims at: assets, instruments, venues, or links as ``sender>receiver``."""
    if isinstance(fault, TargetedFault):
        return fault.targets(parameters)
    if isinstance(fault, (PriceFault, VolatilityFault)):
        return fault.assets
    if isinstance(fault, CorrelationFault):
        return (fault.asset,)
    if isinstance(fault, DivergenceFault):
        return (fault.instrument,)
    if isinstance(fault, (FeedFault, FeedCorruption)):
        return fault.instruments
    if isinstance(fault, CustodianFault):
        return parameters.venues
    return tuple(f"{sender}>{receiver}" for sender in fault.senders for receiver in fault.receivers if sender != receiver)


def _on_feed_link(fault: LinkFault, parameters: TestCoordinationParameters) -> bool:
    return parameters.market_data in fault.senders and parameters.risk in fault.receivers


def _price_severity(fault: PriceFault, tick_ns: Nanos) -> PartsPerMillion:
    if fault.kind is FaultKind.STABLECOIN_DEPEG:
        return abs(fault.magnitude_ppm)
    window = SHOCK_WINDOW if fault.kind is FaultKind.PRICE_SHOCK else CRASH_WINDOW
    shown_ns = (window - 1) // tick_ns * tick_ns
    peak = math.log1p(fault.magnitude_ppm / PARTS_PER_MILLION)
    residual = math.log1p(fault.residual_ppm / PARTS_PER_MILLION)
    moves = (_within(peak, fault.ramp_ns, shown_ns), _within(residual - peak, fault.recovery_ns, shown_ns))
    if fault.kind is FaultKind.PRICE_SHOCK:
        return max(abs(move) for move in moves)
    return max(0, -min(moves))


def _within(log_move: float, over_ns: Nanos, shown_ns: Nanos) -> PartsPerMillion:
    """The part of a steady log move that a window of ``shown_ns`` shows, as a relative change."""
    share = 1.0 if over_ns <= shown_ns else shown_ns / over_ns
    return round(math.expm1(log_move * share) * PARTS_PER_MILLION)


def _settlement_severity(fault: CustodianFault, retry_every_ns: Nanos) -> Nanos:
    if fault.kind is FaultKind.SETTLEMENT_DELAY:
        return fault.delay_ns
    if fault.kind is FaultKind.CUSTODIAN_OFFLINE or fault.probability_ppm == PARTS_PER_MILLION:
        return fault.lasts_ns
    mean_wait = retry_every_ns * fault.probability_ppm // (PARTS_PER_MILLION - fault.probability_ppm)
    return min(mean_wait, fault.lasts_ns)
