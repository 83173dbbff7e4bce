"""Commands to a book as plain values, drawn from a seed, and how to send one to any book and compare what two of them say.

Run as a program it compares the twins for a number of seeds, as the sanitizers' run does::

    python -m tests.unit.exchange.book_commands FIRST_SEED SEEDS COMMANDS [FOLDER THE PACKAGE MUST COME FROM]
"""

from __future__ import annotations

import random
import struct
import sys
from pathlib import Path
from typing import Any

from trading_ecosystem.domains.exchange.book import book as plain_book
from trading_ecosystem.domains.exchange.book.book import MAXIMUM_LOTS, MAXIMUM_TICKS, OrderBook
from trading_ecosystem.messages.orders import SelfTradePrevention, Side, TimeInForce

BUY, SELL = Side.BUY, Side.SELL
MODES = tuple(SelfTradePrevention)
GTC, IOC, FOK = TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL
TIMES = (GTC, GTC, GTC, GTC, GTC, IOC, FOK, TimeInForce.DAY)
CAPACITIES = (8, 100, 1_000_000)
SPREADS = (3, 12, 60, 300)
Command = tuple[str, tuple[Any, ...], dict[str, Any]]
"""The name of what to do, its arguments in order and by name."""


def send(book: Any, command: Command) -> Any:
    """Do a command; what the book says."""
    name, arguments, terms = command
    if name == "matching":
        return _switch(book)
    if name == "watch":
        seen = book.attention
        book.watch_below, book.watch_above = arguments
        book.attention = False
        return seen
    if name == "execute":
        side, lots = arguments
        front = book.front(side)
        return [] if front is None else book.execute(front.order_id, min(lots, front.lots))
    return getattr(book, name)(*arguments, **terms)


def _switch(book: Any) -> list[Any]:
    """Matching off; or a plain uncross at no price in particular, and matching on."""
    said: list[Any] = []
    if book.matching:
        book.matching = False
        return said
    while (bid := book.front(BUY)) and (ask := book.front(SELL)) and bid.price_ticks >= ask.price_ticks:
        lots = min(bid.lots, ask.lots)
        said += book.execute(bid.order_id, lots)
        said += book.execute(ask.order_id, lots)
    book.matching = True
    return said


class Draw:
    """A stream of commands from a seed, most of them sensible, some of them at the limits of what there is."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.spread = self.random.choice(SPREADS)
        self.capacity = self.random.choice(CAPACITIES)
        self.numbers = [1]
        self.latest = self.random.choice((0, -(2**63), 2**62, -500))

    def command(self) -> Command:
        """The next one."""
        kind = self.random.random()
        if kind < 0.55:
            return self._place()
        if kind < 0.75:
            return ("cancel", (self._number(),), {})
        if kind < 0.85:
            return ("reduce", (self._number(), self._lots(-1)), {})
        if kind < 0.965:
            terms = {"post_only": self.random.random() < 0.3, "self_trade": self.random.choice(MODES)}
            return ("replace", (self._number(), self._lots(0), self._price()), terms)
        if kind < 0.975:
            return ("execute", (self.random.choice((BUY, SELL)), self.random.randint(1, 9)), {})
        if kind < 0.985:
            return ("matching", (), {})
        return ("watch", (self.random.randint(80, 100), self.random.randint(100, 120)), {})

    def _number(self) -> int:
        recent = self.numbers if self.random.random() < 0.1 else self.numbers[-200:]
        return self.random.choice(recent)

    def _lots(self, least: int) -> int:
        if self.random.random() < 0.03:
            return self.random.choice((0, -3, MAXIMUM_LOTS, MAXIMUM_LOTS + 1, 2**63 - 1, 2**63, 10**40, -(10**40)))
        return self.random.randint(least, 30)

    def _price(self) -> int:
        if self.random.random() < 0.04:
            edges = (0, -1, 1, MAXIMUM_TICKS, MAXIMUM_TICKS + 1, 10**30, self.random.randint(1, 10**6))
            return self.random.choice(edges)
        return self.random.randint(max(1, 100 - self.spread), 100 + self.spread)

    def _place(self) -> Command:
        chance = self.random.random
        if chance() < 0.97:
            self.latest += 1
            number = self.latest
        else:
            number = self._number()
        self.numbers.append(number)
        terms: dict[str, Any] = {"time_in_force": self.random.choice(TIMES), "self_trade": self.random.choice(MODES)}
        if chance() < 0.9:
            terms["price_ticks"] = self._price()
        if chance() < 0.2:
            terms["post_only"] = True
            terms["reprice"] = chance() < 0.4
        if chance() < 0.2:
            terms["display_lots"] = self.random.randint(-1, 8)
        elif chance() < 0.15:
            terms["hidden"] = True
        if chance() < 0.1:
            terms["minimum_lots"] = self.random.randint(-1, 12)
        return ("place", (number, self.random.randint(0, 3), self.random.choice((BUY, SELL)), self._lots(1)), terms)


def compare_state(first: Any, second: Any) -> None:
    """Both books hold the same orders in the same order, and answer the same."""
    assert len(first) == len(second)
    for side in (BUY, SELL):
        standing = list(first.standing(side))
        assert standing == list(second.standing(side))
        assert first.front(side) == second.front(side) == (standing[0] if standing else None)
        assert first.depth(side, 10) == second.depth(side, 10)
        assert first.depth(side, 0) == second.depth(side, 0) == ()
        assert first.best(side) == second.best(side)
        assert first.interest(side) == second.interest(side)
        for order in standing[:3]:
            assert first.order(order.order_id) == second.order(order.order_id) == order
            assert order.order_id in second
            limit = order.price_ticks
            assert first.crosses(side, limit) == second.crosses(side, limit)
            for lots in (1, 25, 10**13, 2**62):
                assert first.reached(side, lots, limit) == second.reached(side, lots, limit)
                for mode in MODES:
                    asked = (side, lots, limit if lots < 100 else None, order.owner, mode)
                    assert first.fillable(*asked) == second.fillable(*asked)


def compare(seed: int, commands: int, compiled: type[OrderBook], *, every: int = 50) -> int:
    """Send the commands of one seed to both books; how many events both of them said."""
    draw = Draw(seed)
    first, second = OrderBook("BTC/USD", draw.capacity), compiled("BTC/USD", draw.capacity)
    said = 0
    for step in range(commands):
        command = draw.command()
        expected, actual = send(first, command), send(second, command)
        assert expected == actual, (seed, step, command, expected, actual)
        state = (first.updates, first.attention, first.matching)
        assert state == (second.updates, second.attention, second.matching), (seed, step, command)
        said += len(expected) if isinstance(expected, list) else 1
        if step % every == 0:
            compare_state(first, second)
        if step % 991 == 0:
            second = compiled.from_snapshot_state(second.snapshot_state())  # type: ignore[attr-defined]
    compare_state(first, second)
    return said


def encoded(command: Command, symbol: int) -> bytes | None:
    """A command as the batch door takes it; ``None`` where a number does not fit, or the door has no such command."""
    from trading_ecosystem.domains.exchange.book import compiled_batch as batches

    name, arguments, terms = command
    mode = 16 * MODES.index(terms.get("self_trade", SelfTradePrevention.NONE))
    if name == "cancel":
        fields = [(batches.CANCEL, 0, symbol, 0, arguments[0], 0, 0)]
    elif name == "reduce":
        fields = [(batches.REDUCE, 0, symbol, 0, arguments[0], 0, arguments[1])]
    elif name == "replace":
        number, lots, price = arguments
        flags = batches.POST_ONLY if terms["post_only"] else 0
        fields = [(batches.REPLACE + mode, flags, symbol, 0, number, price, lots)]
    elif name == "place":
        number, owner, side, lots = arguments
        price, time = terms.get("price_ticks"), terms["time_in_force"]
        flags = (
            (side is SELL and batches.SELL)
            | (price is None and batches.MARKET)
            | (time is IOC and batches.IMMEDIATE_OR_CANCEL)
            | (time is FOK and batches.FILL_OR_KILL)
            | (terms.get("post_only", False) and batches.POST_ONLY)
            | (terms.get("reprice", False) and batches.REPRICE)
            | (terms.get("hidden", False) and batches.HIDDEN)
        )
        fields = [(batches.PLACE + mode, flags, symbol, owner, number, price or 0, lots)]
        rare = (terms.get("display_lots", 0), terms.get("minimum_lots", 0))
        if rare != (0, 0):
            fields.insert(0, (batches.TERMS, 0, symbol, 0, number, *rare))
    else:
        return None
    try:
        return b"".join(struct.pack(batches.COMMAND_FORMAT, *each) for each in fields)
    except struct.error:
        return None


def batch_against_plain(seed: int, commands: int, symbols: int = 3) -> int:
    """Send the commands of one seed to several plain books, and in batches to compiled ones; how many events both said."""
    from trading_ecosystem.domains.exchange.book import compiled_batch as batches
    from trading_ecosystem.domains.exchange.book.compiled_book import CompiledOrderBook

    draw = Draw(seed)
    plain = [OrderBook(str(symbol), draw.capacity) for symbol in range(symbols)]
    compiled = [CompiledOrderBook(str(symbol), draw.capacity) for symbol in range(symbols)]
    batch = batches.Batch(compiled)
    said = 0
    while commands > 0:
        expected: list[Any] = []
        packed: list[bytes] = []
        for _ in range(draw.random.choice((1, 2, 50, 700))):
            command, symbol = draw.command(), draw.random.randrange(symbols)
            if (code := encoded(command, symbol)) is None:
                continue
            events = send(plain[symbol], command)
            expected += [(symbol, event) for event in (events if isinstance(events, list) else [events])]
            packed.append(code)
            commands -= 1
        assert batch.run(b"".join(packed)) == len(expected)
        assert batches.events_of(batch) == expected
        said += len(expected)
        for first, second in zip(plain, compiled, strict=True):
            assert first.updates == second.updates
            compare_state(first, second)
    return said


def main() -> None:
    """Compare, and say how many commands and events there were."""
    from trading_ecosystem.domains.exchange.book.compiled_book import CompiledOrderBook

    first, count, commands = (int(word) for word in sys.argv[1:4])
    if len(sys.argv) > 4 and Path(sys.argv[4]) not in Path(plain_book.__file__).parents:
        raise SystemExit(f"the package comes from {plain_book.__file__}")
    events = sum(compare(seed, commands, CompiledOrderBook) for seed in range(first, first + count))
    events += sum(batch_against_plain(seed, commands) for seed in range(first, first + count))
    print(f"{2 * count * commands} commands, {events} events, no difference")


if __name__ == "__main__":
    main()
