"""Order numbers that meet in the compiled book's table: full buckets, passed buckets, the last bucket, equal tags, growth.

The table scrambles numbers with a key that nobody knows; here the key is chosen, and the scrambling turned round, so that
numbers can be made that fall where they are wanted. The plain book, whose dictionary has none of this, says what is right.
"""

from __future__ import annotations

import random
import subprocess
import sys
from typing import Any

import pytest
from tests.campaign import seeds

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import Refused
from trading_ecosystem.messages.orders import RejectReason, Side

compiled_book = pytest.importorskip(
    "trading_ecosystem.domains.exchange.book.compiled_book", reason="the compiled book was not built here", exc_type=ImportError
)

FACTOR = 0xD6E8FEB86659FD93
WORD = 1 << 64
KEYS = (1, 0x9E3779B97F4A7C15, 0xFFFFFFFFFFFFFFFF)


def number_of(scrambled: int, key: int) -> int:
    """The order number that is scrambled to this, as a signed one."""
    mixed = scrambled * pow(key, -1, WORD) % WORD
    mixed ^= mixed >> 32
    number = mixed * pow(FACTOR, -1, WORD) % WORD
    return number - WORD if number >= WORD // 2 else number


def crowd(key: int, home: int, count: int, *, tag: int | None = None) -> list[int]:
    """Numbers that begin their search in the same of 256 parts of the table; with ``tag``, all of them have that tag."""
    found = []
    for variety in range(count):
        upper = home << 24 | variety
        lower = upper ^ tag if tag is not None else variety * 0x9E3779B1 % (1 << 32)
        found.append(number_of(upper << 32 | lower, key))
    assert len(set(found)) == count
    return found


def both(key: int, capacity: int = 100_000) -> tuple[OrderBook, Any]:
    compiled = compiled_book.CompiledOrderBook("A", capacity)
    compiled_book.choose_key(compiled, key)
    return OrderBook("A", capacity), compiled


def play(numbers: list[int], key: int, seed: int, steps: int) -> None:
    """Random commands with these numbers on both books; every event and, now and then, everything that rests."""
    draws = random.Random(seed)
    plain, compiled = both(key)
    for step in range(steps):
        number, kind, ticks = draws.choice(numbers), draws.random(), draws.randint(90, 110)
        if kind < 0.5:
            side, lots = draws.choice((Side.BUY, Side.SELL)), draws.randint(1, 9)
            said = [book.place(number, 1, side, lots, price_ticks=ticks) for book in (plain, compiled)]
        elif kind < 0.9:
            said = [[book.cancel(number)] for book in (plain, compiled)]
        else:
            said = [book.replace(number, 3, ticks) for book in (plain, compiled)]
        assert said[0] == said[1]
        assert (number in plain) == (number in compiled)
        if step % 50 == 0:
            assert [number for number in numbers if number in plain] == [number for number in numbers if number in compiled]


def fill(book: Any, numbers: list[int]) -> None:
    for number in numbers:
        assert len(book.place(number, 1, Side.BUY, 1, price_ticks=50)) == 1
        assert number in book


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("home", [0, 7, 255])
@pytest.mark.parametrize("seed", seeds(2, 40))
def test_numbers_that_crowd_one_bucket(key: int, home: int, seed: int) -> None:
    """Also the last bucket, after which comes the first."""
    play([*crowd(key, home, 60), 1, 2, 3, -1, 2**63 - 1, -(2**63)], key, seed, 1_500)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("seed", seeds(2, 20))
def test_numbers_with_one_tag_are_told_apart(key: int, seed: int) -> None:
    play(crowd(key, 254, 30, tag=0x12345679), key, seed, 1_000)


@pytest.mark.parametrize("key", KEYS)
def test_a_crowd_is_found_after_the_table_has_grown(key: int) -> None:
    _, book = both(key)
    numbers = crowd(key, 255, 400) + crowd(key, 0, 400)
    fill(book, numbers)
    for number in numbers[::2]:
        assert book.cancel(number).order_id == number
    fill(book, list(range(1, 3_000)))
    assert [number for number in numbers if number in book] == numbers[1::2]
    for number in numbers[1::2]:
        assert book.cancel(number).order_id == number
    assert len(book) == 2_999
    assert not any(number in book for number in numbers)


def passed_everywhere(key: int) -> Any:
    """A book with three orders that found every bucket of their way full."""
    _, book = both(key)
    for home, count in ((0, 56), (112, 55), (224, 50)):
        numbers = crowd(key, home, count)
        fill(book, numbers)
        for number in numbers[:-1]:
            book.cancel(number)
    return book


def test_a_search_ends_even_where_every_bucket_was_passed() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(sys.path[0])!r}); "
        "from tests.unit.exchange import test_exchange_book_numbers as these; "
        "book = these.passed_everywhere(1); print(book.cancel(12345), len(book))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "3"
    assert passed_everywhere(1).cancel(12345) == Refused(12345, RejectReason.UNKNOWN_ORDER)


def test_what_is_said_does_not_depend_on_the_key() -> None:
    said = []
    for key in KEYS:
        _, book = both(key)
        draws = random.Random(5)
        said.append(
            [book.place(n, 1, draws.choice((Side.BUY, Side.SELL)), 5, price_ticks=draws.randint(95, 105)) for n in range(300)]
        )
    assert said[0] == said[1] == said[2]
