"""The calls of ``services/market_data.proto``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, TypeVar

from google.protobuf.message import Message as ProtoMessage

from trading_ecosystem.adapters.data.market_data import MarketDataHistory
from trading_ecosystem.api.grpc.conversion import fill, fill_all, invalid
from trading_ecosystem.api.grpc.door import Door
from trading_ecosystem.api.grpc.fields import needed, optional
from trading_ecosystem.api.grpc.paging import fill_page, within
from trading_ecosystem.api.grpc.streaming import Streams, Wanted
from trading_ecosystem.api.grpc.stubs.services import market_data_pb2 as pb
from trading_ecosystem.api.grpc.stubs.services import market_data_pb2_grpc as rpc
from trading_ecosystem.api.problems import NoSuchThing
from trading_ecosystem.api.streams.channels import Channel
from trading_ecosystem.messages.base import Question
from trading_ecosystem.messages.exchange import DepthQuestion
from trading_ecosystem.messages.market_data import PriceQuestion
from trading_ecosystem.messages.market_statistics import (
    END_OF_TIME,
    CandlesQuestion,
    CorrelationQuestion,
    DayStatisticsQuestion,
    PriceGapsQuestion,
    ReferenceInstrumentQuestion,
    ReferenceQuoteQuestion,
    SessionsQuestion,
    VolatilityQuestion,
)
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE

R = TypeVar("R", bound=ProtoMessage)
DEPTH: Final = 10
DEEPEST: Final = 100
MOST_CANDLES: Final = 2_000
"""More than any interval has."""
_CHANNELS: Final = {
    pb.MARKET_DATA_CHANNEL_PRICES: Channel.PRICES,
    pb.MARKET_DATA_CHANNEL_QUOTES: Channel.QUOTES,
    pb.MARKET_DATA_CHANNEL_DEPTH: Channel.DEPTH,
    pb.MARKET_DATA_CHANNEL_TRADES: Channel.TRADES,
    pb.MARKET_DATA_CHANNEL_CANDLES: Channel.CANDLES,
    pb.MARKET_DATA_CHANNEL_MARKETS: Channel.MARKETS,
}
_VENDOR: Final = frozenset({Channel.PRICES, Channel.CANDLES})
"""Channels about no venue."""
_CONFLATED: Final = frozenset({Channel.PRICES, Channel.QUOTES, Channel.DEPTH})


class PriceFeed(rpc.PriceFeedServiceServicer):
    """Prices, quotes and books as they are now, and as they change."""

    def __init__(self, door: Door, streams: Streams) -> None:
        self._door = door
        self._streams = streams

    async def ListPrices(self, request: pb.ListPricesRequest, context: Any) -> pb.ListPricesResponse:
        """Ask market data."""
        return await _listed(self._door, pb.ListPricesResponse(), "prices", PriceQuestion(_known(self._door, request)))

    async def ListReferenceQuotes(self, request: pb.ListReferenceQuotesRequest, context: Any) -> pb.ListReferenceQuotesResponse:
        """Ask market data."""
        question = ReferenceQuoteQuestion(_known(self._door, request))
        return await _listed(self._door, pb.ListReferenceQuotesResponse(), "quotes", question)

    async def GetDepth(self, request: pb.GetDepthRequest, context: Any) -> pb.GetDepthResponse:
        """Ask the venue."""
        needed(request, "instrument")
        if not 0 <= request.levels <= DEEPEST:
            raise invalid("levels", f"{request.levels} is out of range; expected 0 to {DEEPEST}")
        venue = self._door.venue(request.venue)
        symbol = self._door.gateway.instrument(venue, request.instrument).symbol
        depth = await self._door.ask(venue, DepthQuestion(symbol, request.levels or DEPTH))
        response = pb.GetDepthResponse()
        fill(response.depth, depth)
        return response

    def StreamMarketData(self, request: pb.StreamMarketDataRequest, context: Any) -> AsyncIterator[pb.StreamMarketDataResponse]:
        """Listen to the public channels."""
        channels = [_CHANNELS[number] for number in dict.fromkeys(map(_known_channel, request.channels))]
        venues = [self._door.venue(name) for name in dict.fromkeys(request.venues)] or [""]
        symbols = [_symbol(self._door, name) for name in dict.fromkeys(request.instruments)] or [""]
        wanted = [
            Wanted(channel, venue, symbol, conflate=request.conflate and channel in _CONFLATED)
            for channel in channels or _CHANNELS.values()
            for venue in (venues if channel not in _VENDOR else [""])
            for symbol in symbols
        ]
        return self._streams.follow(pb.StreamMarketDataResponse, wanted)


class HistoricalData(rpc.HistoricalDataServiceServicer):
    """What was published before."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def ListCandles(self, request: pb.ListCandlesRequest, context: Any) -> pb.ListCandlesResponse:
        """Ask market data, which keeps them as long as they are of use."""
        needed(request, "instrument")
        symbol, asked = _symbol(self._door, request.instrument), within(request.range)
        if request.interval_ns <= 0 or request.interval_ns % MINUTE or DAY % request.interval_ns:
            raise invalid("interval_ns", "expected a whole number of minutes that divides a day, in nanoseconds")
        until = END_OF_TIME if asked.below is None else asked.below
        question = CandlesQuestion(symbol, request.interval_ns, asked.first or 0, until, MOST_CANDLES)
        candles = await self._door.ask(self._door.places.market_data, question)
        return fill_page(pb.ListCandlesResponse(), "candles", candles, lambda one: (one.opened_at,), request.page, (0,))

    async def ListPriceHistory(self, request: pb.ListPriceHistoryRequest, context: Any) -> pb.ListPriceHistoryResponse:
        """Read the history of market data."""
        needed(request, "instrument")
        asked = within(request.range)
        history = MarketDataHistory(await self._door.history("market_data"))
        rows = await history.price_history(_symbol(self._door, request.instrument), asked.first, asked.below)
        return fill_page(pb.ListPriceHistoryResponse(), "samples", rows, lambda one: (one.minute_at,), request.page, (0,))

    async def ListTradeSummaries(self, request: pb.ListTradeSummariesRequest, context: Any) -> pb.ListTradeSummariesResponse:
        """Read the history of market data."""
        needed(request, "instrument")
        asked = within(request.range)
        venue = self._door.venue(request.venue) if request.venue else None
        history = MarketDataHistory(await self._door.history("market_data"))
        rows = await history.trade_summaries(
            _symbol(self._door, request.instrument), venue=venue, since=asked.first, until=asked.below
        )
        rows.sort(key=lambda one: (one.published_at, one.venue))
        return fill_page(
            pb.ListTradeSummariesResponse(),
            "summaries",
            rows,
            lambda one: (one.published_at, one.venue),
            request.page,
            (0, ""),
        )


class MarketStatistics(rpc.MarketStatisticsServiceServicer):
    """Reference data and statistics."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def ListInstruments(self, request: pb.ListInstrumentsRequest, context: Any) -> pb.ListInstrumentsResponse:
        """Ask market data."""
        question = ReferenceInstrumentQuestion(_known(self._door, request))
        return await _listed(self._door, pb.ListInstrumentsResponse(), "instruments", question)

    async def ListDayStatistics(self, request: pb.ListDayStatisticsRequest, context: Any) -> pb.ListDayStatisticsResponse:
        """Ask market data."""
        question = DayStatisticsQuestion(_known(self._door, request))
        return await _listed(self._door, pb.ListDayStatisticsResponse(), "statistics", question)

    async def ListVolatilities(self, request: pb.ListVolatilitiesRequest, context: Any) -> pb.ListVolatilitiesResponse:
        """Ask market data."""
        question = VolatilityQuestion(_known(self._door, request))
        return await _listed(self._door, pb.ListVolatilitiesResponse(), "estimates", question)

    async def GetCorrelations(self, request: pb.GetCorrelationsRequest, context: Any) -> pb.GetCorrelationsResponse:
        """Ask market data."""
        answer = await self._door.ask(self._door.places.market_data, CorrelationQuestion(_window(request)))
        response = pb.GetCorrelationsResponse()
        fill(response.matrix, answer)
        return response

    async def ListPriceGaps(self, request: pb.ListPriceGapsRequest, context: Any) -> pb.ListPriceGapsResponse:
        """Ask market data."""
        return await _listed(self._door, pb.ListPriceGapsResponse(), "gaps", PriceGapsQuestion(_window(request)))

    async def GetSessions(self, request: pb.GetSessionsRequest, context: Any) -> pb.GetSessionsResponse:
        """Ask market data."""
        at = optional(request, "at")
        question = SessionsQuestion(self._door.now() if at is None else at)
        response = pb.GetSessionsResponse()
        fill(response.state, await self._door.ask(self._door.places.market_data, question))
        return response


async def _listed(door: Door, response: R, field: str, question: Question) -> R:
    fill_all(getattr(response, field), await door.ask(door.places.market_data, question))
    return response


def _known(door: Door, request: Any) -> str | None:
    named = optional(request, "instrument")
    return None if named is None else _symbol(door, named)


def _symbol(door: Door, name: str) -> str:
    """An instrument that any venue trades, by its symbol or with ``-`` for ``/``."""
    for venue in door.places.venues:
        return door.gateway.instrument(venue, name).symbol
    raise NoSuchThing(f"nothing is traded here, {name} neither")


def _known_channel(number: int) -> Any:
    if number not in _CHANNELS:
        names = ", ".join(pb.MarketDataChannel.keys()[1:])
        raise invalid("channels", f"{number} is no channel; expected some of {names}")
    return number


def _window(request: Any) -> int:
    if not 0 <= request.window_ns <= DAY:
        raise invalid("window_ns", "expected at most a day, in nanoseconds")
    return request.window_ns or HOUR
