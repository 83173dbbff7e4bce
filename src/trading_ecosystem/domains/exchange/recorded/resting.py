"""Orders of named accounts that rest beside the recorded book of one instrument, and what the recorded market leaves them."""

from __future__ import annotations

from collections.abc import Iterator

from trading_ecosystem.domains.exchange.recorded.displayed import DisplayedBook
from trading_ecosystem.domains.exchange.recorded.happenings import RecordedRange, RecordedTrade
from trading_ecosystem.domains.exchange.recorded.queue_position import QueueEstimate, QueuePosition
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Lots, MinorUnits, PartsPerMillion, Ticks


class RecordedOrder:
    """One accepted order with what is held for it."""

    __slots__ = ("command", "cumulative_lots", "held_minor", "leaves_lots", "order_id", "queue")

    def __init__(self, command: PlaceOrder, order_id: int, held_minor: MinorUnits) -> None:
        self.command = command
        self.order_id = order_id
        self.held_minor = held_minor
        self.leaves_lots: Lots = command.quantity_lots
        self.cumulative_lots: Lots = 0
        self.queue: QueuePosition | None = None
        """Set once it rests."""


Fill = tuple[RecordedOrder, Ticks, Lots]
"""An order, the price and the lots that it is to get."""


class RestingOrders:
    """The resting orders of one instrument, oldest first, in price and time order where they compete."""

    __slots__ = ("_bounds", "_estimate", "_orders", "_share_ppm")

    def __init__(self, estimate: QueueEstimate, bar_share_ppm: PartsPerMillion) -> None:
        self._estimate = estimate
        self._share_ppm = bar_share_ppm
        self._orders: dict[int, RecordedOrder] = {}
        self._bounds: tuple[Ticks | None, Ticks | None] = (None, None)
        """The highest price of the buys and the lowest of the sells."""

    def __len__(self) -> int:
        return len(self._orders)

    def rest(self, order: RecordedOrder, book: DisplayedBook) -> None:
        """Put an order behind what is displayed at its price."""
        command = order.command
        order.queue = QueuePosition(self._estimate, book.displayed(command.side, command.price_ticks))
        self._orders[order.order_id] = order
        self._bound()

    def leave(self, order: RecordedOrder) -> None:
        """An order is no longer there."""
        self._orders.pop(order.order_id, None)
        self._bound()

    def _bound(self) -> None:
        commands = [order.command for order in self._orders.values()]
        highest = max((one.price_ticks for one in commands if one.side is Side.BUY), default=None)
        self._bounds = (highest, min((one.price_ticks for one in commands if one.side is Side.SELL), default=None))

    def _competing(self, side: Side) -> list[RecordedOrder]:
        """The orders of a side, best price first, then oldest first."""
        sign = -1 if side is Side.BUY else 1
        found = [order for order in self._orders.values() if order.command.side is side]
        return sorted(found, key=lambda order: sign * order.command.price_ticks)

    def show(self, book: DisplayedBook) -> None:
        """The displayed sizes changed: every queue takes notice."""
        for order in self._orders.values():
            displayed = book.displayed(order.command.side, order.command.price_ticks)
            if displayed is not None and order.queue is not None:
                order.queue.show(displayed)

    def crossed(self, book: DisplayedBook) -> Iterator[Fill]:
        """What the displayed market, having moved to or through their prices, gives to resting orders, at their own prices."""
        highest, lowest = self._bounds
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        is_reached = highest is not None and ask is not None and ask.price_ticks <= highest
        is_lifted = lowest is not None and bid is not None and bid.price_ticks >= lowest
        for side in [side for side, touched in ((Side.BUY, is_reached), (Side.SELL, is_lifted)) if touched]:
            for order in self._competing(side):
                for level in book.reachable(side, order.command.price_ticks):
                    lots = min(level.quantity_lots, order.leaves_lots)
                    if not lots:
                        break
                    book.take(side, level.price_ticks, lots)
                    yield order, order.command.price_ticks, lots

    def traded(self, trade: RecordedTrade, book: DisplayedBook) -> Iterator[Fill]:
        """What a recorded trade leaves to resting orders of the side that did not take.

        An order at a better price than the trade's would have been served before it, at its own price; one at the trade's
        price is served after its queue. Together they get no more than the trade's quantity.
        """
        sides = (_passive(trade, book),) if trade.aggressor or not book.is_empty() else (Side.BUY, Side.SELL)
        for side in sides:
            left = trade.quantity_lots
            for order in self._competing(side):
                price = order.command.price_ticks
                is_worse = price < trade.price_ticks if side is Side.BUY else price > trade.price_ticks
                if is_worse:
                    break
                assert order.queue is not None
                if price == trade.price_ticks:
                    lots = min(order.queue.trade(trade.quantity_lots), left, order.leaves_lots)
                else:
                    lots = min(left, order.leaves_lots)
                if lots:
                    left -= lots
                    yield order, price, lots

    def ranged(self, bar: RecordedRange) -> Iterator[Fill]:
        """What a bar gives to resting orders: those whose price it traded *through*, up to the share of its volume.

        A price that the bar only touched is not filled: where the order stood in the queue there is not known.
        """
        left = bar.volume_lots * self._share_ppm // PARTS_PER_MILLION
        for side in (Side.BUY, Side.SELL):
            for order in self._competing(side):
                price = order.command.price_ticks
                is_through = bar.low_ticks < price if side is Side.BUY else bar.high_ticks > price
                lots = min(left, order.leaves_lots)
                if not is_through or not lots:
                    break
                left -= lots
                yield order, price, lots


def _passive(trade: RecordedTrade, book: DisplayedBook) -> Side:
    """The side that was there before: by the record, or else by the nearer of the best prices (Lee and Ready 1991)."""
    if trade.aggressor is not None:
        return Side.SELL if trade.aggressor is Side.BUY else Side.BUY
    bid, ask = book.best(Side.BUY), book.best(Side.SELL)
    if bid is None or ask is None:
        return Side.BUY if ask is None else Side.SELL
    return Side.BUY if 2 * trade.price_ticks < bid.price_ticks + ask.price_ticks else Side.SELL
