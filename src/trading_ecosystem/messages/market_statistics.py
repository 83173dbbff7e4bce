"""Questions to market data about what its prices did, and the rows of their answers.

Answers are read-only and are not journaled. They are computed, when they are asked for, from integer prices that market data
keeps in bounded memory: bars of a minute for the last 25 hours and of an hour for the last 32 days. Ratios are parts per
million, rounded to the nearest (ties to even); volatilities are annual, over 365 days. Where there is too little to compute
from, a figure is ``None``.
"""

from __future__ import annotations

from trading_ecosystem.messages.base import Question, Row
from trading_ecosystem.messages.market_data import SourceProblem
from trading_ecosystem.messages.sessions import Session
from trading_ecosystem.messages.units import DAY, HOUR, MinorUnits, Nanos, PartsPerMillion

END_OF_TIME: Nanos = 2**63 - 1


class CandlesQuestion(Question, frozen=True, gc=False):
    """The last ``limit`` candles of an instrument that opened in [from_at, until), oldest first; a tuple of CandleClosed.

    ``interval_ns`` divides a day and is a whole number of minutes; candles under an hour reach back 25 hours, others 32 days.
    The newest one may still be open: it holds every price published so far.
    """

    instrument: str
    interval_ns: Nanos
    from_at: Nanos = 0
    until: Nanos = END_OF_TIME
    limit: int = 500


class DayStatisticsQuestion(Question, frozen=True, gc=False):
    """The last 24 hours of one instrument, or of all (``None``); answered by a tuple of DayStatistics."""

    instrument: str | None = None


class DayStatistics(Row, frozen=True, gc=False):
    """A rolling window of 1,440 bars of a minute that ends with the newest."""

    instrument: str
    from_at: Nanos
    """The first instant of the oldest bar in the window."""
    until: Nanos
    """When the newest price was observed."""
    open_minor: MinorUnits
    high_minor: MinorUnits
    low_minor: MinorUnits
    last_minor: MinorUnits
    change_ppm: PartsPerMillion
    """``last / open - 1``."""
    prices: int
    """Publications in the window."""
    volatility_ppm: PartsPerMillion | None
    """Of the returns from minute to minute."""


class VolatilityQuestion(Question, frozen=True, gc=False):
    """How volatile one instrument is, or each (``None``); answered by a tuple of VolatilityEstimate."""

    instrument: str | None = None


class VolatilityEstimate(Row, frozen=True, gc=False):
    """Four measures of the volatility of one instrument, and what is to be expected now."""

    instrument: str
    at: Nanos
    recent_ppm: PartsPerMillion | None
    """Exponentially weighted, with a half life of an hour."""
    hour_ppm: PartsPerMillion | None
    """Realised over the last hour."""
    day_ppm: PartsPerMillion | None
    """Realised over the last 24 hours."""
    range_ppm: PartsPerMillion | None
    """From highs and lows of the hours of the last day (Parkinson 1980)."""
    expected_ppm: PartsPerMillion | None
    """The recent one, carried from its own time of the week to this one by the usual activity."""


class CorrelationQuestion(Question, frozen=True, gc=False):
    """How instruments move together over the last ``window_ns`` (at most a day); answered by a CorrelationMatrix."""

    window_ns: Nanos = HOUR


class CorrelationPair(Row, frozen=True, gc=False):
    """One entry of the matrix; the others are its mirror image, and one on the diagonal."""

    left: str
    right: str
    observations: int
    """Minutes in which both have a return."""
    correlation_ppm: PartsPerMillion | None
    usual_ppm: PartsPerMillion | None
    """The same over what is kept of the day before the window."""
    deviation_milli: int | None
    """How far the two are apart, in thousandths of a standard error (Fisher's transformation)."""
    diverged: bool
    """Whether they are apart by three standard errors or more, and by a tenth at least."""


class CorrelationMatrix(Row, frozen=True, gc=False):
    """Correlations of returns from minute to minute, of every pair of instruments."""

    at: Nanos
    window_ns: Nanos
    pairs: tuple[CorrelationPair, ...]


class PriceGapsQuestion(Question, frozen=True, gc=False):
    """How far instruments of one underlying are apart; answered by a tuple of PriceGap, one per pair."""

    window_ns: Nanos = DAY


class PriceGap(Row, frozen=True, gc=False):
    """Two instruments of one underlying, both in USD (a price in USDT goes through USDT/USD)."""

    underlying: str
    left: str
    right: str
    gap_ppm: PartsPerMillion
    """``left / right - 1`` now."""
    widest_ppm: PartsPerMillion
    """The one farthest from zero at the end of any minute in the window."""


class ReferenceQuoteQuestion(Question, frozen=True, gc=False):
    """Bid and ask around the latest price of one instrument, or of each (``None``); a tuple of ReferenceQuotePublished."""

    instrument: str | None = None


class ReferenceInstrumentQuestion(Question, frozen=True, gc=False):
    """What is fixed about one instrument, or each (``None``); answered by a tuple of ReferenceData."""

    instrument: str | None = None


class ReferenceData(Row, frozen=True, gc=False):
    """Reference data of one instrument."""

    instrument: str
    base: str
    quote: str
    tick_size: MinorUnits
    """Minor units of quote per whole base."""
    lot_size: MinorUnits
    """Minor units of base."""
    price_decimals: int
    quantity_decimals: int
    lowest_minor: MinorUnits
    """No price below this one can be right."""
    highest_minor: MinorUnits
    """No price above this one can be right."""


class SessionsQuestion(Question, frozen=True, gc=False):
    """What time of the trading week it is at ``at``; answered by a SessionState."""

    at: Nanos


class SessionState(Row, frozen=True, gc=False):
    """The sessions that are open, and how much is usually traded now over the mean of the week."""

    at: Nanos
    sessions: tuple[Session, ...]
    activity_ppm: PartsPerMillion


class SourcesQuestion(Question, frozen=True, gc=False):
    """The sources of one instrument's price, or of each (``None``), as of the newest tick; a tuple of SourceStatus."""

    instrument: str | None = None


class SourceStatus(Row, frozen=True, gc=False):
    """One source of one instrument."""

    instrument: str
    source: str
    priority: int
    weight_ppm: PartsPerMillion
    price_minor: MinorUnits | None
    """Its last good observation."""
    observed_at: Nanos | None
    problem: SourceProblem | None
    """Why it is not asked or left out; ``None`` where it is in use."""
    leading: bool
    accepted: int
    """Observations taken so far."""
    refused: int
    outliers: int
    """Ticks at which it was left out."""


class FeedStateQuestion(Question, frozen=True, gc=False):
    """The vendor feed of one instrument, or of each (``None``), and what is kept of it; answered by a tuple of FeedState."""

    instrument: str | None = None


class FeedState(Row, frozen=True, gc=False):
    """Counters and buffers of one instrument's feed."""

    instrument: str
    updates: int
    """Publications so far, those that were lost included."""
    said_update: int
    """Number of the newest one that was said; 0 before the first."""
    lost: int
    """Publications that a condition of the feed lost."""
    corrupted: int
    held: int
    """Publications that are held back now."""
    minute_bars: int
    hour_bars: int
    usable_sources: int
    halted: bool
    """Whether the circuit breaker holds the price."""


class MarketConditionsQuestion(Question, frozen=True, gc=False):
    """The conditions of prices and feed that are under way; answered by a tuple of ConditionUnderWay."""


class ConditionUnderWay(Row, frozen=True, gc=False):
    """One condition that was set and has neither ended nor been cleared."""

    condition_id: str
    kind: str
    targets: tuple[str, ...]
    in_effect: bool
    """Whether it has changed anything yet."""
