"""The sources of one instrument's price: what each one says, what is wrong with it, and how generated ones come about.

A source says an *observation*: a price and the instant at which it was observed. It is refused where it is

* out of order: not newer than the last one of that source, or from the future;
* out of range: not within half and twice the price that was last agreed on, as long as that is fresh.

A source whose last good observation is older than a bound (30 s where nothing else is said) is stale, one that has none is
silent; neither is asked.

A **generated** source observes the true price at most once per ``every``, so that ``every`` is its rate limit. What it says
is the price times ``1 + bias`` and times the exponential of a normal draw with deviation ``noise``, heard ``lag`` later. With
probability ``error_probability`` an observation is wrong by ``error``. In an outage it observes nothing. Every source draws
from a stream of its own. A **recorded** source says what its recording says.
"""

from __future__ import annotations

import enum
import math
from collections import deque
from typing import Final

import msgspec

from trading_ecosystem.messages.market_data import SourceProblem
from trading_ecosystem.messages.risk import STALE_AFTER
from trading_ecosystem.messages.units import PARTS_PER_MILLION, SECOND, MinorUnits, Nanos, PartsPerMillion
from trading_ecosystem.ports.randomness import RandomStream

RANGE: Final = 2
"""A price may be at most so many times, and at least one over so many times, the one last agreed on."""


class ConsensusMethod(enum.StrEnum):
    """How one price is made of several."""

    CONSENSUS = "consensus"
    """The weighted mean of those that agree."""
    PRIORITY = "priority"
    """The first one by priority that is usable and no outlier."""


class SourceParameters(msgspec.Struct, frozen=True, kw_only=True):
    """One source of every instrument's price; validated where it was read."""

    name: str
    priority: int
    """1 goes first."""
    weight_ppm: PartsPerMillion = PARTS_PER_MILLION
    recorded: bool = False
    """It says ``SourcePriceRecorded``; nothing below has a meaning for it."""
    every_ns: Nanos = SECOND
    noise_ppm: PartsPerMillion = 0
    bias_ppm: PartsPerMillion = 0
    lag_ns: Nanos = 0
    error_probability_ppm: PartsPerMillion = 0
    error_ppm: PartsPerMillion = 0
    outages: tuple[tuple[Nanos, Nanos], ...] = ()
    """From and until, after the first tick."""


class ConsensusParameters(msgspec.Struct, frozen=True, kw_only=True):
    """The sources and how one price is made of them."""

    sources: tuple[SourceParameters, ...]
    method: ConsensusMethod = ConsensusMethod.CONSENSUS
    smoothing_ns: Nanos = 0
    """Half life of the exponential smoothing of the agreed price; 0: none."""
    stale_after_ns: Nanos = STALE_AFTER
    """An observation older than this is not used."""
    tolerance_ppm: PartsPerMillion = 500
    """Differences up to this are ordinary, and no source is an outlier for less than twice as much."""


class SourceLine:
    """What one source says of one instrument."""

    __slots__ = (
        "accepted",
        "due_at",
        "on_the_way",
        "outliers",
        "parameters",
        "price_minor",
        "priced_at",
        "refused",
        "refused_for",
        "stream",
    )

    def __init__(self, parameters: SourceParameters, stream: RandomStream) -> None:
        self.parameters = parameters
        self.stream = stream
        self.price_minor: MinorUnits = 0
        self.priced_at: Nanos | None = None
        """When its last good observation was made; ``None`` before the first."""
        self.due_at: Nanos = 0
        """When a generated source may observe again."""
        self.on_the_way: deque[tuple[Nanos, MinorUnits, Nanos]] = deque()
        """Observations that are not heard yet: when they are, price, and instant of observation."""
        self.accepted = self.refused = self.outliers = 0
        self.refused_for: SourceProblem | None = None
        """Why the last observation was refused; ``None`` where it was not."""

    def generate(self, true_minor: MinorUnits, elapsed_ns: Nanos, now: Nanos) -> None:
        """Observe the true price, if it is time, and put it on the way."""
        how = self.parameters
        if how.recorded or now < self.due_at:
            return
        self.due_at = now + how.every_ns
        if any(begins <= elapsed_ns < ends for begins, ends in how.outages):
            return
        factor = 1.0 + how.bias_ppm / PARTS_PER_MILLION
        if how.noise_ppm:
            factor *= math.exp(how.noise_ppm / PARTS_PER_MILLION * self.stream.normal())
        if how.error_probability_ppm and self.stream.chance(how.error_probability_ppm):
            factor *= 1.0 + how.error_ppm / PARTS_PER_MILLION
        self.on_the_way.append((now + how.lag_ns, max(1, round(true_minor * factor)), now))

    def hear(self, around_minor: MinorUnits, now: Nanos) -> None:
        """Take in what has arrived by ``now``; ``around_minor`` is the price last agreed on, 0 where there is no fresh one."""
        while self.on_the_way and self.on_the_way[0][0] <= now:
            _, price_minor, observed_at = self.on_the_way.popleft()
            self.observe(price_minor, observed_at, around_minor, now)

    def observe(self, price_minor: MinorUnits, observed_at: Nanos, around_minor: MinorUnits, now: Nanos) -> None:
        """Take in one observation, or refuse it."""
        self.refused_for = self._problem_of(price_minor, observed_at, around_minor, now)
        if self.refused_for is not None:
            self.refused += 1
            return
        self.accepted += 1
        self.price_minor, self.priced_at = price_minor, observed_at

    def _problem_of(
        self, price_minor: MinorUnits, observed_at: Nanos, around_minor: MinorUnits, now: Nanos
    ) -> SourceProblem | None:
        if observed_at > now or (self.priced_at is not None and observed_at <= self.priced_at):
            return SourceProblem.OUT_OF_ORDER
        if around_minor and not around_minor <= price_minor * RANGE <= around_minor * RANGE * RANGE:
            return SourceProblem.OUT_OF_RANGE
        return None

    def problem_at(self, now: Nanos, stale_after_ns: Nanos = STALE_AFTER) -> SourceProblem | None:
        """Why it cannot be asked; ``None`` where it can."""
        if self.priced_at is None:
            return self.refused_for or SourceProblem.SILENT
        if now - self.priced_at > stale_after_ns:
            return self.refused_for or SourceProblem.STALE
        return None
