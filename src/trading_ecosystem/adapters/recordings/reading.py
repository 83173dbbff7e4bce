"""Reading a recorded market, whatever its format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, Literal, TypeAlias

from trading_ecosystem.adapters.recordings.binance_capture import binance_rows
from trading_ecosystem.adapters.recordings.csv_rows import HEADER, csv_rows
from trading_ecosystem.adapters.recordings.lines import is_dbn, numbered_lines, refuse
from trading_ecosystem.adapters.recordings.recorded_price import RecordedPrice
from trading_ecosystem.adapters.recordings.replayed_mids import replayed_mids
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import BadInput

RecordingFormat: TypeAlias = Literal["csv", "binance", "lobster", "databento", "orders"]
"""The last three are recordings of orders; see :mod:`.replayed_mids`."""

MOST_ROWS: Final = 2_000_000
"""Rows that a recording may have after sampling; every one becomes a journal entry."""

_READERS: Final[dict[RecordingFormat, Callable[[Path], Iterator[RecordedPrice]]]] = {
    "csv": csv_rows,
    "binance": binance_rows,
}
_NO_ROWS: Final[dict[RecordingFormat, str]] = {
    "csv": "the file has no rows, expected at least one below the header",
    "binance": "the capture has no book ticker, expected at least one frame of a @bookTicker stream",
}
_CAPTURE_LINE: Final = re.compile(r"[0-9]{1,19} [\[{]", re.ASCII)


def read_recording(
    path: Path, format: RecordingFormat | None = None, sample_ns: Nanos = 0, instrument: str | None = None
) -> list[RecordedPrice]:
    """The rows of a recorded market in order of time, validated; the format is read from the content if not given.

    With ``sample_ns`` above zero, time is cut into bins of that length counted from the epoch, and of each bin every
    instrument keeps its last row, at that row's own instant. A recording of orders needs ``instrument``, what it prices.
    Raises ``BadInput`` at the first thing wrong with the file, where it has no rows, or where it has more than ``MOST_ROWS``
    of them after sampling.
    """
    chosen = detect_format(path) if format is None else format
    rows = _READERS[chosen](path) if chosen in _READERS else _mids(path, chosen, instrument)
    kept: list[RecordedPrice] = []
    for row in _sampled(rows, sample_ns) if sample_ns > 0 else rows:
        if len(kept) == MOST_ROWS:
            raise BadInput(str(path), f"more than {MOST_ROWS} rows, expected fewer: sample more coarsely")
        kept.append(row)
    if not kept:
        refuse(path, 1, 1, _NO_ROWS.get(chosen, "the book never has two sides, expected orders that buy and orders that sell"))
    return kept


def _mids(path: Path, format: RecordingFormat, instrument: str | None) -> Iterator[RecordedPrice]:
    if instrument is None:
        raise BadInput(str(path), f"a recording of format {format} names no instrument, expected to be told what it prices")
    return replayed_mids(path, format, instrument)


def detect_format(path: Path) -> RecordingFormat:
    """The format of a file, from its first line; raises ``BadInput`` where it is neither."""
    if is_dbn(path):
        problem = "looks like a Databento DBN file, which names no instrument of the ecosystem"
        raise BadInput(str(path), f"{problem}; expected format databento, and the instrument that it prices")
    with closing(numbered_lines(path)) as lines:
        first = next(lines, None)
    if first is not None:
        number, line = first
        if line.startswith("time,"):
            return "csv"
        if _CAPTURE_LINE.match(line):
            return "binance"
        refuse(path, number, 1, f"unknown format, expected the header {HEADER!r} or lines of a Binance capture")
    refuse(path, 1, 1, f"only blank lines, expected the header {HEADER!r} or lines of a Binance capture")


def _sampled(rows: Iterable[RecordedPrice], sample_ns: Nanos) -> Iterator[RecordedPrice]:
    """The last row of each instrument in each bin; within a bin ordered by time."""
    bin_number = -1
    last: dict[str, RecordedPrice] = {}
    for row in rows:
        if row.at // sample_ns != bin_number:
            yield from last.values()
            last.clear()
            bin_number = row.at // sample_ns
        last.pop(row.instrument, None)
        last[row.instrument] = row
    yield from last.values()
