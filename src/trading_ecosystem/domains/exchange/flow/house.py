"""The house: the one account for which the background flow trades, and how it sends an order.

The house's resting orders hold nothing. Instead an order is trimmed, when it is sent, to what the house could pay for it
alone; and before a named order trades with house orders, those beyond what the house can pay together are withdrawn. So the
house's claims never fall below zero, and a house without assets shows no orders. House with house changes no claim, pays no
fee and appears only in the trade summary.

Where the instrument has a tick table, house orders keep to it: one that rests is moved away from the other side to the next
price of the table, one that takes is moved towards it, so that it still reaches what it was sent for.

House orders have negative numbers, counted per instrument, so that the flow never moves the numbers of named orders.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Filled
from trading_ecosystem.domains.exchange.publication import Tape
from trading_ecosystem.domains.exchange.rules.trading_rules import NO_RULES, TradingRules, price_at_or_above, price_at_or_below
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.messages.units import Instrument, Lots, Nanos, Ticks
from trading_ecosystem.ports.component import Later

_BUY: Final = Side.BUY
_SELL: Final = Side.SELL
_STAYS: Final = TimeInForce.GOOD_TILL_CANCEL
_LEAVES: Final = TimeInForce.IMMEDIATE_OR_CANCEL
_MANY: Final = 1 << 62
_HOUSE: Final = 0
"""The house's owner number in the book: nobody, since house may trade with house."""


class House:
    """The house account's orders in one instrument."""

    __slots__ = (
        "_account",
        "_base",
        "_book",
        "_capacity",
        "_capture",
        "_instrument",
        "_lot_size",
        "_quote",
        "_rules",
        "_tape",
        "_tick_value",
        "disturbed",
        "last_order_id",
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
        rules: TradingRules = NO_RULES,
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
        self._rules = rules
        self.last_order_id = 0
        self.disturbed = False

    @property
    def signed_lots(self) -> Lots:
        """All lots that buyers have taken less all that sellers have, whoever they were."""
        return self._tape.signed_lots

    def means(self) -> tuple[int, Lots, int, Lots]:
        """What it may trade, as numbers for :mod:`.compiled_flow`: at a price p it may buy the first over p plus the second, in
        lots, and sell the third over p plus the fourth.
        """
        return min(_MANY, self._quote.available // self._tick_value), 0, 0, min(_MANY, self._base.available // self._lot_size)

    def take_down(self, trades: int, lots: Lots, signed: Lots, high: Ticks, low: Ticks, last: Ticks) -> None:
        """Put trades of the house with itself on the tape."""
        self._tape.take_down(trades, lots, signed, high, low, last)

    @property
    def capacity(self) -> int:
        """Resting orders from which on it posts none."""
        return self._capacity

    def send(
        self, side: Side, price_ticks: Ticks, lots: Lots, now: Nanos, said: list[Message | Later], *, stays: bool
    ) -> list[BookEvent]:
        """Send a limit order, trimmed to what the house can pay; its rest stays in the book, or is cancelled at once."""
        if self._rules.tick_table:
            lower = (side is _BUY) is stays
            price_ticks = (price_at_or_below if lower else price_at_or_above)(self._rules, price_ticks)
            if not price_ticks:
                return []
        affordable = self.affordable(side, price_ticks)
        if lots > affordable:
            lots = affordable
        book = self._book
        if lots <= 0 or (stays and len(book) >= self._capacity and book.fillable(side, lots, price_ticks) < lots):
            return []
        self.last_order_id -= 1
        terms = _STAYS if stays else _LEAVES
        events = book.place(self.last_order_id, _HOUSE, side, lots, price_ticks=price_ticks, time_in_force=terms)
        self.capture_fills(events, side, now, said)
        return events

    def affordable(self, side: Side, limit_ticks: Ticks) -> Lots:
        """What the house could pay for at the limit, with all that it has."""
        if side is _BUY:
            return self._quote.available // (limit_ticks * self._tick_value)
        return self._base.available // self._lot_size

    def capture_fills(self, events: list[BookEvent], side: Side, now: Nanos, said: list[Message | Later]) -> None:
        """Take down what an order of the house traded: with the house on the tape only, with a named account in full."""
        for event in events:
            if type(event) is not Filled:
                continue
            if event.maker_id < 0:
                self._tape.trade(event.price_ticks, event.lots, side)
            else:
                self._capture.capture(self._instrument, self._tape, event, None, side, now, said)

    def withdraw_unaffordable(self, taker_side: Side, lots: Lots) -> None:
        """Before a named order of ``lots`` trades: leave only those house orders that the house could pay together."""
        book = self._book
        if taker_side is _BUY:
            payable = self._base.available
            dearest = self._lot_size
        else:
            payable = self._quote.available
            dearest = book.best(_BUY)[0] * self._tick_value
        if lots * dearest <= payable:
            return
        unaffordable: list[int] = []
        for order in book.standing(_SELL if taker_side is _BUY else _BUY):
            if order.order_id < 0:
                each = self._lot_size if taker_side is _BUY else order.price_ticks * self._tick_value
                payable -= order.leaves_lots * each
                if payable < 0:
                    unaffordable.append(order.order_id)
        for order_id in unaffordable:
            book.cancel(order_id)
            self.disturbed = True
