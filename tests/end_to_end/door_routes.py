"""Every route that a served ecosystem really has, and a request for each that would be carried out if it were let in."""

from __future__ import annotations

import contextlib
import fnmatch
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from unittest import mock

import httpx
import msgspec
from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec.inspect import (
    BoolType,
    DictType,
    EnumType,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    UnionType,
    VarTupleType,
    multi_type_info,
)
from tests.end_to_end.doors import ALPHA, CUSTODIAN, Doors, doors

from trading_ecosystem import serving
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_text
from trading_ecosystem.api.rest.app import create_app
from trading_ecosystem.api.rest.doorway import Doorway
from trading_ecosystem.api.rest.parameters import parameters_of
from trading_ecosystem.api.rest.routing import SCOPE
from trading_ecosystem.messages.units import HOUR

OPEN_TO_ALL: Final = ("/", "/page/{name}", "/health", "/ready", "/docs", "/docs/*", "/openapi.json", "/favicon.ico")
"""Patterns of the routes that need no key. Nothing else may be without a scope."""

_USUAL: Final[dict[str, Any]] = {
    "venue": ALPHA,
    "custodian": CUSTODIAN,
    "asset": "USD",
    "amount": "1",
    "instrument": "BTC-USD",
    "client_order_id": "rests",
    "price": "20000",
    "quantity": "0.001",
    "type": "limit",
    "transfer_id": "in-1",
    "kind": "deposit",
    "strategy": "momentum",
    "component": "risk",
    "scenario": "quiet_day",
    "scopes": ["read"],
    "accounts": ["x"],
    "value": "5",
    "parameters": {"size_usd": "5000"},
}
"""What fields of these names get; everything else follows from its type."""


class Route(msgspec.Struct, frozen=True):
    """One route: its method, its pattern, the scope that it declares, and its handler."""

    method: str
    pattern: str
    scope: Scope | None
    handler: Any

    @property
    def name(self) -> str:
        """Method and pattern."""
        return f"{self.method} {self.pattern}"

    @property
    def changes(self) -> bool:
        """Whether it is there to change something."""
        return self.method not in ("GET", "HEAD", "OPTIONS")

    def matches(self, *patterns: str) -> bool:
        """Whether its name is one of these, with ``*`` for anything."""
        return any(fnmatch.fnmatchcase(self.name, one) for one in patterns)

    @property
    def is_open(self) -> bool:
        """Whether it needs no key."""
        return self.method in ("GET", "OPTIONS") and any(fnmatch.fnmatchcase(self.pattern, one) for one in OPEN_TO_ALL)

    @property
    def body(self) -> type[msgspec.Struct] | None:
        """What its body is, if it takes one."""
        field = self.handler.parsed_fn_signature.parameters.get("data")
        return None if field is None else field.annotation

    @property
    def names_account(self) -> bool:
        """Whether a request says which account it is about."""
        body = self.body
        return "account" in parameters_of(self.handler) or (body is not None and "account" in body.__struct_fields__)

    def request(self, account: str, **values: Any) -> dict[str, Any]:
        """Arguments for :meth:`httpx.Client.request`, about an account; ``values`` by the name of a field."""
        chosen = {**_USUAL, "account": account, **values}
        declared = parameters_of(self.handler)
        named = re.findall(r"{(\w+)}", self.pattern)
        in_path = {name: _value(name, declared[name][0], chosen) if name in declared else "x1" for name in named}
        params = {
            name: _value(name, kind, chosen)
            for name, (kind, required) in declared.items()
            if name not in in_path and (required or name == "account" or name in values)
        }
        asked: dict[str, Any] = {"method": self.method, "url": self.pattern.format(**in_path), "params": params}
        if self.body is not None:
            asked["json"] = sample(self.body, chosen)
        return asked


def sample(kind: type[msgspec.Struct], values: Mapping[str, Any]) -> dict[str, Any]:
    """A body of this kind with what it has to have."""
    (info,) = multi_type_info([kind])
    built = _built("", info, values)
    assert isinstance(built, dict)
    if "price" in kind.__struct_fields__ and "quantity" in kind.__struct_fields__:
        built["price"] = values["price"]
    return built


def _value(name: str, kind: Any, values: Mapping[str, Any]) -> Any:
    return _built(name, multi_type_info([kind])[0], values)


def _built(name: str, info: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(info, Metadata):
        return _built(name, info.type, values)
    if name in values and not isinstance(info, EnumType):
        return values[name]
    match info:
        case StructType(fields=fields):
            return {
                one.encode_name: _built(one.name, one.type, values) for one in fields if one.required or one.name == "account"
            }
        case EnumType(cls=cls):
            known = [member.value for member in cls]
            return values[name] if values.get(name) in known else known[0]
        case UnionType(types=types):
            return _built(name, next(one for one in types if not isinstance(one, NoneType)), values)
        case VarTupleType(item_type=item, min_length=least) | ListType(item_type=item, min_length=least):
            return [_built("", item, {**values, "client_order_id": f"new-{number}"}) for number in range(least or 1)]
        case IntType(ge=least):
            return least or 1
        case FloatType():
            return 1.0
        case BoolType():
            return False
        case StrType():
            return "2026-03-02T12:00:00Z" if name.endswith("_at") else "x1"
        case LiteralType(values=known):
            return known[0]
        case DictType():
            return {}
        case NoneType():
            return None
    raise AssertionError(f"no value for {name}: {info}")


def routes_of(application: Litestar) -> list[Route]:
    """Every route of an application."""
    found = []
    for route in application.routes:
        assert isinstance(route, HTTPRoute), f"{route.path} is served past the doorway"
        for method, (handler, _) in route.route_handler_map.items():
            found.append(Route(str(method), route.path_format, handler.opt.get(SCOPE), handler))
    return sorted(found, key=lambda one: (one.pattern, one.method))


class Opened(msgspec.Struct):
    """A server that runs, and its routes."""

    door: Doors
    routes: list[Route]

    def answer(self, client: httpx.Client, route: Route, account: str, token: str | None, **values: Any) -> httpx.Response:
        """Send a route's request as the holder of a token."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        now = self.door.serving.gateway.now()
        values = {"since": instant_text(now - HOUR), "until": instant_text(now), **values}
        return client.request(**route.request(account, **values), headers=headers)

    def token(self, *scopes: Scope, account: str = "*") -> str:
        """The token of a key that lasts as long as the server."""

        async def lend() -> str:
            return self.door.serving.keys.lend(scopes, (account,)).token

        return self.door.do(lend())

    def state(self) -> tuple[Any, ...]:
        """What a refused request must not change: the record, the keys, the clock, who listens, who was let in."""
        served = self.door.serving
        kernel, driver = served.ecosystem.kernel, served.ecosystem.driver
        return kernel.entries, tuple(served.keys.records()), driver.now(), driver.reached, served.hub.subscribers


@contextlib.contextmanager
def opened(**options: Any) -> Iterator[Opened]:
    """A server for a test module, of which the routes are known."""
    made: list[Doorway] = []

    def remembering(*args: Any, **kwargs: Any) -> Doorway:
        made.append(create_app(*args, **kwargs))
        return made[-1]

    with mock.patch.object(serving, "create_app", remembering), doors(**options) as door:
        routes = [route for one in made for route in routes_of(one._application)]  # type: ignore[arg-type]
        yield Opened(door, routes)
