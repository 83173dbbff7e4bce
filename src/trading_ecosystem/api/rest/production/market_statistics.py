"""Figures about the market, computed when they are asked for: candles, the last day, volatility, correlations, price gaps."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import amount_text, instant_text, quantity_text, ratio_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import NoSuchThing
from trading_ecosystem.api.rest.bodies import PAGE, InstantText, PageSize, Symbol
from trading_ecosystem.api.rest.production.market import instant_or, priced
from trading_ecosystem.api.rest.production.market_bodies import (
    LENGTH,
    Candle,
    CandlesAnswer,
    Correlation,
    CorrelationsAnswer,
    DayStatistics,
    DayStatisticsAnswer,
    Interval,
    PriceGap,
    PriceGapsAnswer,
    TradingSessions,
    VenueVolume,
    Volatility,
    VolatilityAnswer,
)
from trading_ecosystem.api.rest.routing import caller_of, needs, position_of
from trading_ecosystem.domains.market_data.records import TradeSummary
from trading_ecosystem.messages import market_statistics as asked
from trading_ecosystem.messages.market_data import CandleClosed
from trading_ecosystem.messages.units import DAY, MINUTE, PartsPerMillion
from trading_ecosystem.ports.records import Within

WindowMinutes = Annotated[int, msgspec.Meta(ge=1, le=DAY // MINUTE)]


@get("/candles/{instrument:str}", **needs(Scope.READ))
async def list_candles(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    instrument: Symbol,
    interval: Interval = Interval.ONE_MINUTE,
    since: InstantText | None = None,
    until: InstantText | None = None,
    limit: PageSize = PAGE,
) -> CandlesAnswer:
    """The last candles that opened in a range: under an hour of the last 25 hours, others of the last 32 days."""
    wanted = priced(gateway, instrument)
    question = asked.CandlesQuestion(
        wanted.symbol,
        LENGTH[interval],
        instant_or(since, 0, "since"),
        instant_or(until, asked.END_OF_TIME, "until"),
        limit,
    )
    found: tuple[CandleClosed, ...] = await gateway.ask(caller_of(request), gateway.places.market_data, question)
    return CandlesAnswer(wanted.symbol, interval, tuple(_candle(one) for one in found))


@get("/statistics", **needs(Scope.READ))
async def list_statistics(request: Request[Any, Any, Any], gateway: Gateway) -> DayStatisticsAnswer:
    """The last 24 hours of every instrument."""
    found = await gateway.ask(caller_of(request), gateway.places.market_data, asked.DayStatisticsQuestion())
    return DayStatisticsAnswer(tuple(_statistics(one) for one in found))


@get("/statistics/{instrument:str}", **needs(Scope.READ))
async def get_statistics(request: Request[Any, Any, Any], gateway: Gateway, instrument: Symbol) -> DayStatistics:
    """The last 24 hours of one instrument, with what was traded in it."""
    wanted, caller = priced(gateway, instrument), caller_of(request)
    found = await gateway.ask(caller, gateway.places.market_data, asked.DayStatisticsQuestion(wanted.symbol))
    if not found:
        raise NoSuchThing(f"{wanted.symbol} has no price yet")
    store = await gateway.history(caller, "market_data", position_of(request))
    now = gateway.now()
    totals = await store.totals(
        TradeSummary,
        {"instrument": wanted.symbol, "published_at": Within(now - DAY)},
        by=["venue"],
        sums=["volume_lots", "buyer_initiated_lots"],
    )
    volumes = tuple(VenueVolume(one.group[0], *(quantity_text(wanted, lots) for lots in one.sums)) for one in totals)
    return msgspec.structs.replace(_statistics(found[0]), volumes=volumes)


@get("/volatility", **needs(Scope.READ))
async def list_volatility(request: Request[Any, Any, Any], gateway: Gateway) -> VolatilityAnswer:
    """How volatile every instrument is."""
    found = await gateway.ask(caller_of(request), gateway.places.market_data, asked.VolatilityQuestion())
    return VolatilityAnswer(tuple(_volatility(one) for one in found))


@get("/volatility/{instrument:str}", **needs(Scope.READ))
async def get_volatility(request: Request[Any, Any, Any], gateway: Gateway, instrument: Symbol) -> Volatility:
    """How volatile one instrument is."""
    wanted = priced(gateway, instrument)
    found = await gateway.ask(caller_of(request), gateway.places.market_data, asked.VolatilityQuestion(wanted.symbol))
    if not found:
        raise NoSuchThing(f"{wanted.symbol} has no price yet")
    return _volatility(found[0])


@get("/correlations", **needs(Scope.READ))
async def list_correlations(
    request: Request[Any, Any, Any], gateway: Gateway, window_minutes: WindowMinutes = 60
) -> CorrelationsAnswer:
    """How instruments move together over the last minutes, and whether that is unusual."""
    question = asked.CorrelationQuestion(window_minutes * MINUTE)
    matrix: asked.CorrelationMatrix = await gateway.ask(caller_of(request), gateway.places.market_data, question)
    pairs = tuple(
        Correlation(
            left=one.left,
            right=one.right,
            observations=one.observations,
            correlation=ratio_or_none(one.correlation_ppm),
            usual=ratio_or_none(one.usual_ppm),
            deviation=None if one.deviation_milli is None else ratio_text(one.deviation_milli * 1_000),
            diverged=one.diverged,
        )
        for one in matrix.pairs
    )
    return CorrelationsAnswer(instant_text(matrix.at), matrix.window_ns // MINUTE, pairs)


@get("/price-gaps", **needs(Scope.READ))
async def list_price_gaps(
    request: Request[Any, Any, Any], gateway: Gateway, window_minutes: WindowMinutes = 1_440
) -> PriceGapsAnswer:
    """How far instruments of one underlying are apart, now and at the widest."""
    found: tuple[asked.PriceGap, ...] = await gateway.ask(
        caller_of(request), gateway.places.market_data, asked.PriceGapsQuestion(window_minutes * MINUTE)
    )
    gaps = tuple(
        PriceGap(one.underlying, one.left, one.right, ratio_text(one.gap_ppm), ratio_text(one.widest_ppm)) for one in found
    )
    return PriceGapsAnswer(window_minutes, gaps)


@get("/trading-sessions", **needs(Scope.READ))
async def get_trading_sessions(
    request: Request[Any, Any, Any], gateway: Gateway, at: InstantText | None = None
) -> TradingSessions:
    """What time of the trading week it is, now or at an instant."""
    question = asked.SessionsQuestion(instant_or(at, gateway.now(), "at"))
    found: asked.SessionState = await gateway.ask(caller_of(request), gateway.places.market_data, question)
    return TradingSessions(instant_text(found.at), found.sessions, ratio_text(found.activity_ppm))


def ratio_or_none(ppm: PartsPerMillion | None) -> str | None:
    """A ratio, or ``None`` for none."""
    return None if ppm is None else ratio_text(ppm)


def _candle(found: CandleClosed) -> Candle:
    return Candle(
        opened_at=instant_text(found.opened_at),
        open=amount_text(found.open_minor),
        high=amount_text(found.high_minor),
        low=amount_text(found.low_minor),
        close=amount_text(found.close_minor),
        prices=found.prices,
    )


def _statistics(found: asked.DayStatistics) -> DayStatistics:
    return DayStatistics(
        instrument=found.instrument,
        since=instant_text(found.from_at),
        until=instant_text(found.until),
        open=amount_text(found.open_minor),
        high=amount_text(found.high_minor),
        low=amount_text(found.low_minor),
        last=amount_text(found.last_minor),
        change=ratio_text(found.change_ppm),
        prices=found.prices,
        volatility=ratio_or_none(found.volatility_ppm),
    )


def _volatility(found: asked.VolatilityEstimate) -> Volatility:
    return Volatility(
        instrument=found.instrument,
        at=instant_text(found.at),
        recent=ratio_or_none(found.recent_ppm),
        hour=ratio_or_none(found.hour_ppm),
        day=ratio_or_none(found.day_ppm),
        range=ratio_or_none(found.range_ppm),
        expected=ratio_or_none(found.expected_ppm),
    )


router = Router(
    "",
    route_handlers=[
        list_candles,
        list_statistics,
        get_statistics,
        list_volatility,
        get_volatility,
        list_correlations,
        list_price_gaps,
        get_trading_sessions,
    ],
    tags=["market"],
)
