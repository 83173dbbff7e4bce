"""Renders ``docs/contracts.md`` from the protos: every call, every message, every word, with its comment.

``python -m tests.contract.contract_rendering --write`` rewrites the page; without ``--write`` it says whether it would change,
and exits 1 if so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2
from tests.contract.proto_compatibility import PROTOS
from tests.contract.proto_descriptors import Field, FileSet, Path_, comments_of, compiled, parts

from trading_ecosystem.api.grpc.scopes import scope_of

PAGE = Path(__file__).parents[2] / "docs" / "contracts.md"
HEAD = """# The contracts

Every call of the gRPC door, then every message, as the files in `protos/` say it. This page is written by
`python -m tests.contract.contract_rendering --write`; a test holds it current. [docs/grpc.md](grpc.md) says how to call.

Integers are whole numbers of a unit that the field's name ends in: `_minor` 10⁻⁸ of an asset, `_ticks` and `_lots` of the
instrument, `_ppm` millionths, `_at` nanoseconds since the epoch, `_ns` nanoseconds. An enum's zero is never said.
"""
Message, Enum = descriptor_pb2.DescriptorProto, descriptor_pb2.EnumDescriptorProto
Service, Method = descriptor_pb2.ServiceDescriptorProto, descriptor_pb2.MethodDescriptorProto


def page(files: FileSet) -> str:
    """The whole page."""
    own = [file for file in files.file if file.name.startswith("trading_ecosystem/")]
    with_calls = [file for file in own if file.service]
    lines = [HEAD, "## Calls"]
    for file in with_calls:
        lines += _calls(file)
    lines.append("\n## Requests and responses")
    for file in own:
        if "/services/" in file.name:
            lines += _messages(file)
    lines.append("\n## Messages")
    for file in own:
        if "/services/" not in file.name:
            lines += _messages(file)
    return "\n".join(lines) + "\n"


def _calls(file: descriptor_pb2.FileDescriptorProto) -> Iterator[str]:
    comments = comments_of(file)
    for name, path, part in parts(file):
        if isinstance(part, Service):
            yield f"\n### {part.name}\n\n{comments[path]}\n\n| call | scope | answer | |\n|---|---|---|---|"
        elif isinstance(part, Method):
            scope = scope_of(f"/{name.rpartition('.')[0]}/{part.name}")
            assert scope is not None
            answer = "a stream" if part.server_streaming else "one"
            yield f"| [`{part.name}`](#{part.name.lower()}request) | `{scope.value}` | {answer} | {_cell(comments[path])} |"


def _messages(file: descriptor_pb2.FileDescriptorProto) -> Iterator[str]:
    comments = comments_of(file)
    yield f"\n### `{file.name}`\n\n{comments.get((12,), '')}"
    for name, path, part in parts(file):
        if isinstance(part, Message):
            yield f"\n#### {part.name}\n\n{comments.get(path, '')}"
            if part.field:
                yield "\n| no. | field | type | |\n|---|---|---|---|"
        elif isinstance(part, Enum):
            yield f"\n#### {part.name}\n\n{comments.get(path, '')}\n\n| no. | value | |\n|---|---|---|"
        elif isinstance(part, Field):
            yield f"| {part.number} | `{part.name}` | {_type(part, _owner(file, path))} | {_cell(comments.get(path, ''))} |"
        elif isinstance(part, descriptor_pb2.EnumValueDescriptorProto) and part.number:
            yield f"| {part.number} | `{name.rpartition('.')[2]}` | {_cell(comments.get(path, ''))} |"


def _owner(file: descriptor_pb2.FileDescriptorProto, path: Path_) -> Message:
    """The message that a field's path leads through."""
    message = file.message_type[path[1]]
    for index in range(3, len(path) - 2, 2):
        message = message.nested_type[path[index]]
    return message


def _type(field: Field, owner: Message) -> str:
    entry = next((one for one in owner.nested_type if field.type_name.endswith(f".{owner.name}.{one.name}")), None)
    if entry is not None and entry.options.map_entry:
        return f"map of {_scalar(entry.field[0])} to {_scalar(entry.field[1])}"
    text = _scalar(field)
    if field.label == Field.LABEL_REPEATED:
        return f"list of {text}"
    if field.proto3_optional:
        return f"{text}, optional"
    if field.HasField("oneof_index"):
        return f"{text}, one of `{owner.oneof_decl[field.oneof_index].name}`"
    return text


def _scalar(field: Field) -> str:
    if field.type_name:
        name = field.type_name.rpartition(".")[2]
        return name if field.type_name.startswith(".google.") else f"[{name}](#{name.lower()})"
    return Field.Type.Name(field.type).removeprefix("TYPE_").lower()


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|")


def rendered() -> str:
    """The page as it should be."""
    return page(compiled(PROTOS, comments=True))


def main(arguments: list[str]) -> int:
    """Entry point of the script."""
    text = rendered()
    if arguments == ["--write"]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
    print("docs/contracts.md is current" if same else "docs/contracts.md differs")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
