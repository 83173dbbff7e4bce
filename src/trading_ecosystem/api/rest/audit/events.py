"""Events: the timeline, one event with its causes and consequences, a chain, and how much of the record is there."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get

from trading_ecosystem.adapters.data.audit import DEEPEST, AuditHistory
from trading_ecosystem.adapters.live_audit import LiveAudit
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import ratio_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import NoSuchThing
from trading_ecosystem.api.rest.audit.audit_bodies import (
    Coverage,
    DomainCount,
    Event,
    EventChain,
    EventInContext,
    MessageType,
    Sequence64,
    TypeCount,
    event_shown,
)
from trading_ecosystem.api.rest.bodies import LARGEST_PAGE, PAGE, AccountName, CursorText, InstantText, OneLine, Page, PageSize
from trading_ecosystem.api.rest.listing import page_by, span
from trading_ecosystem.api.rest.routing import caller_of, needs, position_of
from trading_ecosystem.domains.audit.event_records import EventRecord
from trading_ecosystem.messages.envelope import MESSAGE_TYPES
from trading_ecosystem.messages.units import PARTS_PER_MILLION
from trading_ecosystem.ports.records import HistoryStore

Depth = Annotated[int, msgspec.Meta(ge=1, le=DEEPEST)]
Steps = Annotated[int, msgspec.Meta(ge=0, le=DEEPEST)]


@get("/events", **needs(Scope.AUDIT))
async def list_events(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    type: MessageType | None = None,
    sender: OneLine | None = None,
    account: AccountName | None = None,
    subject: OneLine | None = None,
    since: InstantText | None = None,
    until: InstantText | None = None,
    newest_first: bool = False,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[Event]:
    """The timeline: everything that was said, in order, or what meets all of these conditions."""
    asked = {"type": type, "sender": sender, "account": account, "subject": subject}
    where: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if since is not None or until is not None:
        where["at"] = span(since, until)
    return await page_by(
        await _history(request, gateway),
        EventRecord,
        where,
        "sequence",
        event_shown,
        cursor=cursor,
        limit=limit,
        newest_first=newest_first,
    )


@get("/events/{sequence:int}", **needs(Scope.AUDIT))
async def get_event(
    request: Request[Any, Any, Any], gateway: Gateway, sequence: Sequence64, causes: Depth = DEEPEST, consequences: Steps = 3
) -> EventInContext:
    """One event with its causes, and with its consequences as many steps on as are asked for, at most 500 of each step."""
    history = AuditHistory(await _history(request, gateway))
    found = await history.causes(sequence, causes)
    steps = await history.consequences(sequence, consequences)
    return EventInContext(
        event_shown(found[0]),
        tuple(event_shown(one) for one in found[1:]),
        tuple(tuple(event_shown(one) for one in step[:LARGEST_PAGE]) for step in steps),
    )


@get("/traces/{trace:int}", **needs(Scope.AUDIT))
async def get_trace(request: Request[Any, Any, Any], gateway: Gateway, trace: Sequence64) -> EventChain:
    """Everything that was said in one unbroken chain of causes."""
    found = await AuditHistory(await _history(request, gateway)).trace(trace)
    if not found:
        raise NoSuchThing(f"there is no chain that begins with {trace}")
    return EventChain(trace, tuple(event_shown(one) for one in found))


@get("/coverage", **needs(Scope.AUDIT))
async def get_coverage(request: Request[Any, Any, Any], gateway: Gateway, live_audit: LiveAudit) -> Coverage:
    """How much of the record audit's events cover, by domain and by type of message."""
    entries = await live_audit.store.count()
    counts = await AuditHistory(await _history(request, gateway)).counts()
    events = sum(counts.values())
    types = tuple(TypeCount(name, _domain(name), counts[name]) for name in sorted(counts))
    known: dict[str, int] = {}
    for name in MESSAGE_TYPES:
        known[_domain(name)] = known.get(_domain(name), 0) + 1
    domains = tuple(
        DomainCount(
            domain,
            sum(one.events for one in types if one.domain == domain),
            sum(one.domain == domain for one in types),
            number,
        )
        for domain, number in known.items()
    )
    share = ratio_text(min(events, entries) * PARTS_PER_MILLION // entries) if entries else "1"
    return Coverage(entries, events, share, domains, types)


def _domain(name: str) -> str:
    """The module of the published language that a message belongs to."""
    return MESSAGE_TYPES[name].__module__.rpartition(".")[2]


async def _history(request: Request[Any, Any, Any], gateway: Gateway) -> HistoryStore:
    return await gateway.history(caller_of(request), "audit", position_of(request))


router = Router("", route_handlers=[list_events, get_event, get_trace, get_coverage], tags=["events"])
