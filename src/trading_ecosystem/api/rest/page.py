"""The page: a few files of this package, served as they are. It loads nothing from elsewhere and needs no key to be read."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from litestar import Response, Router, get

from trading_ecosystem.api.problems import NoSuchThing

FOLDER: Final = files("trading_ecosystem.api") / "page"
MEDIA_TYPES: Final = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
FILES: Final[dict[str, tuple[bytes, str]]] = {
    one.name: (one.read_bytes(), MEDIA_TYPES[one.name.rpartition(".")[2]])
    for one in sorted(FOLDER.iterdir(), key=lambda one: one.name)
    if one.name.rpartition(".")[2] in MEDIA_TYPES
}
"""Content and media type of each file, by name."""


@get("/", include_in_schema=False)
async def page() -> Response[bytes]:
    """The page itself."""
    return _shown("index.html")


@get("/page/{name:str}", include_in_schema=False)
async def page_file(name: str) -> Response[bytes]:
    """A part of the page."""
    if name not in FILES:
        raise NoSuchThing("the page has no such part")
    return _shown(name)


def _shown(name: str) -> Response[bytes]:
    content, media_type = FILES[name]
    return Response(content, media_type=media_type, headers={"cache-control": "no-cache"})


router = Router("", route_handlers=[page, page_file])
