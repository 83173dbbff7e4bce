"""What several sources say together: one price, who was left out, and how much to trust it.

**Outliers.** The usual rule leaves out what lies more than two standard deviations from the mean. Among few sources that rule
can never fire: of ``n`` values none lies further out than ``(n - 1) / sqrt(n)`` sample deviations (R. E. Shiffler, "Maximum Z
scores and outliers", The American Statistician 42, 1988), which is less than two up to ``n = 5``. So the centre is the
weighted median and the deviation is ``1.4826`` times the median distance from it, which is the standard deviation of normal
values and is not moved by a single wrong one (F. R. Hampel, 1974); it is never taken as less than the *tolerance*, below
which differences are ordinary. Of two sources that disagree none is the odd one out: the one that goes first by priority is
believed.

**Price.** The mean of those that are left, by weight, rounded to the nearest minor unit.

**Confidence.** The share of all weight that agrees, times ``1 - spread / WORST`` (not below 0), where ``spread`` is the
weighted deviation of those that are left over the price. Every source present and saying the same is a confidence of one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from trading_ecosystem.messages.units import PARTS_PER_MILLION, MinorUnits, PartsPerMillion

OUTLIER_DEVIATIONS: Final = 2.0
NORMAL_SCALE: Final = 1.4826
WORST: Final = 0.01
"""A spread of a hundredth of the price is worth no confidence."""


class SourceQuote(msgspec.Struct, frozen=True, gc=False):
    """What one source says; ``priority`` 1 goes first."""

    source: str
    price_minor: MinorUnits
    weight_ppm: PartsPerMillion
    priority: int


class Agreement(msgspec.Struct, frozen=True):
    """What the sources say together."""

    price_minor: MinorUnits
    confidence_ppm: PartsPerMillion
    used: tuple[str, ...]
    outliers: tuple[str, ...]


def agreement(quotes: Sequence[SourceQuote], whole_weight_ppm: PartsPerMillion, tolerance_ppm: PartsPerMillion) -> Agreement:
    """The agreement of at least one quote; ``whole_weight_ppm`` is that of every source there is, present or not."""
    assert quotes, "no quotes"
    if len(quotes) == 2:
        centre = min(quotes, key=_priority).price_minor
    else:
        centre = _weighted_median([(quote.price_minor, quote.weight_ppm) for quote in quotes])
    distance = _weighted_median([(abs(quote.price_minor - centre), quote.weight_ppm) for quote in quotes])
    tolerance_minor = centre * tolerance_ppm / PARTS_PER_MILLION
    allowed_distance = OUTLIER_DEVIATIONS * max(NORMAL_SCALE * distance if len(quotes) > 2 else 0.0, tolerance_minor)
    used = [quote for quote in quotes if abs(quote.price_minor - centre) <= allowed_distance]
    weight_ppm, total = 0, 0
    for quote in used:
        weight_ppm += quote.weight_ppm
        total += quote.weight_ppm * quote.price_minor
    price_minor = (2 * total + weight_ppm) // (2 * weight_ppm)
    squares = 0.0
    for quote in used:
        squares += quote.weight_ppm / weight_ppm * (quote.price_minor / price_minor - 1.0) ** 2
    closeness = max(0.0, 1.0 - math.sqrt(squares) / WORST)
    return Agreement(
        price_minor=price_minor,
        confidence_ppm=round(weight_ppm / whole_weight_ppm * closeness * PARTS_PER_MILLION),
        used=tuple(quote.source for quote in used),
        outliers=tuple(quote.source for quote in quotes if quote not in used),
    )


def _priority(quote: SourceQuote) -> int:
    return quote.priority


def _weighted_median(values: list[tuple[int, int]]) -> int:
    """The smallest value up to which at least half of the weight lies."""
    whole, below = 0, 0
    for _, weight in values:
        whole += weight
    ordered = sorted(values)
    for value, weight in ordered:
        below += weight
        if 2 * below >= whole:
            return value
    return ordered[-1][0]
