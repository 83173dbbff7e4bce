"""A document before it has a meaning: scalars, lists and mappings of text, each with the place where a person wrote it.

The adapter that knows YAML makes these; what reads them raises :class:`~trading_ecosystem.ports.errors.BadInput` with the
place of the very thing that is wrong. A scalar stays the text it was written as: ``0.0002`` never becomes a binary float.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from trading_ecosystem.ports.errors import BadInput

_SHOWN = 60
_CLOSE = 3


class Scalar(msgspec.Struct, frozen=True):
    """One value as text; ``plain`` is false where it was quoted."""

    text: str
    place: str
    plain: bool = True


class Items(msgspec.Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]
    place: str


class Field(msgspec.Struct, frozen=True):
    """One key of a mapping and its value; ``place`` is the key's."""

    key: str
    value: Node
    place: str


class Mapping(msgspec.Struct, frozen=True):
    """A mapping whose keys are distinct."""

    fields: tuple[Field, ...]
    place: str


Node: TypeAlias = Scalar | Items | Mapping
"""Any part of a document."""


def shown(text: str) -> str:
    """A piece of the document as it is quoted in an error: on one line and not too long."""
    short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return "'" + "".join(character if character.isprintable() else repr(character)[1:-1] for character in short) + "'"


def described(node: Node) -> str:
    """What a node is, for an error that expected something else."""
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    return shown(node.text) if node.text or not node.plain else "nothing"


def one_of(names: Iterable[str]) -> str:
    """The allowed names, for the end of an error."""
    return "expected one of: " + ", ".join(names)


def suggestion(name: str, names: Iterable[str]) -> str:
    """``did you mean 'x'? `` where one of the names is close to what was written, else nothing."""
    ranked = sorted((_distance(name.lower(), other.lower()), other) for other in names)
    if ranked and ranked[0][0] <= min(_CLOSE, max(1, len(name) // 2)):
        return f"did you mean '{ranked[0][1]}'? "
    return ""


def _distance(left: str, right: str) -> int:
    """Edits that turn one word into the other (Levenshtein 1966)."""
    if len(left) > _SHOWN:
        return len(left)
    row = list(range(len(right) + 1))
    for count, character in enumerate(left, 1):
        diagonal, row[0] = row[0], count
        for column, other in enumerate(right, 1):
            diagonal, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, diagonal + (character != other))
    return row[-1]


class Fields:
    """A mapping with a known set of fields; an unknown one is refused at once."""

    def __init__(self, node: Node, what: str, known: tuple[str, ...]) -> None:
        if not isinstance(node, Mapping):
            raise BadInput(node.place, f"{what} cannot be {described(node)}; expected a mapping of {', '.join(known)}")
        for field in node.fields:
            if field.key not in known:
                problem = f"unknown field {shown(field.key)} in {what}; {suggestion(field.key, known)}{one_of(known)}"
                raise BadInput(field.place, problem)
        self.place = node.place
        self.what = what
        self._values = {field.key: field.value for field in node.fields}
        self._places = {field.key: field.place for field in node.fields}

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def get(self, key: str) -> Node | None:
        """The field's value, or ``None`` where it is absent."""
        return self._values.get(key)

    def need(self, key: str) -> Node:
        """The field's value; raises ``BadInput`` where it is absent."""
        node = self._values.get(key)
        if node is None:
            raise BadInput(self.place, f"{self.what} has no '{key}'; expected this field")
        return node

    def place_of(self, key: str) -> str:
        """Where the field was written; the mapping's place where it was not."""
        return self._places.get(key, self.place)


def items_of(node: Node, what: str) -> tuple[Node, ...]:
    """The items of a list; raises ``BadInput`` where it is none."""
    if not isinstance(node, Items):
        raise BadInput(node.place, f"{what} cannot be {described(node)}; expected a list")
    return node.items


def fields_of(node: Node, what: str) -> tuple[Field, ...]:
    """The fields of a mapping with free keys; raises ``BadInput`` where it is none."""
    if not isinstance(node, Mapping):
        raise BadInput(node.place, f"{what} cannot be {described(node)}; expected a mapping")
    return node.fields
