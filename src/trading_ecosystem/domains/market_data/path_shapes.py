"""The shapes that generated prices may take, as regimes: what holds from one instant to the next.

Coins have, in every regime, a drift of their expected price, a multiple of their volatility, a correlation, and, where
something pulls them back, a half life and a level. What a shape is named for begins ``start`` after the first tick and takes
``over``; before and after it, coins are a geometric Brownian motion without drift. Where a regime ends, nothing goes back by
itself.

* ``geometric_brownian``: drift ``drift`` a year all the time; the usual Monte Carlo (M. F. M. Osborne, "Brownian motion in the
  stock market", 1959).
* ``brownian``: the same in the price itself (L. Bachelier, 1900), whose increments do not grow or shrink with it.
* ``mean_reverting``: an Ornstein-Uhlenbeck process of the log price around the first price, with half life ``half_life``.
* ``trend_following``: the drift is itself an Ornstein-Uhlenbeck process around 0 with half life ``half_life``; over one half
  life a typical drift moves the price by ``strength`` times what the volatility does.
* ``rally``, ``crash``: the expected price moves by ``magnitude``; the volatility is ``factor`` times as large meanwhile.
* ``divergence``: the coins part, uncorrelated: the expected price of ETH moves by ``magnitude``, the logarithm of that of BTC
  by as much the other way; the volatility is ``factor`` times as large.
* ``volatility_spike``: the volatility is ``factor`` times as large, without drift.
* ``consolidation``: the volatility is ``factor`` times as large, with a factor of at most one, and prices are pulled to where
  it began, with half life ``half_life``.
"""

from __future__ import annotations

import enum
import math
from typing import Final

import msgspec

from trading_ecosystem.messages.units import DAY, HOUR, PARTS_PER_MILLION, Nanos, PartsPerMillion

YEAR: Final[Nanos] = 365 * DAY


class PathKind(enum.StrEnum):
    """The shapes of generated prices."""

    STOCHASTIC_VOLATILITY = "stochastic_volatility"
    """The usual one, in ``price_paths.py``: volatility that moves, and jumps where asked for."""
    GEOMETRIC_BROWNIAN = "geometric_brownian"
    BROWNIAN = "brownian"
    MEAN_REVERTING = "mean_reverting"
    TREND_FOLLOWING = "trend_following"
    RALLY = "rally"
    CRASH = "crash"
    DIVERGENCE = "divergence"
    VOLATILITY_SPIKE = "volatility_spike"
    CONSOLIDATION = "consolidation"


class PathParameters(msgspec.Struct, frozen=True, kw_only=True):
    """A shape and what it takes; what a shape does not take has no meaning for it. Validated where it was read."""

    kind: PathKind = PathKind.STOCHASTIC_VOLATILITY
    drift: str = "0"
    """Of the expected price's logarithm, a year; a decimal string."""
    half_life_ns: Nanos = 4 * HOUR
    strength: str = "1"
    """A decimal string."""
    magnitude_ppm: PartsPerMillion = 0
    """Of the price."""
    factor: str = "1"
    """A multiple of the volatility; a decimal string."""
    start_ns: Nanos = 0
    """After the first tick."""
    over_ns: Nanos = 0


class Regime(msgspec.Struct, frozen=True):
    """What holds from ``from_ns`` after the first tick on, until the next regime."""

    from_ns: Nanos
    drift_btc: float = 0.0
    """Of the expected price's logarithm, per nanosecond."""
    drift_eth: float = 0.0
    factor: float = 1.0
    pull: float = 0.0
    """Inverse of the time constant of the pull, per nanosecond; 0: none."""
    decoupled: bool = False
    """The coins do not correlate."""


def regimes_of(parameters: PathParameters) -> tuple[Regime, ...]:
    """The regimes of a shape in order of time; the first begins at once."""
    kind = parameters.kind
    factor = float(parameters.factor)
    pull = math.log(2.0) / parameters.half_life_ns
    if kind in (PathKind.GEOMETRIC_BROWNIAN, PathKind.BROWNIAN):
        drift = float(parameters.drift) / YEAR
        return (Regime(0, drift, drift),)
    if kind is PathKind.MEAN_REVERTING:
        return (Regime(0, pull=pull),)
    if kind is PathKind.TREND_FOLLOWING:
        return (Regime(0),)
    start_ns, until_ns = parameters.start_ns, parameters.start_ns + parameters.over_ns
    move = math.log1p(parameters.magnitude_ppm / PARTS_PER_MILLION) / max(1, parameters.over_ns)
    if kind in (PathKind.RALLY, PathKind.CRASH):
        named = Regime(start_ns, move, move, factor)
    elif kind is PathKind.DIVERGENCE:
        named = Regime(start_ns, -move, move, factor, decoupled=True)
    elif kind is PathKind.VOLATILITY_SPIKE:
        named = Regime(start_ns, factor=factor)
    else:
        assert kind is PathKind.CONSOLIDATION, kind
        named = Regime(start_ns, factor=factor, pull=pull)
    before = (Regime(0),) if start_ns else ()
    return (*before, named, Regime(until_ns))
