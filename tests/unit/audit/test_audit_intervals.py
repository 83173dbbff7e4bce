"""Intervals, tracks and peaks."""

from trading_ecosystem.domains.audit.intervals import ConditionTrack, Tracks
from trading_ecosystem.messages.audit import ConditionHeld
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.risk import KEEP_FIRING, AlertKind
from trading_ecosystem.messages.test_coordination import RunEnded

CRASH = AlertKind.PRICE_CRASH


def entry(sequence):
    return Entry(sequence, sequence, EntryKind.SAID, "somebody", None, sequence, RunEnded(run="a run"))


def track_of(*steps):
    """Steps are (measure, at); the condition holds from 10."""
    track = ConditionTrack(CRASH, "BTC/USD")
    for measure, at in steps:
        track.observe(measure, measure >= 10, at, entry(at))
    return track


def test_intervals_are_half_open_and_keep_their_peak_and_their_first_message():
    track = track_of((9, 1), (10, 2), (15, 3), (11, 4), (9, 5), (3, 6), (20, 7))
    found = [(one.begun_at, one.ended_at, one.peak, one.entry.sequence) for one in track.intervals]
    assert found == [(2, 5, 15, 2), (7, None, 20, 7)]
    assert track.measure == 20


def test_touching():
    track = track_of((10, 2), (0, 5), (10, 7), (0, 7), (10, 9))

    def last(earliest, latest):
        interval = track.last_touching(earliest, latest)
        return None if interval is None else interval.begun_at

    assert [last(at, at) for at in range(1, 11)] == [None, 2, 2, 2, None, None, 7, None, 9, 9]
    assert last(4, 6) == 2
    assert last(5, 6) is None
    assert last(0, 100) == 9

    def first(earliest, latest=None):
        interval = track.first_touching(earliest, latest)
        return None if interval is None else interval.begun_at

    assert [first(at) for at in range(1, 11)] == [2, 2, 2, 2, 7, 7, 7, 9, 9, 9]
    assert first(5, 6) is None
    assert first(5, 7) == 7
    assert first(0, 1) is None


def test_peaks_are_watched_from_the_value_at_the_beginning():
    track = track_of((8, 1), (5, 2))
    watch = track.watch()
    assert watch.peak == 5
    track.observe(7, False, 3, entry(3))
    track.unwatch(watch)
    track.observe(9, False, 4, entry(4))
    assert watch.peak == 7


def test_stretches_close_to_each_other_are_one_in_the_report():
    tracks = Tracks()
    track = tracks.of(CRASH, "BTC/USD")
    assert tracks.of(CRASH, "BTC/USD") is track
    for measure, at in ((10, 100), (0, 200), (12, 199 + KEEP_FIRING), (0, 300 + KEEP_FIRING), (11, 300 + 2 * KEEP_FIRING)):
        track.observe(measure, measure >= 10, at, entry(at))
    tracks.of(CRASH, "ETH/USD").observe(30, True, 50, entry(50))
    assert tracks.held() == (
        ConditionHeld(CRASH, "ETH/USD", 50, None, 30, 50),
        ConditionHeld(CRASH, "BTC/USD", 100, 300 + KEEP_FIRING, 12, 100),
        ConditionHeld(CRASH, "BTC/USD", 300 + 2 * KEEP_FIRING, None, 11, 300 + 2 * KEEP_FIRING),
    )
