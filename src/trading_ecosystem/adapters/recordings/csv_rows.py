"""Rows of a recorded market in CSV: the header ``time,instrument,price``, then one price a line.

``time`` is RFC 3339 with an offset and up to nine decimal places of a second, or an integer of nanoseconds since
1970-01-01T00:00:00Z, and must not go backwards. ``instrument`` is one of the ecosystem's symbols. ``price`` is a
positive decimal number with at most eight places. Nothing is quoted; blank lines are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from trading_ecosystem.adapters.recordings.lines import refuse, shortened, timed_rows
from trading_ecosystem.adapters.recordings.recorded_price import LAST_INSTANT, RecordedPrice, price_in_minor_units
from trading_ecosystem.messages.units import INSTRUMENTS, SECOND, Nanos

HEADER: Final = "time,instrument,price"

_INTEGER: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_RFC_3339: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))",
    re.ASCII,
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def csv_rows(path: Path) -> Iterator[RecordedPrice]:
    """Every row of the file in order; raises ``BadInput`` at the first that is not as described above."""
    return timed_rows(path, HEADER, _row)


def _row(path: Path, number: int, columns: list[str]) -> RecordedPrice:
    time, instrument, price = columns
    try:
        at = instant(time)
    except ValueError as error:
        refuse(path, number, 1, str(error))
    if instrument not in INSTRUMENTS:
        expected = ", ".join(INSTRUMENTS)
        refuse(path, number, len(time) + 2, f"unknown instrument {shortened(instrument)!r}, expected one of {expected}")
    try:
        price_minor = price_in_minor_units(price)
    except ValueError as error:
        refuse(path, number, len(time) + len(instrument) + 3, str(error))
    return RecordedPrice(at, instrument, price_minor)


def instant(text: str) -> Nanos:
    """RFC 3339 or integer nanoseconds as an instant; raises ``ValueError`` saying what was expected."""
    if _INTEGER.fullmatch(text):
        at = int(text)
    else:
        match = _RFC_3339.fullmatch(text)
        if match is None:
            raise ValueError(
                f"{shortened(text)!r} is no time, expected RFC 3339 such as 2024-08-08T23:54:13.5Z or nanoseconds since 1970"
            )
        at = _instant_of(match)
    if not 0 <= at <= LAST_INSTANT:
        raise ValueError(f"time {text} is out of range, expected 1970 to 2262")
    return at


def _instant_of(match: re.Match[str]) -> Nanos:
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    if match[8] is None:
        zone: timezone = UTC
    else:
        hours, minutes = int(match[9]), int(match[10])
        if hours > 23 or minutes > 59:
            raise ValueError(f"time {match[0]} has an impossible offset, expected at most 23:59")
        offset = timedelta(hours=hours, minutes=minutes)
        zone = timezone(offset if match[8] == "+" else -offset)
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise ValueError(f"time {match[0]} is impossible ({error}), expected a date and time of the calendar") from None
    elapsed = moment - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * SECOND + int((match[7] or "").ljust(9, "0"))
