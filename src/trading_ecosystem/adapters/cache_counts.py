"""Counting what a cache does, alike for every implementation."""

from __future__ import annotations

from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.cache import LONGEST_TTL, CacheStatistics


class CacheCounts:
    """The counters behind :class:`CacheStatistics`."""

    def __init__(self) -> None:
        self.hits = 0
        self.misses = 0
        self.written = 0
        self.deleted = 0
        self.evicted = 0
        self.refused = 0
        self.failed = 0
        self.epochs = 0
        self.problem = ""

    def statistics(self) -> CacheStatistics:
        """The counts as they stand."""
        return CacheStatistics(**vars(self))


def check_ttl(ttl: Nanos) -> Nanos:
    """The time itself; raises ``ValueError`` where a value would live for no time or for too long."""
    if not 0 < ttl <= LONGEST_TTL:
        raise ValueError(f"a value lives for more than 0 and at most {LONGEST_TTL} ns, not {ttl}")
    return ttl
