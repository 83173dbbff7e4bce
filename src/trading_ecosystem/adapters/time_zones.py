"""Named time zones as tables of UTC offsets, from the time zone database that the standard library finds.

The database is the system's, or that of the package ``tzdata`` where it is installed. The table is all that a venue gets:
what it does depends on the offsets, not on where they came from.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trading_ecosystem.domains.exchange.rules.trading_calendar import UtcOffset
from trading_ecosystem.messages.units import DAY, SECOND, Nanos

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_time_zone(name: str) -> bool:
    """Whether the database has a zone of this name; UTC is always there."""
    if name == "UTC":
        return True
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def utc_offsets(name: str, from_at: Nanos, until: Nanos) -> tuple[UtcOffset, ...]:
    """The offsets of a zone over a span, each with the second from which it holds; none for UTC itself."""
    if name == "UTC":
        return ()
    zone = ZoneInfo(name)
    at = from_at // SECOND
    offsets = [UtcOffset(at * SECOND, _offset(zone, at))]
    while at * SECOND < until:
        later = at + DAY // SECOND
        if _offset(zone, later) != offsets[-1].offset_ns:
            low, high = at, later
            while high - low > 1:
                middle = (low + high) // 2
                if _offset(zone, middle) == offsets[-1].offset_ns:
                    low = middle
                else:
                    high = middle
            offsets.append(UtcOffset(high * SECOND, _offset(zone, later)))
        at = later
    return tuple(offsets)


def _offset(zone: ZoneInfo, second: int) -> Nanos:
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    assert offset is not None
    return (offset.days * 86_400 + offset.seconds) * SECOND
