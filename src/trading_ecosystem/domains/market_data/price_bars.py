"""What market data remembers of its prices: bars of a minute and of an hour, as many as a bound allows.

A bar holds open, high, low and close of the prices published with an instant in its span, counted from the epoch. A price
that is late for the newest bar belongs to none, as with candles. Bars of a minute are kept for :data:`MINUTES`, bars of an
hour for :data:`HOURS`; older ones are forgotten. Candles of any other interval are put together from these when they are
asked for.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from trading_ecosystem.messages.market_data import CandleClosed, PricePublished
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE, MinorUnits, Nanos

MINUTES: Final = 25 * 60
HOURS: Final = 32 * 24


class BarSeries:
    """The bars of one instrument and interval, column by column, oldest first."""

    __slots__ = ("closes", "highs", "interval_ns", "lows", "newest_at", "opened", "opens", "prices")

    def __init__(self, interval_ns: Nanos, most: int) -> None:
        self.interval_ns = interval_ns
        self.newest_at: Nanos = -1
        """When the newest bar opened; -1 before the first."""
        self.opened: deque[Nanos] = deque(maxlen=most)
        self.opens: deque[MinorUnits] = deque(maxlen=most)
        self.highs: deque[MinorUnits] = deque(maxlen=most)
        self.lows: deque[MinorUnits] = deque(maxlen=most)
        self.closes: deque[MinorUnits] = deque(maxlen=most)
        self.prices: deque[int] = deque(maxlen=most)

    def add(self, priced_at: Nanos, price_minor: MinorUnits) -> None:
        """Take in one price, unless it is late for the newest bar."""
        newest_at = self.newest_at
        if newest_at <= priced_at < newest_at + self.interval_ns and newest_at >= 0:
            if price_minor > self.highs[-1]:
                self.highs[-1] = price_minor
            elif price_minor < self.lows[-1]:
                self.lows[-1] = price_minor
            self.closes[-1] = price_minor
            self.prices[-1] += 1
        elif priced_at > newest_at:
            self.newest_at = opened_at = priced_at - priced_at % self.interval_ns
            self.opened.append(opened_at)
            for column in (self.opens, self.highs, self.lows, self.closes):
                column.append(price_minor)
            self.prices.append(1)

    def candles(self, symbol: str, interval_ns: Nanos, from_at: Nanos, until: Nanos) -> list[CandleClosed]:
        """Candles of a multiple of this interval that opened in [from_at, until), oldest first.

        The oldest is left out where bars at its beginning may have been forgotten.
        """
        found: list[CandleClosed] = []
        complete_from = self.opened[0] if self.opened and len(self.opened) == self.opened.maxlen else 0
        rows = zip(self.opened, self.opens, self.highs, self.lows, self.closes, self.prices, strict=True)
        for opened_at, opens, highs, lows, closes, prices in rows:
            begins_at = opened_at - opened_at % interval_ns
            if begins_at < complete_from or not from_at <= begins_at < until:
                continue
            if found and found[-1].opened_at == begins_at:
                last = found[-1]
                high, low, count = max(last.high_minor, highs), min(last.low_minor, lows), last.prices + prices
                found[-1] = CandleClosed(symbol, interval_ns, begins_at, last.open_minor, high, low, closes, count)
            else:
                found.append(CandleClosed(symbol, interval_ns, begins_at, opens, highs, lows, closes, prices))
        return found

    def closes_since(self, from_at: Nanos) -> dict[Nanos, MinorUnits]:
        """The close of every bar that opened at or after ``from_at``, by its opening."""
        pairs = zip(self.opened, self.closes, strict=True)
        return {opened_at: close for opened_at, close in pairs if opened_at >= from_at}


class PriceHistory:
    """The bars of every instrument."""

    def __init__(self, instruments: tuple[str, ...]) -> None:
        self.minutes = {symbol: BarSeries(MINUTE, MINUTES) for symbol in instruments}
        self.hours = {symbol: BarSeries(HOUR, HOURS) for symbol in instruments}

    def add(self, published: PricePublished) -> None:
        """Take in one publication."""
        self.minutes[published.instrument].add(published.priced_at, published.price_minor)
        self.hours[published.instrument].add(published.priced_at, published.price_minor)

    def candles(self, symbol: str, interval_ns: Nanos, from_at: Nanos, until: Nanos, limit: int) -> tuple[CandleClosed, ...]:
        """The last ``limit`` candles that opened in [from_at, until), oldest first; see :func:`is_candle_interval`."""
        series = self.hours[symbol] if interval_ns % HOUR == 0 else self.minutes[symbol]
        found = series.candles(symbol, interval_ns, from_at, until)
        return tuple(found[-limit:]) if limit > 0 else ()


def is_candle_interval(interval_ns: Nanos) -> bool:
    """Whether candles of this length can be put together: whole minutes that divide a day, above an hour whole hours."""
    if interval_ns <= 0 or DAY % interval_ns or interval_ns % MINUTE:
        return False
    return interval_ns < HOUR or interval_ns % HOUR == 0
