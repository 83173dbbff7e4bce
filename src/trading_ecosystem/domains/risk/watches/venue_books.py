"""One book of one venue, as published: BOOK_CROSSED, SPREAD_WIDE and LIQUIDITY_LOW."""

from __future__ import annotations

from collections import deque

from trading_ecosystem.domains.risk.part import Monitor
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.numbers import is_two_sided
from trading_ecosystem.domains.risk.watches.on_off import OnOff
from trading_ecosystem.messages.alert_conditions import CROSSED_QUOTES, DEPTHS_REMEMBERED, SPREAD_PPM, THINNER_PPM
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Lots, Nanos, Ticks


class BookWatch:
    """The alerts of one instrument at one venue."""

    __slots__ = ("both_ticks", "crossed", "crossed_quotes", "depths", "depths_total", "quoted_at", "spread", "thin")

    def __init__(self, venue: str, instrument: str) -> None:
        subject = f"{venue}:{instrument}"
        self.quoted_at: Nanos = 0
        """When the newest quote arrived; ``both_ticks`` is its bid plus ask, or 0 where that makes no mid."""
        self.both_ticks: Ticks = 0
        self.crossed = OnOff(AlertKind.BOOK_CROSSED, subject, CROSSED_QUOTES)
        self.crossed_quotes = 0
        """How many quotes in a row were."""
        self.spread = OnOff(AlertKind.SPREAD_WIDE, subject, SPREAD_PPM)
        self.thin = OnOff(AlertKind.LIQUIDITY_LOW, subject, THINNER_PPM)
        self.depths: deque[Lots] = deque()
        """Total quantities of the last depths at which the book was not thin; ``depths_total`` is their sum."""
        self.depths_total: Lots = 0

    def plain_quote(self, quote: QuoteChanged, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Evaluate on a quote with both sides, not crossed."""
        bid, ask = quote.bid_ticks, quote.ask_ticks
        self.quoted_at = now
        self.both_ticks = bid + ask
        if self.crossed_quotes:
            self._uncrossed(now, monitor, said)
        spread = (ask - bid) * PARTS_PER_MILLION // bid
        if spread >= SPREAD_PPM or self.spread.holds:
            self.spread.decide(spread, now, monitor, said)

    def other_quote(self, quote: QuoteChanged, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Evaluate on a quote that is crossed, or has an empty side and says nothing of the spread."""
        self.quoted_at = now
        self.both_ticks = 0
        if is_two_sided(quote):
            self.crossed_quotes += 1
            self.crossed.decide(self.crossed_quotes, now, monitor, said)
        elif self.crossed_quotes:
            self._uncrossed(now, monitor, said)

    def depth_changed(self, lots: Lots, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Evaluate on a depth with so much on both sides together."""
        lots = max(lots, 1)
        depths = self.depths
        if len(depths) == DEPTHS_REMEMBERED:
            thinner = self.depths_total // DEPTHS_REMEMBERED * PARTS_PER_MILLION // lots
            if thinner >= THINNER_PPM:
                self.thin.decide(thinner, now, monitor, said)
                return
            if self.thin.holds:
                self.thin.cease(now, monitor, said)
            self.depths_total -= depths.popleft()
        depths.append(lots)
        self.depths_total += lots

    def _uncrossed(self, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        self.crossed_quotes = 0
        self.crossed.cease(now, monitor, said)
