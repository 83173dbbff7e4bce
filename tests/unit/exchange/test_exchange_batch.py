"""The batch door of the compiled book held to its format: what any bytes mean, and whose buffers it reads.

What the bytes mean is said in plain Python in batch_commands.py, which plays it on the plain book. The door's simple cases are
in test_exchange_book_batch.py.
"""

from __future__ import annotations

import struct
from typing import Any

import pytest
from tests.campaign import seeds
from tests.unit.exchange.batch_commands import CANCEL, COMMAND, EVENT, FLAGS, PLACE, REDUCE, REPLACE, TERMS, compare_batch
from tests.unit.exchange.book_commands import BUY, MODES

from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled, Reduced, Refused, Replaced, Rested
from trading_ecosystem.messages.orders import CancelReason, RejectReason

WHY = "the compiled book was not built here (test_exchange_books.py tells whether it should be)"
door = pytest.importorskip("trading_ecosystem.domains.exchange.book.compiled_batch", reason=WHY)
twin = pytest.importorskip("trading_ecosystem.domains.exchange.book.compiled_book", reason=WHY)

LEAST, MOST = -(2**63), 2**63 - 1


def command(kind: int, number: int, price: int = 0, lots: int = 0, *, flags: int = 0, symbol: int = 0, owner: int = 1) -> bytes:
    return COMMAND.pack(kind, flags, symbol, owner, number, price, lots)


def buy(number: int, price: int, lots: int, **other: int) -> bytes:
    return command(PLACE, number, price, lots, **other)


def sell(number: int, price: int, lots: int, **other: int) -> bytes:
    return command(PLACE, number, price, lots, flags=FLAGS["sell"], **other)


@pytest.fixture
def pair() -> Any:
    """Two books and their batch."""
    books = [twin.CompiledOrderBook("BTC/USD"), twin.CompiledOrderBook("ETH/USD")]
    return books, door.Batch(books)


def rows(batch: Any) -> list[tuple[int, ...]]:
    with memoryview(batch) as view:
        return list(EVENT.iter_unpack(view))


def test_the_formats_are_as_documented() -> None:
    assert (COMMAND.format, EVENT.format) == (door.COMMAND_FORMAT, door.EVENT_FORMAT)
    assert (struct.calcsize(door.COMMAND_FORMAT), struct.calcsize(door.EVENT_FORMAT)) == (32, 64)
    assert (door.PLACE, door.CANCEL, door.REDUCE, door.REPLACE, door.TERMS) == (PLACE, CANCEL, REDUCE, REPLACE, TERMS)
    named = (door.SELL, door.MARKET, door.IMMEDIATE_OR_CANCEL, door.FILL_OR_KILL, door.POST_ONLY, door.REPRICE, door.HIDDEN)
    assert named == tuple(FLAGS.values())
    assert twin.SELF_TRADE_MODES == MODES


def test_an_event_is_64_bytes_of_documented_fields(pair: Any) -> None:
    _, batch = pair
    commands = sell(-5, 100, 7, symbol=1) + buy(6, 101, 3, symbol=1) + command(REDUCE, -5, lots=1, symbol=1)
    commands += command(REPLACE, -5, 100, 2, symbol=1) + command(CANCEL, -5, symbol=1) + command(CANCEL, 8, symbol=1)
    assert batch.run(commands) == 6
    unknown = twin.REFUSAL_REASONS.index(RejectReason.UNKNOWN_ORDER)
    assert rows(batch) == [
        (2, 1, 0, 0, 1, 1, -5, 0, 100, 0, 7, 0),
        (1, 0, 0, 0, 1, 2, 6, -5, 100, 3, 0, 4),
        (4, 0, 0, 0, 1, 3, -5, 0, 0, 1, 3, 0),
        (5, 0, 0, 1, 1, 4, -5, 0, 100, 0, 2, 0),
        (6, 0, 0, 0, 1, 5, -5, 0, 0, 0, 2, 0),
        (7, 0, unknown, 0, 1, 6, 8, 0, 0, 0, 0, 0),
    ]
    assert door.events_of(batch) == [
        (1, Rested(-5, 100, 7)),
        (1, Filled(6, -5, 100, 3, 0, 4)),
        (1, Reduced(-5, 1, 3, CancelReason.REQUESTED)),
        (1, Replaced(-5, 100, 2, True)),
        (1, Cancelled(-5, 2, CancelReason.REQUESTED)),
        (1, Refused(8, RejectReason.UNKNOWN_ORDER)),
    ]


def test_terms_count_for_the_next_order_only(pair: Any) -> None:
    books, batch = pair
    terms = command(TERMS, 0, 2, 0)
    batch.run(terms + buy(1, 10, 5) + buy(2, 10, 5))
    batch.run(terms + buy(3, 10, 5, symbol=9) + buy(4, 10, 5))
    batch.run(terms + command(PLACE | 15 << 4, 5, 10, 5) + buy(6, 10, 5))
    assert [(order.order_id, order.lots) for order in books[0].standing(BUY)] == [(1, 2), (2, 5), (4, 5), (6, 5)]
    batch.run(terms)
    batch.run(buy(7, 10, 5))
    assert books[0].order(7).display_lots == 2


def test_no_run_while_its_events_are_looked_at(pair: Any) -> None:
    books, batch = pair
    batch.run(buy(1, 10, 5))
    view = memoryview(batch)
    assert view.readonly
    with pytest.raises(BufferError, match="still in use"):
        batch.run(buy(2, 10, 5))
    for own in (view, batch):
        with pytest.raises(BufferError, match="still in use"):
            batch.run(own)
    view.release()
    with pytest.raises(BufferError, match="still in use"):
        batch.run(batch)
    assert len(books[0]) == 1
    assert batch.run(buy(2, 10, 5)) == 1
    with pytest.raises(TypeError):
        door.events_of(None)


@pytest.mark.parametrize("number", [LEAST, -1, 0, 2**62, MOST])
def test_any_64_bit_number_names_an_order(pair: Any, number: int) -> None:
    _, batch = pair
    batch.run(sell(number, 10, 5) + sell(number, 10, 5) + buy(number + (1 if number < 0 else -1), 10, 2))
    assert door.events_of(batch) == [
        (0, Rested(number, 10, 5)),
        (0, Refused(number, RejectReason.DUPLICATE_ORDER_ID)),
        (0, Filled(number + (1 if number < 0 else -1), number, 10, 2, 0, 3)),
    ]
    batch.run(command(CANCEL, number) + buy(number, 10, 5))
    assert door.events_of(batch) == [(0, Cancelled(number, 3, CancelReason.REQUESTED)), (0, Rested(number, 10, 5))]


@pytest.mark.parametrize("extreme", [LEAST, MOST, -1, 0, 10**12 + 1])
def test_prices_and_lots_out_of_range_are_refused(pair: Any, extreme: int) -> None:
    books, batch = pair
    batch.run(buy(1, 10, 5) + buy(2, extreme, 5) + buy(2, 10, extreme) + command(REPLACE, 1, extreme, 5))
    batch_said = [event for _, event in door.events_of(batch)]
    price, quantity = RejectReason.INVALID_PRICE, RejectReason.INVALID_QUANTITY
    assert batch_said == [Rested(1, 10, 5), Refused(2, price), Refused(2, quantity), Refused(1, price)]
    batch.run(command(TERMS, 0, extreme, extreme) + buy(3, 10, 5))
    expected = Rested(3, 10, 5) if extreme == 0 else Refused(3, RejectReason.INVALID_TERMS)
    assert door.events_of(batch) == [(0, expected)]
    assert len(books[0]) == (2 if extreme == 0 else 1)


@pytest.mark.parametrize("seed", seeds(8, 200))
def test_the_plain_books_say_the_same(seed: int) -> None:
    """Random buffers for three books, every byte of them possible: events, their order and their numbering."""
    assert compare_batch(seed, 2_000) >= 1_500
