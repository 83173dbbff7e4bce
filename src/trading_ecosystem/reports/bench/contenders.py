"""The engines that play the flow, each by the door that it offers.

A contender is made anew for each round: it fills its books, then hands out the calls to be timed, as functions and arguments,
so that nothing of the measuring is in them but a loop; afterwards it says its fills. What a fill is to everybody:
``(taker, maker, price, lots)``, orders counted from 0 in the order in which they were sent.
"""

from __future__ import annotations

import importlib.util
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Final

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Filled
from trading_ecosystem.domains.exchange.book.books import book_class
from trading_ecosystem.domains.exchange.book.compiled_interface import UNFIT, check_interface, staleness
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.reports.bench.order_flow import CANCEL, PLACE, FlowCommand, OrderFlow

Fill = tuple[int, int, int, int]
Call = tuple[Callable[..., Any], tuple[Any, ...]]

BATCH_COMMANDS: Final = 1_024
"""Commands in one buffer of the batch door."""
_BITS: Final = (1 << 64) - 1
_SIGN: Final = 1 << 63


def scrambled(order: int) -> int:
    """An arbitrary signed 64-bit number for an order, another for each: mixed as in SplitMix64 (Steele and others 2014)."""
    mixed = (order + 1) * 0x9E3779B97F4A7C15 & _BITS
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _BITS
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _BITS
    return (mixed ^ mixed >> 31) - _SIGN


class Contender(ABC):
    """One engine; ``module`` is what has to be installed for it."""

    name: ClassVar[str]
    batch: ClassVar[bool] = False
    module: ClassVar[str | None] = None

    def __init__(self, flow: OrderFlow) -> None:
        self.results: list[Any] = []
        self.flow = flow

    @classmethod
    def missing(cls) -> str | None:
        """What is to be installed before it can play; ``None`` if nothing."""
        return cls.module if cls.module and importlib.util.find_spec(cls.module) is None else None

    @abstractmethod
    def calls(self) -> list[Call]:
        """The timed commands as calls; the books are filled by now."""

    @abstractmethod
    def fills(self) -> list[Fill]:
        """The fills of the timed commands, from ``results`` (what the calls returned, in order) or from the engine."""


class _OwnBook(Contender):
    """Our books, one command a call, with all events as Structs."""

    choice: ClassVar[str]

    def __init__(self, flow: OrderFlow) -> None:
        super().__init__(flow)
        made = book_class(self.choice)
        self.books: list[OrderBook] = [made(str(symbol)) for symbol in range(flow.symbols)]
        for command in flow.filling:
            function, arguments = self.call(command)
            function(*arguments)

    def call(self, command: FlowCommand) -> Call:
        """One command at the book's ordinary door."""
        book, number = self.books[command.symbol], scrambled(command.order)
        if command.kind == PLACE:
            side = Side.BUY if command.buys else Side.SELL
            return book.place, (number, 1, side, command.lots, command.price)
        if command.kind == CANCEL:
            return book.cancel, (number,)
        return book.replace, (number, command.lots, command.price)

    def calls(self) -> list[Call]:
        """See :class:`Contender`."""
        return [self.call(command) for command in self.flow.timed]

    def fills(self) -> list[Fill]:
        """See :class:`Contender`."""
        events: list[BookEvent] = [event for said in self.results if isinstance(said, list) for event in said]
        return [(e.taker_id, e.maker_id, e.price_ticks, e.lots) for e in events if isinstance(e, Filled)]


class PlainBook(_OwnBook):
    """The plain Python book."""

    name = "plain, call, events"
    choice = "plain"


class CompiledBook(_OwnBook):
    """The compiled book at the same door."""

    name = "compiled, call, events"
    choice = "compiled"


class LeanCompiledBook(_OwnBook):
    """The compiled book, one call an order, returning its fills; orders are numbered as they come, as the peers do."""

    name = "compiled, call, fills"
    choice = "compiled"

    def call(self, command: FlowCommand) -> Call:
        """One command at the lean door."""
        book: Any = self.books[command.symbol]
        if command.kind == PLACE:
            return book.limit, (command.order, 1, command.buys, command.lots, command.price)
        if command.kind == CANCEL:
            return book.withdraw, (command.order,)
        return book.amend, (command.order, command.lots, command.price)

    def fills(self) -> list[Fill]:
        """See :class:`Contender`; the lean door does not repeat the taker's number."""
        return [
            (scrambled(command.order), scrambled(maker), price, lots)
            for command, said in zip(self.flow.timed, self.results, strict=True)
            if isinstance(said, tuple)
            for maker, price, lots in said
        ]


class BatchedBook(Contender):
    """The compiled book's batch door: checked commands with arbitrary numbers in, all events out."""

    name = "compiled, batch, events"
    batch = True

    def __init__(self, flow: OrderFlow) -> None:
        super().__init__(flow)
        made = book_class("compiled")
        try:
            import trading_ecosystem.domains.exchange.book.compiled_batch as compiled_batch

            check_interface(compiled_batch)
        except UNFIT as error:
            raise BadInput("bench", staleness(error, "compiled_batch")) from error
        self.door = compiled_batch
        self.engine = compiled_batch.Batch([made(str(symbol)) for symbol in range(flow.symbols)])
        self.engine.run(b"".join(self.packed(command) for command in flow.filling))

    def packed(self, command: FlowCommand) -> bytes:
        """One command of 32 bytes."""
        kind = (self.door.PLACE, self.door.CANCEL, self.door.REPLACE)[command.kind]
        flags = 0 if command.buys else self.door.SELL
        number = scrambled(command.order)
        return struct.pack(self.door.COMMAND_FORMAT, kind, flags, command.symbol, 1, number, command.price, command.lots)

    def calls(self) -> list[Call]:
        """See :class:`Contender`: one call a buffer."""
        packed = [self.packed(command) for command in self.flow.timed]
        buffers = [b"".join(packed[first : first + BATCH_COMMANDS]) for first in range(0, len(packed), BATCH_COMMANDS)]
        return [(self.engine.run, (buffer,)) for buffer in buffers]

    def fills(self) -> list[Fill]:
        """See :class:`Contender`: from a run of its own, which keeps the events of every buffer."""
        again = BatchedBook(self.flow)
        found: list[Fill] = []
        for run, (buffer,) in again.calls():
            run(buffer)
            for event in struct.iter_unpack(self.door.EVENT_FORMAT, bytes(memoryview(again.engine))):
                if event[0] == 1:
                    found.append((event[6], event[7], event[8], event[9]))
        return found


class Bourse(Contender):
    """``bourse`` 0.4 and later: an order book in Rust with a Python door.

    It keeps orders of one price apart by the time that its caller sets; without, they replace each other. Setting the time is
    left out where the clock runs, which is to its advantage, and done where fills are compared.
    """

    name = "bourse, call"
    module = "bourse"

    def __init__(self, flow: OrderFlow) -> None:
        super().__init__(flow)
        core = importlib.import_module("bourse").core
        self.books: list[Any] = [core.OrderBook(0, True) for _ in range(flow.symbols)]
        self.placed = [0] * flow.symbols
        self.own: dict[int, int] = {}
        for number, command in enumerate(flow.filling):
            self.books[command.symbol].set_time(number)
            function, arguments = self.call(command)
            function(*arguments)

    def call(self, command: FlowCommand) -> Call:
        """One command; each book numbers its orders itself, from 0 in the order in which they come."""
        book = self.books[command.symbol]
        if command.kind == PLACE:
            self.own[command.order] = self.placed[command.symbol]
            self.placed[command.symbol] += 1
            return book.place_order, (command.buys, command.lots, 1, command.price)
        own = self.own[command.order]
        if command.kind == CANCEL:
            return book.cancel_order, (own,)
        return book.modify_order, (own, command.price, command.lots)

    def calls(self) -> list[Call]:
        """See :class:`Contender`."""
        return [self.call(command) for command in self.flow.timed]

    def fills(self) -> list[Fill]:
        """See :class:`Contender`: from a run of its own, with the time set before each command."""
        again = Bourse(self.flow)
        already = [len(book.get_trades()) for book in again.books]
        for number, command in enumerate(self.flow.timed, start=len(self.flow.filling)):
            again.books[command.symbol].set_time(number)
            function, arguments = again.call(command)
            function(*arguments)
        orders: list[dict[int, int]] = [{} for _ in again.books]
        for command in (*self.flow.filling, *self.flow.timed):
            if command.kind == PLACE:
                orders[command.symbol][again.own[command.order]] = command.order
        return [
            (scrambled(orders[symbol][taker]), scrambled(orders[symbol][maker]), price, lots)
            for symbol, book in enumerate(again.books)
            for _, _, price, lots, taker, maker in book.get_trades()[already[symbol] :]
        ]


class Pyorderbook(Contender):
    """``pyorderbook`` 0.4 and later: an order book in plain Python; a replacement is a cancellation and a new order."""

    name = "pyorderbook, call"
    module = "pyorderbook"

    def __init__(self, flow: OrderFlow) -> None:
        super().__init__(flow)
        self.library = importlib.import_module("pyorderbook")
        self.book = self.library.Book()
        self.made: dict[int, Any] = {}
        self.numbers: dict[Any, int] = {}
        for command in flow.filling:
            function, arguments = self.call(command)
            function(*arguments)

    def call(self, command: FlowCommand) -> Call:
        """One command; making the order is part of it, as it is for a caller."""
        if command.kind == PLACE:
            return self.place, (command.order, command.symbol, command.buys, command.lots, command.price)
        if command.kind == CANCEL:
            return self.cancel, (command.order,)
        return self.replace, (command.order, command.symbol, command.buys, command.lots, command.price)

    def place(self, order: int, symbol: int, buys: bool, lots: int, price: int) -> Any:
        """A new order."""
        make = self.library.bid if buys else self.library.ask
        made = self.made[order] = make(str(symbol), price, lots)
        self.numbers[made.id] = order
        return self.book.match(made)

    def cancel(self, order: int) -> Any:
        """An order leaves."""
        return self.book.cancel(self.made[order])

    def replace(self, order: int, symbol: int, buys: bool, lots: int, price: int) -> Any:
        """What it has instead."""
        self.book.cancel(self.made[order])
        return self.place(order, symbol, buys, lots, price)

    def calls(self) -> list[Call]:
        """See :class:`Contender`."""
        return [self.call(command) for command in self.flow.timed]

    def fills(self) -> list[Fill]:
        """See :class:`Contender`."""
        numbers = self.numbers
        trades = [trade for said in self.results if said is not None for trade in said.trades]
        return [
            (
                scrambled(numbers[trade.incoming_order_id]),
                scrambled(numbers[trade.standing_order_id]),
                int(trade.fill_price),
                trade.fill_quantity,
            )
            for trade in trades
        ]


CONTENDERS: Final[tuple[type[Contender], ...]] = (
    BatchedBook,
    LeanCompiledBook,
    CompiledBook,
    PlainBook,
    Bourse,
    Pyorderbook,
)
"""Everyone who can play, our books first."""
