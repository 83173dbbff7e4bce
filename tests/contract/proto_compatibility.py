"""Whether the protos still understand what the last release said, on the wire and as JSON.

``protos/released.binpb`` is the descriptor set of the last release. ``python -m tests.contract.proto_compatibility`` names
what breaks with it; with ``--release`` it takes the protos as they stand for the next release, which a person decides.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2
from tests.contract.proto_descriptors import Field, FileSet, compiled, parts

PROTOS = Path(__file__).parents[2] / "protos"
RELEASED = PROTOS / "released.binpb"
Message = descriptor_pb2.DescriptorProto
Enum = descriptor_pb2.EnumDescriptorProto
Method = descriptor_pb2.MethodDescriptorProto


def breaks(before: FileSet, after: FileSet) -> list[str]:
    """Every way in which ``after`` breaks with ``before``; what is only new breaks nothing."""
    return list(_breaks(_named(before), _named(after)))


def released() -> FileSet:
    """The last release."""
    return FileSet.FromString(RELEASED.read_bytes())


def _named(files: FileSet) -> dict[str, Any]:
    return {
        name: part
        for file in files.file
        for name, _, part in parts(file)
        if isinstance(part, (Message, Enum, Method, descriptor_pb2.ServiceDescriptorProto))
    }


def _breaks(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for name, old in before.items():
        new = after.get(name)
        if type(new) is not type(old):
            yield f"{name} is gone"
        elif isinstance(old, Message):
            yield from _message_breaks(name, old, new)
        elif isinstance(old, Enum):
            yield from _enum_breaks(name, old, new)
        elif isinstance(old, Method):
            yield from _method_breaks(name, old, new)


def _message_breaks(name: str, old: Message, new: Message) -> Iterator[str]:
    fields = {field.number: field for field in new.field}
    for field in old.field:
        found = fields.get(field.number)
        if found is None:
            if not _is_reserved(field.number, field.name, new):
                yield f"{name}.{field.name} is gone, and its number {field.number} and name are not reserved"
            continue
        if (found.name, found.json_name) != (field.name, field.json_name):
            yield f"{name}.{field.name} is called {found.name} now"
        for what, was, now in _shape_differences(old, field, new, found):
            yield f"{name}.{field.name}: {what} {was} became {now}"
    numbers = {field.name: field.number for field in old.field}
    for field in new.field:
        if numbers.get(field.name, field.number) != field.number:
            yield f"{name}.{field.name} has the number {field.number} now"
        if _is_reserved_number(field.number, old) or field.name in old.reserved_name:
            yield f"{name}.{field.name} uses what was reserved"
    for taken in old.reserved_range:
        if not any(kept.start <= taken.start and taken.end <= kept.end for kept in new.reserved_range):
            yield f"{name}: {taken.start} to {taken.end - 1} are no longer reserved"


def _shape_differences(old: Message, was: Field, new: Message, now: Field) -> Iterator[tuple[str, Any, Any]]:
    if (was.type, was.type_name) != (now.type, now.type_name):
        yield "type", _type_of(was), _type_of(now)
    if was.label != now.label:
        yield "cardinality", Field.Label.Name(was.label), Field.Label.Name(now.label)
    if was.proto3_optional != now.proto3_optional:
        yield "presence", was.proto3_optional, now.proto3_optional
    if _choice_of(old, was) != _choice_of(new, now):
        yield "oneof", _choice_of(old, was), _choice_of(new, now)


def _type_of(field: Field) -> str:
    return field.type_name or Field.Type.Name(field.type).removeprefix("TYPE_").lower()


def _choice_of(message: Message, field: Field) -> str:
    if not field.HasField("oneof_index") or field.proto3_optional:
        return "none"
    return message.oneof_decl[field.oneof_index].name


def _is_reserved(number: int, name: str, message: Message) -> bool:
    return _is_reserved_number(number, message) and name in message.reserved_name


def _is_reserved_number(number: int, message: Message) -> bool:
    return any(taken.start <= number < taken.end for taken in message.reserved_range)


def _enum_breaks(name: str, old: Enum, new: Enum) -> Iterator[str]:
    values = {value.number: value.name for value in new.value}
    for value in old.value:
        found = values.get(value.number)
        if found is None:
            kept = any(taken.start <= value.number <= taken.end for taken in new.reserved_range)
            if not (kept and value.name in new.reserved_name):
                yield f"{name}.{value.name} is gone, and its number {value.number} and name are not reserved"
        elif found != value.name:
            yield f"{name}: {value.number} is {found} now, and was {value.name}"


def _method_breaks(name: str, old: Method, new: Method) -> Iterator[str]:
    for what in ("input_type", "output_type", "client_streaming", "server_streaming"):
        if getattr(old, what) != getattr(new, what):
            yield f"{name}: {what} {getattr(old, what)} became {getattr(new, what)}"


def main(arguments: list[str]) -> int:
    """Entry point of the script."""
    now = compiled(PROTOS)
    if arguments == ["--release"]:
        RELEASED.write_bytes(now.SerializeToString(deterministic=True))
        print(f"{RELEASED.name}: {len(now.file)} files")
        return 0
    found = breaks(released(), now)
    print("\n".join(found) or "nothing breaks with the last release")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
