"""What the prices of one instrument are: PRICE_DEVIATION from where it trades, and VOLATILITY_HIGH."""

from __future__ import annotations

from collections import deque
from math import isqrt
from typing import Final

from trading_ecosystem.domains.risk.part import Monitor
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.numbers import is_two_sided
from trading_ecosystem.domains.risk.watches.on_off import OnOff
from trading_ecosystem.messages.alert_conditions import (
    DEVIATION_PPM,
    QUOTE_FRESH,
    VOLATILITY_PPM,
    VOLATILITY_RETURNS,
    VOLATILITY_WINDOW,
    YEAR_SECONDS,
)
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION, SECOND, MinorUnits, Nanos, Ticks

_WINDOW_SECONDS: Final = VOLATILITY_WINDOW // SECOND


class Deviation:
    """The vendor's price of one instrument against the venues' mids."""

    __slots__ = ("condition", "quotes", "tick")

    def __init__(self, instrument: str) -> None:
        self.tick = INSTRUMENTS[instrument].tick_size
        self.quotes: dict[str, tuple[Nanos, Ticks]] = {}
        """By venue the newest quote: when it arrived, and bid plus ask, or 0 where that makes no mid."""
        self.condition = OnOff(AlertKind.PRICE_DEVIATION, instrument, DEVIATION_PPM)

    def quote_changed(self, quote: QuoteChanged, now: Nanos) -> None:
        """Remember a quote."""
        usable = is_two_sided(quote) and quote.bid_ticks < quote.ask_ticks
        self.quotes[quote.venue] = (now, quote.bid_ticks + quote.ask_ticks if usable else 0)

    def price_arrived(self, price: MinorUnits, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Evaluate on a price; where no venue has a fresh mid, nothing holds."""
        least = -1
        for arrived, both in self.quotes.values():
            if both and now - arrived < QUOTE_FRESH:
                both *= self.tick
                away = abs(2 * price - both) * PARTS_PER_MILLION // both
                if least < 0 or away < least:
                    least = away
        if least >= DEVIATION_PPM or self.condition.holds:
            self.condition.decide(least, now, monitor, said)


class Volatility:
    """The realised volatility of one instrument's prices, a year."""

    __slots__ = ("condition", "first_arrival", "previous", "squares", "total")

    def __init__(self, instrument: str) -> None:
        self.previous: MinorUnits = 0
        self.first_arrival: Nanos = 0
        self.squares: deque[tuple[Nanos, int]] = deque()
        """The squared returns of the window; ``total`` is their sum."""
        self.total = 0
        self.condition = OnOff(AlertKind.VOLATILITY_HIGH, instrument, VOLATILITY_PPM)

    def price_arrived(self, price: MinorUnits, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Evaluate on a price."""
        squares = self.squares
        while squares and now - squares[0][0] >= VOLATILITY_WINDOW:
            self.total -= squares.popleft()[1]
        if self.previous:
            # The sign of a return is lost in its square, so that truncation towards zero is a floor of its size.
            change = abs(price - self.previous) * PARTS_PER_MILLION // self.previous
            squares.append((now, change * change))
            self.total += change * change
        else:
            self.first_arrival = now
        self.previous = price
        known = len(squares) >= VOLATILITY_RETURNS and now - self.first_arrival >= VOLATILITY_WINDOW
        variance = self.total * YEAR_SECONDS // _WINDOW_SECONDS if known else 0
        if variance >= VOLATILITY_PPM * VOLATILITY_PPM or self.condition.holds:
            self.condition.decide(isqrt(variance), now, monitor, said)
