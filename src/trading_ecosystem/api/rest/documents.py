"""The OpenAPI document of each face, and a page that shows one without anything from elsewhere.

That of the production face is open: it says nothing that the face itself does not. Those of control and audit need their
scopes.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Response, Router, get

from trading_ecosystem import __version__
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.problems import NoSuchThing
from trading_ecosystem.api.rest.openapi import document_of
from trading_ecosystem.api.rest.page import MEDIA_TYPES
from trading_ecosystem.api.rest.routing import needs

FOLDER: Final = files("trading_ecosystem.api") / "docs"
FILES: Final[dict[str, tuple[bytes, str]]] = {
    name: ((FOLDER / name).read_bytes(), MEDIA_TYPES[name.rpartition(".")[2]]) for name in ("docs.html", "docs.css", "docs.js")
}
"""Content and media type of each file of the page, by name."""
_STATE: Final = "openapi_documents"


@get("/openapi.json", include_in_schema=False)
async def production_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The production face."""
    return _document(request.app, "production", lambda path: path.startswith("/api/v1/") or path in ("/health", "/ready"))


@get("/control/v1/openapi.json", include_in_schema=False, **needs(Scope.CONTROL))
async def control_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The control face."""
    return _document(request.app, "control", lambda path: path.startswith("/control/v1/") or path == "/metrics")


@get("/audit/v1/openapi.json", include_in_schema=False, **needs(Scope.AUDIT))
async def audit_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The audit face."""
    return _document(request.app, "audit", lambda path: path.startswith("/audit/v1/"))


@get("/docs", include_in_schema=False)
async def docs_page() -> Response[bytes]:
    """The page that shows a document."""
    return _file("docs.html")


@get("/docs/{name:str}", include_in_schema=False)
async def docs_file(name: str) -> Response[bytes]:
    """A part of that page."""
    return _file(name)


def _document(application: Litestar, face: str, wanted: Callable[[str], bool]) -> Response[bytes]:
    """A face's document, made when it is asked for first."""
    known: dict[str, bytes] = application.state.setdefault(_STATE, {})
    if face not in known:
        title = f"Trading Ecosystem, {face} face"
        known[face] = msgspec.json.encode(document_of(application, title, __version__, wanted))
    return Response(known[face], media_type="application/json")


def _file(name: str) -> Response[bytes]:
    if name not in FILES:
        raise NoSuchThing("the page has no such part")
    content, media_type = FILES[name]
    return Response(content, media_type=media_type, headers={"cache-control": "no-cache"})


production: Final = Router("", route_handlers=[production_document, docs_page, docs_file])
control: Final = Router("", route_handlers=[control_document])
audit: Final = Router("", route_handlers=[audit_document])
