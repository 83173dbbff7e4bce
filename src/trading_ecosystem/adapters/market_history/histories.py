"""Several recorded tables as one history per venue."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.adapters.market_history.kinds import DataKind
from trading_ecosystem.adapters.market_history.reading import Assumptions, HistoryFile
from trading_ecosystem.domains.exchange.recorded.happenings import Happening
from trading_ecosystem.messages.units import INSTRUMENTS, Nanos
from trading_ecosystem.ports.errors import BadInput

DEFAULT_VENUE: Final = "exchange-alpha"
DEFAULT_SYMBOL: Final = "BTC/USD"
_QUOTING: Final = (DataKind.QUOTES, DataKind.DEPTH, DataKind.UPDATES)
_at = attrgetter("at")


class Source(msgspec.Struct, frozen=True):
    """One table, and whose market it is."""

    venue: str
    symbol: str
    path: str
    size: int
    modified_ns: int


class History(msgspec.Struct, frozen=True):
    """What was recorded, by venue, in order of time."""

    happenings: dict[str, list[Happening]]
    symbols: dict[str, tuple[str, ...]]
    """The instruments of each venue."""
    kinds: tuple[str, ...]
    """What was read, for people: a line for each table."""

    @property
    def first_at(self) -> Nanos:
        """When the first thing happens."""
        return min(one[0].at for one in self.happenings.values() if one)

    @property
    def last_at(self) -> Nanos:
        """When the last thing happens."""
        return max(one[-1].at for one in self.happenings.values() if one)

    def between(self, venue: str, start: Nanos, end: Nanos) -> Sequence[Happening]:
        """What happens at a venue from ``start`` on and before ``end``."""
        happenings = self.happenings[venue]
        return happenings[bisect_left(happenings, start, key=_at) : bisect_left(happenings, end, key=_at)]


def source_of(text: str) -> Source:
    """``[[VENUE:]SYMBOL=]FILE`` as a source; raises ``BadInput`` where it names no instrument or file."""
    named, equals, file = text.partition("=")
    if not equals or Path(text).exists():
        named, file = DEFAULT_SYMBOL, text
    venue, colon, symbol = named.rpartition(":")
    if not colon:
        venue = DEFAULT_VENUE
    if symbol not in INSTRUMENTS:
        raise BadInput(f"--data {text}", f"unknown instrument {symbol!r}, expected one of {', '.join(INSTRUMENTS)}")
    if INSTRUMENTS[symbol].is_perpetual:
        raise BadInput(
            f"--data {text}", f"{symbol} is traded on margin, which a recorded venue does not know; expected a spot pair"
        )
    path = Path(file)
    try:
        status = path.stat()
    except OSError as error:
        raise BadInput(f"--data {text}", f"{file} cannot be read ({error.strerror}); expected a CSV or Parquet file") from None
    return Source(venue, symbol, str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=2)
def read_history(sources: tuple[Source, ...], assumptions: Assumptions) -> History:
    """Read every table; kept, so that many backtests of one process read once.

    Raises ``BadInput`` for a table that cannot be read, one that holds nothing, and an instrument whose value in USD cannot be
    told.
    """
    files = [(source, HistoryFile(Path(source.path), source.symbol)) for source in sources]
    quoted = {(source.venue, source.symbol) for source, file in files if file.kind in _QUOTING}
    happenings: dict[str, list[Happening]] = {}
    symbols: dict[str, tuple[str, ...]] = {}
    kinds = []
    for venue in dict.fromkeys(source.venue for source in sources):
        own = [(source, file) for source, file in files if source.venue == venue]
        # At one instant what traded comes before what the book shows afterwards.
        own.sort(key=lambda one: one[1].kind in _QUOTING)
        streams = [file.happenings(assumptions, (venue, source.symbol) in quoted) for source, file in own]
        happenings[venue] = list(merge(*streams, key=_at))
        symbols[venue] = tuple(dict.fromkeys(source.symbol for source, _ in own))
        kinds += [f"{file.kind.value} of {source.symbol} at {venue}: {source.path}" for source, file in own]
    for venue, found in happenings.items():
        if not found:
            raise BadInput("--data", f"nothing is recorded at {venue}; expected at least one row")
    _check_valuable({symbol for those in symbols.values() for symbol in those})
    return History(happenings, symbols, tuple(kinds))


def _check_valuable(symbols: set[str]) -> None:
    """Every asset that is traded must have a price in USD, or limits and results could not be told."""
    for symbol in sorted(symbols):
        for asset in (INSTRUMENTS[symbol].base, INSTRUMENTS[symbol].quote):
            if asset != "USD" and f"{asset}/USD" not in symbols:
                remedy = f"add --data {asset}/USD=FILE, or take prices in {INSTRUMENTS[symbol].quote} as USD"
                raise BadInput("--data", f"{symbol} is recorded without {asset}/USD, so its value in USD is unknown; {remedy}")
