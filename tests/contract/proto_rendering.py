"""Renders the protos from the published language, so that both can be brought up to date in one go.

``python tests/contract/proto_rendering.py --write`` rewrites ``protos/trading_ecosystem/v1`` from
``trading_ecosystem.messages``; without ``--write`` it only names the files that would change, and exits 1 if there are any.

A field keeps the number that it has; a new field gets the next free one, so new fields belong at the end of a Struct. Where one
was put in the middle, the numbers of that message would no longer ascend: it is numbered anew, and the output says so.
"""

from __future__ import annotations

import argparse
import ast
import enum
import importlib
import inspect
import itertools
import re
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from msgspec import inspect as types

from trading_ecosystem.messages.base import Command, Message, Question, Row
from trading_ecosystem.messages.envelope import MESSAGE_TYPES

PROTOS = Path(__file__).parents[2] / "protos"
PACKAGE = "trading_ecosystem.v1"
FOLDER = "trading_ecosystem/v1"
FIRST_ONEOF_NUMBER = 10
"""Members of the entry's oneof are numbered from here: the envelope itself keeps 1 to 9."""

_MODULE_NAMES = (
    "base",
    "units",
    "book_words",
    "orders",
    "sessions",
    "market_data",
    "market_statistics",
    "exchange",
    "order_handling",
    "trading_phases",
    "margin",
    "custodian",
    "trading",
    "risk",
    "risk_standing",
    "trading_state",
    "risk_measures",
    "monitors",
    "test_coordination",
    "supervision",
    "venue_conditions",
    "audit",
    "envelope",
)
_ABSTRACT = frozenset({Message, Command, Question, Row})
_SCALARS = {types.IntType: "int64", types.StrType: "string", types.BoolType: "bool"}
_FIELD_LINE = re.compile(r"^\s+(?:repeated |optional )?[\w.]+ (\w+) = (\d+);$")


def modules() -> list[ModuleType]:
    """The modules of the published language; one proto file each."""
    return [importlib.import_module(f"trading_ecosystem.messages.{name}") for name in _MODULE_NAMES]


def rendered_files(folder: Path) -> list[Path]:
    """The proto files that say what messages say; those of services, one folder below, are written by hand."""
    return sorted((folder / FOLDER).glob("*.proto"))


def file_name(module: ModuleType) -> str:
    """The proto file of a module, as imports name it."""
    return f"{FOLDER}/{module.__name__.rpartition('.')[2]}.proto"


def definitions(module: ModuleType) -> list[type[Any]]:
    """The public Structs and enums that a module defines, in their order; abstract bases are left out."""
    return [
        value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and not name.startswith("_")
        and value not in _ABSTRACT
        and issubclass(value, (msgspec.Struct, enum.StrEnum))
    ]


def snake_case(name: str) -> str:
    """``"OrderFilled"`` gives ``"order_filled"``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def enum_value_name(enum_type: type[enum.StrEnum], value: str) -> str:
    """``(TransferKind, "deposit")`` gives ``"TRANSFER_KIND_DEPOSIT"``."""
    return f"{snake_case(enum_type.__name__)}_{value}".upper()


def render(module: ModuleType, existing: str = "") -> tuple[str, list[str]]:
    """The text of a module's proto file, and the names of the messages that had to be numbered anew."""
    numbers = _numbers_in(existing)
    comments = _attribute_comments(module)
    renumbered: list[str] = []
    blocks: list[str] = []
    imports: set[str] = set()
    for definition in definitions(module):
        lines = _comment(_about(definition), "")
        if issubclass(definition, enum.StrEnum):
            lines += _enum_lines(definition, comments)
        else:
            body, anew = _message_lines(definition, comments, numbers.get(definition.__name__, {}), imports)
            lines += body
            if anew:
                renumbered.append(definition.__name__)
        blocks.append("\n".join(lines))
    head = _comment(_first_paragraph(module.__doc__), "")
    head += ["", 'syntax = "proto3";', "", f"package {PACKAGE};"]
    imported = sorted(imports - {file_name(module)})
    if imported:
        head += ["", *(f'import "{name}";' for name in imported)]
    return "\n".join(head) + "\n\n" + "\n\n".join(blocks) + "\n", renumbered


def _enum_lines(definition: type[enum.StrEnum], comments: dict[tuple[str, str], str]) -> list[str]:
    lines = [f"enum {definition.__name__} {{", f"  {enum_value_name(definition, 'unspecified')} = 0;"]
    for number, member in enumerate(definition, start=1):
        lines += _comment(comments.get((definition.__name__, member.name), ""), "  ")
        lines.append(f"  {enum_value_name(definition, member.value)} = {number};")
    return [*lines, "}"]


def _message_lines(
    definition: type[msgspec.Struct], comments: dict[tuple[str, str], str], kept: dict[str, int], imports: set[str]
) -> tuple[list[str], bool]:
    info = types.type_info(definition)
    assert isinstance(info, types.StructType)
    plain = [field for field in info.fields if not is_any_message(field.type)]
    numbers, anew = _numbered([field.name for field in plain], kept)
    lines = [f"message {definition.__name__} {{"]
    for field in plain:
        lines += _comment(comments.get((definition.__name__, field.name), ""), "  ")
        lines.append(f"  {_type_text(field.type, imports)} {field.name} = {numbers[field.name]};")
    for field in info.fields:
        if is_any_message(field.type):
            lines += _oneof_lines(field.name, kept, imports)
    if len(lines) == 1:
        return [f"message {definition.__name__} {{}}"], anew
    return [*lines, "}"], anew


def _oneof_lines(name: str, kept: dict[str, int], imports: set[str]) -> list[str]:
    """Every message type, in the order of the numbers: here new members may be declared anywhere."""
    members = {snake_case(type_name): message_type for type_name, message_type in MESSAGE_TYPES.items()}
    numbers = {member: kept[member] for member in members if member in kept}
    following = max([*kept.values(), FIRST_ONEOF_NUMBER - 1]) + 1
    for member in members:
        if member not in numbers:
            numbers[member] = following
            following += 1
    lines = [f"  oneof {name} {{"]
    for member in sorted(numbers, key=numbers.__getitem__):
        imports.add(_file_of(members[member]))
        lines.append(f"    {members[member].__name__} {member} = {numbers[member]};")
    return [*lines, "  }"]


def is_any_message(field_type: types.Type) -> bool:
    """Whether a field holds any message: the entry's payload, a oneof in the proto."""
    return isinstance(field_type, types.StructType) and field_type.cls is Message


def _numbered(names: list[str], kept: dict[str, int]) -> tuple[dict[str, int], bool]:
    following = max(kept.values(), default=0) + 1
    numbers: dict[str, int] = {}
    for name in names:
        if name in kept:
            numbers[name] = kept[name]
        else:
            numbers[name] = following
            following += 1
    if list(numbers.values()) == sorted(numbers.values()):
        return numbers, False
    return {name: number for number, name in enumerate(names, start=1)}, True


def _type_text(field_type: types.Type, imports: set[str]) -> str:
    if isinstance(field_type, types.VarTupleType):
        return f"repeated {_type_text(field_type.item_type, imports)}"
    if isinstance(field_type, types.UnionType):
        (inner,) = (option for option in field_type.types if not isinstance(option, types.NoneType))
        return f"optional {_type_text(inner, imports)}"
    if isinstance(field_type, (types.EnumType, types.StructType)):
        imports.add(_file_of(field_type.cls))
        return field_type.cls.__name__
    return _SCALARS[type(field_type)]


def _file_of(definition: type[Any]) -> str:
    return file_name(sys.modules[definition.__module__])


def _about(definition: type[Any]) -> str:
    """The docstring's first paragraph, and for a message who hears it."""
    text = _first_paragraph(definition.__doc__)
    if not issubclass(definition, Message):
        return text
    words = [f"Audience: {definition.audience}"]
    if definition.private:
        words.append("private to `account`")
    if definition.addressed_by:
        words.append(f"addressed by `{definition.addressed_by}`")
    return f"{text}\n{', '.join(words)}."


def _first_paragraph(text: str | None) -> str:
    cleaned = inspect.cleandoc(text or "").partition("\n\n")[0].replace("``", "`").replace("**", "")
    return re.sub(r":\w+:`(?:[\w.]+\.)?(\w+)`", r"`\1`", " ".join(cleaned.split()))


def _comment(text: str, indent: str) -> list[str]:
    width = 110 - len(indent)
    wrapped = [line for part in text.splitlines() for line in textwrap.wrap(part, width, break_long_words=False)]
    return [f"{indent}// {line}" for line in wrapped]


def _attribute_comments(module: ModuleType) -> dict[tuple[str, str], str]:
    """The strings that stand under fields and enum members, by class and attribute."""
    comments: dict[tuple[str, str], str] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for above, below in itertools.pairwise(node.body):
            targets = [above.target] if isinstance(above, ast.AnnAssign) else getattr(above, "targets", [])
            if not (isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)):
                continue
            for target in targets:
                if isinstance(target, ast.Name):
                    comments[node.name, target.id] = _first_paragraph(str(below.value.value))
    return comments


def _numbers_in(text: str) -> dict[str, dict[str, int]]:
    """Field numbers of an existing proto file, by message and field."""
    numbers: dict[str, dict[str, int]] = {}
    message = ""
    for line in text.splitlines():
        if line.startswith(("message ", "enum ")):
            message = line.split()[1]
        elif found := _FIELD_LINE.match(line):
            numbers.setdefault(message, {})[found[1]] = int(found[2])
    return numbers


def outdated(folder: Path, *, write: bool = False) -> list[str]:
    """The files under ``folder`` that differ from what would be rendered; with ``write`` they are brought up to date."""
    report: list[str] = []
    expected = {file_name(module): module for module in modules() if definitions(module)}
    for stray in rendered_files(folder):
        if stray.relative_to(folder).as_posix() not in expected:
            report.append(f"{stray.relative_to(folder).as_posix()} (no such module)")
            if write:
                stray.unlink()
    for name, module in expected.items():
        path = folder / name
        existing = path.read_text(encoding="utf-8") if path.exists() else ""
        text, renumbered = render(module, existing)
        if text != existing:
            report.append(name + (f" (numbered anew: {', '.join(renumbered)})" if renumbered else ""))
            if write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    return report


def main() -> int:
    """Entry point of the script."""
    parser = argparse.ArgumentParser(description="Render protos/ from trading_ecosystem.messages.")
    parser.add_argument("--write", action="store_true", help="rewrite the files that differ")
    arguments = parser.parse_args()
    report = outdated(PROTOS, write=arguments.write)
    for line in report:
        print("wrote" if arguments.write else "differs:", line)
    return 1 if report and not arguments.write else 0


if __name__ == "__main__":
    sys.exit(main())
