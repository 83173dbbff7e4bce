"""The port for what may be forgotten: a cache of values.

A cache never fails its caller. Where it cannot answer, it does not know the value, and the caller asks the store; where it
cannot take a value away, it sees to it that the value is never read again. What went wrong stands in its statistics.
"""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from trading_ecosystem.messages.units import PARTS_PER_MILLION, SECOND, Nanos, PartsPerMillion

LONGEST_TTL: Final[Nanos] = 24 * 3600 * SECOND
"""No value may be asked to live longer; what nobody can read any more is forgotten by then."""
LARGEST_VALUE: Final = 1 << 20
"""Bytes of one value; a larger one is not kept, and reads as absent."""


class CacheStatistics(msgspec.Struct, frozen=True):
    """What a cache did since it was made.

    ``failed`` counts what the server did not do (each is a miss, or an invalidation made by a new epoch), ``epochs`` how often
    everything known was given up at once, ``evicted`` values that had to make room. ``problem`` is the last failure in words,
    empty while all is well.
    """

    hits: int = 0
    misses: int = 0
    written: int = 0
    deleted: int = 0
    evicted: int = 0
    refused: int = 0
    failed: int = 0
    epochs: int = 0
    problem: str = ""

    @property
    def hit_rate_ppm(self) -> PartsPerMillion:
        """Hits among all reads, rounded down; 0 before the first."""
        return self.hits * PARTS_PER_MILLION // (self.hits + self.misses) if self.hits + self.misses else 0


class Cache(Protocol):
    """One domain's cache. Keys are free text; the domain's prefix is added inside.

    A key belongs to the group it is set and read with. ``ttl`` is the longest time a value is believed, at most
    :data:`LONGEST_TTL`.
    """

    async def get(self, key: str, group: str = "") -> bytes | None:
        """The value, or ``None`` where it is absent, too old, given up, or the cache cannot be asked."""

    async def set(self, key: str, value: bytes, *, ttl: Nanos, group: str = "") -> None:
        """Keep the value; where that fails, what the key had before is not read again either."""

    async def delete(self, *keys: str, group: str = "") -> None:
        """Forget these keys of one group; when this returns no later read finds what they had."""

    async def delete_group(self, *groups: str) -> None:
        """Forget everything that was set with these groups."""

    @property
    def statistics(self) -> CacheStatistics:
        """Counts so far."""

    async def close(self) -> None:
        """Release connections; closing twice is harmless."""
