"""What each alert was worth: attributed to a fault, unattributed, or false.

An alert is *false* where its condition did not hold at any instant in [raised_at - tolerance, raised_at] on what the
monitor was sent. A true alert is *attributed* to a fault in one of two ways, tried in this order:

label
    it is the alert that the fault's label expects, on an expected subject, raised between onset and the end of the fault
    plus its SLA plus the keep-firing time; of several such faults the one with the latest onset counts;
subject
    its condition began while the fault could work, and the fault touches its subject. A fault can work from its onset
    until its end, and longer by the time that the alert's measure looks back (15 min for PRICE_CRASH), at least a minute.

What a fault touches follows from its kind. A *market* fault moves assets: it touches them, every instrument in which they are
base or quote (USD aside), and the firm as a whole. A *feed* fault and a divergence touch their instruments, the base asset of
those against USD, and the firm. A *custody* fault touches venues and nothing else. A *link* fault to the monitor touches
everything the monitor says; any other link fault nothing but what its label expects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.audit.alerts import Alert
from trading_ecosystem.domains.audit.equity import CASH
from trading_ecosystem.domains.audit.faults import LabelledFault
from trading_ecosystem.domains.audit.intervals import Interval, Tracks
from trading_ecosystem.messages.audit import AlertFinding, AlertVerdict, LinkBasis
from trading_ecosystem.messages.risk import CRASH_WINDOW, KEEP_FIRING, AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, Nanos, assets_about

LOOK_BACK: Final[dict[AlertKind, Nanos]] = {AlertKind.PRICE_CRASH: CRASH_WINDOW}
"""How long a measure remembers, where that is longer than :data:`AFTERMATH`."""
AFTERMATH: Final[Nanos] = MINUTE
"""How long after its end a fault can at least make a condition begin: the market's true state becomes visible again."""

_MARKET: Final = frozenset(
    {
        FaultKind.PRICE_SHOCK,
        FaultKind.STABLECOIN_DEPEG,
        FaultKind.MARKET_CRASH,
        FaultKind.VOLATILITY_SPIKE,
        FaultKind.CORRELATION_BREAK,
    }
)
_INSTRUMENT: Final = frozenset(
    {
        FaultKind.FEED_STALE,
        FaultKind.FEED_DROP,
        FaultKind.FEED_DELAY,
        FaultKind.FEED_CORRUPT,
        FaultKind.DIVERGENCE,
    }
)
_LINK: Final = frozenset(
    {
        FaultKind.LINK_DELAY,
        FaultKind.LINK_DROP,
        FaultKind.LINK_DUPLICATE,
        FaultKind.LINK_REORDER,
        FaultKind.LINK_PARTITION,
    }
)
_PRICE_ALERTS: Final = frozenset({AlertKind.PRICE_STALE, AlertKind.PRICE_CRASH, AlertKind.PRICE_SHOCK})


class Judged:
    """An alert with its verdict, and the interval of its condition where that held."""

    __slots__ = ("alert", "basis", "fault", "interval", "verdict")

    def __init__(self, alert: Alert, interval: Interval | None, fault: LabelledFault | None, basis: LinkBasis | None) -> None:
        self.alert = alert
        self.interval = interval
        self.fault = fault
        self.basis = basis
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
        )


class Attribution:
    """Judges the alerts of one firm, said by one monitor, against the faults of a record that ends at ``until``."""

    def __init__(
        self, firm: str, monitor: str, tolerance_ns: Nanos, tracks: Tracks, faults: Sequence[LabelledFault], until: Nanos
    ) -> None:
        self._firm = firm
        self._monitor = monitor
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
        fault = self._labelled(raised.kind, raised.subject, at)
        if fault is not None:
            return Judged(alert, interval, fault, LinkBasis.LABEL)
        fault = self._touching(raised.kind, raised.subject, interval.begun_at)
        return Judged(alert, interval, fault, None if fault is None else LinkBasis.SUBJECT)

    def _labelled(self, kind: AlertKind, subject: str, at: Nanos) -> LabelledFault | None:
        candidates = [fault for fault in self._faults if expects(fault, kind, subject) and self._in_window(fault, at)]
        return max(candidates, key=_onset, default=None)

    def _in_window(self, fault: LabelledFault, at: Nanos) -> bool:
        return fault.label.onset_at <= at <= alert_window_end(fault, self._until)

    def _touching(self, kind: AlertKind, subject: str, begun_at: Nanos) -> LabelledFault | None:
        reach = LOOK_BACK.get(kind, AFTERMATH)
        candidates = [
            fault
            for fault in self._faults
            if fault.label.onset_at <= begun_at <= fault.ended_by(self._until) + reach and self._touches(fault, kind, subject)
        ]
        return max(candidates, key=_onset, default=None)

    def _touches(self, fault: LabelledFault, kind: AlertKind, subject: str) -> bool:
        if subject in fault.subjects:
            return True
        faulty = fault.label.kind
        if faulty in _LINK:
            return any(self._monitor in name.split(">") for name in (*fault.subjects, fault.label.first_subject))
        if faulty in _MARKET:
            assets = _moved_assets(fault.subjects)
            if kind in _PRICE_ALERTS:
                return any(asset in assets for asset in assets_about(subject))
            return subject in assets or subject == self._firm
        if faulty in _INSTRUMENT:
            instruments = [name for name in (*fault.subjects, fault.label.first_subject) if name in INSTRUMENTS]
            if kind in _PRICE_ALERTS:
                return subject in instruments
            return subject == self._firm or f"{subject}/{CASH}" in instruments
        return False


def expects(fault: LabelledFault, kind: AlertKind, subject: str) -> bool:
    """Whether the label of a fault expects this alert on this subject."""
    return fault.label.expected_alert is kind and subject in fault.label.expected_subjects


def alert_window_end(fault: LabelledFault, until: Nanos) -> Nanos:
    """The last instant at which an alert can still be the one that a fault's label expects."""
    return fault.ended_by(until) + fault.label.sla_ns + KEEP_FIRING


def _onset(fault: LabelledFault) -> Nanos:
    return fault.label.onset_at


def _moved_assets(subjects: Sequence[str]) -> tuple[str, ...]:
    """The assets a market fault moves: those it names, or else the bases of the instruments it names."""
    named = tuple(subject for subject in subjects if "/" not in subject)
    return named or tuple(subject.partition("/")[0] for subject in subjects)
