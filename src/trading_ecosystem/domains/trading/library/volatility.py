"""Volatility as a market maker estimates it: of the mid price, in units of price per square root of a second."""

from __future__ import annotations

import math

from trading_ecosystem.messages.units import SECOND, Nanos


class PriceVolatility:
    """Realised variance of price changes per second, exponentially weighted over time.

    An estimate of ``dS = sigma dW``, the arithmetic Brownian motion that Avellaneda and Stoikov (2008) and Guéant, Lehalle and
    Fernandez-Tapia (2013) assume: each change adds its square, and the past fades with ``half_life_ns``. It is a quotient of
    two faded sums, of squared changes and of the seconds they took, and so has no bias at the start.
    """

    __slots__ = ("_at", "_half_life_s", "_price", "seconds", "squares")

    def __init__(self, half_life_ns: Nanos) -> None:
        self._half_life_s = half_life_ns / SECOND
        self._price = 0.0
        self._at: Nanos = -1
        self.squares = 0.0
        self.seconds = 0.0

    def take(self, price: float, now: Nanos) -> None:
        """One more price; a second one at the same instant replaces the first."""
        if self._at >= 0 and now > self._at:
            elapsed = (now - self._at) / SECOND
            fading = math.pow(0.5, elapsed / self._half_life_s)
            self.squares = self.squares * fading + (price - self._price) * (price - self._price)
            self.seconds = self.seconds * fading + elapsed
        self._price = price
        self._at = now

    @property
    def per_root_second(self) -> float | None:
        """The estimate; ``None`` before it has seen a quarter of a half-life."""
        if self.seconds < self._half_life_s / 4.0:
            return None
        return math.sqrt(self.squares / self.seconds)
