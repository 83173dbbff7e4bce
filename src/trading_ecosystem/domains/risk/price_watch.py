"""Prices that are stale, crash or jump, one watch per instrument.

Values count in the order in which they arrive, whatever their ``priced_at``; duplicates count as well.  Only staleness looks at
``priced_at``, and there an older one that arrives late never moves the newest backwards.

Staleness begins at an exact instant at which nothing arrives, so it needs a wake-up, but not one per price: one wake-up per
instrument is under way, and when it comes it looks at the newest price and asks to be woken again.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.risk.alerts import AlertBook
from trading_ecosystem.domains.risk.timers import SaidList, StalenessDue
from trading_ecosystem.domains.risk.windows import HighestOf, LowestOf
from trading_ecosystem.messages.risk import (
    CRASH_PPM,
    CRASH_WINDOW,
    SHOCK_PPM,
    SHOCK_WINDOW,
    STALE_AFTER,
    AlertKind,
    Severity,
)
from trading_ecosystem.messages.units import PARTS_PER_MILLION, MinorUnits, Nanos
from trading_ecosystem.ports.component import Later

NEVER: Final[Nanos] = -1
_MILLION: Final = PARTS_PER_MILLION


class PriceWatch:
    """The price alerts of one instrument."""

    __slots__ = ("armed_for", "crash", "crash_high", "instrument", "newest", "shock", "shock_high", "shock_low", "stale")

    def __init__(self, instrument: str) -> None:
        self.instrument = instrument
        self.newest: Nanos = NEVER
        """Newest ``priced_at`` that arrived."""
        self.armed_for: Nanos = NEVER
        """When the next look at the newest price is due."""
        self.crash_high = HighestOf(CRASH_WINDOW)
        self.shock_high = HighestOf(SHOCK_WINDOW)
        self.shock_low = LowestOf(SHOCK_WINDOW)
        self.stale = False
        self.crash = False
        self.shock = False

    def price_arrived(self, price: MinorUnits, priced_at: Nanos, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """Evaluate all three conditions on a price."""
        if priced_at > now:
            priced_at = now
        if priced_at > self.newest:
            self.newest = priced_at
        else:
            priced_at = self.newest
        if self.stale or now - priced_at > STALE_AFTER:
            self._staleness(now, alerts, said)
        elif self.armed_for == NEVER:  # the first price; later ones find a wake-up under way that is early enough
            self._arm(priced_at + STALE_AFTER + 1, said)

        high = self.crash_high.push(now, price)
        fall = high - price
        if fall * _MILLION >= CRASH_PPM * high:
            self.crash = True
            self._hold(AlertKind.PRICE_CRASH, fall * _MILLION // high, CRASH_PPM, now, alerts, said)
        elif self.crash:
            self.crash = False
            alerts.cease(AlertKind.PRICE_CRASH, self.instrument, now, said)

        high = self.shock_high.push(now, price)
        low = self.shock_low.push(now, price)
        fall = high - price
        rise = price - low
        if fall * _MILLION >= SHOCK_PPM * high or rise * _MILLION >= SHOCK_PPM * low:
            self.shock = True
            observed = max(fall * _MILLION // high, rise * _MILLION // low)
            self._hold(AlertKind.PRICE_SHOCK, observed, SHOCK_PPM, now, alerts, said)
        elif self.shock:
            self.shock = False
            alerts.cease(AlertKind.PRICE_SHOCK, self.instrument, now, said)

    def staleness_due(self, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        """A wake-up: begin or worsen staleness, or look again when the newest price would become stale."""
        if now >= self.armed_for:
            self.armed_for = NEVER
        self._staleness(now, alerts, said)

    def _staleness(self, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        age = now - self.newest
        if age > STALE_AFTER:
            self.stale = True
            self._hold(AlertKind.PRICE_STALE, age, STALE_AFTER, now, alerts, said)
            if age < 2 * STALE_AFTER:
                self._arm(self.newest + 2 * STALE_AFTER, said)
            return
        if self.stale:
            self.stale = False
            alerts.cease(AlertKind.PRICE_STALE, self.instrument, now, said)
        self._arm(self.newest + STALE_AFTER + 1, said)

    def _arm(self, due_at: Nanos, said: SaidList) -> None:
        if self.armed_for == NEVER or due_at < self.armed_for:
            self.armed_for = due_at
            said.append(Later(StalenessDue(self.instrument), due_at))

    def _hold(self, kind: AlertKind, observed: int, threshold: int, now: Nanos, alerts: AlertBook, said: SaidList) -> None:
        severity = Severity.CRITICAL if observed >= 2 * threshold else Severity.HIGH
        alerts.hold(kind, self.instrument, severity, observed, threshold, now, said)
