"""The ``market_data`` part of a scenario after reading: generated or recorded prices, their shape, reference quotes.

Units are those of :mod:`trading_ecosystem.domains.test_coordination.scenario`.
"""

from __future__ import annotations

import enum

import msgspec

from trading_ecosystem.messages.units import PARTS_PER_MILLION, MinorUnits, Nanos, PartsPerMillion


class RecordingFormat(enum.StrEnum):
    """How a recorded market is written."""

    CSV = "csv"
    """Lines of ``time,instrument,price``."""
    BINANCE = "binance"
    """Raw websocket messages of Binance, each line ``local nanoseconds, space, JSON``."""
    LOBSTER = "lobster"
    """A LOBSTER message file; prices are the middle of the book that it replays."""
    DATABENTO = "databento"
    """Market by order in Databento's DBN; prices as with LOBSTER."""
    ORDERS = "orders"
    """Order events in CSV; prices as with LOBSTER."""


class SimilarSeries(msgspec.Struct, frozen=True):
    """A series drawn from the returns of a recorded one, in blocks."""

    mean_block: int
    """Mean length of a block, in returns."""
    resemblance_ppm: PartsPerMillion
    """Correlation of its returns with the recorded ones."""


class Recording(msgspec.Struct, frozen=True):
    """A recorded market instead of generated prices; ``file`` is relative to the scenario's folder."""

    file: str
    format: RecordingFormat
    sample_ns: Nanos
    """At most one price per instrument is taken in each interval of this length."""
    speed_ppm: PartsPerMillion = PARTS_PER_MILLION
    """Recorded time over ecosystem time: at ten times, an hour of the recording takes six minutes."""
    similar: SimilarSeries | None = None
    """A series that resembles the recorded one instead of it."""
    instrument: str | None = None
    """What a recording of orders, which has one instrument, prices; ``None`` where the file names its instruments."""


class PathKind(enum.StrEnum):
    """The shapes of generated prices."""

    STOCHASTIC_VOLATILITY = "stochastic_volatility"
    GEOMETRIC_BROWNIAN = "geometric_brownian"
    BROWNIAN = "brownian"
    MEAN_REVERTING = "mean_reverting"
    TREND_FOLLOWING = "trend_following"
    RALLY = "rally"
    CRASH = "crash"
    DIVERGENCE = "divergence"
    VOLATILITY_SPIKE = "volatility_spike"
    CONSOLIDATION = "consolidation"


class PathSection(msgspec.Struct, frozen=True):
    """A shape of generated prices and the numbers that were given for it; ``None``: its default."""

    kind: PathKind
    drift: str | None = None
    half_life_ns: Nanos | None = None
    strength: str | None = None
    magnitude_ppm: PartsPerMillion | None = None
    factor: str | None = None
    start_ns: Nanos | None = None
    over_ns: Nanos | None = None


class SpreadKind(enum.StrEnum):
    """How the spread of reference quotes is found."""

    FIXED = "fixed"
    MODELLED = "modelled"


class QuotesSection(msgspec.Struct, frozen=True):
    """Reference quotes around every published price."""

    spread: SpreadKind
    width_ppm: PartsPerMillion
    """The fixed spread."""
    liquidity_ppm: dict[str, PartsPerMillion]
    """Liquidity over the usual one, by instrument, for the modelled spread."""


class ConsensusMethod(enum.StrEnum):
    """How one price is made of several."""

    CONSENSUS = "consensus"
    PRIORITY = "priority"


class SourceSection(msgspec.Struct, frozen=True):
    """One source of prices: generated around the true price, or with a recording of its own."""

    name: str
    priority: int
    """1 goes first."""
    weight_ppm: PartsPerMillion
    recording: Recording | None
    every_ns: Nanos
    noise_ppm: PartsPerMillion
    bias_ppm: PartsPerMillion
    lag_ns: Nanos
    error_probability_ppm: PartsPerMillion
    error_ppm: PartsPerMillion
    outages: tuple[tuple[Nanos, Nanos], ...]
    """From and until, after the start of the run."""


class SourcesSection(msgspec.Struct, frozen=True):
    """The sources of the vendor feed, and how one price is made of them."""

    sources: tuple[SourceSection, ...]
    method: ConsensusMethod
    smoothing_ns: Nanos
    stale_after_ns: Nanos
    tolerance_ppm: PartsPerMillion


class MarketDataSection(msgspec.Struct, frozen=True):
    """The reference prices: generated from these parameters, or recorded."""

    instruments: tuple[str, ...]
    tick_ns: Nanos
    prices_minor: dict[str, MinorUnits]
    """First price of every asset but USD, in USD minor units per whole asset; empty with a recording."""
    volatility: dict[str, str]
    """Annual volatility of every asset but USD, decimal; empty with a recording."""
    correlation: str
    """Correlation of the coins' returns, decimal in [0, 1)."""
    jumps: bool
    candles_ns: tuple[Nanos, ...]
    recording: Recording | None
    quotes: QuotesSection | None = None
    path: PathSection = PathSection(PathKind.STOCHASTIC_VOLATILITY)
    sources: SourcesSection | None = None
    time_of_day: bool = False
    """Whether the coins' volatility goes with the usual activity of the time of the week."""
