"""Published closures and settlement dates, on calendars of seven exchanges."""

import sys
from datetime import date

import pytest

from trading_ecosystem.adapters.settlement_calendars import date_of, day_number, federal_reserve_calendar, settlement_calendar
from trading_ecosystem.messages.units import HOUR
from trading_ecosystem.ports.errors import BadInput

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)
MARKETS = ["XNYS", "XTSE", "XLON", "XETR", "XPAR", "XTKS", "XHKG"]


@pytest.fixture(scope="module")
def calendars():
    return {name: settlement_calendar(name, FIRST, LAST) for name in MARKETS}


def closures(calendar, year):
    days = range(day_number(date(year, 1, 1)), day_number(date(year, 12, 31)) + 1)
    return [date_of(day).isoformat()[5:] for day in days if date_of(day).weekday() < 5 and not calendar.is_business_day(day)]


# New York Stock Exchange, Holidays & Trading Hours, 2025, and the day of mourning of 9 January.
# London Stock Exchange, Deutsche Börse, Japan Exchange Group and HKEX: trading calendars 2025.
CLOSED_2025 = {
    "XNYS": "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
    "XLON": "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    "XETR": "01-01 04-18 04-21 05-01 12-24 12-25 12-26 12-31",
    "XTKS": "01-01 01-02 01-03 01-13 02-11 02-24 03-20 04-29 05-05 05-06 07-21 08-11 09-15 09-23 10-13 11-03 11-24 12-31",
    "XHKG": "01-01 01-29 01-30 01-31 04-04 04-18 04-21 05-01 05-05 07-01 10-01 10-07 10-29 12-25 12-26",
}


@pytest.mark.parametrize("name", CLOSED_2025)
def test_closures_of_2025(calendars, name):
    assert " ".join(closures(calendars[name], 2025)) == CLOSED_2025[name]


def test_early_closes_of_new_york_in_2025(calendars):
    short = [(date_of(each.day).isoformat(), each.closes_ns) for each in calendars["XNYS"].short_days]
    assert [one for one in short if one[0] >= "2025"] == [
        ("2025-07-03", 13 * HOUR),
        ("2025-11-28", 13 * HOUR),
        ("2025-12-24", 13 * HOUR),
    ]


def test_local_time_of_each_market(calendars):
    for name, winter, summer in (("XNYS", 5, 4), ("XLON", 0, -1), ("XETR", -1, -2), ("XTKS", -9, -9)):
        for day, hours in ((date(2025, 1, 15), winter), (date(2025, 7, 15), summer)):
            noon = calendars[name].instant(day_number(day), 12 * HOUR)
            assert noon == (day_number(day) * 24 + 12 + hours) * HOUR
            assert calendars[name].local(noon) == (day_number(day), 12 * HOUR)


@pytest.mark.parametrize(
    ("traded", "cycle", "settles"),
    [
        ("2024-05-24", 2, "2024-05-29"),
        ("2024-05-28", 1, "2024-05-29"),
        ("2025-04-17", 1, "2025-04-21"),
        ("2025-07-03", 1, "2025-07-07"),
        ("2024-12-24", 1, "2024-12-26"),
        ("2025-01-08", 1, "2025-01-10"),
        ("2025-11-26", 1, "2025-11-28"),
    ],
)
def test_settlement_on_sessions_of_new_york(calendars, traded, cycle, settles):
    day = day_number(date.fromisoformat(traded))
    assert date_of(calendars["XNYS"].intended_settlement_day(day, cycle)).isoformat() == settles
    assert calendars["XNYS"].cycle(day) == cycle  # the change to T+1 was on 28 May 2024


@pytest.mark.parametrize(
    ("name", "traded", "settles"),
    [
        ("XTSE", "2024-05-24", "2024-05-28"),  # T+2; Victoria Day was the 20th, so only the weekend
        ("XTSE", "2024-05-27", "2024-05-28"),  # the first day of T+1
        ("XLON", "2025-04-16", "2025-04-22"),  # T+2 over Good Friday and Easter Monday
        ("XETR", "2025-12-23", "2025-12-30"),  # over both days before a holiday on which Frankfurt is closed
        ("XPAR", "2025-04-17", "2025-04-23"),
        ("XTKS", "2025-05-02", "2025-05-08"),  # Golden Week
        ("XHKG", "2025-01-28", "2025-02-04"),  # Lunar New Year
    ],
)
def test_settlement_by_the_cycle_of_each_market(calendars, name, traded, settles):
    day = calendars[name].intended_settlement_day(day_number(date.fromisoformat(traded)))
    assert date_of(day).isoformat() == settles


def test_banks_are_closed_on_days_on_which_shares_are_traded(calendars):
    # Board of Governors of the Federal Reserve System, K.8: holidays observed in 2025.
    banks = federal_reserve_calendar(FIRST, LAST)
    assert " ".join(closures(banks, 2025)) == "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25"
    both = settlement_calendar("XNYS+FEDERAL_RESERVE", FIRST, LAST)
    traded = day_number(date(2025, 10, 10))
    assert date_of(calendars["XNYS"].intended_settlement_day(traded)) == date(2025, 10, 13)
    assert date_of(both.intended_settlement_day(traded)) == date(2025, 10, 14)


def test_a_holiday_of_the_banks_on_a_saturday_is_not_moved():
    banks = federal_reserve_calendar(date(2021, 12, 1), date(2023, 1, 31))
    assert closures(banks, 2022)[0] == "01-17"  # 1 January 2022 was a Saturday
    assert banks.is_business_day(day_number(date(2021, 12, 31)))
    assert not banks.is_business_day(day_number(date(2023, 1, 2)))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("XXXX", "settlement calendar: 'XXXX' is not known; expected one such as XNYS"),
        ("XNYS+ECB", "after the \\+ expected FEDERAL_RESERVE, got 'ECB'"),
    ],
)
def test_a_name_that_is_none(name, problem):
    with pytest.raises(BadInput, match=problem):
        settlement_calendar(name, FIRST, LAST)


def test_a_span_that_the_library_does_not_reach():
    with pytest.raises(BadInput, match="'XHKG' is not known from 1929"):
        settlement_calendar("XHKG", date(1930, 1, 1), date(1930, 2, 1))


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "exchange_calendars", None)
    with pytest.raises(BadInput, match="install trading-ecosystem with the extra 'calendars'"):
        settlement_calendar("XSWX", FIRST, LAST)  # one that was not asked for before
