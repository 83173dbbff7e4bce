"""How a route says what it needs, and how a handler learns who calls."""

from __future__ import annotations

from typing import Any, Final

from litestar.connection import ASGIConnection, Request
from litestar.handlers.base import BaseRouteHandler
from litestar.openapi import ResponseSpec

from trading_ecosystem.api.caller import Caller, Scope
from trading_ecosystem.api.problems import PROBLEM_JSON, NotAuthenticated, ProblemDetails

SCOPE: Final = "scope"
"""The name under which a route's ``opt`` holds the scope that a key needs."""


def needs(scope: Scope) -> dict[str, Any]:
    """What a route says to need a scope: ``@get("/x", **needs(Scope.READ))``."""
    return {"opt": {SCOPE: scope}, "responses": {**PROBLEMS}}


def check_scope(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a key without the route's scope before anything of the request is read."""
    scope = handler.opt.get(SCOPE)
    if scope is not None:
        caller_of(connection).require(scope)


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """Who calls; raises :class:`NotAuthenticated` where the doorway let nobody in."""
    caller = connection.scope["state"].get("caller")
    if not isinstance(caller, Caller):
        raise NotAuthenticated("a key is needed")
    return caller


def position_of(request: Request[Any, Any, Any]) -> str | None:
    """What the caller sent as ``X-Position``."""
    return request.headers.get("x-position")


def _problem(description: str) -> ResponseSpec:
    return ResponseSpec(ProblemDetails, description=description, media_type=PROBLEM_JSON, generate_examples=False)


PROBLEMS: Final[dict[int, ResponseSpec]] = {
    400: _problem("The request cannot be read."),
    401: _problem("No key, or one that does not prove itself."),
    403: _problem("The key lacks the scope, or is not bound to the account."),
    404: _problem("There is no such thing."),
    405: _problem("The path has no such method."),
    408: _problem("The body did not arrive in time."),
    409: _problem("The same id with other content, or the thing is in another state."),
    413: _problem("The body is too large."),
    422: _problem("It was refused; `reason` says why."),
    429: _problem("Too many requests; `Retry-After` says when to come again."),
    500: _problem("The server failed."),
    503: _problem("Not available now; `Retry-After` says when to come again."),
}
"""The errors that every route may answer with."""
