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
from trading_ecosystem.domains.exchange.flow_parameters import Agents, Anchor, FlowParameters, Memory
from trading_ecosystem.messages.units import HOUR, SECOND, Nanos

RECORDED: Final = FlowParameters(
    name="recorded",
    memory=Memory(share_ppm=900_000),
    anchor=Anchor(pull_ppm=30_000_000, impact_ppm=100, excursion_ppm=0),
    agents=Agents(maker_share_ppm=0, informed_ppm=0, momentum_ppm=0),
)
"""Where a fit to a recorded market starts from: there are no named agents, trades carry the price."""
_PREMIUM_SHARE: Final = 0.5
"""Share of the volatility's square root that is the venue's own price; trades carry the rest. Chosen as above."""
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
    """A recording has no fundamental: the venue's own price wanders as the mid did, around the first one, for hours."""
    mids = mids_on_grid(tape, start, _STEP, (end - start) // _STEP + 1)
    moves = [math.log(later / earlier) for earlier, later in pairwise(mids)]
    per_second = math.sqrt(mean_of([move * move for move in moves]) * SECOND / _STEP)
    reversion = HOUR
    return msgspec.structs.replace(
        base,
        premium_ppm=max(1, in_ppm(_PREMIUM_SHARE * per_second * math.sqrt(reversion / SECOND / 2))),
        premium_reversion_ns=reversion,
        excursion_ppm=0,
    )
