"""The mark price of a perpetual on one venue: the median of venues.

Its sources are the middle of the venue's own book, what the other venues contributed for this tick (``MarkContributed``, said a
moment before each margin tick and heard by venues only), and the reference, which is the fundamental price of the
perpetual. A side without orders, a venue that is silent and a reference that is not there yet are no sources. Of an even
number of sources the mark is the mean of the two in the middle, rounded down to a tick. Without any source the mark stays as
it is. A single book, however thin, thus never moves the mark alone once there are two others.
"""

from __future__ import annotations

from collections.abc import Iterable

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.messages.margin import MarkContributed
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Instrument, MinorUnits, Nanos, Ticks


def middle(book: OrderBook) -> Ticks | None:
    """The middle of the best bid and offer, rounded down to a tick; ``None`` where a side is empty."""
    bid, ask = book.best(Side.BUY)[0], book.best(Side.SELL)[0]
    return (bid + ask) // 2 if bid and ask else None


def median(prices: Iterable[Ticks]) -> Ticks:
    """The middle price, or the mean of the middle two rounded down."""
    ordered = sorted(prices)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) // 2


class MarkPrice:
    """The sources of one perpetual's mark on one venue."""

    __slots__ = ("_contributed", "_instrument", "_reference")

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._reference: Ticks | None = None
        self._contributed: dict[str, tuple[Ticks, Nanos]] = {}

    def reference_changed(self, price_minor: MinorUnits) -> Ticks:
        """The fundamental price moved; returns it in whole ticks, at least one."""
        self._reference = max(1, price_minor // self._instrument.tick_size)
        return self._reference

    def contributed(self, message: MarkContributed, now: Nanos) -> None:
        """Another venue said the middle of its book."""
        self._contributed[message.venue] = (message.mid_ticks, now)

    def sources(self, book: OrderBook, since: Nanos) -> list[Ticks]:
        """What the mark is the median of: the own middle, contributions heard after ``since``, the reference."""
        own = middle(book)
        prices = [] if own is None else [own]
        prices += [mid for _, (mid, heard_at) in sorted(self._contributed.items()) if heard_at > since]
        if self._reference is not None:
            prices.append(self._reference)
        return prices
