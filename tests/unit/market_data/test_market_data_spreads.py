"""Reference quotes: the fixed spread, the modelled one, its limits, the sessions, and the usual activity."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.market_data.records import TradeSummary
from trading_ecosystem.domains.market_data.spreads import SPREAD_RANGES, SpreadKind, SpreadParameters, modelled_spread
from trading_ecosystem.domains.market_data.volume_profile import day_volume, volume_profile
from trading_ecosystem.messages.market_data import PricePublished, ReferenceQuotePublished
from trading_ecosystem.messages.market_statistics import ReferenceQuoteQuestion, SessionsQuestion, SessionState
from trading_ecosystem.messages.sessions import ACTIVITY_PPM, Session, activity_ppm, sessions_at, weekday_of
from trading_ecosystem.messages.units import DAY, HOUR, INSTRUMENTS, MINUTE, SECOND

MILLION = 1_000_000
MONDAY = 4 * DAY
"""1970-01-05."""


def at(*fields: int) -> int:
    return int(datetime(*fields, tzinfo=UTC).timestamp()) * SECOND  # type: ignore[misc, arg-type]


@pytest.mark.parametrize("symbol", list(INSTRUMENTS))
def test_the_usual_spread_is_that_of_a_usual_market(symbol):
    limits = SPREAD_RANGES[symbol]
    assert limits.narrowest_ppm < limits.usual_ppm < limits.widest_ppm
    assert modelled_spread(symbol, limits.usual_volatility_ppm, MILLION, MILLION) == limits.usual_ppm
    assert modelled_spread(symbol, None, MILLION, MILLION) == limits.usual_ppm


def test_the_spread_goes_with_volatility_and_with_the_inverse_root_of_what_is_traded():
    usual = SPREAD_RANGES["BTC/USD"]
    assert modelled_spread("BTC/USD", 3 * usual.usual_volatility_ppm, MILLION, MILLION) == 3 * usual.usual_ppm
    assert modelled_spread("BTC/USD", None, MILLION // 4, MILLION) == 2 * usual.usual_ppm
    assert modelled_spread("BTC/USD", None, MILLION, MILLION // 9) == 3 * usual.usual_ppm
    assert modelled_spread("BTC/USD", None, 4 * MILLION, MILLION) == usual.usual_ppm // 2
    assert modelled_spread("BTC/USD", 10**9, MILLION, MILLION) == usual.widest_ppm
    assert modelled_spread("BTC/USD", 0, MILLION, MILLION) == usual.narrowest_ppm


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    st.sampled_from(list(INSTRUMENTS)), st.none() | st.integers(0, 10**8), st.integers(0, 7 * DAY), st.integers(10_000, 10**8)
)
def test_the_spread_stays_within_its_limits(symbol, volatility_ppm, instant, liquidity_ppm):
    limits = SPREAD_RANGES[symbol]
    spread_ppm = modelled_spread(symbol, volatility_ppm, activity_ppm(instant), liquidity_ppm)
    assert limits.narrowest_ppm <= spread_ppm <= limits.widest_ppm


def test_quotes_are_said_right_after_their_price_where_asked_for(bench):
    silent = bench().run(HOUR)
    assert silent.of(ReferenceQuotePublished) == []
    run = bench(spreads=SpreadParameters(kind=SpreadKind.FIXED, width_ppm=500, published=True)).run(HOUR)
    assert [entry for entry in run.said if not isinstance(entry[1], ReferenceQuotePublished)] == silent.said
    for (_, price), (_, quote) in itertools.pairwise(run.said):
        if isinstance(price, PricePublished):
            half_minor = -(-price.price_minor * 500 // 2_000_000)
            assert quote == ReferenceQuotePublished(
                price.instrument,
                price.price_minor - half_minor,
                price.price_minor + half_minor,
                500,
                price.priced_at,
                price.update,
            )
    assert len(run.of(ReferenceQuotePublished)) == len(run.of(PricePublished))


def test_modelled_quotes_widen_when_the_market_is_wild(bench):
    spreads = SpreadParameters(published=True)
    calm = bench(spreads=spreads, annual_volatility={"BTC": "0.2", "ETH": "0.3", "USDT": "0.02"}).run(2 * HOUR)
    wild = bench(spreads=spreads, annual_volatility={"BTC": "2", "ETH": "3", "USDT": "0.02"}).run(2 * HOUR)
    for symbol in ("BTC/USD", "ETH/USDT"):
        narrow, wide = (run.of(ReferenceQuotePublished, symbol)[-1][1] for run in (calm, wild))
        assert 5 < wide.spread_ppm / narrow.spread_ppm < 20
        assert narrow.bid_minor < calm.of(PricePublished, symbol)[-1][1].price_minor < narrow.ask_minor


def test_an_answer_is_what_was_said_last_and_is_given_where_nothing_is_said(bench):
    run = bench(spreads=SpreadParameters(published=True, liquidity_ppm={"ETH/BTC": 250_000})).run(HOUR + 30 * SECOND)
    silent = bench(spreads=SpreadParameters(liquidity_ppm={"ETH/BTC": 250_000})).run(HOUR + 30 * SECOND)
    answer = run.component.answer(ReferenceQuoteQuestion("ETH/BTC"))
    assert answer == (run.of(ReferenceQuotePublished, "ETH/BTC")[-1][1],)
    assert len(silent.component.answer(ReferenceQuoteQuestion())) == 6
    usual = bench().run(0).component.answer(ReferenceQuoteQuestion("ETH/BTC"))
    thin = (
        bench(spreads=SpreadParameters(liquidity_ppm={"ETH/BTC": 250_000}))
        .run(0)
        .component.answer(ReferenceQuoteQuestion("ETH/BTC"))
    )
    assert thin[0].spread_ppm == pytest.approx(2 * usual[0].spread_ppm, abs=1)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (at(2026, 3, 2), (Session.ASIA,)),
        (at(2026, 3, 2, 7), (Session.ASIA, Session.EUROPE)),
        (at(2026, 3, 2, 9), (Session.EUROPE,)),
        (at(2026, 3, 2, 13), (Session.EUROPE, Session.US)),
        (at(2026, 3, 2, 16, 30), (Session.US,)),
        (at(2026, 3, 2, 22), ()),
        (at(2026, 3, 6, 23, 59), ()),
        (at(2026, 3, 7), (Session.WEEKEND,)),
        (at(2026, 3, 8, 23, 59), (Session.WEEKEND,)),
    ],
)
def test_sessions_of_the_week(bench, instant, expected):
    assert sessions_at(instant) == expected
    assert bench().component.answer(SessionsQuestion(instant)) == SessionState(instant, expected, activity_ppm(instant))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.integers(0, 230 * 365 * DAY))
def test_weekdays_are_those_of_the_calendar(instant):
    day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=instant // DAY)
    assert weekday_of(instant) == day.weekday()


def test_activity_has_a_mean_of_one_and_the_shape_that_is_reported():
    assert len(ACTIVITY_PPM) == 168
    assert sum(ACTIVITY_PPM) / 168 == pytest.approx(MILLION, abs=2)
    weekday, weekend = ACTIVITY_PPM[:24], ACTIVITY_PPM[-24:]
    assert sum(weekend) / sum(weekday) == pytest.approx(0.75, abs=1e-4)
    assert weekday.index(max(weekday)) == 15
    assert weekday.index(min(weekday)) == 5
    assert all(before > after for before, after in itertools.pairwise(weekday[16:]))
    assert max(weekend) / min(weekend) < max(weekday) / min(weekday)


def test_activity_is_continuous_and_repeats_every_week():
    for hour in range(168):
        exact = MONDAY + hour * HOUR
        assert activity_ppm(exact) == activity_ppm(exact + 7 * DAY) == ACTIVITY_PPM[hour]
        before, after = sorted((ACTIVITY_PPM[hour], ACTIVITY_PPM[(hour + 1) % 168]))
        assert before <= activity_ppm(exact + 30 * MINUTE) <= after
        assert abs(activity_ppm(exact + HOUR - 1) - activity_ppm(exact + HOUR)) <= 1


def summary(venue: str, number: int, lots: int, published_at: int, instrument: str = "BTC/USD") -> TradeSummary:
    return TradeSummary(venue, instrument, number, number + 2, lots, lots // 2, 5, 3, 4, published_at)


def test_volume_is_summed_over_a_rolling_day_by_hour_and_by_session():
    noon = at(2026, 3, 2, 12)
    rows = [
        summary("alpha", 1, 10, noon - DAY),
        summary("alpha", 4, 100, noon - DAY + 1),
        summary("beta", 1, 1_000, noon),
        summary("beta", 4, 10_000, noon + 1),
        summary("beta", 1, 7, noon, "ETH/USD"),
    ]
    day = day_volume(rows, "BTC/USD", noon)
    assert (day.volume_minor, day.buyer_initiated_minor, day.trades) == (1_100 * 100, 550 * 100, 6)
    assert day_volume(rows, "BTC/USD", noon, "alpha").volume_minor == 100 * 100
    profile = volume_profile(rows, "BTC/USD")
    assert profile.hours_minor[12] == 11_110 * 100
    assert sum(profile.hours_minor) == 11_110 * 100
    assert profile.sessions_minor == {
        Session.ASIA: 0,
        Session.EUROPE: 11_000 * 100,
        Session.US: 0,
        Session.WEEKEND: 110 * 100,
    }
    assert profile.usual_activity_ppm == ACTIVITY_PPM[:24]
