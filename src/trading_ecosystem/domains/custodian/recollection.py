"""A bounded memory of what was dealt with, so that the same thing arriving again is known."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable


class Recollection:
    """Remembers the newest ``limit`` keys; the oldest is forgotten first. Adding a key again changes nothing."""

    __slots__ = ("_keys", "_limit", "_order")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._order: deque[Hashable] = deque()
        self._keys: set[Hashable] = set()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys

    def add(self, key: Hashable) -> None:
        """Remember a key."""
        if key in self._keys:
            return
        self._keys.add(key)
        self._order.append(key)
        if len(self._order) > self._limit:
            self._keys.discard(self._order.popleft())
