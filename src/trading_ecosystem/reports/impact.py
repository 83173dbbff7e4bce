"""What the faults of a run did: the run beside its clean twin, the same scenario and seed without them.

Until the first onset both say the same to clients and between simulators; what differs from then on, the faults did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from trading_ecosystem.messages.base import Audience
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.test_coordination import GroundTruthLabelled
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.reports.comparison import ComparedAlert, ComparedAmount, compare_records
from trading_ecosystem.runtime.replay import decode_line

_EARLY = (Audience.PRODUCTION, Audience.WORLD)
_LABEL = b'"type":"GroundTruthLabelled"'

Lines = Callable[[], Iterator[bytes]]
"""Reads a record's lines from the first."""


class Impact(msgspec.Struct, frozen=True):
    """A run less its clean twin."""

    onset_at: Nanos | None
    """The first onset of a fault; ``None`` where none took effect."""
    agrees_until_onset: bool
    """Whether both said the same to clients and between simulators before it, or all along without one."""
    entries: tuple[int, int]
    twin_alerts: tuple[ComparedAlert, ...]
    """Alerts that the twin alone has."""
    fault_alerts: tuple[ComparedAlert, ...]
    """Alerts that the twin has not."""
    alerts_in_both: int
    amounts: tuple[ComparedAmount, ...]
    """What firm and strategies end with: in the run, in the twin, and the difference."""


def measure_impact(run: Lines, twin: Lines, started_at: Nanos) -> Impact:
    """Compare the records of a run and of its clean twin, which began at the same instant."""
    onset_at = _first_onset(run())
    compared = compare_records(run(), twin(), (started_at, started_at))
    return Impact(
        onset_at=onset_at,
        agrees_until_onset=agree_until(onset_at, _entries(run()), _entries(twin())),
        entries=compared.entries,
        twin_alerts=compared.only_second,
        fault_alerts=compared.only_first,
        alerts_in_both=compared.alerts_in_both,
        amounts=compared.amounts,
    )


def agree_until(onset_at: Nanos | None, run: Iterable[Entry], twin: Iterable[Entry]) -> bool:
    """Whether two records say the same to production and between simulators before an instant, or all along without one."""

    def early(entries: Iterable[Entry]) -> Iterator[tuple[Nanos, str, object]]:
        for entry in entries:
            if onset_at is not None and entry.at >= onset_at:
                return
            if type(entry.message).audience in _EARLY:
                yield entry.at, entry.sender, entry.message

    first, second = early(run), early(twin)
    for one in first:
        if next(second, None) != one:
            return False
    return next(second, None) is None


def _first_onset(lines: Iterable[bytes]) -> Nanos | None:
    labels = (decode_line(line, number).message for number, line in enumerate(lines, 1) if _LABEL in line)
    return min((label.onset_at for label in labels if isinstance(label, GroundTruthLabelled)), default=None)


def _entries(lines: Iterable[bytes]) -> Iterator[Entry]:
    return (decode_line(line, number) for number, line in enumerate(lines, 1))
