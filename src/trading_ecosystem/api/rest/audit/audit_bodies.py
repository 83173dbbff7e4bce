"""Bodies of the audit face. It alone shows the record's own numbers, instants in nanoseconds' precision, and the truth."""

from __future__ import annotations

from typing import Annotated

import msgspec

from trading_ecosystem.api.decimals import instant_or_none, instant_text
from trading_ecosystem.api.rest.bodies import Answer, InstantText
from trading_ecosystem.api.rest.production.risk_bodies import seconds_text
from trading_ecosystem.domains.audit.event_records import EventRecord
from trading_ecosystem.messages.audit import (
    AlertFinding,
    AlertVerdict,
    CausalChain,
    ConditionHeld,
    DetectionOutcome,
    DetectionScore,
    LinkBasis,
    OrderLifecycle,
)
from trading_ecosystem.messages.envelope import EntryKind
from trading_ecosystem.messages.risk import AlertKind, Severity
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import Nanos

Sequence64 = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
MessageType = Annotated[str, msgspec.Meta(min_length=1, max_length=63, pattern=r"^[A-Za-z]+$(?!\n)", examples=["OrderFilled"])]


class Event(Answer, frozen=True, forbid_unknown_fields=True):
    """One entry of the record: its envelope, what it is about, and the message as it stands in the record."""

    sequence: int
    at: InstantText
    kind: EntryKind
    sender: str
    cause: int | None
    trace: int
    type: str
    subject: str
    account: str
    message: msgspec.Raw


class EventInContext(Answer, frozen=True, forbid_unknown_fields=True):
    """An event, what it was said in answer to (nearest first), and what was said in answer to it, step by step."""

    event: Event
    causes: tuple[Event, ...]
    consequences: tuple[tuple[Event, ...], ...]


class EventChain(Answer, frozen=True, forbid_unknown_fields=True):
    """Everything that was said in one unbroken chain of causes, in order."""

    trace: int
    events: tuple[Event, ...]


class Lifecycle(Answer, frozen=True, forbid_unknown_fields=True):
    """One order from request to settlement, as audit put it together from the record."""

    venue: str
    account: str
    client_order_id: str
    order_id: int | None
    instrument: str
    trace: int
    status: str
    requested_at: InstantText
    accepted_at: InstantText | None
    first_fill_at: InstantText | None
    ended_at: InstantText | None
    quantity_lots: int
    cumulative_lots: int
    fills: int
    settled_fills: int
    last_settled_at: InstantText | None


class OrderInRecord(Answer, frozen=True, forbid_unknown_fields=True):
    """An order's life, and everything in the record that names it."""

    lifecycle: Lifecycle
    events: tuple[Event, ...]


class AlertJudged(Answer, frozen=True, forbid_unknown_fields=True):
    """One alert and what it was worth."""

    alert_id: int
    account: str
    kind: AlertKind
    subject: str
    severity: Severity
    raised_at: InstantText
    resolved_at: InstantText | None
    verdict: AlertVerdict
    fault_id: str | None
    basis: LinkBasis | None


class Contradiction(Answer, frozen=True, forbid_unknown_fields=True):
    """Where the record contradicts conservation or the claims equation."""

    sequence: int
    at: InstantText
    rule: str
    detail: str


class HeldCondition(Answer, frozen=True, forbid_unknown_fields=True):
    """A stretch in which an alert's condition held on what the monitor was sent; `peak` is in the unit of its measure."""

    kind: AlertKind
    subject: str
    begun_at: InstantText
    ended_at: InstantText | None
    peak: int
    sequence: int


class ChainStepShown(Answer, frozen=True, forbid_unknown_fields=True):
    """One step from a fault to an alert, and why it follows the one before."""

    sequence: int
    at: InstantText
    sender: str
    type: str
    subject: str
    basis: LinkBasis | None
    detail: str


class FaultChain(Answer, frozen=True, forbid_unknown_fields=True):
    """From a fault over its effect to an alert."""

    fault_id: str
    alert_id: int
    steps: tuple[ChainStepShown, ...]


class FindingsAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """What audit found in the record so far; alerts and chains are of one monitor, `null` for the one built in."""

    run: str
    monitor: str | None
    entries: int
    alerts: tuple[AlertJudged, ...]
    contradictions: tuple[Contradiction, ...]
    conditions: tuple[HeldCondition, ...]
    chains: tuple[FaultChain, ...]


class Score(Answer, frozen=True, forbid_unknown_fields=True):
    """One fault and whether it was noticed. Figures of its measure are in the unit of its threshold."""

    fault_id: str
    kind: FaultKind
    onset_at: InstantText
    ended_at: InstantText | None
    expected_alert: AlertKind | None
    outcome: DetectionOutcome
    detectable_at: InstantText | None
    alert_id: int | None
    alert_at: InstantText | None
    severity: Severity | None
    seconds_to_detect: str | None
    seconds_from_onset: str | None
    sla_seconds: str
    threshold: int
    peak: int


class ScoresAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Every fault of the record so far, how many a monitor noticed in time, and how many of its alerts were false."""

    run: str
    monitor: str | None
    """`null` for the one built in."""
    entries: int
    scores: tuple[Score, ...]
    detected: int
    detected_late: int
    missed: int
    out_of_mandate: int
    alerts: int
    false_alerts: int


class TypeCount(Answer, frozen=True, forbid_unknown_fields=True):
    """How many events there are of one type."""

    type: str
    domain: str
    events: int


class DomainCount(Answer, frozen=True, forbid_unknown_fields=True):
    """How many events concern one domain."""

    domain: str
    events: int
    types: int
    """How many of its types of messages were said at all."""
    known_types: int


class Coverage(Answer, frozen=True, forbid_unknown_fields=True):
    """How much of the record audit has: entries committed, events applied, by domain and type."""

    entries: int
    events: int
    share: str
    domains: tuple[DomainCount, ...]
    types: tuple[TypeCount, ...]


class CheckpointAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """The Merkle root (RFC 6962, hexadecimal) over the first so many lines of the record."""

    entries: int
    merkle_root: str
    at: InstantText


class InclusionAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Proves that a line is in the record: hash upwards with `proof`, nearest the leaf first (RFC 9162, 2.1.3.2)."""

    index: int
    """The line's number, from 0."""
    entries: int
    line: str
    """The line itself, whose UTF-8 bytes are the leaf."""
    leaf_hash: str
    proof: tuple[str, ...]
    merkle_root: str


class ConsistencyAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Proves that the record of `first` lines is the beginning of that of `second` (RFC 9162, 2.1.4.2)."""

    first: int
    second: int
    first_root: str
    second_root: str
    proof: tuple[str, ...]


def event_shown(one: EventRecord) -> Event:
    """One event of the store."""
    return Event(
        sequence=one.sequence,
        at=instant_text(one.at),
        kind=one.kind,
        sender=one.sender,
        cause=one.cause,
        trace=one.trace,
        type=one.type,
        subject=one.subject,
        account=one.account,
        message=msgspec.Raw(one.message.encode()),
    )


def lifecycle_shown(one: OrderLifecycle) -> Lifecycle:
    """One order's life."""
    return Lifecycle(
        venue=one.venue,
        account=one.account,
        client_order_id=one.client_order_id,
        order_id=one.order_id,
        instrument=one.instrument,
        trace=one.trace,
        status=one.status,
        requested_at=instant_text(one.requested_at),
        accepted_at=instant_or_none(one.accepted_at),
        first_fill_at=instant_or_none(one.first_fill_at),
        ended_at=instant_or_none(one.ended_at),
        quantity_lots=one.quantity_lots,
        cumulative_lots=one.cumulative_lots,
        fills=one.fills,
        settled_fills=one.settled_fills,
        last_settled_at=instant_or_none(one.last_settled_at),
    )


def alert_shown(one: AlertFinding) -> AlertJudged:
    """One alert judged."""
    return AlertJudged(
        alert_id=one.alert_id,
        account=one.account,
        kind=one.kind,
        subject=one.subject,
        severity=one.severity,
        raised_at=instant_text(one.raised_at),
        resolved_at=instant_or_none(one.resolved_at),
        verdict=one.verdict,
        fault_id=one.fault_id,
        basis=one.basis,
    )


def condition_shown(one: ConditionHeld) -> HeldCondition:
    """One stretch."""
    begun, ended = instant_text(one.begun_at), instant_or_none(one.ended_at)
    return HeldCondition(one.kind, one.subject, begun, ended, one.peak, one.sequence)


def chain_shown(one: CausalChain) -> FaultChain:
    """One chain."""
    steps = tuple(
        ChainStepShown(step.sequence, instant_text(step.at), step.sender, step.type, step.subject, step.basis, step.detail)
        for step in one.steps
    )
    return FaultChain(one.fault_id, one.alert_id, steps)


def score_shown(one: DetectionScore) -> Score:
    """One fault scored."""
    return Score(
        fault_id=one.fault_id,
        kind=one.kind,
        onset_at=instant_text(one.onset_at),
        ended_at=instant_or_none(one.ended_at),
        expected_alert=one.expected_alert,
        outcome=one.outcome,
        detectable_at=instant_or_none(one.detectable_at),
        alert_id=one.alert_id,
        alert_at=instant_or_none(one.alert_at),
        severity=one.severity,
        seconds_to_detect=_seconds(one.time_to_detect_ns),
        seconds_from_onset=_seconds(one.time_from_onset_ns),
        sla_seconds=seconds_text(one.sla_ns),
        threshold=one.threshold,
        peak=one.peak,
    )


def _seconds(duration: Nanos | None) -> str | None:
    return None if duration is None else seconds_text(duration)
