"""Prices, quotes and candles as they were published."""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.market_data.records import (
    Candle,
    ConsensusPrice,
    FeedHalt,
    LatestPrice,
    MarketCondition,
    PriceSample,
    ReferenceInstrument,
    ReferenceQuote,
    SourceSwitch,
    TradeSummary,
    VenueQuote,
)
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.records import HistoryStore, Within


class MarketSnapshot(msgspec.Struct, frozen=True):
    """What is known of an instrument at the store's position."""

    instrument: str
    price: LatestPrice | None
    reference_quote: ReferenceQuote | None
    consensus: ConsensusPrice | None
    quotes: list[VenueQuote]
    """By venue."""


class MarketDataHistory:
    """Queries over the records of ``market_data``."""

    def __init__(self, history: HistoryStore) -> None:
        self._history = history

    async def instruments(self, base: str | None = None) -> list[ReferenceInstrument]:
        """Instruments that were ever priced, or those with this base asset."""
        return await self._history.rows(ReferenceInstrument, {} if base is None else {"base": base})

    async def latest_price(self, instrument: str) -> LatestPrice:
        """The latest published price; raises :class:`trading_ecosystem.ports.errors.NotFound`."""
        return await self._history.get(LatestPrice, (instrument,))

    async def price_history(
        self, instrument: str, since: Nanos | None = None, until: Nanos | None = None, *, limit: int | None = None
    ) -> list[PriceSample]:
        """The last price of every minute, in order of time."""
        where = {"instrument": instrument, "minute_at": Within(since, until)}
        return await self._history.rows(PriceSample, where, order=["minute_at"], limit=limit)

    async def candles(
        self, instrument: str, interval_ns: Nanos, since: Nanos | None = None, until: Nanos | None = None
    ) -> list[Candle]:
        """Closed candles that opened in a range, in order of time."""
        where = {"instrument": instrument, "interval_ns": interval_ns, "opened_at": Within(since, until)}
        return await self._history.rows(Candle, where, order=["opened_at"])

    async def latest_candle(self, instrument: str, interval_ns: Nanos) -> Candle | None:
        """The candle that closed last."""
        where = {"instrument": instrument, "interval_ns": interval_ns}
        found = await self._history.rows(Candle, where, order=["-opened_at"], limit=1)
        return found[0] if found else None

    async def quotes(self, instrument: str) -> list[VenueQuote]:
        """The latest quote of every venue."""
        return await self._history.rows(VenueQuote, {"instrument": instrument})

    async def trade_summaries(
        self, instrument: str, *, venue: str | None = None, since: Nanos | None = None, until: Nanos | None = None
    ) -> list[TradeSummary]:
        """What venues published of their trades, in order of time."""
        where = {"instrument": instrument, "published_at": Within(since, until)}
        about = where if venue is None else {**where, "venue": venue}
        return await self._history.rows(TradeSummary, about, order=["published_at"])

    async def snapshot(self, instrument: str) -> MarketSnapshot:
        """Price, quotes and consensus of an instrument together."""
        where = {"instrument": instrument}
        prices = await self._history.rows(LatestPrice, where)
        references = await self._history.rows(ReferenceQuote, where)
        agreed = await self._history.rows(ConsensusPrice, where)
        return MarketSnapshot(
            instrument,
            prices[0] if prices else None,
            references[0] if references else None,
            agreed[0] if agreed else None,
            await self.quotes(instrument),
        )

    async def source_switches(self, instrument: str) -> list[SourceSwitch]:
        """When which source took the lead, in order of time."""
        return await self._history.rows(SourceSwitch, {"instrument": instrument}, order=["switched_at"])

    async def halts(self, instrument: str) -> list[FeedHalt]:
        """When the circuit breaker held the price, in order of time."""
        return await self._history.rows(FeedHalt, {"instrument": instrument}, order=["halted_at"])

    async def conditions(self, *, active_at: Nanos | None = None) -> list[MarketCondition]:
        """Conditions of prices and feed in order of time, or those that are in force at an instant."""
        found = await self._history.rows(MarketCondition, order=["set_at"])
        if active_at is None:
            return found
        return [one for one in found if one.set_at <= active_at and (not one.ended_at or active_at < one.ended_at)]
