"""The fault catalogue: what each fault becomes, how large it may be, and what a monitor ought to say about it.

It is stated here before any run is scored. A fault's *size* (``severity`` in its label) is in the unit of the expected
alert's threshold; from ``detectable_from`` on the alert's condition is expected to come to hold, below it the fault is expected
to be missed. ``severity.py`` computes sizes. Thresholds are those of :mod:`trading_ecosystem.messages.risk`; the SLA counts
from the first instant at which the condition holds on what the monitor was sent.

Caps: prices move by at most 25 %; a shock lasts at most 2 h before it recovers; a depeg moves at most 20 % and lasts at most
72 h in all; a divergence moves at most 500 basis points. A volatility spike multiplies by at most ten, and neither it nor a
correlation break moves a price by more than 25 %. Every other fault lasts at most 72 h, and delays are at most 24 h.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.test_coordination import (
    component_faults,
    custody_faults,
    feed_faults,
    strategy_faults,
    venue_faults,
)
from trading_ecosystem.domains.test_coordination.catalogue_entry import CatalogueEntry, Target
from trading_ecosystem.messages.alert_conditions import BASIS_PPM, DECORRELATION_PPM, VOLATILITY_PPM
from trading_ecosystem.messages.risk import CRASH_PPM, DEPEG_PPM, OVERDUE_AFTER, SHOCK_PPM, STALE_AFTER, AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import MINUTE, SECOND

_STALE_FROM: Final = STALE_AFTER + 1
"""A price is stale when it is older than 30 s, a settlement overdue as soon as it is 5 min late."""


def _stale(target: Target, required: tuple[str, ...], optional: tuple[str, ...], mandate: str) -> CatalogueEntry:
    return CatalogueEntry(
        target=target,
        required=required,
        optional=optional,
        expected_alert=AlertKind.PRICE_STALE,
        threshold=STALE_AFTER,
        detectable_from=_STALE_FROM,
        sla_ns=5 * SECOND,
        mandate=mandate,
    )


def _overdue(required: tuple[str, ...], mandate: str) -> CatalogueEntry:
    return CatalogueEntry(
        target=Target.CUSTODIAN,
        required=required,
        expected_alert=AlertKind.SETTLEMENT_OVERDUE,
        threshold=OVERDUE_AFTER,
        detectable_from=OVERDUE_AFTER,
        sla_ns=MINUTE,
        mandate=mandate,
    )


def _unwatched(target: Target, required: tuple[str, ...], optional: tuple[str, ...], why: str) -> CatalogueEntry:
    return CatalogueEntry(
        target=target, required=required, optional=optional, expected_alert=None, mandate=f"out of mandate: {why}"
    )


_PRICES_ARRIVE: Final = "prices still arrive, so nothing that the monitor watches for comes to hold"
_FEED_LINK: Final = "where it covers the link market-data to risk"

_STATED: Final[dict[FaultKind, CatalogueEntry]] = {
    FaultKind.PRICE_SHOCK: CatalogueEntry(
        target=Target.PRICE,
        required=("asset", "magnitude"),
        optional=("ramp", "hold", "recovery", "residual"),
        expected_alert=AlertKind.PRICE_SHOCK,
        threshold=SHOCK_PPM,
        detectable_from=SHOCK_PPM,
        sla_ns=30 * SECOND,
        mandate="size is the largest move within 60 s, as far as the tick shows it",
    ),
    FaultKind.STABLECOIN_DEPEG: CatalogueEntry(
        target=Target.PRICE,
        required=("magnitude",),
        optional=("asset", "ramp", "hold", "recovery", "residual"),
        expected_alert=AlertKind.STABLECOIN_DEPEG,
        threshold=DEPEG_PPM,
        detectable_from=DEPEG_PPM,
        sla_ns=15 * MINUTE,
        mandate="size is the largest distance from the peg; the firm must hold the stablecoin",
    ),
    FaultKind.MARKET_CRASH: CatalogueEntry(
        target=Target.PRICE,
        required=("magnitude",),
        optional=("assets", "ramp", "hold", "recovery", "residual"),
        expected_alert=AlertKind.PRICE_CRASH,
        threshold=CRASH_PPM,
        detectable_from=CRASH_PPM,
        sla_ns=2 * MINUTE,
        mandate="size is the largest fall within 15 min, as far as the tick shows it",
    ),
    FaultKind.FEED_STALE: _stale(Target.FEED, ("duration",), ("instruments",), "size is the duration"),
    FaultKind.FEED_DROP: _stale(
        Target.FEED,
        ("duration", "probability"),
        ("instruments",),
        "size is the longest silence that comes about with a probability of at least 0.999999",
    ),
    FaultKind.FEED_DELAY: _stale(Target.FEED, ("duration", "delay"), ("instruments",), "size is the delay and one tick"),
    FaultKind.SETTLEMENT_DELAY: _overdue(("duration", "delay"), "size is the delay"),
    FaultKind.SETTLEMENT_REJECT: _overdue(
        ("duration", "probability"), "size is the mean wait of an instruction, at most the duration"
    ),
    FaultKind.CUSTODIAN_OFFLINE: _overdue(("duration",), "size is the duration"),
    FaultKind.LINK_DELAY: _stale(
        Target.LINK, ("from", "to", "duration", "delay"), (), f"size is the delay and one tick, {_FEED_LINK}"
    ),
    FaultKind.LINK_DROP: _stale(
        Target.LINK,
        ("from", "to", "duration", "probability"),
        (),
        f"size is the longest silence that comes about with a probability of at least 0.999999, {_FEED_LINK}",
    ),
    FaultKind.LINK_DUPLICATE: _unwatched(Target.LINK, ("from", "to", "duration", "probability", "delay"), (), _PRICES_ARRIVE),
    FaultKind.LINK_REORDER: _unwatched(Target.LINK, ("from", "to", "duration", "probability", "delay"), (), _PRICES_ARRIVE),
    FaultKind.LINK_PARTITION: _stale(Target.LINK, ("from", "to", "duration"), (), f"size is the duration, {_FEED_LINK}"),
    FaultKind.VOLATILITY_SPIKE: CatalogueEntry(
        target=Target.VOLATILITY,
        required=("factor", "hold"),
        optional=("assets", "ramp", "recovery"),
        expected_alert=AlertKind.VOLATILITY_HIGH,
        threshold=VOLATILITY_PPM,
        detectable_from=VOLATILITY_PPM,
        sla_ns=MINUTE,
        mandate="size is three quarters of the volatility a year that the calmest asset comes to, if held for 16 min, else 0",
    ),
    FaultKind.CORRELATION_BREAK: CatalogueEntry(
        target=Target.CORRELATION,
        required=("correlation", "hold", "recovery"),
        optional=("asset", "against"),
        expected_alert=AlertKind.CORRELATION_BREACH,
        threshold=DECORRELATION_PPM,
        detectable_from=1_300_000,
        sla_ns=MINUTE,
        mandate="size is the distance of the correlation from one, if held for 35 min, else 0; 30 returns show 1.3 for certain",
    ),
    FaultKind.DIVERGENCE: CatalogueEntry(
        target=Target.DIVERGENCE,
        required=("instrument", "magnitude", "sustain"),
        optional=("buildup", "recovery"),
        expected_alert=AlertKind.BASIS_DIVERGENCE,
        threshold=BASIS_PPM,
        detectable_from=BASIS_PPM + 1_000,
        sla_ns=30 * SECOND,
        mandate="size is the gap, if sustained for a tick",
    ),
    FaultKind.FEED_CORRUPT: CatalogueEntry(
        target=Target.CORRUPTION,
        required=("duration", "probability", "magnitude"),
        optional=("instruments",),
        expected_alert=AlertKind.PRICE_SHOCK,
        threshold=SHOCK_PPM,
        detectable_from=SHOCK_PPM,
        sla_ns=30 * SECOND,
        mandate="size is the magnitude, if a wrong price comes about with a probability of at least 0.999999, else 0",
    ),
    **feed_faults.ENTRIES,
    **venue_faults.ENTRIES,
    **custody_faults.ENTRIES,
    **strategy_faults.ENTRIES,
    **component_faults.ENTRIES,
}
CATALOGUE: Final[dict[FaultKind, CatalogueEntry]] = {kind: _STATED[kind] for kind in FaultKind}
"""One entry per kind of fault, in their order."""
