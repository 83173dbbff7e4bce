"""The house in a perpetual: what it may trade is bounded by its margin instead of by what it could deliver.

The house holds no margin. It may have a position, on either side, whose initial margin its available claim covers; an order
is trimmed to that when it is sent, and before a named order trades, house orders beyond it are withdrawn. Its gains and
losses are paid on each margin tick, so that a house that loses shows less and less.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.flow.house import House
from trading_ecosystem.domains.exchange.publication import Tape
from trading_ecosystem.domains.exchange.rules.trading_rules import NO_RULES, TradingRules
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Instrument, Lots, Ticks

_MANY: Final = 1 << 62


class PerpetualHouse(House):
    """The house account's orders in one perpetual."""

    __slots__ = ("_margin",)

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
        super().__init__(account, instrument, book, tape, capture, claims, capacity, rules)
        self._margin = capture.margin

    def affordable(self, side: Side, limit_ticks: Ticks) -> Lots:
        """How many lots it could add on a side, at a price, with all that it has."""
        position = self._margin.positions.lots(self._account, self._instrument.symbol)
        lot_margin = limit_ticks * self._tick_value * self._margin.initial_ppm
        largest = self._quote.available * PARTS_PER_MILLION // lot_margin
        return max(0, largest - position if side is Side.BUY else largest + position)

    def means(self) -> tuple[int, Lots, int, Lots]:
        """As its parent's."""
        position = self._margin.positions.lots(self._account, self._instrument.symbol)
        units = self._quote.available * PARTS_PER_MILLION // (self._tick_value * self._margin.initial_ppm)
        return min(_MANY, units), -position, min(_MANY, units), position

    def withdraw_unaffordable(self, taker_side: Side, lots: Lots) -> None:
        """Before a named order of ``lots`` trades: leave only those house orders that the house has margin for together."""
        own_side = Side.SELL if taker_side is Side.BUY else Side.BUY
        standing = [order for order in self._book.standing(own_side) if order.order_id < 0]
        shown: Lots = 0
        unaffordable: list[int] = []
        for order in standing:
            shown += order.leaves_lots
            if shown > self.affordable(own_side, max(order.price_ticks, self._margin.marks[self._instrument.symbol])):
                unaffordable.append(order.order_id)
        for order_id in unaffordable:
            self._book.cancel(order_id)
            self.disturbed = True
