"""What is wrong with the vendor feed itself, recomputed: missing, repeated and late numbers, frozen prices, clocks.

Definitions are those of :mod:`trading_ecosystem.messages.alert_conditions`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from trading_ecosystem.domains.audit.intervals import Tracks
from trading_ecosystem.messages.alert_conditions import (
    FEED_IRREGULAR,
    FEED_WINDOW,
    FROZEN_AFTER,
    FROZEN_PRICES,
    SKEW_FROM,
)
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import MinorUnits, Nanos


class Tally:
    """How much came about within a sliding window."""

    __slots__ = ("_events", "_window", "total")

    def __init__(self, window: Nanos) -> None:
        self._events: deque[tuple[Nanos, int]] = deque()
        self._window = window
        self.total = 0

    def add(self, amount: int, at: Nanos) -> None:
        """So much comes about now."""
        self._events.append((at, amount))
        self.total += amount

    def forget(self, at: Nanos) -> int:
        """Drop what lies a window or more behind; returns what is left."""
        events = self._events
        while events and at - events[0][0] >= self._window:
            self.total -= events.popleft()[1]
        return self.total


class InstrumentFeed:
    """The conditions on the feed of one instrument."""

    __slots__ = (
        "_count",
        "_duplicate",
        "_frozen",
        "_gap",
        "_gaps",
        "_highest",
        "_late",
        "_newest",
        "_out_of_order",
        "_recent",
        "_repeated",
        "_seen",
        "_since",
        "_skew",
        "_value",
    )

    def __init__(self, instrument: str, tracks: Tracks) -> None:
        self._gap = tracks.of(AlertKind.FEED_GAP, instrument)
        self._duplicate = tracks.of(AlertKind.FEED_DUPLICATE, instrument)
        self._out_of_order = tracks.of(AlertKind.FEED_OUT_OF_ORDER, instrument)
        self._frozen = tracks.of(AlertKind.PRICE_FROZEN, instrument)
        self._skew = tracks.of(AlertKind.CLOCK_SKEW, instrument)
        self._highest: int | None = None
        self._gaps = Tally(FEED_WINDOW)
        self._repeated = Tally(FEED_WINDOW)
        self._late = Tally(FEED_WINDOW)
        self._seen: dict[int, Nanos] = {}
        """When each number of the last five minutes arrived last."""
        self._recent: deque[tuple[Nanos, int]] = deque()
        self._value: MinorUnits = 0
        self._since: Nanos = 0
        self._count = 0
        self._newest: Nanos | None = None

    def price_arrived(self, message: PricePublished, at: Nanos, entry: Entry) -> None:
        """A price reaches the monitor."""
        self._number_arrived(message.update, at)
        gaps, repeated, late = self._gaps.forget(at), self._repeated.forget(at), self._late.forget(at)
        self._gap.observe(gaps, gaps >= FEED_IRREGULAR, at, entry)
        self._duplicate.observe(repeated, repeated >= FEED_IRREGULAR, at, entry)
        self._out_of_order.observe(late, late >= FEED_IRREGULAR, at, entry)
        ahead = message.priced_at - at
        self._skew.observe(max(ahead, 0), ahead >= SKEW_FROM, at, entry)
        priced_at = min(message.priced_at, at)
        if self._newest is None or priced_at > self._newest:
            self._newest = priced_at
            self._value_arrived(message.price_minor, at, entry)

    def _number_arrived(self, number: int, at: Nanos) -> None:
        recent = self._recent
        while recent and at - recent[0][0] >= FEED_WINDOW:
            arrived_at, gone = recent.popleft()
            if self._seen.get(gone) == arrived_at:
                del self._seen[gone]
        highest = self._highest
        if number in self._seen:
            self._repeated.add(1, at)
        elif highest is not None and number < highest:
            self._late.add(1, at)
        elif highest is not None and number > highest + 1:
            self._gaps.add(number - highest - 1, at)
        if highest is None or number > highest:
            self._highest = number
        self._seen[number] = at
        recent.append((at, number))

    def _value_arrived(self, price: MinorUnits, at: Nanos, entry: Entry) -> None:
        if price == self._value:
            self._count += 1
        else:
            self._value, self._since, self._count = price, at, 1
        lasted = at - self._since if self._count >= FROZEN_PRICES else 0
        self._frozen.observe(lasted, lasted >= FROZEN_AFTER, at, entry)


class FeedConditions:
    """The conditions on the feed of every instrument that the monitor was given."""

    def __init__(self, instruments: Sequence[str], tracks: Tracks) -> None:
        self._feeds = {instrument: InstrumentFeed(instrument, tracks) for instrument in instruments}

    def price_arrived(self, message: PricePublished, at: Nanos, entry: Entry) -> None:
        """A price reaches the monitor; the caller has checked that it is a price and of a known instrument."""
        self._feeds[message.instrument].price_arrived(message, at, entry)
