"""Short real runs with a fault that is noticed, made once per process: what the tests of kept history follow."""

from __future__ import annotations

from functools import cache

import trading_ecosystem
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.reports.run_result import RunResult

SETTINGS = (
    "duration=40m",
    "faults.late-settlement.at=10m",
    "faults.late-settlement.duration=15m",
    "faults.late-settlement.delay=12m",
    "clean_periods=[]",
)


@cache
def recorded_run() -> RunResult:
    """The run's result."""
    return trading_ecosystem.run("settlement_delay", seed=5, overrides=SETTINGS)


SHORTER = ("duration=10m", "faults.0.at=3m", "faults.0.duration=4m", "clean_periods=[]")
"""Of ``stale_feed``: not half as long a record, which ends with a score too."""


@cache
def shorter_run() -> RunResult:
    """A run for tests that keep or execute again the whole of it."""
    return trading_ecosystem.run("stale_feed", overrides=SHORTER)


@cache
def recorded_entries() -> tuple[Entry, ...]:
    """Its record, decoded."""
    return tuple(recorded_run().entries())
