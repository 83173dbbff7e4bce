"""Line charts as inline SVG: a time axis, a value axis, shaded fault windows, marked alerts. No script, no fonts fetched."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

import msgspec

from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND, Nanos

WIDTH: Final = 960
HEIGHT: Final = 240
LEFT: Final = 84
RIGHT: Final = 16
TOP: Final = 14
BOTTOM: Final = 30
COLOURS: Final = ("#1f5fa8", "#c2571a", "#2c7a4b", "#7a3f98", "#8a6d00", "#444444")

_TIME_STEPS: Final = tuple(
    step * unit
    for unit, steps in ((SECOND, (1, 5, 15, 30)), (MINUTE, (1, 2, 5, 10, 15, 30)), (HOUR, (1, 2, 3, 6, 12, 24)))
    for step in steps
)


class Line(msgspec.Struct, frozen=True):
    """One line: a name and its points (nanoseconds since the run's start, value in the chart's unit)."""

    name: str
    points: Sequence[tuple[Nanos, float]]


class Window(msgspec.Struct, frozen=True):
    """A shaded stretch of time, such as the time in which a fault had effect."""

    name: str
    start: Nanos
    end: Nanos


class Mark(msgspec.Struct, frozen=True):
    """A vertical line at an instant, such as an alert."""

    name: str
    at: Nanos


def line_chart(
    lines: Sequence[Line],
    *,
    duration: Nanos,
    windows: Sequence[Window] = (),
    marks: Sequence[Mark] = (),
    label: str,
) -> str:
    """An SVG element with the lines over ``[0, duration]``; an empty frame where there are no points. ``label`` is its text."""
    values = [value for line in lines for _, value in line.points]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    ticks = value_ticks(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])
    frame = _Frame(duration, low, high)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label, quote=True)}" '
        'xmlns="http://www.w3.org/2000/svg">'
    ]
    parts += [_window(frame, window) for window in windows]
    parts += [_value_tick(frame, tick, ticks) for tick in ticks]
    parts += [_time_tick(frame, at, axis_text(at, duration)) for at in time_ticks(duration)]
    parts += [_line(frame, line, COLOURS[index % len(COLOURS)]) for index, line in enumerate(lines)]
    parts += [_mark(frame, mark) for mark in marks]
    parts += _legend(lines)
    parts.append("</svg>")
    return "".join(parts)


def value_ticks(low: float, high: float) -> list[float]:
    """Three to seven round values that cover [low, high]."""
    span = high - low or abs(high) or 1.0
    step = 10.0 ** _floor_log10(span / 4)
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= 5)
    first = int(low // step)
    last = -int(-high // step)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def time_ticks(duration: Nanos) -> list[Nanos]:
    """Round instants, at most thirteen of them."""
    days = -(-duration // (12 * 24 * HOUR))
    step = next((step for step in _TIME_STEPS if duration / step <= 12), days * 24 * HOUR)
    return list(range(0, duration + 1, step))


def clock_text(at: Nanos) -> str:
    """Time since the start as ``h:mm`` or ``h:mm:ss``."""
    hours, rest = divmod(at, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds = rest // SECOND
    return f"{hours}:{minutes:02}:{seconds:02}" if seconds else f"{hours}:{minutes:02}"


def axis_text(at: Nanos, duration: Nanos) -> str:
    """A label of the time axis: days where more than twelve of them are shown."""
    return f"{at // (24 * HOUR)} d" if duration > 12 * 24 * HOUR else clock_text(at)


class _Frame:
    """Maps time and value to the picture's coordinates."""

    def __init__(self, duration: Nanos, low: float, high: float) -> None:
        self._duration = max(1, duration)
        self._low = low
        self._span = (high - low) or 1.0

    def x(self, at: Nanos) -> float:
        """Horizontal position of an instant, inside the frame."""
        share = min(1.0, max(0.0, at / self._duration))
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Vertical position of a value."""
        return round(HEIGHT - BOTTOM - (value - self._low) / self._span * (HEIGHT - TOP - BOTTOM), 1)


def _floor_log10(value: float) -> int:
    exponent = 0
    while value < 1.0:
        value *= 10.0
        exponent -= 1
    while value >= 10.0:
        value /= 10.0
        exponent += 1
    return exponent


def _window(frame: _Frame, window: Window) -> str:
    left, right = frame.x(window.start), frame.x(window.end)
    width = max(1.0, right - left)
    return (
        f'<rect class="fault" x="{left}" y="{TOP}" width="{width:.1f}" height="{HEIGHT - TOP - BOTTOM}">'
        f"<title>{escape(window.name)}</title></rect>"
    )


def _value_tick(frame: _Frame, value: float, ticks: Sequence[float]) -> str:
    y = frame.y(value)
    decimals = max(0, -_floor_log10(abs(ticks[1] - ticks[0])))
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value:,.{decimals}f}</text>'
    )


def _time_tick(frame: _Frame, at: Nanos, text: str) -> str:
    x = frame.x(at)
    return (
        f'<line class="tick" x1="{x}" x2="{x}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 5}"/>'
        f'<text x="{x}" y="{HEIGHT - BOTTOM + 19}" text-anchor="middle">{text}</text>'
    )


def _line(frame: _Frame, line: Line, colour: str) -> str:
    points = " ".join(f"{frame.x(at)},{frame.y(value)}" for at, value in line.points)
    return f'<polyline class="line" style="stroke:{colour}" points="{points}"><title>{escape(line.name)}</title></polyline>'


def _mark(frame: _Frame, mark: Mark) -> str:
    x = frame.x(mark.at)
    return (
        f'<g class="alert"><line x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        f'<circle cx="{x}" cy="{TOP}" r="4"/><title>{escape(mark.name)}</title></g>'
    )


def _legend(lines: Sequence[Line]) -> list[str]:
    if len(lines) < 2:
        return []
    parts = []
    x = LEFT + 10
    for index, line in enumerate(lines):
        colour = COLOURS[index % len(COLOURS)]
        parts.append(
            f'<rect x="{x}" y="{TOP + 4}" width="12" height="3" fill="{colour}"/>'
            f'<text x="{x + 17}" y="{TOP + 10}">{escape(line.name)}</text>'
        )
        x += 30 + 7 * len(line.name)
    return parts
