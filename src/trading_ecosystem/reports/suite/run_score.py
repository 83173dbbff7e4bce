"""What one run of a suite shows, and what its twins say caused its alerts.

A *twin* is the same scenario with the same seed and fewer faults. What caused an alert is known by what happens without: an
alert that a twin without a fault raises too (same kind and subject, within a minute) is not that fault's doing. With one
fault that asks for one twin, with two overlapping ones for three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from trading_ecosystem.messages.audit import AlertFinding, AlertVerdict, DetectionOutcome, DetectionScore
from trading_ecosystem.messages.units import MINUTE, MinorUnits, Nanos

SAME_ALERT: Final[Nanos] = MINUTE
"""Two alerts of a run and its twin, of one kind and subject, are the same if raised no further apart."""
NOBODY: Final = ""
"""Stands for no fault."""
SEVERAL: Final = "*"
"""Stands for more faults than one, each of which would have been enough, or which were needed together."""


class FaultScore(msgspec.Struct, frozen=True):
    """One fault of a run."""

    fault: str
    kind: str
    outcome: DetectionOutcome
    detectable: bool
    """By its label: in mandate and large enough."""
    shown: bool
    """Whether its alert's condition ever held."""
    time_to_detect_ns: Nanos | None
    time_from_onset_ns: Nanos | None
    sla_ns: Nanos
    size: int


class AlertScore(msgspec.Struct, frozen=True):
    """One alert of a run: what audit found, what the twins say, and what the nearest onset would have said."""

    kind: str
    subject: str
    verdict: AlertVerdict
    attributed: str
    """The fault that audit names."""
    caused: str | None
    """The fault that the twins name, ``NOBODY`` or ``SEVERAL``; ``None`` where there are no twins."""
    nearest: str
    """The fault whose onset lies nearest before it."""


class RunScore(msgspec.Struct, frozen=True):
    """One run of a suite. ``problem`` is one line where it could not be run."""

    case: str
    seed: int
    kinds: tuple[str, ...]
    entries: int
    simulated_ns: Nanos
    digest: str
    faults: tuple[FaultScore, ...]
    alerts: tuple[AlertScore, ...]
    conservation: int
    agrees_until_onset: bool | None
    """Whether the clean twin said the same until the first onset; ``None`` without one."""
    impact_usd_minor: MinorUnits | None
    """The firm's equity at the end, less the clean twin's."""
    problem: str = ""
    extra_runs: int = 0
    """Twins that were run for it."""

    @property
    def clean(self) -> bool:
        """Whether nothing was injected."""
        return not self.kinds


def fault_score(detection: DetectionScore) -> FaultScore:
    """What audit found about a fault, as far as a suite counts it."""
    return FaultScore(
        fault=detection.fault_id,
        kind=detection.kind.value,
        outcome=detection.outcome,
        detectable=detection.detectable,
        shown=detection.detectable_at is not None,
        time_to_detect_ns=detection.time_to_detect_ns,
        time_from_onset_ns=detection.time_from_onset_ns,
        sla_ns=detection.sla_ns,
        size=detection.size,
    )


def alert_scores(
    alerts: Sequence[AlertFinding],
    detections: Sequence[DetectionScore],
    twins: Mapping[frozenset[str], Sequence[AlertFinding]],
) -> tuple[AlertScore, ...]:
    """Every alert of a run; ``twins`` has the alerts of each twin, by the faults that it kept."""
    faults = [one.fault_id for one in detections]
    return tuple(
        AlertScore(
            kind=alert.kind.value,
            subject=alert.subject,
            verdict=alert.verdict,
            attributed=alert.fault_id or NOBODY,
            caused=_cause(alert, faults, twins) if twins else None,
            nearest=_nearest(alert, detections),
        )
        for alert in alerts
    )


def _cause(alert: AlertFinding, faults: Sequence[str], twins: Mapping[frozenset[str], Sequence[AlertFinding]]) -> str:
    if _raised(alert, twins[frozenset()]):
        return NOBODY
    if len(faults) == 1:
        return faults[0]
    alone = [fault for fault in faults if _raised(alert, twins.get(frozenset({fault}), ()))]
    return alone[0] if len(alone) == 1 else SEVERAL


def _raised(alert: AlertFinding, others: Sequence[AlertFinding]) -> bool:
    return any(
        (one.kind, one.subject) == (alert.kind, alert.subject) and abs(one.raised_at - alert.raised_at) <= SAME_ALERT
        for one in others
    )


def _nearest(alert: AlertFinding, detections: Sequence[DetectionScore]) -> str:
    before = [one for one in detections if one.onset_at <= alert.raised_at]
    return max(before, key=lambda one: one.onset_at).fault_id if before else NOBODY
