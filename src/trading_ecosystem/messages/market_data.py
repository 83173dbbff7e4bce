"""What the market data domain says and hears."""

from __future__ import annotations

import enum
from typing import ClassVar

from trading_ecosystem.messages.base import Audience, Message, Question
from trading_ecosystem.messages.units import MinorUnits, Nanos, PartsPerMillion


class PriceConditionKind(enum.StrEnum):
    """A way in which the fundamental price itself is moved; the whole market follows it."""

    PRICE_SHOCK = "price_shock"
    """A fast move of one asset by ``magnitude_ppm``, held, then recovered."""
    STABLECOIN_DEPEG = "stablecoin_depeg"
    """A gradual move of a stablecoin away from its peg, held, then recovered."""
    MARKET_CRASH = "market_crash"
    """A fall of every coin together, then a slow, partial or full bounce."""


class FeedConditionKind(enum.StrEnum):
    """A way in which the vendor feed is broken; the fundamental price is not touched."""

    FEED_STALE = "feed_stale"
    """The feed keeps publishing its last price with its old ``priced_at``."""
    FEED_DROP = "feed_drop"
    """Each publication is lost with probability ``probability_ppm``."""
    FEED_DELAY = "feed_delay"
    """Each publication is said ``delay_ns`` later, with its original ``priced_at``."""
    FEED_DUPLICATE = "feed_duplicate"
    """Each publication is, with probability ``probability_ppm``, said again ``delay_ns`` later."""
    FEED_OUT_OF_ORDER = "feed_out_of_order"
    """Each publication is, with probability ``probability_ppm``, held back by ``delay_ns`` while later ones pass it."""
    FEED_GAP = "feed_gap"
    """Before each publication, with probability ``probability_ppm``, a number is left out, as if an update had not come."""
    FEED_FROZEN = "feed_frozen"
    """The feed repeats its last price with a fresh ``priced_at``: stale, and plausible."""
    FEED_BAD_TICK = "feed_bad_tick"
    """Each price is, with probability ``probability_ppm``, shifted by ``shift`` decimal places."""
    FEED_CLOCK_SKEW = "feed_clock_skew"
    """``priced_at`` is off by ``skew_ns``: ahead where that is positive."""


class SourceProblem(enum.StrEnum):
    """Why a source of prices is not asked, or what it said is not taken."""

    SILENT = "silent"
    """It has not said anything yet."""
    STALE = "stale"
    """Its newest observation is older than 30 s."""
    OUT_OF_ORDER = "out_of_order"
    """Its newest observation was not newer than the one before, or from the future."""
    OUT_OF_RANGE = "out_of_range"
    """Its newest observation was more than twice, or less than half, the price last agreed on."""
    OUTLIER = "outlier"
    """It is more than two deviations away from the others."""


class FundamentalPriceChanged(Message, frozen=True, gc=False):
    """The value around which venues trade; minor units of quote per whole base. Heard by venues only."""

    audience: ClassVar[Audience] = Audience.WORLD
    instrument: str
    price_minor: MinorUnits


class PricePublished(Message, frozen=True, gc=False):
    """A reference price of the vendor feed, published every tick whether changed or not.

    ``update`` rises by one per publication and instrument; ``priced_at`` is the instant the price was observed.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    instrument: str
    price_minor: MinorUnits
    priced_at: Nanos
    update: int


class ConsensusReached(Message, frozen=True, gc=False):
    """What the vendor's sources say together, where it has several; the price is that before smoothing and circuit breaker."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    instrument: str
    price_minor: MinorUnits
    confidence_ppm: PartsPerMillion
    """The share of all weight that agrees, less the spread among those that do; one million is certain."""
    sources: int
    """How many went into it."""
    outliers: int
    """How many were left out for lying too far away."""
    leading: str
    observed_at: Nanos


class SourceSwitched(Message, frozen=True, gc=False):
    """Another source leads: failover, or back to a better one; empty where there is none."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    instrument: str
    before: str
    after: str
    problem: SourceProblem | None
    """What is wrong with the one before; ``None`` where a better one came back."""


class FeedHalted(Message, frozen=True, gc=False):
    """The sources moved by more than 20 % within a minute: the feed holds its last price until they have settled."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    instrument: str
    held_minor: MinorUnits
    observed_minor: MinorUnits
    move_ppm: PartsPerMillion
    """How far the two are apart, over the lower one."""
    halted_at: Nanos


class FeedResumed(Message, frozen=True, gc=False):
    """The sources have settled: prices go through again."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    instrument: str
    price_minor: MinorUnits
    halted_at: Nanos
    """When it was halted."""


class CandleClosed(Message, frozen=True, gc=False):
    """Open, high, low and close of the vendor feed's prices with ``priced_at`` in [opened_at, opened_at + interval)."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    instrument: str
    interval_ns: Nanos
    opened_at: Nanos
    open_minor: MinorUnits
    high_minor: MinorUnits
    low_minor: MinorUnits
    close_minor: MinorUnits
    prices: int


class ReferenceQuotePublished(Message, frozen=True, gc=False):
    """Bid and ask that the vendor feed puts around a published price, where the scenario asks for reference quotes."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    instrument: str
    bid_minor: MinorUnits
    ask_minor: MinorUnits
    spread_ppm: PartsPerMillion
    priced_at: Nanos
    update: int
    """That of the price."""


class PriceConditionSet(Message, frozen=True, gc=False):
    """Move the fundamental prices of ``assets`` (against USD) from now on.

    The log price is displaced by ``magnitude_ppm`` (signed, parts per million of the price): linearly in time over
    ``ramp_ns``, kept for ``hold_ns``, then linearly back to ``residual_ppm`` over ``recovery_ns``.
    """

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str
    kind: PriceConditionKind
    assets: tuple[str, ...]
    magnitude_ppm: PartsPerMillion
    ramp_ns: Nanos
    hold_ns: Nanos
    recovery_ns: Nanos
    residual_ppm: PartsPerMillion = 0


class FeedConditionSet(Message, frozen=True, gc=False):
    """Break the vendor feed of ``instruments`` (empty: all) until ``until``."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str
    kind: FeedConditionKind
    instruments: tuple[str, ...]
    until: Nanos
    probability_ppm: PartsPerMillion = 0
    delay_ns: Nanos = 0
    shift: int = 0
    skew_ns: Nanos = 0


class VolatilityConditionSet(Message, frozen=True, gc=False):
    """Make the prices of ``assets`` fluctuate ``factor_ppm`` (a multiple in parts per million) as much around their trend.

    The factor grows linearly in time from one over ``ramp_ns``, is kept for ``hold_ns``, and returns to one over
    ``recovery_ns``.
    """

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str
    assets: tuple[str, ...]
    factor_ppm: PartsPerMillion
    ramp_ns: Nanos
    hold_ns: Nanos
    recovery_ns: Nanos


class CorrelationConditionSet(Message, frozen=True, gc=False):
    """Let the returns of ``asset`` correlate with those of ``against`` as ``correlation_ppm`` says, as volatile as before.

    What has come about after ``hold_ns`` goes back linearly to nothing over ``recovery_ns``.
    """

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str
    asset: str
    against: str
    correlation_ppm: PartsPerMillion
    hold_ns: Nanos
    recovery_ns: Nanos


class DivergenceConditionSet(Message, frozen=True, gc=False):
    """Move one instrument away from the others of its underlying, by ``magnitude_ppm`` (signed) of its price.

    Linearly in the logarithm: built up over ``buildup_ns``, kept for ``sustain_ns``, undone over ``recovery_ns``.
    """

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str
    instrument: str
    magnitude_ppm: PartsPerMillion
    buildup_ns: Nanos
    sustain_ns: Nanos
    recovery_ns: Nanos


class FeedCorruptionSet(Message, frozen=True, gc=False):
    """Publish wrong prices for ``instruments`` (empty: all) until ``until``.

    Each publication is, with probability ``probability_ppm``, off by ``magnitude_ppm`` (signed) of its price.
    """

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str
    instruments: tuple[str, ...]
    until: Nanos
    probability_ppm: PartsPerMillion
    magnitude_ppm: PartsPerMillion


class PriceRecorded(Message, frozen=True, gc=False):
    """One row of a recorded market, entering as an input: it becomes the fundamental price."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    instrument: str
    price_minor: MinorUnits


class SourcePriceRecorded(Message, frozen=True, gc=False):
    """One row of a recorded source, entering as an input: it is what that source says."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    source: str
    instrument: str
    price_minor: MinorUnits


class PriceQuestion(Question, frozen=True, gc=False):
    """The latest published price of one instrument, or of all (``None``); answered by a tuple of PricePublished."""

    instrument: str | None = None
