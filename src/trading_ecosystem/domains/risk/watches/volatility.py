"""How much the prices of one instrument move: VOLATILITY_HIGH."""

from __future__ import annotations

from collections import deque
from math import isqrt
from typing import Final

from trading_ecosystem.domains.risk.part import Monitor
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.on_off import OnOff
from trading_ecosystem.messages.alert_conditions import (
    VOLATILITY_PPM,
    VOLATILITY_RETURNS,
    VOLATILITY_WINDOW,
    YEAR_SECONDS,
)
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import PARTS_PER_MILLION, SECOND, MinorUnits, Nanos

_WINDOW_SECONDS: Final = VOLATILITY_WINDOW // SECOND
_SQUARES_FROM: Final = -(-VOLATILITY_PPM * VOLATILITY_PPM * _WINDOW_SECONDS // YEAR_SECONDS)
"""The least sum of squared returns whose volatility reaches the threshold."""


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
        if self.total >= _SQUARES_FROM or self.condition.holds:
            known = len(squares) >= VOLATILITY_RETURNS and now - self.first_arrival >= VOLATILITY_WINDOW
            variance = self.total * YEAR_SECONDS // _WINDOW_SECONDS if known else 0
            self.condition.decide(isqrt(variance), now, monitor, said)
