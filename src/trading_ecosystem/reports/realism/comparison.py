"""A whole comparison: halve the recording, fit to the first half, generate, score on the second beside the baseline."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.adapters.calibration.flow_calibration import calibrate
from trading_ecosystem.adapters.recordings.event_tape import EventTape
from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters
from trading_ecosystem.messages.units import MINUTE, SECOND, Nanos
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.reports.realism.generated import WARM_UP, generated_tape
from trading_ecosystem.reports.realism.samples import BLOCK, Sample
from trading_ecosystem.reports.realism.scorecard import RESAMPLES, Measured, Scorecard, measure, scorecard
from trading_ecosystem.reports.realism.zero_intelligence import ZeroIntelligenceMarket, fit_zero_intelligence
from trading_ecosystem.runtime.randomness import SeededRandomness

SHORTEST_BLOCK: Final[Nanos] = 10 * SECOND
FEWEST_BLOCKS: Final = 6


class Halves(msgspec.Struct, frozen=True):
    """Where a recording is cut, and the length of the blocks in which it is resampled."""

    start: Nanos
    middle: Nanos
    end: Nanos
    block: Nanos

    @property
    def half(self) -> Nanos:
        """The length of either half."""
        return self.end - self.middle


def halves_of(tape: EventTape) -> Halves:
    """The halves of a tape, from its first whole second, in whole blocks; raises ``BadInput`` where it is too short."""
    if not len(tape):
        raise BadInput("the recording", "has no events, expected an hour or so of a market")
    start = tape.times[0] // SECOND * SECOND
    length = tape.times[-1] + 1 - start
    # A half is rounded to whole blocks, but a recording that ends within the last second of one counts as complete.
    block = BLOCK if length >= 2 * FEWEST_BLOCKS * BLOCK else SHORTEST_BLOCK
    blocks = (length + SECOND) // (2 * block)
    if blocks < FEWEST_BLOCKS:
        seconds = 2 * FEWEST_BLOCKS * SHORTEST_BLOCK // SECOND
        raise BadInput("the recording", f"is {length / SECOND:.0f} s long, expected at least {seconds} s")
    return Halves(start, start + blocks * block, start + 2 * blocks * block, block)


def compare(
    tape: EventTape,
    *,
    parameters: FlowParameters | None = None,
    seed: int = 1,
    length: Nanos | None = None,
    resamples: int = RESAMPLES,
    generated: EventTape | None = None,
) -> Scorecard:
    """Score a market against a recording; see :mod:`.scorecard`.

    The market is ``generated`` if given, else played from ``parameters``, else from what is fitted to the first half. It and
    the baseline are as long as the recording, or as ``length`` says: longer than a half, so that their own noise is less.
    """
    halves = halves_of(tape)
    randomness = SeededRandomness(seed)
    length = played = max(halves.block, (length or 2 * halves.half) // halves.block * halves.block)
    name = "generated"
    if generated is None:
        fitted = parameters or calibrate(tape, halves.start, halves.middle, tape.instrument.symbol)
        name = f"flow {fitted.name!r}"
        generated = generated_tape(fitted, tape.instrument, opening_price(tape, halves), length, randomness)
        begins = WARM_UP
    else:
        begins = generated.times[0] // MINUTE * MINUTE if len(generated) else 0
        length = generated.times[-1] - begins if len(generated) else length
    numbers = fit_zero_intelligence(tape, halves.start, halves.middle)
    market = ZeroIntelligenceMarket(numbers, tape.instrument, randomness.stream("realism", "baseline"))
    baseline = market.run(0, WARM_UP + played)
    return scorecard(
        _measured(name, generated, begins, begins + length, halves.block),
        _measured("zero intelligence", baseline, WARM_UP, WARM_UP + played, halves.block),
        _measured("first half", tape, halves.start, halves.middle, halves.block),
        _measured(f"{tape.instrument.symbol}, second half", tape, halves.middle, halves.end, halves.block),
        randomness.stream("realism", "bootstrap"),
        resamples,
    )


def opening_price(tape: EventTape, halves: Halves) -> int:
    """The first mid price, in minor units: the fundamental of the generated market."""
    for at, bid, ask in zip(tape.times, tape.bids, tape.asks, strict=True):
        if at >= halves.start and bid and ask:
            return (bid + ask) * tape.instrument.tick_size // 2
    raise BadInput("the recording", "never has both a bid and an ask, expected a market")


def _measured(name: str, tape: EventTape, start: Nanos, end: Nanos, block: Nanos) -> Measured:
    return measure(name, Sample(tape, start, end, block))
