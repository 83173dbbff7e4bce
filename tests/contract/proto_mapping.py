"""How a value of the published language is written as a proto's JSON form, and read back; and sample values of any type."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect as types
from tests.contract.proto_rendering import enum_value_name, is_any_message, snake_case

from trading_ecosystem.messages.envelope import MESSAGE_TYPES

LARGEST = 2**63 - 1
"""The largest integer that an int64 can carry."""


def to_proto_json(value: Any, field_type: types.Type) -> Any:
    """A value in the form that ``google.protobuf.json_format`` parses."""
    if value is None:
        return None
    if isinstance(field_type, types.UnionType):
        return to_proto_json(value, _present(field_type))
    if isinstance(field_type, types.VarTupleType):
        return [to_proto_json(item, field_type.item_type) for item in value]
    if isinstance(field_type, types.EnumType):
        return enum_value_name(field_type.cls, value.value)
    if isinstance(field_type, types.StructType):
        fields = _fields_of(type(value))
        return {_key(field, value): _payload(field, value) for field in fields if getattr(value, field.name) is not None}
    return value


def from_proto_json(data: Any, field_type: types.Type) -> Any:
    """The value of a form that ``google.protobuf.json_format`` wrote with the proto's own field names."""
    if isinstance(field_type, types.UnionType):
        return None if data is None else from_proto_json(data, _present(field_type))
    if isinstance(field_type, types.VarTupleType):
        return tuple(from_proto_json(item, field_type.item_type) for item in data)
    if isinstance(field_type, types.EnumType):
        return {enum_value_name(field_type.cls, member.value): member for member in field_type.cls}[data]
    if isinstance(field_type, types.StructType):
        if is_any_message(field_type):
            return _chosen_message(data)
        return field_type.cls(
            **{
                field.name: from_proto_json(data if is_any_message(field.type) else data.get(field.name), field.type)
                for field in _fields_of(field_type.cls)
            }
        )
    return int(data) if isinstance(field_type, types.IntType) else data


def samples(field_type: types.Type) -> list[Any]:
    """A few values of a type: an ordinary one, the empty or zero one, an extreme one."""
    if isinstance(field_type, types.UnionType):
        ordinary, empty, extreme = samples(_present(field_type))
        return [ordinary, None, empty, extreme]
    if isinstance(field_type, types.VarTupleType):
        return [tuple(samples(field_type.item_type)), (), (samples(field_type.item_type)[0],)]
    if isinstance(field_type, types.EnumType):
        members = list(field_type.cls)
        return [members[0], members[-1], members[len(members) // 2]]
    if isinstance(field_type, types.StructType):
        columns = {field.name: samples(field.type) for field in _fields_of(field_type.cls)}
        return [
            field_type.cls(
                **{name: column[(row + shift) % len(column)] for shift, (name, column) in enumerate(columns.items())}
            )
            for row in range(3)
        ]
    return {
        types.IntType: [1_234_567, 0, -LARGEST],
        types.StrType: ["fund/maker", "", '10 ⁻⁸ "quoted"\n'],
        types.BoolType: [True, False, True],
    }[type(field_type)]


def type_of(struct: type[Any]) -> types.StructType:
    """The type description of a Struct."""
    info = types.type_info(struct)
    assert isinstance(info, types.StructType)
    return info


def _fields_of(struct: type[Any]) -> tuple[types.Field, ...]:
    return type_of(struct).fields


def _present(optional: types.UnionType) -> types.Type:
    (inner,) = (option for option in optional.types if not isinstance(option, types.NoneType))
    return inner


def _key(field: types.Field, owner: msgspec.Struct) -> str:
    return snake_case(type(getattr(owner, field.name)).__name__) if is_any_message(field.type) else field.name


def _payload(field: types.Field, owner: msgspec.Struct) -> Any:
    return to_proto_json(getattr(owner, field.name), field.type)


def _chosen_message(data: dict[str, Any]) -> Any:
    ((key, message_type),) = [(snake_case(name), kind) for name, kind in MESSAGE_TYPES.items() if snake_case(name) in data]
    return from_proto_json(data[key], type_of(message_type))
