"""The fold as a whole: Merkle root, checkpoints, what it reads, and that reporting changes nothing."""

import inspect

import msgspec
import pytest
from tests.unit.audit.small_record import FIRM, SmallRecord

from trading_ecosystem.domains.audit import records
from trading_ecosystem.domains.audit.correlator import Audit
from trading_ecosystem.domains.audit.merkle import EMPTY_ROOT, root_of
from trading_ecosystem.messages.audit import AuditReport, Checkpoint, OrderConformance
from trading_ecosystem.messages.envelope import MESSAGE_TYPES, encode_entry
from trading_ecosystem.messages.exchange import ClaimChanged, ClaimReason
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind, RunStarted

BTC = "BTC/USD"


def story():
    """A record with something of everything."""
    record = SmallRecord(checkpoint_every=4)
    record.say(0, "scenario", RunStarted(run="depeg-7", scenario="depeg", seed=7, duration_ns=1))
    record.price(0, BTC, "60000")
    record.fill(1, 1, 10)
    record.settle(9, 1)
    record.label(10, "shock", FaultKind.PRICE_SHOCK, AlertKind.PRICE_SHOCK, BTC)
    cause = record.price(10, BTC, "50000")
    record.alert(10, 1, AlertKind.PRICE_SHOCK, BTC, cause)
    record.say(11, "exchange-alpha", ClaimChanged("exchange-alpha", FIRM, "BTC", -5, 0, ClaimReason.TRADED))
    record.close(20, "shock")
    record.price(400, BTC, "50000")
    return record


def test_every_entry_is_a_leaf_and_checkpoints_are_roots_of_prefixes():
    record = story()
    lines = [encode_entry(entry) for entry in record.entries]
    report = record.report()
    assert (report.entries, report.merkle_root) == (10, root_of(lines).hex())
    assert report.checkpoints == tuple(
        Checkpoint(count, record.entries[count - 1].sequence, record.entries[count - 1].at, root_of(lines[:count]).hex())
        for count in (4, 8, 10)
    )
    assert (report.run, report.firm) == ("depeg-7", FIRM)


def test_nothing_read_is_the_empty_tree():
    empty = Audit(FIRM).report()
    expected = AuditReport(0, EMPTY_ROOT.hex(), (), (), (), (), (), "", FIRM, (), ())
    expected = msgspec.structs.replace(expected, conformance=OrderConformance(0, 0, 1_000_000, 0, 0, 0, 0, ()))
    assert empty == expected


def test_the_last_checkpoint_is_not_repeated():
    record = SmallRecord(checkpoint_every=1)
    record.price(0, BTC, "60000")
    assert [point.entries for point in record.report().checkpoints] == [1]


@pytest.mark.parametrize("batch", [2, 3, 5, 1000])
def test_a_batch_is_read_as_its_entries_are_one_after_another(batch):
    entries = story().entries
    lines = [encode_entry(entry) for entry in entries]
    single, batched = Audit(FIRM, checkpoint_every=4), Audit(FIRM, checkpoint_every=4)
    for entry, line in zip(entries, lines, strict=True):
        single.ingest(entry, line)
    for start in range(0, len(entries), batch):
        batched.follow(entries[start : start + batch], lines[start : start + batch])
    assert len(single.report().checkpoints) > 2
    assert batched.report() == single.report()


def test_a_batch_with_a_line_too_few_is_refused():
    record = story()
    with pytest.raises(ValueError, match="shorter"):
        Audit(FIRM).follow(record.entries, [b""])


def test_reporting_in_between_changes_nothing():
    entries = story().entries
    asked, silent = Audit(FIRM), Audit(FIRM)
    for entry in entries:
        asked.ingest(entry, encode_entry(entry))
        silent.ingest(entry, encode_entry(entry))
        assert asked.report() == asked.report()
    found = asked.report()
    assert found == silent.report()
    assert len(found.chains) == len(found.detections) == len(found.alerts) == 1


def test_what_contradicts_conservation_is_found_and_kept():
    record = story()
    found = record.report().conservation
    assert found
    assert {finding.sequence for finding in found} <= {entry.sequence for entry in record.entries}


def test_the_table_names_handlers_of_published_messages():
    for heard, name in Audit.folds.items():
        assert MESSAGE_TYPES[heard.__name__] is heard
        assert list(inspect.signature(getattr(Audit, name)).parameters) == ["self", "message", "entry"]


def test_rows_are_the_report_in_tables_with_distinct_keys():
    report = story().report()
    rows = list(records.rows(report))
    assert rows == [row for record_type in records.REPORT_RECORDS for row in records.rows_of(report, record_type)]
    identities = [(row.table, row.identity()) for row in rows]
    assert len(set(identities)) == len(identities)
    assert all(identity[0] == "depeg-7" for _, identity in identities)
    tables = {record_type.table: 0 for record_type in records.REPORT_RECORDS}
    for row in rows:
        tables[row.table] += 1
    assert tables == {
        "lifecycles": 0,
        "chains": 2,
        "alert_findings": 1,
        "conservation_findings": len(report.conservation),
        "conditions": len(report.conditions),
        "checkpoints": 3,
        "scores": 1,
        "monitor_scores": 0,
        "monitor_alerts": 0,
    }
    assert records.NAMESPACE == "audit"
    assert not any(list(records.project(entry.message, entry.at)) for entry in story().entries)


def test_every_entry_is_kept_as_an_event_with_its_envelope():
    entries = story().entries
    events = [change.record for entry in entries for change in records.project_entry(entry)]
    assert [(e.sequence, e.at, e.kind, e.sender, e.cause, e.trace) for e in events] == [
        (e.sequence, e.at, e.kind, e.sender, e.cause, e.trace) for e in entries
    ]
    assert [MESSAGE_TYPES[event.type] for event in events] == [type(entry.message) for entry in entries]
    assert all(event.message.startswith('{"type":') for event in events)
    assert {event.subject for event in events} > {"BTC/USD"}


def test_rows_carry_the_values_of_the_report():
    report = story().report()
    (score,) = records.rows_of(report, records.ScoreRecord)
    assert (score.outcome, score.fault_id, score.expected_alert, score.peak) == ("detected", "shock", "price_shock", 166_666)
    (finding,) = records.rows_of(report, records.AlertFindingRecord)
    assert (finding.verdict, finding.basis, finding.kind) == ("attributed", "label", "price_shock")
    steps = list(records.rows_of(report, records.ChainStepRecord))
    assert [(step.step, step.type, step.basis) for step in steps] == [
        (1, "PricePublished", None),
        (2, "AlertRaised", "cause"),
    ]


@pytest.mark.parametrize("record_type", records.RECORDS)
def test_keys_are_fields(record_type):
    assert set(record_type.key) <= set(record_type.__struct_fields__)
