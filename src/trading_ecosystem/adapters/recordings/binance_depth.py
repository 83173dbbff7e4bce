"""Depth of a Binance capture replayed through a book: the REST snapshot, then the depth differences that continue it.

The file is that of :mod:`.binance_capture`. The rule is Binance's ("How to manage a local order book correctly", Spot API,
WebSocket Streams): differences that end at or before the snapshot's ``lastUpdateId`` are dropped; the first that is used must
reach over it, and each later one must begin where the one before ended. Anything else is a *gap*, counted, and the book goes on
with what it has until a further snapshot replaces it.

The capture names no orders, only what stands at each price. So each price level is one order: it is placed, replaced by more,
reduced or cancelled. Within one difference what leaves is done before what comes, since the whole difference is one instant.
Queues inside a level are therefore unknown; best prices and depth are exact. Each ``bookTicker`` with the update id at which a
difference ends is compared with the best prices of the book, sizes included.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from trading_ecosystem.adapters.recordings.binance_capture import local_instant, refuse_json
from trading_ecosystem.adapters.recordings.decimal_scale import finest, unit, units
from trading_ecosystem.adapters.recordings.lines import numbered_lines, refuse
from trading_ecosystem.adapters.recordings.replay_findings import Check, Findings, is_crossed
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import Filled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Lots, Nanos, Ticks

PriceLevels = list[tuple[str, str]]


class Snapshot(msgspec.Struct, frozen=True):
    """The whole book as the REST interface answers it."""

    last_update: int = msgspec.field(name="lastUpdateId")
    bids: PriceLevels
    asks: PriceLevels


class DepthDifference(msgspec.Struct, frozen=True):
    """What changed between two update ids, both included; a quantity of zero takes the price away."""

    symbol: str = msgspec.field(name="s")
    first_update: int = msgspec.field(name="U")
    last_update: int = msgspec.field(name="u")
    bids: PriceLevels = msgspec.field(name="b")
    asks: PriceLevels = msgspec.field(name="a")


class BookTicker(msgspec.Struct, frozen=True):
    """Best prices and what stands there after an update."""

    symbol: str = msgspec.field(name="s")
    update: int = msgspec.field(name="u")
    bid: str = msgspec.field(name="b")
    bid_quantity: str = msgspec.field(name="B")
    ask: str = msgspec.field(name="a")
    ask_quantity: str = msgspec.field(name="A")


class CapturedTrade(msgspec.Struct, frozen=True):
    """One trade of the public stream."""

    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    buyer_is_maker: bool = msgspec.field(name="m")


Captured = Snapshot | DepthDifference | BookTicker | CapturedTrade


class _Kind(msgspec.Struct):
    """As much of a frame as tells what it is."""

    stream: str | None = None
    data: msgspec.Raw = msgspec.Raw()
    event: str | None = msgspec.field(name="e", default=None)
    snapshot: int | None = msgspec.field(name="lastUpdateId", default=None)
    bid_quantity: object = msgspec.field(name="B", default=None)


_kinds: Final = msgspec.json.Decoder(_Kind)
_decoders: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    "snapshot": msgspec.json.Decoder(Snapshot),
    "depthUpdate": msgspec.json.Decoder(DepthDifference),
    "bookTicker": msgspec.json.Decoder(BookTicker),
    "trade": msgspec.json.Decoder(CapturedTrade),
}


def captured_frames(path: Path) -> Iterator[tuple[int, Nanos, Captured]]:
    """Every snapshot, depth difference, book ticker and trade of a capture, with line and local time; others are skipped."""
    latest: Nanos = 0
    for number, line in numbered_lines(path):
        at, start = local_instant(path, number, line)
        if at < latest:
            refuse(path, number, 1, f"local time {at} goes backwards, expected it not before the line above")
        latest = at
        try:
            kind = _kinds.decode(line[start:])
            payload: msgspec.Raw | str = line[start:]
            if kind.stream is not None:
                payload = kind.data
                kind = _kinds.decode(payload)
            decoder = _decoder(kind)
            if decoder is not None:
                yield number, at, decoder.decode(payload)
        except msgspec.MsgspecError as error:
            refuse_json(path, number, line, start, error)


def _decoder(kind: _Kind) -> msgspec.json.Decoder[Captured] | None:
    """What reads a frame of this kind; ``None`` for kinds that are of no use here."""
    if kind.snapshot is not None:
        return _decoders["snapshot"]
    if kind.event is None:
        return _decoders["bookTicker"] if kind.bid_quantity is not None else None
    return _decoders.get(kind.event)


class BinanceDepthReplay:
    """See the module's text. ``same_top`` counts the book tickers that the book agreed with."""

    def __init__(self, path: Path, book: OrderBook) -> None:
        self.book = book
        self.same_top = Check("best prices and sizes equal the book ticker of the same update")
        self._path = path
        self._frames = list(captured_frames(path))
        self._places = self._scales()
        self._tickers = {frame.update: frame for _, _, frame in self._frames if isinstance(frame, BookTicker)}
        self._latest: int | None = None
        self._continued = False
        self.total = len(self._frames)
        self.findings = Findings("binance", unit(self._places[0]), unit(self._places[1]), checks=[self.same_top])
        if not any(isinstance(frame, Snapshot) for _, _, frame in self._frames):
            refuse(path, 1, 1, "the capture has no depth snapshot, expected a line with the REST answer ('lastUpdateId')")

    def states(self) -> Iterator[Nanos]:
        """Do one frame after the other; the book is at rest after each difference and snapshot.

        The stream is subscribed before the snapshot is asked for, so differences from before it in the file may continue it.
        """
        early: list[tuple[int, Nanos, DepthDifference]] = []
        for number, at, frame in self._frames:
            self.findings.rows += 1
            if isinstance(frame, CapturedTrade):
                self.findings.trades += 1
                self.findings.traded_lots += self._units(number, frame.quantity, 1)
            elif isinstance(frame, Snapshot):
                self._adopt(number, frame)
                yield at
                for line, _, difference in early:
                    if self._difference(line, difference):
                        yield at
                early.clear()
            elif isinstance(frame, DepthDifference):
                if self._latest is None:
                    early.append((number, at, frame))
                elif self._difference(number, frame):
                    yield at

    def _scales(self) -> tuple[int, int]:
        """Decimal places of the file's prices and quantities."""
        prices = quantities = 0
        symbol = ""
        for number, _, frame in self._frames:
            try:
                if isinstance(frame, Snapshot | DepthDifference):
                    levels = frame.bids + frame.asks
                    prices = max(prices, finest(price for price, _ in levels))
                    quantities = max(quantities, finest(quantity for _, quantity in levels))
                elif isinstance(frame, BookTicker):
                    prices = max(prices, finest((frame.bid, frame.ask)))
                    quantities = max(quantities, finest((frame.bid_quantity, frame.ask_quantity)))
                else:
                    prices, quantities = max(prices, finest([frame.price])), max(quantities, finest([frame.quantity]))
            except ValueError as error:
                refuse(self._path, number, 1, str(error))
            if not isinstance(frame, Snapshot):
                symbol = symbol or frame.symbol
                if frame.symbol != symbol:
                    refuse(self._path, number, 1, f"symbol {frame.symbol!r:.20}, expected {symbol!r:.20} as in the lines above")
        return prices, quantities

    def _units(self, number: int, text: str, which: int) -> int:
        try:
            return units(text, self._places[which])
        except ValueError as error:
            refuse(self._path, number, 1, str(error))

    def _adopt(self, number: int, snapshot: Snapshot) -> None:
        for side in (Side.BUY, Side.SELL):
            for order in list(self.book.standing(side)):
                self.book.cancel(order.order_id)
        self._latest, self._continued = snapshot.last_update, False
        self._change(number, snapshot.bids, snapshot.asks)
        self._rest(number)

    def _difference(self, number: int, difference: DepthDifference) -> bool:
        """Apply a difference unless the book already knows it; true if it was applied."""
        assert self._latest is not None
        if difference.last_update <= self._latest:
            return False
        follows = difference.first_update == self._latest + 1
        reaches_over = not self._continued and difference.first_update <= self._latest + 1
        if not (follows or reaches_over):
            self.findings.gaps += 1
        self._latest, self._continued = difference.last_update, True
        self._change(number, difference.bids, difference.asks)
        self._rest(number)
        return True

    def _change(self, number: int, bids: PriceLevels, asks: PriceLevels) -> None:
        changes = [
            (side, self._units(number, price, 0), self._units(number, quantity, 1))
            for side, levels in ((Side.BUY, bids), (Side.SELL, asks))
            for price, quantity in levels
        ]
        for side, price, lots in sorted(changes, key=lambda change: change[2] > 0):
            self._set_level(number, side, price, lots)

    def _set_level(self, number: int, side: Side, price: Ticks, lots: Lots) -> None:
        if price <= 0:
            refuse(self._path, number, 1, "a price of zero, expected a positive one")
        order_id = 2 * price + (side is Side.SELL)
        order = self.book.order(order_id)
        if order is None:
            if lots:
                self.findings.placed += 1
                events = self.book.place(order_id, 0, side, lots, price_ticks=price)
                self.findings.crossed_states += any(isinstance(event, Filled) for event in events)
        elif not lots:
            self.book.cancel(order_id)
        elif lots < order.leaves_lots:
            self.book.reduce(order_id, order.leaves_lots - lots)
        elif lots > order.leaves_lots:
            self.book.replace(order_id, lots, price)

    def _rest(self, number: int) -> None:
        """The book is at rest after an update: look at it."""
        self.findings.crossed_states += is_crossed(self.book)
        ticker = self._tickers.get(self._latest or 0)
        if ticker is not None:
            bid = self._units(number, ticker.bid, 0), self._units(number, ticker.bid_quantity, 1)
            ask = self._units(number, ticker.ask, 0), self._units(number, ticker.ask_quantity, 1)
            same = self.book.best(Side.BUY) == bid and self.book.best(Side.SELL) == ask
            self.same_top.count(same, f"{self._path}:{number}")
