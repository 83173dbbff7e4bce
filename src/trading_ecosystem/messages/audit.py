"""What the audit correlator finds. Findings are derived records: recomputable, never journaled."""

from __future__ import annotations

import enum

import msgspec

from trading_ecosystem.messages.risk import AlertKind, Severity
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import Nanos


class DetectionOutcome(enum.StrEnum):
    """What became of a fault."""

    DETECTED = "detected"
    """The expected alert was raised within the SLA, counted from ``detectable_at``."""
    DETECTED_LATE = "detected_late"
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
    CAUSE = "cause"
    SUBJECT = "subject"


class ChainStep(msgspec.Struct, frozen=True):
    """One step of a causal chain: an entry, what it says in a few words, and why it follows the step before."""

    sequence: int
    at: Nanos
    sender: str
    type: str
    subject: str
    basis: LinkBasis | None
    """``None`` for the first step."""


class CausalChain(msgspec.Struct, frozen=True):
    """From an injected fault over its effect on the market to an alert."""

    fault_id: str
    alert_id: int
    steps: tuple[ChainStep, ...]


class DetectionScore(msgspec.Struct, frozen=True):
    """One fault and whether it was noticed. Times are instants; durations count from ``detectable_at`` and onset."""

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
    time_to_detect_ns: Nanos | None
    time_from_onset_ns: Nanos | None
    sla_ns: Nanos
    threshold: int
    peak: int
    """Largest value of the alert's measure while the fault lasted, in the unit of the threshold."""


class AlertFinding(msgspec.Struct, frozen=True):
    """One alert of the record and what it was worth."""

    alert_id: int
    account: str
    kind: AlertKind
    subject: str
    severity: Severity
    raised_at: Nanos
    resolved_at: Nanos | None
    verdict: AlertVerdict
    fault_id: str | None


class OrderLifecycle(msgspec.Struct, frozen=True):
    """One order of a named account from request to end; instants are ``None`` for steps that did not happen."""

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


class AuditReport(msgspec.Struct, frozen=True):
    """Everything audit derived from a record."""

    entries: int
    merkle_root: str
    detections: tuple[DetectionScore, ...]
    alerts: tuple[AlertFinding, ...]
    chains: tuple[CausalChain, ...]
    lifecycles: tuple[OrderLifecycle, ...]
    conservation: tuple[ConservationFinding, ...]
