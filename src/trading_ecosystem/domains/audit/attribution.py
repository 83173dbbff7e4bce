"""What each alert was worth: attributed to a fault, unattributed, or false.

An alert is *false* where its condition did not hold at any instant in [raised_at - tolerance, raised_at] on what the
monitor was sent. A true alert is *attributed* to a fault in one of two ways, tried in this order:

label
    it is the alert that the fault's label expects, on an expected subject, raised between onset and the end of the fault
    plus its SLA plus the keep-firing time;
subject
    its condition began while the fault could work, and the fault touches its subject (``fault_reach.py``). A fault can work
    from its onset until its end, and longer by the time that the alert's measure looks back, at least a minute.

Where several faults come into question each has a weight: how closely it fits (the label, the very subject, no more than a
touch), and how soon after its onset the condition began; half an hour halves it twice over. The heaviest is named, and its
share of all weights is the *confidence*. The nearest onset alone would name another wherever the later of two faults has
nothing to do with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.audit.alerts import Alert
from trading_ecosystem.domains.audit.fault_reach import Reach, remembered_ns
from trading_ecosystem.domains.audit.faults import LabelledFault
from trading_ecosystem.domains.audit.intervals import Interval, Tracks
from trading_ecosystem.messages.audit import AlertFinding, AlertVerdict, LinkBasis
from trading_ecosystem.messages.risk import KEEP_FIRING, AlertKind
from trading_ecosystem.messages.units import MINUTE, PARTS_PER_MILLION, Nanos, PartsPerMillion

FIT_OF_LABEL: Final = 8.0
FIT_OF_SUBJECT: Final = 2.0
FIT_OF_TOUCH: Final = 1.0
HALF_LIFE: Final[Nanos] = 15 * MINUTE
"""By how much later after onset a condition begins, for half the weight."""


class Judged:
    """An alert with its verdict, and the interval of its condition where that held."""

    __slots__ = ("alert", "basis", "confidence_ppm", "fault", "interval", "verdict")

    def __init__(
        self,
        alert: Alert,
        interval: Interval | None,
        fault: LabelledFault | None,
        basis: LinkBasis | None,
        confidence_ppm: PartsPerMillion = 0,
    ) -> None:
        self.alert = alert
        self.interval = interval
        self.fault = fault
        self.basis = basis
        self.confidence_ppm = confidence_ppm
        if interval is None:
            self.verdict = AlertVerdict.FALSE
        else:
            self.verdict = AlertVerdict.UNATTRIBUTED if fault is None else AlertVerdict.ATTRIBUTED

    def finding(self) -> AlertFinding:
        """The verdict as it is reported."""
        raised = self.alert.raised
        return AlertFinding(
            raised.alert_id,
            raised.account,
            raised.kind,
            raised.subject,
            self.alert.worst,
            self.alert.raised_at,
            self.alert.resolved_at,
            self.verdict,
            None if self.fault is None else self.fault.label.fault_id,
            self.basis,
            self.confidence_ppm,
        )


class Attribution:
    """Judges the alerts of one firm, said by one monitor, against the faults of a record that ends at ``until``."""

    def __init__(
        self, firm: str, monitor: str, tolerance_ns: Nanos, tracks: Tracks, faults: Sequence[LabelledFault], until: Nanos
    ) -> None:
        self._reach = Reach(firm, monitor)
        self._tolerance = tolerance_ns
        self._tracks = tracks
        self._faults = faults
        self._until = until

    def judge(self, alert: Alert) -> Judged:
        """The verdict on one alert."""
        raised = alert.raised
        at = alert.raised_at
        interval = self._tracks.of(raised.kind, raised.subject).last_touching(at - self._tolerance, at)
        if interval is None:
            return Judged(alert, None, None, None)
        weighed: list[tuple[float, LabelledFault, LinkBasis]] = []
        for fault in self._faults:
            fit, basis = self._fit(fault, raised.kind, raised.subject, interval, at)
            if fit:
                since = max(0, interval.begun_at - fault.label.onset_at)
                weighed.append((fit * math.exp(-math.log(2) * since / HALF_LIFE), fault, basis))
        if not weighed:
            return Judged(alert, interval, None, None)
        labelled = [one for one in weighed if one[2] is LinkBasis.LABEL]
        weight, fault, basis = max(labelled or weighed, key=_weight_then_onset)
        whole = 0.0
        for one in weighed:
            whole += one[0]
        return Judged(alert, interval, fault, basis, round(weight / whole * PARTS_PER_MILLION))

    def _fit(
        self, fault: LabelledFault, kind: AlertKind, subject: str, interval: Interval, at: Nanos
    ) -> tuple[float, LinkBasis]:
        """How closely a fault fits an alert, 0 where it does not, and why."""
        if expects(fault, kind, subject) and self._in_window(fault, at):
            return FIT_OF_LABEL, LinkBasis.LABEL
        begun_at = interval.begun_at
        last = fault.ended_by(self._until) + remembered_ns(kind)
        if not fault.label.onset_at <= begun_at <= last or not self._reach.touches(fault, kind, subject):
            return 0.0, LinkBasis.SUBJECT
        return FIT_OF_SUBJECT if subject in fault.subjects else FIT_OF_TOUCH, LinkBasis.SUBJECT

    def _in_window(self, fault: LabelledFault, at: Nanos) -> bool:
        return fault.label.onset_at <= at <= alert_window_end(fault, self._until)


def expects(fault: LabelledFault, kind: AlertKind, subject: str) -> bool:
    """Whether the label of a fault expects this alert on this subject."""
    return fault.label.expected_alert is kind and subject in fault.label.expected_subjects


def alert_window_end(fault: LabelledFault, until: Nanos) -> Nanos:
    """The last instant at which an alert can still be the one that a fault's label expects."""
    return fault.ended_by(until) + fault.label.sla_ns + KEEP_FIRING


def _weight_then_onset(weighed: tuple[float, LabelledFault, LinkBasis]) -> tuple[float, Nanos]:
    return weighed[0], weighed[1].label.onset_at
