"""The house: the one account for which the background flow trades, and how it sends an order.

The house's resting orders hold nothing. Instead an order is trimmed, when it is sent, to what the house could pay for it
alone; and before a named order trades with house orders, those beyond what the house can pay together are withdrawn. So the
house's claims never fall below zero, and a house without assets shows no orders. House with house changes no claim, pays no
fee and appears only in the trade summary.

House orders have negative numbers, counted per instrument, so that the flow never moves the numbers of named orders.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.book import OrderBook, RestingOrder
from trading_ecosystem.domains.exchange.claims import Claims
from trading_ecosystem.domains.exchange.publication import Tape
from trading_ecosystem.domains.exchange.trade_capture import TradeCapture
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import Side
from trading_ecosystem.messages.units import Instrument, Lots, Nanos, Ticks
from trading_ecosystem.ports.component import Later

_BUY: Final = Side.BUY


class House:
    """The house account's orders in one instrument."""

    __slots__ = (
        "_account",
        "_base",
        "_book",
        "_capacity",
        "_capture",
        "_instrument",
        "_last_order_id",
        "_lot_size",
        "_quote",
        "_tape",
        "_tick_value",
    )

    def __init__(
        self,
        account: str,
        instrument: Instrument,
        book: OrderBook,
        tape: Tape,
        capture: TradeCapture,
        claims: Claims,
        capacity: int,
    ) -> None:
        self._account = account
        self._instrument = instrument
        self._tick_value = instrument.tick_value
        self._lot_size = instrument.lot_size
        self._book = book
        self._tape = tape
        self._capture = capture
        self._base = claims.of(account, instrument.base)
        self._quote = claims.of(account, instrument.quote)
        self._capacity = capacity
        self._last_order_id = 0

    def post(self, side: Side, price_ticks: Ticks, lots: Lots, now: Nanos, said: list[Message | Later]) -> RestingOrder | None:
        """Send a limit order that may rest; return what rests of it, ``None`` where nothing does."""
        book = self._book
        if side is _BUY:
            affordable = self._quote.available // (price_ticks * self._tick_value)
            keys = book.asks.keys
            crosses = keys and -keys[-1] <= price_ticks
        else:
            affordable = self._base.available // self._lot_size
            keys = book.bids.keys
            crosses = keys and keys[-1] >= price_ticks
        if lots > affordable:
            lots = affordable
        if crosses:
            lots -= self.take(side, price_ticks, lots, now, said)
        if lots <= 0 or len(book.orders) >= self._capacity:
            return None
        self._last_order_id -= 1
        return book.rest(self._last_order_id, self._account, side, lots, price_ticks)

    def take(self, side: Side, limit_ticks: Ticks, lots: Lots, now: Nanos, said: list[Message | Later]) -> Lots:
        """Send an order whose rest is cancelled; return what it traded."""
        affordable = (
            self._quote.available // (limit_ticks * self._tick_value)
            if side is _BUY
            else self._base.available // self._lot_size
        )
        if lots > affordable:
            lots = affordable
        self._last_order_id -= 1
        traded = 0
        for fill in self._book.take(self._last_order_id, side, lots, limit_ticks):
            traded += fill.lots
            if fill.maker_id < 0:
                self._tape.trade(fill.price_ticks, fill.lots, side)
            else:
                self._capture.capture(self._instrument, self._tape, fill, None, side, now, said)
        return traded

    def withdraw_unaffordable(self, taker_side: Side, lots: Lots) -> None:
        """Before a named order of ``lots`` trades: leave only those house orders that the house could pay together."""
        book = self._book
        if taker_side is _BUY:
            makers, payable = book.asks, self._base.available
            dearest = self._lot_size
        else:
            makers, payable = book.bids, self._quote.available
            dearest = book.best(_BUY)[0] * self._tick_value
        if lots * dearest <= payable:
            return
        unaffordable: list[int] = []
        for key in reversed(makers.keys):
            each = self._lot_size if taker_side is _BUY else key * self._tick_value
            for order in makers.queues[key].orders:
                if order.order_id < 0:
                    payable -= order.leaves_lots * each
                    if payable < 0:
                        unaffordable.append(order.order_id)
        for order_id in unaffordable:
            book.cancel(order_id)
