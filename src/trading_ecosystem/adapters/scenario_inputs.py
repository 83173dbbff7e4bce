"""Every input of a scenario in order of time: openings and deposits, then the rows of its recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import chain
from pathlib import Path

from trading_ecosystem.adapters.recorded_inputs import arrival
from trading_ecosystem.adapters.recordings import RecordedPrice, read_recording
from trading_ecosystem.adapters.recordings.replayed_rows import paced_rows, resembling_rows
from trading_ecosystem.adapters.scenario_parameters import DOOR, opening_inputs
from trading_ecosystem.domains.test_coordination.market_data_section import Recording
from trading_ecosystem.domains.test_coordination.scenario import MARKET_DATA, Scenario
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.market_data import PriceRecorded, SourcePriceRecorded
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.simulation import ScheduledInput


def scenario_inputs(scenario: Scenario, seed: int, folder: Path) -> Iterator[ScheduledInput]:
    """Every input of a scenario in order of time: openings and deposits, then the rows of a recording.

    A recording is moved in time so that its first row falls on the scenario's start, and played at its speed; its path is
    relative to ``folder``. Where the scenario asks for a similar series, that is drawn here, from the seed: what enters are
    its rows.
    """
    inputs = opening_inputs(scenario, seed)
    recording = scenario.ecosystem.market_data.recording
    if recording is None:
        return inputs
    usable = _usable_rows(scenario, recording, seed, folder)
    origin, series = usable[0].at, [("", usable)]
    sources = scenario.ecosystem.market_data.sources
    for source in sources.sources if sources is not None else ():
        if source.recording is not None:
            rows = _usable_rows(scenario, source.recording, seed, folder)
            # What a source said before the market's first row lies before the start of the run.
            series.append((source.name, [row for row in rows if row.at >= origin]))
    recorded = [_recorded(name, paced_rows(rows, scenario.starts_at, recording.speed_ppm, origin)) for name, rows in series]
    return chain(inputs, merge(*recorded, key=arrival))


def _usable_rows(scenario: Scenario, recording: Recording, seed: int, folder: Path) -> Sequence[RecordedPrice]:
    """The rows of a recording that price an instrument of the scenario."""
    rows = read_recording(folder / recording.file, recording.format.value, recording.sample_ns, recording.instrument)
    usable = [row for row in rows if row.instrument in scenario.ecosystem.market_data.instruments]
    if not usable:
        names = ", ".join(scenario.ecosystem.market_data.instruments)
        raise BadInput(recording.file, f"has no price of the scenario's instruments; expected rows of {names}")
    if recording.similar is None:
        return usable
    return resembling_rows(usable, recording.similar.mean_block, recording.similar.resemblance_ppm, SeededRandomness(seed))


def _recorded(source: str, rows: Iterable[RecordedPrice]) -> Iterator[ScheduledInput]:
    """Rows as inputs: of the market itself, or of the source named."""
    for row in rows:
        message: Message
        if source:
            message = SourcePriceRecorded(MARKET_DATA, source, row.instrument, row.price_minor)
        else:
            message = PriceRecorded(component=MARKET_DATA, instrument=row.instrument, price_minor=row.price_minor)
        yield ScheduledInput(row.at, DOOR, message)
