"""The published book of one instrument on a venue, and what changed in it from one publication to the next.

A venue publishes its best levels whole. A client gets them whole once, and then only what changed; because book updates are
numbered, it can tell that it missed nothing: the differences that it gets follow each other without a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from trading_ecosystem.messages.exchange import DepthChanged, Level


class DepthSnapshot(msgspec.Struct, frozen=True, tag=True):
    """The published levels of both sides, nearest first, after book update ``last_update``."""

    venue: str
    instrument: str
    last_update: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class DepthDifference(msgspec.Struct, frozen=True, tag=True):
    """Levels that are new or changed after book updates ``first_update`` to ``last_update``; quantity 0: no longer shown."""

    venue: str
    instrument: str
    first_update: int
    last_update: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class PublishedBook:
    """What was last published of one book."""

    def __init__(self, published: DepthChanged) -> None:
        self._published = published

    def snapshot(self) -> DepthSnapshot:
        """The whole of it."""
        now = self._published
        return DepthSnapshot(now.venue, now.instrument, now.last_update, now.bids, now.asks)

    def change(self, published: DepthChanged) -> DepthDifference | None:
        """Take the next publication; ``None`` where it says no more than is known."""
        before = self._published
        if published.last_update <= before.last_update:
            return None
        self._published = published
        return DepthDifference(
            published.venue,
            published.instrument,
            before.last_update + 1,
            published.last_update,
            difference(before.bids, published.bids),
            difference(before.asks, published.asks),
        )


def difference(before: Sequence[Level], after: Sequence[Level]) -> tuple[Level, ...]:
    """Levels of ``after`` that are new or changed, in its order, then those that are gone, with quantity 0."""
    known = {level.price_ticks: level.quantity_lots for level in before}
    changed = [level for level in after if known.pop(level.price_ticks, None) != level.quantity_lots]
    return (*changed, *(Level(price, 0) for price in known))


def applied(levels: Iterable[Level], changes: Iterable[Level]) -> dict[int, int]:
    """Quantity by price after a difference: what a client does."""
    book = {level.price_ticks: level.quantity_lots for level in levels}
    for level in changes:
        if level.quantity_lots:
            book[level.price_ticks] = level.quantity_lots
        else:
            book.pop(level.price_ticks, None)
    return book
