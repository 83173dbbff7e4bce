"""What the audit correlator finds. Findings are derived records: recomputable, never journaled."""

from __future__ import annotations

import enum

import msgspec

from trading_ecosystem.messages.risk import AlertKind, Severity
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import Nanos, PartsPerMillion


class DetectionOutcome(enum.StrEnum):
    """What became of a fault."""

    DETECTED = "detected"
    """The expected alert was raised within the SLA, counted from ``detectable_at``."""
    DETECTED_LATE = "detected_late"
    """It was raised later than that."""
    MISSED = "missed"
    """The alert's condition held and no alert came, or the fault stayed below the threshold that would show it."""
    OUT_OF_MANDATE = "out_of_mandate"
    """No alert is expected for this kind."""


class AlertVerdict(enum.StrEnum):
    """What an alert was worth."""

    ATTRIBUTED = "attributed"
    """Its condition held and a fault explains it."""
    UNATTRIBUTED = "unattributed"
    """Its condition held without a fault; not false."""
    FALSE = "false"
    """Its condition did not hold on what the monitor was sent."""


class LinkBasis(enum.StrEnum):
    """Why two events of a causal chain are believed to be linked."""

    LABEL = "label"
    """The fault's ground-truth label names the effect and its instant."""
    CAUSE = "cause"
    """The envelope says so: the one was said while the other was handled, or both were said in one handling."""
    SUBJECT = "subject"
    """Across a wake-up: both concern the same instrument, asset, venue or firm, and the times fit."""


class ChainStep(msgspec.Struct, frozen=True):
    """One step of a causal chain: an entry, what it says in a few words, and why it follows the step before.

    ``at`` is when the entry was said; for the step at which a condition begins to hold, it is when it began, which is
    later where the message arrived late or where it only had to grow old.
    """

    sequence: int
    at: Nanos
    sender: str
    type: str
    subject: str
    basis: LinkBasis | None
    """``None`` for the first step."""
    detail: str
    """What happened, in a few words."""


class CausalChain(msgspec.Struct, frozen=True):
    """From an injected fault over its effect on the market to an alert."""

    fault_id: str
    alert_id: int
    steps: tuple[ChainStep, ...]


class DetectionScore(msgspec.Struct, frozen=True):
    """One fault and whether it was noticed. Times are instants; durations count from ``detectable_at`` and onset.

    An alert that was active already when the fault became detectable has noticed it after no time at all.
    """

    fault_id: str
    kind: FaultKind
    onset_at: Nanos
    ended_at: Nanos | None
    expected_alert: AlertKind | None
    outcome: DetectionOutcome
    detectable_at: Nanos | None
    """First instant the alert's condition held on what the monitor was sent; ``None`` if it never did."""
    alert_id: int | None
    alert_at: Nanos | None
    severity: Severity | None
    """The severity with which the alert was raised."""
    time_to_detect_ns: Nanos | None
    time_from_onset_ns: Nanos | None
    sla_ns: Nanos
    threshold: int
    peak: int
    """Largest value of the alert's measure while the fault lasted, in the unit of the threshold."""
    detectable: bool = False
    """Whether the fault's label says that it is large enough to be noticed."""
    size: int = 0
    """The fault's size by its label."""


class AlertFinding(msgspec.Struct, frozen=True):
    """One alert of the record and what it was worth. ``severity`` is the highest it reached; ``raised_at`` is when the
    record says it was raised, whatever the alert itself claims; of a monitor outside it is what its accepted report says."""

    alert_id: int
    account: str
    kind: AlertKind
    subject: str
    severity: Severity
    raised_at: Nanos
    resolved_at: Nanos | None
    verdict: AlertVerdict
    fault_id: str | None
    basis: LinkBasis | None
    """Why the fault explains it: it is the alert the label expects (label), or the fault touches its subject."""
    confidence_ppm: PartsPerMillion = 0
    """The fault's share of the weights of all faults that could explain it."""


class ConditionHeld(msgspec.Struct, frozen=True):
    """A stretch in which an alert's condition held for the firm on what the monitor was sent, recomputed by audit.

    Stretches less than the keep-firing time apart are one. ``peak`` is the largest value of the alert's measure in it,
    ``ended_at`` is ``None`` where it still held at the end of the record, ``sequence`` the entry at which it began.
    """

    kind: AlertKind
    subject: str
    begun_at: Nanos
    ended_at: Nanos | None
    peak: int
    sequence: int


class Checkpoint(msgspec.Struct, frozen=True):
    """The Merkle root over the first ``entries`` entries of the record, the last of which has ``sequence``."""

    entries: int
    sequence: int
    at: Nanos
    merkle_root: str


class OrderLifecycle(msgspec.Struct, frozen=True, gc=False):
    """One order of a named account from request to end; instants are ``None`` for steps that did not happen.

    ``status`` is an OrdStatus, or ``requested`` where no answer is recorded, or ``repeated`` where the answer was that of
    an earlier request with the same client order id.
    """

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


class ConservationFinding(msgspec.Struct, frozen=True):
    """The record contradicts conservation or the claims equation at one entry."""

    sequence: int
    at: Nanos
    rule: str
    detail: str


class LifecycleDeviation(msgspec.Struct, frozen=True):
    """A course of life that the model of order lifecycles does not allow, and how many orders took it."""

    course: str
    """What happened, step by step, in words."""
    orders: int


class OrderConformance(msgspec.Struct, frozen=True):
    """How well the lives of orders fit the model of what an order may do, by token replay (van der Aalst).

    Only orders that have ended and settled are replayed; ``unfinished`` counts the others. ``fitness_ppm`` is
    ``1/2 (1 - missing / consumed) + 1/2 (1 - remaining / produced)`` over all of them, in parts per million, rounded down.
    """

    orders: int
    unfinished: int
    fitness_ppm: int
    produced: int
    consumed: int
    missing: int
    remaining: int
    deviations: tuple[LifecycleDeviation, ...]
    """The most frequent first; at most a hundred."""


class MonitorFindings(msgspec.Struct, frozen=True):
    """What a monitor outside was worth: the same faults scored by its alerts, and its alerts judged."""

    monitor: str
    detections: tuple[DetectionScore, ...]
    alerts: tuple[AlertFinding, ...]
    chains: tuple[CausalChain, ...]


class FaultImpact(msgspec.Struct, frozen=True):
    """What a fault did to trading while it lasted, beside as long a time before; orders are those of named accounts."""

    fault_id: str
    lasted_ns: Nanos
    orders_before: int
    """Orders asked for in as long a time before the onset."""
    orders: int
    rejected: int
    unanswered: int
    first_fills_before: int
    first_fills: int
    """Orders that were filled for the first time."""
    availability_ppm: PartsPerMillion | None
    """The share of the orders asked for that venues accepted; ``None`` where nothing was asked for."""
    slowest_answer_ns: Nanos
    recovery_ns: Nanos | None
    """From the fault's end until the condition of its alert no longer held; ``None`` where that never came."""


class AuditReport(msgspec.Struct, frozen=True):
    """Everything audit derived from a record. ``merkle_root`` is in hexadecimal.

    ``detections``, ``alerts`` and ``chains`` are of the built-in monitor, ``monitors`` of every one outside.
    """

    entries: int
    merkle_root: str
    detections: tuple[DetectionScore, ...]
    alerts: tuple[AlertFinding, ...]
    chains: tuple[CausalChain, ...]
    lifecycles: tuple[OrderLifecycle, ...]
    conservation: tuple[ConservationFinding, ...]
    run: str
    """The run that the record says it is of; empty where it does not say."""
    firm: str
    conditions: tuple[ConditionHeld, ...]
    checkpoints: tuple[Checkpoint, ...]
    monitors: tuple[MonitorFindings, ...] = ()
    conformance: OrderConformance | None = None
    impacts: tuple[FaultImpact, ...] = ()
