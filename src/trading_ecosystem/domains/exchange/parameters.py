"""What a venue is told when it is built; integers, validated before they get here."""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.exchange.flow_parameters import FlowParameters
from trading_ecosystem.messages.units import MINUTE, SECOND, Nanos, PartsPerMillion


class MarginTerms(msgspec.Struct, frozen=True):
    """How perpetuals are margined on a venue; the first two are the design's, the others this venue's own rules."""

    initial_ppm: PartsPerMillion = 200_000
    """Share of a position's value that is asked of whoever opens or enlarges one."""
    maintenance_ppm: PartsPerMillion = 100_000
    """Share below which the equity must not fall."""
    margin_every_ns: Nanos = MINUTE
    """Time between two margin ticks, which lie on whole multiples of it."""
    contributions_ns: Nanos = SECOND
    """How long before a margin tick the venues tell each other the middles of their books."""
    liquidation_slice_ppm: PartsPerMillion = 250_000
    """The smallest share of a position that one liquidation order closes."""
    liquidation_collar_ppm: PartsPerMillion = 30_000
    """How far from the mark a liquidation order may trade, as a share of the mark."""


class ExchangeParameters(msgspec.Struct, frozen=True):
    """One venue."""

    custodian: str
    """Instance name of the custodian that holds the assets."""
    instruments: tuple[str, ...]
    """Symbols listed, in the order in which they are published."""
    publish_every_ns: Nanos
    """Time between two publications of quotes, depth and trades."""
    maker_fee_ppm: PartsPerMillion
    taker_fee_ppm: PartsPerMillion
    settlement_cycle_ns: Nanos
    """Time from a match to the instant at which it is due to settle."""
    depth_levels: int = 10
    claims_report_every_ns: Nanos = 5 * MINUTE
    flow: FlowParameters = FlowParameters()
    book_capacity: int = 10_000
    """Resting orders per instrument, the background's among them; an order that would rest beyond it is refused."""
    book: str = "auto"
    """Which book serves: ``plain``, ``compiled``, or ``auto`` for the compiled one where it is there; they say the same."""
    margin: MarginTerms = MarginTerms()
    """Terms of the perpetuals among the instruments."""
