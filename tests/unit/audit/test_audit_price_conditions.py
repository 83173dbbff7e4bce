"""Staleness, crash and shock: at their exact boundaries, and against the definitions read word for word."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.audit.small_record import SmallRecord, seconds

from trading_ecosystem.domains.audit.price_conditions import Extreme
from trading_ecosystem.messages.risk import AlertKind

BTC = "BTC/USD"


def stretches(record, kind, subject=BTC):
    """(begun, ended, peak) of each interval, unmerged, in seconds after the start."""
    record.report()
    track = record.audit._conditions.tracks.of(kind, subject)
    return [(seconds(found.begun_at), seconds(found.ended_at), found.peak) for found in track.intervals]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), min_size=1, max_size=60), st.integers(1, 12))
def test_the_sliding_extremes_are_those_of_the_window(steps, window):
    highest, lowest = Extreme(window, 1), Extreme(window, -1)
    seen = []
    now = 0
    for gap, price in steps:
        now += gap
        seen.append((now, price))
        inside = [known for at, known in seen if now - at < window]
        assert (highest.add(price, now), lowest.add(price, now)) == (max(inside), min(inside))


def definitions(arrivals):
    """What the text says of each price: (crash share, shock share) in parts per million, floored."""
    result = []
    for number, (now, price) in enumerate(arrivals):
        quarter = [known for at, known in arrivals[: number + 1] if now - at < 900]
        minute = [known for at, known in arrivals[: number + 1] if now - at < 60]
        crash = (max(quarter) - price) * 1_000_000 // max(quarter)
        shock = max(abs(price - known) * 1_000_000 // known for known in (min(minute), max(minute)))
        result.append((crash, shock))
    return result


def holding(arrivals, measures, threshold):
    """Intervals of instants [begin, end) with the peak, from the state after each arrival."""
    found = []
    for (now, _), measure in zip(arrivals, measures, strict=True):
        is_open = bool(found) and found[-1][1] is None
        if measure >= threshold:
            if is_open:
                found[-1][2] = max(found[-1][2], measure)
            else:
                found.append([now, None, measure])
        elif is_open:
            found[-1][1] = now
    return [tuple(one) for one in found]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(90, 105)), min_size=1, max_size=40))
def test_crash_and_shock_are_what_the_definitions_say(steps):
    record = SmallRecord()
    arrivals = []
    now = 0
    for gap, price in steps:
        now += gap
        arrivals.append((now, price))
        record.price(now, BTC, str(price))
    measures = definitions(arrivals)
    assert stretches(record, AlertKind.PRICE_CRASH) == holding(arrivals, [crash for crash, _ in measures], 50_000)
    assert stretches(record, AlertKind.PRICE_SHOCK) == holding(arrivals, [shock for _, shock in measures], 30_000)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 45), st.integers(-10, 100)), min_size=1, max_size=30), st.integers(0, 100))
def test_staleness_is_what_the_definition_says(steps, rest):
    record = SmallRecord()
    arrivals = []
    now = 0
    for gap, age in steps:
        now += gap
        arrivals.append((now, min(now - age, now)))
        record.price(now, BTC, "60000", age)
    end = now + rest
    record.price(end, "ETH/USD", "3000")
    found = stretches(record, AlertKind.PRICE_STALE)
    for half in range(2 * arrivals[0][0], 2 * end + 1):
        instant = half / 2
        newest = max(priced for at, priced in arrivals if at <= instant)
        held = any(begun <= instant and (ended is None or instant < ended) for begun, ended, _ in found)
        assert held == (instant - newest > 30), instant


def test_a_price_becomes_stale_a_nanosecond_after_thirty_seconds_without_any_message():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    record.price(100, BTC, "60000")
    assert stretches(record, AlertKind.PRICE_STALE) == [(30.000000001, 100, 100 * 10**9)]


def test_exactly_thirty_seconds_are_not_stale():
    record = SmallRecord()
    for after in (0, 30, 60, 90):
        record.price(after, BTC, "60000")
    assert stretches(record, AlertKind.PRICE_STALE) == []


def test_old_prices_that_keep_coming_do_not_help_and_a_future_one_counts_as_now():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    for after in range(10, 70, 10):
        record.price(after, BTC, "60000", age=after)
    record.price(70, BTC, "60000", age=-1000)
    record.price(101, "ETH/USD", "3000")
    assert stretches(record, AlertKind.PRICE_STALE) == [
        (30.000000001, 70, 70 * 10**9),
        (100.000000001, None, 31 * 10**9),
    ]


def test_a_first_price_that_is_old_already_is_stale_from_its_arrival():
    record = SmallRecord()
    record.price(100, BTC, "60000", age=45)
    assert stretches(record, AlertKind.PRICE_STALE) == [(100, None, 45 * 10**9)]


def test_the_exact_boundaries_of_crash_and_shock():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    record.price(100, BTC, "57000.00000001")  # One minor unit short of 5 %, and 100 s later no shock.
    record.price(200, BTC, "57000")
    record.price(899, BTC, "57000")  # The high of the start is inside the window for the last time.
    record.price(900, BTC, "57000")
    assert stretches(record, AlertKind.PRICE_CRASH) == [(200, 900, 50_000)]
    assert stretches(record, AlertKind.PRICE_SHOCK) == []
    record = SmallRecord()
    record.price(0, BTC, "60000")
    record.price(59, BTC, "61800")  # 3 % above the lowest.
    record.price(60, BTC, "61800")  # The lowest has left the window.
    record.price(61, BTC, "59946.00000001")  # 2.9999… % below the highest.
    record.price(62, BTC, "59946")
    assert stretches(record, AlertKind.PRICE_SHOCK) == [(59, 60, 30_000), (62, None, 30_000)]


def test_prices_that_are_none_have_not_arrived():
    record = SmallRecord(instruments=(BTC,))
    record.price(0, BTC, "60000")
    record.price(10, BTC, "0")
    record.price(20, BTC, "-1")
    record.price(25, BTC, "2000000000000")
    record.price(40, "ETH/USD", "3000")
    record.price(80, "ETH/USD", "1")
    assert stretches(record, AlertKind.PRICE_CRASH) == []
    assert stretches(record, AlertKind.PRICE_STALE) == [(30.000000001, None, 80 * 10**9)]
    assert stretches(record, AlertKind.PRICE_CRASH, "ETH/USD") == []
