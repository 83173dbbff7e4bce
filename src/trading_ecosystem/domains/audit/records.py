"""What audit keeps: every event, and lifecycles, chains, findings, checkpoints and scores by run.

Events are kept entry by entry, with their envelope: :func:`project_entry`. The rest is derived from a whole record and not from
single messages: :func:`rows` and :func:`rows_of` turn a report into records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, Final

from trading_ecosystem.domains.audit.event_records import EventRecord, RetentionRecord, event_of
from trading_ecosystem.messages.audit import AuditReport
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.records import Change, Record, Upsert

NAMESPACE: Final = "audit"


class LifecycleRecord(Record, frozen=True):
    """One order from request to settlement, numbered in the order of the requests."""

    table: ClassVar[str] = "lifecycles"
    key: ClassVar[tuple[str, ...]] = ("run", "number")
    checks: ClassVar[tuple[str, ...]] = (
        "cumulative_lots >= 0",
        "settled_fills >= 0",
        "fills >= 0",
    )
    run: str
    number: int
    venue: str
    account: str
    client_order_id: str
    order_id: int | None
    instrument: str
    trace: int
    requested_at: Nanos
    accepted_at: Nanos | None
    first_fill_at: Nanos | None
    ended_at: Nanos | None
    status: str
    quantity_lots: int
    cumulative_lots: int
    fills: int
    settled_fills: int
    last_settled_at: Nanos | None


class ChainStepRecord(Record, frozen=True):
    """One step of the causal chain from a fault to an alert."""

    table: ClassVar[str] = "chains"
    key: ClassVar[tuple[str, ...]] = ("run", "fault_id", "alert_id", "step")
    run: str
    fault_id: str
    alert_id: int
    step: int
    sequence: int
    at: Nanos
    sender: str
    type: str
    subject: str
    basis: str | None
    detail: str


class AlertFindingRecord(Record, frozen=True):
    """One alert and what it was worth."""

    table: ClassVar[str] = "alert_findings"
    key: ClassVar[tuple[str, ...]] = ("run", "account", "alert_id")
    run: str
    account: str
    alert_id: int
    kind: str
    subject: str
    severity: str
    raised_at: Nanos
    resolved_at: Nanos | None
    verdict: str
    fault_id: str | None
    basis: str | None


class ConservationFindingRecord(Record, frozen=True):
    """One contradiction of the record with conservation or the claims equation."""

    table: ClassVar[str] = "conservation_findings"
    key: ClassVar[tuple[str, ...]] = ("run", "number")
    run: str
    number: int
    sequence: int
    at: Nanos
    rule: str
    detail: str


class ConditionRecord(Record, frozen=True):
    """A stretch in which an alert's condition held."""

    table: ClassVar[str] = "conditions"
    key: ClassVar[tuple[str, ...]] = ("run", "firm", "kind", "subject", "begun_at")
    run: str
    firm: str
    kind: str
    subject: str
    begun_at: Nanos
    ended_at: Nanos | None
    peak: int
    sequence: int


class CheckpointRecord(Record, frozen=True):
    """The Merkle root after so many entries; the last one is that of the whole record."""

    table: ClassVar[str] = "checkpoints"
    key: ClassVar[tuple[str, ...]] = ("run", "entries")
    checks: ClassVar[tuple[str, ...]] = ("entries > 0",)
    run: str
    entries: int
    sequence: int
    at: Nanos
    merkle_root: str


class ScoreRecord(Record, frozen=True):
    """One fault and whether it was noticed."""

    table: ClassVar[str] = "scores"
    key: ClassVar[tuple[str, ...]] = ("run", "fault_id")
    run: str
    fault_id: str
    kind: str
    onset_at: Nanos
    ended_at: Nanos | None
    expected_alert: str | None
    outcome: str
    detectable_at: Nanos | None
    alert_id: int | None
    alert_at: Nanos | None
    severity: str | None
    time_to_detect_ns: Nanos | None
    time_from_onset_ns: Nanos | None
    sla_ns: Nanos
    threshold: int
    peak: int


class MonitorScoreRecord(Record, frozen=True):
    """One fault and whether a monitor outside noticed it."""

    table: ClassVar[str] = "monitor_scores"
    key: ClassVar[tuple[str, ...]] = ("run", "monitor", "fault_id")
    run: str
    monitor: str
    fault_id: str
    outcome: str
    detectable_at: Nanos | None
    alert_id: int | None
    alert_at: Nanos | None
    severity: str | None
    time_to_detect_ns: Nanos | None
    time_from_onset_ns: Nanos | None


class MonitorAlertRecord(Record, frozen=True):
    """One alert that a monitor outside reported and what it was worth."""

    table: ClassVar[str] = "monitor_alerts"
    key: ClassVar[tuple[str, ...]] = ("run", "monitor", "alert_id")
    run: str
    monitor: str
    alert_id: int
    account: str
    kind: str
    subject: str
    severity: str
    raised_at: Nanos
    resolved_at: Nanos | None
    verdict: str
    fault_id: str | None
    basis: str | None


REPORT_RECORDS: Final[tuple[type[Record], ...]] = (
    LifecycleRecord,
    ChainStepRecord,
    AlertFindingRecord,
    ConservationFindingRecord,
    ConditionRecord,
    CheckpointRecord,
    ScoreRecord,
    MonitorScoreRecord,
    MonitorAlertRecord,
)
"""What is derived from a whole record."""
RECORDS: Final[tuple[type[Record], ...]] = (EventRecord, *REPORT_RECORDS, RetentionRecord)


def _lifecycles(report: AuditReport) -> Iterator[Record]:
    for number, order in enumerate(report.lifecycles, 1):
        yield LifecycleRecord(
            report.run,
            number,
            order.venue,
            order.account,
            order.client_order_id,
            order.order_id,
            order.instrument,
            order.trace,
            order.requested_at,
            order.accepted_at,
            order.first_fill_at,
            order.ended_at,
            order.status,
            order.quantity_lots,
            order.cumulative_lots,
            order.fills,
            order.settled_fills,
            order.last_settled_at,
        )


def _chains(report: AuditReport) -> Iterator[Record]:
    for chain in report.chains:
        for number, step in enumerate(chain.steps, 1):
            yield ChainStepRecord(
                report.run,
                chain.fault_id,
                chain.alert_id,
                number,
                step.sequence,
                step.at,
                step.sender,
                step.type,
                step.subject,
                None if step.basis is None else step.basis.value,
                step.detail,
            )


def _alerts(report: AuditReport) -> Iterator[Record]:
    for alert in report.alerts:
        yield AlertFindingRecord(
            report.run,
            alert.account,
            alert.alert_id,
            alert.kind.value,
            alert.subject,
            alert.severity.value,
            alert.raised_at,
            alert.resolved_at,
            alert.verdict.value,
            alert.fault_id,
            None if alert.basis is None else alert.basis.value,
        )


def _scores(report: AuditReport) -> Iterator[Record]:
    for score in report.detections:
        yield ScoreRecord(
            report.run,
            score.fault_id,
            score.kind.value,
            score.onset_at,
            score.ended_at,
            None if score.expected_alert is None else score.expected_alert.value,
            score.outcome.value,
            score.detectable_at,
            score.alert_id,
            score.alert_at,
            None if score.severity is None else score.severity.value,
            score.time_to_detect_ns,
            score.time_from_onset_ns,
            score.sla_ns,
            score.threshold,
            score.peak,
        )


def _monitor_scores(report: AuditReport) -> Iterator[Record]:
    for found in report.monitors:
        for score in found.detections:
            yield MonitorScoreRecord(
                report.run,
                found.monitor,
                score.fault_id,
                score.outcome.value,
                score.detectable_at,
                score.alert_id,
                score.alert_at,
                None if score.severity is None else score.severity.value,
                score.time_to_detect_ns,
                score.time_from_onset_ns,
            )


def _monitor_alerts(report: AuditReport) -> Iterator[Record]:
    for found in report.monitors:
        for alert in found.alerts:
            yield MonitorAlertRecord(
                report.run,
                found.monitor,
                alert.alert_id,
                alert.account,
                alert.kind.value,
                alert.subject,
                alert.severity.value,
                alert.raised_at,
                alert.resolved_at,
                alert.verdict.value,
                alert.fault_id,
                None if alert.basis is None else alert.basis.value,
            )


def _conservation(report: AuditReport) -> Iterator[Record]:
    for number, found in enumerate(report.conservation, 1):
        yield ConservationFindingRecord(report.run, number, found.sequence, found.at, found.rule, found.detail)


def _conditions(report: AuditReport) -> Iterator[Record]:
    for held in report.conditions:
        yield ConditionRecord(
            report.run, report.firm, held.kind.value, held.subject, held.begun_at, held.ended_at, held.peak, held.sequence
        )


def _checkpoints(report: AuditReport) -> Iterator[Record]:
    for point in report.checkpoints:
        yield CheckpointRecord(report.run, point.entries, point.sequence, point.at, point.merkle_root)


_ROWS: Final[dict[type[Record], Callable[[AuditReport], Iterator[Record]]]] = {
    LifecycleRecord: _lifecycles,
    ChainStepRecord: _chains,
    AlertFindingRecord: _alerts,
    ConservationFindingRecord: _conservation,
    ConditionRecord: _conditions,
    CheckpointRecord: _checkpoints,
    ScoreRecord: _scores,
    MonitorScoreRecord: _monitor_scores,
    MonitorAlertRecord: _monitor_alerts,
}


def project(message: Message, now: Nanos) -> Iterable[Change]:
    """Nothing: no message without its envelope makes a record of audit."""
    return ()


def project_entry(entry: Entry) -> Iterable[Change]:
    """The event that an entry is."""
    return (Upsert(event_of(entry)),)


def rows_of(report: AuditReport, record_type: type[Record]) -> Iterator[Record]:
    """The records of one type that a report gives; raises ``KeyError`` for a type that does not come from a report."""
    return _ROWS[record_type](report)


def rows(report: AuditReport) -> Iterator[Record]:
    """Every record that a report gives, table by table; equal reports give equal rows."""
    for record_type in REPORT_RECORDS:
        yield from rows_of(report, record_type)
