"""What a recording showed while it was replayed through an order book."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import msgspec

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Nanos

MOST_EXAMPLES: Final = 5
"""Mismatches of one check that are kept with their place; all are counted."""


class Check(msgspec.Struct):
    """A statement of the recording that the book was compared with: it held so many times of so many."""

    says: str
    held: int = 0
    of: int = 0
    examples: list[str] = []
    exact: bool = True
    """False where the file does not say enough to hold everywhere, such as queue places of orders that are inferred."""

    def count(self, holds: bool, place: str) -> None:
        """One more comparison; ``place`` says where, and is kept for the first that do not hold."""
        self.of += 1
        if holds:
            self.held += 1
        elif len(self.examples) < MOST_EXAMPLES:
            self.examples.append(place)


class Findings(msgspec.Struct):
    """Counts of one replay. Prices are whole ticks of ``tick`` (a decimal text), quantities whole lots of ``lot``."""

    format: str
    tick: str
    lot: str
    rows: int = 0
    placed: int = 0
    inferred: int = 0
    """Orders put into the book that no row of the file adds."""
    trades: int = 0
    traded_lots: int = 0
    unknown_orders: int = 0
    """Rows that take something from an order that is not in the book, or more than it has."""
    crossed_states: int = 0
    """States that should be at rest and in which the best bid was not below the best ask, or would not have been."""
    gaps: int = 0
    """Places where the file itself shows that rows are missing."""
    checks: list[Check] = []

    @property
    def differs(self) -> bool:
        """Whether the book disagreed with the recording anywhere, estimates aside."""
        return bool(self.unknown_orders or self.crossed_states or self.gaps) or any(
            check.held < check.of for check in self.checks if check.exact
        )

    @property
    def as_recorded(self) -> bool:
        """Whether the book was compared with the recording, and agreed with it everywhere, estimates aside.

        Neither this nor ``differs`` holds of a recording that says nothing to compare with, such as one without a trade.
        """
        return not self.differs and any(check.of for check in self.checks if check.exact)


class BookReplay(Protocol):
    """A recording on its way through a book: look at ``book`` after each state, and at ``findings`` after the last."""

    book: OrderBook
    findings: Findings
    total: int
    """Rows of the file."""

    def states(self) -> Iterator[Nanos]:
        """Apply the rows one after the other; yields the time of each state at rest, in nanoseconds."""
        ...


def is_crossed(book: OrderBook) -> bool:
    """Whether the best bid is at or above the best ask."""
    bid, bid_lots = book.best(Side.BUY)
    ask, ask_lots = book.best(Side.SELL)
    return bool(bid_lots and ask_lots and bid >= ask)
