"""The market: venues and instruments, quotes, depth, trades, candles, statistics, and past prices. All of it is public."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get

from trading_ecosystem.adapters.data.exchange import ExchangeHistory
from trading_ecosystem.api.caller import Caller, Scope
from trading_ecosystem.api.decimals import (
    amount_text,
    instant_or_none,
    instant_text,
    instrument_named,
    parse_instant,
    price_text,
    quantity_text,
    ratio_text,
)
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import NoSuchThing
from trading_ecosystem.api.rest.bodies import PAGE, CursorText, InstantText, Name, Page, PageSize, Symbol
from trading_ecosystem.api.rest.listing import page_by, span
from trading_ecosystem.api.rest.production.market_bodies import (
    BestPrices,
    Depth,
    Instrument,
    InstrumentsAnswer,
    InstrumentTerms,
    PastPrice,
    PriceLevel,
    Quote,
    QuotesAnswer,
    TermsAnswer,
    Trade,
    Trades,
    Venue,
    VenuesAnswer,
)
from trading_ecosystem.api.rest.routing import caller_of, needs, position_of
from trading_ecosystem.domains.exchange.margin_records import MarkRecord
from trading_ecosystem.domains.exchange.records import FeeScheduleRecord, TradeRecord
from trading_ecosystem.domains.market_data.records import PriceSample, TradeSummary
from trading_ecosystem.messages.exchange import DepthChanged, DepthQuestion, Level
from trading_ecosystem.messages.market_data import PricePublished, PriceQuestion, ReferenceQuotePublished
from trading_ecosystem.messages.market_statistics import ReferenceData, ReferenceInstrumentQuestion, ReferenceQuoteQuestion
from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.trading_phases import MarketPhase, PhasesQuestion
from trading_ecosystem.messages.units import INSTRUMENTS, SECOND, Ticks
from trading_ecosystem.messages.units import Instrument as Traded
from trading_ecosystem.ports.records import HistoryStore, Within

DEEPEST = 50
Levels = Annotated[int, msgspec.Meta(ge=1, le=DEEPEST)]


@get("/venues", **needs(Scope.READ))
async def list_venues(gateway: Gateway) -> VenuesAnswer:
    """Every venue and what it trades."""
    return VenuesAnswer(tuple(_venue(gateway, name) for name in gateway.places.venues))


@get("/venues/{venue:str}", **needs(Scope.READ))
async def get_venue(gateway: Gateway, venue: Name) -> Venue:
    """One venue and what it trades."""
    return _venue(gateway, venue)


@get("/venues/{venue:str}/instruments", **needs(Scope.READ))
async def list_terms(request: Request[Any, Any, Any], gateway: Gateway, venue: Name) -> TermsAnswer:
    """What a venue lists, with its fees, its settlement cycle and the phase of trading."""
    gateway.venue(venue)
    caller = caller_of(request)
    store = await gateway.history(caller, "exchange", position_of(request))
    schedules = await store.rows(FeeScheduleRecord, {"venue": venue})
    doing: dict[str, MarketPhase] = {one.instrument: one for one in await gateway.ask(caller, venue, PhasesQuestion())}
    return TermsAnswer(tuple(_terms(one, doing[one.instrument]) for one in schedules))


@get("/venues/{venue:str}/instruments/{instrument:str}", **needs(Scope.READ))
async def get_terms(request: Request[Any, Any, Any], gateway: Gateway, venue: Name, instrument: Symbol) -> InstrumentTerms:
    """One instrument as a venue lists it."""
    symbol = gateway.instrument(venue, instrument).symbol
    caller = caller_of(request)
    history = ExchangeHistory(await gateway.history(caller, "exchange", position_of(request)))
    doing = await gateway.ask(caller, venue, PhasesQuestion(symbol))
    return _terms(await history.terms(venue, symbol), doing[0])


@get("/instruments", **needs(Scope.READ))
async def list_instruments(request: Request[Any, Any, Any], gateway: Gateway) -> InstrumentsAnswer:
    """Every instrument."""
    found = await gateway.ask(caller_of(request), gateway.places.market_data, ReferenceInstrumentQuestion())
    return InstrumentsAnswer(tuple(_instrument(gateway, one) for one in found))


@get("/instruments/{instrument:str}", **needs(Scope.READ))
async def get_instrument(request: Request[Any, Any, Any], gateway: Gateway, instrument: Symbol) -> Instrument:
    """What is fixed about one instrument."""
    question = ReferenceInstrumentQuestion(priced(gateway, instrument).symbol)
    return _instrument(gateway, (await gateway.ask(caller_of(request), gateway.places.market_data, question))[0])


@get("/quotes", **needs(Scope.READ))
async def list_quotes(request: Request[Any, Any, Any], gateway: Gateway) -> QuotesAnswer:
    """The latest price and the best bids and offers of every instrument."""
    caller = caller_of(request)
    symbols = [one.instrument for one in await _reference_data(caller, gateway)]
    marks = await _marks(caller, gateway, request)
    return QuotesAnswer(tuple([await _quote(caller, gateway, INSTRUMENTS[symbol], marks) for symbol in symbols]))


@get("/quotes/{instrument:str}", **needs(Scope.READ))
async def get_quote(request: Request[Any, Any, Any], gateway: Gateway, instrument: Symbol) -> Quote:
    """The latest price and the best bids and offers of one instrument."""
    caller, wanted = caller_of(request), priced(gateway, instrument)
    marks = await _marks(caller, gateway, request) if wanted.is_perpetual else {}
    return await _quote(caller, gateway, wanted, marks)


@get("/depth/{venue:str}/{instrument:str}", **needs(Scope.READ))
async def get_depth(
    request: Request[Any, Any, Any], gateway: Gateway, venue: Name, instrument: Symbol, levels: Levels = 10
) -> Depth:
    """The book of an instrument as it stands."""
    wanted = gateway.instrument(venue, instrument)
    book: DepthChanged = await gateway.ask(caller_of(request), venue, DepthQuestion(wanted.symbol, levels))
    return Depth(
        venue=venue,
        instrument=wanted.symbol,
        last_update=book.last_update,
        bids=tuple(
            PriceLevel(price_text(wanted, one.price_ticks), quantity_text(wanted, one.quantity_lots)) for one in book.bids
        ),
        asks=tuple(
            PriceLevel(price_text(wanted, one.price_ticks), quantity_text(wanted, one.quantity_lots)) for one in book.asks
        ),
    )


@get("/trades/{venue:str}/{instrument:str}", **needs(Scope.READ))
async def list_trades(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    venue: Name,
    instrument: Symbol,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[Trades]:
    """What a venue published of its trades in an instrument, the newest first."""
    wanted = gateway.instrument(venue, instrument)
    caller, position = caller_of(request), position_of(request)
    store = await gateway.history(caller, "market_data", position)
    page = await page_by(
        store,
        TradeSummary,
        {"instrument": wanted.symbol, "venue": venue},
        "published_at",
        lambda one: one,
        within=span(since, until),
        cursor=cursor,
        limit=limit,
    )
    single: list[TradeRecord] = []
    if page.items:
        ids = Within(page.items[-1].first_trade_id, page.items[0].last_trade_id + 1)
        where = {"venue": venue, "instrument": wanted.symbol, "trade_id": ids}
        single = await (await gateway.history(caller, "exchange", position)).rows(TradeRecord, where)
    return Page(tuple(_trades(one, wanted, single) for one in page.items), page.next_cursor)


@get("/prices/{instrument:str}", **needs(Scope.READ))
async def list_prices(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    instrument: Symbol,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[PastPrice]:
    """The last reference price of every minute in a range, the oldest first."""
    wanted = priced(gateway, instrument)
    store = await gateway.history(caller_of(request), "market_data", position_of(request))
    return await page_by(
        store,
        PriceSample,
        {"instrument": wanted.symbol},
        "minute_at",
        lambda one: PastPrice(instant_text(one.minute_at), amount_text(one.price_minor), instant_text(one.priced_at)),
        within=span(since, until),
        cursor=cursor,
        limit=limit,
        newest_first=False,
    )


def priced(gateway: Gateway, name: str) -> Traded:
    """An instrument that is priced here; raises :class:`NoSuchThing`."""
    wanted = instrument_named(name)
    if not any(wanted in traded for traded in gateway.places.venues.values()):
        reason = RejectReason.UNKNOWN_INSTRUMENT.name
        raise NoSuchThing(f"there is no instrument {wanted.symbol} in this market", reason=reason)
    return wanted


def instant_or(text: str | None, otherwise: int, field: str) -> int:
    """An instant of a request, or what holds where there is none."""
    return otherwise if text is None else parse_instant(text, field)


async def _reference_data(caller: Caller, gateway: Gateway) -> tuple[ReferenceData, ...]:
    found: tuple[ReferenceData, ...] = await gateway.ask(caller, gateway.places.market_data, ReferenceInstrumentQuestion())
    return found


async def _marks(caller: Caller, gateway: Gateway, request: Request[Any, Any, Any]) -> Mapping[tuple[str, str], Ticks]:
    store: HistoryStore = await gateway.history(caller, "exchange", position_of(request))
    return {(one.venue, one.instrument): one.mark_ticks for one in await store.rows(MarkRecord)}


async def _quote(caller: Caller, gateway: Gateway, wanted: Traded, marks: Mapping[tuple[str, str], Ticks]) -> Quote:
    market_data, symbol = gateway.places.market_data, wanted.symbol
    prices: tuple[PricePublished, ...] = await gateway.ask(caller, market_data, PriceQuestion(symbol))
    quotes: tuple[ReferenceQuotePublished, ...] = await gateway.ask(caller, market_data, ReferenceQuoteQuestion(symbol))
    best = []
    for venue, traded in gateway.places.venues.items():
        if wanted in traded:
            book: DepthChanged = await gateway.ask(caller, venue, DepthQuestion(symbol, 1))
            best.append(_best(wanted, book, marks.get((venue, symbol))))
    return Quote(
        instrument=symbol,
        price=amount_text(prices[0].price_minor) if prices else None,
        priced_at=instant_text(prices[0].priced_at) if prices else None,
        reference_bid=amount_text(quotes[0].bid_minor) if quotes else None,
        reference_ask=amount_text(quotes[0].ask_minor) if quotes else None,
        reference_spread=ratio_text(quotes[0].spread_ppm) if quotes else None,
        venues=tuple(best),
    )


def _best(wanted: Traded, book: DepthChanged, mark: Ticks | None) -> BestPrices:
    bid, ask = (book.bids[0] if book.bids else None), (book.asks[0] if book.asks else None)
    return BestPrices(
        venue=book.venue,
        bid_price=None if bid is None else price_text(wanted, bid.price_ticks),
        bid_quantity=None if bid is None else quantity_text(wanted, bid.quantity_lots),
        ask_price=None if ask is None else price_text(wanted, ask.price_ticks),
        ask_quantity=None if ask is None else quantity_text(wanted, ask.quantity_lots),
        mark_price=None if mark is None else price_text(wanted, mark),
    )


def _levels(wanted: Traded, levels: Sequence[Level]) -> tuple[PriceLevel, ...]:
    return tuple(PriceLevel(price_text(wanted, one.price_ticks), quantity_text(wanted, one.quantity_lots)) for one in levels)


def _venue(gateway: Gateway, name: str) -> Venue:
    return Venue(name, gateway.places.custodian, tuple(one.symbol for one in gateway.venue(name)))


def _instrument(gateway: Gateway, found: ReferenceData) -> Instrument:
    instrument = INSTRUMENTS[found.instrument]
    return Instrument(
        instrument=found.instrument,
        base=found.base,
        quote=found.quote,
        kind=instrument.kind,
        tick_size=amount_text(found.tick_size),
        lot_size=amount_text(found.lot_size),
        price_decimals=found.price_decimals,
        quantity_decimals=found.quantity_decimals,
        lowest_price=amount_text(found.lowest_minor),
        highest_price=amount_text(found.highest_minor),
        venues=tuple(name for name, traded in gateway.places.venues.items() if instrument in traded),
    )


def _terms(listed: FeeScheduleRecord, doing: MarketPhase) -> InstrumentTerms:
    return InstrumentTerms(
        venue=listed.venue,
        instrument=listed.instrument,
        base=listed.base,
        quote=listed.quote,
        kind=INSTRUMENTS[listed.instrument].kind,
        tick_size=amount_text(listed.tick_size),
        lot_size=amount_text(listed.lot_size),
        maker_fee=ratio_text(listed.maker_fee_ppm),
        taker_fee=ratio_text(listed.taker_fee_ppm),
        settlement_cycle_seconds=f"{listed.settlement_cycle_ns / SECOND:g}",
        phase=doing.phase,
        phase_until=instant_or_none(doing.until),
    )


def _trades(summary: TradeSummary, wanted: Traded, single: list[TradeRecord]) -> Trades:
    return Trades(
        venue=summary.venue,
        instrument=summary.instrument,
        first_trade_id=summary.first_trade_id,
        last_trade_id=summary.last_trade_id,
        quantity=quantity_text(wanted, summary.volume_lots),
        buyer_initiated_quantity=quantity_text(wanted, summary.buyer_initiated_lots),
        high_price=price_text(wanted, summary.high_ticks),
        low_price=price_text(wanted, summary.low_ticks),
        last_price=price_text(wanted, summary.last_ticks),
        published_at=instant_text(summary.published_at),
        trades=tuple(
            Trade(
                one.trade_id,
                price_text(wanted, one.price_ticks),
                quantity_text(wanted, one.quantity_lots),
                one.aggressor,
                instant_text(one.matched_at),
            )
            for one in single
            if summary.first_trade_id <= one.trade_id <= summary.last_trade_id
        ),
    )


router = Router(
    "",
    route_handlers=[
        list_venues,
        get_venue,
        list_terms,
        get_terms,
        list_instruments,
        get_instrument,
        list_quotes,
        get_quote,
        get_depth,
        list_trades,
        list_prices,
    ],
    tags=["market"],
)
