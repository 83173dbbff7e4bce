"""What goes on inside: conditions under way, sources and feed, how far histories follow, how long the record is."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get, post

from trading_ecosystem.adapters.live_audit import LiveAudit
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import amount_text, instant_or_none, instant_text, ratio_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import NoSuchThing
from trading_ecosystem.api.rest.bodies import Answer, ClientId, InstantText, Name, Symbol
from trading_ecosystem.api.rest.bodies import Request as Body
from trading_ecosystem.api.rest.production.market import priced
from trading_ecosystem.api.rest.routing import caller_of, needs
from trading_ecosystem.messages.market_data import SourceProblem
from trading_ecosystem.messages.market_statistics import (
    ConditionUnderWay,
    FeedState,
    FeedStateQuestion,
    MarketConditionsQuestion,
    SourcesQuestion,
    SourceStatus,
)
from trading_ecosystem.messages.test_coordination import ConditionCleared


class Condition(Answer, frozen=True, forbid_unknown_fields=True):
    """A condition of prices or feed that was set and has neither ended nor been cleared."""

    component: str
    condition_id: str
    kind: str
    targets: tuple[str, ...]
    in_effect: bool
    """Whether it has changed anything yet."""


class ConditionsAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Every condition of prices and feed that is under way."""

    conditions: tuple[Condition, ...]


class ConditionToClear(Body, frozen=True, forbid_unknown_fields=True):
    """Which condition of which component is to end now."""

    component: Name
    condition_id: ClientId


class Cleared(Answer, frozen=True, forbid_unknown_fields=True):
    """A condition that was told to end."""

    component: str
    condition_id: str


class Source(Answer, frozen=True, forbid_unknown_fields=True):
    """One source of one instrument's price."""

    instrument: str
    source: str
    priority: int
    weight: str
    price: str | None
    observed_at: InstantText | None
    problem: SourceProblem | None
    leading: bool
    accepted: int
    refused: int
    outliers: int


class SourcesAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """The sources of prices; none where the feed has none of its own."""

    sources: tuple[Source, ...]


class Feed(Answer, frozen=True, forbid_unknown_fields=True):
    """Counters and buffers of one instrument's feed."""

    instrument: str
    updates: int
    """Publications so far, those that were lost included."""
    said_update: int
    lost: int
    corrupted: int
    held: int
    minute_bars: int
    hour_bars: int
    usable_sources: int
    halted: bool


class FeedAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """The vendor feed of every instrument."""

    feed: tuple[Feed, ...]


class HistoryLag(Answer, frozen=True, forbid_unknown_fields=True):
    """How far a history is behind the record, and why, if it cannot be written."""

    history: str
    position: int
    newest: int
    seconds: str
    problem: str | None


class LagsAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Every history."""

    histories: tuple[HistoryLag, ...]


class JournalAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """How long the record is, and how it began."""

    entries: int
    sequence: int
    """No entry that is committed has a higher one."""
    store: str
    """What the store is called, with any password masked."""
    scenario: str
    seed: int
    started_at: InstantText
    engine_version: str
    taking: bool
    """Whether commands are taken now."""


@get("/conditions", **needs(Scope.CONTROL))
async def list_conditions(request: Request[Any, Any, Any], gateway: Gateway) -> ConditionsAnswer:
    """Conditions of prices and feed that are under way."""
    market_data = gateway.places.market_data
    found: tuple[ConditionUnderWay, ...] = await gateway.ask(caller_of(request), market_data, MarketConditionsQuestion())
    return ConditionsAnswer(
        tuple(Condition(market_data, one.condition_id, one.kind, one.targets, one.in_effect) for one in found)
    )


@post("/conditions/clear", status_code=200, **needs(Scope.CONTROL))
async def clear_condition(request: Request[Any, Any, Any], data: ConditionToClear, gateway: Gateway) -> Response[Cleared]:
    """Have a condition end now; nothing happens where there is none of this name."""
    caller = caller_of(request)
    if data.component not in {one.name for one in gateway.control(caller).states()}:
        raise NoSuchThing(f"there is no component {data.component}")
    receipt = await gateway.command(caller, ConditionCleared(data.component, data.condition_id))
    return Response(Cleared(data.component, data.condition_id), headers={"x-position": gateway.position_of(receipt)})


@get("/sources", **needs(Scope.CONTROL))
async def list_sources(request: Request[Any, Any, Any], gateway: Gateway, instrument: Symbol | None = None) -> SourcesAnswer:
    """The sources of one instrument's price, or of every one's."""
    symbol = None if instrument is None else priced(gateway, instrument).symbol
    found = await gateway.ask(caller_of(request), gateway.places.market_data, SourcesQuestion(symbol))
    return SourcesAnswer(tuple(_source(one) for one in found))


@get("/feed", **needs(Scope.CONTROL))
async def list_feed(request: Request[Any, Any, Any], gateway: Gateway, instrument: Symbol | None = None) -> FeedAnswer:
    """The vendor feed of one instrument, or of every one."""
    symbol = None if instrument is None else priced(gateway, instrument).symbol
    found: tuple[FeedState, ...] = await gateway.ask(caller_of(request), gateway.places.market_data, FeedStateQuestion(symbol))
    return FeedAnswer(
        tuple(
            Feed(
                instrument=one.instrument,
                updates=one.updates,
                said_update=one.said_update,
                lost=one.lost,
                corrupted=one.corrupted,
                held=one.held,
                minute_bars=one.minute_bars,
                hour_bars=one.hour_bars,
                usable_sources=one.usable_sources,
                halted=one.halted,
            )
            for one in found
        )
    )


@get("/histories", **needs(Scope.CONTROL))
async def list_lags(request: Request[Any, Any, Any], gateway: Gateway) -> LagsAnswer:
    """How far every history is behind the record."""
    return LagsAnswer(
        tuple(
            HistoryLag(one.namespace, one.position, one.newest, f"{one.seconds:.3f}", one.problem)
            for one in gateway.lags(caller_of(request))
        )
    )


@get("/journal", **needs(Scope.CONTROL))
async def get_journal(request: Request[Any, Any, Any], gateway: Gateway, live_audit: LiveAudit) -> JournalAnswer:
    """How long the record is, and how it began."""
    driver, header = gateway.control(caller_of(request)), live_audit.header
    return JournalAnswer(
        entries=await live_audit.store.count(),
        sequence=driver.committed_sequence,
        store=live_audit.store.name,
        scenario=header.scenario_file.rpartition("/")[2].removesuffix(".yaml"),
        seed=header.seed,
        started_at=instant_text(header.started_at),
        engine_version=header.engine_version,
        taking=driver.taking,
    )


def _source(one: SourceStatus) -> Source:
    return Source(
        instrument=one.instrument,
        source=one.source,
        priority=one.priority,
        weight=ratio_text(one.weight_ppm),
        price=None if one.price_minor is None else amount_text(one.price_minor),
        observed_at=instant_or_none(one.observed_at),
        problem=one.problem,
        leading=one.leading,
        accepted=one.accepted,
        refused=one.refused,
        outliers=one.outliers,
    )


router = Router(
    "",
    route_handlers=[list_conditions, clear_condition, list_sources, list_feed, list_lags, get_journal],
    tags=["state"],
)
