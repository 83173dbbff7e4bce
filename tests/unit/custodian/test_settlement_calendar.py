"""A settlement calendar of plain data, and the windows of transfer methods on it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ecosystem.domains.custodian.processing_windows import WINDOWS, Schedule, schedule
from trading_ecosystem.domains.custodian.settlement_calendar import (
    CycleFrom,
    DateShift,
    SettlementCalendar,
    ShortDay,
    ZoneOffset,
    joint,
    month_of,
)
from trading_ecosystem.messages.custodian import TransferMethod
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE

EPOCH = date(1970, 1, 1)


def number(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def at(text: str, hours: float = 0) -> int:
    return number(text) * DAY + int(hours * HOUR)


SPRING = at("2025-03-09", 7)
"""New York: 02:00 becomes 03:00."""
AUTUMN = at("2025-11-02", 6)
CALENDAR = SettlementCalendar(
    "test",
    number("2025-01-01"),
    number("2025-12-31"),
    tuple(map(number, ("2025-01-01", "2025-01-09", "2025-01-20", "2025-05-30", "2025-07-04"))),
    (ZoneOffset(at("2024-12-01"), -5 * HOUR), ZoneOffset(SPRING, -4 * HOUR), ZoneOffset(AUTUMN, -5 * HOUR)),
    (CycleFrom(0, 3), CycleFrom(number("2025-03-01"), 2), CycleFrom(number("2025-06-01"), 1)),
    short_days=(ShortDay(number("2025-07-03"), 13 * HOUR),),
)


def test_business_days():
    found = CALENDAR.business_days(number("2025-01-01"), number("2025-01-12"))
    assert found == tuple(number(f"2025-01-{day:02d}") for day in (2, 3, 6, 7, 8, 10))
    assert CALENDAR.after(number("2025-01-08"), 1) == number("2025-01-10")
    assert CALENDAR.after(number("2025-01-04"), 1) == number("2025-01-07")
    assert CALENDAR.after(number("2025-01-04"), 0) == number("2025-01-06")


@pytest.mark.parametrize(
    ("day", "shift", "moved"),
    [
        ("2025-05-30", DateShift.NONE, "2025-05-30"),
        ("2025-05-30", DateShift.FOLLOWING, "2025-06-02"),
        ("2025-05-30", DateShift.MODIFIED_FOLLOWING, "2025-05-29"),
        ("2025-05-30", DateShift.PRECEDING, "2025-05-29"),
        ("2025-03-01", DateShift.MODIFIED_PRECEDING, "2025-03-03"),
        ("2025-03-01", DateShift.PRECEDING, "2025-02-28"),
        ("2025-05-28", DateShift.MODIFIED_FOLLOWING, "2025-05-28"),
    ],
)
def test_date_shifts(day, shift, moved):
    assert CALENDAR.shifted(number(day), shift) == number(moved)


def test_the_cycle_that_holds_on_a_day():
    assert [CALENDAR.cycle(number(day)) for day in ("2025-02-28", "2025-03-01", "2025-05-31", "2025-06-02")] == [3, 2, 2, 1]
    assert CALENDAR.intended_settlement_day(number("2025-01-07")) == number("2025-01-13")
    assert CALENDAR.intended_settlement_day(number("2025-07-03")) == number("2025-07-07")


def test_beyond_its_span_nothing_is_guessed():
    with pytest.raises(ValueError, match=r"calendar test knows days 20089 to 20453, asked for 20454"):
        CALENDAR.after(number("2025-12-31"), 1)


def test_local_time_where_clocks_jump():
    assert CALENDAR.local(SPRING - 1) == (number("2025-03-09"), 2 * HOUR - 1)
    assert CALENDAR.local(SPRING) == (number("2025-03-09"), 3 * HOUR)
    assert CALENDAR.instant(number("2025-03-09"), 2 * HOUR + 30 * MINUTE) == SPRING
    assert CALENDAR.instant(number("2025-11-02"), HOUR + 30 * MINUTE) == AUTUMN - 30 * MINUTE
    assert SettlementCalendar("utc", 0, 10).local(DAY + 5) == (1, 5)
    assert SettlementCalendar("utc", 0, 10).instant(1, 5) == DAY + 5


@given(st.integers(number("2025-01-01"), number("2025-12-31")), st.integers(0, 24 * 60 - 1))
def test_instants_and_local_times_are_each_others_inverse(day, minute):
    instant = CALENDAR.instant(day, minute * MINUTE)
    if instant not in (SPRING, AUTUMN):
        assert CALENDAR.local(instant) == (day, minute * MINUTE)


@given(st.integers(-1_000_000, 1_000_000))
def test_month_of_any_day(day):
    if day > -700_000:  # the library's calendar begins in the year 1
        expected = EPOCH + timedelta(days=day)
        assert month_of(day) == (expected.year, expected.month)
    assert 1 <= month_of(day)[1] <= 12


def test_a_market_and_the_banks_of_its_currency():
    both = joint(CALENDAR, SettlementCalendar("banks", number("2025-01-02"), number("2025-12-30"), (number("2025-01-03"),)))
    assert both.name == "test+banks"
    assert both.business_days(number("2025-01-02"), number("2025-01-10")) == tuple(
        number(f"2025-01-{day:02d}") for day in (2, 6, 7, 8, 10)
    )
    assert (both.first_day, both.last_day, both.cycles) == (number("2025-01-02"), number("2025-12-30"), CALENDAR.cycles)


METHODS = TransferMethod
NEW_YORK = 4
"""Hours behind UTC in summer."""


@pytest.mark.parametrize(
    ("method", "asked", "hour", "counted", "intended", "begins", "done"),
    [
        (METHODS.CRYPTO_EXTERNAL, "2025-08-06", 16, "2025-08-06", "2025-08-07", 9, 17),
        (METHODS.CRYPTO_EXTERNAL, "2025-08-06", 16.01, "2025-08-07", "2025-08-08", 9, 17),
        (METHODS.CRYPTO_EXTERNAL, "2025-08-08", 17, "2025-08-11", "2025-08-12", 9, 17),
        (METHODS.WIRE, "2025-08-06", 14, "2025-08-06", "2025-08-08", 9, 15),
        (METHODS.WIRE, "2025-08-06", 14.5, "2025-08-07", "2025-08-11", 9, 15),
        (METHODS.ACH, "2025-08-06", 14.5, "2025-08-06", "2025-08-08", 9, 15),
        (METHODS.ACH, "2025-08-09", 1, "2025-08-11", "2025-08-13", 9, 15),
        (METHODS.INTERNATIONAL, "2025-08-06", 12, "2025-08-06", "2025-08-11", 9, 14),
        (METHODS.INTERNATIONAL, "2025-07-02", 12.5, "2025-07-03", "2025-07-09", 9, 14),
        (METHODS.WIRE, "2025-07-03", 13.5, "2025-07-07", "2025-07-09", 9, 15),
        (METHODS.CRYPTO_EXTERNAL, "2025-07-03", 13.5, "2025-07-03", "2025-07-07", 9, 17),
    ],
)
def test_cut_offs_and_windows(method, asked, hour, counted, intended, begins, done):
    found = schedule(CALENDAR, method, at(asked, hour + NEW_YORK))
    day = number(intended)
    assert found == Schedule(number(counted), day, at(intended, begins + NEW_YORK), at(intended, done + NEW_YORK))


def test_at_once_takes_minutes_and_several_approvals_take_longer():
    now = at("2025-08-06", 20)
    for drawn, approvals, minutes in ((0, False, 5), (1_000_000, False, 15), (0, True, 7), (1_000_000, True, 20)):
        found = schedule(CALENDAR, METHODS.CRYPTO_INTERNAL, now, drawn_ppm=drawn, approvals=approvals)
        assert (found.begins_at, found.completes_at) == (now, now + minutes * MINUTE)


def test_weekends_are_worked_on_chains_alone_and_only_if_told():
    saturday = at("2025-08-09", 12 + NEW_YORK)
    monday = at("2025-08-11", NEW_YORK)
    assert schedule(CALENDAR, METHODS.CRYPTO_INTERNAL, saturday).completes_at == monday + 5 * MINUTE
    assert schedule(CALENDAR, METHODS.CRYPTO_INTERNAL, saturday, weekends=True).completes_at == saturday + 5 * MINUTE
    assert schedule(CALENDAR, METHODS.CRYPTO_EXTERNAL, saturday, weekends=True).intended_day == number("2025-08-10")
    assert schedule(CALENDAR, METHODS.WIRE, saturday, weekends=True) == schedule(CALENDAR, METHODS.WIRE, saturday)


@given(
    st.sampled_from(list(TransferMethod)),
    st.integers(at("2025-01-02"), at("2025-12-15")),
    st.integers(0, 10 * HOUR),
    st.booleans(),
)
def test_a_later_request_is_never_complete_earlier(method, now, later, weekends):
    first = schedule(CALENDAR, method, now, weekends=weekends)
    second = schedule(CALENDAR, method, now + later, weekends=weekends)
    assert now <= first.begins_at <= first.completes_at <= second.completes_at
    assert CALENDAR.is_business_day(first.intended_day) or weekends
    gap = CALENDAR.business_days(first.counted_day, first.intended_day)
    assert weekends or len(gap) == WINDOWS[method].business_days + 1
