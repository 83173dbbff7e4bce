"""A circuit breaker: no price that lies more than 20 % from another one of the same minute is let through.

It *trips* at the first such price. From then on the last price that was let through is *held*, with the instant at which it
was observed, so that whoever watches the age of prices sees it grow. It *resets* at the first price a minute or more after it
tripped at which all prices of the last minute lie within 20 % of each other: the market has settled, wherever it is, and the
price of that instant is let through. Until then it stays.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from trading_ecosystem.messages.units import MINUTE, PARTS_PER_MILLION, MinorUnits, Nanos, PartsPerMillion

BREAKER_PPM: Final[PartsPerMillion] = 200_000
BREAKER_WINDOW: Final[Nanos] = MINUTE


class CircuitBreaker:
    """The breaker of one instrument."""

    __slots__ = ("_recent", "passed_at", "passed_minor", "tripped_at")

    def __init__(self) -> None:
        self._recent: deque[tuple[Nanos, MinorUnits]] = deque()
        """Prices of the last minute, let through or not."""
        self.passed_minor: MinorUnits = 0
        """The last price that was let through; 0 before the first."""
        self.passed_at: Nanos = 0
        """When that was observed."""
        self.tripped_at: Nanos | None = None
        """When it tripped; ``None`` while prices go through."""

    def admit(self, price_minor: MinorUnits, observed_at: Nanos, now: Nanos) -> bool:
        """Take in a price; whether it is let through."""
        recent = self._recent
        while recent and recent[0][0] <= now - BREAKER_WINDOW:
            recent.popleft()
        recent.append((now, price_minor))
        prices = [price for _, price in recent]
        settled = too_far_ppm(min(prices), max(prices)) <= BREAKER_PPM
        if self.tripped_at is None and not settled:
            self.tripped_at = now
        elif self.tripped_at is not None and settled and now - self.tripped_at >= BREAKER_WINDOW:
            self.tripped_at = None
        if self.tripped_at is not None:
            return False
        self.passed_minor, self.passed_at = price_minor, observed_at
        return True


def too_far_ppm(lowest: MinorUnits, highest: MinorUnits) -> PartsPerMillion:
    """How far two prices are apart, over the lower one, rounded up."""
    return -(-(highest - lowest) * PARTS_PER_MILLION // lowest)
