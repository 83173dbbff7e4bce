"""Faults: the catalogue of kinds, inject one, list them, clear one. Every cap of the catalogue holds here too."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, delete, get, post

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_or_none, instant_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import Conflicting, FieldProblem, NoSuchThing, Problem, Refused
from trading_ecosystem.api.rest.bodies import Answer, ClientId, InstantText
from trading_ecosystem.api.rest.bodies import Request as Body
from trading_ecosystem.api.rest.production.risk_bodies import seconds_text
from trading_ecosystem.api.rest.routing import caller_of, needs
from trading_ecosystem.domains.test_coordination.catalogue_description import FaultDescription, Unit
from trading_ecosystem.domains.test_coordination.catalogue_entry import Target
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import (
    ClearFault,
    FaultCleared,
    FaultField,
    FaultInjected,
    FaultKind,
    FaultPlanned,
    FaultRefused,
    FaultsQuestion,
    FaultState,
    FaultStatus,
    InjectFault,
)

FieldName = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[a-z_]+$(?!\n)")]
FieldValue = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9 ,./_-]+$(?!\n)", examples=["-0.06", "90s", "BTC,ETH"])
]
Catalogue = tuple[FaultDescription, ...]


class FaultParameterShown(Answer, frozen=True, forbid_unknown_fields=True):
    """One parameter of a kind of fault; bounds are included."""

    name: str
    unit: Unit
    required: bool
    lowest: str | None
    highest: str | None
    choices: tuple[str, ...]


class FaultKindShown(Answer, frozen=True, forbid_unknown_fields=True):
    """One kind of fault: what it takes, what it may not exceed, and what a monitor ought to say about it."""

    kind: FaultKind
    target: Target
    parameters: tuple[FaultParameterShown, ...]
    limits: tuple[str, ...]
    """What holds of several parameters together."""
    expected_alert: AlertKind | None
    """`null`: outside of the monitor's mandate."""
    threshold: int
    """In the unit of the alert: nanoseconds, or parts per million."""
    detectable_from: int
    sla_seconds: str
    mandate: str


class CatalogueAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Every kind of fault that can be injected here."""

    kinds: tuple[FaultKindShown, ...]


class FaultShown(Answer, frozen=True, forbid_unknown_fields=True):
    """A fault of this run as it stands."""

    fault_id: str
    kind: FaultKind
    component: str
    subjects: tuple[str, ...]
    status: FaultStatus
    at: InstantText
    """When it is or was injected."""
    until: InstantText | None
    """When its condition ends by itself."""


class FaultsAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Every fault of this run, in the order in which they are or were injected."""

    faults: tuple[FaultShown, ...]


class FaultToInject(Body, frozen=True, forbid_unknown_fields=True):
    """A fault, in the words of a scenario: `{"kind": "settlement_delay", "fields": {"duration": "15m", "delay": "8m"}}`."""

    kind: FaultKind
    fields: Annotated[dict[FieldName, FieldValue], msgspec.Meta(max_length=20)] = msgspec.field(default_factory=dict)
    """Those of the catalogue, and `at`: how far ahead it is planned (`0s` without)."""
    fault_id: ClientId | None = None
    """Names the fault once in this run; made here where it is left out."""


@get("/faults/catalogue", **needs(Scope.CONTROL))
async def get_catalogue(fault_catalogue: Catalogue) -> CatalogueAnswer:
    """Every kind of fault with its parameters and bounds."""
    return CatalogueAnswer(tuple(_kind(one) for one in fault_catalogue))


@get("/faults", **needs(Scope.CONTROL))
async def list_faults(request: Request[Any, Any, Any], gateway: Gateway) -> FaultsAnswer:
    """Every fault of this run, planned ones included."""
    return FaultsAnswer(tuple(_shown(one) for one in await _faults(request, gateway)))


@get("/faults/{fault_id:str}", **needs(Scope.CONTROL))
async def get_fault(request: Request[Any, Any, Any], gateway: Gateway, fault_id: ClientId) -> FaultShown:
    """One fault as it stands."""
    return _shown(await _fault(request, gateway, fault_id))


@post("/faults", **needs(Scope.CONTROL))
async def inject_fault(request: Request[Any, Any, Any], data: FaultToInject, gateway: Gateway) -> Response[FaultShown]:
    """Inject a fault now, or plan it. 422 where the catalogue does not allow it, 409 where the name is taken."""
    fault_id = data.fault_id or f"fault-{secrets.token_hex(4)}"
    if any(one.fault_id == fault_id for one in await _faults(request, gateway)):
        raise Conflicting(f"there is a fault {fault_id} in this run already", reason="FAULT_ID_IN_USE")
    fields = tuple(FaultField(name, value) for name, value in data.fields.items())
    command = InjectFault(fault_id, data.kind.value, fields, coordinator=gateway.places.coordination)
    receipt = await gateway.command(caller_of(request), command)
    for entry in receipt.said:
        said = entry.message
        if isinstance(said, FaultRefused):
            errors = (FieldProblem(f"fields.{said.field}" if said.field else "fields", said.reason),)
            raise Refused(f"the fault is not injected: {said.reason}", reason="FAULT_REFUSED", errors=errors)
    if not any(isinstance(entry.message, FaultInjected | FaultPlanned) for entry in receipt.said):
        raise Problem("the coordinator gave no answer")
    shown = _shown(await _fault(request, gateway, fault_id))
    return Response(shown, headers={"x-position": gateway.position_of(receipt)})


@delete("/faults/{fault_id:str}", status_code=200, **needs(Scope.CONTROL))
async def clear_fault(request: Request[Any, Any, Any], gateway: Gateway, fault_id: ClientId) -> Response[FaultShown]:
    """Roll a fault back, or give up a planned one; 409 where it is over."""
    await _fault(request, gateway, fault_id)
    command = ClearFault(fault_id, coordinator=gateway.places.coordination)
    receipt = await gateway.command(caller_of(request), command)
    for entry in receipt.said:
        if isinstance(entry.message, FaultRefused):
            raise Conflicting(f"the fault stays as it is: {entry.message.reason}", reason="FAULT_NOT_CLEARED")
    if not any(isinstance(entry.message, FaultCleared) for entry in receipt.said):
        raise Problem("the coordinator gave no answer")
    shown = _shown(await _fault(request, gateway, fault_id))
    return Response(shown, headers={"x-position": gateway.position_of(receipt)})


async def _faults(request: Request[Any, Any, Any], gateway: Gateway) -> tuple[FaultState, ...]:
    found: tuple[FaultState, ...] = await gateway.ask(caller_of(request), gateway.places.coordination, FaultsQuestion())
    return found


async def _fault(request: Request[Any, Any, Any], gateway: Gateway, fault_id: str) -> FaultState:
    for one in await _faults(request, gateway):
        if one.fault_id == fault_id:
            return one
    raise NoSuchThing(f"there is no fault {fault_id} in this run")


def _shown(one: FaultState) -> FaultShown:
    at, until = instant_text(one.at), instant_or_none(one.until)
    return FaultShown(one.fault_id, one.kind, one.component, one.subjects, one.status, at, until)


def _kind(one: FaultDescription) -> FaultKindShown:
    return FaultKindShown(
        kind=one.kind,
        target=one.target,
        parameters=tuple(
            FaultParameterShown(each.name, each.unit, each.required, each.lowest or None, each.highest or None, each.choices)
            for each in one.parameters
        ),
        limits=one.limits,
        expected_alert=one.expected_alert,
        threshold=one.threshold,
        detectable_from=one.detectable_from,
        sla_seconds=seconds_text(one.sla_ns),
        mandate=one.mandate,
    )


router = Router("", route_handlers=[get_catalogue, list_faults, get_fault, inject_fault, clear_fault], tags=["faults"])
