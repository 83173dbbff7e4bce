from __future__ import annotations

from typing import Any

import msgspec
from tests.unit.risk.monitor import FIRM, START

from trading_ecosystem.domains.risk import records
from trading_ecosystem.domains.risk.records import (
    AlertRecord,
    ComplianceRecord,
    ComplianceState,
    ExposureRecord,
    LimitRecord,
    PositionSnapshot,
    project,
)
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import TransferKind, TransferPosted
from trading_ecosystem.messages.exchange import ClaimChanged, ClaimReason
from trading_ecosystem.messages.risk import (
    AlertAcknowledged,
    AlertEscalated,
    AlertKind,
    AlertRaised,
    AlertResolved,
    AlertSilenced,
    AlertSilenceEnded,
    AlertState,
    AlertUpdated,
    ExposureReported,
    LimitKind,
    LimitSet,
    RiskCommandRejected,
    Severity,
)
from trading_ecosystem.messages.units import MINUTE
from trading_ecosystem.ports.records import Patch, Record, Upsert

LIMIT = AlertKind.POSITION_LIMIT


def kept(*said: tuple[int, Message]) -> dict[tuple[str, tuple[Any, ...]], Record]:
    """What is kept after some messages, each projected twice: a repetition must change nothing."""
    rows: dict[tuple[str, tuple[Any, ...]], Record] = {}
    for now, message in said:
        for _ in range(2):
            for change in project(message, START + now):
                if isinstance(change, Upsert):
                    rows[change.record.table, change.record.identity()] = change.record
                else:
                    assert isinstance(change, Patch)
                    key = change.record_type.table, change.identity
                    rows[key] = msgspec.structs.replace(rows[key], **change.values)
    return rows


def compliance(state: ComplianceState, utilisation: int | None, alert_id: int | None, since: int) -> ComplianceRecord:
    return ComplianceRecord(FIRM, LIMIT, "BTC", state, utilisation, alert_id, START + since)


def test_every_record_is_declared_and_keyed_by_its_account() -> None:
    assert records.NAMESPACE == "risk"
    assert [one.table for one in records.RECORDS] == [
        "limits",
        "exposures",
        "alerts",
        "alert_history",
        "compliance",
        "position_snapshots",
        "trading_states",
    ]
    for one in records.RECORDS:
        assert one.key[0] == "account"
        assert set(one.key) <= set(one.__struct_fields__)


def test_positions_are_kept_by_source_and_minute_as_last_said() -> None:
    claim = ClaimChanged("exchange-alpha", FIRM, "BTC", 5, 0, ClaimReason.PLEDGED)
    later = ClaimChanged("exchange-alpha", FIRM, "BTC", 3, 4, ClaimReason.HELD)
    posted = TransferPosted("custodian", FIRM, "t1", TransferKind.PLEDGE, "exchange-alpha", "BTC", 5, 10, 5)
    rows = kept((0, claim), (1, posted), (2, later))
    minute = START - START % MINUTE
    alpha = "exchange-alpha"
    assert rows == {
        ("position_snapshots", (FIRM, alpha, alpha, "BTC", minute)): PositionSnapshot(
            FIRM, alpha, alpha, "BTC", minute, 7, START + 2
        ),
        ("position_snapshots", (FIRM, "custodian", "", "BTC", minute)): PositionSnapshot(
            FIRM, "custodian", "", "BTC", minute, 10, START + 1
        ),
        ("position_snapshots", (FIRM, "custodian", alpha, "BTC", minute)): PositionSnapshot(
            FIRM, "custodian", alpha, "BTC", minute, 5, START + 1
        ),
    }


def test_limits_are_kept_by_version_and_only_the_first_makes_a_compliance_row() -> None:
    first = LimitSet(FIRM, LimitKind.POSITION_LONG, "BTC", 10, 1)
    second = LimitSet(FIRM, LimitKind.POSITION_LONG, "BTC", 20, 2)
    raised = AlertRaised(FIRM, 1, LIMIT, "BTC", Severity.HIGH, 950_000, 1_000_000, START + 1)
    rows = kept((0, first), (1, raised), (2, second))
    assert rows["limits", (FIRM, "position_long", "BTC", 1)] == LimitRecord(FIRM, LimitKind.POSITION_LONG, "BTC", 1, 10, START)
    assert rows["limits", (FIRM, "position_long", "BTC", 2)] == LimitRecord(
        FIRM, LimitKind.POSITION_LONG, "BTC", 2, 20, START + 2
    )
    assert rows["compliance", (FIRM, LIMIT, "BTC")] == compliance(ComplianceState.HIGH, 950_000, 1, 1)
    assert kept((0, first))["compliance", (FIRM, LIMIT, "BTC")] == compliance(ComplianceState.COMPLIANT, None, None, 0)


def test_an_alert_is_kept_through_its_life() -> None:
    said: list[tuple[int, Message]] = [
        (0, AlertRaised(FIRM, 1, LIMIT, "BTC", Severity.WARNING, 800_000, 1_000_000, START)),
        (1, AlertUpdated(FIRM, 1, LIMIT, "BTC", Severity.CRITICAL, 1_100_000)),
        (2, AlertEscalated(FIRM, 1, LIMIT, "BTC", Severity.CRITICAL)),
        (3, AlertAcknowledged(FIRM, 1, "ada")),
        (9, AlertResolved(FIRM, 1, LIMIT, "BTC", START + 4)),
    ]
    alert = AlertRecord(
        account=FIRM,
        alert_id=1,
        kind=LIMIT,
        subject="BTC",
        severity=Severity.WARNING,
        observed=800_000,
        threshold=1_000_000,
        state=AlertState.FIRING,
        raised_at=START,
        updated_at=START,
    )
    stages = [alert]
    for values in (
        {"severity": Severity.CRITICAL, "observed": 1_100_000, "updated_at": START + 1},
        {"state": AlertState.ESCALATED, "escalated_at": START + 2},
        {"state": AlertState.ACKNOWLEDGED, "acknowledged_at": START + 3, "acknowledged_by": "ada"},
        {"state": AlertState.RESOLVED, "cleared_at": START + 4, "resolved_at": START + 9},
    ):
        stages.append(msgspec.structs.replace(stages[-1], **values))
    assert [kept(*said[: one + 1])["alerts", (FIRM, 1)] for one in range(5)] == stages
    states = [kept(*said[: one + 1])["compliance", (FIRM, LIMIT, "BTC")] for one in range(5)]
    breached = compliance(ComplianceState.BREACHED, 1_100_000, 1, 1)
    assert states == [
        compliance(ComplianceState.WARNING, 800_000, 1, 0),
        breached,
        breached,
        breached,
        compliance(ComplianceState.COMPLIANT, None, 1, 9),
    ]


def test_a_silenced_alert_is_kept_as_such_until_it_fires_again() -> None:
    raised = AlertRaised(FIRM, 1, LIMIT, "BTC", Severity.HIGH, 900_000, 1_000_000, START)
    silenced = AlertSilenced(FIRM, 1, "ada", START + 9)
    states = [
        kept(*said)["alerts", (FIRM, 1)].state
        for said in (
            ((0, raised),),
            ((0, raised), (1, silenced)),
            ((0, raised), (1, silenced), (9, AlertSilenceEnded(FIRM, 1))),
        )
    ]
    assert states == [AlertState.FIRING, AlertState.SILENCED, AlertState.FIRING]


def test_a_price_alert_is_no_matter_of_compliance() -> None:
    raised = AlertRaised(FIRM, 1, AlertKind.PRICE_CRASH, "BTC/USD", Severity.HIGH, 50_000, 50_000, START)
    resolved = AlertResolved(FIRM, 1, AlertKind.PRICE_CRASH, "BTC/USD", START + 1)
    assert {table for table, _ in kept((0, raised), (1, resolved))} == {"alerts", "alert_history"}


def test_an_exposure_is_kept_field_by_field() -> None:
    numbers = range(1, len(ExposureReported.__struct_fields__))
    reported = ExposureReported(FIRM, *numbers)
    assert list(kept((5, reported)).values()) == [ExposureRecord(FIRM, START + 5, *numbers)]


def test_what_is_not_kept() -> None:
    assert kept((0, RiskCommandRejected(FIRM, "ChangeLimit", "no"))) == {}
