"""The ground truth of a record as a data set: every event with what is known of it because the faults were injected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from trading_ecosystem.domains.audit.chains import subject_of
from trading_ecosystem.messages.audit import AlertFinding, AuditReport, DetectionScore
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.risk import AlertRaised, AlertResolved, AlertUpdated
from trading_ecosystem.messages.test_coordination import (
    ConditionTookEffect,
    FaultInjected,
    GroundTruthClosed,
    GroundTruthLabelled,
)
from trading_ecosystem.messages.units import Nanos


class LabelledEvent(msgspec.Struct, frozen=True):
    """One event. ``index`` is its Merkle index; texts are empty where they say nothing."""

    index: int
    sequence: int
    at: Nanos
    kind: str
    sender: str
    cause: int | None
    trace: int
    type: str
    subject: str
    account: str
    role: str
    """injected, effect, label, ended, alert, alert_update, alert_resolved, or empty for ordinary events."""
    fault_id: str
    """The fault that the event is about: its own, or the one that explains the alert."""
    active_faults: str
    """Every fault in effect at this instant, by id, with semicolons between."""
    affected: bool
    """Whether it was said in the handling in which a fault took effect, or is about what an active fault aims at."""
    alert_verdict: str
    """attributed, unattributed or false, for alerts of the built-in monitor."""
    expected_alert: str
    """The alert that ought to come of the fault in ``fault_id``."""


class LabelledFault(msgspec.Struct, frozen=True):
    """One fault that took effect, and what became of it; ``None`` where there was nothing."""

    fault_id: str
    kind: str
    onset_at: Nanos
    ended_at: Nanos | None
    expected_alert: str
    outcome: str
    detectable_at: Nanos | None
    alert_id: int | None
    alert_at: Nanos | None
    time_to_detect_ns: Nanos | None
    time_from_onset_ns: Nanos | None
    sla_ns: Nanos
    threshold: int
    peak: int


def labelled_faults(report: AuditReport) -> Iterator[LabelledFault]:
    """The faults of a report."""
    for one in report.detections:
        yield LabelledFault(
            one.fault_id,
            one.kind.value,
            one.onset_at,
            one.ended_at,
            _alert_of(one),
            one.outcome.value,
            one.detectable_at,
            one.alert_id,
            one.alert_at,
            one.time_to_detect_ns,
            one.time_from_onset_ns,
            one.sla_ns,
            one.threshold,
            one.peak,
        )


def labelled_events(
    entries: Iterable[Entry], report: AuditReport, subjects: Mapping[str, tuple[str, ...]]
) -> Iterator[LabelledEvent]:
    """Every event of a record, labelled by its report; ``subjects`` is what each fault aims at, by id."""
    faults = {one.fault_id: one for one in report.detections}
    alerts = {(one.account, one.alert_id): one for one in report.alerts}
    traces: dict[int, str] = {}
    for index, entry in enumerate(entries):
        message = entry.message
        role, fault_id = _role(entry)
        if role == "effect":
            traces[entry.trace] = fault_id
        finding = _finding(entry, alerts)
        if finding is not None:
            fault_id = finding.fault_id or ""
        active = [one.fault_id for one in report.detections if _is_active(one, entry.at)]
        subject = subject_of(message)
        fault = faults.get(fault_id)
        yield LabelledEvent(
            index,
            entry.sequence,
            entry.at,
            entry.kind.value,
            entry.sender,
            entry.cause,
            entry.trace,
            type(message).__name__,
            subject,
            getattr(message, "account", ""),
            role,
            fault_id,
            ";".join(active),
            traces.get(entry.trace) in active or any(subject in subjects.get(one, ()) for one in active),
            "" if finding is None else finding.verdict.value,
            "" if fault is None else _alert_of(fault),
        )


def _role(entry: Entry) -> tuple[str, str]:
    message = entry.message
    if isinstance(message, FaultInjected):
        return "injected", message.fault_id
    if isinstance(message, ConditionTookEffect):
        return "effect", message.condition_id
    if isinstance(message, GroundTruthLabelled):
        return "label", message.fault_id
    if isinstance(message, GroundTruthClosed):
        return "ended", message.fault_id
    if isinstance(message, AlertRaised):
        return "alert", ""
    if isinstance(message, AlertUpdated):
        return "alert_update", ""
    if isinstance(message, AlertResolved):
        return "alert_resolved", ""
    return "", ""


def _finding(entry: Entry, alerts: Mapping[tuple[str, int], AlertFinding]) -> AlertFinding | None:
    message = entry.message
    if isinstance(message, AlertRaised | AlertUpdated | AlertResolved):
        return alerts.get((message.account, message.alert_id))
    return None


def _is_active(fault: DetectionScore, at: Nanos) -> bool:
    return fault.onset_at <= at and (fault.ended_at is None or at <= fault.ended_at)


def _alert_of(fault: DetectionScore) -> str:
    return "" if fault.expected_alert is None else fault.expected_alert.value
