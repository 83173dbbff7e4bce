"""Rows of records as CSV or Parquet files, by the name of the file; Parquet takes the extra ``datasets``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

from trading_ecosystem.adapters.whole_files import check_writable, write_whole
from trading_ecosystem.ports.errors import BadInput

CSV: Final = ".csv"
PARQUET: Final = ".parquet"


def check_table_file(path: Path) -> None:
    """Before the work: raise :class:`BadInput` where a table could not be written to ``path``."""
    if path.suffix not in (CSV, PARQUET):
        raise BadInput(str(path), f"is no kind of table; expected a name that ends in {CSV} or {PARQUET}")
    check_writable(path)
    if path.suffix == PARQUET:
        _polars(path)


def write_table(path: Path, kind: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> int:
    """Write rows of one Struct; returns how many there were."""
    names = kind.__struct_fields__
    values = [msgspec.structs.astuple(row) for row in rows]
    if path.suffix == CSV:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(values)
        write_whole(path, text.getvalue())
        return len(values)
    polars = _polars(path)
    hints = get_type_hints(kind)
    types = {str: polars.String, int: polars.Int64, bool: polars.Boolean}
    frame = polars.DataFrame(values, schema={name: types[_bare(hints[name])] for name in names}, orient="row")
    frame.write_parquet(path)
    return len(values)


def _bare(hint: Any) -> Any:
    """The type of an optional field."""
    if get_origin(hint) in (Union, UnionType):
        return next(one for one in get_args(hint) if one is not type(None))
    return hint


def _polars(path: Path) -> Any:
    try:
        import polars
    except ImportError:
        raise BadInput(
            str(path), "Parquet needs a library; run: pip install 'trading-ecosystem[datasets]', or write .csv"
        ) from None
    return polars
