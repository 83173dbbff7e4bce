"""The OpenAPI 3.1 document of a face, made from the handlers themselves: their signatures, bodies and docstrings.

Schemas are msgspec's, which checks the same types: bounds, patterns, closed enums, ``additionalProperties: false``. The errors
of an operation follow from its form: whether it needs a key, names something, has a body, changes something. Examples are made
from the schemas' own, and from what fields are called.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Union, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream
from litestar.routes import HTTPRoute

from trading_ecosystem.api.problems import PROBLEM_JSON, ProblemDetails
from trading_ecosystem.api.rest.health import Readiness
from trading_ecosystem.api.rest.parameters import parameters_of
from trading_ecosystem.api.rest.routing import ALSO, PROBLEMS, SCOPE

Document = dict[str, Any]
Operation = tuple[str, str, HTTPRouteHandler]
"""Path, method, and the handler behind them."""

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ALWAYS: Final = (400, 408, 413, 429, 500)
"""What the doorway and the check of parameters may answer to anything."""
_IDEMPOTENT: Final = ("client_order_id", "transfer_id", "request_id")
"""Fields of a body for which the header ``Idempotency-Key`` may stand in."""
_HISTORY: Final = frozenset({"position_of", "_history", "_marks"})
"""Names that a handler uses where its answer may come from a history."""
_REFERENCE: Final = "#/components/schemas/{name}"
_POSITION: Final = {
    "description": "Where the change stands in the record: send it back to read what it changed.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
}
_RETRY: Final = {"description": "Seconds until it is worth trying again.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
_SECURITY: Final[Document] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The token of a key."},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key", "description": "The id of a key that signs."},
    "timestamp": {"type": "apiKey", "in": "header", "name": "X-Timestamp", "description": "Milliseconds since the epoch."},
    "nonce": {"type": "apiKey", "in": "header", "name": "X-Nonce", "description": "8 to 64 characters, never used twice."},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Signature",
        "description": "HMAC-SHA256, in hexadecimal, of timestamp, nonce, METHOD, path?query and sha256(body), a line each.",
    },
}

_EXAMPLES: Final[dict[str, str]] = {
    "venue": "exchange-alpha",
    "custodian": "custodian",
    "account": "demo/alice",
    "instrument": "BTC/USD",
    "base": "BTC",
    "quote": "USD",
    "asset": "USD",
    "base_asset": "BTC",
    "quote_asset": "USD",
    "fee_asset": "USD",
    "underlying": "BTC",
    "left": "BTC/USD",
    "right": "ETH/USD",
    "client_order_id": "order-1",
    "transfer_id": "transfer-1",
    "subject": "BTC",
    "request_id": "request-1",
    "strategy": "maker",
    "kind": "market_making",
    "state": "running",
    "price": "60000.01",
    "component": "risk",
    "scenario": "stablecoin_depeg",
    "run": "4f1c2ab09d3e",
    "title": "A title",
    "label": "my bot",
    "reference": "deposit/transfer-1",
    "name": "duration",
    "detail": "what happened",
    "type": "OrderFilled",
    "sender": "risk",
}
"""What a field of this name may hold, where its schema does not say."""


def document_of(application: Litestar, title: str, version: str, wanted: Callable[[str], bool]) -> Document:
    """The document of the operations whose path is ``wanted``."""
    operations = [one for one in _operations(application) if wanted(one[0])]
    kinds = list(dict.fromkeys(kind for _, _, handler in operations for kind in _kinds(handler)))
    kinds += [ProblemDetails]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    for component in components.values():
        if component.get("type") == "object" and "properties" in component:
            component.setdefault("additionalProperties", False)
    known = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, Document] = {}
    tags: dict[str, None] = {}
    for path, method, handler in operations:
        described = _Described(handler, path, method, known, components)
        paths.setdefault(path, {})[method.lower()] = described.operation()
        tags.update(dict.fromkeys(described.tags))
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "tags": [{"name": name} for name in tags],
        "components": {
            "schemas": components,
            "responses": {f"Problem{status}": _problem(status, known[ProblemDetails]) for status in PROBLEMS},
            "securitySchemes": _SECURITY,
        },
    }


class _Described:
    """One operation put into words."""

    def __init__(
        self, handler: HTTPRouteHandler, path: str, method: str, known: Mapping[Any, Document], components: Document
    ) -> None:
        self._handler = handler
        self._path = path
        self._method = method
        self._known = known
        self._components = components
        self._body = _body_of(handler)
        self.tags = sorted(handler.resolve_tags() if hasattr(handler, "resolve_tags") else handler.tags or ())

    def operation(self) -> Document:
        """The operation object."""
        handler = self._handler
        lines = inspect.getdoc(handler.fn) or ""
        scope = handler.opt.get(SCOPE)
        operation: Document = {
            "operationId": handler.fn.__name__,
            "summary": lines.split(". ")[0].rstrip("."),
            "description": " ".join(lines.split()),
            "tags": self.tags,
            "parameters": list(self._parameters()),
            "responses": {str(status): one for status, one in sorted(self._responses().items())},
            "security": [] if scope is None else [{"bearer": [scope.value]}, {name: [] for name in list(_SECURITY)[1:]}],
        }
        if self._body is not None:
            operation["requestBody"] = {"required": True, "content": {"application/json": self._content(self._body)}}
        return operation

    def _parameters(self) -> Iterator[Document]:
        for name, (kind, required) in parameters_of(self._handler).items():
            in_path = f"{{{name}}}" in self._path
            schema = _inlined(msgspec.json.schema(_given(kind)))
            default = self._handler.parsed_fn_signature.parameters[name].default
            if not required and default is not None and isinstance(default, str | int):
                schema = {**schema, "default": default}
            parameter = {"name": name, "in": "path" if in_path else "query", "required": in_path or required, "schema": schema}
            text = schema.pop("description", None)
            yield parameter if text is None else {**parameter, "description": text}
        if self._method == "GET" and _HISTORY & set(self._handler.fn.__code__.co_names):
            token = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
            text = "What an answer's `X-Position` said: the history is read once it has that."
            yield {"name": "X-Position", "in": "header", "required": False, "schema": token, "description": text}
        if self._body is not None and set(_IDEMPOTENT) & set(self._body.__struct_fields__) and self._method == "POST":
            pattern = {"type": "string", "minLength": 1, "maxLength": 36, "pattern": "^[A-Za-z0-9._:-]+$"}
            text = "Names the request once where the body does not."
            yield {"name": "Idempotency-Key", "in": "header", "required": False, "schema": pattern, "description": text}

    def _responses(self) -> dict[int, Document]:
        handler, scope = self._handler, self._handler.opt.get(SCOPE)
        statuses = {*_ALWAYS, 401, *handler.opt.get(ALSO, ())}
        if scope is not None:
            statuses |= {403, 503}
        if "{" in self._path or parameters_of(handler) or self._body is not None:
            statuses.add(404)
        if self._method != "GET":
            statuses |= {409, 422}
        found: dict[int, Document] = {status: {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}
        answer = _answer_of(handler)
        success: Document = {"description": _sentence(answer) if _is_struct(answer) else "As the summary says."}
        if _is_struct(answer):
            success["content"] = {"application/json": self._content(answer)}
        elif answer not in (None, type(None)):
            media_type = str(getattr(handler.media_type, "value", handler.media_type))
            schema = {} if media_type == "application/json" else {"type": "string"}
            success["content"] = {media_type.split(";")[0]: {"schema": schema}}
        if self._method != "GET" and scope is not None:
            success["headers"] = {"X-Position": {**_POSITION, "required": False}}
        found[handler.status_code] = success
        if answer is Readiness:
            found[503] = {"description": "Not ready.", "content": {"application/json": self._content(answer)}}
        return found

    def _content(self, kind: Any) -> Document:
        schema = self._known[kind]
        return {"schema": schema, "examples": {"example": {"value": example_of(schema, self._components)}}}


def _problem(status: int, schema: Document) -> Document:
    title = PROBLEMS[status].split(";")[0].rstrip(".")
    example = {"type": "/problems/example", "title": title, "status": status, "detail": title}
    content = {PROBLEM_JSON: {"schema": schema, "examples": {"example": {"value": example}}}}
    problem: Document = {"description": PROBLEMS[status], "content": content}
    return {**problem, "headers": {"Retry-After": _RETRY}} if status in (429, 503) else problem


def example_of(schema: Document, components: Mapping[str, Document], name: str = "") -> Any:
    """A value that a schema allows, made of the examples in it; ``name`` is the field's."""
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rpartition("/")[2]], components, name)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example_of(next(one for one in schema["anyOf"] if one.get("type") != "null"), components, name)
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", ())
        properties = schema.get("properties", {})
        if schema.get("minProperties"):
            named = example_of(schema.get("propertyNames", {}), components, "name")
            return {named: example_of(schema["additionalProperties"], components)}
        return {each: example_of(one, components, each) for each, one in properties.items() if each in required}
    if kind == "array":
        items = schema.get("prefixItems") or [schema["items"]] * max(1, schema.get("minItems", 0))
        return [example_of(one, components, name.rstrip("s")) for one in items]
    if kind == "integer":
        return max(1, schema.get("minimum", 1))
    if kind == "string":
        return _EXAMPLES.get(name, "1")
    return True if kind == "boolean" else None


def _operations(application: Litestar) -> Iterator[Operation]:
    for route in application.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = re.sub(r"{(\w+):\w+}", r"{\1}", route.path)
        for handler in route.route_handlers:
            if handler.include_in_schema is False:
                continue
            for method in _METHODS:
                if method in handler.http_methods:
                    yield path, method, handler


def _kinds(handler: HTTPRouteHandler) -> Iterator[Any]:
    """The structs that an operation is given and answers with."""
    body, answer = _body_of(handler), _answer_of(handler)
    if body is not None:
        yield body
    if _is_struct(answer):
        yield answer


def _body_of(handler: HTTPRouteHandler) -> Any:
    found = handler.parsed_fn_signature.parameters.get("data")
    return None if found is None else found.annotation


def _answer_of(handler: HTTPRouteHandler) -> Any:
    answer = handler.parsed_fn_signature.return_type.raw
    if get_origin(answer) is Response:
        return get_args(answer)[0]
    return bytes if answer is Stream else answer


def _is_struct(kind: Any) -> bool:
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, msgspec.Struct)


def _given(kind: Any) -> Any:
    """What a parameter is where it is given: a query has no null."""
    if get_origin(kind) in (Union, types.UnionType):
        return next(one for one in get_args(kind) if one is not type(None))
    return kind


def _inlined(schema: Document) -> Document:
    """A parameter's schema without references: an enum's own."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return {one: value for one, value in schema["$defs"][name].items() if one != "title"}
    return schema


def _sentence(kind: Any) -> str:
    text = inspect.getdoc(get_origin(kind) or kind) or ""
    return " ".join(text.split())
