"""What every body of a request or an answer has: unknown fields are refused, and every field is bounded."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec

from trading_ecosystem.api.decimals import DECIMAL_PATTERN, INSTANT_PATTERN
from trading_ecosystem.api.problems import FieldProblem, InvalidRequest


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every request body."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every answer body."""


Name = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=63, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$(?!\n)", examples=["exchange-alpha"]),
]
"""An instance's name (RFC 1123 label)."""
AccountName = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=127,
        pattern=r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*$(?!\n)",
        description="A master account, or a sub-account of one: `demo`, `demo/alice`.",
        examples=["demo/alice"],
    ),
]
ClientId = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=36,
        pattern=r"^[A-Za-z0-9._:-]+$(?!\n)",
        description="Named by the caller; names one thing once.",
        examples=["order-1"],
    ),
]
Symbol = Annotated[
    str, msgspec.Meta(min_length=2, max_length=20, pattern=r"^[A-Z0-9]+[/-][A-Z0-9]+$(?!\n)", examples=["BTC/USD"])
]
Asset = Annotated[str, msgspec.Meta(min_length=2, max_length=10, pattern=r"^[A-Z0-9]+$(?!\n)", examples=["USD"])]
DecimalText = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=28, pattern=DECIMAL_PATTERN, description="An exact decimal number.", examples=["0.25"]
    ),
]
InstantText = Annotated[
    str,
    msgspec.Meta(
        min_length=20,
        max_length=35,
        pattern=INSTANT_PATTERN,
        description="RFC 3339, to the nanosecond.",
        examples=["2026-03-02T08:00:00.000000000Z"],
    ),
]
OneLine = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]

LARGEST_PAGE: Final = 500
PAGE: Final = 100
PageSize = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_PAGE)]
CursorText = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]

T = TypeVar("T")
V = TypeVar("V")


class Page(msgspec.Struct, Generic[T], frozen=True, forbid_unknown_fields=True):
    """A part of a longer list; ``next_cursor`` asks for what follows, ``null`` at the end."""

    items: tuple[T, ...]
    next_cursor: str | None


Key = tuple[int | str, ...]
"""Where a row stands in its list: rows of one list are in rising order of their keys."""


def cursor_text(key: Key) -> str:
    """A place in a list, as a caller carries it."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def cursor_key(text: str | None, like: Key) -> Key | None:
    """The place that a cursor names, where it has the form of ``like``; raises :class:`InvalidRequest`."""
    if text is None:
        return None
    try:
        key = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=list[int | str])
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        key = []
    if [type(part) for part in key] != [type(part) for part in like]:
        problem = "is no cursor of this list; send back what next_cursor said"
        raise InvalidRequest(f"cursor: {problem}", errors=(FieldProblem("cursor", problem),))
    return tuple(key)


def page_of(
    rows: Sequence[V],
    key: Callable[[V], Key],
    show: Callable[[V], T],
    *,
    cursor: str | None,
    limit: int,
    descending: bool = False,
) -> Page[T]:
    """One page of rows that are sorted by ``key`` (rising, or falling where ``descending``)."""
    chosen = list(rows)
    if cursor is not None and chosen:
        place: Any = cursor_key(cursor, key(chosen[0]))
        chosen = [row for row in chosen if ((key(row) < place) if descending else (key(row) > place))]
    more = len(chosen) > limit
    chosen = chosen[:limit]
    return Page(tuple(show(row) for row in chosen), cursor_text(key(chosen[-1])) if more else None)
