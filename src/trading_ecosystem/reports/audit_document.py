"""The audit report of a record for people and for other programs: one document, as JSON, HTML or XML.

It is made from the record alone: the same record gives the same document.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from xml.etree import ElementTree

import msgspec

from trading_ecosystem.adapters.run_directory import RunDirectory
from trading_ecosystem.adapters.scenario_audit import audit_of
from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.domains.audit.completeness import Completeness, TrailCompleteness
from trading_ecosystem.messages.audit import AlertVerdict, AuditReport, DetectionOutcome
from trading_ecosystem.messages.envelope import Entry, Header
from trading_ecosystem.messages.test_coordination import FaultInjected
from trading_ecosystem.messages.units import PARTS_PER_MILLION
from trading_ecosystem.reports.page_templates import page_template
from trading_ecosystem.runtime.recorder import JournalDigest
from trading_ecosystem.runtime.replay import decode_line

FORMATS: Final = (".json", ".html", ".xml")
_NOTICED: Final = (DetectionOutcome.DETECTED, DetectionOutcome.DETECTED_LATE)


class AuditedRecord(msgspec.Struct, frozen=True):
    """A record folded anew: what audit derives from it, how complete it is, and what each fault aims at."""

    header: Header
    scenario: str
    report: AuditReport
    completeness: TrailCompleteness
    journal_digest: str
    subjects: dict[str, tuple[str, ...]]


def audit_record(directory: RunDirectory) -> AuditedRecord:
    """Fold the record of a run directory."""
    header = directory.header()
    scenario = parse_scenario(
        header.scenario, str(directory.folder), name=header.scenario_file.rpartition("/")[2].partition(".")[0]
    )
    audit = audit_of(scenario, header.seed)
    completeness, digest, subjects = Completeness(), JournalDigest(), {}
    for entry, line in _entries(directory.lines()):
        audit.ingest(entry, line)
        completeness.ingest(entry)
        digest.update([line])
        if isinstance(entry.message, FaultInjected):
            subjects[entry.message.fault_id] = entry.message.subjects
    return AuditedRecord(header, scenario.name, audit.report(), completeness.report(), digest.hexdigest(), subjects)


def _entries(lines: Iterable[bytes]) -> Iterable[tuple[Entry, bytes]]:
    for number, line in enumerate(lines, 1):
        yield decode_line(line, number), line


def audit_document(audited: AuditedRecord) -> dict[str, Any]:
    """The whole report as plain values."""
    report, header = audited.report, audited.header
    return {
        "scenario": audited.scenario,
        "seed": header.seed,
        "engine_version": header.engine_version,
        "run": report.run,
        "firm": report.firm,
        "entries": report.entries,
        "merkle_root": report.merkle_root,
        "journal_digest": audited.journal_digest,
        "summary": _summary(audited),
        "recommendations": list(_recommendations(audited)),
        "detections": msgspec.to_builtins(report.detections),
        "alerts": msgspec.to_builtins(report.alerts),
        "conditions": msgspec.to_builtins(report.conditions),
        "chains": msgspec.to_builtins(report.chains),
        "conformance": msgspec.to_builtins(report.conformance),
        "completeness": msgspec.to_builtins(audited.completeness),
        "conservation": msgspec.to_builtins(report.conservation),
        "checkpoints": msgspec.to_builtins(report.checkpoints),
    }


def _summary(audited: AuditedRecord) -> dict[str, Any]:
    """What somebody reads who reads nothing else."""
    report = audited.report
    expected = [one for one in report.detections if one.outcome is not DetectionOutcome.OUT_OF_MANDATE]
    in_time = sum(1 for one in expected if one.outcome is DetectionOutcome.DETECTED)
    assert report.conformance is not None, "audit always replays the lives of orders"
    return {
        "faults": len(report.detections),
        "faults_in_mandate": len(expected),
        "detected_in_time": in_time,
        "detected_late": sum(1 for one in expected if one.outcome is DetectionOutcome.DETECTED_LATE),
        "missed": sum(1 for one in expected if one.outcome is DetectionOutcome.MISSED),
        "alerts": len(report.alerts),
        "false_alerts": sum(1 for one in report.alerts if one.verdict is AlertVerdict.FALSE),
        "unattributed_alerts": sum(1 for one in report.alerts if one.verdict is AlertVerdict.UNATTRIBUTED),
        "effectiveness_ppm": in_time * PARTS_PER_MILLION // len(expected) if expected else None,
        "order_fitness_ppm": report.conformance.fitness_ppm,
        "trail_completeness_ppm": audited.completeness.score_ppm,
        "conservation_broken": len(report.conservation),
    }


def _recommendations(audited: AuditedRecord) -> Iterable[str]:
    """One sentence for each thing that somebody ought to look at."""
    report = audited.report
    for one in report.detections:
        alert = "" if one.expected_alert is None else one.expected_alert.value
        if one.outcome is DetectionOutcome.MISSED and one.detectable_at is None:
            yield f"{one.fault_id}: reached {one.peak}, below {alert}'s threshold {one.threshold}; lower it to see this"
        elif one.outcome is DetectionOutcome.MISSED:
            yield f"{one.fault_id}: {alert} did not fire though its condition held; find out why"
        elif one.outcome is DetectionOutcome.DETECTED_LATE:
            yield f"{one.fault_id}: {alert} came {one.time_to_detect_ns} ns after it could be seen, the SLA is {one.sla_ns} ns"
    for raised in report.alerts:
        if raised.verdict is AlertVerdict.FALSE:
            yield f"alert {raised.alert_id}: {raised.kind.value} on {raised.subject} without its condition; find out why"
    if report.conformance is not None:
        for deviation in report.conformance.deviations:
            yield f"{deviation.orders} orders lived as none may: {deviation.course}"
    if audited.completeness.first_gap is not None:
        yield f"the trail has gaps; the first is at sequence {audited.completeness.first_gap}"
    for found in report.conservation[:1]:
        yield f"conservation is broken from sequence {found.sequence} on: {found.detail}"


def rendered(audited: AuditedRecord, suffix: str) -> str:
    """The document in one of :data:`FORMATS`."""
    document = audit_document(audited)
    if suffix == ".json":
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
    if suffix == ".xml":
        root = _element("audit_report", document)
        ElementTree.indent(root)
        return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
    return page_template("audit_report.html").render(document)


def _element(name: str, value: Any) -> ElementTree.Element:
    """A value as XML: a mapping has a child for each key, a list an ``item`` for each of its own; nothing is empty."""
    element = ElementTree.Element(name)
    if isinstance(value, dict):
        element.extend(_element(key, one) for key, one in value.items())
    elif isinstance(value, list | tuple):
        element.extend(_element("item", one) for one in value)
    elif value is not None:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)
    return element
