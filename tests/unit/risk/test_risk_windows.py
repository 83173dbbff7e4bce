from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.risk.windows import HighestOf, LowestOf

STEPS = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 9)), min_size=1, max_size=60)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(STEPS, st.integers(1, 30))
def test_extremes_equal_those_of_a_scan_of_the_window(steps: list[tuple[int, int]], length: int) -> None:
    highest, lowest = HighestOf(length), LowestOf(length)
    arrived: list[tuple[int, int]] = []
    now = 0
    for pause, value in steps:
        now += pause
        arrived.append((now, value))
        inside = [one for at, one in arrived if now - at < length]
        assert highest.push(now, value) == max(inside)
        assert lowest.push(now, value) == min(inside)


def test_a_value_leaves_the_window_exactly_after_its_length() -> None:
    highest, lowest = HighestOf(60), LowestOf(60)
    assert (highest.push(0, 9), lowest.push(0, 1)) == (9, 1)
    assert (highest.push(59, 5), lowest.push(59, 5)) == (9, 1)
    assert (highest.push(60, 5), lowest.push(60, 5)) == (5, 5)


def test_a_window_keeps_no_more_than_can_become_the_extreme() -> None:
    highest, lowest = HighestOf(1_000), LowestOf(1_000)
    for now in range(10_000):
        highest.push(now, now)
        lowest.push(now, -now)
    assert len(highest.entries) == len(lowest.entries) == 1
    for now in range(10_000, 20_000):
        highest.push(now, -now)
    assert len(highest.entries) == 1_000
