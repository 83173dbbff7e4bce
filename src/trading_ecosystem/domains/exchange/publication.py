"""What the public is told, and how often: per instrument at most one quote, one depth and one trade summary a publication.

Book changes are numbered per instrument. A depth message contains the changes ``first_update`` to ``last_update``, and the
next one begins where it ended; a change that leaves the visible levels as they were is contained in the next message that
is said.
"""

from __future__ import annotations

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import DepthChanged, Level, QuoteChanged, TradesPublished
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Lots, Ticks
from trading_ecosystem.ports.component import Later

_BUY = Side.BUY
_SELL = Side.SELL


class Tape:
    """The trades of one instrument: their numbers, and the summary since the last publication."""

    __slots__ = (
        "buyer_initiated_lots",
        "first_trade_id",
        "high_ticks",
        "last_ticks",
        "last_trade_id",
        "low_ticks",
        "signed_lots",
        "volume_lots",
    )

    def __init__(self) -> None:
        self.last_trade_id = 0
        self.first_trade_id = 1
        self.volume_lots: Lots = 0
        self.buyer_initiated_lots: Lots = 0
        self.high_ticks: Ticks = 0
        self.low_ticks: Ticks = 0
        self.last_ticks: Ticks = 0
        self.signed_lots: Lots = 0
        """Of all trades ever: what buyers took less what sellers did."""

    def trade(self, price_ticks: Ticks, lots: Lots, aggressor: Side | None) -> int:
        """Take down one trade and return its number; in an auction nobody is the aggressor."""
        if not self.volume_lots:
            self.high_ticks = self.low_ticks = price_ticks
        elif price_ticks > self.high_ticks:
            self.high_ticks = price_ticks
        elif price_ticks < self.low_ticks:
            self.low_ticks = price_ticks
        self.last_ticks = price_ticks
        self.volume_lots += lots
        if aggressor is _BUY:
            self.buyer_initiated_lots += lots
            self.signed_lots += lots
        elif aggressor is _SELL:
            self.signed_lots -= lots
        self.last_trade_id += 1
        return self.last_trade_id

    def take_down(self, trades: int, lots: Lots, signed: Lots, high: Ticks, low: Ticks, last: Ticks) -> None:
        """Take down some trades at once: how many, all their lots, those of buyers less those of sellers, and prices."""
        if not self.volume_lots:
            self.high_ticks, self.low_ticks = high, low
        self.high_ticks = max(self.high_ticks, high)
        self.low_ticks = min(self.low_ticks, low)
        self.last_ticks = last
        self.volume_lots += lots
        self.buyer_initiated_lots += (lots + signed) // 2
        self.signed_lots += signed
        self.last_trade_id += trades

    def published(self, venue: str, symbol: str) -> TradesPublished:
        """The summary of the trades since the last one; the next begins empty."""
        summary = TradesPublished(
            venue,
            symbol,
            self.first_trade_id,
            self.last_trade_id,
            self.volume_lots,
            self.buyer_initiated_lots,
            self.high_ticks,
            self.low_ticks,
            self.last_ticks,
        )
        self.first_trade_id = self.last_trade_id + 1
        self.volume_lots = self.buyer_initiated_lots = 0
        return summary


class Publication:
    """What was last published of one instrument."""

    __slots__ = ("_asks", "_bids", "_last_update", "_quote", "_seen_update", "levels", "venue")

    def __init__(self, venue: str, levels: int) -> None:
        self.venue = venue
        self.levels = levels
        self._seen_update = 0
        self._last_update = 0
        self._quote: tuple[int, int, int, int] = (0, 0, 0, 0)
        self._bids: tuple[Level, ...] = ()
        self._asks: tuple[Level, ...] = ()

    def publish(self, book: OrderBook, tape: Tape, said: list[Message | Later]) -> None:
        """Say what changed since the last publication."""
        update = book.updates
        if update != self._seen_update:
            self._seen_update = update
            quote = (*book.best(_BUY), *book.best(_SELL))
            if quote != self._quote:
                self._quote = quote
                said.append(QuoteChanged(self.venue, book.symbol, update, *quote))
            bids = book.depth(_BUY, self.levels)
            asks = book.depth(_SELL, self.levels)
            if bids != self._bids or asks != self._asks:
                self._bids = bids
                self._asks = asks
                said.append(DepthChanged(self.venue, book.symbol, self._last_update + 1, update, bids, asks))
                self._last_update = update
        if tape.volume_lots:
            said.append(tape.published(self.venue, book.symbol))

    def forget_quote(self) -> None:
        """Let the next publication say the quote, changed or not."""
        self._seen_update = -1
        self._quote = (-1, -1, -1, -1)


def depth_of(venue: str, book: OrderBook, levels: int) -> DepthChanged:
    """The book as it stands, as an answer: it contains every change from the first on."""
    return DepthChanged(venue, book.symbol, 1, book.updates, book.depth(_BUY, levels), book.depth(_SELL, levels))
