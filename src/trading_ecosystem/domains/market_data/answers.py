"""The read-only half of market data: every question it answers, from the latest publications and the bars it has kept."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from trading_ecosystem.domains.market_data.displacements import Displacements
from trading_ecosystem.domains.market_data.parameters import MarketDataParameters
from trading_ecosystem.domains.market_data.price_bars import PriceHistory, is_candle_interval
from trading_ecosystem.domains.market_data.source_desk import SourceDesk
from trading_ecosystem.domains.market_data.spreads import ReferenceQuotes
from trading_ecosystem.domains.market_data.statistics import (
    correlation_matrix,
    day_statistics,
    price_gaps,
    volatility_estimate,
)
from trading_ecosystem.domains.market_data.vendor_feed import VendorFeed
from trading_ecosystem.messages.base import Question
from trading_ecosystem.messages.market_data import CandleClosed, PricePublished, PriceQuestion, ReferenceQuotePublished
from trading_ecosystem.messages.market_statistics import (
    CandlesQuestion,
    ConditionUnderWay,
    CorrelationMatrix,
    CorrelationQuestion,
    DayStatistics,
    DayStatisticsQuestion,
    FeedState,
    FeedStateQuestion,
    MarketConditionsQuestion,
    PriceGap,
    PriceGapsQuestion,
    ReferenceData,
    ReferenceInstrumentQuestion,
    ReferenceQuoteQuestion,
    SessionsQuestion,
    SessionState,
    SourcesQuestion,
    SourceStatus,
    VolatilityEstimate,
    VolatilityQuestion,
)
from trading_ecosystem.messages.sessions import activity_ppm, sessions_at
from trading_ecosystem.messages.units import DAY, INSTRUMENTS, MINOR_UNITS_PER_WHOLE, MinorUnits, Nanos
from trading_ecosystem.ports.component import Component
from trading_ecosystem.ports.errors import NotFound

HIGHEST_PRICE: Final[MinorUnits] = 10**18
"""Ten thousand million whole units: no price of a scenario, a recording or a source is higher."""


class MarketDataAnswers(Component):
    """Answers about prices; the component that moves them builds on this."""

    answers: ClassVar[dict[type[Question], str]] = {
        PriceQuestion: "latest_prices",
        CandlesQuestion: "candles",
        DayStatisticsQuestion: "day_statistics",
        VolatilityQuestion: "volatility",
        CorrelationQuestion: "correlations",
        PriceGapsQuestion: "price_gaps",
        ReferenceQuoteQuestion: "reference_quotes",
        ReferenceInstrumentQuestion: "reference_data",
        SessionsQuestion: "sessions",
        SourcesQuestion: "sources",
        FeedStateQuestion: "feed_state",
        MarketConditionsQuestion: "conditions_under_way",
    }

    def __init__(self, name: str, parameters: MarketDataParameters, feed: VendorFeed, accounts: frozenset[str] | None) -> None:
        super().__init__(name, accounts)
        self.parameters = parameters
        self._feed = feed
        self._displacements = Displacements()
        self._history = PriceHistory(parameters.instruments)
        self._quotes = ReferenceQuotes(parameters.spreads)
        self._desk: SourceDesk | None = None
        """Where several sources come together; ``None`` where the feed has the true price."""
        self._ticked_at: Nanos = 0

    def latest_prices(self, question: PriceQuestion) -> tuple[PricePublished, ...]:
        """The latest publications, none for an instrument not priced yet; raises ``NotFound`` for an unknown instrument."""
        return self._latest(question.instrument)

    def candles(self, question: CandlesQuestion) -> tuple[CandleClosed, ...]:
        """Candles of an interval; raises ``NotFound`` for an unknown instrument or an interval that cannot be put together."""
        self._symbols(question.instrument)
        if not is_candle_interval(question.interval_ns):
            raise NotFound(f"candles of {question.interval_ns} ns; whole minutes that divide a day are kept")
        return self._history.candles(
            question.instrument, question.interval_ns, question.from_at, question.until, question.limit
        )

    def day_statistics(self, question: DayStatisticsQuestion) -> tuple[DayStatistics, ...]:
        """The rolling day; none for an instrument not priced yet."""
        found = (
            day_statistics(latest.instrument, self._history.minutes[latest.instrument], latest.priced_at)
            for latest in self._latest(question.instrument)
        )
        return tuple(statistics for statistics in found if statistics is not None)

    def volatility(self, question: VolatilityQuestion) -> tuple[VolatilityEstimate, ...]:
        """Every measure of volatility; none for an instrument not priced yet."""
        latest_prices = self._latest(question.instrument)
        return tuple(volatility_estimate(latest.instrument, self._history, latest.priced_at) for latest in latest_prices)

    def correlations(self, question: CorrelationQuestion) -> CorrelationMatrix:
        """The matrix over a window of at most a day, as of the newest price."""
        newest_at = max((latest.priced_at for latest in self._latest(None)), default=0)
        return correlation_matrix(self._history, newest_at, min(question.window_ns, DAY))

    def price_gaps(self, question: PriceGapsQuestion) -> tuple[PriceGap, ...]:
        """How far instruments of one underlying are apart."""
        return price_gaps(self._history, min(question.window_ns, DAY))

    def reference_quotes(self, question: ReferenceQuoteQuestion) -> tuple[ReferenceQuotePublished, ...]:
        """Bid and ask around the latest prices, whether the scenario publishes them or not."""
        latest_prices = self._latest(question.instrument)
        return tuple(self._quotes.quote(latest, self._history.minutes[latest.instrument]) for latest in latest_prices)

    def reference_data(self, question: ReferenceInstrumentQuestion) -> tuple[ReferenceData, ...]:
        """What is fixed about the instruments."""
        found = []
        for symbol in self._symbols(question.instrument):
            instrument = INSTRUMENTS[symbol]
            found.append(
                ReferenceData(
                    instrument=symbol,
                    base=instrument.base,
                    quote=instrument.quote,
                    tick_size=instrument.tick_size,
                    lot_size=instrument.lot_size,
                    price_decimals=_decimals(instrument.tick_size),
                    quantity_decimals=_decimals(instrument.lot_size),
                    lowest_minor=instrument.tick_size,
                    highest_minor=HIGHEST_PRICE,
                )
            )
        return tuple(found)

    def sessions(self, question: SessionsQuestion) -> SessionState:
        """The sessions open at an instant, and the usual activity."""
        return SessionState(question.at, sessions_at(question.at), activity_ppm(question.at))

    def sources(self, question: SourcesQuestion) -> tuple[SourceStatus, ...]:
        """Every source by instrument and priority; none where the feed has no sources of its own."""
        symbols = self._symbols(question.instrument)
        if self._desk is None:
            return ()
        return tuple(status for symbol in symbols for status in self._desk.status(symbol, self._ticked_at))

    def feed_state(self, question: FeedStateQuestion) -> tuple[FeedState, ...]:
        """Counters and buffers of the feed."""
        found, desk, now = [], self._desk, self._ticked_at
        for symbol in self._symbols(question.instrument):
            line = self._feed.lines[symbol]
            found.append(
                FeedState(
                    instrument=symbol,
                    updates=line.update,
                    said_update=0 if line.latest is None else line.latest.update,
                    lost=line.lost,
                    corrupted=line.corrupted,
                    held=len(line.held),
                    minute_bars=len(self._history.minutes[symbol].opened),
                    hour_bars=len(self._history.hours[symbol].opened),
                    usable_sources=0 if desk is None else desk.usable(symbol, now),
                    halted=desk is not None and desk.is_halted(symbol),
                )
            )
        return tuple(found)

    def conditions_under_way(self, question: MarketConditionsQuestion) -> tuple[ConditionUnderWay, ...]:
        """Conditions of prices first, then those of the feed, each in the order in which they were set."""
        return (*self._displacements.described(), *self._feed.described())

    def _symbols(self, instrument: str | None) -> tuple[str, ...]:
        if instrument is None:
            return self.parameters.instruments
        if instrument not in self._feed.lines:
            raise NotFound(f"instrument {instrument}")
        return (instrument,)

    def _latest(self, instrument: str | None) -> tuple[PricePublished, ...]:
        found: list[PricePublished] = []
        for symbol in self._symbols(instrument):
            latest: Any = self._feed.lines[symbol].latest
            if latest is not None:
                found.append(latest)
        return tuple(found)


def _decimals(step: MinorUnits) -> int:
    """How many decimal places a number in whole units has that is a multiple of ``step`` minor units."""
    places = len(str(MINOR_UNITS_PER_WHOLE)) - 1
    while places and step % 10 == 0:
        step //= 10
        places -= 1
    return places
