"""Trading sessions and the usual activity of a market that never closes: facts of the calendar that every simulator shares.

**Sessions**, in UTC: Asia 00:00 to 09:00 (Tokyo's day), Europe 07:00 to 16:30 (London's), US 13:00 to 22:00 (New York's, in
summer); they overlap. On Saturday and Sunday there is one session, the weekend.

**Activity** is how much is traded at a time of the week, relative to the mean of the whole week. It is linear between the
values at full hours. Its shape follows what A. Eross, F. McGroarty, A. Urquhart and S. Wolfe report of bitcoin ("The intraday
dynamics of Bitcoin", Research in International Business and Finance 49, 2019): volume rises through the European day, is
highest where Europe and the US are both open, falls from about 16:00 UTC until midnight, and the market is thin in the early
morning. The figures are ours, drawn after that shape and not fitted to any data; the weekend is taken as three quarters of a
weekday, and flatter.
"""

from __future__ import annotations

import enum
from typing import Final

from trading_ecosystem.messages.units import DAY, HOUR, MINUTE, PARTS_PER_MILLION, Nanos, PartsPerMillion


class Session(enum.StrEnum):
    """A part of the world's trading day, or the weekend."""

    ASIA = "asia"
    EUROPE = "europe"
    US = "us"
    WEEKEND = "weekend"


SESSION_HOURS: Final[dict[Session, tuple[Nanos, Nanos]]] = {
    Session.ASIA: (0, 9 * HOUR),
    Session.EUROPE: (7 * HOUR, 16 * HOUR + 30 * MINUTE),
    Session.US: (13 * HOUR, 22 * HOUR),
}
"""Opening and close of each weekday session, as time of day in UTC; the close no longer belongs to it."""

_THURSDAY: Final = 3
"""1970-01-01 was a Thursday; Monday is 0."""
_SATURDAY: Final = 5
_DAYS: Final = 7
_HOURS: Final = 24

_SHAPE: Final = (
    *(88, 86, 82, 77, 73, 72, 76, 86, 97, 102),
    *(103, 106, 115, 131, 147, 151, 146, 131, 117, 107),
    *(101, 95, 92, 91),
)
"""Activity of a weekday at each full hour of UTC, in hundredths of no unit in particular."""
_WEEKEND_PPM: Final[PartsPerMillion] = 750_000
"""Mean activity of a weekend day over that of a weekday."""


def _week() -> tuple[PartsPerMillion, ...]:
    """Activity at every full hour of the week from Monday on, with a mean of one up to rounding."""
    mean = sum(_SHAPE)  # of the 24 hours together; a weekday hour is then 24 * shape / mean
    weekday_ppm = _DAYS * PARTS_PER_MILLION * PARTS_PER_MILLION // (5 * PARTS_PER_MILLION + 2 * _WEEKEND_PPM)
    weekdays = [weekday_ppm * _HOURS * shape // mean for shape in _SHAPE]
    # A weekend hour has half of the shape: flatter, with the same mean.
    weekend_ppm = weekday_ppm * _WEEKEND_PPM // PARTS_PER_MILLION
    weekend = [weekend_ppm * (_HOURS * shape + mean) // (2 * mean) for shape in _SHAPE]
    return (*weekdays * 5, *weekend * 2)


ACTIVITY_PPM: Final = _week()
"""Activity at each of the 168 full hours of the week, from Monday 00:00 UTC on."""


def weekday_of(at: Nanos) -> int:
    """The day of the week in UTC, Monday being 0."""
    return (at // DAY + _THURSDAY) % _DAYS


def sessions_at(at: Nanos) -> tuple[Session, ...]:
    """The sessions that are open; none between the close of the US and midnight."""
    if weekday_of(at) >= _SATURDAY:
        return (Session.WEEKEND,)
    time = at % DAY
    return tuple(session for session, (opens, closes) in SESSION_HOURS.items() if opens <= time < closes)


def activity_ppm(at: Nanos) -> PartsPerMillion:
    """How much is usually traded at this time of the week, over the mean of the week; rounded down."""
    hour, into = divmod(at, HOUR)
    of_week = (hour + _THURSDAY * _HOURS) % (_DAYS * _HOURS)
    before = ACTIVITY_PPM[of_week]
    after = ACTIVITY_PPM[(of_week + 1) % (_DAYS * _HOURS)]
    return before + (after - before) * into // HOUR
