"""Bodies about the market: venues and what they trade, prices, quotes, depth, trades, candles and statistics."""

from __future__ import annotations

import enum
from typing import Final

from trading_ecosystem.api.rest.bodies import Answer, InstantText
from trading_ecosystem.messages.orders import Side, TradingPhase
from trading_ecosystem.messages.sessions import Session
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE, InstrumentKind, Nanos


class Interval(enum.StrEnum):
    """The length of a candle."""

    ONE_MINUTE = "1m"
    FIVE_MINUTES = "5m"
    FIFTEEN_MINUTES = "15m"
    THIRTY_MINUTES = "30m"
    ONE_HOUR = "1h"
    TWO_HOURS = "2h"
    FOUR_HOURS = "4h"
    SIX_HOURS = "6h"
    TWELVE_HOURS = "12h"
    ONE_DAY = "1d"


LENGTH: Final[dict[Interval, Nanos]] = {
    one: int(one.value[:-1]) * {"m": MINUTE, "h": HOUR, "d": DAY}[one.value[-1]] for one in Interval
}


class Venue(Answer, frozen=True, forbid_unknown_fields=True):
    """A venue and what it trades."""

    venue: str
    custodian: str
    """Where what is owed by this venue is held and settled."""
    instruments: tuple[str, ...]


class VenuesAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Every venue."""

    venues: tuple[Venue, ...]


class InstrumentTerms(Answer, frozen=True, forbid_unknown_fields=True):
    """An instrument as one venue lists it. Fees are shares of the notional."""

    venue: str
    instrument: str
    base: str
    quote: str
    kind: InstrumentKind
    tick_size: str
    lot_size: str
    maker_fee: str
    taker_fee: str
    settlement_cycle_seconds: str
    phase: TradingPhase
    phase_until: InstantText | None
    """When the phase is due to end; `null` where that is open."""


class TermsAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """What a venue lists."""

    instruments: tuple[InstrumentTerms, ...]


class Instrument(Answer, frozen=True, forbid_unknown_fields=True):
    """What is fixed about an instrument, wherever it trades."""

    instrument: str
    base: str
    quote: str
    kind: InstrumentKind
    tick_size: str
    lot_size: str
    price_decimals: int
    quantity_decimals: int
    lowest_price: str
    highest_price: str
    venues: tuple[str, ...]


class InstrumentsAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Every instrument."""

    instruments: tuple[Instrument, ...]


class BestPrices(Answer, frozen=True, forbid_unknown_fields=True):
    """Best bid and offer of one venue's book; `null` where a side is empty."""

    venue: str
    bid_price: str | None
    bid_quantity: str | None
    ask_price: str | None
    ask_quantity: str | None
    mark_price: str | None
    """What positions in a perpetual are valued at; `null` for a spot pair, and before the first."""


class Quote(Answer, frozen=True, forbid_unknown_fields=True):
    """An instrument's reference price (the vendor's), reference quote around it, and every venue's best prices."""

    instrument: str
    price: str | None
    priced_at: InstantText | None
    reference_bid: str | None
    reference_ask: str | None
    reference_spread: str | None
    """Of bid and ask over the price."""
    venues: tuple[BestPrices, ...]


class QuotesAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Quotes of every instrument."""

    quotes: tuple[Quote, ...]


class PriceLevel(Answer, frozen=True, forbid_unknown_fields=True):
    """All that is wanted or offered at one price."""

    price: str
    quantity: str


class Depth(Answer, frozen=True, forbid_unknown_fields=True):
    """The book of an instrument, nearest prices first; it holds every update of the book up to `last_update`."""

    venue: str
    instrument: str
    last_update: int
    bids: tuple[PriceLevel, ...]
    asks: tuple[PriceLevel, ...]


class Trade(Answer, frozen=True, forbid_unknown_fields=True):
    """One match in which an account of a customer took part; who that was is not said."""

    trade_id: int
    price: str
    quantity: str
    aggressor: Side
    matched_at: InstantText


class Trades(Answer, frozen=True, forbid_unknown_fields=True):
    """What a venue published of the trades of an instrument between two publications."""

    venue: str
    instrument: str
    first_trade_id: int
    last_trade_id: int
    quantity: str
    buyer_initiated_quantity: str
    high_price: str
    low_price: str
    last_price: str
    published_at: InstantText
    trades: tuple[Trade, ...]
    """Those among them that are known one by one."""


class Candle(Answer, frozen=True, forbid_unknown_fields=True):
    """Open, high, low and close of the reference price; the newest one may still be open."""

    opened_at: InstantText
    open: str
    high: str
    low: str
    close: str
    prices: int
    """How many prices it is made of."""


class CandlesAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Candles of one instrument, the oldest first."""

    instrument: str
    interval: Interval
    candles: tuple[Candle, ...]


class VenueVolume(Answer, frozen=True, forbid_unknown_fields=True):
    """What was traded on one venue."""

    venue: str
    quantity: str
    buyer_initiated_quantity: str


class DayStatistics(Answer, frozen=True, forbid_unknown_fields=True):
    """The last 24 hours of an instrument's reference price."""

    instrument: str
    since: InstantText
    until: InstantText
    open: str
    high: str
    low: str
    last: str
    change: str
    """Last over open, less one."""
    prices: int
    volatility: str | None
    """A year's, from the returns of minutes; `null` where there are too few."""
    volumes: tuple[VenueVolume, ...] | None = None
    """What venues published in these 24 hours; only where one instrument is asked for."""


class DayStatisticsAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """The last 24 hours of every instrument that has a price."""

    statistics: tuple[DayStatistics, ...]


class Volatility(Answer, frozen=True, forbid_unknown_fields=True):
    """How volatile an instrument is, a year; `null` where there is too little to say so from."""

    instrument: str
    at: InstantText
    recent: str | None
    """Exponentially weighted, with a half life of an hour."""
    hour: str | None
    day: str | None
    range: str | None
    """From highs and lows of the hours of the last day (Parkinson 1980)."""
    expected: str | None
    """What is to be expected at this time of the week."""


class VolatilityAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """The volatility of every instrument that has a price."""

    volatility: tuple[Volatility, ...]


class Correlation(Answer, frozen=True, forbid_unknown_fields=True):
    """How two instruments move together, from returns minute by minute."""

    left: str
    right: str
    observations: int
    correlation: str | None
    usual: str | None
    """The same over what is kept of the day before the window."""
    deviation: str | None
    """How far the two are apart, in standard errors (Fisher's transformation)."""
    diverged: bool
    """Apart by three standard errors or more, and by a tenth at least."""


class CorrelationsAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """The correlation of every pair of instruments."""

    at: InstantText
    window_minutes: int
    pairs: tuple[Correlation, ...]


class PriceGap(Answer, frozen=True, forbid_unknown_fields=True):
    """Two instruments of one underlying, both in USD."""

    underlying: str
    left: str
    right: str
    gap: str
    """Left over right, less one, now."""
    widest: str
    """The one farthest from zero in the window."""


class PriceGapsAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """How far instruments of one underlying are apart."""

    window_minutes: int
    gaps: tuple[PriceGap, ...]


class TradingSessions(Answer, frozen=True, forbid_unknown_fields=True):
    """The sessions that are open, and how much is usually traded at this time over the mean of the week."""

    at: InstantText
    sessions: tuple[Session, ...]
    usual_activity: str


class PastPrice(Answer, frozen=True, forbid_unknown_fields=True):
    """The last reference price of one minute."""

    minute: InstantText
    price: str
    priced_at: InstantText
