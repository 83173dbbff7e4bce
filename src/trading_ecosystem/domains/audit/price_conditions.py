"""PRICE_STALE, PRICE_CRASH and PRICE_SHOCK, recomputed from the prices that reached the monitor."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from trading_ecosystem.domains.audit.intervals import Tracks
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import (
    CRASH_PPM,
    CRASH_WINDOW,
    SHOCK_PPM,
    SHOCK_WINDOW,
    STALE_AFTER,
    AlertKind,
)
from trading_ecosystem.messages.units import PARTS_PER_MILLION, MinorUnits, Nanos


class Extreme:
    """The highest (``sign`` 1) or lowest (-1) price of a sliding window, by a queue that only ever falls or rises."""

    __slots__ = ("_queue", "_sign", "_window")

    def __init__(self, window: Nanos, sign: int) -> None:
        self._window = window
        self._sign = sign
        self._queue: deque[tuple[Nanos, MinorUnits]] = deque()

    def add(self, price: MinorUnits, at: Nanos) -> MinorUnits:
        """Take in a price that arrives now; returns the extreme of the window that ends with it."""
        queue = self._queue
        sign = self._sign
        signed = price * sign
        while queue and queue[-1][1] <= signed:
            queue.pop()
        queue.append((at, signed))
        gone = at - self._window
        while queue[0][0] <= gone:
            queue.popleft()
        return queue[0][1] * sign


class InstrumentPrices:
    """What reached the monitor about one instrument, and the three conditions on it."""

    __slots__ = ("arrived_at", "crash", "entry", "high_crash", "high_shock", "low_shock", "newest", "shock", "stale")

    def __init__(self, instrument: str, tracks: Tracks) -> None:
        self.stale = tracks.of(AlertKind.PRICE_STALE, instrument)
        self.crash = tracks.of(AlertKind.PRICE_CRASH, instrument)
        self.shock = tracks.of(AlertKind.PRICE_SHOCK, instrument)
        self.high_crash = Extreme(CRASH_WINDOW, 1)
        self.high_shock = Extreme(SHOCK_WINDOW, 1)
        self.low_shock = Extreme(SHOCK_WINDOW, -1)
        self.newest: Nanos = 0
        """Newest ``priced_at``; it means nothing while ``entry`` is ``None``."""
        self.arrived_at: Nanos = 0
        self.entry: Entry | None = None
        """The price with the newest ``priced_at``, which arrived at ``arrived_at``."""

    def price_arrived(self, price: MinorUnits, priced_at: Nanos, at: Nanos, entry: Entry) -> None:
        """A price of this instrument reaches the monitor."""
        stale = self.stale
        if self.entry is not None and (at - self.newest > STALE_AFTER or stale.watches):
            self.grow_older(at)
        if self.entry is None or priced_at > self.newest:
            self.newest = priced_at if priced_at < at else at
            self.arrived_at = at
            self.entry = entry
        if stale.open is not None or at - self.newest > STALE_AFTER:
            self.grow_older(at)
        high = self.high_crash.add(price, at)
        fall = (high - price) * PARTS_PER_MILLION // high
        self.crash.observe(fall, fall >= CRASH_PPM, at, entry)
        high = self.high_shock.add(price, at)
        low = self.low_shock.add(price, at)
        fall = (high - price) * PARTS_PER_MILLION // high
        rise = (price - low) * PARTS_PER_MILLION // low
        change = fall if fall > rise else rise
        self.shock.observe(change, change >= SHOCK_PPM, at, entry)

    def grow_older(self, at: Nanos) -> None:
        """Time has come to ``at``: the newest price may have become stale since it arrived."""
        if self.entry is not None:
            age = at - self.newest
            begun_at = max(self.newest + STALE_AFTER + 1, self.arrived_at)
            self.stale.observe(age, age > STALE_AFTER, at, self.entry, begun_at)


class PriceConditions:
    """The price conditions of every instrument that the monitor was given."""

    def __init__(self, instruments: Sequence[str], tracks: Tracks) -> None:
        self._prices = {instrument: InstrumentPrices(instrument, tracks) for instrument in instruments}

    def price_arrived(self, message: PricePublished, at: Nanos, entry: Entry) -> None:
        """A price reaches the monitor; the caller has checked that it is a price and of a known instrument."""
        self._prices[message.instrument].price_arrived(message.price_minor, message.priced_at, at, entry)

    def advance(self, at: Nanos) -> None:
        """Time has come to ``at`` without a price."""
        for prices in self._prices.values():
            prices.grow_older(at)
