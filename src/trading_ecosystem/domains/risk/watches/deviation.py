"""The vendor's price of one instrument against the venues' mids: PRICE_DEVIATION."""

from __future__ import annotations

from collections.abc import Sequence

from trading_ecosystem.domains.risk.part import Monitor
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.on_off import OnOff
from trading_ecosystem.domains.risk.watches.venue_books import BookWatch
from trading_ecosystem.messages.alert_conditions import DEVIATION_PPM, QUOTE_FRESH
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION, MinorUnits, Nanos


class Deviation:
    """One instrument of the feed."""

    __slots__ = ("condition", "tick")

    def __init__(self, instrument: str) -> None:
        self.tick = INSTRUMENTS[instrument].tick_size
        self.condition = OnOff(AlertKind.PRICE_DEVIATION, instrument, DEVIATION_PPM)

    def price_arrived(
        self, price: MinorUnits, books: Sequence[BookWatch], now: Nanos, monitor: Monitor, said: SaidList
    ) -> None:
        """Evaluate on a price and the venues' books; where none has a fresh mid, nothing holds."""
        least = -1
        for book in books:
            if book.both_ticks and now - book.quoted_at < QUOTE_FRESH:
                both = book.both_ticks * self.tick
                away = abs(2 * price - both) * PARTS_PER_MILLION // both
                if least < 0 or away < least:
                    least = away
        if least >= DEVIATION_PPM or self.condition.holds:
            self.condition.decide(least, now, monitor, said)
