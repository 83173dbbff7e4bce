"""How many requests a key may send: a token bucket each, refilled with the wall clock."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from trading_ecosystem.api.problems import TooManyRequests

BUCKETS: Final = 10_000
"""Buckets that are remembered at most; the one unused for longest is forgotten first, which is a full one."""


class RateLimit(msgspec.Struct, frozen=True):
    """So many requests a second for long, and so many at once."""

    per_second: float
    burst: int


PER_KEY: Final = RateLimit(500.0, 1_000)
PER_STRANGER: Final = RateLimit(20.0, 100)
"""For requests without a valid key, by the address they come from."""


class _Bucket:
    __slots__ = ("filled_at", "left")

    def __init__(self, left: float, filled_at: float) -> None:
        self.left = left
        self.filled_at = filled_at


class RateLimits:
    """One bucket per name (a key's id, an address)."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str) -> int:
        """Take one request from a bucket; returns how many are left. Raises :class:`TooManyRequests`."""
        now, limit = self._clock(), self._limit
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = _Bucket(float(limit.burst), now)
            if len(self._buckets) > BUCKETS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(name)
            bucket.left = min(float(limit.burst), bucket.left + (now - bucket.filled_at) * limit.per_second)
            bucket.filled_at = now
        if bucket.left < 1.0:
            wait = (1.0 - bucket.left) / limit.per_second
            raise TooManyRequests(f"more than {limit.per_second:g} requests a second", retry_after=wait)
        bucket.left -= 1.0
        return int(bucket.left)

    def headers(self, left: int) -> list[tuple[bytes, bytes]]:
        """What an answer says of the limit: all at once, what is left of it, and seconds until it is full again."""
        limit = self._limit
        reset = max(0, round((limit.burst - left) / limit.per_second))
        return [
            (b"ratelimit-limit", str(limit.burst).encode()),
            (b"ratelimit-remaining", str(left).encode()),
            (b"ratelimit-reset", str(reset).encode()),
        ]
