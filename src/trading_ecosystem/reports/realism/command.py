"""What the commands ``realism`` and ``calibrate`` do, without the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from trading_ecosystem.adapters.calibration.flow_calibration import calibrate
from trading_ecosystem.adapters.calibration.parameter_files import (
    CalibratedFlow,
    read_calibrated_flow,
    write_calibrated_flow,
)
from trading_ecosystem.adapters.recordings.event_tape import EventTape
from trading_ecosystem.adapters.recordings.tape_reading import read_tape
from trading_ecosystem.adapters.recordings.tape_series import Action, actions
from trading_ecosystem.adapters.scenario_files import read_scenario
from trading_ecosystem.adapters.whole_files import check_writable
from trading_ecosystem.messages.units import SECOND, Nanos
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.reports.realism.comparison import compare
from trading_ecosystem.reports.realism.samples import BLOCK, Sample
from trading_ecosystem.reports.realism.scenario_market import scenario_tape
from trading_ecosystem.reports.realism.scorecard import Measured, Scorecard, measure
from trading_ecosystem.reports.realism.scorecard_page import render_scorecard
from trading_ecosystem.reports.realism.scorecard_text import (
    readings_document,
    readings_text,
    scorecard_document,
    scorecard_text,
)

__all__ = [
    "calibrate_file",
    "readings",
    "readings_document",
    "readings_text",
    "render_scorecard",
    "scenario_market",
    "score",
    "scorecard_document",
    "scorecard_text",
]


_SHORT_SECONDS: Final = 1_200
"""A stretch shorter than this is called short in what is said about the fit."""


def scenario_market(path: Path, seed: int, symbol: str | None) -> EventTape:
    """The background market of a scenario's first venue."""
    return scenario_tape(read_scenario(path), seed, symbol=symbol)


def readings(tape: EventTape) -> Measured:
    """What one market measures."""
    if not len(tape):
        raise BadInput("the market", "has no events, expected one that trades")
    start = tape.times[0] // SECOND * SECOND
    return measure(tape.instrument.symbol, Sample(tape, start, tape.times[-1] + 1, BLOCK))


def score(recording: Path, generated: EventTape | None, parameters: str | None, seed: int, resamples: int) -> Scorecard:
    """The scorecard of a scenario's market, of a parameter set, or of what is fitted to the recording's first half."""
    if generated is not None and parameters is not None:
        raise BadInput("--parameters", "cannot be used with --scenario, whose venue has its own, expected one of the two")
    flow = read_calibrated_flow(parameters).parameters if parameters is not None else None
    return compare(read_tape(recording), parameters=flow, seed=seed, resamples=resamples, generated=generated)


def calibrate_file(recording: Path, out: Path, name: str | None, start: float, end: float) -> str:
    """Fit a stretch of a recording, write the parameters, and say in one line what was done."""
    check_writable(out)
    tape = read_tape(recording)
    if not len(tape) or start >= end:
        raise BadInput(str(recording), f"nothing between {start:g} and {end:g}, expected events to fit to")
    first, length = tape.times[0] // SECOND * SECOND, tape.times[-1] + 1 - tape.times[0] // SECOND * SECOND
    begins, ends = first + _share(start, length), first + _share(end, length)
    fitted = calibrate(tape, begins, ends, name or tape.instrument.symbol)
    events = sum(
        begins <= at < ends and 0 <= action < Action.HIDDEN for at, action in zip(tape.times, actions(tape), strict=True)
    )
    seconds = (ends - begins) // SECOND
    stretch = f"{seconds:,} s of one recording, from {begins // SECOND:,} s on its clock"
    about = f"{tape.instrument.symbol}: {events:,} events in {stretch}"
    if not any(tape.orders):
        about += "; single orders are inferred from what stood at each price"
    if seconds < _SHORT_SECONDS:
        about += f"; only {seconds / 60:.1f} minutes, so a smoke test of a market rather than a measurement"
    write_calibrated_flow(out, CalibratedFlow(about, seconds, events, fitted))
    return f"{out}: {about}"


def _share(share: float, length: Nanos) -> Nanos:
    """A share of a recording in whole seconds, so that halves begin and end where the scorecard's do."""
    return round(share * length / SECOND) * SECOND
