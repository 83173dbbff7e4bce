"""When orders leave by themselves: good-till-date and day orders that name an instant, by a heap.

A cancelled or filled order stays in the heap until its instant comes or more than half of the heap is of that sort; then it is
built anew. So the heap is never more than twice what waits, and nothing is searched for.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from trading_ecosystem.messages.units import Nanos


class Expiries:
    """The instants at which orders expire."""

    __slots__ = ("_at", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[Nanos, int, int]] = []
        self._at: dict[int, tuple[Nanos, int]] = {}

    def __len__(self) -> int:
        return len(self._at)

    def add(self, order_id: int, sequence: int, expires_at: Nanos) -> None:
        """An order expires at an instant."""
        self._at[order_id] = (expires_at, sequence)
        heappush(self._heap, (expires_at, sequence, order_id))

    def remove(self, order_id: int) -> None:
        """An order has left; nothing happens where it does not expire."""
        if self._at.pop(order_id, None) is not None and len(self._heap) > 2 * len(self._at) + 8:
            self._heap = [(at, sequence, each) for each, (at, sequence) in self._at.items()]
            heapify(self._heap)

    def next(self) -> Nanos | None:
        """The next instant at which an order expires."""
        heap = self._heap
        while heap:
            at, sequence, order_id = heap[0]
            if self._at.get(order_id) == (at, sequence):
                return at
            heappop(heap)
        return None

    def due(self, now: Nanos) -> list[int]:
        """The orders whose instant has come, the earliest first, of equals the oldest; they stay until they are removed."""
        found: list[int] = []
        while (at := self.next()) is not None and at <= now:
            found.append(heappop(self._heap)[2])
        return found
