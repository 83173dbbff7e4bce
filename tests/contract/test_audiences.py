"""Who may hear a message is stated on every type, and nothing that production hears says that a fault was injected."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

import msgspec
import pytest
from msgspec import inspect as types

from trading_ecosystem.messages import audit, test_coordination
from trading_ecosystem.messages.base import Audience, Command, Message, Row
from trading_ecosystem.messages.envelope import MESSAGE_TYPES
from trading_ecosystem.messages.test_coordination import FaultKind

TELLTALE_WORDS = re.compile(
    r"(?:^|_)(faults?|conditions?|runs?|scenarios?|seeds?|truth|label(?:led)?|expected|injected|chaos)(?:_|$)"
)
"""Words in a field's name that would tell a production system that it is being tested."""
TELLTALE_MODULES = frozenset({test_coordination.__name__, audit.__name__})
"""Where types are defined that no production message may carry."""


def audience_violations(message_types: Iterable[type[Message]]) -> list[str]:
    """Every way in which message types break the rules of audience and address."""
    found: list[str] = []
    for message_type in message_types:
        name = message_type.__name__
        fields = {field.name: field.type for field in _fields(message_type)}
        if "audience" not in vars(message_type):
            found.append(f"{name} does not state its audience")
            continue
        if message_type.private and not isinstance(fields.get("account"), types.StrType):
            found.append(f"{name} is private and has no account")
        if message_type.private and message_type.audience is not Audience.PRODUCTION:
            found.append(f"{name} is private and not production")
        address = message_type.addressed_by
        if address is not None and not isinstance(fields.get(address), types.StrType):
            found.append(f"{name} is addressed by {address}, which is no text field of it")
        if issubclass(message_type, Command) and address is None:
            found.append(f"{name} is a command to nobody")
        if message_type.audience is Audience.PRODUCTION:
            found += [f"{name} is production and carries {leak}" for leak in _leaks(fields)]
    return found


def _leaks(fields: dict[str, types.Type]) -> list[str]:
    found: list[str] = []
    for name, field_type in fields.items():
        if TELLTALE_WORDS.search(name):
            found.append(name)
        for inner in _parts(field_type):
            if isinstance(inner, (types.EnumType, types.StructType)) and inner.cls.__module__ in TELLTALE_MODULES:
                found.append(f"{name}: {inner.cls.__name__}")
            if isinstance(inner, types.StructType):
                found += [f"{name}.{leak}" for leak in _leaks({field.name: field.type for field in inner.fields})]
            if not isinstance(inner, (types.EnumType, types.StructType, types.IntType, types.StrType, types.BoolType)):
                found.append(f"{name}: {type(inner).__name__}")
    return found


def _parts(field_type: types.Type) -> list[types.Type]:
    if isinstance(field_type, types.VarTupleType):
        return _parts(field_type.item_type)
    if isinstance(field_type, types.UnionType):
        return [part for option in field_type.types if not isinstance(option, types.NoneType) for part in _parts(option)]
    return [field_type]


def _fields(struct: type[msgspec.Struct]) -> tuple[types.Field, ...]:
    info = types.type_info(struct)
    assert isinstance(info, types.StructType)
    return info.fields


def test_every_message_type_keeps_the_rules_of_audience() -> None:
    assert len(MESSAGE_TYPES) > 60
    assert audience_violations(MESSAGE_TYPES.values()) == []


class LeakyFill(Message, frozen=True, gc=False):
    audience: ClassVar[Audience] = Audience.PRODUCTION
    account: str
    fault_id: str


class LeakyReason(Message, frozen=True, gc=False):
    audience: ClassVar[Audience] = Audience.PRODUCTION
    why: tuple[FaultKind, ...]


class LeakyLine(Row, frozen=True, gc=False):
    price: int
    condition: int | None


class LeakyDepth(Message, frozen=True, gc=False):
    audience: ClassVar[Audience] = Audience.PRODUCTION
    lines: tuple[LeakyLine, ...]


class ShapelessStatement(Message, frozen=True, gc=False):
    audience: ClassVar[Audience] = Audience.PRODUCTION
    details: dict[str, str]


class Unstated(Message, frozen=True, gc=False):
    account: str


class PrivateToNobody(Message, frozen=True, gc=False):
    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    firm: str


class PrivateTruth(Message, frozen=True, gc=False):
    audience: ClassVar[Audience] = Audience.WORLD
    private: ClassVar[bool] = True
    account: str


class SentNowhere(Message, frozen=True, gc=False):
    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    venue: str


class SentToANumber(Message, frozen=True, gc=False):
    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "venue"
    venue: int


class CommandToNobody(Command, frozen=True, gc=False):
    audience: ClassVar[Audience] = Audience.PRODUCTION
    account: str


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        (LeakyFill, "LeakyFill is production and carries fault_id"),
        (LeakyReason, "LeakyReason is production and carries why: FaultKind"),
        (LeakyDepth, "LeakyDepth is production and carries lines.condition"),
        (ShapelessStatement, "ShapelessStatement is production and carries details: DictType"),
        (Unstated, "Unstated does not state its audience"),
        (PrivateToNobody, "PrivateToNobody is private and has no account"),
        (PrivateTruth, "PrivateTruth is private and not production"),
        (SentNowhere, "SentNowhere is addressed by component, which is no text field of it"),
        (SentToANumber, "SentToANumber is addressed by venue, which is no text field of it"),
        (CommandToNobody, "CommandToNobody is a command to nobody"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_planted_message_type_is_caught(planted: type[Message], expected: str) -> None:
    assert audience_violations([*MESSAGE_TYPES.values(), planted]) == [expected]


@pytest.mark.parametrize("word", ["fault", "fault_id", "condition_id", "run", "scenario", "seed", "injected_at", "first_fault"])
def test_telltale_names_are_recognised(word: str) -> None:
    assert TELLTALE_WORDS.search(word)


@pytest.mark.parametrize("word", ["account", "default_venue", "runner", "conditional", "trunk", "proceeds", "expectedness"])
def test_ordinary_names_are_not(word: str) -> None:
    assert not TELLTALE_WORDS.search(word)
