"""May the firm trade? Its trading state, the kill switch, and what happened to both."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post, put

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import Refused
from trading_ecosystem.api.rest import bodies
from trading_ecosystem.api.rest.bodies import PAGE, Answer, CursorText, InstantText, Page, PageSize
from trading_ecosystem.api.rest.listing import page_by, span
from trading_ecosystem.api.rest.production.risk_bodies import By
from trading_ecosystem.api.rest.routing import caller_of, needs, position_of
from trading_ecosystem.domains.risk.records import TradingStateRecord
from trading_ecosystem.messages.risk import RiskCommandRejected
from trading_ecosystem.messages.trading_state import (
    PullKillSwitch,
    SetTradingState,
    TradingState,
    TradingStateChanged,
    TradingStateOrigin,
    TradingStateQuestion,
    TradingStateStanding,
)

Why = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)", examples=["runaway"])]


class State(Answer, frozen=True, forbid_unknown_fields=True):
    """One trading state of the firm; `resets_at` is `null` where only a person ends it."""

    account: str
    state: TradingState
    origin: TradingStateOrigin | None
    """`null` while nobody changed it."""
    by: str
    """Empty where nobody did."""
    reason: str
    version: int
    since: InstantText
    resets_at: InstantText | None


class StateWanted(bodies.Request, frozen=True, forbid_unknown_fields=True):
    """The state that a person sets, who, and why."""

    state: TradingState
    by: By
    reason: Why


class KillSwitch(bodies.Request, frozen=True, forbid_unknown_fields=True):
    """Who pulls the kill switch, and why."""

    by: By
    reason: Why


@get("/risk/trading-state", **needs(Scope.READ))
async def get_trading_state(request: Request[Any, Any, Any], gateway: Gateway) -> State:
    """The trading state now."""
    one: TradingStateStanding = await gateway.ask(caller_of(request), gateway.places.risk, TradingStateQuestion())
    return State(
        one.account, one.state, one.origin, one.by, one.reason, one.version, instant_text(one.since), _resets(one.resets_at)
    )


@put("/risk/trading-state", **needs(Scope.RISK))
async def set_trading_state(request: Request[Any, Any, Any], data: StateWanted, gateway: Gateway) -> Response[State]:
    """Set the trading state; leaving `active` cancels every order of the firm."""
    places = gateway.places
    return await _changed(request, gateway, SetTradingState(places.risk, places.firm, data.state, data.by, data.reason))


@post("/risk/kill-switch", status_code=200, **needs(Scope.RISK))
async def pull_kill_switch(request: Request[Any, Any, Any], data: KillSwitch, gateway: Gateway) -> Response[State]:
    """Halt the firm and cancel everything; only a person sets another state afterwards."""
    places = gateway.places
    return await _changed(request, gateway, PullKillSwitch(places.risk, places.firm, data.by, data.reason))


@get("/risk/trading-states", **needs(Scope.READ))
async def list_trading_states(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[State]:
    """Who changed the trading state, when and why; the newest first."""
    caller = caller_of(request)
    caller.require(Scope.READ, gateway.places.firm)
    return await page_by(
        await gateway.history(caller, "risk", position_of(request)),
        TradingStateRecord,
        {"account": gateway.places.firm},
        "changed_at",
        _recorded,
        within=span(since, until),
        cursor=cursor,
        limit=limit,
    )


async def _changed(
    request: Request[Any, Any, Any], gateway: Gateway, command: SetTradingState | PullKillSwitch
) -> Response[State]:
    receipt = await gateway.command(caller_of(request), command)
    why = "the risk monitor gave no answer"
    for entry in receipt.said:
        said = entry.message
        if isinstance(said, TradingStateChanged):
            since, resets = instant_text(said.changed_at), _resets(said.resets_at)
            shown = State(said.account, said.state, said.origin, said.by, said.reason, said.version, since, resets)
            return Response(shown, headers={"x-position": gateway.position_of(receipt)})
        if isinstance(said, RiskCommandRejected):
            why = said.reason
    raise Refused(f"the trading state stays as it is: {why}", reason="TRADING_STATE_NOT_CHANGED")


def _recorded(one: TradingStateRecord) -> State:
    since, resets = instant_text(one.changed_at), _resets(one.resets_at)
    return State(one.account, one.state, one.origin, one.done_by, one.reason, one.version, since, resets)


def _resets(at: int) -> str | None:
    return instant_text(at) if at else None


router = Router("", route_handlers=[get_trading_state, set_trading_state, pull_kill_switch, list_trading_states], tags=["risk"])
