"""Structs as protobuf messages and back, field by field from the descriptors.

A Struct and a message belong together by the names of their fields: the message may have fewer, then it shows a part. An
enum's member belongs to the value whose name ends in its own. ``None`` is an absent field. How a pair is converted is worked
out once and kept.

Reading is strict: what comes in may have no field that is not known here, since a term that is silently left out could cost
money; no enum may be unspecified or unknown; and whatever has to be there must be. It raises :class:`InvalidRequest`, naming
the field. What texts may hold is :mod:`.fields`' business.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message as ProtoMessage
from google.protobuf.unknown_fields import UnknownFieldSet
from msgspec import inspect as types

from trading_ecosystem.api.problems import FieldProblem, InvalidRequest
from trading_ecosystem.messages.envelope import MESSAGE_TYPES, Entry

P = TypeVar("P", bound=ProtoMessage)
S = TypeVar("S", bound=msgspec.Struct)
Write = Callable[[Any, ProtoMessage], None]
Read = Callable[[Any, str], Any]

_MESSAGE: Final = FieldDescriptor.TYPE_MESSAGE
_ENUM: Final = FieldDescriptor.TYPE_ENUM
_REPEATED: Final = FieldDescriptor.LABEL_REPEATED


def invalid(field: str, problem: str) -> InvalidRequest:
    """A request in which one field is wrong."""
    return InvalidRequest(f"{field}: {problem}" if field else problem, errors=(FieldProblem(field, problem),))


def snake_case(name: str) -> str:
    """``"OrderFilled"`` gives ``"order_filled"``: what a message is called as a member of a oneof."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def fill(message: P, value: Any) -> P:
    """Write a Struct into a message that is still empty, and return the message."""
    struct: Any = type(value)
    _writer(struct, message.DESCRIPTOR)(value, message)
    return message


def fill_all(repeated: Any, values: Any) -> None:
    """Write Structs into a repeated field that is still empty."""
    for value in values:
        fill(repeated.add(), value)


def fill_choice(message: P, value: Any) -> P:
    """Write a Struct into the member of a oneof that is called as its type; raises ``KeyError`` where there is none."""
    name = snake_case(type(value).__name__)
    if name not in message.DESCRIPTOR.fields_by_name:
        raise KeyError(f"{message.DESCRIPTOR.name} has no {name}")
    part: ProtoMessage = getattr(message, name)
    # A part without fields would stay absent.
    part.SetInParent()
    fill(part, value)
    return message


def struct_of(message: ProtoMessage, struct: type[S], path: str = "") -> S:
    """Read a message as a Struct; raises :class:`InvalidRequest`, naming the field below ``path``."""
    read: S = _reader(struct, message.DESCRIPTOR)(message, path)
    return read


def member_reader(kind: type[enum.StrEnum], descriptor: EnumDescriptor) -> Callable[[int, str], Any]:
    """Reads the number of an enum as its member; raises :class:`InvalidRequest` where it is unspecified or unknown."""
    numbers = _numbers(kind, descriptor)
    members = {numbers[member]: member for member in kind}

    def read(number: int, path: str) -> enum.StrEnum:
        member = members.get(number)
        if member is None:
            problem = "is unspecified" if number == 0 else f"{number} is not known here"
            names = ", ".join(value.name for value in descriptor.values[1:])
            raise invalid(path, f"{problem}; expected one of {names}")
        return member

    return read


def refuse_unknown(message: ProtoMessage, path: str) -> None:
    """Raise :class:`InvalidRequest` where a message has fields that are not known here."""
    unknown = UnknownFieldSet(message)
    if len(unknown):
        raise invalid(path, f"has a field with the number {unknown[0].field_number} that is not known here")


def is_repeated(field: FieldDescriptor) -> bool:
    """Whether a field is a list or a map; old runtimes say it in other words."""
    said = getattr(field, "is_repeated", None)
    return getattr(field, "label", None) == _REPEATED if said is None else bool(said)


def is_optional(field: FieldDescriptor) -> bool:
    """Whether a field is declared ``optional``, and so may be absent."""
    return field.has_presence and (field.containing_oneof is None or len(field.containing_oneof.fields) == 1)


@functools.cache
def _numbers(kind: type[enum.StrEnum], descriptor: EnumDescriptor) -> dict[enum.StrEnum, int]:
    """A number for every member; raises ``KeyError`` where the descriptor has no such value."""
    prefix = snake_case(descriptor.name)
    named = descriptor.values_by_name
    return {member: named[re.sub(r"\W", "_", f"{prefix}_{member.value}").upper()].number for member in kind}


def _present(field_type: types.Type) -> types.Type:
    if isinstance(field_type, types.UnionType):
        (inner,) = (option for option in field_type.types if not isinstance(option, types.NoneType))
        return inner
    return field_type


def _fields_of(struct: type[Any]) -> tuple[types.Field, ...]:
    info = types.type_info(struct)
    assert isinstance(info, types.StructType)
    return info.fields


# Writing


@functools.cache
def _writer(struct: Any, descriptor: Descriptor) -> Write:
    """Writes a Struct into a message, by the message's fields that the Struct has too."""
    known = {field.name: field.type for field in _fields_of(struct)}
    steps = [
        (field.name, _field_writer(field, _present(known[field.name])))
        for field in descriptor.fields
        if field.name in known and not (struct is Entry and field.name == "message")
    ]
    holds_message = struct is Entry

    def write(value: Any, message: ProtoMessage) -> None:
        for name, step in steps:
            content = getattr(value, name)
            if content is not None:
                step(content, message)
        if holds_message:
            fill_choice(message, value.message)

    return write


def _field_writer(field: FieldDescriptor, field_type: types.Type) -> Write:
    name = field.name
    if field.message_type is not None and field.message_type.GetOptions().map_entry:

        def write(content: Any, message: ProtoMessage) -> None:
            getattr(message, name).update(content)

    elif is_repeated(field):
        return _repeated_writer(field, field_type)
    elif field.type == _MESSAGE:

        def write(content: Any, message: ProtoMessage) -> None:
            part = getattr(message, name)
            part.SetInParent()
            fill(part, content)

    elif field.type == _ENUM:
        assert isinstance(field_type, types.EnumType), name
        numbers = _numbers(field_type.cls, field.enum_type)

        def write(content: Any, message: ProtoMessage) -> None:
            setattr(message, name, numbers[content])

    else:

        def write(content: Any, message: ProtoMessage) -> None:
            setattr(message, name, content)

    return write


def _repeated_writer(field: FieldDescriptor, field_type: types.Type) -> Write:
    name = field.name
    if field.type == _MESSAGE:

        def write(content: Any, message: ProtoMessage) -> None:
            fill_all(getattr(message, name), content)

    elif field.type == _ENUM:
        assert isinstance(field_type, types.VarTupleType | types.ListType)
        assert isinstance(field_type.item_type, types.EnumType)
        numbers = _numbers(field_type.item_type.cls, field.enum_type)

        def write(content: Any, message: ProtoMessage) -> None:
            getattr(message, name).extend(numbers[item] for item in content)

    else:

        def write(content: Any, message: ProtoMessage) -> None:
            getattr(message, name).extend(content)

    return write


# Reading


@functools.cache
def _reader(struct: Any, descriptor: Descriptor) -> Read:
    """Reads a Struct from a message that has all its fields."""
    steps = []
    for known in _fields_of(struct):
        if struct is Entry and known.name == "message":
            continue
        field = descriptor.fields_by_name[known.name]
        steps.append((known.name, is_optional(field), _field_reader(field, _present(known.type))))
    holds_message = struct is Entry

    def read(message: ProtoMessage, path: str) -> Any:
        refuse_unknown(message, path)
        below = f"{path}." if path else ""
        values = {
            name: None if optional and not message.HasField(name) else step(message, below + name)
            for name, optional, step in steps
        }
        if holds_message:
            values["message"] = _chosen(message, below + "message")
        return struct(**values)

    return read


def _field_reader(field: FieldDescriptor, field_type: types.Type) -> Read:
    name = field.name
    if is_repeated(field):
        item = _item_reader(field, field_type)
        return lambda message, path: tuple(item(one, f"{path}[{number}]") for number, one in enumerate(getattr(message, name)))
    if field.type == _MESSAGE:
        item = _item_reader(field, field_type)

        def read(message: ProtoMessage, path: str) -> Any:
            if not message.HasField(name):
                raise invalid(path, "is missing")
            return item(getattr(message, name), path)

        return read
    item = _item_reader(field, field_type)
    return lambda message, path: item(getattr(message, name), path)


def _item_reader(field: FieldDescriptor, field_type: types.Type) -> Read:
    if isinstance(field_type, types.VarTupleType):
        field_type = field_type.item_type
    if isinstance(field_type, types.StructType):
        return _reader(field_type.cls, field.message_type)
    if isinstance(field_type, types.EnumType):
        assert field.enum_type is not None
        assert issubclass(field_type.cls, enum.StrEnum)
        return member_reader(field_type.cls, field.enum_type)
    return lambda content, path: content


def _chosen(message: ProtoMessage, path: str) -> Any:
    name = message.WhichOneof("message")
    if name is None:
        raise invalid(path, "is missing")
    part = getattr(message, name)
    return struct_of(part, MESSAGE_TYPES[part.DESCRIPTOR.name], path)
