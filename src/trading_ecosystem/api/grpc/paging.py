"""Long lists in parts: rows in rising order of a key, of which a page's token names the last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from google.protobuf.message import Message as ProtoMessage

from trading_ecosystem.api.grpc.conversion import fill_all, invalid
from trading_ecosystem.api.grpc.stubs.services import shared_pb2
from trading_ecosystem.api.problems import InvalidRequest
from trading_ecosystem.api.rest.bodies import Key, cursor_key, cursor_text
from trading_ecosystem.ports.records import Within

PAGE: Final = 100
LARGEST_PAGE: Final = 1_000
V = TypeVar("V")
R = TypeVar("R", bound=ProtoMessage)


def size_of(page: shared_pb2.PageRequest) -> int:
    """How many rows are asked for; raises :class:`InvalidRequest`."""
    if not 0 <= page.page_size <= LARGEST_PAGE:
        raise invalid("page.page_size", f"{page.page_size} is out of range; expected 0 to {LARGEST_PAGE}")
    return page.page_size or PAGE


def place_of(page: shared_pb2.PageRequest, like: Key) -> Key | None:
    """Behind which row the page begins; raises :class:`InvalidRequest` where the token is none of this list."""
    try:
        return cursor_key(page.page_token or None, like)
    except InvalidRequest:
        raise invalid("page.page_token", "is none of this list; send back what next_page_token said") from None


def fill_page(
    response: R, field: str, rows: Sequence[V], key: Callable[[V], Key], page: shared_pb2.PageRequest, like: Key
) -> R:
    """Write one page of rows, which are in rising order of ``key``, into a response; ``like`` is a key of that form."""
    size, place = size_of(page), place_of(page, like)
    chosen: list[Any] = list(rows)
    if place is not None:
        behind: Any = place
        chosen = [row for row in chosen if key(row) > behind]
    if len(chosen) > size:
        chosen = chosen[:size]
        answered: shared_pb2.PageResponse = getattr(response, "page")  # noqa: B009 - every such response has one
        answered.next_page_token = cursor_text(key(chosen[-1]))
    fill_all(getattr(response, field), chosen)
    return response


def within(asked: shared_pb2.TimeRange) -> Within:
    """A range of time as a condition; raises :class:`InvalidRequest` where it ends before it begins."""
    first = asked.from_at if asked.HasField("from_at") else None
    below = asked.until if asked.HasField("until") else None
    if first is not None and below is not None and below < first:
        raise invalid("range", "ends before it begins")
    return Within(first, below)
