"""The protos break nothing that the last release said; a planted break of every kind is caught."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from tests.contract.proto_compatibility import PROTOS, breaks, released
from tests.contract.proto_descriptors import compiled

REMEDY = (
    "a client of the last release would not understand this: keep names, numbers and types, and reserve what goes; "
    "a deliberate break is released with `python -m tests.contract.proto_compatibility --release`"
)


def test_nothing_breaks_with_the_last_release() -> None:
    found = breaks(released(), compiled(PROTOS))
    assert found == [], "\n".join([*found, REMEDY])


def test_the_last_release_has_the_services() -> None:
    names = {service.name for file in released().file for service in file.service}
    assert {"TradingService", "PriceFeedService", "ChaosService", "CorrelationService"} <= names


V1, SERVICES = "trading_ecosystem/v1", "trading_ecosystem/v1/services"
EXCHANGE, WORDS, RISK = f"{V1}/exchange.proto", f"{V1}/book_words.proto", f"{SERVICES}/risk.proto"
PLANTS = [
    pytest.param(EXCHANGE, r"  int64 leaves_lots = 12;\n", "", "leaves_lots is gone", id="field removed"),
    pytest.param(EXCHANGE, "int64 leaves_lots = 12;", "int64 rest_lots = 12;", "called rest_lots", id="renamed"),
    pytest.param(EXCHANGE, "leaves_lots = 12;", "leaves_lots = 99;", "has the number 99", id="renumbered"),
    pytest.param(EXCHANGE, "int64 leaves_lots = 12", "string leaves_lots = 12", "type int64 became string", id="type"),
    pytest.param(EXCHANGE, "int64 leaves_lots = 12", "sint64 leaves_lots = 12", "type int64 became sint64", id="wire"),
    pytest.param(EXCHANGE, "repeated Level bids", "Level bids", "cardinality LABEL_REPEATED", id="cardinality"),
    pytest.param(EXCHANGE, "int64 leaves_lots = 12", "optional int64 leaves_lots = 12", "presence", id="presence"),
    pytest.param(EXCHANGE, "repeated Level bids", "repeated ClaimLine bids", "Level became", id="message type"),
    pytest.param(WORDS, r"  SIDE_SELL = 2;\n", "", "SIDE_SELL is gone", id="enum value removed"),
    pytest.param(WORDS, "SIDE_SELL = 2", "SIDE_ASK = 2", "2 is SIDE_ASK now", id="enum value renamed"),
    pytest.param(RISK, r"  rpc ListLimits\(.*\n", "", "ListLimits is gone", id="rpc removed"),
    pytest.param(
        RISK,
        r"returns \(stream StreamAlerts",
        "returns (StreamAlerts",
        "server_streaming True",
        id="streaming",
    ),
    pytest.param(
        RISK,
        r"rpc ListLimits\(ListLimitsRequest",
        "rpc ListLimits(ListAlertsRequest",
        "input_type",
        id="request",
    ),
    pytest.param(RISK, r"returns \(ListLimitsResponse", "returns (ListAlertsResponse", "output_type", id="response"),
    pytest.param(RISK, "service RiskLimitService", "service LimitService", "RiskLimitService is gone", id="rpcs"),
    pytest.param(RISK, "message RiskLimit ", "message Bound ", "RiskLimit is gone", id="message"),
    pytest.param(
        RISK,
        r"  oneof outcome \{\n    // The limit as it is now.\n    (.*)\n",
        r"  // The limit as it is now.\n  \1\n  oneof outcome {\n",
        "oneof outcome became none",
        id="out of a oneof",
    ),
]


@pytest.mark.parametrize(("file", "pattern", "replacement", "expected"), PLANTS)
def test_a_planted_break_is_caught(tmp_path: Path, file: str, pattern: str, replacement: str, expected: str) -> None:
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    path = copy / file
    text, changes = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1)
    assert changes == 1, "the plant did not take"
    if "message Bound" in replacement:
        text = re.sub(r"\bRiskLimit\b(?! \{)", "Bound", text)
    path.write_text(text, encoding="utf-8")
    found = breaks(compiled(PROTOS), compiled(copy))
    assert any(expected in one for one in found), found


def test_what_is_new_breaks_nothing_and_what_goes_can_be_reserved(tmp_path: Path) -> None:
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    path = copy / SERVICES / "risk.proto"
    text = path.read_text(encoding="utf-8")
    text = text.replace("  int64 since = 7;", '  reserved 7;\n  reserved "since";\n  int64 begun_at = 8;')
    path.write_text(f"{text}\nmessage More {{}}\n", encoding="utf-8")
    assert breaks(compiled(PROTOS), compiled(copy)) == []
    # What was reserved stays so.
    path.write_text(text.replace('  reserved 7;\n  reserved "since";\n', "  int64 since = 7;\n"), encoding="utf-8")
    reserved = tmp_path / "reserved"
    shutil.copytree(copy, reserved)
    (reserved / SERVICES / "risk.proto").write_text(text, encoding="utf-8")
    found = breaks(compiled(reserved), compiled(copy))
    assert any("since uses what was reserved" in one for one in found), found
    assert any("7 to 7 are no longer reserved" in one for one in found), found
