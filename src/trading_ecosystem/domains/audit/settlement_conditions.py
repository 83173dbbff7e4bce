"""SETTLEMENT_OVERDUE, recomputed from the fills and settlements that reached the monitor."""

from __future__ import annotations

from heapq import heappop, heappush

from trading_ecosystem.domains.audit.intervals import ConditionTrack, Tracks
from trading_ecosystem.domains.audit.positions import UnsettledFill
from trading_ecosystem.messages.risk import OVERDUE_AFTER, AlertKind
from trading_ecosystem.messages.units import Nanos


class VenueSettlements:
    """The unsettled fills of the firm at one venue, oldest first; settled ones are dropped when they come up."""

    __slots__ = ("_heap", "_track")

    def __init__(self, track: ConditionTrack) -> None:
        self._heap: list[tuple[Nanos, int, Nanos, UnsettledFill]] = []  # settles_at, sequence, arrived_at, fill
        self._track = track

    def filled(self, fill: UnsettledFill, at: Nanos) -> None:
        """A fill reaches the monitor."""
        heap = self._heap
        if heap and fill.settles_at < heap[0][0]:
            self.grow_older(at)
        heappush(heap, (fill.settles_at, fill.entry.sequence, at, fill))
        if at - heap[0][0] >= OVERDUE_AFTER:
            self.grow_older(at)

    def settled(self, at: Nanos) -> None:
        """Fills were just said settled: what was overdue until now may be so no more."""
        heap = self._heap
        if not heap:
            return
        if at - heap[0][0] >= OVERDUE_AFTER or self._track.watches:
            self._observe(at)
        while heap and heap[0][3].settled:
            heappop(heap)
        if self._track.open is not None:
            self.grow_older(at)

    def grow_older(self, at: Nanos) -> None:
        """Time has come to ``at``: the oldest unsettled fill may have become overdue since."""
        heap = self._heap
        while heap and heap[0][3].settled:
            heappop(heap)
        self._observe(at)

    def _observe(self, at: Nanos) -> None:
        """Hold the oldest fill, or the absence of any, against the condition."""
        if self._heap:
            settles_at, _, arrived_at, fill = self._heap[0]
            late = at - settles_at
            begun_at = max(settles_at + OVERDUE_AFTER, arrived_at)
            self._track.observe(max(late, 0), late >= OVERDUE_AFTER, at, fill.entry, begun_at)
        elif self._track.open is not None:
            self._track.observe(0, False, at, self._track.open.entry)
        else:
            self._track.measure = 0


class SettlementConditions:
    """The overdue settlements of every venue."""

    def __init__(self, tracks: Tracks) -> None:
        self._tracks = tracks
        self._venues: dict[str, VenueSettlements] = {}

    def filled(self, venue: str, fill: UnsettledFill, at: Nanos) -> None:
        """A fill at a venue reaches the monitor."""
        settlements = self._venues.get(venue)
        if settlements is None:
            track = self._tracks.of(AlertKind.SETTLEMENT_OVERDUE, venue)
            settlements = self._venues[venue] = VenueSettlements(track)
        settlements.filled(fill, at)

    def settled(self, venue: str, at: Nanos) -> None:
        """A settlement at a venue reaches the monitor and its fills are marked."""
        settlements = self._venues.get(venue)
        if settlements is not None:
            settlements.settled(at)

    def advance(self, at: Nanos) -> None:
        """Time has come to ``at`` without a settlement."""
        for settlements in self._venues.values():
            settlements.grow_older(at)
