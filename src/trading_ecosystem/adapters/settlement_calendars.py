"""Settlement calendars of exchanges, from the library ``exchange-calendars``; banks' holidays beside them.

A calendar is named by the market identifier code of its exchange (ISO 10383), such as ``XNYS``. A session of the exchange is
a business day. ``XNYS+FEDERAL_RESERVE`` is open when the Federal Reserve's banks are, too: on Columbus Day and Veterans Day
shares are traded in New York and no dollars move. The library needs the extra ``calendars``.
"""

from __future__ import annotations

import warnings
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from trading_ecosystem.adapters.time_zones import utc_offsets
from trading_ecosystem.domains.custodian.settlement_calendar import CycleFrom, SettlementCalendar, ShortDay, ZoneOffset, joint
from trading_ecosystem.domains.test_coordination.scenario import Scenario
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE, Nanos
from trading_ecosystem.ports.errors import BadInput

_EPOCH: Final = date(1970, 1, 1)
BANKS: Final = "FEDERAL_RESERVE"
_OPEN_HORIZON: Final[Nanos] = 3_650 * DAY
"""For so long a run without an end has business days."""


def day_number(day: date) -> int:
    """A date as days since 1970-01-01."""
    return (day - _EPOCH).days


def date_of(day: int) -> date:
    """Days since 1970-01-01 as a date."""
    return _EPOCH + timedelta(days=day)


def _cycles(*changes: tuple[str, int]) -> tuple[CycleFrom, ...]:
    return tuple(CycleFrom(day_number(date.fromisoformat(day)), days) for day, days in changes)


_EUROPE: Final = _cycles(("1970-01-01", 3), ("2014-10-06", 2), ("2027-10-11", 1))
CYCLES: Final[dict[str, tuple[CycleFrom, ...]]] = {
    # SEC Rule 15c6-1 and its amendments (releases 33-7022, 34-80295, 34-96930).
    "XNYS": _cycles(("1970-01-01", 5), ("1995-06-07", 3), ("2017-09-05", 2), ("2024-05-28", 1)),
    # Canadian Securities Administrators, National Instrument 24-101.
    "XTSE": _cycles(("1970-01-01", 5), ("1995-06-07", 3), ("2017-09-05", 2), ("2024-05-27", 1)),
    # Regulation (EU) 909/2014, article 5(2), applied by most markets from 2014-10-06; T+1 by Regulation (EU) 2025/2075.
    "XETR": _EUROPE,
    "XPAR": _EUROPE,
    # Euroclear UK & International, 2014; Accelerated Settlement Taskforce, 2025.
    "XLON": _EUROPE,
    # Japan Exchange Group, 16 July 2019.
    "XTKS": _cycles(("1970-01-01", 3), ("2019-07-16", 2)),
    # CCASS Operational Procedures of HKSCC.
    "XHKG": _cycles(("1970-01-01", 2)),
}
"""In how many business days trades of each exchange settle, and since when; two elsewhere."""


def run_calendar(scenario: Scenario, name: str) -> SettlementCalendar:
    """A calendar for as long as a scenario runs; raises as :func:`settlement_calendar` does."""
    ends_at = scenario.starts_at + (scenario.duration_ns or _OPEN_HORIZON)
    return settlement_calendar(name, date_of(scenario.starts_at // DAY), date_of(ends_at // DAY))


@lru_cache(maxsize=8)
def settlement_calendar(name: str, first: date, last: date) -> SettlementCalendar:
    """The calendar of a name, for trades of these days; some weeks more are in it, so that they can settle.

    Raises :class:`BadInput` where there is no such calendar, or the library is not installed or does not reach so far.
    """
    market, plus, banks = name.partition("+")
    if plus and banks != BANKS:
        raise BadInput("settlement calendar", f"'{name}': after the + expected {BANKS}, got '{banks}'")
    start, end = first - timedelta(days=31), last + timedelta(days=31)
    calendar = _exchange_calendar(market, start, end)
    return joint(calendar, federal_reserve_calendar(start, end)) if plus else calendar


def federal_reserve_calendar(first: date, last: date) -> SettlementCalendar:
    """When the Federal Reserve's banks are open: a holiday on a Sunday is kept on Monday, one on a Saturday is not moved.

    Board of Governors of the Federal Reserve System, "Holidays Observed" (K.8).
    """
    try:
        from pandas.tseries import holiday
    except ImportError as error:
        raise _not_installed(BANKS) from error
    moved = holiday.sunday_to_monday
    rules = [
        holiday.Holiday("New Year's Day", month=1, day=1, observance=moved),
        holiday.USMartinLutherKingJr,
        holiday.USPresidentsDay,
        holiday.USMemorialDay,
        holiday.Holiday("Juneteenth", month=6, day=19, start_date="2021-06-18", observance=moved),
        holiday.Holiday("Independence Day", month=7, day=4, observance=moved),
        holiday.USLaborDay,
        holiday.USColumbusDay,
        holiday.Holiday("Veterans Day", month=11, day=11, observance=moved),
        holiday.USThanksgivingDay,
        holiday.Holiday("Christmas Day", month=12, day=25, observance=moved),
    ]
    days = holiday.AbstractHolidayCalendar(BANKS, rules).holidays(first, last)
    closed = tuple(sorted(day_number(day.date()) for day in days if day.weekday() < 5))
    return SettlementCalendar(BANKS, day_number(first), day_number(last), closed)


def _exchange_calendar(market: str, first: date, last: date) -> SettlementCalendar:
    try:
        import exchange_calendars
        from exchange_calendars import errors
    except ImportError as error:
        raise _not_installed(market) from error
    known = exchange_calendars.get_calendar_names(include_aliases=False)
    if market not in known:
        raise BadInput("settlement calendar", f"'{market}' is not known; expected one such as {', '.join(CYCLES)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # what the library does with pandas is not ours to mend
            calendar = exchange_calendars.get_calendar(market, start=first.isoformat(), end=last.isoformat())
    except (errors.CalendarError, ValueError) as error:
        raise BadInput("settlement calendar", f"'{market}' is not known from {first} to {last}: {error}") from error
    first_day, last_day = day_number(first), day_number(last)
    open_days = frozenset(day_number(session.date()) for session in calendar.sessions)
    weekdays = (day for day in range(first_day, last_day + 1) if date_of(day).weekday() < 5)
    closed = tuple(day for day in weekdays if day not in open_days)
    zone = str(calendar.tz)
    early, closes = calendar.early_closes, calendar.closes
    offsets = utc_offsets(zone, first_day * DAY, last_day * DAY)
    return SettlementCalendar(
        market,
        first_day,
        last_day,
        closed,
        tuple(ZoneOffset(each.from_at, each.offset_ns) for each in offsets),
        CYCLES.get(market, _cycles(("1970-01-01", 2))),
        short_days=tuple(ShortDay(day_number(day.date()), _time_of_day(closes[day].tz_convert(zone))) for day in early),
    )


def _time_of_day(at: datetime) -> Nanos:
    return at.hour * HOUR + at.minute * MINUTE


def _not_installed(name: str) -> BadInput:
    problem = f"'{name}' needs the library exchange-calendars: install trading-ecosystem with the extra 'calendars'"
    return BadInput("settlement calendar", problem)
