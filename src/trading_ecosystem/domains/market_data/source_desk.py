"""Where the sources come together: per instrument one agreed price, who leads, and the breaker in front of the feed.

At every tick the desk hears what has arrived, asks the sources that are usable, and says ``ConsensusReached``. The source
that *leads* is the first one by priority that is usable and no outlier; where that changes, ``SourceSwitched`` says so:
failover, and back again as soon as the better one is usable. The price then passes the breaker; ``FeedHalted`` and
``FeedResumed`` say when it trips and resets. It is smoothed last, so that the breaker sees what was observed: ``s + (p - s)
(1 - 2 ** (-t / half life))``. After a halt smoothing begins anew.

What the feed publishes has the instant of the newest observation that went into it. Where no source is usable, or the breaker
holds, it is the last price with its own instant, which grows old: nothing is made up.
"""

from __future__ import annotations

import math

from trading_ecosystem.domains.market_data.breakers import CircuitBreaker, too_far_ppm
from trading_ecosystem.domains.market_data.consensus import Agreement, SourceQuote, agreement
from trading_ecosystem.domains.market_data.sources import ConsensusMethod, ConsensusParameters, SourceLine
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.market_data import (
    ConsensusReached,
    FeedHalted,
    FeedResumed,
    SourceProblem,
    SourceSwitched,
)
from trading_ecosystem.messages.market_statistics import SourceStatus
from trading_ecosystem.messages.risk import STALE_AFTER
from trading_ecosystem.messages.units import PARTS_PER_MILLION, MinorUnits, Nanos
from trading_ecosystem.ports.component import Later
from trading_ecosystem.ports.randomness import Randomness


class InstrumentSources:
    """The sources of one instrument, and what they agreed on."""

    __slots__ = ("agreed_at", "agreed_minor", "breaker", "leading", "lines", "outliers", "smoothed", "smoothed_at")

    def __init__(self, lines: list[SourceLine]) -> None:
        self.lines = lines
        self.breaker = CircuitBreaker()
        self.leading = ""
        """The source that leads; empty before the first, and while there is none."""
        self.outliers: tuple[str, ...] = ()
        self.agreed_minor: MinorUnits = 0
        self.agreed_at: Nanos = 0
        self.smoothed = 0.0
        self.smoothed_at: Nanos | None = None


class SourceDesk:
    """The sources of every instrument."""

    def __init__(
        self, name: str, instruments: tuple[str, ...], parameters: ConsensusParameters, randomness: Randomness
    ) -> None:
        self._parameters = parameters
        self._whole_weight_ppm = 0
        for source in parameters.sources:
            self._whole_weight_ppm += source.weight_ppm
        self._began_at: Nanos | None = None
        ordered = sorted(parameters.sources, key=lambda source: source.priority)
        self._sources = {
            symbol: InstrumentSources(
                [SourceLine(source, randomness.stream(name, f"source {source.name} {symbol}")) for source in ordered]
            )
            for symbol in instruments
        }

    def record(self, source: str, symbol: str, price_minor: MinorUnits, now: Nanos) -> None:
        """Take in one row of a recorded source."""
        sources = self._sources[symbol]
        for line in sources.lines:
            if line.parameters.name == source:
                line.observe(price_minor, now, self._around(sources, now), now)
                return
        raise AssertionError(f"no source {source}")

    def agree(
        self, symbol: str, true_minor: MinorUnits, now: Nanos, said: list[Message | Later]
    ) -> tuple[MinorUnits, Nanos] | None:
        """The price to publish and the instant it was observed at; ``None`` before any source was ever usable."""
        if self._began_at is None:
            self._began_at = now
        sources = self._sources[symbol]
        around_minor = self._around(sources, now)
        for line in sources.lines:
            line.generate(true_minor, now - self._began_at, now)
            line.hear(around_minor, now)
        usable = [line for line in sources.lines if self._is_usable(line, now)]
        if usable:
            self._settle(symbol, sources, usable, now, said)
        else:
            self._lead(symbol, sources, "", now, said)
        breaker = sources.breaker
        if not breaker.passed_minor:
            return None
        if breaker.tripped_at is not None or not usable:
            return self._shown(sources), breaker.passed_at
        return self._smoothed(sources, breaker.passed_minor, now), breaker.passed_at

    def status(self, symbol: str, now: Nanos) -> tuple[SourceStatus, ...]:
        """Every source of one instrument, by priority."""
        sources = self._sources[symbol]
        found = []
        for line in sources.lines:
            problem = line.problem_at(now, self._parameters.stale_after_ns)
            if problem is None and line.parameters.name in sources.outliers:
                problem = SourceProblem.OUTLIER
            found.append(
                SourceStatus(
                    instrument=symbol,
                    source=line.parameters.name,
                    priority=line.parameters.priority,
                    weight_ppm=line.parameters.weight_ppm,
                    price_minor=None if line.priced_at is None else line.price_minor,
                    observed_at=line.priced_at,
                    problem=problem,
                    leading=line.parameters.name == sources.leading,
                    accepted=line.accepted,
                    refused=line.refused,
                    outliers=line.outliers,
                )
            )
        return tuple(found)

    def usable(self, symbol: str, now: Nanos) -> int:
        """How many sources of one instrument can be asked."""
        return len([line for line in self._sources[symbol].lines if self._is_usable(line, now)])

    def is_halted(self, symbol: str) -> bool:
        """Whether the breaker holds the price of one instrument."""
        return self._sources[symbol].breaker.tripped_at is not None

    def _is_usable(self, line: SourceLine, now: Nanos) -> bool:
        return line.problem_at(now, self._parameters.stale_after_ns) is None

    def _around(self, sources: InstrumentSources, now: Nanos) -> MinorUnits:
        return sources.agreed_minor if now - sources.agreed_at <= STALE_AFTER else 0

    def _settle(
        self, symbol: str, sources: InstrumentSources, usable: list[SourceLine], now: Nanos, said: list[Message | Later]
    ) -> None:
        """Agree on a price and let it pass the breaker, or not."""
        quotes = [
            SourceQuote(line.parameters.name, line.price_minor, line.parameters.weight_ppm, line.parameters.priority)
            for line in usable
        ]
        agreed = agreement(quotes, self._whole_weight_ppm, self._parameters.tolerance_ppm)
        sources.outliers = agreed.outliers
        for line in usable:
            line.outliers += line.parameters.name in agreed.outliers
        in_use = [line for line in usable if line.parameters.name in agreed.used]
        leader = in_use[0]
        self._lead(symbol, sources, leader.parameters.name, now, said)
        if self._parameters.method is ConsensusMethod.PRIORITY:
            price_minor, observed_at = leader.price_minor, leader.priced_at
        else:
            price_minor = agreed.price_minor
            observed_at = max((line.priced_at for line in in_use if line.priced_at is not None), default=None)
        assert observed_at is not None, symbol
        sources.agreed_minor, sources.agreed_at = price_minor, now
        said.append(_reached(symbol, price_minor, agreed, sources.leading, observed_at))
        self._pass_breaker(symbol, sources, price_minor, observed_at, now, said)

    def _pass_breaker(
        self,
        symbol: str,
        sources: InstrumentSources,
        price_minor: MinorUnits,
        observed_at: Nanos,
        now: Nanos,
        said: list[Message | Later],
    ) -> None:
        breaker = sources.breaker
        halted_at = breaker.tripped_at
        passed = breaker.admit(price_minor, observed_at, now)
        if not passed and halted_at is None:
            held_minor = self._shown(sources)
            move_ppm = too_far_ppm(min(held_minor, price_minor), max(held_minor, price_minor))
            said.append(FeedHalted(symbol, held_minor, price_minor, move_ppm, now))
        elif passed and halted_at is not None:
            sources.smoothed_at = None
            said.append(FeedResumed(symbol, price_minor, halted_at))

    def _lead(self, symbol: str, sources: InstrumentSources, leading: str, now: Nanos, said: list[Message | Later]) -> None:
        """Let another source lead; the first one ever is no switch."""
        before = sources.leading
        if leading == before:
            return
        sources.leading = leading
        problem = None
        for line in sources.lines:
            if line.parameters.name == before:
                problem = line.problem_at(now, self._parameters.stale_after_ns) or (
                    SourceProblem.OUTLIER if before in sources.outliers else None
                )
        if before or sources.agreed_minor:
            said.append(SourceSwitched(symbol, before, leading, problem))

    def _smoothed(self, sources: InstrumentSources, price_minor: MinorUnits, now: Nanos) -> MinorUnits:
        half_life_ns = self._parameters.smoothing_ns
        if sources.smoothed_at is None or not half_life_ns:
            sources.smoothed = float(price_minor)
        else:
            kept = math.exp(-math.log(2.0) * (now - sources.smoothed_at) / half_life_ns)
            sources.smoothed = price_minor + (sources.smoothed - price_minor) * kept
        sources.smoothed_at = now
        return max(1, round(sources.smoothed))

    def _shown(self, sources: InstrumentSources) -> MinorUnits:
        """The price last published."""
        return sources.breaker.passed_minor if sources.smoothed_at is None else max(1, round(sources.smoothed))


def _reached(symbol: str, price_minor: MinorUnits, agreed: Agreement, leading: str, observed_at: Nanos) -> ConsensusReached:
    return ConsensusReached(
        instrument=symbol,
        price_minor=price_minor,
        confidence_ppm=min(PARTS_PER_MILLION, agreed.confidence_ppm),
        sources=len(agreed.used),
        outliers=len(agreed.outliers),
        leading=leading,
        observed_at=observed_at,
    )
