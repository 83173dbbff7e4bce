"""The anchor: the fundamental price, moved by the venue's premium, the pressure of trades, and excursions; and the activity.

The premium is an Ornstein-Uhlenbeck process that moves with every event and with trades, and decays with time, which is why
two venues differ and why they come together again. Pressure is what trades push for a while only: it fades with the events, as
a power law. An excursion jumps and decays within seconds. The activity is a slow factor on the rate of events: bursts of events
are what makes volatility come in clusters.
"""

from __future__ import annotations

import math
from typing import Final

from trading_ecosystem.domains.exchange.flow.flow_constants import FlowConstants
from trading_ecosystem.messages.units import Nanos

_COARSE: Final = 1.0 / (1 << 20)
"""Makes 21 random bits a float in [-1, 1)."""
_LOW: Final = (1 << 21) - 1
_FORGOTTEN: Final = 1e-9
"""An excursion smaller than this share of the price is over."""


class FlowAnchor:
    """Of one instrument; prices in ticks, not rounded."""

    __slots__ = ("_constants", "activities", "excursion", "fundamental", "moved_at", "premium", "pressures", "price")

    def __init__(self, constants: FlowConstants) -> None:
        self._constants = constants
        self.fundamental = 0.0
        self.premium = 0.0
        self.excursion = 0.0
        self.price = 0.0
        self.moved_at: Nanos = 0
        self.activities = [0.0, 0.0]
        self.pressures = [0.0, 0.0, 0.0]

    def decay(self, at: Nanos) -> None:
        """Bring premium and excursion to an instant, and the price with them."""
        self._fade(at)
        self.set_price()

    def _fade(self, at: Nanos) -> None:
        elapsed = float(self.moved_at - at)
        self.moved_at = at
        self.premium *= math.exp(elapsed / self._constants.premium_reversion_ns)
        if self.excursion:
            self.excursion *= math.exp(elapsed / self._constants.excursion_reversion_ns)
            if abs(self.excursion) < _FORGOTTEN:
                self.excursion = 0.0

    def move(self, at: Nanos, word: int) -> None:
        """An event moves premium and activity by what one random word says."""
        constants, activities = self._constants, self.activities
        self._fade(at)
        pressures, fading = self.pressures, constants.pressure_keep
        pressures[0] *= fading[0]
        pressures[1] *= fading[1]
        pressures[2] *= fading[2]
        self.premium += constants.premium_step * ((word >> 43) * _COARSE - 1.0)
        self.set_price()
        keep, step = constants.activity_keep, constants.activity_step
        activities[0] = activities[0] * keep[0] + step[0] * (((word >> 22) & _LOW) * _COARSE - 1.0)
        activities[1] = activities[1] * keep[1] + step[1] * (((word >> 1) & _LOW) * _COARSE - 1.0)

    def trade(self, sign: float, surprise: float, size: float) -> None:
        """A trade (size in mean orders) pushes: for good by what of its sign was not expected, and for a while by all of it."""
        constants, pressures = self._constants, self.pressures
        root = math.sqrt(size)
        self.premium += constants.impact * surprise * root
        for place in range(3):
            pressures[place] += constants.pressure_weight[place] * sign * root
        self.set_price()

    def set_price(self) -> None:
        """The price that follows from all parts."""
        pressures = self.pressures
        pressure = self._constants.pressure * (pressures[0] + pressures[1] + pressures[2])
        self.price = self.fundamental * (1.0 + self.premium + self.excursion + pressure)
