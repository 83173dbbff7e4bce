"""The batch door of the compiled book: many commands over many books in one call say what the plain books say one by one."""

from __future__ import annotations

import array
import random
import struct
from typing import Any

import pytest
from tests.campaign import seeds
from tests.unit.exchange.book_commands import batch_against_plain, compare_state

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled, Refused, Rested
from trading_ecosystem.messages.orders import CancelReason, RejectReason, Side

compiled_book = pytest.importorskip(
    "trading_ecosystem.domains.exchange.book.compiled_book", reason="the compiled book was not built here", exc_type=ImportError
)
batches = pytest.importorskip(
    "trading_ecosystem.domains.exchange.book.compiled_batch", reason="the batch door was not built here", exc_type=ImportError
)

DTYPE_OFFSETS = (0, 1, 2, 3, 4, 8, 16, 24, 32, 40, 48, 56)
"""Where the fields of an event begin, as the text of the module says."""


def place(number: int, lots: int, price: int, *, flags: int = 0, symbol: int = 0, owner: int = 1, kind: int = 1) -> bytes:
    return struct.pack(batches.COMMAND_FORMAT, kind, flags, symbol, owner, number, price, lots)


def made(count: int = 2) -> tuple[list[Any], Any]:
    several = [compiled_book.CompiledOrderBook(f"A{number}") for number in range(count)]
    return several, batches.Batch(several)


def test_formats_have_the_sizes_that_are_documented() -> None:
    assert struct.calcsize(batches.COMMAND_FORMAT) == 32
    assert struct.calcsize(batches.EVENT_FORMAT) == 64
    prefix = "=BBBBIqqqqqqq"
    assert prefix == batches.EVENT_FORMAT
    assert tuple(struct.calcsize(prefix[: 1 + position]) for position in range(12)) == DTYPE_OFFSETS


def test_events_stand_in_the_buffer_of_the_batch() -> None:
    _, batch = made()
    far = -(2**63)
    events = batch.run(place(far, 5, 100, flags=batches.SELL) + place(2, 7, 101) + place(3, 1, 9, symbol=1))
    assert events == 4
    with memoryview(batch) as view:
        rows = list(struct.iter_unpack(batches.EVENT_FORMAT, view))
    assert rows == [
        (2, 1, 0, 0, 0, 1, far, 0, 100, 0, 5, 0),
        (1, 0, 0, 0, 0, 2, 2, far, 100, 5, 2, 0),
        (2, 0, 0, 0, 0, 3, 2, 0, 101, 0, 2, 0),
        (2, 0, 0, 0, 1, 1, 3, 0, 9, 0, 1, 0),
    ]
    assert batches.events_of(batch) == [
        (0, Rested(far, 100, 5)),
        (0, Filled(2, far, 100, 5, 2, 0)),
        (0, Rested(2, 101, 2)),
        (1, Rested(3, 9, 1)),
    ]


def test_what_is_no_command_is_refused_as_an_event() -> None:
    several, batch = made()
    commands = [
        place(1, 5, 100, symbol=2),
        place(2, 5, 100, kind=15),
        place(3, 5, 100, kind=0),
        place(4, 5, 100, kind=1 + 16 * 5),
        place(5, 0, 100),
        place(6, 5, 0),
        place(7, 5, 100, kind=2),
        place(8, 2**63 - 1, 100),
        place(9, 5, -(2**63)),
    ]
    batch.run(b"".join(commands))
    reasons = [(symbol, event.order_id, event.reason) for symbol, event in batches.events_of(batch)]
    assert reasons == [
        (2, 1, RejectReason.UNKNOWN_INSTRUMENT),
        (0, 2, RejectReason.INVALID_TERMS),
        (0, 3, RejectReason.INVALID_TERMS),
        (0, 4, RejectReason.INVALID_TERMS),
        (0, 5, RejectReason.INVALID_QUANTITY),
        (0, 6, RejectReason.INVALID_PRICE),
        (0, 7, RejectReason.UNKNOWN_ORDER),
        (0, 8, RejectReason.INVALID_QUANTITY),
        (0, 9, RejectReason.INVALID_PRICE),
    ]
    assert [book.updates for book in several] == [0, 0]


def test_any_buffer_will_do_aligned_or_not() -> None:
    _, batch = made()
    command = place(1, 5, 100)
    assert batch.run(bytearray(command)) == 1
    assert batch.run(array.array("B", place(2, 5, 100))) == 1
    assert batch.run(memoryview(b"..." + place(3, 5, 100))[3:]) == 1
    assert batches.events_of(batch) == [(0, Rested(3, 100, 5))]
    assert batch.run(b"") == 0
    with pytest.raises(ValueError, match="33 bytes are no whole number of commands of 32 bytes"):
        batch.run(command + b".")
    with pytest.raises(TypeError):
        batch.run("text")


def test_events_in_use_are_not_overwritten() -> None:
    _, batch = made()
    batch.run(place(1, 5, 100))
    view = memoryview(batch)
    with pytest.raises(BufferError, match="still in use"):
        batch.run(place(2, 5, 100))
    assert view.readonly
    view.release()
    assert batch.run(place(2, 5, 100)) == 1


def test_only_compiled_books_can_share_a_batch() -> None:
    with pytest.raises(TypeError):
        batches.Batch([OrderBook("A")])
    with pytest.raises(TypeError):
        batches.Batch([None])
    with pytest.raises(ValueError, match="1 to 65,536 books, not 0"):
        batches.Batch([])


def test_a_book_may_belong_to_several_batches_and_keeps_its_own_doors() -> None:
    several, batch = made()
    other = batches.Batch(several[::-1])
    batch.run(place(1, 5, 100, symbol=1))
    assert batches.events_of(batch) == [(1, Rested(1, 100, 5))]
    other.run(place(2, 5, 100, symbol=0, flags=batches.SELL | batches.IMMEDIATE_OR_CANCEL))
    assert batches.events_of(other) == [(0, Filled(2, 1, 100, 5, 0, 0))]
    assert several[1].place(3, 1, Side.BUY, 2) == [Cancelled(3, 2, CancelReason.MARKET_REMAINDER)]
    assert several[0].cancel(9) == Refused(9, RejectReason.UNKNOWN_ORDER)


@pytest.mark.parametrize("seed", seeds(12, 300))
def test_a_batch_says_what_the_plain_books_say(seed: int) -> None:
    assert batch_against_plain(seed, 1_000) > 900


def lean_of(events: list[Any]) -> Any:
    """What a lean door says where the plain book says these events."""
    if isinstance(events[0], Refused):
        return events[0].reason
    return tuple((event.maker_id, event.price_ticks, event.lots) for event in events if isinstance(event, Filled))


@pytest.mark.parametrize("seed", seeds(6, 100))
def test_the_lean_doors_do_what_the_others_do(seed: int) -> None:
    """``limit``, ``amend`` and ``withdraw`` beside ``place``, ``replace`` and ``cancel``: the same fills, refusals and book."""
    draw = random.Random(seed)
    plain, lean = OrderBook("A", 40), compiled_book.CompiledOrderBook("A", 40)
    for number in range(1, 800):
        if draw.random() < 0.4:
            which = draw.randint(max(1, number - 30), number)
            said = plain.cancel(which)
            assert lean.withdraw(which) == (said.leaves_lots if isinstance(said, Cancelled) else 0)
            continue
        if draw.random() < 0.2:
            which, lots, price = draw.randint(max(1, number - 30), number), draw.randint(0, 12), draw.randint(0, 12)
            assert lean.amend(which, lots, price) == lean_of(plain.replace(which, lots, price))
            assert plain.updates == lean.updates
            continue
        buys, lots, price = draw.random() < 0.5, draw.randint(0, 9), draw.randint(0, 12)
        events = plain.place(number, 1, Side.BUY if buys else Side.SELL, lots, price_ticks=price)
        assert lean.limit(number, 1, buys, lots, price) == lean_of(events)
        assert plain.updates == lean.updates
        assert list(plain.standing(Side.BUY)) == list(lean.standing(Side.BUY))
    for number in range(900, 950):
        # Makers with every rare term, which the lean doors meet though they cannot place them.
        terms: dict[str, Any] = {"hidden": True} if number % 3 else {"display_lots": 1}
        rare = (number, 2, Side.SELL if number % 2 else Side.BUY, 3)
        assert plain.place(*rare, price_ticks=6, **terms) == lean.place(*rare, price_ticks=6, **terms)
        buys = number % 5 < 2
        events = plain.place(-number, 1, Side.BUY if buys else Side.SELL, 4, price_ticks=6)
        assert lean.limit(-number, 1, buys, 4, 6) == lean_of(events)
    compare_state(plain, lean)
