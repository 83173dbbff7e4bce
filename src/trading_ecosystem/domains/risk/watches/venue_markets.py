"""What a venue publishes, or no longer does: its presence, and each of its books."""

from __future__ import annotations

from typing import Any, ClassVar

from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Monitor, Part
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.numbers import is_quote, is_trade_summary, lots_of
from trading_ecosystem.domains.risk.watches.venue_books import BookWatch
from trading_ecosystem.domains.risk.watches.venue_presence import VenuePresence
from trading_ecosystem.domains.risk.watches.wake_ups import VenueSilenceDue
from trading_ecosystem.messages.exchange import DepthChanged, QuoteChanged, TradesPublished
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
        DepthChanged: "depth_changed",
        TradesPublished: "trades_published",
        TradingPhaseChanged: "trading_phase_changed",
        VenueSilenceDue: "venue_silence_due",
    }

    def __init__(self, parameters: RiskParameters) -> None:
        self.venues: dict[str, Venue] = {}

    def quote_changed(self, message: QuoteChanged, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A quote arrived."""
        if is_quote(message):
            venue = self.venues.get(message.venue) or self._venue(message.venue)
            venue.presence.quoted.add(message.instrument)
            venue.presence.arrived(now, monitor, said)
            venue.book(message.instrument).quote_changed(message, now, monitor, said)

    def depth_changed(self, message: DepthChanged, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A depth arrived."""
        lots = lots_of(message)
        if lots is not None:
            venue = self.venues.get(message.venue) or self._venue(message.venue)
            venue.presence.arrived(now, monitor, said)
            venue.book(message.instrument).depth_changed(lots, now, monitor, said)

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
