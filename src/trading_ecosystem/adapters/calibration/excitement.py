"""How trades excite the market: further trades, and the rate of everything.

Both are regressions on the two excitations as the flow keeps them: each grows by one with a trade, decays with the events, and
counts up to a bound.

- *takers*: whether an event is a trade, on the probability that the state of the book gives it, alone and times each
  excitation (linear, least squares, none negative).
- *rate*: the interval after an event, on the kind of the event and the excitations, as a product (a generalised linear
  regression with a logarithmic link and a variance in proportion to the squared mean, by repeated least squares; McCullagh
  and Nelder 1989), so that it is the mean interval that comes out.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from trading_ecosystem.adapters.calibration.arithmetic import in_ppm, least_squares, mean_of, solved
from trading_ecosystem.adapters.calibration.sightings import Sighting, Sightings
from trading_ecosystem.adapters.recordings.tape_series import Action
from trading_ecosystem.domains.exchange.flow.flow_parameters import KINDS, Excitation, Reaction

_ROUNDS: Final = 8
_STRONGEST: Final = 2.0
"""No excitation adds more than this to the logarithm of the rate, per unit."""


class Excited(msgspec.Struct, frozen=True):
    """What was fitted, and what it makes of every interval."""

    excitation: Excitation
    after: list[float]
    """Mean interval after each kind, over the mean of all, with average excitation."""
    factors: list[float]
    """What kind and excitation together make of each interval, on average 1."""


def fit_excitation(found: Sightings, reaction: Reaction, base: Excitation) -> Excited:
    """The excitations' effects, and with them the mean interval after each kind."""
    before, after = _levels(found.seen, base)
    usual = [mean_of([level[number] for level in before]) for number in range(2)]
    gaps = [max(1, later.at - earlier.at) for earlier, later in pairwise(found.seen)]
    kinds = [sighting.action for sighting in found.seen[:-1]]
    coefficients = _rates(gaps, kinds, after)
    rates = [min(_STRONGEST, max(0.0, -value)) for value in coefficients[KINDS:]]
    by_kind = [math.exp(value) for value in coefficients[:KINDS]]
    factors = [
        by_kind[kind] * math.exp(-rates[0] * (level[0] - usual[0]) - rates[1] * (level[1] - usual[1]))
        for kind, level in zip(kinds, after, strict=False)
    ]
    scale = mean_of(factors)
    excitation = msgspec.structs.replace(
        base,
        take_ppm=tuple(in_ppm(share) for share in _takes(found.seen, reaction, before)),
        rate_ppm=tuple(in_ppm(rate) for rate in rates),
        usual_ppm=tuple(in_ppm(level) for level in usual),
    )
    return Excited(excitation, [value / scale for value in by_kind], [value / scale for value in factors])


def _levels(seen: Sequence[Sighting], base: Excitation) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Both excitations as each event finds them, and as the interval after it does."""
    first_keep, second_keep = (math.exp(-1 / events) for events in base.events)
    first = second = 0.0
    most = float(base.at_most)
    before, after = [], []
    for sighting in seen:
        first *= first_keep
        second *= second_keep
        before.append((min(first, most), min(second, most)))
        if sighting.action == Action.TAKE:
            first += 1.0
            second += 1.0
        after.append((min(first, most), min(second, most)))
    return before, after


def _takes(seen: Sequence[Sighting], reaction: Reaction, before: Sequence[tuple[float, float]]) -> list[float]:
    """By what share of itself each excitation makes takers more frequent, per unit."""
    rows, targets = [], []
    for sighting, (first, second) in zip(seen, before, strict=True):
        given = _take_probability(sighting, reaction)
        rows.append((given, given * first, given * second))
        targets.append(1.0 if sighting.action == Action.TAKE else 0.0)
    alone, *excited = least_squares(rows, targets)
    return [share / alone for share in excited] if alone > 0 else [0.0, 0.0]


def _take_probability(sighting: Sighting, reaction: Reaction) -> float:
    """Of a trade of either side, in the state of the book."""
    spread = bisect_right(reaction.spread_edges_ppm, 1e6 * sighting.spread / sighting.mid)
    own, other = (
        reaction.weights[spread][bisect_right(reaction.imbalance_edges_ppm, 1e6 * sign * sighting.imbalance)]
        for sign in (1, -1)
    )
    return (own[Action.TAKE] + other[Action.TAKE]) / (sum(own) + sum(other))


def _rates(gaps: Sequence[int], kinds: Sequence[int], after: Sequence[tuple[float, float]]) -> list[float]:
    """Coefficients of the logarithm of the mean interval over the mean of all: one per kind, one per excitation."""
    mean = mean_of(gaps)
    coefficients = [0.0] * (KINDS + 2)
    width = KINDS + 2
    products = [[0.0] * width for _ in range(width)]
    for kind, (first, second) in zip(kinds, after, strict=False):
        row = products[kind]
        row[kind] += 1.0
        row[KINDS] += first
        row[KINDS + 1] += second
        products[KINDS][KINDS] += first * first
        products[KINDS][KINDS + 1] += first * second
        products[KINDS + 1][KINDS + 1] += second * second
    for one in range(width):
        products[one][one] += 1e-9
        for other in range(one):
            products[one][other] = products[other][one]
    for _ in range(_ROUNDS):
        against = [0.0] * width
        for gap, kind, (first, second) in zip(gaps, kinds, after, strict=False):
            fitted = coefficients[kind] + first * coefficients[KINDS] + second * coefficients[KINDS + 1]
            working = fitted + gap / mean * math.exp(-fitted) - 1.0
            against[kind] += working
            against[KINDS] += first * working
            against[KINDS + 1] += second * working
        coefficients = [min(5.0, max(-5.0, value)) for value in solved(products, against)]
    return coefficients
