"""Whether each fault was noticed, and how fast, as the design counts it.

A fault is *detectable* from the first instant, from its onset until its end, at which the condition of the alert that its
label expects holds on an expected subject, on what the monitor was sent. Time to detect counts from there to the first
true alert of that kind on an expected subject (and from the onset, beside it). A fault whose condition never held is
missed by definition, and ``detectable_at`` says that nothing was to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from trading_ecosystem.domains.audit.attribution import Judged, alert_window_end, expects
from trading_ecosystem.domains.audit.faults import LabelledFault
from trading_ecosystem.domains.audit.intervals import Tracks
from trading_ecosystem.messages.audit import AlertVerdict, DetectionOutcome, DetectionScore
from trading_ecosystem.messages.units import Nanos


def detectable_at(fault: LabelledFault, tracks: Tracks) -> Nanos | None:
    """The first instant at which the fault could be noticed; ``None`` if it never could."""
    label = fault.label
    if label.expected_alert is None:
        return None
    earliest: Nanos | None = None
    for subject in label.expected_subjects:
        interval = tracks.of(label.expected_alert, subject).first_touching(label.onset_at, fault.ended_at)
        if interval is not None:
            since = max(interval.begun_at, label.onset_at)
            earliest = since if earliest is None else min(earliest, since)
    return earliest


def score(fault: LabelledFault, alerts: Sequence[Judged], tracks: Tracks, until: Nanos) -> DetectionScore:
    """The score of one fault in a record that ends at ``until``."""
    label = fault.label
    possible_at = detectable_at(fault, tracks)
    noticed = None if possible_at is None else _first_alert(fault, alerts, possible_at, until)
    to_detect: Nanos | None = None
    from_onset: Nanos | None = None
    if label.expected_alert is None:
        outcome = DetectionOutcome.OUT_OF_MANDATE
    elif possible_at is None or noticed is None:
        outcome = DetectionOutcome.MISSED
    else:
        to_detect = max(noticed.alert.raised_at - possible_at, 0)
        from_onset = max(noticed.alert.raised_at - label.onset_at, 0)
        outcome = DetectionOutcome.DETECTED if to_detect <= label.sla_ns else DetectionOutcome.DETECTED_LATE
    return DetectionScore(
        label.fault_id,
        label.kind,
        label.onset_at,
        fault.ended_at,
        label.expected_alert,
        outcome,
        possible_at,
        None if noticed is None else noticed.alert.raised.alert_id,
        None if noticed is None else noticed.alert.raised_at,
        None if noticed is None else noticed.alert.raised.severity,
        to_detect,
        from_onset,
        label.sla_ns,
        label.threshold,
        fault.peak,
        label.detectable,
        label.severity,
    )


def _first_alert(fault: LabelledFault, alerts: Sequence[Judged], possible_at: Nanos, until: Nanos) -> Judged | None:
    """The first true alert that the label expects: raised while the fault lasts or soon after, or active already."""
    end = alert_window_end(fault, until)
    for judged in alerts:
        alert = judged.alert
        if judged.verdict is AlertVerdict.FALSE or not expects(fault, alert.raised.kind, alert.raised.subject):
            continue
        if fault.label.onset_at <= alert.raised_at <= end or alert.active_at(possible_at):
            return judged
    return None
