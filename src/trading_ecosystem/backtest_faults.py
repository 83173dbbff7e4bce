"""Faults of a backtest, in one line each, and what they did: every fault alone and all together, beside the clean twin.

A fault is written ``KIND@OFFSET+DURATION[=SIZE]``, such as ``venue_outage@2h+10m`` or ``link_delay@30m+5m=2s``; the offset
counts from the start of the backtest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from trading_ecosystem.adapters.market_history.histories import read_history
from trading_ecosystem.backtesting import ENGINE, Backtest, BacktestSettings, ScheduledCondition, run_backtest, span_of
from trading_ecosystem.domains.trading.settings import duration_ns
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.test_coordination import LinkConditionKind, LinkConditionSet
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos
from trading_ecosystem.messages.venue_conditions import VenueConditionKind, VenueConditionSet
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.reports.backtest.damage import Damage, damage_of
from trading_ecosystem.runtime.links import LINKS


class BacktestFault(msgspec.Struct, frozen=True):
    """One fault as it was written."""

    text: str
    kind: VenueConditionKind | LinkConditionKind
    offset_ns: Nanos
    duration_ns: Nanos
    size: int
    """Nanoseconds of a delay, parts per million of a probability; 0 where the kind has no size."""


def _delay(text: str) -> int:
    return duration_ns(text)


def _probability(text: str) -> int:
    share = round(float(text) * PARTS_PER_MILLION)
    if not 0 < share <= PARTS_PER_MILLION:
        raise ValueError("expected a probability above 0 and at most 1")
    return share


_SIZES: Final[Mapping[VenueConditionKind | LinkConditionKind, Callable[[str], int] | None]] = {
    VenueConditionKind.VENUE_OUTAGE: None,
    VenueConditionKind.VENUE_HALT: None,
    VenueConditionKind.VENUE_LATENCY: _delay,
    VenueConditionKind.VENUE_REJECT: _probability,
    LinkConditionKind.LINK_DELAY: _delay,
    LinkConditionKind.LINK_DROP: _probability,
    LinkConditionKind.LINK_PARTITION: None,
}
"""How the size of each kind that a backtest knows is read. Links are those from the venues to the engine."""


def fault_of(text: str) -> BacktestFault:
    """Read one fault; raises ``BadInput`` saying what is expected."""
    place = f"--fault {text}"
    word, _, rest = text.partition("@")
    kind = next((kind for kind in _SIZES if kind.value == word), None)
    if kind is None:
        raise BadInput(place, f"unknown kind {word!r}; expected one of {', '.join(kind.value for kind in _SIZES)}")
    times, equals, size = rest.partition("=")
    offset, plus, duration = times.partition("+")
    reads = _SIZES[kind]
    if not plus or bool(equals) != (reads is not None):
        expected = f"{word}@OFFSET+DURATION" + ("" if reads is None else "=SIZE")
        raise BadInput(place, f"expected {expected}, such as {word}@2h+10m{_example(reads)}")
    try:
        read = BacktestFault(text, kind, duration_ns(offset), duration_ns(duration), 0 if reads is None else reads(size))
    except ValueError as error:
        raise BadInput(place, f"{error}; expected such as {word}@2h+10m{_example(reads)}") from None
    if read.duration_ns <= 0:
        raise BadInput(place, "lasts no time; expected a duration such as 10m")
    return read


def _example(reads: Callable[[str], int] | None) -> str:
    return "" if reads is None else "=500ms" if reads is _delay else "=0.5"


def conditions_of(faults: Sequence[BacktestFault], start: Nanos, venues: Sequence[str]) -> list[ScheduledCondition]:
    """What sets the faults: one condition a venue, or one for the links of all."""
    found = []
    for number, fault in enumerate(faults):
        onset = start + fault.offset_ns
        until = onset + fault.duration_ns
        for venue in venues:
            found.append(ScheduledCondition(onset, _condition(fault, f"{number}/{venue}", venue, until)))
    return found


def _condition(fault: BacktestFault, name: str, venue: str, until: Nanos) -> Message:
    kind = fault.kind
    is_delay = _SIZES[kind] is _delay
    delay, probability = (fault.size, 0) if is_delay else (0, fault.size)
    if isinstance(kind, LinkConditionKind):
        return LinkConditionSet(LINKS, name, kind, (venue,), (ENGINE,), until, delay, probability)
    return VenueConditionSet(venue, name, kind, until, delay_ns=delay, probability_ppm=probability)


def run_with_faults(settings: BacktestSettings, faults: Sequence[BacktestFault]) -> tuple[Backtest, tuple[Damage, ...]]:
    """The backtest with all faults, and what each of them does alone and what all do together, against the clean twin."""
    history = read_history(settings.sources, settings.assumptions)
    start, end = span_of(settings, history)
    venues = tuple(history.happenings)
    for fault in faults:
        if start + fault.offset_ns >= end:
            raise BadInput(f"--fault {fault.text}", "begins after the end of the backtest; expected a smaller offset")
    clean = run_backtest(settings)
    together = run_backtest(settings, conditions_of(faults, start, venues))
    found = []
    for fault in faults:
        alone = together if len(faults) == 1 else run_backtest(settings, conditions_of([fault], start, venues))
        onset = start + fault.offset_ns
        window = (onset, min(end, onset + fault.duration_ns))
        found.append(damage_of(fault.text, window, clean.observed, alone.observed))
    if len(faults) > 1:
        onset = min(start + fault.offset_ns for fault in faults)
        until = max(start + fault.offset_ns + fault.duration_ns for fault in faults)
        found.append(damage_of("all together", (onset, min(end, until)), clean.observed, together.observed))
    return together, tuple(found)
