"""Tables of a recorded market as what happens at a recorded venue."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.adapters.market_history.kinds import Columns, DataKind
from trading_ecosystem.adapters.market_history.scales import instant_of, lots_of, ticks_of
from trading_ecosystem.adapters.market_history.tables import Table
from trading_ecosystem.adapters.recordings.lines import refuse
from trading_ecosystem.domains.exchange.recorded.happenings import Happening, RecordedDepth, RecordedRange, RecordedTrade
from trading_ecosystem.messages.book_words import Level, Side
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION, Instrument, Lots, Nanos, PartsPerMillion, Ticks
from trading_ecosystem.ports.errors import BadInput

MOST_HAPPENINGS: Final = 20_000_000
"""What one recording may hold; more is refused instead of filling memory."""

_BID_WORDS: Final = ("bid", "buy", "b")
_ASK_WORDS: Final = ("ask", "sell", "s", "a", "offer")
_TRUE_WORDS: Final = ("true", "1", "t")


class Assumptions(msgspec.Struct, frozen=True):
    """What is assumed where a recording has no quotes: their distance, and the share of a bar's volume that they show."""

    spread_ppm: PartsPerMillion = 100
    bar_share_ppm: PartsPerMillion = 100_000


class HistoryFile:
    """One table with its kind."""

    def __init__(self, path: Path, symbol: str) -> None:
        """Raises ``BadInput`` where the file cannot be read or is of no known kind."""
        self.table = Table(path)
        self.path = path
        self.instrument = INSTRUMENTS[symbol]
        try:
            self.columns = Columns(self.table.columns)
        except ValueError as error:
            raise BadInput(f"{path}:1", str(error)) from None

    @property
    def kind(self) -> DataKind:
        """What its rows are."""
        return self.columns.kind

    def happenings(self, assumptions: Assumptions, has_quotes: bool) -> Iterator[Happening]:
        """What happens, in order of time; of trades and bars with quotes as assumed, unless the market ``has_quotes``."""
        readers: dict[DataKind, Callable[[], Iterator[Happening]]] = {
            DataKind.TRADES: lambda: self._trades(assumptions, has_quotes),
            DataKind.QUOTES: self._depth,
            DataKind.DEPTH: self._depth,
            DataKind.UPDATES: self._updates,
            DataKind.BARS: lambda: self._bars(assumptions, has_quotes),
        }
        return readers[self.kind]()

    def _rows(self) -> Iterator[tuple[int, Nanos, list[str]]]:
        latest = 0
        for number, cells in self.table.rows():
            if number > MOST_HAPPENINGS:
                raise BadInput(str(self.path), f"more than {MOST_HAPPENINGS:,} rows, expected fewer: cut the file")
            try:
                at = instant_of(cells[self.columns.time])
            except ValueError as error:
                refuse(self.path, number, 1, str(error))
            if at < latest:
                refuse(self.path, number, 1, "time goes backwards, expected it not before the row above")
            latest = at
            yield number, at, cells

    def _price(self, number: int, cell: str) -> Ticks:
        try:
            return ticks_of(cell, self.instrument.tick_size)
        except ValueError as error:
            refuse(self.path, number, 1, str(error))

    def _lots(self, number: int, cell: str) -> Lots:
        try:
            return lots_of(cell, self.instrument.lot_size)
        except ValueError as error:
            refuse(self.path, number, 1, str(error))

    def _trades(self, assumptions: Assumptions, has_quotes: bool) -> Iterator[Happening]:
        columns, symbol = self.columns, self.instrument.symbol
        for number, at, cells in self._rows():
            price, lots = self._price(number, cells[columns.price]), self._lots(number, cells[columns.quantity])
            if not lots:
                continue
            yield RecordedTrade(at, symbol, price, lots, self._aggressor(number, cells))
            if not has_quotes:
                yield _assumed(at, self.instrument, price, lots, assumptions)

    def _aggressor(self, number: int, cells: list[str]) -> Side | None:
        columns = self.columns
        if columns.buyer_maker >= 0:
            return Side.SELL if cells[columns.buyer_maker].lower() in _TRUE_WORDS else Side.BUY
        if columns.side < 0 or cells[columns.side].lower() in ("", "unknown", "none"):
            return None
        return self._side(number, cells[columns.side])

    def _side(self, number: int, cell: str) -> Side:
        word = cell.lower()
        if word in _BID_WORDS:
            return Side.BUY
        if word in _ASK_WORDS:
            return Side.SELL
        refuse(self.path, number, 1, f"{cell!r:.40} is no side, expected buy or sell, or bid or ask")

    def _depth(self) -> Iterator[Happening]:
        symbol, (bids, asks) = self.instrument.symbol, self.columns.levels
        for number, at, cells in self._rows():
            depth = RecordedDepth(at, symbol, self._levels(number, cells, bids), self._levels(number, cells, asks))
            self._check(number, depth)
            yield depth

    def _levels(self, number: int, cells: list[str], places: list[tuple[int, int]]) -> tuple[Level, ...]:
        found = []
        for price, quantity in places:
            if cells[price] and cells[quantity] and (lots := self._lots(number, cells[quantity])):
                found.append(Level(self._price(number, cells[price]), lots))
        return tuple(found)

    def _check(self, number: int, depth: RecordedDepth) -> None:
        """Levels of a side stand nearest first, each price once."""
        for levels, sign in ((depth.bids, -1), (depth.asks, 1)):
            for near, far in itertools.pairwise(levels):
                if sign * near.price_ticks >= sign * far.price_ticks:
                    problem = "levels of one side are not in order, or fall on one tick; expected the nearest price first"
                    refuse(self.path, number, 1, problem)

    def _updates(self) -> Iterator[Happening]:
        columns = self.columns
        sides: tuple[dict[Ticks, Lots], dict[Ticks, Lots]] = ({}, {})
        pending: Nanos | None = None
        was_snapshot = False
        for number, at, cells in self._rows():
            if pending is not None and at > pending:
                yield _book(pending, self.instrument.symbol, *sides)
            pending = at
            is_snapshot = cells[columns.snapshot].lower() in _TRUE_WORDS
            if is_snapshot and not was_snapshot:
                for levels in sides:
                    levels.clear()
            was_snapshot = is_snapshot
            levels = sides[0 if self._side(number, cells[columns.side]) is Side.BUY else 1]
            price, lots = self._price(number, cells[columns.price]), self._lots(number, cells[columns.quantity])
            if lots:
                levels[price] = lots
            else:
                levels.pop(price, None)
        if pending is not None:
            yield _book(pending, self.instrument.symbol, *sides)

    def _bars(self, assumptions: Assumptions, has_quotes: bool) -> Iterator[Happening]:
        """A bar shows a quote at its opening price as it begins, and its range, and a quote at its closing price, as it ends.

        As its own volume is not known while it lasts, the opening quote shows a share of the volume of the bar before.
        """
        instrument, columns = self.instrument, self.columns
        rows = list(self._rows())
        length = _bar_length(self.path, [at for _, at, _ in rows])
        known: Lots | None = None
        for number, at, cells in rows:
            opening, high, low, closing = (self._price(number, cells[place]) for place in columns.bar[:4])
            volume = self._lots(number, cells[columns.bar[4]])
            if not low <= min(opening, closing) <= max(opening, closing) <= high:
                refuse(self.path, number, 1, "the bar's high and low do not hold its open and close")
            shown = volume * assumptions.bar_share_ppm // PARTS_PER_MILLION
            if not has_quotes:
                yield _assumed(at, instrument, opening, shown if known is None else known, assumptions)
            known = shown
            ends_at = at + length
            yield RecordedRange(ends_at, instrument.symbol, high, low, closing, volume)
            if not has_quotes:
                yield _assumed(ends_at, instrument, closing, shown, assumptions)


def _bar_length(path: Path, times: list[Nanos]) -> Nanos:
    """The shortest distance of two bars: longer ones are gaps."""
    gaps = [after - before for before, after in itertools.pairwise(times)]
    if not gaps or min(gaps) <= 0:
        raise BadInput(str(path), "the length of a bar cannot be told; expected at least two bars, no two at one time")
    return min(gaps)


def _assumed(at: Nanos, instrument: Instrument, price: Ticks, lots: Lots, assumptions: Assumptions) -> RecordedDepth:
    """Quotes around a price, half of the assumed spread away, rounded apart, at least a tick from one another."""
    half = 2 * PARTS_PER_MILLION
    bid = max(1, price * (half - assumptions.spread_ppm) // half)
    ask = max(bid + 1, -(-price * (half + assumptions.spread_ppm) // half))
    if not lots:
        return RecordedDepth(at, instrument.symbol, (), ())
    return RecordedDepth(at, instrument.symbol, (Level(bid, lots),), (Level(ask, lots),))


def _book(at: Nanos, symbol: str, bids: dict[Ticks, Lots], asks: dict[Ticks, Lots]) -> RecordedDepth:
    best = tuple(Level(price, bids[price]) for price in sorted(bids, reverse=True)[:_DEEPEST])
    return RecordedDepth(at, symbol, best, tuple(Level(price, asks[price]) for price in sorted(asks)[:_DEEPEST]))


_DEEPEST: Final = 50
"""Levels of a side that are shown of a book kept from updates."""
