"""Whether a venue is there at all, and whether it trades: VENUE_DOWN and TRADING_HALTED.

Silence begins at an exact instant at which nothing arrives. As for stale prices there is one wake-up per venue under way, not
one per message; when it comes it looks at the newest arrival and asks to be woken again.
"""

from __future__ import annotations

from trading_ecosystem.domains.risk.part import Monitor
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.on_off import OnOff
from trading_ecosystem.domains.risk.watches.wake_ups import NEVER, Alarm, VenueSilenceDue
from trading_ecosystem.messages.alert_conditions import HALTED_INSTRUMENTS, VENUE_SILENT_AFTER
from trading_ecosystem.messages.orders import TradingPhase
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import Nanos


class VenuePresence:
    """What one venue was heard of."""

    __slots__ = ("alarm", "down", "halted", "idle", "name", "newest", "phases", "quoted")

    def __init__(self, name: str) -> None:
        self.name = name
        self.newest: Nanos = 0
        """When anything public arrived from it last."""
        self.idle = True
        """Whether the next arrival has more to do than to be the newest: end the silence, or ask for a look."""
        self.quoted: set[str] = set()
        """Instruments of which a quote arrived."""
        self.phases: dict[str, TradingPhase] = {}
        self.alarm = Alarm()
        # "More than a minute" is, in whole nanoseconds, "at least a minute and one"; what is said is the minute.
        self.down = OnOff(AlertKind.VENUE_DOWN, name, VENUE_SILENT_AFTER)
        self.halted = OnOff(AlertKind.TRADING_HALTED, name, HALTED_INSTRUMENTS)

    def arrived(self, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Something arrived: the venue is there."""
        self.newest = now
        if self.idle:
            self.idle = False
            self.down.cease(now, monitor, said)
            if self.alarm.armed_for == NEVER:  # else one is under way that is early enough
                self.alarm.set(VenueSilenceDue(self.name), now + VENUE_SILENT_AFTER + 1, said)

    def phase_changed(self, instrument: str, phase: TradingPhase, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A market is in another phase; a venue where none trades is not expected to say anything."""
        self.phases[instrument] = phase
        self.arrived(now, monitor, said)
        halted = sum(1 for one in self.phases.values() if one is TradingPhase.HALTED)
        self.halted.decide(halted, now, monitor, said)

    def look(self, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A wake-up came: begin or worsen, or look again when the newest arrival will be too long ago."""
        self.alarm.rang(now)
        self.idle = True
        silent = now - self.newest
        if not self._trades():
            # The next phase is an arrival, and asks for the next look.
            return
        if silent > VENUE_SILENT_AFTER:
            self.down.decide(silent, now, monitor, said)
            if silent < 2 * VENUE_SILENT_AFTER:
                self.alarm.set(VenueSilenceDue(self.name), self.newest + 2 * VENUE_SILENT_AFTER, said)
            return
        self.idle = False
        self.alarm.set(VenueSilenceDue(self.name), self.newest + VENUE_SILENT_AFTER + 1, said)

    def _trades(self) -> bool:
        """Whether any instrument of which a quote arrived is in continuous trading."""
        phases = self.phases
        return any(phases.get(symbol, TradingPhase.CONTINUOUS) is TradingPhase.CONTINUOUS for symbol in self.quoted)
