"""How prices move and hang together, recomputed: deviation from the venues, volatility, correlation, basis.

Definitions are those of :mod:`trading_ecosystem.messages.alert_conditions`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import isqrt
from typing import Final

from trading_ecosystem.domains.audit.feed_conditions import Tally
from trading_ecosystem.domains.audit.intervals import ConditionTrack, Tracks
from trading_ecosystem.domains.audit.plausible import has_both_sides
from trading_ecosystem.messages.alert_conditions import (
    BASIS_PPM,
    CORRELATED,
    CORRELATION_RETURNS,
    DECORRELATION_PPM,
    DEVIATION_PPM,
    QUOTE_FRESH,
    VOLATILITY_PPM,
    VOLATILITY_RETURNS,
    VOLATILITY_WINDOW,
    YEAR_SECONDS,
)
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import (
    MINOR_UNITS_PER_WHOLE,
    MINUTE,
    PARTS_PER_MILLION,
    SECOND,
    MinorUnits,
    Nanos,
    PartsPerMillion,
)

PAIR: Final = ("BTC/USD", "ETH/USD")
"""The prices whose correlation is watched."""
IMPLIED: Final[dict[str, tuple[str | None, str]]] = {
    "BTC/USDT": ("USDT/USD", "BTC/USD"),
    "ETH/USDT": ("USDT/USD", "ETH/USD"),
    "ETH/BTC": ("BTC/USD", "ETH/USD"),
    "BTC-PERP": (None, "BTC/USD"),
}
"""By what a price is multiplied (nothing: by one) to compare with which other."""


def price_return(price: MinorUnits, before: MinorUnits) -> PartsPerMillion:
    """Relative change, parts per million, truncated towards zero."""
    change = (price - before) * PARTS_PER_MILLION
    return change // before if change >= 0 else -(-change // before)


class Volatility:
    """VOLATILITY_HIGH on one instrument."""

    __slots__ = ("_before", "_count", "_first_at", "_squares", "_track")

    def __init__(self, track: ConditionTrack) -> None:
        self._track = track
        self._before: MinorUnits = 0
        self._first_at: Nanos = 0
        self._squares = Tally(VOLATILITY_WINDOW)
        self._count = Tally(VOLATILITY_WINDOW)

    def price_arrived(self, price: MinorUnits, at: Nanos, entry: Entry) -> None:
        """A price reaches the monitor."""
        if not self._before:
            self._before, self._first_at = price, at
            return
        self._squares.add(price_return(price, self._before) ** 2, at)
        self._count.add(1, at)
        self._before = price
        squares, count = self._squares.forget(at), self._count.forget(at)
        measure = 0
        if count >= VOLATILITY_RETURNS and at - self._first_at >= VOLATILITY_WINDOW:
            measure = isqrt(squares * YEAR_SECONDS // (VOLATILITY_WINDOW // SECOND))
        self._track.observe(measure, measure >= VOLATILITY_PPM, at, entry)


class MinuteCloses:
    """Closes of UTC minutes of some prices, and the returns between minutes that follow each other without a gap."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self._symbols = tuple(symbols)
        self._minute: int | None = None
        self._last: dict[str, MinorUnits] = {}
        self._before: tuple[MinorUnits, ...] | None = None
        self.returns: tuple[tuple[MinorUnits, MinorUnits], ...] | None = None
        """Of the minute that closed last, each close and the one before it; ``None`` where there is none."""
        self.broken = False
        """Whether a minute went by without a price of each."""

    def price_arrived(self, symbol: str, price: MinorUnits, at: Nanos) -> bool:
        """A price arrives; true where that closes a minute, and ``returns`` and ``broken`` are those of that closing."""
        minute = at // MINUTE
        closes = self._minute is not None and minute > self._minute
        if closes:
            assert self._minute is not None
            self._close(minute - self._minute)
        if self._minute is None or closes:
            self._minute = minute
        self._last[symbol] = price
        return closes

    def _close(self, minutes: int) -> None:
        """The minute under way is over, and ``minutes - 1`` more went by without any price."""
        self.returns = None
        closes = tuple(self._last[symbol] for symbol in self._symbols if symbol in self._last)
        self._last = {}
        if len(closes) < len(self._symbols) or minutes > 1:
            self.broken = True
            self._before = None
            return
        self.broken = False
        if self._before is not None:
            self.returns = tuple(zip(closes, self._before, strict=True))
        self._before = closes


class Correlation:
    """CORRELATION_BREACH."""

    def __init__(self, track: ConditionTrack) -> None:
        self._track = track
        self._closes = MinuteCloses(PAIR)
        self._returns: deque[tuple[PartsPerMillion, PartsPerMillion]] = deque(maxlen=CORRELATION_RETURNS)

    def price_arrived(self, symbol: str, price: MinorUnits, at: Nanos, entry: Entry) -> None:
        """A price of one of the two reaches the monitor."""
        if not self._closes.price_arrived(symbol, price, at):
            return
        if self._closes.broken:
            self._returns.clear()
        elif self._closes.returns is not None:
            first, second = (price_return(*pair) for pair in self._closes.returns)
            self._returns.append((first, second))
        measure = self._distance()
        self._track.observe(measure, measure >= DECORRELATION_PPM, at, entry)

    def _distance(self) -> PartsPerMillion:
        """How far the correlation is from one; 0 where it is not known."""
        if len(self._returns) < CORRELATION_RETURNS:
            return 0
        xx = yy = xy = 0
        for x, y in self._returns:
            xx += x * x
            yy += y * y
            xy += x * y
        if not xx or not yy:
            return 0
        size = isqrt(PARTS_PER_MILLION * PARTS_PER_MILLION * xy * xy // (xx * yy))
        return PARTS_PER_MILLION - (size if xy >= 0 else -size)


class Basis:
    """BASIS_DIVERGENCE of every instrument that others imply."""

    def __init__(self, instruments: Sequence[str], tracks: Tracks) -> None:
        self._prices: dict[str, tuple[MinorUnits, Nanos]] = {}
        self._bearing: dict[str, list[tuple[str, tuple[str | None, str], ConditionTrack]]] = {}
        for symbol, (factor, other) in IMPLIED.items():
            involved = [name for name in (symbol, factor, other) if name is not None]
            if all(name in instruments for name in involved):
                track = tracks.of(AlertKind.BASIS_DIVERGENCE, symbol)
                for name in involved:
                    self._bearing.setdefault(name, []).append((symbol, (factor, other), track))

    def price_arrived(self, message: PricePublished, at: Nanos, entry: Entry) -> None:
        """A price reaches the monitor; one that is older than the newest of its instrument changes nothing.

        One that claims to be of the future counts as of now.
        """
        prices = self._prices
        known = prices.get(message.instrument)
        priced_at = min(message.priced_at, at)
        if known is not None and priced_at < known[1]:
            return
        prices[message.instrument] = (message.price_minor, priced_at)
        for symbol, (factor, other), track in self._bearing.get(message.instrument, ()):
            priced = [prices.get(name) for name in (symbol, factor, other) if name is not None]
            if any(one is None or one[1] != priced_at for one in priced):
                continue
            price, implied = prices[symbol][0], prices[other][0]
            if factor is not None:
                price = price * prices[factor][0] // MINOR_UNITS_PER_WHOLE
            measure = abs(price - implied) * PARTS_PER_MILLION // implied
            track.observe(measure, measure >= BASIS_PPM, at, entry)


class MarketConditions:
    """Every condition on how the prices of the instruments that the monitor was given move."""

    def __init__(self, instruments: Sequence[str], tracks: Tracks) -> None:
        self._deviations = {symbol: tracks.of(AlertKind.PRICE_DEVIATION, symbol) for symbol in instruments}
        self._volatilities = {symbol: Volatility(tracks.of(AlertKind.VOLATILITY_HIGH, symbol)) for symbol in instruments}
        self._correlation: Correlation | None = None
        if all(symbol in instruments for symbol in PAIR):
            self._correlation = Correlation(tracks.of(AlertKind.CORRELATION_BREACH, CORRELATED))
        self._basis = Basis(instruments, tracks)
        self._mids: dict[str, dict[str, tuple[Nanos, MinorUnits]]] = {symbol: {} for symbol in instruments}
        """By instrument and venue, when its newest quote arrived and twice its mid, 0 where it has none."""

    def quote_arrived(self, message: QuoteChanged, tick_size: MinorUnits, at: Nanos) -> None:
        """A quote of a venue reaches the monitor."""
        mids = self._mids.get(message.instrument)
        if mids is not None:
            sound = has_both_sides(message) and message.bid_ticks < message.ask_ticks
            mids[message.venue] = (at, (message.bid_ticks + message.ask_ticks) * tick_size if sound else 0)

    def price_arrived(self, message: PricePublished, at: Nanos, entry: Entry) -> None:
        """A price reaches the monitor; the caller has checked that it is a price and of a known instrument."""
        symbol, price = message.instrument, message.price_minor
        away = [
            abs(2 * price - mid) * PARTS_PER_MILLION // mid
            for arrived_at, mid in self._mids[symbol].values()
            if mid and at - arrived_at < QUOTE_FRESH
        ]
        measure = min(away, default=0)
        self._deviations[symbol].observe(measure, measure >= DEVIATION_PPM, at, entry)
        self._volatilities[symbol].price_arrived(price, at, entry)
        if self._correlation is not None and symbol in PAIR:
            self._correlation.price_arrived(symbol, price, at, entry)
        self._basis.price_arrived(message, at, entry)
