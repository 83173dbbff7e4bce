"""Numbers in words that people read: durations, instants, amounts, and the unit of each alert's measure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import DAY, HOUR, MILLISECOND, MINOR_UNITS_PER_WHOLE, MINUTE, SECOND, MinorUnits, Nanos

_UNITS: Final = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"), (MILLISECOND, "ms"))
_IN_TIME: Final = frozenset({AlertKind.PRICE_STALE, AlertKind.SETTLEMENT_OVERDUE})


def duration_text(duration: Nanos | None) -> str:
    """A duration in its two largest units, such as ``2 h 5 min``; a dash for none."""
    if duration is None:
        return "–"
    if duration < 0:
        return f"−{duration_text(-duration)}"
    if duration < MILLISECOND:
        return f"{duration} ns" if duration else "0 s"
    parts = []
    for size, unit in _UNITS:
        count, duration = divmod(duration, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)


def clock_text(at: Nanos | None, start: Nanos) -> str:
    """An instant as time since the start, ``+h:mm:ss``; a dash for none."""
    if at is None:
        return "–"
    hours, rest = divmod(at - start, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    return f"+{hours}:{minutes:02}:{rest // SECOND:02}"


def date_text(at: Nanos) -> str:
    """An instant as a date and time in UTC, to the second."""
    return datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def usd_text(amount: MinorUnits) -> str:
    """USD minor units as whole dollars with a sign for losses."""
    sign = "−" if amount < 0 else ""
    return f"{sign}{round(abs(amount) / MINOR_UNITS_PER_WHOLE):,} USD"


def measure_text(kind: AlertKind | None, value: int) -> str:
    """A value in the unit of an alert's threshold: a duration, or a percentage."""
    if kind in _IN_TIME:
        return duration_text(value)
    return f"{value / 10_000:.2f} %".replace("-", "−")


def words(name: str) -> str:
    """An enum's value as words: ``stablecoin_depeg`` becomes ``stablecoin depeg``."""
    return name.replace("_", " ")
