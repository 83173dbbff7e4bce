"""The flow of orders that every engine plays: from a fixed seed, the same for all.

About half of the commands are new limit orders behind the best price, 41 % cancel a resting order, 4 % replace one, 5 % are
limit orders that trade at once. The book is filled first, which is not timed, and about as many orders rest at the end as in
the beginning. Several symbols share the orders by Zipf's law. Every command that names an order finds it: the flow was made
with a book beside it. Prices are ticks around ``MIDDLE``, distances behind it exponential.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled
from trading_ecosystem.domains.exchange.book.books import book_class
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.runtime.randomness import SeededRandomness, Stream

MIDDLE: Final = 10_000
PLACE, CANCEL, REPLACE = 0, 1, 2
_MEAN_DISTANCE: Final = 60.0
_REACH: Final = 5_000
_LARGEST: Final = 100


class FlowCommand(msgspec.Struct, frozen=True, gc=False):
    """One command; ``order`` counts orders from 0, ``price`` in ticks, ``lots`` is what a replaced order is to have left."""

    kind: int
    symbol: int
    order: int
    buys: bool
    lots: int
    price: int


class OrderFlow(msgspec.Struct, frozen=True):
    """What fills the books, and what is timed."""

    filling: tuple[FlowCommand, ...]
    timed: tuple[FlowCommand, ...]
    symbols: int


class _Author:
    """Writes a flow, with books beside it to know which orders rest."""

    def __init__(self, resting: int, symbols: int, seed: int) -> None:
        self.stream: Stream = SeededRandomness(seed).stream("bench", "order flow")
        self.resting = resting
        self.books: list[OrderBook] = [book_class()(str(symbol)) for symbol in range(symbols)]
        self.orders = 0
        self.live: list[tuple[int, int]] = []
        self.places: dict[int, int] = {}
        weights = [1.0 / (rank + 1) for rank in range(symbols)]
        total, self.cumulative = 0.0, [0.0] * symbols
        for rank, weight in enumerate(weights):
            total += weight
            self.cumulative[rank] = total

    def symbol(self) -> int:
        """One of the symbols, by Zipf's law."""
        drawn = self.stream.uniform() * self.cumulative[-1]
        low, high = 0, len(self.cumulative) - 1
        while low < high:
            middle = (low + high) // 2
            if self.cumulative[middle] <= drawn:
                low = middle + 1
            else:
                high = middle
        return low

    def passive_price(self, buys: bool) -> int:
        distance = 1 + min(_REACH, int(self.stream.exponential(_MEAN_DISTANCE)))
        return MIDDLE - distance if buys else MIDDLE + distance

    def place(self, symbol: int, price: int, buys: bool, lots: int) -> FlowCommand:
        order = self.orders
        self.orders += 1
        book = self.books[symbol]
        for event in book.place(order, 0, Side.BUY if buys else Side.SELL, lots, price_ticks=price):
            if isinstance(event, Filled) and not event.maker_leaves_lots:
                self.forget(event.maker_id)
        if order in book:
            self.places[order] = len(self.live)
            self.live.append((order, symbol))
        return FlowCommand(PLACE, symbol, order, buys, lots, price)

    def forget(self, order: int) -> None:
        place = self.places.pop(order)
        last = self.live.pop()
        if last[0] != order:
            self.live[place] = last
            self.places[last[0]] = place

    def new(self) -> FlowCommand:
        buys = self.stream.uniform() < 0.5
        return self.place(self.symbol(), self.passive_price(buys), buys, self.stream.integer(1, _LARGEST))

    def marketable(self) -> FlowCommand:
        buys = self.stream.uniform() < 0.5
        price = MIDDLE + _REACH if buys else MIDDLE - _REACH
        return self.place(self.symbol(), price, buys, self.stream.integer(1, 2 * _LARGEST))

    def cancel(self) -> FlowCommand:
        order, symbol = self.live[self.stream.integer(0, len(self.live) - 1)]
        event = self.books[symbol].cancel(order)
        assert isinstance(event, Cancelled)
        self.forget(order)
        return FlowCommand(CANCEL, symbol, order, False, 0, 0)

    def replace(self) -> FlowCommand:
        order, symbol = self.live[self.stream.integer(0, len(self.live) - 1)]
        book = self.books[symbol]
        resting = book.order(order)
        assert resting is not None
        buys = resting.side is Side.BUY
        lots, price = self.stream.integer(1, _LARGEST), self.passive_price(buys)
        if price == resting.price_ticks:
            # Some engines let every replaced order lose its place: at another price all of them agree.
            price += -1 if buys else 1
        book.replace(order, lots, price)
        return FlowCommand(REPLACE, symbol, order, buys, lots, price)

    def next(self) -> FlowCommand:
        """New orders make up for what cancels and trades take away."""
        draw = self.stream.uniform()
        if draw < 0.04 and self.live:
            return self.replace()
        if draw < 0.09 and len(self.live) > self.resting // 2:
            return self.marketable()
        leans = 0.02 if len(self.live) > self.resting else -0.02
        if draw < 0.50 + leans and self.live:
            return self.cancel()
        return self.new()


def order_flow(commands: int, *, resting: int, symbols: int = 1, seed: int = 1) -> OrderFlow:
    """A flow of so many timed commands over books in which ``resting`` orders stand altogether."""
    author = _Author(resting, symbols, seed)
    filling = tuple(author.new() for _ in range(resting))
    return OrderFlow(filling, tuple(author.next() for _ in range(commands)), symbols)


def play(book: OrderBook, commands: Iterable[FlowCommand], owner: int) -> None:
    """Send the commands of a flow of one symbol to a book, for one owner."""
    for command in commands:
        if command.kind == PLACE:
            side = Side.BUY if command.buys else Side.SELL
            book.place(command.order, owner, side, command.lots, price_ticks=command.price)
        elif command.kind == CANCEL:
            book.cancel(command.order)
        else:
            book.replace(command.order, command.lots, command.price)
