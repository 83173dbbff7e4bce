"""What the matching of one instrument is told when it is built; integers, validated before they get here."""

from __future__ import annotations

import enum

import msgspec

from trading_ecosystem.messages.units import Nanos, PartsPerMillion


class BandAction(enum.StrEnum):
    """What happens to an order that would trade outside of a price band."""

    REJECT = "reject"
    """It is refused (``PRICE_OUTSIDE_BAND``)."""
    INTERRUPT = "interrupt"
    """It trades up to the band; then a volatility auction begins, with the rest of it."""


class MatchingParameters(msgspec.Struct, frozen=True):
    """One instrument's matching; 0 switches a rule off."""

    collar_ppm: PartsPerMillion = 0
    """How far from the best opposite price a market order may trade."""
    static_band_ppm: PartsPerMillion = 0
    """How far from the reference price (the last auction's) a trade may be."""
    dynamic_band_ppm: PartsPerMillion = 0
    """How far from the last trade the next one may be."""
    band_action: BandAction = BandAction.REJECT
    opening_auction_ns: Nanos = 0
    """How long the opening auction lasts; 0: until it is ended by a command (so for the others)."""
    volatility_auction_ns: Nanos = 0
    closing_auction_ns: Nanos = 0
    extensions: int = 0
    """How often a volatility auction is prolonged by its own length while its price lies outside of the static band."""
    cascade_limit: int = 1_000
    """Follow-up steps of one command (a stop entered, an all-or-none traded, the pegs priced); the rest waits for the next."""
    kept_capacity: int = 100_000
    """Orders that the matching keeps at a time; one more is ``BOOK_FULL``."""
