"""What a scenario may state of a venue's rules beyond its two rates and its rhythm; the defaults restrict nothing.

The venue's own parameters (``domains/exchange``) say what each number does; this is only what the scenario file said, in the
same units, with names of time zones where the venue has a table of offsets.
"""

from __future__ import annotations

import enum

import msgspec

from trading_ecosystem.messages.orders import SelfTradePrevention
from trading_ecosystem.messages.units import DAY, Lots, MinorUnits, Nanos, PartsPerMillion, Ticks


class RateLimitSection(msgspec.Struct, frozen=True):
    """Messages that an account may send: a bucket of ``burst`` tokens, one of which comes back every ``refill_ns``."""

    burst: int
    refill_ns: Nanos
    place_weight: int = 1
    replace_weight: int = 1
    cancel_weight: int = 0


class FeePayment(enum.StrEnum):
    """Which asset fees are paid in."""

    QUOTE = "quote"
    BASE = "base"
    THIRD = "third"


class FeeTierSection(msgspec.Struct, frozen=True):
    """Rates from a 30-day volume on, in minor units of US dollars."""

    from_volume_minor: MinorUnits
    maker_ppm: PartsPerMillion
    taker_ppm: PartsPerMillion


class FeesSection(msgspec.Struct, frozen=True):
    """Fees beyond two rates in the quote asset."""

    tiers: tuple[FeeTierSection, ...] = ()
    payment: FeePayment = FeePayment.QUOTE
    third_asset: str = ""
    conversion_ppm: dict[str, PartsPerMillion] = {}


class BandAction(enum.StrEnum):
    """What happens to an order that would trade outside of a price band."""

    REJECT = "reject"
    INTERRUPT = "interrupt"


class TickStep(msgspec.Struct, frozen=True):
    """Prices from ``from_ticks`` on are whole multiples of ``step_ticks``."""

    from_ticks: Ticks
    step_ticks: Ticks


class MarketSection(msgspec.Struct, frozen=True):
    """The rules of one instrument; ``None`` and 0: no such rule."""

    tick_table: tuple[TickStep, ...] = ()
    round_lots: Lots = 1
    minimum_lots: Lots = 1
    maximum_lots: Lots | None = None
    minimum_notional_minor: MinorUnits = 0
    maximum_notional_minor: MinorUnits = 0
    maximum_spread_ppm: PartsPerMillion = 0
    collar_ppm: PartsPerMillion = 0
    static_band_ppm: PartsPerMillion = 0
    dynamic_band_ppm: PartsPerMillion = 0
    band_action: BandAction = BandAction.REJECT
    volatility_auction_ns: Nanos = 0
    extensions: int = 0


class CalendarSection(msgspec.Struct, frozen=True):
    """A daily schedule in the local time of a named zone (IANA time zone database)."""

    time_zone: str
    pre_open_ns: Nanos
    opening_ns: Nanos
    continuous_ns: Nanos
    closing_ns: Nanos
    close_ns: Nanos
    weekdays: tuple[int, ...]
    """Monday is 0."""
    holidays: tuple[int, ...]
    """Local days, counted from 1970-01-01."""


class FaucetSection(msgspec.Struct, frozen=True):
    """What an account may ask of the demo faucet, once per asset in ``every_ns``."""

    amounts: dict[str, MinorUnits]
    every_ns: Nanos = DAY


class SettlementSection(msgspec.Struct, frozen=True):
    """By which business days trades settle: ``cycle`` of them after the trade, by default the calendar's, at a local time."""

    calendar: str
    cycle: int | None
    at_ns: Nanos


class VenueRules(msgspec.Struct, frozen=True):
    """Everything that a venue does only where its scenario says so."""

    self_trade: SelfTradePrevention = SelfTradePrevention.NONE
    rate_limit: RateLimitSection | None = None
    fees: FeesSection = FeesSection()
    stop_collar_ppm: PartsPerMillion | None = None
    markets: dict[str, MarketSection] = {}
    calendar: CalendarSection | None = None
    faucet: FaucetSection | None = None
    kyc_required: bool = False
    """Whether customers have to be verified before they trade; an account is not, until an operation says so."""
    settlement: SettlementSection | None = None
