"""``/metrics`` for Prometheus, with a key that has the scope ``control``."""

from __future__ import annotations

from litestar import Response, Router, get

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.rest.routing import needs
from trading_ecosystem.ports.metrics import Exposition


@get("/metrics", media_type="text/plain", **needs(Scope.CONTROL))
async def metrics(exposition: Exposition) -> Response[bytes]:
    """Everything that is counted, as of now."""
    return Response(exposition.text(), media_type=exposition.media_type)


router = Router("", route_handlers=[metrics], tags=["metrics"])
