"""Components: how each stands; stop, start and restart them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import NoSuchThing, refusal
from trading_ecosystem.api.rest.bodies import Answer, InstantText, Name
from trading_ecosystem.api.rest.bodies import Request as Body
from trading_ecosystem.api.rest.routing import caller_of, needs
from trading_ecosystem.messages.supervision import (
    ComponentCommandRejected,
    RestartComponent,
    StartComponent,
    StopComponent,
)
from trading_ecosystem.messages.units import DAY, SECOND
from trading_ecosystem.runtime.lifecycle import ComponentState, ComponentStatus

LONGEST_DOWN = 366 * DAY // SECOND


class ComponentShown(Answer, frozen=True, forbid_unknown_fields=True):
    """One component as it stands, and since when."""

    component: str
    context: str
    state: ComponentState
    since: InstantText


class ComponentsAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Every component, by name."""

    components: tuple[ComponentShown, ...]


class Restart(Body, frozen=True, forbid_unknown_fields=True):
    """For how long the component is down, in ecosystem time."""

    down_seconds: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_DOWN)] = 1


@get("/components", **needs(Scope.CONTROL))
async def list_components(request: Request[Any, Any, Any], gateway: Gateway) -> ComponentsAnswer:
    """Every component and how it stands."""
    return ComponentsAnswer(tuple(_shown(one) for one in gateway.control(caller_of(request)).states()))


@get("/components/{component:str}", **needs(Scope.CONTROL))
async def get_component(request: Request[Any, Any, Any], gateway: Gateway, component: Name) -> ComponentShown:
    """How one component stands."""
    return _component(request, gateway, component)


@post("/components/{component:str}/stop", status_code=200, **needs(Scope.CONTROL))
async def stop_component(request: Request[Any, Any, Any], gateway: Gateway, component: Name) -> Response[ComponentShown]:
    """Stop a component until it is started: what is sent to it meanwhile is lost."""
    return await _commanded(request, gateway, StopComponent(component))


@post("/components/{component:str}/start", status_code=200, **needs(Scope.CONTROL))
async def start_component(request: Request[Any, Any, Any], gateway: Gateway, component: Name) -> Response[ComponentShown]:
    """Start a component that is down, with the memory that it had."""
    return await _commanded(request, gateway, StartComponent(component))


@post("/components/{component:str}/restart", status_code=200, **needs(Scope.CONTROL))
async def restart_component(
    request: Request[Any, Any, Any], data: Restart, gateway: Gateway, component: Name
) -> Response[ComponentShown]:
    """Stop a component, and start it a while later."""
    return await _commanded(request, gateway, RestartComponent(component, data.down_seconds * SECOND))


async def _commanded(
    request: Request[Any, Any, Any], gateway: Gateway, command: StopComponent | StartComponent | RestartComponent
) -> Response[ComponentShown]:
    receipt = await gateway.command(caller_of(request), command)
    for entry in receipt.said:
        if isinstance(entry.message, ComponentCommandRejected):
            reason = entry.message.reason
            raise refusal(reason, f"{command.component} stays as it is: {reason.value}")
    shown = _component(request, gateway, command.component)
    return Response(shown, headers={"x-position": gateway.position_of(receipt)})


def _component(request: Request[Any, Any, Any], gateway: Gateway, component: str) -> ComponentShown:
    for one in gateway.control(caller_of(request)).states():
        if one.name == component:
            return _shown(one)
    raise NoSuchThing(f"there is no component {component}")


def _shown(one: ComponentStatus) -> ComponentShown:
    return ComponentShown(one.name, one.context, one.state, instant_text(one.since))


router = Router(
    "",
    route_handlers=[list_components, get_component, stop_component, start_component, restart_component],
    tags=["components"],
)
