"""One instrument of a recorded venue: its displayed book, the orders beside it, and what is published of it."""

from __future__ import annotations

from collections.abc import Iterable

from trading_ecosystem.domains.exchange.recorded.displayed import DisplayedBook
from trading_ecosystem.domains.exchange.recorded.fill_reports import FillReports
from trading_ecosystem.domains.exchange.recorded.happenings import Happening, RecordedDepth, RecordedTrade
from trading_ecosystem.domains.exchange.recorded.parameters import RecordedVenueParameters
from trading_ecosystem.domains.exchange.recorded.resting import Fill, RestingOrders
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.book_words import Level
from trading_ecosystem.messages.exchange import QuoteChanged, TradesPublished
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import Liquidity, Side
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, MinorUnits, Nanos, Ticks
from trading_ecosystem.ports.component import Later

SaidList = list[Message | Later]


class RecordedMarket:
    """One instrument; ``is_priced`` where this venue says its reference price."""

    __slots__ = (
        "_fills",
        "_is_priced",
        "_price_every_ns",
        "_price_updates",
        "_priced_next_at",
        "_published",
        "_symbol",
        "_tick_size",
        "_trade_id",
        "_updates",
        "_venue",
        "book",
        "last_ticks",
        "resting",
    )

    def __init__(
        self, venue: str, symbol: str, parameters: RecordedVenueParameters, fills: FillReports, is_priced: bool
    ) -> None:
        self.book = DisplayedBook()
        self.resting = RestingOrders(parameters.queue, parameters.bar_share_ppm)
        self.last_ticks: Ticks = 0
        self._fills = fills
        self._venue = venue
        self._symbol = symbol
        self._tick_size = INSTRUMENTS[symbol].tick_size
        self._is_priced = is_priced
        self._price_every_ns = parameters.price_every_ns
        self._priced_next_at: Nanos = 0
        self._published = (-1, 0, 0, 0)
        self._updates = self._price_updates = self._trade_id = 0

    def happen(self, happening: Happening, now: Nanos, matches: bool) -> list[Message]:
        """Let one recorded thing happen; resting orders trade where the venue ``matches``."""
        if isinstance(happening, RecordedDepth):
            self.book.show(happening)
            if not len(self.resting):
                return []
            self.resting.show(self.book)
            return self._fill(self.resting.crossed(self.book), now) if matches else []
        if isinstance(happening, RecordedTrade):
            self.last_ticks = happening.price_ticks
            buyers = happening.quantity_lots if happening.aggressor is Side.BUY else 0
            price = happening.price_ticks
            said: list[Message] = [self._trades(happening.quantity_lots, buyers, price, price, price)]
            if matches and len(self.resting):
                said += self._fill(self.resting.traded(happening, self.book), now)
            return said
        self.last_ticks = happening.close_ticks
        prices = (happening.high_ticks, happening.low_ticks, happening.close_ticks)
        said = [self._trades(happening.volume_lots, 0, *prices)]
        if matches and len(self.resting):
            said += self._fill(self.resting.ranged(happening), now)
        return said

    def _fill(self, fills: Iterable[Fill], now: Nanos) -> list[Message]:
        said: list[Message] = []
        for order, price_ticks, lots in fills:
            said += self._fills.filled(order, price_ticks, lots, Liquidity.MAKER, now)
            if not order.leaves_lots:
                self.resting.leave(order)
        return said

    def _trades(self, volume: Lots, buyers: Lots, high: Ticks, low: Ticks, last: Ticks) -> TradesPublished:
        self._trade_id += 1
        return TradesPublished(self._venue, self._symbol, self._trade_id, self._trade_id, volume, buyers, high, low, last)

    def publish(self, now: Nanos) -> list[Message]:
        """The quote, where it changed, and the reference price, where it is due."""
        bid, ask = self.book.best(Side.BUY), self.book.best(Side.SELL)
        said: list[Message] = []
        if self._is_priced and now >= self._priced_next_at and (price := self._price_minor(bid, ask)):
            self._priced_next_at = now + self._price_every_ns
            self._price_updates += 1
            said.append(PricePublished(self._symbol, price, now, self._price_updates))
        quote = (
            0 if bid is None else bid.price_ticks,
            0 if bid is None else bid.quantity_lots,
            0 if ask is None else ask.price_ticks,
            0 if ask is None else ask.quantity_lots,
        )
        if quote != self._published:
            self._published = quote
            self._updates += 1
            said.append(QuoteChanged(self._venue, self._symbol, self._updates, *quote))
        return said

    def _price_minor(self, bid: Level | None, ask: Level | None) -> MinorUnits:
        """The middle of the displayed book, or the last trade's price, rounded down; 0 before there is any."""
        if bid is None or ask is None:
            return self.last_ticks * self._tick_size
        return (bid.price_ticks + ask.price_ticks) * self._tick_size // 2
