"""The lint of the services: names, shapes and comments as everywhere, and every call that was promised."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from tests.contract.proto_compatibility import PROTOS
from tests.contract.proto_descriptors import Field, FileSet, comments_of, compiled, parts
from tests.contract.proto_rendering import snake_case

FOLDER = "trading_ecosystem/v1/services"
PACKAGE = "trading_ecosystem.v1.services"
PASCAL, SNAKE, UPPER = (
    re.compile(r"[A-Z][A-Za-z0-9]+"),
    re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*"),
    re.compile(r"[A-Z][A-Z0-9_]+"),
)
NUMBERS = {Field.TYPE_INT64, Field.TYPE_INT32, Field.TYPE_BOOL, Field.TYPE_STRING, Field.TYPE_MESSAGE, Field.TYPE_ENUM}
"""Nothing else: no number here is real, and none is raw bytes."""
PROMISED = {
    "orders on a venue": ({"TradingService"}, 4),
    "accounts on a venue": ({"AccountService"}, 3),
    "settlement": ({"SettlementService"}, 4),
    "transfers": ({"TransferService"}, 3),
    "custody": ({"CustodyService"}, 4),
    "statements": ({"CustodyReportingService"}, 1),
    "prices": ({"PriceFeedService"}, 4),
    "historical data": ({"HistoricalDataService"}, 3),
    "statistics": ({"MarketStatisticsService"}, 3),
    "risk monitor": ({"RiskMonitorService"}, 5),
    "limits": ({"RiskLimitService"}, 4),
    "strategies": ({"StrategyService"}, 6),
    "what strategies risk": ({"StrategyRiskService"}, 4),
    "scenarios": ({"ScenarioService"}, 4),
    "faults": ({"ChaosService"}, 4),
    "correlation": ({"CorrelationService"}, 4),
    "analytics": ({"AnalyticsService"}, 4),
}
"""Services by what they are for, and how many calls they have at least."""


def violations(files: FileSet) -> list[str]:
    """Every way in which the service files are not as they should be."""
    found: list[str] = []
    for file in files.file:
        if file.name.startswith(f"{FOLDER}/"):
            if file.package != PACKAGE:
                found.append(f"{file.name}: package {file.package}")
            found += _uncommented(file)
            found += _misnamed(file)
            found += _misshapen(file)
    calls = [call for file in files.file for one in file.service for call in one.method]
    used = Counter(name for call in calls for name in (call.input_type, call.output_type))
    return found + [f"{name} is used by {count} calls" for name, count in used.items() if count > 1]


def _uncommented(file: descriptor_pb2.FileDescriptorProto) -> Iterator[str]:
    comments = comments_of(file)
    for name, path, part in parts(file):
        is_zero = isinstance(part, descriptor_pb2.EnumValueDescriptorProto) and part.number == 0
        text = comments.get(path, "")
        if not is_zero and not text:
            yield f"{name} has no comment"
        elif text and not text.endswith((".", ":")):
            yield f"{name}: the comment is no sentence"
    if not comments.get((12,), ""):
        yield f"{file.name} has no comment"


def _misnamed(file: descriptor_pb2.FileDescriptorProto) -> Iterator[str]:
    for name, _, part in parts(file):
        own = name.rpartition(".")[2]
        if isinstance(part, descriptor_pb2.EnumValueDescriptorProto):
            enum = name.split(".")[-2]
            if not UPPER.fullmatch(own) or not own.startswith(f"{snake_case(enum).upper()}_"):
                yield f"{name} does not begin as its enum"
            if part.number == 0 and not own.endswith("_UNSPECIFIED"):
                yield f"{name}: zero is unspecified"
        elif isinstance(part, (Field, descriptor_pb2.OneofDescriptorProto)):
            if not SNAKE.fullmatch(own):
                yield f"{name} is not in snake case"
        elif not PASCAL.fullmatch(own):
            yield f"{name} is not in Pascal case"
        if isinstance(part, descriptor_pb2.ServiceDescriptorProto) and not own.endswith("Service"):
            yield f"{name} is no Service"
        if isinstance(part, descriptor_pb2.MethodDescriptorProto):
            wanted = (f".{PACKAGE}.{own}Request", f".{PACKAGE}.{own}Response")
            if (part.input_type, part.output_type) != wanted:
                yield f"{name} does not take {own}Request and return {own}Response"
            if part.server_streaming != own.startswith("Stream"):
                yield f"{name} streams, or says that it does"
            if part.client_streaming:
                yield f"{name} takes a stream"


def _misshapen(file: descriptor_pb2.FileDescriptorProto) -> Iterator[str]:
    messages = {message.name: message for message in file.message_type}
    for name, _, part in parts(file):
        if isinstance(part, Field) and part.type not in NUMBERS:
            yield f"{name} is a {Field.Type.Name(part.type)}"
        if isinstance(part, descriptor_pb2.MethodDescriptorProto):
            own = part.name
            response = messages.get(f"{own}Response", descriptor_pb2.DescriptorProto())
            known = {field.name: field for field in response.field}
            lists = [field for field in response.field if field.label == Field.LABEL_REPEATED]
            if own.startswith("List") and not lists:
                yield f"{name} lists nothing"
            if own.startswith("Stream") and not {"number", "heartbeat"} <= known.keys():
                yield f"{name} has no number or no heartbeat"
            asked = {field.name for field in messages.get(f"{own}Request", descriptor_pb2.DescriptorProto()).field}
            if ("page" in asked) != ("page" in known):
                yield f"{name} has a page on one side alone"


@pytest.fixture(scope="module")
def files() -> FileSet:
    return compiled(PROTOS, comments=True)


def test_the_services_are_as_they_should_be(files: FileSet) -> None:
    assert violations(files) == []


@pytest.mark.parametrize("purpose", PROMISED)
def test_every_promised_call_is_there(files: FileSet, purpose: str) -> None:
    services = {one.name: one for file in files.file for one in file.service}
    names, count = PROMISED[purpose]
    assert sum(len(services[name].method) for name in names) >= count


def test_what_streams(files: FileSet) -> None:
    streams = {call.name for file in files.file for one in file.service for call in one.method if call.server_streaming}
    assert streams >= {"StreamMarketData", "StreamExecutions", "StreamAlerts", "StreamAuditEvents"}


PLANTS = [
    pytest.param(r"  // The limits in force at an instant, or now.\n", "", "ListLimits has no comment", id="no comment"),
    pytest.param(r"// Asks for limits\.", "// Asks for limits", "the comment is no sentence", id="no sentence"),
    pytest.param(r"service RiskLimitService", "service RiskLimits", "RiskLimits is no Service", id="service"),
    pytest.param(r"(?s)rpc ListLimits\(ListLimitsRequest", "rpc ListLimits(ListAlertsRequest", "does not take", id="request"),
    pytest.param(r"int64 set_at = 6;", "int64 setAt = 6;", "setAt is not in snake case", id="camel case"),
    pytest.param(r"int64 set_at = 6;", "double set_at = 6;", "set_at is a TYPE_DOUBLE", id="a real number"),
    pytest.param(r"COMPLIANCE_STATE_HIGH", "STATE_HIGH", "STATE_HIGH does not begin as its enum", id="enum prefix"),
    pytest.param(r"COMPLIANCE_STATE_UNSPECIFIED", "COMPLIANCE_STATE_NONE", "zero is unspecified", id="enum zero"),
    pytest.param(r"  // Where they go on\.\n  PageResponse page = 2;\n", "", "a page on one side alone", id="page"),
    pytest.param(r"returns \(stream StreamAlerts", "returns (StreamAlerts", "streams, or says that it does", id="stream"),
    pytest.param(r"package trading_ecosystem.v1.services;", "package trading_ecosystem.v1;", "package", id="package"),
    pytest.param(r"  // Numbers the responses .*\n  int64 number = 1;\n", "", "no number", id="number"),
]


@pytest.mark.parametrize(("pattern", "replacement", "expected"), PLANTS)
def test_a_planted_violation_is_caught(tmp_path: Path, pattern: str, replacement: str, expected: str) -> None:
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    path = copy / FOLDER / "risk.proto"
    text, changes = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1)
    assert changes == 1, "the plant did not take"
    if "package" in pattern:
        # Alone in another package it would not find its neighbours, and it must not meet the messages of the same names.
        text = re.sub(r"(?<![.\w])(Heartbeat|PageRequest|PageResponse|TimeRange)\b", r"trading_ecosystem.v1.services.\1", text)
    path.write_text(text, encoding="utf-8")
    found = violations(compiled(copy, comments=True))
    assert any(expected in one for one in found), found
