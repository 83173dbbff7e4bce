"""The parameters of a request's path and query, checked against everything that a handler's signature says of them.

Litestar converts them to their types and passes over the bounds that a type is annotated with, over unknown names and over
repetitions; here they are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from trading_ecosystem.api.problems import FieldProblem, InvalidRequest

NOT_PARAMETERS: Final = frozenset({"request", "data", "socket", "state", "scope", "headers", "cookies", "body", "query"})
"""Names in a signature that Litestar gives something else."""

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
        raise InvalidRequest("; ".join(f"{one.field}: {one.problem}" for one in problems), errors=tuple(problems))


def _expected(declared: Mapping[str, Any], path: Mapping[str, Any]) -> str:
    names = [name for name in declared if name not in path]
    return f"; there are {', '.join(names)}" if names else ""
