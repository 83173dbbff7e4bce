"""Inputs of a run that are taken from its record, because they are nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from itertools import chain

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.market_data import PriceRecorded, SourcePriceRecorded
from trading_ecosystem.messages.monitors import AlertReported, RegisterMonitor
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.runtime.replay import recorded_inputs
from trading_ecosystem.runtime.simulation import ScheduledInput


def rows_of_record(lines: Iterator[bytes]) -> Iterator[ScheduledInput]:
    """The rows of a recording."""
    return _recorded(lines, (PriceRecorded, SourcePriceRecorded))


def with_monitors(read_lines: Callable[[], Iterator[bytes]], inputs: Iterator[ScheduledInput]) -> Iterator[ScheduledInput]:
    """A scenario's inputs and those of its monitors: registrations before all else, each report right behind its heartbeat."""
    registrations = _recorded(read_lines(), (RegisterMonitor,))
    reports = _recorded(read_lines(), (AlertReported,))
    return chain(registrations, merge(reports, inputs, key=arrival))


def arrival(scheduled: ScheduledInput) -> Nanos:
    """When an input arrives."""
    return scheduled.at


def _recorded(lines: Iterator[bytes], kinds: tuple[type[Message], ...]) -> Iterator[ScheduledInput]:
    for entry in recorded_inputs(lines):
        if isinstance(entry.message, kinds):
            yield ScheduledInput(entry.at, entry.sender, entry.message)
