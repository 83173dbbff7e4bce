"""What the market data domain keeps: instruments, prices, quotes, trade summaries, candles, conditions.

A price history has one row per instrument and minute of ``priced_at``: the last price published for that minute. Quotes and
trade summaries are those that the venues published; the component does not hear them, but who follows the journal does.
Conditions of other components are not kept here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import QuoteChanged, TradesPublished
from trading_ecosystem.messages.market_data import (
    CandleClosed,
    ConsensusReached,
    CorrelationConditionSet,
    DivergenceConditionSet,
    FeedConditionSet,
    FeedCorruptionSet,
    FeedHalted,
    FeedResumed,
    PriceConditionSet,
    PricePublished,
    ReferenceQuotePublished,
    SourceSwitched,
    VolatilityConditionSet,
)
from trading_ecosystem.messages.test_coordination import ConditionCleared, ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, Lots, MinorUnits, Nanos, PartsPerMillion, Ticks
from trading_ecosystem.ports.records import Change, Patch, Record, Upsert

NAMESPACE = "market_data"


class ReferenceInstrument(Record, frozen=True):
    """An instrument that the vendor feed has priced."""

    table: ClassVar[str] = "instruments"
    key: ClassVar[tuple[str, ...]] = ("symbol",)
    symbol: str
    base: str
    quote: str


class LatestPrice(Record, frozen=True):
    """The latest publication of an instrument."""

    table: ClassVar[str] = "latest_prices"
    key: ClassVar[tuple[str, ...]] = ("instrument",)
    instrument: str
    price_minor: MinorUnits
    priced_at: Nanos
    published_at: Nanos
    update: int


class PriceSample(Record, frozen=True):
    """The last price published for one minute; ``minute_at`` is the minute's first instant."""

    table: ClassVar[str] = "price_histories"
    key: ClassVar[tuple[str, ...]] = ("instrument", "minute_at")
    instrument: str
    minute_at: Nanos
    price_minor: MinorUnits
    priced_at: Nanos


class ReferenceQuote(Record, frozen=True):
    """The latest bid and ask of the vendor feed."""

    table: ClassVar[str] = "reference_quotes"
    key: ClassVar[tuple[str, ...]] = ("instrument",)
    checks: ClassVar[tuple[str, ...]] = (
        "bid_minor <= ask_minor",
        "spread_ppm >= 0",
    )
    instrument: str
    bid_minor: MinorUnits
    ask_minor: MinorUnits
    spread_ppm: PartsPerMillion
    priced_at: Nanos
    update: int


class ConsensusPrice(Record, frozen=True):
    """What the vendor's sources said together last."""

    table: ClassVar[str] = "consensus_prices"
    key: ClassVar[tuple[str, ...]] = ("instrument",)
    checks: ClassVar[tuple[str, ...]] = (
        "confidence_ppm BETWEEN 0 AND 1000000",
        "outliers BETWEEN 0 AND sources",
    )
    instrument: str
    price_minor: MinorUnits
    confidence_ppm: PartsPerMillion
    sources: int
    outliers: int
    leading: str
    observed_at: Nanos
    reached_at: Nanos


class SourceSwitch(Record, frozen=True):
    """One change of the source that leads."""

    table: ClassVar[str] = "source_switches"
    key: ClassVar[tuple[str, ...]] = ("instrument", "switched_at")
    instrument: str
    switched_at: Nanos
    before: str
    after: str
    problem: str
    """Empty where a better source came back."""


class FeedHalt(Record, frozen=True):
    """One time at which the circuit breaker held the feed's price; ``resumed_at`` is 0 until it let prices through again."""

    table: ClassVar[str] = "feed_halts"
    key: ClassVar[tuple[str, ...]] = ("instrument", "halted_at")
    instrument: str
    halted_at: Nanos
    held_minor: MinorUnits
    observed_minor: MinorUnits
    move_ppm: PartsPerMillion
    resumed_at: Nanos = 0


class VenueQuote(Record, frozen=True):
    """The latest best bid and offer that a venue published."""

    table: ClassVar[str] = "quotes"
    key: ClassVar[tuple[str, ...]] = ("venue", "instrument")
    checks: ClassVar[tuple[str, ...]] = (
        "bid_lots >= 0",
        "ask_lots >= 0",
    )
    venue: str
    instrument: str
    update: int
    bid_ticks: Ticks
    bid_lots: Lots
    ask_ticks: Ticks
    ask_lots: Lots
    published_at: Nanos


class TradeSummary(Record, frozen=True):
    """All trades of a venue and instrument between two publications."""

    table: ClassVar[str] = "trade_summaries"
    key: ClassVar[tuple[str, ...]] = ("venue", "instrument", "first_trade_id")
    checks: ClassVar[tuple[str, ...]] = (
        "first_trade_id <= last_trade_id",
        "buyer_initiated_lots BETWEEN 0 AND volume_lots",
        "last_ticks BETWEEN low_ticks AND high_ticks",
    )
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("instrument", "published_at"),)
    venue: str
    instrument: str
    first_trade_id: int
    last_trade_id: int
    volume_lots: Lots
    buyer_initiated_lots: Lots
    high_ticks: Ticks
    low_ticks: Ticks
    last_ticks: Ticks
    published_at: Nanos


class Candle(Record, frozen=True):
    """Open, high, low and close of one interval."""

    table: ClassVar[str] = "candles"
    key: ClassVar[tuple[str, ...]] = ("instrument", "interval_ns", "opened_at")
    checks: ClassVar[tuple[str, ...]] = (
        "open_minor BETWEEN low_minor AND high_minor",
        "close_minor BETWEEN low_minor AND high_minor",
        "interval_ns > 0",
    )
    instrument: str
    interval_ns: Nanos
    opened_at: Nanos
    open_minor: MinorUnits
    high_minor: MinorUnits
    low_minor: MinorUnits
    close_minor: MinorUnits
    prices: int


class MarketCondition(Record, frozen=True):
    """A condition of prices or of the feed, and what became of it; an instant is 0 until it came."""

    table: ClassVar[str] = "market_conditions"
    key: ClassVar[tuple[str, ...]] = ("component", "condition_id")
    component: str
    condition_id: str
    kind: str
    targets: str
    """Assets or instruments, separated by a space; empty for every instrument."""
    set_at: Nanos
    planned_until: Nanos
    took_effect_at: Nanos = 0
    first_subject: str = ""
    cleared_at: Nanos = 0
    ended_at: Nanos = 0


RECORDS: Final = (
    ReferenceInstrument,
    LatestPrice,
    PriceSample,
    ReferenceQuote,
    ConsensusPrice,
    SourceSwitch,
    FeedHalt,
    VenueQuote,
    TradeSummary,
    Candle,
    MarketCondition,
)


def _price_published(message: PricePublished, now: Nanos) -> Iterable[Change]:
    price = message.price_minor
    minute_at = message.priced_at - message.priced_at % MINUTE
    return (
        Upsert(_REFERENCES[message.instrument]),
        Upsert(LatestPrice(message.instrument, price, message.priced_at, now, message.update)),
        Upsert(PriceSample(message.instrument, minute_at, price, message.priced_at)),
    )


def _reference_quote_published(message: ReferenceQuotePublished, now: Nanos) -> Iterable[Change]:
    quote = ReferenceQuote(
        message.instrument, message.bid_minor, message.ask_minor, message.spread_ppm, message.priced_at, message.update
    )
    return (Upsert(quote),)


def _consensus_reached(message: ConsensusReached, now: Nanos) -> Iterable[Change]:
    reached = ConsensusPrice(
        message.instrument,
        message.price_minor,
        message.confidence_ppm,
        message.sources,
        message.outliers,
        message.leading,
        message.observed_at,
        now,
    )
    return (Upsert(reached),)


def _source_switched(message: SourceSwitched, now: Nanos) -> Iterable[Change]:
    problem = "" if message.problem is None else message.problem.value
    return (Upsert(SourceSwitch(message.instrument, now, message.before, message.after, problem)),)


def _feed_halted(message: FeedHalted, now: Nanos) -> Iterable[Change]:
    halt = FeedHalt(message.instrument, message.halted_at, message.held_minor, message.observed_minor, message.move_ppm)
    return (Upsert(halt),)


def _feed_resumed(message: FeedResumed, now: Nanos) -> Iterable[Change]:
    return (Patch(FeedHalt, (message.instrument, message.halted_at), {"resumed_at": now}),)


def _quote_changed(message: QuoteChanged, now: Nanos) -> Iterable[Change]:
    quote = VenueQuote(
        message.venue,
        message.instrument,
        message.update,
        message.bid_ticks,
        message.bid_lots,
        message.ask_ticks,
        message.ask_lots,
        now,
    )
    return (Upsert(quote),)


def _trades_published(message: TradesPublished, now: Nanos) -> Iterable[Change]:
    summary = TradeSummary(
        message.venue,
        message.instrument,
        message.first_trade_id,
        message.last_trade_id,
        message.volume_lots,
        message.buyer_initiated_lots,
        message.high_ticks,
        message.low_ticks,
        message.last_ticks,
        now,
    )
    return (Upsert(summary),)


def _candle_closed(message: CandleClosed, now: Nanos) -> Iterable[Change]:
    candle = Candle(
        message.instrument,
        message.interval_ns,
        message.opened_at,
        message.open_minor,
        message.high_minor,
        message.low_minor,
        message.close_minor,
        message.prices,
    )
    return (Upsert(candle),)


def _price_condition_set(message: PriceConditionSet, now: Nanos) -> Iterable[Change]:
    until = now + message.ramp_ns + message.hold_ns + message.recovery_ns
    targets = " ".join(message.assets)
    return (Upsert(MarketCondition(message.component, message.condition_id, message.kind.value, targets, now, until)),)


def _volatility_condition_set(message: VolatilityConditionSet, now: Nanos) -> Iterable[Change]:
    until = now + message.ramp_ns + message.hold_ns + message.recovery_ns
    targets = " ".join(message.assets)
    return (Upsert(MarketCondition(message.component, message.condition_id, "volatility_spike", targets, now, until)),)


def _correlation_condition_set(message: CorrelationConditionSet, now: Nanos) -> Iterable[Change]:
    until = now + message.hold_ns + message.recovery_ns
    targets = f"{message.asset} {message.against}"
    return (Upsert(MarketCondition(message.component, message.condition_id, "correlation_break", targets, now, until)),)


def _divergence_condition_set(message: DivergenceConditionSet, now: Nanos) -> Iterable[Change]:
    until = now + message.buildup_ns + message.sustain_ns + message.recovery_ns
    return (Upsert(MarketCondition(message.component, message.condition_id, "divergence", message.instrument, now, until)),)


def _feed_condition_set(message: FeedConditionSet, now: Nanos) -> Iterable[Change]:
    targets = " ".join(message.instruments)
    record = MarketCondition(message.component, message.condition_id, message.kind.value, targets, now, message.until)
    return (Upsert(record),)


def _feed_corruption_set(message: FeedCorruptionSet, now: Nanos) -> Iterable[Change]:
    targets = " ".join(message.instruments)
    return (Upsert(MarketCondition(message.component, message.condition_id, "feed_corrupt", targets, now, message.until)),)


def _condition_took_effect(message: ConditionTookEffect, now: Nanos) -> Iterable[Change]:
    values = {"took_effect_at": now, "first_subject": message.subject}
    return (Patch(MarketCondition, (message.component, message.condition_id), values),)


def _condition_cleared(message: ConditionCleared, now: Nanos) -> Iterable[Change]:
    return (Patch(MarketCondition, (message.component, message.condition_id), {"cleared_at": now}),)


def _condition_ended(message: ConditionEnded, now: Nanos) -> Iterable[Change]:
    return (Patch(MarketCondition, (message.component, message.condition_id), {"ended_at": now}),)


_REFERENCES: Final = {
    symbol: ReferenceInstrument(symbol, instrument.base, instrument.quote) for symbol, instrument in INSTRUMENTS.items()
}

_CHANGES: Final[dict[type[Message], Callable[[Any, Nanos], Iterable[Change]]]] = {
    PricePublished: _price_published,
    ReferenceQuotePublished: _reference_quote_published,
    ConsensusReached: _consensus_reached,
    SourceSwitched: _source_switched,
    FeedHalted: _feed_halted,
    FeedResumed: _feed_resumed,
    QuoteChanged: _quote_changed,
    TradesPublished: _trades_published,
    CandleClosed: _candle_closed,
    PriceConditionSet: _price_condition_set,
    VolatilityConditionSet: _volatility_condition_set,
    CorrelationConditionSet: _correlation_condition_set,
    DivergenceConditionSet: _divergence_condition_set,
    FeedConditionSet: _feed_condition_set,
    FeedCorruptionSet: _feed_corruption_set,
    ConditionTookEffect: _condition_took_effect,
    ConditionCleared: _condition_cleared,
    ConditionEnded: _condition_ended,
}


def project(message: Message, now: Nanos) -> Iterable[Change]:
    """The changes one journal entry makes; empty for a message that this domain does not keep."""
    changes = _CHANGES.get(type(message))
    return changes(message, now) if changes is not None else ()
