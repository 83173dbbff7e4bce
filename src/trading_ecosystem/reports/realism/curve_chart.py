"""One statistic as inline SVG: its grid from left to right, a line per market, and the real one's interval shaded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

import msgspec

from trading_ecosystem.reports.charts import BOTTOM, COLOURS, HEIGHT, LEFT, RIGHT, TOP, WIDTH, value_ticks

_LABEL_ROOM: Final = 20
"""Extra room below for the grid's words."""
_TALL: Final = HEIGHT + _LABEL_ROOM


class Curve(msgspec.Struct, frozen=True):
    """A market's numbers on the grid; those that are not numbers leave a gap."""

    name: str
    values: Sequence[float]


def curve_chart(
    curves: Sequence[Curve], bounds: Sequence[tuple[float, float]], grid: Sequence[str], *, is_logarithmic: bool, label: str
) -> str:
    """An SVG element; ``bounds`` are the shaded intervals, one per number of the grid."""
    frame = _Frame([value for curve in curves for value in curve.values], bounds, len(grid), is_logarithmic)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {_TALL}" role="img" aria-label="{escape(label, quote=True)}" xmlns="http://www.w3.org/2000/svg">'
    ]
    parts += [_tick(frame, tick) for tick in frame.ticks]
    parts += [_grid_word(frame, place, word, len(grid)) for place, word in enumerate(grid)]
    parts.append(_band(frame, bounds))
    parts += [_line(frame, curve, COLOURS[index % len(COLOURS)]) for index, curve in enumerate(curves)]
    parts.append("</svg>")
    return "".join(parts)


class _Frame:
    """Maps places on the grid and values to the picture's coordinates."""

    def __init__(
        self, values: Sequence[float], bounds: Sequence[tuple[float, float]], places: int, is_logarithmic: bool
    ) -> None:
        everything = [*values, *(bound for pair in bounds for bound in pair)]
        finite = [value for value in everything if math.isfinite(value) and (value > 0 or not is_logarithmic)] or [0.1, 1.0]
        self._log = is_logarithmic
        self._places = places
        if is_logarithmic:
            low, high = math.floor(math.log10(min(finite))), math.ceil(math.log10(max(finite)))
            self.ticks = [10.0**power for power in range(low, max(high, low + 1) + 1)]
        else:
            self.ticks = value_ticks(min(finite), max(finite))
        self._low, self._high = self._scaled(self.ticks[0]), self._scaled(self.ticks[-1])

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self._log else value

    def x(self, place: int) -> float:
        """Horizontal position of a place on the grid."""
        return round(LEFT + (place + 0.5) / self._places * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Vertical position of a value, kept inside the frame."""
        if self._log and value <= 0:
            return float(HEIGHT - BOTTOM)
        share = (self._scaled(value) - self._low) / ((self._high - self._low) or 1.0)
        return round(HEIGHT - BOTTOM - min(1.0, max(0.0, share)) * (HEIGHT - TOP - BOTTOM), 1)


def _tick(frame: _Frame, value: float) -> str:
    y = frame.y(value)
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value:,.6g}</text>'
    )


def _grid_word(frame: _Frame, place: int, word: str, places: int) -> str:
    x, y = frame.x(place), HEIGHT - BOTTOM
    tick = f'<line class="tick" x1="{x}" x2="{x}" y1="{y}" y2="{y + 5}"/>'
    # Where there are many, every other word goes a line lower; where there are very many, it is left out.
    if places > 12 and place % 2:
        return tick
    lower = place // 2 % 2 if places > 12 else place % 2
    drop = 14 if places > 6 and lower else 0
    return f'{tick}<text x="{x}" y="{y + 18 + drop}" text-anchor="middle">{escape(word)}</text>'


def _band(frame: _Frame, bounds: Sequence[tuple[float, float]]) -> str:
    known = [(place, low, high) for place, (low, high) in enumerate(bounds) if math.isfinite(low) and math.isfinite(high)]
    if not known:
        return ""
    if len(known) == 1:
        place, low, high = known[0]
        x, top = frame.x(place), frame.y(high)
        height = max(1.0, frame.y(low) - top)
        return f'<rect class="band" x="{x - 14}" y="{top}" width="28" height="{height:.1f}"/>'
    upper = [f"{frame.x(place)},{frame.y(high)}" for place, _, high in known]
    lower = [f"{frame.x(place)},{frame.y(low)}" for place, low, _ in reversed(known)]
    return f'<polygon class="band" points="{" ".join(upper + lower)}"/>'


def _line(frame: _Frame, curve: Curve, colour: str) -> str:
    points = [(frame.x(place), frame.y(value)) for place, value in enumerate(curve.values) if math.isfinite(value)]
    drawn = " ".join(f"{x},{y}" for x, y in points)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points)
    line = f'<polyline class="line" style="stroke:{colour}" points="{drawn}"/>' if len(points) > 1 else ""
    return f"<g><title>{escape(curve.name)}</title>{line}{dots}</g>"
