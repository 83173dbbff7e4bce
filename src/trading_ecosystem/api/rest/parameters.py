"""The parameters of a request's path and query, and its body, checked against everything that a handler's signature says.

Litestar converts parameters to their types and passes over the bounds that a type is annotated with, over unknown names and
over repetitions; in bodies it takes a number for a truth value and text for a number. Here all that is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar.connection import ASGIConnection, Request
from litestar.handlers.base import BaseRouteHandler

from trading_ecosystem.api.problems import FieldProblem, InvalidRequest

NOT_PARAMETERS: Final = frozenset({"request", "data", "socket", "state", "scope", "headers", "cookies", "body", "query"})
"""Names in a signature that Litestar gives something else."""
MOST_PROBLEMS: Final = 10
"""Problems that one answer tells of."""

_bodies: dict[Any, msgspec.json.Decoder[Any] | None] = {}
_known: dict[Any, Mapping[str, tuple[Any, bool]]] = {}


def parameters_of(handler: BaseRouteHandler) -> Mapping[str, tuple[Any, bool]]:
    """What a handler takes of path and query: by name the whole type, and whether it has to be there."""
    found = _known.get(handler.fn)
    if found is None:
        dependencies = handler.resolve_dependencies()
        found = _known[handler.fn] = {
            name: (field.raw, not field.has_default)
            for name, field in handler.parsed_fn_signature.parameters.items()
            if name not in NOT_PARAMETERS and name not in dependencies
        }
    return found


def check_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse what the signature does not allow; raises :class:`InvalidRequest`."""
    declared = parameters_of(handler)
    path = connection.path_params
    problems: list[FieldProblem] = []
    given: dict[str, Any] = {}
    query = connection.query_params.multi_items() if connection.scope["query_string"] else ()
    for name, value in query:
        if name not in declared or name in path:
            problems.append(FieldProblem(name[:40], f"is no parameter here{_expected(declared, path)}"))
        elif name in given:
            problems.append(FieldProblem(name, "is given twice"))
        given[name] = value
    for name, (kind, required) in declared.items():
        if name in path or name in given:
            try:
                msgspec.convert(path[name] if name in path else given[name], kind, strict=False)
            except msgspec.ValidationError as error:
                problems.append(FieldProblem(name, str(error)))
        elif required:
            problems.append(FieldProblem(name, "is missing"))
    if problems:
        # Nobody reads more of them, and an answer is not to be many times as long as what was asked.
        problems = problems[:MOST_PROBLEMS]
        raise InvalidRequest("; ".join(f"{one.field}: {one.problem}" for one in problems), errors=tuple(problems))


async def check_body(request: Request[Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a body that is not exactly what the signature says; raises :class:`InvalidRequest`."""
    decoder = _decoder_of(handler)
    if decoder is None:
        return
    try:
        decoder.decode(await request.body())
    except UnicodeDecodeError:
        text, field = "expected UTF-8", ""
    except RecursionError:
        text, field = "is nested too deeply", ""
    except msgspec.MsgspecError as error:
        text, _, place = str(error).partition(" - at `$")
        field = place.rstrip("`").lstrip(".")
    else:
        return
    field = field or "data"
    raise InvalidRequest(f"{field}: {text}", errors=(FieldProblem(field, text),))


def _decoder_of(handler: BaseRouteHandler) -> msgspec.json.Decoder[Any] | None:
    """What reads a handler's body, if it takes one."""
    if handler.fn not in _bodies:
        field = handler.parsed_fn_signature.parameters.get("data")
        _bodies[handler.fn] = None if field is None else msgspec.json.Decoder(field.raw)
    return _bodies[handler.fn]


def _expected(declared: Mapping[str, Any], path: Mapping[str, Any]) -> str:
    names = [name for name in declared if name not in path]
    return f"; there are {', '.join(names)}" if names else ""
