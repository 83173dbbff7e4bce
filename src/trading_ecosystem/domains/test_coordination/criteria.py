"""What must hold of a run beside its expectations: a steady state before and after the faults, success, and rollback.

A criterion is a measure with a bound. Values are integers in the measure's unit: nanoseconds, parts per million, USD minor
units, or a count.
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from trading_ecosystem.messages.units import Nanos


class Unit(enum.Enum):
    """In what a measure is given."""

    COUNT = "count"
    DURATION = "duration"
    RATIO = "ratio"
    USD = "usd"


class Measure(enum.StrEnum):
    """What can be asked of a window of a run, or of the whole."""

    ALERTS = "alerts"
    """Alerts that were raised."""
    OPEN_ALERTS = "open_alerts"
    """The most alerts that were open at once, those from before among them."""
    SILENCE = "silence"
    """The longest time without a price of the vendor feed, of one instrument or of any."""
    QUOTED = "quoted"
    """The share of the time with a two-sided quote that is not older than three publications; the least over the books."""
    SPREAD = "spread"
    """The widest published spread, as a ratio of the middle."""
    ORDERS = "orders"
    """Orders that the firm sent."""
    REJECTED = "rejected"
    """The share of the firm's orders that a venue rejected."""
    FILLS = "fills"
    """Fills of the firm's orders."""
    UNSETTLED_FOR = "unsettled_for"
    """How long the oldest instruction of the firm was pending."""
    EQUITY_CHANGE = "equity_change"
    """The firm's equity at the end less that at the beginning."""
    RECALL = "recall"
    """The share of faults within the mandate and of detectable size that were noticed within their SLA."""
    FALSE_ALERTS = "false_alerts"
    """Alerts whose condition did not hold."""
    TIME_TO_DETECT = "time_to_detect"
    """From the first instant at which a fault could be seen to its alert."""
    RECOVERY_TIME = "recovery_time"
    """From a fault's end until the condition of its alert no longer held."""
    AVAILABILITY = "availability"
    """The share of the orders asked for that venues accepted while a fault lasted."""


UNITS: Final[dict[Measure, Unit]] = {
    Measure.ALERTS: Unit.COUNT,
    Measure.OPEN_ALERTS: Unit.COUNT,
    Measure.SILENCE: Unit.DURATION,
    Measure.QUOTED: Unit.RATIO,
    Measure.SPREAD: Unit.RATIO,
    Measure.ORDERS: Unit.COUNT,
    Measure.REJECTED: Unit.RATIO,
    Measure.FILLS: Unit.COUNT,
    Measure.UNSETTLED_FOR: Unit.DURATION,
    Measure.EQUITY_CHANGE: Unit.USD,
    Measure.RECALL: Unit.RATIO,
    Measure.FALSE_ALERTS: Unit.COUNT,
    Measure.TIME_TO_DETECT: Unit.DURATION,
    Measure.RECOVERY_TIME: Unit.DURATION,
    Measure.AVAILABILITY: Unit.RATIO,
}
OF_A_FAULT: Final = (Measure.TIME_TO_DETECT, Measure.RECOVERY_TIME, Measure.AVAILABILITY)
"""Measures that name the fault they are of."""
OF_FAULTS: Final = (*OF_A_FAULT, Measure.RECALL)
"""Measures that mean nothing where no faults are injected."""
OF_AUDIT: Final = (*OF_FAULTS, Measure.FALSE_ALERTS)
"""Measures of a whole run that audit finds."""
OF_BOOKS: Final = (Measure.QUOTED, Measure.SPREAD)
OF_VENUES: Final = (*OF_BOOKS, Measure.ORDERS, Measure.REJECTED, Measure.FILLS)
OF_INSTRUMENTS: Final = (*OF_BOOKS, Measure.SILENCE)


class Criterion(msgspec.Struct, frozen=True):
    """A measure and what it must be; empty names are no restriction."""

    measure: Measure
    at_least: int | None
    at_most: int | None
    venue: str = ""
    instrument: str = ""
    fault: str = ""

    @property
    def subject(self) -> str:
        """What it is of: a fault, a venue, an instrument, a book; empty where of everything."""
        return self.fault or ":".join(name for name in (self.venue, self.instrument) if name)


class Window(msgspec.Struct, frozen=True):
    """From ``from_ns`` up to, but not including, ``until_ns`` after the start of the run."""

    from_ns: Nanos
    until_ns: Nanos


class SteadyState(msgspec.Struct, frozen=True):
    """A hypothesis of what is normal: every criterion holds in both windows, before the faults and after them."""

    before: Window
    after: Window
    criteria: tuple[Criterion, ...]


class Checks(msgspec.Struct, frozen=True):
    """Everything that must hold of a run beside its expectations."""

    steady_state: SteadyState | None = None
    success: tuple[Criterion, ...] = ()
    """Of the whole run."""
    rollback_within_ns: Nanos | None = None
    """Every fault must be over so long after its planned end; ``None``: nobody asks."""

    @property
    def measured(self) -> frozenset[Measure]:
        """The measures that are asked for."""
        steady = self.steady_state.criteria if self.steady_state is not None else ()
        return frozenset(criterion.measure for criterion in (*steady, *self.success))

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        return self.steady_state is not None or bool(self.success) or self.rollback_within_ns is not None
