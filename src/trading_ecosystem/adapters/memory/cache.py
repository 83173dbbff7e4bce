"""A cache in this process: bounded in entries and bytes; what was used least recently makes room."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from trading_ecosystem.adapters.cache_counts import CacheCounts, check_ttl
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.cache import LARGEST_VALUE, CacheStatistics

ENTRIES: Final = 10_000
"""Values kept at most, unless told otherwise."""
BYTES: Final = 64 << 20
"""Bytes of keys and values kept at most, unless told otherwise."""


class MemoryCache:
    """See :class:`trading_ecosystem.ports.cache.Cache`; ``clock`` gives nanoseconds that never go back."""

    def __init__(self, *, entries: int = ENTRIES, size: int = BYTES, clock: Callable[[], Nanos] = time.monotonic_ns) -> None:
        self._entries = entries
        self._size = size
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[bytes, Nanos]] = OrderedDict()
        self._groups: dict[str, set[str]] = {}
        self._bytes = 0
        self._counts = CacheCounts()

    async def get(self, key: str, group: str = "") -> bytes | None:
        """The value, or ``None`` where it is absent or too old."""
        found = self._kept.get((group, key))
        if found is not None and found[1] <= self._clock():
            self._drop(group, key)
            found = None
        if found is None:
            self._counts.misses += 1
            return None
        self._kept.move_to_end((group, key))
        self._counts.hits += 1
        return found[0]

    async def set(self, key: str, value: bytes, *, ttl: Nanos, group: str = "") -> None:
        """Keep the value, and let the least recently used ones go where there is no room."""
        check_ttl(ttl)
        self._drop(group, key)
        if len(value) > min(LARGEST_VALUE, self._size - _bytes_of(group, key)):
            self._counts.refused += 1
            return
        self._kept[group, key] = (value, self._clock() + ttl)
        self._groups.setdefault(group, set()).add(key)
        self._bytes += _bytes_of(group, key) + len(value)
        self._counts.written += 1
        while len(self._kept) > self._entries or self._bytes > self._size:
            self._drop(*next(iter(self._kept)))
            self._counts.evicted += 1

    async def delete(self, *keys: str, group: str = "") -> None:
        """Forget these keys of one group."""
        for key in keys:
            self._counts.deleted += self._drop(group, key)

    async def delete_group(self, *groups: str) -> None:
        """Forget everything that was set with these groups."""
        for group in groups:
            for key in tuple(self._groups.get(group, ())):
                self._counts.deleted += self._drop(group, key)

    def _drop(self, group: str, key: str) -> bool:
        found = self._kept.pop((group, key), None)
        if found is None:
            return False
        self._bytes -= _bytes_of(group, key) + len(found[0])
        keys = self._groups[group]
        keys.discard(key)
        if not keys:
            del self._groups[group]
        return True

    @property
    def statistics(self) -> CacheStatistics:
        """Counts so far."""
        return self._counts.statistics()

    async def close(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._groups.clear()
        self._bytes = 0


def _bytes_of(group: str, key: str) -> int:
    return len(group) + len(key)
