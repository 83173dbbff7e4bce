"""Overdue settlements, at exact instants and against the definition on a grid of instants."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.audit.small_record import SmallRecord, seconds

from trading_ecosystem.messages.custodian import PledgedAfter, SettlementPartlySettled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import minor_units

ALPHA = "exchange-alpha"
MINUTE_NS = 60 * 10**9


def stretches(record, venue=ALPHA):
    record.report()
    track = record.audit._conditions.tracks.of(AlertKind.SETTLEMENT_OVERDUE, venue)
    return [(seconds(found.begun_at), seconds(found.ended_at), found.peak) for found in track.intervals]


def test_a_fill_is_overdue_from_exactly_five_minutes_past_its_settlement_time():
    record = SmallRecord()
    record.fill(0, 1, 600)
    record.settle(899.999999999, 1)
    record.fill(1000, 2, 1600)
    record.settle(1950, 2)
    assert stretches(record) == [(1900, 1950, 350 * 10**9)]


def test_what_settles_at_the_very_instant_was_overdue_for_no_time():
    record = SmallRecord()
    record.fill(0, 1, 600)
    record.settle(900, 1)
    assert stretches(record) == [(900, 900, 300 * 10**9)]


def test_it_lasts_until_no_overdue_fill_is_left_and_others_do_not_count():
    record = SmallRecord()
    record.fill(0, 1, 600)
    record.fill(10, 2, 610)
    record.fill(20, 3, 900)
    record.fill(20, 1, 600, venue="exchange-beta")
    record.fill(20, 9, 600, account="rival")
    record.settle(930, 2)
    record.settle(950, 1)
    record.settle(1000, 3)
    record.price(1000, "BTC/USD", "60000")
    assert stretches(record) == [(900, 950, 350 * 10**9)]
    assert stretches(record, "exchange-beta") == [(900, None, 400 * 10**9)]


def test_a_fill_that_arrives_late_and_is_older_than_the_overdue_one_only_makes_it_later():
    record = SmallRecord()
    record.fill(0, 1, 600)
    record.fill(1000, 2, 500)  # Overdue on arrival; the first has been so since 900 s.
    record.settle(1010, 1)
    record.settle(1020, 2)
    record.fill(2000, 3, 500)
    record.settle(2010, 3)
    assert stretches(record) == [(900, 1020, 520 * 10**9), (2000, 2010, 1510 * 10**9)]


def test_repeated_and_late_messages_change_nothing():
    record = SmallRecord()
    record.settle(0, 1)  # Settled before the fill arrives.
    record.fill(10, 1, 20)
    record.fill(20, 2, 30)
    record.settle(40, 2)
    record.fill(50, 2, 30)
    record.settle(60, 2)
    record.price(1000, "BTC/USD", "60000")
    assert stretches(record) == []


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(-500, 300), st.integers(0, 1200)), min_size=1, max_size=12))
def test_it_holds_when_the_definition_says_so(orders):
    record = SmallRecord()
    events = []
    now = 0
    for number, (gap, due, settles_after) in enumerate(orders):
        now += gap
        events.append((now, "fill", number, now + due))
        events.append((now + settles_after, "settle", number, 0))
    end = max(at for at, *_ in events) + 400
    for at, what, number, due in sorted(events):
        if what == "fill":
            record.fill(at, number, due)
        else:
            record.settle(at, number)
    record.price(end, "BTC/USD", "60000")
    found = stretches(record)
    facts = {(at, number): due for at, what, number, due in events if what == "fill"}
    settled = {number: at for at, what, number, _ in events if what == "settle"}
    for half in range(2 * end + 1):
        instant = half / 2
        late = [
            instant - due
            for (at, number), due in facts.items()
            if at <= instant and settled[number] > instant and instant >= due + 300
        ]
        held = any(begun <= instant and (ended is None or instant < ended) for begun, ended, _ in found)
        assert held == bool(late), instant
        for begun, ended, peak in found:
            if late and begun <= instant and (ended is None or instant < ended):
                assert peak >= max(late) * 10**9


@pytest.mark.parametrize(("side", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_a_part_that_settles_moves_no_position_however_often_it_is_said(side, sign):
    record = SmallRecord()
    record.settle(0, 7, [("BTC", minor_units("10")), ("USD", minor_units("500000"))])
    record.fill(1, 1, 600, side=side, lots=2_000_000, price_ticks=5_000_000)
    positions = record.audit._conditions._positions
    record.report()
    amounts = dict(positions.amounts)
    assert amounts == {"BTC": minor_units("10") + sign * minor_units("2"), "USD": minor_units("500000") - sign * 10**13}
    base, quote = minor_units("0.5"), minor_units("25000")
    after = (
        PledgedAfter("BTC", minor_units("10") + sign * base),
        PledgedAfter("USD", minor_units("500000") - sign * quote),
    )
    part = SettlementPartlySettled("custodian", "exchange-alpha", "fund/maker", 1, "BTC/USD", side, base, quote, after)
    for said_at in (700, 701):
        record.say(said_at, "custodian", part)
        record.report()
        assert positions.amounts == amounts
        assert positions.unsettled_base == {"BTC": minor_units("1.5")}
    record.settle(800, 1, list(amounts.items()))
    record.say(801, "custodian", part)
    record.report()
    assert positions.amounts == amounts
