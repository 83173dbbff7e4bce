"""Commands to the batch door as bytes, the meaning of these bytes in plain Python, and a comparison of the two.

The formats and numbers are written down here once more, so that the door is held to them and not to itself. Run as a program
it compares for a number of seeds, as the sanitizers' run does::

    python -m tests.unit.exchange.batch_commands FIRST_SEED SEEDS COMMANDS [FOLDER THE PACKAGE MUST COME FROM]
"""

from __future__ import annotations

import random
import struct
import sys
from pathlib import Path
from typing import Any

from tests.unit.exchange.book_commands import BUY, FOK, GTC, IOC, MODES, SELL, Command, Draw, compare_state

from trading_ecosystem.domains.exchange.book import book as plain_book
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Filled, Refused, Rested
from trading_ecosystem.messages.orders import RejectReason, Side

COMMAND = struct.Struct("=BBHIqqq")
EVENT = struct.Struct("=BBBBIqqqqqqq")
PLACE, CANCEL, REDUCE, REPLACE, TERMS = range(1, 6)
FLAGS = {"sell": 1, "market": 2, "ioc": 4, "fok": 8, "post_only": 16, "reprice": 32, "hidden": 64}
KINDS = ("Filled", "Rested", "Refreshed", "Reduced", "Replaced", "Cancelled", "Refused")
Said = tuple[int, Side | None, BookEvent]
"""Symbol, side where the event tells it, and event."""


def fits(value: Any) -> bool:
    return value is None or -(2**63) <= value < 2**63


def packed(command: Command, symbol: int) -> bytes:
    """A command as bytes; empty where the door has no such command, or a number is too large for it."""
    name, arguments, terms = command
    if not all(fits(each) for each in (*arguments, terms.get("price_ticks")) if not isinstance(each, str | Side)):
        return b""
    mode = MODES.index(terms["self_trade"]) << 4 if "self_trade" in terms else 0
    post = FLAGS["post_only"] if terms.get("post_only") else 0
    if name == "cancel":
        return COMMAND.pack(CANCEL, 0, symbol, 0, arguments[0], 0, 0)
    if name == "reduce":
        return COMMAND.pack(REDUCE, 0, symbol, 0, arguments[0], 0, arguments[1])
    if name == "replace":
        return COMMAND.pack(REPLACE | mode, post, symbol, 0, arguments[0], arguments[2], arguments[1])
    if name != "place":
        return b""
    number, owner, side, lots = arguments
    price = terms.get("price_ticks")
    flags = post | (FLAGS["sell"] if side is SELL else 0) | (FLAGS["market"] if price is None else 0)
    flags |= {IOC: FLAGS["ioc"], FOK: FLAGS["fok"]}.get(terms["time_in_force"], 0)
    flags |= (FLAGS["reprice"] if terms.get("reprice") else 0) | (FLAGS["hidden"] if terms.get("hidden") else 0)
    rare = (terms.get("display_lots", 0), terms.get("minimum_lots", 0))
    before = COMMAND.pack(TERMS, 0, symbol, 0, 0, *rare) if any(rare) else b""
    return before + COMMAND.pack(PLACE | mode, flags, symbol, owner, number, price or 0, lots)


class PlainBatch:
    """What the door's bytes mean: the plain books do as the documentation of the format says."""

    def __init__(self, books: list[OrderBook]) -> None:
        self.books = books
        self.terms = (0, 0)

    def run(self, commands: bytes) -> list[Said]:
        said: list[Said] = []
        for fields in COMMAND.iter_unpack(commands):
            symbol, number = fields[2], fields[4]
            side, events = self._command(*fields)
            assert events or fields[0] & 15 == TERMS, (symbol, number)
            said += [(symbol, side if isinstance(event, Filled | Rested) else None, event) for event in events]
        return said

    def _command(
        self, kind: int, flags: int, symbol: int, owner: int, number: int, price: int, lots: int
    ) -> tuple[Side | None, list[BookEvent]]:
        kind, mode = kind & 15, kind >> 4
        terms = self.terms
        if kind == PLACE:
            self.terms = (0, 0)
        if symbol >= len(self.books):
            return None, [Refused(number, RejectReason.UNKNOWN_INSTRUMENT)]
        if mode >= len(MODES) or not PLACE <= kind <= TERMS:
            return None, [Refused(number, RejectReason.INVALID_TERMS)]
        book = self.books[symbol]
        if kind == TERMS:
            self.terms = (price, lots)
            return None, []
        if kind == CANCEL:
            return None, [book.cancel(number)]
        if kind == REDUCE:
            return None, [book.reduce(number, lots)]
        if kind == REPLACE:
            resting = book.order(number)
            post = bool(flags & FLAGS["post_only"])
            return resting and resting.side, book.replace(number, lots, price, post_only=post, self_trade=MODES[mode])
        side = SELL if flags & FLAGS["sell"] else BUY
        return side, book.place(
            number,
            owner,
            side,
            lots,
            price_ticks=None if flags & FLAGS["market"] else price,
            time_in_force=FOK if flags & FLAGS["fok"] else IOC if flags & FLAGS["ioc"] else GTC,
            post_only=bool(flags & FLAGS["post_only"]),
            reprice=bool(flags & FLAGS["reprice"]),
            display_lots=terms[0],
            hidden=bool(flags & FLAGS["hidden"]),
            minimum_lots=terms[1],
            self_trade=MODES[mode],
        )


class BatchDraw:
    """Buffers of commands for several books from a seed: most sensible, some for books or of kinds that there are not."""

    def __init__(self, seed: int, symbols: int) -> None:
        self.random = random.Random(seed)
        self.draws = [Draw(seed * 1_000 + symbol) for symbol in range(symbols)]

    def buffer(self, commands: int) -> bytes:
        made = bytearray()
        for _ in range(commands):
            chance = self.random.random()
            symbol = self.random.randrange(len(self.draws))
            if chance < 0.96:
                made += packed(self.draws[symbol].command(), symbol)
            elif chance < 0.97:
                made += packed(self.draws[symbol].command(), self.random.choice((len(self.draws), 65_535)))
            else:
                made += self._garbage(symbol)
        return bytes(made)

    def _garbage(self, symbol: int) -> bytes:
        """Any bytes at all; half of them for a book that is there, with numbers that it could take."""
        if self.random.random() < 0.5:
            return self.random.randbytes(COMMAND.size)
        numbers = (self.draws[symbol].latest, self.random.randint(90, 110), self.random.randint(0, 9))
        return COMMAND.pack(self.random.randrange(256), self.random.randrange(256), symbol, 1, *numbers)


def compare_batch(seed: int, commands: int) -> int:
    """Send the commands of one seed, in buffers of any length and at any address, to both; how many events both said."""
    from trading_ecosystem.domains.exchange.book.compiled_batch import Batch, events_of
    from trading_ecosystem.domains.exchange.book.compiled_book import CompiledOrderBook

    draw = BatchDraw(seed, symbols=3)
    plain = [OrderBook(f"I{number}", each.capacity) for number, each in enumerate(draw.draws)]
    compiled = [CompiledOrderBook(each.symbol, each.capacity) for each in plain]
    reference, batch = PlainBatch(plain), Batch(compiled)
    sequences: dict[int, int] = {}
    events = sent = 0
    while sent < commands:
        buffer = draw.buffer(draw.random.choice((1, 7, 100, 900)))
        expected = reference.run(buffer)
        offset = draw.random.randrange(9)
        count = batch.run(memoryview(bytes(offset) + buffer)[offset:])
        said = events_of(batch)
        assert count == len(said)
        assert said == [(symbol, event) for symbol, _, event in expected], (seed, sent)
        with memoryview(batch) as view:
            assert view.nbytes == count * EVENT.size
            for row, (symbol, side, event) in zip(EVENT.iter_unpack(view), expected, strict=True):
                _check_row(row, symbol, side, event, sequences)
        for first, second in zip(plain, compiled, strict=True):
            assert first.updates == second.updates
            compare_state(first, second)
        sent += len(buffer) // COMMAND.size
        events += count
    return events


def _check_row(row: tuple[int, ...], symbol: int, side: Side | None, event: BookEvent, sequences: dict[int, int]) -> None:
    """The bytes of an event: those fields that the Struct does not have, or that the formats promise."""
    assert KINDS[row[0] - 1] == type(event).__name__
    assert side is None or row[1] == (side is SELL)
    assert row[4] == symbol
    key = symbol if symbol < 3 else -1  # All that is for no book is counted together.
    sequences[key] = sequences.get(key, 0) + 1
    assert row[5] == sequences[key]
    if isinstance(event, Filled):
        leaves = (event.taker_leaves_lots, event.maker_leaves_lots)
        assert row[6:] == (event.taker_id, event.maker_id, event.price_ticks, event.lots, *leaves)
    else:
        assert row[6] == event.order_id


def main() -> None:
    """Compare, and say how many commands and events there were."""
    first, count, commands = (int(word) for word in sys.argv[1:4])
    if len(sys.argv) > 4 and Path(sys.argv[4]) not in Path(plain_book.__file__).parents:
        raise SystemExit(f"the package comes from {plain_book.__file__}")
    events = sum(compare_batch(seed, commands) for seed in range(first, first + count))
    print(f"{count * commands} commands, {events} events, no difference")


if __name__ == "__main__":
    main()
