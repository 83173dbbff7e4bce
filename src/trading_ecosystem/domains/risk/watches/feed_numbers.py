"""How the prices of one instrument arrive: FEED_GAP, FEED_DUPLICATE, FEED_OUT_OF_ORDER, PRICE_FROZEN and CLOCK_SKEW."""

from __future__ import annotations

from collections import deque

from trading_ecosystem.domains.risk.part import Monitor
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.on_off import OnOff, Recent
from trading_ecosystem.messages.alert_conditions import (
    FEED_IRREGULAR,
    FEED_WINDOW,
    FROZEN_AFTER,
    FROZEN_PRICES,
    SKEW_FROM,
)
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import MinorUnits, Nanos


class Numbering:
    """The numbers of an instrument's prices: which are missing, which come again, and which too late."""

    __slots__ = ("arrived", "conditions", "highest", "irregular", "last_arrival", "noted")

    def __init__(self, instrument: str) -> None:
        self.highest = 0
        self.last_arrival: dict[int, Nanos] = {}
        """When each number of the last minutes arrived last."""
        self.arrived: deque[tuple[Nanos, int]] = deque()
        kinds = (AlertKind.FEED_GAP, AlertKind.FEED_DUPLICATE, AlertKind.FEED_OUT_OF_ORDER)
        self.noted = [Recent(FEED_WINDOW) for _ in kinds]
        """What was missed, came again, and came too late."""
        self.irregular = False
        """Whether anything of it was noted within the window, so that there is something to decide."""
        self.conditions = [OnOff(kind, instrument, FEED_IRREGULAR) for kind in kinds]

    def price_arrived(self, number: int, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Evaluate on a price's number."""
        arrived, last_arrival = self.arrived, self.last_arrival
        while arrived and now - arrived[0][0] >= FEED_WINDOW:
            at, gone = arrived.popleft()
            if last_arrival[gone] == at:
                del last_arrival[gone]
        if number != self.highest + 1:
            self._note(number, now)
        if number > self.highest:
            self.highest = number
        if last_arrival.get(number) != now:
            last_arrival[number] = now
            arrived.append((now, number))
        if self.irregular:
            for noted, condition in zip(self.noted, self.conditions, strict=True):
                condition.decide(noted.at(now), now, monitor, said)
            self.irregular = any(noted.happened for noted in self.noted)

    def _note(self, number: int, now: Nanos) -> None:
        """A number that does not follow the highest; the first one is none."""
        missed, again, late = self.noted
        if number > self.highest:
            if not self.highest:
                return
            missed.add(now, number - self.highest - 1)
        elif number in self.last_arrival:
            again.add(now)
        elif number < self.highest:
            late.add(now)
        self.irregular = True


class Freshness:
    """Whether the prices of an instrument move while their instants do, and whether these are in the future."""

    __slots__ = ("count", "first_arrival", "frozen", "newest", "price", "skew")

    def __init__(self, instrument: str) -> None:
        self.newest: Nanos = 0
        """The newest ``priced_at``; one in the future counts as the instant of its arrival."""
        self.price: MinorUnits = 0
        self.first_arrival: Nanos = 0
        self.count = 0
        """How many prices in a row were this one, from ``first_arrival`` on."""
        self.frozen = OnOff(AlertKind.PRICE_FROZEN, instrument, FROZEN_AFTER)
        self.skew = OnOff(AlertKind.CLOCK_SKEW, instrument, SKEW_FROM)

    def price_arrived(self, price: MinorUnits, priced_at: Nanos, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Evaluate on a price and the instant that it claims."""
        ahead = priced_at - now
        if ahead >= SKEW_FROM or self.skew.holds:
            self.skew.decide(ahead, now, monitor, said)
        priced_at = min(priced_at, now)
        if priced_at <= self.newest:
            return
        self.newest = priced_at
        if price != self.price:
            self.price = price
            self.first_arrival = now
            self.count = 1
            self.frozen.cease(now, monitor, said)
            return
        self.count += 1
        if self.count >= FROZEN_PRICES:
            self.frozen.decide(now - self.first_arrival, now, monitor, said)
