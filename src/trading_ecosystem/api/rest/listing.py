"""Long lists page by page, their bounds pushed into the store: a page reads no more than itself and what ties with its edge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, get_type_hints

from trading_ecosystem.api.decimals import parse_instant
from trading_ecosystem.api.problems import FieldProblem, InvalidRequest
from trading_ecosystem.api.rest.bodies import Page, cursor_key, cursor_text
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.records import HistoryStore, Record, Within

R = TypeVar("R", bound=Record)
T = TypeVar("T")

_END: Final[Nanos] = 2**63 - 1


def span(since: str | None, until: str | None) -> Within:
    """The half-open range between two instants of a request, either of which may be missing."""
    first = None if since is None else parse_instant(since, "since")
    below = None if until is None else parse_instant(until, "until")
    if first is not None and below is not None and below < first:
        problem = "lies before since"
        raise InvalidRequest(f"until: {problem}", errors=(FieldProblem("until", problem),))
    return Within(first, below)


async def page_by(
    store: HistoryStore,
    record_type: type[R],
    where: Mapping[str, Any],
    field: str,
    show: Callable[[R], T],
    *,
    within: Within | None = None,
    cursor: str | None = None,
    limit: int,
    newest_first: bool = True,
) -> Page[T]:
    """One page of the records that meet ``where``, in order of an integer field, and where that is equal of their identity."""
    found = await rows_by(
        store, record_type, where, field, within=within, cursor=cursor, limit=limit + 1, newest_first=newest_first
    )
    shown = found[:limit]
    return Page(tuple(show(one) for one in shown), place_in(shown[-1], field) if len(found) > limit else None)


async def rows_by(
    store: HistoryStore,
    record_type: type[R],
    where: Mapping[str, Any],
    field: str,
    *,
    within: Within | None = None,
    cursor: str | None = None,
    limit: int,
    newest_first: bool = True,
) -> list[R]:
    """At most ``limit`` records of such a list, behind the one that ``cursor`` names; see :func:`place_in`."""
    asked = Within() if within is None else within
    order = f"-{field}" if newest_first else field
    found: list[R] = []
    if cursor is not None:
        like = (0, *(_kind(record_type, name)() for name in record_type.key))
        place = cursor_key(cursor, like)
        assert place is not None
        edge, identity = int(place[0]), tuple(place[1:])
        if not -_END <= edge <= _END:
            raise InvalidRequest("cursor: is no cursor of this list; send back what next_cursor said")
        tied = await store.rows(record_type, {**where, field: edge}, order=[order]) if _inside(edge, asked) else []
        found = [one for one in tied if one.identity() > identity][:limit]
        asked = _beyond(asked, edge, newest_first)
    if len(found) < limit:
        found += await store.rows(record_type, {**where, field: asked}, order=[order], limit=limit - len(found))
    return found


def place_in(record: Record, field: str) -> str:
    """The cursor that names this record's place in a list by ``field``."""
    return cursor_text((getattr(record, field), *(_plain(part) for part in record.identity())))


def _inside(at: int, within: Within) -> bool:
    return (within.first is None or at >= within.first) and (within.below is None or at < within.below)


def _beyond(within: Within, edge: int, newest_first: bool) -> Within:
    """What of a range lies on the far side of a page's edge."""
    if newest_first:
        return Within(within.first, edge if within.below is None else min(edge, within.below))
    return Within(edge + 1 if within.first is None else max(edge + 1, within.first), within.below)


def _kind(record_type: type[Record], name: str) -> type[int] | type[str]:
    return int if get_type_hints(record_type)[name] is int else str


def _plain(value: Any) -> int | str:
    return value if isinstance(value, int) else str(value)
