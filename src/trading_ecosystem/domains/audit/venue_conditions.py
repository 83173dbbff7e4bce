"""What is wrong with venues as far as their public data shows it, recomputed: silence, halts, crossed, wide and thin books.

Definitions are those of :mod:`trading_ecosystem.messages.alert_conditions`.
"""

from __future__ import annotations

from collections import deque

from trading_ecosystem.domains.audit.intervals import Tracks
from trading_ecosystem.domains.audit.plausible import has_both_sides
from trading_ecosystem.messages.alert_conditions import (
    CROSSED_QUOTES,
    DEPTHS_REMEMBERED,
    HALTED_INSTRUMENTS,
    SPREAD_PPM,
    THINNER_PPM,
    VENUE_SILENT_AFTER,
)
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import DepthChanged, QuoteChanged
from trading_ecosystem.messages.orders import TradingPhase
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.trading_phases import TradingPhaseChanged
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Lots, Nanos


class VenuePulse:
    """VENUE_DOWN and TRADING_HALTED of one venue."""

    __slots__ = ("_active_since", "_down", "_entry", "_halted", "_newest", "_phases", "_quoted", "_suspended")

    def __init__(self, venue: str, tracks: Tracks) -> None:
        self._down = tracks.of(AlertKind.VENUE_DOWN, venue)
        self._halted = tracks.of(AlertKind.TRADING_HALTED, venue)
        self._newest: Nanos = 0
        self._entry: Entry | None = None
        """What arrived last, at ``_newest``."""
        self._quoted: set[str] = set()
        self._phases: dict[str, TradingPhase] = {}
        self._suspended = False
        """Whether no instrument of which a quote arrived is in continuous trading."""
        self._active_since: Nanos = 0

    def heard(self, at: Nanos, entry: Entry) -> None:
        """Public data of the venue reaches the monitor."""
        down = self._down
        if self._entry is not None and (at - self._newest > VENUE_SILENT_AFTER or down.watches):
            self.grow_older(at)
        self._newest, self._entry = at, entry
        if down.open is not None:
            down.observe(0, False, at, entry)
        else:
            down.measure = 0

    def quoted(self, instrument: str, at: Nanos) -> None:
        """A quote of an instrument reached the monitor."""
        if instrument not in self._quoted:
            self._quoted.add(instrument)
            self._look_at_phases(at)

    def phase_changed(self, message: TradingPhaseChanged, at: Nanos, entry: Entry) -> None:
        """The phase of an instrument reaches the monitor."""
        self.heard(at, entry)
        self._phases[message.instrument] = message.phase
        self._look_at_phases(at)
        if self._suspended and self._down.open is not None:
            self._down.observe(0, False, at, entry)
        halted = sum(phase is TradingPhase.HALTED for phase in self._phases.values())
        self._halted.observe(halted, halted >= HALTED_INSTRUMENTS, at, entry)
        self.grow_older(at)

    def grow_older(self, at: Nanos) -> None:
        """Time has come to ``at``: the venue may have been silent for too long since."""
        if self._entry is not None and not self._suspended:
            age = at - self._newest
            begun_at = max(self._newest + VENUE_SILENT_AFTER + 1, self._active_since)
            self._down.observe(age, age > VENUE_SILENT_AFTER, at, self._entry, begun_at)

    def _look_at_phases(self, at: Nanos) -> None:
        continuous = TradingPhase.CONTINUOUS
        suspended = bool(self._quoted) and all(
            self._phases.get(instrument, continuous) is not continuous for instrument in self._quoted
        )
        if self._suspended and not suspended:
            self._active_since = at
        self._suspended = suspended


class VenueBook:
    """BOOK_CROSSED, SPREAD_WIDE and LIQUIDITY_LOW of one instrument at one venue."""

    __slots__ = ("_crossed", "_depths", "_in_a_row", "_sum", "_thin", "_wide")

    def __init__(self, venue: str, instrument: str, tracks: Tracks) -> None:
        subject = f"{venue}:{instrument}"
        self._crossed = tracks.of(AlertKind.BOOK_CROSSED, subject)
        self._wide = tracks.of(AlertKind.SPREAD_WIDE, subject)
        self._thin = tracks.of(AlertKind.LIQUIDITY_LOW, subject)
        self._in_a_row = 0
        self._depths: deque[Lots] = deque()
        self._sum: Lots = 0

    def quote_arrived(self, message: QuoteChanged, at: Nanos, entry: Entry) -> None:
        """A quote reaches the monitor."""
        both = has_both_sides(message)
        crossed = both and message.bid_ticks >= message.ask_ticks
        self._in_a_row = self._in_a_row + 1 if crossed else 0
        self._crossed.observe(self._in_a_row, self._in_a_row >= CROSSED_QUOTES, at, entry)
        if both and not crossed:
            spread = (message.ask_ticks - message.bid_ticks) * PARTS_PER_MILLION // message.bid_ticks
            self._wide.observe(spread, spread >= SPREAD_PPM, at, entry)

    def depth_arrived(self, message: DepthChanged, at: Nanos, entry: Entry) -> None:
        """A depth reaches the monitor."""
        lots = max(
            1, sum([level.quantity_lots for level in message.bids]) + sum([level.quantity_lots for level in message.asks])
        )
        depths = self._depths
        measure = 0
        if len(depths) == DEPTHS_REMEMBERED:
            measure = self._sum // DEPTHS_REMEMBERED * PARTS_PER_MILLION // lots
        holds = measure >= THINNER_PPM
        self._thin.observe(measure, holds, at, entry)
        if not holds:
            depths.append(lots)
            self._sum += lots
            if len(depths) > DEPTHS_REMEMBERED:
                self._sum -= depths.popleft()


class VenueConditions:
    """The conditions on what venues publish."""

    def __init__(self, tracks: Tracks) -> None:
        self._tracks = tracks
        self._venues: dict[str, VenuePulse] = {}
        self._books: dict[tuple[str, str], VenueBook] = {}

    def quote_arrived(self, message: QuoteChanged, at: Nanos, entry: Entry) -> None:
        """A quote reaches the monitor."""
        venue = self.venue(message.venue)
        venue.heard(at, entry)
        venue.quoted(message.instrument, at)
        self._book(message).quote_arrived(message, at, entry)

    def depth_arrived(self, message: DepthChanged, at: Nanos, entry: Entry) -> None:
        """A depth reaches the monitor."""
        self.venue(message.venue).heard(at, entry)
        self._book(message).depth_arrived(message, at, entry)

    def venue(self, name: str) -> VenuePulse:
        """One venue, known from now on."""
        venue = self._venues.get(name)
        if venue is None:
            venue = self._venues[name] = VenuePulse(name, self._tracks)
        return venue

    def advance(self, at: Nanos) -> None:
        """Time has come to ``at`` without anything public."""
        for venue in self._venues.values():
            venue.grow_older(at)

    def _book(self, message: QuoteChanged | DepthChanged) -> VenueBook:
        key = (message.venue, message.instrument)
        book = self._books.get(key)
        if book is None:
            book = self._books[key] = VenueBook(*key, self._tracks)
        return book
