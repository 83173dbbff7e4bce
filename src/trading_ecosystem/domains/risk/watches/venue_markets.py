"""What a venue publishes, or no longer does: its presence, each of its books, and how far from them the feed's prices are."""

from __future__ import annotations

from typing import Any, ClassVar

from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Monitor, Part
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.deviation import Deviation
from trading_ecosystem.domains.risk.watches.numbers import is_arrived, is_plain, is_quote, is_trade_summary, lots_of
from trading_ecosystem.domains.risk.watches.venue_books import BookWatch
from trading_ecosystem.domains.risk.watches.venue_presence import VenuePresence
from trading_ecosystem.domains.risk.watches.wake_ups import VenueSilenceDue
from trading_ecosystem.messages.exchange import DepthChanged, QuoteChanged, TradesPublished
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.trading_phases import TradingPhaseChanged
from trading_ecosystem.messages.units import Nanos


class Venue:
    """One venue and its books."""

    __slots__ = ("books", "presence")

    def __init__(self, name: str) -> None:
        self.presence = VenuePresence(name)
        self.books: dict[str, BookWatch] = {}

    def book(self, instrument: str) -> BookWatch:
        """The watch of one book."""
        book = self.books.get(instrument)
        if book is None:
            book = self.books[instrument] = BookWatch(self.presence.name, instrument)
        return book


class VenueMarkets(Part):
    """Every venue that was ever heard."""

    hears: ClassVar[dict[type[Any], str]] = {
        QuoteChanged: "quote_changed",
        PricePublished: "price_published",
        DepthChanged: "depth_changed",
        TradesPublished: "trades_published",
        TradingPhaseChanged: "trading_phase_changed",
        VenueSilenceDue: "venue_silence_due",
    }

    def __init__(self, parameters: RiskParameters) -> None:
        self.venues: dict[str, Venue] = {}
        self.deviations = {instrument: Deviation(instrument) for instrument in parameters.instruments}

    def quote_changed(self, message: QuoteChanged, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A quote arrived."""
        plain = is_plain(message)
        if plain or is_quote(message):
            venue = self.venues.get(message.venue) or self._venue(message.venue)
            venue.presence.arrived(now, monitor, said)
            book = venue.books.get(message.instrument) or venue.book(message.instrument)
            if not book.quoted_at:
                venue.presence.quoted.add(message.instrument)
            evaluate = book.plain_quote if plain else book.other_quote
            evaluate(message, now, monitor, said)

    def depth_changed(self, message: DepthChanged, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A depth arrived."""
        lots = lots_of(message)
        if lots is not None:
            venue = self.venues.get(message.venue) or self._venue(message.venue)
            venue.presence.arrived(now, monitor, said)
            book = venue.books.get(message.instrument) or venue.book(message.instrument)
            book.depth_changed(lots, now, monitor, said)

    def price_published(self, message: PricePublished, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """The vendor's price arrived, to be held against where its instrument trades."""
        deviation = self.deviations.get(message.instrument)
        if deviation is not None and is_arrived(message):
            instrument = message.instrument
            books = [venue.books[instrument] for venue in self.venues.values() if instrument in venue.books]
            deviation.price_arrived(message.price_minor, books, now, monitor, said)

    def trades_published(self, message: TradesPublished, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A trade summary arrived."""
        if is_trade_summary(message):
            venue = self.venues.get(message.venue) or self._venue(message.venue)
            venue.presence.arrived(now, monitor, said)

    def trading_phase_changed(self, message: TradingPhaseChanged, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A market is in another phase."""
        self._venue(message.venue).presence.phase_changed(message.instrument, message.phase, now, monitor, said)

    def venue_silence_due(self, message: VenueSilenceDue, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A venue may have become silent."""
        self._venue(message.venue).presence.look(now, monitor, said)

    def _venue(self, name: str) -> Venue:
        return self.venues.setdefault(name, Venue(name))
