"""The protos as the installed compiler understands them, with their comments."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

Field = descriptor_pb2.FieldDescriptorProto
FileSet = descriptor_pb2.FileDescriptorSet
Path_ = tuple[int, ...]
MESSAGES, ENUMS, SERVICES = 4, 5, 6
"""Numbers of a file's parts, of which paths in its source information are made."""
FIELDS, NESTED, NESTED_ENUMS, ONEOFS = 2, 3, 4, 8
VALUES, METHODS = 2, 2


def compiled(folder: Path, *, comments: bool = False) -> FileSet:
    """What the compiler makes of every proto below a folder; raises ``AssertionError`` where they do not compile."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.proto"))
    well_known = Path(protoc.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch, "descriptors.bin")
        options = [f"--proto_path={folder}", f"--proto_path={well_known}", f"--descriptor_set_out={output}"]
        more = ["--include_source_info"] if comments else []
        assert protoc.main(["protoc", *options, *more, *files]) == 0, "the protos do not compile"
        return FileSet.FromString(output.read_bytes())


def comments_of(file: descriptor_pb2.FileDescriptorProto) -> dict[Path_, str]:
    """The comments that stand before parts of a file, by their paths; before the syntax: that of the file."""
    found: dict[Path_, str] = {}
    for place in file.source_code_info.location:
        text = " ".join(place.leading_comments.split())
        detached = " ".join(" ".join(place.leading_detached_comments).split())
        if text or detached:
            found[tuple(place.path)] = text or detached
    return found


def parts(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[str, Path_, Any]]:
    """Every part that has a name: its full name, its path, itself."""
    for number, message in enumerate(file.message_type):
        yield from _message_parts(message, f"{file.package}.{message.name}", (MESSAGES, number))
    for number, enum in enumerate(file.enum_type):
        yield from _enum_parts(enum, f"{file.package}.{enum.name}", (ENUMS, number))
    for number, service in enumerate(file.service):
        name, path = f"{file.package}.{service.name}", (SERVICES, number)
        yield name, path, service
        for index, method in enumerate(service.method):
            yield f"{name}.{method.name}", (*path, METHODS, index), method


def _message_parts(message: descriptor_pb2.DescriptorProto, name: str, path: Path_) -> Iterator[tuple[str, Path_, Any]]:
    if message.options.map_entry:
        return
    yield name, path, message
    for index, field in enumerate(message.field):
        yield f"{name}.{field.name}", (*path, FIELDS, index), field
    in_choice = {field.oneof_index for field in message.field if field.HasField("oneof_index") and not field.proto3_optional}
    for index, choice in enumerate(message.oneof_decl):
        if index in in_choice:
            yield f"{name}.{choice.name}", (*path, ONEOFS, index), choice
    for index, nested in enumerate(message.nested_type):
        yield from _message_parts(nested, f"{name}.{nested.name}", (*path, NESTED, index))
    for index, enum in enumerate(message.enum_type):
        yield from _enum_parts(enum, f"{name}.{enum.name}", (*path, NESTED_ENUMS, index))


def _enum_parts(enum: descriptor_pb2.EnumDescriptorProto, name: str, path: Path_) -> Iterator[tuple[str, Path_, Any]]:
    yield name, path, enum
    for index, value in enumerate(enum.value):
        yield f"{name}.{value.name}", (*path, VALUES, index), value
