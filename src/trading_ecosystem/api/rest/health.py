"""Whether the server lives, and whether it is ready: for load balancers and people, without a key.

The production face says no more than that. Which component is not well stands on the control face.
"""

from __future__ import annotations

from litestar import Response, Router, get

from trading_ecosystem.api.decimals import instant_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.rest.bodies import Answer, InstantText


class Health(Answer, frozen=True, forbid_unknown_fields=True):
    """Who answers. ``timestamp`` is ecosystem time."""

    status: str
    service: str
    instance: str
    version: str
    environment: str
    timestamp: InstantText


class Readiness(Answer, frozen=True, forbid_unknown_fields=True):
    """Whether commands are taken and reads are answered."""

    ready: bool


class Identity(Answer, frozen=True, forbid_unknown_fields=True):
    """What a server says of itself."""

    instance: str
    version: str
    environment: str
    service: str = "trading-ecosystem"


@get("/health")
async def health(gateway: Gateway, identity: Identity) -> Health:
    """The process lives."""
    now = instant_text(gateway.now())
    return Health("ok", identity.service, identity.instance, identity.version, identity.environment, now)


@get("/ready")
async def ready(gateway: Gateway) -> Response[Readiness]:
    """Commands are taken and acknowledged, and reads are answered; 503 where not."""
    is_ready = gateway.ready()
    return Response(Readiness(is_ready), status_code=200 if is_ready else 503)


router = Router("", route_handlers=[health, ready], tags=["health"])
