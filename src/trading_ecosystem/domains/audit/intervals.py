"""When a condition held: half-open intervals with the peak of its measure, one track per alert kind and subject."""

from __future__ import annotations

from collections.abc import Iterator

from trading_ecosystem.messages.audit import ConditionHeld
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.risk import KEEP_FIRING, AlertKind
from trading_ecosystem.messages.units import Nanos


class Interval:
    """One stretch in which a condition held; ``ended_at`` is ``None`` while it still holds.

    ``entry`` is the message that made it hold, or, where it began by the passing of time, the message whose age counts.
    """

    __slots__ = ("begun_at", "ended_at", "entry", "peak")

    def __init__(self, begun_at: Nanos, entry: Entry, peak: int) -> None:
        self.begun_at = begun_at
        self.ended_at: Nanos | None = None
        self.entry = entry
        self.peak = peak

    def touches(self, earliest: Nanos, latest: Nanos) -> bool:
        """Whether the condition held at some instant in [earliest, latest]; an interval without length counts."""
        return self.begun_at <= latest and (self.begun_at >= earliest or self.ended_at is None or self.ended_at > earliest)


class PeakWatch:
    """The largest value of a measure while somebody watches."""

    __slots__ = ("peak",)

    def __init__(self, peak: int) -> None:
        self.peak = peak


class ConditionTrack:
    """The history of one condition on one subject."""

    __slots__ = ("intervals", "kind", "measure", "open", "subject", "watches")

    def __init__(self, kind: AlertKind, subject: str) -> None:
        self.kind = kind
        self.subject = subject
        self.intervals: list[Interval] = []
        self.open: Interval | None = None
        """The interval that has begun and not ended."""
        self.measure = 0
        """The measure's value now, in the unit of the alert."""
        self.watches: list[PeakWatch] = []

    def observe(self, measure: int, holds: bool, at: Nanos, entry: Entry, begun_at: Nanos | None = None) -> None:
        """The measure is ``measure`` at ``at``; where the condition holds, it began at ``begun_at`` or now."""
        self.measure = measure
        interval = self.open
        if holds:
            if interval is None:
                interval = self.open = Interval(at if begun_at is None else begun_at, entry, measure)
                self.intervals.append(interval)
            elif measure > interval.peak:
                interval.peak = measure
        elif interval is not None:
            interval.ended_at = at
            self.open = None
        for watch in self.watches:
            if measure > watch.peak:
                watch.peak = measure

    def watch(self) -> PeakWatch:
        """Follow the peak from now on, the value now included, until :meth:`unwatch`."""
        watch = PeakWatch(self.measure)
        self.watches.append(watch)
        return watch

    def unwatch(self, watch: PeakWatch) -> None:
        """Follow this peak no more."""
        self.watches.remove(watch)

    def last_touching(self, earliest: Nanos, latest: Nanos) -> Interval | None:
        """The latest interval in which the condition held at some instant in [earliest, latest]."""
        for interval in reversed(self.intervals):
            if interval.touches(earliest, latest):
                return interval
            if interval.ended_at is not None and interval.ended_at < earliest:
                break
        return None

    def first_touching(self, earliest: Nanos, latest: Nanos | None) -> Interval | None:
        """The first interval in which the condition held in [earliest, latest], or ever after without ``latest``."""
        for interval in self.intervals:
            if interval.touches(earliest, interval.begun_at if latest is None else latest):
                return interval
        return None

    def held(self) -> Iterator[ConditionHeld]:
        """The intervals for the report; those less than the keep-firing time apart are one, as they are for alerts."""
        position = 0
        while position < len(self.intervals):
            first = self.intervals[position]
            ended_at, peak = first.ended_at, first.peak
            position += 1
            while position < len(self.intervals) and ended_at is not None:
                following = self.intervals[position]
                if following.begun_at - ended_at >= KEEP_FIRING:
                    break
                ended_at, peak = following.ended_at, max(peak, following.peak)
                position += 1
            yield ConditionHeld(self.kind, self.subject, first.begun_at, ended_at, peak, first.entry.sequence)


class Tracks:
    """Every condition's track, made when it is first asked for."""

    def __init__(self) -> None:
        self._tracks: dict[tuple[AlertKind, str], ConditionTrack] = {}

    def of(self, kind: AlertKind, subject: str) -> ConditionTrack:
        """The track of one condition on one subject."""
        track = self._tracks.get((kind, subject))
        if track is None:
            track = self._tracks[kind, subject] = ConditionTrack(kind, subject)
        return track

    def held(self) -> tuple[ConditionHeld, ...]:
        """Every stretch in which a condition held, by beginning."""
        found = [held for track in self._tracks.values() for held in track.held()]
        found.sort(key=lambda held: (held.begun_at, held.kind, held.subject))
        return tuple(found)
