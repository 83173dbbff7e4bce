"""Fits the background flow to a stretch of an event tape.

Everything that can be counted is counted; what cannot be (how strongly the flow pulls, presses and is informed) is taken from
the set that the fit starts from. :data:`RECORDED` is the one for recorded markets: its values were chosen by simulation, so
that the generated market is near the first half hour of the Apple sample in return tails, return and volatility memory and
impact; later data were not looked at. The parameters' docstrings say how each is measured. After
Huang, Lehalle and Rosenbaum 2015 and Noble, Rosenbaum and Souilmi 2026 (arXiv 2603.24137).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

import msgspec

from trading_ecosystem.adapters.calibration.arithmetic import in_ppm, mean_of
from trading_ecosystem.adapters.calibration.behaviour import (
    fit_memory,
    fit_placement,
    fit_reaction,
    fit_sizes,
    median_spread,
)
from trading_ecosystem.adapters.calibration.excitement import fit_excitation
from trading_ecosystem.adapters.calibration.sightings import sightings
from trading_ecosystem.adapters.calibration.timing import fit_timing
from trading_ecosystem.adapters.recordings.event_tape import EventTape
from trading_ecosystem.adapters.recordings.tape_series import mids_on_grid
from trading_ecosystem.domains.exchange.flow.flow_parameters import Agents, Anchor, FlowParameters, Memory
from trading_ecosystem.messages.units import HOUR, SECOND, Nanos

RECORDED: Final = FlowParameters(
    name="recorded",
    memory=Memory(share_ppm=900_000),
    anchor=Anchor(
        premium_ppm=1_200,
        premium_reversion_ns=HOUR,
        excursion_ppm=400,
        excursion_size_ppm=900,
        excursion_reversion_ns=HOUR,
        pull_ppm=30_000_000,
        impact_ppm=60,
        pressure_ppm=75,
        pressure_events=(16, 128, 1_024),
    ),
    agents=Agents(maker_share_ppm=0, informed_ppm=0, momentum_ppm=0),
)
"""Where a fit to a recorded market starts from: there are no named agents, trades carry the price."""
_VOLATILITY: Final = 105e-6
"""Volatility of the Apple sample's first half hour, a root second: where prices move more, so do premium, news and trades."""
_STEP: Final[Nanos] = 30 * SECOND
"""Time over which volatility is measured: beyond the bounce between bid and ask."""


def calibrate(tape: EventTape, start: Nanos, end: Nanos, name: str, base: FlowParameters = RECORDED) -> FlowParameters:
    """The flow's parameters as they were from ``start`` to ``end``; raises ``BadInput`` where too little happened."""
    found = sightings(tape, start, end)
    reaction = fit_reaction(found)
    excited = fit_excitation(found, reaction, base.excitation)
    return msgspec.structs.replace(
        base,
        name=name,
        timing=fit_timing(found, excited),
        reaction=reaction,
        placement=fit_placement(found, base.placement),
        sizes=fit_sizes(found, tape.instrument, base.sizes),
        memory=fit_memory(found, base.memory),
        anchor=_fit_anchor(tape, start, end, base.anchor),
        agents=msgspec.structs.replace(base.agents, maker_half_spread_ppm=max(1, in_ppm(median_spread(found.seen) / 2))),
        excitation=excited.excitation,
    )


def _fit_anchor(tape: EventTape, start: Nanos, end: Nanos, base: Anchor) -> Anchor:
    """A recording has no fundamental: the venue's own price wanders, for hours, by premium, news and trades, as the mid did."""
    mids = mids_on_grid(tape, start, _STEP, (end - start) // _STEP + 1)
    moves = [math.log(later / earlier) for earlier, later in pairwise(mids)]
    per_second = math.sqrt(mean_of([move * move for move in moves]) * SECOND / _STEP)
    times = per_second / _VOLATILITY
    return msgspec.structs.replace(
        base,
        premium_ppm=max(1, round(times * base.premium_ppm)),
        excursion_size_ppm=max(1, round(times * base.excursion_size_ppm)),
        impact_ppm=round(times * base.impact_ppm),
        pressure_ppm=round(times * base.pressure_ppm),
    )
