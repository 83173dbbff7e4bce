"""Checks before an order goes out that are off unless they were asked for: price collar and message rate.

They are of Commission Delegated Regulation (EU) 2017/589 (RTS 6), article 15(1): (a) price collars, which block orders that do
not meet set price parameters, and (d) limits on messages, which keep anybody from sending too many to enter, change or
cancel orders. Notional, position and the rest are in :mod:`.limits`.
"""

from __future__ import annotations

from collections import deque

from trading_ecosystem.messages.units import PARTS_PER_MILLION, SECOND, MinorUnits, Nanos, PartsPerMillion


def outside_collar(price_minor: MinorUnits, reference_minor: MinorUnits | None, collar_ppm: PartsPerMillion) -> bool:
    """Whether a price is further from the reference than that share of it; without a reference it is."""
    if not reference_minor:
        return True
    return abs(price_minor - reference_minor) * PARTS_PER_MILLION > reference_minor * collar_ppm


class MessageRate:
    """At most so many messages within any second, or any number where there is no limit.

    A cancel counts and is never held back: it only takes risk away.
    """

    __slots__ = ("limit", "sent")

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.sent: deque[Nanos] = deque(maxlen=limit)
        """When the last ones went out."""

    def allows(self, now: Nanos, beside: int = 0) -> bool:
        """Whether one more may go out, together with so many others that will."""
        if self.limit is None:
            return True
        while self.sent and now - self.sent[0] >= SECOND:
            self.sent.popleft()
        return len(self.sent) + beside < self.limit

    def count(self, now: Nanos) -> None:
        """One went out."""
        if self.limit is not None:
            self.sent.append(now)
