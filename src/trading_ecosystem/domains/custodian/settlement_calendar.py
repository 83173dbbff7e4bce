"""Business days of a place of settlement, its local time, and the cycle that holds on a day.

A calendar is plain data for a span of days: who builds it (an adapter, from a library of exchange calendars) says which days
are closed and what the offset from UTC is. Days are local ones, counted from 1970-01-01. Nothing is guessed beyond the span: a
day outside it raises ``ValueError``, which names the calendar and its span.
"""

from __future__ import annotations

import enum
from bisect import bisect_left, bisect_right
from typing import Final

import msgspec

from trading_ecosystem.messages.units import DAY, Nanos

_EPOCH_WEEKDAY: Final = 3
"""1970-01-01 was a Thursday; Monday is 0."""
_DAYS_OF_400_YEARS: Final = 146_097


class ZoneOffset(msgspec.Struct, frozen=True):
    """From ``from_at`` on, local time is UTC plus ``offset_ns``."""

    from_at: Nanos
    offset_ns: Nanos


class CycleFrom(msgspec.Struct, frozen=True):
    """Trades of ``from_day`` and later settle so many business days after."""

    from_day: int
    business_days: int


class ShortDay(msgspec.Struct, frozen=True):
    """A business day that ends early, at a local time."""

    day: int
    closes_ns: Nanos


class DateShift(enum.StrEnum):
    """What becomes of a date that is no business day (business day conventions of the ISDA Definitions)."""

    NONE = "none"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified_following"
    """The following business day, unless that is in another month: then the preceding one."""
    PRECEDING = "preceding"
    MODIFIED_PRECEDING = "modified_preceding"


class SettlementCalendar(msgspec.Struct, frozen=True):
    """One place of settlement. ``closed`` are the days from Monday to Friday on which nothing settles, in rising order."""

    name: str
    first_day: int
    last_day: int
    closed: tuple[int, ...] = ()
    offsets: tuple[ZoneOffset, ...] = ()
    """In rising order; UTC before the first."""
    cycles: tuple[CycleFrom, ...] = (CycleFrom(0, 2),)
    """In rising order."""
    weekends: bool = False
    """Whether Saturdays and Sundays are business days."""
    short_days: tuple[ShortDay, ...] = ()
    """In rising order."""

    def is_business_day(self, day: int) -> bool:
        """Whether anything settles on a day."""
        if not self.first_day <= day <= self.last_day:
            raise ValueError(f"calendar {self.name} knows days {self.first_day} to {self.last_day}, asked for {day}")
        if not self.weekends and (day + _EPOCH_WEEKDAY) % 7 >= 5:
            return False
        place = bisect_left(self.closed, day)
        return place == len(self.closed) or self.closed[place] != day

    def business_days(self, first: int, last: int) -> tuple[int, ...]:
        """Every business day of a span, both ends included."""
        return tuple(day for day in range(first, last + 1) if self.is_business_day(day))

    def following(self, day: int) -> int:
        """The day itself if it is a business day, or else the next one."""
        while not self.is_business_day(day):
            day += 1
        return day

    def preceding(self, day: int) -> int:
        """The day itself if it is a business day, or else the last one before it."""
        while not self.is_business_day(day):
            day -= 1
        return day

    def shifted(self, day: int, shift: DateShift) -> int:
        """A date moved to a business day by a convention."""
        if shift is DateShift.NONE:
            return day
        forwards = shift in (DateShift.FOLLOWING, DateShift.MODIFIED_FOLLOWING)
        moved = self.following(day) if forwards else self.preceding(day)
        modified = shift in (DateShift.MODIFIED_FOLLOWING, DateShift.MODIFIED_PRECEDING)
        if modified and month_of(moved) != month_of(day):
            return self.preceding(day) if forwards else self.following(day)
        return moved

    def after(self, day: int, business_days: int) -> int:
        """So many business days after a day; of a day that is none, counted from the next one that is."""
        day = self.following(day)
        for _ in range(business_days):
            day = self.following(day + 1)
        return day

    def cut_off(self, day: int, cut_off_ns: Nanos) -> Nanos:
        """A cut-off as it is on a day: on one that ends early, that end at the latest."""
        place = bisect_left(self.short_days, day, key=_day_of)
        if place < len(self.short_days) and self.short_days[place].day == day:
            return min(cut_off_ns, self.short_days[place].closes_ns)
        return cut_off_ns

    def cycle(self, day: int) -> int:
        """In how many business days a trade of a day settles."""
        days = 0
        for each in self.cycles:
            if day < each.from_day:
                break
            days = each.business_days
        return days

    def intended_settlement_day(self, traded_day: int, cycle: int | None = None) -> int:
        """When a trade of a day is to settle: by the cycle given, or by the one that holds on that day."""
        return self.after(traded_day, self.cycle(traded_day) if cycle is None else cycle)

    def local(self, at: Nanos) -> tuple[int, Nanos]:
        """The local day and time of day of an instant."""
        index = bisect_right(self.offsets, at, key=_from_at)
        return divmod(at + (self.offsets[index - 1].offset_ns if index else 0), DAY)

    def instant(self, day: int, time_ns: Nanos) -> Nanos:
        """The instant of a local time of a local day: the earlier one where clocks go back, and the jump where they skip it."""
        local = day * DAY + time_ns
        begins, offset_ns = None, 0
        for each in self.offsets:
            at = local - offset_ns if begins is None else max(begins, local - offset_ns)
            if at < each.from_at:
                return at
            begins, offset_ns = each.from_at, each.offset_ns
        return local - offset_ns if begins is None else max(begins, local - offset_ns)


def joint(first: SettlementCalendar, second: SettlementCalendar) -> SettlementCalendar:
    """A calendar that is open when both are: a market and the banks of its currency. All else is the first one's."""
    return SettlementCalendar(
        f"{first.name}+{second.name}",
        max(first.first_day, second.first_day),
        min(first.last_day, second.last_day),
        tuple(sorted({*first.closed, *second.closed})),
        first.offsets,
        first.cycles,
        first.weekends and second.weekends,
        first.short_days,
    )


def _day_of(short: ShortDay) -> int:
    return short.day


def _from_at(offset: ZoneOffset) -> Nanos:
    return offset.from_at


def month_of(day: int) -> tuple[int, int]:
    """Year and month of a day (H. Hinnant, *chrono-Compatible Low-Level Date Algorithms*, ``civil_from_days``)."""
    shifted = day + 719_468
    era, of_era = divmod(shifted, _DAYS_OF_400_YEARS)
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * of_year + 2) // 153
    return year_of_era + era * 400 + (month >= 10), month + 3 if month < 10 else month - 9
