"""Candles: open, high, low and close of what the vendor feed published, per instrument and interval.

Intervals are counted from the epoch. A price belongs to the interval that holds its ``priced_at``. A candle closes at
the first wake-up at or after the end of its interval, before anything else that wake-up says; an interval without a
price has no candle. A price that is said after its candle has closed (a delayed or stale publication) is late: it
belongs to no candle, and closed candles are never said again.
"""

from __future__ import annotations

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.market_data import CandleClosed, PricePublished
from trading_ecosystem.messages.units import MinorUnits, Nanos
from trading_ecosystem.ports.component import Later


class _OpenCandle:
    __slots__ = ("close", "high", "low", "open", "prices")

    def __init__(self, price_minor: MinorUnits) -> None:
        self.open = self.high = self.low = self.close = price_minor
        self.prices = 1


class _Interval:
    """The candles of one interval length that are open now; ``opened_at`` is the same for all instruments."""

    __slots__ = ("candles", "interval_ns", "opened_at")

    def __init__(self, interval_ns: Nanos) -> None:
        self.interval_ns = interval_ns
        self.opened_at: Nanos = 0
        self.candles: dict[str, _OpenCandle] = {}


class Candles:
    """The open candles of every instrument and interval."""

    def __init__(self, instruments: tuple[str, ...], intervals_ns: tuple[Nanos, ...]) -> None:
        self._instruments = instruments
        self._intervals = [_Interval(interval_ns) for interval_ns in intervals_ns]

    def close(self, now: Nanos, said: list[Message | Later]) -> None:
        """Say the candles whose interval has ended by ``now``; must be called before prices are added at ``now``."""
        for interval in self._intervals:
            if now < interval.opened_at + interval.interval_ns:
                continue
            for symbol in self._instruments:
                candle = interval.candles.get(symbol)
                if candle is not None:
                    said.append(_closed(symbol, interval, candle))
            interval.candles.clear()
            interval.opened_at = now - now % interval.interval_ns

    def add(self, price: PricePublished) -> None:
        """Take one publication into the open candles, unless it is late for them."""
        price_minor = price.price_minor
        for interval in self._intervals:
            if price.priced_at < interval.opened_at:
                continue
            candle = interval.candles.get(price.instrument)
            if candle is None:
                interval.candles[price.instrument] = _OpenCandle(price_minor)
                continue
            if price_minor > candle.high:
                candle.high = price_minor
            elif price_minor < candle.low:
                candle.low = price_minor
            candle.close = price_minor
            candle.prices += 1


def _closed(symbol: str, interval: _Interval, candle: _OpenCandle) -> CandleClosed:
    return CandleClosed(
        symbol, interval.interval_ns, interval.opened_at, candle.open, candle.high, candle.low, candle.close, candle.prices
    )
