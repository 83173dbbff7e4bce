"""When a market is open: a daily schedule in local time, or always.

The calendar is computed from its parameters alone. A day is a local one, numbered from 1970-01-01; local time is UTC plus the
offset that holds at that instant. Offsets come as a table of instants from which they hold, so that no time zone database is
read here: an adapter writes the table for the span that is needed. On a trading day::

    pre_open      opening auction    continuous trading     closing auction     closed
    ─────────────┬──────────────────┬──────────────────────┬───────────────────┬──────
            opening_ns         continuous_ns           closing_ns           close_ns

Each of these is a time of the local day; equal times leave a phase out. A day on which clocks change has its phases at
these local times too; a time of day that clocks jump over begins when they jump.
"""

from __future__ import annotations

import msgspec

from trading_ecosystem.messages.orders import TradingPhase
from trading_ecosystem.messages.units import DAY, Nanos

_THURSDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""
_LONGEST_PAUSE = 366
"""Days that are looked ahead for the next trading day."""


class UtcOffset(msgspec.Struct, frozen=True):
    """From ``from_at`` on, local time is UTC plus ``offset_ns``."""

    from_at: Nanos
    offset_ns: Nanos


class TradingCalendar(msgspec.Struct, frozen=True):
    """A venue's schedule; times are of the local day."""

    pre_open_ns: Nanos
    opening_ns: Nanos
    continuous_ns: Nanos
    closing_ns: Nanos
    close_ns: Nanos
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Trading days, Monday being 0."""
    holidays: tuple[int, ...] = ()
    """Local days without trading, counted from 1970-01-01."""
    offsets: tuple[UtcOffset, ...] = ()
    """In rising order; UTC before the first."""


def calendar_problem(calendar: TradingCalendar) -> str | None:
    """What is wrong with a schedule, or nothing."""
    times = (calendar.pre_open_ns, calendar.opening_ns, calendar.continuous_ns, calendar.closing_ns, calendar.close_ns)
    if list(times) != sorted(times) or times[0] < 0 or times[-1] > DAY:
        return "pre-open, opening, continuous trading, closing and close have to follow each other within one day"
    if calendar.continuous_ns >= calendar.closing_ns:
        return "there is no continuous trading between the opening and the closing"
    if not calendar.weekdays or not all(0 <= day <= 6 for day in calendar.weekdays):
        return "trading days are counted from 0 (Monday) to 6 (Sunday), and there has to be one"
    return None


def offset_at(calendar: TradingCalendar, now: Nanos) -> Nanos:
    """Local time less UTC at an instant."""
    offset = 0
    for each in calendar.offsets:
        if now < each.from_at:
            break
        offset = each.offset_ns
    return offset


def instant_of(calendar: TradingCalendar, day: int, time_ns: Nanos) -> Nanos:
    """The instant of a local time of a local day; the earliest one where clocks were put back."""
    local = day * DAY + time_ns
    jumped = 0
    for offset_ns, until in _regimes(calendar):
        candidate = max(local - offset_ns, jumped)
        if until is None or candidate < until:
            return candidate
        jumped = until
    raise AssertionError("the last offset has no end")


def _regimes(calendar: TradingCalendar) -> list[tuple[Nanos, Nanos | None]]:
    """Every offset and the instant at which it ends; ``None`` for the last."""
    ends: list[Nanos | None] = [*(each.from_at for each in calendar.offsets), None]
    return list(zip((0, *(each.offset_ns for each in calendar.offsets)), ends, strict=True))


def day_of(calendar: TradingCalendar, now: Nanos) -> int:
    """The local day of an instant."""
    return (now + offset_at(calendar, now)) // DAY


def is_trading_day(calendar: TradingCalendar, day: int) -> bool:
    """Whether the market opens on a local day."""
    return (day + _THURSDAY) % 7 in calendar.weekdays and day not in calendar.holidays


def changes_of(calendar: TradingCalendar, day: int) -> list[tuple[Nanos, TradingPhase]]:
    """The instants of a trading day at which a phase begins; phases without length are left out."""
    starts = (
        (calendar.pre_open_ns, TradingPhase.PRE_OPEN),
        (calendar.opening_ns, TradingPhase.OPENING_AUCTION),
        (calendar.continuous_ns, TradingPhase.CONTINUOUS),
        (calendar.closing_ns, TradingPhase.CLOSING_AUCTION),
        (calendar.close_ns, TradingPhase.CLOSED),
    )
    return [
        (instant_of(calendar, day, time_ns), phase)
        for number, (time_ns, phase) in enumerate(starts)
        if number + 1 == len(starts) or time_ns < starts[number + 1][0]
    ]


def phase_at(calendar: TradingCalendar | None, now: Nanos) -> TradingPhase:
    """The phase that the schedule has at an instant; without a calendar it is continuous trading for ever."""
    if calendar is None:
        return TradingPhase.CONTINUOUS
    day = day_of(calendar, now)
    phase = TradingPhase.CLOSED
    # A day that closes at midnight says so at the first instant of the next one.
    for each in (day - 1, day):
        if is_trading_day(calendar, each):
            for at, begins in changes_of(calendar, each):
                if at <= now:
                    phase = begins
    return phase


def next_change(calendar: TradingCalendar, now: Nanos) -> tuple[Nanos, TradingPhase] | None:
    """The next instant after now at which the schedule changes the phase; ``None`` where it has none within a year."""
    today = day_of(calendar, now)
    for day in range(today - 1, today + _LONGEST_PAUSE):
        if is_trading_day(calendar, day):
            for at, phase in changes_of(calendar, day):
                if at > now:
                    return (at, phase)
    return None
