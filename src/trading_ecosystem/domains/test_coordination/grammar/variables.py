"""Variables of a scenario: ``${name}`` stands for a parameter that has a type, and bounds if somebody wrote them.

``parameters`` is a mapping from names to definitions: ``{type: duration, default: 20m, from: 1m, to: 2h}``. A value that is
given (``value``, which ``--set parameters.name=…`` and a template's ``with`` write) goes before the default; without either the
scenario cannot be read. ``$${`` is a written ``${``.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from trading_ecosystem.domains.test_coordination.document import (
    Field,
    Fields,
    Items,
    Mapping,
    Node,
    Scalar,
    described,
    fields_of,
    items_of,
    one_of,
    shown,
    suggestion,
)
from trading_ecosystem.domains.test_coordination.quantities import (
    LARGEST,
    boolean,
    decimal_number,
    enumerated,
    instance_name,
    named,
    signed_duration,
    text_of,
    whole_number,
)
from trading_ecosystem.messages.units import ASSETS, INSTRUMENTS
from trading_ecosystem.ports.errors import BadInput

PARAMETERS: Final = "parameters"
MOST: Final = 100
"""At most so many parameters."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_USE: Final = re.compile(r"\$\$\{|\$\{([^{}]*)\}?")


class ParameterType(enum.StrEnum):
    """What a parameter can be."""

    DURATION = "duration"
    """``90s``, ``1h30m``; it may have a minus."""
    NUMBER = "number"
    """Any decimal number: a ratio, a price, an amount."""
    WHOLE_NUMBER = "whole_number"
    BOOLEAN = "boolean"
    TEXT = "text"
    NAME = "name"
    """Of a venue, an account's workload, a fault: small letters, digits and hyphens."""
    INSTRUMENT = "instrument"
    ASSET = "asset"


_ORDERED: Final = (ParameterType.DURATION, ParameterType.NUMBER, ParameterType.WHOLE_NUMBER)
_READERS: Final[dict[ParameterType, Callable[[Node, str], Any]]] = {
    ParameterType.DURATION: lambda node, what: signed_duration(node, what, LARGEST),
    ParameterType.NUMBER: lambda node, what: decimal_number(node, what, "expected a decimal number"),
    ParameterType.WHOLE_NUMBER: lambda node, what: whole_number(node, what, -LARGEST),
    ParameterType.BOOLEAN: boolean,
    ParameterType.TEXT: text_of,
    ParameterType.NAME: instance_name,
    ParameterType.INSTRUMENT: lambda node, what: named(node, "instrument", INSTRUMENTS),
    ParameterType.ASSET: lambda node, what: named(node, "asset", ASSETS),
}


class Parameter(msgspec.Struct, frozen=True):
    """One parameter: its type, the text that stands for it, and what it is for."""

    name: str
    type: ParameterType
    text: str
    description: str


def read_parameters(node: Node | None) -> tuple[Parameter, ...]:
    """The parameters of a scenario with their values; raises :class:`BadInput` where a value is missing or out of bounds."""
    if node is None:
        return ()
    fields = fields_of(node, PARAMETERS)
    if len(fields) > MOST:
        raise BadInput(node.place, f"there are {len(fields)} parameters; expected at most {MOST}")
    return tuple(_read_parameter(field) for field in fields)


def _read_parameter(field: Field) -> Parameter:
    if not _NAME.fullmatch(field.key):
        expected = "expected 1 to 63 of a-z, 0-9 and '_', beginning with a letter"
        raise BadInput(field.place, f"a parameter cannot be called {shown(field.key)}; {expected}")
    known = ("type", "default", "from", "to", "one_of", "description", "value")
    fields = Fields(field.value, f"the parameter {shown(field.key)}", known)
    kind = enumerated(fields.need("type"), "type", ParameterType)
    node = fields.get("value") or fields.get("default")
    if node is None:
        expected = f"expected 'default', --set {PARAMETERS}.{field.key}=…, or 'with' beside a template"
        raise BadInput(field.place, f"the parameter {shown(field.key)} has no value; {expected}")
    for which in ("default", "value"):
        given = fields.get(which)
        if given is not None:
            _check(given, field.key, kind, fields)
    assert isinstance(node, Scalar)
    description = fields.get("description")
    return Parameter(field.key, kind, node.text, text_of(description, "description") if description else "")


def _check(node: Node, name: str, kind: ParameterType, fields: Fields) -> None:
    """Refuse a value of another type or outside of the bounds that were written."""
    read, what = _READERS[kind], f"the parameter {shown(name)}"
    value = read(node, what)
    lowest, highest, allowed = fields.get("from"), fields.get("to"), fields.get("one_of")
    for bound in ("from", "to"):
        if bound in fields and kind not in _ORDERED:
            problem = f"a parameter of type {kind.value} has no '{bound}'; expected 'one_of', or neither"
            raise BadInput(fields.place_of(bound), problem)
    if lowest is not None and highest is not None and read(lowest, "from") > read(highest, "to"):
        raise BadInput(lowest.place, f"{what} could have no value; expected 'from' not above 'to'")
    too_low = lowest is not None and value < read(lowest, "from")
    if too_low or (highest is not None and value > read(highest, "to")):
        broken = lowest if too_low else highest
        assert isinstance(broken, Scalar)
        told = "at least" if too_low else "at most"
        raise BadInput(node.place, f"{what} cannot be {described(node)}; expected {told} {broken.text}")
    if allowed is not None:
        choices = items_of(allowed, "one_of")
        if value not in [read(one, "one_of") for one in choices]:
            texts = [one.text for one in choices if isinstance(one, Scalar)]
            raise BadInput(node.place, f"{what} cannot be {described(node)}; {one_of(texts)}")


def substituted(root: Node) -> tuple[Node, tuple[Parameter, ...]]:
    """A document with every ``${name}`` replaced and without its ``parameters``, and what these were."""
    if not isinstance(root, Mapping):
        return root, ()
    node = next((field.value for field in root.fields if field.key == PARAMETERS), None)
    parameters = read_parameters(node)
    rest = Mapping(tuple(field for field in root.fields if field.key != PARAMETERS), root.place)
    texts = {one.name: one.text for one in parameters}
    return _replaced(rest, texts), parameters


def _replaced(node: Node, texts: dict[str, str]) -> Node:
    if isinstance(node, Items):
        return Items(tuple(_replaced(item, texts) for item in node.items), node.place)
    if isinstance(node, Mapping):
        fields = tuple(
            Field(_text(field.key, field.place, texts), _replaced(field.value, texts), field.place) for field in node.fields
        )
        _refuse_repetition(fields)
        return Mapping(fields, node.place)
    if "${" not in node.text:
        return node
    return Scalar(_text(node.text, node.place, texts), node.place, node.plain)


def _refuse_repetition(fields: Iterable[Field]) -> None:
    seen: set[str] = set()
    for field in fields:
        if field.key in seen:
            raise BadInput(field.place, f"the key {shown(field.key)} is here twice; expected distinct keys")
        seen.add(field.key)


def _text(text: str, place: str, texts: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[0] == "$${":
            return "${"
        name = found[1]
        if not found[0].endswith("}"):
            raise BadInput(place, f"{shown(found[0])} has no end; expected ${{name}}, or $${{ for the characters themselves")
        if name not in texts:
            known = one_of(texts) if texts else "expected 'parameters' that define it"
            raise BadInput(place, f"unknown parameter {shown(name)}; {suggestion(name, texts)}{known}")
        return texts[name]

    return _USE.sub(value, text) if "${" in text else text
