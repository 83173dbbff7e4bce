"""How a route says what it needs, and how a handler learns who calls."""

from __future__ import annotations

from typing import Any, Final

from litestar.connection import ASGIConnection, Request
from litestar.handlers.base import BaseRouteHandler

from trading_ecosystem.api.caller import Caller, Scope
from trading_ecosystem.api.problems import NotAuthenticated

SCOPE: Final = "scope"
"""The name under which a route's ``opt`` holds the scope that a key needs."""
ALSO: Final = "also"
"""The name under which it holds further statuses that it may answer with."""


def needs(scope: Scope, *also: int) -> dict[str, Any]:
    """What a route says to need a scope: ``@get("/x", **needs(Scope.READ))``.

    ``also`` are statuses that it may answer with beside those that follow from its form (see :mod:`.openapi`).
    """
    return {"opt": {SCOPE: scope, ALSO: also}}


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


PROBLEMS: Final[dict[int, str]] = {
    400: "The request cannot be read.",
    401: "No key, or one that does not prove itself.",
    403: "The key lacks the scope, or is not bound to the account.",
    404: "There is no such thing.",
    408: "The body did not arrive in time.",
    409: "The same id with other content, or the thing is in another state.",
    413: "The body is too large.",
    422: "It was refused; `reason` says why.",
    429: "Too many requests; `Retry-After` says when to come again.",
    500: "The server failed.",
    503: "Not available now; `Retry-After` says when to come again.",
}
"""The errors that routes answer with, and what they mean."""
