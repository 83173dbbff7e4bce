"""What the catalogue states of one kind of fault, and the caps that hold for every fault."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import DAY, HOUR, PARTS_PER_MILLION, Nanos, PartsPerMillion

LONGEST_FAULT: Final[Nanos] = 72 * HOUR
LONGEST_SHOCK: Final[Nanos] = 2 * HOUR
"""Ramp and hold of a price shock; its recovery comes on top."""
LONGEST_DELAY: Final[Nanos] = DAY
PRICE_CAP: Final[PartsPerMillion] = 250_000
DEPEG_CAP: Final[PartsPerMillion] = 200_000
DIVERGENCE_CAP: Final[PartsPerMillion] = 50_000
FACTOR_CAP: Final[PartsPerMillion] = 10 * PARTS_PER_MILLION
COINS: Final = ("BTC", "ETH")
"""Assets that a market crash takes down together."""
STABLECOINS: Final = ("USDT",)


class Target(enum.StrEnum):
    """What a fault acts on, and so which condition message it becomes."""

    PRICE = "price"
    """``PriceConditionSet`` to market data."""
    VOLATILITY = "volatility"
    """``VolatilityConditionSet`` to market data."""
    CORRELATION = "correlation"
    """``CorrelationConditionSet`` to market data."""
    DIVERGENCE = "divergence"
    """``DivergenceConditionSet`` to market data."""
    FEED = "feed"
    """``FeedConditionSet`` to market data."""
    CORRUPTION = "corruption"
    """``FeedCorruptionSet`` to market data."""
    CUSTODIAN = "custodian"
    """``CustodianConditionSet`` to the custodian."""
    LINK = "link"
    """``LinkConditionSet`` to the links."""
    VENUE = "venue"
    """``VenueConditionSet`` to a venue."""
    STRATEGY = "strategy"
    """A strategy that misbehaves from an instant on."""
    COMPONENT = "component"
    """``ComponentConditionSet`` to the supervisor."""
    STORE = "store"
    """``StoreConditionSet`` to the links: what a component says waits for its store."""


class CatalogueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one kind of fault before any run."""

    target: Target
    required: tuple[str, ...]
    """Fields a scenario must give, besides ``id``, ``kind`` and ``at``."""
    optional: tuple[str, ...] = ()
    expected_alert: AlertKind | None
    """``None``: outside the monitor's mandate."""
    threshold: int = 0
    detectable_from: int = 0
    sla_ns: Nanos = 0
    mandate: str
    """One line: what makes it detectable."""
