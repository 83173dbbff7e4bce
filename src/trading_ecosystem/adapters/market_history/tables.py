"""A table of text, whether it stands in a CSV file (plain or gzipped) or in a Parquet file.

A cell of a Parquet file is written as a CSV file would have it: an instant as whole nanoseconds, a number in plain decimal
notation (a float by the shortest text that gives it again), nothing as nothing. Parquet needs polars, of the extra
``datasets``.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from trading_ecosystem.adapters.recordings.lines import numbered_lines, refuse
from trading_ecosystem.ports.errors import BadInput

_PARQUET: Final = b"PAR1"
_BATCH: Final = 65_536

NumberedRow = tuple[int, list[str]]
"""The line of a CSV file or the row of a Parquet file, from 1 on (the header of a CSV file is a line), and its cells."""


class Table:
    """One file: its columns in lower case, and its rows."""

    def __init__(self, path: Path) -> None:
        """Raises ``BadInput`` where the file cannot be read or has no header."""
        self.path = path
        self.is_parquet = _is_parquet(path)
        self.columns: tuple[str, ...] = ()
        self._frame: Any = None
        if self.is_parquet:
            self._frame = _parquet(path)
            self.columns = tuple(name.strip().lower() for name in self._frame.columns)
        else:
            lines = numbered_lines(path)
            first = next(lines, None)
            lines.close()
            if first is None:
                refuse(path, 1, 1, "only blank lines, expected a header and rows below it")
            self.columns = tuple(_cell(name).lower() for name in first[1].split(","))
        for name in self.columns:
            if self.columns.count(name) > 1:
                raise BadInput(f"{path}:1", f"two columns are named {name!r}, expected every name once")

    def rows(self) -> Iterator[NumberedRow]:
        """Every row in the order of the file; raises ``BadInput`` for one with more or fewer cells than the header."""
        if self.is_parquet:
            for offset in range(0, self._frame.height, _BATCH):
                for number, row in enumerate(self._frame.slice(offset, _BATCH).iter_rows(), offset + 1):
                    yield number, [_text(cell) for cell in row]
            return
        wanted = len(self.columns)
        for number, line in numbered_lines(self.path):
            if number == 1:
                continue
            cells = line.split(",")
            if len(cells) != wanted:
                refuse(self.path, number, 1, f"{len(cells)} columns, expected {wanted}: {','.join(self.columns)}")
            yield number, [_cell(cell) for cell in cells]


def _cell(text: str) -> str:
    return text.strip().strip('"')


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == _PARQUET
    except FileNotFoundError:
        raise BadInput(str(path), "no such file, expected a recorded market in CSV or Parquet") from None
    except OSError as error:
        raise BadInput(str(path), f"cannot be read ({error.strerror}), expected a recorded market in CSV or Parquet") from None


def _parquet(path: Path) -> Any:
    try:
        import polars
    except ImportError:
        raise BadInput(str(path), "Parquet needs polars: install trading-ecosystem[datasets], or give a CSV file") from None
    try:
        frame = polars.read_parquet(path)
        return frame.with_columns(polars.col(polars.Datetime, polars.Date).cast(polars.Datetime("ns")).cast(polars.Int64))
    except polars.exceptions.PolarsError as error:
        raise BadInput(str(path), f"is no readable Parquet file ({' '.join(str(error).split())[:120]})") from None


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return f"{Decimal(repr(cell)):f}"
    return str(cell)
