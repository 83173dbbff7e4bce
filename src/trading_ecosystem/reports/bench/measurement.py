"""Measuring: interleaved rounds, medians stretch by stretch, and what single calls take.

A machine's speed drifts, so that everyone plays once before anyone plays again. A flow is played in stretches of some hundred
commands, the same in every round, and a stretch's time is its median over the rounds: what another program takes of the
machine falls on few of them and is left out. The clock on the wall is read, since asking for processor time is a call into the
operating system, after which a virtual machine's address cache is cold: it cost a call 10 to 25 ns where it was tried. The
garbage collector rests while the clock runs, for everybody. Latencies are taken in a round of their own, call by call, less
what reading the clock takes: they show what a caller sees on a machine that others use too.
"""

from __future__ import annotations

import gc
import hashlib
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import starmap
from operator import call
from typing import Final

import msgspec

from trading_ecosystem.reports.bench.contenders import Call, Contender
from trading_ecosystem.reports.bench.order_flow import OrderFlow

_STRETCH: Final = 512
"""Commands between two readings of the clock, or one call where that takes more."""


class Measured(msgspec.Struct):
    """One engine on one flow: nanoseconds of each stretch in each round, latencies of single calls, and its fills."""

    name: str
    batch: bool
    commands: int
    rounds: list[list[int]] = msgspec.field(default_factory=list)
    fills: int = 0
    fills_hash: str = ""
    p50_ns: int = 0
    p99_ns: int = 0
    p999_ns: int = 0
    worst_ns: int = 0

    @property
    def median_ns(self) -> float:
        """Nanoseconds a command: every stretch at its median."""
        medians: list[float] = [statistics.median(times) for times in zip(*self.rounds, strict=True)]
        return sum(medians) / self.commands

    @property
    def lowest_ns(self) -> float:
        """Nanoseconds a command in the fastest round."""
        return min(sum(times) for times in self.rounds) / self.commands

    def times_faster(self, other: Measured) -> float:
        """The other's time over this one's."""
        return other.median_ns / self.median_ns


def measure(
    contenders: Sequence[type[Contender]],
    flow: OrderFlow,
    *,
    rounds: int,
    latencies: bool = True,
    progress: Callable[[], None] = lambda: None,
) -> list[Measured]:
    """Let everyone play the flow so many times, in turn; ``progress`` is called after each play."""
    measured = [Measured(each.name, each.batch, len(flow.timed)) for each in contenders]
    for number in range(rounds):
        for each, result in zip(contenders, measured, strict=True):
            playing = each(flow)
            calls = playing.calls()
            stretch = max(1, _STRETCH * len(calls) // len(flow.timed))
            result.rounds.append(_timed(calls, playing.results, stretch))
            if number == 0:
                fills = sorted(playing.fills())
                result.fills = len(fills)
                result.fills_hash = hashlib.sha256(repr(fills).encode()).hexdigest()[:12]
            progress()
    if latencies:
        for each, result in zip(contenders, measured, strict=True):
            if not each.batch:
                _take_latencies(each(flow).calls(), result)
            progress()
    return measured


def _timed(calls: list[Call], results: list[object], stretch: int) -> list[int]:
    """Nanoseconds of each stretch of calls, made from a loop in C so that little is measured but the calls.

    Before each stretch its arguments are read once, so that no engine waits for them.
    """
    taken: list[int] = []
    clock = time.perf_counter_ns
    gc.collect()
    gc.disable()
    try:
        for first in range(0, len(calls), stretch):
            called = [(function, *arguments) for function, arguments in calls[first : first + stretch]]
            for _, *arguments in called:
                hash(tuple(arguments))
            begun = clock()
            said = list(starmap(call, called))
            taken.append(clock() - begun)
            results += said
    finally:
        gc.enable()
    return taken


def _take_latencies(calls: list[Call], result: Measured) -> None:
    clock = time.perf_counter_ns
    reading = statistics.median_low([-(clock() - clock()) for _ in range(1_000)])
    taken: list[int] = []
    keep = taken.append
    gc.collect()
    gc.disable()
    try:
        for function, arguments in calls:
            begun = clock()
            function(*arguments)
            keep(clock() - begun)
    finally:
        gc.enable()
    taken = sorted(max(0, each - reading) for each in taken)
    result.p50_ns, result.p99_ns, result.p999_ns = (taken[int(len(taken) * share)] for share in (0.5, 0.99, 0.999))
    result.worst_ns = taken[-1]
