"""Lines of a text file, plain or gzipped, each with its number; everything wrong with the file is a ``BadInput``.

Whether a file is gzipped is read from its first two bytes (RFC 1952), not from its name; likewise whether it is no text but
Databento's binary encoding.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Final, NoReturn, Protocol, TypeVar

from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import BadInput

LONGEST_LINE: Final = 1 << 20
"""Bytes in a line, at most; a line that is longer is refused instead of filling memory."""

_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTANDARD_MAGIC: Final = b"\x28\xb5\x2f\xfd"


class Timed(Protocol):
    """What has an instant."""

    @property
    def at(self) -> Nanos:
        """When it was."""


TimedRow = TypeVar("TimedRow", bound=Timed)


def refuse(path: Path, line: int, column: int, problem: str) -> NoReturn:
    """Raise the ``BadInput`` for one place in a file; lines and columns (characters) count from one."""
    raise BadInput(f"{path}:{line}:{column}", problem)


def is_dbn(path: Path) -> bool:
    """Whether a file looks like Databento's binary encoding: by its first bytes, plain or in zstandard.

    Raises ``BadInput`` where the file is missing or unreadable.
    """
    try:
        with path.open("rb") as source:
            start = source.read(4)
    except FileNotFoundError:
        raise BadInput(str(path), "no such file, expected a recorded market") from None
    except OSError as error:
        raise BadInput(str(path), f"cannot be read ({error.strerror}), expected a file with a recorded market") from None
    return start == _ZSTANDARD_MAGIC or start[:3] == b"DBN"


def numbered_lines(path: Path) -> Generator[tuple[int, str], None, None]:
    """Every line that is not blank, without its end, as (number, text); a byte order mark is skipped.

    Raises ``BadInput`` where the file is missing, unreadable, empty, damaged, or not UTF-8.
    """
    number = 0
    try:
        with path.open("rb") as plain:
            is_gzipped = plain.read(2) == _GZIP_MAGIC
            plain.seek(0)
            source = gzip.GzipFile(fileobj=plain) if is_gzipped else plain
            while line := source.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    refuse(path, number, 1, f"line is too long, expected at most {LONGEST_LINE} bytes")
                text = _decoded(path, number, line)
                if text and not text.isspace():
                    yield number, text
    except FileNotFoundError:
        raise BadInput(str(path), "no such file, expected a recorded market") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as damage:
        refuse(path, number + 1, 1, f"the gzip data is damaged here ({damage}), expected a complete gzip file")
    except OSError as error:
        raise BadInput(str(path), f"cannot be read ({error.strerror}), expected a file with a recorded market") from None
    if number == 0:
        refuse(path, 1, 1, "the file is empty, expected a recorded market")


def timed_rows(path: Path, header: str, row: Callable[[Path, int, list[str]], TimedRow]) -> Iterator[TimedRow]:
    """Every line below the header, its columns made a row by ``row(path, line, columns)``; the first column is the time.

    Raises ``BadInput`` for another header, another number of columns, and a time that goes backwards.
    """
    wanted = header.count(",") + 1
    latest: Nanos = 0
    header_seen = False
    for number, line in numbered_lines(path):
        if not header_seen:
            if line != header:
                refuse(path, number, 1, f"{shortened(line)!r} is not the header, expected {header!r}")
            header_seen = True
            continue
        columns = line.split(",")
        if len(columns) != wanted:
            refuse(path, number, 1, f"{len(columns)} columns, expected {wanted}: {header}")
        made = row(path, number, columns)
        if made.at < latest:
            refuse(path, number, 1, f"time {shortened(columns[0])} goes backwards, expected it not before the row above")
        latest = made.at
        yield made


def shortened(text: str) -> str:
    """A text as a message quotes it: its first 40 characters."""
    return text if len(text) <= 40 else text[:40] + "…"


def _decoded(path: Path, number: int, line: bytes) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        column = len(line[: error.start].decode("utf-8")) + 1
        refuse(path, number, column, f"byte 0x{line[error.start]:02x} is not UTF-8, expected UTF-8 text")
    if number == 1:
        text = text.removeprefix("\ufeff")
    return text.rstrip("\r\n")
