"""What kind of market data a table holds, told from the names of its columns.

======== =====================================================================================================
kind     columns (any order; further ones are ignored)
======== =====================================================================================================
trades   time, price, quantity; and, where known, ``side`` (buy or sell, who took) or ``is_buyer_maker``
quotes   time, bid_price, bid_quantity, ask_price, ask_quantity
depth    time, bid_price_1, bid_quantity_1, ask_price_1, ask_quantity_1, bid_price_2 …, or as
         ``bids[0].price``, ``bids[0].amount``: every row is the whole book to its depth
updates  time, is_snapshot, side (bid or ask), price, quantity: every row sets one level; rows of equal time
         belong together; a first row with ``is_snapshot`` after one without empties the book
bars     time (when the bar *begins*), open, high, low, close, volume
======== =====================================================================================================

``time`` may be called timestamp, ts, datetime, date or open_time; ``quantity`` size, amount, qty or volume.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from typing import Final

_TIMES: Final = ("time", "timestamp", "ts", "datetime", "date", "at", "open_time")
_QUANTITIES: Final = ("quantity", "qty", "size", "amount", "volume", "vol")
_SIDES: Final = ("side", "aggressor", "taker_side")
_LEVELS: Final = (
    re.compile(r"(?P<side>bid|ask)s?\[(?P<zero>[0-9]+)\]\.(?P<what>price|amount|size|quantity)"),
    re.compile(r"(?P<side>bid|ask)_(?P<what>price|qty|size|amount|quantity)_(?P<one>[0-9]+)"),
    re.compile(r"(?P<side>bid|ask)_(?P<one>[0-9]+)_(?P<what>price|qty|size|amount|quantity)"),
)
_EXPECTED: Final = (
    "trades (time, price, quantity[, side]), quotes (time, bid_price, bid_quantity, ask_price, ask_quantity), "
    "depth (time, bid_price_1, bid_quantity_1, …), updates (time, is_snapshot, side, price, quantity) "
    "or bars (time, open, high, low, close, volume)"
)


class DataKind(enum.StrEnum):
    """What the rows of a table are."""

    TRADES = "trades"
    QUOTES = "quotes"
    DEPTH = "depth"
    UPDATES = "updates"
    BARS = "bars"


class Columns:
    """Where the cells of one kind of row stand; raises ``ValueError`` for columns that are of no kind."""

    def __init__(self, names: Sequence[str]) -> None:
        self.places = {name: place for place, name in enumerate(names)}
        self.time = self._first(_TIMES)
        self.levels: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
        """Places of price and quantity of bids and of asks, nearest first."""
        self.kind = self._kind()

    def _first(self, names: Sequence[str]) -> int:
        return next((self.places[name] for name in names if name in self.places), -1)

    def _all(self, *names: str) -> tuple[int, ...]:
        return tuple(self.places[name] for name in names)

    def _has(self, *names: str) -> bool:
        return all(name in self.places for name in names)

    def _kind(self) -> DataKind:
        if self.time < 0:
            raise ValueError(f"no column of times; expected {_EXPECTED}")
        self.quantity, self.side = self._first(_QUANTITIES), self._first(_SIDES)
        if self._has("open", "high", "low", "close") and self._has("volume"):
            self.bar = self._all("open", "high", "low", "close", "volume")
            return DataKind.BARS
        self.levels = (self._side("bid"), self._side("ask"))
        if all(self.levels):
            return DataKind.DEPTH
        quote = [self._best(side) for side in ("bid", "ask")]
        if all(price >= 0 and quantity >= 0 for price, quantity in quote):
            self.levels = ([quote[0]], [quote[1]])
            return DataKind.QUOTES
        if self._has("price") and self.quantity >= 0:
            self.price = self.places["price"]
            self.snapshot = self.places.get("is_snapshot", -1)
            self.buyer_maker = self._first(("is_buyer_maker", "isbuyermaker"))
            return DataKind.UPDATES if self.snapshot >= 0 and self.side >= 0 else DataKind.TRADES
        raise ValueError(f"columns {', '.join(self.places)} are of no known kind; expected {_EXPECTED}")

    def _best(self, side: str) -> tuple[int, int]:
        return (
            self._first((f"{side}_price", side, f"best_{side}_price", f"best_{side}")),
            self._first([f"{prefix}{side}_{name}" for prefix in ("", "best_") for name in _QUANTITIES]),
        )

    def _side(self, side: str) -> list[tuple[int, int]]:
        prices: dict[int, int] = {}
        quantities: dict[int, int] = {}
        for name, place in self.places.items():
            match = next((found for pattern in _LEVELS if (found := pattern.fullmatch(name))), None)
            if match is None or match["side"] != side:
                continue
            groups = match.groupdict()
            level = int(groups["zero"]) + 1 if groups.get("zero") is not None else int(groups["one"])
            (prices if match["what"] == "price" else quantities)[level] = place
        return [(prices[level], quantities[level]) for level in sorted(prices) if level in quantities]
