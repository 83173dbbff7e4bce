"""Inputs of a run that are taken from its record, because they are nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from itertools import chain

from trading_ecosystem.adapters.in_process_monitors import DOOR
from trading_ecosystem.adapters.scenario_parameters import opening_inputs
from trading_ecosystem.domains.test_coordination.scenario import Scenario
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.market_data import PriceRecorded, SourcePriceRecorded
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.runtime.replay import recorded_inputs
from trading_ecosystem.runtime.simulation import ScheduledInput


def inputs_of_record(read_lines: Callable[[], Iterator[bytes]], scenario: Scenario, seed: int) -> Iterator[ScheduledInput]:
    """The inputs of a simulated run: the scenario's own, and the rows of a recording from the record."""
    inputs: Iterator[ScheduledInput] = opening_inputs(scenario, seed)
    if scenario.ecosystem.market_data.recording is not None:
        inputs = chain(inputs, rows_of_record(read_lines()))
    return inputs


def rows_of_record(lines: Iterator[bytes]) -> Iterator[ScheduledInput]:
    """The rows of a recording."""
    return _recorded(lines, lambda entry: isinstance(entry.message, PriceRecorded | SourcePriceRecorded))


def with_monitors(
    read_lines: Callable[[], Iterator[bytes]], inputs: Iterator[ScheduledInput], started_at: Nanos
) -> Iterator[ScheduledInput]:
    """A scenario's inputs and those of its monitors: registrations before all else, each report right behind its heartbeat.

    Whatever else came through the same door is there too.
    """
    first = _recorded(read_lines(), lambda entry: entry.sender == DOOR and entry.at == started_at)
    later = _recorded(read_lines(), lambda entry: entry.sender == DOOR and entry.at > started_at)
    return chain(first, merge(later, inputs, key=arrival))


def arrival(scheduled: ScheduledInput) -> Nanos:
    """When an input arrives."""
    return scheduled.at


def _recorded(lines: Iterator[bytes], wanted: Callable[[Entry], bool]) -> Iterator[ScheduledInput]:
    for entry in recorded_inputs(lines):
        if wanted(entry):
            yield ScheduledInput(entry.at, entry.sender, entry.message)
