"""What a venue is told when it is built; integers, validated before they get here."""

from __future__ import annotations

import msgspec

from trading_ecosystem.messages.units import MINUTE, SECOND, MinorUnits, Nanos, PartsPerMillion


class FlowParameters(msgspec.Struct, frozen=True):
    """The background flow of every instrument of a venue, scaled to each by its price.

    The defaults give a book of about ten levels a side, two basis points apart, with a spread of about four basis points.
    """

    mean_interval_ns: Nanos = 2_500_000_000
    """Mean time between two arrivals in one instrument; arrivals are a Poisson process."""
    taker_ppm: PartsPerMillion = 450_000
    """Share of arrivals that take liquidity."""
    cancel_ppm: PartsPerMillion = 50_000
    """Share of arrivals that withdraw an order; all others post a new one, in a gap or in place of another."""
    levels: int = 10
    """Orders that the makers keep on each side."""
    spare_levels: int = 6
    """How many more they leave standing far away before they withdraw them."""
    level_spacing_ppm: PartsPerMillion = 200
    """Distance between two orders of a side, as a share of the price, at least one tick."""
    half_spread_levels: int = 1
    """Distance of the nearest orders from the anchor, in spacings."""
    level_notional: tuple[tuple[str, MinorUnits], ...] = (
        ("BTC", 40_000_000),
        ("USD", 2_500_000_000_000),
        ("USDT", 2_500_000_000_000),
    )
    """Mean notional of one order, per quote asset (0.4 BTC; 25,000 USD or USDT)."""
    taker_size_ppm: PartsPerMillion = 550_000
    """Mean size of a taker's order as a share of a maker's; sizes are exponential."""
    taker_reach_ppm: PartsPerMillion = 1_000
    """How far from the anchor a taker is willing to trade, as a share of the price."""
    premium_ppm: PartsPerMillion = 60
    """Standard deviation of the venue's own price around the fundamental (an Ornstein-Uhlenbeck process)."""
    premium_reversion_ns: Nanos = 5 * MINUTE
    """Time in which that difference decays by a factor of e."""
    excursion_ppm: PartsPerMillion = 1_500
    """Probability, per arrival, that the venue's own price jumps away for a moment."""
    excursion_size_ppm: PartsPerMillion = 1_500
    """Largest size of such a jump, as a share of the price; sizes are uniform, either way."""
    excursion_reversion_ns: Nanos = 15 * SECOND
    """Time in which a jump decays by a factor of e."""


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
