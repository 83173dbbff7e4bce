"""The basis: how far a perpetual trades away from the spot price of its underlying.

The logarithm of the ratio of both prices is an Ornstein–Uhlenbeck process around 0 with a half life of ``BASIS_HALF_LIFE`` and
a stationary standard deviation of ``BASIS_DEVIATION``, stepped exactly, so that it does not matter how often it is looked
at. Both figures are the house's own choice, not measured: a perpetual that stays within some basis points of its
underlying, as one that pays funding does most of the time. It draws from a stream of its own.
"""

from __future__ import annotations

import math
from typing import Final

from trading_ecosystem.messages.units import MINUTE, Nanos
from trading_ecosystem.ports.randomness import RandomStream

BASIS_HALF_LIFE: Final[Nanos] = 30 * MINUTE
BASIS_DEVIATION: Final = 0.0004


class Basis:
    """The log basis of one perpetual; it starts at 0."""

    __slots__ = ("_log", "_stream")

    def __init__(self, stream: RandomStream) -> None:
        self._stream = stream
        self._log = 0.0

    def move(self, step_ns: Nanos) -> None:
        """Move on by a step of any length."""
        kept = math.exp(-math.log(2.0) * step_ns / BASIS_HALF_LIFE)
        self._log = self._log * kept + BASIS_DEVIATION * math.sqrt(1.0 - kept * kept) * self._stream.normal()

    @property
    def ratio(self) -> float:
        """The perpetual's price over the spot price."""
        return math.exp(self._log)
