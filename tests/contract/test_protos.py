"""The published language and the protos say the same things, field by field and value by value, in both directions."""

from __future__ import annotations

import enum
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc
from msgspec import inspect as types
from tests.contract import proto_rendering
from tests.contract.proto_mapping import from_proto_json, samples, to_proto_json, type_of
from tests.contract.proto_rendering import PACKAGE, PROTOS, definitions, enum_value_name, file_name, is_any_message, snake_case

from trading_ecosystem.messages.envelope import MESSAGE_TYPES, Entry, EntryKind, decode_entry, encode_entry

REMEDY = "run `python tests/contract/proto_rendering.py --write` and review what it changed"
Field = descriptor_pb2.FieldDescriptorProto
SCALARS = {types.IntType: Field.TYPE_INT64, types.StrType: Field.TYPE_STRING, types.BoolType: Field.TYPE_BOOL}


def compiled(folder: Path, scratch: Path) -> descriptor_pb2.FileDescriptorSet:
    """What the proto compiler makes of a folder's protos of messages."""
    output = scratch / "descriptors.bin"
    files = [str(path) for path in proto_rendering.rendered_files(folder)]
    assert files, f"no protos in {folder}"
    status = protoc.main(["protoc", f"--proto_path={folder}", f"--descriptor_set_out={output}", *files])
    assert status == 0, "the protos do not compile"
    return descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes())


def differences(descriptors: descriptor_pb2.FileDescriptorSet) -> list[str]:
    """Every way in which the compiled protos differ from ``trading_ecosystem.messages``."""
    return list(_differences({file.name: file for file in descriptors.file}))


def _differences(files: dict[str, descriptor_pb2.FileDescriptorProto]) -> Iterator[str]:
    expected = {file_name(module): definitions(module) for module in proto_rendering.modules() if definitions(module)}
    for name in sorted(files.keys() ^ expected.keys()):
        yield f"{name}: {'no such module' if name in files else 'no such file'}"
    for name in sorted(files.keys() & expected.keys()):
        file = files[name]
        if file.package != PACKAGE:
            yield f"{name}: package {file.package}"
        messages = {message.name: message for message in file.message_type}
        enums = {message.name: message for message in file.enum_type}
        known = {definition.__name__ for definition in expected[name]}
        for stray in sorted((messages.keys() | enums.keys()) - known):
            yield f"{name}: {stray} is only in the protos"
        for definition in expected[name]:
            described = (enums if issubclass(definition, enum.StrEnum) else messages).get(definition.__name__)
            if described is None:
                yield f"{name}: {definition.__name__} is only in the messages"
            elif issubclass(definition, enum.StrEnum):
                yield from _enum_differences(definition, described)
            else:
                yield from _message_differences(definition, described)


def _enum_differences(definition: type[enum.StrEnum], described: descriptor_pb2.EnumDescriptorProto) -> Iterator[str]:
    names = [enum_value_name(definition, "unspecified"), *(enum_value_name(definition, member.value) for member in definition)]
    wanted = list(zip(names, range(len(names)), strict=True))
    found = [(value.name, value.number) for value in described.value]
    if found != wanted:
        yield f"{definition.__name__}: values {found} instead of {wanted}"


def _message_differences(definition: type[msgspec.Struct], described: descriptor_pb2.DescriptorProto) -> Iterator[str]:
    in_choice = [field for field in described.field if field.HasField("oneof_index") and not field.proto3_optional]
    plain = [field for field in described.field if field not in in_choice]
    wanted = [_shape_of(field) for field in type_of(definition).fields if not is_any_message(field.type)]
    found = [
        (field.name, field.label == Field.LABEL_REPEATED, field.proto3_optional, field.type, field.type_name) for field in plain
    ]
    if [shape[0] for shape in found] != [shape[0] for shape in wanted]:
        yield f"{definition.__name__}: fields {[shape[0] for shape in found]} instead of {[shape[0] for shape in wanted]}"
    else:
        for one, other in zip(found, wanted, strict=True):
            if one != other:
                yield f"{definition.__name__}.{one[0]}: {one[1:]} instead of {other[1:]}"
    wanted_choice = set()
    for field in type_of(definition).fields:
        if is_any_message(field.type):
            wanted_choice = {(field.name, snake_case(name), f".{PACKAGE}.{name}") for name in MESSAGE_TYPES}
    found_choice = {(described.oneof_decl[field.oneof_index].name, field.name, field.type_name) for field in in_choice}
    for choice in sorted(found_choice ^ wanted_choice):
        where = "protos" if choice in found_choice else "messages"
        yield f"{definition.__name__}: oneof member {choice} is only in the {where}"
    numbers = [field.number for field in described.field]
    if numbers != sorted(set(numbers)):
        yield f"{definition.__name__}: field numbers {numbers} do not ascend"


def _shape_of(field: types.Field) -> tuple[str, bool, bool, int, str]:
    """Name, repeated, optional, type and type name that a field must have."""
    inner, repeated, optional = field.type, False, False
    if isinstance(inner, types.VarTupleType):
        inner, repeated = inner.item_type, True
    elif isinstance(inner, types.UnionType):
        (inner,) = (option for option in inner.types if not isinstance(option, types.NoneType))
        optional = True
    if isinstance(inner, types.EnumType):
        return field.name, repeated, optional, Field.TYPE_ENUM, f".{PACKAGE}.{inner.cls.__name__}"
    if isinstance(inner, types.StructType):
        return field.name, repeated, optional, Field.TYPE_MESSAGE, f".{PACKAGE}.{inner.cls.__name__}"
    return field.name, repeated, optional, SCALARS[type(inner)], ""


@pytest.fixture(scope="module")
def descriptors(tmp_path_factory: pytest.TempPathFactory) -> descriptor_pb2.FileDescriptorSet:
    """The protos of the repository, compiled."""
    return compiled(PROTOS, tmp_path_factory.mktemp("compiled"))


@pytest.fixture(scope="module")
def proto_class(descriptors: descriptor_pb2.FileDescriptorSet) -> Callable[[str], Any]:
    """Gives the generated class of a message by name."""
    pool = descriptor_pool.DescriptorPool()
    waiting = {file.name: file for file in descriptors.file}

    def add(name: str) -> None:
        file = waiting.pop(name, None)
        if file is not None:
            for dependency in file.dependency:
                add(dependency)
            pool.Add(file)

    for name in list(waiting):
        add(name)
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


def test_protos_and_messages_agree(descriptors: descriptor_pb2.FileDescriptorSet) -> None:
    found = differences(descriptors)
    assert found == [], "\n".join(["protos and messages differ:", *found, REMEDY])


def test_protos_are_as_rendered() -> None:
    found = proto_rendering.outdated(PROTOS)
    assert found == [], "\n".join(["protos and their comments are not up to date:", *found, REMEDY])


PLANTS = [
    pytest.param("exchange", r"  int64 leaves_lots = \d+;\n", "", "OrderFilled: fields", id="missing field"),
    pytest.param(
        "exchange", r"(message OrderAccepted \{\n)", r"\1  string note = 99;\n", "OrderAccepted: fields", id="field too many"
    ),
    pytest.param("exchange", r"int64 (order_id = \d+;)", r"string \1", "OrderAccepted.order_id", id="another scalar type"),
    pytest.param("exchange", r"repeated Level bids", "Level bids", "DepthChanged.bids", id="not repeated"),
    pytest.param("exchange", r"repeated Level bids", "repeated ClaimLine bids", "DepthChanged.bids", id="another message type"),
    pytest.param("exchange", r"Side side = ", "Liquidity side = ", "PlaceOrder.side", id="another enum type"),
    pytest.param("exchange", r"optional string account", "string account", "ClaimsQuestion.account", id="not optional"),
    pytest.param("trading", r"int64 orders = ", "optional int64 orders = ", "StrategyMarked.orders", id="optional"),
    pytest.param("book_words", r"  SIDE_SELL = 2;\n", "", "Side: values", id="missing enum value"),
    pytest.param("book_words", r"(  SIDE_SELL = 2;\n)", r"\1  SIDE_SHORT = 3;\n", "Side: values", id="enum value too many"),
    pytest.param("book_words", r"SIDE_SELL = 2;", "SIDE_ASK = 2;", "Side: values", id="enum value of another name"),
    pytest.param(
        "book_words",
        r"SIDE_BUY = 1;\n  SIDE_SELL = 2",
        "SIDE_BUY = 2;\n  SIDE_SELL = 1",
        "Side: values",
        id="enum numbers swapped",
    ),
    pytest.param(
        "trading",
        r"(  string account = 1;\n)(  string strategy = 2;\n)(  string kind = 3;\n)",
        r"\2\1\3",
        "StrategyStarted: fields",
        id="another order",
    ),
    pytest.param(
        "trading",
        r"string strategy = 2;\n  string kind = 3;",
        "string strategy = 3;\n  string kind = 2;",
        "ascend",
        id="numbers descend",
    ),
    pytest.param(
        "trading", r"message StrategyStarted", "message StrategyBegun", "StrategyBegun is only in the protos", id="renamed"
    ),
    pytest.param("trading", r"\Z", "\nmessage Extra {}\n", "Extra is only in the protos", id="message too many"),
    pytest.param(
        "audit", r"message ChainStep \{", "message ChainStep {\n  bytes raw = 99;", "ChainStep: fields", id="audit too"
    ),
    pytest.param("envelope", r"    RunEnded run_ended = \d+;\n", "", "oneof member", id="missing oneof member"),
    pytest.param("envelope", r"RunEnded run_ended", "RunStarted run_ended", "oneof member", id="another oneof type"),
]


@pytest.mark.parametrize(("module", "pattern", "replacement", "expected"), PLANTS)
def test_planted_difference_is_caught(tmp_path: Path, module: str, pattern: str, replacement: str, expected: str) -> None:
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    path = copy / proto_rendering.FOLDER / f"{module}.proto"
    text, changes = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1)
    assert changes == 1, "the plant did not take"
    if module == "trading" and "StrategyBegun" in replacement:
        envelope = path.with_name("envelope.proto")
        envelope.write_text(
            envelope.read_text(encoding="utf-8").replace("StrategyStarted ", "StrategyBegun "), encoding="utf-8"
        )
    path.write_text(text, encoding="utf-8")
    found = differences(compiled(copy, tmp_path))
    assert any(expected in difference for difference in found), found


def test_missing_and_stray_files_are_caught(tmp_path: Path) -> None:
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    (copy / proto_rendering.FOLDER / "units.proto").rename(copy / proto_rendering.FOLDER / "scales.proto")
    found = differences(compiled(copy, tmp_path))
    assert "trading_ecosystem/v1/scales.proto: no such module" in found
    assert "trading_ecosystem/v1/units.proto: no such file" in found


def test_rendering_restores_a_damaged_copy_and_keeps_numbers(tmp_path: Path) -> None:
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    path = copy / proto_rendering.FOLDER / "trading.proto"
    gapped = path.read_text(encoding="utf-8").replace("  string kind = 3;", "  string kind = 7;", 1)
    path.write_text(gapped.replace("  HALT_REASON_FAILED = 2;\n", ""), encoding="utf-8")
    assert proto_rendering.outdated(copy) == ["trading_ecosystem/v1/trading.proto"]
    proto_rendering.outdated(copy, write=True)
    assert proto_rendering.outdated(copy) == []
    assert path.read_text(encoding="utf-8") == gapped
    assert differences(compiled(copy, tmp_path)) == []


def test_rendering_numbers_anew_where_a_field_was_inserted(tmp_path: Path) -> None:
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    path = copy / proto_rendering.FOLDER / "trading.proto"
    original = path.read_text(encoding="utf-8")
    without = "  string account = 1;\n  string strategy = 2;\n  string kind = 3;"
    assert without in original
    path.write_text(original.replace(without, "  string account = 1;\n  string kind = 2;", 1), encoding="utf-8")
    report = proto_rendering.outdated(copy, write=True)
    assert report == ["trading_ecosystem/v1/trading.proto (numbered anew: StrategyStarted)"]
    assert path.read_text(encoding="utf-8") == original


STRUCTS = [
    definition
    for module in proto_rendering.modules()
    for definition in definitions(module)
    if issubclass(definition, msgspec.Struct) and definition is not Entry
]


def through_proto(value: Any, generated: Any) -> Any:
    """Value → JSON form → proto → wire bytes → proto → JSON form → value."""
    parsed = json_format.ParseDict(to_proto_json(value, type_of(type(value))), generated())
    received = generated.FromString(parsed.SerializeToString())
    written = json_format.MessageToDict(received, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return from_proto_json(written, type_of(type(value)))


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_samples_survive_the_way_through_proto(struct: type[msgspec.Struct], proto_class: Callable[[str], Any]) -> None:
    for value in samples(type_of(struct)):
        assert through_proto(value, proto_class(struct.__name__)) == value


@pytest.mark.parametrize("name", MESSAGE_TYPES)
def test_entries_survive_the_way_through_proto_and_journal_line(name: str, proto_class: Callable[[str], Any]) -> None:
    for number, message in enumerate(samples(type_of(MESSAGE_TYPES[name]))):
        entry = Entry(10**15 + number, 2**62, EntryKind.SAID, "exchange-alpha", None if number else 0, 17, message)
        received = through_proto(entry, proto_class("Entry"))
        assert received == entry
        assert encode_entry(received) == encode_entry(entry)
        assert decode_entry(encode_entry(received)) == entry


def test_a_lossy_way_would_be_noticed(proto_class: Callable[[str], Any]) -> None:
    """An absent optional and a zero one are not the same thing, and the way through proto keeps them apart."""
    absent, zero = (
        Entry(1, 2, EntryKind.INPUT, "door", cause, 1, samples(type_of(MESSAGE_TYPES["RunEnded"]))[0]) for cause in (None, 0)
    )
    assert through_proto(absent, proto_class("Entry")) != through_proto(zero, proto_class("Entry"))
