"""Charts: well-formed SVG, everything inside the frame, hostile names escaped."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from trading_ecosystem.messages.units import HOUR, MINUTE
from trading_ecosystem.reports.charts import (
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Line,
    Mark,
    Window,
    axis_text,
    clock_text,
    line_chart,
    time_ticks,
    value_ticks,
)

POINTS = [(at * MINUTE, 100.0 + at) for at in range(61)]


def parsed(**options):
    options = {"lines": [Line("price", POINTS)], "duration": HOUR, "label": "a chart", **options}
    return ElementTree.fromstring(line_chart(options.pop("lines"), **options))


def test_a_line_spans_the_frame_and_stays_inside():
    (line,) = (element for element in parsed().iter() if element.tag.endswith("polyline"))
    points = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
    assert len(points) == 61
    assert points[0][0] == LEFT
    assert points[-1][0] == WIDTH - RIGHT
    assert all(TOP <= y <= HEIGHT for _, y in points)
    assert points[0][1] > points[-1][1]


def test_windows_and_marks_stand_where_they_belong():
    svg = parsed(windows=[Window("w", 15 * MINUTE, 30 * MINUTE)], marks=[Mark("m", 45 * MINUTE)])
    (rect,) = (element for element in svg.iter() if element.attrib.get("class") == "fault")
    width = WIDTH - LEFT - RIGHT
    assert float(rect.attrib["x"]) == pytest.approx(LEFT + width / 4, abs=0.1)
    assert float(rect.attrib["width"]) == pytest.approx(width / 4, abs=0.2)
    (circle,) = (element for element in svg.iter() if element.tag.endswith("circle"))
    assert float(circle.attrib["cx"]) == pytest.approx(LEFT + width * 3 / 4, abs=0.1)


def test_names_are_escaped_and_empty_charts_are_drawn():
    hostile = '<script>"&'
    svg = line_chart([Line(hostile, []), Line("b", [])], duration=HOUR, label=hostile, marks=[Mark(hostile, 0)])
    assert "<script>" not in svg
    ElementTree.fromstring(svg)


@pytest.mark.parametrize(("low", "high"), [(0.9, 1.02), (54_321.5, 61_000), (0, 0), (-5, -4.9999), (1e-7, 2e-7), (-1e9, 1e9)])
def test_value_ticks_are_few_and_cover_the_values(low, high):
    ticks = value_ticks(low, high)
    assert 2 <= len(ticks) <= 8
    assert ticks[0] <= low + 1e-9
    assert ticks[-1] >= high - 1e-9


@pytest.mark.parametrize("duration", [MINUTE, 5 * MINUTE, HOUR, 4 * HOUR, 36 * HOUR, 300 * HOUR])
def test_time_ticks_are_few_and_round(duration):
    ticks = time_ticks(duration)
    assert 2 <= len(ticks) <= 14
    assert ticks[0] == 0
    assert all(re.fullmatch(r"\d+:\d\d(:\d\d)?", clock_text(tick)) for tick in ticks)


def test_years_have_a_dozen_labels_in_days() -> None:
    days = 24 * HOUR
    for duration in (13 * days, 400 * days, 7_300 * days):
        assert 6 <= len(time_ticks(duration)) <= 13
    assert axis_text(36 * HOUR, 2 * days) == "36:00"
    assert axis_text(40 * days, 400 * days) == "40 d"
