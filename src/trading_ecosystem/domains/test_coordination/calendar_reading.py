"""How a venue's trading calendar is read (times of the local day, weekdays, holidays, time zone), and how its settlement dates.

Whether the zone exists is not known here: only the edge reads the time zone database.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Final

from trading_ecosystem.domains.test_coordination.document import Fields, Node, Scalar, described, items_of, shown
from trading_ecosystem.domains.test_coordination.quantities import named, text_of, whole_number
from trading_ecosystem.domains.test_coordination.venue_section import CalendarSection, SettlementSection
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE, SECOND, Nanos
from trading_ecosystem.ports.errors import BadInput

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIMES: Final = ("pre_open", "opening_auction", "continuous", "closing_auction", "close")
_SCALES: Final = (HOUR, MINUTE, SECOND)
_MOST_HOLIDAYS: Final = 400
_LONGEST_CYCLE: Final = 5
_SETTLED_BY_DEFAULT: Final[Nanos] = 9 * HOUR


def read_calendar(node: Node) -> CalendarSection:
    """A daily schedule; a phase that is not stated is left out."""
    fields = Fields(node, "calendar", ("time_zone", *_TIMES, "weekdays", "holidays"))
    continuous = _time_of_day(fields.need("continuous"), "continuous")
    close = _time_of_day(fields.need("close"), "close")
    opening = _time_or(fields, "opening_auction", continuous)
    pre_open = _time_or(fields, "pre_open", opening)
    closing = _time_or(fields, "closing_auction", close)
    times = dict(zip(_TIMES, (pre_open, opening, continuous, closing, close), strict=True))
    for before, after in pairwise(name for name in _TIMES if name in fields):
        # Only continuous trading must have a length.
        if times[after] < times[before] or (before == "continuous" and times[after] == times[before]):
            problem = f"'{after}' does not follow '{before}' within one day; expected a later time"
            raise BadInput(fields.place_of(after), problem)
    if pre_open < opening == continuous:
        problem = "a pre-open leads into an opening auction; expected 'opening_auction' before 'continuous'"
        raise BadInput(fields.place_of("pre_open"), problem)
    zone, weekdays, holidays = fields.get("time_zone"), fields.get("weekdays"), fields.get("holidays")
    return CalendarSection(
        text_of(zone, "time_zone") if zone else "UTC",
        pre_open,
        opening,
        continuous,
        closing,
        close,
        _read_weekdays(weekdays) if weekdays else (0, 1, 2, 3, 4),
        _read_holidays(holidays) if holidays else (),
    )


def read_settlement(node: Node) -> SettlementSection:
    """By which business days trades settle; whether there is such a calendar only the edge knows."""
    fields = Fields(node, "settlement", ("calendar", "cycle", "at"))
    cycle, at = fields.get("cycle"), fields.get("at")
    return SettlementSection(
        text_of(fields.need("calendar"), "calendar"),
        whole_number(cycle, "cycle", 1, _LONGEST_CYCLE) if cycle else None,
        _time_of_day(at, "at") if at else _SETTLED_BY_DEFAULT,
    )


def _time_or(fields: Fields, name: str, otherwise: Nanos) -> Nanos:
    node = fields.get(name)
    return otherwise if node is None else _time_of_day(node, name)


def _time_of_day(node: Node, what: str) -> Nanos:
    """``09:30`` or ``09:30:15`` as time since local midnight; ``24:00`` is the end of the day."""
    parts = node.text.split(":") if isinstance(node, Scalar) else []
    numbers = [int(part) for part in parts if len(part) == 2 and part.isascii() and part.isdigit()]
    total = sum(number * scale for number, scale in zip(numbers, _SCALES, strict=False))
    clock = len(numbers) == len(parts) and len(parts) in (2, 3) and max(numbers[1:]) < 60 and total <= DAY
    if not clock:
        expected = "expected a time of day from 00:00 to 24:00, such as 09:30 or 09:30:15"
        raise BadInput(node.place, f"{what} {described(node)} is not a time of day; {expected}")
    return total


def _read_weekdays(node: Node) -> tuple[int, ...]:
    days = [_WEEKDAYS.index(named(item, "weekday", _WEEKDAYS)) for item in items_of(node, "weekdays")]
    if not days or len(set(days)) != len(days):
        raise BadInput(
            node.place, "weekdays must be distinct, and there has to be one; expected a list such as [monday, friday]"
        )
    return tuple(sorted(days))


def _read_holidays(node: Node) -> tuple[int, ...]:
    items = items_of(node, "holidays")
    if len(items) > _MOST_HOLIDAYS:
        raise BadInput(node.place, f"there are {len(items)} holidays; expected at most {_MOST_HOLIDAYS}")
    days: list[int] = []
    for item in items:
        text = text_of(item, "a holiday")
        try:
            day = (date.fromisoformat(text) - date(1970, 1, 1)).days if len(text) == 10 else None
        except ValueError:
            day = None
        if day is None:
            raise BadInput(item.place, f"a holiday {shown(text)} is not a date; expected one such as 2026-12-25")
        if day in days:
            raise BadInput(item.place, f"the holiday {shown(text)} is listed twice; expected distinct days")
        days.append(day)
    return tuple(sorted(days))
