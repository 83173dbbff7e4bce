"""Puts the routes of the faces together into one ASGI application."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException, LitestarDeprecationWarning, ValidationException

from trading_ecosystem.adapters.live_audit import LiveAudit
from trading_ecosystem.adapters.scenario_runs import ScenarioRuns
from trading_ecosystem.api.face import EVERY_FACE as EVERY_FACE
from trading_ecosystem.api.face import Face as Face
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.problems import PROBLEM_JSON, FieldProblem, InvalidRequest, Problem, problem_of
from trading_ecosystem.api.rate_limits import PER_KEY, PER_STRANGER, RateLimit
from trading_ecosystem.api.rest import documents, health, page
from trading_ecosystem.api.rest.control import metrics
from trading_ecosystem.api.rest.doorway import Doorway, Observer
from trading_ecosystem.api.rest.health import Identity
from trading_ecosystem.api.rest.parameters import check_body, check_parameters
from trading_ecosystem.api.rest.routers import AUDIT, CONTROL, PRODUCTION
from trading_ecosystem.api.rest.routing import check_scope
from trading_ecosystem.api.streams.hub import Hub
from trading_ecosystem.api.streams.web_socket import StreamSockets
from trading_ecosystem.domains.test_coordination.catalogue_description import FaultDescription
from trading_ecosystem.ports.metrics import Exposition

log = logging.getLogger("trading_ecosystem.api")


class Workings(msgspec.Struct, frozen=True):
    """What control and audit look at beside the gateway."""

    live_audit: LiveAudit
    scenario_runs: ScenarioRuns
    fault_catalogue: tuple[FaultDescription, ...]


def create_app(
    gateway: Gateway,
    keys: KeyStore,
    identity: Identity,
    hub: Hub,
    *,
    faces: Iterable[Face] = EVERY_FACE,
    per_key: RateLimit = PER_KEY,
    per_stranger: RateLimit = PER_STRANGER,
    observe: Observer | None = None,
    exposition: Exposition | None = None,
    workings: Workings | None = None,
) -> Doorway:
    """The application of these faces; everything it needs goes in here."""
    shown = frozenset(faces)
    sockets = StreamSockets(hub, gateway, keys, shown, per_key=per_key, per_stranger=per_stranger)
    return Doorway(
        routes(gateway, identity, shown, exposition, keys, workings),
        keys,
        per_key=per_key,
        per_stranger=per_stranger,
        observe=observe,
        sockets=sockets,
    )


def routes(
    gateway: Gateway,
    identity: Identity,
    faces: Iterable[Face] = EVERY_FACE,
    exposition: Exposition | None = None,
    keys: KeyStore | None = None,
    workings: Workings | None = None,
) -> Litestar:
    """The routes alone, without the doorway around them; what has nothing behind it has no routes."""
    shown = frozenset(faces)
    handlers: list[Router] = [page.router] if shown & {Face.PRODUCTION, Face.CONTROL} else []
    if Face.PRODUCTION in shown:
        handlers += [health.router, Router("/api/v1", route_handlers=list(PRODUCTION)), documents.production]
    if Face.CONTROL in shown and exposition is not None:
        handlers.append(metrics.router)
    if Face.CONTROL in shown and workings is not None:
        handlers += [Router("/control/v1", route_handlers=list(CONTROL)), documents.control]
    if Face.AUDIT in shown and workings is not None:
        handlers += [Router("/audit/v1", route_handlers=list(AUDIT)), documents.audit]
    needed: dict[str, Any] = {"gateway": gateway, "identity": identity, "exposition": exposition, "keys": keys}
    if workings is not None:
        needed |= {name: getattr(workings, name) for name in Workings.__struct_fields__}
    with warnings.catch_warnings():
        # Handlers name their parameters and no more: what Litestar 3 will ask for beside that is its own concern then.
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        return Litestar(
            route_handlers=handlers,
            before_request=_check,
            dependencies={name: _given(value) for name, value in needed.items()},
            exception_handlers={Exception: _answer_problem},
            openapi_config=None,
            logging_config=None,
            debug=False,
        )


async def _check(request: Request[Any, Any, Any]) -> None:
    """May this key, and are parameters and body right?

    No guards of the framework: it copies the handler for each, and gives those that are no coroutines a thread, which together
    cost as much as the whole request.
    """
    check_scope(request, request.route_handler)
    check_parameters(request, request.route_handler)
    await check_body(request, request.route_handler)


def _given(value: Any) -> Provide:
    """Give handlers this very object."""
    return Provide(lambda: value, sync_to_thread=False, use_cache=True)


def _answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Every error as problem details; only what nobody foresaw is logged, under the request's id."""
    problem = _problem(error)
    request_id = request.scope["state"].get("request_id")
    if problem.status >= 500 and not isinstance(error, Problem) and problem.type == "internal":
        log.error("request %s failed", request_id, exc_info=error)
    return Response(
        msgspec.json.encode(problem.details(request_id)),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers=problem.headers(),
    )


class NoSuchMethod(Problem):
    """The path is known, the method is not."""

    status = 405
    type = "no-such-method"
    title = "The path has no such method"


class NoSuchPath(Problem):
    """Nothing is served under this path."""

    status = 404
    type = "no-such-path"
    title = "Nothing is served under this path"


def _problem(error: Exception) -> Problem:
    if isinstance(error, ValidationException):
        found = error.extra if isinstance(error.extra, list) else []
        errors = tuple(FieldProblem(str(one.get("key", "")), str(one.get("message", ""))) for one in found)
        detail = "; ".join(f"{one.field}: {one.problem}" if one.field else one.problem for one in errors)
        return InvalidRequest(detail or error.detail, errors=errors)
    if isinstance(error, HTTPException):
        if error.status_code == 404:
            return NoSuchPath()
        if error.status_code == 405:
            return NoSuchMethod()
        if 400 <= error.status_code < 500:
            return InvalidRequest(error.detail)
    return problem_of(error)
